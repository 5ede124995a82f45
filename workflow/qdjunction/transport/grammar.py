"""What energies and leads look like on the command line and in a config."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError
from qdjunction.core.limits import Coupling, Eta, check_value, checked_energies, energy_grid
from qdjunction.core.matrix_files import read_matrices
from qdjunction.transport.device import Device
from qdjunction.transport.kpoints import K
from qdjunction.transport.leads import bulk, wire
from qdjunction.transport.leads.base import Lead, WideBandLead
from qdjunction.transport.leads.bulk import Electrode, attach_electrodes
from qdjunction.transport.leads.cluster import attach_clusters
from qdjunction.transport.leads.wire import WireLead, split_region

if TYPE_CHECKING:
    import sisl


def parse_energies(text: str) -> NDArray[np.float64]:
    """Read energies in eV: ``start:stop:step`` with both ends, or a list ``-1,0,0.5``.

    Raises
    ------
    InputError
        If the text is of another form, the range is empty, the step does not lead from start to stop, or an energy
        lies too far from E_F.
    """
    form = "write start:stop:step, as in -2:2:0.01, or a list, as in -1,0,0.5"
    pieces = text.split(":")
    try:
        if len(pieces) == 1:
            values = np.array([float(piece) for piece in text.split(",")])
        elif len(pieces) == 3:
            return energy_grid(*(float(piece) for piece in pieces))
        else:
            raise ValueError
    except ValueError as error:
        raise InputError(f"energies: {text!r} cannot be read; {form}") from error
    if not np.isfinite(values).all():
        raise InputError(f"energies: {text!r} holds a value that is not finite; {form}")
    return checked_energies(values + 0.0)


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

    @property
    def text(self) -> str:
        """The choice as `parse_leads` reads it."""
        return f"wide-band:{np.format_float_positional(self.coupling_ev, trim='-')}"

    def attach(
        self, device: Device, left_atoms: ArrayLike, right_atoms: ArrayLike, k: K = GAMMA
    ) -> tuple[Device, Lead, Lead]:
        """Return the device, and the left and the right lead on these atoms of it."""
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

    @property
    def text(self) -> str:
        """The choice as `parse_leads` reads it."""
        return f"cluster:{np.format_float_positional(self.coupling_ev, trim='-')}"

    def attach(
        self, device: Device, left_atoms: ArrayLike, right_atoms: ArrayLike, k: K = GAMMA
    ) -> tuple[Device, Lead, Lead]:
        """Return what is left of the device without the metal, which these atoms are, and the leads on it."""
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

    @property
    def text(self) -> str:
        """The choice as `parse_leads` reads it."""
        return "wire"

    def attach(
        self, device: Device, left_atoms: ArrayLike, right_atoms: ArrayLike, k: K = GAMMA
    ) -> tuple[Device, Lead, Lead]:
        """Return the device and wires on the two cells that each region holds."""
        _check_apart(left_atoms, right_atoms)
        regions = (split_region(device, atoms) for atoms in (left_atoms, right_atoms))
        return device, *(WireLead(device, *cells, self.eta_ev) for cells in regions)


@dataclass(frozen=True)
class Bulk:
    """The choice ``bulk:electrode.TSHS``: that electrode stands in for the lead atoms of either side.

    Attributes
    ----------
    path : Path
        A file that `read_matrices` reads.
    eta_ev : float
        Imaginary part of the energy inside the electrode (eV).
    cache : Path or None
        Folder that keeps surface Green's functions.
    spin : int or None
        Spin of a collinear electrode: 0 for up, 1 for down.
    fermi_ev : float or None
        Fermi energy in the zero of the file (eV), for files that do not state it.
    """

    path: Path
    eta_ev: float = bulk.ETA_EV
    cache: Path | None = None
    spin: int | None = None
    fermi_ev: float | None = None

    @property
    def text(self) -> str:
        """The choice as `parse_leads` reads it."""
        return f"bulk:{self.path}"

    def attach(
        self, device: Device, left_atoms: ArrayLike, right_atoms: ArrayLike, k: K = GAMMA
    ) -> tuple[Device, Lead, Lead]:
        """Return what is left of the device at a k point, and the leads on it at the same one."""
        axis = 2 if device.cell is None else device.cell.open_axis
        bulk = Electrode.from_hamiltonian(
            self.hamiltonian, axis=axis, k=k, eta_ev=self.eta_ev, cache=self.cache, spin=self.spin
        )
        regions = (device.orbitals_of(atoms) for atoms in (left_atoms, right_atoms))
        left_orbitals, right_orbitals = regions
        return attach_electrodes(device, bulk, left_orbitals, bulk, right_orbitals)

    @cached_property
    def hamiltonian(self) -> sisl.Hamiltonian:
        """H and S of the electrode, read once.

        Raises
        ------
        InputError
            If there is no such file, sisl finds no Hamiltonian in it, or its zero of energy is not known.
        """
        try:
            return read_matrices(self.path, self.fermi_ev, "--electrode-fermi")
        except InputError as error:
            raise InputError(f"leads: the electrode cannot be read: {error}") from error


LeadChoice = WideBand | Cluster | Wire | Bulk


def parse_leads(
    text: str,
    eta_ev: float | None = None,
    cache: Path | None = None,
    *,
    spin: int | None = None,
    electrode_fermi_ev: float | None = None,
) -> LeadChoice:
    """Read the choice of leads: ``wide-band:1.0``, ``cluster:1.0``, ``wire`` or ``bulk:electrode.TSHS``.

    Parameters
    ----------
    text : str
        The choice; couplings in eV.
    eta_ev : float, optional
        Imaginary part of the energy inside wires and bulk electrodes (eV), in place of their defaults.
    cache : Path, optional
        Folder that keeps the surface Green's functions of bulk electrodes.
    spin : int, optional
        Spin of a collinear bulk electrode: 0 for up, 1 for down.
    electrode_fermi_ev : float, optional
        Fermi energy in the zero of the bulk electrode's file (eV), for files that do not state it.

    Returns
    -------
    WideBand, Cluster, Wire or Bulk
        An object whose ``attach(device, left_atoms, right_atoms, k)`` gives the device to solve and its two
        leads. Clusters and bulk electrodes take their place in the device; the others give it back as it is.

    Raises
    ------
    InputError
        If the kind is unknown, its value or eta cannot be read or is out of range, or eta has no place.
    """
    kind, colon, value = text.partition(":")
    if eta_ev is not None:
        check_value(Eta, eta_ev, "eta (eV)")
    eta = {} if eta_ev is None else {"eta_ev": float(eta_ev)}
    if electrode_fermi_ev is not None and kind != "bulk":
        raise InputError(f"--electrode-fermi: {kind} leads are not read from a file; leave it out")
    if kind == "wire" and not colon:
        return Wire(**eta)
    if kind == "bulk" and value:
        return Bulk(Path(value), cache=cache, spin=spin, fermi_ev=electrode_fermi_ev, **eta)
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
    return kinds[kind](check_value(Coupling, coupling, f"leads: {text!r}: the coupling (eV)"))


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


def parse_spin(text: str) -> int:
    """Read a spin direction: ``up`` or ``0``, ``down`` or ``1``.

    Raises
    ------
    InputError
        If the text is of another form.
    """
    spins = {"up": 0, "0": 0, "down": 1, "1": 1}
    if text not in spins:
        raise InputError(f"--spin = {text!r}: is no spin direction; write up or down")
    return spins[text]


def _check_apart(left_atoms: ArrayLike, right_atoms: ArrayLike) -> None:
    """Raise InputError if an atom is named for both sides."""
    shared = np.intersect1d(left_atoms, right_atoms)
    if shared.size:
        raise InputError(f"leads: atom {shared[0]} belongs to both sides; give each lead atoms of its own")
