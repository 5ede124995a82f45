"""Two dots that face each other, joined by a linker or with nothing between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from qdjunction.core.errors import InputError, StructureError
from qdjunction.structure.connectivity import IONIC, neighbours
from qdjunction.structure.contacts import ContactEntry, without_atoms
from qdjunction.structure.ligands.attach import (
    FRAGMENT,
    bound_charge,
    conformers_without,
    formal_charge,
    leaving_protons,
)
from qdjunction.structure.ligands.ions import LEAD, Ion, atom_at, ion_at
from qdjunction.structure.ligands.library import Ligand
from qdjunction.structure.ligands.pose import CLASH_RADII, Seat, clash, end_of
from qdjunction.structure.molecule import topology
from qdjunction.structure.perovskite.constants import HALIDES

SIDES = ("A", "B")
"""Names of the two dots, with which the names of their contacts begin."""

HELD = "held"
"""Array that is true for atoms that a relaxation leaves where they are."""

CARBON = atomic_numbers["C"]

_STEP_DEG = 5


def facing_site(dot: Atoms, site: int | str, where: str) -> Ion:
    """Return the terminal halide that is given as a contact of the dot or as an atom.

    Raises
    ------
    InputError
        If it is no terminal halide of a Pb; begins with `where`.
    """
    contacts = dot.info.get("contacts", {})
    atom = atom_at(dot, site, where)
    ion = ion_at(dot, atom, where) if dot.symbols[atom] in HALIDES else None
    if ion is None or ion.pb is None:
        raise InputError(
            f"{where} = {site!r}: atom {atom} ({dot.symbols[atom]}) is no terminal halide, where a dot faces another; "
            f"name one, or a contact ({', '.join(contacts) or 'the dot has none'})"
        )
    return ion


def check_linker(linker: Ligand, charges: int) -> None:
    """Refuse a linker that cannot bridge two dots, each of which loses a halide to it.

    Parameters
    ----------
    linker : Ligand
        The linker.
    charges : int
        Sum of the formal charges of the two dots before.

    Raises
    ------
    InputError
        If it has no second end, or the formal charges do not add up to 0.
    """
    where = f"linker = '{linker.name}' ({linker.smiles})"
    symbols = topology(linker.smiles, ion=True).symbols
    wrong = [f"atom {i}, {symbols[i]}" for i in linker.other_end if atomic_numbers[symbols[i]] not in IONIC]
    if wrong or not linker.other_end:
        other = f" (other_end in its file is {wrong[0]})" if wrong else ""
        raise InputError(
            f"{where} binds to Pb at one end only{other} and cannot bridge two dots; choose a dithiol, or name N, O or "
            "S atoms, counted from 0, as other_end in its file"
        )
    total = charges + 2 + bound_charge(linker, _protons(linker))
    if total:
        raise InputError(
            f"{where}: the formal charges of the pair add up to {total:+d}: two halides (-1 each) "
            f"leave, and the linker binds with charge {bound_charge(linker, _protons(linker)):+d}; choose a linker "
            "that binds with charge -2, such as a dithiol"
        )


def join(
    dots: tuple[Atoms, Atoms],
    sites: tuple[Ion, Ion],
    linker: Ligand | None,
    pb_distance_ang: float | None = None,
    twist_deg: float = 0.0,
    conformers: int = 10,
    seed: int = 0,
) -> Atoms:
    """Return two dots that face each other along the line of the Pb at their sites.

    The first dot stays where it is. The second is turned so that its site faces that of the first, in the smallest
    rotation, and by `twist_deg` about the line. A linker takes the place of both halides: its longest conformer, the
    line between its two ends on the line of the Pb, rotated about it, in steps of 5 degrees, to where it has the most
    room. Without a linker the halides stay.

    Parameters
    ----------
    dots, sites : pair
        The dots, and the terminal halide of each that faces the other.
    linker : Ligand or None
        The linker; None for nothing between.
    pb_distance_ang : float, optional
        Distance of the two Pb without a linker (Ang).
    twist_deg : float
        Angle of the second dot about the line (degrees).
    conformers, seed : int
        Number and seed of the conformers of the linker.

    Returns
    -------
    ase.Atoms
        First dot, linker, second dot: fragments 1, 2, 3 in the array `FRAGMENT`, by name in ``info["fragments"]``, or 1
        and 2 without a linker. ``info["dot"]["pb_distance_ang"]`` is the distance of the two Pb. The contacts are
        those of both dots, ``A.L``, ``B.R1``, ..., except the halides that left.

    Raises
    ------
    StructureError
        If two fragments clash; names the closest contact and the fragments.
    """
    protons = _protons(linker) if linker else ()
    bridge = None
    if linker:
        shapes = conformers_without(linker, protons, conformers, seed)
        bridge = max(shapes, key=lambda one: round(_length(one, linker), 6))
        ends = [end_of(bridge, binds, LEAD) for binds in linker.ends()]
        pb_distance_ang = sum(end.height_ang for end in ends) + _length(bridge, linker)
    assert pb_distance_ang is not None  # the settings require it where there is no linker
    first, second = dots
    seats = [_seat(dot, site) for dot, site in zip(dots, sites, strict=True)]
    axis = seats[0].direction
    turn = Rotation.from_rotvec(twist_deg * axis, degrees=True) * _smallest(seats[1].direction, -axis)
    there = seats[0].position + pb_distance_ang * axis
    second = second.copy()
    second.positions = turn.apply(second.positions - seats[1].position) + there
    second.info = dots[1].info | {
        "contacts": {
            name: entry | {"direction": turn.apply(entry["direction"]).tolist()}
            for name, entry in dots[1].info.get("contacts", {}).items()
        }
    }
    parts = [
        without_atoms(dot, site.atoms if linker else ())[0]
        for dot, site in zip((first, second), sites, strict=True)
    ]
    names = [dot.info["dot"]["name"] for dot in dots]
    _check(parts, f"{names[0]} (A) and {names[1]} (B)", axis, there, linker, pb_distance_ang, twist_deg)
    pieces = [(names[0], parts[0]), (names[1], parts[1])]
    if linker and bridge:
        start = seats[0].position + ends[0].height_ang * axis
        placed = _bridging(bridge, linker, start, axis, parts)
        pieces.insert(1, (linker.name, placed))
    atoms = _assembled(pieces)
    atoms.info["dot"] = {
        "dots": [dot.info["dot"] for dot in dots],
        "linker": linker.model_dump(mode="json") if linker else None,
        "pb_distance_ang": pb_distance_ang,
        "twist_deg": twist_deg,
        "formal_charge": sum(map(formal_charge, dots)) + (2 + bound_charge(linker, protons) if linker else 0),
    }
    return atoms


def hold_dots(pair: Atoms) -> None:
    """Mark both dots of a pair in the array `HELD`, so that a relaxation moves its linker alone."""
    number = pair.arrays[FRAGMENT]
    pair.set_array(HELD, (number == 1) | (number == number.max()))


def held_atoms(atoms: Atoms) -> NDArray[np.int64]:
    """Return the atoms that a relaxation of a structure without gold leaves where they are; none of most structures."""
    return np.flatnonzero(atoms.arrays[HELD]) if atoms.has(HELD) else np.array([], dtype=np.int64)


@dataclass(frozen=True)
class JoinedDots:
    """Which atoms of a pair belong to either dot, and how far the dots are apart.

    Attributes
    ----------
    first, second : (n,) array
        Atoms of either dot. The atoms by which a linker binds are part of the dot that they bind to, as the halides
        were whose places they take.
    linker : str
        Name of the linker; `none` without one.
    is_saturated : bool
        Whether every C of the linker is bonded to four atoms, as in an alkane; false without a linker.
    end_distance_ang : float
        Distance of the two ends of the linker, such as the two S of a dithiol (Ang); nan without a linker.
    pb_distance_ang : float
        Distance of the nearest Pb of the two dots (Ang).
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    linker: str
    is_saturated: bool
    end_distance_ang: float
    pb_distance_ang: float


