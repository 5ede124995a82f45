"""Progress of long steps: a bar on a terminal, lines of the log everywhere else."""

import gc
import logging
import os
import pty
import re
import subprocess
import sys
import termios
import time

import pytest

from qdjunction.core import progress as module
from qdjunction.core.progress import progress, with_progress


@pytest.fixture
def lines(caplog, monkeypatch):
    """Lines of the log, which come every 0.05 s instead of every minute."""
    caplog.set_level(logging.INFO, "qdjunction")
    monkeypatch.setattr(module, "SECONDS", 0.05)
    return caplog


def slow(count, seconds=0.03):
    for number in range(count):
        time.sleep(seconds)
        yield number


def test_items_pass_through_and_are_counted(lines):
    assert list(with_progress(slow(6), "selecting", 6)) == list(range(6))
    first = re.fullmatch(
        r"selecting: (\d) of 6 traces, 00:00 elapsed, about 00:00 remaining", lines.messages[0]
    )
    assert first
    assert 1 <= int(first[1]) <= 3


def test_lines_are_as_rare_as_asked(lines):
    for _ in with_progress(slow(100, 0.002), "selecting", 100):
        pass
    assert 1 <= len(lines.messages) <= 100 * 0.02 / 0.05


def test_short_steps_say_nothing(caplog):
    caplog.set_level(logging.INFO, "qdjunction")
    assert list(with_progress([1, 2, 3], "selecting")) == [1, 2, 3]
    with progress("T(E)", 100, "energies") as meter:
        meter.update(100)
    assert not caplog.messages


def test_the_time_left_follows_the_rate(lines):
    with progress("T(E)", 1000, "energies") as meter:
        for _ in range(5):
            time.sleep(0.1)
            meter.update(1)
    minutes, seconds = re.search(r"about (\d\d):(\d\d) remaining", lines.messages[-1]).groups()
    assert 99 <= 60 * int(minutes) + int(seconds) < 300


def test_a_bound_is_called_one(lines):
    list(with_progress(slow(4), "relaxing", 500, "steps", at_most=True))
    assert re.fullmatch(
        r"relaxing: \d of at most 500 steps, 00:00 elapsed, at most \d\d:\d\d remaining", lines.messages[0]
    )


def test_without_a_total_there_is_no_estimate(lines):
    list(with_progress(slow(4), "selecting"))
    assert re.fullmatch(r"selecting: \d traces, 00:00 elapsed", lines.messages[0])


def test_an_error_ends_it(lines):
    with pytest.raises(ZeroDivisionError), progress("T(E)", 3) as meter:
        1 / 0  # noqa: B018
    assert meter.disable


SCRIPT = """
import logging, sys, time
from contextlib import nullcontext
from qdjunction.core import logs, progress
progress.BAR_AFTER_SECONDS = 0.1
logs.log_to_terminal()
with logs.job(sys.argv[1], "1Pb") if len(sys.argv) > 1 else nullcontext():
    for number in progress.with_progress(range(20), "selecting"):
        time.sleep(0.1)
        if number == 15:
            logging.getLogger("qdjunction.test").info("a line between")
"""


def on_terminal(*arguments):
    """What a terminal shows of `SCRIPT`."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    with subprocess.Popen([sys.executable, "-c", SCRIPT, *map(str, arguments)], stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        # A terminal that its last program has closed is an error to read from on Linux, an end of file on macOS.
        while chunk := _read(ours):
            shown += chunk
    os.close(ours)
    assert process.returncode == 0, shown
    return shown.decode()


def _read(terminal):
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def test_a_terminal_gets_a_bar_and_whole_lines():
    shown = on_terminal()
    assert re.search(r"\rselecting: \d+ of 20 traces .*elapsed, about \d\d:\d\d remaining", shown)
    assert re.search(r"\r\d\d:\d\d:\d\d a line between\r?\n", shown)


def test_jobs_side_by_side_draw_no_bars(tmp_path):
    shown = on_terminal(tmp_path / "job.log")
    assert "of 20 traces" not in shown
    assert "1Pb: a line between" in shown
    assert "a line between" in (tmp_path / "job.log").read_text()


def test_a_file_gets_no_bar():
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"\d\d:\d\d:\d\d a line between\n", run.stderr)


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_while_a_meter_is_made_has_no_second_error(monkeypatch):
    def interrupted(*_args, **_keys):
        raise KeyboardInterrupt

    monkeypatch.setattr(module.tqdm, "__init__", interrupted)
    with pytest.raises(KeyboardInterrupt), progress("selecting"):
        pass
    gc.collect()
