"""Slides over the histograms of traces: a computed trace beside measured or predicted ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report import style
from qdjunction.report.drawing import Drawing
from qdjunction.report.sections.contract import PageSection, PlannedFigure
from qdjunction.study import layout

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup

    from qdjunction.report.data import SlideResults, StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study


class SlideTracesSection(PageSection):
    """One figure for every dot with slides, if the study has traces."""

    name = "slide_traces"
    order = 16.6
    title = "Slides beside traces"
    figure_title = "Slides over a histogram of traces"

    def files(self, study: Study) -> Iterable[str]:
        """Return the tables of the slides."""
        return [
            f"{case.folder}/{layout.SLIDE_TABLE}"
            for case in study.slides
            if _set_for(study, case.junction.dot)
        ]

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return one figure for each dot."""
        for dot in dict.fromkeys(case.junction.dot for case in study.slides):
            if _set_for(study, dot):
                yield PlannedFigure(self.name, dot, title=self.figure_title)

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether the set and a slide have a result."""
        return results.traces.has(_set_for(results.study, figure.dot)) and bool(_slides(results, figure.dot))

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw the slides of a dot over the histogram."""
        import pandas as pd

        from qdjunction.report.sections.trace_cloud import cloud_figure
        from qdjunction.report.trace_drawing import picture_table

        entry = results.traces.set_named(_set_for(results.study, figure.dot))
        counts = picture_table(entry, "cloud")
        drawn = cloud_figure(counts, entry)
        curves = {one.case.name: _curve(one) for one in _slides(results, figure.dot)}
        for axes in drawn.axes[: len(entry.shown)]:
            for number, (name, curve) in enumerate(curves.items()):
                colour = style.PALETTE[(3, 4, 1, 6)[number % 4]]
                # White behind the line, which crosses dark and bright bins.
                axes.plot(curve["displacement_nm"], curve["log10_g"], "-", lw=3, color="white")
                axes.plot(
                    curve["displacement_nm"], curve["log10_g"], "o-", ms=3, lw=1.4, color=colour, label=name
                )
            left, right = axes.get_xlim()
            axes.set_xlim(
                left, max(right, 1.05 * max(curve["displacement_nm"].max() for curve in curves.values()))
            )
        drawn.axes[0].legend(loc="upper right", fontsize=7)
        return Drawing(drawn, pd.concat([counts, *curves.values()], ignore_index=True))

    def origin(self, results: StudyResults, figure: PlannedFigure) -> str:
        """Return the origin of the traces and the engine of the slides."""
        entry = results.traces.set_named(_set_for(results.study, figure.dot))
        origin = entry.origin  # names the engine of a prediction, which is that of the slides
        return origin if results.engine.method in origin else f"{origin}; slides: {results.engine.label}"

    def links(self, results: StudyResults) -> Iterable[tuple[str, str]]:
        """Return its entry where a slide has a figure."""
        shown = any(self.shows(results, figure) for figure in self.figures(results.study))
        return super().links(results) if shown else []

    def html(self, page: Page) -> Markup | str:
        """Return the figures, or nothing without any."""
        figures = page.figures(self)
        return page.render(HTML, figures=figures) if figures else ""


HTML = """
<section id="slide_traces">
<h2>Slides beside traces</h2>
<p>A slide is quasi-static and begins with the tip on its contact; a measured trace begins where gold breaks.
Displacements are therefore shifted against each other, and only heights and lengths of plateaus can be compared.</p>
{% for figure in figures %}{{ show_figure(figure) }}{% endfor %}
</section>
"""


def _set_for(study: Study, dot: str) -> str:
    """Return the set of traces to compare a dot with: one with a prediction of it, that prediction, or the first."""
    section = study.config.traces
    if section is None:
        return ""
    predictions = [one.name for one in section.predictions if one.dot == dot]
    measured = [one.name for one in section.sets if one.theory in predictions]
    return next(iter([*measured, *predictions, *(one.name for one in section.sets)]), "")


def _slides(results: StudyResults, dot: str) -> list[SlideResults]:
    return [one for one in results.slides if one.case.junction.dot == dot]


def _curve(one: SlideResults) -> pd.DataFrame:
    """Return displacement (nm) and log10 G of a slide, as rows of the table of the figure."""
    import pandas as pd

    return pd.DataFrame(
        {
            "row": "slide",
            "set": one.case.name,
            "displacement_nm": one.table["displacement_ang"] / 10,
            "log10_g": np.log10(one.table["conductance_G0"]),
        }
    )


KIND = SlideTracesSection()
"""The section."""
