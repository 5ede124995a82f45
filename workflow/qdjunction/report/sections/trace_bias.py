"""Conductance versus bias, with the Simmons model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import BiasSection, PlannedFigure
from qdjunction.report.tables import number
from qdjunction.report.trace_drawing import LOG10_G, MEASURED, SIMULATED
from qdjunction.study import layout

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.figure import Figure

    from qdjunction.report.data import StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study
    from qdjunction.traces.results import BiasSummary
    from qdjunction.traces.simmons import SimmonsFit


class TraceBiasSection(BiasSection):
    """The peak that is followed through sets at several biases."""

    name = "trace_bias"
    figure_title = "Conductance against bias"

    def files(self, study: Study) -> Iterable[str]:
        """Return the points and fits of the bias series."""
        series = study.config.traces.bias_series if study.config.traces else ()
        return [f"{layout.TRACES}/{one.name}/{layout.BIAS_FIT}" for one in series]

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw a bias series."""
        series = results.traces.series_named(figure.traces)
        table = bias_table(series)
        return Drawing(bias_figure(table, series), table)

    def html(self, page: Page, series: BiasSummary) -> Markup:
        """Return a bias series in words and in its figure."""
        name = series.name
        return page.render(
            HTML, name=name, sentence=bias_sentence(series), figures=page.figures(self, traces=name)
        )


HTML = """
<h3>Bias series {{ name }}</h3>
<p>{{ sentence }}</p>
{% for figure in figures %}
{{ show_figure(figure, figure.title ~ ", " ~ name) }}
{% endfor %}
"""


def bias_table(series: BiasSummary) -> pd.DataFrame:
    """Return a table with rows ``point``: a set at its bias; ``fit``: the Simmons model."""
    import pandas as pd

    points = pd.DataFrame(
        [
            {
                "row": "point",
                "set": point.set,
                "bias_v": point.bias_v,
                "log10_g": point.log10_g,
                "low": point.log10_g_interval[0],
                "high": point.log10_g_interval[1],
            }
            for point in series.points
        ],
        columns=["row", "set", "bias_v", "log10_g", "low", "high"],
    )
    if series.fit is None:
        return points
    bias = np.linspace(points["bias_v"].min(), points["bias_v"].max(), 80)
    curve = pd.DataFrame({"row": "fit", "bias_v": bias, "log10_g": series.fit.log10_g(bias)})
    return pd.concat([points, curve], ignore_index=True)


def bias_figure(table: pd.DataFrame, series: BiasSummary) -> Figure:
    """Draw a peak versus the bias, with the Simmons model and a constant."""
    figure = new_figure(3.2)
    axes = figure.add_subplot()
    points, curve = (table[table["row"] == row] for row in ("point", "fit"))
    if len(points):
        spread = np.abs(
            points[["low", "high"]].to_numpy(dtype=float).T - points["log10_g"].to_numpy(dtype=float)
        )
        axes.errorbar(
            1e3 * points["bias_v"],
            points["log10_g"],
            np.nan_to_num(spread, nan=0.0),
            fmt="o",
            capsize=3,
            color=MEASURED,
            label=f"peak with {series.confidence:.0%} interval",
        )
    if series.fit is not None:
        axes.axhline(points["log10_g"].mean(), color=style.TREND, ls=":", label="no dependence on the bias")
        label = f"Simmons model, barrier {series.fit.barrier_ev:.2g} eV"
        axes.plot(1e3 * curve["bias_v"], curve["log10_g"], color=SIMULATED, label=label)
    axes.set_xlabel("Bias (mV)")
    axes.set_ylabel(LOG10_G)
    style.legend_above(axes, 3)
    return figure


def bias_sentence(series: BiasSummary) -> str:
    """Return the result of the Simmons fit in words."""
    fit = series.fit
    if fit is None:
        return f"No fit: {series.reason}."
    permittivity = fit.image_permittivity
    images = f" and image charges (permittivity {permittivity:g})" if np.isfinite(permittivity) else ""
    verdict = (
        "The model explains the points better than a constant does"
        if fit.prefers_tunnelling
        else "A conductance that does not depend on the bias explains the points as well"
    )
    return (
        f"The peaks near log₁₀(G/G₀) = {number(series.level_log10_g)} give a barrier of {number(fit.barrier_ev)} "
        f"eV for a width of {number(fit.width_nm)} nm{images} ({series.confidence:.0%} interval: {bounds(fit)}). "
        f"{verdict} (corrected Akaike criterion; residuals {number(fit.rms_decades, 3)} against "
        f"{number(fit.constant_rms_decades, 3)} decades)."
    )


def bounds(fit: SimmonsFit) -> str:
    """Return the interval of the barrier in words; an end that the biases do not fix is no bound."""
    low, high = fit.barrier_interval_ev
    lower = "no lower bound" if low <= fit.lowest_barrier_ev else f"above {number(low)} eV"
    upper = "no upper bound" if not np.isfinite(high) else f"below {number(high)} eV"
    if lower.startswith("no") and upper.startswith("no"):
        return "no upper bound and no lower one, so these biases do not fix the barrier"
    return f"{lower}, {upper}"


KIND = TraceBiasSection()
