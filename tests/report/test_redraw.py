"""Figures and page drawn again from results that were taken elsewhere, on a machine without any engine."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from qdjunction.core.errors import InputError
from qdjunction.report import style
from qdjunction.report.collect import collect
from qdjunction.report.drawing import draw, write_figure
from qdjunction.report.plan import planned_figures
from qdjunction.report.redraw import redraw
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config, read_config
from qdjunction.study.records import read_record
from qdjunction.study.study_file import RECORD, read_study, study_values, write_study
from support.paths import CLUSTERS, RECORDED, ROOT
from support.processes import python

BLOCKED = ("tblite", "ase.calculators.siesta", "snakemake", "pymatgen", "mkl")

WITHOUT_ENGINES = f"""
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if any(name == blocked or name.startswith(blocked + ".") for blocked in {BLOCKED}):
            raise ModuleNotFoundError(f"{{name}} is blocked", name=name)

sys.meta_path.insert(0, Blocker())
from qdjunction import cli
sys.exit(cli.main(sys.argv[1:]))
"""


def read_all(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "figures.json"}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The recorded results somewhere else, with time stamps as they come out of some archive."""
    folder = tmp_path_factory.mktemp("unpacked") / "of a paper"
    shutil.copytree(RECORDED, folder)
    for number, path in enumerate(sorted(folder.rglob("*"))):
        os.utime(path, (number % 7 * 1e8, number % 7 * 1e8))
    return folder


def test_redrawn_without_engine_the_figures_are_those_of_the_rule(unpacked, figures, tmp_path):
    run = python("-c", WITHOUT_ENGINES, "figures", unpacked, "--output", tmp_path / "redrawn", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    drawn = read_all(figures)
    stems = {Path(name).stem for name in drawn}
    assert stems == {figure.stem for figure in planned_figures(read_study(RECORDED))}
    assert read_all(tmp_path / "redrawn" / "figures") == drawn
    page = (tmp_path / "redrawn" / "index.html").read_text()
    assert "embedded model, not DFT" in page
    assert "figure 1 of" in run.stderr


def test_a_style_sheet_changes_the_look_and_no_number(results, tmp_path):
    sheet = tmp_path / "talk.mplstyle"
    sheet.write_text("font.size: 14\nfont.family: DejaVu Serif\n")
    figure = planned_figures(results.study)[0]
    for name, chosen in (("plain", None), ("styled", sheet), ("plain again", None)):
        with style.restyled(chosen):
            write_figure(draw(results, figure), tmp_path / name / figure.stem)
    plain, styled, again = (read_all(tmp_path / name) for name in ("plain", "styled", "plain again"))
    assert plain == again
    assert len(plain) == 3
    for name in plain:
        assert (plain[name] == styled[name]) == name.endswith(".csv"), name


@pytest.mark.parametrize("text", ["", "nonsense\n", "font.colour: red\n"])
def test_a_bad_style_sheet_is_one_clear_error(unpacked, tmp_path, text):
    (tmp_path / "my.mplstyle").write_text(text)
    with pytest.raises(InputError, match=r"my\.mplstyle: sets nothing that Matplotlib knows"):
        redraw(unpacked, tmp_path / "out", tmp_path / "my.mplstyle")
    with pytest.raises(InputError, match=r"none\.mplstyle: cannot be read"):
        redraw(unpacked, tmp_path / "out", tmp_path / "none.mplstyle")


def test_a_study_is_read_from_its_results_as_it_was(tmp_path):
    study = make_study(read_config(ROOT / "config.yaml"), CLUSTERS)
    write_study(study_values(study), tmp_path / RECORD)
    assert read_study(tmp_path) == replace(study, results=tmp_path, catalogue=None)


def test_what_is_no_results_folder_is_one_clear_error(tmp_path):
    with pytest.raises(InputError, match="nowhere: there is no such folder"):
        redraw(tmp_path / "nowhere", tmp_path / "out")
    with pytest.raises(InputError, match=r"contains no study\.json, so it is not the results folder"):
        redraw(tmp_path, tmp_path / "out")
    for text in ("", "[]", "{}", '{"config": {}, "clusters": 3}', "[" * 100_000):
        (tmp_path / RECORD).write_text(text)
        with pytest.raises(InputError, match=r"study\.json: (no record of a study|key)"):
            redraw(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_missing_files_are_all_named(tmp_path):
    results = tmp_path / "results"
    shutil.copytree(RECORDED, results)
    for name in ("chain.csv", "1Pb_MAPbBr3/long/frontier.json"):
        (results / name).unlink()
    with pytest.raises(InputError, match=r"lacks 1Pb_MAPbBr3/long/frontier\.json, chain\.csv; unpack"):
        redraw(results, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_screening_is_redrawn_with_the_pages_that_were_made(tmp_path):
    results = tmp_path / "results"
    values = {"study": "screen", "results": "results", "screen": [
        {"dots": ["1Pb"], "halides": ["Br0.5Cl0.5"], "seeds": 2, "contacts": ["short", "long"]}
    ]}  # fmt: skip
    study = make_study(parse_config(values), CLUSTERS)
    for dot in study.dots:
        shutil.copytree(RECORDED / "1Pb_MAPbBr3", results / dot.id)
    for name in ("chain.csv", "chain.json"):
        shutil.copy(RECORDED / name, results)
    write_study(study_values(study), results / RECORD)
    first, second = (dot.id for dot in study.dots)
    (results / first / "report").mkdir()
    (results / first / "report" / "index.html").write_text("made on demand")
    redraw(results, tmp_path / "out")
    assert len(pd.read_csv(tmp_path / "out" / "overview.csv")) == 2
    assert (tmp_path / "out" / first / "figures" / f"{first}_L_transmission.svg").exists()
    assert not (tmp_path / "out" / second).exists()
    (results / second / "series.json").unlink()
    with pytest.raises(InputError, match=rf"lacks {second}/series\.json"):
        redraw(results, tmp_path / "again")


def test_traces_are_found_again_and_say_who_made_them(traced):
    study = read_study(traced.study.results)
    assert planned_figures(study) == planned_figures(traced.study)
    assert [entry.name for entry in collect(study).traces.sets] == [
        entry.name for entry in traced.traces.sets
    ]
    files = sorted((study.results / "traces").rglob("*.*"))
    assert {path.suffix for path in files} == {".json", ".nc", ".csv", ".parquet"}
    for path in files:
        made = read_record(path).provenance
        assert made.host, path
        assert made.inputs, path
