"""Regions of dots by the neighbours of their Pb."""

import numpy as np
import pytest
from ase.build import molecule

from qdjunction.core.errors import InputError
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.regions import REGIONS, lattice_of
from qdjunction.structure.sources.registry import SOURCES
from support.paths import CLUSTERS


def cube(n, cation="Cs"):
    return build_dot(load_dot(f"{n**3}Pb", CLUSTERS), cation)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_a_cube_has_its_corners_edges_and_faces(n):
    atoms = cube(n)
    lattice = lattice_of(atoms)
    of_pb = lattice.shares[atoms.symbols == "Pb"].sum(axis=0)
    assert of_pb.tolist() == [(n - 2) ** 3, 6 * (n - 2) ** 2, 12 * (n - 2), 8, 0, 0]
    assert len(lattice.neighbours) == 3 * n**2 * (n - 1)
    np.testing.assert_allclose(lattice.distances_ang(atoms), 5.87)
    np.testing.assert_allclose(lattice.shares.sum(axis=1), 1)
    assert lattice.terminal_halides == 6 * n**2
    assert lattice.inner_cations == (n - 1) ** 3


def test_the_prototype_of_qd4_has_the_published_counts():
    lattice = lattice_of(cube(4))
    assert (lattice.inner_cations, lattice.surface_cations, lattice.terminal_halides) == (27, 85, 96)


def test_one_octahedron_is_a_corner_without_neighbours():
    lattice = lattice_of(cube(1, "MA"))
    assert lattice.shares.sum(axis=0).tolist() == [0, 0, 0, 7, 32, 0]
    assert (len(lattice.neighbours), lattice.inner_cations, lattice.surface_cations) == (0, 0, 4)


def test_ligands_are_a_region_of_their_own_and_leave_the_others_as_they_are():
    values = {
        "name": "capped", "base": {"dot": "8Pb", "cation": "Cs"},
        "ligands": [
            {"ligand": "methylammonium", "ion": "Cs", "count": 2}, {"ligand": "acetate", "ion": "Br", "count": 1},
        ],
    }  # fmt: skip
    settings = SOURCES["ligands"].settings_to_build(values, "c.yaml")
    lattice, bare = lattice_of(settings.build(settings.look_up(CLUSTERS))), lattice_of(cube(2))
    change = lattice.shares.sum(axis=0) - bare.shares.sum(axis=0)
    assert dict(zip(REGIONS, change, strict=True)) == {
        "interior": 0, "faces": 0, "edges": 0, "corners": -1, "cations": -2, "ligands": 2 * 8 + 7,
    }  # fmt: skip
    assert lattice.surface_cations == bare.surface_cations - 2
    assert np.array_equal(lattice.neighbours, bare.neighbours)


def test_a_molecule_has_no_regions():
    with pytest.raises(InputError, match="H2O has no Pb"):
        lattice_of(molecule("H2O"))
