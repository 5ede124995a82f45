"""Contact-block reduction: the whole spectrum once, then only contact-sized algebra per energy.

With all solutions of ``H X = S X e`` the Green's function of the closed device on the contact orbitals C is
``g(E) = X_C (E - e)^-1 X_C^dagger``, and the leads enter by Dyson's equation on that block alone,
``G = (1 - g Sigma)^-1 g``. Nothing is left out as long as all eigenpairs are kept.
Source: D. Mamaluy, M. Sabathil, P. Vogl, J. Appl. Phys. 93, 4628 (2003); S. Birner et al., J. Comput.
Electron. 8, 267 (2009).

Where E comes close to a level, g loses digits to that level's pole. Levels closer than `POLE_GUARD_EV` are
therefore kept out of g and put back through their own small Dyson equation, in which the pole has become a
zero: ``G = G' + K V [E - e - V^dagger Sigma K V]^-1 V^dagger (1 + Sigma G')`` with ``K = 1 + G' Sigma`` and V
the rows of the near levels on C.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from qdjunction.errors import TransportError

from .device import Device
from .leads import Lead, broadening

POLE_GUARD_EV = 1e-4
"""Levels closer to the energy than this are treated apart; g keeps about 12 digits elsewhere."""

DARK = 1e-24
"""Squared weight on the contacts below which a level near the energy is left out; it couples to nothing."""

BATCH_BYTES = 64 * 1024**2
"""Memory for one batch of contact-sized complex matrices."""


class ContactReduction:
    """Green's function between the orbitals of two leads.

    Parameters
    ----------
    device : Device
        H and S; its `eigenstates` are computed on first use and shared.
    left, right : Lead
        Two leads on separate sets of orbitals.
    """

    name = "contact-reduction"

    def __init__(self, device: Device, left: Lead, right: Lead) -> None:
        self.left, self.right = left, right
        self.contacts = joined_orbitals(left, right)
        self.levels_ev, states = device.eigenstates
        self._rows = np.ascontiguousarray(states[self.contacts])
        self._columns = np.ascontiguousarray(self._rows.conj().T)

    def transmission(self, energies_ev: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give T at each energy."""
        n_left = len(self.left.orbitals)
        values = []
        for sigma_left, sigma_right, green in self.batches(energies_ev):
            values.append(trace_formula(sigma_left, green[:, :n_left, n_left:], sigma_right))
        return np.concatenate(values)

    def batches(self, energies_ev: NDArray[np.float64]) -> Iterator[tuple[NDArray, NDArray, NDArray]]:
        """Give the two self-energies and G on the contact orbitals, left ones first, batch by batch."""
        size = max(1, BATCH_BYTES // (16 * self.contacts.size**2))
        for start in range(0, len(energies_ev), size):
            energies = energies_ev[start : start + size]
            sigma_left = self.left.self_energy(energies)
            sigma_right = self.right.self_energy(energies)
            yield sigma_left, sigma_right, self._green(energies, sigma_left, sigma_right)

    def _green(self, energies: NDArray, sigma_left: NDArray, sigma_right: NDArray) -> NDArray[np.complex128]:
        n_left, m = len(self.left.orbitals), self.contacts.size
        distance = energies[:, None] - self.levels_ev
        near = np.abs(distance) < POLE_GUARD_EV
        weight = np.divide(1.0, distance, out=np.zeros_like(distance), where=~near)
        closed = np.empty((len(energies), m, m), dtype=self._rows.dtype)
        for i in range(len(energies)):
            np.matmul(self._rows * weight[i], self._columns, out=closed[i])
        system = np.empty((len(energies), m, m), dtype=np.complex128)
        np.matmul(closed[:, :, :n_left], sigma_left, out=system[:, :, :n_left])
        np.matmul(closed[:, :, n_left:], sigma_right, out=system[:, :, n_left:])
        np.negative(system, out=system)
        system[:, np.arange(m), np.arange(m)] += 1.0
        green = np.linalg.solve(system, closed.astype(np.complex128))
        for i in np.flatnonzero(near.any(axis=1)):
            green[i] = self._put_back(green[i], near[i], distance[i], sigma_left[i], sigma_right[i])
        return green

    def _put_back(
        self, green: NDArray, near: NDArray, distance: NDArray, sigma_left: NDArray, sigma_right: NDArray
    ) -> NDArray[np.complex128]:
        n_left = len(self.left.orbitals)
        bright = np.flatnonzero(near)
        bright = bright[(np.abs(self._rows[:, bright]) ** 2).sum(axis=0) > DARK]
        V = self._rows[:, bright]

        def sigma(matrix: NDArray) -> NDArray:
            return np.concatenate([sigma_left @ matrix[:n_left], sigma_right @ matrix[n_left:]])

        KV = V + green @ sigma(V)
        own = np.diag(distance[bright]) - V.conj().T @ sigma(KV)
        return green + KV @ np.linalg.solve(own, V.conj().T @ (np.eye(len(green)) + sigma(green)))


def joined_orbitals(left: Lead, right: Lead) -> NDArray[np.int64]:
    """Give the orbitals of both leads, left ones first.

    Raises
    ------
    TransportError
        If the leads share an orbital.
    """
    shared = np.intersect1d(left.orbitals, right.orbitals)
    if shared.size:
        raise TransportError(
            f"leads: {shared.size} orbitals belong to both (the first is {shared[0]}); "
            "give each lead atoms of its own"
        )
    return np.concatenate([left.orbitals, right.orbitals])


def trace_formula(sigma_left: NDArray, green: NDArray, sigma_right: NDArray) -> NDArray[np.float64]:
    """Give ``T = Tr[Gamma_L G_LR Gamma_R G_LR^dagger]`` for stacks of matrices.

    Source: Y. Meir and N. S. Wingreen, Phys. Rev. Lett. 68, 2512 (1992), in the form of C. Caroli et al.
    (1971).
    """
    into = broadening(sigma_left) @ green
    out = green @ broadening(sigma_right)
    return np.einsum("eij,eij->e", into, out.conj()).real
