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
        How many leading columns hold words; all others hold numbers.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1


def number(value: Any, digits: int = 2, sign: bool = False) -> str:
    """A number with fixed digits; a dash for what is missing."""
    if value is None or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return MISSING
    return f"{value:{'+' if sign else ''}.{digits}f}".replace("-", "−")


def interval(ends: Sequence[float | None], digits: int = 2) -> str:
    """An interval, or a dash where it has no ends."""
    if any(end is None or not np.isfinite(end) for end in ends):
        return MISSING
    return f"{number(ends[0], digits)} to {number(ends[1], digits)}"


def row_tuples(frame: pd.DataFrame) -> Iterator[Any]:
    """Return the rows of a table, with its columns as attributes."""
    return frame.itertuples()


def share(value: float | None) -> str:
    """A share as per cent."""
    return MISSING if value is None or not np.isfinite(value) else f"{value:.0%}"
