"""Slabs, the symmetry-distinct sets of their surface cations, and ligands on them."""

from itertools import combinations

import numpy as np
import pytest
from ase import Atoms
from pymatgen.core.ewald import EwaldSummation
from pymatgen.io.ase import AseAtomsAdaptor
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from qdjunction.core.errors import InputError, StructureError
from qdjunction.structure.ligands.cover import check_images, covered, ion_pair
from qdjunction.structure.ligands.library import FOLDER, load_ligand
from qdjunction.structure.ligands.pair import held_atoms
from qdjunction.structure.ligands.pose import CLASH_RADII, clash
from qdjunction.structure.perovskite.slab import (
    perovskite_slab,
    site_permutations,
    site_sets,
    surface_sites,
)
from qdjunction.structure.sources.ion_pair import IonPairSettings
from qdjunction.structure.sources.slab import SlabSettings
from support.paths import CLUSTERS

FORMAL = {"Cs": 1, "Pb": 2, "Br": -1}


def ligand(name):
    return load_ligand(name, CLUSTERS / FOLDER)


def slab_of(name, count, **keys):
    """Slab with ligands, by default on the ideal lattice."""
    values = {"rattle_ang": 0} | keys
    settings = SlabSettings(
        source="slab", name="s", contacts=[], ligand=name, replaced=list(range(count)), **values
    )
    return settings.build(settings.look_up(CLUSTERS))


def cycles(permutation):
    """Lengths of the cycles of a permutation."""
    left, found = set(range(len(permutation))), []
    while left:
        start = here = left.pop()
        length = 1
        while (here := permutation[here]) != start:
            left.discard(here)
            length += 1
        found.append(length)
    return found


def burnside(permutations, count):
    """Number of orbits of sets of `count` sites: the mean over the group of the sets that each permutation keeps."""
    kept = 0
    for permutation in permutations:
        polynomial = np.array([1])
        for length in cycles(permutation):
            polynomial = np.convolve(polynomial, [1] + [0] * (length - 1) + [1])
        kept += polynomial[count]
    assert kept % len(permutations) == 0
    return kept // len(permutations)


@pytest.mark.parametrize(("size", "layers"), [((1, 1), 1), ((2, 2), 1), ((2, 1), 2), ((2, 2), 3)])
def test_a_slab_is_neutral_and_ends_in_cation_planes(size, layers):
    slab = perovskite_slab("Cs", "Br", size, layers)
    cells = size[0] * size[1]
    assert slab.symbols.count("Cs") == (layers + 1) * cells
    assert sum(FORMAL[symbol] for symbol in slab.symbols) == 0
    assert slab.pbc.tolist() == [True, True, False]
    assert len(surface_sites(slab, "Cs")) == 2 * cells
    assert slab.positions[:, 2].mean() == pytest.approx(slab.cell.lengths()[2] / 2)
    # Every Pb has six Br at half the lattice constant, images included.
    distances = slab.get_all_distances(mic=True)
    lead, halides = (np.flatnonzero(np.array(slab.symbols) == one) for one in ("Pb", "Br"))
    assert ((np.abs(distances[np.ix_(lead, halides)] - 5.87 / 2) < 1e-9).sum(axis=1) >= 4).all()


def test_the_published_slab_has_eight_surface_cations():
    assert perovskite_slab("Cs", "Br", (2, 2)).get_chemical_formula() == "Br16Cs8Pb4"


@pytest.mark.parametrize(("size", "layers"), [((2, 2), 1), ((2, 1), 1), ((3, 2), 1), ((2, 2), 2)])
def test_orbits_are_counted_as_by_burnside(size, layers):
    slab = perovskite_slab("Cs", "Br", size, layers)
    permutations = site_permutations(slab, surface_sites(slab, "Cs"))
    sites = 2 * size[0] * size[1]
    for count in range(sites + 1):
        found = site_sets("Cs", "Br", size, layers, count)
        assert len(found) == burnside(permutations, count)
        assert sum(one.multiplicity for one in found) == len(list(combinations(range(sites), count)))


