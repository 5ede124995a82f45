"""Pyramidal gold tips."""

import numpy as np
from ase import Atoms
from ase.build import bulk
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from qdjunction.core.errors import InputError

GOLD_LATTICE_CONSTANT_ANG = 4.078
"""Experimental lattice constant of fcc gold (Ang)."""


def gold_pyramid(
    layers: int,
    direction: NDArray[np.float64],
    rotation_deg: float = 0.0,
    lattice_constant_ang: float = GOLD_LATTICE_CONSTANT_ANG,
) -> Atoms:
    """Build an fcc tetrahedron with its apex at the origin and a (111) base.

    The atoms are the points i a1 + j a2 + l a3 of the primitive fcc lattice with i, j, l >= 0 and
    i + j + l < layers; layer i + j + l is a (111) plane of 1, 3, 6, 10, 15, ... atoms.

    Parameters
    ----------
    layers : int
        Number of layers: 3 have 10 atoms, 5 have 35.
    direction : (3,) array
        Direction from the apex to the base.
    rotation_deg : float
        Rotation about that direction (degrees); the pyramid has a threefold axis.
    lattice_constant_ang : float
        Lattice constant of gold (Ang).

    Returns
    -------
    ase.Atoms
        Atoms from apex to base; the tag of an atom is its layer, 0 at the apex.

    Raises
    ------
    InputError
        If `layers` or the lattice constant is not positive.
    """
    if layers < 1:
        raise InputError(f"layers is {layers}; a gold pyramid needs at least one layer.")
    if not lattice_constant_ang > 0:
        raise InputError(f"The gold lattice constant is {lattice_constant_ang:g} Ang; it must be positive.")
    primitive = np.asarray(bulk("Au", "fcc", a=lattice_constant_ang).cell)
    steps = np.array(
        [(i, j, n - i - j) for n in range(layers) for i in range(n, -1, -1) for j in range(n - i, -1, -1)]
    )
    points = steps @ primitive
    # Columns of `frame`: two axes in the (111) plane and [111]; of `target`: two axes normal to `direction`
    # and `direction` itself.
    frame = _frame(np.array([1.0, 1.0, 1.0]), np.array([1.0, -1.0, 0.0]))
    axis = np.asarray(direction, dtype=float)
    target = _frame(axis, np.eye(3)[np.argmin(np.round(np.abs(axis / np.linalg.norm(axis)), 9))])
    turn = Rotation.from_rotvec([0, 0, rotation_deg], degrees=True).as_matrix()
    return Atoms(f"Au{len(points)}", positions=points @ (target @ turn @ frame.T).T, tags=steps.sum(axis=1))


def _frame(axis: NDArray[np.float64], helper: NDArray[np.float64]) -> NDArray[np.float64]:
    z = axis / np.linalg.norm(axis)
    x = helper - (helper @ z) * z
    x /= np.linalg.norm(x)
    return np.column_stack([x, np.cross(z, x), z])
