"""Registry of the file formats of traces; to add one, write a module beside this one that defines ``KIND``."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from qdjunction.core.errors import InputError
from qdjunction.core.registry import Registry
from qdjunction.traces.readers.contract import Format, Reader
from qdjunction.traces.readers.text import TextFile
from qdjunction.traces.settings import ReadSettings

FORMATS: Registry[Format] = Registry(
    "qdjunction.traces.readers", "qdjunction.trace_readers", "format of traces"
)
"""Formats by name."""

Open = Callable[[Path, ReadSettings], Reader]

_PACKED = (".gz", ".bz2", ".xz")


@cache
def by_suffix() -> dict[str, Format]:
    """Return the formats by the suffixes of their files."""
    return {suffix: kind for kind in FORMATS.values() for suffix in kind.suffixes}


def reader_of(path: Path) -> Open | None:
    """Return what opens a file, by its suffix without that of a compression; None if the suffix is unknown."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
        return by_suffix()[suffixes[-1]].open if suffixes and suffixes[-1] in by_suffix() else TextFile
    return by_suffix()[suffixes[-1]].open if suffixes and suffixes[-1] in by_suffix() else None


def format_of(path: Path) -> str:
    """Return the name of the format of a file, by its suffix; text for a compressed file or an unknown suffix."""
    suffix = path.suffix.lower()
    return by_suffix()[suffix].name if suffix in by_suffix() else by_suffix()[".txt"].name


def known_reader(path: Path) -> Open:
    """Return what opens a file, by its suffix.

    Raises
    ------
    InputError
        If files with this suffix cannot be read.
    """
    reader = reader_of(path)
    if reader is None:
        raise InputError(
            f"{path}: '{path.suffix}' is not one of {', '.join(by_suffix())}; rename a text file to "
            "one of these, or give its folder"
        )
    return reader
