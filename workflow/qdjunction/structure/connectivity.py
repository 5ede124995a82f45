"""Bonds of any structure, and whether it is finite."""

from collections import deque
from itertools import product

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

from qdjunction.core.errors import StructureError
from qdjunction.structure.bonds import BOND_FRACTION as PB_HALIDE_FRACTION
from qdjunction.structure.perovskite.constants import HALIDES

BOND_FRACTION = 1.3
"""Two atoms count as bonded below this multiple of the sum of their covalent radii (Cordero et al., Dalton Trans. 2008,
2832): C-C 1.98, C-S 2.35, Cd-Se 3.43 Ang. Second neighbours in molecules and semiconductors are farther away."""

IONIC = tuple(atomic_numbers[symbol] for symbol in ("N", "O", "S", *HALIDES))
"""Elements whose bonds to Pb are long and soft, as those of halides, and have their limit: Pb-O 2.97, Pb-S 3.51 Ang."""

LEAD_CARBON_FRACTION = 1.2
"""The same multiple for Pb and C, 2.66 Ang: far above the 2.2 Ang of a real bond and below the 2.8 Ang at which the
carbon of a carboxylate stands that binds to Pb by both oxygen atoms."""

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
    radii = covalent_radii[atoms.numbers]
    first, second, length = neighbor_list("ijd", atoms, PB_HALIDE_FRACTION * radii)
    limit = _fraction(atoms.numbers[first], atoms.numbers[second]) * (radii[first] + radii[second])
    chosen = (first < second) & heavy[first] & heavy[second] & (length < limit)
    return {
        (int(i), int(j)): float(d)
        for i, j, d in zip(first[chosen], second[chosen], length[chosen], strict=True)
    }


def neighbours(atoms: Atoms, atom: int) -> NDArray[np.int64]:
    """Return the indices of the atoms that an atom of a finite structure is bonded to, alkali ions left out.

    Pb and an element of `IONIC` count as bonded up to `qdjunction.structure.bonds.BOND_FRACTION`, other pairs up to
    `BOND_FRACTION`; a hydrogen to the atom that it is nearest to, by the distance beyond the sum of the covalent radii.
    """
    near = np.flatnonzero(_bonded(atoms, atom) & ~np.isin(atoms.numbers, ALKALI))
    kept = [i for i in near if atoms.numbers[i] != 1 or _nearest(atoms, int(i)) == atom]
    if atoms.numbers[atom] == 1:
        kept = [i for i in kept if i == _nearest(atoms, atom)]
    return np.array(kept, dtype=int)


