"""Comparison of the junctions of one dot: a decay with its jump, or the long with the short junction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.interference.comparison import compare
from qdjunction.interference.decay_spectrum import decay_spectrum
from qdjunction.interference.jump import JumpVerdict
from qdjunction.interference.results import (
    ComparisonSeries,
    DecaySeries,
    IncompleteSeries,
    SeriesSummary,
    SingleSeries,
    Trend,
    Verdict,
)
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.transport import Transmission, conductance, thermal_window

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
    """

    name: str
    left: str
    right: str
    contact_distance_ang: float
    gap_ev: tuple[float, float]
    transmission: Transmission


@dataclass(frozen=True)
class MissingMember:
    """A junction of a series that has no result.

    Attributes
    ----------
    name, left : str
        Names of the junction and of its left contact.
    reason : str
        Why there is no result.
    """

    name: str
    left: str
    reason: str


@dataclass(frozen=True)
class Series:
    """Results of a series.

    Attributes
    ----------
    conductance_table : pandas.DataFrame
        One row per junction and Fermi energy.
    table : pandas.DataFrame
        One row per energy: decay and jump, or the ratio of long and short.
    summary : SeriesSummary
        Numbers at the headline energy and over the gap, and a sentence.
    """

    conductance_table: pd.DataFrame
    table: pd.DataFrame
    summary: SeriesSummary


def analyse_series(
    members: Sequence[SeriesMember],
    temperature_k: float,
    settings: InterferenceSettings,
    missing: Sequence[MissingMember] = (),
) -> list[Series]:
    """Compare the junctions of one dot, one series for each left contact.

    A series is ordered by the distance of the contacts. Its gap is the intersection of the gaps of its members' dot
    blocks, and its conductances are thermal, with E_F placed at each energy. Three or more members are compared with a
    decay; of two, the long one is compared with the short one. A series with a missing member is not judged: if the
    last contact is missing, for instance, another one would be taken for the last.

    Returns
    -------
    list of Series
        In the order of the left contacts.

    Raises
    ------
    InputError
        If the gaps do not overlap, or T(E) does not cover the thermal window at the headline energy.
    """
    lefts = dict.fromkeys(member.left for member in members)
    return [
        _analyse(
            sorted((m for m in members if m.left == left), key=lambda m: m.contact_distance_ang),
            temperature_k,
            settings,
            [m for m in missing if m.left == left],
        )
        for left in lefts
    ]


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
    span = float(np.ptp(distances_ang))
    grid = np.linspace(distances_ang[0] - 0.06 * span, distances_ang[-1] + 0.23 * span, TREND_POINTS)
    along = [*distances_ang, *grid.tolist()]
    predictions = [verdict.fit.predict(distance) for distance in along]
    return Trend(
        distance_ang=tuple(along),
        log10_conductance_G0=tuple(float(one.log10_g) for one in predictions),
        log10_low_G0=tuple(float(one.low) for one in predictions),
        log10_high_G0=tuple(float(one.high) for one in predictions),
    )


def _analyse(
    members: Sequence[SeriesMember],
    temperature_k: float,
    settings: InterferenceSettings,
    missing: Sequence[MissingMember],
) -> Series:
    energies = members[0].transmission.energies_ev
    low, high = thermal_window(energies, temperature_k)
    fermi = energies[(energies >= low) & (energies <= high)]
    conductances = [np.asarray(conductance(member.transmission, temperature_k, fermi)) for member in members]

    gap = (max(member.gap_ev[0] for member in members), min(member.gap_ev[1] for member in members))
    if gap[0] >= gap[1]:
        raise InputError(
            f"the gaps of {', '.join(m.name for m in members)} do not overlap (highest HOMO {gap[0]:.2f} eV, lowest "
            f"LUMO {gap[1]:.2f} eV); check the geometries"
        )
    headline = settings.headline_energy(*gap)
    window = (max(gap[0], fermi[0]), min(gap[1], fermi[-1]))
    if not fermi[0] <= headline <= fermi[-1] or window[0] >= window[1]:
        raise InputError(
            f"transport: the gap from {gap[0]:.2f} to {gap[1]:.2f} eV with the headline energy {headline:.2f} eV "
            f"(interference.reference, offset_ev) does not lie within {fermi[0]:.2f} to {fermi[-1]:.2f} eV, where T(E) "
            "covers the thermal window; widen energy_min_ev and energy_max_ev"
        )
    at = int(np.abs(fermi - headline).argmin())
    names = [member.name for member in members]
    distances = [member.contact_distance_ang for member in members]
    common: dict[str, Any] = {
        "left": members[0].left,
        "junctions": names,
        "distances_ang": distances,
        "gap_ev": gap,
        "window_ev": window,
        "headline_energy_ev": headline,
        "headline": f"{settings.reference} {settings.offset_ev:+g} eV",
        "conductance_at_headline_G0": [float(values[at]) for values in conductances],
    }
    table = pd.DataFrame({"energy_eV": fermi})
    if missing:
        absent = ", ".join(member.name for member in missing)
        summary: SeriesSummary = IncompleteSeries(
            **common,
            kind="incomplete",
            missing={member.name: member.reason for member in missing},
            sentence=f"{absent} failed, so decay, jump and comparison of this series are not judged.",
        )
    elif len(members) >= 3:
        spectrum = decay_spectrum(
            fermi,
            distances,
            conductances,
            window_ev=window,
            contacts=names,
            threshold_decades=settings.jump_decades,
            confidence=settings.confidence,
        )
        table = spectrum.table()
        at_headline = spectrum.at(headline)
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
        summary = SingleSeries(
            **common, kind="single", sentence=f"{names[0]} is the only contact; a series needs more contacts."
        )
    table.insert(0, "left", members[0].left)
    return Series(_conductance_table(members, conductances, fermi, temperature_k), table, summary)


def _conductance_table(
    members: Sequence[SeriesMember],
    conductances: Sequence[NDArray[np.float64]],
    fermi: NDArray[np.float64],
    temperature_k: float,
) -> pd.DataFrame:
    return pd.concat(
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
                "conductance_G0": values,
            }
        )
        for member, values in zip(members, conductances, strict=True)
    )
