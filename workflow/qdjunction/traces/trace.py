"""One break-junction trace and the stream it comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Trace:
    """Conductance against displacement while the electrodes are drawn apart.

    Attributes
    ----------
    name : str
        Where it comes from: a file name, or the file and the row of an array.
    displacement_nm : (n,) array
        Displacement (nm).
    log10_g : (n,) array
        log10(G/G0).
    """

    name: str
    displacement_nm: NDArray[np.float64]
    log10_g: NDArray[np.float64]


@dataclass(frozen=True)
class BadTrace:
    """A file or a row that could not be used.

    Attributes
    ----------
    name : str
        The file, or the file and the row.
    reason : str
        Why, in one sentence.
    """

    name: str
    reason: str


class TraceSource(Protocol):
    """A stream of traces that can be gone through again and again.

    `bad` lists what the latest pass left out. `len` is the number of traces and of bad ones together.
    """

    path: Path
    bad: list[BadTrace]

    def __iter__(self) -> Iterator[Trace]:
        """Give the traces one by one."""
        ...

    def __len__(self) -> int:
        """Count the traces, the bad ones included."""
        ...
