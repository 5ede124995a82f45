"""Saying how far a pass over the traces is."""

import logging
import time
from collections.abc import Iterable, Iterator
from operator import length_hint
from typing import TypeVar

logger = logging.getLogger(__name__)

Item = TypeVar("Item")

SECONDS = 10.0
"""Time between two lines of progress (s)."""


def watched(traces: Iterable[Item], doing: str, total: int | None = None) -> Iterator[Item]:
    """Give the traces as they come and log every ten seconds how many went by.

    Parameters
    ----------
    traces : iterable
        A source of traces, or any stream.
    doing : str
        What is done with them, as the lines begin: ``selecting``.
    total : int, optional
        How many there will be; by default the length of `traces`, if it has one.

    Yields
    ------
    item
        Each of `traces` in turn.
    """
    expected = total or length_hint(traces)
    begun = logged = time.monotonic()
    number = 0
    for number, item in enumerate(traces, start=1):
        yield item
        now = time.monotonic()
        if now - logged < SECONDS:
            continue
        logged = now
        if expected:
            left = (now - begun) / number * max(expected - number, 0)
            logger.info("%s: %d of %d traces, about %.0f s to go", doing, number, expected, left)
        else:
            logger.info("%s: %d traces", doing, number)
    if time.monotonic() - begun > SECONDS:
        logger.info("%s: %d traces in %.0f s", doing, number, time.monotonic() - begun)
