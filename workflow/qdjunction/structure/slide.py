"""One gold tip pulled along a dot: direction, steps, and the bonds that change."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import StructureError
from qdjunction.structure.connectivity import heavy_bonds
from qdjunction.structure.contacts import contact
from qdjunction.structure.junction import lead_atoms, tip_atoms

SHORTEST_ANG = 0.5
"""Distance along the face (Ang) below which one contact lies straight behind another."""


def slide_direction(
    junction: Atoms, towards: str | None = None, direction: Sequence[float] | None = None
) -> NDArray[np.float64]:
    """Return the unit vector along which the right tip is pulled.

    Parameters
    ----------
    junction : ase.Atoms
        From `build_junction`.
    towards : str, optional
        A contact to slide towards along the face of the right contact: the part of the vector between the two atoms
        that is perpendicular to the outward direction of the right contact.
    direction : 3 floats, optional
        The direction itself, of any length.

    Returns
    -------
    (3,) array
        The direction.

    Raises
    ------
    StructureError
        If the structure has no such contact, or it lies straight behind the right one.
    """
    if towards is None:
        vector = np.asarray(direction, dtype=float)
    else:
        site, target = contact(junction, junction.info["right"]), contact(junction, towards)
        vector = junction.positions[target.atom] - junction.positions[site.atom]
        vector -= (vector @ site.direction) * site.direction
        if np.linalg.norm(vector) < SHORTEST_ANG:
            raise StructureError(
                f"contact {towards} lies straight behind {site.name}, so that no way along the face leads to it; give "
                "direction instead"
            )
    unit: NDArray[np.float64] = vector / np.linalg.norm(vector)
    return unit


def pulled(junction: Atoms, shift_ang: ArrayLike) -> Atoms:
    """Return a junction whose right tip has moved by a vector (Ang)."""
    atoms: Atoms = junction.copy()
    atoms.positions[tip_atoms(atoms)[1]] += np.asarray(shift_ang, dtype=float)
    return atoms


def pull_force(junction: Atoms, forces_ev_per_ang: NDArray[np.float64], direction: ArrayLike) -> float:
    """Return the force on the held gold of the right tip along the pull (eV/Ang).

    Where all other atoms are relaxed it is -dE/ds for the displacement s of this gold: negative where the junction
    holds the tip back.
    """
    held = lead_atoms(junction)[1]
    return float(forces_ev_per_ang[held].sum(axis=0) @ np.asarray(direction, dtype=float))


def reach(junction: Atoms, name: str) -> float:
    """Return the distance of a contact atom from the nearest gold of the right tip (Ang)."""
    gold = tip_atoms(junction)[1]
    return float(junction.get_distances(contact(junction, name).atom, gold).min())


def changed_gold_bonds(atoms: Atoms, start: Atoms) -> tuple[list[str], list[str]]:
    """Return the bonds of gold that are broken and those that are new, as words such as ``Br 3-Au 25``.

    Bonds are those of `heavy_bonds`, with gold on either tip; both structures have the same atoms.
    """
    now, before = _gold_bonds(atoms), _gold_bonds(start)
    return _words(atoms, before - now), _words(atoms, now - before)


def _gold_bonds(atoms: Atoms) -> set[tuple[int, int]]:
    gold = {int(atom) for tip in tip_atoms(atoms) for atom in tip}
    return {bond for bond in heavy_bonds(atoms) if gold & set(bond)}


def _words(atoms: Atoms, bonds: set[tuple[int, int]]) -> list[str]:
    return [f"{atoms.symbols[i]} {i}-{atoms.symbols[j]} {j}" for i, j in sorted(bonds)]
