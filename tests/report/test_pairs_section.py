"""The control over all pairs from recorded H and S to the page and the command line."""

import json
import shutil

import numpy as np
import pytest

from qdjunction.cli import main
from qdjunction.core.errors import InputError
from qdjunction.core.provenance import Provenance
from qdjunction.core.results import read_result, read_table
from qdjunction.engine.store import read_electronic_structure, write_electronic_structure
from qdjunction.interference.pair_control import follow
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.report.collect import collect
from qdjunction.report.drawing import draw
from qdjunction.report.page import Page
from qdjunction.report.plan import files_of, planned_figures
from qdjunction.report.sections.pairs import pairs_figure
from qdjunction.report.sections.registry import SECTIONS
from qdjunction.steps.pairs import all_pairs, pairs_of_study, read_series
from qdjunction.study.results import SeriesRecord
from qdjunction.study.study_file import read_study
from support.paths import RECORDED

DOT = "1Pb_MAPbBr3"
CONTACTS = {"short": ("L", "R1"), "long": ("L", "R2")}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The recorded study of 1Pb, with the control that its rule computes."""
    results = tmp_path_factory.mktemp("pairs") / "results"
    shutil.copytree(RECORDED, results)
    record = json.loads((results / "study.json").read_text())
    record["config"]["interference"]["all_pairs"] = True
    (results / "study.json").write_text(json.dumps(record))
    dot = results / DOT
    pairs_of_study(
        dot / "hamiltonian.nc", dot / "series.json", CONTACTS, InterferenceSettings(),
        dot / "pairs.csv", dot / "pairs.json",
    )  # fmt: skip
    return read_study(results)


@pytest.fixture(scope="module")
def results(study):
    return collect(study)


def test_one_lead_has_three_straight_rows_and_says_nothing_of_two_junctions(results):
    pairs = results.dot(DOT).pairs
    assert pairs.control.sites == 6
    assert pairs.table["relation"].value_counts().to_dict() == {"neighbouring faces": 12, "straight row": 3}
    assert pairs.control.rows == ("long",)
    assert pairs.control.following.follows is None
    assert pairs.control.regression is None
    # The twelve other pairs lie at nearly one distance, so there is no trend.
    assert np.isnan(pairs.control.beta_per_ang)
    assert np.isnan(pairs.table["above_trend_decades"]).all()
    computed = pairs.table[pairs.table["junction"] != ""].set_index("junction")
    series = read_result(SeriesRecord, results.study.results / DOT / "series.json").series[0]
    for name, value in zip(series.junctions, series.conductance_at_headline_G0, strict=True):
        assert 10 ** computed.loc[name, "log10_conductance_G0"] == pytest.approx(value)


def test_figure_and_page_show_the_pairs(study, results):
    (figure,) = (one for one in planned_figures(study) if one.kind == "pairs")
    assert figure.stem == f"{DOT}_pairs"
    assert {f"{DOT}/pairs.csv", f"{DOT}/pairs.json"} <= set(files_of(study))
    drawing = draw(results, figure)
    matrix, over_distance, *_ = drawing.figure.axes
    shown = matrix.images[0].get_array()
    assert shown.shape == (6, 6)
    np.testing.assert_allclose(np.nanmax(shown), drawing.table["log10_g2_per_eV2"].max())
    points = sum(len(line.get_xdata()) for line in over_distance.lines)
    assert points == 15
    html = SECTIONS["pairs"].html(Page(results, Provenance()))
    assert "too few to check" in html
    assert "straight row" in html


def test_rings_keep_the_differences_of_the_conductances_and_the_legend_is_whole(results):
    """Also of junctions that do not follow |g|^2: they lie beside their pairs and not far away."""
    pairs = results.dot(DOT).pairs
    following = follow({"a": (-3.0, -2.0), "b": (-3.0, -5.0), "c": (-2.9, -4.0)})
    figure = pairs_figure(pairs.table, pairs.control.model_copy(update={"following": following}))
    (rings,) = (line for line in figure.axes[1].lines if line.get_label() == "computed $G$, scaled")
    known = pairs.table["log10_conductance_G0"].dropna().to_numpy()
    np.testing.assert_allclose(rings.get_ydata(), known - (sum((-2, -5, -4)) - sum((-3, -3, -2.9))) / 3)
    figure.canvas.draw()
    assert figure.legends[0].get_window_extent().x1 <= figure.bbox.x1
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["R1", "L", "R2"]


def test_a_study_without_the_setting_has_no_trace_of_it():
    recorded = read_study(RECORDED)
    assert not recorded.pair_dots
    assert not any(figure.kind == "pairs" for figure in planned_figures(recorded))
    assert collect(recorded).dot(DOT).pairs is None


def test_the_command_writes_the_table(study, tmp_path, capsys):
    dot = study.results / DOT
    words = ["all-pairs", str(dot / "hamiltonian.nc"), "--series", str(dot / "series.json")]
    main([*words, "--output", str(tmp_path / "pairs.csv")])
    text = capsys.readouterr().out
    assert "15 pairs of 6 terminal halides at 1.00 eV above the HOMO" in text
    assert "2 computed junctions are too few" in text
    assert len(read_table(tmp_path / "pairs.csv")) == 15


def test_an_energy_from_the_fermi_energy_needs_a_series(study):
    dot = study.results / DOT
    fermi = InterferenceSettings(reference="fermi", offset_ev=0.5)
    with pytest.raises(InputError, match=r"interference\.reference = 'fermi'"):
        all_pairs(dot / "hamiltonian.nc", fermi)
    series, contacts = read_series(dot / "series.json")
    assert contacts == CONTACTS
    _, control = all_pairs(dot / "hamiltonian.nc", fermi, series, contacts)
    from_midgap = control.energy_ev - (control.homo_ev + control.lumo_ev) / 2
    assert from_midgap == pytest.approx(
        series.series[0].headline_energy_ev - sum(series.series[0].gap_ev) / 2
    )


def test_a_conductance_that_is_not_known_is_compared_with_nothing(study):
    """T(E) does not always cover the headline energy; the conductances of such a series are missing."""
    series, contacts = read_series(study.results / DOT / "series.json")
    (one,) = series.series
    unknown = one.model_copy(update={"conductance_at_headline_G0": (float("nan"),) * 2})
    record = series.model_copy(update={"series": (unknown,)})
    table, control = all_pairs(
        study.results / DOT / "hamiltonian.nc", InterferenceSettings(), record, contacts
    )
    assert control.following.junctions == ()
    assert table["log10_conductance_G0"].isna().all()


def test_a_junction_that_ends_on_no_halide_is_left_out(study, tmp_path):
    """As one at the end of a ligand; the others are compared all the same."""
    structure = read_electronic_structure(study.results / DOT / "hamiltonian.nc")
    sites = structure.atoms.info["contacts"]
    nitrogen = int(np.flatnonzero(structure.atoms.symbols == "N")[0])
    structure.atoms.info["contacts"] = sites | {"R1": sites["R1"] | {"atom": nitrogen}}
    write_electronic_structure(structure, tmp_path / "h.nc")
    series, contacts = read_series(study.results / DOT / "series.json")
    _, control = all_pairs(tmp_path / "h.nc", InterferenceSettings(), series, contacts)
    assert control.following.junctions == ("long",)
