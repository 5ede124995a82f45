"""Conductance versus distance, with the fit and the jump."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qdjunction.interference.results import DecaySeries, Trend, Verdict
from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import PlannedFigure, SeriesSection
from qdjunction.report.tables import row_tuples

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from qdjunction.report.data import StudyResults


class DecaySection(SeriesSection):
    """Decay and jump at the headline energy."""

    name = "decay"
    order = 20
    figure_title = "Conductance against distance"
    kinds = ("decay",)
    beside = True

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw the decay of a series."""
        dot, series = results.dot(figure.dot), results.series(figure.dot, figure.left)
        table = decay_table(series.decay)
        return Drawing(decay_figure(table, series.decay.at_headline, dot.colours), table)


def decay_table(summary: DecaySeries) -> pd.DataFrame:
    """Return the contacts at the headline energy and the fit with its prediction band, as the series recorded them."""
    import pandas as pd

    trend = summary.trend_at_headline or _trend_without_band(summary)
    contacts = len(summary.junctions)
    distances = np.array(trend.distance_ang)
    table = pd.DataFrame({"row": ["contact"] * contacts + ["curve"] * (len(distances) - contacts)})
    table["junction"] = pd.Series(summary.junctions)
    table["distance_ang"] = distances
    table["conductance_G0"] = pd.Series(summary.conductance_at_headline_G0)
    for column, key in (
        ("fit_G0", "log10_conductance_G0"),
        ("band_low_G0", "log10_low_G0"),
        ("band_high_G0", "log10_high_G0"),
    ):
        table[column] = 10 ** np.array(getattr(trend, key))
    controls = [
        {
            "row": "control",
            "junction": control.name,
            "distance_ang": control.distance_ang,
            "conductance_G0": control.conductance_at_headline_G0,
            "fit_G0": control.conductance_at_headline_G0 / 10**control.above_trend_decades,
        }
        for control in summary.controls
    ]
    return pd.concat([table, pd.DataFrame(controls)], ignore_index=True) if controls else table


def _trend_without_band(summary: DecaySeries) -> Trend:
    """Return the trend of a series recorded without it: the fitted line, and the band only at the last contact."""
    verdict, distances = summary.at_headline, np.array(summary.distances_ang)
    ends = distances[[0, -1]] + np.array([-0.06, 0.23]) * np.ptp(distances)
    at = np.concatenate([distances, [ends[0], distances[-2], ends[1]]])
    line = verdict.log10_contact_conductance_G0 - verdict.beta_per_ang * at / np.log(10)
    half_width = np.full(len(at), np.nan)
    half_width[len(distances) - 1] = verdict.band_decades
    return Trend(
        distance_ang=at.tolist(),
        log10_conductance_G0=line.tolist(),
        log10_low_G0=(line - half_width).tolist(),
        log10_high_G0=(line + half_width).tolist(),
    )


def decay_figure(table: pd.DataFrame, verdict: Verdict, colours: Mapping[str, str]) -> Figure:
    """Draw G versus distance: the fit without the last contact, its prediction band and the jump; controls as rings.

    Parameters
    ----------
    table : pandas.DataFrame
        As `decay_table` returns it.
    verdict : Verdict
        ``at_headline`` of the series.
    colours : mapping
        Colour of each junction.
    """
    figure = new_figure(3.7)
    axes = figure.add_subplot()
    draw_decay(axes, table, verdict, colours)
    axes.legend(loc="lower left")
    return figure


