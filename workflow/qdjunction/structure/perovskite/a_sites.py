"""Which A sites of a dot are filled: the neutral choice of lowest electrostatic energy.

Everything is in lattice coordinates. Energies are those of the point charges Pb +2, X -1, A +1 in units of
e^2 / (4 pi eps0 a).
"""

from functools import cache
from itertools import chain, combinations, permutations, product
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from qdjunction.core.errors import StructureError
from qdjunction.structure.perovskite.lattice import LatticeVector, Site, halide_sites

EXACT_LIMIT = 100_000
"""Largest number of choices of empty sites that are all tried; above it, the search is greedy with exchanges."""

_TIE = 1e-9
_KICKS = 60


def candidate_sites(pb_sites: tuple[LatticeVector, ...]) -> tuple[Site, ...]:
    """Return the sites of the cages around every Pb, in the order in which they are emptied at equal energy.

    Sites next to the fewest Pb come first (the corners of a block). Of equal corners the one nearest to the contact
    column comes first, of other equal sites the farthest, so that few cations are near the tips and the row R1 .. Rn
    stays uniform.
    """
    pb = np.array(pb_sites)
    steps = np.array([[i, j, k] for i in (-0.5, 0.5) for j in (-0.5, 0.5) for k in (-0.5, 0.5)])
    sites = {_site(p + step) for p in pb for step in steps}

    def order(site: Site) -> tuple[float, float, Site]:
        neighbours = int((np.abs(pb - np.array(site)).max(axis=1) < 0.75).sum())
        from_column = site[0] ** 2 + site[1] ** 2
        return neighbours, from_column if neighbours == 1 else -from_column, site

    return tuple(sorted(sites, key=order))


@cache
def choose_a_sites(pb_sites: tuple[LatticeVector, ...], exact_limit: int = EXACT_LIMIT) -> tuple[Site, ...]:
    """Choose the A sites that make the dot neutral at the lowest electrostatic energy.

    With X halides and P Pb there are X - 2 P cations on the candidate sites. If there are at most `exact_limit`
    choices, all are tried. Otherwise sites are emptied one by one, each time the one that lowers the energy most; then
    filled and empty sites are exchanged as long as the energy falls; then the best choice so far is perturbed (three
    empty sites moved at random with a fixed seed) and exchanged again, a fixed number of times. Of choices with equal
    energy the first in the order of `candidate_sites` is kept, so that the result is the same on every machine.

    Parameters
    ----------
    pb_sites : tuple of lattice vectors
        Lattice coordinates of the Pb.
    exact_limit : int
        Largest number of choices that are all tried.

    Returns
    -------
    tuple of sites
        Filled sites in lexicographic order.

    Raises
    ------
    StructureError
        If there are fewer sites than cations needed.
    """
    candidates = candidate_sites(pb_sites)
    needed = len(halide_sites(pb_sites)) - 2 * len(pb_sites)
    empty = len(candidates) - needed
    if empty < 0:
        raise StructureError(
            f"A neutral dot needs {needed} A cations, but there are only {len(candidates)} A sites."
        )
    potential, repulsion = _interactions(pb_sites, candidates)
    # Emptying a set E of a full lattice changes the energy by -sum_E gain + sum of the repulsion within E.
    gain = potential + repulsion.sum(axis=1)
    exact = comb(len(candidates), empty) <= exact_limit
    chosen = (_try_all if exact else _search)(gain, repulsion, empty)
    return tuple(sorted(candidates[i] for i in range(len(candidates)) if i not in set(chosen.tolist())))


