"""Bonds of any structure, and whether it is finite."""

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray

from qdjunction.core.errors import StructureError

BOND_FRACTION = 1.3
"""Two atoms count as bonded below this multiple of the sum of their covalent radii (Cordero et al., Dalton Trans. 2008,
2832): C-C 1.98, C-S 2.35, Cd-Se 3.43 Ang. Second neighbours in molecules and semiconductors are farther away."""

ALKALI = tuple(atomic_numbers[symbol] for symbol in ("Li", "Na", "K", "Rb", "Cs"))
"""Ions without directed bonds: the number of their neighbours may change in a relaxation without a bond breaking."""

OVERLAP_FRACTION = 0.7
"""Two atoms overlap below this fraction of the sum of their covalent radii; bonds are well above it."""


def heavy_bonds(atoms: Atoms) -> dict[tuple[int, int], float]:
    """Return the bonds between atoms other than hydrogen and alkali ions.

    Returns
    -------
    dict of (first, second) to float
        Indices, the smaller first, and length (Ang).

    See Also
    --------
    qdjunction.structure.bonds.pb_halide_bonds : bonds of Pb and halides
    """
    heavy = ~np.isin(atoms.numbers, (1, *ALKALI))
    first, second, length = neighbor_list("ijd", atoms, _reach(atoms))
    chosen = (first < second) & heavy[first] & heavy[second]
    return {
        (int(i), int(j)): float(d)
        for i, j, d in zip(first[chosen], second[chosen], length[chosen], strict=True)
    }


def finite(atoms: Atoms) -> Atoms:
    """Return a molecule without the cell that encloses it and its vacuum.

    A molecule that is split across faces of the cell is joined again: along such an axis the boundary is moved to the
    middle of the widest gap between atoms.

    Raises
    ------
    StructureError
        If atoms are bonded across the boundary of the cell wherever it is placed.
    """
    bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc & atoms.cell.any(axis=1))
    scaled = bare.get_scaled_positions(wrap=False) if bare.pbc.any() else np.zeros((0, 3))
    for axis in np.flatnonzero(bare.pbc):
        here = np.sort(scaled[:, axis] % 1)
        gaps = np.diff(here, append=here[0] + 1)
        widest = int(gaps.argmax())
        if np.ptp(scaled[:, axis]) > 1 - gaps[widest] + 1e-6:
            start = here[widest] + gaps[widest] / 2
            scaled[:, axis] = (scaled[:, axis] - start) % 1
            bare.set_scaled_positions(scaled)
    if (across := _axes_with_bonds_across(bare)).any():
        axes = ", ".join(np.array(["a", "b", "c"])[across])
        raise StructureError(
            f"The structure is periodic: atoms are bonded across the cell along {axes}; give a finite one, with vacuum "
            "on all sides."
        )
    bare.cell, bare.pbc = None, False
    return bare


def check_overlap(atoms: Atoms) -> None:
    """Raise StructureError if two atoms overlap."""
    first, second, length = neighbor_list("ijd", atoms, OVERLAP_FRACTION * covalent_radii[atoms.numbers])
    if len(length):
        worst = int(length.argmin())
        i, j = int(first[worst]), int(second[worst])
        raise StructureError(
            f"Atoms {i} ({atoms.symbols[i]}) and {j} ({atoms.symbols[j]}) are {length[worst]:.2f} Ang apart; no bond "
            "is that short. Correct the structure, or its unit of length."
        )


def _reach(atoms: Atoms) -> NDArray[np.float64]:
    """Return the contribution of each atom to the longest bond length (Ang), as `neighbor_list` takes it."""
    reach: NDArray[np.float64] = BOND_FRACTION * covalent_radii[atoms.numbers]
    return reach


def _axes_with_bonds_across(atoms: Atoms) -> NDArray[np.bool_]:
    """Return whether a bond crosses the boundary of the cell along each lattice vector, (3,)."""
    directed = ~np.isin(atoms.numbers, ALKALI)
    first, second, cells = neighbor_list("ijS", atoms, _reach(atoms))
    crosses: NDArray[np.bool_] = np.any(cells[directed[first] & directed[second]] != 0, axis=0)
    return crosses
