"""The part of a device that an electrode replaces: its place among the atoms, and whether its matrices fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import TransportError
from qdjunction.transport.axis import NAMES, normal
from qdjunction.transport.device import Cell, Device
from qdjunction.transport.leads.electrode import Electrode, Side, full_cell
from qdjunction.transport.matching import DIFFERENT_H, difference_of_h, match_atoms

SAME_VECTOR_ANG = 0.02
"""Largest difference (Ang) of the lattice vectors across the transport direction in device and electrode."""

OTHER_ZERO_EV = 1.0
"""Difference (eV) between the levels of a lead region and those of its electrode from which the two files have
different zeros of energy; at a gold surface it is a few 0.1 eV."""


@dataclass(frozen=True, eq=False)
class Region:
    """Device orbitals that an electrode replaces.

    Attributes
    ----------
    orbitals : (N,) array of int
        In the electrode's order.
    phases : (N,) array
        Factor of each orbital's Bloch sum in the electrode over that in the device.
    end : {"left", "right"}
        Whether the electrode extends against or along its lattice vector.
    """

    orbitals: NDArray[np.int64]
    phases: NDArray[np.complex128] | NDArray[np.float64]
    end: Side


def place(device: Device, electrode: Electrode, region: NDArray[np.int64], side: Side) -> Region:
    """Find the electrode's atoms among those of a lead region."""
    if region.shape != (electrode.n_orbitals,):
        raise TransportError(
            f"{side} electrode: {region.size} device orbitals for an electrode of {electrode.n_orbitals}; "
            "name exactly the atoms of one electrode cell"
        )
    if device.cell is None or electrode.geometry is None:
        return Region(region, np.ones(len(region)), side)
    cell, geometry = device.cell, electrode.geometry
    _check_lattice(cell, electrode, side)
    atoms = np.unique(device.orbital_atoms[region])
    places, sizes = cell.geometry.xyz, cell.sizes
    own = np.asarray(geometry.orbitals, dtype=np.int64)
    if sizes[atoms].sum() != len(region) or len(atoms) != geometry.na:
        raise TransportError(
            f"{side} electrode: its region of {len(atoms)} atoms does not hold the electrode's {geometry.na} atoms "
            "with all of their orbitals; name exactly the atoms of one electrode cell"
        )
    match, missing = match_atoms(
        geometry.xyz, own, places[atoms], sizes[atoms], cell.geometry.cell, cell.across
    )
    if match is None:
        raise TransportError(
            f"{side} electrode: atom {atoms[missing]} of the device has no partner in the electrode's cell; the layers "
            "are stacked differently (a twin), the lattice constants differ, or other atoms belong to the region"
        )
    rest = np.setdiff1d(device.orbital_atoms, atoms)
    across = normal(geometry.cell, electrode.axis)
    outward = (places[atoms].mean(axis=0) - places[rest].mean(axis=0)) @ across if rest.size else 0.0
    order = atoms[match.order]
    phases = np.repeat(match.phases(np.asarray(cell.k)), sizes[order])
    return Region(
        device.orbitals_in_order(order),
        phases if phases.imag.any() else phases.real,
        "right" if outward > 0 else "left",
    )


def _check_lattice(cell: Cell, electrode: Electrode, side: str) -> None:
    """Compare the lattice vectors across the transport direction, where either cell is periodic along them."""
    assert electrode.geometry is not None
    if cell.open_axis != electrode.axis:
        raise TransportError(
            f"{side} electrode: is semi-infinite along lattice vector {NAMES[electrode.axis]}, the device's leads lie "
            f"along {NAMES[cell.open_axis]}; build both along the same one"
        )
    for vector in np.flatnonzero(cell.across):
        if max(cell.geometry.nsc[vector], electrode.geometry.nsc[vector]) == 1:
            continue
        ours, theirs = cell.geometry.cell[vector], electrode.geometry.cell[vector]
        if np.linalg.norm(ours - theirs) > SAME_VECTOR_ANG:
            raise TransportError(
                f"{side} electrode: its lattice vector {NAMES[vector]} is {np.round(theirs, 3)} Ang, the device's "
                f"{np.round(ours, 3)} Ang; across the transport direction both must be the same"
            )


