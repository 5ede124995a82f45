"""Figures of several panels, as a journal prints them: panel letters, column widths, one legend.

They are written beside the others by the rule `figures` and by `qdjunction figures`; the page shows their parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.energy_axis import Marks
from qdjunction.report.sections.contract import SeriesSection
from qdjunction.report.sections.decay import decay_table, draw_decay
from qdjunction.report.sections.density import density_scale, density_table, draw_density, draw_scale_bar
from qdjunction.report.sections.transmission import draw_transmission, transmission_table

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.figure import Figure

    from qdjunction.report.data import DotResults, JunctionResults, SeriesResults, StudyResults
    from qdjunction.report.page import Page
    from qdjunction.report.sections.contract import PlannedFigure
    from qdjunction.study.table import Study

MM_PER_INCH = 25.4

HEIGHT_MM = 150.0
"""Height of the figure of a series (mm)."""


class ComposedSection(SeriesSection):
    """Local densities before and after the jump, T(E) and the decay of a series in one figure."""

    name = "composed"
    order = 95
    figure_title = "Series in one figure"
    kinds = ("decay",)

    def files(self, study: Study) -> Iterable[str]:
        """Return nothing: its panels are those of other sections."""
        return ()

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether the series has a decay, and the densities of its last two junctions."""
        series = results.find_series(figure.dot, figure.left)
        return super().shows(results, figure) and all(one.density for one in _pictured(series))

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw the four panels of a series."""
        dot, series = results.dot(figure.dot), results.series(figure.dot, figure.left)
        with style.composed():
            return Drawing(composed_figure(dot, series), composed_table(series))

    def html(self, page: Page, dot: DotResults, series: SeriesResults) -> Markup | str:
        """Return nothing, since the page shows the panels one by one."""
        return ""


def _pictured(series: SeriesResults | None) -> tuple[JunctionResults, ...]:
    """Return the junctions before and after the jump: the last two of a series."""
    return series.junctions[-2:] if series else ()


def composed_table(series: SeriesResults) -> pd.DataFrame:
    """Return the numbers of all panels, with a column ``panel``."""
    import pandas as pd

    densities = [density_table(one).assign(junction=one.case.name) for one in _pictured(series)]
    tables = [*densities, transmission_table(series), decay_table(series.decay)]
    return pd.concat(
        [table.assign(panel=letter) for letter, table in zip("abcd", tables, strict=True)], ignore_index=True
    )


def composed_figure(dot: DotResults, series: SeriesResults) -> Figure:
    """Draw a series over the width of two columns."""
    from matplotlib.colors import Normalize

    figure = new_figure(HEIGHT_MM / MM_PER_INCH, style.PAGE_MM / MM_PER_INCH)
    before, after, spectrum, decay = figure.subplots(2, 2, height_ratios=(1.25, 1)).ravel()
    figure.set_layout_engine("constrained", wspace=0.08, hspace=0.04)
    norm = Normalize(*density_scale(dot))
    tables = [density_table(one) for one in _pictured(series)]
    for axes, junction, table in zip((before, after), _pictured(series), tables, strict=True):
        drawn = draw_density(axes, table, "ldos_left_per_eV", norm)
        axes.set_title(f"{junction.case.name}, entering from the left")
    # One scale of lengths for both.
    limits = [(axes.get_xlim(), axes.get_ylim()) for axes in (before, after)]
    (left, right), (bottom, top) = (
        (min(low for low, _ in ends), max(high for _, high in ends)) for ends in zip(*limits, strict=True)
    )
    for axes in (before, after):
        axes.set(xlim=(left, right), ylim=(bottom, top))
    draw_scale_bar(before, tables[0])
    figure.colorbar(
        drawn, ax=[before, after], location="right", aspect=30, pad=0.02, extend="min",
        label="$\\log_{10}$ of the local density of states (eV$^{-1}$)",
    )  # fmt: skip
    draw_transmission(spectrum, transmission_table(series), Marks.of(series.summary), dot.colours)
    draw_decay(decay, decay_table(series.decay), series.decay.at_headline, dot.colours)
    style.letter_panels((before, after, spectrum, decay))
    # Colours mean the same in both lower panels.
    handles, labels = spectrum.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4)
    return figure


KIND = ComposedSection()
