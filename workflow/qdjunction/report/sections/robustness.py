"""How beta and the step to the last contact change with the settings of a study."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.interference.results import DecaySeries
from qdjunction.report import style
from qdjunction.report.drawing import Drawing, journal_figure
from qdjunction.report.sections.contract import PageSection, PlannedFigure, series_of
from qdjunction.report.tables import Table, interval, number, row_tuples
from qdjunction.study import layout

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from qdjunction.report.data import StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study

HEADLINE = "as in the study"

GROUPS = {
    "cations": "ensemble: A sites and orientations of MA",
    "halides": "ensemble: order of the halides",
    "tips": "ensemble: turn and distance of the tips",
    "snapshots": "ensemble: thermal snapshots",
}
"""Names of the ensembles among the rows."""


class RobustnessSection(PageSection):
    """A figure and a table for every series with variants."""

    name = "robustness"
    order = 18
    title = "Robustness"
    figure_title = "Decay and step under other settings"
    width = "page"

    def files(self, study: Study) -> Iterable[str]:
        """Return the series of the variants."""
        return [f"{case.id}/{layout.SERIES}" for case in study.variants]

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return one figure for each series of three contacts or more."""
        for dot in dict.fromkeys(case.member.of for case in study.variants if case.member):
            for left, names in series_of(study.dot(dot)).items():
                if len(names) > 2:
                    yield PlannedFigure(self.name, dot, left, title=self.figure_title)

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether the series of the study itself has a decay."""
        series = results.find_series(figure.dot, figure.left)
        return series is not None and series.kind == "decay"

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw one row for each variant of a series."""
        table = robustness_table(results, figure.dot, figure.left)
        with style.composed():
            return Drawing(robustness_figure(table, results.study.config.interference.jump_decades), table)

    def links(self, results: StudyResults) -> Iterable[tuple[str, str]]:
        """Return its entry where the study has variants."""
        return super().links(results) if results.variants else []

    def html(self, page: Page) -> Markup | str:
        """Return figures and tables, or nothing where the study has no variants."""
        results, threshold = page.results, page.results.study.config.interference.jump_decades
        shown: list[dict[str, object]] = []
        for figure in page.figures(self):
            table = robustness_table(results, figure.planned.dot, figure.planned.left)
            shown.append(
                {"figure": figure, "sentence": spread_sentence(table, threshold), "table": rows_table(table)}
            )
        return page.render(HTML, shown=shown) if shown else ""


HTML = """
<section id="robustness">
<h2>Robustness</h2>
{% for one in shown %}
<h3>{{ one.figure.planned.dot }}, from {{ one.figure.planned.left }}</h3>
<p>{{ one.sentence }}</p>
{{ show_figure(one.figure) }}
<details><summary>The numbers of the figure</summary>
{{ show_table(one.table) }}
</details>
{% endfor %}
</section>
"""


def robustness_table(results: StudyResults, dot: str, left: str) -> pd.DataFrame:
    """Return one row for the study itself, each variant and each ensemble of a series.

    Columns ``variant``, ``kind``, ``beta_per_ang``, ``beta_low_per_ang``, ``beta_high_per_ang``, ``step_decades``,
    ``step_low_decades``, ``step_high_decades``, ``log10_last_G0`` and ``reason``, why a row has no numbers. The ends
    of beta are those of the fit; of an ensemble, all ends are percentiles of its members.
    """
    import pandas as pd

    rows: list[dict[str, object]] = [
        {"variant": HEADLINE, "kind": "study", **_numbers(results.series(dot, left).summary)}
    ]
    for one in results.variants:
        if one.variant.of != dot:
            continue
        row: dict[str, object] = {"variant": one.variant.label, "kind": one.variant.kind}
        found = next((series for series in one.series if series.left == left), None)
        if found is None:
            rows.append(row | {"reason": one.reason or "no series from this contact"})
        else:
            rows.append(row | _numbers(found))
    rows += _ensemble_rows(results, dot, left)
    columns = (
        "variant", "kind", "beta_per_ang", "beta_low_per_ang", "beta_high_per_ang", "step_decades", "step_low_decades",
        "step_high_decades", "log10_last_G0", "reason",
    )  # fmt: skip
    return pd.DataFrame(rows, columns=list(columns))


def _ensemble_rows(results: StudyResults, dot: str, left: str) -> list[dict[str, object]]:
    """Return a row for each group of members of a dot: median and percentiles of beta and step."""
    rows: list[dict[str, object]] = []
    for group in results.ensembles[dot].record.groups if dot in results.ensembles else ():
        for series in (one for one in group.series if one.left == left):
            spread = {one.name: one.spread for one in series.quantities if not one.junction}
            if not {"beta_per_ang", "step_decades"} <= spread.keys():
                continue
            beta, step = spread["beta_per_ang"], spread["step_decades"]
            rows.append(
                {
                    "variant": f"{GROUPS[group.kind]} ({beta.n})",
                    "kind": "ensemble",
                    "beta_per_ang": beta.median,
                    "beta_low_per_ang": beta.percentiles[0],
                    "beta_high_per_ang": beta.percentiles[1],
                    "step_decades": step.median,
                    "step_low_decades": step.percentiles[0],
                    "step_high_decades": step.percentiles[1],
                }
            )
    return rows


