"""Every command and every YAML block of README and docs: run, or at least read by what would run it."""

import re
import shlex
import shutil
import subprocess
import sys
from functools import cache

import pytest
import yaml
from ase.io import read

from qdjunction.cli import main
from qdjunction.cli.parser import make_parser
from qdjunction.core.errors import InputError
from qdjunction.core.schema import validate
from qdjunction.structure.ligands.library import load_ligand
from qdjunction.structure.perovskite.catalogue import DotDefinition
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config
from support.paths import MOLECULE, ROOT
from support.processes import environment

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("docs/tutorials/*.md"))]
RULES = {
    plain or batched
    for path in (ROOT / "rules").glob("*.smk")
    for plain, batched in re.findall(
        r"^ *rule (\w+):|batch\.rule\(\"(\w+)\"\)", path.read_text("utf-8"), re.MULTILINE
    )
}
MINIMAL = {"study": "minimal", "dots": [{"dot": "12Pb", "contacts": ["L-R1"]}]}
OF_OTHERS = ("cd", "conda", "cp", "export", "pip", "rocrate-validator", "source", "srun", "tar", "tmux")
"""Programs that are not ours."""


def blocks(language):
    """Fenced blocks of every page, with the page they stand on."""
    return [
        (page.name, block)
        for page in PAGES
        for block in re.findall(
            rf"^ *```(?:\{{code-block\}} )?{language}\n(?::.*?\n)*(.*?)^ *```",
            page.read_text("utf-8"),
            re.DOTALL | re.MULTILINE,
        )
    ]


def commands():
    """Every command line, without its comment."""
    lines = [
        (page, line)
        for page, block in blocks("sh")
        for line in block.splitlines()
        if shlex.split(line, comments=True)
    ]
    return [(page, " ".join(map(shlex.quote, shlex.split(line, comments=True)))) for page, line in lines]


