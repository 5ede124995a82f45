"""Measure the memory while traces are read from disk, selected, histogrammed and put through every analysis.

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
from typing import Any

import netCDF4
import numpy as np
import psutil

from qdjunction.core.files import writing_table
from qdjunction.steps.traces import site_records
from qdjunction.traces.analyses.contract import Known
from qdjunction.traces.analyses.registry import ANALYSES
from qdjunction.traces.analysis import analyse
from qdjunction.traces.fits import fit_record
from qdjunction.traces.histogram import fit_peaks
from qdjunction.traces.jump_table import writing_jumps
from qdjunction.traces.reading import open_traces
from qdjunction.traces.settings import SimulationSettings, TracesSettings
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


class Watched:
    """A source that records the resident memory (MiB) after every tenth of its traces, in every pass."""

    def __init__(self, source: TraceSource) -> None:
        self._source, self._process = source, psutil.Process()
        self.resident: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def __len__(self) -> int:
        return len(self._source)

    def __iter__(self) -> Iterator[Trace]:
        for number, trace in enumerate(self._source):
            if number and number % max(1, len(self) // 10) == 0:
                self.resident.append(self._process.memory_info().rss / 2**20)
            yield trace


def show(what: str, source: Watched, seconds: float) -> None:
    """Print the memory of an analysis and forget it."""
    first, *later = source.resident
    print(f"{what} | {seconds:.0f} s | {first:.0f} | {source.resident[4]:.0f} | {max(later):.0f}", flush=True)
    source.resident.clear()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=1_000_000)
    parser.add_argument("--points", type=int, default=7000)
    parser.add_argument("--folder", help="where the file is written (default: the system's temporary folder)")
    asked = parser.parse_args()
    settings = TracesSettings()
    with TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        path = folder / "traces.h5"
        begun = time.monotonic()
        write(path, asked.traces, asked.points)
        print(f"{path.stat().st_size / 1e9:.1f} GB written in {time.monotonic() - begun:.0f} s", flush=True)
        source = Watched(open_traces(path))
        print("analysis | processor time | MiB after a tenth of the first pass | after half of it | at most")
        begun = time.process_time()
        with writing_jumps(folder / "jumps.parquet") as table:
            result = analyse(source, settings, on_jump=table.write)
        show("selection and histograms", source, time.process_time() - begun)
        peaks = fit_record(fit_peaks(result.log10_g, 3, fit_range=settings.peaks.fit_range_log10_g)).peaks
        known = Known(peaks=peaks, sites=site_records(SERIES))
        for analysis in ANALYSES.values():
            begun = time.process_time()
            with writing_table(folder / f"{analysis.name}.csv") as write_rows:
                analysis.run(source, settings, known, write_rows, {})
            show(analysis.name, source, time.process_time() - begun)
    print(f"{result.traces} traces of {asked.points} points, {result.jumps} jumps")


if __name__ == "__main__":
    main()
