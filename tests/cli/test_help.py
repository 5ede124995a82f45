"""The help names every default and unit; help and errors of typing come without the numerical libraries."""

import argparse
import re
import subprocess
import sys

import pytest
from pydantic import BaseModel

from qdjunction import __version__
from qdjunction.cli import main, traces
from qdjunction.cli.commands import Command, Group, add_arguments, option, typed_as
from qdjunction.cli.parser import COMMANDS

ALL = {(name,): command for name, command in COMMANDS.items() if not isinstance(command, Group)}
ALL |= {("traces", name): command for name, command in traces.COMMANDS.items()}

UNITS = {"_nm": "nm", "_ang": "Ang", "_ev": "eV", "_v": "(V)", "_per_volt": "nm/V"}
"""What the help says of keys that end so."""


def help_of(words, capsys, monkeypatch):
    """Return the help, and its entries by their first words."""
    monkeypatch.setenv("COLUMNS", "1000")
    with pytest.raises(SystemExit) as end:
        main([*words, "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    entries = [" ".join(entry.split()) for entry in re.split(r"\n(?=\S|  \S|    \S)", text)]
    return text, {entry.split()[0]: entry for entry in entries if entry}


def field_of(model, path):
    field = model.model_fields[path[0]]
    return field_of(field.annotation, path[1:]) if len(path) > 1 else field


@pytest.mark.parametrize(("words", "command"), ALL.items(), ids=map(" ".join, ALL))
def test_the_help_names_every_default_and_unit(words, command, capsys, monkeypatch):
    text, entries = help_of(words, capsys, monkeypatch)
    assert command.__doc__.splitlines()[0] in text
    assert "None" not in text
    assert "Undefined" not in text
    command = command.for_words([])
    labels = add_arguments(argparse.ArgumentParser(), command)
    assert labels or not command.model_fields
    for path, label in labels.items():
        field = field_of(command, path)
        typed = field.json_schema_extra if len(path) == 1 else {}
        first = (typed["metavar"] or path[0]) if typed.get("positional") else re.match(r"[\w-]+", label)[0]
        said = entries[first].removeprefix(first)
        unit = typed.get("unit") or next((UNITS[end] for end in UNITS if path[-1].endswith(end)), "")
        assert unit in said.split(maxsplit=1)[-1]
        default = field.default
        if isinstance(default, BaseModel):
            assert default.kind in said
        elif not field.is_required() and default is not False and default not in (None, "", (), [], {}):
            assert f"default: {typed_as(default)})" in said


def test_every_command_stands_in_the_list(capsys, monkeypatch):
    _, entries = help_of([], capsys, monkeypatch)
    assert [name for name in entries if name in COMMANDS] == list(COMMANDS)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--help"], 0),
        (["transmission", "--help"], 0),
        (["nonsense"], 2),
        (["junction", "dot.extxyz"], 2),
        (["transmission", "h.nc", "--eta", "1", "--output", "t.nc"], 2),
        (["traces", "select", "x", "--rise-decades", "-1", "--output", "t.csv"], 2),
    ],
    ids=str,
)
def test_words_are_judged_without_the_numerical_libraries(words, code, tmp_path):
    program = (
        "import sys\nfrom qdjunction.cli import main\n"
        f"try:\n    code = main({words!r})\nexcept SystemExit as end:\n    code = end.code\n"
        "heavy = {'numpy', 'scipy', 'sisl', 'ase', 'pandas', 'xarray', 'matplotlib', 'snakemake'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr


@pytest.mark.parametrize("module", ["qdjunction", "qdjunction.cli"])
def test_the_package_is_a_program(module, tmp_path):
    words = [sys.executable, "-m", module, "--version"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == f"qdjunction {__version__}\n"


class Kind(BaseModel):
    """Settings such as an observable of another package declares."""

    energies_ev: tuple[float, ...] = (0.0, 0.5)
    window_ev: tuple[float, float] = (-1.0, 1.0)
    normalise: bool = True
    weights: dict[str, float] = {"s": 1.0}
    threads: int = 1


class Observe(Command):
    """Compute an observable."""

    file: str = option(..., "a file", positional=True)
    threads: int = option(1, "threads")
    settings: Kind = Kind()

    def run(self) -> None:
        raise NotImplementedError


def test_any_settings_make_options():
    bare = argparse.ArgumentParser(prog="observe")
    labels = add_arguments(bare, Observe)
    words = ["h.nc", "--energies-ev", "1", "2", "3", "--window-ev", "-2", "2", "--no-normalise"]
    words += ["--weights", "s=0.5", "--weights", "p = 2", "--threads", "2", "--settings-threads", "3"]
    found = Observe.from_arguments(vars(bare.parse_args(words)), labels)
    assert found.file == "h.nc"
    assert found.threads == 2
    assert found.settings == Kind(
        threads=3, energies_ev=(1, 2, 3), window_ev=(-2, 2), normalise=False, weights={"s": 0.5, "p": 2}
    )
    assert Observe.from_arguments(vars(bare.parse_args(["h.nc"])), labels).settings == Kind()
