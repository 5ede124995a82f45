"""Variants in a configuration: their names, settings and files, and what is refused."""

import re

import pytest
import yaml

from qdjunction.core.errors import InputError
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config
from qdjunction.study.estimates import robustness_lines
from qdjunction.study.study_file import study_of, study_values
from support.paths import CLUSTERS
from support.workflow import rules_of, snakemake

DOT = "8Pb_MAPbBr3"
CONFIG = {
    "study": "robustness",
    "dots": [
        {"dot": "8Pb", "contacts": ["L-R1", "L-R2", "L-R3"], "controls": ["R1-R3"]},
        {"dot": "1Pb", "contacts": ["short", "long"]},
    ],
    "transport": {"energy_min_ev": -2, "energy_max_ev": 5},
    "interference": {"reference": "homo", "offset_ev": 1.0},
    "robustness": {
        "leads": [{"coupling_ev": 0.1}, {"kind": "cluster"}],
        "temperature_k": [150],
        "offset_ev": [0.5],
        "level_correction": [{"occupied_shift_ev": -0.5, "unoccupied_shift_ev": 0.5}],
        "electronic_temperature_k": [1000],
        "layers": [4],
        "apex_distance_ang": [3.0],
    },
}


def study_with(robustness=None, **changes):
    values = CONFIG | {"robustness": CONFIG["robustness"] | (robustness or {})} | changes
    values["robustness"] = {key: value for key, value in values["robustness"].items() if value is not None}
    return make_study(parse_config(values, "study.yaml"), CLUSTERS, "study.yaml")


def test_only_dots_with_a_decay_have_variants():
    study = study_with()
    assert {case.member.of for case in study.variants} == {DOT}
    assert [case.id.removeprefix(f"{DOT}@") for case in study.variants] == [
        "leads-001", "leads-002", "temperature-001", "offset-001", "level-correction-001",
        "electronic-temperature-001", "layers-001", "apex-distance-001",
    ]  # fmt: skip
    again = study_of(study_values(study), "results")
    assert [case.member for case in again.variants] == [case.member for case in study.variants]
    assert robustness_lines(study) == [
        f"{DOT}: variants 2 leads, 1 temperature, 1 offset, 1 level-correction, 1 electronic-temperature, 1 layers, 1 "
        "apex-distance: 12 more SCFs of junctions"
    ]


def test_each_changes_one_setting():
    study = study_with()
    plain = study.config.model_dump(mode="json")
    changed = {}
    for case in study.variants:
        values = study.config_of(case.id).model_dump(mode="json")
        changed[case.member.kind] = {
            f"{section}.{key}"
            for section in ("electrodes", "transport", "interference", "xtb", "relax")
            for key in plain[section]
            if plain[section][key] != values[section][key]
        }
    assert changed == {
        "leads": {"transport.leads"},
        "temperature": {"transport.temperature_k"},
        "offset": {"interference.offset_ev"},
        "level-correction": set(),
        "electronic-temperature": {"xtb.electronic_temperature_k"},
        "layers": {"electrodes.layers"},
        "apex-distance": {"electrodes.apex_distance_ang"},
    }
    assert study.config_of(DOT) is study.config


def test_h_and_s_are_shared_where_only_the_transport_differs():
    study = study_with()
    for kind, hamiltonian, transmission in (
        ("leads", DOT, None), ("temperature", None, DOT), ("offset", None, DOT), ("layers", None, None),
        ("level-correction", None, None),
    ):  # fmt: skip
        name = f"{DOT}@{kind}-001"
        if kind not in ("temperature", "offset"):
            assert study.holder(name, "hamiltonian.nc") == (hamiltonian or name)
        assert study.holder(name, "transmission.nc") == (transmission or name)
    assert study.dot(f"{DOT}@layers-001").geometry == f"{DOT}/relaxed.extxyz"
    assert study.holder(DOT, "hamiltonian.nc") == DOT


BAD = {
    "nothing": (dict.fromkeys(CONFIG["robustness"]), "has no variants"),
    "twice": ({"temperature_k": [150, 150]}, "temperature_k: a value is listed twice"),
    "offset": ({"offset_ev": [20]}, "offset_ev.0 = 20: .*gaps are narrower than 10 eV"),
    "unknown": ({"dots": ["2Pb"]}, "robustness.dots.0 = '2Pb': no dot of this study"),
    "two contacts": (
        {"dots": ["1Pb_MAPbBr3"]},
        "robustness.dots.0 = '1Pb_MAPbBr3': beta and jump need three",
    ),
    "too cold": ({"temperature_k": [10]}, "robustness.temperature_k.0: .* kT is"),
    "bulk": ({"leads": [{"kind": "bulk"}]}, "robustness.leads.0: .* end in vacuum"),
    "lead layers": ({"layers": [1]}, None),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_varied_is_refused(case):
    changes, message = BAD[case]
    if message is None:
        with pytest.raises(InputError, match=r"robustness.layers.0: .*lead_layers = 2"):
            study_with(changes, electrodes={"layers": 3, "lead_layers": 2})
        return
    with pytest.raises(InputError, match=message):
        study_with(changes)


def test_relaxed_junctions_are_not_varied_with_their_tips():
    with pytest.raises(InputError, match="would have to be relaxed again"):
        study_with(electrodes={"relax": "contact"})
    kept = dict.fromkeys(("layers", "apex_distance_ang", "electronic_temperature_k"))
    assert study_with(kept, electrodes={"relax": "contact"}).variants


@pytest.mark.workflow
def test_snakemake_plans_an_scf_only_where_the_junction_differs(tmp_path):
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(CONFIG))
    planned = snakemake(tmp_path, "-n")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    lines = re.findall(r"wildcards: dot=(\S+?)(?:, junction=\S+)?$", planned.stdout, re.MULTILINE)
    assert f"{DOT}@offset-001" in lines
    rules = rules_of(planned.stdout)
    junctions, others = 4, 2  # of 8Pb, of 1Pb
    assert rules.count("hamiltonian") == junctions * (1 + 3) + others
    assert rules.count("correct_levels") == junctions
    assert rules.count("transmission") == junctions * (1 + 2 + 1 + 3) + others
    assert rules.count("series") == 1 + 8 + 1
    assert rules.count("relax") == 2
