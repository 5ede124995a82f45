import numpy as np
import pytest
from ase import Atoms

from qdjunction.core.errors import StructureError
from qdjunction.structure.contacts import contact, contact_distance
from qdjunction.structure.perovskite.catalogue import DotDefinition, list_dots, load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.perovskite.lattice import sliding_series
from support.paths import CLUSTERS


def test_the_series_follows_the_rule():
    series = sliding_series(3)
    assert {name: (site.halide, site.face) for name, site in series.items()} == {
        "L": ((0, 0, -0.5), "-z"),
        "R1": ((-0.5, 0, 0), "-x"),
        "R2": ((-0.5, 0, 1), "-x"),
        "R3": ((-0.5, 0, 2), "-x"),
        "R4": ((0, 0, 2.5), "+z"),
    }


@pytest.mark.parametrize("name", list_dots(CLUSTERS))
def test_every_contact_is_a_terminal_halide_that_faces_out(name):
    atoms = build_dot(load_dot(name, CLUSTERS), cation="Cs", halide="Br0.5I0.5")
    pb = atoms[atoms.symbols == "Pb"].positions
    half = atoms.info["dot"]["lattice_constant_ang"] / 2
    for label in atoms.info["contacts"]:
        site = contact(atoms, label)
        assert atoms[site.atom].symbol in ("Br", "I")
        bonded = np.isclose(np.linalg.norm(pb - atoms.positions[site.atom], axis=1), half)
        assert bonded.sum() == 1
        np.testing.assert_allclose(
            atoms.positions[site.atom] - pb[bonded][0], half * site.direction, atol=1e-9
        )


def test_distances_of_the_series_on_the_lattice():
    atoms = build_dot(load_dot("12Pb", CLUSTERS))
    measured = [contact_distance(atoms, "L", f"R{n}") for n in (1, 2, 3, 4)]
    expected = 5.93 * np.sqrt([0.25 + 0.25, 0.25 + 1.5**2, 0.25 + 2.5**2, 9])
    np.testing.assert_allclose(measured, expected)


def test_another_column_and_face():
    definition = DotDefinition(name="x", block=(2, 2, 2), contacts={"column": (1, 1), "facing": "+y"})
    atoms = build_dot(definition, cation="Cs")
    np.testing.assert_allclose(atoms.positions[contact(atoms, "R2").atom], 5.87 * np.array([1, 1.5, 1]))


def test_unknown_contact_lists_those_there_are():
    atoms = build_dot(load_dot("1Pb", CLUSTERS))
    with pytest.raises(StructureError, match=r"1Pb has no contact 'R7'; it has L, R1, R2"):
        contact(atoms, "R7")


def test_a_structure_without_contacts_says_so():
    with pytest.raises(StructureError, match="qdjunction dot"):
        contact(Atoms("Br"), "L")


@pytest.mark.parametrize(
    "broken", [{"atom": 99, "direction": [0, 0, 1]}, {"atom": 0, "direction": [0, 0, 0]}]
)
def test_a_broken_contact_says_so(broken):
    atoms = Atoms("Br", info={"contacts": {"L": broken}})
    with pytest.raises(StructureError, match=r"'L'.*is invalid"):
        contact(atoms, "L")
