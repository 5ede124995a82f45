"""Binding of the gold tip to the contacts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import PageSection, PlannedFigure
from qdjunction.report.tables import Table, number
from qdjunction.study import layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from markupsafe import Markup
    from matplotlib.figure import Figure

    from qdjunction.report.data import BindingResults, StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.results import BindingRecord
    from qdjunction.study.table import Study


class BindingSection(PageSection):
    """Energy against the distance of the tip, all contacts in one figure."""

    name = "binding"
    order = 16
    title = "Binding of gold"
    figure_title = "Binding of the gold tip"

    def files(self, study: Study) -> Iterable[str]:
        """Return curves and records."""
        return [
            f"{junction.dot}/{name}"
            for junction in study.binding
            for name in (layout.BINDING, layout.BINDING_TABLE)
        ]

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return one figure, if the study has curves."""
        if study.binding:
            yield PlannedFigure(self.name, title=self.figure_title)

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether a curve is available."""
        return bool(results.binding)

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw all curves."""
        table = binding_table(results.binding)
        return Drawing(binding_figure(table, results.binding), table)

    def origin(self, results: StudyResults, figure: PlannedFigure) -> str:
        """Return the engine of the study."""
        return results.engine.label

    def html(self, page: Page) -> Markup | str:
        """Return the section, or nothing where the study has no curve."""
        found = page.results.binding
        if not found:
            return ""
        corrected = any(one.record.uncorrected_distance_ang is not None for one in found)
        table = Table(
            "Minimum of each curve, from the parabola through its lowest three points. All atoms are held. Energy "
            f"that is left at {number(found[0].record.far_ang, 0)} Å is that of charge which the method moves "
            f"between dot and gold even there; it is part of the binding energy. {SUPERPOSITION[corrected]}",
            (
                "dot", "contact", "bond", "distance (Å)", "binding energy (eV)", "energy far away (eV)",
                *(["distance, uncorrected (Å)", "energy, uncorrected (eV)"] if corrected else ()),
            ),
            tuple(_row(one.dot, one.record, corrected) for one in found),
            words=3,
        )  # fmt: skip
        return page.render(HTML, figures=page.figures(self), table=table)


SUPERPOSITION = {
    True: "Counterpoise correction: dot and tip count with their energies in the basis of both (Boys and Bernardi "
    "1970); dashed and in the last columns without it.",
    False: "The parameters of the method include the superposition of basis sets, so that it is not corrected.",
}
"""What the table says about the superposition of basis sets, by whether the energies are corrected for it."""


def _row(dot: str, record: BindingRecord, corrected: bool) -> tuple[str, ...]:
    cells = (
        dot, record.contact, f"Au–{record.symbol}", number(record.distance_ang),
        number(record.binding_energy_ev, 3), number(record.far_energy_ev, 3, sign=True),
    )  # fmt: skip
    if not corrected:
        return cells
    return *cells, number(record.uncorrected_distance_ang), number(record.uncorrected_binding_energy_ev, 3)


HTML = """
<section id="binding">
<h2>Binding of gold</h2>
<div class="pair">
{% for figure in figures %}{{ show_figure(figure) }}{% endfor %}
{{ show_table(table) }}
</div>
</section>
"""


def binding_table(results: Sequence[BindingResults]) -> pd.DataFrame:
    """Return the points of all curves."""
    import pandas as pd

    return pd.concat(
        [one.table.assign(dot=one.dot, bond=f"Au-{one.record.symbol}") for one in results], ignore_index=True
    )


def binding_figure(table: pd.DataFrame, results: Sequence[BindingResults]) -> Figure:
    """Draw the energy of the tip at a contact against their distance."""
    figure = new_figure(3.0)
    axes = figure.add_subplot()
    for number_, one in enumerate(results):
        points = table[table["dot"] == one.dot]
        colour = style.PALETTE[number_ % len(style.PALETTE)]
        axes.plot(
            points["distance_ang"], points["energy_eV"], "o-", ms=3.5, color=colour,
            label=f"Au–{one.record.symbol}, {one.dot}",
        )  # fmt: skip
        if "uncorrected_energy_eV" in points:
            axes.plot(points["distance_ang"], points["uncorrected_energy_eV"], "--", lw=0.9, color=colour)
        axes.plot(one.record.distance_ang, -one.record.binding_energy_ev, "|", ms=12, color=colour, mew=1.2)
    axes.axhline(0, color="black", lw=0.7)
    axes.set_xlabel("Distance of apex and contact atom (Å)")
    axes.set_ylabel("Energy (eV)")
    style.legend_above(axes, columns=3)
    return figure


KIND = BindingSection()
