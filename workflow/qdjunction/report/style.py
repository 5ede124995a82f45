"""Colours and fonts of all figures and of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from qdjunction.core.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN = 6.0
"""Width of a figure (inch); at this width its type is as large as that of the page."""

COLUMN_MM, PAGE_MM = 89.0, 183.0
"""Widths of a figure in one and in two columns of a journal (mm)."""

MM_PER_INCH = 25.4

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000")
"""Okabe and Ito's colours, which colour-blind readers can distinguish."""

DASHES = ("-", "--", ":", "-.")
CONTROL_DASH = "--"

GAP = "#F1F1EC"
TREND = "#595959"
HEADLINE = "#7A1FA2"
BAND = "#DCE9F2"
STEP = "#BFE3F2"
JUMP = "#F6C9B0"

_RC: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.labelsize": 9.0,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "lines.linewidth": 1.4,
    "figure.constrained_layout.use": True,
    # Outlines look alike on every machine; the fixed salt makes two runs write the same bytes.
    "svg.fonttype": "path",
    "svg.hashsalt": "qdjunction",
    "pdf.fonttype": 42,
    "path.simplify": True,
}

_SHEET: ContextVar[Mapping[str, Any] | None] = ContextVar("style sheet", default=None)


@contextmanager
def restyled(sheet: str | Path | None) -> Iterator[None]:
    """Apply a Matplotlib style sheet on top of the report's style within this block.

    Raises
    ------
    InputError
        If the sheet cannot be read or contains nothing that Matplotlib knows.
    """
    import matplotlib as mpl

    values: Mapping[str, Any] | None = None
    if sheet is not None:
        try:
            values = cast(Mapping[str, Any], mpl.rc_params_from_file(sheet, use_default_template=False))
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{sheet}: cannot be read as a Matplotlib style sheet ({error})") from None
        if not values:
            raise InputError(
                f"{sheet}: sets nothing that Matplotlib knows; write lines such as 'font.size: 11'"
            )
    token = _SHEET.set(values)
    try:
        yield
    finally:
        _SHEET.reset(token)


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw within this block in the style of the report, regardless of the user's matplotlibrc."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        cast(Any, mpl.rcParams).update({**_RC, **(_SHEET.get() or {})})
        yield


_COMPOSED: dict[str, Any] = {
    "font.size": 7.0,
    "axes.titlesize": 7.0,
    "axes.labelsize": 7.0,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "lines.linewidth": 1.0,
    "axes.linewidth": 0.6,
}


@contextmanager
def composed() -> Iterator[None]:
    """Draw within this block in the sizes of a figure of several panels, at its width in a journal."""
    import matplotlib as mpl

    with mpl.rc_context():
        cast(Any, mpl.rcParams).update(_COMPOSED)
        yield


def letter_panels(panels: Sequence[Axes]) -> None:
    """Write a bold letter, a, b, c, ..., above the upper left corner of each panel."""
    for letter, axes in zip("abcdefghijklmnopqrstuvwxyz", panels, strict=False):
        axes.annotate(
            letter, (0, 1), (-14, 4), xycoords="axes fraction",
            textcoords="offset points", fontsize=9, weight="bold", ha="right", va="bottom", annotation_clip=False,
        )  # fmt: skip


def junction_colours(names: Sequence[str]) -> dict[str, str]:
    """Return the colour of each junction of a dot, the same in every figure."""
    return {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(names)}


def junction_dashes(names: Sequence[str]) -> dict[str, str]:
    """Return the line style of each junction, which changes each time the colours repeat."""
    return {name: DASHES[i // len(PALETTE) % len(DASHES)] for i, name in enumerate(names)}


def element_colour(symbol: str) -> str:
    """Return Jmol's colour of an element, as #rrggbb; hydrogen is grey, since white is invisible on the page."""
    from ase.data import atomic_numbers
    from ase.data.colors import jmol_colors
    from matplotlib.colors import to_hex

    if symbol == "H":
        return "#bdbdbd"
    return to_hex(jmol_colors[atomic_numbers[symbol]])


def element_radius(symbol: str) -> float:
    """Return the radius that an atom is drawn with (Ang): half its covalent one, so that bonds stay visible."""
    from ase.data import atomic_numbers, covalent_radii

    return 0.5 * float(covalent_radii[atomic_numbers[symbol]])


def foot(figure: Figure, text: str) -> None:
    """Put the model, method or experiment that a figure comes from at its foot; nothing if the text is empty."""
    if text:
        figure.supxlabel(text, x=0.99, ha="right", fontsize=6.5, color="#777777")


def legend_above(axes: Axes, columns: int) -> None:
    """Put the legend above the plot, where it hides nothing."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=columns,
        borderaxespad=0.2,
        columnspacing=1.2,
        handlelength=1.6,
    )
