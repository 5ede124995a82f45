"""The section on ensembles, from the results of a study whose members are the recorded junctions at other energies."""

import json
import shutil

import numpy as np
import pytest

from qdjunction.core.provenance import Provenance
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.report.collect import collect
from qdjunction.report.drawing import draw
from qdjunction.report.page import Page
from qdjunction.report.plan import files_of, planned_figures
from qdjunction.report.sections.ensembles import KIND
from qdjunction.steps.ensemble import ensemble
from qdjunction.steps.interference import series
from qdjunction.study.study_file import read_study
from support.paths import RECORDED

DOT = "1Pb_MAPbBr3"
OFFSETS_EV = (0.8, 1.2)


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """Results with an ensemble; each member has the headline energy moved."""
    results = tmp_path_factory.mktemp("ensemble") / "results"
    shutil.copytree(RECORDED, results)
    values = json.loads((results / "study.json").read_text())
    values["config"]["ensemble"] = {"tips": {"members": len(OFFSETS_EV)}}
    (results / "study.json").write_text(json.dumps(values))
    study = read_study(results)
    contacts = study.dot(DOT).contacts
    members = {}
    for case, offset in zip(study.members_by_dot[DOT], OFFSETS_EV, strict=True):
        folder = results / case.id
        files = ([results / DOT / name / file for name in contacts] for file in FILES)
        settings = study.config.interference.model_copy(update={"offset_ev": offset})
        outputs = (folder / "conductance.csv", folder / "series.csv", folder / "series.json")
        series(contacts, *files, 300.0, settings, *outputs)
        members[case.id] = folder / "series.json"
    groups = {"tips": {"members": list(members), "settings": {"members": len(members)}}}
    outputs = results / DOT / "ensemble.csv", results / DOT / "ensemble.json"
    ensemble(groups, results / DOT / "series.json", members, InterferenceSettings(), *outputs)
    return results, collect(study)


FILES = ("transmission.nc", "frontier.json")


def test_its_files_and_figures_are_planned(collected):
    study = collected[1].study
    assert f"{DOT}/ensemble.json" in files_of(study)
    assert f"{DOT}_L_ensemble_tips" in [figure.stem for figure in planned_figures(study)]
    assert not [file for file in files_of(read_study(RECORDED)) if "ensemble" in file]


def test_the_section_shows_every_number_of_the_record(collected):
    folder, results = collected
    record = json.loads((folder / DOT / "ensemble.json").read_text())
    section = str(KIND.html(Page(results, Provenance())))
    for quantity in record["groups"][0]["series"][0]["quantities"]:
        assert f"{quantity['spread']['median']:.2f}".replace("-", "−") in section
    assert "turn and distance of the tips" in section
    assert "data:image/svg+xml" in section
    assert list(KIND.links(results)) == [("ensembles", "Ensembles")]
    assert KIND.html(Page(collect(read_study(RECORDED)), Provenance())) == ""


def test_the_figure_is_drawn_from_the_members(collected):
    folder, results = collected
    (planned,) = KIND.figures(results.study)
    table = draw(results, planned).table
    members = table[table["member"].notna()]
    assert len(members) == len(OFFSETS_EV) * 2
    record = json.loads((folder / DOT / "ensemble.json").read_text())
    for quantity in record["groups"][0]["series"][0]["quantities"]:
        if quantity["junction"]:
            values = members.loc[members["junction"] == quantity["junction"], "log10_conductance_G0"]
            assert quantity["spread"]["mean"] == pytest.approx(np.mean(values), abs=1e-6)
