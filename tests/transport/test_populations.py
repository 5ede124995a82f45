"""Mulliken populations of systems with a known density matrix."""

import numpy as np
import pytest

from qdjunction.core.units import BOLTZMANN_EV_PER_K
from qdjunction.transport import Device, mulliken_populations
from support.known_systems import random_device


def test_two_atoms_of_different_levels():
    """Levels -d and d, hopping t: the lower state has the weight (1 + d / sqrt(d^2 + t^2)) / 2 on the first atom."""
    d, t = 0.3, 0.4
    device = Device(np.array([[-d, t], [t, d]]))
    bonding = 0.5 * (1 + d / np.hypot(d, t))
    np.testing.assert_allclose(mulliken_populations(device, 0.0), [2 * bonding, 2 - 2 * bonding], rtol=1e-12)
    temperature = 2000.0
    lower = 1 / (1 + np.exp(-np.hypot(d, t) / (BOLTZMANN_EV_PER_K * temperature)))
    warm = 2 * (lower * bonding + (1 - lower) * (1 - bonding))
    np.testing.assert_allclose(mulliken_populations(device, temperature), [warm, 2 - warm], rtol=1e-12)


def test_overlap_is_shared_equally():
    """H2 with overlap: (1/2 + 1/2) electrons of each spin, whatever the overlap."""
    device = Device(np.array([[-1.0, -2.0], [-2.0, -1.0]]), np.array([[1.0, 0.4], [0.4, 1.0]]))
    np.testing.assert_allclose(mulliken_populations(device, 0.0), [1.0, 1.0], rtol=1e-12)


@pytest.mark.parametrize("complex_h", [False, True])
def test_all_electrons_are_counted(complex_h):
    device = random_device(20, seed=3, complex_h=complex_h)
    levels = device.spectrum.levels_ev
    populations = mulliken_populations(device, 0.0)
    assert populations.shape == (10,)
    assert populations.sum() == pytest.approx(2 * (levels < 0).sum(), rel=1e-12)
    filling = 2 / (1 + np.exp(levels / (BOLTZMANN_EV_PER_K * 5000)))
    assert mulliken_populations(device, 5000).sum() == pytest.approx(filling.sum(), rel=1e-12)
