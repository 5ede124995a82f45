"""The path of highest local density of states from one end of a junction to the other, and its weak link.

A picture of the local density is called continuous if a surface of equal density reaches from electrode to electrode,
and broken if it does not; which of the two one sees depends on the density that the surface is drawn at. The largest
density at which atoms joined by bonds still connect the two ends has no such choice: it is the lowest density on the
path whose lowest density is largest (the widest path, M. Pollack, Oper. Res. 8, 733 (1960)), which lies in a maximum
spanning tree of the bonds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree
from scipy.spatial.distance import cdist

from qdjunction.core.errors import InputError


@dataclass(frozen=True, eq=False)
class WidestPath:
    """The path between two atoms whose lowest density is as large as possible.

    Attributes
    ----------
    atoms : (n,) array of int
        Atoms along the path, both ends included.
    densities : (n,) array
        Density of each of them.
    """

    atoms: NDArray[np.int64]
    densities: NDArray[np.float64]

    @property
    def weakest(self) -> int:
        """Atom of the lowest density on the path."""
        return int(self.atoms[self.densities.argmin()])

    @property
    def density(self) -> float:
        """The lowest density on the path: no path between the ends has a larger one."""
        return float(self.densities.min())


def widest_path(densities: ArrayLike, bonds: Sequence[Sequence[int]], start: int, end: int) -> WidestPath:
    """Return the path along bonds between two atoms whose lowest density is as large as possible.

    Of several such paths it is the one in the maximum spanning tree of the bonds, where a bond is as dense as the less
    dense of its two atoms: it also avoids low densities away from its weak link.

    Parameters
    ----------
    densities : (n_atoms,) array
        Density of each atom; values that are not positive or nan count as less than any other.
    bonds : sequence of pairs of int
        Bonded atoms.
    start, end : int
        The two ends.

    Raises
    ------
    InputError
        If the bonds do not connect the two ends.

    See Also
    --------
    shortest_gaps : what to add to bonds that do not connect them
    """
    values = np.asarray(densities, dtype=float)
    order = np.argsort(np.where(values > 0, values, -1.0), kind="stable")
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(values))
    # A sparse array adds up what is given twice.
    pairs = np.unique(np.sort(np.asarray(bonds, dtype=np.int64).reshape(-1, 2), axis=1), axis=0)
    first, second = pairs.T
    # Weights of a minimum tree, larger for lower densities; scipy takes zero for no bond.
    weights = len(values) - np.minimum(rank[first], rank[second])
    graph = coo_array((weights.astype(float), (first, second)), shape=(len(values),) * 2)
    atoms = _path(minimum_spanning_tree(graph.tocsr()), start, end)
    return WidestPath(atoms, values[atoms])


def shortest_gaps(
    positions_ang: ArrayLike, bonds: Sequence[Sequence[int]], start: int, end: int
) -> list[list[int]]:
    """Return the pairs of atoms across which a path between two atoms that bonds do not connect is bonded least badly.

    Of all ways from one to the other it is the one whose longest step is shortest, which lies in the minimum spanning
    tree of the distances.

    Parameters
    ----------
    positions_ang : (n_atoms, 3) array
        Positions of the atoms (Ang).
    bonds : sequence of pairs of int
        Bonded atoms.
    start, end : int
        The two ends.

    Returns
    -------
    list of pairs of int
        Empty if the bonds connect the two ends.
    """
    positions = np.asarray(positions_ang, dtype=float)
    first, second = np.asarray(bonds, dtype=np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(len(positions),) * 2)
    _, part = connected_components(graph, directed=False)
    if part[start] == part[end]:
        return []
    way = _path(minimum_spanning_tree(cdist(positions, positions)), start, end)
    return [[int(a), int(b)] for a, b in pairwise(way) if part[a] != part[b]]


def _path(tree: csr_array, start: int, end: int) -> NDArray[np.int64]:
    """Return the atoms from one end to the other in a spanning tree."""
    _, before = breadth_first_order(tree, start, directed=False, return_predecessors=True)
    path = [end]
    while path[-1] != start:
        if (previous := int(before[path[-1]])) < 0:
            raise InputError(
                f"atoms {start} and {end} are not connected by bonds; there is no path between them"
            )
        path.append(previous)
    return np.array(path[::-1], dtype=np.int64)
