"""A figure with its source data, and how it is drawn and written."""

from __future__ import annotations

import io
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qdjunction.core.files import atomic_write, write_table
from qdjunction.report import style
from qdjunction.report.sections.contract import PlannedFigure
from qdjunction.report.sections.registry import SECTIONS
from qdjunction.study.failures import STUDY_CASE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from qdjunction.report.data import StudyResults


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure with the numbers it shows."""

    figure: Figure
    table: pd.DataFrame


def new_figure(height_in: float, width_in: float = style.WIDTH_IN) -> Figure:
    """Return an empty figure `height_in` inches high, by default as wide as the page."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in))


def journal_figure(height_mm: float, width_mm: float = style.PAGE_MM) -> Figure:
    """Return an empty figure of a width in a journal, by default that of two columns; draw in `style.composed`."""
    return new_figure(height_mm / style.MM_PER_INCH, width_mm / style.MM_PER_INCH)


def draw(results: StudyResults, planned: PlannedFigure) -> Drawing:
    """Draw a planned figure of a study, with its model, method or experiment named at the foot.

    If the data are missing because of a failure, the figure states the reason.
    """
    section = SECTIONS[planned.kind]
    with style.figure_style():
        if not section.shows(results, planned):
            return _not_available(results, planned)
        drawing = section.draw(results, planned)
        origin = section.origin(results, planned)
        style.foot(drawing.figure, origin)
    return drawing


def _not_available(results: StudyResults, planned: PlannedFigure) -> Drawing:
    import pandas as pd

    subject = planned.traces or planned.series or planned.dot
    of = (planned.traces, planned.series, planned.dot) if subject else (STUDY_CASE,)
    reasons = [str(one) for one in results.failures if one.case.partition("/")[0] in of]
    title = f"{planned.title} of {subject}" if subject else planned.title
    text = textwrap.fill(f"{title}: not available. {' '.join(reasons)}", 80)
    figure = new_figure(0.4 + 0.16 * (text.count("\n") + 1))
    figure.text(0.02, 0.5, text, va="center", parse_math=False)
    return Drawing(figure, pd.DataFrame({"not_available_because": reasons}))


def write_figure(drawing: Drawing, stem: str | Path) -> None:
    """Write a figure as SVG and PDF with its source data as CSV, each atomically.

    The same figure is always written as the same bytes.

    Parameters
    ----------
    drawing : Drawing
        The figure and its numbers.
    stem : str or Path
        Path without suffix.
    """
    with style.figure_style():
        for suffix, metadata in (("svg", {"Date": None}), ("pdf", {"CreationDate": None})):
            with atomic_write(f"{stem}.{suffix}") as temporary:
                drawing.figure.savefig(temporary, metadata=metadata)
    write_table(drawing.table, f"{stem}.csv")


def svg(figure: Figure) -> bytes:
    """Return a figure as SVG."""
    with style.figure_style(), io.BytesIO() as buffer:
        figure.savefig(buffer, format="svg", metadata={"Date": None})
        return buffer.getvalue()
