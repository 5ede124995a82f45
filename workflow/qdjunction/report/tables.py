"""A table of the page and the text of its cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

MISSING = "–"


@dataclass(frozen=True)
class Table:
    """A table of the page.

    Attributes
    ----------
    caption : str
        What it shows.
    columns : tuple of str
        Headings, with units.
    rows : tuple of tuple of str
        Cells.
    words : int
        Number of leading columns that contain words; the others contain numbers.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1


def number(value: Any, digits: int = 2, sign: bool = False) -> str:
    """Return a number with fixed digits, or a dash if it is missing."""
    if value is None or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return MISSING
    return f"{value:{'+' if sign else ''}.{digits}f}".replace("-", "−")


def interval(ends: Sequence[float | None], digits: int = 2) -> str:
    """Return an interval, or a dash if an end is missing."""
    if any(end is None or not np.isfinite(end) for end in ends):
        return MISSING
    return f"{number(ends[0], digits)} to {number(ends[1], digits)}"


def row_tuples(frame: pd.DataFrame) -> Iterator[Any]:
    """Return the rows of a table, with its columns as attributes."""
    return frame.itertuples()


def share(value: float | None) -> str:
    """Return a share in per cent, or a dash if it is missing."""
    return MISSING if value is None or not np.isfinite(value) else f"{value:.0%}"


def as_text(table: Table) -> str:
    """Return a table as lines of text: its caption, then columns with numbers to the right."""
    cells = [table.columns, *table.rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(table.columns))]
    lines = [
        "  ".join(
            cell.ljust(width) if column < table.words else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    return "\n".join([table.caption, *lines])
