from itertools import islice

import numpy as np
import pandas as pd
import pytest

from qdjunction.core.errors import InputError
from qdjunction.traces.analysis import analyse
from qdjunction.traces.histogram import Axis, Histogram, Histogram2D, fit_peaks, spacing_interval
from qdjunction.traces.jump_table import writing_jumps
from qdjunction.traces.peak_number import choose_peaks, unfitted_peaks
from qdjunction.traces.selection import select_jumps, window_bounds
from qdjunction.traces.settings import HistogramSettings, SimulationSettings, TracesSettings
from qdjunction.traces.simulation import simulate
from support.traces import SERIES


@pytest.fixture(scope="module")
def simulated():
    return list(islice(simulate(SERIES, SimulationSettings(seed=5)), 120))


@pytest.fixture(scope="module")
def analysis(simulated):
    return analyse(item.trace for item in simulated)


def test_counts_are_those_of_numpy():
    random = np.random.default_rng(0)
    x, y = random.normal(0, 1, (2, 5000))
    axis = Axis("x", -1.0, 1.5, 25)
    histogram = Histogram.empty(axis, 3)
    groups = np.arange(5000) % 3
    histogram.add(x, groups)
    for group in range(3):
        expected = np.histogram(x[groups == group], bins=axis.edges)[0]
        np.testing.assert_array_equal(histogram.counts[group], expected)
    pair = Histogram2D.empty(axis, Axis("y", -2.0, 0.5, 10))
    pair.add(x, y)
    np.testing.assert_array_equal(pair.counts, np.histogram2d(x, y, bins=(pair.x.edges, pair.y.edges))[0])


def test_histograms_hold_every_recorded_point_of_the_windows(simulated, analysis):
    settings = TracesSettings()
    points = np.concatenate(
        [item.trace.log10_g[slice(*window_bounds(item.trace.log10_g, settings.jump))] for item in simulated]
    )
    expected = np.histogram(points, bins=analysis.log10_g.axis.edges)[0]
    # Points on an edge may round to either side.
    assert np.abs(analysis.log10_g.total - expected).sum() <= 4
    assert analysis.log10_g.total.sum() == expected.sum()
    assert analysis.cloud.counts.sum() == expected.sum()
    np.testing.assert_array_equal(analysis.cloud.counts.sum(axis=0), analysis.log10_g.total)


def test_one_pass_agrees_with_the_selection(simulated, analysis):
    jumps = list(select_jumps(item.trace for item in simulated))
    assert analysis.jumps == len(jumps) == analysis.jump_height.counts.sum()
    assert analysis.aligned.counts.sum() > 0.8 * 400 * len(jumps)
    share, low, high = analysis.jump_share()
    assert 0 < low < share < high < 1
    data = analysis.to_dataset()
    assert data.log10_g_counts.sum() == analysis.log10_g.counts.sum()
    assert data.attrs["jumps"] == analysis.jumps


def test_plateaus_give_the_height_that_the_published_rule_overstates(analysis):
    """The sites before and after the jump are at -4.9 and -3.9; published feet pile up at the limit of -4.5."""
    height, before, after = (
        fit_peaks(getattr(analysis, name), 1).peaks[0].centre
        for name in ("plateau_height", "plateau_before", "plateau_after")
    )
    assert height == pytest.approx(1.0, abs=0.06)
    assert (before, after) == pytest.approx((-4.9, -3.9), abs=0.1)
    assert fit_peaks(analysis.jump_height, 1).peaks[0].centre > 1.2
    assert analysis.jump_foot.quantile(0.5) > -4.6


def test_table_has_a_row_a_jump(tmp_path, simulated):
    for name, read in (("jumps.parquet", pd.read_parquet), ("jumps.csv", pd.read_csv)):
        with writing_jumps(tmp_path / name) as table:
            analyse((item.trace for item in simulated), on_jump=table.write)
        frame = read(tmp_path / name)
        jumps = list(select_jumps(item.trace for item in simulated))
        assert frame.columns[:5].tolist() == ["file", "index", "displacement_nm", "log10_g", "height_decades"]
        assert frame["file"].tolist() == [jump.trace for jump in jumps]
        assert frame["index"].tolist() == [jump.index for jump in jumps]
        np.testing.assert_allclose(
            frame["height_decades"], [jump.height_decades for jump in jumps], rtol=1e-12
        )
    with pytest.raises(InputError, match="suffix"), writing_jumps(tmp_path / "jumps.xlsx"):
        pass