def run(command, folder, timeout=300, env=None):
    done = subprocess.run(
        ["bash", "-euc", command], cwd=folder, env=env or environment(), capture_output=True, text=True, check=False,
        timeout=timeout,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


run_once = cache(run)
"""`run` for what changes nothing: pages repeat each other's commands."""


def test_there_is_something_to_look_at():
    assert len(commands()) > 40
    assert len(blocks("yaml")) > 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the pages' commands are typed: with the configurations that they name."""
    folder = tmp_path_factory.mktemp("typed here")
    study = yaml.safe_dump(MINIMAL | {"dots": [{"dot": "1Pb", "contacts": ["short", "long"]}]})
    (folder / "mine.yaml").write_text(study)
    (folder / "site.yaml").write_text("default-resources:\n  slurm_partition: standard\n")
    (screening,) = (block for _, block in blocks("yaml") if block.startswith("# screening.yaml"))
    (folder / "screening.yaml").write_text(screening)
    # As docs/cluster.md says for another scheduler, whose executor is not installed here.
    slurm = yaml.safe_load((ROOT / "profiles" / "slurm" / "config.yaml").read_text())
    other = {key: value for key, value in slurm.items() if not key.startswith(("slurm", "executor"))}
    (folder / "profiles" / "lsf").mkdir(parents=True)
    (folder / "profiles" / "lsf" / "config.yaml").write_text(yaml.safe_dump(other))
    shutil.copy(MOLECULE, folder)
    dot = read(ROOT / "tests" / "data" / "1Pb_MAPbBr3_gfn1.xyz")
    dot.center(vacuum=6)
    dot.write(folder / "dot.cif")
    shutil.copytree(ROOT / "tests" / "data" / "alkanedithiols", folder / "alkanedithiols")
    # A dot of a catalogue of one's own, as on the page of the gallery.
    (folder / "3Pb.yaml").write_text("block: [1, 1, 3]\n")
    words = [
        "dot",
        "3Pb",
        "--clusters",
        str(folder),
        "--cation",
        "Cs",
        "--output",
        str(folder / "3Pb.extxyz"),
    ]
    assert main(words) == 0
    return folder


@pytest.mark.parametrize(("page", "command"), commands())
def test_every_command_is_one_that_its_program_knows(page, command, folder):
    words = shlex.split(command)
    while "=" in words[0] and words[0].split("=")[0].isidentifier():
        words = words[1:]  # a variable of the environment
    match words[0]:
        case "qdjunction":
            make_parser(words[1:]).parse_args(words[1:])
        case "make":
            targets = [word for word in words[1:] if "=" not in word]
            rules = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
            assert targets
            assert set(targets) <= set(rules)
        case "snakemake":
            if "~/site.yaml" in words:
                words[words.index("~/site.yaml")] = str(folder / "site.yaml")
            words = [str(ROOT / word) if word == "slurm" else word for word in words]
            cores = [] if {"--cores", "--profile"} & set(words) else ["--cores", "1"]
            study = [] if "--configfile" in words else ["--configfile", "mine.yaml"]
            more = [] if {"-n", "--unlock"} & set(words) else ["-n"]
            snakefile = ["--snakefile", str(ROOT / "Snakefile")]
            run_once(shlex.join([*words, *snakefile, *study, *cores, *more]), folder)
        case other:
            assert other in OF_OTHERS


@pytest.mark.parametrize(("page", "block"), blocks("yaml"))
def test_every_yaml_block_is_what_it_is_said_to_be(page, block, folder, monkeypatch):
    monkeypatch.chdir(folder)  # where the files that blocks name lie
    values = yaml.safe_load(block)
    assert values
    if {"set-resources", "default-resources", "set-threads"} & set(values):
        known = subprocess.run(
            [sys.executable, "-m", "snakemake", "--help"], capture_output=True, text=True, check=True
        ).stdout
        assert all(f"--{key}" in known for key in values)
        named = {rule for key in ("set-resources", "set-threads") for rule in values.get(key, {})}
        assert named <= RULES
    elif "smiles" in values:
        (folder / "own-ligand.yaml").write_text(block)
        load_ligand("own-ligand", folder)
    elif "block" in values:
        values["pairs"] = values.get("pairs") or {}
        validate(DotDefinition, {"name": "block"} | values, page)
    else:
        # A fragment is a part of a study that has all else.
        if "bias_series" in values:
            sets = [
                {"name": name, "path": str(ROOT / "docs"), "bias_v": 0.05 * number}
                for number, name in enumerate(values["bias_series"][0]["sets"], start=1)
            ]
            values = {"traces": {"sets": sets, **values}}
        if "traces" in values:
            for entry in values["traces"].get("sets", []):
                entry["path"] = str(ROOT / "docs")
            values = (
                MINIMAL | {"dots": [{"dot": "12Pb", "contacts": ["L-R1", "L-R2", "L-R3", "L-R4"]}]} | values
            )
        config = parse_config(values if "study" in values else MINIMAL | values, page)
        if config.engine == "siesta":  # the pseudopotentials that it names are the reader's
            with pytest.raises(InputError, match="pseudopotential"):
                make_study(config, ROOT / "clusters", page)
        else:
            make_study(config, ROOT / "clusters", page)


def readme_block(title):
    text = (ROOT / "README.md").read_text("utf-8").split(f"## {title}")[1]
    return re.search(r"```sh\n(.*?)```", text, re.DOTALL)[1]


@pytest.mark.slow
def test_the_junction_by_hand_runs_as_typed(tmp_path, installed):
    """With the installed wheel, which is what a reader without a checkout has."""
    block = readme_block("One junction by hand")
    run(block, tmp_path, timeout=900, env=installed)
    # From the other contact of the one Pb, straight through the dot, more gets across.
    code = (
        "import xarray\n"
        "t = [xarray.open_dataset(f'{name}_t.nc')['transmission'].sel(energy=1.0, method='nearest') for name in"
        " ('short', 'long')]\n"
        "print(float(t[1] / t[0]))"
    )
    assert float(run(f"python -c {shlex.quote(code)}", tmp_path, env=installed)) > 1


def test_the_tests_that_the_validation_names_are_there():
    named = re.findall(r"`(tests/[\w/]+\.py)`", (ROOT / "docs/validation.md").read_text("utf-8"))
    assert len(named) > 30
    assert {name for name in named if not (ROOT / name).is_file()} == set()
