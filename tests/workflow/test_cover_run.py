"""A cover of one cell through a real Snakemake: to its report, and after a kill."""

import json
import re

import pandas as pd
import pytest

from qdjunction.core.results import read_result
from qdjunction.interference.cover import CoverRecord
from qdjunction.structure.xyz import read_structure
from qdjunction.study.cover import BARE, CATION_PAIR
from qdjunction.study.results import RelaxationRecord
from support.workflow import finish, kill, rules_of, start, wait_until

pytestmark = pytest.mark.workflow

LIGATED = "methylammonium-1-1-1"
NAMES = (BARE, LIGATED, CATION_PAIR, "pair-methylammonium-1")
CONFIG = """\
study: small cover
cover:
  slab: {size: [1, 1], vacuum_ang: 12}
  ligands: [methylammonium]
  counts: [1]
relax: {fmax_ev_per_ang: 0.1}
paper: mi-2025
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The finished study. Its first run is killed, process group and all, while a slab with ligands relaxes."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "study.yaml").write_text(CONFIG)
    process = start(folder, "--cores", 1)
    log = folder / "results" / "logs" / "cover" / LIGATED / "relax.log"
    wait_until(process, lambda: log.exists() and "step    2" in log.read_text(), "the second step")
    kill(process)
    before = {path: path.read_bytes() for path in (folder / "results" / "cover").rglob("*.json")}
    killed = log.read_text()
    finish(folder, "--unlock")
    return folder, before, killed, finish(folder, "--rerun-incomplete")


def test_the_report_has_the_cover_and_the_table_of_the_paper(study):
    results = study[0] / "results"
    page = (results / "report" / "index.html").read_text()
    assert "Preview by GFN1-xTB, not DFT" in page
    assert "methylammonium: the free energy is lowest at N = " in page
    assert (results / "report" / "figures" / "cover.svg").exists()
    table = pd.read_csv(results / "report" / "paper.csv").set_index("item")
    assert table.loc["surface Cs of the 2 x 2 x 1 slab", "agrees"] == "no"


def test_delta_g_follows_from_the_relaxed_structures(study):
    results = study[0] / "results"
    bare, one, caesium, salt = (
        read_result(RelaxationRecord, results / "cover" / name / "relaxed.json").energy_ev for name in NAMES
    )
    table = pd.read_csv(results / "cover.csv")
    assert table["ligands"].tolist() == [0, 1]
    assert table["free_energy_eV"].tolist() == pytest.approx([0, one - bare + caesium - salt], abs=1e-6)
    (series,) = read_result(CoverRecord, results / "cover.json").series
    assert not series.complete


def test_the_slab_with_a_ligand_starts_from_the_relaxed_bare_one(study):
    results = study[0] / "results" / "cover"
    bare = read_structure(results / BARE / "relaxed.extxyz")
    built = read_structure(results / LIGATED / "dot.extxyz")
    assert built.symbols.count("N") == 1
    for symbol in ("Pb", "Br"):
        ours, theirs = (atoms.positions[atoms.symbols == symbol] for atoms in (built, bare))
        assert ours == pytest.approx(theirs, abs=1e-6)
    inputs = json.loads((results / LIGATED / "dot.json").read_text())["provenance"]["inputs"]
    assert any(path.endswith(f"{BARE}/relaxed.extxyz") for path in inputs)


def test_a_kill_loses_no_finished_structure_and_no_step(study):
    folder, before, killed, again = study
    finished = {path.parent.name for path in before if path.name == "relaxed.json"}
    assert BARE in finished
    assert LIGATED not in finished
    done = re.findall(r"rule cover_relax:.*?wildcards: dot=(\S+)", again, re.DOTALL)
    assert sorted(done) == sorted(set(NAMES) - finished)
    assert rules_of(again).count("cover") == 1
    assert all(path.read_bytes() == content for path, content in before.items())
    steps = [int(n) for n in re.findall(r"step +(\d+) ", killed)]
    log = (folder / "results" / "logs" / "cover" / LIGATED / "relax.log").read_text()
    resumed = re.findall(r"Resuming after step (\d+) ", log)
    assert int(resumed[-1]) >= steps[-1]
    assert "Nothing to be done" in finish(folder)
