"""Igor text (``.itx``): waves as columns between BEGIN and END, each block a trace.

Source: WaveMetrics, Igor Pro, help file "Importing and Exporting Data", section "The Igor Text File Format".
"""

import re
from collections.abc import Iterator

import numpy as np

from qdjunction.core.errors import InputError
from qdjunction.traces.readers import blocks
from qdjunction.traces.readers.blocks import Column, Scaling
from qdjunction.traces.readers.contract import Recording
from qdjunction.traces.settings import ReadSettings

_WAVES = re.compile(
    r"^WAVES?\s*(?P<flags>(?:/\w+(?:\s*=\s*\([^)]*\)|\s*=\s*\S+)?\s*)*)(?P<names>.*)$", re.IGNORECASE
)
_SCALE = re.compile(
    r"SetScale\s*(?P<kind>/[PI])?\s*/?\s*(?P<axis>[xyd])[\s,]\s*(?P<first>[^,]+),\s*(?P<second>[^,]+)"
    r"(?:,\s*\"(?P<unit>[^\"]*)\")?\s*,\s*(?P<names>[^;\n]+)",
    re.IGNORECASE,
)


def is_igor_text(content: bytes) -> bool:
    """Return whether a text begins like Igor text."""
    return content[:64].lstrip().upper().split(b"\n")[0].strip() == b"IGOR"


def recordings(content: bytes, settings: ReadSettings) -> Iterator[Recording]:
    """Yield the blocks of an Igor text.

    The columns of a block with two or more waves are selected by the settings. A single wave is a conductance, and its
    x scaling is the displacement. Names and units of the waves are used as column headings.

    Parameters
    ----------
    content : bytes
        The text, with lines that end in LF.
    settings : ReadSettings
        Columns and units.

    Yields
    ------
    Recording
        One for each block.

    Raises
    ------
    InputError
        If the text is not in Igor's format, or names other units.
    """
    text = content.decode("utf-8", errors="replace")
    found = list(_blocks(text))
    if not found:
        raise InputError("it is Igor text without a block of WAVES, BEGIN and END")
    scales = list(
        _SCALE.finditer("\n".join(line for line in text.split("\n") if line.lstrip()[:2].upper() == "X "))
    )
    for number, (names, rows) in enumerate(found):
        label = "" if len(found) == 1 else str(number)
        columns = [Column.of(rows[:, at], name, _unit(name, scales)) for at, name in enumerate(names)]
        scaling = _scaling(names[0], len(rows), scales) if len(names) == 1 else None
        yield from blocks.recordings(label, columns, settings, scaling)


def _blocks(text: str) -> Iterator[tuple[list[str], np.ndarray]]:
    names: list[str] | None = None
    rows: list[list[float]] | None = None
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.split()
        if rows is not None:
            if words and words[0].upper() == "END":
                yield names or [], np.array(rows, dtype=np.float64).reshape(-1, len(names or []))
                names = rows = None
            elif words:
                rows.append(_numbers(line, number, len(names or [])))
        elif names is not None:
            if words and words[0].upper() == "BEGIN":
                rows = []
            elif words:
                raise InputError(f"line {number}: '{line.strip()[:30]}' where BEGIN is expected")
        elif words and (found := _WAVES.match(line.strip())):
            dimensions = re.search(r"/N\s*=\s*\(([^)]*)\)", found["flags"], re.IGNORECASE)
            if dimensions and "," in dimensions[1]:
                raise InputError(
                    f"line {number}: it holds waves of several dimensions; save one-dimensional waves"
                )
            names = [name.strip("'") for name in re.findall(r"'[^']+'|[^\s,]+", found["names"])]
            if not names:
                raise InputError(f"line {number}: WAVES names no wave")
    if rows is not None or names is not None:
        raise InputError("it ends within a block of waves; the recording was cut short")


def _numbers(line: str, number: int, count: int) -> list[float]:
    fields = line.replace(",", " ").split()
    if len(fields) != count:
        raise InputError(f"line {number} has {len(fields)} columns; its waves are {count}")
    try:
        return [float(field) for field in fields]
    except ValueError:
        raise InputError(f"line {number}: '{line.strip()[:30]}' is not numbers") from None


def _unit(name: str, scales: list[re.Match[str]]) -> str:
    """Return the unit of the values of a wave; empty if none is set."""
    units = (
        scale["unit"]
        for scale in scales
        if scale["axis"].lower() in "yd" and scale["unit"] and name in _named(scale)
    )
    return next(units, "")


def _scaling(name: str, size: int, scales: list[re.Match[str]]) -> Scaling | None:
    """Return the x scaling of a wave; None if it has none."""
    scale = next((scale for scale in scales if scale["axis"].lower() == "x" and name in _named(scale)), None)
    if scale is None:
        return None
    try:
        first, second = float(scale["first"]), float(scale["second"])
    except ValueError:
        raise InputError(f"the x scaling of its wave {name} is not two numbers") from None
    kind = (scale["kind"] or "").upper()
    step = second if kind == "/P" else (second - first) / max(size - (kind == "/I"), 1)
    return Scaling(first, step, scale["unit"] or "")


def _named(scale: re.Match[str]) -> list[str]:
    return [name.strip().strip("'") for name in scale["names"].split(",")]
