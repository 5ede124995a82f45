"""Junctions: a dot between two gold tips."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from qdjunction.core.errors import InputError, StructureError
from qdjunction.structure.anchors import ANCHORS, Binding, apex_position, recognise, require_anchor
from qdjunction.structure.connectivity import OVERLAP_FRACTION
from qdjunction.structure.contacts import Contact, contact, contact_distance, without_atoms
from qdjunction.structure.integrity import check_contact
from qdjunction.structure.parity import check_parity
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.surface import Placed, place_on_surfaces, with_lateral_images
from qdjunction.structure.tips.contract import Tip
from qdjunction.structure.tips.fcc import GOLD_LATTICE_CONSTANT_ANG, TipShape, oriented, tip_shape

MIN_TIP_DISTANCE_ANG = GOLD_LATTICE_CONSTANT_ANG
"""Smallest distance (Ang) between two tips: that of second neighbours in gold, the nearest without a bond."""

TOUCH_FRACTION = 1.1
"""Gold touches an atom of the dot other than its contact below this multiple of the sum of their covalent radii."""

SAME_BOND_ANG = 0.4
"""A contact atom binds to the nearest gold atom and to those that are farther by less than this (Ang). As built, all
are equally far, and the next ones at least 0.44 Ang farther: beside a bridge at a distance of 4.5 Ang."""

SIDES = ("left", "right")
"""The two sides of a junction: the keys of its info that name the contacts."""

_STEP_DEG = 5


def build_junction(dot: Atoms, left: str, right: str, electrodes: ElectrodeSettings | None = None) -> Atoms:
    """Build the junction of a dot between two gold tips.

    Each tip is placed on its contact atom along the contact's outward direction as built, also on a relaxed dot: the
    tips of a series then keep their orientation while octahedra tilt, and differ only in the site. Each tip is rotated
    about that direction, in steps of 5 degrees, to the angle that leaves the most room around the gold. A hydrogen that
    an anchor loses as it binds, such as that of a thiol, is removed.

    With `electrodes.surface` the tips stand on periodic surfaces, normal to z, and the dot is turned between them; see
    `place_on_surfaces`.

    Parameters
    ----------
    dot : ase.Atoms
        A dot with contacts, relaxed or not, and no gold.
    left, right : str
        Names of the contacts.
    electrodes : ElectrodeSettings, optional
        Shape, layers and distance of the tips; by default pyramids of three layers.

    Returns
    -------
    ase.Atoms
        Dot, left tip, right tip, with the dot's info and ``left``, ``right``, ``lead_layers``,
        ``contact_distance_ang``. Tags: 0 the dot; 10, 11, ... the left tip from its first layer, at the
        contact, outwards; 20, 21, ... the right one (100s and 200s for more than ten layers). On surfaces also a cell,
        and ``surface`` with the lateral size, the k points of the SCF and the distance to the images.

    Raises
    ------
    InputError
        If the two contacts are the same, or the structure has tips already.
    StructureError
        If a contact is missing or lost (`check_contact`), its distance from gold is neither known nor given, the tips
        come closer than `MIN_TIP_DISTANCE_ANG`, gold touches an atom other than its contact, or atoms overlap.
    """
    if left == right:
        raise InputError(f"Left and right contact are both '{left}'; a junction needs two.")
    if np.any(dot.get_tags() != 0):
        raise InputError(
            "The structure has gold tips already (tags other than 0); give the dot without tips."
        )

    for name in (left, right):
        check_contact(dot, name)
    electrodes = electrodes or ElectrodeSettings()
    tips = electrodes.tips
    bindings = [_binding(dot, contact(dot, name), tip) for name, tip in zip((left, right), tips, strict=True)]
    atoms = _bound(dot, (left, right), bindings)
    sites = [contact(atoms, name) for name in (left, right)]
    distances = [
        _distance(site, tip, binding) for site, tip, binding in zip(sites, tips, bindings, strict=True)
    ]
    atoms.pbc = False
    placed: tuple[Atoms, Atoms]
    if electrodes.surface:
        on = _on_surfaces(atoms, sites, tips, distances, electrodes)
        atoms, placed = on.dot, (on.left, on.right)
        atoms.cell, atoms.pbc = on.cell, True
        atoms.info["surface"] = {
            **electrodes.surface.model_dump(mode="json", include={"size", "kpoints", "lattice_constant_ang"}),
            "image_distance_ang": on.image_distance_ang,
            "lean_deg": on.lean_deg,
        }
    else:
        placed = _rotated_tips(
            [
                _turns(atoms, site, tip, distance)
                for site, tip, distance in zip(sites, tips, distances, strict=True)
            ]
        )
    lead_layers = [
        electrodes.surface.electrode_layers if electrodes.surface else tip.lead_layers for tip in tips
    ]
    step = 10 if max(int(gold.get_tags().max()) for gold in placed) < 10 else 100
    for side, gold in enumerate(placed, start=1):
        gold.set_tags(side * step + gold.get_tags())
        atoms += gold
    atoms.info |= {
        "left": left,
        "right": right,
        "lead_layers": lead_layers[0] if len(set(lead_layers)) == 1 else lead_layers,
        "contact_distance_ang": contact_distance(dot, left, right),
    }
    if clash := find_clash(atoms):
        raise StructureError(
            f"{clash}; let the directions of the contacts lead apart and away from all other atoms, choose other "
            "contacts, fewer layers or a longer apex distance, or relax the dot."
        )
    return atoms


def dot_atoms(atoms: Atoms) -> NDArray[np.int64]:
    """Return the indices of the dot in a junction."""
    indices: NDArray[np.int64] = np.flatnonzero(atoms.get_tags() == 0)
    return indices


def lead_atoms(atoms: Atoms) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices of the left and the right lead region of a junction.

    These are the outermost ``info["lead_layers"]`` layers of each tip, a number or one for each side, or one layer
    without that entry.

    Raises
    ------
    StructureError
        If the tags are not those of a junction.
    """
    tags = atoms.get_tags()
    sides = _sides(tags)
    given = atoms.info.get("lead_layers", 1)
    leads = []
    for side, name in enumerate(SIDES, start=1):
        lead_layers = int(given[side - 1] if isinstance(given, list) else given)
        present = np.unique(tags[sides == side])
        if len(present) < lead_layers:
            raise StructureError(
                f"The {name} tip has {len(present)} tagged gold layers, but {lead_layers} lead layers are needed; "
                "build the junction with `qdjunction junction`."
            )
        leads.append(np.flatnonzero(np.isin(tags, present[-lead_layers:])))
    return leads[0], leads[1]


