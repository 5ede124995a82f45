"""The adaptive grid finds what an even one steps over."""

import numpy as np
import pytest

from qdjunction.core.errors import InputError
from qdjunction.transport import Device, WideBandLead, adaptive_transmission, transmission
from support.known_systems import random_device


def test_resonance_a_thousand_times_narrower_than_the_coarsest_interval():
    weak, level = 2e-3, 0.12345678
    H = np.array([[0.0, weak, 0.0], [weak, level, weak], [0.0, weak, 0.0]])
    device = Device(H)
    leads = WideBandLead(device, [0], 2.0), WideBandLead(device, [2], 2.0)
    found = adaptive_transmission(device, *leads, -1.0, 1.0)
    assert found.result.transmission.max() == pytest.approx(1.0, rel=1e-2)
    even = transmission(device, *leads, np.linspace(-1, 1, 101)).transmission
    assert even.max() < 1e-3
    assert len(found.result.energies_ev) < 1000


def test_stays_within_its_tolerance_everywhere():
    device = random_device(40, seed=3)
    leads = WideBandLead(device, [0, 1], 0.3), WideBandLead(device, [18, 19], 0.2)
    found = adaptive_transmission(device, *leads, -2.0, 2.0, tolerance_decades=0.01)
    assert found.interpolation_error_decades <= 0.01
    grid = found.result.energies_ev
    assert np.all(np.diff(grid) > 0)
    assert (grid[0], grid[-1]) == (-2.0, 2.0)
    dense = np.linspace(-2, 2, 8001)
    exact = np.log10(transmission(device, *leads, dense, "contact-reduction").transmission)
    between = np.interp(dense, grid, np.log10(found.result.transmission))
    assert np.abs(between - exact).max() < 0.02


def test_bad_settings():
    device = random_device(10)
    leads = WideBandLead(device, [0]), WideBandLead(device, [4])
    with pytest.raises(InputError, match="no window"):
        adaptive_transmission(device, *leads, 1.0, -1.0)
    with pytest.raises(InputError, match="larger than 0"):
        adaptive_transmission(device, *leads, -1.0, 1.0, tolerance_decades=0.0)
    with pytest.raises(InputError, match="more than 150 energies"):
        adaptive_transmission(device, *leads, -1.0, 1.0, most_energies=150)


@pytest.mark.parametrize("detuning", [0.001, 0.003, 0.006])
def test_an_antiresonance_of_a_level_beside_a_broad_one(detuning):
    """A level that couples with 5 meV to one of width 2 eV: T is zero there, half of its neighbourhood 25 ueV away."""
    level, coupling = 0.0113, 5e-3
    device = Device(np.array([[level + detuning, coupling], [coupling, level]]))
    lead = WideBandLead(device, [0], 1.0)
    found = adaptive_transmission(device, lead, lead, -0.5, 0.5)
    energies, values = found.result.energies_ev, found.result.transmission
    assert values.min() < 1e-12
    assert energies[values.argmin()] == pytest.approx(level, abs=1e-9)
    assert found.interpolation_error_decades <= 0.02
    near = np.linspace(level - 2e-4, level + 2e-4, 400)
    exact = transmission(device, lead, lead, near).transmission
    np.testing.assert_allclose(np.interp(near, energies, values), exact, rtol=0.06)
