"""Systems with a known answer."""

from dataclasses import dataclass, field

import numpy as np

from qdjunction.transport import Device, Transmission, WideBandLead


@dataclass
class ChainLead:
    """Semi-infinite chain with one orbital a site, in closed form."""

    orbitals: np.ndarray
    hopping: float = -1.0
    overlap: float = 0.0
    onsite: float = 0.0
    description: str = field(default="chain in closed form")

    def self_energy(self, energy_ev):
        energy = np.asarray(energy_ev, dtype=complex)
        coupling = self.hopping - energy * self.overlap
        reduced = energy - self.onsite
        root = np.sqrt(reduced - 2 * coupling) * np.sqrt(reduced + 2 * coupling)
        # The retarded branch: decaying outside the band, Im < 0 inside.
        surface = (reduced - root) / (2 * coupling**2)
        surface = np.where(
            np.abs(surface * coupling) > 1 + 1e-12, (reduced + root) / (2 * coupling**2), surface
        )
        surface = np.where(surface.imag > 0, surface.conj(), surface)
        return (coupling**2 * surface)[..., None, None]


def chain(n, hopping=-1.0, overlap=0.0, onsite=0.0):
    """Open chain of n sites with a lead at either end."""
    near = np.eye(n, k=1) + np.eye(n, k=-1)
    device = Device(hopping * near + np.diag(np.broadcast_to(onsite, n)), np.eye(n) + overlap * near)
    ends = (ChainLead(np.array([i]), hopping, overlap) for i in (0, n - 1))
    return (device, *ends)


def random_device(n, seed=0, *, complex_h=False):
    """LCAO-like H and S: dense, Hermitian, S well conditioned, two orbitals an atom."""
    rng = np.random.default_rng(seed)
    H = rng.normal(size=(n, n)) + 1j * complex_h * rng.normal(size=(n, n))
    S = 0.3 * (rng.normal(size=(n, n)) + 1j * complex_h * rng.normal(size=(n, n))) / np.sqrt(n)
    H, S = H + H.conj().T, np.eye(n) + 0.2 * (S + S.conj().T)
    return Device(H if complex_h else H.real, S if complex_h else S.real, np.arange(n) // 2)


def metal_dot_metal(n, left, right, seed, *, complex_h=False):
    """A random device of n orbitals in which those of the left and of the right metal do not see one another."""
    full = random_device(n, seed, complex_h=complex_h)
    H, S = full.H.copy(), full.S.copy()
    for matrix in (H, S):
        matrix[np.ix_(left, right)] = 0
        matrix[np.ix_(right, left)] = 0
    return Device(H, S, full.orbital_atoms)


def two_wide_bands(complex_h):
    """A random device of 15 atoms between wide-band leads of two and of three atoms."""
    device = random_device(30, seed=4, complex_h=complex_h)
    return device, WideBandLead(device, [0, 1], 0.6), WideBandLead(device, [12, 13, 14], 0.9)


def sampled(function, energies_ev):
    """T(E) as a function of the energy says."""
    return Transmission(energies_ev, function(energies_ev), "direct", ("a", "b"), 0.0, 0.0)


@dataclass
class GivenSpectrum:
    """Levels and states from elsewhere in the place of `Device.spectrum`."""

    levels_ev: np.ndarray
    states: np.ndarray

    @property
    def n_orbitals(self):
        return len(self.levels_ev)

    def rows(self, orbitals):
        return self.states[orbitals]

    def combine(self, coefficients):
        return self.states @ coefficients
