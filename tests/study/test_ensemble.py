"""Ensembles in a configuration: members, their names and files, and what is refused."""

import re

import numpy as np
import pytest

from qdjunction import cli
from qdjunction.core.errors import InputError
from qdjunction.structure.perovskite.a_sites import degenerate_a_sites
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config
from qdjunction.study.study_file import study_of, study_values
from support.a_sites import a_site_energy
from support.paths import CLUSTERS
from support.workflow import snakemake

CONFIG = {
    "study": "ensemble",
    "dots": [
        {"dot": "1Pb", "contacts": ["short", "long"]},
        {"dot": "1Pb", "halide": "Br0.5Cl0.5", "contacts": ["short", "long"]},
    ],
    "ensemble": {
        "cations": {"members": 2},
        "halides": {"members": 3},
        "tips": {"members": 2},
        "snapshots": {"members": 3, "equilibration_ps": 0.1, "spacing_ps": 0.05},
    },
}


def study_with(**changes):
    ensemble = {key: value for key, value in (CONFIG["ensemble"] | changes).items() if value is not None}
    return make_study(parse_config(CONFIG | {"ensemble": ensemble}, "study.yaml"), CLUSTERS, "study.yaml")


def test_members_are_dots_beside_those_of_the_study():
    study = study_with()
    names = [case.id for case in study.members]
    assert [case.id for case in study.dots] == ["1Pb_MAPbBr3", "1Pb_MAPbBr1.5Cl1.5-s0"]
    assert len(study.junctions) == 4
    assert len(names) == len(set(names)) == (2 + 2 + 3) + (2 + 3 + 2 + 3)
    assert "1Pb_MAPbBr3@snapshots-003" in names
    assert not any("MAPbBr3@halides" in name for name in names)
    assert study.junction("1Pb_MAPbBr3@tips-002", "long").id == "1Pb_MAPbBr3@tips-002/long"
    assert study.dot("1Pb_MAPbBr3@tips-002").geometry == "1Pb_MAPbBr3/relaxed.extxyz"
    assert study.dot("1Pb_MAPbBr3").geometry == "1Pb_MAPbBr3/relaxed.extxyz"
    assert study.dot("1Pb_MAPbBr3@snapshots-001").geometry == "1Pb_MAPbBr3@snapshots-001/snapshot.extxyz"


def test_members_do_not_depend_on_how_many_there_are():
    few, many = study_with(), study_with(tips={"members": 9}, cations=None)
    for name in ("1Pb_MAPbBr3@tips-001", "1Pb_MAPbBr1.5Cl1.5-s0@halides-002", "1Pb_MAPbBr3@snapshots-002"):
        assert few.dot(name).member == many.dot(name).member
        assert few.dot(name).entry == many.dot(name).entry
    other = study_with(seed=1)
    assert other.dot("1Pb_MAPbBr3@tips-001").member.seed != few.dot("1Pb_MAPbBr3@tips-001").member.seed


def test_a_study_read_from_its_record_has_the_same_members():
    study = study_with()
    again = study_of(study_values(study), "results")
    assert [case.id for case in again.members] == [case.id for case in study.members]
    assert [case.entry for case in again.members] == [case.entry for case in study.members]


def test_only_the_named_dots_have_members():
    assert set(study_with(dots=["1Pb_MAPbBr3"], halides=None).members_by_dot) == {"1Pb_MAPbBr3"}


