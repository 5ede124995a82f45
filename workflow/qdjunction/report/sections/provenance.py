"""Provenance of the results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qdjunction.report.sections.contract import PageSection
from qdjunction.report.tables import MISSING, Table

if TYPE_CHECKING:
    from markupsafe import Markup

    from qdjunction.core.provenance import Provenance
    from qdjunction.report.data import StudyResults
    from qdjunction.report.page import Page


class ProvenanceSection(PageSection):
    """Commits, machines, times and versions."""

    name = "provenance"
    order = 90
    title = "Provenance"

    def html(self, page: Page) -> Markup:
        """Return the tables."""
        return page.render(
            HTML,
            provenance_table=provenance_table(page.results, page.provenance),
            versions_table=versions_table(page.results, page.provenance),
        )


HTML = """
<section id="provenance">
<h2>Provenance and versions</h2>
{{ show_table(provenance_table) }}
{{ show_table(versions_table) }}
</section>
"""


def provenance_table(results: StudyResults, page: Provenance) -> Table:
    """Return commit, time and machine of the page and of the relaxed geometries."""
    rows = [("this page", page.commit or MISSING, page.time, page.machine)]
    for dot in results.dots:
        made = dot.relaxation.provenance
        rows.append((f"{dot.case.id}, relaxed geometry", made.commit or MISSING, made.time, made.machine))
    return Table(
        "Where the numbers come from. A commit that ends in +changes had uncommitted changes.",
        ("what", "commit", "time (UTC)", "machine"),
        tuple(rows),
        4,
    )


def versions_table(results: StudyResults, page: Provenance) -> Table:
    """Return the versions of programs and libraries used by the engine and for this page."""
    engine = results.engine.versions
    report = {"qdjunction": page.qdjunction, "python": page.python, **page.packages}
    if not results.study.dots and not results.study.covers:
        return Table(
            "Versions with which this page was made.", ("program", "this page"), tuple(report.items()), 2
        )
    return Table(
        "Versions with which the engine computed and with which this page was made.",
        ("program", "engine", "this page"),
        tuple((name, engine.get(name, MISSING), report.get(name, MISSING)) for name in engine | report),
        3,
    )


KIND = ProvenanceSection()
