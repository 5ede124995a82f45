"""Terminal halides of a perovskite dot and the straight Pb-X-Pb rows that they end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from qdjunction.core.errors import StructureError
from qdjunction.structure.bonds import pb_halide_bonds

STRAIGHT_DEG = 135.0
"""Smallest angle X-Pb-X of two halides opposite to each other: half-way between the 90 and 180 degrees of an ideal
octahedron."""


@dataclass(frozen=True)
class TerminalHalide:
    """A halide bonded to one Pb, at which a tip can attach.

    Attributes
    ----------
    atom, pb : int
        The halide and its Pb.
    direction : (3,) array
        Unit vector along the bond, out of the dot.
    length_ang : float
        Length of the bond (Ang).
    partner : int or None
        Terminal halide at the other end of its straight row; None if the row breaks off.
    row_pb : int
        Number of Pb in the row; 0 if it breaks off.
    corner : bool
        Whether its Pb has three terminal halides or more.
    """

    atom: int
    pb: int
    direction: NDArray[np.float64]
    length_ang: float
    partner: int | None
    row_pb: int
    corner: bool


def terminal_halides(atoms: Atoms) -> tuple[TerminalHalide, ...]:
    """Return the terminal halides of a dot, in the order of the atoms.

    A row leads from a terminal halide through its Pb to the halide opposite to it, through that one's other Pb, and so
    on to a terminal halide again. It is found from the bonds, so the dot may be relaxed, and be of any source.

    Raises
    ------
    StructureError
        If there are fewer than two.
    """
    bonds = pb_halide_bonds(atoms)
    of_halide: dict[int, list[int]] = {}
    of_pb: dict[int, list[int]] = {}
    for x, pb in zip(bonds["halide"].tolist(), bonds["pb"].tolist(), strict=True):
        of_halide.setdefault(x, []).append(pb)
        of_pb.setdefault(pb, []).append(x)
    terminal = [x for x, leads in of_halide.items() if len(leads) == 1]
    if len(terminal) < 2:
        raise StructureError(
            f"{atoms.get_chemical_formula()} has {len(terminal)} terminal halides, which are those bonded to one Pb; "
            "pairs of them exist only in a lead halide perovskite dot."
        )
    found = []
    for x in terminal:
        pb = of_halide[x][0]
        bond = atoms.positions[x] - atoms.positions[pb]
        length = float(np.linalg.norm(bond))
        partner, row_pb = _row(atoms, x, of_halide, of_pb)
        corner = sum(len(of_halide[other]) == 1 for other in of_pb[pb]) >= 3
        found.append(TerminalHalide(x, pb, bond / length, length, partner, row_pb, corner))
    return tuple(found)


def _row(
    atoms: Atoms, start: int, of_halide: Mapping[int, Sequence[int]], of_pb: Mapping[int, Sequence[int]]
) -> tuple[int | None, int]:
    """Return the other end of the row of a terminal halide, and the number of its Pb."""
    x, pb, count = start, of_halide[start][0], 1
    while True:
        opposite = [(atoms.get_angle(x, pb, other), other) for other in of_pb[pb] if other != x]
        angle, following = max(opposite, default=(0.0, -1))
        if angle < STRAIGHT_DEG:
            return None, 0
        further = [lead for lead in of_halide[following] if lead != pb]
        if not further:
            return following, count
        if len(further) > 1 or count > len(of_pb):
            return None, 0
        x, pb, count = following, further[0], count + 1
