"""Results of the trace analysis, read from their files."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import xarray as xr

from qdjunction.core.errors import InputError
from qdjunction.core.results import read_result, read_table
from qdjunction.study import layout
from qdjunction.study.failures import read_failure
from qdjunction.study.results import SimulationRecord
from qdjunction.study.table import Study
from qdjunction.traces.results import BiasSummary, ClassSummary, PlateauSummary, SetSummary, SiteRecord


@dataclass(frozen=True, eq=False)
class JumpScore:
    """The jump rule compared with the truth of a simulation.

    Attributes
    ----------
    true : int
        Traces that have a jump.
    found : int
        Traces that the rule selects.
    both : int
        Selected traces that have a jump.
    """

    true: int
    found: int
    both: int

    @property
    def recall(self) -> float:
        """Share of the true jumps that are found."""
        return self.both / self.true if self.true else float("nan")

    @property
    def precision(self) -> float:
        """Share of the found jumps that are true."""
        return self.both / self.found if self.found else float("nan")


@dataclass(frozen=True, eq=False)
class TraceResults:
    """One set of traces.

    Attributes
    ----------
    name : str
        Name of the set.
    summary : SetSummary
        Counts, fits and files left out.
    histograms : xarray.Dataset
        Counts and fitted curves.
    plateaus : pandas.DataFrame or None
        One row per level and bin.
    plateau_summary, classes : PlateauSummary, ClassSummary or None
        Plateaus by level; classes with their stability.
    simulation : SimulationRecord or None
        How the traces were simulated; None for measured ones.
    score : JumpScore or None
        Score of the jump rule; None for measured ones.
    theory : TraceResults or None
        The prediction drawn on the same axes.
    sites : tuple of SiteRecord
        Contact sites whose computed conductances are marked: ``name``, ``distance_ang``, ``log10_g``.
    """

    name: str
    summary: SetSummary
    histograms: xr.Dataset
    plateaus: pd.DataFrame | None = None
    plateau_summary: PlateauSummary | None = None
    classes: ClassSummary | None = None
    simulation: SimulationRecord | None = None
    score: JumpScore | None = None
    theory: "TraceResults | None" = None
    sites: tuple[SiteRecord, ...] = ()

    @property
    def is_simulated(self) -> bool:
        """Whether the traces come from the forward model."""
        return self.summary.simulated

    @property
    def label(self) -> str:
        """Name and kind, for legends."""
        return f"{self.name}, {'simulated' if self.is_simulated else 'measured'}"

    @property
    def shown(self) -> "list[TraceResults]":
        """The set itself and, if there is one, its prediction."""
        return [self] if self.theory is None else [self, self.theory]

    @property
    def origin(self) -> str:
        """Whether the traces are measured or simulated, and the engine of the conductances."""
        notes = []
        for one in self.shown:
            if not one.is_simulated:
                notes.append("measured traces")
            elif one.simulation is None or one.simulation.engine is None:
                notes.append("simulated traces")
            else:
                notes.append(f"traces simulated from conductances of {one.simulation.engine.label}")
        return "; ".join(dict.fromkeys(notes))


@dataclass(frozen=True, eq=False)
class AllTraces:
    """The sets and the bias series of a study.

    Attributes
    ----------
    sets : tuple of TraceResults
        Measured sets first, then predictions; failed ones are absent.
    bias_series : tuple of BiasSummary
        Points and Simmons fit of each.
    """

    sets: tuple[TraceResults, ...] = ()
    bias_series: tuple[BiasSummary, ...] = ()

    def has(self, name: str) -> bool:
        """Return whether there is a set or a bias series of that name; failed ones are absent."""
        series = (entry.name for entry in self.bias_series)
        return name in (*(entry.name for entry in self.sets), *series)

    def set_named(self, name: str) -> TraceResults:
        """Return the set of that name."""
        return next(entry for entry in self.sets if entry.name == name)

    def series_named(self, name: str) -> BiasSummary:
        """Return the bias series of that name."""
        return next(entry for entry in self.bias_series if entry.name == name)


def collect_traces(study: Study) -> AllTraces:
    """Read the analysed traces of a study; nothing if its configuration has no traces.

    Raises
    ------
    InputError
        If a file is missing or cannot be read.
    """
    section = study.config.traces
    if section is None:
        return AllTraces()
    root = study.results / layout.TRACES
    predicted = {
        entry.name: _prediction(root / entry.name, entry.name)
        for entry in section.predictions
        if not read_failure(root / entry.name / layout.SELECTION)
    }
    measured = [
        _against(_set(root / entry.name, entry.name), predicted.get(entry.theory or ""))
        for entry in section.sets
    ]
    series = tuple(
        read_result(BiasSummary, root / entry.name / layout.BIAS_FIT) for entry in section.bias_series
    )
    return AllTraces((*measured, *predicted.values()), series)


def read_histograms(path: str | Path) -> xr.Dataset:
    """Read a file of histograms written by `select_traces`.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        with xr.open_dataset(path, engine="netcdf4") as dataset:
            return dataset.load()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: holds no histograms ({error}); compute it again") from None


def _set(folder: Path, name: str) -> TraceResults:
    return TraceResults(
        name=name,
        summary=read_result(SetSummary, folder / layout.SELECTION),
        histograms=read_histograms(folder / layout.HISTOGRAMS),
        plateaus=read_table(folder / layout.PLATEAU_TABLE),
        plateau_summary=read_result(PlateauSummary, folder / layout.PLATEAUS),
        classes=read_result(ClassSummary, folder / layout.CLASSES),
    )


def _against(entry: TraceResults, theory: TraceResults | None) -> TraceResults:
    return entry if theory is None else replace(entry, theory=theory, sites=theory.sites)


def _prediction(folder: Path, name: str) -> TraceResults:
    simulation = read_result(SimulationRecord, folder / layout.SIMULATION)
    return replace(
        _set(folder, name),
        simulation=simulation,
        sites=simulation.sites,
        score=_score(folder / layout.TRUTH, folder / layout.JUMPS),
    )


def _score(truth: Path, jumps: Path) -> JumpScore:
    try:
        known = read_table(truth)
        true = set(known["file"][np.isfinite(known["jump_displacement_nm"])])
        found = set(pq.read_table(jumps, columns=["file"])["file"].to_pylist())
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{truth} or {jumps}: cannot be read ({error}); compute them again") from None
    return JumpScore(len(true), len(found), len(true & found))
