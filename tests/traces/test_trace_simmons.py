import numpy as np
import pytest
from scipy import constants
from scipy.integrate import quad
from scipy.optimize import brentq

from qdjunction.core.errors import InputError
from qdjunction.core.results import read_result
from qdjunction.core.units import G0_SIEMENS
from qdjunction.report.sections.trace_bias import bias_sentence
from qdjunction.traces.results import BiasSummary
from qdjunction.traces.simmons import (
    fit_simmons,
    lowest_barrier_ev,
    mean_barrier,
    simmons_conductance_g0,
    simmons_current_density,
)

BIAS = np.linspace(0.05, 0.25, 9)


def wkb_current_density(bias: float, barrier: float, width_nm: float) -> float:
    """Integrate the WKB transmission of the mean barrier over a free-electron metal at 0 K (A/nm^2)."""
    fermi = 5.5
    exponent = 4 * np.pi * width_nm * 1e-9 * np.sqrt(2 * constants.m_e * constants.e) / constants.h

    def supply(energy: float) -> float:
        return min(bias, fermi - energy) if energy < fermi else 0.0

    def integrand(energy: float) -> float:
        return supply(energy) * np.exp(-exponent * np.sqrt(fermi + barrier - bias / 2 - energy))

    kink = fermi - bias
    integral = quad(integrand, 0, kink, epsrel=1e-9)[0] + quad(integrand, kink, fermi, epsrel=1e-9)[0]
    return 4 * np.pi * constants.m_e * constants.e**3 / constants.h**3 * integral * 1e-18


@pytest.mark.parametrize(("barrier", "width"), [(2.0, 1.5), (4.0, 1.2), (1.0, 3.0)])
@pytest.mark.parametrize("bias", [0.05, 0.25])
def test_agrees_with_the_integral_that_it_approximates(barrier, width, bias):
    # The closed form drops terms of the order 1 / (A sqrt(phi)).
    order = 1 / (10.25 * width * np.sqrt(barrier))
    assert simmons_current_density(bias, barrier, width) == pytest.approx(
        wkb_current_density(bias, barrier, width), rel=3 * order
    )


def test_small_bias_limit():
    barrier, width = 3.0, 1.0
    width_m = width * 1e-9
    root = np.sqrt(2 * constants.m_e * barrier * constants.e)
    decay = 4 * np.pi * width_m * root / constants.h
    # Derivative of the formula at zero bias: (e^2 / 2 pi h s^2)(A sqrt(phi) / 2 - 1) exp(-A sqrt(phi)).
    prefactor = constants.e**2 / (2 * np.pi * constants.h * width_m**2)
    siemens_per_m2 = prefactor * (decay / 2 - 1) * np.exp(-decay)
    expected = siemens_per_m2 * 1e-18 / G0_SIEMENS
    assert simmons_conductance_g0(1e-4, barrier, width, 1.0) == pytest.approx(expected, rel=1e-6)


def test_current_is_odd_and_conductance_grows_with_bias():
    np.testing.assert_allclose(
        simmons_current_density(-BIAS, 2.0, 1.0), -simmons_current_density(BIAS, 2.0, 1.0), rtol=1e-12
    )
    assert np.all(np.diff(simmons_conductance_g0(BIAS, 2.0, 1.0, 1.0)) > 0)


def test_conductance_falls_by_the_decay_constant_with_width():
    ratio = simmons_conductance_g0(0.01, 4.0, 2.1, 1.0) / simmons_conductance_g0(0.01, 4.0, 2.0, 1.0)
    # exp(-2 kappa ds), kappa = sqrt(2 m phi)/hbar = 10.25 per nm for 4 eV, and the slower 1/s of the
    # prefactor.
    assert ratio == pytest.approx(np.exp(-2 * 10.246 * 0.1) * 2.0 / 2.1, rel=0.01)


def test_fit_finds_barrier_and_area():
    truth = np.log10(simmons_conductance_g0(BIAS, 0.8, 2.0, 3.0))
    fit = fit_simmons(BIAS, truth, width_nm=2.0)
    assert fit.barrier_ev == pytest.approx(0.8, rel=1e-3)
    assert fit.log10_area_nm2 == pytest.approx(np.log10(3.0), abs=1e-2)
    assert fit.prefers_tunnelling
    np.testing.assert_allclose(fit.log10_g(BIAS), truth, atol=1e-6)


def test_interval_holds_the_barrier_about_as_often_as_it_says():
    random = np.random.default_rng(0)
    truth = np.log10(simmons_conductance_g0(BIAS, 0.6, 3.0, 1.0))
    held = 0
    for _ in range(40):
        measured = truth + 0.002 * random.standard_normal(len(BIAS))
        low, high = fit_simmons(BIAS, measured, width_nm=3.0).barrier_interval_ev
        held += low < 0.6 < high
    assert 34 <= held <= 40


def test_constant_conductance_is_not_called_tunnelling():
    random = np.random.default_rng(1)
    constant = -4.3 + 0.02 * random.standard_normal(len(BIAS))
    assert not fit_simmons(BIAS, constant, width_nm=1.0).prefers_tunnelling


def test_limits_of_the_formula_are_errors():
    with pytest.raises(InputError, match="not below the barrier"):
        simmons_current_density(1.0, 0.9, 1.0)
    with pytest.raises(InputError, match="above zero"):
        simmons_current_density(0.1, -1.0, 1.0)
    with pytest.raises(InputError, match="0 V"):
        simmons_conductance_g0([0.0, 0.1], 1.0, 1.0, 1.0)
    with pytest.raises(InputError, match="at least 5"):
        fit_simmons([0.1, 0.2, 0.3], [-4, -4, -4], 1.0)


