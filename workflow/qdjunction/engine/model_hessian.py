"""Hessian of a structure estimated from its geometry, from which a relaxation starts."""

import numpy as np
from ase import Atoms
from ase.constraints import Hookean
from ase.data import covalent_radii
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray
from scipy.sparse import coo_array

from qdjunction.structure.connectivity import ALKALI

STRETCH_EV_PER_ANG2 = 45.0
"""Force constant of two atoms at the sum of their covalent radii (eV/Ang^2)."""

DECAY = 3.0
"""Exponent of its decay with the squared ratio of the distance to that sum."""

BEND_EV_PER_ANG2 = 12.0
"""Force constant of two atoms bonded to a third one at the sum of the radii (eV/Ang^2); it holds the angle."""

PLANE_EV_PER_ANG2 = 25.0
"""Force constant of an atom with three bonds against leaving the plane of its neighbours (eV/Ang^2)."""

_PYRAMID = 1 / 3
"""Height of an atom above the plane of three neighbours, in bond lengths, at which it is tetrahedral."""

FLOOR_EV_PER_ANG2 = 1.5
"""Force constant of every coordinate beside those (eV/Ang^2), for torsions, ions and loose molecules."""

HEAVY = 0.45
"""Share of the stiffness that a bond has if an atom of it is heavier than Ne."""

_REACH = 2.0
"""Largest ratio of the distance to the sum of the radii; a pair there has 1e-4 of the force constant."""

_BONDED = 1.35
"""Largest such ratio of a bond that takes part in an angle."""


def model_hessian(atoms: Atoms) -> NDArray[np.float64]:
    """Return an estimate of the Hessian that is good enough to begin with: stiff along bonds, soft elsewhere.

    A spring k = `STRETCH_EV_PER_ANG2` s along every pair, with s = exp(-`DECAY` ((d/r)^2 - 1)), the distance d and the
    sum r of the covalent radii, is the stretch of Lindh et al., Chem. Phys. Lett. 241, 423 (1995), with few constants
    instead of their tables. Angles are springs `BEND_EV_PER_ANG2` s s' between the outer atoms of two bonds. Constants
    are chosen so that no mode of 1Pb MAPbBr3 is more than 1.7 times stiffer than the estimate: beyond 2 a quasi-Newton
    step along the mode ends farther from its minimum than it began.

    Parameters
    ----------
    atoms : ase.Atoms
        The structure; images of a periodic one count as neighbours. Springs (`ase.constraints.Hookean`) between two of
        its atoms are added.

    Returns
    -------
    (3 n, 3 n) array
        Symmetric and positive definite (eV/Ang^2), the coordinates in the order of `atoms.positions`.
    """
    numbers, size = atoms.numbers, len(atoms)
    radii = covalent_radii[numbers]
    first, second, distance, vector = neighbor_list("ijdD", atoms, _REACH * radii)
    ratio = distance / (radii[first] + radii[second])
    strength = np.exp(-DECAY * (ratio**2 - 1))
    strength[(numbers[first] > 10) | (numbers[second] > 10)] *= HEAVY
    strength[np.isin(numbers[first], ALKALI) | np.isin(numbers[second], ALKALI)] = 0
    stiffness = STRETCH_EV_PER_ANG2 * strength
    blocks = np.zeros((size, size, 3, 3))
    _add_springs(blocks, first, second, stiffness, vector)

    bonded = (ratio < _BONDED) & (strength > 0)
    start, end, along, share = first[bonded], second[bonded], vector[bonded], strength[bonded]
    # Rows of `meets` are the bonds that end at an atom, columns those that start there.
    meets = coo_array((np.ones(len(start)), (np.arange(len(start)), end)), (len(start), size)).tocsr()
    leaves = coo_array((np.ones(len(start)), (start, np.arange(len(start)))), (size, len(start))).tocsr()
    one, other = (meets @ leaves).nonzero()
    across = along[one] + along[other]
    is_angle = np.linalg.norm(across, axis=1) > 1e-6
    one, other, across = one[is_angle], other[is_angle], across[is_angle]
    _add_springs(blocks, start[one], end[other], BEND_EV_PER_ANG2 * share[one] * share[other], across)
    _add_planes(blocks, start, end, along, share)

    held = [constraint for constraint in atoms.constraints if isinstance(constraint, Hookean)]
    if pairs := [(spring.indices, spring.spring) for spring in held if len(spring.indices) == 2]:
        one, other = np.array([indices for indices, _ in pairs]).T
        both = np.concatenate([one, other]), np.concatenate([other, one])
        constants = np.tile([constant for _, constant in pairs], 2)
        _add_springs(blocks, *both, constants, atoms.positions[both[1]] - atoms.positions[both[0]])
    hessian: NDArray[np.float64] = blocks.transpose(0, 2, 1, 3).reshape(3 * size, 3 * size)
    return hessian + FLOOR_EV_PER_ANG2 * np.eye(3 * size)


def _add_planes(
    blocks: NDArray[np.float64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    along: NDArray[np.float64],
    share: NDArray[np.float64],
) -> None:
    """Add the springs that hold an atom with three bonds in the plane of its neighbours."""
    order = np.argsort(start, kind="stable")
    start, end, along, share = start[order], end[order], along[order], share[order]
    bonds = np.bincount(start, minlength=len(blocks))
    centre = np.flatnonzero(bonds == 3)
    of_centre = np.searchsorted(start, centre)[:, None] + np.arange(3)
    arms = along[of_centre]
    normal = np.cross(arms[:, 1] - arms[:, 0], arms[:, 2] - arms[:, 0])
    area = np.linalg.norm(normal, axis=1)
    # Neighbours on one line span no plane.
    is_plane = area > 1e-6
    centre, of_centre, arms = centre[is_plane], of_centre[is_plane], arms[is_plane]
    normal = normal[is_plane] / area[is_plane, None]
    height = np.abs(np.einsum("ci,ci->c", normal, arms.mean(axis=1)))
    relative = height / np.linalg.norm(arms, axis=2).mean(axis=1)
    flat = np.clip(1 - (relative / _PYRAMID) ** 2, 0, None)
    stiffness = PLANE_EV_PER_ANG2 * flat * share[of_centre].prod(axis=1)
    atoms = np.column_stack([centre, end[of_centre]])
    weights = np.array([1, -1 / 3, -1 / 3, -1 / 3])
    springs = stiffness[:, None, None] * normal[:, :, None] * normal[:, None, :]
    for one, left in zip(atoms.T, weights, strict=True):
        for other, right in zip(atoms.T, weights, strict=True):
            np.add.at(blocks, (one, other), left * right * springs)


def _add_springs(
    blocks: NDArray[np.float64],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    stiffness: NDArray[np.float64],
    vector: NDArray[np.float64],
) -> None:
    """Add springs to the (n, n, 3, 3) blocks of a Hessian; each is given from both of its ends."""
    axis = vector / np.linalg.norm(vector, axis=1)[:, None]
    springs = stiffness[:, None, None] * axis[:, :, None] * axis[:, None, :]
    np.add.at(blocks, (first, first), springs)
    np.add.at(blocks, (first, second), -springs)
