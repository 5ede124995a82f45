"""The sections of the report: found, cheap to plan, and added by another distribution."""

import json
import re
from dataclasses import replace

import pandas as pd
import pytest

from qdjunction.core.provenance import Provenance
from qdjunction.interference.results import Charges
from qdjunction.report.page import Page
from qdjunction.report.plan import PlannedFigure, files_of, planned_figures
from qdjunction.report.sections.alignment import KIND as ALIGNMENT
from qdjunction.report.sections.registry import SECTIONS
from qdjunction.report.template import TEMPLATES
from qdjunction.study.study_file import read_study
from support.distributions import install
from support.paths import RECORDED
from support.processes import environment, python

ADDED = """
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import SeriesSection, of_dots


class DistancesSection(SeriesSection):
    name = "distances"
    order = 65
    figure_title = "Distances of the contacts"

    def files(self, study):
        return of_dots(study, "conductance.csv")

    def draw(self, results, figure):
        rows = results.series(figure.dot, figure.left).conductance
        table = rows.groupby("junction", sort=False)["contact_distance_ang"].first().reset_index()
        drawn = new_figure(2.0)
        drawn.add_subplot().bar(table["junction"], table["contact_distance_ang"])
        return Drawing(drawn, table)

    def caption(self, figure):
        return "The distance d_LR of the two contact atoms."


KIND = DistancesSection()
"""


def test_a_section_of_another_distribution_is_planned_drawn_and_shown(tmp_path):
    install(tmp_path, "distances", "qdjunction.report_sections", "distances:KIND", ADDED)
    words = ("figures", RECORDED, "--output", tmp_path / "out")
    run = python("-m", "qdjunction.cli", *words, env=environment(tmp_path))
    assert run.returncode == 0, run.stderr
    stem = "1Pb_MAPbBr3_L_distances"
    figures = {path.name for path in (tmp_path / "out" / "figures").iterdir()}
    own = {
        f"{one.stem}.{suffix}"
        for one in planned_figures(read_study(RECORDED))
        for suffix in ("svg", "pdf", "csv")
    }
    assert figures - own == {f"{stem}.svg", f"{stem}.pdf", f"{stem}.csv", "figures.json"}
    (series,) = json.loads((RECORDED / "1Pb_MAPbBr3" / "series.json").read_text())["series"]
    table = pd.read_csv(tmp_path / "out" / "figures" / f"{stem}.csv")
    assert table["junction"].tolist() == series["junctions"]
    assert table["contact_distance_ang"].tolist() == pytest.approx(series["distances_ang"])
    page = (tmp_path / "out" / "index.html").read_text()
    assert "<b>Distances of the contacts.</b> The distance d<sub>LR</sub> of the two contact atoms." in page
    places = [page.index(text) for text in ("Junctions of 1Pb_MAPbBr3", stem, "Local density of states")]
    assert places == sorted(places)


def test_planning_loads_nothing_that_draws():
    """Snakemake plans the figures in every job."""
    code = (
        "import sys\n"
        "from qdjunction.report.plan import files_of, planned_figures\n"
        "from qdjunction.study.study_file import read_study\n"
        "study = read_study(sys.argv[1])\n"
        "assert planned_figures(study) and files_of(study)\n"
        "print(*sorted({'ase', 'jinja2', 'matplotlib', 'pandas', 'plotly', 'xarray'} & sys.modules.keys()))\n"
    )
    run = python("-c", code, RECORDED)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == []


def test_alignment_is_shown_where_the_results_have_charges(results):
    (dot,) = results.dots
    (series,) = dot.series
    page = Page(results, Provenance())
    assert ALIGNMENT.html(page, dot, series) == ""
    charges = Charges(dot_e=0.61, left_tip_e=-0.3, right_tip_e=-0.31)
    short, long = series.junctions
    charged = replace(short, frontier=short.frontier.model_copy(update={"charges": charges}))
    html = str(ALIGNMENT.html(page, dot, replace(series, junctions=(charged, long))))
    assert "pinned near the HOMO of the dot in short (0.54 eV above it)." in html
    assert "charged by more than 0.5 e in short (+0.61 e)" in html
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", html)
    assert cells == [
        "short",
        "+0.61",
        "\N{MINUS SIGN}0.30",
        "\N{MINUS SIGN}0.31",
        "\N{MINUS SIGN}0.54",
        "+4.28",
    ]


def test_every_figure_of_the_library_has_a_caption_for_snakemake():
    drawn = [section.name for section in SECTIONS.values() if section.figure_title]
    assert len(drawn) > 10
    for name in drawn:
        text = PlannedFigure(name).caption_file.read_text(encoding="utf-8").strip()
        assert SECTIONS[name].caption(PlannedFigure(name)) == text != ""
    assert PlannedFigure("of another distribution").caption_file is None


def test_a_study_of_single_junctions_shows_no_chain(results):
    """The chain compares the sites of one dot, as a series of contacts does; single junctions have none."""
    assert results.study.compares_contacts
    entry = results.study.dots[0].entry.model_copy(update={"contacts": ["long"]})
    single = replace(results.study, dots=(replace(results.study.dots[0], entry=entry),))
    assert not single.compares_contacts
    assert not [figure for figure in planned_figures(single) if figure.kind == "chain"]
    assert "chain.json" in files_of(results.study)
    assert "chain.json" not in files_of(single)
    page = Page(replace(results, study=single, chain=None, chain_summary=None), Provenance())
    assert SECTIONS["chain"].html(page) == ""


def test_the_configuration_names_the_engine_of_the_study_alone(results):
    html = SECTIONS["config"].html(Page(results, Provenance()))
    assert "\nxtb:" in html
    assert "\nsiesta:" not in html


def test_a_reason_of_failure_wraps():
    css = (TEMPLATES / "page.css").read_text()
    assert re.search(r"td\.word:last-child \{[^}]*white-space: normal", css)
