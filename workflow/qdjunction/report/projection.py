"""View of a junction: the left tip on the left, the tip of a sliding contact at the top."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ase import Atoms


def view_axes(atoms: Atoms) -> NDArray[np.float64]:
    """Return the axes of the picture as rows of a rotation matrix, shape (3, 3): across, up, towards the reader.

    Across runs from the left contact into the dot. Up is the direction of the first contact of the dot that
    faces sideways, so all junctions of a dot are seen from the same side.
    """
    contacts = atoms.info["contacts"]
    across = -np.asarray(contacts[atoms.info["left"]]["direction"], dtype=float)
    across /= np.linalg.norm(across)
    directions = [np.asarray(entry["direction"], dtype=float) for entry in contacts.values()]
    sideways = [direction for direction in directions if abs(direction @ across) < 0.9]
    up = sideways[0] if sideways else np.eye(3)[int(np.abs(across).argmin())]
    up = up - (up @ across) * across
    up /= np.linalg.norm(up)
    return np.array([across, up, np.cross(across, up)])


def project(atoms: Atoms) -> NDArray[np.float64]:
    """Return the coordinates across, up and towards the reader, as a (3, n_atoms) array (Ang)."""
    centred: NDArray[np.float64] = atoms.positions - atoms.positions.mean(axis=0)
    return view_axes(atoms) @ centred.T
