"""Measured plateaus and decay on the axes of the computed series."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, journal_figure
from qdjunction.report.sections.contract import PageSection, PlannedFigure, of_dots, series_of
from qdjunction.report.tables import row_tuples
from qdjunction.study import layout
from qdjunction.study.papers import Traces, paper_of

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from qdjunction.report.data import SeriesResults, StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study


class ExperimentSection(PageSection):
    """One figure, if the paper has traces and the study a series to compare with them."""

    name = "experiment"
    order = 7
    title = "Compared with measured traces"
    figure_title = "Measured and computed conductances"
    width = "page"

    def files(self, study: Study) -> Iterable[str]:
        """Return the series of the dots."""
        return of_dots(study, layout.SERIES, layout.RELAXED) if _dots(study) else []

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return the figure."""
        if _dots(study):
            yield PlannedFigure(self.name, title=self.figure_title)

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether any of the series has a decay."""
        return bool(_series(results))

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw conductances against displacement, and decay constants."""
        table = experiment_table(results)
        with style.composed():
            return Drawing(experiment_figure(table), table)

    def origin(self, results: StudyResults, figure: PlannedFigure) -> str:
        """Return the engine of the study."""
        return results.engine.label

    def links(self, results: StudyResults) -> Iterable[tuple[str, str]]:
        """Return its entry where there is a figure."""
        return super().links(results) if _series(results) else []

    def html(self, page: Page) -> Markup | str:
        """Return the figure and what it compares, or nothing where there is none."""
        if not (figures := page.figures(self)):
            return ""
        results = page.results
        heights = [
            f"{name} {value:+.2f}".replace("-", "−")
            for name, value in _mean_heights(experiment_table(results)).items()
        ]
        return page.render(
            HTML, figure=figures[0], heights=", ".join(heights),
            leads=results.study.config.transport.leads,
        )  # fmt: skip


HTML = """
<section id="experiment">
<h2>Compared with measured traces</h2>
<p>Nothing is fitted or shifted. On average over the contacts that have a plateau, the computed conductances lie by
these decades from the measured plateaus: {{ heights }}. Their absolute height depends on the choice of the headline
energy and of the leads ({{ leads.kind }}), and on the contacts between gold and dot, which are not pulled as in an
experiment.</p>
{{ show_figure(figure) }}
</section>
"""


def _traces(study: Study) -> Traces | None:
    paper = paper_of(study)
    return paper.traces if paper else None


def _dots(study: Study) -> list[str]:
    """Return the dots with a series that is compared with the traces."""
    traces = _traces(study)
    if traces is None:
        return []
    series = {case.id: series_of(case) for case in study.dots if case.id in traces.dots}
    return [name for name, found in series.items() if len(found.get(traces.left, ())) > 2]


def _series(results: StudyResults) -> dict[str, SeriesResults]:
    """Return these series, where they have a decay."""
    traces = _traces(results.study)
    found = {
        name: results.find_series(name, traces.left) for name in _dots(results.study) if traces is not None
    }
    return {name: one for name, one in found.items() if one is not None and one.kind == "decay"}


def experiment_table(results: StudyResults) -> pd.DataFrame:
    """Return the measured plateaus, the computed contacts and the decay constants.

    Rows ``plateau``, ``after jump``, ``contact`` with displacement from the first plateau or contact (Ang) and log10 G;
    rows ``beta`` with low and high end, of ``measured``, ``published`` and the dots, and ``step beta`` of the dots.
    """
    import pandas as pd

    from qdjunction.interference.decay import step_betas
    from qdjunction.structure.contacts import contact

    traces, paper = _traces(results.study), paper_of(results.study)
    assert traces
    assert paper
    first = traces.plateaus[0]
    rows: list[dict[str, object]] = [
        {
            "row": "plateau",
            "of": "measured",
            "contact": f"plateau {number}",
            "displacement_ang": 10 * (one.displacement_nm - first.displacement_nm),
            "spread_ang": 10 * one.spread_nm,
            "log10_conductance_G0": one.log10_g0,
        }
        for number, one in enumerate(traces.plateaus, start=1)
    ]
    if traces.log10_after_jump_g0 is not None:
        rows.append(
            {"row": "after jump", "of": "measured", "log10_conductance_G0": traces.log10_after_jump_g0}
        )
    rows.append({"row": "beta", "of": "measured", "beta_per_ang": traces.beta_per_ang})
    rows += [
        {"row": "beta", "of": "published calculation", "beta_per_ang": item.value}
        for item in paper.items
        if item.quantity == "beta" and item.item.startswith("beta of L")
    ]
    for name, series in _series(results).items():
        atoms, summary = results.dot(name).atoms, series.decay
        ends = [contact(atoms, one.case.right).atom for one in series.junctions]
        rows += [
            {
                "row": "contact",
                "of": name,
                "contact": one.case.right,
                "displacement_ang": float(atoms.get_distance(ends[0], end)),
                "log10_conductance_G0": float(np.log10(value)),
            }
            for one, end, value in zip(
                series.junctions, ends, summary.conductance_at_headline_G0, strict=True
            )
        ]
        verdict = summary.at_headline
        low, high = verdict.beta_interval_per_ang
        rows.append(
            {"row": "beta", "of": name, "beta_per_ang": verdict.beta_per_ang, "low": low, "high": high}
        )
        steps = step_betas(summary.distances_ang[:-1], summary.conductance_at_headline_G0[:-1])
        rows += [{"row": "step beta", "of": name, "beta_per_ang": float(beta)} for beta in steps]
    return pd.DataFrame(rows)


