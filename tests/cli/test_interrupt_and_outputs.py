"""Ctrl-C ends in one line; where a command cannot write to is said before it works."""

import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest

from qdjunction import cli
from qdjunction.cli import values
from qdjunction.cli.commands import Group
from qdjunction.cli.parser import COMMANDS as COMMANDS_OF_ALL
from support.paths import CLUSTERS, ROOT
from support.processes import environment

LONG = CLUSTERS / "relaxed" / "8Pb_CsPbBr3_xtb.extxyz"
"""Takes far longer to relax than a signal needs."""


def start(*words, **options):
    """A command of its own process group, in which Ctrl-C is not ignored as it is in the background of a shell."""
    return subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler), **options,
    )  # fmt: skip


def test_ctrl_c_is_one_line(tmp_path):
    process = start(
        *("-m", "qdjunction.cli", "relax", str(LONG), "--engine", "xtb", "--fmax", "0.0001"),
        *("--output", str(tmp_path / "relaxed.extxyz")),
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.rglob("*.traj")) and not list(tmp_path.rglob("lock.json")):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert (
        said.splitlines()[-1]
        == "qdjunction relax: interrupted; the same command resumes from what is finished"
    )
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("typing", ["--help"]),
        ("pydantic", ["--help"]),
        ("numpy", ["transmission", "none.nc", "--output", "t.nc"]),
        ("sisl", ["transmission", "none.nc", "--output", "t.nc"]),
        ("numpy", ["run", str(ROOT / "config.yaml"), "-n"]),
        ("snakemake.common", ["run", str(ROOT / "config.yaml"), "-n"]),
        ("snakemake.cli", ["run", str(ROOT / "config.yaml"), "-n"]),
    ],
)
def test_ctrl_c_during_imports_is_one_line(module, words, tmp_path):
    for _ in range(5):
        process = start(
            "-m", "qdjunction", *words, cwd=tmp_path, env=environment(PYTHONPROFILEIMPORTTIME="1")
        )
        for line in process.stderr:
            if line.split("|")[-1].strip() == module:
                break
        process.send_signal(signal.SIGINT)
        said = [line for line in process.stderr.read().splitlines() if not line.startswith("import time:")]
        # On a busy machine the command may have ended by itself before the signal.
        if process.wait(timeout=60) not in (0, 2):
            break
    # A shell has 130 for both: Python ends itself by the signal if an extension module was just imported.
    assert process.returncode in (130, -signal.SIGINT)
    # Once Snakemake is in the place of `qdjunction run`, it might as well be that of make.
    who = "qdjunction" if module.startswith("snakemake") else f"qdjunction {words[0]}"
    assert said == [f"{who}: interrupted; the same command resumes from what is finished"]


def test_ctrl_c_in_a_rule_is_one_line(tmp_path):
    code = (
        "import sys, time\nfrom qdjunction.core import logs\n"
        f"with logs.job({str(tmp_path / 'rule.log')!r}, 'a rule'):\n"
        "    print('begun', flush=True)\n    time.sleep(60)"
    )
    process = start("-c", code)
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "interrupted" in (tmp_path / "rule.log").read_text()


COMMANDS = {
    "dot": (["dot", "1Pb", "--output"], "dot.extxyz"),
    "junction": (["junction", "dot.extxyz", "--right", "R1", "--output"], "j.extxyz"),
    "relax": (["relax", "dot.extxyz", "--output"], "r.extxyz"),
    "hamiltonian": (["hamiltonian", "dot.extxyz", "--output"], "h.nc"),
    "convergence": (["siesta-convergence", "dot.extxyz", "--output"], "c.csv"),
    "transmission": (["transmission", "h.nc", "--output"], "t.nc"),
    "linear response": (["transmission", "h.nc", "--output", "t.nc", "--linear-response"], "l.csv"),
    "crate": (["crate", "results", "--output"], "c.zip"),
    "select": (["traces", "select", "traces", "--output"], "j.parquet"),
    "left out": (["traces", "select", "traces", "--output", "j.csv", "--bad"], "b.csv"),
    "simulate": (["traces", "simulate", "--output"], "s.parquet"),
}


