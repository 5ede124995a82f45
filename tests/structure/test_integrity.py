import json

import numpy as np
import pytest
from ase import Atoms

from qdjunction.cli import main
from qdjunction.core.errors import StructureError
from qdjunction.core.results import read_result
from qdjunction.engine.xtb.engine import XtbEngine
from qdjunction.steps.structure import junction, relax
from qdjunction.structure.bonds import pb_halide_bonds
from qdjunction.structure.integrity import Integrity, examine, lattice_bonds
from qdjunction.structure.junction import build_junction
from qdjunction.structure.perovskite.catalogue import DotDefinition, list_dots, load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.xyz import read_structure, write_structure
from support.paths import CLUSTERS, DATA, MOLECULE

SHIPPED = sorted((CLUSTERS / "relaxed").glob("*.extxyz"))
LOST = DATA / "12Pb_MAPbBr3_lost_contact.extxyz"
"""A GFN1-xTB minimum in which Lb bridges two Pb, two Pb-Br bonds are broken, and two N-H bonds are stretched."""


@pytest.fixture(scope="module")
def dot() -> Atoms:
    return build_dot(load_dot("12Pb", CLUSTERS))


def contact_atom(atoms: Atoms, name: str) -> int:
    return atoms.info["contacts"][name]["atom"]


def as_built(atoms: Atoms) -> Atoms:
    made_of = atoms.info["dot"]
    return build_dot(
        load_dot(made_of["name"], CLUSTERS), made_of["cation"], made_of["halide"], made_of["seed"]
    )


def bridge(atoms: Atoms, name: str, first: int, second: int) -> Atoms:
    """Put the halide of a contact on the -z face between two Pb that are neighbours along x, 3.47 Ang from both."""
    bridged = atoms.copy()
    bridged.positions[contact_atom(atoms, name)] = atoms.positions[[first, second]].mean(axis=0) - [0, 0, 1.8]
    return bridged


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_geometries_are_those_that_were_built(path):
    atoms = read_structure(path)
    integrity = examine(atoms, as_built(atoms))
    assert integrity.is_kept, integrity.findings
    assert not integrity.stretched, integrity.findings
    record = json.loads(path.with_suffix(".json").read_text())["integrity"]
    assert record["is_kept"]
    assert record["longest_ang"] == pytest.approx(integrity.longest_ang, abs=1e-6)
    for name, state in integrity.contacts.items():
        assert record["contacts"][name]["lengths_ang"] == pytest.approx(state.lengths_ang, abs=1e-6)


def test_there_is_a_shipped_geometry():
    assert SHIPPED


@pytest.mark.parametrize("name", list_dots(CLUSTERS))
@pytest.mark.parametrize("halide", ["Cl", "I", "Cl0.3Br0.3I0.4"])
def test_a_built_dot_is_kept_and_has_the_bonds_of_its_lattice(name, halide):
    atoms = build_dot(load_dot(name, CLUSTERS), cation="Cs", halide=halide)
    table = pb_halide_bonds(atoms)
    assert lattice_bonds(atoms) == set(zip(table["pb"], table["halide"], strict=True))
    integrity = examine(atoms, atoms)
    assert integrity.is_kept
    assert integrity.findings == []
    assert integrity.contacts.keys() == atoms.info["contacts"].keys()


def test_numbers_are_those_of_the_geometry(dot):
    integrity = examine(dot, dot)
    state = integrity.contacts["L"]
    assert (state.atom, state.pb) == (contact_atom(dot, "L"), (0,))
    assert state.lengths_ang == pytest.approx([5.93 / 2])
    assert integrity.longest_ang == pytest.approx({"Pb-Br": 5.93 / 2, "C-H": 1.09, "N-H": 1.03})


def test_a_contact_that_bridges_is_lost_and_refused(dot):
    atoms = bridge(dot, "Lb", 0, 6)
    integrity = examine(atoms, dot)
    assert list(integrity.lost_contacts) == ["Lb"]
    assert "bridges Pb 0 (3.47 Ang) and Pb 6 (3.47 Ang)" in integrity.lost_contacts["Lb"]
    assert [(bond.pb, bond.halide) for bond in integrity.formed] == [(0, contact_atom(dot, "Lb"))]
    assert integrity.broken == ()
    with pytest.raises(StructureError, match=r"'Lb' is no longer a contact.*bridges"):
        build_junction(atoms, "Lb", "R1")
    with pytest.raises(StructureError, match=r"'Lb' is no longer a contact.*bridges"):
        build_junction(atoms, "R1", "Lb")


