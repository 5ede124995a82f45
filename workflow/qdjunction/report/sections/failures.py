"""Failed calculations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qdjunction.report.sections.contract import PageSection
from qdjunction.report.tables import Table

if TYPE_CHECKING:
    from markupsafe import Markup

    from qdjunction.report.page import Page
    from qdjunction.study.failures import Failure


class FailuresSection(PageSection):
    """The failures of a study with their reasons."""

    name = "failures"
    order = 60

    def html(self, page: Page) -> Markup | str:
        """Return the table; empty if nothing failed."""
        if not page.results.failures:
            return ""
        return page.render(HTML, table=failures_table(page.results.failures))


HTML = """
<section id="failures">
<h2>What failed</h2>
{{ show_table(table) }}
</section>
"""


def failures_table(failures: Iterable[Failure]) -> Table:
    """Return the failures with their reasons."""
    return Table(
        "Calculations that failed. Everything that depends on their results is left out of this page.",
        ("dot or junction", "step", "reason"),
        tuple((failure.case, failure.step, failure.reason) for failure in failures),
        3,
    )


KIND = FailuresSection()
