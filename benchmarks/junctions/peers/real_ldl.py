"""The closed device by real symmetric factors at every energy, then Dyson's equation on the contacts.

What a careful user of LAPACK writes where H and S are real: a twelfth of the operations of complex LU.
"""

from collections.abc import Callable, Sequence

import numpy as np
import scipy.linalg

from peers import Peer, numpy_version
from system import System, trace_formula


def prepare(system: System) -> Callable[[], Sequence[float]]:
    """Copy H and S into dense matrices."""
    if np.iscomplexobj(system.H) or np.iscomplexobj(system.S):
        raise ValueError("H and S must be real")
    H, S = (matrix.toarray() for matrix in (system.H, system.S))
    contacts = np.union1d(system.left, system.right)
    left, right = (np.searchsorted(contacts, side) for side in (system.left, system.right))
    m, n = len(contacts), len(H)
    work = int(scipy.linalg.lapack.dsysv_lwork(n, lower=1)[0])

    def solve() -> list[float]:
        values = []
        for spot, place in enumerate(system.spots):
            unit = np.zeros((n, m), order="F")
            unit[contacts, np.arange(m)] = 1.0
            closed = np.asfortranarray((system.energies_ev[place] * S - H).T)
            _, _, X, info = scipy.linalg.lapack.dsysv(
                closed, unit, lwork=work, lower=1, overwrite_a=True, overwrite_b=True
            )
            if info:
                raise ValueError(f"dsysv returned {info}")
            g = X[contacts]
            sigmas = system.sigma(spot)
            dyson = np.eye(m, dtype=complex)
            for side, sigma in zip((left, right), sigmas, strict=True):
                dyson[:, side] -= g[:, side] @ sigma
            green = np.linalg.solve(dyson, g[:, right].astype(complex))[left]
            values.append(float(trace_formula(sigmas[0], green, sigmas[1])))
        return values

    return solve


KIND = Peer(
    "real LDL", "LAPACK dsysv of E S - H with the contact columns, Dyson's equation on the contacts",
    ("wide-band", "wire"), numpy_version, prepare, most_orbitals=8000,
)  # fmt: skip
