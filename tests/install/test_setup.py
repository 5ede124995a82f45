"""The set-up of the environment: what it refuses in one sentence, how it calls pip, and how make quotes paths."""

import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

import install
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


def wheel(folder, name, version):
    """Write a pure wheel that holds nothing but its name."""
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{about}/RECORD", "")


def test_later_releases_change_nothing(tmp_path, monkeypatch):
    """A real pip with an index of later releases: the locked one is installed, and only that."""
    index = tmp_path / "index"
    index.mkdir()
    for version in ("1.0", "2.0"):
        wheel(index, "locked", version)
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