def test_a_lost_contact_hinders_no_other(dot):
    assert len(build_junction(bridge(dot, "Lb", 0, 6), "L", "R3")) == 288 + 20


def test_a_relaxed_dot_that_lost_a_contact_is_seen_through(dot):
    integrity = examine(read_structure(LOST), dot)
    assert list(integrity.lost_contacts) == ["Lb"]
    assert "bridges Pb 0 (3.23 Ang) and Pb 6 (2.96 Ang)" in integrity.lost_contacts["Lb"]
    assert [(bond.pb, bond.halide) for bond in integrity.broken] == [(0, 35), (2, 37)]
    assert [(bond.pb, bond.halide) for bond in integrity.formed] == [(0, 44), (2, 47)]
    assert [round(proton.owner_ang, 2) for proton in integrity.stretched] == [1.18, 1.17]
    assert integrity.transferred == ()


def test_the_command_line_refuses_a_lost_contact_in_one_sentence(tmp_path, capsys):
    output = tmp_path / "junction.extxyz"
    for left, right in (("Lb", "R1"), ("R1", "Lb")):
        assert main(["junction", str(LOST), "--left", left, "--right", right, "--output", str(output)]) == 2
        (error,) = capsys.readouterr().err.splitlines()
        assert error.startswith(
            f"qdjunction junction: {LOST}: Contact 'Lb' is no longer a contact: its Br (atom 44)"
        )
        assert not output.exists()
    assert main(["junction", str(LOST), "--left", "L", "--right", "R4", "--output", str(output)]) == 0
    assert output.exists()


@pytest.mark.parametrize(("length_ang", "kept"), [(3.70, True), (3.75, False)])
def test_a_contact_that_left_its_lead_is_lost(dot, length_ang, kept):
    atoms = dot.copy()
    atoms.positions[contact_atom(dot, "L")] = dot.positions[0] - [0, 0, length_ang]
    integrity = examine(atoms, dot)
    assert integrity.is_kept == kept
    if not kept:
        assert "bonded to no Pb" in integrity.lost_contacts["L"]
        (broken,) = integrity.broken
        assert (broken.pb, broken.halide) == (0, contact_atom(dot, "L"))
        assert broken.distance_ang == pytest.approx(length_ang)
        with pytest.raises(StructureError, match="bonded to no Pb"):
            build_junction(atoms, "L", "R3")


def test_a_contact_that_went_to_another_lead_is_lost(dot):
    atoms = dot.copy()
    halide, other = contact_atom(dot, "La"), contact_atom(dot, "Lb")
    atoms.positions[[halide, other]] = dot.positions[[other, halide]]
    integrity = examine(atoms, dot)
    assert "has moved to Pb 6" in integrity.lost_contacts["La"]
    assert "has moved to Pb 3" in integrity.lost_contacts["Lb"]
    assert len(integrity.broken) == len(integrity.formed) == 2
    with pytest.raises(StructureError, match="has moved to Pb 6"):
        build_junction(atoms, "La", "R3")


def test_a_broken_bridge_is_found_away_from_the_contacts(dot):
    bridging = next(
        halide for pb, halide in sorted(lattice_bonds(dot)) if (6, halide) in lattice_bonds(dot) and pb == 0
    )
    atoms = dot.copy()
    atoms.positions[bridging] += [1.0, 0, 0]
    integrity = examine(atoms, dot)
    assert [(bond.pb, bond.halide) for bond in integrity.broken] == [(0, bridging)]
    assert not integrity.lost_contacts
    assert not integrity.is_kept