def test_the_numbers_of_distinct_sets_of_the_published_slab():
    counts = [len(site_sets("Cs", "Br", (2, 2), 1, n)) for n in range(9)]
    assert counts == [1, 1, 5, 5, 10, 5, 5, 1, 1]


@pytest.mark.parametrize("size", [(2, 2), (2, 1), (3, 2)])
def test_the_permutations_are_those_of_spglib(size):
    """pymatgen, by spglib, finds the same group acting on the sites."""
    slab = perovskite_slab("Cs", "Br", size)
    sites = surface_sites(slab, "Cs")
    periodic = slab.copy()
    periodic.pbc = True
    structure = AseAtomsAdaptor.get_structure(periodic)
    scaled = slab.get_scaled_positions()[sites]
    found = set()
    for operation in SpacegroupAnalyzer(structure, symprec=1e-3).get_symmetry_operations():
        moved = np.array([operation.operate(one) for one in scaled])
        difference = moved[:, None] - scaled[None]
        near = np.abs(difference - np.round(difference)).max(axis=-1) < 1e-4
        found.add(tuple(int(row.argmax()) for row in near))
    assert found == set(site_permutations(slab, sites))


def test_the_order_of_pairs_on_a_face_is_that_of_ewald():
    """Unit charges on a uniform background, by pymatgen, order the pairs on a face as 1/d^3 does."""
    slab = perovskite_slab("Cs", "Br", (2, 2))
    sites = surface_sites(slab, "Cs")
    on_face = [one for one in site_sets("Cs", "Br", (2, 2), 1, 2) if max(one.sites) < 4]
    assert [one.sites for one in on_face] == [(1, 2), (0, 1)]
    energies = []
    for one in on_face:
        charges = slab[sites[list(one.sites)]]
        charges.pbc = True
        structure = AseAtomsAdaptor.get_structure(charges)
        structure.add_oxidation_state_by_site([1.0] * len(charges))
        energies.append(EwaldSummation(structure).total_energy)
    assert energies[0] < energies[1]


@pytest.mark.parametrize("name", ["methylammonium", "phenethylammonium"])
def test_a_full_cover_fits_without_clashes_among_images(name):
    atoms = slab_of(name, 8)
    bound = ligand(name)
    assert atoms.symbols.count("Cs") == 0
    fragments = atoms.arrays["fragment"]
    assert sorted(set(fragments)) == list(range(1, 10))
    parts = [atoms[fragments == number] for number in range(1, 10)]
    cell = atoms.cell.array
    for i, first in enumerate(parts[1:], start=1):
        assert len(first) == len(parts[1])
        for other in parts[: i + 1]:
            for a in (-1, 0, 1):
                for b in (-1, 0, 1):
                    if other is first and a == b == 0:
                        continue
                    moved = other.copy()
                    moved.positions += a * cell[0] + b * cell[1]
                    assert clash(first, moved)[0] >= CLASH_RADII
    # The binding end is at the site or farther out, the rest outward.
    middle = atoms.cell.lengths()[2] / 2
    for part in parts[1:]:
        head = part.positions[bound.binds[0], 2]
        assert abs(head - middle) >= 5.87 / 2 - 1e-6
        assert abs(part.positions[:, 2].mean() - middle) > abs(head - middle) - 1.0


def test_the_displacement_is_the_same_for_every_number_of_ligands():
    def bare(**keys):
        settings = SlabSettings(source="slab", name="s", contacts=[], **keys)
        return settings.build(settings.look_up(CLUSTERS))

    ideal, displaced = perovskite_slab("Cs", "Br", (2, 2)), bare()
    np.testing.assert_array_equal(bare(rattle_ang=0).positions, ideal.positions)
    shifts = displaced.positions - ideal.positions
    assert shifts.std() == pytest.approx(0.1, abs=0.02)
    assert np.abs(bare(rattle_seed=1).positions - displaced.positions).max() > 0.1
    upper = surface_sites(ideal, "Cs")[:2]
    covered = slab_of("methylammonium", 2, rattle_ang=0.1)
    stay = np.setdiff1d(np.arange(len(ideal)), upper)
    np.testing.assert_array_equal(covered.positions[: len(stay)], displaced.positions[stay])
    # A ligand binds above the site of the displaced slab.
    nitrogen = covered.positions[covered.symbols == "N"]
    np.testing.assert_allclose(nitrogen[:, :2], displaced.positions[upper][:, :2], atol=1e-6)


