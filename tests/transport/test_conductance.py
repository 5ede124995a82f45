import numpy as np
import pytest
from scipy.integrate import quad

from qdjunction.core.errors import InputError
from qdjunction.core.units import BOLTZMANN_EV_PER_K
from qdjunction.transport import conductance, conductance_slope
from support.known_systems import sampled


def test_constant_transmission():
    result = sampled(lambda e: 0.3 + 0 * e, np.arange(-1, 1.0001, 0.01))
    assert conductance(result) == pytest.approx(0.3, rel=1e-4)


def test_linear_transmission_is_exact_between_the_window_ends():
    result = sampled(lambda e: 0.5 + 0.2 * e, np.linspace(-2, 2, 81))
    np.testing.assert_allclose(
        conductance(result, 300, np.array([-0.1, 0.0, 0.25])), [0.48, 0.5, 0.55], rtol=1e-12
    )


@pytest.mark.parametrize("temperature", [50.0, 300.0])
def test_lorentzian_against_quadrature(temperature):
    def lorentzian(e):
        return 0.05**2 / ((e - 0.1) ** 2 + 0.05**2)

    kt = BOLTZMANN_EV_PER_K * temperature

    def integrand(e):
        return lorentzian(e) / (4 * kt * np.cosh(e / (2 * kt)) ** 2)

    expected = quad(integrand, -15 * kt, 15 * kt, epsabs=1e-12, limit=500, points=[0.0, 0.1])[0]
    result = sampled(lorentzian, np.arange(-1, 1.00001, 0.001))
    assert conductance(result, temperature) == pytest.approx(expected, rel=2e-4)


def test_zero_temperature_is_the_transmission_itself():
    result = sampled(lambda e: e**2, np.linspace(-1, 1, 201))
    assert conductance(result, 0.0, 0.5) == pytest.approx(0.25, rel=1e-12)


def test_order_of_energies_does_not_matter():
    energies = np.arange(-1, 1.0001, 0.01)
    shuffled = np.random.default_rng(0).permutation(energies)
    assert conductance(sampled(np.exp, shuffled)) == pytest.approx(
        conductance(sampled(np.exp, energies)), rel=1e-14
    )


def test_many_fermi_energies_at_once():
    result = sampled(lambda e: np.exp(-3 * e), np.arange(-1, 1.0001, 0.01))
    fermi = np.linspace(-0.5, 0.5, 11)
    together = conductance(result, 300.0, fermi)
    np.testing.assert_allclose(together, [conductance(result, 300.0, f) for f in fermi], rtol=1e-13)
    assert conductance(result, 300.0, fermi.reshape(1, 11)).shape == (1, 11)


def test_window_too_narrow_is_refused():
    result = sampled(lambda e: 0 * e + 1, np.arange(-1, 1.0001, 0.01))
    with pytest.raises(InputError, match="widen the energies"):
        conductance(result, 300.0, 0.9)
    with pytest.raises(InputError, match="widen the energies"):
        conductance(result, 300.0, [0.0, -0.8])
    with pytest.raises(InputError, match="widen the energies"):
        conductance(sampled(lambda e: 0 * e + 1, np.array([0.0])))
    with pytest.raises(InputError, match="widen the energies"):
        conductance(result, 0.0, 1.5)


def test_coarse_energies_are_refused():
    with pytest.raises(InputError, match=r"use a step of at most 0\.05"):
        conductance(sampled(lambda e: 0 * e + 1, np.arange(-1, 1.01, 0.1)))


def test_negative_temperature_is_refused():
    with pytest.raises(InputError, match="temperature"):
        conductance(sampled(lambda e: 0 * e + 1, np.arange(-1, 1.0001, 0.01)), -1.0)


def test_slope_of_an_exponential_is_its_own():
    """T = exp(a E) keeps its form under the thermal average."""
    result = sampled(lambda e: np.exp(-4 * e), np.arange(-1, 1.0001, 0.002))
    slope = conductance_slope(result, 300.0, np.array([-0.4, 0.0, 0.3]))
    np.testing.assert_allclose(slope, -4 / np.log(10), rtol=1e-3)


def test_slope_is_the_derivative_of_the_conductance():
    result = sampled(lambda e: 0.05**2 / ((e - 0.1) ** 2 + 0.05**2), np.arange(-1, 1.0001, 0.005))
    fermi, h = np.array([-0.2, 0.05, 0.1, 0.4]), 1e-5
    numeric = (
        np.log10(conductance(result, 300, fermi + h)) - np.log10(conductance(result, 300, fermi - h))
    ) / (2 * h)
    np.testing.assert_allclose(conductance_slope(result, 300, fermi), numeric, rtol=1e-4, atol=1e-3)
    assert isinstance(conductance_slope(result, 300, 0.2), float)
    with pytest.raises(InputError, match="take one above 0"):
        conductance_slope(result, 0.0)


@pytest.mark.parametrize("step", [0.1, 0.5, 0.6, 1.0, 3.0])
def test_energies_that_are_too_coarse_are_an_error_however_coarse(step):
    """The middle of a wide interval is far from E_F though E_F lies inside it."""
    energies = np.arange(-3, 3.0001, step)
    result = sampled(lambda e: 0.05**2 / ((e - 0.3) ** 2 + 0.05**2), energies)
    for fermi in (0.0, 0.5 * step):
        with pytest.raises(InputError, match="use a step of at most"):
            conductance(result, 300.0, fermi)


def test_a_coarse_part_of_the_energies_far_from_the_fermi_energy_is_none_of_its_business():
    energies = np.unique([*np.arange(-1, 1.0001, 0.01), 2.0, 4.0])
    assert conductance(sampled(lambda e: 0.3 + 0 * e, energies)) == pytest.approx(0.3, rel=1e-4)
