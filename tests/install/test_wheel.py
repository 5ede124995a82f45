"""The wheel, built from the source distribution and installed where no checkout is seen."""

import json
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from qdjunction import __version__
from support.paths import RECORDED, ROOT
from support.processes import run

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of the user, in a repository of the user."""
    folder = tmp_path_factory.mktemp("Meine Übergänge")
    for words in (
        ["init", "-q"],
        ["-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-qm", "x", "--allow-empty"],
    ):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


@pytest.fixture
def type_in(installed, folder):
    def typed(*words, cwd=folder):
        done = run(*words, cwd=cwd, env=installed)
        return done.returncode, done.stdout, done.stderr

    return typed


def test_the_wheel_is_complete(tmp_path_factory, installed):
    (wheel,) = tmp_path_factory.getbasetemp().parent.rglob("shared-wheel/made/*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for top in ("rules", "workflow/scripts", "workflow/report", "clusters", "config", "envs", "profiles"):
        for path in (ROOT / top).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert f"qdjunction/share/{path.relative_to(ROOT).as_posix()}" in names
    for path in (ROOT / "workflow" / "qdjunction").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert path.relative_to(ROOT / "workflow").as_posix() in names
    assert {name.split("/")[0] for name in names} == {"qdjunction", f"qdjunction-{__version__}.dist-info"}


def test_a_study_from_nothing(type_in, folder):
    """A new folder, a check, one job through `qdjunction run`, and the plan of all through plain Snakemake."""
    assert type_in("qdjunction", "init", "erste Studie") == (
        0,
        "wrote erste Studie/config.yaml; edit it, then type in its folder:\n"
        "  qdjunction check config.yaml\n  qdjunction run config.yaml --cores 4\n",
        "",
    )
    code, _, error = type_in("qdjunction", "init", "erste Studie")
    assert (code, error.count("\n")) == (2, 1)
    assert "erste Studie: is there already" in error

    study = folder / "erste Studie"
    code, printed, _ = type_in("qdjunction", "check", "config.yaml", cwd=study)
    assert code == 0
    assert printed.startswith("config.yaml: study erste Studie, engine xtb, 2 junctions\n")

    dot = "results/1Pb_MAPbBr3/dot"
    words = ("run", "config.yaml", "--cores", 1, f"{dot}.extxyz")
    code, printed, error = type_in("qdjunction", *words, cwd=study)
    assert code == 0, error
    provenance = json.loads((study / f"{dot}.json").read_text())["provenance"]
    assert (provenance["qdjunction"], provenance["commit"]) == (__version__, "")
    # What jobs in another Python import is the library and nothing beside it.
    (library,) = (study / ".snakemake" / "qdjunction").iterdir()
    assert (library.name, (library / "share" / "Snakefile").is_file()) == ("qdjunction", True)

    code, snakefile, _ = type_in("qdjunction", "snakefile")
    assert str(ROOT) not in snakefile
    words = ("--snakefile", snakefile.strip(), "--configfile", "config.yaml", "--cores", 1, "-n")
    code, printed, error = type_in("python", "-m", "snakemake", *words, cwd=study)
    assert code == 0, error
    assert re.search(r"(?m)^transmission +2$", printed)
    assert not re.search(r"(?m)^dot +1$", printed)


def test_a_crate_holds_the_workflow_as_a_checkout_does(type_in, folder):
    assert type_in("qdjunction", "crate", RECORDED, "--output", "crate.zip")[0] == 0
    names = zipfile.ZipFile(folder / "crate.zip").namelist()
    assert {"Snakefile", "setup.py", "rules/common.smk", "workflow/qdjunction/cli/study.py"} <= set(names)
    assert not any("share" in name for name in names)


def git(folder, *words):
    known = ("-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *known, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_the_version_is_that_of_the_tag(tmp_path):
    """Every state that a checkout can be in, by the command that builds."""
    package = tmp_path / "workflow" / "qdjunction" / "__init__.py"
    package.parent.mkdir(parents=True)
    package.write_text('__version__ = "1.2.0"\n')
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)

    def version():
        words = [sys.executable, "setup.py", "-q", "--version"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.stdout.strip() or done.stderr.splitlines()[-1]

    assert version() == "1.2.0"
    (tmp_path / "PKG-INFO").write_text("Metadata-Version: 2.1\nVersion: 1.2.0.dev3\n")
    assert version() == "1.2.0.dev3"
    (tmp_path / "PKG-INFO").unlink()
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "-qm", "first")
    assert version() == f"1.2.0.dev1+g{git(tmp_path, 'rev-parse', '--short', 'HEAD')}"
    git(tmp_path, "tag", "v1.2.0")
    assert version() == "1.2.0"
    (tmp_path / "README.md").write_text("Later.\n")
    assert re.fullmatch(r"1\.2\.0\.post0\+g[0-9a-f]+\.changes", version())
    git(tmp_path, "commit", "-qam", "second")
    assert version() == f"1.2.0.post1+g{git(tmp_path, 'rev-parse', '--short', 'HEAD')}"
    git(tmp_path, "tag", "v1.3.0")
    assert re.fullmatch(
        r"the tag v1\.3\.0 is not the version of .*__init__\.py, 1\.2\.0: change one of them", version()
    )
