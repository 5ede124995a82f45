"""Traces in the report: figures, their source data, tables and words."""

import json
import shutil
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from qdjunction.core.errors import AnalysisError
from qdjunction.report import drawing, style, trace_drawing
from qdjunction.report.collect import collect
from qdjunction.report.page import write_report
from qdjunction.report.plan import PlannedFigure, files_of, planned_figures
from qdjunction.report.sections.registry import SECTIONS
from qdjunction.report.sections.trace_align import alignment_table
from qdjunction.report.sections.trace_bias import bias_sentence
from qdjunction.report.sections.trace_classes import stability_table
from qdjunction.report.sections.trace_conductance import peaks_table, sites_table
from qdjunction.report.sections.trace_plateaus import plateaus_table
from qdjunction.report.sections.trace_segments import segments_table
from qdjunction.report.sections.traces import outcome, simulation_sentence
from qdjunction.report.trace_data import Analysed, JumpScore, collect_traces
from qdjunction.steps import trace_predictions
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config
from qdjunction.study.study_file import read_study
from qdjunction.traces.analyses.registry import ANALYSES
from qdjunction.traces.results import AlignSummary, ClassSummary, FitRecord, PlateauSummary, SegmentSummary
from support.pages import parsed
from support.paths import CLUSTERS, RECORDED
from support.traced_study import BIASES, EVIL


@pytest.fixture(scope="module")
def drawings(traced):
    planned = [figure for figure in planned_figures(traced.study) if figure.traces]
    return {figure.stem: drawing.draw(traced, figure) for figure in planned}


def test_a_study_without_traces_has_none():
    none = collect_traces(read_study(RECORDED))
    assert (none.sets, none.bias_series) == ((), ())


def test_every_figure_says_whether_its_traces_are_measured(drawings):
    kinds = {"conductance", "cloud", "aligned", "jumps", *ANALYSES}
    assert len(drawings) == 7 * len(kinds) + 1
    for stem, made in drawings.items():
        label = made.figure.get_supxlabel()
        assert ("measured traces" in label) == ("theory" not in stem), stem
        simulated = stem.startswith(("traces_theory_", "traces_MAPbBr3_"))
        assert ("simulated from conductances of GFN1-xTB: embedded model" in label) == simulated, stem


def test_conductance_histogram_shows_both_sets_on_one_scale(traced, drawings):
    table = drawings["traces_MAPbBr3_conductance"].table
    bins = table[table["row"] == "bin"]
    assert list(bins["set"].unique()) == ["MAPbBr3", "theory"]
    for name, rows in bins.groupby("set"):
        below = rows[rows["log10_g"] < -0.3]
        assert (below["share_per_decade"] * 0.01).sum() == pytest.approx(1)
        counts = traced.traces.set_named(name).histograms["log10_g_counts"].to_numpy()
        np.testing.assert_array_equal(rows["counts"], counts)
    assert rows["simulated"].all()
    peaks = table[(table["row"] == "peak") & (table["set"] == "MAPbBr3")]
    np.testing.assert_allclose(np.sort(peaks["log10_g"]), [-4.9, -2.72, -1.54], atol=0.12)
    assert (peaks["low"] < peaks["log10_g"]).all()
    assert (peaks["log10_g"] < peaks["high"]).all()


def test_marks_are_the_computed_conductances_at_the_headline_energy(traced, drawings):
    table = drawings["traces_MAPbBr3_conductance"].table
    sites = table[table["row"] == "site"].set_index("site")["log10_g"]
    summary = traced.dots[0].series[0].summary
    at_headline = dict(zip(summary.junctions, np.log10(summary.conductance_at_headline_G0), strict=True))
    assert set(sites.index) == set(at_headline) == {"short", "long"}
    for name, level in at_headline.items():
        assert sites[name] == pytest.approx(
            level, abs=0.02
        )  # the table is interpolated, the headline computed


def test_pictures_hold_every_count(traced, drawings):
    for kind in ("cloud", "aligned"):
        table = drawings[f"traces_MAPbBr3_{kind}"].table
        for name in ("MAPbBr3", "theory"):
            counts = traced.traces.set_named(name).histograms[f"{kind}_counts"]
            assert table[table["set"] == name]["counts"].sum() == int(counts.sum())


