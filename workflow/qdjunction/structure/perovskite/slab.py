"""Slab of a cubic perovskite that ends in AX planes, and the symmetry-distinct sets of its surface cations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations, product

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from qdjunction.structure.perovskite.constants import LATTICE_CONSTANTS_ANG

_TOLERANCE = 1e-6
_IMAGES = 12
"""Cells to either side over which the repulsion of a pair is summed: 1/d^3 has fallen to 1e-3 of the nearest pair."""


@dataclass(frozen=True)
class SiteSet:
    """Surface cations that are replaced, one of those that the symmetry of the slab makes alike.

    Attributes
    ----------
    sites : tuple of int
        Numbers of the sites, see `surface_sites`.
    multiplicity : int
        Number of sets that are alike.
    repulsion_per_ang3 : float
        Sum of 1/d^3 over all pairs on the same face and their images (1/Ang^3).
    """

    sites: tuple[int, ...]
    multiplicity: int
    repulsion_per_ang3: float


def perovskite_slab(
    cation: str, halide: str, size: tuple[int, int], layers: int = 1, vacuum_ang: float = 30.0
) -> Atoms:
    """Return a (100) slab with AX planes at both faces, periodic along x and y.

    Parameters
    ----------
    cation, halide : str
        A cation that is one atom, and the halide, as in `LATTICE_CONSTANTS_ANG`.
    size : (int, int)
        Cells along x and y.
    layers : int
        PbX2 planes; there is one AX plane more.
    vacuum_ang : float
        Distance of the outer planes of two images along z (Ang).

    Returns
    -------
    ase.Atoms
        The ideal slab in the middle of its cell. It is neutral: every A has an X beside it and every Pb two.
    """
    edge = LATTICE_CONSTANTS_ANG[cation, halide]
    symbols, points = list[str](), list[tuple[float, float, float]]()
    for k, i, j in product(range(layers + 1), range(size[0]), range(size[1])):
        symbols += [cation, halide]
        points += [(i, j, k), (i + 0.5, j + 0.5, k)]
        if k < layers:
            symbols += ["Pb", halide, halide]
            points += [(i + 0.5, j + 0.5, k + 0.5), (i, j + 0.5, k + 0.5), (i + 0.5, j, k + 0.5)]
    height = layers * edge + vacuum_ang
    positions = edge * np.array(points) + [0, 0, vacuum_ang / 2]
    return Atoms(symbols, positions, cell=[size[0] * edge, size[1] * edge, height], pbc=[True, True, False])


def surface_sites(slab: Atoms, cation: str) -> NDArray[np.int64]:
    """Return the indices of the cations of both faces, those of the upper face first; their order numbers the sites."""
    found = np.flatnonzero(np.array(slab.get_chemical_symbols()) == cation)
    heights = slab.positions[found, 2]
    faces = [found[np.abs(heights - limit) < _TOLERANCE] for limit in (heights.max(), heights.min())]
    sites: NDArray[np.int64] = np.concatenate(faces)
    return sites


def site_permutations(slab: Atoms, sites: NDArray[np.int64]) -> list[tuple[int, ...]]:
    """Return the permutations of sites under the symmetry group of a slab, each once.

    The operations that are tried are those of a square or rectangular slab: rotations and mirrors that keep the axis
    normal to the plane, about a site and the middle of the slab, followed by every translation that takes this site to
    another one. Those that map every atom onto one of its element are in the group.

    Returns
    -------
    list of tuple of int
        The site to which each site goes.
    """
    cell = slab.cell.array
    middle = slab.positions[sites[0]] * [1, 1, 0] + [0, 0, slab.positions[:, 2].mean()]
    relative = slab.positions - middle
    where = {_key(slab.numbers[i], relative[i], cell): i for i in range(len(slab))}
    place = {int(atom): number for number, atom in enumerate(sites)}
    found: dict[tuple[int, ...], None] = {}
    shifts = {_key(0, relative[i] * [1, 1, 0], cell): relative[i] * [1, 1, 0] for i in sites}.values()
    # Only a square cell is mapped onto itself as x and y are exchanged.
    is_square = abs(cell[0, 0] - cell[1, 1]) < _TOLERANCE
    swaps = (False, True) if is_square else (False,)
    for swap, x, y, z, shift in product(swaps, (1, -1), (1, -1), (1, -1), shifts):
        turned = (relative[:, [1, 0, 2]] if swap else relative) * [x, y, z] + shift
        images = [where.get(_key(slab.numbers[i], turned[i], cell), -1) for i in range(len(slab))]
        if min(images) >= 0:
            found[tuple(place[images[atom]] for atom in sites)] = None
    return list(found)


def _key(number: int, position: NDArray[np.float64], cell: NDArray[np.float64]) -> tuple[int, ...]:
    """Return element and place within the cell in the plane, as integers."""
    scaled = position[:2] / np.diag(cell)[:2]
    plane = np.round((scaled - np.floor(scaled + _TOLERANCE)) * 1e4).astype(int) % 10_000
    return int(number), *plane.tolist(), round(float(position[2]) * 1e4)


@cache
def site_sets(
    cation: str, halide: str, size: tuple[int, int], layers: int, count: int
) -> tuple[SiteSet, ...]:
    """Return the symmetry-distinct sets of `count` surface cations of a slab, that of the lowest repulsion first.

    The formal charge does not tell the sets apart, since a ligand has that of the cation which it replaces. What does
    is the repulsion of bulky ligands on the same face, here the sum of 1/d^3 over their pairs, that of parallel dipoles
    normal to the plane; it puts them as far apart as possible.
    """
    slab = perovskite_slab(cation, halide, size, layers)
    sites = surface_sites(slab, cation)
    permutations = np.array(site_permutations(slab, sites))
    chosen = np.array(
        [sum(1 << i for i in one) for one in combinations(range(len(sites)), count)], dtype=np.int64
    )
    lowest = np.full(len(chosen), np.iinfo(np.int64).max)
    for permutation in permutations:
        images = np.zeros_like(chosen)
        for site, image in enumerate(permutation):
            images |= ((chosen >> site) & 1) << image
        lowest = np.minimum(lowest, images)
    repulsions = _repulsions(slab, sites)
    found = []
    for mask, multiplicity in zip(*np.unique(lowest, return_counts=True), strict=True):
        members = tuple(i for i in range(len(sites)) if mask >> i & 1)
        total = sum(repulsions[i, j] for i, j in combinations(members, 2))
        found.append(SiteSet(members, int(multiplicity), round(float(total), 12)))
    return tuple(sorted(found, key=lambda one: (one.repulsion_per_ang3, one.sites)))


def _repulsions(slab: Atoms, sites: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the sum of 1/d^3 over all images of each pair of sites of the same face; 0 for other pairs (1/Ang^3)."""
    images = np.array(list(product(range(-_IMAGES, _IMAGES + 1), repeat=2))) @ slab.cell.array[:2]
    positions = slab.positions[sites]
    vectors = positions[:, None, None] - positions[None, :, None] + images[None, None]
    distances = np.linalg.norm(vectors, axis=-1)
    same = np.abs(positions[:, None, 2] - positions[None, :, 2]) < _TOLERANCE
    np.fill_diagonal(same, False)
    summed: NDArray[np.float64] = np.where(same, (1 / np.maximum(distances, 1e-9) ** 3).sum(axis=-1), 0.0)
    return summed
