"""Recorded results of junctions and series: verdicts, trends, orbital rule, charges, summaries."""

from typing import Annotated, Literal

from pydantic import Field, computed_field

from qdjunction.core.results import Real, Result


class Verdict(Result):
    """Decay and jump at one energy.

    Attributes
    ----------
    beta_per_ang, beta_interval_per_ang : float, (float, float)
        Decay constant of all contacts but the last (1/Ang), with its interval.
    confidence : float
        Confidence of interval and band.
    log10_contact_conductance_G0 : float
        The fit at distance zero, log10 of G0.
    r_squared : float
        Coefficient of determination of the fit.
    step_decades, above_trend_decades : float
        log10 G of the last contact minus that of the one before, and minus the fit (decades).
    band_decades : float
        Half-width of the prediction band at the last contact (decades).
    band_confidence : float or None
        Largest confidence of a band that the last contact lies above.
    step, band, is_jump : bool or None
        First criterion, second criterion, both; None where two contacts leave it open.
    sentence : str
        The same in words.
    """

    beta_per_ang: Real
    beta_interval_per_ang: tuple[Real, Real]
    confidence: float
    log10_contact_conductance_G0: Real
    r_squared: Real
    step_decades: Real
    above_trend_decades: Real
    band_decades: Real
    band_confidence: float | None
    step: bool
    band: bool | None
    is_jump: bool | None
    sentence: str


class Trend(Result):
    """The fit of a series at one energy with its prediction band.

    Attributes
    ----------
    distance_ang : tuple of float
        The n contacts, followed by an even grid from before the first to beyond the last (Ang).
    log10_conductance_G0, log10_low_G0, log10_high_G0 : tuple of float
        The fit and the ends of the band there, log10 of G0; nan where two contacts leave no band.
    """

    distance_ang: tuple[float, ...]
    log10_conductance_G0: tuple[Real, ...]
    log10_low_G0: tuple[Real, ...]
    log10_high_G0: tuple[Real, ...]


class Control(Result):
    """A junction that is shown beside a series and enters neither fit nor jump.

    Attributes
    ----------
    name, left, right : str
        Names of the junction and of its contacts.
    distance_ang : float
        Distance of its contact atoms (Ang).
    conductance_at_headline_G0 : float
        Thermal conductance at the headline energy of the series (G0); nan if T(E) does not cover that.
    same_site : bool
        Whether it ends on the right contact of the last junction of the series.
    above_last_decades : float
        Above the last junction of the series (decades); nan for an incomplete series.
    above_trend_decades : float
        Above the fit at its distance (decades); nan where there is none.
    sentence : str
        The same in words.
    """

    name: str
    left: str
    right: str
    distance_ang: float
    conductance_at_headline_G0: Real
    same_site: bool
    above_last_decades: Real
    above_trend_decades: Real
    sentence: str


class _Series(Result):
    """Fields of every series.

    Attributes
    ----------
    left : str
        The left contact that its junctions share.
    junctions : tuple of str
        Names, in the order of the distance.
    distances_ang : tuple of float
        Distances of the contact atoms (Ang).
    gap_ev : (float, float)
        Intersection of the gaps of the dots' blocks (eV, relative to E_F).
    window_ev : (float, float)
        Part of the gap in which T(E) covers the thermal window (eV).
    headline_energy_ev : float
        Energy of the headline numbers (eV, relative to E_F).
    headline : str
        The same in words.
    conductance_at_headline_G0 : tuple of float
        Thermal conductances there (G0); nan if T(E) does not cover that energy.
    controls : tuple of Control
        Controls of the dot, beside this series.
    missing_controls : mapping of str to str
        Controls without a result, with the reasons.
    """

    left: str
    junctions: tuple[str, ...]
    distances_ang: tuple[float, ...]
    gap_ev: tuple[float, float]
    window_ev: tuple[float, float]
    headline_energy_ev: float
    headline: str
    conductance_at_headline_G0: tuple[Real, ...]
    controls: tuple[Control, ...] = ()
    missing_controls: dict[str, str] = Field(default_factory=dict)


class IncompleteSeries(_Series):
    """A series that is not judged, as the sentence says.

    A member has failed, `missing` lists the reasons by junction; or T(E) does not cover gap and headline energy.
    """

    kind: Literal["incomplete"]
    missing: dict[str, str]
    sentence: str


class DecaySeries(_Series):
    """Three or more junctions: verdicts at the headline energy and at E_F, shares of the window where each holds.

    The trend is None in results that did not record it.
    """

    kind: Literal["decay"]
    at_headline: Verdict
    trend_at_headline: Trend | None = None
    at_fermi: Verdict | None = None
    shares: dict[str, Real]
    sentence: str


