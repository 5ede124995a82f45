"""One gold tip at several distances from its contact, all other atoms held."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms

from qdjunction.core.errors import InputError
from qdjunction.structure.binding_settings import radical
from qdjunction.structure.contacts import contact
from qdjunction.structure.junction import apex_atoms, covalent_contacts, dot_atoms, tip_atoms


def approach(junction: Atoms, distances_ang: Sequence[float]) -> tuple[Atoms, Atoms, list[Atoms]]:
    """Return the dot, the left tip, and the dot with the left tip at several distances.

    The right tip is left out. The left one is moved along the outward direction of its contact.

    Parameters
    ----------
    junction : ase.Atoms
        From `build_junction`, with a tip whose apex is a single atom.
    distances_ang : sequence of float
        Distances of the apex from the contact atom (Ang).

    Returns
    -------
    dot, tip : ase.Atoms
        The two parts.
    together : list of ase.Atoms
        One for each distance.

    Raises
    ------
    InputError
        If the contact binds several gold atoms, which have no one distance, or if a contact has lost its hydrogen, so
        that the dot without tips is no closed shell.
    """
    if lost := [site.name for site in covalent_contacts(junction)]:
        raise InputError(radical(lost))
    site = contact(junction, junction.info["left"])
    apex = apex_atoms(junction)[0]
    if len(apex) > 1:
        raise InputError(
            f"the contact {site.name} binds {len(apex)} gold atoms; a binding curve needs a tip with one at its apex"
        )
    dot, tip = junction[dot_atoms(junction)], junction[tip_atoms(junction)[0]]
    bond = junction.positions[apex[0]] - junction.positions[site.atom]
    length = float(np.linalg.norm(bond))
    together = []
    for distance in distances_ang:
        moved = tip.copy()
        moved.positions += (distance - length) * bond / length
        together.append(dot + moved)
    return dot, tip, together
