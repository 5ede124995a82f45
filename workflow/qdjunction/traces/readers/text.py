"""Text files of columns, in the number formats of laboratory software."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, takewhile
from pathlib import Path

import numpy as np
import pandas as pd

from qdjunction.core.errors import InputError
from qdjunction.core.text import HEAD_BYTES, as_utf8
from qdjunction.traces.headings import check_header_line, is_heading_line, unit_notes
from qdjunction.traces.readers import igor
from qdjunction.traces.readers.compression import unpacked
from qdjunction.traces.readers.contract import Format, Recording
from qdjunction.traces.settings import ReadSettings

_NUMBER = re.compile(
    r"[+-]?(?:\d+(?:[.,]\d+)?|\d+\.|[.,]\d+)(?:[eEdD][+-]?\d+)?|[+-]?(?:nan|inf(?:inity)?)", re.IGNORECASE
)
_SEPARATORS = ("\t", ";", r"\s+", ",")
_HEAD_SEPARATORS = ("\t", ";", r"\s{2,}", ",", r"(?<=[)\]])\s+", r"\s+")


class TextFile:
    """One text file with one trace, or several below each other.

    Columns may be separated by tabs, blanks, semicolons or commas; decimals by a point or a comma; exponents may be
    Fortran's D. A header, a byte-order mark, UTF-16, the line endings of any system, compression by gzip, bzip2 or xz,
    and Igor text are supported. A last line truncated by an interrupted recording is ignored.

    Parameters
    ----------
    path : Path
        The file.
    settings : ReadSettings
        Columns and units.
    """

    def __init__(self, path: Path, settings: ReadSettings):
        self._path = path
        self._settings = settings

    def __len__(self) -> int:
        """Return 1; the number of traces in the file is known only after reading it."""
        return 1

    def __iter__(self) -> Iterator[Recording]:
        """Yield the columns; with a trace column, those of each trace."""
        content = text_bytes(self._path.read_bytes())
        if igor.is_igor_text(content):
            yield from igor.recordings(content, self._settings)
        else:
            yield from _recordings(content, self._settings)


def text_bytes(content: bytes) -> bytes:
    """Return the content of a text file, decompressed, in UTF-8 or a similar encoding, with lines that end in LF.

    Raises
    ------
    InputError
        If it is empty, damaged or not text.
    """
    content = as_utf8(unpacked(content))
    if not content.strip():
        raise InputError("it is empty")
    if b"\0" in content[:HEAD_BYTES]:
        raise InputError("it is a binary file; a text file with two columns is required")
    return content


@dataclass(frozen=True)
class _Format:
    """Format of the numbers of a text file, and where they start."""

    nearest: str
    headings: list[list[str]]
    columns: int
    first_line: int
    start: int
    separator: str
    decimal: str
    fortran: bool


def _recordings(content: bytes, settings: ReadSettings) -> Iterator[Recording]:
    columns = [settings.displacement_column, settings.conductance_column]
    if settings.trace_column is not None:
        columns.append(settings.trace_column)
    form = _sniff(content, max(columns))
    if not form.headings:
        check_header_line(form.nearest, settings.displacement_unit, settings.conductance_unit)
    notes = _column_notes(form.headings, settings)
    if form.columns > len(columns):
        notes = (
            *notes,
            f"columns {' and '.join(map(str, columns))} of {form.columns}, the first being 0; others not read",
        )
    numbers = content[form.start :]
    if form.fortran:
        numbers = re.sub(rb"(?<=[\d.,])[dD](?=[+-]?\d)", b"e", numbers)
    try:
        # A blank line becomes a row of NaN: it may separate traces.
        frame = pd.read_csv(
            io.BytesIO(numbers), sep=form.separator, decimal=form.decimal, header=None, usecols=columns,
            dtype=np.float64, skipinitialspace=True, skip_blank_lines=False,
        )  # fmt: skip
    except ValueError as error:
        raise InputError(_reason(numbers, form, columns, error)) from None
    displacement, conductance = (frame[column].to_numpy() for column in columns[:2])
    names = (_name(form.headings, columns[0]), _name(form.headings, columns[1]))
    if settings.trace_column is None:
        yield Recording("", displacement, conductance, settings, notes, names)
        return
    number = frame[settings.trace_column].to_numpy()
    known = np.isfinite(number)
    number, displacement, conductance = number[known], displacement[known], conductance[known]
    edges = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), len(number)]
    for begin, end in pairwise(edges):
        if begin < end:
            yield Recording(
                f"{number[begin]:g}", displacement[begin:end], conductance[begin:end], settings, notes, names
            )


def _name(headings: list[list[str]], column: int) -> str:
    """Return the number of a column with its nearest heading."""
    own = headings[column] if headings else []
    return f"column {column}" + (f", {own[0]}" if own else "")


def _column_notes(headings: list[list[str]], settings: ReadSettings) -> tuple[str, ...]:
    """Compare the column headings with the settings and return the assumptions made."""
    d_column, g_column = settings.displacement_column, settings.conductance_column
    d_headings, g_headings = (headings[column] if headings else [] for column in (d_column, g_column))
    notes = unit_notes(d_headings, g_headings, settings.displacement_unit, settings.conductance_unit)
    for column, name in ((d_column, "displacement"), (g_column, "conductance")):
        same = [
            n
            for n, other in enumerate(headings)
            if other and other == (headings[column] if headings else None)
        ]
        if len(same) > 1:
            raise InputError(
                f"its columns {', '.join(map(str, same))} all have the heading '{headings[column][0]}' of the {name} "
                "column, as traces side by side have; write them below each other or into separate files"
            )
    return notes


def _sniff(content: bytes, last_column: int) -> _Format:
    """Find the separator, the decimal sign and the first line of numbers.

    The last line of the first block that contains only numbers determines the format; the header ends before the
    first line of the same format.
    """
    # Latin-1 maps every byte to one character, so positions in the text are positions in the bytes.
    lines = content[:HEAD_BYTES].decode("latin-1").split("\n")
    if len(content) > HEAD_BYTES and len(lines) > 1:
        lines.pop()
    for line in reversed(lines):
        for separator in _SEPARATORS:
            fields = _fields(line, separator)
            if len(fields) <= last_column or not _are_numbers(fields):
                continue
            if separator == "," and len(fields) % 2 == 0 and len(fields) > 2 and "." not in line:
                raise InputError(
                    f"'{line.strip()[:60]}' has commas that may be decimal signs or separators; "
                    "separate the columns with tabs or semicolons"
                )
            number = next(
                n
                for n, other in enumerate(lines)
                if len(found := _fields(other, separator)) == len(fields) and _are_numbers(found)
            )
            start = sum(len(other) + 1 for other in lines[:number])
            header = _header_lines(content[:start])
            return _Format(
                nearest=header[0],
                headings=_column_headings(header, separator, len(fields)),
                columns=len(fields),
                first_line=number + 1,
                start=start,
                separator=separator,
                decimal="," if separator != "," and "," in line else ".",
                fortran=re.search(r"\d[.,]?[dD][+-]?\d", line) is not None,
            )
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    raise InputError(
        f"'{last[:60]}' is not {last_column + 1} or more numbers separated by tabs, blanks, semicolons or commas"
    )


def _header_lines(header: bytes) -> list[str]:
    """Return the lines above the numbers, the nearest first, without blank lines below the text."""
    try:
        text = header.decode("utf-8")
    except UnicodeDecodeError:
        text = header.decode("latin-1")
    return text.rstrip().split("\n")[::-1]


def _column_headings(lines: list[str], separator: str, count: int) -> list[list[str]]:
    """Return the headings of each column in the last lines of the header, the nearest line first."""
    found = list(
        takewhile(
            lambda headings: headings is not None, (_headings_in(line, separator, count) for line in lines)
        )
    )
    return [list(column) for column in zip(*found, strict=True)]


def _headings_in(line: str, separator: str, count: int) -> list[str] | None:
    """Divide a header line into one heading per column, with the separator of the numbers or another one."""
    line = line.strip().lstrip('#%/!" ')
    own = r"\s{2,}|\t" if separator == r"\s+" else separator
    for way in dict.fromkeys((own, *_HEAD_SEPARATORS)):
        headings = _fields(line, way)
        if len(headings) != count or any(_NUMBER.fullmatch(heading) for heading in headings):
            continue
        if is_heading_line(headings, by_units=way != own):
            return headings
    return None


def _fields(line: str, separator: str) -> list[str]:
    fields = [field.strip() for field in re.split(separator, line.strip())]
    while fields and not fields[-1]:
        fields.pop()
    return fields


def _are_numbers(fields: list[str]) -> bool:
    return all(_NUMBER.fullmatch(field) for field in fields)


def _reason(numbers: bytes, form: _Format, columns: list[int], error: ValueError) -> str:
    """Return the first line that does not have the format, as a message."""
    for number, line in enumerate(numbers.decode("latin-1").split("\n"), start=form.first_line):
        fields = _fields(line, form.separator)
        if not fields:
            continue
        if len(fields) <= max(columns):
            return f"line {number} has {len(fields)} columns; column {max(columns)} (from 0) is requested"
        for text in (fields[column] for column in columns):
            if not _NUMBER.fullmatch(text):
                return f"line {number}: '{text[:30]}' is not a number"
            if form.decimal not in text and ("," in text or "." in text):
                return f"line {number}: '{text[:30]}' has another decimal sign than the lines around it"
    return f"its numbers cannot be read: {str(error).splitlines()[0]}"


KIND = Format("text or Igor text", (".txt", ".dat", ".csv", ".tsv", ".asc", ".itx"), TextFile)
