"""Measure the memory while a million traces are read from disk, selected and histogrammed.

The traces are taken from a pool of simulated ones, each shifted by a different small amount, since simulating a million
separate traces would take longer than everything else. They are first written to one HDF5 file, block by block, in
single precision and with a common displacement; the file is deleted at the end. Run with ``OMP_NUM_THREADS=1 python
benchmarks/traces/flat_memory.py [--traces 1000000] [--points 7000] [--folder DIR]``; a million traces of 7,000 points
take 28 GB in DIR.
"""

import argparse
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import netCDF4
import numpy as np
import psutil

from qdjunction.traces.analysis import analyse
from qdjunction.traces.jump_table import writing_jumps
from qdjunction.traces.reading import open_traces
from qdjunction.traces.settings import SimulationSettings
from qdjunction.traces.simulation import SlidingSeries, simulate
from qdjunction.traces.trace import Trace, TraceSource

SERIES = SlidingSeries(("L-R1", "L-R2", "L-R3", "L-R4"), (3.9, 9.2, 14.5, 17.5), (-1.54, -2.72, -4.9, -3.9))
POOL = BLOCK = 500


def write(path: Path, count: int, points: int) -> None:
    simulation = SimulationSettings(points=points, length_nm=2.4, seed=1)
    pool = [item.trace for item in islice(simulate(SERIES, simulation), POOL)]
    levels = np.stack([trace.log10_g for trace in pool])
    shifts = np.random.default_rng(0)
    with netCDF4.Dataset(path, "w") as data:
        data.createDimension("trace", count)
        data.createDimension("point", points)
        data.createVariable("displacement_nm", "f8", ("point",))[:] = pool[0].displacement_nm
        log10_g = data.createVariable("log10_g", "f4", ("trace", "point"), contiguous=True)
        for start in range(0, count, BLOCK):
            rows = min(BLOCK, count - start)
            log10_g[start : start + rows] = levels[:rows] + 0.01 * shifts.standard_normal((rows, 1))


def watched(source: TraceSource, resident: list[float]) -> Iterator[Trace]:
    """Yield the traces; record and print the resident memory after every tenth of them."""
    process = psutil.Process()
    begun = time.process_time()
    for number, trace in enumerate(source):
        if number and number % max(1, len(source) // 10) == 0:
            resident.append(process.memory_info().rss / 2**20)
            seconds = time.process_time() - begun
            print(
                f"{number:>9} traces  {seconds:8.1f} s of processor time  {resident[-1]:7.1f} MiB", flush=True
            )
        yield trace


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=1_000_000)
    parser.add_argument("--points", type=int, default=7000)
    parser.add_argument("--folder", help="where the file is written (default: the system's temporary folder)")
    asked = parser.parse_args()
    resident: list[float] = []
    with TemporaryDirectory(dir=asked.folder) as folder:
        path = Path(folder) / "traces.h5"
        begun = time.monotonic()
        write(path, asked.traces, asked.points)
        print(f"{path.stat().st_size / 1e9:.1f} GB written in {time.monotonic() - begun:.0f} s", flush=True)
        with writing_jumps(Path(folder) / "jumps.parquet") as table:
            result = analyse(watched(open_traces(path), resident), on_jump=table.write)
    print(
        f"{result.traces} traces of {asked.points} points, {result.jumps} jumps, "
        f"{result.log10_g.counts.sum():.3e} points counted; memory {resident[0]:.1f} MiB after the first tenth, "
        f"{max(resident):.1f} MiB at most"
    )


if __name__ == "__main__":
    main()
