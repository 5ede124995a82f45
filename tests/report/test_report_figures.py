"""Figures and their source data."""

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from qdjunction.interference.jump import find_jump
from qdjunction.interference.results import Control, NoRule
from qdjunction.interference.series import recorded_trend, recorded_verdict
from qdjunction.report import drawing, style
from qdjunction.report.data import SeriesResults
from qdjunction.report.energy_axis import Marks
from qdjunction.report.plan import PlannedFigure, planned_figures
from qdjunction.report.sections import chain, decay, density, orbitals, spectrum, transmission
from qdjunction.transport import read_transmission
from support.paths import RECORDED

DOT = "1Pb_MAPbBr3"


def test_every_planned_file_is_written(results, figures):
    expected = {
        f"{planned.stem}.{suffix}"
        for planned in planned_figures(results.study)
        for suffix in ("svg", "pdf", "csv")
    }
    assert {path.name for path in figures.iterdir()} == expected | {"figures.json"}


def test_figures_are_the_same_bytes_every_time(results, figures, tmp_path):
    for planned in (PlannedFigure("transmission", DOT, "L"), PlannedFigure("density", DOT, "L", "long")):
        drawing.write_figure(drawing.draw(results, planned), tmp_path / planned.stem)
        for suffix in ("svg", "pdf", "csv"):
            name = f"{planned.stem}.{suffix}"
            assert (tmp_path / name).read_bytes() == (figures / name).read_bytes(), name


def test_svgs_are_xml_and_refer_to_nothing_outside(results, figures):
    paths = list(figures.glob("*.svg"))
    assert len(paths) == len(planned_figures(results.study)) > 5
    for path in paths:
        for element in ElementTree.parse(path).iter():
            for key, value in element.attrib.items():
                if key.endswith("href"):
                    assert value.startswith(("#", "data:")), (path.name, value)


def test_transmission_table_is_the_computed_transmission(figures):
    table = pd.read_csv(figures / f"{DOT}_L_transmission.csv")
    assert set(table["junction"]) == {"short", "long"}
    for name, rows in table.groupby("junction"):
        computed = read_transmission(RECORDED / DOT / name / "transmission.nc")
        np.testing.assert_allclose(rows["energy_eV"], computed.energies_ev, atol=1e-9)
        np.testing.assert_allclose(rows["transmission"], computed.transmission, rtol=1e-9)


def test_comparison_table_is_the_series_table(figures):
    table = pd.read_csv(figures / f"{DOT}_L_comparison.csv")
    pd.testing.assert_frame_equal(table, pd.read_csv(RECORDED / DOT / "series.csv"))


def test_density_table_is_the_computed_density(results, figures):
    for junction in results.dots[0].junctions:
        table = pd.read_csv(figures / f"{DOT}_{junction.case.name}_density.csv")
        np.testing.assert_allclose(table["ldos_left_per_eV"], junction.density.left, rtol=1e-9)
        assert list(table["element"]) == junction.atoms.get_chemical_symbols()


def test_projection_keeps_distances(results):
    junction = results.dots[0].junctions[0]
    drawn = density.density_table(junction)[["across_ang", "up_ang", "depth_ang"]].to_numpy()
    kept = np.linalg.norm(drawn[:, None] - drawn[None], axis=-1)
    np.testing.assert_allclose(kept, junction.atoms.get_all_distances(), atol=1e-9)


def test_the_left_tip_is_drawn_at_the_left(results):
    for junction in results.dots[0].junctions:
        table = density.density_table(junction)
        left, right = (
            table[(table["tag"] >= 10 * side) & (table["tag"] < 10 * side + 10)] for side in (1, 2)
        )
        assert left["across_ang"].max() < right["across_ang"].mean()
        if junction.case.name == "short":
            assert right["up_ang"].min() > left["up_ang"].max()


def test_orbital_shares_add_up(results):
    table = orbitals.orbital_table(results.dots[0].series[0])
    assert len(table) == 4
    np.testing.assert_allclose(table[["homo_share", "lumo_share", "rest_share"]].sum(axis=1), 1)


def test_a_junction_without_a_rule_is_left_out(results):
    series = results.dots[0].series[0]
    short = series.junctions[0]
    rules = short.frontier.orbital_rule | {
        "headline": NoRule(energy_ev=0.0, sentence="energy lies on a level")
    }
    replaced = replace(short, frontier=short.frontier.model_copy(update={"orbital_rule": rules}))
    partial = SeriesResults(
        "L", series.summary, series.conductance, series.spectrum, (replaced, series.junctions[1])
    )
    table = orbitals.orbital_table(partial)
    assert len(table) == 3
    shown = orbitals.orbitals_table(partial)
    assert ("short", "headline energy", "–", "0.00") in [row[:4] for row in shown.rows]
    with style.figure_style():
        orbitals.orbital_figure(table)


