import copy
import json
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from qdjunction.core.errors import InputError
from qdjunction.core.limits import check_thermal_grid
from qdjunction.core.provenance import digest
from qdjunction.core.yaml import dump_yaml, parse_yaml
from qdjunction.engine.siesta import pseudopotentials
from qdjunction.study.build import make_study
from qdjunction.study.config import RelaxSettings, config_model, parse_config, read_config, read_values
from qdjunction.transport import Cluster, WideBand
from support.paths import CLUSTERS, PSEUDOPOTENTIALS, ROOT


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
        "12Pb_MAPbBr3/R1-R4",
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
    (("dots", 0), {"dot": "12Pb", "contacts": [], "controls": ["R1-R4"]}, "controls: stand beside contacts"),
    (("dots",), [], "dots = []"),
    (("electrodes", "apex_distance_ang"), -2.7, "electrodes.apex_distance_ang = -2.7"),
    (("electrodes", "lead_layers"), 4, "lead_layers = 4 is more than layers = 3"),
    (("transport", "energy_step_ev"), 0, "transport.energy_step_ev = 0"),
    (("transport", "energy_max_ev"), -3, "energy_max_ev = -3"),
    (("transport", "leads", "coupling_ev"), "strong", "transport.leads.coupling_ev = 'strong'"),
    (("transport", "leads", "kind"), "magic", "transport.leads.kind = 'magic'"),
    (
        ("transport", "leads"),
        {"kind": "bulk", "electrode": "au.TSHS"},
        "transport.leads.kind = 'bulk': its leads continue periodic surfaces, and the tips of this study (pyramid) end "
        "in vacuum; add electrodes.surface, such as {size: [4, 4]}",
    ),
    (
        ("electrodes", "surface"),
        {},
        "electrodes.surface: wide-band leads end on finite tips; leave surface out",
    ),
    (
        ("transport", "leads"),
        {"kind": "wire"},
        "transport.leads.kind = 'wire': a wire repeats one of two like cells, and no two layers of a finite tip",
    ),
    (
        ("transport", "leads", "electrode"),
        "au.TSHS",
        "electrode = 'au.TSHS' is not used by wide-band leads; leave it",
    ),
    (
        ("transport", "observables"),
        [{"kind": "spin-transmission"}],
        "spin-transmission': the electronic structures of a study are closed-shell",
    ),
    (("electrodes", "tip"), {"kind": "cone"}, "electrodes.tip.kind = 'cone': choose one of adatom, blunt"),
    (
        ("electrodes", "right"),
        {"kind": "slab", "facet": 3},
        "electrodes.right: facet = 3 is not used by the tip slab",
    ),
    (
        ("electrodes", "left"),
        {"kind": "blunt", "tilt_deg": 70},
        "electrodes.left.tilt_deg = 70: input should be less than or equal to 60 (Angle between",
    ),
    (
        ("electrodes", "tip"),
        {"kind": "blunt"},
        "12Pb_MAPbBr3/L-R1: contact 'L' is at Br, and distances from a hollow site are known for S only; give its",
    ),
    (("interference", "confidence"), 1.5, "interference.confidence = 1.5"),
    (("relax", "fmax_ev_per_ang"), float("nan"), "relax.fmax_ev_per_ang"),
    (
        ("relax", "fmax_ev_per_ang"),
        50,
        "relax.fmax_ev_per_ang = 50: input should be less than or equal to 1 (Largest",
    ),
    (
        ("transport", "energy_max_ev"),
        2000,
        "transport.energy_max_ev = 2000: input should be less than or equal to 50",
    ),
    (("transport", "energy_max_ev"), float("inf"), "transport.energy_max_ev = inf"),
    (
        ("transport", "temperature_k"),
        30_000,
        "less than or equal to 1337 (Temperature of the thermal conductance (K).",
    ),
    (("transport",), {"energy_min_ev": -0.2, "energy_max_ev": 0.2}, "is 0.52 eV wide; widen the energies"),
    (
        ("transport", "energy_step_ev"),
        0.03,
        "is not a whole number of steps; end it at 4.99, or use a step of 0.0300429184549",
    ),
    (("transport", "energy_step_ev"), 0.1, "use a step of at most 0.0517 eV"),
    (("transport", "energy_step_ev"), 1e-6, "has 7000000 energies"),
    (
        ("transport", "leads", "coupling_ev"),
        1000,
        "transport.leads.coupling_ev = 1000: input should be less than",
    ),
    (
        ("transport", "leads", "kind"),
        "wire",
        "transport.leads.kind = 'wire': a wire repeats one of two like cells",
    ),
    (
        ("electrodes", "apex_distance_ang"),
        276,
        "electrodes.apex_distance_ang = 276: input should be less than",
    ),
    (
        ("electrodes", "apex_distance_ang"),
        0.276,
        "electrodes.apex_distance_ang = 0.276: input should be greater than",
    ),
    (("electrodes", "layers"), True, "electrodes.layers = True: true and false are not allowed here"),
    (("interference",), {"reference": "fermi", "offset_ev": 4.9}, "a Fermi energy from -1.74 to 4.74 eV"),
    (("interference", "jump_decades"), 100, "interference.jump_decades = 100"),
    (("xtb", "electronic_temperature_k"), 1e5, "xtb.electronic_temperature_k = 100000.0"),
    (("siesta", "mesh_cutoff_ry"), 15000, "siesta.mesh_cutoff_ry = 15000"),
    (("siesta", "energy_shift_ry"), 1, "siesta.energy_shift_ry = 1"),
    (("resources", "max_runtime_min"), 10**7, "resources.max_runtime_min = 10000000"),
    (("study",), 12, "study = 12: input should be a valid string; put it in quotes"),
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "study: t\nrelax: {max_steps: 1}\nelectrodes: {layers: 3}\nrelax: {max_steps: 500}\n",
            ", line 4, column 1: the key 'relax' is already in line 2, .*delete one",
        ),
        ("relax:\n\u00a0 max_steps: 1\n", r", line 2, .*blank that is no space \(U\+00A0\)"),
        ("relax:\n  max_steps: 1\n  max_steps: 2\n", ", line 3, .*'max_steps' is already in line 2"),
        ("relax: {<<: {max_steps: 1, max_steps: 2}}\n", "'max_steps' is already in line 1"),
        ("dots:\n  - &a {dot: 1Pb, dot: 8Pb}\n  - *a\n", ", line 2, .*'dot' is already in line 2"),
        ("relax:\n\tmax_steps: 1\n", ", line 2, column 1: .*tab.*write spaces"),
        ("1: a\n", ", line 1, .*the key '1' is not text; put it in quotes"),
        ("? [a]\n: 1\n", "is not text"),
        ("study: a\n---\nstudy: b\n", ", line 2, .*a second document.*use one"),
    ],
)
def test_what_yaml_would_drop_without_a_word_is_an_error(tmp_path, text, message):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        read_config(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_yaml_that_is_not_utf_8_names_its_line(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_bytes("study: a\nresults: für\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"line 2: not UTF-8 text; save the file as UTF-8"):
        read_config(path)


def test_numbers_and_words_of_yaml_are_what_they_look_like(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(
        "\ufeffstudy: on\nrelax: {max_steps: 2.5e2, fmax_ev_per_ang: 1e-2, pre_relax: no}\n"
        "dots: [{dot: 1Pb, seed: 010, contacts: [no]}]\n"
        "siesta: {basis_by_element: {No: DZ}, fdf: {OMM.RelTol: 1e-5}}\n",
        encoding="utf-8",
    )
    config = read_config(path)
    assert config.study == "on"
    assert (config.relax.max_steps, config.relax.fmax_ev_per_ang, config.relax.pre_relax) == (
        250,
        0.01,
        False,
    )
    assert (config.dots[0].seed, config.dots[0].contacts) == (10, ["no"])
    siesta = config.engine_settings("siesta")
    assert siesta.basis_by_element == {"No": "DZ"}
    assert siesta.fdf == {"OMM.RelTol": 1e-5}


def test_a_merge_key_lets_a_table_start_from_another(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(
        "study: a\ndots:\n  - &first {dot: 1Pb, contacts: [short]}\n  - {<<: *first, halide: Cl}\n"
    )
    assert [dot.halide for dot in read_config(path).dots] == ["Br", "Cl"]


def test_a_cation_named_no_is_named_so(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("study: a\ndots: [{dot: 1Pb, cation: No, contacts: [short]}]\n")
    with pytest.raises(InputError, match=r"dots\.0\.cation = 'No'"):
        read_config(path)


@pytest.mark.parametrize("text", ["1e-3", "no", "010", "1_000", "1:30", "2026-11-25", "~", "true", "üö"])
def test_text_is_read_back_as_it_was_dumped(text):
    values = {"a": text, "b": [1e-5, 3, True, None]}
    assert parse_yaml(dump_yaml(values), "x") == values


def test_later_files_and_the_command_line_take_precedence(tmp_path):
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("study: a\nrelax: {max_steps: 1, start: scratch}\ndots: [1, 2]\n")
    second.write_text("relax: {max_steps: 2}\ndots: [3]\n")
    assert read_values([first, second], ["relax={'max_steps': 3e0}", "study='b'", "results="]) == {
        "study": "b",
        "relax": {"max_steps": 3.0, "start": "scratch"},
        "dots": [3],
        "results": None,
    }


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["relax={max_steps: 1, max_steps: 2}"], "--config relax=.*'max_steps' is already in line 1"),
        (["study=a", "study=b"], "--config study=b: the key 'study' is given twice; give it once"),
    ],
)
def test_what_the_command_line_gives_twice_is_an_error(overrides, message):
    with pytest.raises(InputError, match=message):
        read_values([ROOT / "config.yaml"], overrides)


def test_snakemake_reads_the_same_values(tmp_path):
    path = tmp_path / "twice.yaml"
    path.write_text("study: t\nrelax: {max_steps: 1}\nrelax: {max_steps: 2}\n")
    run = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", "-s", ROOT / "Snakefile", "--configfile", path],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode
    assert f"{path}, line 3, column 1: the key 'relax' is already in line 2" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr


@pytest.mark.parametrize("temperature_k", [300, 77, 4.2, 0.01])
def test_the_step_that_is_advised_is_fine_enough(temperature_k):
    with pytest.raises(InputError, match="use a step of at most") as refused:
        check_thermal_grid(-3, 3, 1, temperature_k)
    advised = float(re.search(r"at most (\S+) eV", str(refused.value))[1])
    check_thermal_grid(-3, 3, advised, temperature_k)
    with pytest.raises(InputError, match="use a step of at most"):
        check_thermal_grid(-3, 3, 1.01 * advised, temperature_k)


def test_the_shipped_grid_is_what_it_was():
    energies = read_config(ROOT / "config.yaml").transport.energies_ev
    np.testing.assert_array_equal(energies, np.round(-2.0 + 0.01 * np.arange(701), 12))


def test_a_grid_keeps_all_its_digits(values):
    values["transport"] |= {
        "energy_min_ev": -1.234567,
        "energy_max_ev": 1.234567,
        "energy_step_ev": 0.00001234567,
    }
    energies = parse_config(values).transport.energies_ev
    assert (energies[0], energies[-1], energies.size) == (-1.234567, 1.234567, 200_001)


@pytest.mark.parametrize(
    "results",
    [
        *("/", "..", ".", "workflow/out", "config.yaml", "config.yaml/x", "~/runs", str(Path.home())),
        *("$HOME", "$SCRATCH/runs", "/etc", "/usr", "/dev", "/proc/x", "/sys/x"),
    ],
)
def test_results_go_to_a_folder_of_their_own(values, monkeypatch, results):
    monkeypatch.chdir(ROOT)
    values["results"] = results
    with pytest.raises(
        InputError, match=f"c.yaml: results = '{re.escape(results.rstrip('/') or '/')}': .*(name|write) "
    ):
        make_study(parse_config(values, "c.yaml"), CLUSTERS, "c.yaml")


def test_results_may_lie_beside_the_checkout(values, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for results in ("../there", str(tmp_path / "new" / "deep"), "results"):
        values["results"] = results
        assert make_study(parse_config(values), CLUSTERS).results == Path(results)


def test_a_crystal_that_is_not_there_is_named(values):
    values["transport"]["observables"] = [{"kind": "complex-bands", "crystal": "none.TSHS"}]
    with pytest.raises(
        InputError, match=r"c\.yaml: transport\.observables\.0\.crystal = 'none\.TSHS': there is no such file"
    ):
        make_study(parse_config(values, "c.yaml"), CLUSTERS, "c.yaml")


def test_leads_of_an_earlier_record_are_read(values):
    """Earlier records list the keys of all kinds."""
    unused = {"electrode": None, "eta_ev": None, "kpoints": [1, 1]}
    values["transport"]["leads"] = {"kind": "cluster", "coupling_ev": 0.5} | unused
    assert parse_config(values).transport.leads == Cluster(coupling_ev=0.5)


def test_a_kind_of_lead_may_be_left_out(values):
    values["transport"]["leads"] = {"coupling_ev": 2}
    assert parse_config(values).transport.leads == WideBand(coupling_ev=2.0)


def test_pseudopotentials_are_read_once_however_many_dots(values, monkeypatch, tmp_path):
    shutil.copytree(PSEUDOPOTENTIALS, tmp_path / "pseudopotentials")
    read = []

    def counted(path):
        read.append(path.name)
        return digest(path)

    monkeypatch.setattr(pseudopotentials, "digest", counted)
    values |= {
        "engine": "siesta",
        "siesta": {"pseudopotentials": str(tmp_path / "pseudopotentials")},
        "dots": [{"dot": dot, "contacts": ["L-R1"]} for dot in ("1Pb", "8Pb", "10Pb", "12Pb")],
    }
    study = make_study(parse_config(values), CLUSTERS)
    assert len(study.engine_files("12Pb_MAPbBr3")) == 5
    assert sorted(read) == ["Au.psf", "Br.psf", "C.psf", "H.psf", "N.psf", "Pb.psf"]


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
        ("", "is empty"),
        ("- 1\n- 2\n", "has no table of keys"),
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
        return parse_config(values).dots[0].id

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


def test_keys_at_the_top_level_link_to_the_headings_that_explain_them():
    explained = runpy.run_path(str(ROOT / "docs" / "make.py"))["EXPLAINED"]
    assert {"binding", "coupling", "regions"} <= set(explained) <= set(config_model().model_fields)
    lines = (ROOT / "docs" / "config.md").read_text().splitlines()
    for key, place in explained.items():
        page, _, anchor = place.partition("#")
        assert any(f"]({place})." in line for line in lines), key
        headings = re.findall(r"^#+ (.+)$", (ROOT / "docs" / page).read_text(), re.MULTILINE)
        links = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
        assert not anchor or anchor in links, place


def test_the_schema_accepts_what_the_model_accepts():
    schema = json.loads((ROOT / "docs" / "config.schema.json").read_text())
    assert set(schema["properties"]) == set(config_model().model_fields)
    assert schema["additionalProperties"] is False
