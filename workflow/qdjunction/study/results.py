"""Results of a study that are stored as JSON."""

from typing import Annotated, Any

from pydantic import Field

from qdjunction.core.provenance import Provenance
from qdjunction.core.results import Real, Result
from qdjunction.engine.contract import EngineInfo
from qdjunction.interference.ensemble_results import EnsembleGroup
from qdjunction.interference.level_alignment import LevelAlignment
from qdjunction.interference.results import (
    Charges,
    NoRule,
    OrbitalRule,
    SeriesSummary,
    StructureSeries,
    Verdict,
)
from qdjunction.structure.integrity import Integrity
from qdjunction.structure.junction_relaxation import JunctionState
from qdjunction.traces.few_points import Rise
from qdjunction.traces.results import SiteRecord


class Settling(Result):
    """Restrained stage of the relaxation of a new dot, with springs on its softest bonds."""

    steps: int
    wall_time_s: float
    springs: str


class RelaxationRecord(Result):
    """A relaxation: ``relaxed.json`` and ``pre_relaxed.json`` of a dot, ``junction.json`` of a junction.

    Attributes
    ----------
    converged, energy_ev, fmax_ev_per_ang, steps, wall_time_s, reason
        As in `Relaxation`.
    integrity : Integrity or None
        Of the dot, also in a junction; None in results of versions without this check.
    junction : JunctionState or None
        Of tips and contacts; None for a dot.
    fmax_wanted_ev_per_ang : float
        Convergence threshold of the largest force (eV/Ang).
    formula : str
        Chemical formula in Hill order.
    settling : Settling or None
        Restrained stage; None without one.
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
    integrity: Integrity | None = None
    junction: JunctionState | None = None
    fmax_wanted_ev_per_ang: float
    formula: str
    settling: Settling | None
    engine: EngineInfo
    inputs: dict[str, str]
    provenance: Provenance


class FrontierRecord(Result):
    """Levels of the dot's own block in a junction, charges and orbital rule: ``frontier.json``.

    Attributes
    ----------
    left, right : str
        Names of the contacts.
    contact_distance_ang : float
        Distance of the two contact atoms (Ang).
    fermi_energy_ev : float
        Fermi energy in the engine's own zero of energy (eV).
    homo_ev, lumo_ev : float
        Levels of the dot's own block (eV, relative to E_F).
    charges : Charges or None
        Of dot and tips; None in results of versions that did not compute them.
    orbital_rule : mapping of str to OrbitalRule or NoRule
        In the middle of the gap (``midgap``) and at the headline energy (``headline``).
    engine : EngineInfo or None
        None in results of versions that did not record it.
    """

    left: str
    right: str
    contact_distance_ang: float
    fermi_energy_ev: float
    homo_ev: float
    lumo_ev: float
    charges: Charges | None = None
    orbital_rule: dict[str, Annotated[OrbitalRule | NoRule, Field(union_mode="left_to_right")]]
    engine: EngineInfo | None = None
    provenance: Provenance

    @property
    def alignment(self) -> LevelAlignment | None:
        """Charges and levels together; None in results of versions that did not compute charges."""
        return None if self.charges is None else LevelAlignment(self.charges, self.homo_ev, self.lumo_ev)


class SeriesRecord(Result):
    """The series of a dot: ``series.json``."""

    temperature_k: float
    series: tuple[SeriesSummary, ...]
    provenance: Provenance


class ReactionRecord(Result):
    """Energy of one reaction.

    Attributes
    ----------
    name, equation : str
        Name, and equation of the names of the structures.
    energy_ev : float
        Sum of the energies of the products less that of the reactants (eV); negative where energy is released.
    formulas : dict of str to str
        Chemical formula of each structure.
    fmax_ev_per_ang : float
        Largest remaining force among the structures (eV/Ang).
    findings : tuple of str
        What the relaxations did not preserve, such as a bond of a ligand, with the name of the structure.
    """

    name: str
    equation: str
    energy_ev: float
    formulas: dict[str, str]
    fmax_ev_per_ang: float
    findings: tuple[str, ...]


class ReactionsRecord(Result):
    """Energies of the reactions of a study: ``reactions.json``."""

    reactions: tuple[ReactionRecord, ...]
    engine: EngineInfo
    provenance: Provenance


class VibrationsRecord(Result):
    """Vibrations of the exchanged cation of a slab or an ion pair: ``vibrations.json``.

    Attributes
    ----------
    atoms : tuple of int
        The atoms that move; all others are held.
    wave_numbers_per_cm : tuple of float
        Ascending (1/cm); negative for imaginary ones.
    imaginary : int
        Number of modes that are imaginary by more than a flat mode.
    temperature_k, free_energy_ev : float
        Temperature (K) and quasi-RRHO free energy (eV).
    engine : EngineInfo
        Engine of the forces.
    """

    atoms: tuple[int, ...]
    wave_numbers_per_cm: tuple[float, ...]
    imaginary: int
    temperature_k: float
    free_energy_ev: float
    engine: EngineInfo
    provenance: Provenance


class SnapshotRecord(Result):
    """A thermal snapshot of a dot: ``snapshot.json``.

    Attributes
    ----------
    step : int
        Steps since the start of the trajectory.
    time_ps : float
        The same as time (ps).
    temperature_k, mean_temperature_k : float
        Of the thermostat, and of the nuclei on average since the snapshot before (K).
    mean_energy_ev : float
        Potential energy on average since the snapshot before (eV).
    rms_shift_ang : float
        Root of the mean square shift of the atoms from the relaxed dot (Ang).
    integrity : Integrity
        Contacts, bonds and protons compared with the dot as built.
    engine : EngineInfo
        Engine of the forces.
    """

    step: int
    time_ps: float
    temperature_k: float
    mean_temperature_k: float
    mean_energy_ev: float
    rms_shift_ang: float
    integrity: Integrity
    engine: EngineInfo
    provenance: Provenance


class BindingRecord(Result):
    """Minimum of a binding curve: ``binding.json``.

    Attributes
    ----------
    contact, symbol : str
        Name of the contact and element of its atom.
    distance_ang, binding_energy_ev : float
        Distance of apex and contact atom at the minimum (Ang), and its depth (eV), with the counterpoise correction
        if the engine has one.
    uncorrected_distance_ang, uncorrected_binding_energy_ev : float or None
        The same without the correction; None if the engine has none.
    far_ang, far_energy_ev : float
        A distance at which the two no longer touch (Ang), and the energy there (eV): zero unless the method moves
        charge between dot and gold.
    engine : EngineInfo
        Engine of the energies.
    """

    contact: str
    symbol: str
    distance_ang: float
    binding_energy_ev: float
    uncorrected_distance_ang: float | None = None
    uncorrected_binding_energy_ev: float | None = None
    far_ang: float
    far_energy_ev: float
    engine: EngineInfo
    provenance: Provenance


class SlideStep(Result):
    """One step of a slide.

    Attributes
    ----------
    step : int
        Its number; 0 is the junction before the pull.
    displacement_ang : float
        Displacement of the held gold of the right tip (Ang).
    energy_ev : float
        Total energy (eV).
    force_ev_per_ang : float
        Force on this gold along the pull (eV/Ang); negative where the junction holds it back.
    conductance_g0, conductance_at_fermi_g0 : float
        Thermal conductance at the headline energy and at E_F (G0); nan where T(E) does not cover it.
    homo_ev, lumo_ev : float
        Levels of the dot's own block (eV, relative to E_F).
    distance_ang, towards_ang : float
        Distance of the nearest gold of the right tip from its contact atom, and from that of the contact it slides
        towards (Ang); nan without one.
    broken, formed : tuple of str
        Bonds of gold that the junction before the pull has and this step has not, and the other way round.
    findings : tuple of str
        What has changed in the dot: lost contacts, broken and new bonds, moved protons.
    relaxation_steps, fmax_ev_per_ang : int, float
        Steps of the relaxation, and the largest force at its end (eV/Ang).
    """

    step: int
    displacement_ang: float
    energy_ev: float
    force_ev_per_ang: float
    conductance_g0: Real
    conductance_at_fermi_g0: Real
    homo_ev: float
    lumo_ev: float
    distance_ang: float
    towards_ang: Real
    broken: tuple[str, ...]
    formed: tuple[str, ...]
    findings: tuple[str, ...]
    relaxation_steps: int
    fmax_ev_per_ang: float


class SlideRecord(Result):
    """A slide of the right tip: ``slide.json``.

    Attributes
    ----------
    junction, left, right : str
        Junction that it starts from, and its contacts.
    towards : str or None
        Contact that the tip slides towards; None for a given direction.
    direction : 3 floats
        Unit vector of the pull.
    step_ang : float
        Length of a step (Ang).
    headline : str
        Energy of the conductances, in words.
    temperature_k : float
        Their temperature (K).
    steps : tuple of SlideStep
        The steps, 0 first.
    rise : Rise or None
        Largest rise of the conductance; None if it rises nowhere.
    sentence : str
        The same and the bonds that change, in words.
    ended : str
        Why the slide ended before its last step; empty otherwise.
    engine : EngineInfo
        Engine of energies, forces, H and S.
    """

    junction: str
    left: str
    right: str
    towards: str | None
    direction: tuple[float, ...]
    step_ang: float
    headline: str
    temperature_k: float
    steps: tuple[SlideStep, ...]
    rise: Rise | None
    sentence: str
    ended: str
    engine: EngineInfo
    provenance: Provenance


class EnsembleRecord(Result):
    """Spread of the numbers of a dot over the members of its ensemble: ``ensemble.json``.

    Attributes
    ----------
    confidence : float
        Of intervals, and share of the members between percentiles.
    jump_decades : float
        Smallest step that counts as a jump (decades).
    groups : tuple of EnsembleGroup
        One for each kind of members.
    """

    confidence: float
    jump_decades: float
    groups: tuple[EnsembleGroup, ...]
    provenance: Provenance


class StructureSeriesRecord(StructureSeries):
    """A series over structures, with its provenance: its ``series.json``."""

    provenance: Provenance


class ChainRecord(Result):
    """The tight-binding chain: ``chain.json``.

    Attributes
    ----------
    sites, onsite_ev, hopping_ev, gamma_ev
        As in `DiatomicChain`.
    model : bool
        Always True: these are numbers of a model, not results for a dot.
    trend_at_last_site, energies_ev : tuple of float
        log10 T of the fit to all sites but the last, extrapolated to the last one, and the energies (eV).
    shares : mapping of str to float
        Share of the energies at which each statement holds.
    midgap : Verdict
        Verdict in the middle of the gap.
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
    provenance: Provenance


class SimulationRecord(Result):
    """How traces were simulated: ``simulation.json``.

    Attributes
    ----------
    left, fermi_ev, engine
        Left contact, position of E_F (eV) and engine, for traces predicted from a study.
    simulated : bool
        Always True.
    traces : int
        Number of traces.
    share_with_jump : float
        Share of them in which a contact slides onto a site of much higher conductance.
    sites : tuple of SiteRecord
        Sites that the contact slides over.
    settings : mapping
        Settings of the forward model.
    """

    left: str = ""
    fermi_ev: float | None = None
    engine: EngineInfo | None = None
    simulated: bool
    traces: int
    share_with_jump: Real
    sites: tuple[SiteRecord, ...]
    settings: dict[str, Any]
    provenance: Provenance
