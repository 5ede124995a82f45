"""Contact sites: the terminal halides at which the gold tips touch a dot.

In lattice coordinates Pb sits at integers (i, j, k); a terminal halide sits half a lattice constant beyond an
outer face of its Pb and faces away from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from qdjunction.errors import StructureError

Face = Literal["-x", "+x", "-y", "+y", "-z", "+z"]
LatticeVector = tuple[int, int, int]

FACE_VECTORS: Mapping[Face, LatticeVector] = {
    "-x": (-1, 0, 0),
    "+x": (1, 0, 0),
    "-y": (0, -1, 0),
    "+y": (0, 1, 0),
    "-z": (0, 0, -1),
    "+z": (0, 0, 1),
}
"""Outward lattice direction of each face."""


class ContactSite(BaseModel):
    """The terminal halide of one Pb, named by that Pb and the face it points through.

    Attributes
    ----------
    pb : tuple of three int
        Lattice coordinates of the Pb that holds the halide.
    face : str
        Outward direction, one of ``-x +x -y +y -z +z``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pb: LatticeVector
    face: Face

    @property
    def direction(self) -> LatticeVector:
        """Outward lattice direction."""
        return FACE_VECTORS[self.face]

    @property
    def neighbour(self) -> LatticeVector:
        """Lattice coordinates beyond the halide; a Pb there makes the halide a bridge and not a contact."""
        i, j, k = (p + d for p, d in zip(self.pb, self.direction, strict=True))
        return i, j, k

    @property
    def halide(self) -> tuple[float, float, float]:
        """Lattice coordinates of the halide."""
        x, y, z = (p + d / 2 for p, d in zip(self.pb, self.direction, strict=True))
        return x, y, z


def sliding_series(
    length: int, column: tuple[int, int] = (0, 0), facing: Face = "-x"
) -> dict[str, ContactSite]:
    """Name the contacts of the sliding series along one Pb column.

    ``L`` is the near end of the column and faces -z; ``R1`` .. ``Rn`` are the halides beside it, one per Pb,
    all facing `facing`; ``R(n+1)`` is the far end and faces +z. For one Pb that is ``R1`` cis and ``R2``
    trans to ``L``.

    Parameters
    ----------
    length : int
        Number of Pb in the column, n.
    column : tuple of two int
        Lattice coordinates (i, j) of the column.
    facing : str
        Face of R1 .. Rn.

    Returns
    -------
    dict of str to ContactSite
        In the order L, R1, ..., R(n+1).
    """
    i, j = column
    series = {"L": ContactSite(pb=(i, j, 0), face="-z")}
    series |= {f"R{k + 1}": ContactSite(pb=(i, j, k), face=facing) for k in range(length)}
    series[f"R{length + 1}"] = ContactSite(pb=(i, j, length - 1), face="+z")
    return series


@dataclass(frozen=True)
class Contact:
    """A contact of a built dot.

    Attributes
    ----------
    name : str
        Its name, e.g. ``R3``.
    atom : int
        Index of the halide, counted from 0.
    direction : (3,) array
        Unit vector that points out of the dot.
    """

    name: str
    atom: int
    direction: NDArray[np.float64]


def contact(atoms: Atoms, name: str) -> Contact:
    """Look up a contact of a dot by name.

    Parameters
    ----------
    atoms : ase.Atoms
        A dot or junction with ``info["contacts"]``.
    name : str
        Name of the contact.

    Raises
    ------
    StructureError
        If the structure carries no contacts, none of this name, or one that points at no halide of it.
    """
    contacts = atoms.info.get("contacts")
    if not contacts:
        raise StructureError(
            "The structure names no contacts (info key 'contacts' is absent); build it with `qdjunction dot`."
        )
    label = atoms.info.get("dot", {}).get("name", "The structure")
    if name not in contacts:
        raise StructureError(f"{label} has no contact '{name}'; it has {', '.join(contacts)}.")
    entry = contacts[name]
    atom, direction = int(entry["atom"]), np.asarray(entry["direction"], dtype=float)
    if not 0 <= atom < len(atoms) or direction.shape != (3,) or not np.linalg.norm(direction) > 0:
        raise StructureError(
            f"Contact '{name}' of {label} is broken (atom {atom} of {len(atoms)}, "
            f"direction {entry['direction']}); build the dot anew."
        )
    return Contact(name, atom, direction / np.linalg.norm(direction))


def contact_distance(atoms: Atoms, left: str, right: str) -> float:
    """Distance of the halides of two contacts (Ang)."""
    return float(atoms.get_distance(contact(atoms, left).atom, contact(atoms, right).atom))
