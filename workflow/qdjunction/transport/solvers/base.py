"""Base class of the solvers: two leads, and T from the block of G between them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.progress import progress
from qdjunction.transport.device import Device
from qdjunction.transport.leads.base import Lead, broadening, root_of

Places = slice | NDArray[np.int64]
"""Positions of the orbitals of one lead among those of both."""


class Batch(NamedTuple):
    """G from the right to the left lead at some of the energies, with both self-energies.

    Attributes
    ----------
    places : (b,) array of int
        Indices of these energies.
    sigma_left, sigma_right : (b, m_left, m_left) and (b, m_right, m_right) array
        Self-energies (eV).
    green : (b, m_left, m_right) array
        Block of the retarded Green's function (1/eV).
    """

    places: NDArray[np.int64]
    sigma_left: NDArray[np.complex128]
    sigma_right: NDArray[np.complex128]
    green: NDArray[np.complex128]


class Solver(ABC):
    """Green's function between the orbitals of two leads.

    Parameters
    ----------
    device : Device
        H and S.
    left, right : Lead
        Leads; they may share orbitals.
    """

    name: ClassVar[str]

    def __init__(self, device: Device, left: Lead, right: Lead) -> None:
        self.device, self.left, self.right = device, left, right
        own_right = np.setdiff1d(right.orbitals, left.orbitals)
        self.contacts = np.concatenate([left.orbitals, own_right])
        n_left, m = len(left.orbitals), len(self.contacts)
        self._left: Places = slice(0, n_left)
        if len(own_right) == len(right.orbitals) and np.array_equal(own_right, right.orbitals):
            self._right: Places = slice(n_left, m)
        else:
            order = np.argsort(self.contacts)
            self._right = order[np.searchsorted(self.contacts, right.orbitals, sorter=order)]

    @classmethod
    @abstractmethod
    def memory_bytes(cls, device: Device, left: Lead, right: Lead, n_energies: int) -> int:
        """Estimate the peak memory (bytes) in addition to the device and the leads."""

    @abstractmethod
    def batches(self, energies_ev: NDArray[np.float64]) -> Iterator[Batch]:
        """Yield G between the leads, some energies at a time, each energy once, in any order."""

    def solve(
        self, energies_ev: NDArray[np.float64], channels: int = 0
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return T at each energy, and its largest terms ``T_n``, the eigenvalues of ``t t^dagger``.

        Parameters
        ----------
        energies_ev : (n_energies,) array
            Energies (eV).
        channels : int
            Number of T_n; zeros beyond the number of orbitals in the smaller contact.

        Returns
        -------
        transmission : (n_energies,) array
            ``T = sum_n T_n``.
        eigenvalues : (n_energies, channels) array
            Descending; ``t = F_L^dagger G_LR F_R`` with ``Gamma = F F^dagger``.
        """
        values = np.empty(len(energies_ev))
        eigenvalues = np.zeros((len(energies_ev), channels))
        with progress("T(E)", len(energies_ev), "energies") as meter:
            for batch in self.batches(energies_ev):
                values[batch.places] = trace_formula(batch.sigma_left, batch.green, batch.sigma_right)
                if channels:
                    left, right = (root_of(broadening(s)) for s in (batch.sigma_left, batch.sigma_right))
                    amplitudes = left.conj().swapaxes(-1, -2) @ batch.green @ right
                    singular = np.linalg.svd(amplitudes, compute_uv=False)[:, :channels]
                    eigenvalues[batch.places, : singular.shape[1]] = singular**2
                meter.update(len(batch.places))
        return values, eigenvalues

    def transmission(self, energies_ev: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return T at each energy."""
        return self.solve(energies_ev)[0]


def trace_formula(
    sigma_left: NDArray[Any], green: NDArray[Any], sigma_right: NDArray[Any]
) -> NDArray[np.float64]:
    """Return ``T = Tr[Gamma_L G_LR Gamma_R G_LR^dagger]`` for stacks of matrices.

    Source: Y. Meir and N. S. Wingreen, Phys. Rev. Lett. 68, 2512 (1992), in the form of C. Caroli et al.
    (1971).
    """
    into = broadening(sigma_left) @ green
    out = green @ broadening(sigma_right)
    traces: NDArray[np.complex128] = np.einsum("eij,eij->e", into, out.conj())
    return traces.real
