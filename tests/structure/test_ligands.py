"""Ligands on dots and pairs of dots: geometry, formal charge, fragments, and what is refused."""

import re
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.data import covalent_radii
from ase.data.vdw_alvarez import vdw_radii
from scipy.spatial.distance import cdist

from qdjunction import cli
from qdjunction.core.errors import InputError, StructureError
from qdjunction.core.yaml import parse_yaml
from qdjunction.engine.registry import make_engine
from qdjunction.structure.connectivity import heavy_bonds, neighbours
from qdjunction.structure.integrity import examine
from qdjunction.structure.junction import (
    TOUCH_FRACTION,
    build_junction,
    check_closed_shell,
    dot_atoms,
    tip_atoms,
)
from qdjunction.structure.ligands.attach import FRAGMENT, conformers_without
from qdjunction.structure.ligands.library import load_ligand
from qdjunction.structure.ligands.pose import BOND_RADII, CLASH_RADII, Seat, find_pose
from qdjunction.structure.ligands.room import tips_at_contacts
from qdjunction.structure.molecule import ion_conformers, topology
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.sources.registry import SOURCES
from qdjunction.structure.xyz import read_structure, write_structure
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config
from qdjunction.study.study_file import study_of, study_values
from support.paths import CLUSTERS, ROOT

LIBRARY = CLUSTERS / "ligands"
CHARGES = {
    "acetate": -1,
    "malate": -2,
    "oleate": -1,
    "octylamine": 0,
    "phenethylammonium": 1,
    "methylammonium": 1,
}
ACETATE = {"ligand": "acetate", "replace": "Br farthest along y"}


def built(source: str, **keys) -> Atoms:
    settings = SOURCES[source].settings_to_build({"name": "it", **keys}, "c.yaml")
    definition = settings.look_up(CLUSTERS)
    atoms = settings.build(definition)
    outline = settings.outline(definition)
    # Planning knows the structure before any geometry of a ligand.
    assert outline.atoms == len(atoms)
    assert set(outline.elements) == set(atoms.symbols)
    assert {name: elements[0] for name, elements in outline.contacts.items()} == {
        name: atoms.symbols[entry["atom"]] for name, entry in atoms.info["contacts"].items()
    }
    return atoms


def ligated(*ligands, dot="1Pb", cation="MA", **keys) -> Atoms:
    return built("ligands", base={"dot": dot, "cation": cation}, ligands=list(ligands), **keys)


def pair(**keys) -> Atoms:
    values = {"first": {"dot": "1Pb"}, "second": {"dot": "1Pb"}, "first_site": "R2", "second_site": "L"}
    return built("pair", **{**values, "linker": "ethanedithiol", **keys})


def part(atoms: Atoms, number: int) -> Atoms:
    return atoms[atoms.arrays[FRAGMENT] == number]


def smallest_ratio(first: Atoms, second: Atoms) -> float:
    radii = vdw_radii[first.numbers][:, None] + vdw_radii[second.numbers]
    return float((cdist(first.positions, second.positions) / radii).min())


# The library


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_ligand_of_the_library_is_a_closed_shell_whose_ends_are_its_own(path):
    ligand = load_ligand(path.stem, LIBRARY)
    molecule = topology(ligand.smiles, ion=True)
    assert ligand.reference
    assert molecule.charge == CHARGES.get(ligand.name, molecule.charge)
    ends = [{molecule.symbols[i] for i in end} for end in ligand.ends()]
    assert ends[0] == {"S"} if "dithiol" in ligand.name else ends[0] <= {"O", "N"}
    assert not set(ligand.binds) & set(ligand.other_end)


def test_a_ligand_of_ones_own_takes_precedence_over_the_library(tmp_path):
    (tmp_path / "acetate.yaml").write_text("smiles: FC(=O)[O-]\nbinds: [2, 3]\n")
    assert "F" in ligated(ACETATE, ligand_folder=str(tmp_path)).symbols


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "smiles: CC(=O)[O-]\nbinds: [2, 9]\n",
            r"binds = \[2, 9\]: the SMILES has no heavy atom 9; count its 4",
        ),
        ("smiles: CC(\nbinds: [0]\n", r"SMILES 'CC\(': not valid"),
        ("smiles: CC(=O)[O-]\n", r"mine\.yaml: key 'binds' is missing"),
        ("smiles: CCO\nbinds: [2]\nother_end: [2]\n", "an atom stands twice"),
    ],
)
def test_a_wrong_file_of_a_ligand_is_named(tmp_path, content, message):
    (tmp_path / "mine.yaml").write_text(content)
    with pytest.raises(InputError, match=message):
        load_ligand("mine", tmp_path)