BAD = {
    "nothing": (dict.fromkeys(CONFIG["ensemble"]), "ensemble: has no members"),
    "dot": ({"dots": ["2Pb"]}, r"ensemble.dots.0 = '2Pb': no dot of this study"),
    "pure": (
        {"dots": ["1Pb_MAPbBr3"]},
        r"ensemble.halides: none of 1Pb_MAPbBr3 is a dot .* mixture of halides",
    ),
    "unchanged": (
        {"cations": None, "tips": None, "snapshots": None, "dots": ["1Pb_MAPbBr1.5Cl1.5-s0", "1Pb_MAPbBr3"]},
        r"ensemble.dots.1 = '1Pb_MAPbBr3': halides change nothing in this dot",
    ),
    "one": ({"tips": {"members": 1}}, r"ensemble.tips.members = 1: .*greater than or equal to 2"),
    "many": ({"tips": {"members": 501}}, r"ensemble.tips.members = 501: "),
    "still": (
        {"tips": {"members": 2, "turn_deg": 0, "distance_spread_ang": 0}},
        r"ensemble.tips: turn_deg = 0 and .* nothing varies",
    ),
    "spacing": (
        {"snapshots": {"members": 2, "spacing_ps": 0.0155}},
        r"ensemble.snapshots: spacing_ps = 0.0155: is 15.5 steps",
    ),
    "short step": (
        {"snapshots": {"members": 2, "time_step_fs": 1e-4}},
        r"ensemble.snapshots.time_step_fs = 0.0001: .*greater than or equal to 0.05",
    ),
    "step": (
        {"snapshots": {"members": 2, "time_step_fs": 2}},
        r"ensemble.snapshots: time_step_fs = 2: is too long for hydrogen_mass_u = 1.008",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_ensemble_is_one_clear_error(name):
    changes, message = BAD[name]
    with pytest.raises(InputError, match=message):
        study_with(**changes)


def test_what_would_undo_the_members_or_cannot_make_them_is_refused():
    relaxed = CONFIG | {"electrodes": {"relax": "contact"}}
    with pytest.raises(InputError, match=r"ensemble.tips and electrodes.relax = contact"):
        make_study(parse_config(relaxed, "study.yaml"), CLUSTERS, "study.yaml")


def test_an_ensemble_without_dots_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "traces").mkdir()
    (tmp_path / "traces" / "1.txt").touch()
    values = {"study": "t", "traces": {"sets": [{"name": "s", "path": "traces"}]}}
    with pytest.raises(InputError, match="ensemble: this study has no dots"):
        make_study(
            parse_config(values | {"ensemble": {"tips": {"members": 2}}}, "c.yaml"), CLUSTERS, "c.yaml"
        )


def test_an_engine_without_dynamics_is_refused():
    values = CONFIG | {"engine": "siesta"}
    with pytest.raises(InputError, match=r"ensemble.snapshots: the engine 'siesta' has no dynamics .* xtb"):
        make_study(parse_config(values, "study.yaml"), CLUSTERS, "study.yaml")


@pytest.mark.parametrize(
    ("dot", "message"),
    [
        ({"dot": "1Pb", "cation": "Cs", "orientation_seed": 1}, "orientation_seed = 1: Cs is an atom"),
        ({"dot": "12Pb", "a_site_seed": 3}, "a_site_seed = 3: 12Pb has a single best set of A sites"),
    ],
)
def test_a_seed_that_draws_nothing_is_refused(dot, message):
    values = {"study": "t", "dots": [dot | {"contacts": ["L-R1"]}]}
    with pytest.raises(InputError, match=message):
        make_study(parse_config(values, "c.yaml"), CLUSTERS, "c.yaml")


@pytest.mark.parametrize(("name", "choices"), [("1Pb", 2), ("8Pb", 8), ("12Pb", 1)])
def test_equally_good_a_sites_have_the_same_energy(name, choices):
    pb = load_dot(name, CLUSTERS).pb_sites
    found = degenerate_a_sites(pb)
    assert len(found) == len(set(found)) == choices
    assert np.ptp([a_site_energy(pb, sites) for sites in found]) < 1e-8


def test_drawn_cations_are_the_same_dot_with_others_turned():
    definition = load_dot("12Pb", CLUSTERS)
    plain, one, again = (build_dot(definition, orientation_seed=seed) for seed in (None, 4, 4))
    assert np.array_equal(one.positions, again.positions)
    assert one.get_chemical_formula() == plain.get_chemical_formula()
    heavy = np.isin(plain.symbols, ["Pb", "Br"])
    assert np.array_equal(one.positions[heavy], plain.positions[heavy])
    assert not np.allclose(one.positions, plain.positions)
    carbon, nitrogen = (one.positions[one.symbols == symbol] for symbol in "CN")
    before = plain.positions[plain.symbols == "N"] - plain.positions[plain.symbols == "C"]
    cosine = ((nitrogen - carbon) * before).sum(axis=1) / 1.49**2
    # Those at the surface stay within the cone; the two in the bulk may point along any [110].
    assert np.count_nonzero(cosine < np.cos(np.deg2rad(45)) - 1e-9) <= 2
    assert np.median(cosine) < 0.99


def test_the_check_states_members_and_cost(tmp_path, capsys, monkeypatch):
    import yaml

    (tmp_path / "study.yaml").write_text(yaml.safe_dump(CONFIG))
    monkeypatch.chdir(tmp_path)
    cli.main(["check", "study.yaml", "--clusters", str(CLUSTERS)])
    text = capsys.readouterr().out
    assert re.search(
        r"1Pb_MAPbBr3: members 2 cations, 2 tips, 3 snapshots: 14 more junctions, about [\d.]+ min", text
    )
    assert "200 steps of dynamics" in text


@pytest.mark.workflow
def test_the_rules_make_every_member(tmp_path):
    import yaml

    only = CONFIG | {"dots": CONFIG["dots"][:1], "ensemble": CONFIG["ensemble"] | {"halides": None}}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(only))
    plan = snakemake(tmp_path, "--dry-run", "--quiet", "rules")
    counts = dict(re.findall(r"^(\w+) +(\d+)$", plan.stdout, re.MULTILINE))
    assert {name: int(counts[name]) for name in ("hamiltonian", "snapshot", "series", "relax", "ensemble")} == {
        "hamiltonian": 2 * (1 + 7), "snapshot": 3, "series": 1 + 7, "relax": 1 + 2, "ensemble": 1
    }  # fmt: skip
