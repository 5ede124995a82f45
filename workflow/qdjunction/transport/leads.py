"""Leads: what a semi-infinite, or a broadened, piece of metal does to the orbitals that it touches.

Signs: the retarded Green's function is ``G = (E S - H - Sigma)^-1`` and ``Gamma = i (Sigma - Sigma^dagger)``
is positive.
"""

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdjunction.errors import InputError

from .device import Device


@runtime_checkable
class Lead(Protocol):
    """What a solver wants to know of a lead.

    Attributes
    ----------
    orbitals : (m,) array of int
        Device orbitals that the lead touches.
    description : str
        One line for tables and files.
    """

    orbitals: NDArray[np.int64]
    description: str

    def self_energy(self, energy_ev: ArrayLike) -> NDArray[np.complex128]:
        """Give the retarded self-energy (eV) at one energy, (m, m), or at many, (n_energies, m, m)."""
        ...


class WideBandLead:
    """A metal without structure: the same broadening at every energy.

    ``Sigma = -i/2 g S_LL`` and so ``Gamma = g S_LL`` on the lead region's own block of the overlap, so that
    the result does not depend on the basis that spans the region.

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
            raise InputError("wide-band lead: give its atoms or its orbitals, one of the two")
        if not (np.isfinite(coupling_ev) and coupling_ev > 0):
            raise InputError(f"wide-band lead: coupling is {coupling_ev} eV; it must be larger than 0")
        if orbitals is None:
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
        self._sigma = -0.5j * self.coupling_ev * device.block("S", region)

    def self_energy(self, energy_ev: ArrayLike) -> NDArray[np.complex128]:
        """Give ``-i/2 g S_LL`` (eV), repeated for each of many energies (a read-only view)."""
        return np.broadcast_to(self._sigma, np.shape(energy_ev) + self._sigma.shape)


def broadening(sigma: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Give ``Gamma = i (Sigma - Sigma^dagger)`` of one self-energy or a stack of them."""
    return 1j * (sigma - sigma.conj().swapaxes(-1, -2))


def root_of(gamma: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Give F with ``F F^dagger = Gamma``, one column for each channel that is not closed."""
    values, vectors = np.linalg.eigh(gamma)
    # Far below the largest one there is only round-off, of either sign.
    open_ = values > 1e-14 * max(values[-1], 0.0)
    return vectors[:, open_] * np.sqrt(values[open_])