def image_energy(x: float, width: float, permittivity: float) -> float:
    """Sum the image charges of an electron between two electrodes one by one (eV, nm)."""
    n = np.arange(1, 20_001)
    lattice = (n * width / ((n * width) ** 2 - x**2) - 1 / (n * width)).sum()
    return -constants.e / (8 * np.pi * constants.epsilon_0 * permittivity) * 1e9 * (1 / (2 * x) + lattice)


@pytest.mark.parametrize("bias", [0.05, 0.5])
def test_mean_barrier_is_that_of_the_summed_images(bias):
    barrier, width, permittivity = 3.0, 1.2, 2.5
    mean, between = mean_barrier(bias, barrier, width, permittivity)
    first = brentq(
        lambda x: barrier - bias * x / width + image_energy(x, width, permittivity), 1e-3, width / 2
    )
    last = brentq(
        lambda x: barrier - bias * x / width + image_energy(x, width, permittivity), width / 2, width - 1e-3
    )
    assert between == pytest.approx(last - first, rel=1e-4)
    x, weight = np.polynomial.legendre.leggauss(60)
    points = (first + last) / 2 + x * (last - first) / 2
    heights = [barrier - bias * p / width + image_energy(p, width, permittivity) for p in points]
    assert mean == pytest.approx((weight * heights).sum() / 2, rel=1e-4)


def test_image_charges_lie_near_half_the_printed_hyperbola():
    # Simmons: 1.15 lambda s^2 / (x (s - x)) with lambda = e^2 ln 2 / (8 pi eps0 K s), printed without the 1/2.
    width, permittivity = 2.0, 4.0
    scale = np.log(2) * constants.e / (8 * np.pi * constants.epsilon_0 * permittivity * width) * 1e9
    for x in np.linspace(0.1, 1.0, 10):
        half = 1.15 * scale * width**2 / (x * (width - x)) / 2
        assert -image_energy(x, width, permittivity) == pytest.approx(half, rel=0.26)


def test_a_barrier_that_screens_has_no_image_charges():
    without = simmons_conductance_g0(BIAS, 1.0, 1.5, 1.0)
    np.testing.assert_allclose(simmons_conductance_g0(BIAS, 1.0, 1.5, 1.0, 1.0, 1e9), without, rtol=1e-6)
    vacuum = simmons_conductance_g0(BIAS, 3.0, 1.5, 1.0, 1.0, 1.0)
    assert np.all(
        vacuum > 10 * simmons_conductance_g0(BIAS, 3.0, 1.5, 1.0)
    )  # they lower and narrow the barrier
    np.testing.assert_allclose(simmons_conductance_g0(-BIAS, 3.0, 1.5, 1.0, 1.0, 1.0), vacuum)


def test_fit_with_image_charges_finds_the_barrier():
    truth = np.log10(simmons_conductance_g0(BIAS, 1.4, 2.0, 3.0, 1.0, 2.0))
    fit = fit_simmons(BIAS, truth, width_nm=2.0, image_permittivity=2.0)
    assert fit.barrier_ev == pytest.approx(1.4, rel=1e-3)
    np.testing.assert_allclose(fit.log10_g(BIAS), truth, atol=1e-6)
    assert fit_simmons(BIAS, truth, width_nm=2.0).barrier_ev < 1.3  # too low without them


def test_a_series_that_does_not_bend_has_no_upper_bound():
    noise = 0.02 * np.random.default_rng(2).standard_normal(len(BIAS))
    low, high = fit_simmons(
        BIAS, np.log10(simmons_conductance_g0(BIAS, 4.0, 1.0, 1.0)) + noise, 1.0
    ).barrier_interval_ev
    assert high == np.inf
    assert low < 4


def test_barriers_that_image_charges_leave_none_of_are_errors():
    lowest = lowest_barrier_ev(0.25, 1.0, 1.0)
    assert lowest == pytest.approx(0.25 + 2 * np.log(2) * 0.71998, rel=1e-4)
    with pytest.raises(InputError, match="only for barriers above 1"):
        simmons_current_density(0.25, 1.2, 1.0, 1.0, 1.0)
    with pytest.raises(InputError, match="too thin and low"):
        simmons_current_density(0.05, 1.06, 1.0, 1.0, 1.0)
    with pytest.raises(InputError, match="below that of the vacuum"):
        simmons_current_density(0.25, 3.0, 1.0, 1.0, 0.5)


@pytest.mark.parametrize("permittivity", [None, 3.0])
def test_a_fit_is_drawn_from_its_record(tmp_path, permittivity):
    fit = fit_simmons(
        BIAS, np.log10(simmons_conductance_g0(BIAS, 3.0, 1.0, 1.0)), 1.0, image_permittivity=permittivity
    )
    BiasSummary(
        name="s", level_log10_g=-4, points=(), fit=fit, confidence=0.95, reason="", provenance={}
    ).write(tmp_path / "simmons.json")
    again = read_result(BiasSummary, tmp_path / "simmons.json").fit
    np.testing.assert_array_equal(again.log10_g(BIAS), fit.log10_g(BIAS))
    assert ("image charges" in bias_sentence(read_result(BiasSummary, tmp_path / "simmons.json"))) == bool(
        permittivity
    )
