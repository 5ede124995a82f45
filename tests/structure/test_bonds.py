import numpy as np
import pytest

from qdjunction.structure.bonds import bond_lengths, pb_halide_bonds, pb_halide_springs
from qdjunction.structure.junction import build_junction
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
from support.paths import CLUSTERS


def test_12pb_has_its_terminal_and_bridging_bonds():
    dot = build_dot(load_dot("12Pb", CLUSTERS))
    for atoms in (dot, build_junction(dot, "L", "R4")):
        table = bond_lengths(atoms).set_index("kind")
        # 52 halides: 20 bridges, 4 + 8 + 8, with two bonds each; 32 terminal ones with one.
        assert table["bonds"].to_dict() == {"bridging": 40, "terminal": 32}
        for column in ("min_ang", "mean_ang", "max_ang"):
            assert table[column].to_list() == pytest.approx([5.93 / 2] * 2)


def test_a_stretched_terminal_bond_shows():
    atoms = build_dot(load_dot("12Pb", CLUSTERS))
    atom = atoms.info["contacts"]["L"]["atom"]
    atoms.positions[atom] += [0, 0, -0.3]
    table = bond_lengths(atoms).set_index("kind")
    assert table.loc["terminal", "max_ang"] == pytest.approx(5.93 / 2 + 0.3)
    assert table.loc["terminal", "mean_ang"] == pytest.approx(5.93 / 2 + 0.3 / 32)
    assert table.loc["bridging", "max_ang"] == pytest.approx(5.93 / 2)


def test_halides_are_kept_apart():
    atoms = build_dot(load_dot("8Pb", CLUSTERS), cation="Cs", halide="Cl0.3Br0.3I0.4")
    table = bond_lengths(atoms)
    assert set(table["halide"]) == {"Cl", "Br", "I"}
    assert table["bonds"].sum() == 48


def test_a_structure_without_lead_has_an_empty_table():
    atoms = build_dot(load_dot("1Pb", CLUSTERS))
    assert bond_lengths(atoms[1:]).empty


@pytest.mark.parametrize(
    ("cation", "halide"), [("Cs", "Cl"), ("MA", "Br"), ("Cs", "I"), ("MA", "Br0.5Cl0.5")]
)
def test_springs_hold_every_bond_and_leave_the_lattice_alone(cation, halide):
    atoms = build_dot(load_dot("8Pb", CLUSTERS), cation=cation, halide=halide)
    springs = pb_halide_springs(atoms)
    assert len(springs) == len(pb_halide_bonds(atoms)) == 48
    forces = np.zeros((len(atoms), 3))
    for spring in springs:
        spring.adjust_forces(atoms, forces)
    np.testing.assert_array_equal(forces, 0)


def test_a_spring_pulls_a_stretched_bond_back():
    atoms = build_dot(load_dot("1Pb", CLUSTERS))
    atom = atoms.info["contacts"]["L"]["atom"]
    springs = pb_halide_springs(atoms)
    atoms.positions[atom] = atoms.positions[0] - [0, 0, 3.5]
    forces = np.zeros((len(atoms), 3))
    for spring in springs:
        spring.adjust_forces(atoms, forces)
    # 6 eV/Ang^2 beyond 1.2 (1.46 + 1.20) Ang.
    np.testing.assert_allclose(forces[atom], [0, 0, 6 * (3.5 - 3.192)], atol=1e-9)
    np.testing.assert_allclose(forces.sum(axis=0), 0, atol=1e-9)
    # A bond that is that long from the start is not pulled.
    forces[:] = 0
    for spring in pb_halide_springs(atoms):
        spring.adjust_forces(atoms, forces)
    np.testing.assert_allclose(forces, 0, atol=1e-9)