def tip_atoms(atoms: Atoms) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices of all gold atoms of the left and of the right tip of a junction."""
    sides = _sides(atoms.get_tags())
    return np.flatnonzero(sides == 1), np.flatnonzero(sides == 2)


def closed_shell_electrons(atoms: Atoms, valence_electrons: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the electrons of each atom of a junction with which its dot is a closed shell.

    A neutral thiolate or alkynyl lacks one electron, which gold shares with it in their bond. Half of that pair is
    added to the contact atom, so that the levels of the dot are occupied as those of the molecule with its hydrogen.

    Parameters
    ----------
    atoms : ase.Atoms
        A junction; any other structure has no such bonds.
    valence_electrons : (n_atoms,) array
        Valence electrons of each neutral atom.

    Returns
    -------
    (n_atoms,) array
        One more at each contact atom whose anchor has lost its hydrogen.
    """
    electrons = np.array(valence_electrons, dtype=float)
    for site in covalent_contacts(atoms):
        electrons[site.atom] += 1
    return electrons


def dot_electrons(atoms: Atoms, valence_electrons: NDArray[np.float64]) -> float:
    """Return the electrons with which the dot of a junction is a closed shell; see `closed_shell_electrons`."""
    return float(closed_shell_electrons(atoms, valence_electrons)[dot_atoms(atoms)].sum())


def check_closed_shell(atoms: Atoms) -> None:
    """Refuse a junction with an odd number of electrons; see `check_parity`.

    Raises
    ------
    StructureError
        If the number is odd.
    """
    dot = atoms[dot_atoms(atoms)]
    check_parity(
        dot.get_chemical_formula("hill"),
        int(dot.numbers.sum()),
        len(atoms) - len(dot),
        [site.name for site in covalent_contacts(atoms)],
    )


def covalent_contacts(atoms: Atoms) -> list[Contact]:
    """Return the contacts of a junction that share an electron with gold, since their hydrogen has left."""
    if not {"left", "right", "contacts"} <= atoms.info.keys():
        return []
    dot = atoms[dot_atoms(atoms)]  # comes before the tips, so that its atoms keep their indices
    found = []
    for name in (atoms.info["left"], atoms.info["right"]):
        site = contact(atoms, name)
        binding = recognise(dot, site.atom, site.anchor or ANCHORS)
        lost = binding is not None and binding.has_lost_hydrogen
        if lost if site.covalent is None else site.covalent:
            found.append(site)
    return found


