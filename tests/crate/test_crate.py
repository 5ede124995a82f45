"""The crate of a study: whole, described to the last file, the same every time, and with nothing from outside."""

import hashlib
import json
import logging
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from qdjunction import cli
from qdjunction.core.errors import InputError
from qdjunction.crate import write_crate
from qdjunction.crate.metadata import METADATA, People
from qdjunction.report.collect import collect
from qdjunction.study.build import make_study
from qdjunction.study.config import read_config
from qdjunction.study.study_file import read_study, study_values
from support.paths import RECORDED, ROOT

DOT = "1Pb_MAPbBr3"
CODE = ("workflow/", "rules/", "envs/", "profiles/")
VALIDATOR = shutil.which("rocrate-validator")


@pytest.fixture(scope="module")
def crate(tmp_path_factory):
    path = tmp_path_factory.mktemp("crate") / "study.zip"
    write_crate(RECORDED, path, People("Some One", "0000-0002-1825-0097", "CC-BY-4.0"))
    return path


@pytest.fixture
def results(tmp_path):
    """A copy to spoil."""
    shutil.copytree(RECORDED, tmp_path / "results")
    return tmp_path / "results"


def graph(path: Path) -> dict[str, dict]:
    with zipfile.ZipFile(path) as archive:
        nodes = json.loads(archive.read(METADATA))["@graph"]
    assert len({node["@id"] for node in nodes}) == len(nodes)
    return {node["@id"]: node for node in nodes}


def references(value) -> list[str]:
    if isinstance(value, dict):
        return [value["@id"]] if set(value) == {"@id"} else [r for v in value.values() for r in references(v)]
    return [r for item in value for r in references(item)] if isinstance(value, list) else []


def many(value) -> list[str]:
    return [one["@id"] for one in (value if isinstance(value, list) else [value])]


def test_every_file_is_described_with_its_digest(crate):
    nodes = graph(crate)
    with zipfile.ZipFile(crate) as archive:
        assert archive.testzip() is None
        names = [name for name in archive.namelist() if name != METADATA]
        assert {"Snakefile", f"results/{DOT}/series.json"} < set(names)
        for name in names:
            if name.startswith(CODE) and name not in CODE:
                continue  # described by folder
            node = nodes[name]
            if name.endswith("/"):
                assert node["@type"] == "Dataset"
            elif name != "Snakefile":
                assert node["sha256"] == hashlib.sha256(archive.read(name)).hexdigest()
                assert node["contentSize"] == str(len(archive.read(name)))
    assert {node["@id"] for node in nodes.values() if node["@type"] in ("File", "Dataset")} - {"./"} <= set(
        names
    )


def test_every_file_is_a_part_and_no_reference_dangles(crate):
    nodes = graph(crate)
    reached, front = set(), ["./"]
    while front:
        here = front.pop()
        reached.add(here)
        front += many(nodes[here].get("hasPart", []))
    assert {
        i for i, node in nodes.items() if "File" in node["@type"] or node["@type"] == "Dataset"
    } == reached
    for node in nodes.values():
        for reference in references([value for key, value in node.items() if key != "conformsTo"]):
            assert reference in nodes or reference.startswith("https://"), (node["@id"], reference)


def test_it_says_what_the_profile_requires(crate):
    nodes = graph(crate)
    root = nodes["./"]
    assert "https://w3id.org/ro/wfrun/workflow/0.5" in many(root["conformsTo"])
    workflow = nodes[root["mainEntity"]["@id"]]
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow"} == set(workflow["@type"])
    assert nodes[workflow["programmingLanguage"]["@id"]]["name"] == "Snakemake"
    assert workflow["input"]
    assert workflow["output"]
    for identity in many(workflow["input"]) + many(workflow["output"]):
        parameter = nodes[identity]
        assert nodes[parameter["workExample"]["@id"]]["exampleOfWork"] == {"@id": identity}
    run = nodes["#run"]
    assert run["instrument"] == {"@id": "Snakefile"}
    assert run["startTime"] < run["endTime"] == root["datePublished"]
    assert root["license"] == {"@id": "https://spdx.org/licenses/CC-BY-4.0"}
    assert nodes[run["agent"]["@id"]] == {
        "@id": "https://orcid.org/0000-0002-1825-0097",
        "@type": "Person",
        "name": "Some One",
    }


