"""The 1Pb study through a real Snakemake: to its report, after a kill, twice in a row, and with bad input."""

import json
import math
import re
import shutil

import pandas as pd
import pytest
import xarray

from qdjunction import cli
from support.paths import ROOT
from support.processes import run
from support.workflow import finish, kill, rules_of, snakemake, start, wait_until

pytestmark = pytest.mark.workflow

CONFIG = """\
study: 1Pb_MAPbBr3
dots:
  - dot: 1Pb
    contacts: [short, long]
relax:
  start: scratch
electrodes:
  layers: 2
transport:
  energy_min_ev: -2.0
  energy_max_ev: 5.0
  energy_step_ev: 0.05
interference:
  all_pairs: true
paper: zheng-2019
series:
  - name: sides
    members: [{dot: 1Pb_MAPbBr3, junction: short}, {dot: 1Pb_MAPbBr3, junction: long}]
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The finished study. Its first run is killed, process group and all, in the middle of the relaxation."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "study.yaml").write_text(CONFIG)
    process = start(folder)
    log = folder / "results" / "logs" / "1Pb_MAPbBr3" / "relax.log"
    wait_until(process, lambda: log.exists() and "step    5" in log.read_text(), "the fifth step")
    kill(process)
    (folder / "killed.log").write_text(log.read_text())
    finish(folder, "--unlock")
    finish(folder, "--rerun-incomplete")
    return folder


def test_the_report_is_there(study):
    page = (study / "results" / "report" / "index.html").read_text()
    assert "embedded model, not DFT" in page
    assert "1Pb_MAPbBr3" in page


def test_the_report_has_the_pairs_and_the_values_of_the_paper(study):
    results = study / "results"
    assert len(pd.read_csv(results / "1Pb_MAPbBr3" / "pairs.csv")) == 15
    assert (results / "report" / "figures" / "1Pb_MAPbBr3_pairs.svg").exists()
    table = pd.read_csv(results / "report" / "paper.csv").set_index("item")
    assert table.loc["composition of 1Pb", "agrees"] == "yes"


def test_a_kill_loses_no_finished_step(study):
    """The last step in the killed run's log is where the second run goes on; none is done twice."""
    before = [int(n) for n in re.findall(r"step +(\d+) ", (study / "killed.log").read_text())]
    log = (study / "results" / "logs" / "1Pb_MAPbBr3" / "relax.log").read_text()
    going_on = re.search(r"Resuming after step (\d+) ", log)
    assert going_on is not None
    assert int(going_on[1]) >= before[-1]


def test_a_second_run_does_nothing(study):
    assert "Nothing to be done" in finish(study)


def test_long_conducts_better_than_short(study):
    summary = json.loads((study / "results" / "1Pb_MAPbBr3" / "series.json").read_text())["series"][0]
    assert summary["kind"] == "comparison"
    assert summary["junctions"] == ["short", "long"]
    assert summary["share_long_above"] > 0.5
    assert summary["median_log10_ratio"] > 0


def test_a_series_over_structures_has_the_conductances_of_its_junctions(study):
    summary = json.loads((study / "results" / "series" / "sides" / "series.json").read_text())
    assert [one["junction"] for one in summary["members"]] == ["short", "long"]
    table = pd.read_csv(study / "results" / "1Pb_MAPbBr3" / "conductance.csv")
    at_fermi = table[table["fermi_eV"].abs() < 1e-9].set_index("junction")["conductance_G0"]
    assert [one["conductance_G0"] for one in summary["members"]] == pytest.approx(
        at_fermi[["short", "long"]].tolist()
    )
    first, second = summary["members"]
    drop = math.log(first["conductance_G0"] / second["conductance_G0"])
    beta = drop / (second["distance_ang"] - first["distance_ang"])
    assert summary["fits"]["distance"]["beta"] == pytest.approx(beta)
    assert (study / "results" / "report" / "figures" / "series_sides_decay.svg").exists()


