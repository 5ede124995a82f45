"""Anchors are recognised by element and bonds, and gold stands on each as its row of the table says."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.units import Bohr

from qdjunction.core.errors import InputError, StructureError
from qdjunction.structure.anchors import (
    ANCHORS,
    COMPUTED,
    Anchor,
    apex_position,
    bond_direction,
    is_doubly_bonded,
    recognise,
    require_anchor,
)
from qdjunction.structure.contacts import contact
from qdjunction.structure.junction import (
    build_junction,
    check_closed_shell,
    closed_shell_electrons,
    covalent_contacts,
    dot_atoms,
)
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.sites import Site, find_contacts
from qdjunction.structure.tips.blunt import Blunt
from qdjunction.structure.tips.fcc import oriented, tip_shape
from qdjunction.structure.tips.pyramid import Pyramid

MOLECULES = {
    "chloride": ("CH3Cl", "Cl"),
    "thiolate": ("CH3SH", "S"),
    "methyl-sulfide": ("CH3SCH3", "S"),
    "amine": ("H3CNH2", "N"),
    "pyridine": ("C5H5N", "N"),
    "nitrile": ("CH3CN", "N"),
    "alkynyl": ("C2H2", "C"),
}
"""A molecule of the G2 set with each anchor."""


def contacts(atoms: Atoms, sites, anchors=None):
    return find_contacts(
        atoms, {name: Site(**keys) for name, keys in sites.items()}, lambda name: f"sites.{name}.", anchors
    )


def aryl(left: str, right: str) -> Atoms:
    """1,4-disubstituted benzene with SH or NH2 at its ends; contacts L and R."""
    ring = molecule("C6H6")
    ends = [int(ring.positions[:6, 1].argmin()), int(ring.positions[:6, 1].argmax())]
    hydrogens = [next(h for h in range(6, 12) if ring.get_distance(i, h) < 1.2) for i in ends]
    atoms = ring[[i for i in range(12) if i not in hydrogens]]
    for end, group in zip(ends, (left, right), strict=True):
        out = ring.positions[end] / np.linalg.norm(ring.positions[end])
        base = ring.positions[end]
        if group == "SH":
            anchor = base + 1.77 * out
            atoms += Atoms("SH", positions=[anchor, anchor + 0.14 * out + [0, 0, 1.33]])
        else:
            anchor = base + 1.40 * out
            side = np.cross(out, [0, 0, 1])
            tails = [anchor + 0.45 * out + sign * 0.84 * side + [0, 0, -0.35] for sign in (1, -1)]
            atoms += Atoms("NHH", positions=[anchor, *tails])
    anchors = [i for i, symbol in enumerate(atoms.symbols) if symbol in "SN"]
    atoms.info["contacts"] = contacts(atoms, {"L": {"atom": anchors[0]}, "R": {"atom": anchors[1]}})
    return atoms


def angles_deg(atoms: Atoms, atom: int, bonded: list[int], direction) -> list[float]:
    bonds = atoms.positions[bonded] - atoms.positions[atom]
    return np.degrees(np.arccos(bonds @ direction / np.linalg.norm(bonds, axis=1))).tolist()


@pytest.mark.parametrize(("name", "formula", "symbol"), [(key, *value) for key, value in MOLECULES.items()])
def test_gold_stands_on_each_anchor_as_its_lone_pair_does(name, formula, symbol):
    atoms = molecule(formula)
    atom = list(atoms.symbols).index(symbol)
    binding = recognise(atoms, atom)
    assert binding.name == name
    assert (binding.hydrogen is not None) == (name in ("thiolate", "alkynyl"))
    entry = contacts(atoms, {"A": {"atom": atom}})["A"]
    direction = np.array(entry["direction"])
    bonded = [
        i for i in range(len(atoms))
        if i not in (atom, binding.hydrogen) and atoms.get_distance(atom, i) < 1.9
    ]  # fmt: skip
    angles = angles_deg(atoms, atom, bonded, direction)
    match name:
        case "pyridine":  # the bisector: half of 360 less the ring's angle
            ring = atoms.get_angle(bonded[0], atom, bonded[1])
            np.testing.assert_allclose(angles, 180 - ring / 2, atol=1e-6)
        case "methyl-sulfide":  # 54.7 deg out of the plane: cos = -cos(C-S-C / 2) cos(54.7)
            half = np.radians(atoms.get_angle(bonded[0], atom, bonded[1]) / 2)
            np.testing.assert_allclose(np.cos(np.radians(angles)), -np.cos(half) * np.cos(np.radians(54.7)))
            assert np.all((np.array(angles) > 105) & (np.array(angles) < 118))
        case "amine":
            assert len(angles) == 3
            assert np.all((np.array(angles) > 105) & (np.array(angles) < 120))
        case _:
            np.testing.assert_allclose(angles, 180, atol=1e-4)
    apex = apex_position(atoms.positions[atom], direction, binding.anchor.apex_distance_ang)
    assert np.linalg.norm(apex - atoms.positions[atom]) == pytest.approx(ANCHORS[name].apex_distance_ang)
    others = np.delete(np.arange(len(atoms)), [i for i in (atom, binding.hydrogen) if i is not None])
    assert np.linalg.norm(atoms.positions[others] - apex, axis=1).min() > ANCHORS[name].apex_distance_ang


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        *((name, Pyramid()) for name in ("methyl-sulfide", "amine", "pyridine", "nitrile")),
        ("thiolate", Blunt(site="bridge")),
        ("thiolate", Blunt(site="hollow")),
    ],
)
def test_computed_distances_are_those_of_least_energy(name, shape):
    """GFN1-xTB on tips of two layers: 0.06 Ang nearer and farther cost energy, by a parabola to 0.02 Ang."""
    interface = pytest.importorskip("tblite.interface")
    formula, symbol = MOLECULES[name]
    atoms = molecule(formula)
    atom = list(atoms.symbols).index(symbol)
    direction = np.array(contacts(atoms, {"A": {"atom": atom}})["A"]["direction"])
    if (leaves := recognise(atoms, atom).hydrogen) is not None:
        assert leaves > atom
        del atoms[leaves]
    gold = tip_shape(shape.points(2), shape.gold_site)
    distance = ANCHORS[name].distance_ang(shape.gold_site)
    energies = []
    for step in (-0.06, 0.0, 0.06):
        tip, _ = oriented(gold, direction)
        height = np.sqrt((distance + step) ** 2 - gold.radius_ang**2)
        tip.positions += apex_position(atoms.positions[atom], direction, height)
        both = atoms + tip
        calculator = interface.Calculator("GFN1-xTB", both.numbers, both.positions / Bohr)
        calculator.set("verbosity", 0)
        energies.append(calculator.singlepoint().get("energy"))
    left, here, right = energies
    assert here < min(left, right)
    assert abs(0.03 * (left - right) / (left - 2 * here + right)) < 0.02


def leaning(atoms: Atoms, atom: int, angle_deg: float):
    """Return the direction from an atom that makes this angle with its bond, on the side of its hydrogen."""
    own = {"leaning": ANCHORS["bent-thiolate"].model_copy(update={"tilt_deg": 180 - angle_deg})}
    return np.array(contacts(atoms, {"A": {"atom": atom}}, own)["A"]["direction"])


def test_gold_at_a_bent_thiolate_is_on_the_side_of_the_hydrogen():
    thiol = molecule("CH3SH")
    sulfur = list(thiol.symbols).index("S")
    binding = recognise(thiol, sulfur)
    entry = contacts(thiol, {"A": {"atom": sulfur, "anchor": "bent-thiolate"}})["A"]
    carbon = list(thiol.symbols).index("C")
    direction = np.array(entry["direction"])
    assert angles_deg(thiol, sulfur, [carbon], direction)[0] == pytest.approx(106, abs=1e-6)
    bonds = thiol.positions[[carbon, binding.hydrogen]] - thiol.positions[sulfur]
    assert abs(np.dot(np.cross(*bonds), direction)) < 1e-9  # in the plane of C-S-H
    assert angles_deg(thiol, sulfur, [binding.hydrogen], direction)[0] < 30
    assert list(contacts(thiol, {"A": {"atom": sulfur}})["A"]["anchor"]) == ["thiolate"]  # unless it is named
    bare = thiol[[i for i in range(len(thiol)) if i != binding.hydrogen]]
    at = list(bare.symbols).index("S")
    with pytest.raises(InputError, match=r"sites\.A\.direction: gold leans by 74 deg .*leave the hydrogen"):
        contacts(bare, {"A": {"atom": at, "anchor": "bent-thiolate"}})


def test_a_bent_thiolate_has_distance_and_angle_of_least_energy():
    """GFN1-xTB: 0.06 Ang and 6 deg to either side cost energy, by parabolas to 0.02 Ang and 2 deg."""
    interface = pytest.importorskip("tblite.interface")
    thiol = molecule("CH3SH")
    sulfur = list(thiol.symbols).index("S")
    leaves = recognise(thiol, sulfur).hydrogen
    bare = thiol[[i for i in range(len(thiol)) if i != leaves]]
    gold = tip_shape(Pyramid().points(2), "top")
    row = ANCHORS["bent-thiolate"]

    def energy(distance: float, angle: float) -> float:
        direction = leaning(thiol, sulfur, angle)
        tip, _ = oriented(gold, direction)
        tip.positions += apex_position(thiol.positions[sulfur], direction, distance)
        both = bare + tip
        calculator = interface.Calculator("GFN1-xTB", both.numbers, both.positions / Bohr)
        calculator.set("verbosity", 0)
        return calculator.singlepoint().get("energy")

    angle = 180 - row.tilt_deg
    here = energy(row.apex_distance_ang, angle)
    for step, tolerance, at in (
        (0.06, 0.02, lambda x: (row.apex_distance_ang + x, angle)),
        (6.0, 2.0, lambda x: (row.apex_distance_ang, angle + x)),
    ):
        less, more = energy(*at(-step)), energy(*at(step))
        assert here < min(less, more)
        assert abs(step / 2 * (less - more) / (less - 2 * here + more)) < tolerance


def test_every_row_names_its_source():
    assert {row.element for row in ANCHORS.values()} == {"Cl", "Br", "I", "S", "N", "C"}
    computed = {name for name, row in ANCHORS.items() if row.basis == COMPUTED}
    # These are tested above.
    assert computed == {"bent-thiolate", "methyl-sulfide", "amine", "pyridine", "nitrile"}
    for row in ANCHORS.values():
        assert row.basis
        assert bool(row.facet_basis) == (row.distance_ang("hollow") is not None)
        assert any(
            year.isdigit() and len(year) == 4
            for year in row.reference.replace("(", " ").replace(")", " ").split()
        )


@pytest.mark.parametrize(
    ("formula", "symbol", "needs"),
    [
        ("H2O", "O", "anchors are known for Cl, Br, I, S, N, C only"),
        ("NH3", "N", r"atom 0 is N bonded to H, H, H, .*amine needs N bonded to C, H, H"),
        ("SH2", "S", r"thiolate needs S bonded to C \(and one H, which leaves\)"),
        ("CH4", "C", r"alkynyl needs C bonded to C \(and one H"),
    ],
)
def test_an_atom_that_is_no_anchor_hears_what_one_needs(formula, symbol, needs):
    atoms = molecule(formula)
    atom = list(atoms.symbols).index(symbol)
    assert recognise(atoms, atom) is None
    with pytest.raises(StructureError, match=needs) as caught:
        require_anchor(atoms, atom, "Contact 'L'")
    assert "apex_distance_ang" in str(caught.value)
    assert "key anchors" in str(caught.value)


def test_a_named_anchor_must_fit():
    sulfide = molecule("CH3SCH3")
    atom = list(sulfide.symbols).index("S")
    with pytest.raises(
        InputError, match=r"sites\.A\.anchor: atom \d is S bonded to C, C, .*thiolate needs S bonded"
    ):
        contacts(sulfide, {"A": {"atom": atom, "anchor": "thiolate"}})
    with pytest.raises(
        InputError, match=r"sites\.A\.anchor = 'thiol': there is no such anchor; known are .*thiolate"
    ):
        contacts(sulfide, {"A": {"atom": atom, "anchor": "thiol"}})
    entry = contacts(sulfide, {"A": {"atom": atom, "anchor": "methyl-sulfide"}})["A"]
    assert list(entry["anchor"]) == ["methyl-sulfide"]


def test_an_anchor_of_the_user_s_own_comes_first_and_goes_with_the_structure():
    ether = molecule("CH3OCH3")
    atom = list(ether.symbols).index("O")
    with pytest.raises(StructureError, match="is O bonded to C, C"):
        require_anchor(ether, atom, "x")
    own = {
        "ether": Anchor(element="O", neighbours=["C", "C"], apex_distance_ang=2.3),
        "long": Anchor(element="S", neighbours=["C"], loses_hydrogen=True, apex_distance_ang=2.6),
    }
    assert contacts(ether, {"A": {"atom": atom}}, own)["A"]["anchor"]["ether"]["apex_distance_ang"] == 2.3
    thiol = aryl("SH", "SH")
    ends = {name: {"atom": entry["atom"]} for name, entry in thiol.info["contacts"].items()}
    thiol.info["contacts"] = contacts(thiol, ends, own)
    atoms = build_junction(thiol, "L", "R", ElectrodeSettings(layers=1))
    (apex,) = np.flatnonzero(atoms.get_tags() == 10)
    assert atoms.get_distance(contact(atoms, "L").atom, apex) == pytest.approx(2.6)


def test_the_bonds_of_an_atom_inside_lead_nowhere():
    ring = molecule("C6H6")
    with pytest.raises(
        StructureError, match=r"the bonds of atom 0 \(C\) lie all around it.*give the direction"
    ):
        bond_direction(ring, 0, "here")


# Hydrogens that leave


def test_the_hydrogens_of_thiols_leave_and_contacts_keep_their_atoms():
    thiol = aryl("SH", "SH")
    thiol.info["contacts"] |= {
        "C": {"atom": len(thiol) - 1, "direction": [0, 0, 1]}
    }  # a hydrogen that leaves
    atoms = build_junction(thiol, "L", "R", ElectrodeSettings(layers=2))
    bare = atoms[atoms.get_tags() == 0]
    assert bare.get_chemical_formula() == "C6H4S2"
    assert list(atoms.info["contacts"]) == ["L", "R"]
    for name in ("L", "R"):
        site = contact(atoms, name)
        assert atoms.symbols[site.atom] == "S"
        np.testing.assert_allclose(
            atoms.positions[site.atom], thiol.positions[thiol.info["contacts"][name]["atom"]], atol=1e-12
        )
    assert atoms.info["contact_distance_ang"] == pytest.approx(
        bare.get_distance(*np.flatnonzero(bare.symbols == "S"))
    )
    assert thiol.get_chemical_formula() == "C6H6S2"  # what was given is left as it is


def test_amines_keep_theirs():
    atoms = build_junction(aryl("NH2", "NH2"), "L", "R", ElectrodeSettings(layers=2))
    assert atoms[atoms.get_tags() == 0].get_chemical_formula() == "C6H8N2"


def test_one_thiolate_is_a_closed_shell_between_an_odd_number_of_gold_atoms():
    odd = ElectrodeSettings(layers=2, left={"kind": "blunt", "layers": 2})
    assert odd.gold_atoms == 13
    atoms = build_junction(aryl("SH", "NH2"), "L", "R", odd)
    check_closed_shell(atoms)
    assert atoms.numbers.sum() % 2 == 0
    electrons = closed_shell_electrons(atoms, atoms.numbers.astype(float))
    assert electrons[dot_atoms(atoms)].sum() % 2 == 0  # the levels of the thiol
    with pytest.raises(
        StructureError, match=r"C6H4S2 has an even number .* 13 gold atoms.* even number of gold"
    ):
        check_closed_shell(build_junction(aryl("SH", "SH"), "L", "R", odd))


@pytest.mark.parametrize("ends", [("SH", "NH2"), ("NH2", "SH")])
def test_a_hydrogen_that_leaves_on_one_side_only_makes_a_radical(ends):
    name = "L" if ends[0] == "SH" else "R"
    with pytest.raises(
        StructureError,
        match=rf"C6H6NS \(the hydrogen of contact '{name}' leaves .* has an odd number of electrons",
    ):
        check_closed_shell(build_junction(aryl(*ends), "L", "R"))


# Double bonds to sulfur


THIONES = ("S=C=Nc1ccc(N=C=S)cc1", "S=C1SC2=C(S1)SC(=S)S2", "NC(=S)C(=S)N", "CC(=S)C#CC(C)=S")


@pytest.mark.parametrize("smiles", THIONES)
def test_sulfur_with_a_double_bond_binds_by_its_lone_pair(smiles):
    pytest.importorskip("rdkit")
    from qdjunction.structure.molecule import conformer

    atoms = conformer(smiles, 5).atoms
    ends = [i for i in range(len(atoms)) if atoms.symbols[i] == "S" and is_doubly_bonded(atoms, i)]
    assert len(ends) == 2
    sites = {"L": {"atom": ends[0]}, "R": {"atom": ends[1]}}
    atoms.info["contacts"] = contacts(atoms, sites)
    with pytest.raises(
        StructureError, match=r"S bonded to C, with no hydrogen that could leave, as in C=S, .*key anchors"
    ):
        require_anchor(atoms, ends[0], "Contact 'L'")
    junction = build_junction(atoms, "L", "R", ElectrodeSettings(layers=1, apex_distance_ang=2.4))
    assert covalent_contacts(junction) == []
    electrons = closed_shell_electrons(junction, junction.numbers.astype(float))
    assert electrons[dot_atoms(junction)].sum() == atoms.numbers.sum()
    with pytest.raises(InputError, match=r"sites\.A\.anchor: .*with no hydrogen that could leave"):
        contacts(atoms, {"A": {"atom": ends[0], "anchor": "thiolate"}})
    own = {"thione": Anchor(element="S", neighbours=["C"], apex_distance_ang=2.4)}
    atoms.info["contacts"] = contacts(atoms, sites, own)
    assert covalent_contacts(build_junction(atoms, "L", "R", ElectrodeSettings(layers=1))) == []


@pytest.mark.parametrize("smiles", ["Sc1ccc(S)cc1", "SC=CC=CS", "SCCS", "CC(=O)S"])
def test_sulfur_without_its_hydrogen_is_a_thiolate(smiles):
    pytest.importorskip("rdkit")
    from qdjunction.structure.molecule import conformer

    atoms = conformer(smiles, 5).atoms
    for sulfur in (i for i in reversed(range(len(atoms))) if atoms.symbols[i] == "S"):
        bare = atoms[[i for i in range(len(atoms)) if i != recognise(atoms, sulfur).hydrogen]]
        assert recognise(bare, sulfur).name == "thiolate"
        assert recognise(bare, sulfur).has_lost_hydrogen


def test_a_junction_remembers_which_contacts_lost_their_hydrogen():
    atoms = build_junction(aryl("SH", "SH"), "L", "R", ElectrodeSettings(layers=1))
    for name in ("L", "R"):  # bound to gold, a quinoid dithiolate is as short as a thione
        sulfur = contact(atoms, name).atom
        carbon = int(np.argsort(atoms.get_distances(sulfur, range(6)))[0])
        atoms.set_distance(carbon, sulfur, 1.69, fix=0)
        assert is_doubly_bonded(atoms[dot_atoms(atoms)], sulfur)
    assert [site.name for site in covalent_contacts(atoms)] == ["L", "R"]
    for entry in atoms.info["contacts"].values():
        del entry["covalent"]
    assert covalent_contacts(atoms) == []
