"""Energies of reactions, and reactions that are refused."""

import json

import pandas as pd
import pytest

from qdjunction.cli import main
from qdjunction.core.errors import InputError
from qdjunction.core.results import read_result
from qdjunction.steps.reactions import reaction_energy, reactions_of_study
from qdjunction.structure.integrity import BondDistance, Integrity
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config
from qdjunction.study.failures import EarlierFailureError
from qdjunction.study.reactions import ReactionSettings
from qdjunction.study.results import ReactionsRecord, RelaxationRecord
from support.paths import CLUSTERS, RECORDED

RECORD = read_result(RelaxationRecord, RECORDED / "1Pb_MAPbBr3" / "relaxed.json")
FORMATION = ReactionSettings(name="water", reactants={"h2": 2, "o2": 1}, products={"h2o": 2})
RECORDS = {
    name: RECORD.model_copy(update={"formula": formula, "energy_ev": energy, "fmax_ev_per_ang": fmax})
    for name, formula, energy, fmax in (
        ("h2", "H2", -1.0, 0.01),
        ("o2", "O2", -2.0, 0.04),
        ("h2o", "H2O", -5.0, 0.02),
    )
}
SMALL = [
    {"source": "smiles", "name": name, "smiles": smiles, "contacts": []}
    for name, smiles in (
        ("acetic-acid", "CC(=O)O"),
        ("ethanol", "CCO"),
        ("water", "O"),
        ("acetate", "CC(=O)OCC"),
    )
]
ESTER = {
    "name": "ester",
    "reactants": {"acetic-acid": 1, "ethanol": 1},
    "products": {"acetate": 1, "water": 1},
}


def study(*reactions, **keys):
    return make_study(
        parse_config({"study": "s", "dots": SMALL, "reactions": list(reactions), **keys}), CLUSTERS
    )


def test_the_energy_is_that_of_the_products_less_that_of_the_reactants():
    found = reaction_energy(FORMATION, RECORDS)
    assert found.energy_ev == 2 * -5 - (2 * -1 - 2)
    assert found.equation == "2 h2 + o2 -> 2 h2o"
    assert found.fmax_ev_per_ang == 0.04


def test_bonds_that_a_structure_lost_are_named():
    broken = BondDistance(0, 12, 4.37)
    lost = Integrity(
        contacts={}, broken=(broken,), formed=(), transferred=(), stretched=(), longest_ang={}, limits={}
    )
    found = reaction_energy(FORMATION, RECORDS | {"o2": RECORDS["o2"].model_copy(update={"integrity": lost})})
    assert "o2: broken bonds of heavy atoms: 0-12 (4.37 Ang)" in found.findings


def test_atoms_and_methods_must_be_the_same_on_both_sides():
    wrong = RECORDS | {"h2o": RECORDS["h2o"].model_copy(update={"formula": "HO2"})}
    with pytest.raises(InputError, match=r"'water': 2 h2 \+ o2 -> 2 h2o is not balanced: .* -2 H, \+2 O"):
        reaction_energy(FORMATION, wrong)
    engine = type(RECORD.engine)("siesta", "PBE", False)
    other = RECORDS | {"o2": RECORDS["o2"].model_copy(update={"engine": engine})}
    with pytest.raises(InputError, match="were relaxed by GFN1-xTB, PBE"):
        reaction_energy(FORMATION, other)


def test_reactions_of_a_study_leave_out_what_has_failed(tmp_path):
    paths = {name: tmp_path / f"{name}.json" for name in RECORDS}
    for name, path in paths.items():
        RECORDS[name].write(path)
    other = ReactionSettings(name="other", reactants={"h2": 2, "lost": 1}, products={"h2o": 2})
    failure = {"step": "relax", "case": "lost", "error": "EngineError", "reason": "stuck", "provenance": {}}
    (tmp_path / "lost.json").write_text(json.dumps({"no_result": failure}, indent=1))
    paths["lost"] = tmp_path / "lost.json"
    table, summary = tmp_path / "r.csv", tmp_path / "r.json"
    reactions_of_study([FORMATION, other], paths, table, summary)
    assert [one.name for one in read_result(ReactionsRecord, summary).reactions] == ["water"]
    assert pd.read_csv(table)["energy_ev"].tolist() == [-6.0]
    with pytest.raises(EarlierFailureError):
        reactions_of_study([other], paths, table, summary)


def test_structures_without_contacts_are_part_of_a_study_with_reactions():
    made = study(ESTER)
    assert [dot.id for dot in made.reaction_dots] == ["acetic-acid", "ethanol", "acetate", "water"]
    assert not made.junctions


def test_check_lists_structures_without_contacts_and_reactions(tmp_path, capsys):
    path = tmp_path / "c.yaml"
    path.write_text(json.dumps({"study": "s", "dots": SMALL, "reactions": [ESTER]}))
    assert main(["check", str(path), "--clusters", str(CLUSTERS)]) == 0
    printed = capsys.readouterr().out
    assert "  ethanol  without contacts\n" in printed
    assert "  ester  acetic-acid + ethanol -> acetate + water\n" in printed


@pytest.mark.parametrize(
    ("reaction", "message"),
    [
        (
            ESTER | {"products": {"acetate": 1, "wate": 1}},
            r"reactions\.0 \('ester'\): there is no dot 'wate'",
        ),
        (ESTER | {"products": {"acetate": 1}}, "has 17 atoms before and 14 after; correct the numbers"),
        (ESTER | {"products": {"acetate": 1, "ethanol": 1}}, "'ethanol' is on both sides"),
        (ESTER | {"reactants": {"ethanol": 0}}, r"reactants\.ethanol = 0"),
    ],
)
def test_wrong_reactions_are_refused_before_any_job(reaction, message):
    with pytest.raises(InputError, match=message):
        study(reaction)


def test_a_name_twice_and_regions_without_pb_are_refused():
    with pytest.raises(InputError, match=r"reactions\.1\.name = 'ester': is given twice"):
        study(ESTER, ESTER)
    with pytest.raises(InputError, match="regions = true: no dot of this study has Pb"):
        study(regions=True)
