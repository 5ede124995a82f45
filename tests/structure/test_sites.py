"""Contacts by rule, and directions."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.io import read
from pydantic import ValidationError

from qdjunction.core.errors import InputError
from qdjunction.structure.sites import Site, find_atom, find_contacts

MOLECULE = Path(__file__).parents[1] / "data" / "benzenedithiolate.xyz"


@pytest.fixture(scope="module")
def dithiolate() -> Atoms:
    """S at x = 3.165 (atom 10) and -3.165 (atom 11)."""
    return read(MOLECULE)


@pytest.mark.parametrize(
    ("rule", "atom"),
    [
        (7, 7),
        ("7", 7),
        ("S farthest along +x", 10),
        ("S farthest along x", 10),
        (" S  farthest along  -x", 11),
        ("farthest along -x", 11),
        ("S farthest along -2,0.5,0", 11),
        ("H farthest along 1,1,0", 6),
        ("C nearest to -1.4,0,0.2", 3),
        ("nearest to 1.3,2.1,0", 6),
    ],
)
def test_an_atom_is_found_by_its_place(dithiolate, rule, atom):
    assert find_atom(dithiolate, Site(atom=rule), "sites.L.") == atom


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (12, r"sites\.L\.atom = 12: the structure has 12 atoms, counted from 0 to 11"),
        ("Br farthest along x", r"the structure has no Br; it has C, H, S"),
        (
            "S farthest along y",
            r"atoms 10 \(S\), 11 \(S\) are equally far to 0\.01 Ang; give the index of one",
        ),
        ("nearest to 0,0,0", r"atoms 0 \(C\), .* are equally far"),
    ],
)
def test_a_place_without_one_atom_is_one_clear_error(dithiolate, rule, message):
    with pytest.raises(InputError, match=message) as caught:
        find_atom(dithiolate, Site(atom=rule), "sites.L.")
    assert "\n" not in str(caught.value)


NO_RULES = [
    -1, 1.5, True, "", "S", "S farthest", "s farthest along x", "S farthest along w", "S farthest along 0,0,0",
    "S nearest to 1,2", "-3", "S farthest along x, y",
]  # fmt: skip


@pytest.mark.parametrize("rule", NO_RULES)
def test_what_is_no_rule_hears_the_grammar(rule):
    with pytest.raises(ValidationError) as caught:
        Site(atom=rule)
    (error,) = caught.value.errors()
    assert error["loc"] == ("atom",)


@pytest.mark.parametrize("direction", [[0, 0, 0], [1, 2], "inward", "1,2", [1, 2, "c"], ["nan", 0, 1], 3])
def test_what_is_no_direction_is_refused(direction):
    with pytest.raises(ValidationError) as caught:
        Site(atom=0, direction=direction)
    (error,) = caught.value.errors()
    assert error["loc"] == ("direction",)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, [0, 0, 1]),
        ({"direction": "bond"}, [0, 0, 1]),
        ({"direction": "2,0,0"}, [1, 0, 0]),
        ({"direction": (0, -3, 0)}, [0, -1, 0]),
    ],
)
def test_directions(keys, expected):
    """Hydrogen cyanide turned to z, with an atom beside it that moves the centre of mass."""
    atoms = Atoms("CNC", positions=[[0, 0, 0], [0, 0, 1.16], [5, 0, 0]]) + Atoms(
        "H", positions=[[0, 0, -1.07]]
    )
    where = "sites.{}.".format
    entry = find_contacts(atoms, {"A": Site(atom=1, **keys)}, where)["A"]
    np.testing.assert_allclose(entry["direction"], expected, atol=1e-12)
    outward = find_contacts(atoms, {"A": Site(atom=1, direction="outward")}, where)["A"]["direction"]
    away = atoms.positions[1] - atoms.get_center_of_mass()
    np.testing.assert_allclose(outward, away / np.linalg.norm(away))


def test_two_contacts_at_one_atom_and_an_atom_without_bonds(dithiolate):
    where = "--{}-".format
    same = {"left": Site(atom=10), "right": Site(atom="S farthest along x")}
    with pytest.raises(
        InputError, match=r"--right-atom = 'S farthest along x': contact 'left' is atom 10 \(S\) too"
    ):
        find_contacts(dithiolate, same, where)
    with_ion = dithiolate + Atoms("Cs", positions=[[0, 0, 4]])
    for lone in (with_ion, molecule("C6H6") + Atoms("Cl", positions=[[0, 0, 6]])):
        with pytest.raises(
            InputError, match=rf"--left-atom = 12: atom 12 is {lone.symbols[12]} without bonds"
        ):
            find_contacts(lone, {"left": Site(atom=12)}, where)
