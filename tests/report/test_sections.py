"""The sections of the report: found, cheap to plan, and added by another distribution."""

import json

import pandas as pd
import pytest
from qdjunction.report.plan import PlannedFigure, planned_figures
from qdjunction.report.sections.registry import SECTIONS
from qdjunction.study.table import read_study
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
        "from qdjunction.study.table import read_study\n"
        "study = read_study(sys.argv[1])\n"
        "assert planned_figures(study) and files_of(study)\n"
        "print(*sorted({'ase', 'jinja2', 'matplotlib', 'pandas', 'plotly', 'xarray'} & sys.modules.keys()))\n"
    )
    run = python("-c", code, RECORDED)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == []


def test_every_figure_of_the_library_has_a_caption_for_snakemake():
    drawn = [section.name for section in SECTIONS.values() if section.figure_title]
    assert len(drawn) == 14
    for name in drawn:
        text = PlannedFigure(name).caption_file.read_text(encoding="utf-8").strip()
        assert SECTIONS[name].caption(PlannedFigure(name)) == text != ""
    assert PlannedFigure("of another distribution").caption_file is None
