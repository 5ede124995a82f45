import numpy as np
import pytest
from known_systems import chain, random_device
from qdjunction.transport import WideBandLead, injected_density, local_density_of_states


def test_infinite_chain_has_the_bulk_density():
    device, left, right = chain(5)
    energies = np.array([-1.5, 0.0, 0.7])
    expected = 1 / (np.pi * np.sqrt(4 - energies**2))
    found = local_density_of_states(device, left, right, energies)
    assert found.shape == (3, 5)
    np.testing.assert_allclose(found, np.repeat(expected[:, None], 5, axis=1), rtol=1e-10)


@pytest.mark.parametrize("complex_h", [False, True])
def test_is_the_mulliken_share_of_the_greens_function(complex_h):
    device = random_device(24, seed=2, complex_h=complex_h)
    left, right = WideBandLead(device, [0, 1], 0.7), WideBandLead(device, [10, 11], 0.4)
    energies = np.array([-0.3, 0.8])
    found = local_density_of_states(device, left, right, energies)
    for energy, row in zip(energies, found, strict=True):
        inverse = energy * device.S - device.H.astype(complex)
        for lead in (left, right):
            inverse[np.ix_(lead.orbitals, lead.orbitals)] -= lead.self_energy(energy)
        green = np.linalg.inv(inverse)
        spectral = 1j * (green - green.conj().T)
        share = np.einsum("ij,ji->i", spectral, device.S).real / (2 * np.pi)
        np.testing.assert_allclose(row, share.reshape(12, 2).sum(axis=1), rtol=1e-9, atol=1e-12)


def test_density_of_a_wide_level_integrates_to_one():
    device, *_ = chain(2, hopping=-0.3)
    leads = [WideBandLead(device, [i], 0.2) for i in (0, 1)]
    energies = 0.2 * np.tan(np.linspace(-1.567, 1.567, 801))
    total = local_density_of_states(device, *leads, energies).sum(axis=1)
    assert np.trapezoid(total, energies) == pytest.approx(2.0, rel=5e-3)


def test_state_behind_a_barrier_belongs_to_its_own_lead():
    onsite = np.zeros(12)
    onsite[5:7] = 6.0
    device, left, right = chain(12, onsite=onsite)
    parts = injected_density(device, left, right, [0.3])
    assert parts.left[0, :4].sum() > 100 * parts.right[0, :4].sum()
    assert parts.right[0, -4:].sum() > 100 * parts.left[0, -4:].sum()
