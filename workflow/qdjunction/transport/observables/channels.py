"""How a current runs: eigenchannels, the states that carry them, shot noise, currents between atoms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from qdjunction.transport.device import Device
from qdjunction.transport.leads.base import Lead, broadening, root_of
from qdjunction.transport.solvers.direct import DirectSolver


@dataclass(frozen=True, eq=False)
class Eigenchannels:
    """Eigenchannels of the states that come in from the left, at one energy.

    Attributes
    ----------
    energy_ev : float
        Energy relative to the Fermi energy (eV).
    transmissions : (n_channels,) array
        Transmission of each channel, descending; they sum to T.
    states : (n_orbitals, n_channels) array
        Scattering states in the non-orthogonal basis, one column a channel, ``sum psi psi^dagger = A_L`` over
        all of them, so that ``|psi|^2 / 2 pi`` is a density per eV.
    """

    energy_ev: float
    transmissions: NDArray[np.float64]
    states: NDArray[np.complex128]

    @property
    def fano_factor(self) -> float:
        """Shot noise over that of independent electrons: ``sum T_n (1 - T_n) / sum T_n``.

        Source: M. Buettiker, Phys. Rev. Lett. 65, 2901 (1990).
        """
        total = self.transmissions.sum()
        return float((self.transmissions * (1 - self.transmissions)).sum() / total) if total > 0 else 0.0


def eigenchannels(
    device: Device, left: Lead, right: Lead, energy_ev: float, count: int | None = None
) -> Eigenchannels:
    """Return the eigenchannels at one energy.

    With ``Gamma = F F^dagger`` the amplitudes from left to right are ``t = F_R^dagger G_RL F_L``; its
    singular vectors are the channels and ``G F_L u`` their states in the device.

    Parameters
    ----------
    device, left, right
        As for `transmission`.
    energy_ev : float
        Energy relative to the Fermi energy (eV).
    count : int, optional
        How many channels, from the most open one; all where it is not given.

    Returns
    -------
    Eigenchannels

    Notes
    -----
    Source: M. Paulsson and M. Brandbyge, Phys. Rev. B 76, 115117 (2007).
    """
    incoming = _incoming(device, left, right, energy_ev)
    amplitudes = _open_root(right, energy_ev).conj().T @ incoming[right.orbitals]
    _, singular, vectors = np.linalg.svd(amplitudes, full_matrices=False)
    kept = slice(count)
    return Eigenchannels(float(energy_ev), singular[kept] ** 2, incoming @ vectors.conj().T[:, kept])


def orbital_currents(device: Device, left: Lead, right: Lead, energy_ev: float) -> scipy.sparse.csr_array:
    """Return the current from orbital to orbital that the states from the left carry at one energy.

    ``J_ij = 2 Im[(H - E S)_ji A_L,ij]``, in units of transmission: through any cut between the leads the sum is
    T. With overlap it is the sum over a cut, not the single element, that is the same in every basis.

    Parameters
    ----------
    device, left, right
        As for `transmission`.
    energy_ev : float
        Energy relative to the Fermi energy (eV).

    Returns
    -------
    (n_orbitals, n_orbitals) sparse array
        Antisymmetric; the element (i, j) is positive where the current runs from i to j.

    Notes
    -----
    Source: T. N. Todorov, J. Phys.: Condens. Matter 14, 3049 (2002); orbital-wise as in TBtrans.
    """
    incoming = _incoming(device, left, right, energy_ev)
    coupling = scipy.sparse.coo_array(
        scipy.sparse.csr_array(device.H) - energy_ev * scipy.sparse.csr_array(device.S)
    )
    j, i = coupling.coords
    spectral = np.einsum("im,im->i", incoming[i], incoming[j].conj())
    currents = scipy.sparse.coo_array(
        (2 * (coupling.data * spectral).imag, (i, j)), shape=coupling.shape
    ).tocsr()
    currents.setdiag(0.0)
    currents.eliminate_zeros()
    return currents


def bond_currents(device: Device, left: Lead, right: Lead, energy_ev: float) -> scipy.sparse.csr_array:
    """Return the current from atom to atom: `orbital_currents` summed over the orbitals of each pair of atoms.

    Parameters
    ----------
    device, left, right, energy_ev
        As for `orbital_currents`.

    Returns
    -------
    (n_atoms, n_atoms) sparse array
        Antisymmetric; the element (a, b) is positive where the current runs from a to b.
    """
    currents = orbital_currents(device, left, right, energy_ev).tocoo()
    atoms, n = device.orbital_atoms, device.n_atoms
    i, j = currents.coords
    summed = scipy.sparse.coo_array((currents.data, (atoms[i], atoms[j])), shape=(n, n)).tocsr()
    summed.setdiag(0.0)
    summed.eliminate_zeros()
    return summed


def _incoming(device: Device, left: Lead, right: Lead, energy_ev: float) -> NDArray[np.complex128]:
    """Return the states that come in from the left, one column for each open channel of that lead."""
    columns = DirectSolver(device, left, right).columns(energy_ev, left.orbitals)
    return columns @ _open_root(left, energy_ev)


def _open_root(lead: Lead, energy_ev: float) -> NDArray[np.complex128]:
    """Return F with ``F F^dagger = Gamma`` and no column for closed channels."""
    root = root_of(broadening(lead.self_energy(energy_ev)))
    return root[:, root.any(axis=0)]
