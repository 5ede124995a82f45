"""Energy of a charge between two metal planes: the screening of an added electron or hole by both electrodes."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.units import BOHR_ANG, HARTREE_EV

COULOMB_EV_ANG = HARTREE_EV * BOHR_ANG
"""e^2 / (4 pi epsilon_0) in eV Ang."""

IMAGES = 60
"""Pairs of images on either side that are summed one by one; the rest is summed to leading order in 1/n."""


def point_image_energy(height_ang: ArrayLike, gap_ang: float) -> NDArray[np.float64]:
    """Return the energy of one electron charge and its images between two planes (eV), negative.

    With x the height above one plane and L the distance of the planes,

        W = k/4 [sum_(n >= 1) (2/(n L) - 1/(n L - x) - 1/(n L + x)) - 1/x]
          = k/(4 L) [psi(x/L) + psi(1 - x/L) + 2 gamma],

    k = e^2 / (4 pi epsilon_0), psi the digamma function and gamma Euler's constant: ``-k ln 2 / L`` in the middle,
    ``-k / (4 x)`` close to one plane.

    Parameters
    ----------
    height_ang : float or array
        Height above one plane (Ang), between 0 and `gap_ang`.
    gap_ang : float
        Distance of the planes (Ang).

    Notes
    -----
    Source: J. B. Neaton, M. S. Hybertsen, S. G. Louie, Phys. Rev. Lett. 97, 216405 (2006), for one plane; S. Y. Quek et
    al., Nano Lett. 7, 3477 (2007), for two.
    """
    part = np.asarray(height_ang, dtype=float) / gap_ang
    digamma = scipy.special.digamma
    energy = COULOMB_EV_ANG / (4 * gap_ang) * (digamma(part) + digamma(1 - part) + 2 * np.euler_gamma)
    return np.asarray(energy)


def image_energy(
    charges_e: ArrayLike, heights_ang: ArrayLike, across_ang: ArrayLike, gap_ang: float
) -> float:
    """Return the energy of point charges and their images between two planes (eV).

    ``W = 1/2 sum_ij q_i q_j phi(r_i, r_j)``, where phi is the potential of all images of a charge: equal ones at
    ``z + 2 n L`` (n not 0), opposite ones at ``2 n L - z``. The interaction of the charges with each other is left out.
    A single charge is `point_image_energy`.

    Parameters
    ----------
    charges_e : (n,) array
        The charges (e).
    heights_ang : (n,) array
        Heights above one plane (Ang), between 0 and `gap_ang`.
    across_ang : (n, 2) array
        Positions along the planes (Ang).
    gap_ang : float
        Distance L of the planes (Ang).
    """
    charges, z = np.asarray(charges_e, dtype=float), np.asarray(heights_ang, dtype=float)
    across = np.asarray(across_ang, dtype=float).reshape(len(z), 2)
    apart = ((across[:, None] - across[None]) ** 2).sum(axis=2)
    difference, total = z[:, None] - z[None], z[:, None] + z[None]

    def potential(along: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(1 / np.sqrt(apart + along**2))

    phi = -potential(total)
    for n in range(1, IMAGES + 1):
        step = 2 * n * gap_ang
        phi += potential(difference + step) + potential(difference - step)
        phi -= potential(total + step) + potential(total - step)
    # Image pairs beyond contribute -z z' / (n L)^3, and sum_(n > N) 1/n^3 is 1 / (2 (N + 1/2)^2) but for O(N^-4).
    phi -= np.outer(z, z) / gap_ang**3 / (2 * (IMAGES + 0.5) ** 2)
    return float(0.5 * COULOMB_EV_ANG * charges @ phi @ charges)