def draw_decay(axes: Axes, table: pd.DataFrame, verdict: Verdict, colours: Mapping[str, str]) -> None:
    """Draw the same into a panel, without a legend."""
    import matplotlib as mpl

    small, size = mpl.rcParams["legend.fontsize"], 0.85 * mpl.rcParams["font.size"]
    contacts, curve, controls = (table[table["row"] == row] for row in ("contact", "curve", "control"))
    distances, conductances = contacts["distance_ang"].to_numpy(), contacts["conductance_G0"].to_numpy()
    names = list(contacts["junction"])
    if verdict.band is not None:
        label = (
            f"{verdict.confidence:.0%} prediction band: ±{verdict.band_decades:.1f} decades at {names[-1]}"
        )
        low, high = curve["band_low_G0"], curve["band_high_G0"]
        if low.notna().any():
            axes.fill_between(
                curve["distance_ang"], low, high, fc=style.BAND, ec="#9DB8CC", lw=0.6, label=label
            )
        else:
            ends = contacts.iloc[-1][["band_low_G0", "band_high_G0"]]
            axes.vlines(distances[-1], *ends, color=style.BAND, lw=9, zorder=0, label=label)
    inside = curve["distance_ang"] <= distances[-2]
    label = f"fit to {names[0]} … {names[-2]}: $\\beta$ = {verdict.beta_per_ang:.2f} Å$^{{-1}}$"
    axes.plot(curve["distance_ang"][inside], curve["fit_G0"][inside], color=style.TREND, label=label)
    inside &= curve["distance_ang"] < distances[-2]
    axes.plot(curve["distance_ang"][~inside], curve["fit_G0"][~inside], color=style.TREND, ls="--")
    for name, distance, value in zip(names, distances, conductances, strict=True):
        axes.plot(distance, value, "o", ms=size, color=colours[name], mec="white", mew=0.8, zorder=3)
        axes.annotate(
            name, (distance, value), (7, 5), textcoords="offset points", color=colours[name], weight="bold"
        )
    for control in row_tuples(controls):
        colour = colours[control.junction]
        axes.plot(
            control.distance_ang, control.conductance_G0, "o", ms=size, color="none", mec=colour, mew=1.6, zorder=4,
            label=f"control {control.junction} at {control.distance_ang:.1f} Å",
        )  # fmt: skip
        axes.annotate(
            control.junction, (control.distance_ang, control.conductance_G0), (-7, -5),
            textcoords="offset points", ha="right", va="top", color=colour, weight="bold",
        )  # fmt: skip
    trend = float(contacts["fit_G0"].iloc[-1])
    arrow = {"arrowstyle": "-|>", "color": style.HEADLINE, "lw": 1.6, "shrinkA": 0, "shrinkB": 6}
    axes.annotate("", (distances[-1], conductances[-1]), (distances[-1], trend), arrowprops=arrow)
    span = float(np.ptp(distances))
    axes.annotate(
        f"trend\n{verdict.above_trend_decades:+.2f}", (distances[-1], np.sqrt(trend * min(conductances[-2:]))),
        (5, 0), textcoords="offset points", va="center", color=style.HEADLINE, fontsize=small,
    )  # fmt: skip
    axes.hlines(
        conductances[-2], distances[-2], distances[-1] + 0.1 * span, color=colours[names[-2]], ls=":", lw=1
    )
    right = distances[-1] + 0.1 * span
    axes.annotate(
        "", (right, conductances[-1]), (right, conductances[-2]),
        arrowprops={"arrowstyle": "|-|", "mutation_scale": 3, "color": colours[names[-1]], "shrinkA": 0, "shrinkB": 0},
    )  # fmt: skip
    axes.annotate(
        f"step\n{verdict.step_decades:+.2f}", (right, np.sqrt(conductances[-1] * conductances[-2])),
        (5, 0), textcoords="offset points", va="center", color=colours[names[-1]], fontsize=small,
    )  # fmt: skip
    axes.set_yscale("log")
    beside = controls["distance_ang"]
    axes.set_xlim(
        min([curve["distance_ang"].iloc[0], *(beside - 0.06 * span)]),
        max([curve["distance_ang"].iloc[-1], *(beside + 0.06 * span)]),
    )
    drawn = np.concatenate([conductances, contacts["fit_G0"], controls["conductance_G0"]])
    _limit_decades(axes, drawn, 0.6, 1.0)
    axes.set_xlabel("Distance of the contact atoms (Å)")
    axes.set_ylabel("Conductance $G$ ($G_0$)")


def _limit_decades(axes: Axes, values: NDArray[np.float64], up: float, down: float) -> None:
    axes.set_ylim(values.min() / 10**down, values.max() * 10**up)


KIND = DecaySection()
