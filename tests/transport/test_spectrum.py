"""Levels and states against LAPACK's own way, and what is asked of them."""

import numpy as np
import pytest
import scipy.linalg

from qdjunction.core.errors import TransportError
from qdjunction.transport.solvers.spectrum import Spectrum
from support.known_systems import random_device


@pytest.mark.parametrize("n", [1, 2, 3, 50])
@pytest.mark.parametrize("complex_h", [False, True])
def test_states_solve_the_equation(n, complex_h):
    device = random_device(n, seed=n, complex_h=complex_h)
    spectrum = Spectrum(device.H, device.S)
    X = spectrum.combine(np.eye(n))
    assert np.iscomplexobj(X) == complex_h or n == 1
    np.testing.assert_allclose(device.H @ X, device.S @ X * spectrum.levels_ev, atol=1e-12)
    np.testing.assert_allclose(X.conj().T @ device.S @ X, np.eye(n), atol=1e-12)
    expected = scipy.linalg.eigh(device.H, device.S, eigvals_only=True)
    np.testing.assert_allclose(spectrum.levels_ev, expected, atol=1e-12)


@pytest.mark.parametrize("complex_h", [False, True])
def test_rows_and_combinations(complex_h):
    device = random_device(30, seed=1, complex_h=complex_h)
    spectrum = Spectrum(device.H, device.S)
    X = spectrum.combine(np.eye(30))
    np.testing.assert_allclose(spectrum.rows([7, 2, 29]), X[[7, 2, 29]], atol=1e-13)
    rng = np.random.default_rng(0)
    c = rng.normal(size=(30, 4)) + 1j * rng.normal(size=(30, 4))
    before = c.copy()
    np.testing.assert_allclose(spectrum.combine(c), X @ c, atol=1e-12)
    np.testing.assert_array_equal(c, before)


def test_overlap_must_be_positive():
    with pytest.raises(TransportError, match="not positive definite"):
        Spectrum(np.eye(3), np.ones((3, 3)))


def test_what_was_given_is_left_as_it_was():
    device = random_device(12)
    H, S = device.H.copy(), device.S.copy()
    Spectrum(device.H, device.S)
    np.testing.assert_array_equal(device.H, H)
    np.testing.assert_array_equal(device.S, S)
