"""Fermi energy of a finite system."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import log_expit, logsumexp


def fermi_energy(levels_ev: NDArray[np.float64], electrons: int, kT_ev: float) -> float:
    """Return the chemical potential of `electrons` in doubly degenerate levels at temperature `kT_ev`.

    It solves 2 sum_i f(levels_i - mu) = electrons with the Fermi-Dirac function f. Written as 'electrons
    above the gap = holes below it' and solved for the logarithms, this is well defined however wide the gap
    is; for kT -> 0 it tends to the middle of the gap between HOMO and LUMO.

    Parameters
    ----------
    levels_ev : (n,) array
        Levels (eV), ascending.
    electrons : int
        Even number of electrons, above 0 and below 2 n.
    kT_ev : float
        Thermal energy of the electrons (eV), above zero.

    Returns
    -------
    float
        Chemical potential (eV) in the zero of the levels.

    Raises
    ------
    ValueError
        When `electrons` is odd or does not fit into the levels.
    """
    levels = np.asarray(levels_ev)
    if electrons % 2 or not 0 < electrons < 2 * len(levels):
        raise ValueError(
            f"{electrons} electrons in {len(levels)} doubly degenerate levels: their number must be even, above 0 and "
            f"below {2 * len(levels)}"
        )
    occupied, empty = np.split(levels / kT_ev, [electrons // 2])

    def excess(mu: float) -> float:
        return float(logsumexp(log_expit(mu - empty)) - logsumexp(log_expit(occupied - mu)))

    # All levels count in `excess`, so with n of them the root lies within ln n of the gap's edges.
    margin = np.log(len(levels)) + 1
    return kT_ev * brentq(excess, occupied[-1] - margin, empty[0] + margin, xtol=1e-13, rtol=1e-14)
