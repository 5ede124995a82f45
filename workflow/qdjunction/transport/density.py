"""Where the states are that carry the current: local density of states, whole and by the injecting lead."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .device import Device
from .direct import DirectSolver
from .leads import Lead, broadening


@dataclass(frozen=True, eq=False)
class InjectedDensity:
    """Density of the scattering states that come in from either lead.

    Attributes
    ----------
    energies_ev : (n_energies,) array
        Energies relative to the Fermi energy (eV).
    left, right : (n_energies, n_atoms) array
        States of one spin direction per eV on each atom that enter from the left, from the right.
    """

    energies_ev: NDArray[np.float64]
    left: NDArray[np.float64]
    right: NDArray[np.float64]


def local_density_of_states(
    device: Device, left: Lead, right: Lead, energies_ev: ArrayLike
) -> NDArray[np.float64]:
    """Give the density of states on each atom.

    Mulliken's share, ``-1/pi Im sum_(i on a) (G S)_ii``; it sums to the total density of states of the device
    and may be slightly negative on single atoms.

    Parameters
    ----------
    device : Device
        H and S.
    left, right : Lead
        Leads.
    energies_ev : float or (n_energies,) array
        Energies relative to the Fermi energy (eV).

    Returns
    -------
    (n_energies, n_atoms) array
        States of one spin direction per eV.
    """
    parts = injected_density(device, left, right, energies_ev)
    return parts.left + parts.right


def injected_density(device: Device, left: Lead, right: Lead, energies_ev: ArrayLike) -> InjectedDensity:
    """Give the local density of states, parted by the lead that the states come from.

    With ``A_L = G Gamma_L G^dagger`` and likewise A_R, ``i (G - G^dagger) = A_L + A_R`` wherever the leads
    are all that broadens, and the share of an atom is ``1/(2 pi) Re sum_(i on a) (A S)_ii``.

    Parameters
    ----------
    device, left, right, energies_ev
        As in `local_density_of_states`.

    Returns
    -------
    InjectedDensity

    Notes
    -----
    Source: S. Datta, *Electronic Transport in Mesoscopic Systems* (1995), sec. 3.6; overlap as in M. Paulsson
    and M. Brandbyge, Phys. Rev. B 76, 115117 (2007).
    """
    energies = np.atleast_1d(np.asarray(energies_ev, dtype=float))
    solver = DirectSolver(device, left, right)
    both = np.concatenate([left.orbitals, right.orbitals])
    densities = np.zeros((2, len(energies), device.n_atoms))
    for i, energy in enumerate(energies):
        green = solver.columns(energy, both)
        sides = np.split(green, [len(left.orbitals)], axis=1)
        for side, lead, columns in zip(densities, (left, right), sides, strict=True):
            injected = columns @ broadening(lead.self_energy(energy))
            per_orbital = np.einsum("im,im->i", device.S @ injected, columns.conj()).real / (2 * np.pi)
            side[i] = np.bincount(device.orbital_atoms, per_orbital, minlength=device.n_atoms)
    return InjectedDensity(energies, densities[0], densities[1])
