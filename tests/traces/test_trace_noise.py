"""Flicker noise and correlation histograms on traces of known truth."""

import numpy as np
import pytest
from scipy.signal import detrend
from scipy.stats import linregress
from scipy.stats import t as student_t

from qdjunction.traces.analyses.contract import Known
from qdjunction.traces.analyses.correlate import KIND as CORRELATE
from qdjunction.traces.analyses.noise import KIND as NOISE
from qdjunction.traces.analyses.noise import noise_power, scaling_exponent
from qdjunction.traces.moments import Moments
from qdjunction.traces.results import PeakRecord
from qdjunction.traces.settings import NoiseSettings, TracesSettings
from qdjunction.traces.trace import Trace
from support.traces import run_in_memory


def traces(exponent=1.0, levels=(-2.0,), count=60, seed=0):
    """Gold, a plateau of 0.6 nm at one of the levels with noise power proportional to G to the exponent, floor."""
    random = np.random.default_rng(seed)
    z = np.arange(-0.2, 1.0, 0.0005)
    for number in range(count):
        g = 10 ** (levels[number % len(levels)] + random.normal(0, 0.2))
        noisy = g + 0.02 * 10 ** (-2 + exponent) * g ** (exponent / 2) * random.standard_normal(len(z))
        log10_g = np.select([z < 0, z < 0.6], [0.9, np.log10(np.abs(noisy))], -7.5)
        yield Trace(f"t{number}", z, log10_g)


def peaks(*levels):
    made = [
        PeakRecord(
            centre=level, sigma=0.2, height=1.0, centre_interval=(level, level), sigma_interval=(0.2, 0.2)
        )
        for level in levels
    ]
    return Known(peaks=tuple(made))


def test_the_power_over_all_frequencies_is_the_variance():
    g = np.random.default_rng(0).normal(1.0, 0.1, 1000)
    assert noise_power(g, 0.001, (1e-6, 1e9)) == pytest.approx(detrend(g).var(), rel=1e-9)
    wave = 1 + 0.1 * np.sin(2 * np.pi * 50 * np.arange(1000) * 0.001)
    assert noise_power(wave, 0.001, (40.0, 60.0)) == pytest.approx(0.005, rel=0.01)
    assert noise_power(wave, 0.001, (60.0, 90.0)) < 1e-5


@pytest.mark.parametrize("exponent", [1.0, 2.0])
def test_the_exponent_of_the_noise_is_found(exponent):
    settings = TracesSettings(noise=NoiseSettings(per_nm=(20, 900)))
    table, summary = run_in_memory(NOISE, list(traces(exponent)), settings, peaks(-2.0, -4.0))
    found, none = summary.levels
    assert 60 >= found.plateaus == len(table) >= 55  # a few lie outside the band
    _, low, high = found.exponent
    assert low < exponent < high
    assert high - low < 0.3
    assert none.plateaus == 0
    assert np.isnan(none.exponent[0])


def test_intervals_of_the_exponent_hold_it():
    random = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        g = np.exp(random.normal(0, 0.5, 40))
        power = g**1.3 * np.exp(random.normal(0, 0.4, 40))
        sums = Moments(2)
        for pair in np.log([g, power]).T:
            sums.add(pair)
        exponent, low, high = scaling_exponent(sums, 0.95)
        expected = linregress(np.log(g), np.log(power))
        half = student_t.ppf(0.975, 38) * expected.stderr
        assert (exponent, high) == pytest.approx((expected.slope, expected.slope + half), rel=1e-9)
        held += low < 1.3 < high
    assert 182 <= held <= 198  # 190 expected


def test_moments_are_those_of_numpy():
    values = np.random.default_rng(2).poisson(5, (300, 6)).astype(float)
    values[:, 5] = 3
    sums = Moments(6)
    for row in values:
        sums.add(row)
    np.testing.assert_allclose(sums.correlation()[:5, :5], np.corrcoef(values[:, :5].T), atol=1e-12)
    assert np.isnan(sums.correlation()[5]).all()


def test_levels_that_exclude_each_other_are_anticorrelated():
    settings = TracesSettings(correlate={"bins": 12, "log10_g_range": (-6.0, 0.0)})
    table, summary = run_in_memory(CORRELATE, list(traces(levels=(-1.75, -3.75))), settings)
    grid = table.pivot(index="log10_g", columns="other_log10_g", values="correlation")
    assert summary.traces == 60
    assert grid.loc[-1.75, -3.75] < -0.5 < -summary.chance
    np.testing.assert_allclose(grid, grid.T)
    assert run_in_memory(CORRELATE, list(traces(count=2)), settings)[1].reason
