"""Gold tips in space: pieces of the fcc lattice, with the site where a contact atom binds, and their orientation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from ase import Atoms
from ase.build import bulk
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from qdjunction.core.errors import InputError
from qdjunction.structure.tips.contract import GoldSite, Point

GOLD_LATTICE_CONSTANT_ANG = 4.078
"""Experimental lattice constant of fcc gold (Ang)."""

_SITE_ATOMS = {"top": 1, "bridge": 2, "hollow": 3}


@dataclass(frozen=True, eq=False)
class TipShape:
    """A piece of the fcc lattice in the crystal's axes, with the binding site at the origin.

    Attributes
    ----------
    positions : (n, 3) array
        Atoms (Ang).
    layers : (n,) array
        Layer of each atom, counted along [111] from 0, the layer of the site.
    bound : (m,) array
        Indices of the one, two or three atoms that the contact atom binds to.
    """

    positions: NDArray[np.float64]
    layers: NDArray[np.int64]
    bound: NDArray[np.int64]

    @property
    def radius_ang(self) -> float:
        """Distance of the bound atoms from the site (Ang): 0 atop an atom."""
        return float(np.linalg.norm(self.positions[self.bound[0]]))

    @cached_property
    def is_threefold(self) -> bool:
        """Whether a rotation by 120 degrees about [111] through the site maps the tip onto itself."""
        third = Rotation.from_rotvec(np.full(3, 2 * np.pi / 3) / np.sqrt(3)).as_matrix()
        turned = self.positions @ third.T
        return bool(cdist(self.positions, turned).min(axis=1).max() < 1e-6)


def primitive_cell(lattice_constant_ang: float = GOLD_LATTICE_CONSTANT_ANG) -> NDArray[np.float64]:
    """Return the primitive vectors of fcc gold in rows (Ang)."""
    return np.asarray(bulk("Au", "fcc", a=lattice_constant_ang).cell)


def tip_shape(
    points: Sequence[Point],
    site: GoldSite = "top",
    lattice_constant_ang: float = GOLD_LATTICE_CONSTANT_ANG,
) -> TipShape:
    """Return the tip with atoms at points of the lattice.

    Parameters
    ----------
    points : sequence of (i, j, l)
        Coordinates along the primitive vectors of fcc; i + j + l numbers the (111) planes, the lowest of which faces
        the contact atom.
    site : {"top", "bridge", "hollow"}
        Where the contact atom binds: of the sites of that sort in the lowest plane, the one nearest to the middle.
        Among equally near hollows those without an atom below in the next layer (fcc) come first.
    lattice_constant_ang : float
        Lattice constant (Ang).

    Raises
    ------
    InputError
        If the lowest plane has no such site.
    """
    steps = np.array(points)
    planes = steps.sum(axis=1)
    layers = planes - planes.min()
    centre, bound = binding_site(points, site)
    return TipShape((steps - centre) @ primitive_cell(lattice_constant_ang), layers, bound)


def binding_site(points: Sequence[Point], site: GoldSite) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the site of the lowest plane that `tip_shape` describes, in coordinates of the lattice, and its atoms."""
    steps = np.array(points)
    planes = steps.sum(axis=1)
    return _site(steps, np.flatnonzero(planes == planes.min()), primitive_cell(), site)


def oriented(
    shape: TipShape, direction: NDArray[np.float64], rotation_deg: float = 0.0, tilt_deg: float = 0.0
) -> tuple[Atoms, NDArray[np.float64]]:
    """Return a tip whose [111] axis points along a direction, with its site at the origin.

    Parameters
    ----------
    shape : TipShape
        The tip.
    direction : (3,) array
        Direction of the contact: into the gold.
    rotation_deg : float
        Rotation of the tip, leaning or not, about that direction (degrees).
    tilt_deg : float
        Angle between axis and direction (degrees).

    Returns
    -------
    tip : ase.Atoms
        The tag of an atom is its layer, 0 at the site.
    axis : (3,) array
        Unit vector along the axis, into the gold; `direction` as it is if nothing is tilted.
    """
    # Columns of `frame`: two axes in the (111) plane and [111]; of `target`: two axes normal to `direction`
    # and `direction` itself.
    frame = frame_of(np.array([1.0, 1.0, 1.0]), np.array([1.0, -1.0, 0.0]))
    axis = np.asarray(direction, dtype=float)
    target = frame_of(axis, np.eye(3)[np.argmin(np.round(np.abs(axis / np.linalg.norm(axis)), 9))])
    turned = target @ Rotation.from_rotvec([0, 0, rotation_deg], degrees=True).as_matrix()
    if tilt_deg:
        turned = turned @ Rotation.from_rotvec([tilt_deg, 0, 0], degrees=True).as_matrix()
        axis = turned[:, 2]
    tip = Atoms(
        f"Au{len(shape.positions)}", positions=shape.positions @ (turned @ frame.T).T, tags=shape.layers
    )
    return tip, axis


def _site(
    steps: NDArray[np.int64], facet: NDArray[np.int64], primitive: NDArray[np.float64], site: GoldSite
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the site of the plane `facet` in coordinates of the lattice, and the atoms around it."""
    places = steps[facet] @ primitive
    bonded = cdist(places, places) < 1.1 * GOLD_LATTICE_CONSTANT_ANG / np.sqrt(2)
    groups: list[tuple[int, ...]] = [
        group
        for group in combinations(range(len(facet)), _SITE_ATOMS[site])
        if all(bonded[pair] for pair in combinations(group, 2))
    ]
    if not groups:
        raise InputError(
            f"a facet of {len(facet)} atoms has no {site} site; choose another site or a larger facet"
        )
    middle = steps[facet].mean(axis=0)

    def order(group: tuple[int, ...]) -> tuple[float, bool]:
        centre = steps[facet[list(group)]].mean(axis=0)
        below = centre + 1 / 3
        is_hcp = len(group) == 3 and np.allclose(below, np.round(below))
        return round(float(np.linalg.norm((centre - middle) @ primitive)), 6), is_hcp

    nearest = min(groups, key=order)
    bound = facet[list(nearest)]
    return steps[bound].mean(axis=0), bound


def frame_of(axis: NDArray[np.float64], helper: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return right-handed unit vectors as columns: the part of `helper` across `axis`, the third one, and `axis`."""
    z = axis / np.linalg.norm(axis)
    x = helper - (helper @ z) * z
    x /= np.linalg.norm(x)
    return np.column_stack([x, np.cross(z, x), z])
