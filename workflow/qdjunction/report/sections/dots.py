"""The dots, each with its series."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

from markupsafe import Markup

from qdjunction.report.sections.contract import PageSection, SeriesSection, of_dots, of_series
from qdjunction.report.sections.registry import sections
from qdjunction.study import layout

if TYPE_CHECKING:
    from qdjunction.report.data import DotResults, SeriesResults, StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study


class DotsSection(PageSection):
    """Gap of each dot, and the parts of each of its series."""

    name = "dots"
    about_dots = True
    order = 10

    def files(self, study: Study) -> Iterable[str]:
        """Return geometries, relaxations and levels of the dots, and the summaries of their series."""
        return [
            *of_dots(study, layout.RELAXED, layout.RELAXATION, layout.HAMILTONIAN),
            *of_series(study, layout.SERIES),
        ]

    def links(self, results: StudyResults) -> Iterable[tuple[str, str]]:
        """Return one entry for each dot."""
        return [(f"dot-{number}", dot.case.id) for number, dot in enumerate(results.dots, start=1)]

    def html(self, page: Page) -> Markup:
        """Return a section for each dot."""
        from qdjunction.report.outcome import control_sentence, verdict_sentence

        settings = page.results.study.config.interference
        return page.render(
            HTML,
            engine=page.results.engine,
            dots=[
                {
                    "id": dot.case.id,
                    "atoms": len(dot.atoms),
                    "formula": dot.relaxation.formula,
                    "junctions": len(dot.case.junctions),
                    "gap_ev": dot.lumo_ev - dot.homo_ev,
                    "series": [
                        {
                            "left": series.left,
                            "verdict": verdict_sentence(series, settings) if series.kind == "decay" else "",
                            "controls": control_sentence(series, dot.pairs.control if dot.pairs else None),
                            "parts": _parts(page, dot, series),
                        }
                        for series in dot.series
                    ],
                }
                for dot in page.results.dots
            ],
        )


HTML = """
{% for dot in dots %}
<section id="dot-{{ loop.index }}">
<h2>{{ dot.id }}</h2>
<p>{{ dot.formula }}, {{ dot.atoms }} atoms.
{% if dot.gap_ev == dot.gap_ev %}The bare, relaxed dot has a HOMO-LUMO gap of
{{ "%.2f" % dot.gap_ev }} eV{% if engine.embedded %} in {{ engine.method }}{% endif %}.
{% else %}
The electronic structure of the bare dot failed.
{% endif %}</p>
{% if dot.junctions and not dot.series %}
<p>No junction of this dot has a result, see <a href="#failures">what failed</a>.</p>
{% endif %}
{% for series in dot.series %}
{% if dot.series | length > 1 %}<h3>Contacts from {{ series.left }}</h3>{% endif %}
{% if series.verdict %}<p>{{ series.verdict }}</p>{% endif %}
{% if series.controls %}<p>{{ series.controls }}</p>{% endif %}
{{ series.parts }}
{% endfor %}
</section>
{% endfor %}
"""


def _parts(page: Page, dot: DotResults, series: SeriesResults) -> Markup:
    """Return the parts of all sections for a series; neighbours with `beside` share a grid."""
    html = Markup()
    of_kind = [
        section for section in sections(SeriesSection, page.results.study) if series.kind in section.kinds
    ]
    for beside, group in groupby(of_kind, key=lambda section: section.beside):
        parts = Markup("\n").join(section.html(page, dot, series) for section in group)
        html += Markup('<div class="pair">\n{}\n</div>').format(parts) if beside else parts
    return html


KIND = DotsSection()
