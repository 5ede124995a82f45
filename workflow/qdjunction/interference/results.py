"""Recorded results of a series: verdicts, trends, the orbital rule, the summary of each kind of series."""

from typing import Annotated, Literal

from pydantic import Field

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
        Thermal conductances there (G0).
    """

    left: str
    junctions: tuple[str, ...]
    distances_ang: tuple[float, ...]
    gap_ev: tuple[float, float]
    window_ev: tuple[float, float]
    headline_energy_ev: float
    headline: str
    conductance_at_headline_G0: tuple[float, ...]


class IncompleteSeries(_Series):
    """A series with a member that failed, which is not judged; `missing` lists the reasons by junction."""

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


class Rule(Result):
    """The orbital rule of a junction at one energy; the attributes are those of `OrbitalRule`."""

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
    constructive: bool
    interference: Real
    sentence: str


class NoRule(Result):
    """Why there is no orbital rule at an energy, for instance because a level lies there."""

    energy_ev: float
    sentence: str
