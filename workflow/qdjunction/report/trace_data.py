"""Results of the trace analysis, read from their files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import xarray as xr

from qdjunction.core.errors import InputError
from qdjunction.core.results import Result, read_result, read_table
from qdjunction.study import layout
from qdjunction.study.failures import read_failure
from qdjunction.study.results import SimulationRecord
from qdjunction.study.table import Study
from qdjunction.traces.analyses.registry import ANALYSES
from qdjunction.traces.results import BiasSummary, SetSummary, SiteRecord

R = TypeVar("R", bound=Result)

MOST_ROWS = 1_000_000
"""Rows of the table of an analysis that are read for its figure, from the first on: a row per plateau of millions of
traces would not fit into memory."""


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
class Analysed:
    """Table and summary of an analysis of a set of traces."""

    table: pd.DataFrame
    summary: Result


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
    analysed : mapping of str to Analysed
        The analyses of the set, by name.
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
    analysed: Mapping[str, Analysed] = field(default_factory=dict)
    simulation: SimulationRecord | None = None
    score: JumpScore | None = None
    theory: "TraceResults | None" = None
    sites: tuple[SiteRecord, ...] = ()

    def table_of(self, name: str) -> pd.DataFrame | None:
        """Return the table of an analysis; None if it was not run."""
        return self.analysed[name].table if name in self.analysed else None

    def summary_of(self, kind: type[R]) -> R | None:
        """Return the summary of an analysis, by its type; None if it was not run."""
        found = (one.summary for one in self.analysed.values())
        return next((summary for summary in found if isinstance(summary, kind)), None)

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
        entry.name: _prediction(root / entry.name, entry.name, section.enabled)
        for entry in section.predictions
        if not read_failure(root / entry.name / layout.SELECTION)
    }
    measured = [
        _against(read_set(root / entry.name, entry.name, section.enabled), predicted.get(entry.theory or ""))
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


def read_set(folder: Path, name: str, analyses: Iterable[str]) -> TraceResults:
    """Read the results of a set of traces, with the named analyses; of a table at most `MOST_ROWS`.

    Raises
    ------
    InputError
        If a file is missing or cannot be read.
    """
    files = {one: layout.analysis_files(one) for one in analyses}
    return TraceResults(
        name=name,
        summary=read_result(SetSummary, folder / layout.SELECTION),
        histograms=read_histograms(folder / layout.HISTOGRAMS),
        analysed={
            one: Analysed(
                read_table(folder / table, MOST_ROWS), read_result(ANALYSES[one].summary, folder / summary)
            )
            for one, (table, summary) in files.items()
        },
    )


def _against(entry: TraceResults, theory: TraceResults | None) -> TraceResults:
    return entry if theory is None else replace(entry, theory=theory, sites=theory.sites)


def _prediction(folder: Path, name: str, analyses: Iterable[str]) -> TraceResults:
    simulation = read_result(SimulationRecord, folder / layout.SIMULATION)
    return replace(
        read_set(folder, name, analyses),
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
