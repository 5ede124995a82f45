"""Search of the pose of a ligand on its site: conformer, distance, tilt and rotations without a clash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii
from ase.data.vdw_alvarez import vdw_radii
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from qdjunction.core.errors import StructureError
from qdjunction.structure.connectivity import neighbours
from qdjunction.structure.perovskite.constants import HALIDES

BOND_RADII = 1.18
"""Length of a new bond to Pb as a multiple of the sum of the covalent radii: Pb-O 2.50, Pb-N 2.56, Pb-S 2.96 Ang. The
relaxation finds the actual length."""

CLASH_RADII = 0.65
"""Two atoms that are not bonded clash below this multiple of the sum of their van der Waals radii (Alvarez, Dalton
Trans. 42, 8617 (2013)): H-H 1.56, H-Br 1.99, C-H 1.93 Ang. Hydrogen bonds are longer: H-Br 2.3 Ang and above."""

ROOMY_RADII = 0.8
"""The search ends at the first pose in which all distances are above this multiple."""

ALKALI_RADII_ANG = {"Li": 0.92, "Na": 1.39, "K": 1.64, "Rb": 1.72, "Cs": 1.88}
"""Ionic radii of alkali ions with 12 neighbours, Li with 8 (Shannon, Acta Cryst. A 32, 751 (1976)). Added to the van
der Waals radius of a neighbour they give its distance in salts, Cs-O 3.38 Ang; the van der Waals radius of Cs,
3.48 Ang, would give 4.98."""

SHIFTS_ANG = (0.0, 0.4, 0.8, 1.2, 1.6)
"""Distances by which a ligand without a bond to Pb may stand farther out."""

FAR_SHIFTS_ANG = (2.0, 2.4, 2.8)
"""The same for a cation that clashes nearer to its site, as on a relaxed surface whose ions have moved; the relaxation
draws it in."""

TILTS_DEG = (0.0, 20.0, 40.0)
SULFUR_TILTS_DEG = (70.0, 50.0, 30.0, 0.0)
"""Angles between the axis of a ligand and the direction of its site. At a thiolate the bonds make an angle of about 110
degrees."""

_STEP_DEG = 15
_TILTED_STEP_DEG = 30


@dataclass(frozen=True, eq=False)
class Seat:
    """Where a ligand binds.

    Attributes
    ----------
    position : (3,) array
        The atom that it binds to, or the site of a replaced cation (Ang).
    direction : (3,) array
        Unit vector that points out of the dot.
    element : int
        Atomic number of the atom it binds to; 0 for the site of a cation.
    bonded : tuple of int
        Indices of that atom, whose distances to the binding end are no clash.
    """

    position: NDArray[np.float64]
    direction: NDArray[np.float64]
    element: int = 0
    bonded: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class End:
    """The end of a conformer that binds, in a frame with its middle at the origin.

    Attributes
    ----------
    positions : (n, 3) array
        Atoms of the conformer (Ang).
    axis : (3,) array
        Unit vector from the site into the ligand.
    touching : (n,) array of bool
        The binding atoms and what is bonded to them.
    radius_ang : float
        Distance of the binding atoms from their middle.
    distance_ang : float
        Distance of each binding atom from the atom it binds to.
    """

    positions: NDArray[np.float64]
    axis: NDArray[np.float64]
    touching: NDArray[np.bool_]
    radius_ang: float
    distance_ang: float

    @property
    def height_ang(self) -> float:
        """Distance of the middle of the binding atoms from the atom that they bind to (Ang)."""
        return float(np.sqrt(max(self.distance_ang**2 - self.radius_ang**2, 0.0)))


def end_of(conformer: Atoms, binds: Sequence[int], element: int) -> End:
    """Return the end of a conformer with which it binds to an element, or (0) takes the site of a cation."""
    binders = list(binds)
    middle = conformer.positions[binders].mean(axis=0)
    positions = conformer.positions - middle
    near = {int(i) for atom in binders for i in neighbours(conformer, atom)} - set(binders)
    touching = np.isin(np.arange(len(conformer)), [*binders, *near])
    hydrogen = [i for i in near if conformer.numbers[i] == 1]
    numbers = conformer.numbers[binders]
    if element == 0:
        axis, distance = _branches(conformer, binders[0], positions) if len(binders) == 1 else None, 0.0
    elif _is_halide(element) and hydrogen:
        # A hydrogen bond: the first H points at the halide.
        axis, distance = -positions[min(hydrogen)], float((vdw_radii[element] + vdw_radii[numbers]).min())
    elif _is_halide(element):
        axis, distance = None, float((vdw_radii[element] + vdw_radii[numbers]).min())
    else:
        axis, distance = None, BOND_RADII * float((covalent_radii[element] + covalent_radii[numbers]).mean())
    if axis is None:
        bonds = np.array([positions[i] for i in near])
        axis = (bonds / np.linalg.norm(bonds, axis=1, keepdims=True)).sum(axis=0)
    if np.linalg.norm(axis) < 0.1:
        axis = positions.mean(axis=0)
    radius = float(np.linalg.norm(positions[binders], axis=1).mean())
    length = np.linalg.norm(axis)
    return End(
        positions, axis / length if length > 1e-3 else np.array([0.0, 0.0, 1.0]), touching, radius, distance
    )


def find_pose(
    dot: Atoms,
    conformers: Sequence[Atoms],
    binds: Sequence[int],
    seat: Seat,
    what: str,
    rng: np.random.Generator | None = None,
) -> Atoms:
    """Return a ligand on its seat in the first pose with enough room, or else in the one with the most.

    Conformers are tried in their order, at each distance and tilt, at all rotations about the direction of the seat and
    about the axis of the ligand, in steps of 15 degrees (30 if tilted). With `rng`, both their order and the rotation
    among those with enough room are drawn.

    Raises
    ------
    StructureError
        If all poses clash; begins with `what` and names the closest contact.
    """
    best, found = -np.inf, None
    if rng is not None:
        conformers = [conformers[i] for i in rng.permutation(len(conformers))]
    reach = max(
        float(np.linalg.norm(one.positions - one.positions.mean(axis=0), axis=1).max()) for one in conformers
    )
    near = np.flatnonzero(np.linalg.norm(dot.positions - seat.position, axis=1) < 2 * reach + 10)
    for shift, tilt, conformer in product(_shifts(seat), _tilts(conformers[0], binds, seat), conformers):
        if shift > SHIFTS_ANG[-1] and best >= CLASH_RADII:
            break
        end = end_of(conformer, binds, seat.element)
        poses = (
            seat.position + (end.height_ang + shift) * seat.direction + _rotated(end, seat.direction, tilt)
        )
        ratios = _ratios(dot, near, conformer, poses, end, seat)
        pose = int(ratios.argmax())
        if rng is not None and ratios[pose] >= ROOMY_RADII:
            pose = int(rng.choice(np.flatnonzero(ratios >= ROOMY_RADII)))
        if ratios[pose] > best + 1e-9:
            best, found = float(ratios[pose]), (conformer, poses[pose], end)
        if best >= ROOMY_RADII:
            break
    assert found  # there is at least one conformer
    conformer, positions, end = found
    ligand = Atoms(conformer.numbers, positions)
    if best < CLASH_RADII:
        raise StructureError(
            f"{what} does not fit: in the best pose {_closest(dot, near, ligand, end, seat)}; choose another site or "
            "direction, or a smaller ligand"
        )
    return ligand


def clash(first: Atoms, second: Atoms) -> tuple[float, str]:
    """Return the smallest distance of atoms of two structures as a multiple of the sum of their radii, and the pair."""
    distances = cdist(first.positions, second.positions)
    ratios = distances / (vdw_radii[first.numbers][:, None] + vdw_radii[second.numbers])
    i, j = np.unravel_index(int(ratios.argmin()), ratios.shape)
    return float(
        ratios[i, j]
    ), f"{first.symbols[i]} and {second.symbols[j]} come within {distances[i, j]:.2f} Ang"


def _is_halide(element: int) -> bool:
    from ase.data import chemical_symbols

    return chemical_symbols[element] in HALIDES


def _bonds(seat: Seat) -> bool:
    return bool(seat.element) and not _is_halide(seat.element)


def _shifts(seat: Seat) -> tuple[float, ...]:
    if _bonds(seat):
        return (0.0,)
    return SHIFTS_ANG if seat.element else SHIFTS_ANG + FAR_SHIFTS_ANG


def _tilts(conformer: Atoms, binds: Sequence[int], seat: Seat) -> tuple[float, ...]:
    is_sulfur = len(binds) == 1 and conformer.symbols[binds[0]] == "S"
    return SULFUR_TILTS_DEG if is_sulfur and _bonds(seat) else TILTS_DEG


def _branches(conformer: Atoms, atom: int, positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of the unit vectors along the bonds of an atom, each times the number of atoms beyond it."""
    total = np.zeros(3)
    for first in neighbours(conformer, atom).tolist():
        seen, front = {atom, first}, [first]
        while front:
            for other in neighbours(conformer, front.pop()).tolist():
                if other not in seen:
                    seen.add(other)
                    front.append(other)
        total += (len(seen) - 1) * positions[first] / np.linalg.norm(positions[first])
    return total