def joined_dots(pair: Atoms) -> JoinedDots:
    """Return the two dots in a pair that `join` made, in its present geometry.

    Raises
    ------
    InputError
        If the structure is no pair, or does not say which atoms are whose.
    """
    made = pair.info.get("dot", {})
    if "dots" not in made or not pair.has(FRAGMENT):
        raise InputError(
            "is no pair of dots; make one with `qdjunction pair` or source: pair, and compute H and S of that file"
        )
    number = pair.arrays[FRAGMENT]
    own = [np.flatnonzero(number == 1), np.flatnonzero(number == number.max())]
    name, distance, is_saturated = "none", float("nan"), False
    if made["linker"]:
        linker = Ligand(**made["linker"])
        name, start = linker.name, int(np.flatnonzero(number == 2)[0])
        ends = [np.array(end) + start for end in linker.ends()]
        near, far = (pair.positions[end].mean(axis=0) for end in ends)
        distance = float(np.linalg.norm(far - near))
        between = pair[number == 2]
        is_saturated = all(
            len(neighbours(between, i)) == 4 for i in np.flatnonzero(between.numbers == CARBON).tolist()
        )
        own = [np.concatenate(parts) for parts in zip(own, ends, strict=True)]
    lead = [pair.positions[one[pair.numbers[one] == LEAD]] for one in own]
    apart = np.linalg.norm(lead[0][:, None] - lead[1][None], axis=-1)
    return JoinedDots(own[0], own[1], name, is_saturated, distance, float(apart.min()))


