"""Room for the tips: the gold that ligands keep off, at the contacts of the dot that they bind to."""

from __future__ import annotations

from collections.abc import Container

from ase import Atoms

from qdjunction.structure.anchors import ANCHORS, apex_position, recognise
from qdjunction.structure.contacts import contact
from qdjunction.structure.tips.fcc import oriented, tip_shape
from qdjunction.structure.tips.pyramid import Pyramid

LAYERS = 3
"""Layers of the pyramids, as many as tips have by default."""

TURNS_DEG = (0.0, 30.0, 60.0, 90.0)
"""Angles of the pyramids about their axes. A pyramid has threefold symmetry, and a junction takes any angle, so that
together they fill a cone."""


def tips_at_contacts(dot: Atoms, without: Container[int] = ()) -> Atoms:
    """Return the gold of the tips that may stand on the contacts of a dot.

    Each is a (111) pyramid in the direction and at the distance of its contact, at all angles of `TURNS_DEG`.

    Parameters
    ----------
    dot : ase.Atoms
        A dot; without contacts there is no gold.
    without : collection of int
        Atoms whose contacts get no tip, since a ligand stands there.

    Returns
    -------
    ase.Atoms
        Gold atoms only. A contact at an atom that is no anchor, whose distance from gold is given later, has none.

    See Also
    --------
    qdjunction.structure.junction.build_junction : Attaches the tips that are computed.
    """
    shape = tip_shape(Pyramid().points(LAYERS))
    gold = Atoms()
    for name in dot.info.get("contacts", {}):
        site = contact(dot, name)
        binding = None if site.atom in without else recognise(dot, site.atom, site.anchor or ANCHORS)
        if binding is None:
            continue
        apex = apex_position(dot.positions[site.atom], site.direction, binding.anchor.apex_distance_ang)
        for turn in TURNS_DEG:
            tip, _ = oriented(shape, site.direction, turn)
            tip.positions += apex
            gold += tip
    return gold
