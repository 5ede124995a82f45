"""Figures and their source data."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from qdjunction.interference.chain import DiatomicChain
from qdjunction.interference.series import verdict_values
from qdjunction.report import drawing, figures, style
from qdjunction.report.data import SeriesResults
from qdjunction.report.plan import PlannedFigure, planned_figures
from qdjunction.transport import read_transmission
from recorded_study import RECORDED

DOT = "1Pb_MAPbBr3"


@pytest.fixture(scope="module")
def written(results, tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures")
    for planned in planned_figures(results.study):
        drawing.write_figure(figures.draw(results, planned), folder / planned.stem)
    return folder


@pytest.fixture(scope="module")
def chain_series() -> SeriesResults:
    """Give a series with a decay and a jump: the tight-binding chain with its right lead on even sites."""
    chain = DiatomicChain()
    energies = chain.gap_energies(60)
    spectrum = chain.spectrum(energies)
    at = 0.2
    index = int(np.abs(energies - at).argmin())
    summary = {
        "left": "L",
        "kind": "decay",
        "junctions": list(spectrum.contacts),
        "distances_ang": spectrum.distances_ang.tolist(),
        "gap_ev": chain.gap_ev,
        "headline_energy_ev": at,
        "conductance_at_headline_G0": spectrum.conductances_g0[:, index].tolist(),
        "at_headline": verdict_values(spectrum.at(at)),
    }
    return SeriesResults("L", summary, pd.DataFrame(), spectrum.table(), ())


def test_every_planned_file_is_written(results, written):
    expected = {
        f"{planned.stem}.{suffix}"
        for planned in planned_figures(results.study)
        for suffix in ("svg", "pdf", "csv")
    }
    assert {path.name for path in written.iterdir()} == expected


def test_figures_are_the_same_bytes_every_time(results, written, tmp_path):
    for planned in (PlannedFigure("transmission", DOT, "L"), PlannedFigure("density", DOT, "L", "long")):
        drawing.write_figure(figures.draw(results, planned), tmp_path / planned.stem)
        for suffix in ("svg", "pdf", "csv"):
            name = f"{planned.stem}.{suffix}"
            assert (tmp_path / name).read_bytes() == (written / name).read_bytes(), name


def test_svgs_are_xml_and_refer_to_nothing_outside(written):
    for path in written.glob("*.svg"):
        for element in ElementTree.parse(path).iter():
            for key, value in element.attrib.items():
                if key.endswith("href"):
                    assert value.startswith(("#", "data:")), (path.name, value)


def test_transmission_table_is_the_computed_transmission(written):
    table = pd.read_csv(written / f"{DOT}_L_transmission.csv")
    for name, rows in table.groupby("junction"):
        computed = read_transmission(RECORDED / DOT / name / "transmission.nc")
        np.testing.assert_allclose(rows["energy_eV"], computed.energies_ev, atol=1e-9)
        np.testing.assert_allclose(rows["transmission"], computed.transmission, rtol=1e-9)


def test_comparison_table_is_the_series_table(written):
    table = pd.read_csv(written / f"{DOT}_L_comparison.csv")
    pd.testing.assert_frame_equal(table, pd.read_csv(RECORDED / DOT / "series.csv"))


def test_density_table_is_the_computed_density(results, written):
    for junction in results.dots[0].junctions:
        table = pd.read_csv(written / f"{DOT}_{junction.case.name}_density.csv")
        np.testing.assert_allclose(table["ldos_left_per_eV"], junction.density.left, rtol=1e-9)
        assert list(table["element"]) == junction.atoms.get_chemical_symbols()


def test_projection_keeps_distances(results):
    junction = results.dots[0].junctions[0]
    drawn = figures.density_table(junction)[["across_ang", "up_ang", "depth_ang"]].to_numpy()
    kept = np.linalg.norm(drawn[:, None] - drawn[None], axis=-1)
    np.testing.assert_allclose(kept, junction.atoms.get_all_distances(), atol=1e-9)


def test_the_left_tip_is_drawn_at_the_left(results):
    for junction in results.dots[0].junctions:
        table = figures.density_table(junction)
        left, right = (
            table[(table["tag"] >= 10 * side) & (table["tag"] < 10 * side + 10)] for side in (1, 2)
        )
        assert left["across_ang"].max() < right["across_ang"].mean()
        if junction.case.name == "short":
            assert right["up_ang"].min() > left["up_ang"].max()


def test_orbital_shares_add_up(results):
    table = figures.orbital_table(results.dots[0].series[0])
    assert len(table) == 4
    np.testing.assert_allclose(table[["homo_share", "lumo_share", "rest_share"]].sum(axis=1), 1)


def test_a_junction_without_a_rule_is_left_out(results):
    series = results.dots[0].series[0]
    short = series.junctions[0]
    rules = short.frontier["orbital_rule"] | {
        "headline": {"energy_ev": 0.0, "sentence": "energy lies on a level"}
    }
    replaced = type(short)(
        short.case, short.atoms, short.transmission, short.frontier | {"orbital_rule": rules}, short.density
    )
    partial = SeriesResults(
        "L", series.summary, series.conductance, series.spectrum, (replaced, series.junctions[1])
    )
    table = figures.orbital_table(partial)
    assert len(table) == 3
    with style.figure_style():
        figures.orbital_figure(table)


def test_decay_table_holds_the_fit_of_the_summary(chain_series):
    table = figures.decay_table(chain_series, 0.95)
    contacts = table[table["row"] == "contact"]
    verdict = chain_series.summary["at_headline"]
    np.testing.assert_allclose(contacts["conductance_G0"], chain_series.summary["conductance_at_headline_G0"])
    last = contacts.iloc[-1]
    assert np.log10(last["conductance_G0"] / last["fit_G0"]) == pytest.approx(verdict["above_trend_decades"])
    assert np.log10(last["band_high_G0"] / last["fit_G0"]) == pytest.approx(verdict["band_decades"])


def test_decay_and_spectrum_are_drawn(chain_series):
    summary = chain_series.summary
    colours = style.junction_colours(summary["junctions"])
    with style.figure_style():
        decay = figures.decay_figure(figures.decay_table(chain_series, 0.95), colours, 0.4, 0.95)
        spectrum = figures.spectrum_figure(chain_series.spectrum, figures.Marks.of(summary), 0.4)
    text = " ".join(item.get_text() for item in decay.axes[0].texts)
    assert f"{summary['at_headline']['above_trend_decades']:+.2f} decades" in text
    (drawn,) = [line for line in spectrum.axes[0].lines if line.get_label() == "$\\beta$"]
    np.testing.assert_array_equal(drawn.get_ydata(), chain_series.spectrum["beta_per_ang"])


def test_two_contacts_and_a_last_have_no_band(chain_series):
    summary = chain_series.summary | {
        key: chain_series.summary[key][-3:]
        for key in ("junctions", "distances_ang", "conductance_at_headline_G0")
    }
    short = SeriesResults("L", summary, pd.DataFrame(), chain_series.spectrum, ())
    table = figures.decay_table(short, 0.95)
    assert table["band_low_G0"].isna().all()
    with style.figure_style():
        figure = figures.decay_figure(table, style.junction_colours(summary["junctions"]), 0.4, 0.95)
    assert "prediction band" not in figure.axes[0].get_legend().get_texts()[0].get_text()


def test_junction_colours_are_distinct():
    names = [f"L-R{i}" for i in range(1, 8)]
    assert len(set(style.junction_colours(names).values())) == 7


def test_a_user_style_changes_nothing(results, monkeypatch):
    import matplotlib as mpl

    planned = PlannedFigure("chain")
    before = drawing.svg(figures.draw(results, planned).figure)
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        assert drawing.svg(figures.draw(results, planned).figure) == before


def test_every_figure_says_what_model_it_comes_from(results):
    for planned in planned_figures(results.study):
        label = figures.draw(results, planned).figure.get_supxlabel()
        assert "model" in label
        assert ("GFN1-xTB" in label) == (planned.kind != "chain")
