"""Simulated traces of a sliding contact on the four sites of 12Pb, and analyses of traces without files."""

from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from qdjunction.core.results import Result
from qdjunction.traces.analyses.contract import Analysis, Known
from qdjunction.traces.settings import SimulationSettings, TracesSettings
from qdjunction.traces.simulation import SlidingSeries, simulate
from qdjunction.traces.trace import TraceSource

SERIES = SlidingSeries(("L-R1", "L-R2", "L-R3", "L-R4"), (3.9, 9.2, 14.5, 17.5), (-1.54, -2.72, -4.9, -3.9))


def write_traces(folder: Path, settings: SimulationSettings, count: int, stem: str = "trace") -> None:
    """Write a folder of text traces of `SERIES`, ``trace-0.txt`` and on."""
    folder.mkdir()
    for number, item in enumerate(islice(simulate(SERIES, settings), count)):
        columns = np.column_stack([item.trace.displacement_nm, item.trace.log10_g])
        np.savetxt(folder / f"{stem}-{number}.txt", columns, fmt="%.4f", delimiter="\t")


def run_in_memory(
    analysis: Analysis, source: TraceSource, settings: TracesSettings, known: Known | None = None
) -> tuple[pd.DataFrame, Result]:
    """Run an analysis and return its whole table and its summary without provenance."""
    parts: list[pd.DataFrame] = []
    summary = analysis.run(source, settings, known or Known(), parts.append, {})
    return pd.concat(parts, ignore_index=True), summary