def test_the_first_conformer_is_the_extended_one():
    first, *others = ion_conformers("[NH3+]CCCCCCCC", 5)
    length = [one.get_distance(0, 8) for one in (first, *others)]
    assert length[0] == pytest.approx(max(length), abs=0.05)
    assert len(others) >= 2


# Ligands on a dot


@pytest.fixture(scope="module")
def acetate() -> Atoms:
    return ligated(ACETATE)


def test_an_anion_takes_the_place_of_a_halide(acetate):
    dot = build_dot(load_dot("1Pb", CLUSTERS))
    assert acetate.get_chemical_formula("hill") == "C6H27Br5N4O2Pb"
    ligand, rest = part(acetate, 2), part(acetate, 1)
    assert acetate.info["fragments"] == {"1": "1Pb", "2": "acetate"}
    assert acetate.info["dot"]["formal_charge"] == 0
    assert len(rest) == len(dot) - 1
    oxygen = ligand.positions[ligand.symbols == "O"] - acetate.positions[0]
    # Both at the same distance, their middle on the line of the bond that was replaced.
    np.testing.assert_allclose(np.linalg.norm(oxygen, axis=1), BOND_RADII * (1.46 + 0.66), atol=0.02)
    np.testing.assert_allclose(oxygen.mean(axis=0)[[0, 2]], 0, atol=1e-6)
    assert smallest_ratio(ligand[~np.isin(ligand.symbols, ["O", "C"])], rest) > CLASH_RADII


def test_what_stays_keeps_its_place_and_its_contacts(acetate):
    dot = build_dot(load_dot("1Pb", CLUSTERS))
    for name, entry in dot.info["contacts"].items():
        np.testing.assert_array_equal(
            dot.positions[entry["atom"]], acetate.positions[acetate.info["contacts"][name]["atom"]]
        )
    gone = ligated({"ligand": "acetate", "replace": dot.info["contacts"]["R1"]["atom"]})
    assert list(gone.info["contacts"]) == ["L", "R2"]
    assert list(gone.info["contact_pairs"]) == ["long"]


def test_a_carboxylate_is_bonded_by_its_oxygen_atoms_alone(acetate):
    bonds = {frozenset(bond) for bond in heavy_bonds(acetate)}
    to_pb = {str(acetate.symbols[i]) for bond in bonds if 0 in bond for i in bond if i}
    assert to_pb == {"Br", "O"}


def test_a_transferred_proton_and_a_broken_ligand_are_found(acetate):
    assert examine(acetate, acetate).is_kept
    carbons = np.flatnonzero((acetate.symbols == "C") & (acetate.arrays[FRAGMENT] == 2))
    broken = acetate.copy()
    broken.positions[carbons[0]] += [0, 1.5, 0]
    assert any("bonds of heavy atoms" in finding for finding in examine(broken, acetate).findings)
    moved = acetate.copy()
    hydrogen = int(np.flatnonzero(acetate.symbols == "H")[4])
    oxygen, other = np.flatnonzero(acetate.symbols == "O")
    away = moved.positions[oxygen] - moved.positions[other]
    moved.positions[hydrogen] = moved.positions[oxygen] + 0.96 * away / np.linalg.norm(away)
    assert [proton.other for proton in examine(moved, acetate).transferred] == [oxygen]


def test_a_hydrogen_beside_an_alkali_ion_stays_the_carbons():
    """At 2.2 Ang from Cs the sum of the covalent radii, 2.75 Ang, is farther than the bond to C is long."""
    atoms = ligated(ACETATE, cation="Cs")
    moved = atoms.copy()
    caesium, hydrogen = (int(np.flatnonzero(atoms.symbols == symbol)[0]) for symbol in ("Cs", "H"))
    moved.positions[caesium] = moved.positions[hydrogen] + [0, 2.2, 0]
    assert not examine(moved, atoms).transferred
    assert [str(moved.symbols[i]) for i in neighbours(moved, hydrogen)] == ["C"]


