"""Direct solution: one LU decomposition per energy with the columns of one lead as right-hand sides."""

from collections.abc import Iterator

import numpy as np
import scipy
from numpy.typing import NDArray

from qdjunction.core.errors import TransportError
from qdjunction.transport.device import Device, dense
from qdjunction.transport.leads.base import Lead
from qdjunction.transport.solvers.base import SINGULAR, Batch, Solver


class DirectSolver(Solver):
    """``(E S - H - Sigma) G = 1`` solved for the columns of the right lead."""

    name = "direct"

    def __init__(self, device: Device, left: Lead, right: Lead) -> None:
        super().__init__(device, left, right)
        device.check_overlap()
        self._H, self._S = dense(device.H), dense(device.S)

    @classmethod
    def memory_bytes(cls, device: Device, left: Lead, right: Lead, n_energies: int) -> int:
        """Estimate the peak memory (bytes) in addition to the device and the leads."""
        n, size = device.n_orbitals, 8 if device.is_real else 16
        copies = 2 * size * n**2 * scipy.sparse.issparse(device.H)
        return copies + (size + 16) * n**2 + 3 * 16 * n * len(right.orbitals)

    def batches(self, energies_ev: NDArray[np.float64]) -> Iterator[Batch]:
        """Yield G between the leads, one energy at a time."""
        for i, energy in enumerate(energies_ev):
            left, right = self.left.self_energy(energy), self.right.self_energy(energy)
            green = self._solved(energy, left, right, self.right.orbitals)[self.left.orbitals]
            yield Batch(np.array([i]), left[None], right[None], green[None])

    def columns(self, energy_ev: float, orbitals: NDArray[np.int64]) -> NDArray[np.complex128]:
        """Return the columns of G that belong to `orbitals`, (n, len(orbitals)).

        Raises
        ------
        TransportError
            If E S - H - Sigma is singular: a level at this energy that no lead broadens.
        """
        left, right = self.left.self_energy(energy_ev), self.right.self_energy(energy_ev)
        return self._solved(energy_ev, left, right, orbitals)

    def _solved(
        self,
        energy_ev: float,
        sigma_left: NDArray[np.complex128],
        sigma_right: NDArray[np.complex128],
        orbitals: NDArray[np.int64],
    ) -> NDArray[np.complex128]:
        """Return the columns of G that belong to `orbitals`, with the self-energies at this energy."""
        system = np.asfortranarray(energy_ev * self._S - self._H, dtype=np.complex128)
        for lead, sigma in ((self.left, sigma_left), (self.right, sigma_right)):
            system[np.ix_(lead.orbitals, lead.orbitals)] -= sigma
        unit = np.zeros((len(system), len(orbitals)), dtype=np.complex128, order="F")
        unit[orbitals, np.arange(len(orbitals))] = 1.0
        green: NDArray[np.complex128]
        _, _, green, info = scipy.linalg.lapack.zgesv(system, unit, overwrite_a=True, overwrite_b=True)
        if info:
            raise TransportError(SINGULAR.format(energy_ev))
        return green
