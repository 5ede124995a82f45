"""Igor text (``.itx``): waves as columns between BEGIN and END, each block a trace.

Source: WaveMetrics, Igor Pro, help file "Importing and Exporting Data", section "The Igor Text File Format".
"""

import re
from collections.abc import Iterator

import numpy as np

from qdjunction.core.errors import InputError
from qdjunction.traces.headings import check_conductance_heading, check_displacement_heading
from qdjunction.traces.readers.contract import Recording
from qdjunction.traces.settings import ReadSettings

_WAVES = re.compile(
    r"^WAVES?\s*(?P<flags>(?:/\w+(?:\s*=\s*\([^)]*\)|\s*=\s*\S+)?)*)\s*(?P<names>.*)$", re.IGNORECASE
)
_SCALE = re.compile(
    r"SetScale\s*(?P<kind>/[PI])?\s*/?\s*(?P<axis>[xyd])\s+(?P<first>[^,]+),\s*(?P<second>[^,]+)"
    r"(?:,\s*\"(?P<unit>[^\"]*)\")?\s*,\s*(?P<names>[^;]+)",
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
    blocks = list(_blocks(text))
    if not blocks:
        raise InputError("it is Igor text without a block of WAVES, BEGIN and END")
    scales = list(
        _SCALE.finditer("\n".join(line for line in text.split("\n") if line.lstrip()[:2].upper() == "X "))
    )
    for number, (names, rows) in enumerate(blocks):
        label = "" if len(blocks) == 1 else str(number)
        if len(names) == 1:
            yield _scaled(label, names[0], rows[:, 0], scales, settings)
            continue
        columns = settings.displacement_column, settings.conductance_column
        if max(columns) >= len(names):
            raise InputError(f"its waves are {', '.join(names)}; column {max(columns)} (from 0) is requested")
        headings = [[*_units(names[column], scales), names[column].replace("_", " ")] for column in columns]
        notes = []
        if check_displacement_heading(headings[0], settings.displacement_unit) is None:
            notes.append(
                f"displacement in {settings.displacement_unit} as set by traces.read; no wave names a unit"
            )
        if check_conductance_heading(headings[1], settings.conductance_unit) is None:
            notes.append(
                f"conductance in {settings.conductance_unit} as set by traces.read; no wave names a unit"
            )
        yield Recording(label, rows[:, columns[0]], rows[:, columns[1]], settings, tuple(notes))


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


def _units(name: str, scales: list[re.Match[str]]) -> list[str]:
    """Return the unit of the values of a wave, as a list; empty if none is set."""
    return [
        scale["unit"]
        for scale in scales
        if scale["axis"].lower() in "yd" and scale["unit"] and name in _named(scale)
    ]


def _scaled(
    label: str, name: str, values: np.ndarray, scales: list[re.Match[str]], settings: ReadSettings
) -> Recording:
    """Return the recording of a single wave, with the displacement from its x scaling."""
    scale = next((scale for scale in scales if scale["axis"].lower() == "x" and name in _named(scale)), None)
    if scale is None:
        raise InputError(f"its only wave {name} has no x scaling, so the displacement is not known")
    check_displacement_heading([scale["unit"] or ""], settings.displacement_unit)
    if not scale["unit"]:
        raise InputError(
            f"the x scaling of its wave {name} names no unit; set it to that of the displacement"
        )
    named = check_conductance_heading(
        [*_units(name, scales), name.replace("_", " ")], settings.conductance_unit
    )
    try:
        first, second = float(scale["first"]), float(scale["second"])
    except ValueError:
        raise InputError(f"the x scaling of its wave {name} is not two numbers") from None
    step = (second - first) / max(len(values), 1) if (scale["kind"] or "").upper() != "/P" else second
    if (scale["kind"] or "").upper() == "/I":
        step = (second - first) / max(len(values) - 1, 1)
    notes = (
        ()
        if named
        else (f"conductance in {settings.conductance_unit} as set by traces.read; no wave names a unit",)
    )
    return Recording(label, first + step * np.arange(len(values), dtype=np.float64), values, settings, notes)


def _named(scale: re.Match[str]) -> list[str]:
    return [name.strip().strip("'") for name in scale["names"].split(",")]
