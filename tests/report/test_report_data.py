"""What the report reads."""

import re
import shutil

import numpy as np
import pytest

from qdjunction.core.errors import InputError
from qdjunction.report.collect import collect, read_timings
from qdjunction.study.study_file import read_study
from support.paths import RECORDED, ROOT


def test_collects_every_junction_in_the_order_of_distance(results):
    (dot,) = results.dots
    (series,) = dot.series
    assert [junction.case.name for junction in series.junctions] == ["short", "long"]
    assert series.kind == "comparison"
    assert 4.0 < dot.lumo_ev - dot.homo_ev < 4.7  # GFN1 gap of relaxed 1Pb
    for junction in series.junctions:
        assert len(junction.density.total) == len(junction.atoms)


def test_density_is_the_sum_of_what_either_lead_injects(results):
    for junction in results.dots[0].junctions:
        density = junction.density
        np.testing.assert_allclose(density.left + density.right, density.total, rtol=1e-12)


def test_a_missing_file_is_named(tmp_path):
    folder = tmp_path / "results"
    shutil.copytree(RECORDED, folder)
    missing = folder / "1Pb_MAPbBr3" / "long" / "frontier.json"
    missing.unlink()
    with pytest.raises(InputError, match=r"long/frontier\.json"):
        collect(read_study(folder))


def test_a_broken_table_is_named(tmp_path):
    folder = tmp_path / "results"
    shutil.copytree(RECORDED, folder)
    (folder / "1Pb_MAPbBr3" / "conductance.csv").write_text("")
    with pytest.raises(InputError, match=r"conductance\.csv"):
        collect(read_study(folder))


def test_timings_know_dot_and_junction(results):
    timings = results.timings.set_index(["dot", "junction", "job"])
    assert timings.loc[("1Pb_MAPbBr3", "", "relax"), "wall_s"] > 0
    assert ("1Pb_MAPbBr3", "long", "transmission") in timings.index
    assert ("", "", "chain") in timings.index


@pytest.mark.parametrize(
    ("path", "job"),
    {
        "cover/pair-Cs/relax.tsv": ("pair-Cs", "", "relax"),
        "traces/MAPbBr3/select_traces.tsv": ("MAPbBr3", "", "select_traces"),
        "series/sides/structure_series.tsv": ("sides", "", "structure_series"),
        "12Pb_MAPbBr3/row/slide.tsv": ("12Pb_MAPbBr3", "row", "slide"),
        "cover.tsv": ("", "", "cover"),
    }.items(),
)
def test_timings_name_what_a_job_computed(tmp_path, path, job):
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("s\tcpu_time\tmax_rss\n1\t1\t1\n")
    (row,) = read_timings(tmp_path).itertuples()
    assert (row.dot, row.junction, row.job) == job


def test_a_benchmark_is_named_after_the_step_and_not_after_what_it_computes():
    for path in (ROOT / "rules").glob("*.smk"):
        for name in re.findall(r"\"<benchmarks>/(?:.*/)?([^/]+)\.tsv\"", path.read_text()):
            assert name not in ("{dot}", "{junction}", "{slide}", "{set}", "{series}"), path


def test_no_benchmarks_is_an_empty_table(tmp_path):
    assert read_timings(tmp_path / "none").empty
