import numpy as np
import pytest
from ase import Atoms
from scipy.spatial.distance import cdist

from qdjunction.core.errors import InputError, StructureError
from qdjunction.structure.anchors import ANCHORS
from qdjunction.structure.contacts import contact
from qdjunction.structure.junction import (
    MIN_TIP_DISTANCE_ANG,
    build_junction,
    dot_atoms,
    lead_atoms,
)
from qdjunction.structure.perovskite.catalogue import DotDefinition, list_dots, load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.settings import ElectrodeSettings
from support.paths import CLUSTERS

DISTANCE_ANG = {row.element: row.apex_distance_ang for row in ANCHORS.values()}


@pytest.fixture(scope="module")
def dot() -> Atoms:
    return build_dot(load_dot("12Pb", CLUSTERS))


def tips(atoms: Atoms) -> tuple[Atoms, Atoms]:
    side = atoms.get_tags() // (100 if atoms.get_tags().max() >= 100 else 10)
    return atoms[side == 1], atoms[side == 2]


def test_tags_and_info_follow_the_contract(dot):
    atoms = build_junction(dot, "L", "R3")
    assert np.unique(atoms.get_tags(), return_counts=True)[0].tolist() == [0, 10, 11, 12, 20, 21, 22]
    assert np.unique(atoms.get_tags(), return_counts=True)[1].tolist() == [288, 1, 3, 6, 1, 3, 6]
    assert (atoms.info["left"], atoms.info["right"], atoms.info["lead_layers"]) == ("L", "R3", 1)
    expected = np.linalg.norm(dot.positions[contact(dot, "L").atom] - dot.positions[contact(dot, "R3").atom])
    assert atoms.info["contact_distance_ang"] == pytest.approx(expected)
    assert atoms.info["dot"] == dot.info["dot"]
    assert (dot_atoms(atoms) == np.arange(288)).all()
    assert atoms[:288].symbols.get_chemical_formula() == dot.symbols.get_chemical_formula()


def test_the_dot_given_is_left_alone(dot):
    before = dot.copy()
    build_junction(dot, "L", "R1")
    assert before == dot
    assert "left" not in dot.info


@pytest.mark.parametrize("layers", [1, 2, 3, 5])
@pytest.mark.parametrize("right", ["R1", "R2", "R3", "R4"])
def test_each_apex_stands_on_its_halide_and_the_tip_points_out(dot, right, layers):
    atoms = build_junction(dot, "L", right, ElectrodeSettings(layers=layers))
    for tip, name in zip(tips(atoms), ("L", right), strict=True):
        site = contact(atoms, name)
        np.testing.assert_allclose(
            tip.positions[0] - atoms.positions[site.atom], 2.76 * site.direction, atol=1e-9
        )
        heights = (tip.positions - tip.positions[0]) @ site.direction
        np.testing.assert_allclose(heights, (tip.get_tags() % 10) * 4.078 / np.sqrt(3), atol=1e-9)


@pytest.mark.parametrize("name", list_dots(CLUSTERS))
def test_every_pair_of_the_catalogue_can_be_built(name):
    atoms = build_dot(load_dot(name, CLUSTERS), cation="Cs")
    for left, right in atoms.info["contact_pairs"].values():
        one, two = tips(build_junction(atoms, left, right, ElectrodeSettings(layers=5)))
        assert cdist(one.positions, two.positions).min() > MIN_TIP_DISTANCE_ANG


def test_the_apex_distance_is_that_of_the_halide_at_the_contact():
    mixed = build_dot(load_dot("12Pb", CLUSTERS), cation="Cs", halide="Cl0.4Br0.3I0.3", seed=2)
    seen = set()
    for right in ("R1", "R2", "R3", "R4"):
        atoms = build_junction(mixed, "L", right)
        for tip, name in zip(tips(atoms), ("L", right), strict=True):
            site = contact(atoms, name)
            symbol = atoms[site.atom].symbol
            distance = np.linalg.norm(tip.positions[0] - atoms.positions[site.atom])
            assert distance == pytest.approx(DISTANCE_ANG[symbol])
            seen.add(symbol)
    assert len(seen) > 1
    atoms = build_junction(mixed, "L", "R4", ElectrodeSettings(apex_distance_ang=3.1))
    assert atoms.get_distance(
        contact(atoms, "L").atom, int(np.flatnonzero(atoms.get_tags() == 10)[0])
    ) == pytest.approx(3.1)


