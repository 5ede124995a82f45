"""Wide-band leads: a featureless metal with the same broadening at every energy."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError, TransportError
from qdjunction.core.limits import Coupling
from qdjunction.transport.device import Device
from qdjunction.transport.leads.base import Lead
from qdjunction.transport.leads.contract import GAMMA, K, LeadKind, LeadSettings, check_apart, read_coupling
from qdjunction.transport.solvers.spectrum import NOT_POSITIVE


class WideBandLead:
    """A featureless metal with the same broadening at every energy.

    ``Sigma = -i/2 g S_LL`` and so ``Gamma = g S_LL`` on the overlap block of the lead region, so that the result does
    not depend on the basis that spans the region.

    Parameters
    ----------
    device : Device
        The device that the lead is attached to.
    atoms : array of int, optional
        Atoms of the lead region.
    coupling_ev : float
        Broadening g (eV), larger than zero.
    orbitals : array of int, optional
        Orbitals of the lead region, in place of `atoms`.

    Raises
    ------
    InputError
        If the region is empty, given twice or outside the device, or if `coupling_ev` is not positive.
    TransportError
        If S of the region is not positive definite.
    """

    def __init__(
        self,
        device: Device,
        atoms: ArrayLike | None = None,
        coupling_ev: float = 1.0,
        *,
        orbitals: ArrayLike | None = None,
    ) -> None:
        if (atoms is None) == (orbitals is None):
            raise InputError("wide-band lead: give either its atoms or its orbitals")
        if not (np.isfinite(coupling_ev) and coupling_ev > 0):
            raise InputError(f"wide-band lead: coupling is {coupling_ev} eV; it must be larger than 0")
        if atoms is not None:
            region = device.orbitals_of(atoms)
        else:
            region = np.unique(np.asarray(orbitals, dtype=np.int64))
            if region.size and not 0 <= region[0] <= region[-1] < device.n_orbitals:
                raise InputError(
                    f"wide-band lead: orbitals {region[0]} to {region[-1]} are not all in a device of "
                    f"{device.n_orbitals} orbitals; they are counted from 0"
                )
        if not region.size:
            raise InputError("wide-band lead: its region holds no orbital; tag the lead atoms or name them")
        self.orbitals: NDArray[np.int64] = region
        self.coupling_ev = float(coupling_ev)
        self.description = f"wide-band {self.coupling_ev:g} eV on {region.size} orbitals"
        gamma = self.coupling_ev * device.block("S", region)
        self._sigma = -0.5j * gamma
        try:
            self.root: NDArray[Any] = np.linalg.cholesky(gamma)
        except np.linalg.LinAlgError:
            raise TransportError(f"wide-band lead: {NOT_POSITIVE.format(region.size)}") from None

    def self_energy(self, energy_ev: ArrayLike) -> NDArray[np.complex128]:
        """Return ``-i/2 g S_LL`` (eV), repeated for each of many energies (a read-only view)."""
        return np.broadcast_to(self._sigma, np.shape(energy_ev) + self._sigma.shape)


class WideBand(LeadSettings):
    """Wide-band leads: Gamma = g S on the orbitals of the lead layers, at every energy."""

    kind: Literal["wide-band"] = "wide-band"
    """Wide-band leads on the outermost layers of the tips."""
    coupling_ev: Coupling = 1.0
    """Broadening g (eV). Below 1e-3 eV levels are narrower than any energy step, above 10 eV wider than the sp band of
    gold."""

    def attach(
        self, device: Device, left_atoms: ArrayLike, right_atoms: ArrayLike, k: K = GAMMA
    ) -> tuple[Device, Lead, Lead]:
        """Return the device, and the left and the right lead on these atoms of it."""
        check_apart(left_atoms, right_atoms)
        return (
            device,
            WideBandLead(device, left_atoms, self.coupling_ev),
            WideBandLead(device, right_atoms, self.coupling_ev),
        )


KIND = LeadKind("wide-band", WideBand, "wide-band:1.0 (coupling in eV)", read_coupling)
