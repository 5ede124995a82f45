import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from qdjunction.core.errors import InputError
from qdjunction.study.config import Config, RelaxSettings, parse_config, read_config
from qdjunction.study.table import dot_id, make_study

ROOT = Path(__file__).parents[2]
CLUSTERS = ROOT / "clusters"


@pytest.fixture
def values():
    return yaml.safe_load((ROOT / "config.yaml").read_text())


def test_the_shipped_study_is_the_paper_s_figure():
    study = make_study(read_config(ROOT / "config.yaml"), CLUSTERS)
    assert [junction.id for junction in study.junctions] == [
        "12Pb_MAPbBr3/L-R1",
        "12Pb_MAPbBr3/L-R2",
        "12Pb_MAPbBr3/L-R3",
        "12Pb_MAPbBr3/L-R4",
        "1Pb_MAPbBr3/short",
        "1Pb_MAPbBr3/long",
    ]
    short, long = study.dot("1Pb_MAPbBr3").junctions
    assert (short.left, short.right) == ("L", "R1")
    assert (long.left, long.right) == ("L", "R2")


def test_atoms_are_counted_without_building_the_dot():
    study = make_study(read_config(ROOT / "config.yaml"), CLUSTERS)
    assert [dot.atoms for dot in study.dots] == [288, 39]


BAD = [
    (("electrodes", "layerz"), 3, "unknown key 'electrodes.layerz'; did you mean 'layers'?"),
    (("dots", 0, "halid"), "Br", "unknown key 'dots.0.halid'; did you mean 'halide'?"),
    (("enginee",), "xtb", "unknown key 'enginee'; did you mean 'engine'?"),
    (("engine",), "vasp", "engine = 'vasp'"),
    (("dots", 0, "halide"), "At", "At"),
    (("dots", 0, "halide"), "Br0.5Br0.5", "Br"),
    (("dots", 0, "cation"), "FA", "dots.0.cation = 'FA'"),
    (("dots", 0, "dot"), "5Pb", "no dot '5Pb'"),
    (("dots", 0, "dot"), "../../etc/passwd", "dots.0.dot = '../../etc/passwd'"),
    (("dots", 0, "contacts"), ["L-R9"], "contact pair 'L-R9' is not one of 12Pb"),
    (("dots", 0, "contacts"), ["L-L"], "contact pair 'L-L'"),
    (("dots", 0, "contacts"), ["L-R1", "L-R1"], "listed twice"),
    (("dots", 0, "contacts"), [], "dots.0.contacts = []"),
    (("dots",), [], "dots = []"),
    (("electrodes", "apex_distance_ang"), -2.7, "electrodes.apex_distance_ang = -2.7"),
    (("electrodes", "lead_layers"), 4, "lead_layers = 4 is more than layers = 3"),
    (("transport", "energy_step_ev"), 0, "transport.energy_step_ev = 0"),
    (("transport", "energy_max_ev"), -3, "energy_max_ev = -3"),
    (("transport", "leads", "coupling_ev"), "strong", "transport.leads.coupling_ev = 'strong'"),
    (("transport", "leads", "kind"), "magic", "transport.leads.kind = 'magic'"),
    (("transport", "leads", "kind"), "bulk", "kind bulk needs the key electrode"),
    (("transport", "leads", "electrode"), "au.TSHS", "electrode = 'au.TSHS' is of no use to wide-band leads"),
    (("transport", "leads", "eta_ev"), 1e-4, "eta_ev = 0.0001 is of no use to wide-band leads"),
    (("transport", "leads", "kpoints"), [2, 2], "kpoints = [2, 2] are of no use to wide-band leads"),
    (("transport", "leads", "kpoints"), [0, 2], "transport.leads.kpoints.0 = 0"),
    (("interference", "confidence"), 1.5, "interference.confidence = 1.5"),
    (("relax", "fmax_ev_per_ang"), float("nan"), "relax.fmax_ev_per_ang"),
    (("xtb", "electronic_temperature_k"), -1, "xtb.electronic_temperature_k = -1"),
]


