"""Progress and remaining time of long steps: a bar on the terminal, occasional log lines elsewhere."""

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
"""Time before the first line of the log and between two lines (s)."""

BAR_AFTER_SECONDS = 2.0
"""Time after which a bar appears (s)."""


class _Bar(tqdm):  # type: ignore[type-arg]  # generic in its stubs only
    """A meter that `progress` closes."""

    def __del__(self) -> None:
        """Do nothing: after Ctrl-C during its construction it has no attributes, and closing it would fail."""


class _Lines(_Bar):
    """A meter that writes log lines instead of a bar."""

    # The thread by which tqdm refreshes slow bars is not needed for log lines.
    monitor_interval = 0

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        log.info("%s", msg or str(self))

    def clear(self, nolock: bool = False) -> None:
        """Do nothing: log lines are not erased."""

    def close(self) -> None:
        """Log nothing more."""
        self.disable = True
        self._decr_instances(self)  # type: ignore[attr-defined]


@contextmanager
def progress(doing: str, total: int | None = None, unit: str = "", at_most: bool = False) -> Iterator[Any]:
    """Report the progress of a step while the body runs.

    On the terminal of a command this is a bar; in a job, or if standard error goes to a file, it is a log line every
    `SECONDS`. Short steps report nothing.

    Parameters
    ----------
    doing : str
        Name of the step, with which the lines begin, e.g. ``selecting``.
    total : int, optional
        Number of items, if known.
    unit : str
        Name of the items, in the plural.
    at_most : bool
        Whether the step may end before `total`; the remaining time is then an upper bound.

    Yields
    ------
    tqdm.tqdm
        Call its ``update(n)`` after every `n` items.
    """
    count = f"{{desc}}: {{n_fmt}} of {'at most ' if at_most else ''}{{total_fmt}} {unit}"
    left = f"{{elapsed}} elapsed, {'at most' if at_most else 'about'} {{remaining}} remaining"
    if not total:
        count, left = f"{{desc}}: {{n_fmt}} {unit}", "{elapsed} elapsed"
    common: dict[str, Any] = {"desc": doing, "total": total or None, "miniters": 1}
    if is_interactive():
        meter = _Bar(
            **common, bar_format=f"{count} {{bar:20}} {left}", delay=BAR_AFTER_SECONDS, mininterval=0.5, leave=False
        )  # fmt: skip
    else:
        # With a separate file it is not among the bars that tqdm redraws below lines on standard error.
        meter = _Lines(
            **common, file=io.StringIO(), bar_format=f"{count}, {left}", delay=SECONDS, mininterval=SECONDS
        )
    try:
        yield meter
    finally:
        meter.close()


def with_progress(
    items: Iterable[Item], doing: str, total: int | None = None, unit: str = "traces", at_most: bool = False
) -> Iterator[Item]:
    """Yield items and report the progress; see `progress`.

    Parameters
    ----------
    items : iterable
        Any stream.
    doing, unit, at_most
        As for `progress`.
    total : int, optional
        Number of items; by default the length of `items`, if it has one.

    Yields
    ------
    item
        Each of `items`.
    """
    with progress(doing, total or length_hint(items), unit, at_most) as meter:
        for item in items:
            yield item
            meter.update()
