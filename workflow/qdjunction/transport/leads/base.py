"""Leads: self-energies of semi-infinite or broadened metal on the orbitals that it couples to.

Signs: the retarded Green's function is ``G = (E S - H - Sigma)^-1`` and ``Gamma = i (Sigma - Sigma^dagger)``
is positive.
"""

from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import TransportError
from qdjunction.transport.device import Device


@runtime_checkable
class Lead(Protocol):
    """A lead, as solvers use it.

    Attributes
    ----------
    orbitals : (m,) array of int
        Device orbitals that the lead acts on.
    description : str
        One line for tables and files.
    """

    orbitals: NDArray[np.int64]
    description: str

    def self_energy(self, energy_ev: ArrayLike) -> NDArray[np.complex128]:
        """Return the retarded self-energy (eV) at one energy, (m, m), or at many, (n_energies, m, m)."""
        ...


@runtime_checkable
class ConstantLead(Lead, Protocol):
    """A lead of the same Gamma at every energy, and no shift of levels: ``Sigma = -i Gamma / 2``.

    Attributes
    ----------
    root : (m, m) array
        F with ``F F^dagger = Gamma``, invertible (square root of eV).
    """

    root: NDArray[Any]


def broadening(sigma: NDArray[np.complex128] | complex) -> NDArray[np.complex128]:
    """Return ``Gamma = i (Sigma - Sigma^dagger)`` of one self-energy or a stack of them, or of a number."""
    matrices: NDArray[np.complex128] = np.asarray(sigma)
    adjoints = matrices.conj() if matrices.ndim == 0 else matrices.conj().swapaxes(-1, -2)
    return np.asarray(1j * (matrices - adjoints))


def root_of(gamma: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return F with ``F F^dagger = Gamma``, of a matrix, a stack or a number; a closed channel is a column of zeros."""
    if gamma.ndim == 0:
        return np.sqrt(gamma)
    values, vectors = np.linalg.eigh(gamma)
    # Values far below the largest one are round-off, of either sign.
    values[values < 1e-14 * values[..., -1:]] = 0.0
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :])


Contact = tuple[NDArray[np.int64], NDArray[Any], NDArray[Any]]
"""Orbitals that an end couples to, and H and S between them and the end."""


def cut_ends(
    device: Device, left: NDArray[np.int64], right: NDArray[np.int64]
) -> tuple[Device, tuple[Contact, Contact]]:
    """Remove the ends of a device, which leads replace.

    Parameters
    ----------
    device : Device
        H and S, ends included.
    left, right : array of int
        Orbitals of the two ends.

    Returns
    -------
    inner : Device
        The device without its ends, with the same atom numbers.
    contacts : two tuples
        For either end the orbitals of `inner` that it couples to, and H and S between them and the end.

    Raises
    ------
    TransportError
        If the ends share orbitals, couple to each other, leave nothing between them or couple to nothing.
    """
    ends = {"left": left, "right": right}
    taken = np.concatenate([left, right])
    if len(np.unique(taken)) != len(taken):
        raise TransportError("leads: the left and the right region share orbitals")
    past = float(np.abs(device.block("H", left, right)).max(initial=0.0))
    if past > 1e-6:
        raise TransportError(
            f"leads: the left region couples to the right one directly, with {1000 * past:.3g} meV; make the "
            "device longer, or, where the file is periodic along the transport direction and was computed at "
            "one k point along it, compute it with several, so that the couplings can be told apart"
        )
    middle = np.setdiff1d(np.arange(device.n_orbitals), taken)
    if not middle.size:
        raise TransportError("leads: nothing is left between the two regions; name fewer atoms as leads")
    inner = replace(
        device,
        H=device.H[middle][:, middle],
        S=device.S[middle][:, middle],
        orbital_atoms=device.orbital_atoms[middle],
        cell=None,
    )
    contacts = []
    for side, region in ends.items():
        H, S = device.block("H", middle, region), device.block("S", middle, region)
        coupled = np.flatnonzero(np.any(H != 0, axis=1) | np.any(S != 0, axis=1))
        if not coupled.size:
            raise TransportError(f"{side} lead: its orbitals couple to no other orbital of the device")
        contacts.append((coupled, H[coupled], S[coupled]))
    return inner, (contacts[0], contacts[1])
