"""An engine that comes with a distribution of its own, the example of docs/engines.md, in a study."""

import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import write
from scipy.linalg import eigh

from qdjunction.core.errors import InputError
from qdjunction.engine.contract import EngineKind
from qdjunction.engine.registry import ENGINES
from qdjunction.engine.store import read_electronic_structure
from qdjunction.study.config import parse_config
from qdjunction.study.study_file import read_study
from support.distributions import install
from support.paths import CLUSTERS, ROOT
from support.processes import environment, python

CONFIG = """\
study: another engine
engine: hopping
dots:
  - {dot: 1Pb, cation: Cs, contacts: [short, long]}
electrodes: {layers: 2}
hopping: {parameters: parameters, hopping_ev: 0.25}
"""
MODULE = re.compile(r"^```python\n# (hopping/\w+\.py)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a study, in which `installed` has the distribution."""
    modules = MODULE.findall((ROOT / "docs" / "engines.md").read_text())
    assert [name for name, _ in modules] == ["hopping/__init__.py", "hopping/engine.py"]
    for name, code in modules:
        path = tmp_path / "installed" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    (tmp_path / "installed" / "hopping" / "environment.yaml").write_text("dependencies: [python >=3.11]\n")
    install(tmp_path / "installed", "hopping", "qdjunction.engines", "hopping:KIND")
    (tmp_path / "study.yaml").write_text(CONFIG)
    (tmp_path / "parameters").mkdir()
    for element, level_ev in {"Pb": -0.4, "Br": -1.1, "Cs": 0.3, "Au": 0.0, "C": 0.7}.items():
        (tmp_path / "parameters" / f"{element}.txt").write_text(f"{level_ev}\n")
    return tmp_path


def run(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run a Python module, with the distribution beside the library."""
    return python(*words, cwd=folder, env=environment(folder / "installed"))


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(folder, "-m", "qdjunction.cli", "check", "study.yaml", "--clusters", CLUSTERS)


def snakemake(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    study = ("--snakefile", ROOT / "Snakefile", "--configfile", "study.yaml", "--cores", 1)
    return run(folder, "-m", "snakemake", *study, *words)


def test_a_study_names_it_and_its_settings(folder: Path) -> None:
    checked = check(folder)
    assert checked.returncode == 0, checked.stderr
    assert "engine hopping, 2 junctions" in checked.stdout + checked.stderr


BAD = {
    "misspelt": ("hopping_ev", "hoping_ev", "unknown key 'hopping.hoping_ev'; did you mean 'hopping_ev'?"),
    "out of range": (
        "0.25",
        "11",
        "hopping.hopping_ev = 11: input should be less than or equal to 10 (H between",
    ),
    "refused by the engine": ("0.25", "0", "study.yaml: hopping.hopping_ev = 0: nothing is transmitted"),
    "no file": ("parameters: parameters", "parameters: none", "hopping.parameters: none/Pb.txt is missing"),
    "unknown": (
        "engine: hopping",
        "engine: hoping",
        "engine = 'hoping': input should be 'siesta', 'xtb' or 'hopping'",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), BAD.values(), ids=BAD)
def test_bad_settings_are_one_clear_error(folder: Path, old: str, new: str, message: str) -> None:
    assert old in CONFIG
    (folder / "study.yaml").write_text(CONFIG.replace(old, new))
    checked = check(folder)
    assert checked.returncode == 2
    assert message in checked.stderr
    assert "Traceback" not in checked.stderr


@pytest.mark.workflow
def test_the_plan_has_its_files_threads_and_estimates(folder: Path) -> None:
    dry = snakemake(folder, "-n")
    assert dry.returncode == 0, dry.stdout + dry.stderr
    plan = dry.stdout
    rules = re.findall(r"^rule (\w+):", plan, re.MULTILINE)
    assert {"dot", "relax", "hamiltonian", "transmission"} <= set(rules)
    assert "pre_relax" not in rules
    blocks = dict(re.findall(r"^rule (\w+):\n((?:    .*\n)+)", plan, re.MULTILINE))
    assert "dot.extxyz, parameters/Pb.txt, parameters/Br.txt, parameters/Cs.txt\n" in blocks["relax"]
    assert "parameters/Cs.txt, parameters/Au.txt\n" in blocks["hamiltonian"]
    assert "mem_mb=500," in blocks["relax"]
    assert "runtime=10" in blocks["relax"]
    assert "runtime=5" in blocks["hamiltonian"]


@pytest.mark.workflow
def test_an_environment_that_is_not_there_stops_before_any_job(folder: Path) -> None:
    (folder / "installed" / "hopping" / "environment.yaml").unlink()
    stopped = snakemake(folder)
    assert stopped.returncode == 1
    assert (
        "hopping/environment.yaml: the engine 'hopping' names this conda environment, but" in stopped.stderr
    )
    assert not (folder / "results").exists()


@pytest.mark.workflow
@pytest.mark.slow
def test_the_study_runs_and_is_read_where_the_engine_is_not_installed(folder: Path) -> None:
    (folder / "study.yaml").write_text(CONFIG.replace("[short, long]", "[short]"))
    whole = snakemake(folder)
    assert whole.returncode == 0, whole.stdout + whole.stderr
    results = folder / "results"
    structure = read_electronic_structure(results / "1Pb_CsPbBr3" / "short" / "hamiltonian.nc")
    assert (structure.engine.name, structure.engine.settings["hopping_ev"]) == ("hopping", 0.25)
    assert "hopping" not in ENGINES
    study = read_study(results)
    assert study.config.engine == "hopping"
    assert json.loads((results / "study.json").read_text())["config"]["hopping"]["hopping_ev"] == 0.25
    assert "tight binding: embedded model, not DFT" in (results / "report" / "index.html").read_text()


def test_its_matrices_are_those_of_a_ring(folder: Path) -> None:
    """Levels of a ring of six equal atoms: (e -+ D/2 - 2 t c)/(1 + 2 s c) with c = cos(2 pi k/6)."""
    angles = np.arange(6) * np.pi / 3
    write(
        folder / "ring.extxyz",
        Atoms("C6", 2.0 * np.column_stack([np.cos(angles), np.sin(angles), 0 * angles])),
    )
    words = ["hamiltonian", "ring.extxyz", "--engine", "hopping", "--output", "h.nc"]
    computed = run(folder, "-m", "qdjunction", *words, "--cutoff-ang", 2.1, "--overlap", 0.1)
    assert computed.returncode == 0, computed.stderr
    refused = run(folder, "-m", "qdjunction", *words, "--cutoff-ang", 2.1, "--hopping-ev", 11)
    assert refused.returncode == 2
    assert (
        "--hopping-ev: hopping.hopping_ev = 11.0: input should be less than or equal to 10" in refused.stderr
    )
    structure = read_electronic_structure(folder / "h.nc")
    c, D, t, s, level = np.cos(angles), 5.0, 0.5, 0.1, 0.7
    levels = np.sort(
        np.concatenate([(level + half - 2 * t * c) / (1 + 2 * s * c) for half in (-D / 2, D / 2)])
    )
    np.testing.assert_allclose(structure.eigenvalues_ev + structure.fermi_energy_ev, levels, atol=1e-10)
    assert structure.homo_ev < 0 < structure.lumo_ev
    H, S = (matrix.toarray() for matrix in (structure.hamiltonian.Hk(), structure.hamiltonian.Sk()))
    np.testing.assert_allclose(eigh(H, S, eigvals_only=True), structure.eigenvalues_ev, atol=1e-10)


@pytest.mark.parametrize(
    ("name", "reason"), [("relax", "has another key of that name"), ("my engine", "consists of")]
)
def test_a_name_that_can_be_no_section_is_refused(folder: Path, name: str, reason: str) -> None:
    module = folder / "installed" / "hopping" / "__init__.py"
    module.write_text(module.read_text().replace('name = "hopping"', f'name = "{name}"'))
    checked = check(folder)
    assert checked.returncode == 2
    assert f"an engine cannot be called '{name}'" in checked.stderr
    assert reason in checked.stderr


def test_settings_without_a_default_are_refused(folder: Path) -> None:
    module = folder / "installed" / "hopping" / "__init__.py"
    module.write_text(module.read_text().replace('parameters: Path = Path("parameters")', "parameters: Path"))
    checked = check(folder)
    assert checked.returncode == 2
    assert "the engine 'hopping' has settings without a default: parameters" in checked.stderr


def test_an_engine_that_is_not_installed_is_named() -> None:
    values = {"study": "s", "engine": "hopping", "dots": [{"dot": "1Pb", "contacts": ["short"]}]}
    with pytest.raises(InputError, match=r"engine = 'hopping': input should be 'siesta' or 'xtb'"):
        parse_config(values)


ROWS = {"xtb": "GFN1-xTB", "siesta": "SIESTA"}


@pytest.mark.parametrize(("name", "label"), ROWS.items())
def test_the_documented_estimates_are_those_of_the_code(name: str, label: str) -> None:
    page = (ROOT / "docs" / "cluster.md").read_text()
    powers = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
    kind: EngineKind[object] = ENGINES[name]

    def formula(text: str, n: int) -> float:
        text = text.replace("*n*", "n").replace("·", "*")
        text = re.sub(r"[⁻⁰¹²³⁴-⁹]+", lambda found: f"**({found[0].translate(powers)})", text)
        return float(
            eval(re.sub(r"(?<=[\d)]) n", " * n", text), {"n": n})
        )  # the text is that of the page above

    for task, minutes in (("SCF", kind.scf_min), ("relaxation", kind.relax_min)):
        (row,) = re.findall(rf"^\| {task} \({label}\).*? \| (.*?) \| (.*?) \|$", page, re.MULTILINE)
        for n in (39, 308, 2000):
            assert formula(row[0], n) == pytest.approx(kind.mem_mb(n))
            assert formula(row[1], n) == pytest.approx(minutes(n))
