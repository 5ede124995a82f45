"""Iterations of the SCF in the log."""

import contextlib
import logging
import re
import signal

import pytest
from tblite.exceptions import TBLiteRuntimeError

from qdjunction.engine.xtb.engine import XtbEngine, XtbSettings
from qdjunction.engine.xtb.scf_log import ScfLog, interrupt_afterwards

GFN2 = XtbSettings(method="GFN2-xTB", start_temperature_k=300)
"""A method whose charges are not found before, so that tblite iterates more than twice."""

LINE = re.compile(
    r"SCF at (\d+) K  iteration +(\d+)  energy (-?\d+\.\d+) eV(?:  change (\S+) eV)?  density error (\S+)"
)


def iterations(caplog):
    return [found for message in caplog.messages if (found := LINE.fullmatch(message))]


def test_every_iteration_is_logged(single_pb, tmp_path, caplog):
    caplog.set_level(logging.INFO, "qdjunction")
    result = XtbEngine(GFN2).hamiltonian(single_pb, tmp_path)
    lines = iterations(caplog)
    assert {line[1] for line in lines} == {"300"}
    numbers = [int(line[2]) for line in lines]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 2
    assert float(lines[-1][3]) == pytest.approx(result.energy_ev, abs=1e-3)
    assert abs(float(lines[-1][4])) < 1e-4
    assert float(lines[-1][5]) < min(1e-4, float(lines[0][5]))


def test_lines_come_while_the_scf_runs(single_pb, tmp_path):
    """Each when its iteration is done, not all at the end."""
    times = []

    class Clock(logging.Handler):
        def emit(self, record):
            if LINE.fullmatch(record.getMessage()):
                times.append(record.created)

    logger = logging.getLogger("qdjunction")
    clock = Clock()
    logger.addHandler(clock)
    level = logger.level
    logger.setLevel(logging.INFO)
    try:
        XtbEngine(GFN2).hamiltonian(single_pb, tmp_path)
    finally:
        logger.removeHandler(clock)
        logger.setLevel(level)
    assert len(set(times)) > 0.8 * len(times)


def test_a_relaxation_logs_its_steps_and_few_iterations(single_pb, tmp_path, caplog):
    caplog.set_level(logging.INFO, "qdjunction")
    XtbEngine().relax(single_pb, tmp_path, 0.001, 2)
    assert sum(message.startswith("step ") for message in caplog.messages) == 3
    assert len(iterations(caplog)) <= 1


def test_what_is_no_iteration_is_left_to_debug(caplog):
    caplog.set_level(logging.INFO, "qdjunction")
    scf_log = ScfLog()
    for line in (
        "-----",
        "  cycle        total energy    energy error   density error",
        "",
        " total:   0.068 sec",
    ):
        scf_log(line)
    assert not caplog.messages
    scf_log("     11     -26.49463660700   1.3920562E-09   3.9137886E-05")
    assert caplog.messages == [
        "SCF at 0 K  iteration  11  energy -720.9558 eV  change +3.8e-08 eV  density error 3.9e-05"
    ]


def test_ctrl_c_in_an_scf_that_fails_is_not_lost():
    """The SCF of which only H and S are wanted always ends in tblite's error of one that does not converge."""

    def pressed_in_vain():
        with contextlib.suppress(TBLiteRuntimeError), interrupt_afterwards():
            signal.raise_signal(signal.SIGINT)
            raise TBLiteRuntimeError

    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            pressed_in_vain()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, former)
