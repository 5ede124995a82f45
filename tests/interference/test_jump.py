"""The two criteria of a jump on steps of known size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from qdjunction.core.errors import InputError
from qdjunction.interference.decay import fit_decay
from qdjunction.interference.jump import find_jump

DISTANCES = np.array([4.5, 9.1, 14.3, 17.5])
NAMES = ("R1", "R2", "R3", "R4")
GFN1 = 10 ** np.array([-1.84, -3.21, -4.36, -3.15])
"""12Pb MAPbBr3 on GFN1-xTB, one eV above the HOMO."""


@given(step=st.floats(-1, 2).filter(lambda s: abs(s - 0.4) > 1e-6), beta=st.floats(0.1, 1))
def test_a_made_step_is_measured(step, beta):
    log10_g = -1 - beta * DISTANCES / np.log(10) + np.array([0.02, -0.04, 0.02, 0.0])
    log10_g[3] = log10_g[2] + step
    verdict = find_jump(DISTANCES, 10**log10_g, contacts=NAMES)
    assert verdict.step_decades == pytest.approx(step, abs=1e-9)
    assert verdict.step is (step > 0.4)
    assert verdict.is_jump is (verdict.step and verdict.band)
    trend = fit_decay(DISTANCES[:3], 10 ** log10_g[:3]).predict(17.5)
    assert verdict.above_trend_decades == pytest.approx(log10_g[3] - trend.log10_g)
    assert verdict.band is bool(log10_g[3] > trend.high)


@given(confidence=st.floats(0.3, 0.999))
def test_band_confidence_is_where_the_band_verdict_turns(confidence):
    verdict = find_jump(DISTANCES, GFN1, confidence=confidence)
    assert verdict.band is bool(verdict.band_confidence > confidence)


def test_three_points_leave_a_wide_band_and_the_verdict_says_so():
    verdict = find_jump(DISTANCES, GFN1, contacts=NAMES)
    assert verdict.step
    assert verdict.step_decades == pytest.approx(1.21)
    assert verdict.fit.beta_per_ang == pytest.approx(0.590, abs=0.001)
    # One degree of freedom: Student's t is Cauchy's, so the confidence is 2/pi arctan(t).
    t = verdict.above_trend_decades / verdict.fit.prediction_error(17.5)
    assert verdict.band_confidence == pytest.approx(2 / np.pi * np.arctan(t))
    assert 0.92 < verdict.band_confidence < 0.93
    assert verdict.band is False
    assert verdict.is_jump is False
    assert find_jump(DISTANCES, GFN1, confidence=0.9).is_jump is True
    assert "No jump: R4 lies 1.21 decades above R3" in verdict.sentence
    assert "not above its 95% prediction band" in verdict.sentence
    assert "one degree of freedom" in verdict.sentence


def test_noise_alone_is_above_the_band_as_often_as_the_level_says():
    rng = np.random.default_rng(11)
    trials = 40_000
    log_g = -2 - 0.5 * DISTANCES[:, None] + rng.normal(0, 0.5, (4, trials))
    verdict = find_jump(DISTANCES, np.exp(log_g), confidence=0.9)
    assert np.mean(verdict.band) == pytest.approx(0.05, abs=0.005)
    # The confidences of the points above the trend are then uniform.
    above = verdict.band_confidence[verdict.above_trend_decades > 0]
    assert stats.kstest(above, "uniform").pvalue > 0.01


def test_with_two_contacts_before_the_step_alone_decides_nothing():
    verdict = find_jump([3.9, 9.2, 11.0], [1e-3, 1e-4, 1e-3])
    assert verdict.step is True
    assert verdict.band is None
    assert verdict.is_jump is None
    assert np.isnan(verdict.band_confidence)
    assert verdict.sentence.startswith("Undecided")
    assert find_jump([3.9, 9.2, 11.0], [1e-3, 1e-4, 1e-5]).is_jump is False


def test_a_point_below_the_trend_has_no_confidence():
    verdict = find_jump(DISTANCES, [1e-3, 1.2e-4, 1e-5, 1e-9])
    assert verdict.band_confidence == 0
    assert verdict.band is False
    assert "below" in verdict.sentence


def test_a_series_that_does_not_decay_is_said_so():
    verdict = find_jump(DISTANCES, [1e-5, 1.1e-4, 1e-3, 1.0])
    assert "which do not decay" in verdict.sentence


def test_threshold_is_inclusive_and_a_setting():
    conductances = 10 ** np.array([-1.0, -2.0, -3.0, -2.5])
    assert find_jump(DISTANCES, conductances, threshold_decades=0.5 - 1e-12).step is True
    assert find_jump(DISTANCES, conductances, threshold_decades=0.6).step is False


def test_bad_input():
    with pytest.raises(InputError, match="at least three contacts"):
        find_jump([3.9, 9.2], [1e-3, 1e-4])
    with pytest.raises(InputError, match="threshold"):
        find_jump(DISTANCES, GFN1, threshold_decades=0)
    with pytest.raises(InputError, match=r"R4 is 0\.0"):
        find_jump(DISTANCES, [1e-3, 1e-4, 1e-5, 0.0], contacts=NAMES)
