"""Matching of the atoms of a lead cell to those of the device, by position."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAME_PLACE_ANG = 0.02
"""Largest distance (Ang) between two atoms that count as being at the same place."""

DIFFERENT_H = 0.2
"""Largest `difference_of_h` that counts as the same metal; a gold electrode under a tip has 0.05."""


@dataclass(frozen=True, eq=False)
class Match:
    """Mapping of the atoms of a cell onto those of a region.

    Attributes
    ----------
    order : (n,) array of int
        Index in the region of each atom of the cell.
    wraps : (n, 3) array of int
        Lattice vectors by which each atom is displaced from its place in the translated cell.
    """

    order: NDArray[np.int64]
    wraps: NDArray[np.int64]

    def phases(self, k: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Return ``exp(2 pi i k.R)`` of each atom, with R its `wraps`: the factors between the Bloch sums of both."""
        return np.exp(2j * np.pi * self.wraps @ k)


def match_atoms(
    cell_ang: NDArray[np.float64],
    cell_sizes: NDArray[np.int64],
    region_ang: NDArray[np.float64],
    region_sizes: NDArray[np.int64],
    lattice_ang: NDArray[np.float64],
    periodic: NDArray[np.bool_],
) -> tuple[Match | None, int]:
    """Find the translation that takes a cell onto a region.

    Parameters
    ----------
    cell_ang, region_ang : (n, 3) array
        Positions (Ang).
    cell_sizes, region_sizes : (n,) array of int
        Number of orbitals on each atom; only atoms with equal numbers match.
    lattice_ang : (3, 3) array
        Lattice vectors in rows (Ang).
    periodic : (3,) array of bool
        Vectors along which an atom may be displaced by lattice vectors.

    Returns
    -------
    match : Match or None
        None if no translation fits.
    worst : int
        If none fits, the first atom of the region without a partner under the best translation.
    """
    inverse = np.linalg.inv(lattice_ang)
    n = len(region_ang)
    most, worst = -1, 0
    for first in range(n):  # image of the first atom of the cell
        if region_sizes[first] != cell_sizes[0]:
            continue
        moved = cell_ang + region_ang[first] - cell_ang[0]
        away = region_ang[None, :, :] - moved[:, None, :]
        wraps = np.round(away @ inverse) * periodic
        distance = np.linalg.norm(away - wraps @ lattice_ang, axis=2)
        distance[cell_sizes[:, None] != region_sizes[None, :]] = np.inf
        order = distance.argmin(axis=1)
        fits = distance[np.arange(n), order] < SAME_PLACE_ANG
        if fits.all() and len(np.unique(order)) == n:
            return Match(order, wraps[np.arange(n), order].astype(np.int64)), 0
        if fits.sum() > most:
            most = int(fits.sum())
            worst = int(np.setdiff1d(np.arange(n), order[fits])[0])
    return None, worst


def difference_of_h(
    H: NDArray[Any], reference_H: NDArray[Any], reference_S: NDArray[Any], reference_H01: NDArray[Any]
) -> float:
    """Return the difference of a cell's H from a reference, relative to its couplings, with the energy zeros aligned.

    ``|H - H_0 - v S_0| / sqrt(|H_0 without diagonal|^2 + |H_01|^2)`` with Frobenius norms, and v the mean
    difference of the diagonals.

    Parameters
    ----------
    H, reference_H, reference_S, reference_H01 : (n, n) array
        H of the cell; H and S of the reference and its H to the next cell (eV).
    """
    shift = float(np.mean((H - reference_H).diagonal().real / reference_S.diagonal().real))
    within = np.linalg.norm(reference_H - np.diag(reference_H.diagonal()))
    scale = np.hypot(within, np.linalg.norm(reference_H01))
    return float(np.linalg.norm(H - reference_H - shift * reference_S) / scale) if scale else 0.0
