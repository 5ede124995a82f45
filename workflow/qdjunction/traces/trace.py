"""A break-junction trace and the interface of a source of traces."""

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
    """Conductance versus displacement while the electrodes are pulled apart.

    Attributes
    ----------
    name : str
        Origin of the trace: a file name, or the file and the number of the trace in it.
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
    """A file, or a trace in one, that could not be used.

    Attributes
    ----------
    name : str
        The file, or the file and the number of the trace in it.
    reason : str
        The reason, in one sentence.
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
        Assumptions of the latest pass, such as a unit that no heading names, and the number of traces for each.
    """

    path: Path
    bad: list[BadTrace]
    notes: Counter[str]

    def __iter__(self) -> Iterator[Trace]:
        """Yield the traces one by one."""
        ...

    def __len__(self) -> int:
        """Return the number of traces, bad ones included; a text file counts as one, even if it has several."""
        ...


@dataclass(frozen=True)
class ReasonCount:
    """Number of traces left out for the same reason.

    Attributes
    ----------
    reason : str
        Sentence of the first trace.
    count : int
        Number of traces with the same sentence, apart from numbers and quoted words.
    example : str
        Name of the first trace.
    """

    reason: str
    count: int
    example: str


def count_reasons(bad: Iterable[BadTrace]) -> list[ReasonCount]:
    """Return the reasons why traces were left out, the most frequent first.

    Sentences that differ only in numbers or in quoted text count as one reason.
    """
    counts: Counter[str] = Counter()
    first: dict[str, BadTrace] = {}
    for item in bad:
        kind = re.sub(r"'[^']*'|[-+]?\d[\d.,]*(e[-+]?\d+)?", "…", item.reason)
        counts[kind] += 1
        first.setdefault(kind, item)
    return [ReasonCount(first[kind].reason, count, first[kind].name) for kind, count in counts.most_common()]