@pytest.mark.parametrize("bins", [(450, 900), (451, 7), (241, 479)])
def test_coarser_pictures_keep_counts_and_places(bins):
    random = np.random.default_rng(0)
    counts = xr.DataArray(
        random.integers(0, 9, bins), dims=("x", "y"), coords={"x": np.arange(bins[0]) + 0.5, "y": np.arange(bins[1])}
    )  # fmt: skip
    coarse = trace_drawing.coarse(counts)
    assert max(coarse.shape) <= trace_drawing.LARGEST_PICTURE
    assert int(coarse.sum()) == int(counts.sum())
    factor = -(-bins[0] // trace_drawing.LARGEST_PICTURE)
    assert float(coarse["x"][0]) == pytest.approx(factor / 2)
    np.testing.assert_array_equal(coarse[0].sum(), counts[:factor].sum())


def test_plateau_and_jump_tables_count_traces(traced, drawings):
    entry = traced.traces.set_named("MAPbBr3")
    table = drawings["traces_MAPbBr3_plateaus"].table
    own = table[table["set"] == "MAPbBr3"]
    assert entry.summary_of(PlateauSummary).plateaus
    for plateau in entry.summary_of(PlateauSummary).plateaus:
        rows = own[np.isclose(own["level_log10_g"], plateau.level_log10_g) & (own["quantity"] == "length")]
        assert rows["traces"].sum() == plateau.traces
        width = rows["nm"].iloc[1] - rows["nm"].iloc[0]
        assert (rows["share_per_nm"] * width).sum() == pytest.approx(1)
    jumps = drawings["traces_MAPbBr3_jumps"].table
    heights = jumps[(jumps["quantity"] == "height") & (jumps["set"] == "MAPbBr3")]
    assert heights["traces"].sum() == entry.summary.jumps
    # The drawn curve is that of the recorded peak, on a finer grid than the bins.
    fit, (peak,) = heights[heights["row"] == "fit"], entry.summary.fits["jump_height"].peaks
    top = fit.loc[fit["fit_per_decade"].idxmax()]
    assert top["decades"] == pytest.approx(peak.centre, abs=0.01)
    bins = entry.histograms["jump_height_fit"]
    width, total = bins["jump_height_bin"].attrs["bin_width"], entry.histograms["jump_height_counts"].sum()
    recorded = bins.to_numpy() / (float(total) * width)
    drawn = np.interp(
        bins["jump_height_bin"], fit["decades"], fit["fit_per_decade"], left=np.nan, right=np.nan
    )
    np.testing.assert_allclose(
        drawn[np.isfinite(drawn)], recorded[np.isfinite(drawn)], atol=0.02 * recorded.max()
    )


def test_class_table_holds_sizes_and_stability(traced, drawings):
    entry = traced.traces.set_named("MAPbBr3")
    table = drawings["traces_MAPbBr3_classes"].table
    sizes = table[table["row"] == "profile"].groupby("class")["traces"].first()
    assert sizes.tolist() == list(entry.summary_of(ClassSummary).sizes)
    assert sum(sizes) == entry.summary.complete
    stability = table[table["row"] == "stability"]
    assert stability["number_of_classes"].tolist() == [2, 3, 4, 5]


def test_bias_table_holds_the_peaks_of_the_sets(traced, drawings):
    table = drawings["traces_simmons_bias"].table
    points = table[table["row"] == "point"]
    assert points["bias_v"].tolist() == sorted(BIASES.values())
    peaks = traced.traces.set_named("bias-50").summary.fits["log10_g"].peaks
    nearest = min(peaks, key=lambda peak: abs(peak.centre + 2.7))
    np.testing.assert_allclose(points["log10_g"], nearest.centre)  # the same traces at every bias
    sentence = bias_sentence(traced.traces.series_named("simmons"))
    assert "does not depend on the bias explains the points as well" in sentence
    assert "no upper bound" in sentence


def test_figures_are_written_whole_and_alike(traced, tmp_path):
    for run in ("a", "b"):
        for kind in ("trace_cloud", "trace_conductance"):
            planned = PlannedFigure(kind, traces="MAPbBr3")
            drawing.write_figure(drawing.draw(traced, planned), tmp_path / run / planned.stem)
    assert len(list((tmp_path / "a").iterdir())) == 2 * 3
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name
        if path.suffix == ".svg":
            for element in ElementTree.parse(path).iter():
                links = [value for key, value in element.attrib.items() if key.endswith("href")]
                assert all(link.startswith(("#", "data:")) for link in links)


def test_the_rule_is_held_against_the_truth_of_the_simulation(traced):
    entry = traced.traces.set_named("theory")
    root = traced.study.results / "traces"
    truth = pd.read_csv(root / "theory" / "truth.csv")
    jumps = pd.read_parquet(root / "theory" / "jumps.parquet")
    assert entry.score.true == truth["jump_displacement_nm"].notna().sum() > 20
    assert entry.score.found == len(jumps)
    assert set(jumps["file"]) <= set(truth["file"])
    assert f"{entry.score.true / 50:.0%} of them" in simulation_sentence(entry)
    assert JumpScore(10, 8, 6).recall == 0.6
    assert JumpScore(10, 8, 6).precision == 0.75


def test_the_page_shows_sets_reasons_and_what_is_simulated(traced, traced_page):
    text, links = traced_page.read_text(encoding="utf-8"), parsed(traced_page)
    assert "MAPbBr3, measured, 100 mV" in text
    assert "Simulated, not measured: 50 traces" in text
    assert "GFN1-xTB (embedded model, not DFT)" in text
    assert outcome(traced.traces.set_named("MAPbBr3")) in text
    assert "1 left out of" in text
    assert EVIL not in text
    assert "&#39;no numbers&#39; is not 2 or more numbers" in text
    assert sum(tag == "script" for tag, _ in links.tags) == 4
    images = [attributes for tag, attributes in links.tags if tag == "img"]
    assert len(images) == len(planned_figures(traced.study))


def test_a_failed_prediction_leaves_the_measured_set_and_says_why(traced, tmp_path):
    """A record in the place of what a prediction should have left, as under `on_failure: record`."""
    shutil.copytree(traced.study.results, tmp_path / "results")
    record = {"step": "predict_traces", "case": "theory", "error": "AnalysisError", "reason": "short failed"}
    for path in (tmp_path / "results" / "traces" / "theory").iterdir():
        path.write_text(json.dumps({"no_result": record}, indent=1))
    config = traced.study.config.model_copy(update={"results": str(tmp_path / "results")})
    partial = collect(replace(traced.study, config=config, results=tmp_path / "results"))
    assert partial.traces.set_named("MAPbBr3").theory is None
    made = drawing.draw(partial, PlannedFigure("trace_cloud", dot="1Pb_MAPbBr3", traces="theory"))
    assert made.table["not_available_because"].tolist() == ["predict_traces of theory: short failed"]
    write_report(partial, tmp_path / "index.html")
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "short failed" in text
    assert "MAPbBr3, measured" in text
    assert "theory, simulated" not in text
    sites, reason = trace_predictions.predicted_sites(
        tmp_path / "results" / "traces" / "theory" / "simulation.json"
    )
    assert sites == ()
    assert "short failed" in reason


def test_nothing_is_predicted_from_a_part_of_a_series(traced, tmp_path):
    dot = traced.study.results / "1Pb_MAPbBr3"
    summary = json.loads((dot / "series.json").read_text())
    summary["series"][0] |= {"kind": "incomplete", "missing": {"long": "stuck"}, "sentence": "long failed."}
    (tmp_path / "series.json").write_text(json.dumps(summary))
    outputs = [tmp_path / name for name in ("traces.parquet", "truth.csv", "simulation.json")]
    common = {"settings": traced.study.config.traces.simulation, "count": 5}

    def predict(left, fermi_ev, series):
        output, truth, record = outputs
        trace_predictions.predict_traces(
            dot / "conductance.csv", series, dot / "relaxed.json", left, fermi_ev,
            output=output, truth=truth, record=record, **common,
        )  # fmt: skip

    with pytest.raises(AnalysisError, match=r"incomplete series\. long failed"):
        predict("L", None, tmp_path / "series.json")
    with pytest.raises(AnalysisError, match="no result"):
        predict("La", None, dot / "series.json")
    with pytest.raises(AnalysisError, match="lies outside"):
        predict("L", 99.0, dot / "series.json")
    assert not any(path.exists() for path in outputs)


def test_what_traces_do_not_carry_is_said_and_not_drawn(traced):
    """Too few traces for classes and no jump: the figures stay empty and the tables give the reason."""
    entry = traced.traces.set_named("MAPbBr3")
    histograms = entry.histograms.copy(deep=True)
    for name in ("aligned", "jump_height", "jump_foot", "jump_top"):
        histograms[f"{name}_counts"][...] = 0
        histograms = histograms.drop_vars(f"{name}_fit", errors="ignore")
    few = {name: FitRecord(reason="too few") for name in ("jump_height", "jump_foot", "jump_top")}
    fits = entry.summary.fits | few | {"log10_g": FitRecord(reason="one maximum")}
    none = {"sizes": (), "profiles": (), "stability": (), "reason": "3 complete traces are too few"}
    plateaus, classes = entry.summary_of(PlateauSummary), entry.summary_of(ClassSummary)
    analysed = dict(entry.analysed)
    analysed["plateaus"] = Analysed(
        entry.table_of("plateaus").iloc[:0],
        plateaus.model_copy(update={"plateaus": (), "reason": "one maximum"}),
    )
    analysed["segments"] = Analysed(
        entry.table_of("segments").iloc[:0],
        SegmentSummary(
            traces=0, numbers=(), orders=(), shortest_nm=0.1, smallest_step_decades=0.7, steepest_decades_per_nm=2.5,
            reason="no trace is complete", provenance={},
        ),
    )  # fmt: skip
    analysed["align"] = Analysed(
        entry.table_of("align").iloc[:0],
        AlignSummary(largest_shift_nm=0.3, reason="7 traces are too few", provenance={}),
    )
    analysed["classes"] = replace(entry.analysed["classes"], summary=classes.model_copy(update=none))
    bare = replace(
        entry, histograms=histograms, analysed=analysed, theory=None, sites=(),
        summary=entry.summary.model_copy(update={"fits": fits, "jumps": 0}),
    )  # fmt: skip
    with style.figure_style():
        for kind in ("conductance", "cloud", "aligned", "jumps", *analysed):
            drawing.svg(SECTIONS[f"trace_{kind}"].draw_set(bare).figure)
    assert "one maximum" in peaks_table(bare).caption
    assert "one maximum" in plateaus_table(bare).caption
    assert "too few" in stability_table(bare.summary_of(ClassSummary)).caption
    assert "no trace is complete" in segments_table(bare.summary_of(SegmentSummary)).caption
    assert "7 traces are too few" in alignment_table(bare.summary_of(AlignSummary)).caption
    assert sites_table(bare) is None


def test_an_analysis_that_is_switched_off_is_neither_planned_nor_read(traced):
    section = traced.study.config.traces
    config = traced.study.config.model_copy(
        update={"traces": section.model_copy(update={"analyses": ("noise",)})}
    )
    study = replace(traced.study, config=config)
    kinds = {figure.kind for figure in planned_figures(study) if figure.traces}
    assert kinds.isdisjoint({f"trace_{name}" for name in ANALYSES if name != "noise"})
    assert "trace_noise" in kinds
    names = {file.rpartition("/")[2] for file in files_of(study)}
    assert names & {f"{name}.csv" for name in ANALYSES} == {"noise.csv"}
    assert set(collect_traces(study).set_named("MAPbBr3").analysed) == {"noise"}


def test_aligned_histograms_and_plateaus_of_the_figures_are_those_of_the_summaries(traced, drawings):
    entry = traced.traces.set_named("MAPbBr3")
    aligned = drawings["traces_MAPbBr3_align"].table
    summary = entry.summary_of(AlignSummary)
    steps = aligned.groupby("row")["steps"].sum()
    assert steps["before"] == np.sum(summary.before)
    assert steps["after"] == np.sum(summary.after)
    assert aligned.loc[aligned["row"] == "shift", "traces"].sum() == summary.traces
    plateaus = drawings["traces_MAPbBr3_segments"].table
    numbers = plateaus.loc[plateaus["row"] == "number", "traces"]
    assert tuple(numbers) == entry.summary_of(SegmentSummary).numbers
    drawn = plateaus.loc[plateaus["row"] == "plateaus", "plateaus"].sum()
    assert drawn == pytest.approx(len(entry.table_of("segments")), abs=2)  # without the very longest


def test_a_study_of_traces_alone_has_a_page_without_dots(traced, tmp_path):
    config = {"study": "alone", "results": str(traced.study.results)}
    config["traces"] = traced.study.config.traces.model_dump(mode="json") | {"predictions": []}
    for entry in config["traces"]["sets"]:
        entry["theory"] = None
    study = make_study(parse_config(config), CLUSTERS)
    assert all(file.startswith("traces/") for file in files_of(study))
    assert {figure.traces for figure in planned_figures(study)} == {"MAPbBr3", *BIASES, "simmons"}
    write_report(collect(study), tmp_path / "index.html")
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "MAPbBr3, measured" in text
    assert "Bias series simmons" in text
    for of_dots in ("Electronic structure", "Tight-binding chain", "Structures in 3D", "Plotly"):
        assert of_dots not in text
