"""T at a few energies to more digits than double precision gives.

LU factors in double precision, then iterative refinement: the residual of ``(E S - H - Sigma) X = 1`` is summed in the
processor's extended precision (64 bits of mantissa on x86), and so is T. The products with H and S are exact before
they are summed: both factors are cut into slices of so few bits that a matrix product in double precision does not
round (K. Ozaki, T. Ogita, S. Oishi, S. M. Rump, Numer. Algorithms 59, 95 (2012)).

G_LR then has a relative error of about 1e-19 times the condition number of the system.
"""

from typing import Any

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from system import System, trace_formula

MOST_STEPS = 20


def slices(matrix: NDArray[Any], axis: int, bits: int, count: int) -> list[NDArray[np.float64]]:
    """Cut a real matrix into `count` matrices of `bits` bits each, scaled by its rows (axis 1) or columns (axis 0)."""
    rest = np.array(matrix, dtype=np.longdouble)
    parts = []
    for _ in range(count):
        peak = np.abs(rest).max(axis=axis, keepdims=True)
        shift = bits - np.frexp(peak)[1]
        part = np.ldexp(np.rint(np.ldexp(rest, shift)), -shift)
        rest -= part
        parts.append(part.astype(np.float64))
    return parts


class Product:
    """``matrix @ X`` for a real matrix in double precision and X in extended precision."""

    def __init__(self, matrix: NDArray[np.float64]) -> None:
        self.bits = (52 - len(matrix).bit_length()) // 2
        self.count = -(-64 // self.bits)
        self.parts = slices(matrix, 1, self.bits, self.count)

    def __matmul__(self, other: NDArray[Any]) -> NDArray[Any]:
        """Return the product, real or complex."""
        if np.iscomplexobj(other):
            return (self @ other.real) + 1j * (self @ other.imag)
        columns = slices(other, 0, self.bits, self.count)
        out = np.zeros((len(self.parts[0]), other.shape[1]), dtype=np.longdouble)
        # The smallest terms first; those beyond the last bit are left out.
        for order in reversed(range(self.count + 1)):
            for i in range(max(0, order + 1 - self.count), min(order + 1, self.count)):
                out += self.parts[i] @ columns[order - i]
        return out


def reference(system: System) -> list[float]:
    """Return T at the spots."""
    H, S = (np.asarray(matrix.toarray()) for matrix in (system.H, system.S))
    exact = Product(H), Product(S)
    values = []
    for spot, place in enumerate(system.spots):
        energy = system.energies_ev[place]
        sigmas = system.sigma(spot)
        matrix = (energy * S - H).astype(complex)
        for orbitals, sigma in zip((system.left, system.right), sigmas, strict=True):
            matrix[np.ix_(orbitals, orbitals)] -= sigma
        factors = scipy.linalg.lu_factor(matrix, overwrite_a=True, check_finite=False)
        wide = tuple(sigma.astype(np.clongdouble) for sigma in sigmas)
        X = np.zeros((len(H), len(system.right)), dtype=np.clongdouble)
        residual = X.copy()
        residual[system.right, np.arange(len(system.right))] = 1.0
        unit, last = residual, np.inf
        for _ in range(MOST_STEPS):
            change = scipy.linalg.lu_solve(factors, residual.astype(complex), check_finite=False)
            size = np.abs(change).max() / max(np.abs(X + change).max(), np.finfo(float).tiny)
            if size >= last:
                break
            X, last = X + change, size
            residual = unit - np.longdouble(energy) * (exact[1] @ X) + exact[0] @ X
            for orbitals, sigma in zip((system.left, system.right), wide, strict=True):
                residual[orbitals] += sigma @ X[orbitals]
        values.append(float(trace_formula(wide[0], X[system.left], wide[1])))
    return values