@pytest.mark.parametrize(("words", "name"), COMMANDS.values(), ids=COMMANDS)
def test_an_output_that_cannot_be_is_said_first(words, name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path(name).mkdir()
    for output, message in (
        (name, f"{words[-1]} {name}: is a folder"),
        (f"file/{name}", f"file/{name}: {tmp_path / 'file'} is a file, not a folder"),
    ):
        assert cli.main([*words, output]) == 2
        assert message in capsys.readouterr().err
    assert sorted(os.listdir(tmp_path)) == sorted(["file", name]), "nothing was written"


@pytest.mark.parametrize(
    "words",
    [
        ["figures", "results", "--output"],
        ["siesta-input", "dot.extxyz", "--output"],
        ["traces", "histogram", "traces", "--output"],
        ["relax", "dot.extxyz", "--output", "r.extxyz", "--workdir"],
    ],
)
def test_a_folder_to_write_to_is_no_file(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    for output in ("file", "file/below"):
        assert cli.main([*words, output]) == 2
        assert f"{words[-1]} file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["dot", "1Pb"], ["junction", "none.extxyz", "--right", "R1"], ["relax", "none.extxyz"]],
    ids=lambda words: words[0],
)
def test_a_folder_in_the_place_of_the_record_is_said_first(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("x.json").mkdir()
    assert cli.main([*words, "--output", "x.extxyz"]) == 2
    assert "--output x.extxyz: its record x.json: is a folder" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["x.json"], "nothing was written"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["traces", "histogram", "none"], "summary.json"),
        (["traces", "histogram", "none"], "cloud.pdf"),
        (["siesta-input", "none.extxyz"], "siesta.fdf"),
        (["figures", "none"], "index.html"),
    ],
)
def test_a_folder_in_the_place_of_a_file_is_said_first(words, name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("out", name).mkdir(parents=True)
    assert cli.main([*words, "--output", "out"]) == 2
    assert f"--output out/{name}: is a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["dot", "1Pb"], "dot.json"),
        (["hamiltonian", "d.extxyz"], "h.HSX"),
        (["transmission", "none.nc"], "t.csv"),
        (["siesta-convergence", "none.extxyz"], "c.txt"),
        (["traces", "select", "none"], "jumps.xlsx"),
        (["traces", "select", "none", "--output", "jumps.csv", "--bad"], "bad.parquet"),
    ],
)
def test_another_suffix_is_named(words, name, tmp_path, capsys):
    option = [] if words[-1].startswith("--") else ["--output"]
    assert cli.main([*words, *option, str(tmp_path / name)]) == 2
    assert "let the name end in" in capsys.readouterr().err


def every_command(commands=COMMANDS_OF_ALL, before=()):
    for name, entry in commands.items():
        if isinstance(entry, Group):
            yield from every_command(import_module(entry.module).COMMANDS, (*before, name))
        else:
            yield " ".join((*before, name)), entry


def test_no_command_writes_what_is_not_checked():
    """What the options above are made by checks them all; a command with an output of its own would escape it."""
    outputs = [
        (name, key, field.json_schema_extra["read"])
        for name, command in every_command()
        for key, field in command.model_fields.items()
        if key in ("output", "plot", "bad", "cache", "workdir", "linear_response", "folder")
        and isinstance(field.json_schema_extra, dict)
    ]
    assert len(outputs) > 30
    unchecked = [
        (name, key) for name, key, read in outputs if getattr(read, "__module__", "") != values.__name__
    ]
    assert unchecked == [("pseudopotentials", "folder")], "only looked into"


@pytest.mark.parametrize("name", ["pipe", "device"])
def test_a_device_is_no_output(name, tmp_path, monkeypatch, capsys):
    """A file put in the place of /dev/null breaks the computer."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo(name) if name == "pipe" else Path(name).symlink_to(os.devnull)
    assert cli.main(["crate", "results", "--output", name]) == 2
    assert f"--output {name}: is no file but a device or pipe" in capsys.readouterr().err
    assert not Path(name).is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["relax", "a.extxyz", "--output", "./a.extxyz"],
            "--output a.extxyz: is a file that the command reads",
        ),
        (
            ["junction", "a.extxyz", "--right", "R1", "--output", "b.extxyz"],
            "b.extxyz: is a file that the command",
        ),
        (["transmission", "h.nc", "--output", "h.nc"], "--output h.nc: is a file that the command reads"),
        (["plot", "t.nc", "t.svg", "--output", "t.svg"], "--output t.svg: is a file that the command reads"),
        (
            ["traces", "select", "x", "--output", "j.csv", "--bad", "j.csv"],
            "is the same file as --output j.csv",
        ),
    ],
    ids=lambda words: words[0] if isinstance(words, list) else "",
)
def test_what_is_read_is_not_written(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("a.extxyz", "h.nc", "t.nc", "t.svg"):
        Path(name).write_text("kept")
    Path("b.extxyz").symlink_to("a.extxyz")
    assert cli.main(words) == 2
    assert message in capsys.readouterr().err
    assert Path("a.extxyz").read_text() == "kept"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read"),
        ("study: a\nstudy: b\n", "'study' is already in line 1"),
        ("study: a\ndots:\n\t- x\n", "line 3"),
    ],
    ids=["missing", "doubled key", "tab"],
)
def test_run_checks_the_configuration_first(text, message, tmp_path, capsys):
    """Snakemake reads the file before the Snakefile does, and has a traceback for some of these."""
    if text:
        (tmp_path / "mine.yaml").write_text(text)
    assert cli.main(["run", str(tmp_path / "mine.yaml"), "-n"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "mine.yaml" in error
