"""Molecules from SMILES: the conformer that is found, and what is refused."""

import re

import numpy as np
import pytest

from qdjunction import cli
from qdjunction.core.errors import InputError
from qdjunction.structure.molecule import conformer
from qdjunction.structure.sources.registry import SOURCES
from qdjunction.structure.xyz import read_structure
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config
from support.paths import CLUSTERS

ALKANEDITHIOL = "SCCCCCCCCCCS"


def test_the_chain_of_an_alkanedithiol_is_anti():
    found = conformer(ALKANEDITHIOL)
    chain = np.arange(12)
    torsions = [found.atoms.get_dihedral(*chain[i : i + 4]) for i in range(9)]
    np.testing.assert_allclose(torsions, 180, atol=3)
    assert found.force_field == "MMFF94s"
    assert found.second_ev > 0
    assert found.conformers == 51


def test_the_atoms_come_in_the_order_of_the_smiles_along_z():
    atoms = conformer(ALKANEDITHIOL).atoms
    assert str(atoms.symbols[:12]) == "SC10S"
    assert (np.diff(atoms.positions[:12, 2]) > 0).all()
    np.testing.assert_allclose(atoms.get_center_of_mass(), 0, atol=1e-9)
    assert not atoms.pbc.any()


def test_rings_stay_planar_and_bonds_have_their_lengths():
    atoms = conformer("Sc1ccc(S)cc1").atoms
    ring = [1, 2, 3, 4, 6, 7]
    assert np.linalg.svd(atoms.positions[ring] - atoms.positions[ring].mean(axis=0))[1][2] < 0.02
    bonds = [atoms.get_distance(ring[i - 1], ring[i]) for i in range(6)]
    np.testing.assert_allclose(bonds, 1.397, atol=0.02)  # benzene, microwave and infrared spectra


def test_the_handedness_of_a_stereocentre_is_that_of_the_smiles():
    def volume(smiles):
        atoms = conformer(smiles).atoms
        methyl, centre, nitrogen, carboxyl = (atoms.positions[i] for i in range(4))
        return np.dot(np.cross(methyl - centre, nitrogen - centre), carboxyl - centre)

    left, right = volume("C[C@H](N)C(=O)O"), volume("C[C@@H](N)C(=O)O")
    assert left * right < 0
    assert abs(left) == pytest.approx(abs(right), rel=0.05)


def test_a_seed_repeats_the_atoms():
    first, second = (conformer("NCCCCN", conformers=5, seed=3).atoms for _ in range(2))
    assert np.array_equal(first.positions, second.positions)


def test_an_open_stereocentre_is_reported(caplog):
    conformer("NC(F)(Cl)C", conformers=2)
    assert "the stereocentre at atom 1 is not specified" in caplog.text


@pytest.mark.parametrize(
    ("smiles", "message"),
    [
        ("Sc1ccc(S)cc", "not valid"),
        ("", "not valid"),
        ("CS.SC", "several molecules, separated by '.'"),
        ("[O-]CC", "has charge -1"),
        ("[S]CC[S]", "has unpaired electrons; write the hydrogen atom"),
        ("[Pb]", "has unpaired electrons"),
        ("F[Xe]F", "neither MMFF94s nor UFF|finds no geometry"),
    ],
)
def test_bad_smiles(smiles, message):
    with pytest.raises(InputError, match=re.escape(f"SMILES '{smiles}': ") + f".*({message})"):
        conformer(smiles)


def settings(**keys):
    return SOURCES["smiles"].settings_to_build({"name": "m", **keys}, "test")


def test_the_source_finds_both_thiols_and_their_directions_along_the_chain():
    source = settings(smiles=ALKANEDITHIOL)
    outline = source.look_up(None)
    assert (outline.atoms, outline.contacts) == (34, {"L": ("S",), "R": ("S",)})
    atoms = source.build(outline)
    left, right = (atoms.info["contacts"][name] for name in "LR")
    assert (left["atom"], right["atom"]) == (0, 11)
    assert left["direction"][2] < -0.5 < 0.5 < right["direction"][2]
    assert len(atoms) == outline.atoms


def test_sites_by_rule_and_by_index():
    rule = {"L": {"atom": "N farthest along -z"}, "R": {"atom": "N farthest along +z"}}
    source = settings(smiles="NCCCCN", sites=rule)
    atoms = source.build(source.look_up(None))
    assert {atoms.info["contacts"][name]["atom"] for name in "LR"} == {0, 5}
    assert settings(smiles="NCCCCN", sites={"L": {"atom": 1}}).look_up(None).contacts == {"L": ("C",)}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"smiles": "CCO"}, "the atoms that bind to gold are none"),
        ({"smiles": "SCC(S)CS"}, r"are 0 \(S\), 3 \(S\), 5 \(S\); contacts L and R"),
        ({"smiles": "SCCS", "sites": {"L": {"atom": 99}}}, "the structure has 10 atoms, counted from 0 to 9"),
        (
            {"smiles": "SCCS", "sites": {"L": {"atom": "Br farthest along z"}}},
            "the structure has no Br; it has S, C, H",
        ),
    ],
)
def test_contacts_that_are_not_there(keys, message):
    with pytest.raises(InputError, match=message):
        settings(**keys).look_up(None)


