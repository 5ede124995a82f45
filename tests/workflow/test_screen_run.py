"""A small screening through a real Snakemake: its overview, the page of one dot, a second run."""

import os
import sys

import pandas as pd
import pytest

from qdjunction.core.results import read_result
from qdjunction.study.results import RelaxationRecord
from support.processes import run
from support.workflow import finish, rules_of

pytestmark = pytest.mark.workflow

CONFIG = """\
study: screening
relax: {start: scratch}
electrodes: {layers: 2}
transport: {energy_min_ev: -4, energy_max_ev: 6, energy_step_ev: 0.05}
screen:
  - {dots: [1Pb], cations: [Cs], halides: [Cl, Br], contacts: [short, long]}
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("screening")
    (folder / "study.yaml").write_text(CONFIG)
    finish(folder)
    return folder


def test_the_overview_has_a_row_a_series(study):
    table = pd.read_csv(study / "results" / "report" / "overview.csv")
    assert sorted(table["dot"]) == ["1Pb_CsPbBr3", "1Pb_CsPbCl3"]
    page = (study / "results" / "report" / "index.html").read_text()
    assert "embedded model, not DFT" in page


def test_the_page_of_one_dot_is_made_from_what_is_there(study):
    page = "results/1Pb_CsPbCl3/report/index.html"
    assert "hamiltonian" not in rules_of(finish(study, page))
    assert "1Pb_CsPbCl3" in (study / page).read_text()
    assert list((study / page).parent.glob("figures/*.svg"))


def test_a_second_run_does_nothing(study):
    assert "Nothing to be done" in finish(study)


def test_the_files_are_few(study):
    files = [path for path in (study / "results" / "1Pb_CsPbBr3").rglob("*") if path.is_file()]
    assert len(files) == 8 + 2 * 4, files


def test_a_contact_more_leaves_what_is_done(study):
    (study / "study.yaml").write_text(CONFIG.replace("long]", "long, R1-R2]"))
    assert "relax" not in rules_of(finish(study))
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
    python = tmp_path / "my environment"
    python.symlink_to(sys.prefix)
    (here / "mine.yaml").write_text(
        "study: Cs dot, from anywhere\nrelax: {start: scratch}\nelectrodes: {layers: 2, relax: contact}\n"
        "transport: {energy_min_ev: -4, energy_max_ev: 6, energy_step_ev: 0.05}\n"
        f"results: {results}\ndots: [{{dot: 1Pb, cation: Cs, contacts: [short, long]}}]\n"
        "resources: {contacts_per_job: 2}\n"
    )
    path = os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if sys.prefix not in part)
    words = ("-m", "qdjunction.cli", "run", "mine.yaml", "--cores", 2)
    done = run(python / "bin" / "python", *words, cwd=here, env=os.environ | {"PATH": path})
    assert done.returncode == 0, done.stderr
    page = (results / "report" / "index.html").read_text()
    assert "Cs dot, from anywhere" in page
    assert "Contacts of the relaxed junctions" in page
    for name in ("short", "long"):
        record = read_result(RelaxationRecord, results / "1Pb_CsPbBr3" / name / "junction.json")
        assert record.converged
        assert record.junction.held_shift_ang == 0
        assert f'<td class="word">1Pb_CsPbBr3/{name}</td>' in page
    assert sorted(path.name for path in here.iterdir()) == [".snakemake", "mine.yaml"]
