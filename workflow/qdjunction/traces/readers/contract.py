"""Interface of a reader of trace files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.traces.settings import ReadSettings


@dataclass(frozen=True)
class Recording:
    """Two columns of a file: one trace, or several that follow each other.

    Attributes
    ----------
    label : str
        Label of the recording in the file, such as ``3``; empty if it is the only one.
    displacement, conductance : (n,) array
        The columns as recorded; NaN where a number is missing.
    settings : ReadSettings
        The units of the columns.
    notes : tuple of str
        Assumptions made to interpret them.
    columns : (str, str)
        What the file calls them.
    """

    label: str
    displacement: NDArray[np.float64]
    conductance: NDArray[np.float64]
    settings: ReadSettings
    notes: tuple[str, ...] = field(default=())
    columns: tuple[str, str] = ("", "")


def is_real(dtype: Any) -> bool:
    """Return whether a type is that of real numbers; netCDF4 has `str` for texts."""
    return dtype is not str and np.dtype(dtype).kind in "fiu"


def check_real(name: str, dtype: Any) -> None:
    """Check that a column holds real numbers.

    Raises
    ------
    InputError
        If it does not.
    """
    if not is_real(dtype):
        raise InputError(f"{name} has the type {dtype}; real numbers are required")


class Reader(Protocol):
    """An opened file.

    Opening it raises `InputError` if its content cannot be that of traces. The message gives the reason; the caller
    adds the name of the file. Other errors, as a damaged file leads to, need not be caught: the caller makes one
    message of them.
    """

    def __iter__(self) -> Iterator[Recording]:
        """Yield the recordings of the file, without holding all of them in memory.

        Raises
        ------
        InputError
            If the content cannot be that of traces.
        """
        ...

    def __len__(self) -> int:
        """Return the number of recordings, as far as it is known before reading them."""
        ...


@dataclass(frozen=True)
class Format:
    """A file format; a module of `qdjunction.traces.readers` defines one as ``KIND``.

    Attributes
    ----------
    name : str
        Name of the format.
    suffixes : tuple of str
        Suffixes of its files, in lower case.
    open : callable
        Function or class that opens a file of the format.
    """

    name: str
    suffixes: tuple[str, ...]
    open: Callable[[Path, ReadSettings], Reader]
