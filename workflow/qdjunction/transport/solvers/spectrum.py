"""All solutions of ``H X = S X e``, with X kept as factors, since few of its rows are needed."""

from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import TransportError
from qdjunction.transport.solvers.arrays import (
    Array,
    Library,
    adjoint,
    as_complex,
    is_complex,
    product,
    to_numpy,
)

NOT_POSITIVE = (
    "overlap S of {} orbitals is not positive definite; two atoms are at the same place or the file is "
    "incomplete"
)
"""Error of a Cholesky decomposition, with the number of orbitals."""


class Spectrum:
    """Levels and states of a device.

    LAPACK solves a generalised eigenproblem by ``S = L L^dagger``, ``L^-1 H L^-dagger = Q t Q^dagger`` with t
    tridiagonal, ``t = Z e Z^T``, and ``X = L^-dagger Q Z``. The last product of three matrices is a third of the
    work. Here it is computed only for the rows and the combinations of states that are requested.

    Parameters
    ----------
    H, S : (n, n) array
        Hermitian H (eV) and positive definite S, both real or both complex.

    Attributes
    ----------
    levels_ev : (n,) array
        All levels e (eV), ascending.

    Raises
    ------
    TransportError
        If S is not positive definite.
    """

    def __init__(self, H: NDArray[Any], S: NDArray[Any]) -> None:
        n = len(H)
        self._dtype = np.result_type(H, S)
        routines = (
            getattr(scipy.linalg.lapack, name) for name in (_REAL if self._dtype.kind == "f" else _COMPLEX)
        )
        factor, reduce_, tridiagonal, workspace, self._multiply, self._solve = routines
        # The adjoint of a copy is the matrix in the order of LAPACK, which may then overwrite it.
        h, s = (np.conj(np.asarray(matrix, dtype=self._dtype)).T for matrix in (H, S))
        self._L, info = factor(s, lower=1, overwrite_a=1)
        if info > 0:
            raise TransportError(NOT_POSITIVE.format(n))
        reduced, _ = reduce_(h, self._L, itype=1, lower=1, overwrite_a=1)
        self._Q, self._tau = np.empty((0, 0)), np.empty(0)
        if n == 1:
            self.levels_ev: NDArray[Any] = reduced.real[0]
            self._Z: NDArray[Any] = np.ones((1, 1))
            return
        size = int(workspace(n, lower=1)[0].real)
        reflectors, diagonal, beside, self._tau, _ = tridiagonal(reduced, lower=1, lwork=size, overwrite_a=1)
        del h, s, reduced
        # With the lower triangle, Q is 1 in its first row and column and, beyond, the product of reflectors that
        # a QR decomposition keeps in this form.
        self._Q = np.asfortranarray(reflectors[1:, :-1])
        del reflectors
        self.levels_ev, self._Z = scipy.linalg.eigh_tridiagonal(diagonal, beside, check_finite=False)

    @staticmethod
    def memory_bytes(n_orbitals: int, bytes_per_element: int) -> int:
        """Estimate the peak memory (bytes) of the solution in addition to H and S.

        L and Q have the element type of the matrices; Z and its workspace are real.
        """
        return n_orbitals**2 * max(3 * bytes_per_element, 2 * bytes_per_element + 2 * 8)

    @property
    def n_orbitals(self) -> int:
        """Number of orbitals, and of levels."""
        return len(self.levels_ev)

    def rows(self, orbitals: ArrayLike) -> NDArray[Any]:
        """Return the rows of X that belong to some orbitals, (m, n)."""
        places = np.asarray(orbitals, dtype=np.int64)
        unit = np.zeros((self.n_orbitals, places.size), dtype=self._dtype, order="F")
        unit[places, np.arange(places.size)] = 1.0
        # Row i of L^-dagger is the conjugate of column i of L^-1.
        solved, _ = self._solve(self._L, unit, lower=1, overwrite_b=1)
        turned = self._turned(np.asfortranarray(solved.conj().T), "R")
        return _times_real(turned, self._Z)

    def combine(self, coefficients: NDArray[Any]) -> NDArray[Any]:
        """Return combinations ``X c`` of states, one for each column c, (n, columns)."""
        mixed = np.asfortranarray(product(np, self._Z, coefficients))
        if np.iscomplexobj(mixed) and self._dtype.kind == "f":
            parts = np.asfortranarray(np.hstack([mixed.real, mixed.imag]))
            both = self._back(parts)
            return both[:, : mixed.shape[1]] + 1j * both[:, mixed.shape[1] :]
        return self._back(np.asfortranarray(mixed, dtype=self._dtype))

    def _back(self, mixed: NDArray[Any]) -> NDArray[Any]:
        """Return ``L^-dagger Q mixed``."""
        # LAPACK's codes: 1 the transpose, 2 the adjoint.
        adjoint = 1 if self._dtype.kind == "f" else 2
        solved, _ = self._solve(self._L, self._turned(mixed, "L"), lower=1, trans=adjoint)
        return np.asarray(solved)

    def _turned(self, matrix: NDArray[Any], side: str) -> NDArray[Any]:
        """Return ``Q matrix`` (L) or ``matrix Q`` (R)."""
        if self.n_orbitals == 1:
            return matrix
        inner = matrix[1:] if side == "L" else matrix[:, 1:]
        wide = inner.shape[1] if side == "L" else inner.shape[0]
        turned, _, _ = self._multiply(
            side, "N", self._Q, self._tau, np.asfortranarray(inner), max(1, wide) * 64
        )
        if side == "L":
            matrix[1:] = turned
        else:
            matrix[:, 1:] = turned
        return matrix


