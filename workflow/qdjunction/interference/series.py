"""Comparison of the junctions of one dot: a decay with its jump, or the long with the short junction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from qdjunction.core.errors import InputError
from qdjunction.core.units import BOLTZMANN_EV_PER_K
from qdjunction.interference.comparison import compare
from qdjunction.interference.decay import DecayFit, Prediction
from qdjunction.interference.decay_spectrum import decay_spectrum
from qdjunction.interference.jump import JumpVerdict, signed_decades
from qdjunction.interference.results import (
    ComparisonSeries,
    Control,
    DecaySeries,
    IncompleteSeries,
    SeriesSummary,
    SingleSeries,
    Trend,
    Verdict,
)
from qdjunction.interference.settings import InterferenceSettings, Role, headline_text
from qdjunction.transport import Transmission, conductance, thermal_window

SAME_ENERGY_EV = 1e-9
"""Difference below which energies of a grid are the same (eV)."""

MOST_BEYOND = 0.1
"""Largest share of G that states beyond the energies of T(E) may add."""

TREND_POINTS = 80
"""Points along the distance at which the fit and its prediction band are recorded."""


@dataclass(frozen=True)
class SeriesMember:
    """One junction of a series.

    Attributes
    ----------
    name, left, right : str
        Names of the junction and of its contacts.
    contact_distance_ang : float
        Distance of the two contact atoms (Ang).
    gap_ev : (float, float)
        HOMO and LUMO of the dot's own block (eV, relative to E_F).
    transmission : Transmission
        T(E).
    role : str
        ``series``, or ``control`` for a junction that is shown beside the series.
    """

    name: str
    left: str
    right: str
    contact_distance_ang: float
    gap_ev: tuple[float, float]
    transmission: Transmission
    role: Role = "series"


@dataclass(frozen=True)
class MissingMember:
    """A junction of a series that has no result.

    Attributes
    ----------
    name, left : str
        Names of the junction and of its left contact.
    reason : str
        Why there is no result.
    role : str
        As that of `SeriesMember`.
    """

    name: str
    left: str
    reason: str
    role: Role = "series"


@dataclass(frozen=True)
class Series:
    """Results of a series.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per energy: decay and jump, or the ratio of long and short.
    summary : SeriesSummary
        Numbers at the headline energy and over the gap, and a sentence.
    """

    table: pd.DataFrame
    summary: SeriesSummary


@dataclass(frozen=True)
class DotSeries:
    """Results of all series of a dot.

    Attributes
    ----------
    conductance_table : pandas.DataFrame
        One row per junction and Fermi energy, series by series and then the controls. Where there are controls, the
        column ``role`` says so.
    series : tuple of Series
        One for each left contact.
    """

    conductance_table: pd.DataFrame
    series: tuple[Series, ...]


def analyse_series(
    members: Sequence[SeriesMember],
    temperature_k: float,
    settings: InterferenceSettings,
    missing: Sequence[MissingMember] = (),
) -> DotSeries:
    """Compare the junctions of one dot, one series for each left contact.

    A series is ordered by the distance of the contacts. Its gap is the intersection of the gaps of its members' dot
    blocks, and its conductances are thermal, with E_F placed at each energy. Three or more members are compared with a
    decay; of two, the long one is compared with the short one. A series with a missing member is not judged: if the
    last contact is missing, for instance, another one would be taken for the last. Neither is one whose gap or headline
    energy lies where T(E) does not cover the thermal window. Controls are compared with every
    series and change no number of it.

    Returns
    -------
    DotSeries
        The series in the order of the left contacts.

    Raises
    ------
    InputError
        If the gaps do not overlap.
    """
    controls = [member for member in members if member.role == "control"]
    failed = {one.name: one.reason for one in missing if one.role == "control"}
    sliding = [member for member in members if member.role == "series"]
    ordered = [
        sorted((m for m in sliding if m.left == left), key=lambda m: m.contact_distance_ang)
        for left in dict.fromkeys(member.left for member in sliding)
    ]
    series = []
    for group in ordered:
        absent = [one for one in missing if one.left == group[0].left and one.role == "series"]
        series.append(_analyse(group, temperature_k, settings, absent, controls, failed))
    table = conductance_table([m for group in [*ordered, controls] for m in group], temperature_k)
    if controls:
        roles = {member.name: member.role for member in members}
        table.insert(list(table.columns).index("right") + 1, "role", table["junction"].map(roles))
    return DotSeries(table, tuple(series))


def fermi_energies(energies_ev: NDArray[np.float64], temperature_k: float) -> NDArray[np.float64]:
    """Return the energies of T(E) (eV) at which it gives a thermal conductance, (m,)."""
    low, high = thermal_window(energies_ev, temperature_k)
    return energies_ev[(energies_ev >= low) & (energies_ev <= high)]


def conductance_table(members: Sequence[SeriesMember], temperature_k: float) -> pd.DataFrame:
    """Return T and the thermal conductance of junctions, one row per junction and Fermi energy."""
    rows = []
    for member in members:
        fermi = fermi_energies(member.transmission.energies_ev, temperature_k)
        rows.append(
            pd.DataFrame(
                {
                    "junction": member.name,
                    "left": member.left,
                    "right": member.right,
                    "contact_distance_ang": member.contact_distance_ang,
                    "fermi_eV": fermi,
                    "temperature_K": temperature_k,
                    "transmission": np.interp(
                        fermi, member.transmission.energies_ev, member.transmission.transmission
                    ),
                    "conductance_G0": conductance(member.transmission, temperature_k, fermi),
                }
            )
        )
    return pd.concat(rows)


def recorded_verdict(verdict: JumpVerdict) -> Verdict:
    """Return the record of a verdict at one energy with its fit."""
    return Verdict.model_validate(
        {
            "beta_per_ang": verdict.fit.beta_per_ang,
            "beta_interval_per_ang": verdict.fit.interval_per_ang,
            "confidence": verdict.fit.confidence,
            "log10_contact_conductance_G0": verdict.fit.log10_contact_g,
            "r_squared": verdict.fit.r_squared,
            "step_decades": verdict.step_decades,
            "above_trend_decades": verdict.above_trend_decades,
            "band_decades": verdict.band_decades,
            "band_confidence": verdict.band_confidence,
            "step": verdict.step,
            "band": verdict.band,
            "is_jump": verdict.is_jump,
            "sentence": verdict.sentence,
        }
    )


def recorded_trend(verdict: JumpVerdict, distances_ang: Sequence[float]) -> Trend:
    """Return the fit of a verdict at one energy and its prediction band, at the contacts and along the distance.

    Parameters
    ----------
    verdict : JumpVerdict
        The verdict with its fit.
    distances_ang : sequence of float
        Distances of the n contacts, ascending (Ang).

    Returns
    -------
    Trend
        At the n contacts and on an even grid from before the first to beyond the last.
    """
    distances, predictions = along(verdict.fit, distances_ang)
    return Trend(
        distance_ang=distances,
        log10_conductance_G0=tuple(float(one.log10_g) for one in predictions),
        log10_low_G0=tuple(float(one.low) for one in predictions),
        log10_high_G0=tuple(float(one.high) for one in predictions),
    )


def along(fit: DecayFit, lengths: Sequence[float]) -> tuple[tuple[float, ...], list[Prediction]]:
    """Return the n lengths and an even grid from before the shortest to beyond the longest, with the fit there."""
    span = float(np.ptp(lengths))
    grid = np.linspace(min(lengths) - 0.06 * span, max(lengths) + 0.23 * span, TREND_POINTS)
    everywhere = (*lengths, *grid.tolist())
    return everywhere, [fit.predict(length) for length in everywhere]


def _analyse(
    members: Sequence[SeriesMember],
    temperature_k: float,
    settings: InterferenceSettings,
    missing: Sequence[MissingMember],
    controls: Sequence[SeriesMember],
    missing_controls: Mapping[str, str],
) -> Series:
    grid = fermi_energies(members[0].transmission.energies_ev, temperature_k)
    gap = (max(member.gap_ev[0] for member in members), min(member.gap_ev[1] for member in members))
    if gap[0] >= gap[1]:
        raise InputError(
            f"the gaps of {', '.join(m.name for m in members)} do not overlap (highest HOMO {gap[0]:.2f} eV, lowest "
            f"LUMO {gap[1]:.2f} eV); check the geometries"
        )
    headline = settings.headline_energy(*gap)
    fermi = _with_energies(grid, (0.0, headline))
    conductances = [np.asarray(conductance(member.transmission, temperature_k, fermi)) for member in members]
    window = (max(gap[0], fermi[0]), min(gap[1], fermi[-1]))
    at = int(np.abs(fermi - headline).argmin())
    outside = _uncovered(members, gap, window, headline, fermi) or _beyond(
        members, headline, [float(values[at]) for values in conductances], temperature_k
    )
    absent = ", ".join(member.name for member in missing)
    failed = (
        f"{absent} failed, so decay, jump and comparison of this series are not judged." if absent else ""
    )
    unjudged = outside or failed
    names = [member.name for member in members]
    distances = [member.contact_distance_ang for member in members]
    common: dict[str, Any] = {
        "left": members[0].left,
        "junctions": names,
        "distances_ang": distances,
        "gap_ev": gap,
        "window_ev": window,
        "headline_energy_ev": headline,
        "headline": headline_text(settings.reference, settings.offset_ev),
        "conductance_at_headline_G0": [np.nan if outside else float(values[at]) for values in conductances],
    }
    spectrum = None
    if len(members) >= 3 and not unjudged:
        spectrum = decay_spectrum(
            fermi,
            distances,
            conductances,
            window_ev=window,
            contacts=names,
            threshold_decades=settings.jump_decades,
            confidence=settings.confidence,
        )
    at_headline = spectrum.at(headline) if spectrum else None
    if controls:
        last = None if unjudged else (members[-1], float(conductances[-1][at]))
        values = [
            np.nan if outside else float(np.asarray(conductance(c.transmission, temperature_k, fermi[at])))
            for c in controls
        ]
        common["controls"] = tuple(
            _control(control, value, last, at_headline.fit if at_headline else None)
            for control, value in zip(controls, values, strict=True)
        )
    if missing_controls:
        common["missing_controls"] = dict(missing_controls)
    table = pd.DataFrame({"energy_eV": fermi})
    summary: SeriesSummary
    if unjudged:
        summary = IncompleteSeries(
            **common,
            kind="incomplete",
            missing={member.name: member.reason for member in missing},
            sentence=unjudged,
        )
    elif spectrum and at_headline:
        table = spectrum.table()
        summary = DecaySeries(
            **common,
            kind="decay",
            at_headline=recorded_verdict(at_headline),
            trend_at_headline=recorded_trend(at_headline, distances),
            at_fermi=recorded_verdict(spectrum.at(0.0)) if fermi[0] <= 0 <= fermi[-1] else None,
            shares=spectrum.shares(),
            sentence=spectrum.sentence,
        )
    elif len(members) == 2:
        comparison = compare(fermi, conductances[1], conductances[0], window_ev=window)
        table["in_window"] = comparison.window.inside
        table["log10_ratio"] = comparison.log10_ratio
        summary = ComparisonSeries(
            **common,
            kind="comparison",
            log10_ratio_at_headline=float(comparison.log10_ratio[at]),
            median_log10_ratio=comparison.median_log10_ratio,
            share_long_above=comparison.share_long_above,
            sentence=(
                f"{names[1]} conducts better than {names[0]} over {comparison.share_long_above:.0%} of the gap; "
                f"the median ratio is {comparison.median_log10_ratio:+.2f} decades."
            ),
        )
    else:
        found = _at_energies(fermi, conductances[0], headline)
        summary = SingleSeries(
            **common,
            kind="single",
            sentence=f"{names[0]} is the only contact: log10 G/G0 is {found}.",
        )
    table.insert(0, "left", members[0].left)
    return Series(table, summary)


def _with_energies(grid: NDArray[np.float64], wanted_ev: Sequence[float]) -> NDArray[np.float64]:
    """Return an ascending grid with further energies (eV) in its range, where a verdict is stated."""
    more = [
        energy
        for energy in wanted_ev
        if grid[0] <= energy <= grid[-1] and np.abs(grid - energy).min() > SAME_ENERGY_EV
    ]
    return np.unique([*grid, *more])


def _uncovered(
    members: Sequence[SeriesMember],
    gap: tuple[float, float],
    window: tuple[float, float],
    headline: float,
    fermi: NDArray[np.float64],
) -> str:
    """Return why a series is not judged if T(E) does not cover its gap and the headline energy; otherwise empty."""
    if fermi[0] <= headline <= fermi[-1] and window[0] < window[1]:
        return ""
    return (
        f"The gap from {gap[0]:.2f} to {gap[1]:.2f} eV with the headline energy {headline:.2f} eV "
        f"(interference.reference, offset_ev) does not lie within {fermi[0]:.2f} to {fermi[-1]:.2f} eV, where T(E) "
        f"covers the thermal window, so {', '.join(m.name for m in members)} "
        f"{'is' if len(members) == 1 else 'are'} not judged; widen transport.energy_min_ev and energy_max_ev."
    )


def _beyond(
    members: Sequence[SeriesMember], headline: float, conductances: Sequence[float], temperature_k: float
) -> str:
    """Return why a series is not judged if states beyond the energies of T(E) may decide G; otherwise empty.

    An open channel that begins where T(E) ends would add the Fermi function of that distance to G.
    """
    for member, value in zip(members, conductances, strict=True):
        energies = member.transmission.energies_ev
        nearest = min(headline - float(energies.min()), float(energies.max()) - headline)
        beyond = float(expit(-nearest / (BOLTZMANN_EV_PER_K * temperature_k)))
        if beyond > MOST_BEYOND * value:
            return (
                f"T(E) ends {nearest:.2f} eV from the headline energy {headline:.2f} eV; an open channel beyond would "
                f"add {beyond:.1e} G0 to {member.name}, which has {value:.1e} there, so the series is not judged; "
                "widen transport.energy_min_ev and energy_max_ev."
            )
    return ""


def _at_energies(fermi: NDArray[np.float64], conductances: NDArray[np.float64], headline: float) -> str:
    """Return log10 G at the Fermi energy, where T(E) covers it, and at the headline energy in words."""
    places = {f"the headline energy of {headline:.2f} eV": headline}
    if fermi[0] <= 0 <= fermi[-1]:
        places = {"the Fermi energy": 0.0} | places
    return " and ".join(
        f"{np.log10(conductances[np.abs(fermi - energy).argmin()]):.2f} at {place}"
        for place, energy in places.items()
    )


def _control(
    control: SeriesMember,
    conductance_g0: float,
    last: tuple[SeriesMember, float] | None,
    fit: DecayFit | None,
) -> Control:
    """Return a control at the headline energy, compared with the last junction of a series and its conductance."""
    log10_g = float(np.log10(conductance_g0))
    above_last = log10_g - float(np.log10(last[1])) if last else float("nan")
    trend = float(fit.predict(control.contact_distance_ang).log10_g) if fit else float("nan")
    same_site = last is not None and last[0].right in (control.left, control.right)
    text = f"The control {control.name}, at {control.contact_distance_ang:.1f} Ang,"
    if last:
        site = "the same site" if same_site else "another site"
        text = (
            f"The control {control.name}, which ends on {site} at {control.contact_distance_ang:.1f} Ang, lies "
            f"{signed_decades(above_last)} the last contact {last[0].name} at the headline energy"
        )
    if fit:
        text += f" and {signed_decades(log10_g - trend)} the fit"
    return Control(
        name=control.name,
        left=control.left,
        right=control.right,
        distance_ang=control.contact_distance_ang,
        conductance_at_headline_G0=conductance_g0,
        same_site=same_site,
        above_last_decades=above_last,
        above_trend_decades=log10_g - trend,
        sentence=f"{text}." if last else f"{text} is compared with nothing, since the series is not judged.",
    )
