"""Rigid superposition of two geometries of the same atoms."""

from ase import Atoms
from scipy.spatial.transform import Rotation


def superpose(atoms: Atoms, onto: Atoms) -> Atoms:
    """Return `atoms` moved and rotated as a whole onto `onto`, at the least mass-weighted sum of squared distances.

    This removes the translation and rotation of a free dot, so that the directions of its contacts stay those of the
    relaxed dot. W. Kabsch, Acta Cryst. A 32, 922 (1976), doi:10.1107/S0567739476001873.
    """
    masses = onto.get_masses()
    centre, other = (masses @ one.positions / masses.sum() for one in (atoms, onto))
    moved: Atoms = atoms.copy()
    if len(atoms) == 1:
        moved.positions = onto.positions
        return moved
    rotation, _ = Rotation.align_vectors(onto.positions - other, atoms.positions - centre, weights=masses)
    moved.positions = rotation.apply(atoms.positions - centre) + other
    return moved
