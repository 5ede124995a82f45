"""The set-up of the environment: what it refuses in one sentence, how it calls pip, and how make quotes paths."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile

import pytest

import install
from support.environments import empty_wheel
from support.paths import ROOT


@pytest.mark.parametrize("minor", [11, 12, 13])
@pytest.mark.parametrize("computer", [("Linux", "x86_64"), ("Darwin", "arm64", "15.1")])
def test_supported(minor, computer):
    assert install.unsupported((3, minor), *computer) is None


@pytest.mark.parametrize(
    ("python", "computer", "words"),
    [
        ((3, 14), ("Linux", "x86_64"), "immutables==0.21 has no wheel"),
        ((3, 14), ("Darwin", "arm64", "15.1"), "PYTHON=python3.13"),
        ((3, 10), ("Linux", "x86_64"), "needs CPython 3.11, 3.12 or 3.13, and this is CPython 3.10"),
        (
            (3, 11),
            ("Linux", "aarch64"),
            "tblite==0.8.0, the embedded engine, has no wheel for Linux on aarch64",
        ),
        ((3, 11), ("Darwin", "arm64", "14.7"), "this is macOS 14.7"),
        ((3, 11), ("Darwin", "x86_64", "15.1"), "Darwin on x86_64"),
        ((3, 11), ("Linux", "riscv64"), "Linux on riscv64"),
        ((3, 11), ("Windows", "AMD64"), "Windows on x86_64"),
    ],
)
def test_unsupported(python, computer, words):
    sentence = install.unsupported(python, *computer)
    assert words in sentence
    assert "\n" not in sentence


def test_other_implementation():
    assert "this is PyPy 3.11" in install.unsupported((3, 11), "Linux", "x86_64", "", "PyPy")


def test_refusal_is_one_sentence_before_anything_is_made(tmp_path):
    """The script itself, in a Python that says it is a later one."""
    later = (
        "import sys, runpy; sys.version_info = (3, 14, 0); sys.argv = sys.argv[1:];"
        " runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", later, ROOT / "envs" / "install.py", tmp_path / "env"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert re.fullmatch(r"qdjunction needs CPython 3\.11.*PYTHON=python3\.13\n", done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_pip_never_resolves():
    """No call of pip may look for a dependency or a build tool by itself, and what comes from an index has a hash."""
    *installs, check = install.install_commands(["pip"], "build.txt")
    assert check[-1] == "check"
    assert len(installs) > 1
    for command in installs:
        assert {"install", "--no-deps", "--no-build-isolation"} <= set(command)
        assert "--require-hashes" in command or "--no-index" in command
    assert "pip install" not in (ROOT / "Makefile").read_text()


def test_later_releases_change_nothing(tmp_path, monkeypatch):
    """A real pip with an index of later releases: the locked one is installed, and only that."""
    index = tmp_path / "index"
    index.mkdir()
    for version in ("1.0", "2.0"):
        empty_wheel(index, "locked", version)
    hashed = subprocess.run(
        [sys.executable, "-m", "pip", "hash", index / "locked-1.0-py3-none-any.whl"],
        capture_output=True, text=True, check=True,
    ).stdout.split("\n")[1]  # fmt: skip
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"locked==1.0 \\\n    {hashed}\n")
    monkeypatch.setattr(install, "LOCK", lock)
    pip = [sys.executable, "-m", "pip"]
    target = tmp_path / "target"
    command = install.install_commands(pip, str(lock))[1]
    subprocess.run([*command, "--no-index", "--find-links", index, "--target", target], check=True)
    assert {path.name for path in target.glob("*.dist-info")} == {"locked-1.0.dist-info"}


@pytest.mark.parametrize(
    "foreign",
    [
        {"PYTHONPATH": "modules"},
        {"PIP_USER": "1"},
        {"PIP_TARGET": "elsewhere"},
        {"PIP_CONSTRAINT": "older.txt"},
        {"PIP_NO_BINARY": ":all:"},
        {"PIP_REQUIREMENT": "none.txt"},
    ],
    ids=lambda one: next(iter(one)),
)
def test_settings_of_the_user_s_pip_change_nothing(tmp_path, monkeypatch, foreign):
    """A real pip: the package gets into the environment with its variables, and does not with those of the user."""
    monkeypatch.chdir(tmp_path)
    modules = tmp_path / "modules"
    modules.mkdir()
    (tmp_path / "older.txt").write_text("locked<1\n")
    archive = empty_wheel(tmp_path, "locked", "1.0")
    zipfile.ZipFile(archive).extractall(modules)
    (tmp_path / "lock.txt").write_text(
        f"locked==1.0 --hash=sha256:{hashlib.sha256(archive.read_bytes()).hexdigest()}\n"
    )
    venv.create("env", symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", "env/bin/python"]
    command = [*install.install_commands(pip, "lock.txt")[0], "--no-index", "--find-links", "."]
    theirs = dict(os.environ) | foreign
    for variables in (theirs, install.pip_environment(theirs)):
        subprocess.run(command, env=variables, capture_output=True, check=variables is not theirs)
        assert bool(list(tmp_path.glob("env/lib/*/site-packages/locked-*"))) is (variables is not theirs)


def test_where_packages_come_from_is_left_to_the_user():
    theirs = {"PIP_INDEX_URL": "https://example.org/simple", "HTTPS_PROXY": "http://proxy:1", "PATH": "/bin"}
    assert theirs.items() <= install.pip_environment(theirs).items()


def test_python_2_is_refused_in_one_sentence(tmp_path):
    """The recipe with a Python that says it is 2.7, which cannot parse envs/install.py."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml", "setup.py"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "install.py").write_text("print 'two'\n")
    old = tmp_path / "python2"
    old.write_text(
        f'#!/bin/sh\n[ "$1" = -c ] && exec "{sys.executable}" -c "import sys; sys.version_info = (2, 7, 18)\n$2"\n'
        f'exec "{sys.executable}" "$@"\n'
    )
    old.chmod(0o755)
    done = subprocess.run(
        ["make", "install", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    sentence, make, *rest = done.stderr.splitlines()
    assert sentence == "qdjunction needs CPython 3.11, 3.12 or 3.13: name one with make PYTHON=python3.13"
    assert make.startswith("make")
    assert not rest
    assert not (tmp_path / ".venv").exists()


def test_pin_of_setuptools():
    pin = install.pin_of("setuptools", install.LOCK.read_text(encoding="utf-8"))
    assert re.match(r"setuptools==\S+ \\\n    --hash=sha256:", pin)
    assert len(re.findall(r"(?m)^\S+==", pin)) == 1


def test_makefile_in_a_folder_with_spaces_and_other_letters(tmp_path):
    """Every recipe of the Makefile with recording programs in place of the real ones, so that each word is seen."""
    folder = tmp_path / "Jonathan's Übergänge π"
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    start = folder / "clusters" / "relaxed" / "starts" / "a b.extxyz"
    start.parent.mkdir(parents=True)
    start.touch()
    for name in ("requirements.lock", "pyproject.toml", "setup.py", "envs/install.py", ".venv/.installed"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    for name in ("python", "snakemake", "qdjunction", "ruff", "snakefmt", "mypy", "pytest", "sphinx-build"):
        (programs / name).write_text(
            f'#!/bin/sh\nfor word in {name} "$@"; do echo "[$word]"; done >> words\n'
        )
        (programs / name).chmod(0o755)
    variables = (
        "RESULTS=my results",
        "FIGURES=Bilder ä",
        "CRATE=a crate.zip",
        "STYLE=my style",
        "CONFIG=my study.yaml",
    )
    for goal in (
        "report",
        "retry",
        "figures",
        "crate",
        "clusters",
        "lint",
        "test",
        "docs",
        "dist",
        "changelog",
    ):
        subprocess.run(
            ["make", goal, *variables], cwd=folder, check=True, capture_output=True, env=dict(os.environ)
        )
    words = (folder / "words").read_text()
    for word in (
        *("my results", "Bilder ä", "a crate.zip", "my style", "my study.yaml"),
        *(
            "clusters/relaxed/starts/a b.extxyz",
            "clusters/relaxed/a b_xtb.extxyz",
            "docs/make.py",
            "docs/changelog.py",
            "build/site",
            "loadfile",
            "--lint",
            "mypy",
        ),
    ):
        assert f"[{word}]" in words
