"""Free atoms of a junction, and real relaxations of small ones: resumed after a SIGKILL, refused without contact."""

import json
import signal
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.io.trajectory import Trajectory

from qdjunction.cli import main
from qdjunction.core.errors import EngineError, StructureError
from qdjunction.core.results import read_result
from qdjunction.engine.relaxation import TRAJECTORY
from qdjunction.engine.xtb.engine import XtbEngine
from qdjunction.steps.structure import relax, relax_junction
from qdjunction.structure.contacts import contact
from qdjunction.structure.junction import build_junction, lead_atoms
from qdjunction.structure.junction_relaxation import examine_junction, free_atoms
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.xyz import read_any, read_structure, write_structure
from qdjunction.study.records import read_record
from qdjunction.study.results import RelaxationRecord
from support.paths import CLUSTERS, MOLECULE
from support.processes import environment, python

CONTACT = ElectrodeSettings(layers=2, relax="contact")
FMAX = 0.05


def with_contacts(atoms: Atoms, left: int, right: int) -> Atoms:
    """Name two atoms L and R; tips come along the line through both."""
    axis = atoms.positions[right] - atoms.positions[left]
    ends = {"L": (left, -axis), "R": (right, axis)}
    atoms.info["contacts"] = {
        name: {"atom": atom, "direction": (way / np.linalg.norm(way)).tolist()}
        for name, (atom, way) in ends.items()
    }
    return atoms


def diamine() -> Atoms:
    """H2N-CC-NH2, flat, with contacts at the nitrogens."""
    x, y = 1.93, 2.43
    positions = [(0.6, 0, 0), (-0.6, 0, 0), (x, 0, 0), (-x, 0, 0)]
    positions += [(side * y, way * 0.87, 0) for side in (1, -1) for way in (1, -1)]
    return with_contacts(Atoms("C2N2H4", positions), 3, 2)


def dithiolate() -> Atoms:
    """Benzenedithiolate, with contacts at the sulphurs."""
    return with_contacts(read_any(MOLECULE), 11, 10)


def hydrogen() -> Atoms:
    return with_contacts(molecule("H2"), 0, 1)


def symbols(atoms: Atoms, indices: np.ndarray) -> str:
    return atoms[indices].get_chemical_formula()


@pytest.mark.parametrize(
    ("dot", "right", "layers", "free"),
    [
        ("12Pb", "R3", 3, "Au2Br12Pb2"),  # two octahedra, which share no halide
        ("12Pb", "R1", 3, "Au2Br6Pb"),  # both contacts at one Pb
        ("12Pb", "R2", 2, "Au2Br11Pb2"),  # octahedra that share a bridge
        ("12Pb", "R3", 1, "Br12Pb2"),  # the apex is the lead
    ],
)
def test_octahedra_and_apices_are_free(dot, right, layers, free):
    atoms = build_junction(
        build_dot(load_dot(dot, CLUSTERS), cation="Cs"), "L", right, ElectrodeSettings(layers=layers)
    )
    assert symbols(atoms, free_atoms(atoms, "contact")) == free


def test_in_a_molecule_the_anchor_and_its_neighbours_are_free():
    thiolate = build_junction(dithiolate(), "L", "R", ElectrodeSettings(layers=2))
    assert symbols(thiolate, free_atoms(thiolate, "contact")) == "C2Au2S2"
    amine = build_junction(diamine(), "L", "R", ElectrodeSettings(layers=2, apex_distance_ang=2.3))
    assert symbols(amine, free_atoms(amine, "contact")) == "C2H4Au2N2"


@pytest.mark.parametrize("lead_layers", [1, 2])
def test_all_but_the_leads_are_free(lead_layers):
    atoms = build_junction(
        hydrogen(), "L", "R", ElectrodeSettings(layers=3, lead_layers=lead_layers, apex_distance_ang=1.8)
    )
    held = np.setdiff1d(np.arange(len(atoms)), free_atoms(atoms, "junction"))
    assert held.tolist() == sorted(np.concatenate(lead_atoms(atoms)))
    assert len(held) == {1: 12, 2: 18}[lead_layers]


