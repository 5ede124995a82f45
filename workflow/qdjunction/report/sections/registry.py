"""Registry of the sections, in the order of the page."""

from typing import TypeVar

from qdjunction.core.registry import Registry
from qdjunction.report.sections.contract import Section
from qdjunction.study.table import Study

SECTIONS: Registry[Section] = Registry(
    "qdjunction.report.sections", "qdjunction.report_sections", "section of the report"
)

S = TypeVar("S", bound=Section)


def sections(kind: type[S], study: Study) -> list[S]:
    """Return the sections of a kind, such as `PageSection`, that a study has, in the order of the page."""
    found = [
        section
        for section in SECTIONS.values()
        if isinstance(section, kind) and (study.dots or not section.about_dots)
    ]
    return sorted(found, key=lambda section: (section.order, section.name))
