"""Text files with one trace each, in the number formats that laboratories write."""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from qdjunction.core.errors import InputError
from qdjunction.traces.quantities import check_column_head, to_nm_and_log10_g
from qdjunction.traces.settings import ReadSettings
from qdjunction.traces.trace import BadTrace, Trace

_HEAD_BYTES = 65536
_NUMBER = re.compile(
    r"[+-]?(?:\d+(?:[.,]\d+)?|\d+\.|[.,]\d+)(?:[eEdD][+-]?\d+)?|[+-]?(?:nan|inf(?:inity)?)", re.IGNORECASE
)
_SEPARATORS = ("\t", ";", r"\s+", ",")


def read_text_trace(path: Path, settings: ReadSettings) -> Trace:
    """Read one trace from a text file.

    Columns may be parted by tabs, blanks, semicolons or commas; decimals by a point or a comma; exponents may
    be Fortran's D; a header, a byte-order mark, Windows line ends and gzip are all understood. A last line
    that an interrupted recording cut short is left out.

    Parameters
    ----------
    path : Path
        The file.
    settings : ReadSettings
        Columns and units.

    Returns
    -------
    Trace
        Its name is the file's.

    Raises
    ------
    InputError
        If it is no such file; the sentence gives the reason and leaves the name of the file to the caller.
    """
    content = _text_bytes(path.read_bytes())
    columns = [settings.displacement_column, settings.conductance_column]
    form = _sniff(content, max(columns))
    if form.heads:
        check_column_head(
            form.heads[settings.displacement_column], "displacement_unit", settings.displacement_unit
        )
        check_column_head(
            form.heads[settings.conductance_column], "conductance_unit", settings.conductance_unit
        )
    numbers = content[form.start :]
    if form.fortran:
        numbers = re.sub(rb"(?<=[\d.,])[dD](?=[+-]?\d)", b"e", numbers)
    try:
        frame = pd.read_csv(
            io.BytesIO(numbers), sep=form.separator, decimal=form.decimal, header=None, usecols=columns,
            dtype=np.float64, skipinitialspace=True,
        )  # fmt: skip
    except ValueError as error:
        raise InputError(_reason(numbers, form, columns, error)) from None
    displacement_nm, log10_g = to_nm_and_log10_g(
        frame[columns[0]].to_numpy(), frame[columns[1]].to_numpy(), settings
    )
    return Trace(path.name, displacement_nm, log10_g)


class TextFolder:
    """The traces of a folder of text files, in the order of the numbers in their names.

    Parameters
    ----------
    path : Path
        The folder.
    settings : ReadSettings
        Which files, columns and units.

    Raises
    ------
    InputError
        If the folder has no such file.
    """

    def __init__(self, path: Path, settings: ReadSettings):
        self.path = path
        self.bad: list[BadTrace] = []
        self._settings = settings
        self._files = sorted(
            (
                file
                for file in path.glob(settings.pattern)
                if file.is_file() and not file.name.startswith(".")
            ),
            key=lambda file: _natural(file.name),
        )
        if not self._files:
            raise InputError(
                f"{path}: no file matches traces.read.pattern '{settings.pattern}'; correct the one or the "
                f"other"
            )

    def __len__(self) -> int:
        """Count the files."""
        return len(self._files)

    def __iter__(self) -> Iterator[Trace]:
        """Read file after file."""
        self.bad.clear()
        for file in self._files:
            try:
                trace = read_text_trace(file, self._settings)
            except (InputError, OSError) as error:
                self.bad.append(BadTrace(file.name, str(error)))
            else:
                yield trace


@dataclass(frozen=True)
class _Format:
    """How the numbers of a text file are written, and where they start."""

    heads: list[str]
    first_line: int
    start: int
    separator: str
    decimal: str
    fortran: bool


def _natural(name: str) -> list[tuple[int, int, str]]:
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name) if part
    ]


def _text_bytes(content: bytes) -> bytes:
    """Unpack gzip and turn UTF-16 into UTF-8; other encodings differ in the header alone."""
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.decompress(content)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise InputError("its gzip stream is cut short or damaged; copy it again") from None
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = content.decode("utf-16", errors="replace").encode()
    content = content.removeprefix(codecs.BOM_UTF8)
    if not content.strip():
        raise InputError("it is empty")
    if b"\0" in content[:_HEAD_BYTES]:
        raise InputError("it is a binary file; a text file with two columns is wanted")
    return content


def _sniff(content: bytes, last_column: int) -> _Format:
    """Find the separator, the decimal sign and the first line of numbers.

    The last line of the head that is all numbers settles the format; the header ends before the first line
    like it.
    """
    # Latin-1 gives every byte one character, so that positions in the text are positions in the bytes.
    lines = content[:_HEAD_BYTES].decode("latin-1").split("\n")
    if len(content) > _HEAD_BYTES:
        lines.pop()
    for line in reversed(lines):
        for separator in _SEPARATORS:
            fields = _fields(line, separator)
            if len(fields) <= last_column or not _are_numbers(fields):
                continue
            if separator == "," and len(fields) % 2 == 0 and len(fields) > 2 and "." not in line:
                raise InputError(
                    f"'{line.strip()[:60]}' has commas that may be decimal signs or separators; "
                    "part the columns with tabs or semicolons"
                )
            number = next(
                n
                for n, other in enumerate(lines)
                if len(found := _fields(other, separator)) == len(fields) and _are_numbers(found)
            )
            start = sum(len(other) + 1 for other in lines[:number])
            return _Format(
                heads=_column_heads(content[:start], separator, len(fields)),
                first_line=number + 1,
                start=start,
                separator=separator,
                decimal="," if separator != "," and "," in line else ".",
                fortran=re.search(r"\d[.,]?[dD][+-]?\d", line) is not None,
            )
    last = next(line.strip() for line in reversed(lines) if line.strip())
    raise InputError(
        f"'{last[:60]}' is not {last_column + 1} or more numbers parted by tabs, blanks, semicolons or commas"
    )


def _column_heads(header: bytes, separator: str, count: int) -> list[str]:
    """Give the heads of the columns from the last line of the header, or none if it has not one for each."""
    try:
        text = header.decode("utf-8")
    except UnicodeDecodeError:
        text = header.decode("latin-1")
    line = next((line for line in reversed(text.split("\n")) if line.strip()), "")
    heads = _fields(line.strip().lstrip("#%/ "), r"\s{2,}|\t" if separator == r"\s+" else separator)
    return heads if len(heads) == count else []


def _fields(line: str, separator: str) -> list[str]:
    fields = [field.strip() for field in re.split(separator, line.strip())]
    while fields and not fields[-1]:
        fields.pop()
    return fields


def _are_numbers(fields: list[str]) -> bool:
    return all(_NUMBER.fullmatch(field) for field in fields)


def _reason(numbers: bytes, form: _Format, columns: list[int], error: ValueError) -> str:
    """Name the first line that is not written as the format says."""
    for number, line in enumerate(numbers.decode("latin-1").split("\n"), start=form.first_line):
        fields = _fields(line, form.separator)
        if not fields:
            continue
        if len(fields) <= max(columns):
            return f"line {number} has {len(fields)} columns; asked for is column {max(columns)}, from 0"
        for field in (fields[column] for column in columns):
            if not _NUMBER.fullmatch(field):
                return f"line {number}: '{field[:30]}' is not a number"
            if form.decimal not in field and ("," in field or "." in field):
                return f"line {number}: '{field[:30]}' has another decimal sign than the lines around it"
    return f"its numbers cannot be read: {str(error).splitlines()[0]}"
