"""Binding curves from their files to figure, page and the table of the paper."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from qdjunction.core.errors import InputError
from qdjunction.core.files import write_table
from qdjunction.core.provenance import Provenance
from qdjunction.engine.contract import EngineInfo
from qdjunction.report.collect import collect
from qdjunction.report.drawing import draw
from qdjunction.report.page import Page
from qdjunction.report.paper_comparison import compare_with_paper
from qdjunction.report.plan import planned_figures
from qdjunction.report.sections.registry import SECTIONS
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config
from qdjunction.study.papers import Paper
from qdjunction.study.results import BindingRecord
from qdjunction.study.study_file import read_study
from support.paths import CLUSTERS, RECORDED

DOT = "1Pb_MAPbBr3"
CONTACTS = [{"dot": DOT, "junction": "long"}]


@pytest.fixture
def results(tmp_path):
    """The recorded study of 1Pb with a made curve."""
    folder = tmp_path / "results"
    shutil.copytree(RECORDED, folder)
    record = json.loads((folder / "study.json").read_text())
    record["config"]["binding"] = {"contacts": CONTACTS}
    (folder / "study.json").write_text(json.dumps(record))
    distances = np.linspace(2.2, 4.0, 13)
    write_table(
        pd.DataFrame({"distance_ang": distances, "energy_eV": (distances - 2.8) ** 2 - 1}),
        folder / DOT / "binding.csv",
    )
    BindingRecord(
        contact="L", symbol="Br", distance_ang=2.8, binding_energy_ev=1.0, far_ang=15.0, far_energy_ev=-0.25,
        engine=EngineInfo("xtb", "GFN1-xTB", embedded=True), provenance={},
    ).write(folder / DOT / "binding.json")  # fmt: skip
    return collect(read_study(folder))


def test_a_corrected_curve_is_shown_beside_the_uncorrected_one(results):
    (one,) = results.binding
    record = one.record.model_copy(
        update={"uncorrected_distance_ang": 2.71, "uncorrected_binding_energy_ev": 1.34}
    )
    table = one.table.assign(uncorrected_energy_eV=one.table["energy_eV"] - 0.3)
    corrected = replace(results, binding=[replace(one, record=record, table=table)])
    html = SECTIONS["binding"].html(Page(corrected, Provenance()))
    assert "2.71" in html
    assert "1.340" in html
    (figure,) = (one for one in planned_figures(results.study) if one.kind == "binding")
    curve, without, *_ = draw(corrected, figure).figure.axes[0].lines
    np.testing.assert_allclose(curve.get_ydata() - without.get_ydata(), 0.3)


def test_figure_page_and_paper_show_the_curve(results):
    (figure,) = (one for one in planned_figures(results.study) if one.kind == "binding")
    drawing = draw(results, figure)
    curve, minimum, *_ = drawing.figure.axes[0].lines
    np.testing.assert_allclose(curve.get_ydata().min(), -1, atol=0.01)
    assert (minimum.get_xdata()[0], minimum.get_ydata()[0]) == (2.8, -1.0)
    html = SECTIONS["binding"].html(Page(results, Provenance()))
    assert "Au–Br" in html
    assert "−0.250" in html
    assert "uncorrected" not in html
    items = [
        {"item": "rises", "quantity": "binding-rises", "dots": [DOT, DOT], "value": "yes"},
        {"item": "lone", "quantity": "binding-rises", "dots": ["1Pb_MAPbI3", DOT], "value": "yes"},
        {"item": "d", "quantity": "contact-distance", "halide": "Br", "value": 2.76, "tolerance": 0.1},
        {"item": "i", "quantity": "contact-distance", "halide": "I", "value": 2.88, "tolerance": 0.1},
    ]
    table = compare_with_paper(results, Paper(title="", source="", doi="", method="", items=items)).set_index(
        "item"
    )
    assert table["agrees"].tolist() == ["no", "not available", "yes", "not available"]
    assert (
        "1.00, 1.00 eV, all atoms held; of these 0.25, 0.25 eV are left far away"
        in table.loc["rises", "note"]
    )


@pytest.mark.parametrize(
    ("binding", "reason"),
    [
        (
            {"contacts": [{"dot": DOT, "junction": "wide"}]},
            r"binding\.contacts\.0: there is no junction 'wide'",
        ),
        ({"contacts": CONTACTS * 2}, "1Pb_MAPbBr3 is listed twice"),
        ({"contacts": CONTACTS, "shortest_ang": 3.0, "longest_ang": 2.0}, "must lie above shortest_ang = 3"),
    ],
)
def test_wrong_settings_are_refused_before_any_job(binding, reason):
    values = {"study": "s", "dots": [{"dot": "1Pb", "contacts": ["long"]}], "binding": binding}
    with pytest.raises(InputError, match=reason):
        make_study(parse_config(values), CLUSTERS)
