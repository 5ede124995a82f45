"""One break-junction trace and the stream it comes from."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
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
        Where it comes from: a file name, or the file and the number of the trace in it.
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
    """A file or a trace of one that could not be used.

    Attributes
    ----------
    name : str
        The file, or the file and the number of the trace in it.
    reason : str
        Why, in one sentence.
    """

    name: str
    reason: str


class TraceSource(Protocol):
    """A stream of traces that can be iterated over repeatedly.

    Attributes
    ----------
    path : Path
        Folder or file.
    bad : list of BadTrace
        What the latest pass left out.
    notes : Counter of str
        How the latest pass understood what the files leave open, such as a unit that no head names, and for how
        many traces.
    """

    path: Path
    bad: list[BadTrace]
    notes: Counter[str]

    def __iter__(self) -> Iterator[Trace]:
        """Yield the traces one by one."""
        ...

    def __len__(self) -> int:
        """Return the number of traces and of bad ones; a text file, which may hold several, counts as one."""
        ...


@dataclass(frozen=True)
class ReasonCount:
    """How often a reason left something out.

    Attributes
    ----------
    reason : str
        The sentence of the first one.
    count : int
        How many have the same sentence, numbers and quoted words aside.
    example : str
        Name of the first one.
    """

    reason: str
    count: int
    example: str


def count_reasons(bad: Iterable[BadTrace]) -> list[ReasonCount]:
    """Return the reasons why traces were left out, the most frequent first.

    Sentences that differ in numbers or in what they quote count as one reason.
    """
    counts: Counter[str] = Counter()
    first: dict[str, BadTrace] = {}
    for item in bad:
        kind = re.sub(r"'[^']*'|[-+]?\d[\d.,]*(e[-+]?\d+)?", "…", item.reason)
        counts[kind] += 1
        first.setdefault(kind, item)
    return [ReasonCount(first[kind].reason, count, first[kind].name) for kind, count in counts.most_common()]
