"""Green's function of an isolated dot between all pairs of its terminal halides.

For weakly coupled tips T between two sites follows the Green's function of the dot alone,

    T_ij(E) ~ Gamma_i Gamma_j |g_ij(E)|^2,    g_ij(E) = sum_n <i|psi_n> <psi_n|j> / (E - e_n),

with |i> the orbital at which the tip attaches. The sum over the levels e_n of H psi = e S psi is the Lehmann sum, and
ratios of T between contacts depend on g alone as long as the tips are alike (Y. Geng et al., J. Am. Chem. Soc. 137,
4469 (2015); C. J. Lambert and S.-X. Liu, Chem. Eur. J. 24, 4193 (2018)). In the gap no broadening is needed: it would
be added to E and is small compared with the distance to the nearest level.

|i> is the p orbital of a halide along its bond, which points out of the dot. It is a matrix element of an operator, so
a second zeta or polarisation functions in the basis do not change what it means. Whether T follows |g|^2 is not taken
for granted: `pair_control` compares the two on the junctions that were computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.interference.orbital_rule import DotOrbitals

if TYPE_CHECKING:
    import sisl

SMALLEST_DISTANCE_EV = 1e-6
"""An energy closer to a level than this has no Green's function (eV)."""


def outward_orbitals(
    geometry: sisl.Geometry, overlap: NDArray[Any], bonds: Sequence[tuple[int, int]]
) -> NDArray[np.float64]:
    """Return the p orbital of atoms along a bond, pointing away from the other atom.

    The overlap of the three p functions of an atom with an s function of the other is proportional to the cosines of
    the bond with the three axes (J. C. Slater and G. F. Koster, Phys. Rev. 94, 1498 (1954)), whatever the order and the
    signs of the functions in the basis of the engine.

    Parameters
    ----------
    geometry : sisl.Geometry
        The dot, with named orbitals.
    overlap : (n, n) array
        S at Gamma.
    bonds : sequence of (int, int)
        Atom and the atom that it is bonded to.

    Returns
    -------
    (n, m) array
        Coefficients of one orbital for each bond, normalised with S.

    Raises
    ------
    InputError
        If the file does not name its orbitals, or an atom has no p or its neighbour no s function.
    """
    found = np.zeros((len(overlap), len(bonds)))
    for column, (atom, neighbour) in enumerate(bonds):
        p, s = _shell(geometry, atom, 1), _shell(geometry, neighbour, 0)
        along = -overlap[np.ix_(p, s[:1])][:, 0].real
        block = overlap[np.ix_(p, p)].real
        found[p, column] = along / np.sqrt(along @ block @ along)
    return found


def amplitudes(
    orbitals: DotOrbitals,
    overlap: NDArray[Any],
    sites: NDArray[np.float64],
    energy_ev: float,
    levels: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Return the Green's function between orbitals of the dot (1/eV), (m, m).

    Parameters
    ----------
    orbitals : DotOrbitals
        Eigenstates of the dot.
    overlap : (n, n) array
        S of the dot.
    sites : (n, m) array
        Coefficients of the orbitals at which tips attach, from `outward_orbitals`.
    energy_ev : float
        Energy in the zero of the levels (eV).
    levels : sequence of int, optional
        Levels in the sum, counted from 0; by default all.

    Raises
    ------
    InputError
        If the energy lies on a level.
    """
    distance = energy_ev - orbitals.energies_ev
    if np.abs(distance).min() < SMALLEST_DISTANCE_EV:
        raise InputError(f"energy {energy_ev:g} eV lies on a level of the dot; choose one between levels")
    chosen = slice(None) if levels is None else list(levels)
    projected = orbitals.coefficients[:, chosen].conj().T @ (overlap @ sites)
    return np.asarray((projected.conj().T / distance[chosen]) @ projected)


def _shell(geometry: sisl.Geometry, atom: int, momentum: int) -> NDArray[np.int64]:
    """Return the orbitals of the valence shell of an atom with an angular momentum: highest n, first zeta."""
    own = [
        (orbital.n, -orbital.zeta, index)
        for index, orbital in enumerate(geometry.atoms[atom], start=int(geometry.firsto[atom]))
        if getattr(orbital, "l", None) == momentum and not getattr(orbital, "P", False)
    ]
    if not own:
        name = geometry.atoms[atom].symbol
        raise InputError(
            f"atom {atom} ({name}) has no {'spd'[momentum]} function with a name; compute H and S again with "
            "`qdjunction hamiltonian`, which names the orbitals"
        )
    shell = max(own)[:2]
    return np.array([index for n, zeta, index in own if (n, zeta) == shell])
