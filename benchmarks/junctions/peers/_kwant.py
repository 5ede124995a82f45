"""A system of kwant from H, S and self-energies.

kwant has no overlap. The system is orthogonalised by Cholesky factors, with the leads' orbitals last, since that,
unlike Loewdin's root, confines the self-energies to the orbitals of both leads. Its cost is not counted.
"""

from collections.abc import Callable, Sequence

import numpy as np
import scipy.linalg

from peers import MissingError
from system import System


def prepare(system: System, solver: str) -> Callable[[], Sequence[float]]:
    """Build the system with one site an atom; `solver` is a module of ``kwant.solvers``."""
    from importlib import import_module

    import kwant

    greens_function = import_module(f"kwant.solvers.{solver}").greens_function
    ends = np.union1d(system.left, system.right)
    atoms = system.atoms
    last = np.isin(np.arange(atoms.max() + 1), atoms[ends])
    # A site is an atom; the atoms that carry leads come last.
    rank = np.empty(len(last), dtype=int)
    rank[np.argsort(last, kind="stable")] = np.arange(len(last))
    order = np.argsort(rank[atoms], kind="stable")
    H, S = (matrix.toarray()[np.ix_(order, order)] for matrix in (system.H, system.S))
    L = scipy.linalg.cholesky(S, lower=True)
    H = scipy.linalg.solve_triangular(L, scipy.linalg.solve_triangular(L, H, lower=True).conj().T, lower=True)
    # kwant would take round-off errors, where S was block-diagonal, for couplings.
    H[np.abs(H) < 1e-13] = 0.0
    stops = np.cumsum(np.bincount(rank[atoms]))
    sites = [slice(a, b) for a, b in zip([0, *stops[:-1]], stops, strict=True)]
    lattice = kwant.lattice.chain()
    built = kwant.Builder()
    for i, rows in enumerate(sites):
        built[lattice(i)] = H[rows, rows]
    for i, rows in enumerate(sites):
        for j, columns in enumerate(sites[:i]):
            if H[rows, columns].any():
                built[lattice(i), lattice(j)] = H[rows, columns]
    first = int((~last).sum())
    own = np.arange(0 if first == 0 else stops[first - 1], len(H))
    corner = L[np.ix_(own, own)]
    now = {"spot": 0}

    class Given:
        def __init__(self, sigmas: list) -> None:
            self.sigmas = sigmas

        def __call__(self, energy: float, *arguments: object, **keywords: object) -> np.ndarray:
            return self.sigmas[now["spot"] % len(self.sigmas)]

    inverse = np.argsort(order)
    for orbitals, sigmas in ((system.left, system.sigma_left), (system.right, system.sigma_right)):
        turned = []
        for sigma in sigmas:
            full = np.zeros((len(own), len(own)), dtype=complex)
            place = inverse[orbitals] - own[0]
            full[np.ix_(place, place)] = sigma
            turned.append(np.linalg.solve(corner, np.linalg.solve(corner, full).conj().T).conj().T)
        interface = [lattice(i) for i in range(first, len(sites))]
        built.leads.append(kwant.builder.SelfEnergyLead(Given(turned), interface, parameters=()))
    finished = built.finalized()

    def solve() -> list[float]:
        values = []
        for spot, place in enumerate(system.spots):
            now["spot"] = spot
            energy = float(system.energies_ev[place])
            found = greens_function(finished, energy, in_leads=[1], out_leads=[0])
            values.append(float(found.transmission(0, 1)))
        return values

    return solve


def version(solver: str) -> str:
    """Return the version of kwant."""
    from importlib import import_module

    try:
        import kwant

        import_module(f"kwant.solvers.{solver}")
    except ImportError as error:
        raise MissingError(f"kwant.solvers.{solver} cannot be imported: {error}") from error
    return f"kwant {kwant.__version__}"
