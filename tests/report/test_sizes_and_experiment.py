"""Gaps against size and measured plateaus, on the recorded 1Pb study with a second dot and a decay made of it."""

from dataclasses import replace

import numpy as np
import pytest

from qdjunction.interference.confinement import brus_gap_ev
from qdjunction.interference.series import SeriesMember, analyse_series
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.report import style
from qdjunction.report.data import SeriesResults, StudyResults
from qdjunction.report.page import Page
from qdjunction.report.plan import planned_figures
from qdjunction.report.sections import experiment, sizes
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config
from qdjunction.study.papers import read_paper
from support.paths import CLUSTERS

ONE, EIGHT = "1Pb_MAPbBr3", "8Pb_MAPbBr3"
PAPER = read_paper("zheng-2019")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> StudyResults:
    """A study of 1Pb and 8Pb, in which 8Pb has recorded junctions of 1Pb at growing distances."""
    from qdjunction.report.collect import collect
    from qdjunction.study.study_file import read_study
    from support.paths import RECORDED

    recorded = collect(read_study(RECORDED))
    config = {
        "study": "made",
        "paper": "zheng-2019",
        "dots": [
            {"dot": "1Pb", "contacts": ["short", "long"]},
            {"dot": "8Pb", "contacts": ["L-R1", "L-R2", "L-R3"]},
        ],
        "transport": {"energy_min_ev": -2, "energy_max_ev": 5},
        "interference": {"reference": "homo", "offset_ev": 1.0},
    }
    study = make_study(parse_config(config), CLUSTERS)
    one = recorded.dot(ONE)
    short, long = one.series[0].junctions
    eight = study.dot(EIGHT)
    junctions, members = [], []
    for case, source, distance in zip(eight.junctions, (long, short, long), (5.0, 9.0, 13.0), strict=True):
        junctions.append(replace(source, case=case))
        gap = (source.frontier.homo_ev, source.frontier.lumo_ev)
        members.append(SeriesMember(case.name, "L", case.right, distance, gap, source.transmission))
    analysed = analyse_series(members, 300.0, InterferenceSettings(reference="homo", offset_ev=1.0))
    (found,) = analysed.series
    series = SeriesResults("L", found.summary, analysed.conductance_table, found.table, tuple(junctions))
    atoms = eight.entry.build(eight.definition)
    other = replace(one, case=eight, atoms=atoms, homo_ev=-1.5, lumo_ev=1.5, series=(series,))
    return replace(recorded, study=study, dots=(replace(one, case=study.dot(ONE)), other))


def test_the_figures_are_planned_for_this_paper_alone(made):
    kinds = {figure.kind for figure in planned_figures(made.study)}
    assert {"sizes", "experiment"} <= kinds
    without = replace(made.study, config=made.study.config.model_copy(update={"paper": None}))
    assert not {"sizes", "experiment"} & {figure.kind for figure in planned_figures(without)}


def test_gaps_stand_at_the_volume_of_their_cells(made):
    (crystal,) = PAPER.crystals
    table = sizes.sizes_table(made, PAPER, crystal)
    computed = table[table["row"] == "computed"].set_index("dot")
    assert computed["edge_nm"].to_dict() == pytest.approx({ONE: 0.593, EIGHT: 2 * 0.593})
    assert computed.loc[EIGHT, "gap_eV"] == 3.0
    published = table[table["row"] == "published"].set_index("dot")["gap_eV"]
    assert published.to_dict() == {ONE: 3.91}
    assert set(table[table["row"] == "crystal"]["gap_eV"]) == {2.31, 2.24}
    curve = table[table["row"] == "curve"].iloc[-1]
    radius = 10 * curve["edge_nm"] * (3 / (4 * np.pi)) ** (1 / 3)
    assert curve["gap_eV"] == pytest.approx(float(brus_gap_ev(radius, 2.24, 0.117, crystal.permittivity)))


def test_measured_and_computed_stand_on_one_axis(made):
    table = experiment.experiment_table(made)
    plateaus = table[table["row"] == "plateau"]
    assert plateaus["log10_conductance_G0"].tolist() == [-1.54, -2.72, -4.13]
    assert plateaus["displacement_ang"].tolist() == pytest.approx([0, 4.6, 9.9])
    contacts = table[table["row"] == "contact"]
    assert contacts["contact"].tolist() == ["R1", "R2", "R3"]
    assert contacts["displacement_ang"].iloc[1] == pytest.approx(5.93, abs=0.05)
    summary = made.series(EIGHT, "L").decay
    np.testing.assert_allclose(10 ** contacts["log10_conductance_G0"], summary.conductance_at_headline_G0)
    betas = table[table["row"] == "beta"].set_index("of")["beta_per_ang"]
    assert betas.to_dict() == pytest.approx(
        {"measured": 0.57, "published calculation": 0.54, EIGHT: summary.at_headline.beta_per_ang}
    )
    steps = table[table["row"] == "step beta"]["beta_per_ang"]
    first, second = summary.conductance_at_headline_G0[:2]
    assert steps.tolist() == pytest.approx([np.log(first / second) / 4.0])


def test_both_are_on_the_page(made):
    page = Page(made, {})
    html = sizes.KIND.html(page)
    assert "Galkowski" in html
    assert "permittivity of\n8.0" in html
    assert "is not\navailable: its periodic version is Gamma-only" in html
    html = experiment.KIND.html(page)
    assert "Nothing is fitted or shifted" in html
    assert EIGHT in html


def test_they_have_the_width_of_a_column_and_of_a_page(made):
    with style.figure_style():
        for section, width in ((sizes.KIND, 89), (experiment.KIND, 183)):
            (figure,) = section.figures(made.study)
            drawn = section.draw(made, figure).figure
            assert drawn.get_size_inches()[0] * 25.4 == pytest.approx(width)
