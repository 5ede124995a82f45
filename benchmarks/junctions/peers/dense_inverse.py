"""The full inverse at every energy, as in ``ase.transport``."""

from collections.abc import Callable, Sequence

import numpy as np

from peers import Peer, dense, numpy_version
from system import System, trace_formula


def prepare(system: System) -> Callable[[], Sequence[float]]:
    """Do nothing once."""

    def solve() -> list[float]:
        values = []
        for spot in range(len(system.spots)):
            sigmas = system.sigma(spot)
            green = np.linalg.inv(dense(system, spot))[np.ix_(system.left, system.right)]
            values.append(float(trace_formula(sigmas[0], green, sigmas[1])))
        return values

    return solve


KIND = Peer(
    "dense inverse", "numpy.linalg.inv, dense, as ase.transport does it", ("wide-band", "wire"), numpy_version,
    prepare, most_orbitals=3000,
)  # fmt: skip
