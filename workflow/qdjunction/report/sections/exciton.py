"""Mechanisms of measured exciton shifts of stacked dots."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import PageSection, PlannedFigure
from qdjunction.report.tables import Table, interval
from qdjunction.study import layout

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.figure import Figure

    from qdjunction.interference.exciton_shift import ExcitonRecord
    from qdjunction.report.data import StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study


class ExcitonSection(PageSection):
    """Shifts of polarisation and resonance against the distance of the dots, beside the measured ones."""

    name = "exciton"
    order = 14.2
    title = "Exciton shift of stacked dots"
    figure_title = "Exciton shift of stacked dots"

    def files(self, study: Study) -> Iterable[str]:
        """Return record and table, if the study has measured shifts."""
        return [layout.EXCITON, layout.EXCITON_TABLE] if study.config.exciton else []

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return one figure, if the study has measured shifts."""
        if study.config.exciton:
            yield PlannedFigure(self.name, title=self.figure_title)

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether the shifts were computed."""
        return results.exciton is not None

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw the table of the study."""
        from qdjunction.core.results import read_table

        assert results.exciton is not None  # `shows`
        table = drawn_table(read_table(results.study.results / layout.EXCITON_TABLE), results.exciton)
        return Drawing(exciton_figure(table, results.exciton), table)

    def origin(self, results: StudyResults, figure: PlannedFigure) -> str:
        """Return what the curves are."""
        return "dielectric spheres and point dipoles"

    def html(self, page: Page) -> Markup | str:
        """Return the section, or nothing where the study has no measured shifts."""
        record = page.results.exciton
        if record is None:
            return ""
        return page.render(
            HTML, figures=page.figures(self), table=mechanisms_table(record), sentence=record.sentence
        )


HTML = """
<section id="exciton">
<h2>Exciton shift of stacked dots</h2>
<p>{{ sentence }}.</p>
<div class="pair">
{% for figure in figures %}{{ show_figure(figure) }}{% endfor %}
{{ show_table(table) }}
</div>
</section>
"""


def mechanisms_table(record: ExcitonRecord) -> Table:
    """Return one row for each mechanism."""
    periods, lengths = record.barrier_ev
    return Table(
        f"Shift with {record.settings.near.linker} and its fall to {record.settings.far.linker}, lowest and highest "
        "over the intervals of the settings; the measured fall must lie within those from the periods and from the "
        "lengths of the linkers. As tunnelling of free electrons the measured fall implies a barrier of "
        f"{periods:.2g} eV from the periods, {lengths:.2g} eV from the lengths.",
        (
            "mechanism", "explains it?", "why", "shift (meV)", "fall, by the periods",
            "fall, by the lengths",
        ),
        tuple(
            (
                one.name, {True: "yes", None: "open", False: "no"}[one.explains], one.reason,
                interval(one.shift_mev), interval(one.fall_of_periods), interval(one.fall_of_lengths),
            )
            for one in record.mechanisms
        ),
        words=3,
    )  # fmt: skip


def drawn_table(shifts: pd.DataFrame, record: ExcitonRecord) -> pd.DataFrame:
    """Return the drawn curves as sizes (meV), and rows `measured`."""
    import pandas as pd

    ends = shifts[["lowest_shift_meV", "highest_shift_meV"]].abs()
    curves = pd.DataFrame(
        {
            "what": shifts["mechanism"],
            "centre_distance_ang": shifts["centre_distance_ang"],
            "lowest_size_meV": ends.min(axis=1),
            "highest_size_meV": ends.max(axis=1),
        }
    )
    measured = pd.DataFrame(
        {
            "what": "measured",
            "centre_distance_ang": 10 * one.centre_distance_nm,
            "lowest_size_meV": abs(one.shift_mev),
            "highest_size_meV": abs(one.shift_mev),
        }
        for one in (record.settings.near, record.settings.far)
    )
    return pd.concat([curves, measured], ignore_index=True)


def exciton_figure(table: pd.DataFrame, record: ExcitonRecord) -> Figure:
    """Draw the size of each shift against the distance of the centres."""
    figure = new_figure(3.4)
    axes = figure.add_subplot()
    names = [name for name in dict.fromkeys(table["what"]) if name != "measured"]
    for name, colour in zip(names, style.PALETTE, strict=False):
        rows = table[table["what"] == name]
        wide = name.startswith("resonance")
        ends = rows["lowest_size_meV"], rows["highest_size_meV"]
        axes.fill_between(
            rows["centre_distance_ang"] / 10, *ends, facecolor=colour, alpha=0.15 if wide else 0.8, lw=0,
            zorder=1 if wide else 2, label=None if wide else name,
        )  # fmt: skip
        for number, end in enumerate(ends if wide else ()):
            axes.plot(
                rows["centre_distance_ang"] / 10, end, color=colour, lw=1,
                ls="-" if name.endswith("along the stack") else "--", label=None if number else name,
            )  # fmt: skip
    points = table[table["what"] == "measured"]
    axes.errorbar(
        points["centre_distance_ang"] / 10, points["highest_size_meV"],
        xerr=np.full(len(points), record.settings.period_error_nm), fmt="o", ms=5, color="black", label="measured",
    )  # fmt: skip
    axes.set_yscale("log")
    axes.set_xlabel("Distance of the centres (nm)")
    axes.set_ylabel("Size of the shift (meV)")
    style.legend_above(axes, columns=2)
    return figure


KIND = ExcitonSection()
