"""docs/results.md names every file of a study, docs/report.md every figure."""

import re

import pytest

from qdjunction.report.sections.registry import SECTIONS
from qdjunction.study import layout
from qdjunction.traces.analyses.registry import ANALYSES
from support.paths import ROOT

OF_TRACES = {
    layout.SIMULATED, layout.TRUTH, layout.SIMULATION, layout.JUMPS, layout.HISTOGRAMS, layout.SELECTION,
    layout.BIAS_FIT, *(file for name in ANALYSES for file in layout.analysis_files(name)),
}  # fmt: skip
NAMES = {
    value for name, value in vars(layout).items() if name.isupper() and isinstance(value, str)
} - OF_TRACES  # fmt: skip
OF_RULES = {
    (path.name, name)
    for path in (ROOT / "rules").glob("*.smk")
    for name in re.findall(r"\"<results>/(?:[^\s\"]*/)?([\w.]+\.\w+)\"", path.read_text("utf-8"))
}


def first_columns(page):
    """Return the paths in the first column of every table of a page."""
    rows = re.findall(r"^\| (.*?) \|", (ROOT / "docs" / page).read_text("utf-8"), re.MULTILINE)
    return [path for row in rows for path in re.findall(r"`([^`]+)`", row)]


def named(page):
    """Return the names of files and folders, without what is above them."""
    return {part for path in first_columns(page) for part in path.split("/") if part}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_file_or_folder_of_a_study_is_on_the_page(name):
    assert name in named("results.md"), f"docs/results.md has no row for {name} of study/layout.py"


@pytest.mark.parametrize(("rules", "name"), sorted(OF_RULES))
def test_a_file_of_a_rule_is_on_the_page(rules, name):
    page = "traces.md" if name in OF_TRACES else "results.md"
    assert name in named(page), f"docs/{page} has no row for {name} of rules/{rules}"


@pytest.mark.parametrize("name", sorted(OF_TRACES))
def test_a_file_of_a_set_of_traces_is_on_its_page(name):
    assert name in named("traces.md"), f"docs/traces.md has no row for {name}"


def test_the_page_has_no_file_that_no_study_writes():
    code = "\n".join(
        path.read_text("utf-8") for folder in ("rules", "workflow/qdjunction") for path in (ROOT / folder).rglob("*.*")
        if path.suffix in (".smk", ".py")
    )  # fmt: skip
    files = {name for name in named("results.md") if "." in name and name != "KIND.nc"}
    assert {name for name in files if name not in code} == set()


@pytest.mark.parametrize("name", sorted(name for name, one in SECTIONS.items() if one.figure_title))
def test_a_figure_is_in_the_table_of_figures(name):
    kinds = {re.sub("_[A-Z]+$", "", kind) for kind in first_columns("report.md")}
    expected = {"ensembles": "ensemble"}.get(name, name.removeprefix("trace_"))
    assert expected in kinds, f"docs/report.md has no row for the figure {name}"
