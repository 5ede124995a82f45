"""Junctions whose tips are turned and shifted at random."""

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from scipy.spatial.transform import Rotation

from qdjunction.core.errors import StructureError
from qdjunction.structure.connectivity import BOND_FRACTION, OVERLAP_FRACTION
from qdjunction.structure.contacts import contact
from qdjunction.structure.junction import SIDES, apex_atoms, find_clash, tip_atoms
from qdjunction.structure.tip_settings import TipSpread

DRAWS = 200
"""Number of draws after which tips that never fit are an error."""


def spread_tips(junction: Atoms, spread: TipSpread, seed: int) -> Atoms:
    """Return a junction with both tips turned about their axes and shifted along them at random.

    The axis of a tip goes from its contact atom to the middle of the gold atoms that bind it. Tips that clash
    (`find_clash`) or whose distance from the contact atom is no bond are drawn again, so that members are drawn from
    the tips that fit.

    Parameters
    ----------
    junction : ase.Atoms
        From `build_junction`.
    spread : TipSpread
        How turns and shifts are distributed.
    seed : int
        Random seed. A tip draws by the name of its contact: the junctions of a series share the draw of the left tip
        and have independent right ones, as far as no draw is repeated.

    Returns
    -------
    ase.Atoms
        With ``info["tip_spread"]``: ``turn_deg``, ``shift_ang`` (left, right) and the number of ``draws``.

    Raises
    ------
    StructureError
        If a tip as built is no bond away from its contact atom, or none fit within `DRAWS` draws.
    """
    names = [str(junction.info[side]) for side in SIDES]
    if not _are_bonded(junction):
        raise StructureError(
            f"The gold at contact '{names[0]}' or '{names[1]}' is no bond away from its contact atom as built, so that "
            "there is no bond to vary; change electrodes.apex_distance_ang, or leave ensemble.tips out."
        )
    rngs = [np.random.default_rng([seed, *name.encode()]) for name in names]
    for draw in range(1, DRAWS + 1):
        turns = [float(rng.uniform(-spread.turn_deg, spread.turn_deg)) for rng in rngs]
        shifts = [_shift(spread, rng) for rng in rngs]
        atoms = move_tips(junction, turns, shifts)
        if _are_bonded(atoms) and not find_clash(atoms):
            atoms.info["tip_spread"] = {"turn_deg": turns, "shift_ang": shifts, "draws": draw}
            return atoms
    raise StructureError(
        f"No tips at contacts '{junction.info['left']}' and '{junction.info['right']}' fit within {DRAWS} draws of "
        "turn and distance; lower turn_deg or distance_spread_ang of ensemble.tips."
    )


def move_tips(junction: Atoms, turns_deg: list[float], shifts_ang: list[float]) -> Atoms:
    """Return a junction with its left and right tip turned (degrees) and shifted outwards (Ang)."""
    atoms: Atoms = junction.copy()
    sides = zip(SIDES, tip_atoms(junction), apex_atoms(junction), turns_deg, shifts_ang, strict=True)
    for side, gold, bound, turn, shift in sides:
        origin = junction.positions[contact(junction, junction.info[side]).atom]
        axis = junction.positions[bound].mean(axis=0) - origin
        axis /= np.linalg.norm(axis)
        turned = Rotation.from_rotvec(turn * axis, degrees=True).apply(junction.positions[gold] - origin)
        atoms.positions[gold] = origin + turned + shift * axis
    return atoms


def _shift(spread: TipSpread, rng: np.random.Generator) -> float:
    """Return a shift along the axis of a tip (Ang)."""
    width = spread.distance_spread_ang
    return float(rng.normal(0, width) if spread.distribution == "normal" else rng.uniform(-width, width))


def _are_bonded(atoms: Atoms) -> bool:
    """Return whether both contact atoms are within the length of a bond from their gold."""
    for side, bound in zip(SIDES, apex_atoms(atoms), strict=True):
        atom = contact(atoms, atoms.info[side]).atom
        radii = covalent_radii[atoms.numbers[atom]] + covalent_radii[79]
        relative = atoms.get_distances(atom, bound).min() / radii
        if not OVERLAP_FRACTION <= relative <= BOND_FRACTION:
            return False
    return True