def test_relaxed_1pb_has_the_gap_and_bonds_of_the_model(study):
    from qdjunction.engine.store import read_electronic_structure
    from qdjunction.structure.bonds import bond_lengths

    structure = read_electronic_structure(study / "results" / "1Pb_MAPbBr3" / "hamiltonian.nc")
    assert 4.0 < structure.gap_ev < 4.7
    bonds = bond_lengths(structure.atoms)
    assert bonds["min_ang"].min() > 2.9
    assert bonds["max_ang"].max() < 3.1


def test_results_open_and_say_what_made_them(study):
    junction = study / "results" / "1Pb_MAPbBr3" / "long"
    with xarray.open_dataset(junction / "transmission.nc") as t:
        assert t.sizes == {"energy": 141}
        assert "GFN1-xTB" in t.attrs["engine"]
        assert float(t.error_estimate) < 1e-6
    record = json.loads((study / "results" / "1Pb_MAPbBr3" / "relaxed.json").read_text())
    assert record["converged"]
    assert record["engine"]["embedded"]
    assert record["provenance"]["packages"]["tblite"]
    table = pd.read_csv(study / "results" / "1Pb_MAPbBr3" / "conductance.csv")
    assert set(table["junction"]) == {"short", "long"}
    assert (table["conductance_G0"] > 0).all()
    charges = json.loads((junction / "frontier.json").read_text())["charges"]
    assert sum(charges.values()) == pytest.approx(0, abs=1e-5)
    assert "Charge and level alignment" in (study / "results/report/index.html").read_text()


def test_snakemake_s_own_report_is_made_offline(study):
    finish(study, "--report", "snakemake-report.html")
    assert (study / "snakemake-report.html").stat().st_size > 1e5


def test_changed_settings_rerun_only_what_depends_on_them(study):
    planned = set(rules_of(finish(study, "-n", "--config", "interference={jump_decades: 0.5}")))
    assert "series" in planned
    assert not {"relax", "hamiltonian", "transmission"} & planned
    (study / "controlled.yaml").write_text(
        CONFIG.replace("[short, long]", "[short, long]\n    controls: [R1-R2]")
    )
    dry = snakemake(study, "-n", "--configfile", study / "controlled.yaml")
    assert dry.returncode == 0, dry.stderr
    jobs = [block for block in dry.stdout.split("\n\n") if "rule hamiltonian:" in block]
    assert len(jobs) == 1
    assert "junction=R1-R2" in jobs[0]
    assert not {"dot", "relax"} & set(re.findall(r"^rule (\w+):", dry.stdout, re.MULTILINE))


FAILING = """\
study: failing
dots:
  - {dot: 1Pb, cation: Cs, halide: Cl, contacts: [long]}
  - {dot: 1Pb, cation: Cs, halide: Br0.5Cl0.5, contacts: [long]}
relax: {start: scratch, fmax_ev_per_ang: 0.002, max_steps: 6}  # Cs4PbCl6 needs 6 + 4 steps, the mixed one 6 + 21
electrodes: {layers: 2}
transport: {energy_min_ev: -4, energy_max_ev: 6, energy_step_ev: 0.05}
"""


@pytest.mark.slow
def test_a_failed_dot_is_recorded_and_done_again_alone(tmp_path):
    (tmp_path / "study.yaml").write_text(FAILING)
    assert "1 calculations failed" in finish(tmp_path)
    page = (tmp_path / "results" / "report" / "index.html").read_text()
    assert "What failed" in page
    assert "6 steps, the most that max_steps allows" in page
    assert "Nothing to be done" in finish(tmp_path)

    (tmp_path / "study.yaml").write_text(FAILING.replace("6}", "200}"))
    assert cli.main(["failures", str(tmp_path / "results"), "--forget"]) == 0
    again = finish(tmp_path, "--rerun-triggers", "mtime")
    done = set(re.findall(r"wildcards: dot=([^,\s]+)", again))
    assert done == {"1Pb_CsPbBr1.5Cl1.5-s0"}, "the dot that did not fail was done again"
    assert "Resuming after step 6" in (tmp_path / "results/logs/1Pb_CsPbBr1.5Cl1.5-s0/relax.log").read_text()
    assert cli.main(["failures", str(tmp_path / "results")]) == 0
    assert "What failed" not in (tmp_path / "results" / "report" / "index.html").read_text()


MOLECULE = """\
study: molecule
dots: [{source: smiles, smiles: Br, contacts: []}]
"""


