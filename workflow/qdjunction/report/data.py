"""Results of a finished study, read from its files."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import xarray
from ase import Atoms
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.core.provenance import digests
from qdjunction.core.results import read_result, read_table
from qdjunction.engine.contract import EngineInfo
from qdjunction.engine.store import read_electronic_structure
from qdjunction.interference.coupling_results import CouplingRecord
from qdjunction.interference.cover import CoverRecord
from qdjunction.interference.exciton_shift import ExcitonRecord
from qdjunction.interference.pair_results import PairRecord
from qdjunction.interference.regions import RegionRecord
from qdjunction.interference.results import DecaySeries, SeriesSummary
from qdjunction.report.plan import files_of, series_of
from qdjunction.report.style import junction_colours
from qdjunction.report.trace_data import AllTraces, collect_traces
from qdjunction.structure.xyz import read_structure
from qdjunction.study import layout
from qdjunction.study.cases import DotCase, JunctionCase, SlideCase, StructureSeriesCase
from qdjunction.study.failures import Failure, find_failures, read_failure
from qdjunction.study.results import (
    BindingRecord,
    ChainRecord,
    EnsembleRecord,
    FrontierRecord,
    ReactionsRecord,
    RelaxationRecord,
    SeriesRecord,
    SlideRecord,
    StructureSeriesRecord,
)
from qdjunction.study.robustness import Variant
from qdjunction.study.table import Study
from qdjunction.transport import Transmission, read_transmission


@dataclass(frozen=True, eq=False)
class LocalDensity:
    """Local density of states of a junction at one energy, one value per atom.

    Attributes
    ----------
    energy_ev : float
        Energy relative to E_F (eV).
    total, left, right : (n_atoms,) array
        States of one spin per eV: in total, entering from the left lead, entering from the right lead.
    """

    energy_ev: float
    total: NDArray[np.float64]
    left: NDArray[np.float64]
    right: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class JunctionResults:
    """One junction.

    Attributes
    ----------
    case : JunctionCase
        Its entry in the study.
    atoms : ase.Atoms
        Geometry.
    relaxation : RelaxationRecord or None
        Record of its relaxation; None if it was not relaxed.
    transmission : Transmission
        T(E).
    frontier : FrontierRecord
        Frontier orbitals.
    density : LocalDensity or None
        Local density of states; None if that failed.
    """

    case: JunctionCase
    atoms: Atoms
    relaxation: RelaxationRecord | None
    transmission: Transmission
    frontier: FrontierRecord
    density: LocalDensity | None


@dataclass(frozen=True, eq=False)
class SeriesResults:
    """The junctions that share a left contact, ordered by distance.

    Attributes
    ----------
    left : str
        The left contact.
    summary : SeriesSummary
        Its entry in ``series.json``.
    conductance : pandas.DataFrame
        Its rows of ``conductance.csv``.
    spectrum : pandas.DataFrame
        Its rows of ``series.csv``; columns of other kinds of series are empty.
    junctions : tuple of JunctionResults
        Its members, in the order of the summary.
    controls : tuple of JunctionResults
        What is shown beside it, in the order of the summary.
    """

    left: str
    summary: SeriesSummary
    conductance: pd.DataFrame
    spectrum: pd.DataFrame
    junctions: tuple[JunctionResults, ...]
    controls: tuple[JunctionResults, ...] = ()

    @property
    def shown(self) -> tuple[JunctionResults, ...]:
        """Its members and the controls beside it."""
        return (*self.junctions, *self.controls)

    @property
    def distances_ang(self) -> tuple[float, ...]:
        """Distances of the contact atoms of `shown` (Ang)."""
        return (*self.summary.distances_ang, *(control.distance_ang for control in self.summary.controls))

    @property
    def conductances_g0(self) -> tuple[float, ...]:
        """Conductances of `shown` at the headline energy (G0)."""
        controls = self.summary.controls
        return (
            *self.summary.conductance_at_headline_G0,
            *(control.conductance_at_headline_G0 for control in controls),
        )

    @property
    def kind(self) -> str:
        """``decay``, ``comparison``, ``single``, or ``incomplete`` if a member has failed."""
        return self.summary.kind

    @property
    def decay(self) -> DecaySeries:
        """Summary of a series whose kind is ``decay``; a TypeError for other kinds."""
        if not isinstance(self.summary, DecaySeries):
            raise TypeError(f"the series from {self.left} has no decay, it is {self.kind}")
        return self.summary


@dataclass(frozen=True, eq=False)
class PairResults:
    """The control over all pairs of a dot.

    Attributes
    ----------
    control : PairRecord
        ``pairs.json``.
    table : pandas.DataFrame
        ``pairs.csv``.
    """

    control: PairRecord
    table: pd.DataFrame


@dataclass(frozen=True, eq=False)
class DotResults:
    """One dot with its series.

    Attributes
    ----------
    case : DotCase
        Its entry in the study.
    atoms : ase.Atoms
        Relaxed geometry.
    relaxation : RelaxationRecord
        Record of its relaxation.
    pre_relaxation : RelaxationRecord or None
        Record of the preceding relaxation with the embedded engine, if there was one.
    electrons : EngineInfo or None
        Engine of H and S of the bare dot; None if they failed.
    homo_ev, lumo_ev : float
        Frontier levels of the bare dot (eV, relative to its own Fermi energy); nan if they failed.
    series : tuple of SeriesResults
        One for each left contact; failed series are absent.
    pairs : PairResults or None
        Control over all pairs; None if the study has none, or it failed.
    """

    case: DotCase
    atoms: Atoms
    relaxation: RelaxationRecord
    pre_relaxation: RelaxationRecord | None
    electrons: EngineInfo | None
    homo_ev: float
    lumo_ev: float
    series: tuple[SeriesResults, ...]
    pairs: PairResults | None = None

    @property
    def engine(self) -> EngineInfo:
        """Engine that relaxed it."""
        return self.relaxation.engine

    @property
    def junctions(self) -> list[JunctionResults]:
        """All its junctions, series by series, then the controls."""
        members = [junction for series in self.series for junction in series.junctions]
        # The controls of a dot are the same beside every series.
        return [*members, *(self.series[0].controls if self.series else ())]

    @property
    def colours(self) -> dict[str, str]:
        """Colour of each junction, the same in every figure."""
        return junction_colours([junction.case.name for junction in self.junctions])


@dataclass(frozen=True, eq=False)
class StructureSeriesResults:
    """One series over structures.

    Attributes
    ----------
    case : StructureSeriesCase
        What the study says of it.
    summary : StructureSeriesRecord
        Its ``series.json``.
    table : pandas.DataFrame
        Its ``series.csv``.
    """

    case: StructureSeriesCase
    summary: StructureSeriesRecord
    table: pd.DataFrame


@dataclass(frozen=True, eq=False)
class EnsembleResults:
    """Spread of the numbers of one dot: its ``ensemble.json`` and ``ensemble.csv``."""

    record: EnsembleRecord
    table: pd.DataFrame


@dataclass(frozen=True, eq=False)
class BindingResults:
    """One binding curve.

    Attributes
    ----------
    dot : str
        Identity of the dot.
    record : BindingRecord
        ``binding.json``.
    table : pandas.DataFrame
        ``binding.csv``.
    """

    dot: str
    record: BindingRecord
    table: pd.DataFrame


@dataclass(frozen=True, eq=False)
class SlideResults:
    """One slide.

    Attributes
    ----------
    case : SlideCase
        What the study says of it.
    record : SlideRecord
        Its ``slide.json``.
    table : pandas.DataFrame
        Its ``slide.csv``.
    """

    case: SlideCase
    record: SlideRecord
    table: pd.DataFrame


@dataclass(frozen=True, eq=False)
class VariantResults:
    """The series of one variant of a dot: its ``series.json``; no series if it failed, with the reason."""

    variant: Variant
    series: tuple[SeriesSummary, ...]
    reason: str = ""


@dataclass(frozen=True, eq=False)
class StudyResults:
    """All data of the report.

    Attributes
    ----------
    study : Study
        The table of the study, with its configuration.
    dots : tuple of DotResults
        One for each dot that could be relaxed.
    failures : tuple of Failure
        Failed calculations.
    chain : pandas.DataFrame or None
        ``chain.csv``; None in a study that compares no contacts.
    chain_summary : ChainRecord or None
        ``chain.json``, likewise.
    timings : pandas.DataFrame
        One row per job: ``job``, ``dot``, ``junction``, ``wall_s``, ``cpu_s``, ``max_rss_mb``.
    traces : AllTraces
        Break-junction traces; empty if the study has none.
    inputs : mapping of str to str
        SHA-256 of every file that was read, records of failures included.
    structure_series : tuple of StructureSeriesResults
        The series over structures; those that have failed are absent.
    ensembles : mapping of str to EnsembleResults
        The ensembles by dot; those that have failed are absent.
    binding : tuple of BindingResults
        The binding curves; those that have failed are absent.
    coupling : CouplingRecord or None
        Couplings of the pairs of dots; None without pairs, or if all have failed.
    exciton : ExcitonRecord or None
        Mechanisms of measured exciton shifts; None without the section `exciton`.
    regions : mapping of str to RegionRecord
        Regions and frontier levels by dot; those that have failed are absent.
    reactions : ReactionsRecord or None
        Energies of reactions; None without any, or if structures of all have failed.
    cover : CoverRecord or None
        Free energies of the cover of a slab; None without one, or if it has failed.
    slides : tuple of SlideResults
        The slides; those that have failed are absent.
    variants : tuple of VariantResults
        The variants of dots.
    """

    study: Study
    dots: tuple[DotResults, ...]
    failures: tuple[Failure, ...]
    chain: pd.DataFrame | None
    chain_summary: ChainRecord | None
    timings: pd.DataFrame
    traces: AllTraces
    inputs: Mapping[str, str]
    structure_series: tuple[StructureSeriesResults, ...] = ()
    ensembles: Mapping[str, EnsembleResults] = field(default_factory=dict)
    binding: tuple[BindingResults, ...] = ()
    coupling: CouplingRecord | None = None
    exciton: ExcitonRecord | None = None
    regions: Mapping[str, RegionRecord] = field(default_factory=dict)
    reactions: ReactionsRecord | None = None
    cover: CoverRecord | None = None
    slides: tuple[SlideResults, ...] = ()
    variants: tuple[VariantResults, ...] = ()

    @property
    def engine(self) -> EngineInfo:
        """Engine of the study."""
        if self.dots:
            return self.dots[0].engine
        return self.cover.engine if self.cover else engine_without_results(self.study)

    def dot(self, name: str) -> DotResults:
        """Return the dot with the identity `name`."""
        return next(dot for dot in self.dots if dot.case.id == name)

    def series(self, dot: str, left: str) -> SeriesResults:
        """Return the series of a dot at a left contact."""
        return next(series for series in self.dot(dot).series if series.left == left)

    def find_series(self, dot: str, left: str) -> SeriesResults | None:
        """Return the series of a dot at a left contact, or None if it failed."""
        found = (one for dot_results in self.dots if dot_results.case.id == dot for one in dot_results.series)
        return next((one for one in found if one.left == left), None)


def collect(study: Study) -> StudyResults:
    """Read the results of a study from its results folder.

    Raises
    ------
    InputError
        If a file is missing or cannot be read.
    """
    root = study.results
    dots = tuple(filter(None, (_dot(study, case) for case in study.dots)))
    failures = failures_of(study)
    return StudyResults(
        study=study,
        dots=dots,
        failures=failures,
        chain=read_table(root / layout.CHAIN_TABLE) if study.compares_contacts else None,
        chain_summary=read_result(ChainRecord, root / layout.CHAIN) if study.compares_contacts else None,
        timings=read_timings(root / layout.BENCHMARKS),
        traces=collect_traces(study),
        inputs=digests(*(path for file in files_of(study) if (path := root / file).is_file())),
        structure_series=tuple(_structure_series(study)),
        ensembles={
            dot: EnsembleResults(
                read_result(EnsembleRecord, root / dot / layout.ENSEMBLE),
                read_table(root / dot / layout.ENSEMBLE_TABLE),
            )
            for dot in study.members_by_dot
            if not read_failure(root / dot / layout.ENSEMBLE)
        },
        binding=tuple(_binding(study)),
        coupling=(
            read_result(CouplingRecord, root / layout.COUPLING)
            if study.joined_dots and not read_failure(root / layout.COUPLING)
            else None
        ),
        exciton=(
            read_result(ExcitonRecord, root / layout.EXCITON)
            if study.config.exciton and not read_failure(root / layout.EXCITON)
            else None
        ),
        regions=dict(_regions(study)),
        reactions=(
            read_result(ReactionsRecord, root / layout.REACTIONS)
            if study.reaction_dots and not read_failure(root / layout.REACTIONS)
            else None
        ),
        cover=(
            read_result(CoverRecord, root / layout.COVER_RECORD)
            if study.covers and not read_failure(root / layout.COVER_RECORD)
            else None
        ),
        slides=tuple(_slides(study)),
        variants=tuple(_variants(study)),
    )


def engine_without_results(study: Study) -> EngineInfo:
    """Return the engine of a study in which every dot has failed: only its name is known."""
    return EngineInfo(study.config.engine, "no dot of the study has a result", embedded=False)


def failures_of(study: Study) -> tuple[Failure, ...]:
    """Return the failures of a study, without those of another study in the same results folder."""
    computed = (*study.dots, *study.members, *study.variants, *study.covers)
    cases = {dot.id for dot in computed} | {one.id for dot in computed for one in dot.junctions}
    folders = [*(dot.id for dot in computed), *([layout.COVER] if study.covers else [])]
    if study.config.electrodes.surface:
        cases.add(layout.ELECTRODE)
        folders.append(layout.ELECTRODE)
    if section := study.config.traces:
        cases |= {entry.name for entry in section.predictions}
        folders.append(layout.TRACES)
    cases |= {f"{case.junction.dot}/{case.name}" for case in study.slides}
    if study.structure_series:
        cases |= {case.name for case in study.structure_series}
        folders.append(layout.STRUCTURE_SERIES)
    found = find_failures(study.results, folders)
    return tuple(failure for failure in found if failure.case in cases)


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


def _dot(study: Study, case: DotCase) -> DotResults | None:
    folder = study.results / case.id
    if read_failure(folder / layout.RELAXATION):
        return None
    levels = folder / layout.HAMILTONIAN
    structure = None if read_failure(levels) else read_electronic_structure(levels)
    relaxation = read_result(RelaxationRecord, folder / layout.RELAXATION)
    # The record states the start; the file of an earlier configuration may still be in the folder.
    is_pre_relaxed = Path(relaxation.inputs.get("start", "")).name == layout.PRE_RELAXED
    return DotResults(
        case=case,
        atoms=read_structure(folder / layout.RELAXED),
        relaxation=relaxation,
        pre_relaxation=read_result(RelaxationRecord, folder / layout.PRE_RELAXATION)
        if is_pre_relaxed
        else None,
        electrons=structure.engine if structure else None,
        homo_ev=structure.homo_ev if structure else np.nan,
        lumo_ev=structure.lumo_ev if structure else np.nan,
        series=()
        if not case.junctions or read_failure(folder / layout.SERIES)
        else tuple(_series(study, case)),
        pairs=_pairs(study, case),
    )


def _pairs(study: Study, case: DotCase) -> PairResults | None:
    folder = study.results / case.id
    if case not in study.pair_dots or read_failure(folder / layout.PAIRS):
        return None
    return PairResults(
        control=read_result(PairRecord, folder / layout.PAIRS), table=read_table(folder / layout.PAIR_TABLE)
    )


def _binding(study: Study) -> Iterator[BindingResults]:
    for junction in study.binding:
        folder = study.results / junction.dot
        if not read_failure(folder / layout.BINDING):
            yield BindingResults(
                dot=junction.dot,
                record=read_result(BindingRecord, folder / layout.BINDING),
                table=read_table(folder / layout.BINDING_TABLE),
            )


def _regions(study: Study) -> Iterator[tuple[str, RegionRecord]]:
    for dot in study.region_dots:
        if not read_failure(path := study.results / dot.id / layout.REGIONS):
            yield dot.id, read_result(RegionRecord, path)


def _slides(study: Study) -> Iterator[SlideResults]:
    for case in study.slides:
        folder = study.results / case.folder
        if not read_failure(folder / layout.SLIDE):
            yield SlideResults(
                case=case,
                record=read_result(SlideRecord, folder / layout.SLIDE),
                table=read_table(folder / layout.SLIDE_TABLE),
            )


def _variants(study: Study) -> Iterator[VariantResults]:
    for case in study.variants:
        assert isinstance(case.member, Variant)
        path = study.results / case.id / layout.SERIES
        if failure := read_failure(path):
            yield VariantResults(case.member, (), str(failure))
        else:
            yield VariantResults(case.member, read_result(SeriesRecord, path).series)


def _structure_series(study: Study) -> Iterator[StructureSeriesResults]:
    for case in study.structure_series:
        folder = study.results / layout.STRUCTURE_SERIES / case.name
        if not read_failure(folder / layout.SERIES):
            yield StructureSeriesResults(
                case=case,
                summary=read_result(StructureSeriesRecord, folder / layout.SERIES),
                table=read_table(folder / layout.SERIES_TABLE),
            )


def _series(study: Study, case: DotCase) -> Iterator[SeriesResults]:
    folder = study.results / case.id
    junctions = {junction.name: found for junction in case.junctions if (found := _junction(study, junction))}
    summaries = {one.left: one for one in read_result(SeriesRecord, folder / layout.SERIES).series}
    conductance, spectrum = read_table(folder / layout.CONDUCTANCE), read_table(folder / layout.SERIES_TABLE)
    role = conductance["role"] if "role" in conductance else pd.Series("series", conductance.index)
    for left, names in series_of(case).items():
        if not junctions.keys() & set(names):
            continue
        try:
            summary = summaries[left]
            members = tuple(junctions[name] for name in summary.junctions)
            controls = tuple(junctions[control.name] for control in summary.controls)
        except KeyError as error:
            raise InputError(
                f"{folder / layout.SERIES}: does not contain {error}; delete it and run again"
            ) from None
        yield SeriesResults(
            left=left,
            summary=summary,
            conductance=conductance[
                ((conductance["left"] == left) & (role == "series")) | (role == "control")
            ].reset_index(drop=True),
            spectrum=spectrum[spectrum["left"] == left].reset_index(drop=True),
            junctions=members,
            controls=controls,
        )


def _junction(study: Study, case: JunctionCase) -> JunctionResults | None:
    folder = study.results / case.id
    if read_failure(folder / layout.TRANSMISSION) or read_failure(folder / layout.FRONTIER):
        return None
    return JunctionResults(
        case=case,
        atoms=read_structure(folder / layout.JUNCTION),
        relaxation=read_result(RelaxationRecord, folder / layout.JUNCTION_RELAXATION)
        if study.relaxes_junctions
        else None,
        transmission=read_transmission(folder / layout.TRANSMISSION),
        frontier=read_result(FrontierRecord, folder / layout.FRONTIER),
        density=None
        if read_failure(folder / layout.LOCAL_DENSITY)
        else _density(folder / layout.LOCAL_DENSITY),
    )


def _density(path: Path) -> LocalDensity:
    try:
        with xarray.open_dataset(path, engine="netcdf4") as dataset:
            values = {name: dataset[name].values[0] for name in ("ldos", "ldos_left", "ldos_right")}
            energy = float(dataset["energy"].values[0])
    except (OSError, KeyError) as error:
        raise InputError(f"{path}: holds no local density of states ({error}); compute it again") from error
    return LocalDensity(energy, values["ldos"], values["ldos_left"], values["ldos_right"])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
