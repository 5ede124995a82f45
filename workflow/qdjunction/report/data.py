"""Results of a finished study, as figures and tables take them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from ase import Atoms
from numpy.typing import NDArray

from qdjunction.engine.contract import EngineInfo
from qdjunction.interference.coupling_results import CouplingRecord
from qdjunction.interference.cover import CoverRecord
from qdjunction.interference.exciton_shift import ExcitonRecord
from qdjunction.interference.pair_results import PairRecord
from qdjunction.interference.regions import RegionRecord
from qdjunction.interference.results import DecaySeries, SeriesSummary
from qdjunction.report.style import junction_colours
from qdjunction.report.trace_data import AllTraces
from qdjunction.study.cases import DotCase, JunctionCase, SlideCase, StructureSeriesCase
from qdjunction.study.failures import Failure
from qdjunction.study.results import (
    BindingRecord,
    ChainRecord,
    EnsembleRecord,
    FrontierRecord,
    ReactionsRecord,
    RelaxationRecord,
    SlideRecord,
    StructureSeriesRecord,
)
from qdjunction.study.robustness import Variant
from qdjunction.study.table import Study
from qdjunction.transport import Transmission


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


def engine_without_results(study: Study) -> EngineInfo:
    """Return the engine of a study in which every dot has failed: only its name is known."""
    return EngineInfo(study.config.engine, "no dot of the study has a result", embedded=False)
