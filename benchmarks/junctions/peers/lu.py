"""Complex LU factors at every energy, with the columns of the right lead."""

from collections.abc import Callable, Sequence

import numpy as np
import scipy.linalg

from peers import Peer, dense, numpy_version
from system import System, trace_formula


def prepare(system: System) -> Callable[[], Sequence[float]]:
    """Do nothing once."""

    def solve() -> list[float]:
        values = []
        for spot in range(len(system.spots)):
            sigmas = system.sigma(spot)
            unit = np.zeros((len(system.atoms), len(system.right)), dtype=complex, order="F")
            unit[system.right, np.arange(len(system.right))] = 1.0
            _, _, X, _ = scipy.linalg.lapack.zgesv(
                dense(system, spot), unit, overwrite_a=True, overwrite_b=True
            )
            values.append(float(trace_formula(sigmas[0], X[system.left], sigmas[1])))
        return values

    return solve


KIND = Peer(
    "LU", "LAPACK zgesv, dense, columns of the right lead only", ("wide-band", "wire"), numpy_version, prepare,
    most_orbitals=8000,
)  # fmt: skip