def finite(atoms: Atoms) -> Atoms:
    """Return a molecule without the cell that encloses it and its vacuum.

    A molecule that is split across faces of the cell is joined again: along such an axis the boundary is moved to the
    middle of the widest gap between atoms. If bonds still cross the faces, as in a crystal of molecules, each molecule
    is joined along its bonds, and the molecules are moved by lattice vectors as near to the largest one as possible.

    Raises
    ------
    StructureError
        If a chain of bonds leads from an atom to its own periodic image.
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
    if _axes_with_bonds_across(bare).any():
        bare.positions = _along_bonds(bare)
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


def check_bonded(atoms: Atoms) -> None:
    """Raise StructureError if there are several atoms and none is bonded to another, as with positions in Bohr."""
    if len(atoms) > 1 and not len(
        neighbor_list("i", atoms, PB_HALIDE_FRACTION * covalent_radii[atoms.numbers])
    ):
        raise StructureError(
            f"None of the {len(atoms)} atoms is near enough to another for a bond. Correct the structure, or its unit "
            "of length, which is Ang."
        )


def _reach(atoms: Atoms) -> NDArray[np.float64]:
    """Return the contribution of each atom to the longest bond length (Ang), as `neighbor_list` takes it."""
    reach: NDArray[np.float64] = BOND_FRACTION * covalent_radii[atoms.numbers]
    return reach


def _along_bonds(atoms: Atoms) -> NDArray[np.float64]:
    """Return the positions with each molecule joined along its bonds, near the largest one (Ang), (n, 3)."""
    directed = ~np.isin(atoms.numbers, ALKALI)
    first, second, cells = neighbor_list("ijS", atoms, _reach(atoms))
    kept = directed[first] & directed[second]
    first, second, cells = first[kept], second[kept], cells[kept]
    count, molecule = connected_components(
        coo_matrix((np.ones(len(first)), (first, second)), shape=(len(atoms), len(atoms))), directed=False
    )
    bonds: list[list[tuple[int, NDArray[np.int64]]]] = [[] for _ in atoms]
    for i, j, cell in zip(first, second, cells, strict=True):
        bonds[i].append((int(j), cell))
    shift = np.zeros((len(atoms), 3), dtype=int)
    seen = np.zeros(len(atoms), dtype=bool)
    for start in (int(np.argmax(molecule == number)) for number in range(count)):
        seen[start], queue = True, deque([start])
        while queue:
            i = queue.popleft()
            for j, cell in bonds[i]:
                if not seen[j]:
                    seen[j], shift[j] = True, shift[i] + cell
                    queue.append(j)
    # A bond that does not fit the tree of the search closes a chain from an atom to its own image.
    closed = np.any(shift[first] + cells != shift[second], axis=0)
    if closed.any():
        axes = ", ".join(np.array(["a", "b", "c"])[closed])
        raise StructureError(
            f"The structure is periodic: atoms are bonded across the cell along {axes}; give a finite one, with vacuum "
            "on all sides."
        )
    positions: NDArray[np.float64] = atoms.positions + shift @ atoms.cell
    largest = molecule == np.bincount(molecule).argmax()
    images = np.array(list(product((-1, 0, 1), repeat=3))) * atoms.pbc
    for number in set(molecule[~largest].tolist()):
        members = molecule == number
        away = positions[members].mean(axis=0) - positions[largest].mean(axis=0)
        whole = np.rint(atoms.cell.scaled_positions(away)) * atoms.pbc
        moved = [positions[members] - (whole + image) @ atoms.cell for image in images]
        distance = [cdist(there, positions[largest]).min() for there in moved]
        positions[members] = moved[int(np.argmin(np.round(distance, 6)))]
    return positions


def _bonded(atoms: Atoms, atom: int) -> NDArray[np.bool_]:
    """Whether each atom is within reach of a bond of one of them, (n,)."""
    here = np.full(len(atoms), atoms.numbers[atom])
    bonded: NDArray[np.bool_] = _excess(atoms, atom, _fraction(atoms.numbers, here)) < 0
    return bonded


def _fraction(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
    """Longest bond of each pair of elements as a multiple of the sum of their covalent radii, (n,)."""
    lead, carbon = atomic_numbers["Pb"], atomic_numbers["C"]
    ionic, organic = (
        (first == lead) & np.isin(second, others) | (second == lead) & np.isin(first, others)
        for others in (IONIC, (carbon,))
    )
    fraction: NDArray[np.float64] = np.select(
        [ionic, organic], [PB_HALIDE_FRACTION, LEAD_CARBON_FRACTION], BOND_FRACTION
    )
    return fraction


def _nearest(atoms: Atoms, atom: int) -> int:
    """Index of the atom next to one, alkali ions left out, by the distance beyond the sum of the covalent radii."""
    return int(np.where(np.isin(atoms.numbers, ALKALI), np.inf, _excess(atoms, atom)).argmin())


def _excess(atoms: Atoms, atom: int, fraction: float | NDArray[np.float64] = 1.0) -> NDArray[np.float64]:
    """Distance of each atom from one beyond a multiple of the sum of the covalent radii (Ang), (n,)."""
    radii = covalent_radii[atoms.numbers] + covalent_radii[atoms.numbers[atom]]
    excess: NDArray[np.float64] = (
        np.linalg.norm(atoms.positions - atoms.positions[atom], axis=1) - fraction * radii
    )
    excess[atom] = np.inf
    return excess


def _axes_with_bonds_across(atoms: Atoms) -> NDArray[np.bool_]:
    """Return whether a bond crosses the boundary of the cell along each lattice vector, (3,)."""
    directed = ~np.isin(atoms.numbers, ALKALI)
    first, second, cells = neighbor_list("ijS", atoms, _reach(atoms))
    crosses: NDArray[np.bool_] = np.any(cells[directed[first] & directed[second]] != 0, axis=0)
    return crosses