def test_decay_table_holds_the_fit_of_the_summary(chain_series):
    table = decay.decay_table(chain_series.decay)
    contacts = table[table["row"] == "contact"]
    verdict = chain_series.summary.at_headline
    np.testing.assert_allclose(contacts["conductance_G0"], chain_series.summary.conductance_at_headline_G0)
    last = contacts.iloc[-1]
    assert np.log10(last["conductance_G0"] / last["fit_G0"]) == pytest.approx(verdict.above_trend_decades)
    assert np.log10(last["band_high_G0"] / last["fit_G0"]) == pytest.approx(verdict.band_decades)


def test_decay_and_spectrum_are_drawn(chain_series):
    summary = chain_series.summary
    colours = style.junction_colours(summary.junctions)
    with style.figure_style():
        fitted = decay.decay_figure(decay.decay_table(chain_series.decay), summary.at_headline, colours)
        over_gap = spectrum.spectrum_figure(chain_series.spectrum, Marks.of(summary), 0.4)
    text = " ".join(item.get_text() for item in fitted.axes[0].texts)
    assert f"{summary.at_headline.above_trend_decades:+.2f}" in text
    (drawn,) = [line for line in over_gap.axes[0].lines if line.get_label() == "$\\beta$"]
    np.testing.assert_array_equal(drawn.get_ydata(), chain_series.spectrum["beta_per_ang"])


def test_a_control_is_a_ring_and_moves_neither_contacts_nor_fit(chain_series):
    summary = chain_series.summary
    control = Control(
        name="R1-R7", left="R1", right="R7", distance_ang=5.5, conductance_at_headline_G0=1e-4, same_site=True,
        above_last_decades=-1.0, above_trend_decades=-0.5, sentence="",
    )  # fmt: skip
    beside = SeriesResults(
        "L", summary.model_copy(update={"controls": (control,)}), pd.DataFrame(), chain_series.spectrum, ()
    )
    plain, table = decay.decay_table(chain_series.decay), decay.decay_table(beside.decay)
    pd.testing.assert_frame_equal(table[table["row"] != "control"], plain, check_dtype=False)
    (row,) = table[table["row"] == "control"].to_dict("records")
    assert row["fit_G0"] == pytest.approx(1e-4 * 10**0.5)
    colours = style.junction_colours([*summary.junctions, "R1-R7"])
    with style.figure_style():
        axes = decay.decay_figure(table, summary.at_headline, colours).axes[0]
    (ring,) = [line for line in axes.lines if line.get_label() == "control R1-R7 at 5.5 Å"]
    assert (ring.get_markerfacecolor(), ring.get_markeredgecolor()) == ("none", colours["R1-R7"])
    assert ring.get_xydata().tolist() == [[5.5, 1e-4]]


def test_figures_draw_the_recorded_numbers(chain_series, results):
    """A verdict changed by hand is drawn as it stands, so that nothing is fitted again."""
    summary = chain_series.summary
    told = summary.at_headline.model_copy(
        update={"beta_per_ang": 7.25, "above_trend_decades": 3.5, "step_decades": 2.5}
    )
    with style.figure_style():
        axes = decay.decay_figure(
            decay.decay_table(chain_series.decay), told, style.junction_colours(summary.junctions)
        ).axes[0]
    texts = [item.get_text() for item in (*axes.texts, *axes.get_legend().get_texts())]
    for number in ("7.25", "+3.50", "+2.50"):
        assert any(number in text for text in texts), number

    midgap = results.chain_summary.midgap.model_copy(update={"above_trend_decades": 5.0})
    with style.figure_style():
        figure = chain.chain_figure(
            results.chain, results.chain_summary.model_copy(update={"midgap": midgap}), 0.4
        )
    middle = figure.axes[1]
    (_, last), (trend,) = middle.collections[0].get_offsets()[-1], middle.lines
    assert last - trend.get_ydata()[-1] == pytest.approx(5)
    assert any("+5.00 decades" in text.get_text() for text in middle.texts)


def test_the_trend_of_the_chain_is_its_fit(results):
    rows = results.chain[np.isclose(results.chain["energy_eV"].abs(), results.chain["energy_eV"].abs().min())]
    rows = rows[rows["energy_eV"] == rows["energy_eV"].iloc[0]].sort_values("site")
    slope, start = np.polyfit(rows["site"].iloc[:-1], rows["log10_transmission"].iloc[:-1], 1)
    with style.figure_style():
        line = chain.chain_figure(results.chain, results.chain_summary, 0.4).axes[1].lines[0]
    np.testing.assert_allclose(line.get_ydata(), start + slope * np.asarray(line.get_xdata()), atol=1e-8)


