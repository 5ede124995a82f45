"""What the runner does with processes, signals and files; the program is a stand-in that replays real runs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qdjunction.core.errors import EngineError, InputError
from qdjunction.engine.siesta import Launch, SiestaEngine

REPLAY = """
run = pathlib.Path({run!r})
for path in run.iterdir():
    if path.suffix in (".XV", ".EIG", ".FA", ".HSX", ".ORB_INDX", ".DM", ".CG") or path.name == "MESSAGES":
        shutil.copy(path, path.name)
print((run / "siesta.out").read_text(), end="", flush=True)
"""

# They say of a run that has ended how it went, and must not be there for the next one.
LEFT_BY_SIESTA_5 = ["0_NORMAL_EXIT", "CLOCK", "OUTVARS.yml", "FORCE_STRESS"]


def status(folder: Path) -> dict:
    return json.loads((folder / "status.json").read_text())


@pytest.fixture
def engine_with(settings, stand_in):
    """An engine whose program is a stand-in with this body."""

    def make(body: str, **changes) -> SiestaEngine:
        launch = Launch(stand_in(body), wall_time_min=changes.pop("wall_time_min", None))
        return SiestaEngine(settings.model_copy(update=changes), launch)

    return make


def test_a_run_leaves_a_record(engine_with, molecule, data, tmp_path):
    engine = engine_with(REPLAY.format(run=str(data / "converged")))
    structure = engine.hamiltonian(molecule, tmp_path / "run")
    assert structure.atoms.get_tags().tolist() == [0, 10, 20]
    assert structure.engine.settings["mesh_cutoff_ry"] == 60
    record = status(tmp_path / "run")
    assert (record["state"], record["failure"], record["corrections"]) == ("done", "", [])
    assert record["pseudopotentials"]["Pb"]["file"] == "Pb.psf"
    assert len(record["pseudopotentials"]["Pb"]["sha256"]) == 64
    (attempt,) = record["attempts"]
    assert (attempt["exit_status"], attempt["scf_iterations"]) == (0, 12)
    assert attempt["host"] == os.uname().nodename
    assert not (tmp_path / "run" / "lock.json").exists()


def test_a_finished_run_is_not_run_again(engine_with, molecule, data, tmp_path):
    first = engine_with(REPLAY.format(run=str(data / "converged"))).hamiltonian(molecule, tmp_path / "run")
    again = engine_with("sys.exit('started again')").hamiltonian(molecule, tmp_path / "run")
    assert again.gap_ev == first.gap_ev
    assert len(status(tmp_path / "run")["attempts"]) == 1


def test_another_structure_or_protocol_starts_anew(engine_with, molecule, data, tmp_path):
    body = REPLAY.format(run=str(data / "converged"))
    engine_with(body).hamiltonian(molecule, tmp_path / "run")
    engine_with(body, mesh_cutoff_ry=70).hamiltonian(molecule, tmp_path / "run")
    assert len(status(tmp_path / "run")["attempts"]) == 1
    assert status(tmp_path / "run")["settings"]["mesh_cutoff_ry"] == 70
    assert status(tmp_path / "run" / "superseded")["settings"]["mesh_cutoff_ry"] == 60


def test_a_stuck_scf_is_corrected_at_most_three_times(engine_with, molecule, data, tmp_path):
    body = (
        "(pathlib.Path('starts')).open('a').write('DM ' if os.path.exists('siesta.DM') else 'atoms ')\n"
        "open('siesta.DM', 'w').close()\n" + REPLAY.format(run=str(data / "scf-stuck")) + "sys.exit(1)"
    )
    with pytest.raises(EngineError, match=r"after 3 corrections: The SCF is at .* it is stuck"):
        engine_with(body).hamiltonian(molecule, tmp_path / "run")
    record = status(tmp_path / "run")
    assert (record["state"], record["failure"]) == ("failed", "scf-stuck")
    assert [step["changed"]["weight"] for step in record["corrections"]] == [
        [0.1, 0.05],
        [0.05, 0.025],
        [0.025, 0.0125],
    ]
    assert [attempt["mixing"]["weight"] for attempt in record["attempts"]] == [0.1, 0.05, 0.025, 0.0125]
    assert (tmp_path / "run" / "starts").read_text() == "atoms " * 4
    outputs = [attempt["output"] for attempt in record["attempts"]]
    assert outputs == ["siesta.1.out", "siesta.2.out", "siesta.3.out", "siesta.out"]
    assert all((tmp_path / "run" / name).is_file() for name in outputs)


def test_corrections_do_not_leak_into_the_next_job(engine_with, molecule, data, tmp_path):
    body = REPLAY.format(run=str(data / "scf-stuck")) + "sys.exit(1)"
    for _ in range(2):
        with pytest.raises(EngineError, match="stuck"):
            engine_with(body).hamiltonian(molecule, tmp_path / "run")
    assert status(tmp_path / "run")["attempts"][4]["mixing"]["weight"] == 0.1


def test_an_unfinished_scf_goes_on_from_its_density_matrix(engine_with, molecule, data, tmp_path):
    unfinished = REPLAY.format(run=str(data / "scf-unfinished"))
    finished = REPLAY.format(run=str(data / "converged"))
    body = (
        f"again = os.path.exists('siesta.DM')\nshutil.copy({str(data / 'converged' / 'siesta.DM')!r}, 'siesta.DM')\n"
        f"exec({finished!r} if again else {unfinished!r})\nsys.exit(0 if again else 1)"
    )
    engine_with(body).hamiltonian(molecule, tmp_path / "run")
    record = status(tmp_path / "run")
    assert record["state"] == "done"
    assert [(step["failure"], step["changed"]) for step in record["corrections"]] == [("scf-unfinished", {})]
    assert [attempt["failure"] for attempt in record["attempts"]] == ["scf-unfinished", ""]


def test_a_truncated_hsx_is_written_again(engine_with, molecule, data, tmp_path):
    body = REPLAY.format(run=str(data / "converged")) + (
        "\nif not os.path.exists('second'):\n    open('second', 'w').close()\n    os.truncate('siesta.HSX', 3000)"
        f"\n    for name in {LEFT_BY_SIESTA_5}:\n        open(name, 'w').close()"
    )
    assert engine_with(body).hamiltonian(molecule, tmp_path / "run").gap_ev == pytest.approx(1.796, abs=1e-3)
    record = status(tmp_path / "run")
    assert [step["failure"] for step in record["corrections"]] == ["matrices-damaged"]
    assert not [name for name in LEFT_BY_SIESTA_5 if (tmp_path / "run" / name).exists()]


@pytest.mark.parametrize("folder", ["ghost-state", "out-of-memory", "box-too-small", "out-of-time"])
def test_what_no_correction_helps_fails_at_once_with_its_sentence(
    engine_with, molecule, data, tmp_path, folder
):
    body = REPLAY.format(run=str(data / folder)) + (
        f"sys.stderr.write(pathlib.Path({str(data / folder / 'siesta.err')!r}).read_text())\n"
        if (data / folder / "siesta.err").exists()
        else ""
    )
    with pytest.raises(EngineError) as caught:
        engine_with(body + "\nsys.exit(1)").hamiltonian(molecule, tmp_path / "run")
    record = status(tmp_path / "run")
    assert record["failure"] == folder
    assert record["reason"] in str(caught.value)
    assert len(record["attempts"]) == 1


def test_a_missing_program_is_named(engine_with, molecule, settings, tmp_path):
    engine = SiestaEngine(settings, Launch("siesta-that-is-not-here"))
    with pytest.raises(EngineError, match="could not be started with 'siesta-that-is-not-here'"):
        engine.hamiltonian(molecule, tmp_path / "run")
    assert status(tmp_path / "run")["failure"] == "not-started"


def test_siesta_4_is_stopped_at_its_first_line_when_dispersion_is_asked_for(engine_with, molecule, tmp_path):
    body = "print('Siesta Version  : v4.1-b4-133', flush=True)\nimport time\ntime.sleep(60)"
    started = time.monotonic()
    with pytest.raises(EngineError, match="SIESTA 4 lacks DFT-D3"):
        engine_with(body, dispersion="d3").hamiltonian(molecule, tmp_path / "run")
    assert time.monotonic() - started < 30
    assert status(tmp_path / "run")["failure"] == "siesta-too-old"


def test_spin_is_refused_before_anything_is_computed(engine_with, molecule, tmp_path):
    with pytest.raises(InputError, match="non-polarized"):
        engine_with("", spin="spin-orbit").hamiltonian(molecule, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_threads_tasks_and_input_reach_the_program(settings, molecule, stand_in, tmp_path):
    body = "print(os.environ['OMP_NUM_THREADS'], sys.argv[1:], sys.stdin.readline())"
    with pytest.raises(EngineError):
        SiestaEngine(settings, Launch(stand_in(body) + " -option", threads=3)).hamiltonian(
            molecule, tmp_path / "run"
        )
    assert (tmp_path / "run" / "siesta.out").read_text().startswith("3 ['-option'] SystemLabel\tsiesta")


def test_the_output_is_followed_live(engine_with, molecule, data, tmp_path, caplog):
    lines = (data / "killed" / "siesta.out").read_text().splitlines(keepends=True)
    body = f"for line in {lines!r}:\n    print(line[:9], end='', flush=True)\n    print(line[9:], end='')\nsys.exit(1)"
    caplog.set_level("INFO", "qdjunction.engine.siesta")
    with pytest.raises(EngineError):
        engine_with(body).relax(molecule, tmp_path / "run", 0.02, 30)
    assert "step 1  energy -823.3001 eV" in caplog.text
    assert status(tmp_path / "run")["attempts"][0]["forces"] == 2


def test_a_program_that_does_not_stop_in_time_is_ended(engine_with, molecule, tmp_path, monkeypatch):
    monkeypatch.setattr("qdjunction.engine.siesta.runner._GRACE_S", 1.0)
    body = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('Siesta', flush=True)\ntime.sleep(60)"
    began = time.monotonic()
    with pytest.raises(EngineError, match="killed by signal 9"):
        engine_with(body, wall_time_min=0.1).hamiltonian(molecule, tmp_path / "run")
    assert time.monotonic() - began < 20


def test_no_time_left_is_said(engine_with, molecule, tmp_path):
    with pytest.raises(EngineError, match=r"0.01 minutes of the job are used up"):
        engine_with("", wall_time_min=0.01).hamiltonian(molecule, tmp_path / "run")


RUNNER = """
import json, sys
from pathlib import Path
import ase.io
from qdjunction.engine.siesta import SiestaEngine, SiestaSettings
settings = SiestaSettings.model_validate_json(Path(sys.argv[1]).read_text())
SiestaEngine(settings).hamiltonian(ase.io.read(sys.argv[2]), Path(sys.argv[3]))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_runner_takes_the_program_along(engine_with, molecule, tmp_path, number):
    engine = engine_with("pathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(60)")
    (tmp_path / "settings.json").write_text(engine.settings.model_dump_json())
    molecule.write(tmp_path / "molecule.extxyz")
    run = tmp_path / "run"
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER, tmp_path / "settings.json", tmp_path / "molecule.extxyz", run],
        stderr=subprocess.DEVNULL,
        env=os.environ | {"SIESTA_COMMAND": engine.launch.command},
        # Tests that run in the background of a shell inherit that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while not (run / "pid").exists() or not (run / "pid").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    runner.send_signal(number)
    assert runner.wait(60) != 0
    with pytest.raises(ProcessLookupError):
        os.kill(int((run / "pid").read_text()), 0)
    assert not (run / "lock.json").exists()
    assert status(run)["state"] == "running"


