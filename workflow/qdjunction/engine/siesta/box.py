"""The cell of a finite structure: the vacuum between its periodic images."""

import numpy as np
import sisl
from ase import Atoms
from ase.neighborlist import neighbor_list

from qdjunction.core.errors import EngineError

_SLACK_ANG = 1.0


def boxed(atoms: Atoms, vacuum_ang: float | None, orbital_range_ang: float) -> Atoms:
    """Return `atoms` in a rectangular cell in which its images do not interact.

    Two orbitals overlap within the sum of their ranges, so images must be two ranges apart; the default adds 1 Ang as a
    margin for the relaxation. Positions are not changed: SIESTA wraps them itself, and the coordinates of the dot are
    the same in every file.

    Parameters
    ----------
    atoms : ase.Atoms
        A finite structure (no periodic direction), or a periodic one, whose cell is kept.
    vacuum_ang : float or None
        Empty space between the images along each axis (Ang).
    orbital_range_ang : float
        Range of the longest orbital (Ang), used when `vacuum_ang` is None.

    Returns
    -------
    ase.Atoms
        A copy with its cell.
    """
    atoms = atoms.copy()
    if not atoms.pbc.any():
        vacuum = 2 * orbital_range_ang + _SLACK_ANG if vacuum_ang is None else vacuum_ang
        atoms.cell = np.diag(np.ptp(atoms.positions, axis=0) + vacuum)
    return atoms


def check_box(geometry: sisl.Geometry) -> None:
    """Check that the box of a finite structure is large enough for its orbitals.

    Parameters
    ----------
    geometry : sisl.Geometry
        Cell and atoms with the ranges of their orbitals.

    Raises
    ------
    EngineError
        When an orbital overlaps one of a periodic image; names the two atoms and a sufficient vacuum.
    """
    ranges = np.array([atom.maxR() for atom in geometry.atoms])
    atoms = Atoms(geometry.atoms.Z, geometry.xyz, cell=geometry.cell, pbc=True)
    first, second, distance, image = neighbor_list("ijdS", atoms, cutoff=ranges)
    reach = np.where(image.any(axis=1), ranges[first] + ranges[second] - distance, -np.inf)
    if reach.size and reach.max() > 0:
        worst = int(reach.argmax())
        names = [f"{atoms.symbols[index]}{index + 1}" for index in (first[worst], second[worst])]
        vacuum = 2 * ranges.max() + _SLACK_ANG
        raise EngineError(
            f"The box is too small: orbitals of {names[0]} reach {reach[worst]:.2f} Ang into those of the periodic "
            f"image of {names[1]}; set vacuum_ang to {vacuum:.1f} or more (the longest orbital is "
            f"{ranges.max():.2f} Ang)."
        )
