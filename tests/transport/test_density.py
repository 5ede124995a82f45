import numpy as np
import pytest
import sisl

from qdjunction.core.errors import InputError
from qdjunction.transport import (
    Device,
    WideBandLead,
    density_grid,
    injected_density,
    local_density_of_states,
    spectral_function,
)
from support.known_systems import chain, random_device


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


def hydrogen_chain(n=4):
    """1s functions in a row, with the overlap that they have."""
    r = np.linspace(0, 7, 500)
    orbital = sisl.AtomicOrbital("1s", spherical=(r, 2 * np.exp(-r / 0.6) / 0.6**1.5))
    places = np.array([[4, 4, 4 + 1.2 * i] for i in range(n)])
    geometry = sisl.Geometry(places, sisl.Atom(1, orbital), sisl.Lattice([8, 8, 8 + 1.2 * (n - 1)]))
    x = np.abs(places[:, None, 2] - places[:, 2]) / 0.6
    S = np.exp(-x) * (1 + x + x**2 / 3)
    return geometry, Device(-3.0 * S + np.diag(np.full(n, 2.0)), S)


@pytest.mark.parametrize("source", ["both", "left", "right"])
def test_density_in_space_integrates_to_that_on_the_atoms(source, tmp_path):
    geometry, device = hydrogen_chain()
    left, right = WideBandLead(device, [0], 0.5), WideBandLead(device, [3], 0.3)
    grid = density_grid(geometry, device, left, right, -1.2, source, 0.2)
    parts = injected_density(device, left, right, [-1.2])
    expected = {"left": parts.left, "right": parts.right, "both": parts.left + parts.right}[source].sum()
    assert grid.grid.sum() * grid.dvolume == pytest.approx(expected, rel=0.03)
    assert grid.grid.min() > -1e-6
    grid.write(tmp_path / "ldos.cube")
    again = sisl.get_sile(tmp_path / "ldos.cube").read_grid()
    np.testing.assert_allclose(again.grid, grid.grid, atol=1e-5)


def test_density_in_space_of_part_of_the_atoms():
    """Atoms that a lead stands in for are dark; the others keep their places."""
    geometry, device = hydrogen_chain(4)
    inner = Device(device.H[1:, 1:], device.S[1:, 1:], [1, 2, 3])
    leads = WideBandLead(inner, [1], 0.5), WideBandLead(inner, [3], 0.3)
    grid = density_grid(geometry, inner, *leads, -1.2, spacing_ang=0.3)
    planes = grid.grid.sum(axis=(0, 1))
    height = np.arange(len(planes)) * geometry.cell[2, 2] / len(planes)
    assert planes[np.abs(height - 5.2).argmin()] > 5 * planes[np.abs(height - 2.8).argmin()]


def test_density_in_space_wants_radial_functions():
    geometry, device = hydrogen_chain()
    leads = WideBandLead(device, [0]), WideBandLead(device, [3])
    bare = sisl.Geometry(geometry.xyz, sisl.Atom(1, sisl.Orbital(2.0)), geometry.lattice)
    with pytest.raises(InputError, match="orbitals of H have no radial functions"):
        density_grid(bare, device, *leads, 0.0)
    with pytest.raises(InputError, match="3 orbitals in the geometry and 4"):
        density_grid(geometry.remove(3), Device(device.H, device.S, [0, 1, 2, 2]), *leads, 0.0)
    with pytest.raises(InputError, match="spacing"):
        density_grid(geometry, device, *leads, 0.0, spacing_ang=0.0)
    with pytest.raises(InputError, match="source: 'top' is unknown"):
        spectral_function(device, *leads, 0.0, "top")


def test_density_in_space_is_refused_where_images_take_part():
    geometry, _ = hydrogen_chain()
    geometry.set_nsc([3, 1, 1])
    hamiltonian = sisl.Hamiltonian(geometry)
    hamiltonian.construct([[0.1, 1.3], [0.0, -1.0]])
    device = Device.from_hamiltonian(hamiltonian, open_axis=2)
    leads = WideBandLead(device, [0]), WideBandLead(device, [3])
    with pytest.raises(InputError, match="periodic across the transport direction"):
        density_grid(geometry, device, *leads, 0.0)
