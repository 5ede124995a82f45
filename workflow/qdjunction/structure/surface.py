"""Tips on periodic (111) surfaces, and the electrode that continues them.

Both surfaces are pieces of one crystal, up to a translation: the right tip stands on it as it is, the left one on its
image under inversion, which maps fcc onto itself. One cell of the electrode therefore continues both. The third lattice
vector of the junction leads from the left surface to the layer that follows on the right one, so that the stacking goes
on across the boundary of the cell and no surface faces vacuum.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from qdjunction.core.errors import StructureError
from qdjunction.structure.contacts import Contact
from qdjunction.structure.settings import SurfaceSettings
from qdjunction.structure.tips.contract import IN_PLANE, Tip, surface
from qdjunction.structure.tips.fcc import TipShape, binding_site, frame_of, primitive_cell, tip_shape

MAX_LEAN_DEG = 30.0
"""Largest angle (degrees) between a contact's direction and the axis of the junction, the normal of the surfaces."""

_STEP_DEG = 5
_AXIS = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, eq=False)
class Placed:
    """A dot between two surfaces, which are normal to z.

    Attributes
    ----------
    dot : ase.Atoms
        The dot, turned so that its two contacts point along z, with the directions of its contacts.
    left, right : ase.Atoms
        Tips with their surfaces; the tag of an atom is its layer, 0 at the contact.
    cell : (3, 3) array
        Lattice vectors in rows (Ang): two along the surfaces, and the one from surface to surface.
    image_distance_ang : float
        Smallest distance of an atom of dot and tips from one of a neighbouring lateral cell (Ang).
    lean_deg : float
        Angle between the directions of the contacts and z (degrees).
    """

    dot: Atoms
    left: Atoms
    right: Atoms
    cell: NDArray[np.float64]
    image_distance_ang: float
    lean_deg: float


def electrode(settings: SurfaceSettings) -> Atoms:
    """Return one cell of the electrode: bulk gold, periodic, with its layers along the third lattice vector."""
    steps = np.array(surface((0.0, 0.0, 0.0), 0, settings.size, settings.electrode_layers))
    lateral, height = lateral_vectors(settings), settings.lattice_constant_ang / np.sqrt(3)
    cell = np.vstack([lateral, settings.electrode_layers * height * _AXIS])
    return Atoms(f"Au{len(steps)}", positions=_in_frame(steps, settings), cell=cell, pbc=True)


def lateral_vectors(settings: SurfaceSettings) -> NDArray[np.float64]:
    """Return the two lattice vectors along the surfaces in rows (Ang)."""
    return np.asarray(_in_frame(np.array(IN_PLANE), settings) * np.array(settings.size)[:, None])


def surface_shape(tip: Tip, settings: SurfaceSettings) -> TipShape:
    """Return a tip on its surface; the atoms of the tip come first."""
    centre, _ = binding_site(tip.points, tip.shape.gold_site)
    last = max(map(sum, tip.points))
    below = surface(
        (centre[0], centre[1], centre[2]),
        last + 1,
        settings.size,
        settings.layers + settings.electrode_layers,
    )
    return tip_shape([*tip.points, *below], tip.shape.gold_site, settings.lattice_constant_ang)


def place_on_surfaces(
    dot: Atoms,
    sites: tuple[Contact, Contact],
    tips: tuple[Tip, Tip],
    heights_ang: tuple[float, float],
    settings: SurfaceSettings,
) -> Placed:
    """Place a dot between two tips on parallel periodic surfaces.

    The axis of the junction is the mean of the two contacts' directions. The dot is turned about it, in steps of 5
    degrees, to the angle that leaves the most room between the dot, all gold and their periodic images.

    Parameters
    ----------
    dot : ase.Atoms
        The dot.
    sites : two Contact
        Left and right contact.
    tips : two Tip
        Left and right tip.
    heights_ang : two floats
        Height of each contact atom above its site on the gold (Ang).
    settings : SurfaceSettings
        The surfaces.

    Raises
    ------
    StructureError
        If the contacts do not point in opposite directions, or dot and tips come closer to their images than
        `settings` allows.
    """
    axis, lean = _axis(sites)
    upright = Rotation.align_vectors([_AXIS], [axis])[0]
    origin = dot.positions[sites[0].atom]
    shapes = [surface_shape(tip, settings) for tip in tips]
    lateral = lateral_vectors(settings)
    shifts = np.array([m * lateral[0] + n * lateral[1] for m, n in product((0, -1, 1), repeat=2)])
    best, most = None, -np.inf
    for angle in range(0, 360, _STEP_DEG):
        turn = Rotation.from_rotvec(angle * _AXIS, degrees=True) * upright
        positions = turn.apply(dot.positions - origin)
        ends = [
            positions[site.atom] + sign * height * _AXIS
            for site, sign, height in zip(sites, (-1, 1), heights_ang, strict=True)
        ]
        gold = [end + sign * _crystal(shape) for end, sign, shape in zip(ends, (-1, 1), shapes, strict=True)]
        room = round(_room(positions, dot.numbers, sites, gold, shapes, shifts), 6)
        if room > most:
            best, most = (turn, positions, ends, gold), room
    assert best is not None
    turn, positions, ends, gold = best

    moving = np.vstack([positions, *(part[: len(tip.points)] for part, tip in zip(gold, tips, strict=True))])
    distance = min(float(cdist(moving, moving + shift).min()) for shift in shifts[1:])
    if distance < settings.image_distance_ang:
        wider = [
            n + int(np.ceil((settings.image_distance_ang - distance) / _nearest(settings)))
            for n in settings.size
        ]
        raise StructureError(
            f"Dot and tips come within {distance:.2f} Ang of their periodic images, and "
            f"electrodes.surface.image_distance_ang is {settings.image_distance_ang:g}; take electrodes.surface.size "
            f"{wider} or larger"
        )
    above = _onwards(tips[1], 1, settings) + ends[1]
    below = ends[0] - _onwards(tips[0], 0, settings)
    third = above - below
    steps = np.linalg.solve(lateral_vectors(settings)[:, :2].T, third[:2]) * settings.size
    third[:2] -= (np.round(steps) / settings.size) @ lateral[:, :2]

    lowest = gold[0][:, 2].min() * _AXIS
    middle = (ends[0] + ends[1]) / 2 * (1 - _AXIS)
    home = (lateral[0] + lateral[1]) / 2 - middle - lowest
    turned = dot.copy()
    turned.positions = positions + home
    turned.info["contacts"] = {
        name: entry | {"direction": turn.apply(entry["direction"]).tolist()}
        for name, entry in dot.info["contacts"].items()
    }
    left, right = (
        Atoms(f"Au{len(part)}", positions=part + home, tags=shape.layers)
        for part, shape in zip(gold, shapes, strict=True)
    )
    return Placed(turned, left, right, np.vstack([lateral, third]), distance, lean)