class ComparisonSeries(_Series):
    """Two junctions: log10 of the ratio of long to short, and the share of the window in which it is positive."""

    kind: Literal["comparison"]
    log10_ratio_at_headline: Real
    median_log10_ratio: Real
    share_long_above: Real
    sentence: str


class SingleSeries(_Series):
    """A single junction."""

    kind: Literal["single"]
    sentence: str


SeriesSummary = Annotated[
    IncompleteSeries | DecaySeries | ComparisonSeries | SingleSeries, Field(discriminator="kind")
]


class StructureResult(Result):
    """One structure of a series over structures.

    Attributes
    ----------
    dot, junction : str
        Names of the structure and of its contact pair.
    distance_ang : float
        Distance of the contact atoms (Ang).
    units : int or None
        Number of repeat units.
    homo_ev, lumo_ev : float
        Levels of the structure's own block (eV, relative to E_F).
    energy_ev : float
        Energy at which its conductance is taken (eV, relative to E_F).
    conductance_G0, transmission_at_fermi : float
        Thermal conductance there (G0), and T at E_F; nan where T(E) does not hold E_F.
    """

    dot: str
    junction: str
    distance_ang: float
    units: int | None = None
    homo_ev: float
    lumo_ev: float
    energy_ev: float
    conductance_G0: float
    transmission_at_fermi: Real


class Curve(Result):
    """A fit and its prediction band along the length, log10 of G0; the band is nan where two structures leave none."""

    length: tuple[float, ...]
    log10_conductance_G0: tuple[Real, ...]
    log10_low_G0: tuple[Real, ...]
    log10_high_G0: tuple[Real, ...]


class LengthFit(Result):
    """The decay of a series over structures with one measure of the length.

    Attributes
    ----------
    per : str
        Unit of the length: ``Ang`` or the name of the repeat unit.
    fitted : int
        Number of structures in the fit, the shortest first.
    beta, beta_interval : float, (float, float)
        Decay constant (1 / `per`), with its interval.
    log10_contact_conductance_G0, log10_contact_interval : float, (float, float)
        The fit at length zero, log10 of G0, with its interval.
    r_squared : float
        Of the fit.
    curve : Curve
        The fit and its band along the length.
    """

    per: str
    fitted: int
    beta: Real
    beta_interval: tuple[Real, Real]
    log10_contact_conductance_G0: Real
    log10_contact_interval: tuple[Real, Real]
    r_squared: Real
    curve: Curve


class EnergyAverage(Result):
    """The average of log10 T over energies in a series over structures, and its decay.

    Attributes
    ----------
    low_ev, high_ev : float
        Ends of the energies (eV, relative to the reference of the series).
    log10_transmission : tuple of float
        The average of each structure, in the order of the length.
    fits : mapping of str to LengthFit
        As for the series, with T in the place of G/G0.
    """

    low_ev: float
    high_ev: float
    log10_transmission: tuple[float, ...]
    fits: dict[str, LengthFit]


class StructureSeries(Result):
    """A series over structures.

    Attributes
    ----------
    name : str
        Name of the series.
    kind : str
        ``decay``, or ``incomplete`` if a structure failed.
    length : str
        What orders it: ``distance`` or ``units``.
    reference, offset_ev, headline : str, float, str
        The energy of the numbers, relative to E_F or to a level of each structure; the same in words.
    gap_ev : (float, float) or None
        What the gaps of the structures share (eV, relative to the reference); None if nothing.
    temperature_k, confidence : float
        Of the conductances; of intervals and band.
    members : tuple of StructureResult
        In the order of the length.
    missing : mapping of str to str
        Structures without a result, with the reasons.
    fits : mapping of str to LengthFit
        ``distance`` and, where the units are known, ``units``; none if the series is incomplete.
    average : EnergyAverage or None
        The same for log10 T averaged over energies, if the study wants that.
    verdict : Verdict or None
        Jump of the longest structure, if the study wants that; the fits then are to all others.
    sentence : str
        The outcome in words.
    """

    name: str
    kind: Literal["decay", "incomplete"]
    length: Literal["distance", "units"]
    reference: str
    offset_ev: float
    headline: str
    gap_ev: tuple[float, float] | None
    temperature_k: float
    confidence: float
    members: tuple[StructureResult, ...]
    missing: dict[str, str]
    fits: dict[str, LengthFit]
    average: EnergyAverage | None = None
    verdict: Verdict | None
    sentence: str


