"""Semi-infinite electrodes: a periodic bulk whose layers are repeated to infinity behind the device.

In the electrode region the matrices of the electrode replace those of the device, so the device that remains ends where
the electrode begins, and the lead acts on it through ``Sigma = (z S - H)_De g (z S - H)_eD``
with g the electrode's surface Green's function.
"""

from __future__ import annotations

import logging
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, PrivateAttr

from qdjunction.core.errors import InputError, TransportError
from qdjunction.core.limits import Eta
from qdjunction.core.matrix_files import read_matrices
from qdjunction.transport.axis import NAMES
from qdjunction.transport.device import Device
from qdjunction.transport.leads.base import Lead, cut_ends
from qdjunction.transport.leads.contract import GAMMA, K, LeadKind, LeadSettings
from qdjunction.transport.leads.electrode import ETA_EV, Electrode, Side
from qdjunction.transport.leads.electrode_region import check_fit, place
from qdjunction.transport.leads.surface import row_space

if TYPE_CHECKING:
    import sisl

logger = logging.getLogger(__name__)

UNLIKE_BULK_EV = 0.1
"""Difference (eV) between the levels of a lead region and those of its electrode, at the same Fermi energy, from which
the region counts as not bulk."""


class ElectrodeLead:
    """A bulk electrode as a lead, on the device orbitals that it couples to; returned by `attach_electrodes`."""

    def __init__(
        self,
        electrode: Electrode,
        side: Side,
        orbitals: NDArray[np.int64],
        coupling_H: NDArray[Any],
        coupling_S: NDArray[Any],
        description: str,
    ) -> None:
        self.electrode, self.side = electrode, side
        self.orbitals, self.description = orbitals, description
        real = not (np.iscomplexobj(coupling_H) or np.iscomplexobj(coupling_S))
        pairs = electrode.conjugate_pairs if real else {}
        alone = [k for k in range(len(electrode.unfold)) if k not in pairs and k not in pairs.values()]
        # Those of pairs come last; for k and -k the terms of the sum are the transpose of each other.
        self._kept = [*alone, *pairs]
        unfold = electrode.unfold[self._kept]
        H, S = coupling_H @ unfold, coupling_S @ unfold
        # The device couples to few combinations of the orbitals of each k point.
        self._coupled = row_space(H, S)
        # (m, n_k, r), so that the sum over k is one product.
        self._H, self._S = (
            np.ascontiguousarray((matrix @ self._coupled).transpose(1, 0, 2)) for matrix in (H, S)
        )
        self._n_alone = len(alone) * self._coupled.shape[-1]

    def self_energy(self, energy_ev: ArrayLike) -> NDArray[np.complex128]:
        """Return the self-energy (eV) at one energy or many."""
        energies = np.atleast_1d(np.asarray(energy_ev, dtype=float))
        green = self.electrode.surface(energies, self.side)[:, self._kept]
        green = self._coupled.conj().swapaxes(-1, -2) @ green @ self._coupled
        m, split = len(self.orbitals), self._n_alone
        sigma = np.empty((len(energies), m, m), dtype=np.complex128)
        for i, energy in enumerate(energies):
            into = energy * self._S - self._H
            left = np.empty_like(into)
            np.matmul(into.transpose(1, 0, 2), green[i], out=left.transpose(1, 0, 2))
            left, back = left.reshape(m, -1), into.conj().reshape(m, -1).T
            np.matmul(left[:, :split], back[:split], out=sigma[i])
            if split < len(back):
                paired = left[:, split:] @ back[split:]
                sigma[i] += paired
                sigma[i] += paired.T
        return sigma[0] if np.ndim(energy_ev) == 0 else sigma


