"""Regions of a dot: which of its atoms are inside, on faces, edges and corners; and distances of neighbouring Pb."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.structure.bonds import pb_halide_bonds
from qdjunction.structure.connectivity import ALKALI
from qdjunction.structure.ligands.attach import FRAGMENT
from qdjunction.structure.ligands.ions import outwards

LEAD_HALIDE = ("interior", "faces", "edges", "corners")
"""Regions of the lead halide, by the number of sides on which a Pb has no neighbour: 0, 1, 2, and 3 or more."""

REGIONS = (*LEAD_HALIDE, "cations", "ligands")
"""All regions; `cations` are those of the dot, `ligands` whatever was attached to it."""

CENTRES = (atomic_numbers["N"], *ALKALI)

NEIGHBOURS = 6
"""Pb next to a Pb inside the crystal."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """The network of lead and halide of a dot.

    Attributes
    ----------
    shares : (n_atoms, n_regions) array
        Fraction of each atom that belongs to each of `REGIONS`: 1 in one of them, except for a halide between Pb of two
        regions, which belongs to each by half.
    neighbours : (n, 2) array of int
        Pairs of Pb that share a halide, the smaller index first.
    pb : int
        Number of Pb.
    terminal_halides : int
        Number of halides bonded to a single Pb.
    inner_cations, surface_cations : int
        Number of cations of the dot that Pb surround, and of the others.
    """

    shares: NDArray[np.float64]
    neighbours: NDArray[np.int64]
    pb: int
    terminal_halides: int
    inner_cations: int
    surface_cations: int

    def distances_ang(self, atoms: Atoms) -> NDArray[np.float64]:
        """Return the distances of `neighbours` in a geometry of the same atoms (Ang)."""
        first, second = self.neighbours.T
        distances: NDArray[np.float64] = np.linalg.norm(
            atoms.positions[first] - atoms.positions[second], axis=1
        )
        return distances


def lattice_of(atoms: Atoms) -> Lattice:
    """Return the regions of a dot and its neighbouring Pb.

    Parameters
    ----------
    atoms : ase.Atoms
        The dot as built: in a relaxed one a halide may have moved between two Pb, and the region with it. Fragments
        (``fragment``) from the second on are ligands.

    Raises
    ------
    InputError
        If it has no Pb.
    """
    is_pb = atoms.numbers == atomic_numbers["Pb"]
    if not is_pb.any():
        raise InputError(
            f"{atoms.get_chemical_formula('hill')} has no Pb, so that it has no regions of a dot"
        )
    bonds = pb_halide_bonds(atoms)
    of_halide: dict[int, list[int]] = {}
    for halide, pb in zip(bonds["halide"].tolist(), bonds["pb"].tolist(), strict=True):
        of_halide.setdefault(halide, []).append(pb)
    pairs = {(min(pb), max(pb)) for pb in of_halide.values() if len(pb) == 2}
    neighbours = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    open_sides = NEIGHBOURS - np.bincount(neighbours.ravel(), minlength=len(atoms))
    region = np.clip(open_sides, 0, len(LEAD_HALIDE) - 1)

    shares = np.zeros((len(atoms), len(REGIONS)))
    shares[is_pb, region[is_pb]] = 1
    for halide, sharing in of_halide.items():
        for one in sharing:
            shares[halide, region[one]] += 1 / len(sharing)
    fragments = atoms.arrays.get(FRAGMENT, np.ones(len(atoms), dtype=int))
    bound = (fragments > 1) & ~is_pb
    shares[bound] = np.eye(len(REGIONS))[REGIONS.index("ligands")]
    shares[shares.sum(axis=1) == 0, REGIONS.index("cations")] = 1
    # A cation is counted by its alkali ion or nitrogen.
    centres = (shares[:, REGIONS.index("cations")] > 0) & np.isin(atoms.numbers, CENTRES)
    inside = [outwards(atoms, position) is None for position in atoms.positions[centres]]
    return Lattice(
        shares, neighbours, int(is_pb.sum()), sum(len(pb) == 1 for pb in of_halide.values()),
        sum(inside), len(inside) - sum(inside),
    )  # fmt: skip