def test_poses_differ_by_their_number_and_repeat():
    first, again, other = (slab_of("phenethylammonium", 2, pose=pose) for pose in (1, 1, 2))
    np.testing.assert_array_equal(first.positions, again.positions)
    assert np.abs(first.positions - other.positions).max() > 0.5


def test_an_ion_pair_has_its_halide_at_the_binding_end():
    bound = ligand("phenethylammonium")
    pair = ion_pair(bound, "Br")
    distances = pair.get_distances(len(pair) - 1, range(len(pair) - 1))
    assert pair.symbols[-1] == "Br"
    nearest = int(np.argmin(distances))
    assert pair.symbols[nearest] in ("N", "H")
    assert 2.5 < pair.get_distance(len(pair) - 1, bound.binds[0]) < 4.0
    held = {}
    for cation in ("phenethylammonium", "diethyldimethylammonium"):
        settings = IonPairSettings(source="ion-pair", name="p", cation=cation, contacts=[], hold_protons=True)
        built = settings.build(settings.look_up(CLUSTERS))
        held[cation] = [built.symbols[i] for i in held_atoms(built)]
    # There are no protons on a quaternary nitrogen.
    assert held == {"phenethylammonium": ["N", "H", "H", "H"], "diethyldimethylammonium": []}
    settings = IonPairSettings(source="ion-pair", name="p", cation="Cs", contacts=[])
    salt = settings.build(settings.look_up(CLUSTERS))
    assert salt.get_chemical_formula() == "BrCs"
    assert salt.get_distance(0, 1) == pytest.approx(3.072)


@pytest.mark.parametrize(
    ("name", "keys", "words"),
    [
        ("didodecyldimethylammonium", {}, "longer than the cell of 11.7 Ang in the plane"),
        ("phenethylammonium", {"vacuum_ang": 12}, "vacuum_ang = 12: ligand 'phenethylammonium' is"),
        ("phenethylammonium", {"size": (1, 1)}, "longer than the cell of 5.9 Ang"),
        ("acetate", {}, "leaves a charge of -2 that nothing balances"),
        ("malate", {}, "nothing balances"),
    ],
)
def test_ligands_that_do_not_fit_are_refused(name, keys, words):
    with pytest.raises(InputError, match=words):
        slab_of(name, 1, **keys)


def test_a_site_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="there is no site 8; the slab has 8 surface cations"):
        slab_of("methylammonium", 9)


def test_a_ligand_that_meets_its_image_is_refused():
    """Chains across the cell, which `check_fit` lets pass: it is not longer than the cell from its binding end."""
    slab = perovskite_slab("Cs", "Br", (2, 1))
    lying = Atoms("CCCC", positions=[[0, 1.5 * i, 20] for i in range(4)])
    with pytest.raises(StructureError, match="x clashes with its own image: C and C come within"):
        check_images(lying, slab, "x")
    lying.positions = lying.positions[:, [1, 0, 2]]
    check_images(lying, slab, "x")


def test_where_sites_have_come_together_ligands_stand_at_those_of_the_ideal_slab():
    ideal = perovskite_slab("Cs", "Br", (2, 2), vacuum_ang=30)
    sites = surface_sites(ideal, "Cs")[:2].tolist()
    cation = ligand("diethyldimethylammonium")
    relaxed = ideal.copy()
    apart = ideal.positions[sites[1]] - ideal.positions[sites[0]]
    relaxed.positions[sites[1]] -= 0.45 * apart
    with pytest.raises(StructureError, match="does not fit"):
        covered(relaxed, sites, cation)
    at_ideal = covered(relaxed, sites, cation, ideal=ideal)
    assert at_ideal.get_chemical_formula() == covered(ideal, sites, cation).get_chemical_formula()
    binders = at_ideal.positions[[i for i, one in enumerate(at_ideal.symbols) if one == "N"]]
    assert binders[:, :2] == pytest.approx(ideal.positions[sites][:, :2], abs=1e-6)
