"""The documentation as a site: built without a warning, which runs every tutorial."""

import re

import pytest

from qdjunction.traces.analyses.registry import ANALYSES
from support.paths import ROOT
from support.processes import environment, python

pytestmark = [pytest.mark.slow, pytest.mark.workflow]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    options = ("--fail-on-warning", "--keep-going", "--quiet", "-d", folder / "doctrees")
    env = environment(OMP_NUM_THREADS="1", OMP_WAIT_POLICY="passive")
    done = python("-m", "sphinx", *options, ROOT / "docs", folder / "html", env=env, timeout=1500)
    assert done.returncode == 0, done.stderr
    return folder / "html"


def test_tutorials_print_what_they_compute(site):
    page = (site / "tutorials" / "alkanes.html").read_text("utf-8")
    beta = re.search(r"beta = (\d\.\d\d) per Ang", page)
    assert 0.6 < float(beta[1]) < 1.0
    for name in ("first-study", "molecule", "alkanes", "traces", "siesta"):
        assert re.search(
            r'<img [^>]*src="../_images/[\w.-]+"', (site / "tutorials" / f"{name}.html").read_text("utf-8")
        )


def test_every_figure_of_a_set_of_traces_is_in_the_gallery(site):
    page = (site / "gallery.html").read_text("utf-8")
    shown = set(re.findall(r'class="caption-text">([\w-]+), ', page))
    assert {*ANALYSES, "conductance", "cloud", "aligned", "jumps"} <= shown


def test_every_page_is_there_and_in_a_table_of_contents(site):
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    assert len(pages) > 30
    assert {page for page in pages if not (site / page).is_file()} == set()


def test_commands_and_the_python_reference_are_listed(site):
    commands = (site / "commands.html").read_text("utf-8")
    assert "qdjunction observe eigenchannels" in commands
    assert "qdjunction traces histogram" in commands
    assert 'id="qdjunction.transport.transmission"' in (site / "api" / "transport.html").read_text("utf-8")
