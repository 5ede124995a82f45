"""Shell charges of GFN1-xTB at self-consistency, as a start for tblite.

tblite mixes densities without any knowledge of how the levels respond to them, so a junction with gold takes about 70
diagonalisations. Here the charges are found at a high and a middle electronic temperature by quasi-Newton steps, with
the Jacobian from the static susceptibility of the levels. tblite converges from there at the final temperature and by
its own criterion, so H, S, energy and forces are those of tblite.

Method: S. Grimme, C. Bannwarth, P. Shushkov, J. Chem. Theory Comput. 13, 1989 (2017),
doi:10.1021/acs.jctc.7b00118, equations 9 to 11; its parameters are read from tblite.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, eigh, lu_factor, lu_solve
from scipy.special import expit, log_expit

from qdjunction.core.units import BOHR_ANG, BOLTZMANN_EV_PER_K, HARTREE_EV
from qdjunction.engine.fermi import fermi_energy

log = logging.getLogger(__name__)

Array = NDArray[np.floating[Any]]

_SMOOTH_K = 20_000.0
"""Temperature of the susceptibility by which the first steps are scaled: a smooth one, which differs little between
charges far from self-consistency and near it."""

_NEAR = 0.03
"""Root mean square of the residual charges (e) from which Newton's method is used."""

_FAR = 0.3
"""Residual above which Newton's method has failed."""

_ROUGH = 0.01
"""Residual at which the temperature is lowered."""

_LAST = 1e-3
"""Residual at the last temperature at which the search ends."""

_FOLLOWED = 2e-6
"""Residual at which charges that follow those of a geometry nearby are found: tblite confirms them in two iterations.
Single precision has one of some 1e-6."""

_STALLED = 3e-5
"""Residual below which charges are taken when no step reduces it any more."""

MOST_FOLLOWING = 16
"""Diagonalisations after which following is given up; it takes 4 to 6."""

_MEMORY = 10

MOST_STEPS = 60
"""Diagonalisations after which the search is given up; it takes 12 to 16."""

_REDUCTION = 0.3
"""The Jacobian is renewed when a step reduces the residual by less than this factor."""

_POINTS = 6
"""Points of the quadrature over imaginary time: enough for a Jacobian to 1 or 2 %."""

_NEGLIGIBLE = 1e-4
"""Amplitudes below this do not enter the susceptibility."""