def test_fragments_and_contacts_survive_file_and_junction(acetate, tmp_path):
    write_structure(acetate, tmp_path / "a.extxyz")
    junction = build_junction(read_structure(tmp_path / "a.extxyz"), "L", "R2", ElectrodeSettings(layers=2))
    np.testing.assert_array_equal(junction.arrays[FRAGMENT][dot_atoms(junction)], acetate.arrays[FRAGMENT])
    assert not junction.arrays[FRAGMENT][junction.symbols == "Au"].any()


def test_a_relaxation_keeps_the_ligand_on_the_dot(tmp_path):
    """Acetate on CsPb, few atoms: it converges in seconds."""
    atoms = ligated(ACETATE, cation="Cs")
    relaxed = make_engine("xtb", threads=1).relax(atoms, tmp_path, 0.5, 60)
    assert relaxed.converged
    found = examine(relaxed.atoms, atoms)
    assert not found.transferred
    assert not found.lost_contacts


def test_a_cation_takes_the_place_of_a_cation():
    atoms = ligated({"ligand": "methylammonium", "ion": "Cs", "count": 1}, cation="Cs")
    assert atoms.get_chemical_formula("hill") == "CH6Br6Cs3NPb"
    ligand = part(atoms, 2)
    nitrogen, carbon = (ligand.positions[ligand.symbols == symbol][0] for symbol in "NC")
    # The ammonium group is next to the dot, and the chain leads away.
    assert np.linalg.norm(nitrogen) < np.linalg.norm(carbon)


def test_one_ligand_takes_the_place_of_the_three_halides_of_each_corner():
    """As on the MA dot of Chevalier et al.: malate for three Br, and one MA less for each."""
    placements = [{"ligand": "malate", "ion": "Br", "count": 8, "each": 3}, {"ion": "MA", "count": 8}]
    atoms = ligated(*placements, dot="8Pb")
    assert atoms.info["dot"]["formal_charge"] == 0
    assert [sum(atoms.symbols == symbol) for symbol in ("Pb", "Br", "N")] == [8, 12, 12]
    bonds = heavy_bonds(atoms)
    malates = [atoms.arrays[FRAGMENT][max(pair)] for pair in bonds if atoms.symbols[min(pair)] == "Pb"]
    assert set(malates) - {1} == set(range(2, 10))


def test_corners_get_one_ligand_each_before_any_gets_a_second():
    atoms = ligated({"ligand": "malic-acid", "ion": "Br", "count": 8}, dot="8Pb", cation="Cs")
    # A proton of each acid leaves with the bromide.
    assert atoms.get_chemical_formula("hill") == "C32H40Br28Cs20O40Pb8"
    assert [one["protons_lost"] for one in atoms.info["dot"]["ligands"]] == [1] * 8
    oxygen = {max(pair) for pair in heavy_bonds(atoms) if {*atoms.symbols[list(pair)]} == {"Pb", "O"}}
    of_lead = [min(pair) for pair in heavy_bonds(atoms) if max(pair) in oxygen and min(pair) < 8]
    assert set(of_lead) == set(range(8))


def test_a_thiol_loses_its_proton_with_the_halide_and_ends_in_a_contact():
    atoms = ligated({"ligand": "butanedithiol", "replace": "Br farthest along y", "contact": "D"})
    ligand = part(atoms, 2)
    assert ligand.get_chemical_formula("hill") == "C4H9S2"
    assert list(atoms.info["contacts"]["D"]["anchor"]) == ["thiolate"]
    assert atoms.get_distance(0, int(np.flatnonzero(atoms.symbols == "S")[0])) == pytest.approx(
        BOND_RADII * (1.46 + 1.05), abs=0.01
    )
    # Its hydrogen leaves as gold binds, and the bromide at the other tip has none to lose.
    with pytest.raises(
        StructureError, match=r"hydrogen of contact 'D' leaves .* has an odd number of electrons"
    ):
        check_closed_shell(build_junction(atoms, "L", "D", ElectrodeSettings(layers=1)))


LIGATED = {
    "source": "ligands",
    "name": "it",
    "base": {"dot": "1Pb"},
    "ligands": [{"ligand": "butanedithiol", "replace": "Br farthest along y", "contact": "D"}],
}
FACING = {
    "source": "pair",
    "name": "it",
    "first": {"dot": "1Pb"},
    "second": {"dot": "1Pb"},
    "first_site": "R2",
    "second_site": "L",
    "linker": "ethanedithiol",
}
ODD = {"layers": 2, "left": {"kind": "pyramid", "layers": 1}}