def _mean_heights(table: pd.DataFrame) -> dict[str, float]:
    """Return how many decades the contacts of each dot lie above the plateaus of the same number, on average."""
    plateaus = table[table["row"] == "plateau"]["log10_conductance_G0"].to_numpy()
    contacts = table[table["row"] == "contact"].groupby("of", sort=False)["log10_conductance_G0"]
    # The last contact is the jump, which has no plateau.
    return {
        str(name): float(np.mean([a - b for a, b in zip(values.to_numpy()[:-1], plateaus, strict=False)]))
        for name, values in contacts
    }


def experiment_figure(table: pd.DataFrame) -> Figure:
    """Draw conductances against displacement, and decay constants."""
    figure = journal_figure(72)
    panels = conductances, betas = figure.subplots(1, 2, width_ratios=(1.5, 1))
    names = list(dict.fromkeys(table[table["row"] == "contact"]["of"]))
    colours = dict(zip(names, style.PALETTE, strict=False))
    measured = table[table["row"] == "plateau"]
    conductances.errorbar(
        measured["displacement_ang"], measured["log10_conductance_G0"], xerr=measured["spread_ang"], fmt="s", ms=5,
        color="black", capsize=2, elinewidth=0.8, label="measured plateaus", zorder=4,
    )  # fmt: skip
    for level in table[table["row"] == "after jump"]["log10_conductance_G0"]:
        conductances.axhline(level, color="black", lw=0.8, ls=":", label="measured, after the jump")
    for name in names:
        rows = table[(table["row"] == "contact") & (table["of"] == name)]
        x, y = rows["displacement_ang"].to_numpy(), rows["log10_conductance_G0"].to_numpy()
        conductances.plot(x[:-1], y[:-1], "o-", ms=4, color=colours[name], label=name)
        conductances.plot(x[-2:], y[-2:], ":", color=colours[name], lw=0.8)
        conductances.plot(x[-1], y[-1], "o", ms=5, mfc="white", color=colours[name])
    conductances.set_xlabel("Displacement from the first plateau or contact (Å)")
    conductances.set_ylabel("$\\log_{10}(G/G_0)$")
    _draw_betas(betas, table, colours)
    style.letter_panels(panels)
    figure.legend(*conductances.get_legend_handles_labels(), loc="outside upper left", ncols=4)
    return figure


def _draw_betas(axes: Axes, table: pd.DataFrame, colours: dict[str, str]) -> None:
    """Draw one row for each decay constant with its interval, and those of single steps open."""
    rows = list(row_tuples(table[table["row"] == "beta"]))
    for place, row in enumerate(rows):
        colour = colours.get(row.of, "black")
        if np.isfinite(row.low) and np.isfinite(row.high):
            axes.plot([row.low, row.high], [place, place], color=colour, lw=1.2)
        axes.plot(row.beta_per_ang, place, "o" if row.of in colours else "s", ms=5, color=colour)
        steps = table[(table["row"] == "step beta") & (table["of"] == row.of)]["beta_per_ang"]
        axes.plot(steps, [place] * len(steps), "o", ms=3.5, mfc="white", mew=0.9, color=colour)
    axes.axvline(rows[0].beta_per_ang, color="black", lw=0.8, ls=":")
    values = table[table["row"].isin(["beta", "step beta"])]["beta_per_ang"]
    margin = 0.3 * max(float(values.max() - values.min()), 0.3)
    axes.set_xlim(float(values.min()) - margin, float(values.max()) + margin)
    axes.set_yticks(range(len(rows)), [row.of for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel("$\\beta$ (Å$^{-1}$); open: single steps")


KIND = ExperimentSection()
