"""What energies and leads look like on the command line and in a config."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import sisl
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError
from qdjunction.core.matrix_files import read_matrices
from qdjunction.transport.device import Device
from qdjunction.transport.kpoints import K
from qdjunction.transport.leads import bulk, wire
from qdjunction.transport.leads.base import Lead, WideBandLead
from qdjunction.transport.leads.bulk import Electrode, attach_electrodes
from qdjunction.transport.leads.cluster import attach_clusters
from qdjunction.transport.leads.wire import WireLead, split_region

MOST_ENERGIES = 1_000_000


def parse_energies(text: str) -> NDArray[np.float64]:
    """Read energies in eV: ``start:stop:step`` with both ends, or a list ``-1,0,0.5``.

    Raises
    ------
    InputError
        If the text is of another form, the range is empty, or the step does not lead from start to stop.
    """
    form = "write start:stop:step, as in -2:2:0.01, or a list, as in -1,0,0.5"
    pieces = text.split(":")
    try:
        if len(pieces) == 1:
            values = np.array([float(piece) for piece in text.split(",")])
        elif len(pieces) == 3:
            start, stop, step = (float(piece) for piece in pieces)
            if not (np.isfinite([start, stop, step]).all() and step > 0 and stop >= start):
                raise InputError(
                    f"energies: {text!r} is an empty range; "
                    "the step must be positive and stop not below start"
                )
            count = (stop - start) / step
            if count > MOST_ENERGIES:
                raise InputError(f"energies: {text!r} asks for {count:.0f} energies; take a wider step")
            whole = round(count)
            if abs(whole - count) > 1e-6 * max(1.0, count):
                raise InputError(
                    f"energies: the step of {text!r} does not lead from start to stop in whole steps"
                )
            # Each from its own index, so that 0 is 0 and no error adds up; rounded to what was typed.
            values = np.round(start + step * np.arange(whole + 1), 12)
        else:
            raise ValueError
    except ValueError as error:
        raise InputError(f"energies: {text!r} cannot be read; {form}") from error
    if not np.isfinite(values).all():
        raise InputError(f"energies: {text!r} holds a value that is not finite; {form}")
    return values + 0.0


GAMMA: K = (0.0, 0.0, 0.0)

LEAD_FORMS = "wide-band:1.0 or cluster:1.0 (coupling in eV), wire, or bulk:electrode.TSHS"


@dataclass(frozen=True)
class WideBand:
    """The choice ``wide-band:g``: a wide-band lead on each side.

    Attributes
    ----------
    coupling_ev : float
        Broadening g (eV).
    """

    coupling_ev: float = 1.0

    def attach(
        self, device: Device, left_atoms: ArrayLike, right_atoms: ArrayLike, k: K = GAMMA
    ) -> tuple[Device, Lead, Lead]:
        """Give the device, and the left and the right lead on these atoms of it."""
        _check_apart(left_atoms, right_atoms)
        return (
            device,
            WideBandLead(device, left_atoms, self.coupling_ev),
            WideBandLead(device, right_atoms, self.coupling_ev),
        )


@dataclass(frozen=True)
class Cluster:
    """The choice ``cluster:g``: all metal of a side, every level of it broadened by g.

    Attributes
    ----------
    coupling_ev : float
        Broadening g (eV).
    """

    coupling_ev: float = 1.0

    def attach(
        self, device: Device, left_atoms: ArrayLike, right_atoms: ArrayLike, k: K = GAMMA
    ) -> tuple[Device, Lead, Lead]:
        """Give what is left of the device without the metal, which these atoms are, and the leads on it."""
        regions = (device.orbitals_of(atoms) for atoms in (left_atoms, right_atoms))
        return attach_clusters(device, *regions, self.coupling_ev)


@dataclass(frozen=True)
class Wire:
    """The choice ``wire``: the lead region of a side holds two like cells, and the outer one is repeated.

    Attributes
    ----------
    eta_ev : float
        Imaginary part of the energy inside the wire (eV).
    """

    eta_ev: float = wire.ETA_EV

    def attach(
        self, device: Device, left_atoms: ArrayLike, right_atoms: ArrayLike, k: K = GAMMA
    ) -> tuple[Device, Lead, Lead]:
        """Give the device and wires on the two cells that each region holds."""
        _check_apart(left_atoms, right_atoms)
        regions = (split_region(device, atoms) for atoms in (left_atoms, right_atoms))
        return device, *(WireLead(device, *cells, self.eta_ev) for cells in regions)


@dataclass(frozen=True)
class Bulk:
    """The choice ``bulk:electrode.TSHS``: that electrode stands in for the lead atoms of either side.

    Attributes
    ----------
    path : Path
        Anything that sisl reads H and S from, E_F at zero.
    eta_ev : float
        Imaginary part of the energy inside the electrode (eV).
    cache : Path or None
        Folder that keeps surface Green's functions.
    """

    path: Path
    eta_ev: float = bulk.ETA_EV
    cache: Path | None = None

    def attach(
        self, device: Device, left_atoms: ArrayLike, right_atoms: ArrayLike, k: K = GAMMA
    ) -> tuple[Device, Lead, Lead]:
        """Give what is left of the device at a k point, and the leads on it at the same one."""
        lead = Electrode.from_hamiltonian(self.hamiltonian, k=k, eta_ev=self.eta_ev, cache=self.cache)
        regions = (device.orbitals_of(atoms) for atoms in (left_atoms, right_atoms))
        left_orbitals, right_orbitals = regions
        return attach_electrodes(device, lead, left_orbitals, lead, right_orbitals)

    @cached_property
    def hamiltonian(self) -> sisl.Hamiltonian:
        """H and S of the electrode, read once.

        Raises
        ------
        InputError
            If there is no such file or sisl finds no Hamiltonian in it.
        """
        try:
            return read_matrices(self.path)
        except InputError as error:
            raise InputError(f"leads: the electrode cannot be read: {error}") from error


LeadChoice = WideBand | Cluster | Wire | Bulk


def parse_leads(text: str, eta_ev: float | None = None, cache: Path | None = None) -> LeadChoice:
    """Read the choice of leads: ``wide-band:1.0``, ``cluster:1.0``, ``wire`` or ``bulk:electrode.TSHS``.

    Parameters
    ----------
    text : str
        The choice; couplings in eV.
    eta_ev : float, optional
        Imaginary part of the energy inside wires and bulk electrodes (eV), in place of their defaults.
    cache : Path, optional
        Folder that keeps the surface Green's functions of bulk electrodes.

    Returns
    -------
    WideBand, Cluster, Wire or Bulk
        An object whose ``attach(device, left_atoms, right_atoms, k)`` gives the device to solve and its two
        leads. Clusters and bulk electrodes take their place in the device; the others give it back as it is.

    Raises
    ------
    InputError
        If the kind is unknown or its value cannot be read, or eta is not positive or has no place.
    """
    kind, colon, value = text.partition(":")
    if eta_ev is not None and not (np.isfinite(eta_ev) and eta_ev > 0):
        raise InputError(f"eta: {eta_ev} eV; it must be larger than 0")
    eta = {} if eta_ev is None else {"eta_ev": float(eta_ev)}
    if kind == "wire" and not colon:
        return Wire(**eta)
    if kind == "bulk" and value:
        return Bulk(Path(value), cache=cache, **eta)
    kinds = {"wide-band": WideBand, "cluster": Cluster}
    if kind not in kinds:
        raise InputError(f"leads: {text!r} cannot be read; write {LEAD_FORMS}")
    if eta:
        raise InputError(f"eta: {kind} leads have none; leave it out, or take wire or bulk leads")
    try:
        coupling = float(value) if colon else 1.0
    except ValueError as error:
        raise InputError(
            f"leads: the coupling in {text!r} is not a number; write {kind}:1.0 (in eV)"
        ) from error
    if not (np.isfinite(coupling) and coupling > 0):
        raise InputError(f"leads: the coupling in {text!r} must be larger than 0 eV")
    return kinds[kind](coupling)


def parse_kpoints(text: str) -> tuple[int, int]:
    """Read numbers of transverse k points: ``4x4``, or ``4`` for the same along both directions.

    Raises
    ------
    InputError
        If the text is of another form or a number is below 1.
    """
    parts = text.lower().split("x")
    if len(parts) > 2 or not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise InputError(f"k points: {text!r} cannot be read; write 4x4, or 1 for Gamma alone")
    return int(parts[0]), int(parts[-1])


def _check_apart(left_atoms: ArrayLike, right_atoms: ArrayLike) -> None:
    """Raise InputError if an atom is named for both sides."""
    shared = np.intersect1d(left_atoms, right_atoms)
    if shared.size:
        raise InputError(f"leads: atom {shared[0]} belongs to both sides; give each lead atoms of its own")
