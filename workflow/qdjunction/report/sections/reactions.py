"""Energies of reactions between the structures of a study."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qdjunction.report.sections.contract import PageSection
from qdjunction.report.tables import MISSING, Table, number
from qdjunction.study import layout

if TYPE_CHECKING:
    from markupsafe import Markup

    from qdjunction.report.page import Page
    from qdjunction.study.results import ReactionsRecord
    from qdjunction.study.table import Study


class ReactionsSection(PageSection):
    """Table of the reactions."""

    name = "reactions"
    order = 14.7
    title = "Reactions"

    def files(self, study: Study) -> Iterable[str]:
        """Return record and table, if the study has reactions."""
        return [layout.REACTIONS, layout.REACTION_TABLE] if study.reaction_dots else []

    def html(self, page: Page) -> Markup | str:
        """Return the section, or nothing where no reaction has an energy."""
        if page.results.reactions is None:
            return ""
        return page.render(HTML, table=reactions_table(page.results.reactions))


HTML = """
<section id="reactions">
<h2>Reactions</h2>
{{ show_table(table) }}
</section>
"""


def reactions_table(record: ReactionsRecord) -> Table:
    """Return the energy of every reaction."""
    return Table(
        f"Energies of the products less those of the reactants, all relaxed by themselves with {record.engine.method}: "
        "negative where energy is released. They are differences of total energies in vacuum at zero temperature, "
        "without zero-point motion, entropy or solvent. A structure that did not keep its bonds is no longer the one "
        "that was built.",
        ("reaction", "equation", "not kept in the relaxation", "energy (eV)", "largest force (eV/Å)"),
        tuple(
            (
                one.name, one.equation.replace("->", "→"), "; ".join(one.findings) or MISSING,
                number(one.energy_ev, 3, sign=True), number(one.fmax_ev_per_ang, 3),
            )
            for one in record.reactions
        ),
        words=3,
    )  # fmt: skip


KIND = ReactionsSection()
