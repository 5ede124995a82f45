"""The long junction compared with the short one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.energy_axis import Marks, energy_axis
from qdjunction.report.sections.contract import PlannedFigure, SeriesSection, of_series
from qdjunction.study import layout

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from qdjunction.report.data import StudyResults
    from qdjunction.study.table import Study


class ComparisonSection(SeriesSection):
    """Ratio of the conductances of two junctions."""

    name = "comparison"
    order = 40
    figure_title = "Long against short across the gap"
    kinds = ("comparison",)
    beside = True

    def files(self, study: Study) -> Iterable[str]:
        """Return the tables of the series."""
        return of_series(study, layout.SERIES_TABLE)

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw the ratio of the two junctions of a series."""
        series = results.series(figure.dot, figure.left)
        table = comparison_table(series.spectrum)
        short, long = series.summary.junctions
        return Drawing(comparison_figure(table, Marks.of(series.summary), short, long), table)


def comparison_table(spectrum: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of the table of a series that the figure shows."""
    return spectrum[["left", "energy_eV", "in_window", "log10_ratio"]]


def comparison_figure(table: pd.DataFrame, marks: Marks, short: str, long: str) -> Figure:
    """Draw how much better the long junction conducts than the short one, at every energy."""
    figure = new_figure(2.9)
    axes = figure.add_subplot()
    energies, ratio = table["energy_eV"].to_numpy(), table["log10_ratio"].to_numpy()
    inside = table["in_window"].astype(bool).to_numpy()
    for where, colour, label in (
        (ratio > 0, style.JUMP, f"{long} conducts better"),
        (ratio < 0, style.STEP, f"{short} conducts better"),
    ):
        axes.fill_between(
            energies, ratio, 0, where=where & inside, color=colour, lw=0, label=label, interpolate=True
        )
    axes.plot(energies, ratio, color="black", lw=1.1)
    axes.axhline(0, color="black", lw=0.7)
    axes.set_ylabel(f"$\\log_{{10}}(G_\\mathrm{{{_tex(long)}}}/G_\\mathrm{{{_tex(short)}}})$")
    energy_axis(axes, table["energy_eV"], marks)
    style.legend_above(axes, columns=2)
    return figure


def _tex(text: str) -> str:
    return "".join(
        letter if letter.isalnum() else "\\" + letter if letter in "_#%&$" else letter for letter in text
    )


KIND = ComparisonSection()
