"""The files of a release agree with each other, and name what is there."""

import importlib.util
import json
import re
import tomllib

import pytest
import yaml

import install
from qdjunction import __version__
from support.paths import ROOT


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


PROJECT = tomllib.loads(text("pyproject.toml"))["project"]
CITATION = yaml.safe_load(text("CITATION.cff"))
CODEMETA = json.loads(text("codemeta.json"))
ZENODO = json.loads(text(".zenodo.json"))


def test_one_version():
    assert {one["version"] for one in (CITATION, CODEMETA, ZENODO)} == {__version__}
    newest = re.search(r"(?m)^## (\S+)", text("CHANGELOG.md"))
    assert newest[1] == __version__


def test_one_name_licence_and_author():
    assert CITATION["title"] == ZENODO["title"] == f"qdjunction: {PROJECT['description']}"
    assert CODEMETA["name"] == PROJECT["name"]
    assert PROJECT["license"] == CITATION["license"] == ZENODO["license"]
    assert CODEMETA["license"].endswith(f"/{PROJECT['license']}")
    authors = [one["name"] for one in CITATION["authors"]]
    assert (
        authors == [one["name"] for one in CODEMETA["author"]] == [one["name"] for one in ZENODO["creators"]]
    )
    assert CITATION["keywords"] == CODEMETA["keywords"] == ZENODO["keywords"]
    (paper,) = CITATION["references"]
    assert ZENODO["related_identifiers"][0]["identifier"] == paper["doi"]
    assert CODEMETA["referencePublication"][0]["@id"].endswith(paper["doi"])


@pytest.mark.parametrize("path", sorted(ROOT.glob(".github/**/*.yml")), ids=lambda path: path.name)
def test_files_of_the_code_host_are_read(path):
    assert yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_pipeline_runs_what_is_run_by_hand():
    jobs = yaml.safe_load(text(".github/workflows/ci.yml"))["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert ".ci/run" in commands
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100
    for command in commands:
        if command.startswith("make "):
            assert re.search(rf"(?m)^{command.split()[1]}:", text("Makefile"))


def test_the_standard_layout_of_workflows():
    usage = yaml.safe_load(text(".snakemake-workflow-catalog.yml"))["usage"]
    assert set(usage) <= {"mandatory-flags", "software-stack-deployment", "report"}
    assert all(
        (ROOT / name).is_file() for name in ("workflow/Snakefile", "config/README.md", "config/config.yaml")
    )


def test_the_container_copies_what_is_there_and_all_that_a_study_uses():
    lines = re.sub(r"\\\n", " ", text("envs/Containerfile")).splitlines()
    words = [line.split() for line in lines if line and not line.startswith("#")]
    assert {word[0] for word in words} <= {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "ENTRYPOINT"}
    image = re.search(r"python:3\.(\d+)-", words[0][1])
    assert install.unsupported((3, int(image[1])), "Linux", "x86_64") is None
    copied = {source for word in words if word[0] == "COPY" for source in word[1:-1]}
    assert {name for name in copied if not (ROOT / name).exists()} == set()
    shared = re.search(r"SHARED = \((.*?)\)  # fmt", text("setup.py"), re.DOTALL)
    wanted = {name.split("/")[0] for name in re.findall(r'"([^"]+)"', shared[1])}
    assert wanted <= copied


def test_changes_are_collected(tmp_path):
    spec = importlib.util.spec_from_file_location("changelog", ROOT / "docs" / "changelog.py")
    changelog = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(changelog)
    assert all(changelog.fragments(ROOT))
    before = "# Changelog\n\n## 1.0.0 (2026-01-01)\n\n- First.\n"
    assert changelog.collected(before, ["- Old."], "1.0.0") == before.replace("- First", "- Old.\n- First")
    after = changelog.collected(before, ["- A.", "- B,\n  and C."], "1.1.0")
    assert after == before.replace("## 1.0.0", "## 1.1.0 (unreleased)\n\n- A.\n- B,\n  and C.\n\n## 1.0.0")
    (tmp_path / "changes").mkdir()
    (tmp_path / "changes" / "words.md").write_text("Not a list.\n")
    with pytest.raises(ValueError, match=r"words\.md: write items of a list"):
        changelog.fragments(tmp_path)
