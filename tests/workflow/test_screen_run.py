"""A small screening through a real Snakemake: its overview, the page of one dot, a second run."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from qdjunction.core.results import read_result
from qdjunction.study.results import RelaxationRecord

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.workflow

CONFIG = """\
study: screening
relax: {start: scratch}
electrodes: {layers: 2}
transport: {energy_min_ev: -4, energy_max_ev: 6, energy_step_ev: 0.05}
screen:
  - {dots: [1Pb], cations: [Cs], halides: [Cl, Br], contacts: [short, long]}
"""


def snakemake(folder, *words):
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        [
            *("snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder),
            *("--configfile", folder / "study.yaml", "--cores", "2", *words),
        ],
        capture_output=True, text=True, env=environment, check=False, timeout=900,
    )  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("screening")
    (folder / "study.yaml").write_text(CONFIG)
    run = snakemake(folder)
    assert run.returncode == 0, run.stderr
    return folder


def test_the_overview_has_a_row_a_series(study):
    table = pd.read_csv(study / "results" / "report" / "overview.csv")
    assert sorted(table["dot"]) == ["1Pb_CsPbBr3", "1Pb_CsPbCl3"]
    page = (study / "results" / "report" / "index.html").read_text()
    assert "embedded model, not DFT" in page


def test_the_page_of_one_dot_is_made_from_what_is_there(study):
    page = "results/1Pb_CsPbCl3/report/index.html"
    run = snakemake(study, page)
    assert run.returncode == 0, run.stderr
    assert "rule hamiltonian" not in run.stderr
    assert "1Pb_CsPbCl3" in (study / page).read_text()
    assert list((study / page).parent.glob("figures/*.svg"))


def test_a_second_run_does_nothing(study):
    run = snakemake(study)
    assert run.returncode == 0
    assert "Nothing to be done" in run.stderr + run.stdout


def test_the_files_are_few(study):
    files = [path for path in (study / "results" / "1Pb_CsPbBr3").rglob("*") if path.is_file()]
    assert len(files) == 8 + 2 * 4, files


def test_a_contact_more_leaves_what_is_done(study):
    (study / "study.yaml").write_text(CONFIG.replace("long]", "long, R1-R2]"))
    run = snakemake(study)
    assert run.returncode == 0, run.stderr
    assert "rule relax" not in run.stderr
    log = (study / "results" / "logs" / "1Pb_CsPbBr3" / "hamiltonian.log").read_text()
    assert [log.count(f"SCF of results/1Pb_CsPbBr3/{name}/") for name in ("short", "long", "R1-R2")] == [
        0,
        0,
        1,
    ]
    table = pd.read_csv(study / "results" / "report" / "overview.csv")
    assert sorted(table["left"]) == ["L", "L", "R1", "R1"]


def test_a_study_runs_from_anywhere_into_a_folder_of_any_name(tmp_path):
    """Through `qdjunction run`, in a folder with a space, on a Python in another, with results elsewhere.

    Its junctions are relaxed, two in one job.
    """
    here, results = tmp_path / "my studies", tmp_path / "Übung 1"
    here.mkdir()
    environment = tmp_path / "my environment"
    environment.symlink_to(sys.prefix)
    (here / "mine.yaml").write_text(
        "study: Cs dot, from anywhere\nrelax: {start: scratch}\nelectrodes: {layers: 2, relax: contact}\n"
        "transport: {energy_min_ev: -4, energy_max_ev: 6, energy_step_ev: 0.05}\n"
        f"results: {results}\ndots: [{{dot: 1Pb, cation: Cs, contacts: [short, long]}}]\n"
        "resources: {contacts_per_job: 2}\n"
    )
    path = os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if sys.prefix not in part)
    run = subprocess.run(
        [environment / "bin" / "python", "-m", "qdjunction.cli", "run", "mine.yaml", "--cores", "2"],
        cwd=here, capture_output=True, text=True, env=os.environ | {"PATH": path}, check=False, timeout=600,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    page = (results / "report" / "index.html").read_text()
    assert "Cs dot, from anywhere" in page
    assert "Contacts of the relaxed junctions" in page
    for name in ("short", "long"):
        record = read_result(RelaxationRecord, results / "1Pb_CsPbBr3" / name / "junction.json")
        assert record.converged
        assert record.junction.held_shift_ang == 0
        assert f'<td class="word">1Pb_CsPbBr3/{name}</td>' in page
    assert sorted(path.name for path in here.iterdir()) == [".snakemake", "mine.yaml"]
