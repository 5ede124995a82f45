"""The decay fit against made data, statsmodels and its own stated coverage."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from qdjunction.core.errors import InputError
from qdjunction.interference.decay import fit_decay, step_betas

SLIDING = np.array([3.9, 9.2, 14.5])


@given(beta=st.floats(-2, 2), log10_contact=st.floats(-6, 0), confidence=st.floats(0.5, 0.999))
def test_an_exact_exponential_is_recovered(beta, log10_contact, confidence):
    conductances = 10**log10_contact * np.exp(-beta * SLIDING)
    fit = fit_decay(SLIDING, conductances, confidence=confidence)
    assert fit.beta_per_ang == pytest.approx(beta, abs=1e-10)
    assert fit.log10_contact_g == pytest.approx(log10_contact, abs=1e-8)
    assert fit.predict(20.0).log10_g == pytest.approx(log10_contact - beta * 20 / np.log(10), abs=1e-8)


def test_steps_of_an_exponential_have_its_beta():
    np.testing.assert_allclose(step_betas(SLIDING, np.exp(-0.54 * SLIDING)), [0.54, 0.54])
    rise = step_betas([0, 2], [1e-3, 1e-2])
    np.testing.assert_allclose(rise, [-np.log(10) / 2])
    with pytest.raises(InputError, match="no farther"):
        step_betas([1.0, 3.0, 2.0], [1.0, 1.0, 1.0])


def test_numbers_agree_with_statsmodels():
    rng = np.random.default_rng(7)
    distances = np.sort(rng.uniform(2, 30, 6))
    conductances = np.exp(-1 - 0.5 * distances + rng.normal(0, 0.6, 6))
    fit = fit_decay(distances, conductances, confidence=0.9)
    peer = sm.OLS(np.log(conductances), sm.add_constant(distances)).fit()
    assert fit.beta_per_ang == pytest.approx(-peer.params[1])
    assert fit.beta_error_per_ang == pytest.approx(peer.bse[1])
    assert fit.interval_per_ang == pytest.approx(tuple(-peer.conf_int(alpha=0.1)[1][::-1]))
    assert fit.r_squared == pytest.approx(peer.rsquared)
    frame = peer.get_prediction([[1.0, 33.0]]).summary_frame(alpha=0.1)
    prediction = fit.predict(33.0)
    assert prediction.log10_g == pytest.approx(frame["mean"][0] / np.log(10))
    assert prediction.low == pytest.approx(frame["obs_ci_lower"][0] / np.log(10))
    assert prediction.high == pytest.approx(frame["obs_ci_upper"][0] / np.log(10))


@pytest.mark.parametrize("n", [3, 4, 8])
@pytest.mark.parametrize("confidence", [0.68, 0.95])
def test_interval_and_band_cover_as_often_as_they_say(n, confidence):
    rng = np.random.default_rng(20191129 + n)
    distances, further, beta = np.linspace(4, 20, n), 24.0, 0.54
    trials = 20_000
    conductances = np.exp(-2 - beta * distances[:, None] + rng.normal(0, 0.4, (n, trials)))
    new = (-2 - beta * further + rng.normal(0, 0.4, trials)) / np.log(10)
    fit = fit_decay(distances, conductances, confidence=confidence)
    low, high = fit.interval_per_ang
    band = fit.predict(further)
    tolerance = 4 * np.sqrt(confidence * (1 - confidence) / trials)
    assert np.mean((low < beta) & (beta < high)) == pytest.approx(confidence, abs=tolerance)
    assert np.mean((band.low < new) & (new < band.high)) == pytest.approx(confidence, abs=tolerance)


def test_many_fits_at_once_equal_single_fits():
    rng = np.random.default_rng(3)
    conductances = rng.uniform(1e-6, 1e-2, (4, 5))
    distances = np.array([3.0, 8.0, 14.0, 21.0])
    together = fit_decay(distances, conductances)
    for k in range(5):
        single = fit_decay(distances, conductances[:, k])
        assert single.beta_per_ang == pytest.approx(together.beta_per_ang[k])
        assert single.interval_per_ang[1] == pytest.approx(together.interval_per_ang[1][k])
        assert single.predict(25.0).high == pytest.approx(together.predict(25.0).high[k])
        np.testing.assert_allclose(single.residuals_decades, together.residuals_decades[:, k])


def test_two_contacts_have_a_beta_but_no_interval():
    fit = fit_decay([4.0, 9.0], [1e-3, 1e-4])
    assert fit.beta_per_ang == pytest.approx(np.log(10) / 5)
    assert np.isnan(fit.interval_per_ang).all()
    assert np.isnan(fit.beta_error_per_ang)
    assert np.isnan(fit.predict(14.0).high)
    assert fit.predict(14.0).log10_g == pytest.approx(-5)
    assert "no interval" in str(fit)


def test_a_longer_length_unit_scales_beta_inversely():
    conductances = [1e-3, 3e-4, 2e-5]
    assert fit_decay(SLIDING / 10, conductances).beta_per_ang == pytest.approx(
        10 * fit_decay(SLIDING, conductances).beta_per_ang
    )


@pytest.mark.parametrize(
    ("distances", "conductances", "says"),
    [
        ([3.9], [1e-3], "at least two contacts"),
        ([5.0, 5.0], [1e-3, 1e-4], "same distance"),
        ([3.9, 9.2], [1e-3, -3.7], "R2 is -3.7 G0.*not its logarithm"),
        ([3.9, 9.2], [0.0, 1e-3], "R1 is 0.0 G0"),
        ([3.9, 9.2], [1e-3, np.nan], "R2 is nan"),
        ([3.9, -9.2], [1e-3, 1e-3], "distance of R2 is -9.2"),
        ([3.9, 9.2, 12.0], [1e-3, 1e-3], "do not match"),
    ],
)
def test_bad_input_names_the_contact(distances, conductances, says):
    with pytest.raises(InputError, match=says):
        fit_decay(distances, conductances, contacts=["R1", "R2", "R3"][: len(distances)])


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_confidence_must_be_a_share(confidence):
    with pytest.raises(InputError, match="confidence"):
        fit_decay(SLIDING, [1e-3, 1e-4, 1e-5], confidence=confidence)
