"""One folder of real output for each way in which a run fails."""

import re

import numpy as np
import pytest
from qdjunction.engine.siesta.corrections import MOST, correction
from qdjunction.engine.siesta.diagnosis import Failure, diagnose
from qdjunction.engine.siesta.inputs import Mixing
from qdjunction.engine.siesta.progress import Progress, trend


@pytest.mark.parametrize(
    ("folder", "exit_status", "failure", "sentence"),
    [
        ("scf-stuck", 1, Failure.SCF_STUCK, "does not fall: it is stuck; lower mixing_weight"),
        (
            "scf-unfinished",
            1,
            Failure.SCF_UNFINISHED,
            "falls by 0.50 decades an iteration: about 2 more would suffice",
        ),
        ("geometry-not-converged", 0, Failure.GEOMETRY_NOT_CONVERGED, "fmax is 0.667 eV/Ang after 2 moves"),
        ("out-of-time", 1, Failure.OUT_OF_TIME, "stopped in time before the wall-clock limit"),
        ("killed", -9, Failure.KILLED, "killed by signal 9"),
        ("killed", None, Failure.KILLED, "is incomplete: the run was interrupted"),
        ("out-of-memory", -6, Failure.OUT_OF_MEMORY, "ran out of memory"),
        ("box-too-small", 0, Failure.BOX_TOO_SMALL, "raise vacuum_ang"),
        ("pseudopotential-missing", 1, Failure.PSEUDOPOTENTIAL_MISSING, "no pseudopotential Br.psf"),
        ("ghost-state", 1, Failure.GHOST_STATE, "pseudopotential of Br has a ghost state for l = 0"),
    ],
)
def test_every_failure_has_its_own_sentence(data, settings, folder, exit_status, failure, sentence):
    found = diagnose(data / folder / "siesta.out", settings, exit_status, data / folder / "siesta.err")
    assert found is not None
    assert found.failure is failure
    assert sentence in found.reason
    assert re.fullmatch(r"[A-Z][^\n]*\.", found.reason), "one sentence, one line"


def test_a_completed_run_has_no_diagnosis(data, settings):
    assert diagnose(data / "converged" / "siesta.out", settings, 0) is None


def test_a_crystal_may_touch_its_images(data, settings):
    assert diagnose(data / "box-too-small" / "siesta.out", settings, 0, finite=False) is None


def test_a_queue_that_kills_for_memory_is_believed(data, settings, tmp_path):
    error = tmp_path / "err"
    error.write_text("slurmstepd: error: Detected 1 oom_kill event in StepId=7.0\n")
    found = diagnose(data / "killed" / "siesta.out", settings, 137, error)
    assert found.failure is Failure.OUT_OF_MEMORY


def test_no_output_and_unknown_ends_say_what_is_known(settings, tmp_path):
    output, error = tmp_path / "siesta.out", tmp_path / "siesta.err"
    output.write_text("")
    error.write_text("siesta: error while loading shared libraries: libnetcdff.so.7\n")
    found = diagnose(output, settings, 127, error)
    assert (found.failure, "libnetcdff" in found.reason) == (Failure.NOT_STARTED, True)
    output.write_text("Siesta Version  : v4.1\n")
    (tmp_path / "MESSAGES").write_text("FATAL: No spin-orbit components for any species!\n")
    found = diagnose(output, settings, 1)
    assert (found.failure, "No spin-orbit components" in found.reason) == (Failure.UNKNOWN, True)


def test_progress_follows_a_relaxation(data):
    with (data / "killed" / "siesta.out").open() as output:
        progress = Progress(1e-4, 1e-3).feed_all(output)
    assert progress.forces == 2
    assert progress.iterations == 23
    assert progress.energy_ev == pytest.approx(-823.3001)
    assert progress.fmax_ev_per_ang == pytest.approx(0.739447)


def test_progress_is_logged_by_step_and_iteration(data, caplog):
    caplog.set_level("INFO", "qdjunction")
    progress = Progress(1e-4, 1e-3)
    for line in (data / "converged" / "siesta.out").read_text().splitlines():
        progress.feed(line)
    assert re.search(r"step 0  scf 1  dDmax \d\.\d+e[-+]\d+  dHmax", caplog.text)
    assert re.search(r"step 0  energy -\d+\.\d+ eV  fmax \d\.\d+ eV/Ang", caplog.text)


@pytest.mark.parametrize("slope", [-0.3, -0.01])
def test_the_trend_finds_the_slope_of_an_exponential_decay(slope):
    state = trend(1e6 * 10 ** (slope * np.arange(60)))
    assert state.slope == pytest.approx(slope)
    assert state.remaining == pytest.approx(max((6 + 59 * slope) / -slope, 0))


def test_the_trend_of_an_oscillation_never_ends():
    assert trend([3.0, 30.0] * 20).remaining > 300 or trend([3.0, 30.0] * 20).slope >= 0


def test_corrections_are_neutral_recorded_and_few():
    mixing = Mixing(weight=0.1, history=6, max_iterations=300)
    step = correction(Failure.SCF_STUCK, mixing, 0)
    assert step.record(mixing)["changed"] == {"weight": [0.1, 0.05], "history": [6, 12]}
    assert step.delete == ("DM",)
    assert correction(Failure.SCF_UNFINISHED, mixing, 0).mixing == mixing
    assert correction(Failure.SCF_STUCK, mixing, MOST) is None


@pytest.mark.parametrize(
    "failure",
    [Failure.GHOST_STATE, Failure.OUT_OF_MEMORY, Failure.BOX_TOO_SMALL, Failure.OUT_OF_TIME, Failure.KILLED],
)
def test_what_needs_a_person_is_not_corrected(failure):
    assert correction(failure, Mixing(0.1, 6, 300), 0) is None