def apex_atoms(atoms: Atoms) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices of the gold atoms of the left and of the right tip that the contact atoms bind to.

    These are the atom of the first layer nearest to the contact atom and those as near within `SAME_BOND_ANG`: the
    apex of a pyramid, an adatom, or the atoms of a bridge or hollow.

    Raises
    ------
    StructureError
        If the structure names no contacts of a junction, or a tip has no tagged gold.
    """
    tags = atoms.get_tags()
    found = []
    for side, tip in zip(SIDES, tip_atoms(atoms), strict=True):
        if not isinstance(name := atoms.info.get(side), str) or not len(tip):
            raise StructureError(
                f"The structure names no {side} contact of a junction; build it with `qdjunction junction`."
            )
        first = tip[tags[tip] == tags[tip].min()]
        away = np.linalg.norm(atoms.positions[first] - atoms.positions[contact(atoms, name).atom], axis=1)
        found.append(first[away < away.min() + SAME_BOND_ANG])
    return found[0], found[1]


def find_clash(atoms: Atoms) -> str:
    """Return which atoms of a junction are too close, in a sentence without its full stop; empty if none are.

    The tips must stay `MIN_TIP_DISTANCE_ANG` apart, gold must touch no atom of the dot but its contact
    (`TOUCH_FRACTION`), and no two atoms may overlap (`OVERLAP_FRACTION`). On surfaces this includes the gold of the
    neighbouring lateral cells.
    """
    if atoms.pbc.any():
        atoms = with_lateral_images(atoms)
    names = atoms.info["left"], atoms.info["right"]
    if overlap := _overlap(atoms, [contact(atoms, name) for name in names]):
        return overlap
    left, right = tip_atoms(atoms)
    distance = float(cdist(atoms.positions[left], atoms.positions[right]).min())
    if distance < MIN_TIP_DISTANCE_ANG:
        return (
            f"The tips at contacts '{names[0]}' and '{names[1]}' come within {distance:.2f} Ang of each other, but "
            f"must stay {MIN_TIP_DISTANCE_ANG:.2f} Ang apart"
        )
    return ""


def _sides(tags: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the side of each atom from its tag: 0 the dot, 1 the left tip, 2 the right tip."""
    return tags // (100 if tags.max(initial=0) >= 100 else 10)


def _binding(dot: Atoms, site: Contact, tip: Tip) -> Binding | None:
    """Return how a contact binds; None for an atom that is no anchor, to which the distance is given."""
    known = site.anchor or ANCHORS
    if tip.apex_distance_ang is not None:
        return recognise(dot, site.atom, known)
    return require_anchor(dot, site.atom, f"Contact '{site.name}'", known=known)


def _distance(site: Contact, tip: Tip, binding: Binding | None) -> float:
    """Return the distance of a contact atom from the gold atoms that it binds to (Ang)."""
    if tip.apex_distance_ang is not None:
        return tip.apex_distance_ang
    assert binding  # `_binding` refuses an atom without one
    return binding.anchor.required_distance_ang(tip.shape.gold_site, site.name, binding.name)


def contact_bond(dot: Atoms, name: str, tip: Tip) -> str:
    """Return how a contact binds to a tip in words: anchor, distance, and what the distance rests on."""
    site = contact(dot, name)
    binding = _binding(dot, site, tip)
    what = f"contact {name}, {binding.name if binding else dot.symbols[site.atom]}"
    of_gold = f"{_distance(site, tip, binding):.2f} Ang from gold"
    if tip.apex_distance_ang is not None:
        return f"{what}: {of_gold}, as given"
    assert binding  # `_binding` refuses an atom without one
    basis = binding.anchor.basis_at(tip.shape.gold_site)
    return f"{what}: {of_gold}" + (f" ({basis})" if basis else "")


def _bound(dot: Atoms, names: Sequence[str], bindings: Sequence[Binding | None]) -> Atoms:
    """Return the dot without the hydrogens that leave as gold binds, with what its contacts then share with gold."""
    leaving = {binding.hydrogen for binding in bindings if binding and binding.hydrogen is not None}
    bound = without_atoms(dot, leaving)[0]
    for name, binding in zip(names, bindings, strict=True):
        is_covalent = binding is not None and binding.anchor.loses_hydrogen
        bound.info["contacts"][name] = bound.info["contacts"][name] | {"covalent": is_covalent}
    return bound


@dataclass(frozen=True, eq=False)
class _Turns:
    """A tip on its contact atom at every angle, with the room that each leaves to the dot.

    Attributes
    ----------
    tips : list of Atoms
        The tip at each angle.
    moved : array
        Indices of the atoms that a rotation moves: all but an apex on the axis.
    room : list of float
        Smallest distance (Ang) between these and the dot in excess of the sum of the covalent radii. The bonds to the
        contact atom, the same at all angles, are left out.
    """

    tips: list[Atoms]
    moved: NDArray[np.int64]
    room: list[float]