@pytest.mark.parametrize(
    ("dot", "contacts", "electrodes", "message"),
    [
        (
            LIGATED,
            "L-D",
            {"layers": 2},
            r"it \(the hydrogen of contact 'D' leaves .* the two tips have 8 gold atoms",
        ),
        (LIGATED, "L-R1", ODD, "it has an even number of electrons, and the two tips have 5 gold atoms"),
        (LIGATED, "L-D", ODD, ""),
        (FACING, "A.L-B.R1", ODD, "it has an even number of electrons, and the two tips have 5 gold atoms"),
        (FACING, "A.L-B.R1", {"layers": 2}, ""),
    ],
)
def test_a_radical_is_refused_before_any_job(dot, contacts, electrodes, message):
    values = {"study": "t", "dots": [{**dot, "contacts": [contacts]}], "electrodes": electrodes}
    config = parse_config(values, "c.yaml")
    if not message:
        assert make_study(config, CLUSTERS, "c.yaml").junctions
        return
    with pytest.raises(InputError, match=f"c.yaml: it/{contacts}: {message}"):
        make_study(config, CLUSTERS, "c.yaml")


def test_an_amine_caps_a_halide_by_a_hydrogen_bond():
    atoms = ligated({"ligand": "octylamine", "cap": "Br farthest along y"})
    ligand = part(atoms, 2)
    bromides = atoms.positions[atoms.symbols == "Br"]
    capped = bromides[bromides[:, 1].argmax()]
    hydrogen = np.linalg.norm(ligand.positions[ligand.symbols == "H"] - capped, axis=1).min()
    assert 2.2 < hydrogen < 2.8


def test_the_outermost_ions_are_replaced_far_from_each_other():
    atoms = ligated({"ligand": "phenethylammonium", "ion": "Cs", "count": 2}, dot="8Pb", cation="Cs")
    first, second = (part(atoms, number) for number in (2, 3))
    apart = np.linalg.norm(
        *(np.diff([one.positions[one.symbols == "N"][0] for one in (first, second)], axis=0))
    )
    assert apart > 2 * 5.87


@pytest.mark.parametrize(
    ("ligand", "site"),
    [
        ("phenethylammonium", "Cs nearest to 2.9,2.9,-2.9"),
        ("phenethylammonium", "Cs nearest to 2.9,2.9,8.8"),
        ("octylammonium", "Cs nearest to 2.9,2.9,-2.9"),
        ("oleate", "Br nearest to 0,5.9,8.8"),
        ("acetate", "La"),
    ],
)
def test_a_ligand_beside_a_contact_leaves_room_for_the_tip(ligand, site):
    """Without the tips in mind, all but the last stand in their way."""
    atoms = ligated({"ligand": ligand, "replace": site}, dot="8Pb", cation="Cs")
    junction = build_junction(atoms, "L", "R3", ElectrodeSettings(layers=3))
    bound, gold = part(junction, 2), junction[junction.symbols == "Au"]
    contacts = junction.positions[[junction.info["contacts"][name]["atom"] for name in ("L", "R3")]]
    # They are beside a contact: at the next site of the lattice or nearer.
    assert cdist(bound.positions, contacts).min() < 5.9
    assert smallest_ratio(gold, bound) > CLASH_RADII
    radii = covalent_radii[79] + covalent_radii[bound.numbers]
    assert (cdist(gold.positions, bound.positions) / radii).min() > TOUCH_FRACTION


def test_a_ligand_that_covers_a_contact_needs_no_room_for_its_tip():
    """A bridge from the bromide at R2 to gold: its chain stands where the tip of R2 would."""
    bridge = {"ligand": "octylamine", "reverse": True, "contact": "D"}
    named, placed = (ligated({**bridge, "cap": site}) for site in ("R2", "Br farthest along z"))
    assert named == placed
    assert smallest_ratio(tips_at_contacts(placed), part(placed, 2)) < CLASH_RADII
    assert build_junction(placed, "L", "D", ElectrodeSettings(layers=3))
    with pytest.raises(StructureError, match="Gold of the tip at contact 'R2' overlaps"):
        build_junction(placed, "L", "R2", ElectrodeSettings(layers=3))