NEGLIGIBLE = 1e-3
"""Share of the larger frontier amplitude below which the smaller one counts as zero by symmetry."""


class OrbitalRule(Result):
    """Contributions of HOMO, LUMO and the rest of the dot between two contacts.

    Amplitudes a have the unit of V^2 (eV^2 for tips, none for unit vectors), contributions a / (E - e) that
    of V^2/eV; the sign of both is relative to the sum over all levels, which is positive.

    Attributes
    ----------
    energy_ev : float
        Energy E (eV, in the zero of H).
    homo_ev, lumo_ev : float
        Frontier levels (eV).
    a_homo, a_lumo : float
        Amplitudes of the frontier levels, each with all orbitals degenerate with it (real part, for complex
        orbitals).
    homo, lumo, rest : float
        Contributions to the amplitude between the contacts; `total` is their sum.
    coherent : float
        ``|sum_n g_n|^2`` over all levels.
    incoherent : float
        ``sum_n |g_n|^2``: the value without interference.
    channel_share : float
        Share of the dominant channel in the squared norm of tau, 0 to 1; 1 for one orbital per side. If it is
        well below 1, a single sign is not a complete description.
    """

    energy_ev: float
    homo_ev: float
    lumo_ev: float
    a_homo: float
    a_lumo: float
    homo: float
    lumo: float
    rest: float
    coherent: float
    incoherent: float
    channel_share: Real

    @property
    def half_gap_ev(self) -> float:
        """Delta, half the gap (eV)."""
        return (self.lumo_ev - self.homo_ev) / 2

    @property
    def total(self) -> float:
        """Sum over all levels, positive by choice of phase."""
        return self.homo + self.lumo + self.rest

    @property
    def rule(self) -> float:
        """(a_H - a_L) / Delta, the two-level estimate of `total` with the energy in the middle of the gap."""
        return (self.a_homo - self.a_lumo) / self.half_gap_ev

    @computed_field  # type: ignore[prop-decorator]
    @property
    def constructive(self) -> bool | None:
        """Whether HOMO and LUMO add up in the gap: a_H and a_L have opposite signs.

        None if one amplitude is below `NEGLIGIBLE` of the other: there is nothing to interfere, and its sign is noise.
        """
        small, large = sorted((abs(self.a_homo), abs(self.a_lumo)))
        return self.a_homo * self.a_lumo < 0 if small > NEGLIGIBLE * large else None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def interference(self) -> float:
        """Coherent over incoherent sum: above 1 constructive over all levels, below 1 destructive."""
        return self.coherent / self.incoherent

    @property
    def weights(self) -> dict[str, float]:
        """Contributions of HOMO, LUMO and the rest over their sum: they add up to 1 and can be negative."""
        return {name: getattr(self, name) / self.total for name in ("homo", "lumo", "rest")}

    @property
    def frontier_dominates(self) -> bool:
        """Whether HOMO and LUMO together outweigh all other levels; if not, their rule does not explain tau."""
        return abs(self.homo + self.lumo) > abs(self.rest)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def sentence(self) -> str:
        """Return the result in words."""
        share = self.weights
        if self.constructive is None:
            silent = "HOMO" if abs(self.a_homo) < abs(self.a_lumo) else "LUMO"
            frontier = f"HOMO and LUMO do not interfere, since the {silent} does not connect the tips"
        else:
            how = "constructively" if self.constructive else "destructively"
            frontier = f"HOMO and LUMO interfere {how} in the gap"
        caution = (
            "" if self.frontier_dominates else " The frontier orbitals alone do not explain this amplitude."
        )
        return (
            f"{frontier}; at {self.energy_ev:.2f} eV they carry "
            f"{share['homo']:+.2f} and {share['lumo']:+.2f} of the amplitude, all other levels "
            f"{share['rest']:+.2f}. The coherent sum is {self.interference:.3g} times the incoherent one."
            f"{caution}"
        )


class NoRule(Result):
    """Why there is no orbital rule at an energy, for instance because a level lies there."""

    energy_ev: float
    sentence: str


class Charges(Result):
    """Mulliken charges of a junction; positive where electrons have left.

    Attributes
    ----------
    dot_e, left_tip_e, right_tip_e : float
        Valence electrons of the neutral atoms less those that are there (e).
    """

    dot_e: float
    left_tip_e: float
    right_tip_e: float

    @property
    def total_e(self) -> float:
        """Their sum, zero for a neutral junction (e)."""
        return self.dot_e + self.left_tip_e + self.right_tip_e
