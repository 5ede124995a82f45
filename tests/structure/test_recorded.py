"""The builder against geometries that were relaxed and run in SIESTA."""

import numpy as np
import pytest
from ase import Atoms
from ase.io import read
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from qdjunction.structure.bonds import bond_lengths
from qdjunction.structure.contacts import contact_distance
from qdjunction.structure.junction import build_junction, lead_atoms
from qdjunction.structure.perovskite.a_sites import choose_a_sites
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.xyz import read_structure
from support.paths import CLUSTERS

pytestmark = pytest.mark.recorded


@pytest.fixture(scope="module")
def built() -> Atoms:
    return build_dot(load_dot("12Pb", CLUSTERS))


@pytest.fixture(scope="module")
def relaxed(siesta_reference, built) -> Atoms:
    """The relaxed 12Pb of the SIESTA runs with the contacts of the built dot, by the nearest halide."""
    atoms = read(siesta_reference / "geometries" / "12Pb_MAPbBr3_gfn1.xyz")
    shift = atoms[atoms.symbols == "Pb"].positions.mean(0) - built[built.symbols == "Pb"].positions.mean(0)
    halides = np.flatnonzero(atoms.symbols == "Br")
    tree = cKDTree(atoms.positions[halides])
    # The info does not name the lattice, whose order these atoms are not in.
    atoms.info = {key: value for key, value in built.info.items() if key != "dot"}
    atoms.info["contacts"] = {
        name: entry | {"atom": int(halides[tree.query(built.positions[entry["atom"]] + shift)[1]])}
        for name, entry in built.info["contacts"].items()
    }
    return atoms


def test_formula(built, relaxed):
    assert built.symbols.get_chemical_formula() == relaxed.symbols.get_chemical_formula()


def test_the_same_a_sites_are_filled(relaxed):
    definition = load_dot("12Pb", CLUSTERS)
    carbon, nitrogen = (relaxed[relaxed.symbols == symbol].positions for symbol in "CN")
    middles = (carbon + nitrogen[cdist(carbon, nitrogen).argmin(axis=1)]) / 2
    pb = relaxed[relaxed.symbols == "Pb"].positions
    lattice = (middles - pb.mean(axis=0)) / 5.93 + (np.array(definition.block) - 1) / 2
    found = {tuple((np.floor(site) + 0.5).tolist()) for site in lattice}
    assert found == set(choose_a_sites(definition.pb_sites))


def test_contact_distances_are_those_of_the_series(relaxed):
    measured = [contact_distance(relaxed, "L", f"R{n}") for n in (1, 2, 3, 4)]
    assert measured == pytest.approx([3.9, 9.2, 14.5, 17.5], abs=0.05)


@pytest.mark.parametrize("right", ["R3", "R4"])
def test_junctions_have_the_recorded_tips(siesta_reference, relaxed, right):
    recorded = read_structure(siesta_reference / "12Pb" / f"L-{right}" / "junction.extxyz")
    atoms = build_junction(relaxed, "L", right)
    assert atoms.symbols.get_chemical_formula() == recorded.symbols.get_chemical_formula()
    assert (np.sort(atoms.get_tags()) == np.sort(recorded.get_tags())).all()
    for tag in (10, 20):
        ours, theirs = (a.positions[a.get_tags() == tag] for a in (atoms, recorded))
        np.testing.assert_allclose(ours, theirs, atol=1e-3)
    # Layers stand at the same height and radius; the turn about the axis is free.
    for tag in (11, 12, 21, 22):
        ours, theirs = (
            np.sort(
                np.linalg.norm(
                    a.positions[a.get_tags() == tag] - a.positions[a.get_tags() == tag // 10 * 10], axis=1
                )
            )
            for a in (atoms, recorded)
        )
        np.testing.assert_allclose(ours, theirs, rtol=2e-3)  # nearest neighbours: 2.884 and 2.88 Ang
    assert [lead.tolist() for lead in lead_atoms(atoms)] == [lead.tolist() for lead in lead_atoms(recorded)]


@pytest.mark.parametrize("right", ["R1", "R2"])
def test_the_near_contacts_do_not_clash(relaxed, right):
    atoms = build_junction(relaxed, "L", right)
    assert len(atoms) == 308


def test_relaxed_bond_lengths(relaxed):
    table = bond_lengths(relaxed).set_index("kind")
    assert table["bonds"].to_dict() == {"bridging": 40, "terminal": 32}
    assert 2.6 < table["min_ang"].min() < table["max_ang"].max() < 3.6
