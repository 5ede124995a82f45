"""Slides of the right tip: computed conductance traces with energy and force."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import PageSection, PlannedFigure
from qdjunction.report.tables import Table, number
from qdjunction.study import layout

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.figure import Figure

    from qdjunction.report.data import SlideResults, StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.results import SlideRecord
    from qdjunction.study.table import Study


class SlideSection(PageSection):
    """Conductance, energy and force against the displacement of the right tip."""

    name = "slide"
    order = 16.5
    title = "Slides"
    figure_title = "Slide of the right tip"

    def files(self, study: Study) -> Iterable[str]:
        """Return tables and records."""
        return [
            f"{case.folder}/{name}" for case in study.slides for name in (layout.SLIDE_TABLE, layout.SLIDE)
        ]

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return one figure for each slide."""
        for case in study.slides:
            yield PlannedFigure(
                self.name, case.junction.dot, junction=case.junction.name, part=f"slide_{case.name}",
                title=self.figure_title,
            )  # fmt: skip

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether the slide has a result."""
        return any(_is_of(one, figure) for one in results.slides)

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw a slide."""
        one = next(one for one in results.slides if _is_of(one, figure))
        return Drawing(slide_figure(one.table, one.record), one.table)

    def html(self, page: Page) -> Markup | str:
        """Return the section, or nothing where the study has no slide."""
        from qdjunction.report.outcome import typeset

        parts = [
            {
                "heading": _heading(one),
                "sentence": typeset(one.record.sentence),
                "ended": typeset(one.record.ended),
                "figures": page.figures(self, part=_part(one)),
                "changes": _changes(one),
            }
            for one in page.results.slides
        ]
        return page.render(HTML, parts=parts) if parts else ""


HTML = """
<section id="slide">
<h2>Slides</h2>
{% for part in parts %}
<h3>{{ part.heading }}</h3>
<p>{{ part.sentence }}</p>
{% if part.ended %}<p>The slide {{ part.ended }}</p>{% endif %}
{% for figure in part.figures %}{{ show_figure(figure) }}{% endfor %}
{{ show_table(part.changes) }}
{% endfor %}
</section>
"""


def slide_figure(table: pd.DataFrame, record: SlideRecord) -> Figure:
    """Draw conductance, energy and force against the displacement."""
    import numpy as np

    figure = new_figure(5.4)
    conductance, energy, force = figure.subplots(3, 1, sharex=True, height_ratios=(3, 2, 2))
    at = table["displacement_ang"]
    changed = np.array([bool(one.broken or one.formed or one.findings) for one in record.steps])
    blue, orange, green, red = style.PALETTE[:4]
    curves = (
        (
            conductance,
            np.log10(table["conductance_G0"]),
            blue,
            f"{record.headline}, {record.temperature_k:g} K",
        ),
        (conductance, np.log10(table["conductance_at_fermi_G0"]), orange, "at E$_F$"),
        (energy, table["energy_eV"], green, ""),
        (force, table["force_eV_per_ang"], red, ""),
    )
    for axes, values, colour, label in curves:
        axes.plot(at, values, "-", color=colour, label=label or None)
        axes.plot(at[~changed], values[~changed], "o", ms=4, color=colour)
        axes.plot(at[changed], values[changed], "o", ms=4, color=colour, mfc="white")
    if record.rise is not None and record.rise.is_high:
        conductance.axvspan(at[record.rise.foot], at[record.rise.top], color=style.JUMP, lw=0, zorder=0)
    force.axhline(0, color="black", lw=0.7)
    conductance.set_ylabel("log$_{10}$ (G / G$_0$)")
    energy.set_ylabel("Energy (eV)")
    force.set_ylabel("Force along\nthe pull (eV/Å)")
    force.set_xlabel("Displacement of the right tip (Å)")
    figure.align_ylabels([conductance, energy, force])
    style.legend_above(conductance, columns=2)
    return figure


def _changes(one: SlideResults) -> Table:
    """Return the steps of a slide, with what has changed in words."""
    rows = []
    for step, row in zip(one.record.steps, one.table.itertuples(), strict=True):
        words = [*(f"{bond} broken" for bond in step.broken), *(f"{bond} formed" for bond in step.formed)]
        rows.append(
            (
                "; ".join([*words, *step.findings]) or "none",
                number(step.displacement_ang), number(row.energy_eV, 3, sign=True),
                number(step.force_ev_per_ang, 3, sign=True), number(step.distance_ang), number(step.towards_ang),
                str(step.relaxation_steps),
            )
        )  # fmt: skip
    record = one.record
    return Table(
        "Steps of the slide: bonds that differ from the junction before the pull, energy, force on the held gold along "
        f"the pull, distance of the nearest gold of the right tip from the contact {record.right}"
        + (f" and from {record.towards}" if record.towards else "")
        + ", steps of the relaxation.",
        (
            "changed bonds", "displacement (Å)", "energy (eV)", "force (eV/Å)", f"gold to {record.right} (Å)",
            f"gold to {record.towards or 'target'} (Å)", "relaxation steps",
        ),
        tuple(rows),
    )  # fmt: skip


def _heading(one: SlideResults) -> str:
    x, y, z = (number(value) for value in one.record.direction)
    towards = f"towards {one.record.towards}, " if one.record.towards else ""
    return f"{one.case.name}: {one.case.junction.id}, {towards}along ({x}, {y}, {z})"


def _part(one: SlideResults) -> str:
    return f"slide_{one.case.name}"


def _is_of(one: SlideResults, figure: PlannedFigure) -> bool:
    return _part(one) == figure.part


KIND = SlideSection()
