"""Every result says who made it, from what and with which settings, or has beside it what says so."""

import re
from pathlib import Path

import pytest

from qdjunction.core.provenance import digest
from qdjunction.study import layout
from qdjunction.study.records import read_record, record_path
from support.paths import ROOT

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


@pytest.fixture(scope="session")
def results(drawn_study):
    return drawn_study


def outputs(results: Path) -> list[Path]:
    return sorted(
        path
        for path in results.rglob("*")
        if path.is_file() and "benchmarks" not in path.relative_to(results).parts
    )


def test_every_output_says_who_made_it(results):
    files = outputs(results)
    assert {path.suffix for path in files} == {".json", ".nc", ".csv", ".extxyz", ".html", ".svg", ".pdf"}
    for path in files:
        made = read_record(path).provenance
        assert made.commit, path
        assert made.host, path
        assert made.packages["numpy"], path
        assert made.python, path
        assert TIME.fullmatch(made.begun), path
        assert TIME.fullmatch(made.time), path
        assert made.begun <= made.time, path


def test_every_output_names_its_inputs_as_they_are(results):
    """By digest: the chain from the page back to the configuration has no gap."""
    here = {digest(path) for path in outputs(results)}
    for path in outputs(results):
        if path.name == "study.json":
            continue  # holds the configuration itself
        inputs = read_record(path).provenance.inputs
        if path.stem not in ("dot", "chain"):
            assert inputs, path
        for name, sha256 in inputs.items():
            # H and S of the junctions are too large to be kept among the tests.
            if not re.search(r"(short|long)/hamiltonian\.nc$", name):
                assert sha256 in here, (path, name)


def test_every_number_that_an_engine_computed_names_it(results):
    for name in ("relaxed.json", "hamiltonian.nc", "short/frontier.json", "long/transmission.nc"):
        engine = read_record(results / "1Pb_MAPbBr3" / name).engine
        assert engine.method == "GFN1-xTB"
        assert engine.versions["tblite"]
        assert engine.settings["accuracy"] == 0.1


def test_steps_say_their_settings(results):
    dot = results / "1Pb_MAPbBr3"
    assert read_record(dot / "dot.extxyz").provenance.settings["definition"]["name"] == "1Pb"
    settings = read_record(dot / "long" / "junction.extxyz").provenance.settings
    assert settings["electrodes"]["layers"] == 3
    assert read_record(dot / "long" / "transmission.nc").provenance.settings["energies"] == "-2:5:0.02"
    assert read_record(dot / "long" / "local_density.nc").provenance.settings["kind"] == "wide-band"
    for name in ("conductance.csv", "series.csv", "long/frontier.json"):
        assert read_record(dot / name).provenance.settings["jump_decades"] == 0.4


def test_records_stand_in_or_beside_a_result():
    assert record_path("a/series.csv") == Path("a/series.json")
    assert record_path("a/conductance.csv") == Path("a/series.json")
    assert record_path("a/relaxed.extxyz") == Path("a/relaxed.json")
    assert record_path("report/figures/chain.csv") == Path("report/figures/figures.json")
    assert record_path("a/hamiltonian.nc") == Path("a/hamiltonian.nc")


def test_every_output_of_every_rule_has_its_record_among_them(tmp_path):
    rules = "".join(path.read_text() for path in sorted((ROOT / "rules").glob("*.smk")))
    blocks = re.findall(r"^ +output:\n(.*?)^ +log:\n", rules, re.MULTILINE | re.DOTALL)
    assert len(blocks) > 25
    for number, block in enumerate(blocks):
        known = block.replace("{RECORD}", layout.STUDY).replace("{FIGURE_RECORD}", layout.FIGURE_RECORD)
        names = re.findall(r"\"(?:<results>/)?([^\"]+\.[a-z]+)\"", known)
        made = {tmp_path / str(number) / re.sub(r"\{+[\w.]+\}+", "x", name) for name in names}
        for path in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        assert {record_path(path) for path in made} <= made, names


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"provenance": 3}', "[" * 100_000, '{"no_result": 1}'])
def test_a_file_without_a_record_has_none(tmp_path, text):
    for name in ("x.json", "x.nc", "x.csv", "x.html"):
        (tmp_path / name).write_text(text)
        assert read_record(tmp_path / name) is None
