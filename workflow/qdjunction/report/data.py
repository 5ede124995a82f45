"""The files of a finished study, read once into plain values."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray
from ase import Atoms
from numpy.typing import NDArray

from qdjunction.engine.contract import EngineInfo
from qdjunction.engine.store import read_electronic_structure
from qdjunction.errors import InputError
from qdjunction.report.plan import series_of
from qdjunction.report.trace_data import AllTraces, collect_traces
from qdjunction.structure.xyz import read_structure
from qdjunction.study import DotCase, JunctionCase, Study
from qdjunction.transport import Transmission, read_transmission


@dataclass(frozen=True, eq=False)
class LocalDensity:
    """Local density of states of a junction at one energy, a value an atom.

    Attributes
    ----------
    energy_ev : float
        Energy relative to E_F (eV).
    total, left, right : (n_atoms,) array
        States of one spin per eV: in all, of those that enter from the left lead, from the right lead.
    """

    energy_ev: float
    total: NDArray[np.float64]
    left: NDArray[np.float64]
    right: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class JunctionResults:
    """One junction: geometry, T(E), frontier orbitals, local density of states."""

    case: JunctionCase
    atoms: Atoms
    transmission: Transmission
    frontier: Mapping[str, Any]
    density: LocalDensity


@dataclass(frozen=True, eq=False)
class SeriesResults:
    """The junctions that share a left contact, ordered by distance.

    Attributes
    ----------
    left : str
        The left contact.
    summary : mapping
        Its entry in ``series.json``.
    conductance : pandas.DataFrame
        Its rows of ``conductance.csv``.
    spectrum : pandas.DataFrame
        Its rows of ``series.csv``; columns of other kinds of series are empty.
    junctions : tuple of JunctionResults
        Its members, in the order of the summary.
    """

    left: str
    summary: Mapping[str, Any]
    conductance: pd.DataFrame
    spectrum: pd.DataFrame
    junctions: tuple[JunctionResults, ...]

    @property
    def kind(self) -> str:
        """``decay``, ``comparison`` or ``single``."""
        return str(self.summary["kind"])


@dataclass(frozen=True, eq=False)
class DotResults:
    """One dot with its series.

    Attributes
    ----------
    case : DotCase
        What the study says of it.
    atoms : ase.Atoms
        Relaxed geometry.
    relaxation : mapping
        The record of its relaxation.
    homo_ev, lumo_ev : float
        Frontier levels of the bare dot (eV, relative to its own Fermi energy).
    series : tuple of SeriesResults
        One for each left contact.
    """

    case: DotCase
    atoms: Atoms
    relaxation: Mapping[str, Any]
    homo_ev: float
    lumo_ev: float
    series: tuple[SeriesResults, ...]

    @property
    def engine(self) -> EngineInfo:
        """Who computed it."""
        return EngineInfo(**self.relaxation["engine"])

    @property
    def junctions(self) -> list[JunctionResults]:
        """All its junctions, series by series."""
        return [junction for series in self.series for junction in series.junctions]


@dataclass(frozen=True, eq=False)
class StudyResults:
    """Everything the report is made from.

    Attributes
    ----------
    study : Study
        The table of the study, with its configuration.
    dots : tuple of DotResults
        One for each dot.
    chain : pandas.DataFrame
        ``chain.csv``.
    chain_summary : mapping
        ``chain.json``.
    timings : pandas.DataFrame
        One row a job: ``job``, ``dot``, ``junction``, ``wall_s``, ``cpu_s``, ``max_rss_mb``.
    traces : AllTraces
        Break-junction traces; empty if the study has none.
    """

    study: Study
    dots: tuple[DotResults, ...]
    chain: pd.DataFrame
    chain_summary: Mapping[str, Any]
    timings: pd.DataFrame
    traces: AllTraces

    def dot(self, name: str) -> DotResults:
        """The dot of that identity."""
        return next(dot for dot in self.dots if dot.case.id == name)

    def series(self, dot: str, left: str) -> SeriesResults:
        """The series of a dot at a left contact."""
        return next(series for series in self.dot(dot).series if series.left == left)


def collect(study: Study) -> StudyResults:
    """Read the results of a study from the folder that its configuration names.

    Raises
    ------
    InputError
        If a file is missing or cannot be read.
    """
    root = Path(study.config.results)
    return StudyResults(
        study=study,
        dots=tuple(_dot(root, case) for case in study.dots),
        chain=_table(root / "chain.csv"),
        chain_summary=_json(root / "chain.json"),
        timings=read_timings(root / "benchmarks"),
        traces=collect_traces(study),
    )


def read_timings(folder: Path) -> pd.DataFrame:
    """Read the benchmark files of Snakemake below `folder`; jobs that left none are absent."""
    rows = []
    for path in sorted(folder.rglob("*.tsv")):
        where = path.relative_to(folder).parts
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                rows.append(
                    {
                        "job": path.stem,
                        "dot": where[0] if len(where) > 1 else "",
                        "junction": where[1] if len(where) > 2 else "",
                        "wall_s": _number(row["s"]),
                        "cpu_s": _number(row["cpu_time"]),
                        "max_rss_mb": _number(row["max_rss"]),
                    }
                )
    return pd.DataFrame(rows, columns=["job", "dot", "junction", "wall_s", "cpu_s", "max_rss_mb"])


def _dot(root: Path, case: DotCase) -> DotResults:
    folder = root / case.id
    structure = read_electronic_structure(folder / "hamiltonian.nc")
    junctions = {junction.name: _junction(root, junction) for junction in case.junctions}
    summaries = {entry["left"]: entry for entry in _json(folder / "series.json")["series"]}
    conductance, spectrum = _table(folder / "conductance.csv"), _table(folder / "series.csv")
    series = []
    for left in series_of(case):
        try:
            summary = summaries[left]
            members = tuple(junctions[name] for name in summary["junctions"])
        except KeyError as error:
            raise InputError(
                f"{folder / 'series.json'}: does not know {error}; remove it and run again"
            ) from None
        series.append(
            SeriesResults(
                left=left,
                summary=summary,
                conductance=conductance[conductance["left"] == left].reset_index(drop=True),
                spectrum=spectrum[spectrum["left"] == left].reset_index(drop=True),
                junctions=members,
            )
        )
    return DotResults(
        case=case,
        atoms=read_structure(folder / "relaxed.extxyz"),
        relaxation=_json(folder / "relaxed.json"),
        homo_ev=structure.homo_ev,
        lumo_ev=structure.lumo_ev,
        series=tuple(series),
    )


def _junction(root: Path, case: JunctionCase) -> JunctionResults:
    folder = root / case.id
    return JunctionResults(
        case=case,
        atoms=read_structure(folder / "junction.extxyz"),
        transmission=read_transmission(folder / "transmission.nc"),
        frontier=_json(folder / "frontier.json"),
        density=_density(folder / "local_density.nc"),
    )


def _density(path: Path) -> LocalDensity:
    try:
        with xarray.open_dataset(path, engine="netcdf4") as dataset:
            values = {name: dataset[name].values[0] for name in ("ldos", "ldos_left", "ldos_right")}
            energy = float(dataset["energy"].values[0])
    except (OSError, KeyError) as error:
        raise InputError(f"{path}: holds no local density of states ({error}); compute it again") from error
    return LocalDensity(energy, values["ldos"], values["ldos_left"], values["ldos_right"])


def _json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); compute it again") from error


def _table(path: Path) -> pd.DataFrame:
    # Names such as "NA" are names here; only an empty field is missing.
    try:
        return pd.read_csv(path, keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); compute it again") from error


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
