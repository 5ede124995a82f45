"""Time and memory of each job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qdjunction.report.sections.contract import PageSection
from qdjunction.report.tables import MISSING, Table, number, row_tuples

if TYPE_CHECKING:
    from markupsafe import Markup

    from qdjunction.report.data import StudyResults
    from qdjunction.report.page import Page


class TimingsSection(PageSection):
    """Time and memory of the jobs that left a benchmark."""

    name = "timings"
    order = 80
    title = "Timings"

    def html(self, page: Page) -> Markup:
        """Return the table, collapsed."""
        return page.render(HTML, table=timings_table(page.results))


HTML = """
<section id="timings">
<h2>Timings</h2>
<details><summary>{{ table.caption }}</summary>
{{ show_table(table, caption=False) }}
</details>
</section>
"""


def timings_table(results: StudyResults) -> Table:
    """Return wall time, processor time and memory of every job that left a benchmark."""
    total = number(results.timings["wall_s"].sum() / 60, 1)
    rows = [
        (
            job.dot or MISSING,
            job.junction or MISSING,
            job.job,
            number(job.wall_s, 1),
            number(job.cpu_s, 1),
            number(job.max_rss_mb, 0),
        )
        for job in row_tuples(results.timings)
    ]
    return Table(
        f"Jobs as Snakemake measured them when each was last run: {total} minutes of wall time in all.",
        ("dot or set", "junction", "job", "wall time (s)", "processor time (s)", "largest memory (MB)"),
        tuple(rows),
        3,
    )


KIND = TimingsSection()