def test_a_study_without_contacts_and_figures_ends_with_its_page(tmp_path):
    (tmp_path / "study.yaml").write_text(MOLECULE)
    finish(tmp_path)
    page = (tmp_path / "results" / "report" / "index.html").read_text()
    assert "HBr, 2 atoms" in page
    for of_junctions in ("gold", "Junction", "At any energy", "Structures in 3D", "Every figure", "Plotly"):
        assert of_junctions not in page, of_junctions


BAD = {
    "unknown dot": ("dot: 1Pb", "dot: 5Pb", "There is no dot '5Pb'"),
    "misspelt key": ("transport:", "transprot:", "unknown key 'transprot'; did you mean 'transport'?"),
}
"""A value that the catalogue refuses and a key that the model does; tests/study/test_config.py has the others."""


@pytest.mark.parametrize(("old", "new", "message"), BAD.values(), ids=BAD)
def test_bad_input_stops_before_any_job(tmp_path, old, new, message):
    assert old in CONFIG
    (tmp_path / "study.yaml").write_text(CONFIG.replace(old, new))
    done = snakemake(tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results").exists()


def test_unreadable_yaml_stops_before_any_job(tmp_path):
    """Of a file given by --configfile Snakemake itself says so; of config.yaml the workflow names file and line."""
    (tmp_path / "study.yaml").write_text("dots: [1, 2\n")
    done = snakemake(tmp_path)
    assert done.returncode == 1
    assert "not valid JSON or YAML" in done.stderr
    assert "Traceback" not in done.stderr

    for name in ("rules", "workflow", "clusters"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "Snakefile", tmp_path)
    (tmp_path / "config.yaml").write_text("dots: [1, 2\n")
    done = run("snakemake", "-n", cwd=tmp_path)
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "config.yaml, line 2" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("word", ["retries:", "group:"])
def test_rules_leave_retries_and_groups_to_profiles(word):
    """In a rule `retries` runs again inside the same allocation, and `group` runs in turn what it reserves at once."""
    rules = list((ROOT / "rules").glob("*.smk"))
    assert len(rules) > 5
    for path in rules:
        assert word not in path.read_text(), path


def test_rules_request_memory_and_time_that_grow():
    for path in (ROOT / "rules").glob("*.smk"):
        for name, value in re.findall(r"^ +(mem_mb|runtime)=(.*)", path.read_text(), re.MULTILINE):
            assert value.startswith(("growing(", "requested(")), f"{path}: {name}={value}"


LIMITED = """\
study: limited
dots:
  - {dot: 1Pb, contacts: [short, long]}
  - source: pair
    name: pair
    first: {dot: 1Pb, cation: Cs}
    second: {dot: 1Pb, cation: Cs}
    first_site: R2
    second_site: L
    twist_deg: 90
    linker: none
    pb_distance_ang: 14
    contacts: []
coupling: true
slide: [{name: row, dot: 1Pb_MAPbBr3, junction: short, towards: R2, steps: 2}]
ensemble: {snapshots: {members: 2}}
traces: {predictions: [{name: predicted, dot: 1Pb_MAPbBr3}]}
resources: {max_mem_mb: 900, max_runtime_min: 7}
"""


def test_requests_grow_with_the_attempt_up_to_the_limits(tmp_path):
    """Those of every job of a study, and of a request that is none of an engine."""
    (tmp_path / "study.yaml").write_text(LIMITED)
    (tmp_path / "Snakefile").write_text(
        f"include: {str(ROOT / 'Snakefile')!r}\n"
        "print([growing(3, MAX_RUNTIME_MIN)(None, attempt) for attempt in (1, 2, 3)])\n"
    )
    planned = finish(tmp_path, "-n", "--snakefile", tmp_path / "Snakefile", "--", "all")
    assert "[3, 6, 7]" in planned
    asked = re.findall(r"runtime=(\d+), mem_mb=(\d+)", planned)
    rules = rules_of(planned)
    assert {"coupling", "slide", "snapshot", "predict_traces", "figures", "report"} <= set(rules)
    assert len(asked) == len(rules) - 1  # `all` asks for nothing
    assert set(asked) == {("7", "900")}
