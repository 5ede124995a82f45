"""Gaps of the dots against their size, with the gap of the crystal and the Brus equation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, journal_figure
from qdjunction.report.sections.contract import PageSection, PlannedFigure, of_dots
from qdjunction.study import layout
from qdjunction.study.papers import Crystal, Paper, paper_of

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.figure import Figure

    from qdjunction.report.data import StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study

CURVE_POINTS = 100

LARGEST_NM = 5.0
"""Size at which the curve ends (nm)."""


class SizesSection(PageSection):
    """A figure for every crystal of the paper of which the study has at least two dots."""

    name = "sizes"
    order = 6
    title = "Gaps against size"
    figure_title = "Gap against the size of the dot"
    width = "column"

    def files(self, study: Study) -> Iterable[str]:
        """Return the levels of the dots."""
        return of_dots(study, layout.HAMILTONIAN) if _crystals(study) else []

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return one figure for each crystal."""
        for crystal in _crystals(study):
            yield PlannedFigure(self.name, part=f"sizes_{crystal.formula}", title=self.figure_title)

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether any dot of the crystal has a gap."""
        return bool(_gaps(results, _crystal(results.study, figure)))

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw the gaps of the dots of a crystal."""
        crystal, paper = _crystal(results.study, figure), paper_of(results.study)
        assert paper  # that of the crystal
        table = sizes_table(results, paper, crystal)
        with style.composed():
            return Drawing(sizes_figure(table, crystal, results.engine.method), table)

    def origin(self, results: StudyResults, figure: PlannedFigure) -> str:
        """Return the engine of the study."""
        return results.engine.label

    def links(self, results: StudyResults) -> Iterable[tuple[str, str]]:
        """Return its entry where there is a figure."""
        return super().links(results) if _crystals(results.study) else []

    def html(self, page: Page) -> Markup | str:
        """Return the figures with masses and permittivity, or nothing where there is none."""
        crystals = {f"sizes_{one.formula}": one for one in _crystals(page.results.study)}
        figures = page.figures(self)
        if not figures:
            return ""
        return page.render(
            HTML,
            shown=[(figure, crystals[figure.planned.part]) for figure in figures],
            method=page.results.engine.method,
            of_method=_bulk_remark(page.results),
        )


HTML = """
<section id="sizes">
<h2>Gaps against size</h2>
{% for figure, crystal in shown %}
{{ show_figure(figure) }}
<p>Crystal of {{ crystal.formula }}: measured gap {{ "%.2f" % crystal.gap_ev }} eV, reduced mass of electron and hole
{{ "%g" % crystal.reduced_mass_me }} m<sub>e</sub>, binding energy of the exciton
{{ "%g" % (1000 * crystal.exciton_binding_ev) }} meV ({{ crystal.source }}), from which a relative permittivity of
{{ "%.1f" % crystal.permittivity }} follows. The gap of the crystal with {{ method }} is not
available{{ of_method }}.</p>
{% endfor %}
</section>
"""


def _crystals(study: Study) -> list[Crystal]:
    """Return the crystals of the paper of which the study has at least two dots."""
    paper, ids = paper_of(study), {case.id for case in study.dots}
    return [one for one in (paper.crystals if paper else []) if len(ids & set(one.dots)) > 1]


def _crystal(study: Study, figure: PlannedFigure) -> Crystal:
    return next(one for one in _crystals(study) if figure.part == f"sizes_{one.formula}")


def _gaps(results: StudyResults, crystal: Crystal) -> list[tuple[str, int, float]]:
    """Return name, number of Pb and gap (eV) of the dots of a crystal, where the gap is known."""
    found = ((dot.case.id, dot.atoms.symbols.count("Pb"), dot.lumo_ev - dot.homo_ev) for dot in results.dots)
    return [one for one in found if one[0] in crystal.dots and np.isfinite(one[2])]


def _bulk_remark(results: StudyResults) -> str:
    """Return why the method has no gap of the crystal, as the paper's table says it."""
    paper = paper_of(results.study)
    items = [item for item in paper.items if item.quantity == "bulk-gap"] if paper else []
    remark = items[0].of_methods.get(results.engine.method, "") if items else ""
    return f": {remark}" if remark else ""


