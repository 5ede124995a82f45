"""Slides from their files to figure and page."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from qdjunction.core.errors import EngineError
from qdjunction.core.files import write_table
from qdjunction.core.provenance import Provenance
from qdjunction.engine.contract import EngineInfo
from qdjunction.report.collect import collect
from qdjunction.report.drawing import draw
from qdjunction.report.page import Page
from qdjunction.report.plan import planned_figures
from qdjunction.report.sections.registry import SECTIONS
from qdjunction.steps.slide import slide_sentence, slide_table
from qdjunction.study.failures import Failure, recorded_case
from qdjunction.study.results import SlideRecord, SlideStep
from qdjunction.study.study_file import read_study
from qdjunction.traces.few_points import largest_rise
from support.paths import RECORDED

DOT = "1Pb_MAPbBr3"
LEVELS = (-3.0, -4.0, -5.0, -4.3, -4.4)


@pytest.fixture
def folder(tmp_path):
    """The recorded study of 1Pb with a made slide, of which the contact breaks at the third step."""
    folder = tmp_path / "results"
    shutil.copytree(RECORDED, folder)
    record = json.loads((folder / "study.json").read_text())
    record["config"]["slide"] = [{"name": "row", "dot": DOT, "junction": "short", "towards": "R2"}]
    (folder / "study.json").write_text(json.dumps(record))
    steps = [
        SlideStep(
            step=number, displacement_ang=0.4 * number, energy_ev=-100 + 0.1 * number, force_ev_per_ang=-0.25,
            conductance_g0=10**level, conductance_at_fermi_g0=0.01, homo_ev=-0.5, lumo_ev=3.0, distance_ang=2.7,
            towards_ang=5.0, broken=("Br 3-Au 41",) if number > 2 else (), formed=(), findings=(),
            relaxation_steps=20, fmax_ev_per_ang=0.04,
        )
        for number, level in enumerate(LEVELS)
    ]  # fmt: skip
    rise = largest_rise([one.displacement_ang / 10 for one in steps], LEVELS)
    slides = folder / DOT / "slides" / "row"
    slides.mkdir(parents=True)
    write_table(slide_table(steps), slides / "slide.csv")
    SlideRecord(
        junction="short", left="L", right="R1", towards="R2", direction=(0, 0, 1), step_ang=0.4,
        headline="1 eV above the HOMO", temperature_k=300, steps=tuple(steps), rise=rise,
        sentence=slide_sentence(steps, rise), ended="ended after 1.60 Ang: no convergence.",
        engine=EngineInfo("xtb", "GFN1-xTB", embedded=True), provenance={},
    ).write(slides / "slide.json")  # fmt: skip
    return folder


def test_figure_and_page_show_the_slide(folder):
    results = collect(read_study(folder))
    (figure,) = (one for one in planned_figures(results.study) if one.kind == "slide")
    assert figure.stem == f"{DOT}_short_slide_row"
    drawing = draw(results, figure)
    conductance, energy, force = drawing.figure.axes
    np.testing.assert_allclose(conductance.lines[0].get_ydata(), LEVELS)
    np.testing.assert_allclose(
        conductance.lines[2].get_xdata(), [1.2, 1.6], err_msg="open: the bond is broken"
    )
    np.testing.assert_allclose(energy.lines[0].get_ydata(), np.arange(5) * 0.1, atol=1e-9)
    np.testing.assert_allclose(force.lines[0].get_ydata(), -0.25)
    (band,) = conductance.patches
    assert (band.get_x(), band.get_width()) == pytest.approx((0.8, 0.4))
    html = SECTIONS["slide"].html(Page(results, Provenance()))
    assert "0.70 decades at 0.80 Å, where log10(G/G0) is -5.00: which is a jump by the published rule" in html
    assert "bonds of gold break from 1.20 Å on (Br 3-Au 41)" in html
    assert "The slide ended after 1.60 Å: no convergence." in html
    assert "Br 3-Au 41 broken" in html


def test_a_failed_slide_is_listed_and_its_figure_says_why(folder):
    job = SimpleNamespace(config={"on_failure": "record"}, rule="slide", wildcards=[DOT, "row"], input=[])
    with recorded_case(job, "", list((folder / DOT / "slides" / "row").iterdir())):
        raise EngineError("the SCF does not converge")
    failure = Failure("slide", f"{DOT}/row", "EngineError", "the SCF does not converge")
    results = collect(read_study(folder))
    assert results.slides == ()
    assert failure in results.failures
    (figure,) = (one for one in planned_figures(results.study) if one.kind == "slide")
    assert "the SCF does not converge" in draw(results, figure).table["not_available_because"][0]
    assert SECTIONS["slide"].html(Page(results, Provenance())) == ""


def test_a_slide_is_drawn_over_the_traces_of_its_dot(traced_folder, folder, tmp_path):
    with_traces = shutil.copytree(traced_folder / "results", tmp_path / "traced")
    record = json.loads((with_traces / "study.json").read_text())
    record["config"]["slide"] = json.loads((folder / "study.json").read_text())["config"]["slide"]
    (with_traces / "study.json").write_text(json.dumps(record))
    shutil.copytree(folder / DOT / "slides", with_traces / DOT / "slides")
    results = collect(read_study(with_traces))
    (figure,) = (one for one in planned_figures(results.study) if one.kind == "slide_traces")
    assert figure.stem == f"{DOT}_slide_traces"
    drawing = draw(results, figure)
    rows = drawing.table[drawing.table["row"] == "slide"]
    assert set(rows["set"]) == {"row"}
    np.testing.assert_allclose(rows["displacement_nm"], 0.04 * np.arange(5), atol=1e-9)
    np.testing.assert_allclose(rows["log10_g"], LEVELS)
    measured = drawing.figure.axes[0]
    np.testing.assert_allclose(measured.lines[-1].get_ydata(), LEVELS)
    assert "Displacements" in SECTIONS["slide_traces"].html(Page(results, Provenance()))


def test_a_slide_without_traces_has_no_such_figure(folder):
    results = collect(read_study(folder))
    assert not [one for one in planned_figures(results.study) if one.kind == "slide_traces"]
    assert SECTIONS["slide_traces"].html(Page(results, Provenance())) == ""
