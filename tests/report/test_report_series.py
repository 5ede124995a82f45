"""Controls and series over structures from recorded results to the page, without an engine."""

import json
import shutil
from dataclasses import asdict
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from qdjunction.core.files import write_json
from qdjunction.core.results import read_result
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.report.collect import collect
from qdjunction.report.data import SeriesResults
from qdjunction.report.drawing import draw
from qdjunction.report.outcome import control_sentence
from qdjunction.report.page import write_report
from qdjunction.report.plan import planned_figures
from qdjunction.steps import interference
from qdjunction.study.cases import JunctionCase
from qdjunction.study.failures import Failure
from qdjunction.study.results import SeriesRecord, StructureSeriesRecord
from qdjunction.study.study_file import read_study
from support.paths import RECORDED

DOT = "1Pb_MAPbBr3"
JUNCTIONS = {"short": ["L", "R1"], "long": ["L", "R2"]}
SETTINGS = InterferenceSettings()
MEMBERS = [{"dot": DOT, "junction": name, "units": n} for n, name in enumerate(JUNCTIONS, start=1)]


def run_series(folder, config):
    """The two steps of the rules, on what is recorded of the junctions."""
    dot = folder / DOT
    spectra, levels = (
        [dot / name / file for name in JUNCTIONS] for file in ("transmission.nc", "frontier.json")
    )
    interference.series(
        JUNCTIONS, spectra, levels, 300.0, SETTINGS, dot / "conductance.csv", dot / "series.csv", dot / "series.json",
        controls=["long"],
    )  # fmt: skip
    (entry,) = config.series
    out = folder / "series" / entry.name
    out.mkdir(parents=True, exist_ok=True)
    interference.structure_series(
        entry, [(DOT, name) for name in JUNCTIONS], spectra, levels, 300.0, SETTINGS,
        out / "conductance.csv", out / "series.csv", out / "series.json",
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The recorded 1Pb study with its long junction as a control, and a series over both junctions."""
    folder = tmp_path_factory.mktemp("series") / "results"
    shutil.copytree(RECORDED, folder)
    values = json.loads((folder / "study.json").read_text())
    values["config"]["dots"][0] |= {"contacts": ["short"], "controls": ["long"]}
    values["config"]["series"] = [
        {"name": "sides", "unit": "side", "members": MEMBERS, "average_ev": [-0.5, 0.5]}
    ]
    (folder / "study.json").write_text(json.dumps(values))
    run_series(folder, read_study(folder).config)
    return folder


def test_a_control_and_a_series_are_on_the_page(folder, tmp_path):
    results = collect(read_study(folder))
    write_report(results, tmp_path / "index.html")
    page = (tmp_path / "index.html").read_text()
    (control,) = read_result(SeriesRecord, folder / DOT / "series.json").series[0].controls
    assert control.sentence.replace(" Ang", " Å") in page
    assert ">control</td>" in page
    assert "per side" in page
    assert "average of log₁₀ T" in page
    assert "which they share with the gold" in page
    table = pd.read_csv(folder / DOT / "conductance.csv")
    assert dict(zip(table["junction"], table["role"], strict=True)) == {"short": "series", "long": "control"}
    planned = {figure.stem: figure for figure in planned_figures(results.study)}
    assert f"{DOT}_long_density" in planned, "a control has its picture"
    transmission = draw(results, planned[f"{DOT}_L_transmission"])
    assert set(transmission.table["role"]) == {"series", "control"}
    lines = {line.get_label(): line.get_linestyle() for line in transmission.figure.axes[0].lines}
    (label,) = [name for name in lines if "control" in name]
    assert lines[label] == "--"
    series = draw(results, planned["series_sides_decay"]).table
    np.testing.assert_allclose(
        series["conductance_G0"].dropna(), series["fit_G0"].iloc[:2], err_msg="two points lie on their line"
    )


def test_a_structure_that_failed_leaves_a_series_that_says_so(folder, tmp_path):
    copied = tmp_path / "results"
    shutil.copytree(folder, copied)
    lost = Failure("transmission", f"{DOT}/long", "TransportError", "no T(E)")
    write_json({"no_result": asdict(lost) | {"provenance": {}}}, copied / DOT / "long" / "transmission.nc")
    study = read_study(copied)
    run_series(copied, study.config)
    record = read_result(StructureSeriesRecord, copied / "series" / "sides" / "series.json")
    assert record.kind == "incomplete"
    assert list(record.missing) == [f"{DOT}/long"]
    (series,) = read_result(SeriesRecord, copied / DOT / "series.json").series
    assert (series.kind, list(series.missing_controls)) == ("single", ["long"])
    results = collect(study)
    assert control_sentence(results.dots[0].series[0]) == (
        "The control long failed (transmission of 1Pb_MAPbBr3/long: no T(E))."
    )
    assert record.sentence == "1Pb_MAPbBr3/long failed, so the decay of this series is not judged."
    (planned,) = (figure for figure in planned_figures(study) if figure.series)
    assert list(draw(results, planned).table) == ["not_available_because"]


def test_a_jump_without_a_control_is_called_no_evidence(chain_series):
    names = chain_series.summary.junctions
    cases = [JunctionCase("12Pb", name, "L", f"R{n}") for n, name in enumerate(names, start=1)]
    members = tuple(SimpleNamespace(case=case) for case in cases)
    jump = chain_series.summary.at_headline.model_copy(update={"is_jump": True})
    summary = chain_series.summary.model_copy(update={"at_headline": jump})
    text = control_sentence(SeriesResults("L", summary, pd.DataFrame(), pd.DataFrame(), members))
    assert "no evidence of interference by itself" in text
    assert f"R1-R{len(names)} ends on the same site" in text
    none = summary.model_copy(update={"at_headline": jump.model_copy(update={"is_jump": False})})
    assert control_sentence(SeriesResults("L", none, pd.DataFrame(), pd.DataFrame(), members)) == ""