def sizes_table(results: StudyResults, paper: Paper, crystal: Crystal) -> pd.DataFrame:
    """Return rows ``computed`` and ``published`` of the dots, ``crystal`` and ``curve`` of the equation.

    Columns ``row``, ``dot``, ``lead_atoms``, ``edge_nm``, ``gap_eV``, ``source``.
    """
    import pandas as pd

    sizes = {name: atoms for name, atoms, _ in _gaps(results, crystal)}
    rows: list[tuple[object, ...]] = [
        ("computed", name, atoms, crystal.edge_nm(atoms), gap, results.engine.method)
        for name, atoms, gap in _gaps(results, crystal)
    ]
    rows += [
        (
            "published",
            item.dot,
            sizes[item.dot],
            crystal.edge_nm(sizes[item.dot]),
            float(item.value),
            paper.method,
        )
        for item in paper.items
        if item.quantity == "gap" and item.dot in sizes and isinstance(item.value, float)
    ]
    rows += [
        ("crystal", "", None, None, float(item.value), paper.method)
        for item in paper.items
        if item.quantity == "bulk-gap" and isinstance(item.value, float)
    ]
    rows.append(("crystal", "", None, None, crystal.gap_ev, "measured"))
    edges = np.geomspace(0.5, LARGEST_NM, CURVE_POINTS)
    gaps = crystal.brus_gap_ev(edges)
    rows += [("curve", "", None, edge, gap, "Brus equation") for edge, gap in zip(edges, gaps, strict=True)]
    return pd.DataFrame(rows, columns=["row", "dot", "lead_atoms", "edge_nm", "gap_eV", "source"])


def sizes_figure(table: pd.DataFrame, crystal: Crystal, method: str) -> Figure:
    """Draw the gaps against the edge of the cube of equal volume."""
    figure = journal_figure(78, style.COLUMN_MM)
    axes = figure.add_subplot()
    of = dict(iter(table.groupby("row")))
    for (_, row), dash in zip(of["crystal"].iterrows(), ("--", ":"), strict=False):
        how = "measured" if row["source"] == "measured" else "published calculation"
        axes.axhline(
            row["gap_eV"],
            color=style.TREND,
            lw=0.9,
            ls=dash,
            label=f"crystal, {how} ({row['gap_eV']:.2f} eV)",
        )
    axes.plot(of["curve"]["edge_nm"], of["curve"]["gap_eV"], color=style.PALETTE[5], label="Brus equation")
    if "published" in of:
        axes.plot(
            of["published"]["edge_nm"], of["published"]["gap_eV"], "D", ms=5, mfc="white", color=style.PALETTE[3],
            label="published calculation",
        )  # fmt: skip
    computed = of["computed"].sort_values("edge_nm")
    axes.plot(
        computed["edge_nm"], computed["gap_eV"], "o-", ms=4.5, lw=0.8, color=style.PALETTE[0], label=method
    )
    # Sizes lie close together, so that the numbers stand below and above in turn.
    for number, (_, row) in enumerate(computed.iterrows()):
        up = number % 2 == 0
        axes.annotate(
            f"{row['lead_atoms']:.0f}", (row["edge_nm"], row["gap_eV"]), (0, 5 if up else -5),
            textcoords="offset points", ha="center", va="bottom" if up else "top", color=style.PALETTE[0], fontsize=6,
        )  # fmt: skip
    gaps = table[table["row"] != "curve"]["gap_eV"]
    axes.set_ylim(max(0.0, float(gaps.min()) - 1.0), float(gaps.max()) + 0.8)
    axes.set_xscale("log")
    axes.set_xlim(0.5, LARGEST_NM)
    ticks = [0.5, 1, 2, 3, 5]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("Edge of the cube of equal volume (nm)")
    axes.set_ylabel(f"Gap of {crystal.formula} dots (eV)".replace("3 ", "$_3$ "))
    figure.legend(loc="outside upper center", ncols=2, columnspacing=1.2)
    return figure


KIND = SizesSection()
