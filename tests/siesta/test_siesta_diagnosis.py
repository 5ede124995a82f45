"""One folder of real output for each way in which a run fails."""

import json
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


@pytest.mark.parametrize(
    ("folder", "failure", "sentence"),
    [
        (
            "scf-unfinished",
            Failure.SCF_UNFINISHED,
            "falls by 0.36 decades an iteration: about 7 more would suffice",
        ),
        ("out-of-time", Failure.OUT_OF_TIME, "run again to resume, or raise the job's runtime"),
        ("pseudopotential-missing", Failure.PSEUDOPOTENTIAL_MISSING, "no pseudopotential Br.{vps,psf,psml}"),
        (
            "pseudopotential-header",
            Failure.PSEUDOPOTENTIAL_HEADER,
            "psf file of C, N: its header names fewer shells",
        ),
        ("ghost-state", Failure.GHOST_STATE, "Br has a ghost state for l = 1"),
    ],
)
def test_every_failure_of_siesta_5_is_told_from_its_abort(data_5, settings, folder, failure, sentence):
    """SIESTA 5 ends by SIGABRT, -6, or 134 of a shell, whatever made it stop."""
    run = data_5 / folder
    for exit_status in (-6, 134):
        found = diagnose(run / "siesta.out", settings, exit_status, run / "siesta.err")
        assert found is not None
        assert found.failure is failure
        assert sentence in found.reason
        assert re.fullmatch(r"[A-Z][^\n]*\.", found.reason), "one sentence, one line"


def test_a_ghost_state_that_siesta_5_made_itself_has_its_remedy(data, data_5, settings, tmp_path):
    remedy = "set fdf: {ReparametrizePseudos: false}"
    output = data_5 / "ghost-state" / "siesta.out"
    assert remedy in diagnose(output, settings, -6).reason
    assert remedy not in diagnose(data / "ghost-state" / "siesta.out", settings, 1).reason
    (tmp_path / "siesta.out").write_text(
        output.read_text().replace("SystemLabel\t", "Reparametrize-Pseudos  F\nSystemLabel\t", 1)
    )
    assert remedy not in diagnose(tmp_path / "siesta.out", settings, -6).reason


def test_the_reason_in_messages_is_the_last_word_of_an_unknown_abort(data_5, settings, tmp_path):
    text = (data_5 / "pseudopotential-header" / "siesta.out").read_text()
    (tmp_path / "siesta.out").write_text(text.replace("nsemx too small", ""))
    found = diagnose(tmp_path / "siesta.out", settings, -6)
    assert found.failure is Failure.UNKNOWN
    assert "Increment nsemx to" in found.reason, "the line before 'Stopping Program from Node'"
    (tmp_path / "MESSAGES").write_text("WARNING: something\nFATAL: No such basis\n")
    assert "its last line: No such basis." in diagnose(tmp_path / "siesta.out", settings, -6).reason


def test_a_completed_run_has_no_diagnosis(data, data_5, settings):
    assert diagnose(data / "converged" / "siesta.out", settings, 0) is None
    assert diagnose(data_5 / "converged" / "siesta.out", settings, 0) is None


def test_a_run_that_completed_without_a_converged_scf_is_not_done(data, settings, tmp_path):
    """SCF.MustConverge = false lets SIESTA go on."""
    text = (data / "converged" / "siesta.out").read_text()
    warning = "SCF_NOT_CONV: SCF did not converge in maximum number of steps.\n"
    (tmp_path / "siesta.out").write_text(text.replace(">> End of run", f"{warning}>> End of run"))
    assert warning in (tmp_path / "siesta.out").read_text()
    assert diagnose(tmp_path / "siesta.out", settings, 0).failure is Failure.SCF_UNFINISHED


def test_siesta_4_is_refused_what_only_siesta_5_does(data, data_5, settings):
    for change, named in (
        ({"dispersion": "d3"}, "DFT-D3"),
        ({"orbitals": "siesta-5"}, "the basis of SIESTA 5"),
    ):
        changed = settings.model_copy(update=change)
        found = diagnose(data / "converged" / "siesta.out", changed, 0)
        assert found is not None
        assert found.failure is Failure.SIESTA_TOO_OLD
        assert f"SIESTA 4 lacks {named}" in found.reason
    assert diagnose(data_5 / "converged" / "siesta.out", changed, 0) is None


def test_a_run_without_the_dispersion_that_was_asked_for_fails(data_5, settings):
    with_d3 = settings.model_copy(update={"dispersion": "d3"})
    output = data_5 / "converged" / "siesta.out"
    found = diagnose(output, with_d3, 0)
    assert found is not None
    assert found.failure is Failure.DISPERSION_MISSING
    assert "built without DFT-D3" in found.reason
    aborted = diagnose(data_5 / "dispersion-missing" / "siesta.out", with_d3, -6)
    assert aborted == found
    assert diagnose(data_5 / "dispersion" / "siesta.out", with_d3, 0) is None


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


def test_progress_follows_siesta_5(data_5):
    with (data_5 / "killed" / "siesta.out").open() as output:
        progress = Progress(1e-4, 1e-3).feed_all(output)
    status = json.loads((data_5 / "killed" / "status.json").read_text())
    assert status["state"] == "running", "the runner was killed"
    assert progress.forces == 5
    with (data_5 / "converged" / "siesta.out").open() as output:
        progress = Progress(1e-4, 1e-3).feed_all(output)
    assert (progress.forces, progress.iterations) == (1, 12)
    assert progress.energy_ev == pytest.approx(-4378.1209, abs=5e-5)
    assert progress.fmax_ev_per_ang == pytest.approx(1.077, abs=5e-4)


@pytest.mark.parametrize(
    ("end", "residual"), [("2.919872537.690112", 537690.112), ("2.919872**********", 19920.22)]
)
def test_numbers_that_leave_no_space_are_told_apart(end, residual):
    """Of 1Pb between gold surfaces, restarted from an unfinished SCF; and a number too wide for its column."""
    head = "        iscf     Eharris(eV)        E_KS(eV)     FreeEng(eV)     dDmax    Ef(eV) dHmax(eV)"
    line = "   scf:    1   -36444.028449  -146871.795841  -146871.946645  1.992022  "
    progress = Progress(1e-4, 1e-3).feed_all([head, line + end])
    assert progress.residuals == pytest.approx([residual])


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
    [
        Failure.GHOST_STATE,
        Failure.PSEUDOPOTENTIAL_HEADER,
        Failure.OUT_OF_MEMORY,
        Failure.BOX_TOO_SMALL,
        Failure.OUT_OF_TIME,
        Failure.KILLED,
    ],
)
def test_what_needs_a_person_is_not_corrected(failure):
    assert correction(failure, Mixing(0.1, 6, 300), 0) is None
