"""Which atoms of a junction a relaxation may move, and whether the junction still is one afterwards."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray

from qdjunction.structure.bonds import pb_halide_bonds
from qdjunction.structure.connectivity import BOND_FRACTION, OVERLAP_FRACTION
from qdjunction.structure.contacts import contact
from qdjunction.structure.integrity import Integrity, examine, is_halide_of_lead
from qdjunction.structure.junction import SIDES, apex_atoms, dot_atoms, find_clash, lead_atoms

Free = Literal["contact", "junction"]
"""Which atoms of a junction are free; see `free_atoms`."""


@dataclass(frozen=True)
class TipState:
    """A tip and its contact, before and after a relaxation.

    Attributes
    ----------
    contact : str
        Name of the contact.
    atom, apex : int
        Indices of the contact atom and of the gold atom at the apex; on a bridge or hollow the nearest one now.
    symbol : str
        Element of the contact atom.
    built_ang, distance_ang : float
        Their distance as built, and now (Ang).
    contact_shift_ang, apex_shift_ang : float
        How far each of the two has moved (Ang).
    lost : str
        Why they are in contact no longer; empty where they are.
    """

    contact: str
    atom: int
    apex: int
    symbol: str
    built_ang: float
    distance_ang: float
    contact_shift_ang: float
    apex_shift_ang: float
    lost: str


@dataclass(frozen=True)
class JunctionState:
    """A relaxed junction compared with the one that was built.

    Attributes
    ----------
    free : str
        Which atoms were free; see `free_atoms`.
    free_atoms : int
        Their number.
    held_shift_ang : float
        How far an atom that was not free has moved at most, those of the leads among them (Ang).
    tips : tuple of TipState
        The left and the right tip.
    clash : str
        Which atoms have come too close; empty if none have. See `find_clash`.
    """

    free: str
    free_atoms: int
    held_shift_ang: float
    tips: tuple[TipState, TipState]
    clash: str

    @property
    def lost(self) -> list[str]:
        """Why it is no longer the junction that was built, a sentence each without its full stop."""
        found = [f"contact {tip.contact} is lost: {tip.lost}" for tip in self.tips if tip.lost]
        return [*found, self.clash] if self.clash else found


def held_in_junction(junction: Atoms, free: Free) -> NDArray[np.int64]:
    """Return the indices of the atoms that are not free (see `free_atoms`), ascending."""
    return np.setdiff1d(np.arange(len(junction)), free_atoms(junction, free))


def free_atoms(junction: Atoms, free: Free) -> NDArray[np.int64]:
    """Return the indices of the atoms that are free, ascending.

    The lead regions never are. Of the rest, `junction` frees all; `contact` frees the gold atoms that bind
    (`apex_atoms`), the contact atom and what surrounds it: where that is a halide of a structure with Pb, its Pb with
    all halides bonded to it (`pb_halide_bonds`), elsewhere the atoms of the dot bonded to it, hydrogen included (below
    `BOND_FRACTION` times the sum of the covalent radii).

    Parameters
    ----------
    junction : ase.Atoms
        From `build_junction`.
    free : {"contact", "junction"}
        What to free.

    Raises
    ------
    StructureError
        If the structure is no junction: its tags or its info do not name tips and contacts.
    """
    leads = np.concatenate(lead_atoms(junction))
    if free == "junction":
        chosen = np.arange(len(junction))
    else:
        around = [
            [*apex, *_surroundings(junction, junction.info[side])]
            for side, apex in zip(SIDES, apex_atoms(junction), strict=True)
        ]
        chosen = np.unique(np.concatenate(around))
    return np.setdiff1d(chosen, leads)


def examine_junction(atoms: Atoms, built: Atoms, free: Free) -> tuple[Integrity, JunctionState]:
    """Compare a relaxed junction with the same one as built.

    A contact is lost if that of the dot is (`examine`), or if contact atom and gold (the nearest of `apex_atoms` as
    built) are bonded no longer: farther apart than `BOND_FRACTION` times the sum of their covalent radii, or closer
    than `OVERLAP_FRACTION` times that.

    Parameters
    ----------
    atoms : ase.Atoms
        The junction now.
    built : ase.Atoms
        The same atoms as built.
    free : {"contact", "junction"}
        Which atoms were free.

    Returns
    -------
    Integrity
        Of the dot between the tips.
    JunctionState
        Of tips and contacts.

    Raises
    ------
    StructureError
        As `free_atoms` and `examine`.
    """
    moving = free_atoms(built, free)
    shift = np.linalg.norm(atoms.positions - built.positions, axis=1)
    integrity = examine(atoms[dot_atoms(atoms)], built[dot_atoms(built)])
    left, right = (
        _tip_state(atoms, built, built.info[side], apex, shift, integrity)
        for side, apex in zip(SIDES, apex_atoms(built), strict=True)
    )
    return integrity, JunctionState(
        free=free,
        free_atoms=len(moving),
        held_shift_ang=float(np.delete(shift, moving).max(initial=0.0)),
        tips=(left, right),
        clash=find_clash(atoms),
    )


def _surroundings(junction: Atoms, name: str) -> set[int]:
    """Return the contact atom and the atoms around it."""
    atom = contact(junction, name).atom
    if is_halide_of_lead(junction, name):
        bonds = pb_halide_bonds(junction)
        pb = set(bonds.loc[bonds["halide"] == atom, "pb"])
        return {atom, *pb, *bonds.loc[bonds["pb"].isin(pb), "halide"]}
    dot = dot_atoms(junction)
    first, second = neighbor_list("ij", junction[dot], BOND_FRACTION * covalent_radii[junction.numbers[dot]])
    return {atom, *dot[second[dot[first] == atom]].tolist()}


def _tip_state(
    atoms: Atoms,
    built: Atoms,
    name: str,
    bound: NDArray[np.int64],
    shift: NDArray[np.float64],
    integrity: Integrity,
) -> TipState:
    atom = contact(built, name).atom
    apex = int(bound[np.argmin(atoms.get_distances(atom, bound))])
    distance = float(atoms.get_distance(atom, apex))
    radii = float(covalent_radii[atoms.numbers[atom]] + covalent_radii[atoms.numbers[apex]])
    symbol = str(atoms.symbols[atom])
    lost = integrity.lost_contacts.get(name, "")
    if not lost and not OVERLAP_FRACTION * radii <= distance <= BOND_FRACTION * radii:
        lost = (
            f"its {symbol} (atom {atom}) is {distance:.2f} Ang from the apex (atom {apex}), and bonds are from "
            f"{OVERLAP_FRACTION * radii:.2f} to {BOND_FRACTION * radii:.2f} Ang long"
        )
    return TipState(
        contact=name,
        atom=atom,
        apex=apex,
        symbol=symbol,
        built_ang=float(built.get_distance(atom, apex)),
        distance_ang=distance,
        contact_shift_ang=float(shift[atom]),
        apex_shift_ang=float(shift[apex]),
        lost=lost,
    )