def test_steps_tell_inputs_outputs_times_and_versions(crate):
    nodes = graph(crate)
    step = nodes[f"#made/results/{DOT}/series.json"]
    folder = f"results/{DOT}"
    assert set(many(step["object"])) == {
        f"{folder}/{junction}/{file}" for junction in ("short", "long") for file in ("transmission.nc", "frontier.json")
    }  # fmt: skip
    assert set(many(step["result"])) == {
        f"{folder}/{file}" for file in ("conductance.csv", "series.csv", "series.json")
    }
    made = json.loads((RECORDED / DOT / "series.json").read_text())["provenance"]
    assert (step["startTime"], step["endTime"]) == (made["begun"], made["time"])
    assert made["commit"] in nodes[step["instrument"]["@id"]]["softwareVersion"]
    software = {
        (node["name"], node["softwareVersion"]) for node in nodes.values() if "softwareVersion" in node
    }
    assert ("snakemake", made["packages"]["snakemake"]) in software
    assert ("tblite", made["packages"]["tblite"]) in software


def test_the_same_results_make_the_same_bytes(results, tmp_path):
    for name in ("one", "two"):
        write_crate(results, tmp_path / f"{name}.zip")
        for path in results.rglob("*"):
            os.utime(path, (0, 0))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert graph(tmp_path / "one.zip")["./"]["license"] == {"@id": "#no-licence"}


def test_an_unpacked_crate_is_the_study_again(crate, tmp_path):
    with zipfile.ZipFile(crate) as archive:
        archive.extractall(tmp_path)
    study = read_study(tmp_path / "results")
    assert len(collect(study).dots) == 1
    config = read_config(tmp_path / "config.yaml")
    assert config == study.config.model_copy(update={"results": "results"})
    again = make_study(config, tmp_path / "clusters")
    assert study_values(again)["clusters"] == study_values(study)["clusters"]
    assert (tmp_path / "rules" / "common.smk").read_bytes() == (ROOT / "rules" / "common.smk").read_bytes()
    assert not list(tmp_path.rglob("__pycache__"))


def test_failures_are_failed_actions_with_their_reason(results, tmp_path):
    reason = 'The SCF is "stuck".\n</script>'
    record = {"step": "hamiltonian", "case": f"{DOT}/short", "error": "EngineError", "reason": reason}
    for name in ("hamiltonian.nc", "transmission.nc"):
        (results / DOT / "short" / name).write_text(json.dumps({"no_result": record}, indent=1))
    write_crate(results, tmp_path / "crate.zip")
    nodes = graph(tmp_path / "crate.zip")
    failed = [node for node in nodes.values() if node.get("actionStatus", "").endswith("/FailedActionStatus")]
    assert [node["error"] for node in failed] == [reason]
    assert set(many(failed[0]["result"])) == {
        f"results/{DOT}/short/{n}" for n in ("hamiltonian.nc", "transmission.nc")
    }
    assert failed[0]["instrument"]["@id"] in nodes
    assert "stuck" in nodes[f"results/{DOT}/short/transmission.nc"]["description"]
    assert nodes[f"results/{DOT}/short/transmission.nc"]["encodingFormat"] == "application/json"


def test_corrections_are_told(results, tmp_path):
    path = results / DOT / "relaxed.json"
    values = json.loads(path.read_text())
    values["engine"]["settings"]["corrections"] = [
        {"attempt": 1, "failure": "scf", "action": "mixing halved", "changed": {}}
    ]
    path.write_text(json.dumps(values))
    write_crate(results, tmp_path / "crate.zip")
    step = graph(tmp_path / "crate.zip")[f"#made/results/{DOT}/relaxed.json"]
    assert "Corrections: after attempt 1 (scf) mixing halved" in step["description"]


