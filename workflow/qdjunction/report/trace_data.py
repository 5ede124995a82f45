"""The files of analysed traces, read once into plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import xarray as xr

from qdjunction.core.errors import InputError
from qdjunction.engine.contract import EngineInfo
from qdjunction.steps.traces import read_summary
from qdjunction.study.failures import read_failure
from qdjunction.study.table import Study


@dataclass(frozen=True, eq=False)
class JumpScore:
    """The jump rule held against what a simulation knows.

    Attributes
    ----------
    true : int
        Traces that have a jump.
    found : int
        Traces that the rule selects.
    both : int
        Selected traces that have one.
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
        Of the set.
    summary : mapping
        Counts, fits and files left out.
    histograms : xarray.Dataset
        Counts and fitted curves.
    plateaus : pandas.DataFrame or None
        One row a level and bin.
    plateau_summary, classes : mapping or None
        Plateaus by level; classes with their stability.
    simulation : mapping or None
        How the traces were simulated; None for measured ones.
    score : JumpScore or None
        The jump rule against the truth; None for measured ones.
    theory : TraceResults or None
        The prediction drawn on the same axes.
    sites : tuple of mapping
        Contact sites whose computed conductances are marked: ``name``, ``distance_ang``, ``log10_g``.
    """

    name: str
    summary: Mapping[str, Any]
    histograms: xr.Dataset
    plateaus: pd.DataFrame | None = None
    plateau_summary: Mapping[str, Any] | None = None
    classes: Mapping[str, Any] | None = None
    simulation: Mapping[str, Any] | None = None
    score: JumpScore | None = None
    theory: "TraceResults | None" = None
    sites: tuple[Mapping[str, Any], ...] = ()

    @property
    def is_simulated(self) -> bool:
        """Whether the traces come from the forward model."""
        return bool(self.summary["simulated"])

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
        """Return whether the traces shown are measured or simulated, and from whose conductances."""
        notes = []
        for one in self.shown:
            if not one.is_simulated:
                notes.append("measured traces")
            elif one.simulation is None:
                notes.append("simulated traces")
            else:
                method = EngineInfo(**one.simulation["engine"]).label
                notes.append(f"traces simulated from conductances of {method}")
        return "; ".join(dict.fromkeys(notes))


@dataclass(frozen=True, eq=False)
class AllTraces:
    """The sets and the bias series of a study.

    Attributes
    ----------
    sets : tuple of TraceResults
        Measured sets first, then predictions; those that have failed are absent.
    bias_series : tuple of mapping
        Points and Simmons fit of each.
    """

    sets: tuple[TraceResults, ...] = ()
    bias_series: tuple[Mapping[str, Any], ...] = ()

    def has(self, name: str) -> bool:
        """Whether there is a set or a bias series of that name; a failure may have left it out."""
        series = (entry["name"] for entry in self.bias_series)
        return name in (*(entry.name for entry in self.sets), *series)

    def set_named(self, name: str) -> TraceResults:
        """The set of that name."""
        return next(entry for entry in self.sets if entry.name == name)

    def series_named(self, name: str) -> Mapping[str, Any]:
        """The bias series of that name."""
        return next(entry for entry in self.bias_series if entry["name"] == name)


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
    root = study.results / "traces"
    predicted = {
        entry.name: _prediction(root / entry.name, entry.name)
        for entry in section.predictions
        if not read_failure(root / entry.name / "summary.json")
    }
    measured = [
        _against(_set(root / entry.name, entry.name), predicted.get(entry.theory or ""))
        for entry in section.sets
    ]
    series = tuple(read_summary(root / entry.name / "simmons.json") for entry in section.bias_series)
    return AllTraces((*measured, *predicted.values()), series)


def read_histograms(path: str | Path) -> xr.Dataset:
    """Read a file of histograms that `select_traces` wrote."""
    try:
        with xr.open_dataset(path, engine="netcdf4") as dataset:
            return dataset.load()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: holds no histograms ({error}); compute it again") from None


def _set(folder: Path, name: str) -> TraceResults:
    try:
        plateaus = pd.read_csv(folder / "plateaus.csv")
    except (OSError, ValueError) as error:
        raise InputError(f"{folder / 'plateaus.csv'}: cannot be read ({error}); compute it again") from None
    return TraceResults(
        name=name,
        summary=read_summary(folder / "summary.json"),
        histograms=read_histograms(folder / "histograms.nc"),
        plateaus=plateaus,
        plateau_summary=read_summary(folder / "plateaus.json"),
        classes=read_summary(folder / "classes.json"),
    )


def _against(entry: TraceResults, theory: TraceResults | None) -> TraceResults:
    return entry if theory is None else replace(entry, theory=theory, sites=theory.sites)


def _prediction(folder: Path, name: str) -> TraceResults:
    simulation = read_summary(folder / "simulation.json")
    return replace(
        _set(folder, name),
        simulation=simulation,
        sites=tuple(simulation["sites"]),
        score=_score(folder / "truth.csv", folder / "jumps.parquet"),
    )


def _score(truth: Path, jumps: Path) -> JumpScore:
    try:
        known = pd.read_csv(truth)
        true = set(known["file"][np.isfinite(known["jump_displacement_nm"])])
        found = set(pq.read_table(jumps, columns=["file"])["file"].to_pylist())
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{truth} or {jumps}: cannot be read ({error}); compute them again") from None
    return JumpScore(len(true), len(found), len(true & found))