def test_the_room_of_a_tip_holds_it_at_every_angle():
    dot = build_dot(load_dot("1Pb", CLUSTERS))
    gold = tips_at_contacts(dot, {dot.info["contacts"][name]["atom"] for name in ("R1", "R2")})
    junction = build_junction(dot, "L", "R2", ElectrodeSettings(layers=3))
    apart = cdist(junction.positions[tip_atoms(junction)[0]], gold.positions).min(axis=1)
    # Corners of the third layer, 3.33 Ang from the axis, are at most 15 degrees from one of those there.
    assert apart.max() <= 2 * 3.33 * np.sin(np.radians(7.5)) + 1e-6


def test_a_pb_that_lost_its_halide_is_capped_in_its_place():
    dot = build_dot(load_dot("1Pb", CLUSTERS))
    atoms = ligated(
        {"ligand": "octylamine", "cap": 0},
        {"replace": "Br farthest along y"},
        {"replace": int(np.flatnonzero(dot.symbols == "N")[0])},
    )
    nitrogen = atoms.positions[(atoms.symbols == "N") & (atoms.arrays[FRAGMENT] == 2)][0]
    np.testing.assert_allclose(nitrogen, [0, BOND_RADII * (1.46 + 0.71), 0], atol=0.02)


@pytest.mark.parametrize(
    ("ligands", "message"),
    [
        (
            [{"ligand": "malate", "replace": "Br farthest along y"}],
            r"add up to -1 instead of \+0 .*take one more anion",
        ),
        (
            [{"ligand": "octylamine", "replace": "Br farthest along y"}],
            r"add up to \+1 .*take one more cation",
        ),
        (
            [{"ligand": "acetate", "ion": "MA", "count": 1}],
            r"'acetate' has charge -1 and cannot take the place of MA",
        ),
        ([{"ligand": "methylammonium", "ion": "MA", "count": 5}], "count = 5, but the surface has only 4 MA"),
        (
            [ACETATE, ACETATE],
            r"ligands\[1\]: atom \d+ \(Br\) is a site of ligands\[0\] already; there are more",
        ),
        (
            [{"ligand": "butanedithiol", "replace": "Br farthest along y", "contact": "R1"}],
            "contact = 'R1': another contact has that name already; there are L, R1, R2; choose another name",
        ),
        (
            [
                {"ligand": "butanedithiol", "replace": f"Br farthest along {y}", "contact": "D"}
                for y in ("y", "-y")
            ],
            "contact = 'D': another contact has that name already",
        ),
        ([{"ligand": "acetat", "ion": "Br", "count": 1}], "there is no ligand 'acetat'"),
        (
            [{"ligand": "acetate", "replace": 0}],
            r"atom 0 \(Pb\) belongs to no halide, alkali or ammonium ion",
        ),
        (
            [{"ligand": "malate", "ion": "Br", "count": 2, "each": 3}],
            "count = 2, but the surface has only 1 Pb with 3 terminal Br left",
        ),
        (
            [{"ligand": "methylammonium", "ion": "MA", "count": 1, "each": 2}],
            "set ion to a halide, or leave each",
        ),
        (
            [{"ligand": "acetate", "replace": "Lx"}],
            r"ligands\[0\]\.replace = 'Lx': the dot has no such contact \(L, R1, R2\), and it is no atom; write",
        ),
        ([{"ligand": "acetate"}], "says nowhere where the ligand binds"),
        ([{"ligand": "acetate", "ion": "Br"}], "ion and count go together"),
        ([{"cap": 0}], "names no ligand"),
        ([{"ligand": "methylammonium", "cap": "N nearest to 3,3,3"}], "a ligand caps a Pb or a halide"),
    ],
)
def test_impossible_ligands_are_refused_before_any_job(ligands, message):
    values = {
        "study": "t",
        "dots": [
            {
                "source": "ligands",
                "name": "it",
                "base": {"dot": "1Pb"},
                "ligands": ligands,
                "contacts": ["L-R1"],
            }
        ],
    }
    with pytest.raises(InputError, match=message):
        make_study(parse_config(values, "c.yaml"), CLUSTERS, "c.yaml")


def test_surface_ions_of_a_molecule_and_seeds_beyond_those_of_rdkit_are_refused():
    molecule = {"source": "smiles", "name": "m", "smiles": "Sc1ccc(S)cc1"}
    with pytest.raises(InputError, match=r"ligands\[0\]: C6H6S2 has no Pb"):
        built("ligands", base=molecule, ligands=[{"ligand": "acetate", "ion": "Br", "count": 1}])
    for source, keys in (
        ("smiles", {"smiles": "CC"}),
        ("ligands", {"base": {"dot": "1Pb"}, "ligands": [ACETATE]}),
    ):
        with pytest.raises(InputError, match="seed = 2147483647: "):
            built(source, seed=2**31 - 1, **keys)


