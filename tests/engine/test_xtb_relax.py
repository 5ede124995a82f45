"""Relaxation: real SIGKILLs, cut files, constraints."""

import signal
import textwrap
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.constraints import FixAtoms
from ase.io.trajectory import Trajectory

from qdjunction.engine.relaxation import TRAJECTORY
from qdjunction.engine.xtb.engine import XtbEngine, XtbSettings, _Scf
from support.molecules import methylammonium_bromide
from support.paths import ROOT
from support.processes import environment, python

FMAX = 0.02


def frames(workdir: Path) -> list[Atoms]:
    with Trajectory(workdir / TRAJECTORY) as trajectory:
        return list(trajectory)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return XtbEngine().relax(methylammonium_bromide(), tmp_path_factory.mktemp("whole"), FMAX, 200)


def test_relaxation_ends_below_the_threshold(uninterrupted, tmp_path):
    assert uninterrupted.converged
    assert uninterrupted.reason == ""
    assert uninterrupted.fmax_ev_per_ang < FMAX
    assert uninterrupted.steps > 8
    there = XtbEngine().hamiltonian(uninterrupted.atoms, tmp_path)
    assert np.linalg.norm(there.forces_ev_per_ang, axis=1).max() == pytest.approx(
        uninterrupted.fmax_ev_per_ang, abs=2e-3
    )
    assert there.energy_ev == pytest.approx(uninterrupted.energy_ev, abs=1e-4)


@pytest.mark.parametrize(("fmax", "moved", "scfs"), [(1e3, 0.0, 1), (1e3, 0.01, 2), (FMAX, 0.0, None)])
def test_the_scf_of_a_relaxation_without_a_step_is_not_repeated(fmax, moved, scfs, tmp_path, monkeypatch):
    """H and S are those of an engine of their own, to the last digit."""
    engine, runs, run = XtbEngine(), [], _Scf.solve
    monkeypatch.setattr(_Scf, "solve", lambda *given: runs.append(1) or run(*given))
    relaxed = engine.relax(methylammonium_bromide(), tmp_path / "relax", fmax, 200)
    relaxed.atoms.positions[0, 0] += moved
    before = len(runs)
    found = engine.hamiltonian(relaxed.atoms, tmp_path / "h")
    assert len(runs) == (scfs or before + 1)
    own = XtbEngine().hamiltonian(relaxed.atoms, tmp_path / "own")
    for matrix in ("H", "S"):
        a, b = (getattr(one.hamiltonian, f"{matrix}k")(format="array") for one in (found, own))
        np.testing.assert_array_equal(a, b)
    assert found.energy_ev == own.energy_ev
    # Once taken, it is not kept: another structure has its own SCF.
    engine.hamiltonian(relaxed.atoms, tmp_path / "again")
    assert len(runs) == (scfs or before + 1) + 2


def test_info_and_tags_survive_and_the_start_is_left_alone(uninterrupted):
    start = methylammonium_bromide()
    assert uninterrupted.atoms.info == start.info
    assert uninterrupted.atoms.get_tags().tolist() == start.get_tags().tolist()
    assert not np.allclose(uninterrupted.atoms.positions, start.positions)


def test_a_killed_relaxation_is_finished_with_no_step_lost(uninterrupted, tmp_path):
    """The process kills itself with SIGKILL as soon as step 5 is reported."""
    script = textwrap.dedent(
        f"""
        import logging, os, signal
        from pathlib import Path
        from qdjunction.engine.xtb.engine import XtbEngine
        from support.molecules import methylammonium_bromide

        class Killer(logging.Handler):
            def emit(self, record):
                if record.getMessage().startswith("step    5 "):
                    os.kill(os.getpid(), signal.SIGKILL)

        logging.getLogger("qdjunction").addHandler(Killer())
        logging.getLogger("qdjunction").setLevel(logging.INFO)
        XtbEngine().relax(methylammonium_bromide(), Path({str(tmp_path)!r}), {FMAX}, 200)
        """
    )
    killed = python("-c", script, env=environment(ROOT / "tests"))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    before = frames(tmp_path)
    assert len(before) == 6

    finished = XtbEngine().relax(methylammonium_bromide(), tmp_path, FMAX, 200)
    after = frames(tmp_path)
    assert finished.converged
    assert finished.steps == len(after) - 1
    for early, late in zip(before, after, strict=False):
        np.testing.assert_array_equal(early.positions, late.positions)
    assert finished.wall_time_s > before[-1].info["wall_time_s"] > 0
    assert abs(finished.steps - uninterrupted.steps) <= 1
    assert finished.energy_ev == pytest.approx(uninterrupted.energy_ev, abs=1e-3)


@pytest.mark.parametrize("lost", [1, 700, 3000])
def test_a_frame_cut_short_is_done_again(lost, uninterrupted, tmp_path, caplog):
    XtbEngine().relax(methylammonium_bromide(), tmp_path, FMAX, 6)
    trajectory = tmp_path / TRAJECTORY
    trajectory.write_bytes(trajectory.read_bytes()[:-lost])
    finished = XtbEngine().relax(methylammonium_bromide(), tmp_path, FMAX, 200)
    assert "cut short" in caplog.text
    assert finished.converged
    assert finished.steps == len(frames(tmp_path)) - 1
    assert finished.energy_ev == pytest.approx(uninterrupted.energy_ev, abs=1e-3)


def test_max_steps_ends_it_with_a_reason_and_a_later_call_goes_on(uninterrupted, tmp_path):
    stopped = XtbEngine().relax(methylammonium_bromide(), tmp_path, FMAX, 3)
    assert not stopped.converged
    assert stopped.steps == 3
    assert "After 3 steps" in stopped.reason
    again = XtbEngine().relax(methylammonium_bromide(), tmp_path, FMAX, 3)
    assert (again.steps, again.converged) == (3, False)
    finished = XtbEngine().relax(methylammonium_bromide(), tmp_path, FMAX, 200)
    assert finished.converged
    assert abs(finished.steps - uninterrupted.steps) <= 1


def test_another_start_is_not_mixed_up_with_the_earlier_one(tmp_path, caplog):
    XtbEngine().relax(methylammonium_bromide(), tmp_path, FMAX, 2)
    other = methylammonium_bromide()
    other.positions[-1] += 0.1
    assert XtbEngine().relax(other, tmp_path, FMAX, 2).steps == 2
    assert "Starting over" in caplog.text
    np.testing.assert_array_equal(frames(tmp_path)[0].positions, other.positions)
    assert (tmp_path / f"earlier-{TRAJECTORY}").exists()
    XtbEngine(XtbSettings(accuracy=1.0)).relax(other, tmp_path, FMAX, 1)
    assert len(frames(tmp_path)) == 2


def test_fixed_atoms_stay_and_do_not_count(tmp_path):
    atoms = molecule("H2O")
    atoms.positions[0] += [0.0, 0.0, 0.1]
    atoms.set_constraint(FixAtoms([0, 1]))
    relaxed = XtbEngine().relax(atoms, tmp_path, FMAX, 100)
    assert relaxed.converged
    np.testing.assert_array_equal(relaxed.atoms.positions[:2], atoms.positions[:2])
    assert np.linalg.norm(relaxed.atoms.positions[2] - atoms.positions[2]) > 0.01
    assert relaxed.atoms.constraints
