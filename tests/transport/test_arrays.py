"""The contact reduction on array libraries other than NumPy, which is the reference."""

import importlib.util
import sys

import array_api_strict
import numpy as np
import pytest

from qdjunction.core.errors import InputError, TransportError
from qdjunction.transport import Device, WideBandLead, transmission
from qdjunction.transport.leads.wire import WireLead
from qdjunction.transport.solvers.arrays import array_library, product
from qdjunction.transport.solvers.contact_reduction import POLE_GUARD_EV, ContactReduction
from qdjunction.transport.solvers.direct import DirectSolver
from qdjunction.transport.solvers.spectrum import StandardSpectrum
from support.known_systems import chain, random_device, two_wide_bands


@pytest.mark.parametrize("complex_h", [False, True])
@pytest.mark.parametrize("overlapping", [False, True])
def test_t_is_that_of_numpy(complex_h, overlapping):
    """At many energies, so that windows are nested, and next to levels."""
    device = random_device(40, seed=3, complex_h=complex_h)
    right = [3, 19] if overlapping else [17, 19]
    leads = WideBandLead(device, [0, 3], 0.4), WideBandLead(device, right, 0.6)
    levels = device.spectrum.levels_ev
    energies = np.concatenate([np.linspace(-3, 3, 400), levels[[10, 20]], levels[[12]] + 0.5 * POLE_GUARD_EV])
    expected = transmission(device, *leads, energies, "direct").transmission
    strict = ContactReduction(device, *leads, array_api_strict)
    for solver in (ContactReduction(device, *leads), strict):
        np.testing.assert_allclose(solver.transmission(energies), expected, rtol=1e-10)
        assert solver.refined_transmission(levels[20]) == pytest.approx(expected[-2], rel=1e-10)
        assert solver.refined_transmission(0.1) == pytest.approx(
            transmission(device, *leads, [0.1], "direct").transmission[0], rel=1e-10
        )


@pytest.mark.parametrize("xp", [np, array_api_strict])
def test_leads_that_depend_on_the_energy_and_a_mixed_pair(xp):
    device, left, right = chain(12, onsite=np.sin(np.arange(12.0)))
    energies = np.linspace(-1.5, 1.5, 60)
    for pair in (
        (left, right),
        (left, WideBandLead(device, orbitals=[11])),
        (WireLead(device, [0], [1]), right),
    ):
        if isinstance(pair[0], WireLead):
            device, pair = chain(12)[0], (WireLead(chain(12)[0], [0], [1]), right)
        expected = DirectSolver(device, *pair).transmission(energies)
        found = ContactReduction(device, *pair, xp).transmission(energies)
        np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("xp", [np, array_api_strict])
def test_batches_hold_g_of_the_orbitals(xp):
    device, left, right = two_wide_bands(True)
    energies = np.linspace(-1, 1, 7)
    direct = {int(batch.places[0]): batch for batch in DirectSolver(device, left, right).batches(energies)}
    for batch in ContactReduction(device, left, right, xp).batches(energies):
        for place, green, sigma in zip(batch.places, batch.green, batch.sigma_left, strict=True):
            np.testing.assert_allclose(green, direct[int(place)].green[0], atol=1e-11)
            np.testing.assert_array_equal(sigma, direct[int(place)].sigma_left[0])


def test_eigenchannels_are_those_of_the_direct_solution():
    device, left, right = two_wide_bands(False)
    energies = np.linspace(-1, 1, 5)
    expected = transmission(device, left, right, energies, "direct", channels=3).channels
    found = transmission(device, left, right, energies, "contact-reduction", channels=3).channels
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("xp", [np, array_api_strict])
def test_a_level_of_the_device_with_one_lead_only(xp):
    """The left lead shifts a level without broadening it; at that energy Y and g' are infinite, and T is not."""

    class Shift:
        orbitals = np.array([0])
        description = "shift"

        def self_energy(self, energy_ev):
            return np.broadcast_to(0.7 - 1e-13j, (*np.shape(energy_ev), 1, 1))

    device = Device(np.array([[0.1, 0.4], [0.4, -0.2]]))
    right = WideBandLead(device, orbitals=[1])
    shifted = np.linalg.eigvalsh(np.array([[0.8, 0.4], [0.4, -0.2]]))
    expected = DirectSolver(device, Shift(), right).transmission(shifted)
    found = ContactReduction(device, Shift(), right, xp).transmission(shifted)
    # Gamma_L is a difference of nearly equal numbers for both.
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_products_are_those_of_numpy():
    rng = np.random.default_rng(0)
    real, other = rng.normal(size=(3, 4, 5)), rng.normal(size=(3, 5, 6)) + 1j * rng.normal(size=(3, 5, 6))
    for xp in (np, array_api_strict):
        np.testing.assert_allclose(
            np.asarray(product(xp, xp.asarray(real), xp.asarray(other))), real @ other, rtol=1e-14
        )


@pytest.mark.skipif(importlib.util.find_spec("cupy") is None, reason="needs CuPy and a GPU")
def test_a_gpu_gives_the_t_of_numpy():
    device, left, right = two_wide_bands(False)
    energies = np.linspace(-1, 1, 100)
    found = transmission(device, left, right, energies, arrays="cupy")
    expected = transmission(device, left, right, energies, "contact-reduction")
    np.testing.assert_allclose(found.transmission, expected.transmission, rtol=1e-10)


def test_errors(monkeypatch):
    device, left, right = two_wide_bands(False)
    with pytest.raises(
        InputError, match="arrays: layers runs on numpy only; choose auto or contact-reduction"
    ):
        transmission(device, left, right, [0.0], "layers", arrays="cupy")
    monkeypatch.setitem(sys.modules, "array_api_compat", None)
    with pytest.raises(
        InputError, match=r'array_api_compat is not installed; type: pip install "qdjunction\[gpu\]"'
    ):
        transmission(device, left, right, [0.0], arrays="cupy")
    with pytest.raises(InputError, match="'torch' is unknown; choose numpy or cupy"):
        array_library("torch")
    with pytest.raises(TransportError, match="not positive definite"):
        StandardSpectrum(array_api_strict, np.eye(3), np.ones((3, 3)))
