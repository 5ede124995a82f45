"""Couplings of joined dots from their record to figure and page, and settings that are refused."""

import shutil

import numpy as np
import pytest

from qdjunction.core.errors import InputError
from qdjunction.core.provenance import Provenance
from qdjunction.engine.contract import EngineInfo
from qdjunction.interference.coupling import Coupling
from qdjunction.interference.coupling_results import CouplingRecord, PairCoupling, decays_of
from qdjunction.report.collect import collect
from qdjunction.report.drawing import draw
from qdjunction.report.page import Page
from qdjunction.report.plan import planned_figures
from qdjunction.report.sections.registry import SECTIONS
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config
from qdjunction.study.study_file import read_study
from support.paths import CLUSTERS, RECORDED

PAIR = {
    "source": "pair", "name": "joined", "first": {"dot": "1Pb"}, "second": {"dot": "1Pb"}, "first_site": "R2",
    "second_site": "L", "linker": "ethanedithiol", "contacts": ["A.L-B.R2"],
}  # fmt: skip


def pair(name, distance, coupling, localisation=1.0):
    one = Coupling(
        (-1.0, -1.1), 2 * coupling, coupling, 1, localisation, 0.01, coupling / 4, 3 * coupling / 4
    )
    return PairCoupling(
        pair=name,
        linker="x",
        is_saturated=True,
        end_distance_ang=distance,
        pb_distance_ang=distance + 6,
        levels={"HOMO": one, "LUMO": one},
    )


def test_figure_and_page_show_the_decay(tmp_path):
    folder = tmp_path / "results"
    shutil.copytree(RECORDED, folder)
    made = make_study(parse_config({"study": "s", "dots": [PAIR], "coupling": True}), CLUSTERS)
    assert [dot.id for dot in made.joined_dots] == ["joined"]
    assert not make_study(parse_config({"study": "s", "dots": [PAIR]}), CLUSTERS).joined_dots
    pairs = (pair("C2", 4.0, 0.4), pair("C4", 6.0, 0.04), pair("C6", 8.0, 0.004), pair("C3", 5.0, 1.0, 0.1))
    found = CouplingRecord(
        pairs=pairs, decays=decays_of(pairs, 0.68), confidence=0.68, engine=EngineInfo("xtb", "GFN1-xTB", True),
        provenance={},
    )  # fmt: skip
    results = collect(read_study(folder))
    assert not [one for one in planned_figures(results.study) if one.kind == "coupling"]
    results = type(results)(**vars(results) | {"study": made, "coupling": found})
    (figure,) = (one for one in planned_figures(made) if one.kind == "coupling")
    drawing = draw(results, figure)
    axes = drawing.figure.axes[0]
    labels = axes.get_legend_handles_labels()[1]
    assert {"HOMO", "LUMO", "not resolved"} <= set(labels)
    assert [text.get_text() for text in axes.texts] == ["C2", "C3", "C4", "C6"]
    assert any(label.startswith("LUMO: $\\beta$ = 1.15") for label in labels)
    np.testing.assert_allclose(
        drawing.table.loc[drawing.table["resolved"], "fit_eV"], [0.4, 0.4, 0.04, 0.04, 0.004, 0.004]
    )
    html = SECTIONS["coupling"].html(Page(results, Provenance()))
    assert "levels not resolved in C3" in html
    assert "no: levels lie on both dots (localisation 0.10, needed 0.8)" in html
    assert "300.000" in html


def test_coupling_without_a_pair_is_refused():
    with pytest.raises(
        InputError, match=r"coupling = true: there is no pair of dots; add entries with source: pair"
    ):
        parse_config({"study": "s", "dots": [{"dot": "1Pb", "contacts": ["long"]}], "coupling": True})