def _protons(linker: Ligand) -> tuple[int, ...]:
    return tuple(proton for end in linker.ends() for proton in leaving_protons(linker, end))


def _length(conformer: Atoms, linker: Ligand) -> float:
    """Return the distance between the middles of the two ends (Ang)."""
    return float(np.linalg.norm(_span(conformer, linker)))


def _span(conformer: Atoms, linker: Ligand) -> NDArray[np.float64]:
    near, far = (conformer.positions[list(end)].mean(axis=0) for end in linker.ends())
    span: NDArray[np.float64] = far - near
    return span


def _seat(dot: Atoms, site: Ion) -> Seat:
    assert site.pb is not None  # `facing_site` has checked it
    assert site.direction is not None
    return Seat(dot.positions[site.pb], site.direction, LEAD, (site.pb,))


def _smallest(vector: NDArray[np.float64], onto: NDArray[np.float64]) -> Rotation:
    """Return the smallest rotation of one unit vector onto another; opposite ones about an axis of the lattice."""
    normal = np.cross(vector, onto)
    sine, cosine = np.linalg.norm(normal), float(vector @ onto)
    if sine < 1e-9 and cosine > 0:
        return Rotation.identity()
    if sine < 1e-9:
        normal = np.cross(vector, np.eye(3)[np.abs(vector).argmin()])
    return Rotation.from_rotvec(np.arctan2(sine, cosine) * normal / np.linalg.norm(normal))


