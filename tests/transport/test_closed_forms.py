"""Textbook systems, and laws that hold for every junction."""

import numpy as np
import pytest
import sisl

from qdjunction.transport import (
    Device,
    WideBandLead,
    WireLead,
    injected_density,
    local_density_of_states,
    spectral_function,
    transmission,
)
from qdjunction.transport.leads.base import broadening, root_of
from qdjunction.transport.solvers.direct import DirectSolver
from support.known_systems import chain, random_device, two_wide_bands

SOLVERS = ("contact-reduction", "direct", "layers")
each = pytest.mark.parametrize("solver", SOLVERS)


@each
@pytest.mark.parametrize("weak", [0.6, 1.4])
def test_dimerised_chain_between_wide_bands(solver, weak):
    """SSH: the block of G between the ends of an open chain is a ratio of two recursions.

    G_1N = prod(t_i) / det(E - H - Sigma), the determinant by its three-term recursion; below one, the chain has
    states at its ends.
    """
    n, gamma = 12, 0.3
    bonds = np.where(np.arange(n - 1) % 2 == 0, weak, 1.0)
    device = Device(np.diag(bonds, 1) + np.diag(bonds, -1))
    left, right = WideBandLead(device, [0], gamma), WideBandLead(device, [n - 1], gamma)
    energies = np.linspace(-2.5, 2.5, 41)
    diagonal = np.tile(energies.astype(complex), (n, 1))
    diagonal[[0, -1]] += 0.5j * gamma
    before, determinant = np.ones(len(energies)), diagonal[0]
    for i in range(1, n):
        before, determinant = determinant, diagonal[i] * determinant - bonds[i - 1] ** 2 * before
    expected = gamma**2 * np.abs(np.prod(bonds) / determinant) ** 2
    found = transmission(device, left, right, energies, solver).transmission
    np.testing.assert_allclose(found, expected, rtol=1e-8)


@pytest.mark.parametrize("width", [3, 4])
def test_steps_of_a_zigzag_graphene_ribbon(width):
    """One channel at the neutrality point, two more at every further pair of subbands."""
    cell = sisl.geom.nanoribbon(width, 1.42, sisl.Atom(6, sisl.Orbital(1.43)), kind="zigzag")
    hamiltonian = sisl.Hamiltonian(cell)
    hamiltonian.construct([(0.1, 1.43), (0.0, -2.7)])
    n = hamiltonian.no
    device = Device.from_hamiltonian(hamiltonian.tile(5, 0), open_axis=0)
    left = WireLead(device, range(n), range(n, 2 * n), 1e-8)
    right = WireLead(device, range(4 * n, 5 * n), range(3 * n, 4 * n), 1e-8)
    energies = np.array([-7.9, -5.13, -2.41, -0.53, 0.31, 1.77, 3.9, 6.6])
    found = transmission(device, left, right, energies, "direct").transmission
    bands = np.array([hamiltonian.eigh((k, 0, 0)) for k in np.linspace(0, 0.5, 801)])
    crossings = (bands[:-1, :, None] - energies) * (bands[1:, :, None] - energies) < 0
    np.testing.assert_allclose(found, crossings.sum(axis=(0, 1)), atol=1e-3)
    assert found[4] == pytest.approx(1, abs=1e-3)


@pytest.fixture(params=[False, True], ids=["real", "complex"])
def junction(request):
    return two_wide_bands(request.param)


@pytest.mark.parametrize("energy", [-0.7, 0.0, 1.3])
def test_scattering_matrix_is_unitary(junction, energy):
    """Fisher and Lee: S = -1 + i F^dagger G F with F over both leads."""
    device, left, right = junction
    both = np.concatenate([left.orbitals, right.orbitals])
    green = DirectSolver(device, left, right).columns(energy, both)[both]
    n = len(left.orbitals)
    F = np.zeros((len(both), len(both)), dtype=complex)
    F[:n, :n], F[n:, n:] = (root_of(broadening(lead.self_energy(energy))) for lead in (left, right))
    scattering = -np.eye(len(both)) + 1j * F.conj().T @ green @ F
    np.testing.assert_allclose(scattering.conj().T @ scattering, np.eye(len(both)), atol=1e-12)
    T = transmission(device, left, right, [energy], "direct").transmission[0]
    assert np.linalg.norm(scattering[:n, n:]) ** 2 == pytest.approx(T, rel=1e-10)


