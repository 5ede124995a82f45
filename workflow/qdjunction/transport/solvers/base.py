"""Base class of the solvers: two leads, and T from the block of G between them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.progress import progress
from qdjunction.transport.device import Device
from qdjunction.transport.leads.base import Lead, broadening, root_of

Sigma = NDArray[np.complex128] | complex
"""Self-energies at some energies, (n_energies, m, m), or a number times the unit matrix at all of them."""

SINGULAR = "E S - H - Sigma is singular at {:g} eV: a level there is coupled to no lead; move the energy"
"""Error of a linear system, with the energy."""


class Batch(NamedTuple):
    """G from the right to the left lead at some of the energies, with both self-energies.

    Attributes
    ----------
    places : (b,) array of int
        Indices of these energies.
    sigma_left, sigma_right : (b, m_left, m_left) and (b, m_right, m_right) array, or complex
        Self-energies (eV).
    green : (b, m_left, m_right) array
        Block of the retarded Green's function (1/eV).
    """

    places: NDArray[np.int64]
    sigma_left: Sigma
    sigma_right: Sigma
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

    @classmethod
    @abstractmethod
    def memory_bytes(cls, device: Device, left: Lead, right: Lead, n_energies: int) -> int:
        """Estimate the peak memory (bytes) in addition to the device and the leads."""

    @abstractmethod
    def batches(self, energies_ev: NDArray[np.float64]) -> Iterator[Batch]:
        """Yield G between the leads, some energies at a time, each energy once, in any order."""

    def own_batches(self, energies_ev: NDArray[np.float64]) -> Iterator[Batch]:
        """Yield the same for T alone, in whatever coordinates of either lead are cheapest."""
        return self.batches(energies_ev)

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
            for batch in self.own_batches(energies_ev):
                values[batch.places] = trace_formula(batch.sigma_left, batch.green, batch.sigma_right)
                if channels:
                    amplitudes = _amplitudes(batch)
                    singular = np.linalg.svd(amplitudes, compute_uv=False)[:, :channels]
                    eigenvalues[batch.places, : singular.shape[1]] = singular**2
                meter.update(len(batch.places))
        return values, eigenvalues

    def transmission(self, energies_ev: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return T at each energy."""
        return self.solve(energies_ev)[0]


def _amplitudes(batch: Batch) -> NDArray[np.complex128]:
    """Return ``t = F_L^dagger G_LR F_R`` with ``Gamma = F F^dagger``, (b, m_left, m_right)."""
    left, right = (root_of(broadening(sigma)) for sigma in (batch.sigma_left, batch.sigma_right))
    from_left = left * batch.green if left.ndim == 0 else left.conj().swapaxes(-1, -2) @ batch.green
    return np.asarray(from_left * right if right.ndim == 0 else from_left @ right)


def trace_formula(sigma_left: Sigma, green: NDArray[Any], sigma_right: Sigma) -> NDArray[np.float64]:
    """Return ``T = Tr[Gamma_L G_LR Gamma_R G_LR^dagger]`` for matrices or stacks of them.

    Source: Y. Meir and N. S. Wingreen, Phys. Rev. Lett. 68, 2512 (1992), in the form of C. Caroli et al.
    (1971).
    """
    left, right = broadening(sigma_left), broadening(sigma_right)
    into = left * green if left.ndim == 0 else left @ green
    out = green * right if right.ndim == 0 else green @ right
    traces: NDArray[np.complex128] = np.einsum("...ij,...ij->...", into, out.conj())
    return traces.real
