"""Mulliken populations: how many electrons each atom of a device holds."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from qdjunction.core.units import BOLTZMANN_EV_PER_K
from qdjunction.transport.device import Device, dense, solve_eigenproblem


def mulliken_populations(device: Device, temperature_k: float) -> NDArray[np.float64]:
    """Return the number of electrons on each atom: of both spins, or of the one direction that the device is of.

    ``N_a = sum_(i on a) Re (P S)_ii`` with the density matrix ``P = sum_n 2 f(e_n) psi_n psi_n^dagger`` of
    ``H psi_n = e_n S psi_n``, ``psi_n^dagger S psi_n = 1`` and the Fermi function f of E_F at zero. The sum over all
    atoms is ``sum_n 2 f(e_n)``. A level of spinors, or of one spin direction, holds one electron
    instead of two.

    Parameters
    ----------
    device : Device
        The isolated system, E_F at zero.
    temperature_k : float
        Temperature of the Fermi function (K); at 0 a level at E_F is half filled.

    Returns
    -------
    (n_atoms,) array

    Raises
    ------
    TransportError
        If S is not positive definite.

    Notes
    -----
    Source: R. S. Mulliken, J. Chem. Phys. 23, 1833 (1955). Populations depend on the basis: with diffuse orbitals they
    say less than with a minimal basis.

    See Also
    --------
    qdjunction.interference.level_alignment.LevelAlignment : charges of the dot and of the tips of a junction.
    """
    S = dense(device.S)
    levels, states = solve_eigenproblem(dense(device.H), S)
    if temperature_k > 0:
        filling = scipy.special.expit(-levels / (BOLTZMANN_EV_PER_K * temperature_k))
    else:
        filling = np.heaviside(-levels, 0.5)
    filling *= device.electrons_per_level
    occupied = filling > np.finfo(float).tiny
    states = states[:, occupied]
    per_orbital = np.einsum("in,in,n->i", states.conj(), S @ states, filling[occupied], optimize=True).real
    return np.asarray(np.bincount(device.orbital_atoms, per_orbital, device.n_atoms), dtype=np.float64)