def attach_electrodes(
    device: Device,
    left: Electrode,
    left_orbitals: ArrayLike,
    right: Electrode,
    right_orbitals: ArrayLike,
) -> tuple[Device, ElectrodeLead, ElectrodeLead]:
    """Replace the ends of a device by electrodes.

    Parameters
    ----------
    device : Device
        H and S with open boundaries along the transport direction, electrode regions included.
    left, right : Electrode
        Electrode at either end; the same object if both are equal.
    left_orbitals, right_orbitals : array of int
        Device orbitals that the electrode replaces. If both have positions, the atoms are matched by position, which
        also determines the direction of each electrode; otherwise the orbitals must be in the electrode's order.

    Returns
    -------
    inner : Device
        The device between the electrodes, with the same atom numbers.
    left_lead, right_lead : ElectrodeLead
        Leads on `inner`.

    Raises
    ------
    TransportError
        If an electrode region does not fit its electrode in positions, S, H or the direction in which it couples to the
        device, or couples to nothing, or the two couple to each other.

    See Also
    --------
    attach_clusters : finite clusters in place of electrodes
    alignment_ev : difference between the energy zeros of device and electrode
    """
    placed = {
        "left": place(device, left, np.asarray(left_orbitals), "left"),
        "right": place(device, right, np.asarray(right_orbitals), "right"),
    }
    shifts: dict[str, tuple[float, float]] = {}
    for side, electrode in (("left", left), ("right", right)):
        region = placed[side]
        shift, spread = shifts[side] = check_fit(device, electrode, region, side)
        logger.log(
            logging.WARNING if abs(shift) > UNLIKE_BULK_EV else logging.INFO,
            "%s electrode: its levels lie %.0f meV (spread %.0f meV) below the device's on the same orbitals%s",
            side, 1000 * shift, 1000 * spread,
            "; the gold there is not bulk yet, more layers before it or k points help"
            if abs(shift) > UNLIKE_BULK_EV
            else "",
        )  # fmt: skip
    inner, contacts = cut_ends(device, placed["left"].orbitals, placed["right"].orbitals)
    if placed["left"].end == placed["right"].end:
        raise TransportError(
            "electrodes: both lead regions are on the same side of the device along lattice vector "
            f"{NAMES[left.axis]}; name the atoms at its two ends"
        )
    leads = []
    for electrode, region, (shift, spread), (coupled, H, S) in zip(
        (left, right), placed.values(), shifts.values(), contacts, strict=True
    ):
        n_k, n_orbitals, n = electrode.unfold.shape
        text = (
            f"electrode of {n_orbitals} orbitals ({n_k} x {n}), eta {electrode.eta_ev:g} eV, levels "
            f"{1000 * shift:.0f} meV below the device's (spread {1000 * spread:.0f} meV)"
        )
        leads.append(
            ElectrodeLead(electrode, region.end, coupled, H * region.phases, S * region.phases, text)
        )
    return inner, leads[0], leads[1]


class Bulk(LeadSettings):
    """Bulk leads: a semi-infinite electrode from a separate calculation replaces the lead layers."""

    kind: Literal["bulk"] = "bulk"
    """Bulk leads; the lead layers are the atoms of one cell of `electrode`."""
    electrode: str | None = Field(default=None, min_length=1)
    """File with H and S of the bulk electrode, e.g. a TSHS. A study computes its own, of the surfaces in
    `electrodes.surface`, and has no such key."""
    electrode_fermi_ev: float | None = None
    """Fermi energy on the energy scale of that file (eV), for files that do not state it."""
    eta_ev: Eta = ETA_EV
    """Imaginary part of the energy inside the electrode (eV). Above 0.1 eV it blurs the bands."""
    kpoints: list[Annotated[int, Field(ge=1, le=100)]] = Field(default=[1, 1], min_length=2, max_length=2)
    """Numbers of k points of T(E) along the two lattice vectors across the transport direction, Gamma included."""

    _cache: Path | None = PrivateAttr(default=None)
    _spin: int | None = PrivateAttr(default=None)

    def prepared(
        self,
        cache: str | Path | None = None,
        spin: int | None = None,
        electrode: str | Path | None = None,
    ) -> Self:
        """Return the same leads with a folder for surface Green's functions, a spin direction and an electrode."""
        copy = self.model_copy(update={} if electrode is None else {"electrode": str(electrode)})
        copy._cache, copy._spin = None if cache is None else Path(cache), spin
        return copy

    @property
    def files(self) -> dict[str, str]:
        """The file of the electrode."""
        return {} if self.electrode is None else {"electrode": self.electrode}

    @property
    def k_grid(self) -> tuple[int, int]:
        """Numbers of k points across the transport direction."""
        return self.kpoints[0], self.kpoints[1]

    def attach(
        self, device: Device, left_atoms: ArrayLike, right_atoms: ArrayLike, k: K = GAMMA
    ) -> tuple[Device, Lead, Lead]:
        """Return the device between the electrodes at a k point, and the leads on it at the same one."""
        axis = 2 if device.cell is None else device.cell.open_axis
        bulk = Electrode.from_hamiltonian(
            self.hamiltonian, axis=axis, k=k, eta_ev=self.eta_ev, cache=self._cache, spin=self._spin,
            spinor=device.spinor,
        )  # fmt: skip
        left, right = (device.orbitals_of(atoms) for atoms in (left_atoms, right_atoms))
        return attach_electrodes(device, bulk, left, bulk, right)

    @cached_property
    def hamiltonian(self) -> sisl.Hamiltonian:
        """H and S of the electrode, read once.

        Raises
        ------
        InputError
            If there is no such file, sisl finds no Hamiltonian in it, or its zero of energy is not known.
        """
        if self.electrode is None:
            raise InputError("leads: bulk leads need the file of an electrode, as in bulk:electrode.TSHS")
        try:
            return read_matrices(self.electrode, self.electrode_fermi_ev, "--electrode-fermi")
        except InputError as error:
            raise InputError(f"leads: the electrode cannot be read: {error}") from error


def _read(text: str | None) -> dict[str, str]:
    """Read the name of the electrode's file."""
    if not text:
        raise ValueError("the electrode has no name")
    return {"electrode": text}


KIND = LeadKind(
    "bulk",
    Bulk,
    "bulk:electrode.TSHS",
    _read,
    on_surfaces=True,
)
