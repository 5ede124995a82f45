"""Readers by file suffix; to add a format, write a module beside this one and add a line here."""

from pathlib import Path

from qdjunction.core.errors import InputError
from qdjunction.traces.readers.contract import Reader
from qdjunction.traces.readers.hdf5 import Hdf5File
from qdjunction.traces.readers.npz import NpzFile
from qdjunction.traces.readers.parquet import ParquetFile
from qdjunction.traces.readers.text import TextFile

READERS: dict[str, type[Reader]] = {
    **dict.fromkeys((".txt", ".dat", ".csv", ".tsv", ".asc", ".itx"), TextFile),
    ".npz": NpzFile,
    **dict.fromkeys((".h5", ".hdf5", ".nc", ".mat"), Hdf5File),
    ".parquet": ParquetFile,
}
"""Readers by suffix."""

_PACKED = (".gz", ".bz2", ".xz")


def reader_of(path: Path) -> type[Reader] | None:
    """Return the reader of a file by its suffix, ignoring that of a compression; None if the suffix is unknown."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
        return READERS.get(suffixes[-1], TextFile) if suffixes else TextFile
    return READERS.get(suffixes[-1]) if suffixes else None


def known_reader(path: Path) -> type[Reader]:
    """Return the reader of a file by its suffix.

    Raises
    ------
    InputError
        If files with this suffix cannot be read.
    """
    reader = reader_of(path)
    if reader is None:
        raise InputError(
            f"{path}: '{path.suffix}' is not one of {', '.join(READERS)}; rename a text file to "
            "one of these, or give its folder"
        )
    return reader