def _turns(dot: Atoms, site: Contact, tip: Tip, distance_ang: float) -> _Turns:
    """Return a tip at all angles about the direction of its contact."""
    shape = tip_shape(tip.points, tip.shape.gold_site)
    tilt = tip.shape.tilt_deg
    on_axis = shape.radius_ang == 0 and not tilt
    height = _height(shape, distance_ang)
    moved = (
        np.setdiff1d(np.arange(len(shape.positions)), shape.bound)
        if on_axis
        else np.arange(len(shape.positions))
    )
    excess = covalent_radii[79] + covalent_radii[dot.numbers]
    tips, room = [], []
    for angle in range(0, 120 if shape.is_threefold and not tilt else 360, _STEP_DEG):
        gold, axis = oriented(shape, site.direction, angle, tilt)
        gold.positions += apex_position(dot.positions[site.atom], axis, height)
        gaps = cdist(gold.positions, dot.positions) - excess
        gaps[shape.bound, site.atom] = np.inf
        tips.append(gold)
        room.append(float(gaps[moved].min(initial=np.inf)))
    return _Turns(tips, moved, room)


def _height(shape: TipShape, distance_ang: float) -> float:
    """Return the height of a contact atom above its site on the gold (Ang)."""
    return math.sqrt(distance_ang**2 - shape.radius_ang**2) if shape.radius_ang else distance_ang


def _on_surfaces(
    dot: Atoms,
    sites: list[Contact],
    tips: tuple[Tip, Tip],
    distances_ang: list[float],
    electrodes: ElectrodeSettings,
) -> Placed:
    """Return the dot between its tips on surfaces."""
    assert electrodes.surface
    lattice_ang = electrodes.surface.lattice_constant_ang
    shapes = [tip_shape(tip.points, tip.shape.gold_site, lattice_ang) for tip in tips]
    left, right = (_height(shape, far) for shape, far in zip(shapes, distances_ang, strict=True))
    return place_on_surfaces(dot, (sites[0], sites[1]), tips, (left, right), electrodes.surface)


def _rotated_tips(sides: Sequence[_Turns]) -> tuple[Atoms, Atoms]:
    """Return both tips at the angles with the most room around the gold; the first of equal pairs.

    Room is the distance to an atom of the dot or of the other tip in excess of the sum of the covalent radii.
    """
    left, right = sides
    room = np.empty((len(left.tips), len(right.tips)))
    for i, j in np.ndindex(room.shape):
        pair = left.tips[i].positions[left.moved], right.tips[j].positions[right.moved]
        behind = cdist(*pair).min(initial=np.inf) - 2 * covalent_radii[79]
        room[i, j] = min(left.room[i], right.room[j], behind)
    best = np.unravel_index(int(np.argmax(np.round(room, 6))), room.shape)
    return left.tips[int(best[0])], right.tips[int(best[1])]


def _overlap(atoms: Atoms, sites: list[Contact]) -> str:
    """Return the worst pair of atoms that overlap, or of gold and an atom other than its contact that it touches."""
    radii = covalent_radii[atoms.numbers]
    reach = TOUCH_FRACTION * 2 * radii.max()
    # The dot comes before the tips, so of a pair of dot and gold the gold is the second.
    first, second = cKDTree(atoms.positions).query_pairs(reach, output_type="ndarray").T
    distance = np.linalg.norm(atoms.positions[first] - atoms.positions[second], axis=1)
    relative = distance / (radii[first] + radii[second])
    side = _sides(atoms.get_tags())
    own_contact = np.array([-1, *(site.atom for site in sites)])[side]
    stray = (side[second] > 0) & (first != own_contact[second])
    of_dot = side[first] == 0
    wrong = np.flatnonzero(of_dot & ((relative < OVERLAP_FRACTION) | stray & (relative < TOUCH_FRACTION)))
    if not len(wrong):
        return ""
    worst = wrong[np.argmin(relative[wrong])]
    i, j = int(first[worst]), int(second[worst])
    close = f"{i} ({atoms[i].symbol}) and {j} ({atoms[j].symbol}) are {distance[worst]:.2f} Ang apart"
    if side[j] > 0:
        return f"Gold of the tip at contact '{sites[side[j] - 1].name}' overlaps the structure: atoms {close}"
    return f"Atoms {close}, which is too close"
