"""The figures of a study and the files they are made from, planned from its configuration; cheap to import."""

from collections.abc import Iterator

from qdjunction.report.sections.contract import (
    FORMATS,
    BiasSection,
    PageSection,
    PlannedFigure,
    Section,
    SeriesSection,
    TraceSection,
    of_dots,
    series_of,
)
from qdjunction.report.sections.registry import sections
from qdjunction.study import layout
from qdjunction.study.layout import FIGURE_RECORD
from qdjunction.study.table import Study

__all__ = [
    "FIGURE_RECORD",
    "FORMATS",
    "PlannedFigure",
    "files_of",
    "overview_files_of",
    "planned_figures",
    "series_of",
]


def planned_figures(study: Study) -> list[PlannedFigure]:
    """Return the figures of a study: those of its series, of its traces, of the page."""
    return [figure for section in _sections(study) for figure in section.figures(study)]


def files_of(study: Study) -> list[str]:
    """Return the paths, in the results folder, of the files that figures and page are made from."""
    return list(dict.fromkeys(file for section in _sections(study) for file in section.files(study)))


def overview_files_of(study: Study) -> list[str]:
    """Return the same for the overview of a screening."""
    return of_dots(study, layout.RELAXATION, layout.HAMILTONIAN, layout.SERIES)


def _sections(study: Study) -> Iterator[Section]:
    for kind in (SeriesSection, TraceSection, BiasSection, PageSection):
        yield from sections(kind, study)
