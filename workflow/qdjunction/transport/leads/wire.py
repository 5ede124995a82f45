"""Semi-infinite wires: the outermost cell of the device, repeated to infinity."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError, TransportError
from qdjunction.core.limits import Eta
from qdjunction.transport.axis import normal
from qdjunction.transport.device import Device
from qdjunction.transport.leads.base import Lead
from qdjunction.transport.leads.contract import GAMMA, K, LeadKind, LeadSettings, check_apart
from qdjunction.transport.leads.surface import Stack
from qdjunction.transport.matching import DIFFERENT_H, Match, difference_of_h, match_atoms

ETA_EV = 1e-6
"""Default imaginary part of the energy inside a wire (eV)."""

DIFFERENT_OVERLAP = 1e-3
"""Largest difference between the overlaps of the two cells that counts as the same geometry."""


class WireLead:
    """A wire of finite cross-section that repeats the outermost cell of the device.

    The lead region holds two like cells. The outer cell and its coupling to the inner one are repeated outwards;
    the self-energy acts on the outer cell. The atoms of the two cells are matched by position if the device has
    positions; otherwise both must be in the same order.

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
        Largest difference of H (eV) between the two cells; zero for an ideal wire.

    Raises
    ------
    InputError
        If the cells differ in size or overlap one another, or eta is not positive.
    TransportError
        If the two cells differ in positions, S or H, are not coupled, or the outer one couples beyond the inner one.
    """

    def __init__(self, device: Device, outer: ArrayLike, inner: ArrayLike, eta_ev: float = ETA_EV) -> None:
        if not eta_ev > 0:
            raise InputError(f"wire lead: eta is {eta_ev} eV; it must be larger than 0")
        outer, inner = (np.unique(np.asarray(atoms, dtype=np.int64)) for atoms in (outer, inner))
        phases = np.ones(0)
        if device.cell is not None and len(outer) == len(inner) and not np.intersect1d(outer, inner).size:
            match, missing = _match(device, outer, inner)
            if match is None:
                raise TransportError(
                    f"wire lead: atom {inner[missing]} of the cell {_listed(inner)} has no partner in the cell "
                    f"{_listed(outer)}; a wire repeats one cell, so name two that are alike, or take another kind of "
                    "lead"
                )
            inner = inner[match.order]
            phases = np.repeat(match.phases(np.asarray(device.cell.k)), device.cell.sizes[outer])
        cells = [device.orbitals_in_order(atoms) for atoms in (outer, inner)]
        if len(cells[0]) != len(cells[1]):
            raise InputError(
                f"wire lead: its outer cell has {len(cells[0])} orbitals, the inner one "
                f"{len(cells[1])}; a wire repeats one cell"
            )
        if np.intersect1d(cells[0], cells[1]).size:
            raise InputError("wire lead: its outer and inner cell share atoms")
        self.orbitals: NDArray[np.int64] = cells[0]
        self.eta_ev = float(eta_ev)
        self._H00, self._S00 = (device.block(name, cells[0]) for name in ("H", "S"))
        self._H01, self._S01 = (device.block(name, *cells) for name in ("H", "S"))
        H11, S11 = (device.block(name, cells[1]) for name in ("H", "S"))
        if np.any(phases != 1):
            self._H01, self._S01 = self._H01 * phases, self._S01 * phases
            H11, S11 = (phases.conj()[:, None] * matrix * phases for matrix in (H11, S11))
        different = np.abs(self._S00 - S11).max()
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
                f"wire lead: the outer cell couples beyond the inner one with {1000 * reach:.0f} meV; "
                "take longer cells, or "
                "swap outer and inner"
            )
        differences = np.abs(self._H00 - H11)
        self.mismatch_ev = float(differences.max())
        if difference_of_h(H11, self._H00, self._S00, self._H01) > DIFFERENT_H:
            row = int(np.unravel_index(differences.argmax(), differences.shape)[0])
            pair = [int(device.orbital_atoms[cell[row]]) for cell in cells]
            raise TransportError(
                f"wire lead: H of its two cells differs by up to {self.mismatch_ev:.2g} eV, on atoms {pair[0]} and "
                f"{pair[1]}; they are in another order, of another metal, or the outer one is a free end; name two "
                "like cells"
            )
        self._stack = Stack(self._H00, self._S00, self._H01, self._S01)
        self.description = (
            f"wire of {len(cells[0])} orbitals a cell, mismatch {1000 * self.mismatch_ev:.3g} meV"
        )

    def self_energy(self, energy_ev: ArrayLike) -> NDArray[np.complex128]:
        """Return the self-energy (eV) at one energy or many."""
        energies = np.atleast_1d(np.asarray(energy_ev, dtype=float))
        # The inward direction counts as positive, so the lead is the half that ends at the outer cell.
        ends, _ = self._stack.surfaces(energies + 1j * self.eta_ev)
        # With eta in the couplings too the broadening would not be positive where orbitals overlap.
        inward = energies[:, None, None] * self._S01 - self._H01
        outward = inward.conj().swapaxes(1, 2)
        sigma = outward @ ends @ inward
        return np.asarray(sigma[0] if np.ndim(energy_ev) == 0 else sigma)


def split_region(device: Device, atoms: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split a lead region into its outer and its inner cell.

    The halves follow the order of the atoms or, if these are not like cells, their positions along the transport
    direction.

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
            f"wire lead: its region has {region.size} atoms; it must hold two like cells, and so an even number"
        )
    device.orbitals_of(region)
    first, second = np.split(region, 2)
    if device.cell is not None and _match(device, first, second)[0] is None:
        geometry = device.cell.geometry
        height = geometry.xyz[region] @ normal(geometry.cell, device.cell.open_axis)
        first, second = np.split(region[np.argsort(height, kind="stable")], 2)
    rest = np.setdiff1d(np.arange(device.n_orbitals), device.orbitals_of(region))
    reach = [np.abs(device.block("H", device.orbitals_of(half), rest)).sum() for half in (first, second)]
    return (first, second) if reach[0] <= reach[1] else (second, first)


def why_no_wire(layer_sizes: Sequence[int]) -> str | None:
    """Return why lead layers of these sizes cannot form a wire, or None if they can.

    Parameters
    ----------
    layer_sizes : sequence of int
        Atoms in each layer of a lead region, from the outermost inwards.
    """
    sizes = list(layer_sizes)
    half = len(sizes) // 2
    if len(sizes) >= 2 and len(sizes) % 2 == 0 and sizes[:half] == sizes[half:]:
        return None
    return (
        f"a wire repeats one cell to infinity and needs two like cells in each lead region, which has "
        f"{len(sizes)} {'layer' if len(sizes) == 1 else 'layers'} of {', '.join(map(str, sizes))} atoms; take "
        "wide-band or cluster leads"
    )


def _match(device: Device, outer: NDArray[np.int64], inner: NDArray[np.int64]) -> tuple[Match | None, int]:
    """Match the atoms of the inner cell to those of the outer one; see `match_atoms`."""
    cell = device.cell
    assert cell is not None
    places, sizes = cell.geometry.xyz, cell.sizes
    return match_atoms(
        places[outer], sizes[outer], places[inner], sizes[inner], cell.geometry.cell, cell.across
    )


def _listed(atoms: NDArray[np.int64]) -> str:
    """Return atoms as text, without the middle of a long list."""
    names = [str(atom) for atom in atoms]
    return ", ".join(names if len(names) <= 6 else [*names[:3], "...", names[-1]])


class Wire(LeadSettings):
    """Wire leads: the lead region of a side holds two like cells, and the outer one is repeated to infinity."""

    kind: Literal["wire"] = "wire"
    """Wires."""
    eta_ev: Eta = ETA_EV
    """Imaginary part of the energy inside the wire (eV). Above 0.1 eV it blurs the bands."""

    def attach(
        self, device: Device, left_atoms: ArrayLike, right_atoms: ArrayLike, k: K = GAMMA
    ) -> tuple[Device, Lead, Lead]:
        """Return the device and wires on the two cells that each region holds."""
        check_apart(left_atoms, right_atoms)
        left, right = (split_region(device, atoms) for atoms in (left_atoms, right_atoms))
        return device, WireLead(device, *left, self.eta_ev), WireLead(device, *right, self.eta_ev)


def _read(text: str | None) -> dict[str, float]:
    """Refuse anything after the name."""
    if text is not None:
        raise ValueError("a wire has no value")
    return {}


KIND = LeadKind(
    "wire",
    Wire,
    "wire",
    _read,
    not_in_study="a wire repeats one of two like cells, and no two layers of a finite tip are alike: those of a "
    "pyramid differ in size, and the outermost layer of any tip is a free end; take wide-band or cluster",
)