def test_a_ligand_that_fits_in_no_pose_is_refused_with_its_closest_contact():
    with pytest.raises(
        StructureError, match=r"does not fit: in the best pose its \w+ comes within [\d.]+ Ang of atom"
    ):
        ligated({**ACETATE, "direction": [0, -1, 0]})


def test_a_study_is_restored_without_the_library(tmp_path):
    values = {
        "study": "t",
        "dots": [
            {
                "source": "ligands",
                "name": "it",
                "base": {"dot": "1Pb"},
                "ligands": [ACETATE],
                "contacts": ["L-R1"],
            }
        ],
    }
    study = make_study(parse_config(values, "c.yaml"), CLUSTERS, "c.yaml")
    again = study_of(study_values(study), tmp_path)
    case = again.dots[0]
    assert case.entry.build(case.definition) == study.dots[0].entry.build(study.dots[0].definition)
    assert set(case.entry.catalogue_files(case.definition)) == {"1Pb.yaml", "ligands/acetate.yaml"}


# Pairs


def test_two_dots_face_each_other_across_a_linker():
    atoms = pair()
    assert atoms.info["fragments"] == {"1": "1Pb", "2": "ethanedithiol", "3": "1Pb"}
    first, linker, second = (part(atoms, number) for number in (1, 2, 3))
    assert linker.get_chemical_formula("hill") == "C2H4S2"
    assert len(first) == len(second) == 38
    pb = atoms.positions[atoms.symbols == "Pb"]
    np.testing.assert_allclose(pb[1] - pb[0], [0, 0, atoms.info["dot"]["pb_distance_ang"]], atol=1e-6)
    sulfur = linker.positions[linker.symbols == "S"]
    bond = BOND_RADII * (1.46 + 1.05)
    np.testing.assert_allclose(sulfur - pb, [[0, 0, bond], [0, 0, -bond]], atol=1e-6)
    # Gauche and anti ethanedithiol: 3.2 and 4.4 Ang.
    assert np.linalg.norm(sulfur[1] - sulfur[0]) == pytest.approx(4.4, abs=0.1)
    # The lattices are aligned: one dot is the other, moved.
    assert {"A.L", "A.R1", "B.R1", "B.R2"} == set(atoms.info["contacts"])
    np.testing.assert_allclose(atoms.info["contacts"]["B.R2"]["direction"], [0, 0, 1], atol=1e-9)
    assert atoms.info["dot"]["formal_charge"] == 0


def test_sites_that_do_not_face_each_other_are_turned():
    atoms = pair(first_site="R1", second_site="R1", twist_deg=90)
    pb = atoms.positions[atoms.symbols == "Pb"]
    np.testing.assert_allclose((pb[1] - pb[0])[[1, 2]], 0, atol=1e-6)
    # R1 faces -x, so that the dot beyond it lies at negative x; R2 (+z) of the second dot is turned by 90 degrees.
    assert pb[1][0] < pb[0][0]
    np.testing.assert_allclose(np.abs(atoms.info["contacts"]["B.R2"]["direction"]), [0, 1, 0], atol=1e-9)


def test_without_a_linker_the_same_dots_keep_their_halides_at_the_same_distance():
    distance = pair().info["dot"]["pb_distance_ang"]
    atoms = pair(linker="none", pb_distance_ang=distance)
    pb = atoms.positions[atoms.symbols == "Pb"]
    assert np.linalg.norm(pb[1] - pb[0]) == pytest.approx(distance)
    assert atoms.get_chemical_formula("hill") == "C8H48Br12N8Pb2"
    assert atoms.info["fragments"] == {"1": "1Pb", "2": "1Pb"}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"linker": "octylamine"},
            r"'octylamine' \(NCCCCCCCC\) binds to Pb at one end only .* and cannot bridge",
        ),
        ({"linker": "none"}, "linker is none, so the distance of the dots is open; add pb_distance_ang"),
        ({"pb_distance_ang": 10}, "leave it out, since the linker 'ethanedithiol' determines the distance"),
        (
            {"linker": "none", "pb_distance_ang": 8},
            r"1Pb \(A\) and 1Pb \(B\) clash: Br and Br come within 2.07 Ang",
        ),
        ({"first_site": 0}, r"first_site = 0: atom 0 \(Pb\) is no terminal halide"),
        (
            {"first_site": "Q"},
            r"first_site = 'Q': the dot has no such contact \(L, R1, R2\), and it is no atom; write an index",
        ),
        ({"first": {"dot": "3Pb"}}, "first: There is no dot '3Pb'"),
        ({"first": {"dot": "1Pb", "contacts": ["L-R1"]}}, "contacts belongs to the entry"),
    ],
)
def test_impossible_pairs_are_refused(keys, message):
    with pytest.raises(InputError, match=message):
        pair(**keys)


