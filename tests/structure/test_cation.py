import numpy as np
import pytest
from ase import Atoms

from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.cations import cation_axis, methylammonium, place_cation
from qdjunction.structure.perovskite.dot import build_dot
from support.paths import CLUSTERS


def molecules(atoms: Atoms) -> np.ndarray:
    """Positions of the cations, eight atoms each: C, N, three H of C, three H of N."""
    first = next(atom.index for atom in atoms if atom.symbol == "C")
    return atoms.positions[first:].reshape(-1, 8, 3)


@pytest.mark.parametrize("halide", ["Cl", "I"])
def test_every_cation_of_a_dot_has_its_own_bond_lengths(halide):
    cations = molecules(build_dot(load_dot("12Pb", CLUSTERS), halide=halide))
    carbon, nitrogen = cations[:, :1], cations[:, 1:2]
    np.testing.assert_allclose(np.linalg.norm(nitrogen - carbon, axis=-1), 1.49)
    np.testing.assert_allclose(np.linalg.norm(cations[:, 2:5] - carbon, axis=-1), 1.09)
    np.testing.assert_allclose(np.linalg.norm(cations[:, 5:] - nitrogen, axis=-1), 1.03)


def test_methylammonium_is_staggered_and_tetrahedral():
    molecule = methylammonium()
    assert molecule.get_chemical_symbols() == ["C", "N", "H", "H", "H", "H", "H", "H"]
    tetrahedral = np.rad2deg(np.arccos(-1 / 3))
    for angle in ((1, 0, 2), (2, 0, 3), (0, 1, 5), (5, 1, 6)):
        assert molecule.get_angle(*angle) == pytest.approx(tetrahedral)
    dihedrals = [molecule.get_dihedral(2, 0, 1, h) for h in (5, 6, 7)]
    assert sorted(dihedrals) == pytest.approx([60, 180, 300])


def test_surface_cations_point_inwards():
    atoms = build_dot(load_dot("8Pb", CLUSTERS))
    centre = atoms[atoms.symbols == "Pb"].positions.mean(axis=0)
    cations = molecules(atoms)
    middle = (cations[:, 0] + cations[:, 1]) / 2
    surface = np.linalg.norm(middle - centre, axis=1) > 1
    inwards = np.einsum("ij,ij->i", cations[:, 1] - cations[:, 0], centre - middle)
    assert surface.sum() == 19
    assert (inwards[surface] > 0).all()


def test_bulk_cations_cancel_their_dipoles():
    pb = np.argwhere(np.ones((3, 3, 3))).astype(float)
    sites = np.argwhere(np.ones((2, 2, 2))) + 0.5
    np.testing.assert_allclose(sum(cation_axis(site, pb) for site in sites), 0, atol=1e-12)


@pytest.mark.parametrize("name", ["1Pb", "10Pb", "18Pb"])
@pytest.mark.parametrize("halide", ["Cl", "Br"])
def test_no_cation_clashes(name, halide):
    atoms = build_dot(load_dot(name, CLUSTERS), halide=halide)
    cations = molecules(atoms)
    inorganic = atoms.positions[: len(atoms) - 8 * len(cations)]
    owner = np.concatenate([-1 - np.arange(len(inorganic)), np.repeat(np.arange(len(cations)), 8)])
    distance = atoms.get_all_distances()
    distance[owner[:, None] == owner[None]] = np.inf
    hydrogen = atoms.symbols == "H"
    # Van der Waals contact of two H is 2.4 Ang; hydrogen bonds to halides are 2.3 to 3 Ang.
    assert distance[np.ix_(hydrogen, hydrogen)].min() > 2.4
    assert distance[np.ix_(hydrogen, ~hydrogen)].min() > 2.3


def test_ammonium_turns_to_the_halides():
    halides = 3.0 * np.array([[1, 0, 0], [-0.5, 0.75**0.5, 0], [-0.5, -(0.75**0.5), 0]])
    placed = place_cation("MA", np.zeros(3), np.array([0.0, 0.0, 1.0]), halides)
    azimuth = np.rad2deg(np.arctan2(placed.positions[5:, 1], placed.positions[5:, 0])) % 120
    np.testing.assert_allclose(np.minimum(azimuth, 120 - azimuth), 0, atol=0.5)


def test_caesium_is_one_atom_on_its_site():
    placed = place_cation("Cs", np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.0, 1.0]), np.zeros((1, 3)))
    assert placed.get_chemical_symbols() == ["Cs"]
    np.testing.assert_array_equal(placed.positions, [[1, 2, 3]])
