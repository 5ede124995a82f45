"""Batches and random samples of streams of unknown length."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np

T = TypeVar("T")


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of `size`, the last of which may be shorter."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def reservoir(items: Iterable[T], size: int, random: np.random.Generator) -> list[tuple[int, T]]:
    """Return a random sample of a stream, without storing the rest.

    Algorithm R of J. Vitter, ACM Trans. Math. Softw. 11, 37 (1985).

    Parameters
    ----------
    items : iterable
        The stream.
    size : int
        Number of items to return; all, if there are no more.
    random : numpy.random.Generator
        Random numbers.

    Returns
    -------
    list of (int, item)
        Position in the stream and item, in the order of the stream.
    """
    kept: list[tuple[int, T]] = []
    for number, item in enumerate(items):
        if number < size:
            kept.append((number, item))
        elif (slot := int(random.integers(number + 1))) < size:
            kept[slot] = (number, item)
    return sorted(kept, key=lambda entry: entry[0])
