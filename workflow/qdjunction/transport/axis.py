"""The transport axis: the lattice vector along which the two leads lie."""

from __future__ import annotations

import logging
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError

if TYPE_CHECKING:
    import sisl

logger = logging.getLogger(__name__)

NAMES = "abc"
"""The three lattice vectors."""

COUPLED_EV = 1e-6
"""Smallest element of H (eV) that counts as a coupling between two lead regions."""

CUT_EV = 1e-3
"""Smallest element of H (eV) that counts as a coupling cut at the end of the cell."""


def parse_axis(text: str) -> int:
    """Return the index of a lattice vector written as ``a``, ``b`` or ``c``.

    Raises
    ------
    InputError
        If the text has another form.
    """
    if text not in tuple(NAMES):
        raise InputError(
            f"--axis = {text!r}: is not a lattice vector; write a, b or c, the one along which the leads lie"
        )
    return NAMES.index(text)


def normal(cell: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Return the unit normal of the plane of the other two lattice vectors, on the side of `axis`."""
    across = np.linalg.inv(cell)[:, axis]
    return across / np.linalg.norm(across)


def transport_axis(
    hamiltonian: sisl.Hamiltonian,
    left_atoms: ArrayLike,
    right_atoms: ArrayLike,
    given: int | None = None,
) -> int:
    """Return the lattice vector along which the leads lie: the given one after a check, or the one found.

    The transport axis is the lattice vector along which the lead regions are farthest apart, measured normal to the
    plane of the other two vectors, among those that separate the regions: with the images along the axis dropped, no
    image along the other vectors may couple the right region to the left one.

    Parameters
    ----------
    hamiltonian : sisl.Hamiltonian
        H and S with their periodic images.
    left_atoms, right_atoms : array of int
        Atoms of the lead regions.
    given : int, optional
        Axis named by the user: 0, 1 or 2.

    Returns
    -------
    int
        0, 1 or 2.

    Raises
    ------
    InputError
        If the regions couple through periodic images that are kept, two vectors fit equally well, a lead atom is not
        in the file, or the end of the cell along the axis cuts a lead region or the device instead of the crystal
        behind the leads.
    """
    geometry = hamiltonian.geometry
    regions = [np.unique(np.asarray(atoms, dtype=np.int64)) for atoms in (left_atoms, right_atoms)]
    for side, atoms in zip(("left", "right"), regions, strict=True):
        if not atoms.size or atoms[0] < 0 or atoms[-1] >= geometry.na:
            named = f"{atoms[0]} to {atoms[-1]}" if atoms.size else "none"
            raise InputError(f"{side} lead atoms: {named}; the file has atoms 0 to {geometry.na - 1}")
    through = _couplings(hamiltonian, *regions)
    if given is not None:
        if (image := through[given]) is not None:
            raise InputError(_through_images(given, *image))
        _check_ends(hamiltonian, regions, given)
        return given
    left, right = (geometry.xyz[atoms].mean(axis=0) for atoms in regions)
    apart = np.array([abs((right - left) @ normal(geometry.cell, axis)) for axis in range(3)])
    fitting = [axis for axis in range(3) if through[axis] is None]
    farthest = int(np.argmax(apart))
    if not fitting and (image := through[farthest]) is not None:
        raise InputError(_through_images(farthest, *image))
    best, *others = sorted(fitting, key=lambda axis: -apart[axis])
    periodic = hamiltonian.nsc > 1
    rival = next((axis for axis in others if apart[axis] > 0.9 * apart[best]), None)
    # Without images along either of the two vectors the result does not depend on the choice.
    if rival is not None and (periodic[best] or periodic[rival]):
        raise InputError(
            f"transport axis: the leads are {apart[best]:.1f} Ang apart along lattice vector {NAMES[best]} and "
            f"{apart[rival]:.1f} Ang along {NAMES[rival]}; name the one along which they lie with --axis"
        )
    _check_ends(hamiltonian, regions, best)
    if periodic.any():
        kept = "".join(compress(NAMES, periodic & (np.arange(3) != best))) or "none"
        logger.info("transport along lattice vector %s; periodic across it: %s", NAMES[best], kept)
    return best


def _couplings(
    hamiltonian: sisl.Hamiltonian, left: NDArray[np.int64], right: NDArray[np.int64]
) -> list[tuple[NDArray[np.int64], float] | None]:
    """Return for each axis the image that couples the regions more than the cell itself does, and that coupling."""
    geometry = hamiltonian.geometry
    offsets = geometry.lattice.sc_off
    reach = _reach(hamiltonian, left, right)
    direct = reach[np.flatnonzero(~offsets.any(axis=1))[0]]
    found: list[tuple[NDArray[np.int64], float] | None] = []
    for axis in range(3):
        kept = np.where(offsets.any(axis=1) & (offsets[:, axis] == 0), reach, 0.0)
        worst = int(np.argmax(kept))
        found.append((offsets[worst], float(kept[worst])) if kept[worst] > max(COUPLED_EV, direct) else None)
    return found


def _reach(
    hamiltonian: sisl.Hamiltonian, atoms: NDArray[np.int64], others: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the largest element of H (eV) between atoms and each image of others, (n_images,)."""
    geometry = hamiltonian.geometry
    if not atoms.size or not others.size:
        return np.zeros(geometry.n_s)
    rows, columns = (geometry.a2o(one, all=True) for one in (atoms, others))
    # One matrix for each spin of a collinear H, and the parts of a 2 x 2 matrix for spinors.
    stored = hamiltonian.shape[2] if hamiltonian.orthogonal else hamiltonian.S_idx
    parts = [hamiltonian.tocsr(index)[rows] for index in range(stored)]
    return np.array(
        [max(abs(part[:, i * geometry.no + columns]).max() for part in parts) for i in range(geometry.n_s)]
    )


def _check_ends(hamiltonian: sisl.Hamiltonian, regions: list[NDArray[np.int64]], axis: int) -> None:
    """Refuse a cell that ends, along the axis, within a lead region or between the atoms of the device.

    Couplings through that end are dropped. Behind the leads they join two electrodes, which is harmless; elsewhere they
    are bonds of the junction itself, as in a cell into which its atoms were wrapped.
    """
    geometry = hamiltonian.geometry
    dropped = geometry.lattice.sc_off[:, axis] != 0
    if not dropped.any():
        return
    where = f"through the periodic image along {NAMES[axis]}, which is cut"
    remedy = (
        "move all atoms along it until the leads are at the two ends of the cell, and compute H and S again"
    )
    for side, atoms in zip(("left", "right"), regions, strict=True):
        if (cut := _reach(hamiltonian, atoms, atoms)[dropped].max()) > CUT_EV:
            raise InputError(
                f"transport axis {NAMES[axis]}: atoms of the {side} lead region couple to one another with "
                f"{1000 * cut:.3g} meV {where}; {remedy}"
            )
    heights = geometry.xyz @ normal(geometry.cell, axis)
    low, high = sorted(heights[atoms].mean() for atoms in regions)
    rest = np.setdiff1d(np.arange(geometry.na), np.concatenate(regions))
    beyond = rest[(heights[rest] < low) | (heights[rest] > high)]
    cut = _reach(hamiltonian, beyond, np.arange(geometry.na))[dropped].max()
    if 2 * beyond.size > rest.size and cut > CUT_EV:
        raise InputError(
            f"transport axis {NAMES[axis]}: {beyond.size} of the {rest.size} atoms that belong to no lead lie beyond "
            f"the leads, not between them, and couple with {1000 * cut:.3g} meV {where}; {remedy}, or name "
            "other lead atoms"
        )


def _through_images(axis: int, offset: NDArray[np.int64], coupling_ev: float) -> str:
    along = " and ".join(compress(NAMES, offset != 0))
    return (
        f"transport axis {NAMES[axis]}: the left lead region couples to the right one through the periodic image along "
        f"{along}, with {1000 * coupling_ev:.3g} meV; name the axis along which the leads lie with --axis, or make "
        "the cell wider"
    )
