"""Logging of progress and errors to the log file of a rule and to the terminal."""

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from qdjunction.core.errors import QdjunctionError

LINE = "%(asctime)s %(message)s"


class _TerminalHandler(logging.StreamHandler[TextIO]):
    """Handler that prints to what is standard error at the time, above any progress bar."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # settable in the base class, as in logging.lastResort
        return sys.stderr

    def emit(self, record: logging.LogRecord) -> None:
        with tqdm.external_write_mode(file=self.stream):
            super().emit(record)


def log_to_terminal(prefix: str = "") -> None:
    """Print log lines of the library to standard error, each after `prefix`; a second call replaces the first."""
    logger = logging.getLogger("qdjunction")
    for former in [handler for handler in logger.handlers if handler.name == "terminal"]:
        logger.removeHandler(former)
    handler = _TerminalHandler()
    handler.name = "terminal"
    handler.setFormatter(logging.Formatter(f"%(asctime)s {prefix}%(message)s", "%H:%M:%S"))
    _attach(handler)


def is_interactive() -> bool:
    """Return whether this process logs to a terminal that it does not share, unlike the jobs of a workflow."""
    handlers = logging.getLogger("qdjunction").handlers
    shown = [handler for handler in handlers if isinstance(handler, _TerminalHandler)]
    in_job = any(isinstance(handler, logging.FileHandler) for handler in handlers)
    return bool(shown) and not in_job and not shown[0].stream.closed and shown[0].stream.isatty()


@contextmanager
def job(log: str | Path, name: str) -> Iterator[None]:
    """Run the body of a rule's script: progress to `log` and to the terminal, errors as one clear sentence.

    Parameters
    ----------
    log : str or Path
        The rule's log file.
    name : str
        Prefix of the lines on the terminal, e.g. the junction.

    Raises
    ------
    SystemExit
        With status 1 after a `QdjunctionError`, 130 after Ctrl-C; the message is in the log and on the terminal.
    """
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(log, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter(LINE))
    _attach(handler)
    log_to_terminal(f"{name}: ")
    try:
        yield
    except QdjunctionError as error:
        logging.getLogger("qdjunction").error("error: %s", error)
        sys.exit(1)
    except KeyboardInterrupt:
        logging.getLogger("qdjunction").error("interrupted; the next run resumes from what is finished")
        sys.exit(130)
    except Exception:
        # Unexpected: the full traceback goes to the log too; Python prints it only on the terminal.
        if handler.stream is not None:
            handler.stream.write(traceback.format_exc())
        raise
    finally:
        handler.close()


def _attach(handler: logging.Handler) -> None:
    logger = logging.getLogger("qdjunction")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
