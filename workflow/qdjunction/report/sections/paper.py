"""Published values beside those of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qdjunction.report.sections.contract import PageSection
from qdjunction.report.tables import Table, interval, row_tuples
from qdjunction.study import layout
from qdjunction.study.papers import paper_of

if TYPE_CHECKING:
    from markupsafe import Markup

    from qdjunction.report.page import Page


class PaperSection(PageSection):
    """Table of the values of a paper, with which the page opens."""

    name = "paper"
    order = 5
    title = "Compared with the paper"

    def html(self, page: Page) -> Markup | str:
        """Return the table, or nothing where the study is compared with no paper."""
        from qdjunction.report.paper_comparison import NOT_AVAILABLE, compare_with_paper

        results = page.results
        if (paper := paper_of(results.study)) is None:
            return ""
        found = compare_with_paper(results, paper)
        counts = found["agrees"].value_counts()
        table = Table(
            f"Values of the paper ({paper.method}) and of this study ({results.engine.label}). A number agrees if it "
            "lies within the tolerance of the item, and is open if only its interval holds the published value; a "
            "statement is open if the study does not decide it. A jump is here a step to a contact above the trend; "
            "the note has the prediction band and the controls, without which it says nothing about interference.",
            ("item", "paper", "this study", "interval", "unit", "agrees?", "note"),
            tuple(
                (
                    row.item, row.paper, row.ours, interval((row.low, row.high)), row.unit, row.agrees, row.note,
                )
                for row in row_tuples(found)
            ),
            words=7,
        )  # fmt: skip
        return page.render(
            HTML, paper=paper, table=table, file=layout.PAPER_TABLE,
            counts={key: int(counts.get(key, 0)) for key in ("yes", "no", "open", NOT_AVAILABLE)}, total=len(found),
        )  # fmt: skip


HTML = """
<section id="paper">
<h2>Compared with the paper</h2>
<p>{{ paper.source }}, doi:{{ paper.doi }}. Of {{ total }} published items {{ counts["yes"] }} agree,
{{ counts["no"] }} do not, {{ counts["open"] }} are open, and {{ counts["not available"] }} are not available in this
study. The same table is <a href="{{ file }}">{{ file }}</a>.</p>
{{ show_table(table) }}
</section>
"""

KIND = PaperSection()