def test_a_structure_without_tips_is_refused():
    with pytest.raises(StructureError, match="left tip has 0 tagged gold layers"):
        free_atoms(hydrogen(), "contact")
    atoms = build_junction(hydrogen(), "L", "R", ElectrodeSettings(layers=1, apex_distance_ang=1.8))
    del atoms.info["right"]
    with pytest.raises(StructureError, match="names no right contact"):
        free_atoms(atoms, "contact")


def moved(atoms: Atoms, indices: np.ndarray, shift: list[float]) -> Atoms:
    other = atoms.copy()
    other.positions[indices] += shift
    return other


def test_a_contact_is_kept_or_lost_by_its_bonds():
    dot = build_dot(load_dot("1Pb", CLUSTERS), cation="Cs")
    built = build_junction(dot, "L", "R2", ElectrodeSettings(layers=2))
    apex, halide = len(dot), contact(built, "L").atom
    limit = 1.3 * (1.36 + 1.20)  # covalent radii of Au and Br
    for distance, kept in ((limit - 0.01, True), (limit + 0.01, False)):
        now = moved(built, [apex], [0, 0, 2.76 - distance])
        integrity, state = examine_junction(now, built, "contact")
        assert integrity.is_kept
        left, right = state.tips
        assert (left.atom, left.apex, left.symbol) == (halide, apex, "Br")
        assert (left.built_ang, left.distance_ang) == pytest.approx((2.76, distance))
        assert (left.contact_shift_ang, left.apex_shift_ang) == pytest.approx((0, distance - 2.76))
        assert (left.lost == "", right.lost) == (kept, "")
        assert state.held_shift_ang == 0
        assert bool(state.lost) != kept
    terminal = moved(built, [halide, apex], [0, 0, -1.0])
    assert "bonded to no Pb" in examine_junction(terminal, built, "contact")[1].tips[0].lost
    base = lead_atoms(built)[0]
    assert examine_junction(moved(built, base, [0, 0.3, 0.4]), built, "junction")[1].held_shift_ang == (
        pytest.approx(0.5)
    )
    cation = int(np.flatnonzero(dot.symbols == "Cs")[0])
    stray = moved(built, [cation], built.positions[base[0]] - built.positions[cation] - [0, 0, 2.9])
    assert f"atoms {cation} (Cs) and {base[0]} (Au) are 2.90 Ang apart" in (
        examine_junction(stray, built, "junction")[1].clash
    )


KILLED = """
import logging, os, signal, sys
import test_junction_relaxation as test

class Killer(logging.Handler):
    def emit(self, record):
        if record.getMessage().startswith("step    2 "):
            os.kill(os.getpid(), signal.SIGKILL)

logging.getLogger("qdjunction").addHandler(Killer())
logging.getLogger("qdjunction").setLevel(logging.INFO)
test.relaxed(sys.argv[1])
"""


def relaxed(folder: str | Path) -> None:
    """Relax the contacts of benzenedithiolate as a job of a study does."""
    folder = Path(folder)
    if not (folder / "dot.extxyz").exists():
        write_structure(dithiolate(), folder / "dot.extxyz")
    relax_junction(
        folder / "dot.extxyz", "L", "R", CONTACT, XtbEngine(threads=1), folder / "work", FMAX, 100,
        folder / "junction.extxyz", folder / "junction.json",
    )  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    relaxed(folder)
    return folder


def test_a_relaxed_contact_moves_what_is_free_and_records_it(whole):
    built, now = read_structure(whole / "work" / "built.extxyz"), read_structure(whole / "junction.extxyz")
    record = read_result(RelaxationRecord, whole / "junction.json")
    free = free_atoms(built, "contact")
    held = np.setdiff1d(np.arange(len(built)), free)
    np.testing.assert_array_equal(now.positions[held], built.positions[held])
    assert record.converged
    assert record.fmax_ev_per_ang < FMAX
    assert record.steps > 3
    assert record.junction.free_atoms == len(free)
    for tip in record.junction.tips:
        assert tip.distance_ang == pytest.approx(now.get_distance(tip.atom, tip.apex), abs=1e-6)
        assert min(tip.contact_shift_ang, tip.apex_shift_ang) > 0.01
    assert now.info["contact_distance_ang"] == pytest.approx(now.get_distance(10, 11), abs=1e-6)
    assert now.info["relaxed"]["steps"] == record.steps
    assert not now.constraints
    made = read_record(whole / "junction.extxyz").provenance
    assert list(made.inputs) == [str(whole / "dot.extxyz")], "one job made it from the dot"
    assert made.settings["electrodes"]["relax"] == "contact"