def study(electrodes=None, tried=True, **keys):
    entry = {"source": "smiles", "name": "m", "contacts": ["L-R"]} | keys
    values = {"study": "t", "dots": [entry], "electrodes": electrodes or {}}
    return make_study(parse_config(values, "c.yaml"), CLUSTERS, "c.yaml", tried)


@pytest.mark.parametrize(
    ("keys", "electrodes", "message"),
    [
        (
            {"smiles": "SCCS", "sites": {"L": {"atom": 0, "anchor": "amine"}, "R": {"atom": 3}}},
            {},
            r"dots\.0: sites\.L\.anchor: atom 0 is S bonded to C, H, .*\(amine needs N",
        ),
        (
            {"smiles": "SCCS", "sites": {"L": {"atom": 0, "anchor": "thiol"}, "R": {"atom": 3}}},
            {},
            r"sites\.L\.anchor = 'thiol': there is no such anchor; known are .*bent-thiolate",
        ),
        (
            {"smiles": "SCCS", "sites": {"L": {"atom": 0}, "R": {"atom": 2}}},
            {},
            r"m/L-R: sites\.R: atom 2 is C bonded to C, H, H, S, which is no anchor",
        ),
        (
            {
                "smiles": "CCCC",
                "sites": {"L": {"atom": "C farthest along z"}, "R": {"atom": "C farthest along -z"}},
            },
            {},
            r"m/L-R: sites\.L: atom 0 is C bonded to C, H, H, H, which is no anchor",
        ),
        (
            {"smiles": "NCCN"},
            {"tip": {"kind": "blunt"}},
            r"Contact 'L' is the anchor amine, whose distance from gold is not known for a hollow site",
        ),
        (
            {"smiles": "Sc1ccncc1"},
            {},
            r"m/L-R: m \(the hydrogen of contact 'L' leaves .* 20 gold atoms, .*odd number of gold atoms",
        ),
        (
            {"smiles": "NCCN"},
            {"left": {"kind": "blunt", "layers": 2, "site": "top"}},
            r"m/L-R: m has an even number of electrons, and the two tips have \d+ gold .* even number of gold",
        ),
    ],
)
def test_contacts_that_gold_does_not_bind_are_found_without_a_geometry(
    keys, electrodes, message, monkeypatch
):
    monkeypatch.setattr("qdjunction.structure.molecule.conformer", None)
    with pytest.raises(InputError, match=r"c\.yaml: .*" + message) as caught:
        study(electrodes, **keys)
    assert "\n" not in str(caught.value)


def test_contacts_that_gold_binds_pass_the_same_check():
    odd = {"left": {"kind": "blunt", "layers": 2}}
    assert study(odd, smiles="Sc1ccncc1").junctions
    assert study(
        {"apex_distance_ang": 2.4}, smiles="CCCC", sites={"L": {"atom": 0}, "R": {"atom": 3}}
    ).junctions
    rule = {"L": {"atom": "farthest along -z"}, "R": {"atom": "farthest along z"}}
    assert study(smiles="SCCCCS", sites=rule, tried=False).junctions  # either atom may be the sulfur
    sulfur = {name: {"atom": f"S {site['atom']}"} for name, site in rule.items()}
    assert study(smiles="SCCCCS", sites=sulfur).junctions


def test_a_job_plans_a_study_of_molecules_without_a_geometry(monkeypatch, tmp_path):
    monkeypatch.setattr("qdjunction.structure.molecule.conformer", None)
    molecules = [
        {"source": "smiles", "name": f"C{n}", "smiles": f"S{'C' * n}S", "contacts": ["L-R"]} for n in (4, 6)
    ]
    config = parse_config({"study": "chains", "dots": molecules}, "test")
    study = make_study(config, tmp_path, "test", tried=False)
    assert [junction.id for junction in study.junctions] == ["C4/L-R", "C6/L-R"]


def test_the_command_writes_a_molecule_that_goes_between_tips(tmp_path, capsys):
    molecule, junction = str(tmp_path / "bdt.extxyz"), str(tmp_path / "junction.extxyz")
    assert cli.main(["molecule", "Sc1ccc(S)cc1", "--output", molecule]) == 0
    assert (
        cli.main(["junction", molecule, "--left", "L", "--right", "R", "--layers", "2", "--output", junction])
        == 0
    )
    atoms = read_structure(junction)
    assert atoms.get_chemical_formula("hill") == "C6H4Au8S2"
    assert cli.main(["molecule", "SCCS", "--left-atom", "0", "--output", molecule]) == 2
    assert "--left-atom without --right-atom: name the atoms of both" in capsys.readouterr().err
