"""Log of the SCF iterations that tblite prints."""

import logging
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from qdjunction.core.units import HARTREE_EV

log = logging.getLogger(__name__)

_NUMBER = r"(-?\d+\.\d+(?:E[+-]\d+)?)"
_ITERATION = re.compile(rf"\s*(\d+)\s+{_NUMBER}\s+{_NUMBER}\s+{_NUMBER}\s*")


class ScfLog:
    """Log each iteration of tblite's SCF as it comes.

    Parameters
    ----------
    every_s : float
        Smallest time between two lines (s); 0 logs every iteration.

    Attributes
    ----------
    temperature_k : float
        Electronic temperature (K) of the running SCF, for the log.
    """

    def __init__(self, every_s: float = 0.0):
        self.every_s = every_s
        self.temperature_k = 0.0
        self._logged = time.monotonic()

    def __call__(self, line: str) -> None:
        """Process a line that tblite prints."""
        found = _ITERATION.fullmatch(line)
        if not found:
            log.debug("tblite: %s", line)
            return
        now = time.monotonic()
        if now - self._logged < self.every_s:
            return
        self._logged = now
        number, energy, change, density = int(found[1]), *map(float, found.groups()[1:])
        log.info(
            "SCF at %g K  iteration %3d  energy %.4f eV%s  density error %.1e",
            self.temperature_k, number, energy * HARTREE_EV,
            # In the first iteration tblite prints the energy as its change.
            f"  change {change * HARTREE_EV:+.1e} eV" if number > 1 else "", density,
        )  # fmt: skip


@contextmanager
def interrupt_afterwards() -> Iterator[None]:
    """Raise the KeyboardInterrupt of a Ctrl-C when the block ends, also when it ends in another exception.

    While tblite computes, Python runs only in the function that receives its lines, and an exception there is lost.
    """
    former = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or former != signal.default_int_handler:
        yield
        return
    pressed: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)
        if pressed:
            raise KeyboardInterrupt