def with_lateral_images(atoms: Atoms) -> Atoms:
    """Return a junction with its gold in the neighbouring lateral cells, for checks of distances."""
    gold = atoms[atoms.get_tags() > 0]
    extended: Atoms = atoms.copy()
    for m, n in product((-1, 0, 1), repeat=2):
        if (m, n) != (0, 0):
            image = gold.copy()
            image.positions += m * atoms.cell[0] + n * atoms.cell[1]
            extended += image
    return extended


def _axis(sites: tuple[Contact, Contact]) -> tuple[NDArray[np.float64], float]:
    """Return the axis of a junction, from left to right, and its angle with the directions of the contacts."""
    directions = [site.direction / np.linalg.norm(site.direction) for site in sites]
    mean = directions[1] - directions[0]
    cosine = float(np.linalg.norm(mean) / 2)
    lean = float(np.degrees(np.arccos(min(1.0, cosine))))
    if lean > MAX_LEAN_DEG:
        raise StructureError(
            f"Contacts '{sites[0].name}' and '{sites[1].name}' point {180 - 2 * lean:.0f} degrees apart, while the two "
            f"surfaces are parallel, so that each may lean by {MAX_LEAN_DEG:g} degrees at most; take contacts on "
            "opposite sides, or leave electrodes.surface out and take wide-band or cluster leads"
        )
    return mean / np.linalg.norm(mean), lean


def _room(
    positions: NDArray[np.float64],
    numbers: NDArray[np.int64],
    sites: tuple[Contact, Contact],
    gold: list[NDArray[np.float64]],
    shapes: list[TipShape],
    shifts: NDArray[np.float64],
) -> float:
    """Return the smallest distance in excess of the covalent radii between dot, gold and lateral images (Ang)."""
    radii = covalent_radii[numbers]
    room = np.inf
    for shift in shifts:
        moved = positions + shift
        for site, part, shape in zip(sites, gold, shapes, strict=True):
            gaps = cdist(part, moved) - covalent_radii[79] - radii
            if not shift.any():
                gaps[shape.bound, site.atom] = np.inf
            room = min(room, float(gaps.min()))
        if shift.any():
            room = min(room, float((cdist(positions, moved) - radii[:, None] - radii).min()))
        room = min(room, float(cdist(gold[0], gold[1] + shift).min()) - 2 * covalent_radii[79])
    return room


def _onwards(tip: Tip, further: int, settings: SurfaceSettings) -> NDArray[np.float64]:
    """Return a point of the outermost plane of a surface, or of one `further` out, from the site of its tip (Ang)."""
    centre, _ = binding_site(tip.points, tip.shape.gold_site)
    number = max(map(sum, tip.points)) + settings.layers + settings.electrode_layers + further
    point: NDArray[np.float64] = _in_frame(np.array([[number, 0, 0]]) - centre, settings)[0]
    return point


def _crystal(shape: TipShape) -> NDArray[np.float64]:
    """Return the atoms of a shape with [111] along z and the first vector of its planes along x (Ang)."""
    return np.asarray(shape.positions @ _frame())


def _in_frame(
    steps: NDArray[np.float64] | NDArray[np.int64], settings: SurfaceSettings
) -> NDArray[np.float64]:
    """Return points of the lattice in the same axes (Ang)."""
    return np.asarray(steps @ primitive_cell(settings.lattice_constant_ang) @ _frame())


def _frame() -> NDArray[np.float64]:
    first = np.array(IN_PLANE[0]) @ primitive_cell()
    return frame_of(np.ones(3), first)


def _nearest(settings: SurfaceSettings) -> float:
    return settings.lattice_constant_ang / float(np.sqrt(2))