def test_a_linker_of_the_wrong_charge_is_refused(tmp_path):
    (tmp_path / "diamine.yaml").write_text("smiles: NCCN\nbinds: [0]\nother_end: [3]\n")
    with pytest.raises(InputError, match=re.escape("add up to +2: two halides (-1 each) leave")):
        pair(linker="diamine", ligand_folder=str(tmp_path))


def test_input_files_name_those_of_the_users_own(tmp_path):
    (tmp_path / "acetate.yaml").write_text((LIBRARY / "acetate.yaml").read_text())
    base = {"source": "file", "path": "dot.xyz"}
    values = {"name": "it", "base": base, "ligands": [ACETATE], "ligand_folder": str(tmp_path)}
    settings = SOURCES["ligands"].settings_to_build(values, "c.yaml")
    assert settings.input_files() == [Path("dot.xyz"), tmp_path / "acetate.yaml"]


# The command line and the documentation


def test_the_commands_build_what_a_study_builds(tmp_path, monkeypatch, acetate):
    monkeypatch.chdir(tmp_path)
    write_structure(build_dot(load_dot("1Pb", CLUSTERS)), "dot.extxyz")
    given = [
        "ligands",
        "dot.extxyz",
        "--ligand",
        "acetate",
        "--replace",
        ACETATE["replace"],
        "--output",
        "a.extxyz",
    ]
    assert cli.main(given) == 0
    np.testing.assert_allclose(read_structure("a.extxyz").positions, acetate.positions, atol=1e-6)
    sites = ["--first-site", "R2", "--second-site", "L"]
    assert (
        cli.main(["pair", *["dot.extxyz"] * 2, *sites, "--linker", "ethanedithiol", "--output", "p.extxyz"])
        == 0
    )
    linked = read_structure("p.extxyz")
    np.testing.assert_allclose(linked.positions, pair().positions, atol=1e-6)
    assert linked.info["dot"]["linker"]["name"] == "ethanedithiol"


def test_the_studies_of_the_documentation_can_be_planned():
    text = (ROOT / "docs" / "structures.md").read_text()
    examples = [
        block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "source: pair" in block
    ]
    examples += [
        block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "source: ligands" in block
    ]
    studies = [
        make_study(parse_config(parse_yaml(example, "docs"), "docs"), CLUSTERS, "docs")
        for example in examples
    ]
    assert [len(study.junctions) for study in studies] == [2, 2, 4]


@pytest.mark.parametrize(("height_ang", "shift_ang"), [(-0.8, 2.4), (-0.4, 2.8), (0.8, None)])
def test_a_cation_stands_farther_out_where_its_site_has_closed(height_ang, shift_ang):
    """A ring of bromides about the site, as a relaxed surface may have it, is no reason to refuse a bulky cation."""
    angles = np.arange(6) * np.pi / 3
    ring = np.column_stack([2.4 * np.cos(angles), 2.4 * np.sin(angles), np.full(6, height_ang)])
    ligand = load_ligand("diethyldimethylammonium", LIBRARY)
    arguments = (
        Atoms("Br6", ring), conformers_without(ligand, (), 10, 0), ligand.binds,
        Seat(np.zeros(3), np.array([0.0, 0.0, 1.0])), "the ligand",
    )  # fmt: skip
    if shift_ang is None:
        with pytest.raises(StructureError, match="the ligand does not fit"):
            find_pose(*arguments)
        return
    placed = find_pose(*arguments)
    assert placed.positions[ligand.binds[0]] == pytest.approx([0, 0, shift_ang], abs=1e-9)
    ratios = cdist(placed.positions, ring) / (vdw_radii[placed.numbers][:, None] + vdw_radii[35])
    assert ratios.min() > CLASH_RADII