def _largest(matrix: NDArray[Any]) -> float:
    return float(np.abs(matrix).max(initial=0.0))


def check_fit(device: Device, electrode: Electrode, region: Region, side: str) -> tuple[float, float]:
    """Compare S, H and the coupling to the device; return what `alignment_ev` does."""
    orbitals, phases = region.orbitals, region.phases

    def of_device(name: str) -> NDArray[Any]:
        block = device.block(name, orbitals)
        return phases.conj()[:, None] * block * phases if np.any(phases != 1) else block

    S = full_cell(electrode, "S00")
    mismatch = _largest(of_device("S") - S)
    if mismatch > 1e-3:
        raise TransportError(
            f"{side} electrode: the overlap differs from the device's by {mismatch:.1e}; the atoms are in another "
            "order, the layers are stacked differently (a twin), or the lattice constants differ"
        )
    shift, spread = alignment_ev(device, electrode, orbitals)
    if abs(shift) > OTHER_ZERO_EV:
        raise TransportError(
            f"{side} electrode: its levels lie {abs(shift):.2f} eV {'below' if shift > 0 else 'above'} the device's on "
            "the same orbitals, so that the two files have different zeros of energy; give the Fermi energies with "
            "--electrode-fermi and --fermi, where the files do not state them"
        )
    H00, H01 = full_cell(electrode, "H00"), full_cell(electrode, "H01")
    different = difference_of_h(of_device("H"), H00, S, H01)
    if different > DIFFERENT_H:
        elements = np.abs(of_device("H") - H00 - shift * S)
        atom = device.orbital_atoms[orbitals[np.unravel_index(elements.argmax(), elements.shape)[0]]]
        raise TransportError(
            f"{side} electrode: H differs from the device's by {100 * different:.0f} %, most at atom {atom}, with the "
            "zeros of energy aligned; the atoms are in another order, or the electrode is of another metal or another "
            "calculation"
        )
    middle = np.setdiff1d(np.arange(device.n_orbitals), orbitals)
    reach = np.linalg.norm(device.block("H", orbitals, middle), axis=1)
    # Couplings at the face towards the device; on the left that is the one towards the next layer.
    inwards, outwards = (
        np.linalg.norm(H01, axis=axis) for axis in ((1, 0) if region.end == "left" else (0, 1))
    )
    right_way, wrong_way = (_similarity(reach, face) for face in (inwards, outwards))
    if wrong_way > right_way + 0.2:
        raise TransportError(
            f"{side} electrode: its atoms couple to the device with the face that points away from it; left and right "
            "lead atoms are swapped, or the electrode's cell repeats in the opposite direction"
        )
    return shift, spread


def _similarity(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Cosine between two vectors; 0 if one of them is zero."""
    norm = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / norm) if norm else 0.0


def alignment_ev(device: Device, electrode: Electrode, orbitals: ArrayLike) -> tuple[float, float]:
    """Return the difference between the energy zeros of electrode and device, from the orbitals that both have.

    Parameters
    ----------
    device, electrode, orbitals
        As for `attach_electrodes`.

    Returns
    -------
    shift_ev : float
        Mean of H_ii / S_ii in the device minus that in the electrode (eV).
    spread_ev : float
        Root mean square of the differences that remain after that shift (eV).
    """
    region = np.asarray(orbitals)
    H, S = (full_cell(electrode, name).diagonal().real for name in ("H00", "S00"))
    difference = device.H.diagonal()[region].real / device.S.diagonal()[region].real - H / S
    shift = float(difference.mean())
    return shift, float(np.sqrt(np.mean((difference - shift) ** 2)))
