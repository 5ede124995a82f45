"""A cover of one cell through a real Snakemake: to its report, and after a kill."""

import json
import re
import time

import pandas as pd
import pytest

from qdjunction.core.results import read_result
from qdjunction.interference.cover import CoverRecord
from qdjunction.study.cover import BARE, CATION_PAIR
from qdjunction.study.results import RelaxationRecord
from support.workflow import finish, kill, rules_of, start

pytestmark = pytest.mark.workflow

LIGATED = [f"methylammonium-{count}-1-1" for count in (1, 2)]
CONFIG = """\
study: small cover
cover:
  slab: {size: [1, 1], vacuum_ang: 12}
  ligands: [methylammonium]
relax: {fmax_ev_per_ang: 0.5}
paper: mi-2025
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The finished study. Its first run is killed, process group and all, while a slab with ligands relaxes."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "study.yaml").write_text(CONFIG)
    process = start(folder, "--cores", 1)
    log = folder / "results" / "logs" / "cover" / LIGATED[0] / "relax.log"
    deadline = time.monotonic() + 300
    while not (log.exists() and "step    3" in log.read_text()):
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline, "the relaxation did not get to its third step"
        time.sleep(0.02)
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
    names = [BARE, *LIGATED, CATION_PAIR, "pair-methylammonium-1"]
    energy = {
        name: read_result(RelaxationRecord, results / "cover" / name / "relaxed.json").energy_ev
        for name in names
    }
    exchange = energy[CATION_PAIR] - energy["pair-methylammonium-1"]
    table = pd.read_csv(results / "cover.csv")
    assert table["ligands"].tolist() == [0, 1, 2]
    expected = [energy[name] - energy[BARE] + n * exchange for n, name in enumerate([BARE, *LIGATED])]
    assert table["free_energy_eV"].tolist() == pytest.approx(expected, abs=1e-6)
    (series,) = read_result(CoverRecord, results / "cover.json").series
    assert series.complete


def test_slabs_with_ligands_start_from_the_relaxed_bare_one(study):
    from qdjunction.structure.xyz import read_structure

    results = study[0] / "results" / "cover"
    bare = read_structure(results / BARE / "relaxed.extxyz")
    for count, name in enumerate(LIGATED, start=1):
        built = read_structure(results / name / "dot.extxyz")
        assert built.symbols.count("N") == count
        lead = bare.symbols == "Pb"
        assert built.positions[built.symbols == "Pb"] == pytest.approx(bare.positions[lead], abs=1e-6)
        record = json.loads((results / name / "dot.json").read_text())
        assert any(path.endswith(f"{BARE}/relaxed.extxyz") for path in record["provenance"]["inputs"])


def test_a_kill_loses_no_finished_structure_and_no_step(study):
    folder, before, killed, again = study
    finished = {path.parent.name for path in before if path.name == "relaxed.json"}
    assert BARE in finished
    assert LIGATED[0] not in finished
    done = re.findall(r"rule cover_relax:.*?wildcards: dot=(\S+)", again, re.DOTALL)
    assert set(done) == {BARE, *LIGATED, CATION_PAIR, "pair-methylammonium-1"} - finished
    assert rules_of(again).count("cover") == 1
    assert all(path.read_bytes() == content for path, content in before.items())
    steps = [int(n) for n in re.findall(r"step +(\d+) ", killed)]
    log = (folder / "results" / "logs" / "cover" / LIGATED[0] / "relax.log").read_text()
    resumed = re.search(r"Resuming after step (\d+) ", log)
    assert resumed is not None
    assert int(resumed[1]) >= steps[-1]
    assert "Nothing to be done" in finish(folder)
