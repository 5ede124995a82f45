"""Contacts of a dot or molecule: the atoms at which the gold tips touch it."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from qdjunction.core.errors import StructureError
from qdjunction.core.schema import validate
from qdjunction.structure.anchors import Anchor


class ContactEntry(TypedDict):
    """A contact as ``info["contacts"]`` of a structure holds it, in plain values; see `Contact`."""

    atom: int
    direction: list[float]
    anchor: NotRequired[dict[str, dict[str, Any]]]
    covalent: NotRequired[bool]


@dataclass(frozen=True)
class Contact:
    """A contact of a built dot.

    Attributes
    ----------
    name : str
        Name, e.g. ``R3``.
    atom : int
        Index of the atom, counted from 0.
    direction : (3,) array
        Unit vector that points out of the dot.
    anchor : dict or None
        ``{name: row}`` of the anchor that it was found to be; None if the structure does not say.
    covalent : bool or None
        Whether it shares an electron with gold, since its hydrogen has left; None if the structure does not say.
    """

    name: str
    atom: int
    direction: NDArray[np.float64]
    anchor: dict[str, Anchor] | None = None
    covalent: bool | None = None


def contact(atoms: Atoms, name: str) -> Contact:
    """Look up a contact of a dot by name.

    Parameters
    ----------
    atoms : ase.Atoms
        A dot or junction with ``info["contacts"]``.
    name : str
        Name of the contact.

    Returns
    -------
    Contact
        Its direction is normalised.

    Raises
    ------
    StructureError
        If the structure has no contacts, none of this name, or one whose atom or direction is invalid.
    """
    contacts = atoms.info.get("contacts")
    if not contacts:
        raise StructureError(
            "The structure names no contacts (info key 'contacts' is absent); build it with `qdjunction dot`, name "
            "its file and sites in a configuration (`source: file`), or any two atoms (`qdjunction junction "
            "--left-atom --right-atom`)."
        )
    label = atoms.info.get("dot", {}).get("name", "The structure")
    if name not in contacts:
        raise StructureError(f"{label} has no contact '{name}'; it has {', '.join(contacts)}.")
    entry = contacts[name]
    atom, direction = int(entry["atom"]), np.asarray(entry["direction"], dtype=float)
    if not 0 <= atom < len(atoms) or direction.shape != (3,) or not np.linalg.norm(direction) > 0:
        raise StructureError(
            f"Contact '{name}' of {label} is invalid (atom {atom} of {len(atoms)}, "
            f"direction {entry['direction']}); build the dot again."
        )
    anchors = {
        key: validate(Anchor, row, f"The anchor of contact '{name}' of {label}")
        for key, row in (entry.get("anchor") or {}).items()
    }
    return Contact(name, atom, direction / np.linalg.norm(direction), anchors or None, entry.get("covalent"))


def without_atoms(atoms: Atoms, gone: Container[int]) -> tuple[Atoms, dict[int, int]]:
    """Return a structure without some atoms, and the new index of each atom that stays by its old one.

    Contacts keep their atoms; those at atoms that leave are dropped.
    """
    kept = np.array([i for i in range(len(atoms)) if i not in gone], dtype=int)
    moved = {int(old): new for new, old in enumerate(kept)}
    rest: Atoms = atoms[kept]
    contacts = atoms.info.get("contacts", {}).items()
    rest.info = atoms.info | {
        "contacts": {
            name: entry | {"atom": moved[entry["atom"]]} for name, entry in contacts if entry["atom"] in moved
        }
    }
    return rest, moved


def contact_distance(atoms: Atoms, left: str, right: str) -> float:
    """Return the distance between the atoms of two contacts (Ang)."""
    return float(atoms.get_distance(contact(atoms, left).atom, contact(atoms, right).atom))
