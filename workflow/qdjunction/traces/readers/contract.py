"""What a reader gives and how the rest of the library asks for it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qdjunction.traces.settings import ReadSettings


@dataclass(frozen=True)
class Recording:
    """Two columns as a file holds them: one trace, or several that follow each other.

    Attributes
    ----------
    label : str
        Which one of the file, such as ``3``; empty if the file holds no other.
    displacement, conductance : (n,) array
        As recorded; NaN where a number is missing.
    settings : ReadSettings
        The units of the columns.
    notes : tuple of str
        What was assumed to understand them.
    """

    label: str
    displacement: NDArray[np.float64]
    conductance: NDArray[np.float64]
    settings: ReadSettings
    notes: tuple[str, ...] = field(default=())


class Reader(Protocol):
    """An opened file.

    Opening it raises `InputError` if it is no file of its kind. The sentence gives the reason and leaves the name
    of the file to the caller.
    """

    def __init__(self, path: Path, settings: ReadSettings): ...

    def __iter__(self) -> Iterator[Recording]:
        """Yield what the file holds, not all of it in memory at once.

        Raises
        ------
        InputError
            Where the file turns out to be damaged.
        """
        ...

    def __len__(self) -> int:
        """Return the number of recordings, as far as it is known before they are read."""
        ...
