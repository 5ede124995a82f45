"""Contacts by SMARTS, on molecules whose bonds are known and on files, whose bonds are perceived."""

import re

import pytest
from ase import Atoms
from ase.build import molecule
from ase.io import read, write
from pydantic import ValidationError

from qdjunction import cli
from qdjunction.core.errors import InputError
from qdjunction.structure.molecule import conformer, parsed
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.sites import Site, find_atom
from qdjunction.structure.smarts import matched_atoms, perceived
from qdjunction.structure.sources.registry import SOURCES
from qdjunction.structure.xyz import read_structure
from support.paths import CLUSTERS, MOLECULE

MERCAPTO_ANILINE = "Sc1ccc(N)cc1"


@pytest.fixture(scope="module")
def aniline() -> Atoms:
    """4-aminothiophenol: S is atom 0, N atom 5."""
    return conformer(MERCAPTO_ANILINE, 3).atoms


@pytest.mark.parametrize(
    ("pattern", "atoms"),
    [
        ("[SX2H]", [0]),
        ("[NX3H2]c", [5]),
        ("c[NX3H2:1]", [5]),
        ("c:1ccccc1", [1, 2, 3, 4, 6, 7]),
        ("[cH]:[c:1]-N", [4]),
        ("[#1:1]S", [8]),
    ],
)
def test_a_file_has_the_matches_of_its_molecule(aniline, pattern, atoms):
    """Bonds perceived from the geometry and those of the SMILES: the same atoms."""
    for graph in (parsed(MERCAPTO_ANILINE), perceived(aniline, "x")):
        assert matched_atoms(graph, pattern, "x") == atoms


def test_bond_orders_of_a_file_without_its_hydrogens():
    """Benzenedithiolate is quinoid, as a neutral closed shell: two C=S."""
    assert matched_atoms(perceived(read(MOLECULE), "x"), "S=C", "x") == [10, 11]


@pytest.mark.parametrize(
    ("keys", "atom"),
    [
        ({"smarts": "[CX4H3]", "match": 0}, 0),
        ({"smarts": "[CX4H3]", "match": 1}, 1),
        ({"smarts": "[CX4H3]", "atom": "farthest along x"}, 1),
        ({"smarts": "[CX4H3]", "atom": "C nearest to -9,0,0"}, 0),
    ],
)
def test_a_match_is_chosen_by_its_number_or_its_place(keys, atom):
    ethane = molecule("C2H6")  # along z, atom 0 above atom 1
    ethane.rotate(-90, "y")  # atom 0 at negative x
    assert find_atom(ethane, Site(**keys), "sites.L.") == atom


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"smarts": "[CX4"}, r"sites\.L\.smarts = '\[CX4': not valid SMARTS"),
        ({"smarts": "N"}, r"sites\.L\.smarts = 'N': matches no atom of C2H6; correct the pattern"),
        (
            {"smarts": "C"},
            r"matches atoms 0 \(C\), 1 \(C\); choose one by sites\.L\.match, .*sites\.L\.atom 'farthest along -z'",
        ),
        ({"smarts": "C", "match": 2}, r"so that sites\.L\.match is at most 1, not 2"),
        (
            {"smarts": "C", "atom": "H farthest along z"},
            r"none of the atoms that sites\.L\.smarts = 'C' matches, 0 \(C\), 1 \(C\), is H",
        ),
    ],
)
def test_a_pattern_without_one_atom_is_one_clear_error(keys, message):
    with pytest.raises(InputError, match=message) as caught:
        find_atom(molecule("C2H6"), Site(**keys), "sites.L.")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "names no atom; give atom, an index or a rule, or smarts"),
        ({"atom": 0, "smarts": "C"}, "atom is an index and needs no smarts"),
        ({"atom": 0, "match": 1}, "match counts the atoms that smarts matches"),
        ({"smarts": "C", "atom": "farthest along z", "match": 1}, "match counts the atoms"),
    ],
)
def test_keys_that_do_not_go_together(keys, message):
    with pytest.raises(ValidationError, match=message):
        Site(**keys)


def test_a_dot_has_no_bond_orders():
    with pytest.raises(InputError, match=r"L: RDKit finds no bond orders for .*Pb .*by its index or place"):
        perceived(build_dot(load_dot("1Pb", CLUSTERS), cation="Cs"), "L")


def settings(**keys):
    return SOURCES["smiles"].settings_to_build({"name": "m", "conformers": 3, **keys}, "test")


def test_a_molecule_is_planned_by_patterns_as_it_is_built():
    source = settings(smiles="SCCCN", sites={"L": {"smarts": "[SX2H]"}, "R": {"smarts": "[CX4][NX3H2:1]"}})
    outline = source.look_up(None)
    assert outline.contacts == {"L": ("S",), "R": ("N",)}
    contacts = source.build(outline).info["contacts"]
    assert [contacts[name]["atom"] for name in "LR"] == [0, 4]
    assert [list(contacts[name]["anchor"]) for name in "LR"] == [["thiolate"], ["amine"]]


def test_patterns_on_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write("m.xyz", conformer("NCCCCN", 3).atoms)
    words = ["junction", "m.xyz", "--left-smarts", "[NX3H2]", "--layers", "2", "--output", "j.extxyz"]
    assert cli.main([*words, "--left-match", "0", "--right-smarts", "[NX3H2]", "--right-match", "1"]) == 0
    contacts = read_structure("j.extxyz").info["contacts"]
    assert [contacts[name]["atom"] for name in "LR"] == [0, 5]
    for more, message in (
        (
            ["--right-atom", "5"],
            r"--left-smarts = '\[NX3H2\]': matches atoms 0 \(N\), 5 \(N\); choose one by --left-m",
        ),
        (["--right-match", "1"], "--right-match counts|names no atom; give --right-atom"),
        ([], "--left-atom without --right-atom"),
    ):
        assert cli.main([*words, *more]) == 2
        assert re.search(message, capsys.readouterr().err)