@pytest.mark.parametrize(("path", "value", "message"), BAD, ids=[".".join(map(str, p)) for p, _, _ in BAD])
def test_a_bad_value_is_one_clear_error(values, path, value, message):
    place = values
    for key in path[:-1]:
        place = place.setdefault(key, {}) if isinstance(place, dict) else place[key]
    place[path[-1]] = value
    with pytest.raises(InputError) as caught:
        make_study(parse_config(values, "study.yaml"), CLUSTERS, "study.yaml")
    text = str(caught.value)
    assert message in text
    assert text.startswith("study.yaml: ")
    assert "\n" not in text


def test_leads_in_the_grammar_of_the_command_line(values):
    def text(**leads):
        values["transport"]["leads"] = leads
        return parse_config(values).transport.leads.text

    assert text() == "wide-band:1"
    assert text(kind="cluster", coupling_ev=0.25) == "cluster:0.25"
    assert text(kind="wire", eta_ev=1e-5) == "wire"
    assert text(kind="bulk", electrode="gold/au.TSHS", kpoints=[4, 4]) == "bulk:gold/au.TSHS"


def test_every_wrong_key_is_named_at_once(values):
    values["electrodes"]["layers"] = 0
    values["relax"]["start"] = "middle"
    with pytest.raises(InputError) as caught:
        parse_config(values)
    assert [line.split(" = ")[0] for line in str(caught.value).splitlines()] == [
        "config.yaml: electrodes.layers",
        "config.yaml: relax.start",
    ]


def test_a_missing_key_is_named(values):
    del values["dots"][1]["contacts"]
    with pytest.raises(InputError, match=r"key 'dots\.1\.contacts' is missing"):
        parse_config(values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dots: [1, 2", "line 1"),
        ("a: b: c", "not valid YAML"),
        ("", "holds no table of keys"),
        ("- 1\n- 2\n", "holds no table of keys"),
        ("x: !!python/object/apply:os.system [ls]", "not valid YAML"),
        ("\x00", "not valid YAML"),
    ],
)
def test_unreadable_yaml_is_one_clear_error(tmp_path, text, message):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        read_config(path)
    assert str(caught.value).startswith(str(path))


def test_a_missing_file_is_one_clear_error(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_config(tmp_path / "none.yaml")


def test_text_from_the_command_line_of_snakemake_is_taken_as_numbers(values):
    values["electrodes"]["layers"] = "4"
    assert parse_config(values).electrodes.layers == 4


def test_a_dot_listed_twice_is_an_error(values):
    values["dots"].append(copy.deepcopy(values["dots"][0]))
    with pytest.raises(InputError, match="listed twice"):
        make_study(parse_config(values), CLUSTERS)


def test_identities_tell_mixtures_apart(values):
    def identity(**changes):
        values["dots"] = [{"dot": "8Pb", "contacts": ["L-R1"]} | changes]
        return dot_id(parse_config(values).dots[0])

    assert identity() == "8Pb_MAPbBr3"
    assert identity(cation="Cs", halide="I") == "8Pb_CsPbI3"
    mixed = [
        identity(halide="Br0.72Cl0.28"),
        identity(halide="Br0.72Cl0.28", seed=1),
        identity(halide="Br0.7Cl0.3"),
        identity(halide="Br0.72Cl0.28", short_range_order=0.1),
    ]
    assert len(set(mixed)) == 4
    assert mixed[0] == "8Pb_MAPbBr2.16Cl0.84-s0"


def test_large_dots_have_their_own_force_threshold():
    relax = RelaxSettings(fmax_ev_per_ang=0.05, fmax_large_ev_per_ang=0.1, large_from_atoms=200)
    assert relax.fmax(199) == 0.05
    assert relax.fmax(200) == 0.1


def test_schema_and_documentation_are_in_step():
    run = subprocess.run(
        [sys.executable, ROOT / "docs" / "make.py", "--check"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_the_schema_accepts_what_the_model_accepts():
    schema = json.loads((ROOT / "docs" / "config.schema.json").read_text())
    assert set(schema["properties"]) == set(Config.model_fields)
    assert schema["additionalProperties"] is False
