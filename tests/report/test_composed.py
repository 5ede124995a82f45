"""Figures of several panels, of a series made from the recorded junctions of 1Pb."""

from dataclasses import replace

import numpy as np
import pytest

from qdjunction.interference.series import SeriesMember, analyse_series
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.report.collect import collect
from qdjunction.report.data import SeriesResults
from qdjunction.report.drawing import draw
from qdjunction.report.sections.contract import PlannedFigure
from qdjunction.study.cases import JunctionCase
from qdjunction.study.study_file import read_study
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


def test_six_panels_with_letters_over_two_columns(results):
    drawing = draw(results, FIGURE)
    assert drawing.figure.get_size_inches()[0] * 25.4 == pytest.approx(183)
    above, below = drawing.figure.subfigs
    panels = [*above.axes, *below.axes[:3]]
    letters = [next(t.get_text() for t in axes.texts if t.get_fontsize() == 9) for axes in panels]
    assert letters == list("abcdef")
    assert [axes.get_title() for axes in below.axes[:3]] == ["L-R1", "L-R2", "L-R3"]
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in below.axes[:3]}) == 1, "one scale of lengths"
    assert len(above.legends) == 1
    sizes = {text.get_fontsize() for axes in above.axes for text in (axes.xaxis.label, axes.yaxis.label)}
    assert sizes == {7.0}


def test_its_table_has_the_numbers_of_every_panel(results):
    table = draw(results, FIGURE).table
    assert set(table["panel"]) == set("abcdef")
    contacts = table[(table["panel"] == "c") & (table["row"] == "contact")]
    (series,) = results.dot(DOT).series
    np.testing.assert_allclose(contacts["conductance_G0"], series.summary.conductance_at_headline_G0)
    sites = table[(table["panel"] == "a") & (table["energy"] == "headline")]
    for row, junction in zip(sites.itertuples(), series.junctions, strict=True):
        assert (row.left, row.right) == ("L", junction.case.right)
        at = np.abs(junction.transmission.energies_ev - series.summary.headline_energy_ev).argmin()
        assert row.transmission == pytest.approx(junction.transmission.transmission[at], rel=0.1)


def test_without_the_density_of_a_pictured_junction_it_says_so(results):
    dot = results.dot(DOT)
    (series,) = dot.series
    lost = replace(series, junctions=(*series.junctions[:-1], replace(series.junctions[-1], density=None)))
    drawing = draw(replace(results, dots=(replace(dot, series=(lost,)),)), FIGURE)
    assert "not available" in drawing.figure.texts[0].get_text()
