"""The cover of ligands from its record to figure, page and table of the paper."""

import shutil

import numpy as np
import pytest

from qdjunction.core.provenance import Provenance
from qdjunction.engine.contract import EngineInfo
from qdjunction.interference.cover import Computed, CoverRecord, cover_series
from qdjunction.report.collect import collect
from qdjunction.report.drawing import draw
from qdjunction.report.page import Page
from qdjunction.report.paper_comparison import compare_with_paper
from qdjunction.report.plan import files_of, planned_figures
from qdjunction.report.sections.cover import sentence
from qdjunction.report.sections.registry import SECTIONS
from qdjunction.study.build import make_study
from qdjunction.study.config import read_config
from qdjunction.study.papers import read_paper
from qdjunction.study.study_file import read_study
from support.paths import CLUSTERS, RECORDED, ROOT

PEA, DDA = "phenethylammonium", "diethyldimethylammonium"
FALLS = {PEA: [-0.3] * 8, DDA: [-0.4] * 4 + [-0.1] * 3 + [0.05]}


def series(ligand, falls):
    values = np.concatenate([[0.0], np.cumsum(falls)])
    return cover_series(
        ligand, [Computed(f"{ligand}-{n}", n, str(n), 1, value) for n, value in enumerate(values)], 8, 0.0,
        findings={f"{ligand}-3": ["transferred protons: 40"]},
    )  # fmt: skip


def record(falls):
    return CoverRecord(
        cell="CsPbBr3 (100)", sites=8, area_ang2=137.8, reservoirs="ion pairs", temperature_k=300.0,
        fmax_ev_per_ang=0.1, series=tuple(series(*one) for one in falls.items()),
        engine=EngineInfo("xtb", "GFN1-xTB", True), provenance={},
    )  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cover") / "results"
    shutil.copytree(RECORDED, folder)
    made = make_study(read_config(ROOT / "papers" / "mi-2025.yaml"), CLUSTERS)
    found = collect(read_study(folder))
    return type(found)(**vars(found) | {"study": made, "cover": record(FALLS)})


def test_the_study_needs_its_record(results):
    assert {"cover.json", "cover.csv"} <= set(files_of(results.study))


def test_figure_and_page_show_both_ligands(results):
    (figure,) = (one for one in planned_figures(results.study) if one.kind == "cover")
    drawing = draw(results, figure)
    above, below = drawing.figure.axes[:2]
    assert above.get_legend_handles_labels()[1] == [PEA, DDA]
    # The published minima are marked at the upper edge.
    marks = [line.get_xdata()[0] for line in above.lines if line.get_marker() == "v"]
    assert marks == [8.0, 7.0]
    assert drawing.table["differential_eV"].tolist()[1:9] == pytest.approx(FALLS[PEA])
    assert below.get_xlabel().startswith("Number of ligands")
    assert SECTIONS["cover"].origin(results, figure) == "preview by GFN1-xTB, not DFT"
    html = SECTIONS["cover"].html(Page(results, Provenance()))
    assert "Preview by GFN1-xTB, not DFT" in html
    assert "phenethylammonium: the free energy is lowest at N = 8; every further ligand is favourable" in html
    assert "there is a break after the ligand 4" in html
    assert "unfavourable are the ligands 8" in html
    assert "transferred protons: 40" in html


def test_the_table_of_the_paper_agrees_with_its_own_values(results):
    table = compare_with_paper(results, read_paper("mi-2025"))
    assert table["agrees"].tolist() == ["yes"] * len(table)
    assert table["note"][1].startswith("at -2.40 eV per cell; bonds or protons were not kept for N = 3")


def test_the_table_differs_where_the_study_does(results):
    other = type(results)(**vars(results) | {"cover": record({PEA: FALLS[DDA], DDA: FALLS[PEA]})})
    table = compare_with_paper(other, read_paper("mi-2025")).set_index("item")
    assert table["agrees"].tolist() == ["yes", *["no"] * 5]
    assert table["ours"]["truncated DDA, ligand from which on each one is less favourable"] == "no break"


def test_numbers_without_a_result_are_said(results):
    short = record({PEA: [-0.3, -0.2]})
    assert "among those computed; there is no result for N = 3, 4, 5, 6, 7, 8" in sentence(
        short.series[0], short
    )
    partial = type(results)(**vars(results) | {"cover": short})
    table = compare_with_paper(partial, read_paper("mi-2025"))
    assert table["agrees"].tolist() == ["yes", *["not available"] * 5]
    assert "only 0, 1, 2 have a result" in table["note"][1]
