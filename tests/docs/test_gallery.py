"""Every kind of figure is in the gallery, or there is a reason."""

import re

from qdjunction.report.sections.contract import Section, TraceSection
from qdjunction.report.sections.registry import SECTIONS
from qdjunction.transport import OBSERVABLES
from support.paths import ROOT

PAGE = (ROOT / "docs" / "gallery.md").read_text("utf-8")
OF_OTHERS = {"overview"}
"""Figures that belong to no section: that of a screening."""
NOT_SHOWN = {
    "slide": "each step of a pull relaxes a whole junction, and no recorded one is small enough to ship",
    "slide_traces": "each step of a pull relaxes a whole junction, and no recorded one is small enough to ship",
    "sizes": "needs several dots of one crystal of a paper, and no recorded study has them",
    "experiment": "needs a series of a dot of a paper that has traces, and no recorded study has one",
    "robustness": "every variant is a further series, and the example of the gallery would take that much longer",
    "cover": "relaxations of slabs with up to eight ligands, hours of processor time, are not recorded",
    "regions": "weights over the regions of several dots, whose H and S are not recorded",
    "observables": "drawn by the kinds of observables, each of which is shown",
}


def draws(section: Section) -> bool:
    """Whether a section draws a figure."""
    if isinstance(section, TraceSection):
        return type(section).draw_set is not TraceSection.draw_set
    return type(section).draw is not Section.draw


def kinds() -> set[str]:
    """Kinds of figures, as the report names their files."""
    of_sections = {name.removeprefix("trace_") for name, section in SECTIONS.items() if draws(section)}
    return of_sections | set(OBSERVABLES) | OF_OTHERS


def shown() -> set[str]:
    """Kinds in the gallery: the first words of captions, and all kinds of sets of traces where a pattern shows them."""
    found = set(re.findall(r"^:caption: ([\w-]+), ", PAGE, re.MULTILINE))
    assert re.search(r"\{figures\} \S*/traces_\w+_\*\.svg\n:prefix: trace_", PAGE)
    drawn = (name for name, one in SECTIONS.items() if isinstance(one, TraceSection) and draws(one))
    return found | {name.removeprefix("trace_") for name in drawn}


def test_every_kind_of_figure_is_in_the_gallery():
    missing = kinds() - shown() - set(NOT_SHOWN)
    assert not missing, (
        f"docs/gallery.md shows no figure of {sorted(missing)}: add the lines that draw it, with a caption that begins "
        "with its name and a comma, or a reason to NOT_SHOWN in tests/docs/test_gallery.py"
    )


def test_reasons_are_still_needed():
    assert set(NOT_SHOWN) <= kinds()
    assert not set(NOT_SHOWN) & shown()


def test_captions_name_kinds_that_exist():
    assert shown() <= kinds()
