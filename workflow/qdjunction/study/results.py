"""The results of a study that its steps and its report pass on as JSON."""

from typing import Annotated, Any

from pydantic import Field

from qdjunction.core.results import Real, Result
from qdjunction.engine.contract import EngineInfo
from qdjunction.interference.results import NoRule, OrbitalRule, SeriesSummary, Verdict
from qdjunction.structure.integrity import (
    AnchorState,
    BondDistance,
    ContactState,
    PbHalideDistance,
    Proton,
)
from qdjunction.traces.results import SiteRecord


class IntegrityRecord(Result):
    """What a relaxation kept of a dot; see `Integrity`."""

    contacts: dict[str, ContactState | AnchorState]
    broken: tuple[PbHalideDistance | BondDistance, ...]
    formed: tuple[PbHalideDistance | BondDistance, ...]
    transferred: tuple[Proton, ...]
    stretched: tuple[Proton, ...]
    longest_ang: dict[str, float]
    is_kept: bool
    findings: tuple[str, ...]
    limits: dict[str, float]


class Settling(Result):
    """The rough relaxation of a new dot whose bonds springs hold."""

    steps: int
    wall_time_s: float
    springs: str


class RelaxationRecord(Result):
    """A relaxation: ``relaxed.json`` and ``pre_relaxed.json``.

    Attributes
    ----------
    converged, energy_ev, fmax_ev_per_ang, steps, wall_time_s, reason
        As in `Relaxation`.
    integrity : IntegrityRecord or None
        None in results of versions that did not look.
    fmax_wanted_ev_per_ang : float
        Threshold of the largest force (eV/Ang).
    formula : str
        Chemical formula in Hill order.
    settling : Settling or None
        Of a new dot.
    engine : EngineInfo
        Engine with versions and settings.
    inputs : mapping of str to str
        Paths of ``structure`` and, if there is one, of ``start``.
    """

    converged: bool
    energy_ev: float
    fmax_ev_per_ang: float
    steps: int
    wall_time_s: float
    reason: str
    integrity: IntegrityRecord | None = None
    fmax_wanted_ev_per_ang: float
    formula: str
    settling: Settling | None
    engine: EngineInfo
    inputs: dict[str, str]
    provenance: dict[str, Any]


class FrontierRecord(Result):
    """Levels of the dot's own block in a junction and its orbital rule: ``frontier.json``.

    Attributes
    ----------
    left, right : str
        The contacts.
    contact_distance_ang : float
        Distance of their halides (Ang).
    fermi_energy_ev : float
        In the engine's own zero (eV).
    homo_ev, lumo_ev : float
        Levels of the dot's own block (eV, relative to E_F).
    orbital_rule : mapping of str to OrbitalRule or NoRule
        In the middle of the gap (``midgap``) and at the headline energy (``headline``).
    engine : EngineInfo or None
        None in results of versions that did not say.
    """

    left: str
    right: str
    contact_distance_ang: float
    fermi_energy_ev: float
    homo_ev: float
    lumo_ev: float
    orbital_rule: dict[str, Annotated[OrbitalRule | NoRule, Field(union_mode="left_to_right")]]
    engine: EngineInfo | None = None
    provenance: dict[str, Any]


class SeriesRecord(Result):
    """The series of a dot: ``series.json``."""

    temperature_k: float
    series: tuple[SeriesSummary, ...]
    provenance: dict[str, Any]


class ChainRecord(Result):
    """The tight-binding chain: ``chain.json``.

    Attributes
    ----------
    sites, onsite_ev, hopping_ev, gamma_ev
        As in `DiatomicChain`.
    model : bool
        True: the numbers are no result for a dot.
    trend_at_last_site, energies_ev : tuple of float
        The fit to all sites but the last, at the last one (log10 of T), and the energies (eV).
    shares : mapping of str to float
        Share of the energies at which each statement holds.
    midgap : Verdict
        In the middle of the gap.
    """

    sites: int
    onsite_ev: float
    hopping_ev: float
    gamma_ev: float
    model: bool
    trend_at_last_site: tuple[Real, ...]
    energies_ev: tuple[float, ...]
    shares: dict[str, Real]
    midgap: Verdict
    sentence: str
    provenance: dict[str, Any]


class SimulationRecord(Result):
    """How traces were simulated: ``simulation.json``.

    Attributes
    ----------
    left, fermi_ev, engine
        Left contact, where E_F is put (eV) and the engine, for traces predicted from a study.
    simulated : bool
        True.
    traces : int
        Number of traces.
    share_with_jump : float
        Share of them in which a contact slides onto a site of much higher conductance.
    sites : tuple of SiteRecord
        What they slide over.
    settings : mapping
        Of the forward model.
    """

    left: str = ""
    fermi_ev: float | None = None
    engine: EngineInfo | None = None
    simulated: bool
    traces: int
    share_with_jump: Real
    sites: tuple[SiteRecord, ...]
    settings: dict[str, Any]
    provenance: dict[str, Any]