def with_proton_towards(dot: Atoms, name: str, share: float) -> tuple[Atoms, int]:
    """Put a proton of N on the line from its N to a contact's halide, at a share of the excess of either bond.

    0.5 is the middle by the distances beyond the radii, for which N and halide come to 3.0 Ang.
    """
    atoms = dot.copy()
    halide = contact_atom(dot, name)
    nitrogens = np.flatnonzero(dot.symbols == "N")
    nitrogen = int(nitrogens[dot.get_distances(halide, nitrogens).argmin()])
    proton = nitrogen + 4
    outwards = np.array(dot.info["contacts"][name]["direction"])
    cation = np.arange(nitrogen - 1, nitrogen + 7)
    atoms.positions[cation] += atoms.positions[halide] + 3.0 * outwards - atoms.positions[nitrogen]
    radii = 0.71 + 0.31, 0.31 + 1.20
    excess = 3.0 - sum(radii)
    atoms.positions[proton] = atoms.positions[nitrogen] - (radii[0] + share * excess) * outwards
    return atoms, proton


@pytest.mark.parametrize(("share", "transferred"), [(0.49, False), (0.51, True)])
def test_a_proton_is_transferred_beyond_the_middle(dot, share, transferred):
    atoms, proton = with_proton_towards(dot, "R2", share)
    integrity = examine(atoms, dot)
    (found,) = integrity.transferred if transferred else integrity.stretched
    assert (found.atom, found.owner_symbol, found.other) == (proton, "N", contact_atom(dot, "R2"))
    assert found.owner_ang == pytest.approx(1.02 + share * 0.47)
    assert found.other_ang == pytest.approx(3.0 - found.owner_ang)
    assert integrity.longest_ang["N-H"] == pytest.approx(found.owner_ang)
    assert integrity.is_kept != transferred
    if transferred:
        assert "has taken a proton" in integrity.lost_contacts["R2"]
        with pytest.raises(StructureError, match="has taken a proton"):
            build_junction(atoms, "L", "R2")


@pytest.mark.parametrize(("length_ang", "stretched"), [(1.14, 0), (1.16, 1)])
def test_a_stretched_bond_is_reported_and_no_reason_to_refuse(dot, length_ang, stretched):
    atoms = dot.copy()
    nitrogen = int(np.flatnonzero(dot.symbols == "N")[0])
    atoms.set_distance(nitrogen, nitrogen + 4, length_ang, fix=0)
    integrity = examine(atoms, dot)
    assert len(integrity.stretched) == stretched
    assert integrity.is_kept
    assert len(integrity.findings) == stretched


def test_a_structure_of_another_order_is_refused(dot):
    with pytest.raises(StructureError, match="not in the order of the block"):
        examine(dot[::-1], dot[::-1])


def test_without_a_lattice_the_geometry_given_is_that_as_built(dot):
    plain = dot.copy()
    del plain.info["dot"]
    assert examine(plain, plain).is_kept
    assert list(examine(bridge(plain, "Lb", 0, 6), plain).lost_contacts) == ["Lb"]


def test_molecules_have_nothing_to_be_checked():
    water = Atoms("OH2", positions=[[0, 0, 0], [0.76, 0.59, 0], [-0.76, 0.59, 0]])
    integrity = examine(water, water)
    assert integrity.is_kept
    assert integrity.longest_ang == {}


def test_a_relaxation_records_a_lost_contact_and_the_junction_refuses_it(tmp_path, caplog):
    """The start has L between the two Pb; the threshold is so high that it stays there."""
    atoms = build_dot(DotDefinition(name="2Pb", block=(1, 1, 2)), cation="Cs")
    write_structure(atoms, tmp_path / "dot.extxyz")
    start = atoms.copy()
    middle = atoms.positions[:2].mean(axis=0)
    start.positions[contact_atom(atoms, "L")] = middle + np.array([2.0, 0, 0])
    write_structure(start, tmp_path / "start.extxyz")
    relaxed, record = tmp_path / "relaxed.extxyz", tmp_path / "relaxed.json"
    relax(
        tmp_path / "dot.extxyz",
        XtbEngine(),
        tmp_path / "work",
        100.0,
        5,
        relaxed,
        record,
        tmp_path / "start.extxyz",
    )
    integrity = json.loads(record.read_text())["integrity"]
    assert not integrity["is_kept"]
    assert "bridges" in integrity["contacts"]["L"]["lost"]
    assert integrity["contacts"]["R1"]["lost"] == ""
    assert len(integrity["formed"]) == 1
    assert "contact L is lost" in caplog.text

    # The verdict goes with the file, whatever the halide is near to now.
    verdict = read_structure(relaxed)
    verdict.positions = atoms.positions
    write_structure(verdict, tmp_path / "put_back.extxyz")
    assert examine(verdict, atoms).is_kept
    with pytest.raises(StructureError, match="'L' is no longer a contact"):
        build_junction(read_structure(tmp_path / "put_back.extxyz"), "L", "R2", ElectrodeSettings(layers=1))
    with pytest.raises(StructureError, match="'L' is no longer a contact"):
        junction(
            relaxed,
            "L",
            "R2",
            ElectrodeSettings(layers=1),
            tmp_path / "junction.extxyz",
            tmp_path / "junction.json",
        )
    assert not (tmp_path / "junction.extxyz").exists()
    junction(
        relaxed,
        "R1",
        "R3",
        ElectrodeSettings(layers=1),
        tmp_path / "junction.extxyz",
        tmp_path / "junction.json",
    )
    assert (tmp_path / "junction.extxyz").exists()


