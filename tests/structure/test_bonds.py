from pathlib import Path

import pytest
from qdjunction.structure.bonds import bond_lengths
from qdjunction.structure.junction import build_junction
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot

CLUSTERS = Path(__file__).parents[2] / "clusters"


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
