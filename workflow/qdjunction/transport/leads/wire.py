"""Semi-infinite wires: the device's own end, gone on for ever."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError, TransportError
from qdjunction.transport.device import Device
from qdjunction.transport.leads.surface import surface_green

ETA_EV = 1e-6
"""Default imaginary part of the energy inside a wire (eV)."""

DIFFERENT_OVERLAP = 1e-3
"""Largest difference of the two cells' overlaps that still counts as the same geometry."""


class WireLead:
    """A wire of finite cross-section that repeats the outermost cell of the device.

    The lead region holds two like cells, orbital for orbital in the same order. The outer cell and its
    coupling to the inner one are repeated outwards; the self-energy acts on the outer cell.

    Parameters
    ----------
    device : Device
        The device, both cells included.
    outer, inner : array of int
        Atoms of the outermost cell and of the one next to it.
    eta_ev : float
        Imaginary part of the energy inside the wire (eV).

    Attributes
    ----------
    mismatch_ev : float
        Largest difference of H (eV) between the two cells: how far the wire is from being a wire.

    Raises
    ------
    InputError
        If the cells differ in size or overlap one another, or eta is not positive.
    TransportError
        If the two cells are not alike, not coupled, or the outer one reaches over the inner one.
    """

    def __init__(self, device: Device, outer: ArrayLike, inner: ArrayLike, eta_ev: float = ETA_EV) -> None:
        if not eta_ev > 0:
            raise InputError(f"wire lead: eta is {eta_ev} eV; it must be larger than 0")
        cells = [device.orbitals_of(atoms) for atoms in (outer, inner)]
        if len(cells[0]) != len(cells[1]):
            raise InputError(
                f"wire lead: its outer cell has {len(cells[0])} orbitals, the inner one "
                f"{len(cells[1])}; a wire repeats one cell"
            )
        if np.intersect1d(*cells).size:
            raise InputError("wire lead: its outer and inner cell share atoms")
        self.orbitals: NDArray[np.int64] = cells[0]
        self.eta_ev = float(eta_ev)
        self._H00, self._S00 = (device.block(name, cells[0]) for name in ("H", "S"))
        self._H01, self._S01 = (device.block(name, *cells) for name in ("H", "S"))
        different = np.abs(self._S00 - device.block("S", cells[1])).max()
        if different > DIFFERENT_OVERLAP:
            raise TransportError(
                f"wire lead: the overlaps of its two cells differ by {different:.1e}; name two like "
                "cells, in the same order"
            )
        if not np.any(self._H01):
            raise TransportError("wire lead: its two cells are not coupled; name neighbouring ones")
        others = np.setdiff1d(np.arange(device.n_orbitals), np.concatenate(cells))
        reach = float(np.abs(device.block("H", cells[0], others)).max(initial=0.0))
        if reach > 0.1:
            raise TransportError(
                f"wire lead: the outer cell couples over the inner one with {1000 * reach:.0f} meV; "
                "take longer cells, or "
                "swap outer and inner"
            )
        self.mismatch_ev = float(np.abs(self._H00 - device.block("H", cells[1])).max())
        self.description = (
            f"wire of {len(cells[0])} orbitals a cell, mismatch {1000 * self.mismatch_ev:.3g} meV"
        )

    def self_energy(self, energy_ev: ArrayLike) -> NDArray[np.complex128]:
        """Give the self-energy (eV) at one energy or many."""
        z = np.atleast_1d(np.asarray(energy_ev, dtype=float)) + 1j * self.eta_ev
        # The inward direction counts as positive, so the lead is the half that ends at the outer cell.
        ends, _ = surface_green(z, self._H00, self._S00, self._H01, self._S01)
        inward = z[:, None, None] * self._S01 - self._H01
        outward = z[:, None, None] * self._S01.conj().T - self._H01.conj().T
        sigma = outward @ ends @ inward
        return sigma[0] if np.ndim(energy_ev) == 0 else sigma


def split_region(device: Device, atoms: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Part a lead region into its outer and inner cell: the first and the last half of its atoms.

    Parameters
    ----------
    device : Device
        The device.
    atoms : array of int
        Atoms of both cells.

    Returns
    -------
    outer, inner : array of int
        The half that couples less to the rest of the device comes first.

    Raises
    ------
    InputError
        If the number of atoms is odd or below two.
    """
    region = np.unique(np.asarray(atoms, dtype=np.int64))
    if region.size < 2 or region.size % 2:
        raise InputError(
            f"wire lead: its region has {region.size} atoms; it must hold two like cells, and so an "
            "even number"
        )
    rest = np.setdiff1d(np.arange(device.n_orbitals), device.orbitals_of(region))
    halves = np.split(region, 2)
    reach = [np.abs(device.block("H", device.orbitals_of(half), rest)).sum() for half in halves]
    return (halves[0], halves[1]) if reach[0] <= reach[1] else (halves[1], halves[0])
