"""The figure of several panels, of a series made from the recorded junctions of 1Pb."""

from dataclasses import replace

import numpy as np
import pytest

from qdjunction.interference.series import SeriesMember, analyse_series
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.report.data import SeriesResults, collect
from qdjunction.report.drawing import draw
from qdjunction.report.sections.contract import PlannedFigure
from qdjunction.study.table import JunctionCase, read_study
from support.paths import RECORDED

DOT = "1Pb_MAPbBr3"
FIGURE = PlannedFigure("composed", dot=DOT, left="L", title="t")


@pytest.fixture(scope="module")
def results():
    """Three contacts from one left contact: the recorded short, long and short junctions at growing distances."""
    recorded = collect(read_study(RECORDED))
    dot = recorded.dot(DOT)
    short, long = dot.series[0].junctions
    junctions, members = [], []
    for number, one in enumerate((short, long, short), start=1):
        case = JunctionCase(DOT, f"L-R{number}", "L", f"R{number}")
        junctions.append(replace(one, case=case))
        gap = (one.frontier.homo_ev, one.frontier.lumo_ev)
        members.append(SeriesMember(case.name, "L", case.right, 4.0 * number, gap, one.transmission))
    analysed = analyse_series(members, 300.0, InterferenceSettings())
    (found,) = analysed.series
    series = SeriesResults("L", found.summary, analysed.conductance_table, found.table, tuple(junctions))
    return replace(recorded, dots=(replace(dot, series=(series,)),))


def test_four_panels_with_letters_over_two_columns(results):
    drawing = draw(results, FIGURE)
    width_mm = drawing.figure.get_size_inches()[0] * 25.4
    assert width_mm == pytest.approx(170)
    before, after, spectrum, decay, *_ = drawing.figure.axes
    letters = [next(t.get_text() for t in axes.texts if t.get_fontsize() == 9)
               for axes in (before, after, spectrum, decay)]  # fmt: skip
    assert letters == ["a", "b", "c", "d"]
    assert before.get_title().startswith("L-R2")
    assert after.get_title().startswith("L-R3")
    assert before.get_xlim() == after.get_xlim(), "both pictures have one scale of lengths"
    assert len(drawing.figure.legends) == 1
    assert not any(axes.get_legend() for axes in drawing.figure.axes)
    sizes = {
        text.get_fontsize() for axes in (spectrum, decay) for text in (axes.xaxis.label, axes.yaxis.label)
    }
    assert sizes == {7.0}


def test_its_table_has_the_numbers_of_every_panel(results):
    table = draw(results, FIGURE).table
    assert set(table["panel"]) == set("abcd")
    contacts = table[(table["panel"] == "d") & (table["row"] == "contact")]
    np.testing.assert_allclose(
        contacts["conductance_G0"], results.dot(DOT).series[0].summary.conductance_at_headline_G0
    )


def test_without_the_density_of_a_pictured_junction_it_says_so(results):
    dot = results.dot(DOT)
    (series,) = dot.series
    lost = replace(series, junctions=(*series.junctions[:-1], replace(series.junctions[-1], density=None)))
    drawing = draw(replace(results, dots=(replace(dot, series=(lost,)),)), FIGURE)
    assert "not available" in drawing.figure.texts[0].get_text()
