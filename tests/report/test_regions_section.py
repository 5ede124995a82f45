"""Regions and reactions from recorded H and S to figure, page and the table of the paper."""

import json
import shutil

import numpy as np
import pytest

from qdjunction.core.results import read_result
from qdjunction.interference.confinement import brus_gap_ev, sphere_radius_ang
from qdjunction.interference.regions import PbDistances, RegionRecord
from qdjunction.report.collect import collect
from qdjunction.report.drawing import draw
from qdjunction.report.page import Page
from qdjunction.report.paper_comparison import compare_with_paper
from qdjunction.report.plan import planned_figures
from qdjunction.report.sections.registry import SECTIONS
from qdjunction.steps.regions import regions_of_dot
from qdjunction.structure.regions import REGIONS
from qdjunction.study.build import make_study
from qdjunction.study.config import read_config
from qdjunction.study.papers import Paper
from qdjunction.study.results import ReactionRecord, ReactionsRecord
from qdjunction.study.study_file import read_study
from support.paths import CLUSTERS, RECORDED, ROOT

DOT = "1Pb_MAPbBr3"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The recorded study of 1Pb with its regions, computed here, and a made reaction."""
    folder = tmp_path_factory.mktemp("regions") / "results"
    shutil.copytree(RECORDED, folder)
    record = json.loads((folder / "study.json").read_text())
    record["config"] |= {"regions": True, "paper": "chevalier-2022"}
    (folder / "study.json").write_text(json.dumps(record))
    dot = folder / DOT
    regions_of_dot(dot / "dot.extxyz", dot / "hamiltonian.nc", dot / "regions.json")
    found = collect(read_study(folder))
    made = ReactionRecord(
        name="made",
        equation="a -> b",
        energy_ev=-1.25,
        formulas={},
        fmax_ev_per_ang=0.1,
        findings=("a: lost",),
    )
    reactions = ReactionsRecord(reactions=(made,), engine=found.engine, provenance={})
    return type(found)(**vars(found) | {"reactions": reactions})


def test_the_levels_of_the_recorded_dot_are_those_of_its_eigenvalues(results):
    found = results.regions[DOT]
    dot = results.dot(DOT)
    assert found.gap_ev == pytest.approx(dot.lumo_ev - dot.homo_ev, abs=1e-6)
    assert found.atoms == dict.fromkeys(REGIONS, 0) | {"corners": 7, "cations": 32}
    for level in found.levels.values():
        assert sum(level.weights.values()) == pytest.approx(1)
    # Br 4p of the octahedron.
    assert found.levels["HOMO"].weights["corners"] > 0.9


def test_figure_and_page_show_the_weights(results):
    (figure,) = (one for one in planned_figures(results.study) if one.kind == "regions")
    drawing = draw(results, figure)
    axes = drawing.figure.axes[0]
    widths = np.array([bar.get_width() for bar in axes.patches]).reshape(len(REGIONS), 2)
    np.testing.assert_allclose(widths.sum(axis=0), 1)
    assert [label.get_text() for label in axes.get_yticklabels()] == [f"{DOT}  HOMO", f"{DOT}  LUMO"]
    html = SECTIONS["regions"].html(Page(results, {}))
    assert f"{results.regions[DOT].levels['HOMO'].weights['corners']:.2f}" in html
    reactions = SECTIONS["reactions"].html(Page(results, {}))
    assert "−1.250" in reactions
    assert "a: lost" in reactions
    assert "a → b" in reactions
    bare = collect(read_study(RECORDED))
    assert SECTIONS["regions"].html(Page(bare, {})) == SECTIONS["reactions"].html(Page(bare, {})) == ""


def test_sizes_and_distances_stand_beside_those_of_a_paper(results):
    def compared(found):
        items = [
            {"item": "cations", "quantity": "surface-cations", "dot": DOT, "value": 4.0, "tolerance": 0},
            {"item": "edge", "quantity": "edge", "dot": DOT, "value": 1.2, "unit": "nm", "tolerance": 0.01},
            {
                "item": "Pb",
                "quantity": "pb-distance",
                "dot": DOT,
                "value": 0.7,
                "unit": "nm",
                "tolerance": 0.05,
            },
            {
                "item": "Brus",
                "quantity": "brus-gap",
                "dot": DOT,
                "value": 1.0,
                "tolerance": 0,
            },
        ]
        paper = Paper(title="", source="", doi="", method="", items=items)
        return compare_with_paper(found, paper).set_index("item")

    bare = compared(results)
    assert bare["agrees"].tolist() == ["yes", "not available", "not available", "no"]
    assert bare.loc["edge", "note"] == f"{DOT} has no neighbouring Pb"
    distances = PbDistances(pairs=12, mean_ang=6.0, deviation_ang=0.1, shortest_ang=5.8, longest_ang=7.1)
    regions = results.regions[DOT].model_copy(update={"pb": 8, "pb_distances": distances})
    cube = compared(type(results)(**vars(results) | {"regions": {DOT: regions}}))
    # The interval of the distances holds 0.7 nm, their mean does not agree with it.
    assert cube["agrees"].tolist() == ["yes", "yes", "open", "no"]
    # One cell of MAPbBr3, permittivity 8.0 from its exciton.
    gap = brus_gap_ev(sphere_radius_ang(5.93**3), 2.24, 0.117, 7.98)
    assert float(bare.loc["Brus", "ours"]) == pytest.approx(float(gap), rel=5e-3)


def test_the_study_of_qd4_is_neutral_and_has_the_published_counts():
    """Charges, sites and atoms of all its structures, before any job."""
    path = ROOT / "papers" / "chevalier-2022.yaml"
    study = make_study(read_config(path), CLUSTERS, path)
    assert path.stem == study.config.paper
    # 58 Cs, 54 MA, 64 Pb, 232 Br and 8 hydrogen malates of 14 atoms; 104 MA, 64 Pb, 216 Br and 8 malates of 13.
    assert study.dot("QD4-Cs").atoms == 58 + 54 * 8 + 64 + 232 + 8 * 14
    assert study.dot("QD4-MA").atoms == 104 * 8 + 64 + 216 + 8 * 13
    assert {dot.id for dot in study.region_dots} == {dot.id for dot in study.dots if "Pb" in dot.elements}
    assert len(study.reaction_dots) == 6


def test_a_record_is_read_back_as_written(results, tmp_path):
    found = results.regions[DOT]
    found.write(tmp_path / "regions.json")
    back = read_result(RegionRecord, tmp_path / "regions.json")
    assert back.levels == found.levels
    assert np.isnan(back.pb_distances.mean_ang)
