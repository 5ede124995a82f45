"""Traces through a real Snakemake, on top of the recorded 1Pb study, so that no engine is needed."""

import json
import os
import shutil

import pandas as pd
import pytest

from qdjunction.traces.analyses.registry import ANALYSES
from support.paths import RECORDED
from support.traced_study import BIASES, SHORT, write_measured
from support.workflow import finish, rules_of, snakemake

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

CONFIG = f"""\
study: 1Pb_MAPbBr3
dots:
  - dot: 1Pb
    contacts: [short, long]
traces:
  classes: {{number: 4, largest_classes: 5, repeats: 3, neighbours: 8}}
  simulation: {json.dumps(SHORT)}
  sets:
    - name: MAPbBr3
      path: measured
      theory: predicted
  predictions:
    - name: predicted
      dot: 1Pb_MAPbBr3
      traces: 50
"""
UNCHANGED = ("--rerun-triggers", "mtime")
"""The recorded results bring no record of the rules that made them."""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The recorded study with a section `traces`, run to its report."""
    folder = tmp_path_factory.mktemp("traces")
    shutil.copytree(RECORDED, folder / "results")
    for path in (folder / "results").rglob("*"):
        os.utime(path, (1e9, 1e9))
    write_measured(folder / "measured", 40)
    (folder / "study.yaml").write_text(CONFIG)
    finish(folder, *UNCHANGED)
    return folder


def test_only_traces_and_report_are_made(study):
    jobs = {path.stem for path in (study / "results" / "logs").rglob("*.log")}
    assert jobs == {
        "predict_traces", "select_traces", *(f"trace_{name}" for name in ANALYSES), "figures", "report",
    }  # fmt: skip


def test_the_report_shows_measured_and_simulated_traces(study):
    page = (study / "results" / "report" / "index.html").read_text()
    assert "MAPbBr3, measured" in page
    assert "predicted, simulated" in page
    assert "Simulated, not measured: 50 traces" in page
    assert "1 left out of measured" in page
    figures = study / "results" / "report" / "figures"
    for suffix in ("svg", "pdf", "csv"):
        assert (figures / f"traces_MAPbBr3_conductance.{suffix}").exists()


def test_tables_and_logs_are_there(study):
    folder = study / "results" / "traces" / "MAPbBr3"
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["traces"], len(summary["bad"])) == (40, 1)
    assert len(pd.read_parquet(folder / "jumps.parquet")) == summary["jumps"] > 0
    assert len(pd.read_csv(folder / "classes.csv")) == summary["complete"]
    log = (study / "results" / "logs" / "traces" / "MAPbBr3" / "select_traces.log").read_text()
    assert "left out trace-<script>" in log
    assert (study / "results" / "benchmarks" / "traces" / "MAPbBr3" / "select_traces.tsv").exists()


def test_predicted_traces_stand_beside_their_truth(study):
    folder = study / "results" / "traces" / "predicted"
    truth = pd.read_csv(folder / "truth.csv")
    traces = pd.read_parquet(folder / "traces.parquet", columns=["true_sites"])
    assert truth["sites"].tolist() == traces["true_sites"].tolist()
    assert len(truth) == 50
    assert json.loads((folder / "simulation.json").read_text())["simulated"]


def test_a_second_run_does_nothing(study):
    assert "Nothing to be done" in finish(study, *UNCHANGED)


def test_a_changed_setting_reruns_only_what_depends_on_it(study):
    changed = CONFIG.replace("number: 4", "number: 3")
    (study / "other.yaml").write_text(changed)
    dry = finish(study, "-n", "--configfile", study / "other.yaml", "--rerun-triggers", "mtime", "params")
    planned = set(rules_of(dry))
    assert "trace_classes" in planned
    assert not {"predict_traces", "select_traces", "trace_plateaus"} & planned


def test_a_bias_series_is_fitted(study):
    sets = "".join(
        f"    - {{name: {name}, path: measured, bias_v: {bias}}}\n" for name, bias in BIASES.items()
    )
    series = f"  bias_series:\n    - {{name: simmons, sets: [{', '.join(BIASES)}], level_log10_g: -2.7, width_nm: 1}}\n"
    (study / "bias.yaml").write_text(CONFIG.replace("  sets:\n", f"{series}  sets:\n{sets}"))
    finish(
        study, "--configfile", study / "bias.yaml", *UNCHANGED, "--", "results/traces/simmons/simmons.json"
    )
    made = json.loads((study / "results" / "traces" / "simmons" / "simmons.json").read_text())
    assert [point["bias_v"] for point in made["points"]] == sorted(BIASES.values())
    assert made["fit"]["barrier_ev"] > 0.25
    assert not made["fit"]["prefers_tunnelling"]


def test_traces_that_are_not_there_stop_the_run_before_any_job(tmp_path):
    config = CONFIG.replace("path: measured", "path: nowhere")
    (tmp_path / "study.yaml").write_text(config)
    run = snakemake(tmp_path, "-n")
    assert run.returncode == 1
    assert "nowhere" in run.stderr + run.stdout
    assert "Traceback" not in run.stderr


def test_traces_alone_are_a_study(study):
    alone = CONFIG.replace("dots:\n  - dot: 1Pb\n    contacts: [short, long]\n", "")
    alone = alone[: alone.index("  predictions:")].replace("      theory: predicted\n", "")
    (study / "alone.yaml").write_text(alone + "results: alone\n")
    dry = finish(study, "-n", "--configfile", study / "alone.yaml")
    assert set(rules_of(dry)) == {
        "select_traces", *(f"trace_{name}" for name in ANALYSES), "figures", "report", "all",
    }  # fmt: skip
    (study / "few.yaml").write_text(
        alone.replace("  sets:", "  analyses: [noise]\n  sets:") + "results: few\n"
    )
    dry = finish(study, "-n", "--configfile", study / "few.yaml")
    assert set(rules_of(dry)) == {"select_traces", "trace_noise", "figures", "report", "all"}


def test_rivals_get_the_conductances_of_the_prediction(study):
    for name in ("MAPbBr3", "predicted"):
        made = json.loads((study / "results" / "traces" / name / "rivals.json").read_text())
        assert made["sites"] == ["short", "long"]
        sites = json.loads((study / "results" / "traces" / "predicted" / "simulation.json").read_text())[
            "sites"
        ]
        assert made["levels_log10_g"] == [site["log10_g"] for site in sites]
        assert "simulation.json" in json.dumps(made["provenance"]["inputs"])
