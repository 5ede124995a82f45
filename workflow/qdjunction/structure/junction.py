"""Junctions: a dot between two gold tips."""

from itertools import product

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from qdjunction.core.errors import InputError, StructureError
from qdjunction.structure.anchors import ANCHORS, Binding, apex_position, recognise, require_anchor
from qdjunction.structure.connectivity import OVERLAP_FRACTION
from qdjunction.structure.contacts import Contact, contact, contact_distance
from qdjunction.structure.electrodes import GOLD_LATTICE_CONSTANT_ANG, gold_pyramid
from qdjunction.structure.integrity import check_contact

MIN_TIP_DISTANCE_ANG = GOLD_LATTICE_CONSTANT_ANG
"""Smallest distance (Ang) between two tips: that of second neighbours in gold, the nearest without a bond."""

TOUCH_FRACTION = 1.1
"""Gold touches an atom of the dot other than its contact below this multiple of the sum of their covalent radii."""

_ANGLES_DEG = range(0, 120, 5)


def build_junction(
    dot: Atoms,
    left: str,
    right: str,
    layers: int = 3,
    lead_layers: int = 1,
    apex_distance_ang: float | None = None,
) -> Atoms:
    """Build the junction of a dot between two gold tips.

    Each tip is placed on its contact atom along the contact's outward direction as built, also on a relaxed dot: the
    tips of a series then keep their orientation while octahedra tilt, and differ only in the site. Each tip is rotated
    about its axis, in steps of 5 degrees, to the angle that leaves the most room around the gold behind the apex. A
    hydrogen that an anchor loses as it binds, such as that of a thiol, is removed.

    Parameters
    ----------
    dot : ase.Atoms
        A dot with contacts, relaxed or not, and no gold.
    left, right : str
        Names of the contacts.
    layers : int
        Layers of each pyramid: 3 have 10 atoms, 5 have 35.
    lead_layers : int
        Outermost layers that form the lead region.
    apex_distance_ang : float, optional
        Distance from the apex to the contact atom (Ang); by default that of the contact's anchor.

    Returns
    -------
    ase.Atoms
        Dot, left tip, right tip, with the dot's info and ``left``, ``right``, ``lead_layers``,
        ``contact_distance_ang``. Tags: 0 the dot; 10, 11, ... the left tip from apex to base; 20, 21, ... the
        right one (100s and 200s for more than ten layers).

    Raises
    ------
    InputError
        If a number is out of range or the two contacts are the same.
    StructureError
        If a contact is missing or lost (`check_contact`), its atom is no anchor and no distance is given,
        the junction has an odd number of electrons because one hydrogen leaves, the tips come closer than
        `MIN_TIP_DISTANCE_ANG`, gold touches an atom other than its contact, or atoms overlap.
    """
    if left == right:
        raise InputError(f"Left and right contact are both '{left}'; a junction needs two.")
    if layers < 1:
        raise InputError(f"layers is {layers}; a gold pyramid needs at least one layer.")
    if not 1 <= lead_layers <= layers:
        raise InputError(
            f"lead_layers is {lead_layers}; it must lie between 1 and layers, which is {layers}."
        )
    if apex_distance_ang is not None and not apex_distance_ang > 0:
        raise InputError(f"apex_distance_ang is {apex_distance_ang:g}; a distance must be positive.")
    if np.any(dot.get_tags() != 0):
        raise InputError(
            "The structure has gold tips already (tags other than 0); give the dot without tips."
        )

    for name in (left, right):
        check_contact(dot, name)
    bindings = [_binding(dot, contact(dot, name), apex_distance_ang) for name in (left, right)]
    atoms = _bound(dot, (left, right), bindings)
    sites = [contact(atoms, name) for name in (left, right)]
    apices = [
        apex_position(atoms.positions[site.atom], site.direction, apex_distance_ang or _distance(binding))
        for site, binding in zip(sites, bindings, strict=True)
    ]
    tips = _rotated_tips(atoms, sites, apices, layers)

    atoms.pbc = False
    step = 10 if layers <= 10 else 100
    for side, tip in enumerate(tips, start=1):
        tip.set_tags(side * step + tip.get_tags())
        atoms += tip
    atoms.info |= {
        "left": left,
        "right": right,
        "lead_layers": lead_layers,
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

    These are the outermost ``info["lead_layers"]`` layers of each tip, or one layer without that entry.

    Raises
    ------
    StructureError
        If the tags are not those of a junction.
    """
    tags = atoms.get_tags()
    sides = _sides(tags)
    lead_layers = int(atoms.info.get("lead_layers", 1))
    leads = []
    for side, name in enumerate(("left", "right"), start=1):
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
    if not {"left", "right", "contacts"} <= atoms.info.keys():
        return electrons
    dot = atoms[dot_atoms(atoms)]  # comes before the tips, so that its atoms keep their indices
    for name in (atoms.info["left"], atoms.info["right"]):
        site = contact(atoms, name)
        binding = recognise(dot, site.atom, site.anchor or ANCHORS)
        if binding and binding.anchor.loses_hydrogen and binding.hydrogen is None:
            electrons[site.atom] += 1
    return electrons


def find_clash(atoms: Atoms) -> str:
    """Return which atoms of a junction are too close, in a sentence without its full stop; empty if none are.

    The tips must stay `MIN_TIP_DISTANCE_ANG` apart, gold must touch no atom of the dot but its contact
    (`TOUCH_FRACTION`), and no two atoms may overlap (`OVERLAP_FRACTION`).
    """
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


def _binding(dot: Atoms, site: Contact, distance_ang: float | None) -> Binding | None:
    """Return how a contact binds; None for an atom that is no anchor, to which the distance is given."""
    known = site.anchor or ANCHORS
    if distance_ang is not None:
        return recognise(dot, site.atom, known)
    return require_anchor(dot, site.atom, f"Contact '{site.name}'", known=known)


def _distance(binding: Binding | None) -> float:
    assert binding  # `_binding` refuses an atom without one
    return binding.anchor.apex_distance_ang


def _bound(dot: Atoms, names: tuple[str, str], bindings: list[Binding | None]) -> Atoms:
    """Return the dot without the hydrogens that leave as gold binds; contacts keep their atoms."""
    atoms: Atoms = dot.copy()
    leaving = {
        binding.hydrogen: name
        for name, binding in zip(names, bindings, strict=True)
        if binding and binding.hydrogen is not None
    }
    if not leaving:
        return atoms
    kept = np.delete(np.arange(len(dot)), list(leaving))
    atoms = atoms[kept]
    if len(leaving) == 1 and atoms.numbers.sum() % 2:
        (name,) = leaving.values()
        raise StructureError(
            f"The hydrogen of contact '{name}' leaves as gold binds, that of the other contact does not, and "
            f"{atoms.get_chemical_formula('hill')} has an odd number of electrons (a radical), while engines compute "
            "closed shells; choose contacts that both lose a hydrogen or both keep theirs, or change the molecule by "
            "one hydrogen atom."
        )
    moved = {int(old): new for new, old in enumerate(kept)}
    atoms.info = dot.info | {
        "contacts": {
            name: entry | {"atom": moved[entry["atom"]]}
            for name, entry in dot.info["contacts"].items()
            if entry["atom"] in moved
        }
    }
    return atoms


def _rotated_tips(
    dot: Atoms, sites: list[Contact], apices: list[NDArray[np.float64]], layers: int
) -> tuple[Atoms, Atoms]:
    """Return both tips at the angles with the most room around the gold behind the apices; the first of equal pairs.

    Room is the distance to an atom of the dot or of the other tip in excess of the sum of the covalent radii. The apex
    lies on the axis, where no rotation moves it, and is left out.
    """
    radii = covalent_radii[dot.numbers]
    gold = covalent_radii[79]
    tips: list[list[Atoms]] = []
    to_dot: list[list[float]] = []
    for site, apex in zip(sites, apices, strict=True):
        rotated = [gold_pyramid(layers, site.direction, angle) for angle in _ANGLES_DEG]
        for tip in rotated:
            tip.positions += apex
        tips.append(rotated)
        to_dot.append(
            [(cdist(tip.positions[1:], dot.positions) - gold - radii).min(initial=np.inf) for tip in rotated]
        )
    room = np.empty((len(_ANGLES_DEG), len(_ANGLES_DEG)))
    for i, j in product(range(len(_ANGLES_DEG)), repeat=2):
        behind = cdist(tips[0][i].positions[1:], tips[1][j].positions[1:]).min(initial=np.inf) - 2 * gold
        room[i, j] = min(to_dot[0][i], to_dot[1][j], behind)
    best = np.unravel_index(int(np.argmax(np.round(room, 6))), room.shape)
    return tips[0][int(best[0])], tips[1][int(best[1])]


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
