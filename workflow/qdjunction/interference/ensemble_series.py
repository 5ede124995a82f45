"""Spread of the numbers of a series over the members of an ensemble."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from qdjunction.interference.ensemble import autocorrelation_time, share, spread
from qdjunction.interference.ensemble_results import EnsembleGroup, EnsembleSeries, Quantity, Share, Statement
from qdjunction.interference.results import ComparisonSeries, DecaySeries, IncompleteSeries, SeriesSummary
from qdjunction.interference.settings import InterferenceSettings

CORRELATED = ("snapshots",)
"""Kinds whose members are a series in time."""

DECIDES = ("step_decades", "above_trend_decades")
"""Numbers that decide whether a member jumps or rises."""


@dataclass(frozen=True)
class MemberSeries:
    """The series of one member, none if it has failed."""

    name: str
    series: tuple[SeriesSummary, ...]

    def find(self, left: str) -> SeriesSummary | None:
        """Return its series from a left contact, None if it has none."""
        return next((one for one in self.series if one.left == left), None)


@dataclass(frozen=True)
class Group:
    """The members of one kind.

    Attributes
    ----------
    summary : EnsembleGroup
        Spread of the numbers.
    table : pandas.DataFrame
        One row per member and junction, and rows for the dot itself, with an empty ``member``.
    """

    summary: EnsembleGroup
    table: pd.DataFrame


def ensemble_group(
    kind: str,
    reference: Sequence[SeriesSummary],
    members: Sequence[MemberSeries],
    missing: Mapping[str, str],
    drawn: Mapping[str, Any],
    settings: InterferenceSettings,
) -> Group:
    """Return spread and shares of one group of members.

    Parameters
    ----------
    kind : str
        What differs between the members; those of `CORRELATED` are in the order of time.
    reference : sequence of SeriesSummary
        Series of the dot itself.
    members : sequence of MemberSeries
        In order.
    missing : mapping of str to str
        Members without any result, with the reasons.
    drawn : mapping
        How members were drawn, for the record.
    settings : InterferenceSettings
        Threshold of a jump, confidence.
    """
    correlated = kind in CORRELATED
    reasons = dict(missing)
    found, rows = [], []
    for own in reference:
        of_members = [one.find(own.left) for one in members]
        for member, series in zip(members, of_members, strict=True):
            if isinstance(series, IncompleteSeries):
                reasons |= {f"{member.name}/{name}": reason for name, reason in series.missing.items()}
        numbers = [_numbers(one) for one in (own, *of_members)]
        statements = [_statements(one, settings.jump_decades) for one in (own, *of_members)]
        quantities = tuple(
            Quantity(
                name=name,
                junction=junction,
                reference=numbers[0][name, junction],
                spread=spread(
                    [one.get((name, junction), math.nan) for one in numbers[1:]],
                    settings.confidence,
                    correlated,
                ),
            )
            for name, junction in numbers[0]
        )
        shares = tuple(
            Statement(
                name=name,
                reference=statements[0][name],
                share=_share([one.get(name) for one in statements[1:]], quantities, settings, correlated),
            )
            for name in statements[0]
        )
        names = ("", *(member.name for member in members))
        for name, series, values in zip(names, (own, *of_members), numbers, strict=True):
            rows += list(_rows(kind, name, own, series, values))
        found.append(
            EnsembleSeries(
                left=own.left,
                junctions=own.junctions,
                distances_ang=own.distances_ang,
                quantities=quantities,
                statements=shares,
                sentence=_sentence(kind, own, quantities, shares, len(members), settings),
            )
        )
    summary = EnsembleGroup(
        kind=kind, members=len(members), missing=reasons, settings=dict(drawn), series=tuple(found)
    )
    return Group(summary, pd.DataFrame(rows))


def _share(
    holds: Sequence[bool | None],
    quantities: Sequence[Quantity],
    settings: InterferenceSettings,
    correlated: bool,
) -> Share:
    """Return the share of members of which a statement holds; in time, with the slowest of what it is about."""
    if not correlated:
        return share(holds, settings.confidence)
    own = autocorrelation_time([math.nan if one is None else float(one) for one in holds])
    about = [
        one.spread.n / one.spread.effective for one in quantities if one.name in DECIDES and one.spread.n
    ]
    return share(holds, settings.confidence, max([own, *about]))


def ensemble_table(groups: Sequence[Group]) -> pd.DataFrame:
    """Return the rows of all groups."""
    return pd.concat([group.table for group in groups], ignore_index=True)


def _numbers(series: SeriesSummary | None) -> dict[tuple[str, str], float]:
    """Return the headline numbers of a series, by name and junction."""
    if series is None:
        return {}
    conductances = zip(series.junctions, series.conductance_at_headline_G0, strict=True)
    numbers = {("log10_conductance_G0", name): float(np.log10(value)) for name, value in conductances}
    if isinstance(series, DecaySeries):
        verdict = series.at_headline
        numbers |= {
            ("beta_per_ang", ""): verdict.beta_per_ang,
            ("step_decades", ""): verdict.step_decades,
            ("above_trend_decades", ""): verdict.above_trend_decades,
        }
    elif isinstance(series, ComparisonSeries):
        numbers["step_decades", ""] = series.log10_ratio_at_headline
    numbers["gap_ev", ""] = series.gap_ev[1] - series.gap_ev[0]
    return numbers


def _statements(series: SeriesSummary | None, jump_decades: float) -> dict[str, bool | None]:
    """Return whether a series jumps at the headline energy, and at every energy of the gap."""
    if isinstance(series, DecaySeries):
        over_gap = series.shares.get("is_jump", math.nan)
        return {
            "jump_at_headline": series.at_headline.is_jump,
            "jump_across_gap": None if math.isnan(over_gap) else over_gap >= 1,
        }
    if isinstance(series, ComparisonSeries):
        return {
            "rise_at_headline": series.log10_ratio_at_headline >= jump_decades,
            "rise_across_gap": series.share_long_above >= 1,
        }
    return {}


def _rows(
    kind: str,
    member: str,
    own: SeriesSummary,
    series: SeriesSummary | None,
    numbers: Mapping[tuple[str, str], float],
) -> Iterator[dict[str, object]]:
    """Yield the rows of a member, one for each junction of the dot itself."""
    distances = dict(zip(series.junctions, series.distances_ang, strict=True)) if series else {}
    of_series = {name: value for (name, junction), value in numbers.items() if not junction}
    for name in own.junctions:
        yield {
            "kind": kind,
            "member": member,
            "left": own.left,
            "junction": name,
            "distance_ang": distances.get(name, math.nan),
            "headline_energy_eV": series.headline_energy_ev if series else math.nan,
            "log10_conductance_G0": numbers.get(("log10_conductance_G0", name), math.nan),
            **of_series,
        }


def _sentence(
    kind: str,
    own: SeriesSummary,
    quantities: Sequence[Quantity],
    statements: Sequence[Statement],
    planned: int,
    settings: InterferenceSettings,
) -> str:
    """Return the outcome in words."""
    last = next(one for one in quantities if one.junction == own.junctions[-1])
    if not last.spread.n:
        return f"In none of {planned} members ({kind}) is log10 G of {last.junction} known at the headline energy."
    low, high = last.spread.percentiles
    itself = "not known" if math.isnan(last.reference) else f"{last.reference:.2f}"
    text = (
        f"Over {last.spread.n} of {planned} members ({kind}) log10 G of {last.junction} has the median "
        f"{last.spread.median:.2f}, and {settings.confidence:.0%} of the members lie from {low:.2f} to {high:.2f} "
        f"(the dot itself: {itself})"
    )
    if kind in CORRELATED:
        text += f"; in time they count as {last.spread.effective:.1f} independent ones"
    names = {
        "jump_at_headline": "the last contact jumps at the headline energy",
        "jump_across_gap": "it does so at every energy of the gap",
        "rise_at_headline": f"the longer junction lies {settings.jump_decades:g} decades or more above the shorter one "
        "at the headline energy",
        "rise_across_gap": "it lies above at every energy of the gap",
    }
    for one in (each for each in statements if each.share.n):
        low, high = one.share.interval
        text += (
            f"; {names[one.name]} in {one.share.count} of {one.share.n} ({settings.confidence:.0%} interval of the "
            f"share {low:.0%} to {high:.0%})"
        )
    return text + "."
