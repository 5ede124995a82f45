"""Block-tridiagonal elimination, layer by layer, for devices much longer than the range of their orbitals."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from qdjunction.core.errors import TransportError
from qdjunction.transport.device import Device
from qdjunction.transport.leads.base import Lead
from qdjunction.transport.solvers.base import SINGULAR, Batch, Solver
from qdjunction.transport.solvers.spectrum import NOT_POSITIVE


class LayerSolver(Solver):
    """Eliminate layer after layer from the right lead to the left one.

    Layers are found from the sparsity of H and S: the right lead's orbitals come first, then all that couple
    to them, and so on; the last layer begins where the left lead does. The work grows with the sum of the cubes of the
    layer sizes, not with the cube of their sum.

    Parameters
    ----------
    device : Device
        H and S.
    left, right : Lead
        Leads.

    Raises
    ------
    TransportError
        If no chain of couplings connects the two leads, or S is not positive definite.
    """

    name = "layers"

    def __init__(self, device: Device, left: Lead, right: Lead) -> None:
        super().__init__(device, left, right)
        self.layers = find_layers(device, right.orbitals, left.orbitals)
        self._own = [(device.block("H", layer), device.block("S", layer)) for layer in self.layers]
        pairs = list(zip(self.layers[1:], self.layers[:-1], strict=True))
        self._back = [
            tuple(device.block(name, here, before) for name in ("H", "S")) for here, before in pairs
        ]
        self._check_overlap()

    @classmethod
    def memory_bytes(cls, device: Device, left: Lead, right: Lead, n_energies: int) -> int:
        """Estimate the peak memory (bytes) in addition to the device and the leads."""
        sizes = [len(layer) for layer in find_layers(device, right.orbitals, left.orbitals)]
        size, m = 8 if device.is_real else 16, len(right.orbitals)
        kept = sum((2 * size + 16) * a**2 for a in sizes) + sum(2 * size * a * b for a, b in pairwise(sizes))
        sweep = max(16 * (2 * a**2 + 4 * a * (b + m)) for a, b in pairwise([*sizes, 0]))
        return kept + sweep

    def batches(self, energies_ev: NDArray[np.float64]) -> Iterator[Batch]:
        """Yield G between the leads, one energy at a time."""
        for i, energy in enumerate(energies_ev):
            left, right = self.left.self_energy(float(energy)), self.right.self_energy(float(energy))
            green = self._swept(float(energy), left, right)
            yield Batch(np.array([i]), left[None], right[None], green[None])

    def _check_overlap(self) -> None:
        """Raise TransportError unless S is positive definite: every Schur complement is, layer after layer."""
        block = self._own[0][1]
        try:
            for (_, back), (_, following) in zip(self._back, self._own[1:], strict=True):
                factor = scipy.linalg.cho_factor(block, check_finite=False)
                block = following - back @ scipy.linalg.cho_solve(factor, back.conj().T, check_finite=False)
            scipy.linalg.cholesky(block, check_finite=False)
        except np.linalg.LinAlgError as error:
            raise TransportError(NOT_POSITIVE.format(self.device.n_orbitals)) from error

    def _swept(
        self, energy: float, sigma_left: NDArray[Any], sigma_right: NDArray[Any]
    ) -> NDArray[np.complex128]:
        """Sweep once: ``g_i = (A_i - A_i,i-1 g_i-1 A_i-1,i)^-1`` and ``G_i0 = g_i (-A_i,i-1) G_i-1,0``."""
        first = np.searchsorted(self.layers[0], self.right.orbitals)
        last = np.searchsorted(self.layers[-1], self.left.orbitals)
        blocks = [(energy * S - H).astype(np.complex128) for H, S in self._own]
        blocks[0][np.ix_(first, first)] -= sigma_right
        blocks[-1][np.ix_(last, last)] -= sigma_left
        columns = np.eye(len(self.layers[0]), dtype=np.complex128)[:, first]
        block = blocks[0]
        for (H, S), following in zip(self._back, blocks[1:], strict=True):
            back = energy * S - H
            solved = _solved(block, np.hstack([back.conj().T, columns]), energy)
            width = back.shape[0]
            block = following - back @ solved[:, :width]
            columns = -back @ solved[:, width:]
        return np.asarray(_solved(block, columns, energy)[last], dtype=np.complex128)


def _solved(block: NDArray[Any], columns: NDArray[Any], energy: float) -> NDArray[Any]:
    try:
        return np.linalg.solve(block, columns)
    except np.linalg.LinAlgError as error:
        raise TransportError(SINGULAR.format(energy)) from error


def find_layers(device: Device, first: NDArray[np.int64], last: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Divide a device into layers, each of which couples only to its neighbours.

    Returns
    -------
    list of array of int
        Orbitals of each layer, ascending; the first holds `first`, the last one holds `last`.

    Raises
    ------
    TransportError
        If `last` cannot be reached from `first`.
    """
    pattern = scipy.sparse.csr_array(
        abs(scipy.sparse.csr_array(device.H)) + abs(scipy.sparse.csr_array(device.S))
    )
    seen = np.zeros(device.n_orbitals, dtype=bool)
    ends = np.zeros(device.n_orbitals, dtype=bool)
    ends[last] = True
    layer = np.unique(first)
    layers = []
    while layer.size:
        seen[layer] = True
        layers.append(layer)
        if ends[layer].any():
            break
        found = np.zeros(device.n_orbitals, dtype=bool)
        found[pattern[layer].indices] = True
        layer = np.flatnonzero(found & ~seen)
    else:
        raise TransportError("no chain of couplings connects the left lead to the right one; T is zero")
    # The last layer takes all other orbitals: those of the lead there, and those around and behind it.
    rest = np.flatnonzero(~seen)
    layers[-1] = np.union1d(layers[-1], rest)
    return layers
