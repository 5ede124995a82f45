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

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qdjunction.errors import TransportError

from .device import Device
from .leads import Lead, broadening

POLE_GUARD_EV = 1e-4
"""Levels closer to the energy than this are treated apart; g keeps about 12 digits elsewhere."""

DARK = 1e-24
"""Squared weight on the contacts below which a level near the energy is left out; it couples to nothing."""

NODES = 22
"""Chebyshev points of one window."""

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
        self._closed = ClosedGreen(self.levels_ev, states[self.contacts])

    def transmission(self, energies_ev: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give T at each energy, batch by batch."""
        n_left = len(self.left.orbitals)
        order = np.argsort(energies_ev, kind="stable")
        values = np.empty(len(energies_ev))
        size = max(1, BATCH_BYTES // (16 * self.contacts.size**2))
        start = 0
        for window in self._closed.windows(energies_ev[order]):
            for batch in np.split(window.energies_ev, range(size, len(window.energies_ev), size)):
                sigma_left, sigma_right = self.left.self_energy(batch), self.right.self_energy(batch)
                green = self._columns(window, batch, sigma_left, sigma_right)
                here = order[start : start + len(batch)]
                values[here] = trace_formula(sigma_left, green[:, :n_left], sigma_right)
                start += len(batch)
        return values

    def _columns(
        self, window: "Window", energies: NDArray, sigma_left: NDArray, sigma_right: NDArray
    ) -> NDArray[np.complex128]:
        """Give the columns of G that belong to the right lead, (n_energies, m, m_right)."""
        n_left, m = len(self.left.orbitals), self.contacts.size
        closed, distance, near = window.green(energies)
        system = np.empty((len(energies), m, m), dtype=np.complex128)
        _multiply(closed[:, :, :n_left], sigma_left, system[:, :, :n_left])
        _multiply(closed[:, :, n_left:], sigma_right, system[:, :, n_left:])
        np.negative(system, out=system)
        system[:, np.arange(m), np.arange(m)] += 1.0
        green = np.linalg.solve(system, closed[:, :, n_left:].astype(np.complex128))
        for i in np.flatnonzero(near.any(axis=1)):
            without = np.linalg.solve(system[i], closed[i].astype(np.complex128))
            V = window.rows[:, near[i]]
            green[i] = _put_back(without, V, distance[i][near[i]], sigma_left[i], sigma_right[i])[:, n_left:]
        return green


class ClosedGreen:
    """``g(E) = X_C (E - e)^-1 X_C^dagger`` at many energies.

    Levels far from a window of energies give a smooth function of E there. It is summed at `NODES` Chebyshev
    points only and interpolated; with no such level closer to the middle than three half widths the
    interpolation error is below ``(3 + sqrt(8))^-NODES``, less than round-off. Levels within are summed at
    every energy.

    Parameters
    ----------
    levels_ev : (n,) array
        All levels e, ascending.
    rows : (m, n) array
        Rows of all states on the contact orbitals.
    """

    def __init__(self, levels_ev: NDArray[np.float64], rows: NDArray) -> None:
        self.levels_ev = levels_ev
        self.rows = np.ascontiguousarray(rows)

    def windows(self, energies_ev: NDArray[np.float64]) -> list["Window"]:
        """Cut ascending energies into the windows that need the fewest operations."""
        everything = [Window(self, energies_ev, smooth=False)]
        best, least = everything, len(energies_ev) * len(self.levels_ev)
        count = 1
        while 2 * NODES * count <= len(energies_ev):
            edges = np.linspace(energies_ev[0], energies_ev[-1], count + 1)[1:-1]
            pieces = np.split(energies_ev, np.searchsorted(energies_ev, edges))
            cut = [Window(self, piece, smooth=len(piece) > NODES) for piece in pieces if len(piece)]
            work = sum(window.operations for window in cut)
            if work < least:
                best, least = cut, work
            count *= 2
        return best


class Window:
    """Energies that share one interpolation of the far levels.

    Parameters
    ----------
    closed : ClosedGreen
        Levels and states.
    energies_ev : (n_energies,) array
        Energies of the window, ascending.
    smooth : bool
        Whether far levels are interpolated, or all are summed at every energy.
    """

    def __init__(self, closed: ClosedGreen, energies_ev: NDArray[np.float64], smooth: bool) -> None:
        self.energies_ev = energies_ev
        self._all = closed
        self.middle = 0.5 * (energies_ev[0] + energies_ev[-1])
        self.half = max(0.5 * (energies_ev[-1] - energies_ev[0]), POLE_GUARD_EV)
        close = np.abs(closed.levels_ev - self.middle) < 3 * self.half
        self.close = close if smooth else np.ones_like(close)
        self.smooth = smooth and not close.all()

    @property
    def operations(self) -> int:
        """Number of terms to sum, over all energies."""
        nodes = NODES * int((~self.close).sum()) if self.smooth else 0
        return nodes + len(self.energies_ev) * (int(self.close.sum()) + NODES * self.smooth)

    @cached_property
    def rows(self) -> NDArray:
        """Rows of the states that are summed at every energy."""
        return np.ascontiguousarray(self._all.rows[:, self.close])

    @cached_property
    def _far(self) -> NDArray:
        """Coefficients of the far levels' part in Chebyshev polynomials, (NODES, m * m)."""
        angles = (np.arange(NODES) + 0.5) * np.pi / NODES
        rows, levels = self._all.rows[:, ~self.close], self._all.levels_ev[~self.close]
        values = _sums(rows, 1.0 / (self.middle + self.half * np.cos(angles)[:, None] - levels))
        transform = 2.0 / NODES * np.cos(np.arange(NODES)[:, None] * angles)
        transform[0] *= 0.5
        return transform @ values.reshape(NODES, -1)

    def green(
        self, energies_ev: NDArray[np.float64]
    ) -> tuple[NDArray, NDArray[np.float64], NDArray[np.bool_]]:
        """Give g at some energies of the window but for the levels next to each of them.

        Returns
        -------
        g : (n_energies, m, m) array
        distance : (n_energies, n_close) array
            Energy minus level, of the levels of `rows`.
        near : (n_energies, n_close) array of bool
            Which of them are left out.
        """
        distance = energies_ev[:, None] - self._all.levels_ev[self.close]
        near = np.abs(distance) < POLE_GUARD_EV
        weight = np.divide(1.0, distance, out=np.zeros_like(distance), where=~near)
        closed = _sums(self.rows, weight)
        if self.smooth:
            x = np.clip((energies_ev - self.middle) / self.half, -1.0, 1.0)
            polynomials = np.cos(np.arccos(x)[:, None] * np.arange(NODES))
            closed += (polynomials @ self._far).reshape(closed.shape)
        return closed, distance, near


def _sums(rows: NDArray, weights: NDArray[np.float64]) -> NDArray:
    """Give ``rows diag(w) rows^dagger`` for each row of weights."""
    m = len(rows)
    columns = np.ascontiguousarray(rows.conj().T)
    out = np.empty((len(weights), m, m), dtype=rows.dtype)
    for weight, result in zip(weights, out, strict=True):
        np.matmul(rows * weight, columns, out=result)
    return out


def _multiply(closed: NDArray, sigma: NDArray[np.complex128], out: NDArray[np.complex128]) -> None:
    """Write ``closed @ sigma``; where closed is real, in real arithmetic."""
    if np.iscomplexobj(closed):
        np.matmul(closed, sigma, out=out)
        return
    real, imaginary = np.ascontiguousarray(sigma.real), np.ascontiguousarray(sigma.imag)
    out.real = closed @ real if real.any() else 0.0
    out.imag = closed @ imaginary


def _put_back(
    green: NDArray, V: NDArray, distance: NDArray, sigma_left: NDArray, sigma_right: NDArray
) -> NDArray[np.complex128]:
    """Give G with the levels of rows V and of E - e = `distance`, from G without them."""
    n_left = len(sigma_left)
    bright = (np.abs(V) ** 2).sum(axis=0) > DARK
    V, distance = V[:, bright], distance[bright]

    def sigma(matrix: NDArray) -> NDArray:
        return np.concatenate([sigma_left @ matrix[:n_left], sigma_right @ matrix[n_left:]])

    KV = V + green @ sigma(V)
    own = np.diag(distance) - V.conj().T @ sigma(KV)
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
