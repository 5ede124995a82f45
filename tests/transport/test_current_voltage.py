"""Currents at finite bias against closed forms."""

import numpy as np
import pytest
from scipy.integrate import quad

from qdjunction.core.errors import InputError
from qdjunction.core.units import BOLTZMANN_EV_PER_K, G0_SIEMENS
from qdjunction.transport import (
    Device,
    WideBandLead,
    linear_response_current,
    rigid_shift,
    rigid_shift_current,
    transmission,
)
from support.known_systems import sampled


def test_constant_transmission_is_a_resistor():
    result = sampled(lambda e: 0.3 + 0 * e, np.arange(-1.5, 1.5001, 0.01))
    bias = np.array([-0.8, 0.0, 0.1, 1.2])
    np.testing.assert_allclose(linear_response_current(result, bias), 0.3 * G0_SIEMENS * bias, rtol=1e-4)


@pytest.mark.parametrize("temperature", [100.0, 300.0])
def test_lorentzian_against_landauer_s_integral(temperature):
    def lorentzian(e):
        return 0.05**2 / ((e - 0.2) ** 2 + 0.05**2)

    kt = BOLTZMANN_EV_PER_K * temperature

    def fermi(x):
        return 0.5 * (1 - np.tanh(0.5 * x / kt))

    result = sampled(lorentzian, np.arange(-1.2, 1.2001, 0.001))
    for bias in (0.1, 0.5, 1.0):
        exact = quad(
            lambda e, v=bias: lorentzian(e) * (fermi(e - v / 2) - fermi(e + v / 2)),
            -1.2, 1.2, points=[0.2, bias / 2, -bias / 2], limit=400,
        )[0]  # fmt: skip
        found = linear_response_current(result, bias, temperature)[0]
        assert found == pytest.approx(G0_SIEMENS * exact, rel=1e-3)
        # Neither lead is marked out.
        assert linear_response_current(result, -bias, temperature)[0] == pytest.approx(-found, rel=1e-12)


def dimer():
    """Metal, dot, metal of one orbital each; the metals' levels face each other at zero bias."""
    H = np.array([[0.0, 0.1, 0.0], [0.1, 0.6, 0.1], [0.0, 0.1, 0.0]])
    S = np.eye(3) + 0.1 * (np.eye(3, k=1) + np.eye(3, k=-1))
    device = Device(H, S)
    return device, WideBandLead(device, [0], 0.05), WideBandLead(device, [2], 0.05)


def test_rigid_shift_moves_the_metal_and_its_lead():
    system = dimer()
    device, left, right = rigid_shift(*system, [0], [2], 0.4)
    np.testing.assert_allclose(np.diag(device.H), [0.2, 0.6, -0.2])
    assert device.H[0, 1] == pytest.approx(0.1 + 0.1 * 0.1)
    assert device.H[0, 2] == 0
    assert "shifted by 0.2 eV" in left.description
    assert right.self_energy(0.0).shape == (1, 1)


def test_shifting_all_alike_shifts_the_energies():
    device, left, right = dimer()
    lifted = Device(device.H + 0.2 * device.S, device.S)
    moved = rigid_shift(lifted, left, right, [0, 1], [2], -0.4)[0]
    # The left part is back where it was, the right one is 0.4 eV higher.
    np.testing.assert_allclose(np.diag(moved.H), [0.0, 0.6, 0.4])


def test_levels_that_part_give_negative_differential_resistance():
    """At zero bias the two metal levels face each other; a rigid shift parts them, linear response cannot."""
    system = dimer()
    bias = np.array([0.05, 0.6])
    rigid = rigid_shift_current(*system, [0], [2], bias, 50.0, step_ev=0.002)
    linear = linear_response_current(transmission(*system, np.arange(-0.5, 0.5001, 0.002)), bias, 50.0)
    assert rigid[1] < 0.1 * rigid[0]
    assert linear[1] > linear[0]
    small = rigid_shift_current(*system, [0], [2], 1e-3, 50.0, step_ev=0.002)[0]
    assert small == pytest.approx(
        linear_response_current(transmission(*system, np.arange(-0.5, 0.5001, 0.002)), 1e-3, 50.0)[0],
        rel=5e-3,
    )


def test_bad_input():
    system = dimer()
    result = sampled(lambda e: 0 * e + 1, np.arange(-0.5, 0.5001, 0.01))
    with pytest.raises(InputError, match="widen the energies"):
        linear_response_current(result, 0.9)
    with pytest.raises(InputError, match="larger than 0"):
        linear_response_current(result, 0.1, 0.0)
    with pytest.raises(InputError, match="left metal"):
        rigid_shift(*system, [1], [2], 0.1)
    with pytest.raises(InputError, match="orbital 1 belongs to both"):
        rigid_shift(*system, [0, 1], [1, 2], 0.1)
    with pytest.raises(InputError, match="energy step"):
        rigid_shift_current(*system, [0], [2], 0.1, step_ev=0.0)