def test_spectral_functions_add_up(junction):
    """A_L + A_R = i (G - G^dagger), and Tr[A_L Gamma_R] = T."""
    device, left, right = junction
    everything = np.arange(device.n_orbitals)
    green = DirectSolver(device, left, right).columns(0.2, everything)
    expected = 1j * (green - green.conj().T)
    np.testing.assert_allclose(spectral_function(device, left, right, 0.2), expected, atol=1e-10)
    from_left = spectral_function(device, left, right, 0.2, "left")
    at_right = from_left[np.ix_(right.orbitals, right.orbitals)]
    T = transmission(device, left, right, [0.2], "direct").transmission[0]
    assert np.trace(at_right @ broadening(right.self_energy(0.2))).real == pytest.approx(T, rel=1e-10)


def test_density_of_states_holds_every_orbital_once():
    """Sum rule: the integral over all energies is the number of orbitals."""
    device = random_device(14, seed=3)
    leads = WideBandLead(device, range(3), 0.8), WideBandLead(device, range(4, 7), 0.5)
    angle = np.linspace(-np.pi / 2, np.pi / 2, 4002)[1:-1]
    energies = np.tan(angle)
    density = local_density_of_states(device, *leads, energies).sum(axis=1)
    assert np.trapezoid(density / np.cos(angle) ** 2, angle) == pytest.approx(14, rel=2e-3)


def test_change_of_basis_within_each_atom_changes_no_atom(junction):
    """Any mixture of an atom's own orbitals: T and the density on every atom stay."""
    device, left, right = junction
    rng = np.random.default_rng(5)
    change = np.zeros((30, 30))
    for atom in range(15):
        own = np.flatnonzero(device.orbital_atoms == atom)
        change[np.ix_(own, own)] = rng.normal(size=(2, 2)) + 2 * np.eye(2)
    other = Device(change.T @ device.H @ change, change.T @ device.S @ change, device.orbital_atoms)
    leads = WideBandLead(other, [0, 1], 0.6), WideBandLead(other, [12, 13, 14], 0.9)
    energies = [-0.4, 0.9]
    for solver in SOLVERS:
        np.testing.assert_allclose(
            transmission(other, *leads, energies, solver).transmission,
            transmission(device, left, right, energies, solver).transmission,
            rtol=1e-9,
        )
    before, after = (injected_density(*s, energies) for s in ((device, left, right), (other, *leads)))
    np.testing.assert_allclose(after.left, before.left, rtol=1e-8, atol=1e-12)


@each
def test_two_equal_levels_side_by_side(solver):
    """Two degenerate levels between the ends: their even mixture is one level, the odd one is dark."""
    weak, level = 0.05, 0.3
    H = np.zeros((4, 4))
    H[1, 1] = H[2, 2] = level
    H[0, 1:3] = H[1:3, 0] = H[3, 1:3] = H[1:3, 3] = weak
    device = Device(H)
    single = np.array([[0, weak * 2**0.5, 0], [weak * 2**0.5, level, weak * 2**0.5], [0, weak * 2**0.5, 0]])
    alone = Device(single)
    energies = np.array([-0.2, 0.0, 0.29, 0.31, 0.6])
    expected, found = (
        transmission(d, WideBandLead(d, [0], 1.0), WideBandLead(d, [d.n_orbitals - 1], 1.0), energies, solver)
        for d in (alone, device)
    )
    np.testing.assert_allclose(found.transmission, expected.transmission, rtol=1e-9)


def test_channels_of_independent_chains():
    """Two chains that do not see one another: each T_n is the T of one of them."""
    onsite = np.zeros(7)
    onsite[3] = 0.9
    device, left, right = chain(7, onsite=onsite)
    from scipy.linalg import block_diag

    double = Device(block_diag(device.H, chain(7)[0].H))

    class Pair:
        description = "two chains"

        def __init__(self, lead):
            self.lead, self.orbitals = lead, np.array([lead.orbitals[0], lead.orbitals[0] + 7])

        def self_energy(self, energy_ev):
            return np.eye(2) * self.lead.self_energy(energy_ev)

    energies = np.linspace(-1.5, 1.5, 9)
    alone = transmission(device, left, right, energies, "direct").transmission
    for solver in SOLVERS:
        found = transmission(double, Pair(left), Pair(right), energies, solver, channels=3)
        np.testing.assert_allclose(
            found.channels, np.column_stack([np.ones(9), alone, np.zeros(9)]), atol=1e-9
        )
        np.testing.assert_allclose(found.channels.sum(axis=1), found.transmission, rtol=1e-9)