def _numbers(series: object) -> dict[str, object]:
    """Return decay, step and conductance of the last contact at the headline energy, or why there are none."""
    if not isinstance(series, DecaySeries):
        return {"reason": getattr(series, "sentence", "")}
    verdict = series.at_headline
    low, high = verdict.beta_interval_per_ang
    return {
        "beta_per_ang": verdict.beta_per_ang,
        "beta_low_per_ang": low,
        "beta_high_per_ang": high,
        "step_decades": verdict.step_decades,
        "log10_last_G0": float(np.log10(series.conductance_at_headline_G0[-1])),
        "reason": "",
    }


def spread_sentence(table: pd.DataFrame, threshold: float) -> str:
    """Return over what range beta and step lie, and in how many variants the step reaches the threshold."""
    variants = table[~table["kind"].isin(["study", "ensemble"])]
    known = variants.dropna(subset="beta_per_ang")
    if known.empty:
        return "No variant has a result."
    study = table.iloc[0]
    above = int((known["step_decades"] >= threshold).sum())
    text = (
        f"In {len(known)} variants β goes from {_range(known['beta_per_ang'])} per Å "
        f"({number(study['beta_per_ang'])} in the study) and the step to the last contact from "
        f"{_range(known['step_decades'])} decades "
        f"({number(study['step_decades'])}); it is at least {threshold:g} decades in {above} of them. The conductance "
        f"of the last contact changes by {number(np.ptp(known['log10_last_G0']))} decades."
    )
    if lost := len(variants) - len(known):
        text += f" {lost} more {'has' if lost == 1 else 'have'} no result."
    return text


def _range(values: pd.Series) -> str:
    return interval((float(values.min()), float(values.max())))


def rows_table(table: pd.DataFrame) -> Table:
    """Return the same as a table of the page."""
    return Table(
        "Each row changes one setting of the study. Intervals of β are those of the fit; of an ensemble, intervals are "
        "percentiles of its members.",
        (
            "variant", "why not", "β (1/Å)", "interval (1/Å)", "step to the last contact (decades)",
            "log₁₀ G/G₀ of the last contact",
        ),
        tuple(
            (
                row.variant, row.reason if isinstance(row.reason, str) else "", number(row.beta_per_ang, 3),
                interval((row.beta_low_per_ang, row.beta_high_per_ang), 3), number(row.step_decades, sign=True),
                number(row.log10_last_G0),
            )
            for row in row_tuples(table)
        ),
        words=2,
    )  # fmt: skip


def robustness_figure(table: pd.DataFrame, threshold: float) -> Figure:
    """Draw a row for each variant: beta with its interval, step to the last contact; the study as vertical lines."""
    rows = table.reset_index(drop=True)
    figure = journal_figure(20 + 4.2 * len(rows))
    panels = betas, steps = figure.subplots(1, 2, sharey=True)
    kinds = list(dict.fromkeys(rows["kind"]))
    colours = dict(zip(kinds, ("black", *style.PALETTE[:6], style.TREND, style.TREND), strict=False))
    _draw_rows(betas, rows, "beta", "per_ang", colours)
    _draw_rows(steps, rows, "step", "decades", colours)
    # The band of an interval can be many times the spread, and would then set the scale.
    values = rows["beta_per_ang"].dropna()
    margin = max(1.2 * float(np.ptp(values)), 0.3)
    betas.set_xlim(float(values.min()) - margin, float(values.max()) + margin)
    betas.set_xlabel("$\\beta$ (Å$^{-1}$)")
    steps.axvline(threshold, color=style.PALETTE[3], lw=0.8, ls=":")
    steps.axvline(0, color="black", lw=0.6)
    steps.set_xlabel("Step to the last contact (decades)")
    betas.set_yticks(range(len(rows)), list(rows["variant"]))
    betas.set_ylim(len(rows) - 0.4, -0.6)
    for place in np.flatnonzero(rows["beta_per_ang"].isna()):
        betas.annotate(
            "no result",
            (0.02, place),
            xycoords=("axes fraction", "data"),
            va="center",
            color=style.TREND,
            fontsize=6,
        )
    for axes in panels:
        axes.tick_params(axis="y", length=0)
    style.letter_panels(panels)
    return figure


def _draw_rows(axes: Axes, rows: pd.DataFrame, name: str, unit: str, colours: dict[str, str]) -> None:
    axes.axvline(rows[f"{name}_{unit}"].iloc[0], color="black", lw=0.8, ls="--")
    for place, (_, row) in enumerate(rows.iterrows()):
        value, colour = row[f"{name}_{unit}"], colours[row["kind"]]
        if not np.isfinite(value):
            continue
        ends = [row[f"{name}_low_{unit}"], row[f"{name}_high_{unit}"]]
        if np.all(np.isfinite(ends)):
            axes.plot(ends, [place, place], color=colour, lw=1.2, solid_capstyle="butt")
        axes.plot(value, place, "s" if row["kind"] == "ensemble" else "o", ms=4.5, color=colour, zorder=3)


KIND = RobustnessSection()
