"""The engine with a real SIESTA, named by SIESTA_COMMAND."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.constraints import FixAtoms

from qdjunction.core.errors import EngineError
from qdjunction.engine.siesta import Launch, SiestaEngine, SiestaSettings
from qdjunction.engine.siesta.convergence import convergence

pytestmark = [pytest.mark.siesta, pytest.mark.slow, pytest.mark.usefixtures("siesta_command")]

RELAX = """
import sys
from pathlib import Path
import ase.io
from qdjunction.engine.siesta import SiestaEngine, SiestaSettings
settings = SiestaSettings.model_validate_json(Path(sys.argv[1]).read_text())
SiestaEngine(settings).relax(ase.io.read(sys.argv[2]), Path(sys.argv[3]), 0.02, 40)
"""


def status(folder: Path) -> dict:
    return json.loads((folder / "status.json").read_text())


def test_a_relaxation_killed_in_the_middle_loses_no_step(molecule, settings, tmp_path):
    straight = SiestaEngine(settings).relax(molecule, tmp_path / "straight", 0.02, 40)
    assert straight.converged

    (tmp_path / "settings.json").write_text(settings.model_dump_json())
    molecule.write(tmp_path / "molecule.extxyz")
    run = tmp_path / "run"
    runner = subprocess.Popen(
        [sys.executable, "-c", RELAX, tmp_path / "settings.json", tmp_path / "molecule.extxyz", run]
    )
    output = run / "siesta.out"
    deadline = time.monotonic() + 300
    while not output.exists() or output.read_text(errors="replace").count("constrained") < 3:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    group = json.loads((run / "lock.json").read_text())["process_group"]
    runner.kill()
    os.killpg(group, signal.SIGKILL)
    runner.wait()

    resumed = SiestaEngine(settings).relax(molecule, run, 0.02, 40)
    first, second = status(run)["attempts"]
    assert first["failure"] == "killed"
    assert first["forces"] >= 3
    assert resumed.converged
    assert resumed.steps == first["forces"] + second["forces"] - 1
    assert abs(resumed.steps - straight.steps) <= 1
    assert resumed.energy_ev == pytest.approx(straight.energy_ev, abs=2e-3)


def test_orbitals_of_ghosts_lower_the_energy_where_they_overlap(molecule, settings, tmp_path):
    """A larger basis lowers the energy, orbitals out of reach do not; all in one box, since the molecule is polar."""
    engine = SiestaEngine(settings)
    alone = engine.ghost_energy(molecule, np.zeros(3, dtype=bool), tmp_path / "alone")
    assert alone == engine.hamiltonian(molecule, tmp_path / "alone").energy_ev
    far, farther, near = (
        engine.ghost_energy(
            molecule + Atoms("Br2", [[0, 0, -15], second]),
            np.array([False, False, False, True, True]),
            tmp_path / name,
        )
        for name, second in {"far": (0, 1.75, -13), "farther": (0, 1.75, -14), "near": (0, 0, -2.8)}.items()
    )
    assert farther == pytest.approx(far, abs=1e-3)
    assert near < far - 0.02


def test_frozen_atoms_stay_and_the_rest_moves(molecule, settings, tmp_path):
    molecule.set_constraint(FixAtoms([0]))
    relaxed = SiestaEngine(settings).relax(molecule, tmp_path, 0.05, 3)
    moved = np.linalg.norm(relaxed.atoms.positions - molecule.positions, axis=1)
    assert moved[0] < 1e-6
    assert moved[1:].min() > 0.02
    assert (relaxed.converged, relaxed.steps) == (False, 3)
    assert "raise max_steps" in relaxed.reason
    further = SiestaEngine(settings).relax(molecule, tmp_path, 0.05, 40)
    assert further.converged
    assert further.steps > 3


def test_a_stuck_scf_is_brought_to_converge(molecule, settings, tmp_path):
    linear = {"SCF.Mixer.Method": "linear"}
    rough = settings.model_copy(update={"mixing_weight": 1.0, "max_scf_iterations": 60, "fdf": linear})
    corrected = SiestaEngine(rough).hamiltonian(molecule, tmp_path / "rough")
    made = status(tmp_path / "rough")["corrections"]
    assert made[0]["failure"] == "scf-stuck"
    assert made[0]["changed"]["weight"] == [1.0, 0.5]
    plain = SiestaEngine(settings).hamiltonian(molecule, tmp_path / "plain")
    np.testing.assert_allclose(corrected.eigenvalues_ev, plain.eigenvalues_ev, atol=5e-3)


def test_a_run_stopped_in_time_is_gone_on_from(molecule, settings, tmp_path):
    with pytest.raises(EngineError, match="stopped in time"):
        SiestaEngine(settings, Launch(wall_time_min=0.12)).relax(molecule, tmp_path, 1e-4, 500)
    stopped = status(tmp_path)["attempts"][0]["forces"]
    resumed = SiestaEngine(settings).relax(molecule, tmp_path, 0.1, stopped + 40)
    assert resumed.steps >= stopped - 1
    assert resumed.converged


def test_a_neighbouring_density_matrix_saves_iterations(molecule, settings, tmp_path):
    engine = SiestaEngine(settings)
    engine.hamiltonian(molecule, tmp_path / "first")
    moved = molecule.copy()
    moved.positions[2] += [0, 0.02, 0]
    seeded = engine.hamiltonian(moved, tmp_path / "seeded", density_from=tmp_path / "first")
    plain = engine.hamiltonian(moved, tmp_path / "plain")
    np.testing.assert_allclose(seeded.eigenvalues_ev, plain.eigenvalues_ev, atol=5e-3)
    counts = [status(tmp_path / name)["attempts"][0]["scf_iterations"] for name in ("seeded", "plain")]
    assert counts[0] < counts[1]


def test_the_recorded_gap_of_one_octahedron_is_met_by_both_lines_of_siesta(data, tmp_path):
    atoms = ase.io.read(data.parent / "1Pb_MAPbBr3_gfn1.xyz")
    settings = SiestaSettings(pseudopotentials=data / "pseudopotentials")
    structure = SiestaEngine(settings).hamiltonian(atoms, tmp_path)
    assert structure.gap_ev == pytest.approx(4.3799, abs=1e-3)
    assert structure.valence_electrons.sum() == 106


def test_dispersion_is_added_or_refused(molecule, settings, tmp_path):
    """Energy of dftd3 1.7.0 with the same parameters; H and S do not change."""
    plain = SiestaEngine(settings).hamiltonian(molecule, tmp_path / "plain")
    with_d3 = SiestaEngine(settings.model_copy(update={"dispersion": "d3"}))
    try:
        found = with_d3.hamiltonian(molecule, tmp_path / "d3")
    except EngineError as error:
        if re.search("SIESTA 4 lacks DFT-D3|built without DFT-D3", str(error)):
            pytest.skip(str(error))
        raise
    assert found.energy_ev - plain.energy_ev == pytest.approx(-0.100315, abs=2e-6)
    np.testing.assert_allclose(found.eigenvalues_ev, plain.eigenvalues_ev, atol=1e-6)


def test_a_convergence_study_tells_what_matters_and_survives_a_failure(molecule, settings, tmp_path):
    scan = {"mesh_cutoff_ry": (60.0, 90.0), "energy_shift_ry": (0.01,), "vacuum_ang": (3.0,)}
    table = convergence(molecule, settings, tmp_path, scan).set_index("setting")
    assert table.index.tolist() == ["", "mesh_cutoff_ry", "energy_shift_ry", "vacuum_ang"]
    assert table.gap_change_ev[""] == 0
    assert 0 < abs(table.gap_change_ev["mesh_cutoff_ry"]) < 0.01
    assert abs(table.gap_change_ev["energy_shift_ry"]) > abs(table.gap_change_ev["mesh_cutoff_ry"])
    assert "The box is too small" in table.reason["vacuum_ang"]
    began = time.monotonic()
    again = convergence(molecule, settings, tmp_path, {"mesh_cutoff_ry": (90.0,)})
    assert again.gap_ev[1] == table.gap_ev["mesh_cutoff_ry"]
    assert time.monotonic() - began < 2, "points that are done are read, not computed"
