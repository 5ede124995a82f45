"""Time selection and histograms on 3,442 traces of 20,000 points, compared with a literal loop, on one core.

The literal loop is the one from the tests for the selection, and a count of every point for the histograms.
Run with ``OMP_NUM_THREADS=1 python benchmarks/traces/selection_speed.py [--traces 3442] [--text]``.
"""

import argparse
import tempfile
import time
from itertools import islice
from pathlib import Path

import numpy as np

from literal_selection import literal_jump
from qdjunction.traces.analysis import analyse, break_zero_nm
from qdjunction.traces.reading import open_traces
from qdjunction.traces.selection import window_bounds
from qdjunction.traces.settings import SimulationSettings, TracesSettings
from qdjunction.traces.simulation import SlidingSeries, simulate
from qdjunction.traces.trace import Trace

SERIES = SlidingSeries(("L-R1", "L-R2", "L-R3", "L-R4"), (3.9, 9.2, 14.5, 17.5), (-1.54, -2.72, -4.9, -3.9))


def literal_pass(traces: list[Trace], settings: TracesSettings) -> tuple[int, np.ndarray, np.ndarray]:
    """Select and histogram point by point."""
    bins = settings.histogram
    low, high = bins.log10_g_range
    left, right = bins.displacement_range_nm
    counts = np.zeros(bins.log10_g_bins, dtype=int)
    cloud = np.zeros((bins.displacement_bins, bins.log10_g_bins), dtype=int)
    jumps = 0
    for trace in traces:
        displacement, log10_g = trace.displacement_nm.tolist(), trace.log10_g.tolist()
        jumps += literal_jump(displacement, log10_g, settings.jump) is not None
        start, end = window_bounds(trace.log10_g, settings.jump)
        zero = break_zero_nm(trace, (start, end), bins)
        for position in range(start, end):
            g, z = log10_g[position], displacement[position] - zero
            if low <= g < high:
                j = int((g - low) * bins.log10_g_bins / (high - low))
                counts[j] += 1
                if left <= z < right:
                    i = int((z - left) * bins.displacement_bins / (right - left))
                    cloud[i, j] += 1
    return jumps, counts, cloud


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=3442)
    parser.add_argument("--literal", type=int, default=40, help="number of traces for the literal loop")
    parser.add_argument("--text", action="store_true", help="also write them as text files and read those")
    asked = parser.parse_args()
    settings = TracesSettings()
    simulation = SimulationSettings(seed=1)
    traces = [item.trace for item in islice(simulate(SERIES, simulation), asked.traces)]
    points = len(traces[0].log10_g)

    begun = time.process_time()
    fast = analyse(traces, settings)
    seconds = time.process_time() - begun
    print(f"{asked.traces} traces of {points} points selected and histogrammed: {seconds:.2f} s of one core")

    some = traces[: asked.literal]
    begun = time.process_time()
    jumps, counts, cloud = literal_pass(some, settings)
    literal = (time.process_time() - begun) / len(some)
    same = analyse(some, settings)
    assert jumps == same.jumps
    moved = max(np.abs(counts - same.log10_g.total).sum(), np.abs(cloud - same.cloud.counts).sum())
    print(
        f"literal loop: {literal * 1e3:.1f} ms per trace; fast: {seconds / asked.traces * 1e3:.3f} ms; "
        f"{literal / (seconds / asked.traces):.0f} times faster; same jumps; "
        f"{moved} of {counts.sum()} points on an edge in another bin"
    )

    if asked.text:
        with tempfile.TemporaryDirectory() as folder:
            for number, trace in enumerate(traces):
                np.savetxt(
                    Path(folder) / f"goodtrace-trace-{number}.txt",
                    np.column_stack([trace.displacement_nm, trace.log10_g]),
                    fmt="%.5f",
                    delimiter="\t",
                )
            begun = time.process_time()
            read = analyse(open_traces(folder), settings)
            print(
                f"the same read from text files: {time.process_time() - begun:.2f} s of one core, "
                f"{read.jumps} jumps "
                f"({fast.jumps} from the unrounded numbers)"
            )


if __name__ == "__main__":
    main()