def test_interrupted_table_is_not_left_behind(tmp_path):
    with pytest.raises(KeyboardInterrupt), writing_jumps(tmp_path / "jumps.parquet"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_fit_finds_gaussians_and_intervals_hold_their_centres():
    random = np.random.default_rng(1)
    axis = Axis("x", -6.0, 0.0, 200)
    held = 0
    for _ in range(20):
        histogram = Histogram.empty(axis, 16)
        centres = np.repeat([-4.0, -1.5], [3000, 6000])
        values = np.append(random.normal(centres, 0.3), random.uniform(-6, 0, 4000))
        histogram.add(values, random.integers(0, 16, len(values)))
        fit = fit_peaks(histogram, 2)
        assert [peak.centre for peak in fit.peaks] == pytest.approx([-4.0, -1.5], abs=0.05)
        assert [peak.sigma for peak in fit.peaks] == pytest.approx([0.3, 0.3], abs=0.05)
        assert fit.background == pytest.approx(20, rel=0.2)
        held += sum(
            peak.centre_interval[0] < true < peak.centre_interval[1]
            for peak, true in zip(fit.peaks, [-4, -1.5], strict=True)
        )
        distance, low, high = spacing_interval(fit, fit, 0, 1)
        assert distance == pytest.approx(2.5, abs=0.06)
        assert low < distance < high
    assert held >= 34  # 38 of 40 expected at 95 %


def test_interval_follows_the_number_of_traces_and_not_of_points():
    # Points of one trace share an offset: a hundred times the points tell nothing more about the centre.
    random = np.random.default_rng(2)
    offsets = random.normal(0, 0.2, 200)
    axis = Axis("x", -2.0, 2.0, 100)
    widths = []
    for points in (20, 2000):
        histogram = Histogram.empty(axis, 20)
        for trace, offset in enumerate(offsets):
            histogram.add(random.normal(offset, 0.1, points), np.full(points, trace % 20))
        low, high = fit_peaks(histogram, 1).peaks[0].centre_interval
        widths.append(high - low)
    expected = 2 * 2.09 * 0.2 / np.sqrt(200)
    assert widths == pytest.approx([expected, expected], rel=0.5)


def test_peaks_of_simulated_traces_lie_in_their_intervals(analysis):
    fit = fit_peaks(analysis.log10_g, 4, fit_range=(-6.2, -0.8))
    # Means of the plateaus: the first one starts at zero displacement, the third is longer before its middle.
    for peak, true in zip(fit.peaks, (-4.866, -3.9, -2.72, -1.564), strict=True):
        low, high = peak.centre_interval
        assert high - low < 0.2
        assert low - 0.02 < true < high + 0.02


def test_peak_fit_says_what_is_wrong():
    histogram = Histogram.empty(Axis("x", 0, 1, 50), 8)
    with pytest.raises(InputError, match="too few"):
        fit_peaks(histogram, 1)
    histogram.add(np.random.default_rng(0).normal(0.5, 0.05, 1000), np.arange(1000) % 8)
    with pytest.raises(InputError, match="maxima"):
        fit_peaks(histogram, 4)


def test_axes_are_settings(simulated):
    settings = TracesSettings(histogram=HistogramSettings(log10_g_bins=90, cut_log10_g=-4.0))
    analysis = analyse((item.trace for item in simulated[:20]), settings)
    assert analysis.log10_g.counts.shape == (32, 90)
    assert 0 < analysis.cut_displacement.counts.sum() <= 20


def of_gaussians(centres, random, traces=96):
    """A histogram of traces that share an offset, 300 points at each centre and some anywhere."""
    histogram = Histogram.empty(Axis("log10_g", -6.0, 0.0, 150), 16)
    for trace in range(traces):
        around = np.repeat(centres, random.poisson(300, len(centres))) + random.normal(0, 0.1)
        values = np.append(random.normal(around, 0.2), random.uniform(-6, 0, 200))
        histogram.add(values, np.full(len(values), trace % 16))
    return histogram


def test_the_number_of_peaks_is_that_of_the_gaussians():
    centres = [-4.0, -1.5]
    histogram = of_gaussians(centres, np.random.default_rng(len(centres)))
    guesses, numbers = choose_peaks(histogram, (-6.0, 0.0))
    assert sorted(guesses) == pytest.approx(centres, abs=0.1)
    assert [number.count for number in numbers][: len(centres)] == [*range(1, len(centres) + 1)]
    assert numbers[0].above_least > 5 * numbers[0].error


def test_a_peak_that_stays_unfitted_is_said():
    histogram = of_gaussians([-5.0, -3.5, -2.0], np.random.default_rng(0))
    fit = fit_peaks(histogram, 2, guesses=(-5.0, -2.0))
    left = max(unfitted_peaks(histogram, fit, (-6.0, 0.0)), key=lambda one: one.height_errors)
    assert left.centre == pytest.approx(-3.5, abs=0.1)
    assert unfitted_peaks(histogram, fit_peaks(histogram, 3), (-6.0, 0.0)) == ()
