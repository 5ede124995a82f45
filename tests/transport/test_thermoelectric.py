"""Thermoelectric coefficients against the Sommerfeld limit and closed forms."""

import numpy as np
import pytest

from qdjunction.core.errors import InputError
from qdjunction.core.units import BOLTZMANN_EV_PER_K, G0_SIEMENS
from qdjunction.transport import Transmission, conductance, thermoelectric

ENERGIES = np.arange(-1, 1.0001, 0.002)
LORENZ = (np.pi * BOLTZMANN_EV_PER_K) ** 2 / 3


def of(values):
    return Transmission(ENERGIES, values, "direct", ("a", "b"), 0.0, 0.0)


def test_constant_transmission_obeys_wiedemann_and_franz():
    found = thermoelectric(of(np.full_like(ENERGIES, 0.2)), 300.0, [0.0, 0.2])
    np.testing.assert_allclose(found.conductance, 0.2, rtol=1e-5)
    np.testing.assert_allclose(found.thermopower_v_per_k, 0.0, atol=1e-12)
    expected = LORENZ * 300.0 * 0.2 * G0_SIEMENS
    np.testing.assert_allclose(found.heat_conductance_w_per_k, expected, rtol=1e-4)


def test_exponential_transmission_in_closed_form():
    """For T = exp(a E), ``L0 = pi a kT / sin(pi a kT)``, and L1 is its derivative with respect to a."""
    a, temperature = 6.0, 300.0
    kt = BOLTZMANN_EV_PER_K * temperature
    found = thermoelectric(of(np.exp(a * ENERGIES)), temperature)
    y = np.pi * a * kt
    assert found.conductance == pytest.approx(y / np.sin(y), rel=1e-4)
    # L1 / L0 = d log L0 / d a
    mean = np.pi * kt * (1 / y - 1 / np.tan(y))
    assert found.thermopower_v_per_k == pytest.approx(-mean / temperature, rel=1e-3)
    assert found.figure_of_merit > 0


def test_agrees_with_the_conductance():
    result = of(0.1**2 / ((ENERGIES - 0.15) ** 2 + 0.1**2))
    fermi = np.linspace(-0.3, 0.3, 7)
    np.testing.assert_allclose(
        thermoelectric(result, 300.0, fermi).conductance, conductance(result, 300.0, fermi), rtol=2e-4
    )


def test_bad_input():
    result = of(np.ones_like(ENERGIES))
    with pytest.raises(InputError, match="larger than 0"):
        thermoelectric(result, 0.0)
    with pytest.raises(InputError, match="widen the energies"):
        thermoelectric(result, 300.0, 0.7)