class StandardSpectrum:
    """Levels and states of a device by the functions of the array-API standard, for libraries other than NumPy.

    ``S = L L^dagger``, ``L^-1 H L^-dagger = Q e Q^dagger`` and ``X = L^-dagger Q``. The standard has no triangular
    solution, so LU factors of L are used.

    Parameters
    ----------
    xp : Library
        Array library.
    H, S : (n, n) array
        Hermitian H (eV) and positive definite S, of NumPy.

    Attributes
    ----------
    levels_ev : (n,) array
        All levels e (eV), ascending, of NumPy.

    Raises
    ------
    TransportError
        If S is not positive definite.
    """

    def __init__(self, xp: Library, H: NDArray[Any], S: NDArray[Any]) -> None:
        dtype = np.result_type(H, S)
        matrices = (xp.asarray(np.asarray(matrix, dtype=dtype)) for matrix in (H, S))
        self._xp, h = xp, next(matrices)
        try:
            self._L = xp.linalg.cholesky(next(matrices))
        except Exception as error:  # each library has its own
            raise TransportError(NOT_POSITIVE.format(len(H))) from error
        if not np.isfinite(to_numpy(xp.sum(xp.abs(self._L)))):
            raise TransportError(NOT_POSITIVE.format(len(H)))
        half = xp.linalg.solve(self._L, h)
        reduced = xp.linalg.solve(self._L, adjoint(xp, half))
        levels, self._Q = xp.linalg.eigh(0.5 * (reduced + adjoint(xp, reduced)))
        self.levels_ev: NDArray[Any] = to_numpy(levels)

    def rows(self, orbitals: ArrayLike) -> Array:
        """Return the rows of X that belong to some orbitals, (m, n)."""
        xp, places = self._xp, np.asarray(orbitals, dtype=np.int64)
        unit = np.zeros((len(self.levels_ev), places.size))
        unit[places, np.arange(places.size)] = 1.0
        solved = xp.linalg.solve(self._L, xp.asarray(unit, dtype=self._L.dtype))
        return adjoint(xp, solved) @ self._Q

    def combine(self, coefficients: Array) -> Array:
        """Return combinations ``X c`` of states, one for each column c, (n, columns)."""
        xp = self._xp
        mixed = product(xp, self._Q, coefficients)
        if is_complex(mixed):
            return xp.linalg.solve(as_complex(xp, adjoint(xp, self._L)), mixed)
        return xp.linalg.solve(adjoint(xp, self._L), mixed)


_REAL = "dpotrf", "dsygst", "dsytrd", "dsytrd_lwork", "dormqr", "dtrtrs"
_COMPLEX = "zpotrf", "zhegst", "zhetrd", "zhetrd_lwork", "zunmqr", "ztrtrs"


def _times_real(other: NDArray[Any], real: NDArray[np.float64]) -> NDArray[Any]:
    """Return ``other @ real`` in real arithmetic throughout."""
    if not np.iscomplexobj(other):
        return other @ real
    return np.ascontiguousarray(other.real) @ real + 1j * (np.ascontiguousarray(other.imag) @ real)