def test_nothing_from_outside_gets_in(results, tmp_path, caplog):
    secret = tmp_path / "secret.txt"
    secret.write_text("not of this study")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "key").write_text("nor this")
    (results / "link.txt").symlink_to(secret)
    (results / DOT / "folder").symlink_to(tmp_path / "folder")
    (results / DOT / "loop").symlink_to(results)
    (results / DOT / "itself").symlink_to(results / DOT / "itself")
    (results / DOT / "broken").symlink_to(tmp_path / "nowhere")
    (results / DOT / "inside.csv").symlink_to(results / "chain.csv")
    os.mkfifo(results / DOT / "pipe")
    (results / "line\nbreak").write_text("x")
    (results / "work").mkdir()
    (results / "work" / "scratch").write_text("x")
    with caplog.at_level(logging.WARNING):
        write_crate(results, tmp_path / "crate.zip")
    with zipfile.ZipFile(tmp_path / "crate.zip") as archive:
        names = set(archive.namelist())
        text = b"".join(archive.read(name) for name in names)
        assert archive.read(f"results/{DOT}/inside.csv") == (results / "chain.csv").read_bytes()
    assert b"not of this study" not in text
    assert b"nor this" not in text
    assert not [
        name for name in names if any(one in name for one in ("\n", "pipe", "link.txt", "work/scratch"))
    ]
    warned = [record.getMessage() for record in caplog.records if "left out" in record.getMessage()]
    assert len(warned) == 1
    assert (
        f"'{DOT}/broken', '{DOT}/folder', '{DOT}/itself', '{DOT}/loop', '{DOT}/pipe' and 2 more" in warned[0]
    )


def test_changed_results_are_told(results, tmp_path, caplog):
    with (results / DOT / "series.csv").open("a") as file, caplog.at_level(logging.WARNING):
        file.write("\n")
        (results / DOT / "relaxed.extxyz").write_text((results / DOT / "dot.extxyz").read_text())
        write_crate(results, tmp_path / "crate.zip")
    assert "have changed since" in caplog.text
    assert f"results/{DOT}/relaxed.extxyz" in caplog.text


@pytest.mark.parametrize(
    "made",
    [
        {"time": 3, "begun": [], "packages": 5, "inputs": {"x": 7}, "commit": {}},
        {"inputs": [1], "time": "now"},
    ],
)
def test_odd_records_do_no_harm(results, tmp_path, made):
    (results / "odd.json").write_text(
        json.dumps({"provenance": made, "engine": {"settings": 3, "versions": []}})
    )
    (results / "odd name é.json").write_text("[]")
    write_crate(results, tmp_path / "crate.zip")
    nodes = graph(tmp_path / "crate.zip")
    assert "#made/results/odd.json" not in nodes
    assert nodes["results/odd.json"]["contentSize"]
    assert nodes["results/odd%20name%20%C3%A9.json"]["name"] == "results/odd name é.json"


def test_bad_input_is_one_clear_error(results, tmp_path, capsys):
    for output, message in (("crate.tar", "ends in .zip"), ("results/crate.zip", "lies in the results")):
        with pytest.raises(InputError, match=message):
            write_crate(results, tmp_path / output)
    with pytest.raises(InputError, match="has no Snakefile"):
        write_crate(results, tmp_path / "crate.zip", checkout=tmp_path)
    assert cli.main(["crate", str(tmp_path), "--output", str(tmp_path / "crate.zip")]) == 2
    assert "contains no study.json" in capsys.readouterr().err
    for wrong in (["--orcid", "1"], ["--orcid", "0000-0002-1825-0097"], ["--licence", "a b"]):
        assert cli.main(["crate", str(results), "--output", str(tmp_path / "crate.zip"), *wrong]) == 2
    assert not (tmp_path / "crate.zip").exists()


@pytest.mark.skipif(
    VALIDATOR is None, reason="no rocrate-validator here; `pip install roc-validator` in any environment"
)
def test_the_public_validator_accepts_it(crate, tmp_path):
    """Needs the network once, for the JSON-LD context of RO-Crate."""
    run = subprocess.run(
        [VALIDATOR, "validate", "--profile-identifier", "workflow-run-crate-0.5", "--requirement-severity", "required",
         "--no-paging", "--output-format", "json", "--output-file", tmp_path / "said.json", crate],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (tmp_path / "said.json").exists(), run.stdout + run.stderr
    said = json.loads((tmp_path / "said.json").read_text())
    assert said["passed"], said["issues"]
