"""Ions of a dot: which atoms are one, its formal charge, and where a ligand in its place points."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from numpy.typing import NDArray
from pydantic import ValidationError

from qdjunction.core.errors import InputError
from qdjunction.structure.bonds import pb_halide_bonds
from qdjunction.structure.connectivity import ALKALI, neighbours
from qdjunction.structure.contacts import contact
from qdjunction.structure.perovskite.cations import methylammonium
from qdjunction.structure.perovskite.constants import HALIDES
from qdjunction.structure.sites import HOW, Site, find_atom

if TYPE_CHECKING:
    import pandas as pd

LEAD = atomic_numbers["Pb"]

SHELL_ANG = 1.5
"""The Pb next to a cation are the nearest one and those that are farther by less than this (Ang)."""

INSIDE = 0.25
"""A cation is inside the dot if the mean of the Pb next to it is nearer than this fraction of the nearest Pb."""


@dataclass(frozen=True, eq=False)
class Ion:
    """An ion of a dot.

    Attributes
    ----------
    atoms : tuple of int
        Indices of its atoms.
    charge : int
        Formal charge.
    symbol : str
        ``Br``, ``Cs``, ``MA`` or, for another ammonium ion, its formula.
    position : (3,) array
        Where the binding atom of a ligand in its place starts from: the halide or alkali ion, the N of an ammonium ion
        (Ang).
    direction : (3,) array or None
        Unit vector that points out of the dot there; None if it is inside the dot.
    pb : int or None
        The Pb that a terminal halide is bonded to.
    """

    atoms: tuple[int, ...]
    charge: int
    symbol: str
    position: NDArray[np.float64]
    direction: NDArray[np.float64] | None
    pb: int | None = None


def atom_at(dot: Atoms, place: int | str, where: str) -> int:
    """Return the atom of a dot that is given as one of its contacts, or as in `sites`.

    Raises
    ------
    InputError
        If there is neither such a contact nor such an atom; begins with `where`.
    """
    contacts = dot.info.get("contacts", {})
    if str(place) in contacts:
        return contact(dot, str(place)).atom
    try:
        return find_atom(dot, Site(atom=place), f"{where}: ")
    except ValidationError:
        raise InputError(
            f"{where} = '{place}': the dot has no such contact ({', '.join(contacts) or 'none'}), and it is no atom; "
            f"{HOW}"
        ) from None


def ion_at(atoms: Atoms, atom: int, where: str, bonds: pd.DataFrame | None = None) -> Ion:
    """Return the ion that an atom of a dot belongs to.

    Parameters
    ----------
    atoms : ase.Atoms
        The dot.
    atom : int
        Index of the atom.
    where : str
        What errors begin with.
    bonds : pandas.DataFrame, optional
        `pb_halide_bonds` of the dot, for calls for many of its atoms.

    Raises
    ------
    InputError
        If it is none whose charge is known: a halide, an alkali ion, or an ammonium ion.
    """
    symbol, number = str(atoms.symbols[atom]), int(atoms.numbers[atom])
    if symbol in HALIDES:
        bonds = pb_halide_bonds(atoms) if bonds is None else bonds
        of_pb = bonds["pb"][bonds["halide"] == atom].tolist()
        terminal = int(of_pb[0]) if len(of_pb) == 1 else None
        direction = None if terminal is None else _unit(atoms.positions[atom] - atoms.positions[terminal])
        return Ion((atom,), -1, symbol, atoms.positions[atom], direction, terminal)
    if number in ALKALI:
        return Ion((atom,), 1, symbol, atoms.positions[atom], outwards(atoms, atoms.positions[atom]))
    members = _molecule(atoms, atom)
    nitrogen = [i for i in members if atoms.symbols[i] == "N" and len(neighbours(atoms, i)) == 4]
    others = any(atoms.numbers[i] == LEAD or atoms.symbols[i] in HALIDES for i in members)
    if len(nitrogen) != 1 or others:
        raise InputError(
            f"{where}: atom {atom} ({symbol}) belongs to no halide, alkali or ammonium ion, so that its formal charge "
            "is not known; name an atom of such an ion"
        )
    molecule = atoms[members]
    formula = molecule.get_chemical_formula("hill")
    name = "MA" if formula == methylammonium().get_chemical_formula("hill") else formula
    position = atoms.positions[nitrogen[0]]
    return Ion(members, 1, name, position, outwards(atoms, position))


def surface_ions(
    atoms: Atoms, kind: str, count: int, where: str, taken: Container[int] = (), each: int = 1
) -> list[tuple[Ion, ...]]:
    """Return the outermost ions of a kind, those of equal distance from the middle of the Pb spread far apart.

    Parameters
    ----------
    atoms : ase.Atoms
        The dot.
    kind : str
        Symbol of the ions.
    count : int
        Number of places.
    where : str
        What errors begin with.
    taken : collection of int
        Ions with one of these atoms are left out.
    each : int
        Number of ions at each place: terminal halides of one Pb.

    Returns
    -------
    list of tuple of Ion
        `count` places with `each` ions.

    Raises
    ------
    InputError
        If the surface has fewer, or there is no Pb.
    """
    if LEAD not in atoms.numbers:
        raise InputError(
            f"{where}: {atoms.get_chemical_formula('hill')} has no Pb, so that no ion lies at the surface of a "
            "dot; name atoms with replace, or another base"
        )
    middle = atoms.positions[atoms.numbers == LEAD].mean(axis=0)
    seeds = np.flatnonzero(atoms.symbols == ("N" if kind == "MA" else kind))
    bonds = pb_halide_bonds(atoms)
    found = [ion_at(atoms, int(atom), where, bonds) for atom in seeds]
    free = [
        ion for ion in found if ion.symbol == kind and ion.direction is not None and ion.atoms[0] not in taken
    ]
    left = _of_one_pb(free, middle, each) if each > 1 else [(ion,) for ion in free]
    if count > len(left):
        have = f"{len(left)} {kind}" if each == 1 else f"{len(left)} Pb with {each} terminal {kind}"
        raise InputError(
            f"{where}: count = {count}, but the surface has only {have} left to replace; lower count, or "
            "replace another kind of ion"
        )
    chosen: list[tuple[Ion, ...]] = []
    while len(chosen) < count:
        # Distances to 1 Ang: a relaxed dot keeps its corners, edges and faces.
        apart = [
            min((_distance(_place(group), _place(one)) for one in chosen), default=0.0) for group in left
        ]
        out = [round(_distance(_place(group), middle)) for group in left]
        best = max(range(len(left)), key=lambda i: (out[i], round(apart[i], 3), -i))
        chosen.append(left.pop(best))
    return chosen


def _of_one_pb(ions: Sequence[Ion], middle: NDArray[np.float64], each: int) -> list[tuple[Ion, ...]]:
    """Return for every Pb with at least `each` of the halides the outermost ones."""
    by_pb: dict[int, list[Ion]] = {}
    for ion in sorted(ions, key=lambda ion: -_distance(ion.position, middle)):
        if ion.pb is not None:
            by_pb.setdefault(ion.pb, []).append(ion)
    return [tuple(group[:each]) for _, group in sorted(by_pb.items()) if len(group) >= each]


def _place(group: Sequence[Ion]) -> NDArray[np.float64]:
    """Return the mean position of ions (Ang)."""
    mean: NDArray[np.float64] = np.mean([ion.position for ion in group], axis=0)
    return mean


def _distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(first - second))


def _molecule(atoms: Atoms, atom: int) -> tuple[int, ...]:
    """Return the atoms that bonds connect to one, in ascending order."""
    members, front = {atom}, [atom]
    while front:
        for other in neighbours(atoms, front.pop()).tolist():
            if other not in members:
                members.add(other)
                # A ligand on Pb is not the whole dot.
                if atoms.numbers[other] != LEAD:
                    front.append(other)
    return tuple(sorted(members))


def outwards(atoms: Atoms, position: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the direction from the Pb next to a point to it, None if they surround it or there are none."""
    lead = atoms.positions[atoms.numbers == LEAD]
    if not len(lead):
        return None
    distances = np.linalg.norm(lead - position, axis=1)
    away = position - lead[distances < distances.min() + SHELL_ANG].mean(axis=0)
    return _unit(away) if np.linalg.norm(away) > INSIDE * distances.min() else None


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = vector / np.linalg.norm(vector)
    return unit