def test_lead_atoms_are_the_outermost_layers(dot):
    left, right = lead_atoms(build_junction(dot, "L", "R4", ElectrodeSettings(layers=4, lead_layers=2)))
    assert (len(left), len(right)) == (16, 16)
    atoms = build_junction(dot, "L", "R4", ElectrodeSettings(layers=3))
    assert lead_atoms(atoms)[0].tolist() == list(range(292, 298))
    assert lead_atoms(atoms)[1].tolist() == list(range(302, 308))


def test_more_than_ten_layers_are_tagged_in_hundreds():
    atoms = build_junction(
        build_dot(load_dot("1Pb", CLUSTERS), cation="Cs"), "L", "R2", ElectrodeSettings(layers=11)
    )
    assert np.unique(atoms.get_tags()).tolist() == [0, *range(100, 111), *range(200, 211)]
    assert [len(lead) for lead in lead_atoms(atoms)] == [66, 66]


def test_lead_atoms_of_a_dot_say_what_is_missing(dot):
    with pytest.raises(StructureError, match="left tip has 0 tagged gold layers"):
        lead_atoms(dot)


def test_building_twice_gives_the_same_junction(dot):
    assert build_junction(dot, "L", "R2") == build_junction(dot, "L", "R2")


def test_a_tip_turns_to_where_the_gold_has_most_room():
    # An atom that binds to nothing beside one edge of the tip, off the axis: the tip must turn away from it.
    single = build_dot(load_dot("1Pb", CLUSTERS), cation="Cs")
    free = build_junction(single, "L", "R2", ElectrodeSettings(layers=3))
    apex, edge = tips(free)[0].positions[:2]
    outwards = (edge - apex) * [1, 1, 0] / np.linalg.norm((edge - apex)[:2])
    crowded = single + Atoms("He", positions=[edge + 2.2 * outwards])
    crowded.info = single.info
    turned = build_junction(crowded, "L", "R2", ElectrodeSettings(layers=3))
    helium = crowded.positions[-1]
    room_free = cdist(tips(free)[0].positions[1:], [helium]).min()
    room_turned = cdist(tips(turned)[0].positions[1:], [helium]).min()
    assert room_turned > room_free + 0.2


def test_tips_that_come_too_close_name_both_contacts():
    definition = DotDefinition(
        name="pincer",
        block=(1, 1, 3),
        contacts={"named": {"A": {"pb": (0, 0, 0), "face": "+y"}, "B": {"pb": (0, 0, 1), "face": "+y"}}},
    )
    atoms = build_dot(definition, cation="Cs")
    with pytest.raises(StructureError, match=r"'A' and 'B'.*4\.08 Ang"):
        build_junction(atoms, "A", "B", ElectrodeSettings(layers=5))
    build_junction(atoms, "A", "B", ElectrodeSettings(layers=1))


def test_overlapping_atoms_are_named_with_index_and_element(dot):
    atoms = dot.copy()
    atoms.positions[1] = atoms.positions[0] + [0.0, 0.0, 1.0]
    with pytest.raises(StructureError, match=r"Atoms 0 \(Pb\) and 1 \(Pb\) are 1\.00 Ang apart"):
        build_junction(atoms, "L", "R4")


def test_gold_that_touches_another_atom_is_named(dot):
    atoms = dot + Atoms("Cs", positions=[dot.positions[contact(dot, "L").atom] + [0, 0, -5.0]])
    atoms.info = dot.info
    with pytest.raises(
        StructureError, match=r"tip at contact 'L' overlaps .*atoms 288 \(Cs\) and 2\d\d \(Au\)"
    ):
        build_junction(atoms, "L", "R4")


def test_two_equal_contacts_are_one_clear_error(dot):
    with pytest.raises(InputError, match="both 'L'"):
        build_junction(dot, "L", "L")


def test_unknown_contact_is_one_clear_error(dot):
    with pytest.raises(StructureError, match="R9"):
        build_junction(dot, "L", "R9")


def test_a_junction_is_no_dot(dot):
    with pytest.raises(InputError, match="gold tips already"):
        build_junction(build_junction(dot, "L", "R4"), "L", "R3")


def test_a_contact_that_is_no_halide_says_so(dot):
    atoms = dot.copy()
    atoms.numbers[contact(atoms, "L").atom] = 8
    atoms.info.pop("dot")  # the lattice, whose atoms these no longer are
    with pytest.raises(
        StructureError,
        match=r"'L': atom \d+ is O bonded to Pb, .* known for Cl, Br, I, S, N, C only.*electrodes\.apex_distance_ang",
    ):
        build_junction(atoms, "L", "R4")
