"""Eigenchannels, shot noise and bond currents."""

import numpy as np
import pytest

from qdjunction.transport import (
    bond_currents,
    eigenchannels,
    injected_density,
    orbital_currents,
    transmission,
)
from support.known_systems import chain, two_wide_bands


@pytest.fixture(params=[False, True], ids=["real", "complex"])
def junction(request):
    return two_wide_bands(request.param)


def test_channels_sum_to_the_transmission(junction):
    found = eigenchannels(*junction, 0.3)
    assert np.all(np.diff(found.transmissions) <= 0)
    assert np.all((found.transmissions >= 0) & (found.transmissions <= 1 + 1e-12))
    exact = transmission(*junction, [0.3], "direct").transmission[0]
    assert found.transmissions.sum() == pytest.approx(exact, rel=1e-12)
    assert len(eigenchannels(*junction, 0.3, count=2).transmissions) == 2


def test_states_make_up_the_injected_density(junction):
    device = junction[0]
    states = eigenchannels(*junction, 0.3).states
    share = np.einsum("im,im->i", device.S @ states, states.conj()).real / (2 * np.pi)
    expected = injected_density(*junction, [0.3]).left[0]
    np.testing.assert_allclose(np.bincount(device.orbital_atoms, share), expected, rtol=1e-9, atol=1e-12)


def test_shot_noise_of_two_known_channels():
    open_chain = eigenchannels(*chain(5), 0.4)
    assert open_chain.fano_factor == pytest.approx(0, abs=1e-10)
    onsite = np.zeros(7)
    onsite[3] = 0.9
    partly = eigenchannels(*chain(7, onsite=onsite), 0.4)
    t = 1 / (1 + 0.9**2 / (4 - 0.4**2))
    assert partly.fano_factor == pytest.approx(1 - t, rel=1e-9)


@pytest.mark.parametrize("overlap", [0.0, 0.12])
def test_current_along_a_chain_runs_from_left_to_right(overlap):
    onsite = np.zeros(8)
    onsite[4] = 0.8
    system = chain(8, overlap=overlap, onsite=onsite)
    exact = transmission(*system, [0.3], "direct").transmission[0]
    currents = bond_currents(*system, 0.3).toarray()
    np.testing.assert_allclose(np.diag(currents, 1), exact, rtol=1e-9)
    np.testing.assert_allclose(currents, -currents.T, atol=1e-12)


def test_every_cut_carries_the_transmission(junction):
    device, left, right = junction
    exact = transmission(device, left, right, [-0.4], "direct").transmission[0]
    currents = bond_currents(device, left, right, -0.4).toarray()
    rng = np.random.default_rng(1)
    middle = np.arange(2, 12)
    for _ in range(4):
        near = np.concatenate([[0, 1], rng.choice(middle, 5, replace=False)])
        far = np.setdiff1d(np.arange(15), near)
        assert currents[np.ix_(near, far)].sum() == pytest.approx(exact, rel=1e-9)


def test_orbital_currents_add_up_to_those_of_atoms(junction):
    device = junction[0]
    currents = orbital_currents(*junction, 0.2).toarray()
    np.testing.assert_allclose(currents, -currents.T, atol=1e-12)
    summed = currents.reshape(15, 2, 15, 2).sum(axis=(1, 3))
    np.testing.assert_allclose(bond_currents(*junction, 0.2).toarray(), summed, atol=1e-12)
    assert device.n_atoms == 15
