from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

from qdjunction.core.errors import InputError
from qdjunction.structure.perovskite.a_sites import candidate_sites, choose_a_sites
from qdjunction.structure.perovskite.catalogue import DotDefinition, list_dots, load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.perovskite.lattice import halide_sites
from support.a_sites import a_site_energy
from support.paths import CLUSTERS

CHARGES = {"Pb": 2, "Cl": -1, "Br": -1, "I": -1, "Cs": 1, "N": 1, "C": 0, "H": 0}

# A, Pb, X of the source papers (18Pb by the counting rule).
FORMULAS = {
    "1Pb": (4, 1, 6),
    "8Pb": (20, 8, 36),
    "10Pb": (26, 10, 46),
    "12Pb": (28, 12, 52),
    "16Pb": (36, 16, 68),
    "18Pb": (39, 18, 75),
    "27Pb": (54, 27, 108),
    "64Pb": (112, 64, 240),
}


def count(atoms) -> Counter:
    return Counter(atoms.get_chemical_symbols())


def _in_one_piece(pb_sites: set) -> bool:
    points = np.array(sorted(pb_sites))
    return connected_components(cdist(points, points) < 1.1)[0] == 1


def charge(atoms) -> int:
    return sum(CHARGES[symbol] for symbol in atoms.get_chemical_symbols())


@pytest.mark.parametrize("name", list_dots(CLUSTERS))
def test_catalogue_has_the_formulas_of_the_papers(name):
    cations, pb, halides = FORMULAS[name]
    definition = load_dot(name, CLUSTERS)
    caesium = build_dot(definition, cation="Cs", halide="Br")
    assert count(caesium) == {"Cs": cations, "Pb": pb, "Br": halides}
    methylammonium = build_dot(definition, cation="MA", halide="I")
    assert count(methylammonium) == {"C": cations, "N": cations, "H": 6 * cations, "Pb": pb, "I": halides}
    assert charge(caesium) == charge(methylammonium) == 0


def test_catalogue_is_complete():
    assert list_dots(CLUSTERS) == list(FORMULAS)


def test_64pb_cube_has_the_inner_surface_and_terminal_counts_of_the_paper():
    pb_sites = load_dot("64Pb", CLUSTERS).pb_sites
    sites = np.array(choose_a_sites(pb_sites))
    inner = ((sites > 0) & (sites < 3)).all(axis=1).sum()
    halides = np.array(halide_sites(pb_sites))
    terminal = ((halides < 0) | (halides > 3)).any(axis=1).sum()
    assert (inner, len(sites) - inner, terminal) == (27, 85, 96)


@settings(deadline=None, max_examples=40)
@given(block=st.tuples(*[st.integers(1, 5)] * 3))
def test_every_block_is_neutral_with_the_counting_rule(block):
    a, b, c = block
    atoms = build_dot(DotDefinition(name="block", block=block), cation="Cs", halide="Br0.5I0.5")
    halides = 3 * a * b * c + a * b + b * c + c * a
    counts = count(atoms)
    assert counts["Pb"] == a * b * c
    assert counts["Br"] + counts["I"] == halides
    assert counts["Cs"] == halides - 2 * a * b * c
    assert charge(atoms) == 0
    assert (
        len(candidate_sites(DotDefinition(name="block", block=block).pb_sites)) - counts["Cs"]
        == a + b + c + 1
    )


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_blocks_with_removed_units_stay_neutral_and_whole(data):
    block = data.draw(st.tuples(*[st.integers(1, 3)] * 3))
    sites = DotDefinition(name="block", block=block).pb_sites
    # The contact column must stay, everything else may go.
    removable = [site for site in sites if site[:2] != (0, 0)]
    removed = data.draw(st.lists(st.sampled_from(removable), unique=True)) if removable else []
    assume(_in_one_piece(set(sites) - set(removed)))
    definition = DotDefinition(name="block", block=block, removed=removed)
    atoms = build_dot(definition, cation="Cs")
    assert charge(atoms) == 0
    assert count(atoms)["Pb"] == len(sites) - len(removed)
    # Every halide touches a Pb and every Pb has its six halides.
    pb, halides = atoms[atoms.symbols == "Pb"].positions, atoms[atoms.symbols == "Br"].positions
    bonded = np.isclose(np.linalg.norm(pb[:, None] - halides[None], axis=-1), 5.87 / 2)
    assert bonded.any(axis=0).all()
    assert (bonded.sum(axis=1) == 6).all()


@pytest.mark.parametrize("block", [(1, 1, 1), (1, 1, 3), (2, 2, 1), (2, 2, 2)])
def test_search_for_a_sites_finds_the_exact_minimum(block):
    pb_sites = DotDefinition(name="block", block=block).pb_sites
    exact = choose_a_sites(pb_sites, exact_limit=1_000_000)
    searched = choose_a_sites(pb_sites, exact_limit=0)
    assert a_site_energy(pb_sites, searched) == pytest.approx(a_site_energy(pb_sites, exact), abs=1e-9)


def test_a_site_energy_is_that_of_point_charges():
    # One Pb, six X at 1/2, four A on alternate corners of the cube: A-A at sqrt(2), A-Pb at sqrt(3)/2; each A
    # has three X at sqrt(1/2) and three at sqrt(3/2).
    tetrahedron = ((-0.5, -0.5, -0.5), (-0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0.5, 0.5, -0.5))
    expected = 4 * (2 / np.sqrt(3 / 4) - 3 / np.sqrt(1 / 2) - 3 / np.sqrt(3 / 2)) + 6 / np.sqrt(2)
    assert a_site_energy(((0, 0, 0),), tetrahedron) == pytest.approx(expected)
    assert a_site_energy(((0, 0, 0),), choose_a_sites(((0, 0, 0),))) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["12Pb", "16Pb", "18Pb", "64Pb"])
def test_corners_go_first(name):
    definition = load_dot(name, CLUSTERS)
    sites = np.array(choose_a_sites(definition.pb_sites))
    beyond = (sites < 0) | (sites > np.array(definition.block) - 1)
    assert not beyond.all(axis=1).any()


def test_building_twice_gives_the_same_dot():
    definition = load_dot("8Pb", CLUSTERS)
    one, two = (build_dot(definition, halide="Br0.72Cl0.28", seed=3) for _ in range(2))
    assert one == two
    assert one.info == two.info
    other = build_dot(definition, halide="Br0.72Cl0.28", seed=4)
    assert (one.numbers != other.numbers).any()


def test_info_says_what_was_built():
    atoms = build_dot(load_dot("12Pb", CLUSTERS), cation="MA", halide="Br0.5Cl0.5", seed=7)
    dot = atoms.info["dot"]
    assert (dot["name"], dot["cation"], dot["halide"], dot["seed"]) == ("12Pb", "MA", "Br0.5Cl0.5", 7)
    assert dot["lattice_constant_ang"] == pytest.approx((5.93 + 5.68) / 2)
    assert atoms.info["contact_pairs"]["L-R4"] == ["L", "R4"]
    assert not atoms.pbc.any()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"cation": "FA"}, ["FA", "MA", "Cs"]),
        ({"halide": "F"}, ["F", "Br"]),
        ({"seed": -1}, ["seed", "-1"]),
        ({"halide": "Br0.5Cl0.5", "short_range_order": 2.0}, ["short_range_order", "2"]),
    ],
)
def test_bad_arguments_are_one_clear_error(arguments, words):
    with pytest.raises(InputError) as caught:
        build_dot(load_dot("1Pb", CLUSTERS), **arguments)
    assert all(word in str(caught.value) for word in words)