@cache
def degenerate_a_sites(pb_sites: tuple[LatticeVector, ...]) -> tuple[tuple[Site, ...], ...]:
    """Return the choices of A sites with the same energy as that of `choose_a_sites`.

    Where all choices are tried, these are all of the lowest energy. In larger dots they are the images of the chosen
    set under the symmetry operations of the cube that map the Pb onto themselves.

    Returns
    -------
    tuple of tuple of sites
        The choices, each with its sites in lexicographic order, in lexicographic order.
    """
    chosen = choose_a_sites(pb_sites)
    candidates = candidate_sites(pb_sites)
    empty = len(candidates) - len(chosen)
    if comb(len(candidates), empty) <= EXACT_LIMIT:
        potential, repulsion = _interactions(pb_sites, candidates)
        choices, energy = _all_choices(potential + repulsion.sum(axis=1), repulsion, empty)
        found = {
            tuple(sorted(candidates[i] for i in set(range(len(candidates))) - set(choice.tolist())))
            for choice in choices[energy <= energy.min() + _TIE]
        }
        return tuple(sorted(found))
    pb, sites = np.array(pb_sites, dtype=float), np.array(chosen)
    centre = (pb.min(axis=0) + pb.max(axis=0)) / 2
    images: set[tuple[Site, ...]] = set()
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
        operation = np.eye(3)[list(order)] * np.array(signs)
        if {_site(p) for p in (pb - centre) @ operation + centre} == {_site(p) for p in pb}:
            images.add(tuple(sorted(_site(s) for s in (sites - centre) @ operation + centre)))
    return tuple(sorted(images))


def _interactions(
    pb_sites: tuple[LatticeVector, ...], sites: tuple[Site, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the potential of Pb and X at each site, and 1/r between sites (zero on the diagonal)."""
    points = np.array(sites).reshape(-1, 3)
    potential = (2 / cdist(points, np.array(pb_sites))).sum(axis=1)
    potential -= (1 / cdist(points, np.array(halide_sites(pb_sites)))).sum(axis=1)
    distance = cdist(points, points)
    np.fill_diagonal(distance, np.inf)
    return potential, 1 / distance


def _try_all(gain: NDArray[np.float64], repulsion: NDArray[np.float64], empty: int) -> NDArray[np.int64]:
    choices, energy = _all_choices(gain, repulsion, empty)
    best: NDArray[np.int64] = choices[np.flatnonzero(energy <= energy.min() + _TIE)[0]]
    return best


def _all_choices(
    gain: NDArray[np.float64], repulsion: NDArray[np.float64], empty: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return every choice of empty sites and its energy relative to the full lattice."""
    flat = np.fromiter(chain.from_iterable(combinations(range(len(gain)), empty)), dtype=np.int64)
    choices = flat.reshape(-1, empty)
    energy = -gain[choices].sum(axis=1)
    for i, j in combinations(range(empty), 2):
        energy += repulsion[choices[:, i], choices[:, j]]
    return choices, energy


def _search(gain: NDArray[np.float64], repulsion: NDArray[np.float64], empty: int) -> NDArray[np.int64]:
    is_empty = np.zeros(len(gain), dtype=bool)
    for _ in range(empty):
        cost = np.where(is_empty, np.inf, repulsion @ is_empty - gain)
        is_empty[_first_lowest(cost)] = True

    def energy(state: NDArray[np.bool_]) -> float:
        return float(-gain @ state + state @ repulsion @ state / 2)

    def settle(state: NDArray[np.bool_]) -> NDArray[np.bool_]:
        state = state.copy()
        while True:
            out, into = np.flatnonzero(state), np.flatnonzero(~state)
            cost = repulsion @ state - gain
            change = cost[into][None, :] - cost[out][:, None] - repulsion[np.ix_(out, into)]
            best = _first_lowest(change.ravel())
            if change.ravel()[best] > -_TIE:
                return state
            row, column = np.unravel_index(best, change.shape)
            state[out[row]], state[into[column]] = False, True

    best = settle(is_empty)
    rng = np.random.default_rng(0)
    moved = min(3, empty, len(gain) - empty)
    for _ in range(_KICKS if moved else 0):
        trial = best.copy()
        trial[rng.choice(np.flatnonzero(best), moved, replace=False)] = False
        trial[rng.choice(np.flatnonzero(~best), moved, replace=False)] = True
        trial = settle(trial)
        if energy(trial) < energy(best) - _TIE:
            best = trial
    return np.flatnonzero(best)


def _first_lowest(values: NDArray[np.float64]) -> int:
    """Return the index of the first value that is lowest within the tie tolerance."""
    return int(np.flatnonzero(values <= values.min() + _TIE)[0])


def _site(point: NDArray[np.float64]) -> Site:
    x, y, z = point.tolist()
    return float(x), float(y), float(z)
