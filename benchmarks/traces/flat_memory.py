"""Stream a million traces through selection and histograms and watch the memory.

A generator gives the traces: a pool of simulated ones, each shifted by a small amount of its own, since
simulating a million anew would time the simulation. Run with
``OMP_NUM_THREADS=1 python benchmarks/traces/flat_memory.py [--traces 1000000] [--points 8000]``.
"""

import argparse
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil
from qdjunction.traces.analysis import analyse
from qdjunction.traces.jump_table import writing_jumps
from qdjunction.traces.settings import SimulationSettings
from qdjunction.traces.simulation import SlidingSeries, simulate
from qdjunction.traces.trace import Trace

SERIES = SlidingSeries(("L-R1", "L-R2", "L-R3", "L-R4"), (3.9, 9.2, 14.5, 17.5), (-1.54, -2.72, -4.9, -3.9))


def shifted(pool: list[Trace], count: int) -> Iterator[Trace]:
    """Give `count` traces, printing the resident memory at every tenth of them."""
    process = psutil.Process()
    shifts = np.random.default_rng(0)
    begun = time.monotonic()
    for number in range(count):
        if number % max(1, count // 10) == 0:
            memory = process.memory_info().rss / 2**20
            print(f"{number:>9} traces  {time.monotonic() - begun:8.1f} s  {memory:7.1f} MiB", flush=True)
        trace = pool[number % len(pool)]
        yield Trace(
            f"{trace.name}-{number}", trace.displacement_nm, trace.log10_g + 0.01 * shifts.standard_normal()
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=1_000_000)
    parser.add_argument("--points", type=int, default=8000)
    asked = parser.parse_args()
    simulation = SimulationSettings(points=asked.points, length_nm=2.4, seed=1)
    pool = [item.trace for item in islice(simulate(SERIES, simulation), 500)]
    with TemporaryDirectory() as folder, writing_jumps(Path(folder) / "jumps.parquet") as table:
        result = analyse(shifted(pool, asked.traces), on_jump=table.write)
    memory = psutil.Process().memory_info()
    print(
        f"{result.traces} traces, {result.jumps} jumps, {result.log10_g.counts.sum():.3e} points counted, "
        f"{memory.rss / 2**20:.1f} MiB at the end"
    )


if __name__ == "__main__":
    main()