def test_forces_at_the_end_are_those_of_the_free_atoms(whole, tmp_path):
    now = read_structure(whole / "junction.extxyz")
    forces = np.linalg.norm(XtbEngine(threads=1).hamiltonian(now, tmp_path).forces_ev_per_ang, axis=1)
    record = read_result(RelaxationRecord, whole / "junction.json")
    assert forces[free_atoms(now, "contact")].max() == pytest.approx(record.fmax_ev_per_ang, abs=5e-3)
    assert forces.max() > 2 * FMAX, "nothing was held"


def test_a_killed_relaxation_resumes_and_a_finished_one_is_not_repeated(whole, tmp_path, caplog):
    caplog.set_level("INFO")
    killed = python("-c", KILLED, tmp_path, env=environment(Path(__file__).parent, Path(__file__).parents[1]))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with Trajectory(tmp_path / "work" / TRAJECTORY) as trajectory:
        assert len(trajectory) == 3
    relaxed(tmp_path)
    assert "Resuming after step 2" in caplog.text
    one, other = (read_structure(folder / "junction.extxyz") for folder in (whole, tmp_path))
    np.testing.assert_allclose(other.positions, one.positions, atol=1e-6)

    made = [(tmp_path / name).read_bytes() for name in ("junction.extxyz", "junction.json")]
    for name in ("junction.extxyz", "junction.json"):
        (tmp_path / name).unlink()
    caplog.clear()
    relaxed(tmp_path)
    assert "computed before" in caplog.text
    assert "energy" not in caplog.text
    assert [(tmp_path / name).read_bytes() for name in ("junction.extxyz", "junction.json")] == made


def test_other_free_atoms_are_another_relaxation(whole, tmp_path, caplog):
    """In one working folder: the steps of the contact's are not taken for those of the junction's."""
    structure = whole / "work" / "built.extxyz"
    for free in ("contact", "contact", "junction"):
        caplog.clear()
        files = tmp_path / "j.extxyz", tmp_path / "j.json"
        with pytest.raises(EngineError, match="After 2 steps"):
            relax(structure, XtbEngine(threads=1), tmp_path / "work", 1e-4, 2, *files, free=free)
        assert ("Starting over" in caplog.text) == (free == "junction")


def test_a_contact_that_is_none_is_refused_on_the_command_line(tmp_path, capsys):
    """H2 far from the tips stays where it is, bonded to no gold."""
    structure, output = tmp_path / "junction.extxyz", tmp_path / "relaxed.extxyz"
    write_structure(
        build_junction(hydrogen(), "L", "R", ElectrodeSettings(layers=2, apex_distance_ang=3.2)), structure
    )
    command = ["relax", str(structure), "--free", "contact", "--output", str(output)]
    assert main(command) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "contact L is lost: its H (atom 0) is" in error
    assert "from the apex (atom 2)" in error
    assert not output.exists()
    refused = json.loads((tmp_path / "relaxed.work" / "refused.json").read_text())
    assert refused["junction"]["tips"][0]["lost"]


def test_an_engine_that_holds_nothing_is_found_out(whole, tmp_path):
    class Loose(XtbEngine):
        def relax(self, atoms, workdir, fmax_ev_per_ang, max_steps):
            free = atoms.copy()
            free.set_constraint()
            return super().relax(free, workdir, 0.3, max_steps)

    files = tmp_path / "j.extxyz", tmp_path / "j.json"
    with pytest.raises(EngineError, match="has moved atoms that it was to hold"):
        relax(whole / "work" / "built.extxyz", Loose(), tmp_path, 0.3, 100, *files, free="contact")