def test_a_series_recorded_without_its_trend_is_drawn(chain_series):
    old = chain_series.summary.model_copy(update={"trend_at_headline": None})
    table = decay.decay_table(old)
    new = decay.decay_table(chain_series.decay)
    contacts, same = (one[one["row"] == "contact"] for one in (table, new))
    np.testing.assert_allclose(contacts["fit_G0"], same["fit_G0"], rtol=1e-12)
    np.testing.assert_allclose(contacts["band_high_G0"].iloc[-1], same["band_high_G0"].iloc[-1], rtol=1e-12)
    assert table.loc[table["row"] == "curve", "band_low_G0"].isna().all()
    with style.figure_style():
        colours = style.junction_colours(old.junctions)
        figure = decay.decay_figure(table, old.at_headline, colours)
    assert any("prediction band" in text.get_text() for text in figure.axes[0].get_legend().get_texts())


def test_two_contacts_and_a_last_have_no_band(chain_series):
    keys = ("junctions", "distances_ang", "conductance_at_headline_G0")
    last = {key: getattr(chain_series.summary, key)[-3:] for key in keys}
    verdict = find_jump(last["distances_ang"], last["conductance_at_headline_G0"])
    fit = {
        "at_headline": recorded_verdict(verdict),
        "trend_at_headline": recorded_trend(verdict, last["distances_ang"]),
    }
    summary = chain_series.summary.model_copy(update=last | fit)
    table = decay.decay_table(summary)
    assert table["band_low_G0"].isna().all()
    with style.figure_style():
        colours = style.junction_colours(summary.junctions)
        figure = decay.decay_figure(table, summary.at_headline, colours)
    assert not any("prediction band" in text.get_text() for text in figure.axes[0].get_legend().get_texts())


def test_the_transmission_is_drawn_with_its_thermal_average(results):
    series = results.dots[0].series[0]
    table = transmission.transmission_table(series)
    assert set(series.conductance["junction"]) == {"short", "long"}
    for name, thermal in series.conductance.groupby("junction"):
        rows = table[table["junction"] == name].dropna(subset="conductance_G0")
        np.testing.assert_allclose(rows["energy_eV"], thermal["fermi_eV"], atol=1e-9)
        np.testing.assert_allclose(rows["conductance_G0"], thermal["conductance_G0"], rtol=1e-6)


def test_densities_name_their_contacts_and_elements_inside_the_figure(results):
    junction = results.dots[0].junctions[0]
    table = density.density_table(junction)
    named = table.dropna(subset="contact")
    assert list(named["element"]) == ["Br", "Br"]
    with style.figure_style():
        figure = density.density_figure(table, (-6.0, 0.0))
        figure.canvas.draw()
        for axes in figure.axes[:2]:
            assert set(named["contact"]) <= {text.get_text() for text in axes.texts}
            box = axes.title.get_window_extent()
            assert box.y1 <= figure.bbox.y1
        assert {"Au", "Pb", "Br"} <= {text.get_text() for text in figure.axes[1].texts}


def test_the_least_coherent_sum_is_a_bar_to_be_seen(results):
    table = orbitals.orbital_table(results.dots[0].series[0])
    table.loc[0, "coherent"] = 1e-9
    with style.figure_style():
        figure = orbitals.orbital_figure(table)
    assert figure.axes[2].get_ylim()[0] < 0.5e-9
    labels = [label.get_text() for axes in figure.axes[2:] for label in axes.get_xticklabels()]
    assert labels == [
        f"{row.junction}\n{row.energy_eV:.2f} eV"
        for row in table.sort_values("at", ascending=False).itertuples()
    ]


def test_junction_colours_are_distinct():
    names = [f"L-R{i}" for i in range(1, 8)]
    assert len(set(style.junction_colours(names).values())) == 7


def test_a_user_style_changes_nothing(results, monkeypatch):
    import matplotlib as mpl

    planned = PlannedFigure("chain")
    before = drawing.svg(drawing.draw(results, planned).figure)
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        assert drawing.svg(drawing.draw(results, planned).figure) == before


def test_every_figure_says_what_model_it_comes_from(results):
    for planned in planned_figures(results.study):
        label = drawing.draw(results, planned).figure.get_supxlabel()
        assert "model" in label
        assert ("GFN1-xTB" in label) == (planned.kind != "chain")