def test_a_record_holds_all_that_was_found(tmp_path):
    molecule = read_structure(MOLECULE)
    molecule.info["contacts"] = {"L": {"atom": 11, "direction": [1.0, 0.0, 0.0]}}
    stretched = molecule.copy()
    stretched.positions[11] += stretched.positions[11] - stretched.positions[3]
    for now, built in ((read_structure(LOST), as_built(read_structure(LOST))), (stretched, molecule)):
        found = examine(now, built)
        assert found.broken
        assert found.contacts
        found.write(tmp_path / "record.json")
        assert read_result(Integrity, tmp_path / "record.json") == found
        written = json.loads((tmp_path / "record.json").read_text())
        assert written["findings"] == found.findings
        assert written["is_kept"] is False


def test_bonds_and_protons_of_a_slab_are_those_to_the_nearest_images():
    """Pb and Br, and N-H and Cl, across the boundary of the cell."""
    built = Atoms(
        "PbBrNHCl", positions=[[0.2, 0, 5], [9.8 - 2.4, 0, 5], [0.6, 5, 5], [0.0, 5.8, 5], [7.6, 5, 5]],
        cell=[10, 10, 10], pbc=[True, True, False],
    )  # fmt: skip
    built.info["contacts"] = {}
    kept = examine(built, built)
    assert kept.is_kept
    assert kept.longest_ang["Pb-Br"] == pytest.approx(2.8)
    relaxed = built.copy()
    relaxed.positions[1, 0] -= 1.2
    relaxed.positions[3] = [-1.0, 5, 5]
    changed = examine(relaxed, built)
    assert [str(bond) for bond in changed.broken] == ["0-1 (4.00 Ang)"]
    (proton,) = changed.transferred
    assert str(proton) == "3 (N-H 1.60, H-Cl 1.40 Ang)"


def test_a_crowded_start_of_a_ligand_is_no_bond_that_broke():
    """As built, C of the second fragment is 2.3 Ang from Br of the first, and O on Pb."""
    built = Atoms("PbBrOC", [[0, 0, 0], [2.8, 0, 0], [0, 2.4, 0], [2.2, 2.2, 0]])
    built.info = {"dot": {"name": "made"}, "contacts": {}}
    relaxed = built.copy()
    relaxed.positions[3] = [1.0, 3.2, 0.6]
    crowded = examine(relaxed, built).broken
    assert any((bond.first, bond.second) == (1, 3) for bond in crowded)
    for atoms in (built, relaxed):
        atoms.set_array("fragment", np.array([1, 1, 2, 2]))
    assert not any(
        (getattr(bond, "first", 0), getattr(bond, "second", 0)) == (1, 3)
        for bond in examine(relaxed, built).broken
    )
    # Where it stays as near it has not formed either, but where it comes nearer it has.
    assert examine(built, built).is_kept
    formed = [(bond.first, bond.second) for bond in examine(built, relaxed).formed]
    assert (1, 3) in formed
    # A ligand that leaves its Pb is still seen.
    left = relaxed.copy()
    left.positions[2] = [0, 4.4, 0]
    assert any((bond.first, bond.second) == (0, 2) for bond in examine(left, built).broken)
