"""The Hessian that a relaxation starts from."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.constraints import Hookean
from ase.data import covalent_radii
from scipy.linalg import eigh

from qdjunction.engine.model_hessian import (
    BEND_EV_PER_ANG2,
    FLOOR_EV_PER_ANG2,
    HEAVY,
    PLANE_EV_PER_ANG2,
    STRETCH_EV_PER_ANG2,
    model_hessian,
)
from qdjunction.engine.xtb.engine import XtbEngine
from qdjunction.structure.molecule import conformer
from support.molecules import methylammonium_bromide

H, BR = covalent_radii[1], covalent_radii[35]


def test_two_atoms_at_their_covalent_distance_are_one_spring():
    values, vectors = np.linalg.eigh(model_hessian(Atoms("HBr", [[0, 0, 0], [0, H + BR, 0]])))
    stretch = FLOOR_EV_PER_ANG2 + 2 * HEAVY * STRETCH_EV_PER_ANG2
    assert values == pytest.approx([FLOOR_EV_PER_ANG2] * 5 + [stretch])
    assert abs(vectors[:, -1] @ np.array([0, 1, 0, 0, -1, 0]) / np.sqrt(2)) == pytest.approx(1)


def test_an_angle_is_a_spring_between_its_ends():
    """The ends of H-C-H at a right angle move apart without stretching a bond."""
    bond = H + covalent_radii[6]
    hessian = model_hessian(Atoms("HCH", [[bond, 0, 0], [0, 0, 0], [0, bond, 0]]))
    apart = np.array([0, -1, 0, 0, 0, 0, -1, 0, 0])
    # Each end moves by 1/sqrt(2) along the line between them; what H and H have beyond their reach is nothing.
    assert apart @ hessian @ apart == pytest.approx(2 * FLOOR_EV_PER_ANG2 + 2 * BEND_EV_PER_ANG2, rel=1e-3)


def test_caesium_has_no_springs():
    hessian = model_hessian(Atoms("CsBr", [[0, 0, 0], [0, 0, 3.3]]))
    assert hessian == pytest.approx(FLOOR_EV_PER_ANG2 * np.eye(6))


def test_a_spring_of_a_new_dot_counts():
    atoms = Atoms("Cs2", [[0, 0, 0], [0, 0, 9]])
    atoms.set_constraint(Hookean(a1=0, a2=1, rt=8, k=6))
    values = np.linalg.eigvalsh(model_hessian(atoms))
    assert values == pytest.approx([FLOOR_EV_PER_ANG2] * 5 + [FLOOR_EV_PER_ANG2 + 2 * 6])


def test_it_is_symmetric_and_positive_and_moving_all_atoms_costs_the_floor_alone():
    hessian = model_hessian(methylammonium_bromide())
    assert hessian == pytest.approx(hessian.T, abs=1e-12)
    assert np.linalg.eigvalsh(hessian).min() == pytest.approx(FLOOR_EV_PER_ANG2)
    together = np.tile([1.0, 0.0, 0.0], len(hessian) // 3)
    assert hessian @ together == pytest.approx(FLOOR_EV_PER_ANG2 * together, abs=1e-12)


def test_bonds_to_the_images_of_a_crystal_count():
    crystal = bulk("Au", "fcc", a=4.08, cubic=True)
    own = [np.trace(model_hessian(crystal)[3 * i : 3 * i + 3, 3 * i : 3 * i + 3]) for i in range(4)]
    assert own == pytest.approx([own[0]] * 4)
    crystal.pbc = False
    assert np.trace(model_hessian(crystal)[:3, :3]) < own[0]


def test_an_atom_with_three_bonds_is_held_in_their_plane_and_a_tetrahedral_one_by_its_angles_alone():
    bond = covalent_radii[6] + H
    flat = Atoms(
        "CH3", [[0, 0, 0], *(bond * np.array([[1, 0, 0], [-0.5, 0.75**0.5, 0], [-0.5, -(0.75**0.5), 0]]))]
    )
    out = np.array([0, 0, 1, 0, 0, -1 / 3, 0, 0, -1 / 3, 0, 0, -1 / 3])
    squared = out @ out
    expected = FLOOR_EV_PER_ANG2 * squared + PLANE_EV_PER_ANG2 * squared**2
    assert out @ model_hessian(flat) @ out == pytest.approx(expected)
    height = bond / 3
    raised = flat.copy()
    raised.positions[1:] *= np.sqrt(1 - 1 / 9)
    raised.positions[0, 2] = height
    four = raised + Atoms("H", [[0, 0, height + bond]])
    with_fourth = model_hessian(four)[:12, :12]
    # Three bonds of a tetrahedron are as high as the limit: what is missing is the fourth bond and its angles.
    assert (out @ model_hessian(raised) @ out) < out @ with_fourth @ out


def test_neighbours_on_one_line_span_no_plane():
    crowded = Atoms("CH3", [[0, 0, 0], [-0.7, 0.9, 0], [0, 0.9, 0], [0.7, 0.9, 0]])
    assert np.isfinite(model_hessian(crowded)).all()


@pytest.mark.parametrize(
    "start",
    [methylammonium_bromide(), conformer("OC(=O)CC(=O)O").atoms, conformer("NCCc1ccccc1").atoms],
    ids=["methylammonium bromide", "malonic acid", "phenethylamine"],
)
def test_no_mode_is_twice_as_stiff_as_the_estimate(start, tmp_path):
    """Else a quasi-Newton step along it ends farther from its minimum than it began."""
    engine = XtbEngine()
    relaxed = engine.relax(start, tmp_path / "relax", 0.02, 200).atoms
    start, columns = relaxed.positions.ravel(), []
    for coordinate in range(start.size):
        forces = []
        for shift in (0.01, -0.01):
            relaxed.positions = (start + shift * (np.arange(start.size) == coordinate)).reshape(-1, 3)
            forces.append(engine.hamiltonian(relaxed, tmp_path / "point").forces_ev_per_ang.ravel())
        columns.append((forces[1] - forces[0]) / 0.02)
    relaxed.positions = start.reshape(-1, 3)
    exact = (np.array(columns) + np.array(columns).T) / 2
    assert eigh(exact, model_hessian(relaxed), eigvals_only=True).max() < 2