def _rotated(end: End, direction: NDArray[np.float64], tilt_deg: float) -> NDArray[np.float64]:
    """Return the atoms of a ligand, its binding end at the origin, at all rotations: (n_poses, n, 3)."""
    onto = Rotation.align_vectors(direction[None], end.axis[None])[0]
    if not tilt_deg:
        angles = np.arange(0, 360, _STEP_DEG)
        turns = Rotation.from_rotvec(np.outer(angles, direction), degrees=True) * onto
    else:
        helper = np.cross(direction, np.eye(3)[np.abs(direction).argmin()])
        lean = Rotation.from_rotvec(tilt_deg * helper / np.linalg.norm(helper), degrees=True)
        about = np.array(list(product(range(0, 360, _TILTED_STEP_DEG), repeat=2)))
        outer = Rotation.from_rotvec(np.outer(about[:, 0], direction), degrees=True)
        inner = Rotation.from_rotvec(np.outer(about[:, 1], direction), degrees=True)
        turns = outer * lean * inner * onto
    rotated: NDArray[np.float64] = np.einsum("pij,nj->pni", turns.as_matrix(), end.positions)
    return rotated


def _pairs(dot: Atoms, near: NDArray[np.int64], ligand: Atoms, end: End, seat: Seat) -> NDArray[np.float64]:
    """Return the sums of the van der Waals radii of all pairs; infinitesimal for those that bind (Ang).

    For an alkali ion it is the sum at which an ionic contact has enough room.
    """
    numbers = dot.numbers[near]
    radii = vdw_radii[ligand.numbers][:, None] + vdw_radii[numbers]
    for symbol, ionic_ang in ALKALI_RADII_ANG.items():
        radii[:, numbers == atomic_numbers[symbol]] = (
            vdw_radii[ligand.numbers][:, None] + ionic_ang
        ) / ROOMY_RADII
    radii[np.ix_(end.touching, np.isin(near, seat.bonded))] = 1e-6
    summed: NDArray[np.float64] = radii
    return summed


def _ratios(
    dot: Atoms, near: NDArray[np.int64], ligand: Atoms, poses: NDArray[np.float64], end: End, seat: Seat
) -> NDArray[np.float64]:
    """Return the smallest distance over the sum of the radii of each pose."""
    radii = _pairs(dot, near, ligand, end, seat)
    environment = dot.positions[near]
    return np.array([(cdist(pose, environment) / radii).min(initial=np.inf) for pose in poses])


def _closest(dot: Atoms, near: NDArray[np.int64], ligand: Atoms, end: End, seat: Seat) -> str:
    distances = cdist(ligand.positions, dot.positions[near])
    i, j = np.unravel_index(int((distances / _pairs(dot, near, ligand, end, seat)).argmin()), distances.shape)
    atom = int(near[j])
    return (
        f"its {ligand.symbols[i]} comes within {distances[i, j]:.2f} Ang of atom {atom} ({dot.symbols[atom]})"
    )
