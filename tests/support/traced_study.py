"""The recorded 1Pb study with traces: measured ones that are simulated here, and a prediction of its own."""

import json
import shutil
from pathlib import Path

from qdjunction.steps import trace_predictions
from qdjunction.steps import traces as trace_steps
from qdjunction.study import layout
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config
from qdjunction.study.study_file import RECORD, study_values, write_study
from qdjunction.study.table import Study
from qdjunction.traces.settings import SimulationSettings
from support.paths import CLUSTERS, RECORDED
from support.traces import write_traces

SHORT = {"points": 7000, "length_nm": 2.4}
BIASES = {f"bias-{millivolt}": millivolt / 1000 for millivolt in (50, 100, 150, 200, 250)}
EVIL = "trace-<script>alert(1)<"


def write_measured(folder: Path, count: int) -> None:
    """Write a folder of text traces, one of which cannot be read and has a hostile name."""
    write_traces(folder, SimulationSettings(seed=5, **SHORT), count)
    (folder / f"{EVIL}.txt").write_text("no numbers\n")


def traced_study(folder: Path) -> Study:
    """Return the study whose results `analyse` writes to a folder: a measured set, a bias series and a prediction."""
    measured = str(folder / "measured")
    sets = [{"name": "MAPbBr3", "path": measured, "bias_v": 0.1, "theory": "theory"}]
    sets += [{"name": name, "path": measured, "bias_v": bias} for name, bias in BIASES.items()]
    config = {
        "study": "traced",
        "results": str(folder / "results"),
        "dots": [{"dot": "1Pb", "cation": "MA", "halide": "Br", "contacts": ["short", "long"]}],
        "traces": {
            # The recorded series has two sites, both above the levels at which the published rule looks for a jump.
            "jump": {"foot_upper_log10_g": -1.2},
            "classes": {"number": 4, "largest_classes": 5, "repeats": 3, "neighbours": 8},
            "simulation": SHORT | {"seed": 2},
            "sets": sets,
            "predictions": [{"name": "theory", "dot": "1Pb_MAPbBr3", "traces": 50}],
            "bias_series": [
                {"name": "simmons", "sets": list(BIASES), "level_log10_g": -2.7, "width_nm": 1.0}
            ],
        },
    }
    return make_study(parse_config(config), CLUSTERS)


def analyse(folder: Path) -> None:
    """Run the steps of `traced_study` as the rules do.

    The sets hold the same traces: one is analysed, and the others get its results with their own name and bias.
    """
    results = folder / "results"
    shutil.copytree(RECORDED, results)
    write_measured(folder / "measured", 60)
    study = traced_study(folder)
    write_study(study_values(study), results / RECORD)
    section = study.config.traces
    dot, root = results / "1Pb_MAPbBr3", results / "traces"
    trace_predictions.predict_traces(
        dot / "conductance.csv", dot / "series.json", dot / "relaxed.json", "L", None, section.simulation, 50,
        root / "theory" / "traces.parquet", root / "theory" / "truth.csv", root / "theory" / "simulation.json",
    )  # fmt: skip
    first, *others = section.sets
    paths = {first.name: first.path, "theory": root / "theory" / "traces.parquet"}
    for name, path in paths.items():
        here, settings = root / name, section.settings_of(name)
        told = {"name": name, "bias_v": first.bias_v if name == first.name else None}
        trace_steps.select_traces(
            path, settings, here / "jumps.parquet", here / "histograms.nc", here / "summary.json", **told
        )  # fmt: skip
        for analysis in section.enabled:
            table, summary = (here / file for file in layout.analysis_files(analysis))
            trace_steps.analyse_traces(analysis, path, settings, table, summary, here / "summary.json")
    for entry in others:
        shutil.copytree(root / first.name, root / entry.name)
        summary = root / entry.name / "summary.json"
        told = {"name": entry.name, "bias_v": entry.bias_v}
        summary.write_text(json.dumps(json.loads(summary.read_text()) | told))
    summaries = {name: root / name / "summary.json" for name in BIASES}
    trace_steps.fit_bias_series("simmons", summaries, -2.7, 1.0, 0.95, root / "simmons" / "simmons.json")
