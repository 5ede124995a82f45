"""Charges of dot and tips, and where the Fermi energy lies in the gap of the dot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from qdjunction.report.sections.contract import SeriesSection, of_junctions
from qdjunction.report.tables import Table, number
from qdjunction.study import layout

if TYPE_CHECKING:
    from markupsafe import Markup

    from qdjunction.interference.level_alignment import LevelAlignment
    from qdjunction.report.data import DotResults, SeriesResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study


class AlignmentSection(SeriesSection):
    """Mulliken charges and level alignment of each junction; nothing for results that lack them."""

    name = "alignment"
    order = 65

    def files(self, study: Study) -> Iterable[str]:
        """Return charges and levels of the junctions."""
        return of_junctions(study, layout.FRONTIER)

    def html(self, page: Page, dot: DotResults, series: SeriesResults) -> Markup | str:
        """Return the alignment of a series in words and in a table."""
        from qdjunction.interference.level_alignment import alignment_sentence

        found = {
            junction.case.name: alignment
            for junction in series.shown
            if (alignment := junction.frontier.alignment)
        }
        if not found:
            return ""
        return page.render(
            "<h3>Charge and level alignment</h3><p>{{ sentence }}</p>{{ show_table(table) }}",
            sentence=alignment_sentence(found),
            table=alignment_table(found),
        )


def alignment_table(alignments: Mapping[str, LevelAlignment]) -> Table:
    """Charges and levels of junctions by their names."""
    rows = []
    for name, one in alignments.items():
        charges = (one.charges.dot_e, one.charges.left_tip_e, one.charges.right_tip_e)
        rows.append((name, *(number(value, sign=True) for value in (*charges, one.homo_ev, one.lumo_ev))))
    return Table(
        "Mulliken charges, positive where electrons have left, at the electronic temperature of the calculation, and "
        "HOMO and LUMO of the dot's own block of the junction, from the Fermi energy.",
        (
            "junction", "charge of the dot (e)", "of the left tip (e)", "of the right tip (e)", "HOMO − E_F (eV)",
            "LUMO − E_F (eV)",
        ),
        tuple(rows),
    )  # fmt: skip


KIND = AlignmentSection()
