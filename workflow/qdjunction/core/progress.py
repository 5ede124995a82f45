"""How far a long step is and how long it will take: a bar on the terminal, now and then a line of the log elsewhere."""

import io
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from operator import length_hint
from typing import Any, TypeVar

from tqdm import tqdm

from qdjunction.core.logs import is_interactive

log = logging.getLogger(__name__)

Item = TypeVar("Item")

SECONDS = 60.0
"""Time between two lines of the log (s), and after which the first comes."""

BAR_AFTER_SECONDS = 2.0
"""Time after which a bar appears (s)."""


class _Lines(tqdm):  # type: ignore[type-arg]  # generic in its stubs only
    """A meter whose display is a line of the log."""

    # The thread by which tqdm refreshes slow bars is of no use to lines.
    monitor_interval = 0

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        log.info("%s", msg or str(self))

    def clear(self, nolock: bool = False) -> None:
        """Leave what is logged."""

    def close(self) -> None:
        """Log nothing more."""
        self.disable = True
        self._decr_instances(self)  # type: ignore[attr-defined]


@contextmanager
def progress(doing: str, total: int | None = None, unit: str = "", at_most: bool = False) -> Iterator[Any]:
    """Say how far a step is while the body runs.

    On the terminal of a command it is a bar, in a job or where standard error goes to a file a line of the log every
    `SECONDS`. Short steps say nothing.

    Parameters
    ----------
    doing : str
        What is done, as the lines begin: ``selecting``.
    total : int, optional
        How many there will be, if that is known.
    unit : str
        What is counted, in the plural.
    at_most : bool
        Whether the step may end before `total`; the time left is then an upper bound.

    Yields
    ------
    tqdm.tqdm
        Its ``update(n)`` is to be called after every `n` that are done.
    """
    count = f"{{desc}}: {{n_fmt}} of {'at most ' if at_most else ''}{{total_fmt}} {unit}"
    left = f"{{elapsed}} gone, {'at most' if at_most else 'about'} {{remaining}} to go"
    if not total:
        count, left = f"{{desc}}: {{n_fmt}} {unit}", "{elapsed} gone"
    common: dict[str, Any] = {"desc": doing, "total": total or None, "miniters": 1}
    if is_interactive():
        meter = tqdm(
            **common, bar_format=f"{count} {{bar:20}} {left}", delay=BAR_AFTER_SECONDS, mininterval=0.5, leave=False
        )  # fmt: skip
    else:
        # With a file of its own it is none of the bars that tqdm draws again below lines on standard error.
        meter = _Lines(
            **common, file=io.StringIO(), bar_format=f"{count}, {left}", delay=SECONDS, mininterval=SECONDS
        )
    try:
        yield meter
    finally:
        meter.close()


def watched(
    items: Iterable[Item], doing: str, total: int | None = None, unit: str = "traces", at_most: bool = False
) -> Iterator[Item]:
    """Pass items on as they come and say how far that is; see `progress`.

    Parameters
    ----------
    items : iterable
        Any stream.
    doing, unit, at_most
        As for `progress`.
    total : int, optional
        How many there will be; by default the length of `items`, if it has one.

    Yields
    ------
    item
        Each of `items` in turn.
    """
    with progress(doing, total or length_hint(items), unit, at_most) as meter:
        for item in items:
            yield item
            meter.update()
