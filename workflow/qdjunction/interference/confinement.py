"""Gap of a quantum dot from the effective masses of its crystal.

L. E. Brus, J. Chem. Phys. 80, 4403 (1984): an electron and a hole of reduced mass mu in a sphere of radius R with
infinite walls, bound to each other by an unscreened fraction of their Coulomb energy,

    E(R) = E_bulk + hbar^2 pi^2 / (2 mu R^2) - 1.786 e^2 / (4 pi epsilon_0 epsilon R).

The kinetic term assumes parabolic bands and walls that no state leaves, so that it is too large for dots of a few unit
cells.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError
from qdjunction.core.units import BOHR_ANG, HARTREE_EV

COULOMB = 1.786
"""Coulomb energy of electron and hole in a sphere, in units of e^2 / (4 pi epsilon_0 epsilon R)."""


def brus_gap_ev(
    radius_ang: ArrayLike, bulk_gap_ev: float, reduced_mass_me: float, permittivity: float
) -> NDArray[np.float64]:
    """Return the gap of a sphere of radius R (eV).

    Parameters
    ----------
    radius_ang : array
        Radius (Ang), larger than zero.
    bulk_gap_ev : float
        Gap of the crystal (eV).
    reduced_mass_me : float
        Reduced mass of electron and hole, in masses of the electron.
    permittivity : float
        Relative permittivity.

    Returns
    -------
    array
        The gap (eV), with the shape of `radius_ang`.

    Raises
    ------
    InputError
        If a radius, the mass or the permittivity is not positive.

    See Also
    --------
    exciton_permittivity : the permittivity that binding energy and mass of an exciton imply
    """
    radius = np.asarray(radius_ang, dtype=float) / BOHR_ANG
    if not (np.all(radius > 0) and reduced_mass_me > 0 and permittivity > 0):
        raise InputError("Brus equation: radius, reduced mass and permittivity must be larger than 0")
    kinetic = np.pi**2 / (2 * reduced_mass_me * radius**2)
    return np.asarray(bulk_gap_ev + HARTREE_EV * (kinetic - COULOMB / (permittivity * radius)))


def exciton_permittivity(binding_ev: float, reduced_mass_me: float) -> float:
    """Return the relative permittivity of a hydrogen-like exciton, ``sqrt(Ry mu / E_b)``.

    Parameters
    ----------
    binding_ev : float
        Binding energy of the exciton in the crystal (eV).
    reduced_mass_me : float
        Reduced mass of electron and hole, in masses of the electron.

    Raises
    ------
    InputError
        If one of the two is not positive.
    """
    if not (binding_ev > 0 and reduced_mass_me > 0):
        raise InputError("exciton: binding energy and reduced mass must be larger than 0")
    return float(np.sqrt(HARTREE_EV / 2 * reduced_mass_me / binding_ev))


def sphere_radius_ang(volume_ang3: ArrayLike) -> NDArray[np.float64]:
    """Return the radius of the sphere of a volume (Ang)."""
    return np.asarray((3 * np.asarray(volume_ang3, dtype=float) / (4 * np.pi)) ** (1 / 3))