def _bridging(
    bridge: Atoms, linker: Ligand, start: NDArray[np.float64], axis: NDArray[np.float64], parts: list[Atoms]
) -> Atoms:
    """Return the linker between the dots, at the angle with the most room."""
    binds, other_end = linker.ends()
    span = _span(bridge, linker)
    onto = _smallest(span / np.linalg.norm(span), axis)
    # What binds touches the Pb, in all rotations alike.
    free = [i for i in range(len(bridge)) if i not in (*binds, *other_end)]
    middle = bridge.positions[list(binds)].mean(axis=0)
    best, found, words = -np.inf, bridge, ""
    for angle in range(0, 360, _STEP_DEG):
        placed = bridge.copy()
        turn = Rotation.from_rotvec(angle * axis, degrees=True) * onto
        placed.positions = start + turn.apply(bridge.positions - middle)
        ratio, pair = min(clash(placed[free], part) for part in parts)
        if ratio > best + 1e-9:
            best, found, words = ratio, placed, pair
    if best < CLASH_RADII:
        raise StructureError(
            f"linker = '{linker.name}' does not fit between the dots: its {words}; choose another twist_deg, other "
            "sites, or a longer or slimmer linker"
        )
    return found


def _check(
    parts: list[Atoms],
    names: str,
    axis: NDArray[np.float64],
    pivot: NDArray[np.float64],
    linker: Ligand | None,
    pb_distance_ang: float,
    twist_deg: float,
) -> None:
    """Raise for two dots without room for each other; the error says how they would have some.

    The second dot turns about the line along `axis` through its Pb at `pivot`.
    """
    first, second = parts
    ratio, words = clash(first, second)
    if ratio >= CLASH_RADII:
        return
    with_linker = f" with linker = '{linker.name}'" if linker else ""
    remedies = [] if linker else [f"set at least {_roomy_distance(first, second, axis, pb_distance_ang):.1f}"]
    if (turn := _roomy_twist(first, second, axis, pivot)) is not None:
        remedies.append(
            f"set twist_deg to {180 - (180 - twist_deg - turn) % 360:g}, where they have the most room"
        )
    remedies += ["choose a longer linker"] if linker else []
    key = f"twist_deg = {twist_deg:g}" if linker else f"pb_distance_ang = {pb_distance_ang:g}"
    raise StructureError(
        f"{key}: {names} clash{with_linker}: {words}; {', '.join(remedies)}, or choose other sites"
    )


def _roomy_twist(
    first: Atoms, second: Atoms, axis: NDArray[np.float64], pivot: NDArray[np.float64]
) -> float | None:
    """Return the further turn of the second dot that leaves the most room (degrees); None if all turns clash."""
    best, found = CLASH_RADII, None
    for angle in range(0, 360, _STEP_DEG):
        turned = second.copy()
        turned.positions = (
            Rotation.from_rotvec(angle * axis, degrees=True).apply(second.positions - pivot) + pivot
        )
        if (ratio := clash(first, turned)[0]) >= best:
            best, found = ratio, float(angle)
    return found


def _roomy_distance(first: Atoms, second: Atoms, axis: NDArray[np.float64], pb_distance_ang: float) -> float:
    """Return the smallest distance of the two Pb, to 0.1 Ang above it, at which two dots have room (Ang)."""
    moved, distance = second.copy(), pb_distance_ang
    while clash(first, moved)[0] < CLASH_RADII:
        further = (np.floor(distance * 10 + 1e-6) + 1) / 10
        moved.positions += (further - distance) * axis
        distance = further
    return distance


def _assembled(pieces: list[tuple[str, Atoms]]) -> Atoms:
    """Return the fragments as one structure; those with contacts are the dots."""
    atoms = Atoms()
    contacts: dict[str, ContactEntry] = {}
    sides = iter(SIDES)
    for _, piece in pieces:
        if "contacts" in piece.info:
            side = next(sides)
            contacts |= {
                f"{side}.{name}": entry | {"atom": entry["atom"] + len(atoms)}
                for name, entry in piece.info["contacts"].items()
            }
        atoms += Atoms(piece.numbers, piece.positions)
    atoms.set_array(FRAGMENT, np.repeat(np.arange(1, len(pieces) + 1), [len(piece) for _, piece in pieces]))
    atoms.info = {
        "contacts": contacts,
        "contact_pairs": {},
        "fragments": {str(number): name for number, (name, _) in enumerate(pieces, start=1)},
    }
    return atoms
