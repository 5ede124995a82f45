"""Time the analysis of traces beside literal implementations of what is published, on one core.

Prints one table. The literal selection is the loop over single points of the tests, the literal histogram a count of
every point, the published classes those of ``clustering_methods.py``, and the usual Simmons fit is
``scipy.optimize.curve_fit`` of the same formula, which returns no profile-likelihood interval. With ``--text`` the
traces are also read from text files. Run with ``OMP_NUM_THREADS=1 python benchmarks/traces/speed.py [--traces 3442]
[--text]``.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import curve_fit

from clustering_methods import histogram_and_k_means, ours
from literal_selection import literal_jump
from qdjunction.traces.alignment import align_sample, aligned_traces
from qdjunction.traces.analysis import analyse, break_zero_nm
from qdjunction.traces.reading import open_traces
from qdjunction.traces.segments import plateaus_of_traces
from qdjunction.traces.selection import find_jump, window_bounds
from qdjunction.traces.settings import ClassSettings, SimulationSettings, TracesSettings
from qdjunction.traces.simmons import fit_simmons, simmons_conductance_g0
from qdjunction.traces.simulation import SlidingSeries, simulate
from qdjunction.traces.trace import Trace

SERIES = SlidingSeries(("L-R1", "L-R2", "L-R3", "L-R4"), (3.9, 9.2, 14.5, 17.5), (-1.54, -2.72, -4.9, -3.9))


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Return the processor time of a call (s) and its result."""
    begun = time.process_time()
    result = run()
    return time.process_time() - begun, result


def literal_histograms(traces: list[Trace], settings: TracesSettings) -> tuple[np.ndarray, np.ndarray]:
    """Count every point of the windows, one by one."""
    bins = settings.histogram
    low, high = bins.log10_g_range
    left, right = bins.displacement_range_nm
    counts = np.zeros(bins.log10_g_bins, dtype=int)
    cloud = np.zeros((bins.displacement_bins, bins.log10_g_bins), dtype=int)
    for trace in traces:
        start, end = window_bounds(trace.log10_g, settings.jump)
        zero = break_zero_nm(trace, (start, end), bins)
        displacement, log10_g = trace.displacement_nm.tolist(), trace.log10_g.tolist()
        for position in range(start, end):
            g, z = log10_g[position], displacement[position] - zero
            if low <= g < high:
                j = int((g - low) * bins.log10_g_bins / (high - low))
                counts[j] += 1
                if left <= z < right:
                    i = int((z - left) * bins.displacement_bins / (right - left))
                    cloud[i, j] += 1
    return counts, cloud


def show(what: str, fast: float, literal: float, unit: str) -> None:
    print(f"{what} | {1e3 * fast:.3f} ms {unit} | {1e3 * literal:.2f} ms | {literal / fast:.2g}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=3442)
    parser.add_argument("--literal", type=int, default=40, help="number of traces for the literal loops")
    parser.add_argument("--text", action="store_true", help="also write them as text files and read those")
    asked = parser.parse_args()
    settings = TracesSettings(classes=ClassSettings(repeats=2, largest_classes=2))
    traces = [item.trace for item in islice(simulate(SERIES, SimulationSettings(seed=1)), asked.traces)]
    some, count = traces[: asked.literal], len(traces)
    points = len(traces[0].log10_g)

    both, result = timed(lambda: analyse(traces, settings))
    print(f"{count} traces of {points} points selected and histogrammed: {both:.2f} s of one core")
    print("what | here | literal | ratio")
    rule = settings.jump
    selecting, found = timed(lambda: sum(find_jump(trace, rule) is not None for trace in traces))
    assert found == result.jumps
    literal_selecting, literal = timed(
        lambda: [literal_jump(one.displacement_nm.tolist(), one.log10_g.tolist(), rule) for one in some]
    )
    assert [one is None for one in literal] == [find_jump(trace, rule) is None for trace in some]
    show("selection", selecting / count, literal_selecting / len(some), "per trace")

    counting, (counts, cloud) = timed(lambda: literal_histograms(some, settings))
    same = analyse(some, settings)
    moved = max(np.abs(counts - same.log10_g.total).sum(), np.abs(cloud - same.cloud.counts).sum())
    assert moved < 1e-4 * counts.sum()  # points on an edge, which rounding puts into the next bin
    show(
        "selection and all histograms",
        both / count,
        (literal_selecting + counting) / len(some),
        "per trace",
    )

    few = traces[:1000]
    spectral, _ = timed(lambda: ours(few, settings))
    published, _ = timed(lambda: histogram_and_k_means(few, settings))
    show("classes of 1,000 traces", spectral / len(few), published / len(few), "per trace")

    bias_v = np.linspace(0.05, 0.25, 9)
    noise = np.random.default_rng(0).normal(0, 0.003, (100, 9))
    observed = np.log10(simmons_conductance_g0(bias_v, 1.0, 2.0, 1.0)) + noise

    def model(bias: np.ndarray, barrier_ev: float, log10_area: float) -> np.ndarray:
        return np.log10(simmons_conductance_g0(bias, barrier_ev, 2.0, 1.0)) + log10_area

    fast, fits = timed(lambda: [fit_simmons(bias_v, one, 2.0).barrier_ev for one in observed])
    usual, others = timed(
        lambda: [
            curve_fit(model, bias_v, one, (2.0, 0.0), bounds=([0.2, -9], [50, 9]))[0][0] for one in observed
        ]
    )
    assert np.abs(np.subtract(fits, others)).max() < 1e-3
    show("Simmons fit, nine biases", fast / len(noise), usual / len(noise), "with interval")

    for what, run in (
        ("plateaus of single traces", lambda: list(plateaus_of_traces(traces, settings))),
        (
            "alignment",
            lambda: list(aligned_traces(traces, align_sample(traces, settings)[0], settings)),
        ),
    ):
        seconds, _ = timed(run)
        print(f"{what} | {1e3 * seconds / count:.3f} ms per trace | |", flush=True)

    if asked.text:
        with tempfile.TemporaryDirectory() as folder:
            for number, trace in enumerate(traces):
                np.savetxt(
                    Path(folder) / f"goodtrace-trace-{number}.txt",
                    np.column_stack([trace.displacement_nm, trace.log10_g]),
                    fmt="%.5f",
                    delimiter="\t",
                )
            seconds, read = timed(lambda: analyse(open_traces(folder), settings))
            print(
                f"the same read from text files: {seconds:.2f} s of one core, {read.jumps} jumps "
                f"({result.jumps} from the unrounded numbers)"
            )


if __name__ == "__main__":
    main()