def test_a_damaged_density_matrix_is_left_out(engine_with, molecule, data, tmp_path):
    run = tmp_path / "run"
    body = "print(os.path.exists('siesta.DM'))\n" + REPLAY.format(run=str(data / "converged"))
    with pytest.raises(EngineError):
        engine_with("print('x')\nsys.exit(1)").hamiltonian(molecule, run)
    shutil.copy(data / "converged" / "siesta.DM", run / "siesta.DM")
    os.truncate(run / "siesta.DM", 1000)
    engine_with(body).hamiltonian(molecule, run)
    assert (run / "siesta.out").read_text().startswith("False")


@pytest.mark.parametrize(
    ("change", "seeded"), [({}, True), ({"energy_shift_ry": 0.02}, False), ({"basis": "DZ"}, False)]
)
def test_a_density_matrix_seeds_the_next_contact_where_orbitals_match(
    engine_with, molecule, data, tmp_path, change, seeded
):
    body = "print(os.path.exists('siesta.DM'))\n" + REPLAY.format(run=str(data / "converged"))
    engine_with(body).hamiltonian(molecule, tmp_path / "first")
    moved = molecule.copy()
    moved.positions[2] += 0.1
    engine_with(body, **change).hamiltonian(moved, tmp_path / "next", density_from=tmp_path / "first")
    assert (tmp_path / "next" / "siesta.out").read_text().startswith(str(seeded))


def test_a_density_matrix_of_other_atoms_is_no_seed(engine_with, molecule, data, tmp_path):
    body = "print(os.path.exists('siesta.DM'))\n" + REPLAY.format(run=str(data / "converged"))
    engine_with(body).hamiltonian(molecule, tmp_path / "first")
    turned = molecule[[1, 0, 2]]
    with pytest.raises(EngineError):
        engine_with(body).hamiltonian(turned, tmp_path / "next", density_from=tmp_path / "first")
    assert (tmp_path / "next" / "siesta.out").read_text().startswith("False")