class ShellCharges:
    """Map from the charges of the shells to those of the levels in their potential.

    Parameters
    ----------
    symbols : sequence of str
        Element of each atom.
    positions_ang : ndarray, shape (atoms, 3)
        Positions (Ang).
    H0, S : ndarray, shape (orbitals, orbitals)
        Core Hamiltonian (Hartree) and overlap of tblite.
    shells : ndarray of int, shape (shells,)
        Atom of each shell.
    orbitals : ndarray of int, shape (orbitals,)
        Shell of each orbital.
    elements : mapping
        tblite's parameters of each element.
    dtype : type, optional
        Precision of the levels; single is ample for a start.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        positions_ang: Array,
        H0: Array,
        S: Array,
        shells: NDArray[np.int_],
        orbitals: NDArray[np.int_],
        elements: Mapping[str, Any],
        dtype: type[np.float32] | type[np.float64] = np.float32,
    ):
        self._H0: Any = H0.astype(dtype)
        self._S: Any = S.astype(dtype)
        self._shells, self._orbitals = shells, orbitals
        self._starts = np.searchsorted(orbitals, np.arange(len(shells)))
        within = np.arange(len(shells)) - np.searchsorted(shells, shells)
        of_shell = [elements[symbols[atom]] for atom in shells]
        hardness = np.array([p["gam"] * p["lgam"][k] for p, k in zip(of_shell, within, strict=True)])
        self.reference = np.array([p["refocc"][k] for p, k in zip(of_shell, within, strict=True)])
        self._third = np.array([elements[symbol]["gam3"] for symbol in symbols])
        positions = np.asarray(positions_ang)[shells] / BOHR_ANG
        squares = np.sum((positions[:, None] - positions[None, :]) ** 2, axis=-1)
        inverse = (1 / hardness[:, None] + 1 / hardness[None, :]) / 2
        self._coulomb = 1 / np.sqrt(squares + inverse**2)
        self._levels: Array = np.empty(0)
        self._coefficients: Array = np.empty((0, 0))

    def at(self, charges: Array, temperature_k: float) -> Array:
        """Return the charges (e) of the shells in the potential of `charges`; they are equal at self-consistency."""
        of_atoms = np.bincount(self._shells, charges)
        shift = (self._coulomb @ charges + (self._third * of_atoms**2)[self._shells])[self._orbitals]
        halves = shift.astype(self._S.dtype) / 2
        H = self._H0 - self._S * (halves[:, None] + halves[None, :])
        levels, C = eigh(H, self._S, driver="gvd", overwrite_a=True, check_finite=False)
        kT = BOLTZMANN_EV_PER_K * temperature_k / HARTREE_EV
        levels = levels.astype(np.float64)
        self._levels = levels - fermi_energy(levels, round(self.reference.sum()), kT)
        self._coefficients = C
        occupied = 2 * expit(-self._levels / kT)
        some = occupied > _NEGLIGIBLE**4
        C = C[:, some]
        populations = np.einsum("ij,ij,j->i", C, self._S @ C, occupied[some], optimize=True)
        charges_of_levels: Array = self.reference - np.add.reduceat(populations, self._starts)
        # The sum is zero but for round-off, which no step could remove.
        charges_of_levels -= charges_of_levels.mean()
        return charges_of_levels

    def jacobian(self, charges: Array, temperature_k: float) -> Array:
        """Return the derivative of `charges - at(charges)`, with the levels of the last call of `at`."""
        slope = np.where(
            self._shells[:, None] == self._shells[None, :],
            2 * (self._third * np.bincount(self._shells, charges))[self._shells],
            0.0,
        )
        X = self.susceptibility(temperature_k)
        total = X.sum(axis=1)
        # At a fixed number of electrons the Fermi energy follows.
        X -= np.outer(total, total) / total.sum()
        jacobian: Array = np.eye(len(charges)) + X @ (self._coulomb + slope)
        return jacobian

    def susceptibility(self, temperature_k: float) -> Array:
        """Return minus the derivative of the populations of the shells by their on-site energies (1/Hartree).

        It is at a fixed Fermi energy and without the response of the charges: the sum over all pairs of levels of
        (f_i - f_j) / (e_j - e_i) w_i w_j, which is the integral over imaginary time, from 0 to 1/kT, of products of
        two Green's functions; so it takes the third power of the number of orbitals instead of the fourth.
        """
        # Single precision is ample for a Jacobian.
        C = self._coefficients.astype(np.float32)
        both = np.vstack([C, self._S.astype(np.float32) @ C])
        n, energies, kT = len(C), self._levels, BOLTZMANN_EV_PER_K * temperature_k / HARTREE_EV
        log_f, log_g = log_expit(-energies / kT), log_expit(energies / kT)
        total = np.zeros((n, n), np.float32)
        for tau, weight in zip(*_imaginary_times(1 / kT), strict=True):
            electrons = _products(both, np.exp((log_f + energies * tau) / 2))
            holes = _products(both, np.exp((log_g - energies * tau) / 2))
            cross = electrons[1] * holes[1].T
            # Spin gives 2, the second half of the interval 2, and Mulliken's populations of pairs 1/4.
            total += np.float32(weight) * (
                electrons[0] * holes[2] + electrons[2] * holes[0] + cross + cross.T
            )
        by_row = np.add.reduceat(total, self._starts, axis=0, dtype=np.float64)
        X: Array = np.add.reduceat(by_row, self._starts, axis=1)
        return (X + X.T) / 2


class Follower:
    """Find the charges of one geometry after another, each from those of the last.

    The Jacobian of the last geometry serves for the next ones too, as long as its steps reduce the residual.

    Parameters
    ----------
    charges : ndarray, shape (shells,)
        Charges (e) of the first geometry.
    """

    def __init__(self, charges: Array):
        self._charges = charges
        self._factors: Any = None

    def follow(self, model: ShellCharges, temperature_k: float, most: int) -> Array | None:
        """Return the self-consistent charges (e) of `model`, or None if they are not found.

        It takes at most `most` diagonalisations, if that is below `MOST_FOLLOWING`.
        """
        charges, before = self._charges, np.inf
        path: list[tuple[Array, Array]] = []
        for number in range(1, min(most, MOST_FOLLOWING) + 1):
            residual, error = _residual(model, charges, temperature_k, number)
            is_stalled = error > _REDUCTION * before
            if error < (_STALLED if is_stalled else _FOLLOWED):
                self._charges = charges
                return charges
            if not error < _FAR:
                return None
            if self._factors is None or is_stalled:
                self._factors, path = lu_factor(model.jacobian(charges, temperature_k)), []
            before = error
            path = [*path[-_MEMORY:], (charges, residual)]
            charges = _next(path, self._factors)
        return None


def converge(model: ShellCharges, temperatures_k: Sequence[float], most: int) -> Array | None:
    """Return charges (e) that are nearly self-consistent at the last temperature that is reached, if any is.

    Parameters
    ----------
    model : ShellCharges
        The map whose fixed point is searched.
    temperatures_k : sequence of float
        Electronic temperatures (K), one after the other.
    most : int
        Largest number of diagonalisations, if it is below `MOST_STEPS`.
    """
    charges: Array = np.zeros(len(model.reference))
    reached, left = None, list(temperatures_k)
    factors, near, before = None, False, np.inf
    path: list[tuple[Array, Array]] = []
    for number in range(1, min(most, MOST_STEPS) + 1):
        residual, error = _residual(model, charges, left[0], number)
        if not np.isfinite(error) or (near and error > _FAR):
            break
        if near and error < (_LAST if len(left) == 1 else _ROUGH):
            reached = charges
            del left[0]
            if not left:
                break
            factors, path, before = None, [], np.inf
            continue
        if not near and factors is None:
            factors = lu_factor(model.jacobian(charges, _SMOOTH_K))
        if (not near and error < _NEAR) or (near and (factors is None or error > _REDUCTION * before)):
            near, factors, path = True, lu_factor(model.jacobian(charges, left[0])), []
        before = error
        path = [*path[-_MEMORY:], (charges, residual)]
        charges = _next(path, factors)
    return reached


def _residual(model: ShellCharges, charges: Array, temperature_k: float, number: int) -> tuple[Array, float]:
    """Return the residual of charges and its root mean square, infinite where there are no levels; log the latter."""
    try:
        residual = model.at(charges, temperature_k) - charges
    except LinAlgError:
        return charges, np.inf
    error = float(np.sqrt(np.mean(residual**2)))
    log.info("charges at %g K  iteration %3d  error %.1e", temperature_k, number, error)
    return residual, error


def _next(path: Sequence[tuple[Array, Array]], factors: Any) -> Array:
    """Return the next charges: a step with the factors of a Jacobian, after Anderson's extrapolation."""
    charges, residual = path[-1]
    step: Array = lu_solve(factors, residual)
    if len(path) > 1:
        moves = np.array([charges - earlier for earlier, _ in path[:-1]]).T
        changes = lu_solve(factors, np.array([residual - earlier for _, earlier in path[:-1]]).T)
        share = np.linalg.lstsq(changes, step, rcond=1e-8)[0]
        charges, step = charges - moves @ share, step - changes @ share
    return charges + step


def _imaginary_times(beta: float) -> tuple[Array, Array]:
    """Return points and weights for the integral over half of the interval, dense at its end."""
    points, weights = np.polynomial.legendre.leggauss(_POINTS)
    # Pairs of levels decay with their distance, up to some Hartree.
    first = 0.5
    length = np.log1p(beta / 2 / first)
    grown = np.exp((points + 1) / 2 * length)
    return first * (grown - 1), weights / 2 * length * first * grown


def _products(both: NDArray[np.float32], amplitudes: Array) -> tuple[Any, Any, Any]:
    """Return the products of C with C, of C with S C and of S C with S C, weighted by the squares of `amplitudes`."""
    some = amplitudes > _NEGLIGIBLE
    weighted = both[:, some] * amplitudes[some].astype(np.float32)
    n = len(both) // 2
    C, SC = weighted[:n], weighted[n:]
    return C @ C.T, C @ SC.T, SC @ SC.T
