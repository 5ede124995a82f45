"""Registry of the sections, in the order of the page."""

from typing import TypeVar

from qdjunction.core.registry import Registry
from qdjunction.report.sections.contract import Section

SECTIONS: Registry[Section] = Registry(
    "qdjunction.report.sections", "qdjunction.report_sections", "section of the report"
)

S = TypeVar("S", bound=Section)


def sections(kind: type[S]) -> list[S]:
    """Return the sections of a kind, such as `PageSection`, in the order of the page."""
    found = [section for section in SECTIONS.values() if isinstance(section, kind)]
    return sorted(found, key=lambda section: (section.order, section.name))
