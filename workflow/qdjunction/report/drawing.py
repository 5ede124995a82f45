"""A figure with its source data, and how it is written."""

import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from qdjunction.core.files import whole, write_table
from qdjunction.report import style


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure with the numbers it shows."""

    figure: Figure
    table: pd.DataFrame


def write_figure(drawing: Drawing, stem: str | Path) -> None:
    """Write a figure as SVG and PDF with its source data as CSV, each whole, the same bytes every time.

    Parameters
    ----------
    drawing : Drawing
        The figure and its numbers.
    stem : str or Path
        Path without suffix.
    """
    with style.figure_style():
        for suffix, metadata in (("svg", {"Date": None}), ("pdf", {"CreationDate": None})):
            with whole(f"{stem}.{suffix}") as temporary:
                drawing.figure.savefig(temporary, metadata=metadata)
    write_table(drawing.table, f"{stem}.csv")


def svg(figure: Figure) -> bytes:
    """Give a figure as SVG."""
    with style.figure_style(), io.BytesIO() as buffer:
        figure.savefig(buffer, format="svg", metadata={"Date": None})
        return buffer.getvalue()
