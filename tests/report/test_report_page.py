"""The page as a file: whole, self-contained, escaped."""

import re
from dataclasses import replace

import pytest

from qdjunction.report.outcome import headline
from qdjunction.report.page import write_report
from qdjunction.report.plan import planned_figures
from qdjunction.report.template import subscripts
from qdjunction.study.study_file import read_study
from support.pages import Links, parsed
from support.paths import RECORDED


@pytest.fixture(scope="module")
def links(page) -> Links:
    return parsed(page)


def test_nothing_outside_the_page_is_fetched(links, results):
    downloads = {
        f"figures/{planned.stem}.{suffix}"
        for planned in planned_figures(results.study)
        for suffix in ("svg", "pdf", "csv")
    }
    assert downloads <= set(links.links)
    for link in links.links:
        assert link.startswith(("data:", "#")) or link in downloads, link[:100]
    assert "url(" not in links.styles
    assert "@import" not in links.styles


def test_plotly_is_there_once(page):
    assert page.read_text(encoding="utf-8").count("plotly.js v") <= 2  # its licence names it, perhaps twice
    assert len(re.findall(r"<script>", page.read_text(encoding="utf-8"))) == 2


def test_anchors_lead_somewhere(links):
    ids = {attributes.get("id") for _, attributes in links.tags}
    anchors = {link[1:] for link in links.links if link.startswith("#")}
    assert anchors
    assert anchors <= ids


def test_every_figure_is_shown_with_words(links, results):
    images = [attributes for tag, attributes in links.tags if tag == "img"]
    assert len(images) == len(planned_figures(results.study))
    assert all(image["alt"] for image in images)


def test_an_embedded_engine_is_said_before_anything_else(page):
    text = page.read_text(encoding="utf-8")
    assert "embedded model, not DFT" in text
    assert text.index("embedded model, not DFT") < text.index("<main>")


def test_the_numbers_of_the_study_are_on_the_page(page, results):
    text = page.read_text(encoding="utf-8")
    dot = results.dots[0]
    assert f"{dot.lumo_ev - dot.homo_ev:.2f} eV" in text
    assert headline(dot.series[0], results.study.config.interference) in text
    assert "fmax_ev_per_ang: 0.05" in text
    assert dot.relaxation.provenance.commit in text


def test_hostile_names_stay_text(results, tmp_path):
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    study, dot = read_study(RECORDED), results.dots[0]
    series = dot.series[0]
    case = replace(study.dots[0], id=evil)
    hostile = replace(
        results,
        study=replace(study, config=study.config.model_copy(update={"study": evil}), dots=(case,)),
        dots=(
            replace(
                dot,
                case=case,
                relaxation=dot.relaxation.model_copy(update={"formula": evil}),
                series=(
                    replace(
                        series,
                        summary=series.summary.model_copy(update={"sentence": evil}),
                        junctions=tuple(replace(j, case=replace(j.case, dot=evil)) for j in series.junctions),
                    ),
                ),
            ),
        ),
        chain_summary=results.chain_summary.model_copy(update={"sentence": evil}),
        timings=results.timings.assign(dot=evil),
    )
    write_report(hostile, tmp_path / "index.html")
    text, links = (tmp_path / "index.html").read_text(encoding="utf-8"), parsed(tmp_path / "index.html")
    assert "alert(1)" in text
    assert evil not in text
    assert not [attributes for _, attributes in links.tags if any(key.startswith("on") for key in attributes)]
    assert sum(tag == "script" for tag, _ in links.tags) == 4


def test_subscripts_escape_first():
    assert subscripts("Γ_L < <b>") == "Γ<sub>L</sub> &lt; &lt;b&gt;"
