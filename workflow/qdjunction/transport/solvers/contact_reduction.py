"""Contact-block reduction: the full spectrum once, then only contact-sized algebra per energy.

With all solutions of ``H X = S X e`` the Green's function of the closed device on the contact orbitals C is
``g(E) = X_C (E - e)^-1 X_C^dagger``, and the leads enter by Dyson's equation on that block, ``G = (1 - g Sigma)^-1 g``.
This is exact as long as all eigenpairs are kept.
Source: D. Mamaluy, M. Sabathil, P. Vogl, J. Appl. Phys. 93, 4628 (2003); S. Birner et al., J. Comput.
Electron. 8, 267 (2009).

Where E comes close to a level, g loses digits to that level's pole. Levels closer than `POLE_GUARD_EV` are
therefore left out of g and added by a small Dyson equation, in which the pole becomes a zero:
``G = G' + K V [E - e - V^dagger Sigma K V]^-1 V^dagger (1 + Sigma G')`` with ``K = 1 + G' Sigma`` and V the rows of the
near levels on C.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from qdjunction.transport.device import Device
from qdjunction.transport.leads.base import Lead
from qdjunction.transport.solvers.base import Batch, Places, Solver, trace_formula
from qdjunction.transport.solvers.spectrum import Spectrum, in_parts

POLE_GUARD_EV = 1e-4
"""Levels closer to the energy than this are treated separately; g keeps about 12 digits elsewhere."""

DARK = 1e-24
"""Squared weight on the contacts below which a level near the energy is left out, since it couples to nothing."""

NODES = 22
"""Chebyshev points of one window."""

BATCH_BYTES = 16 * 1024**2
"""Memory for one batch of contact-sized complex matrices."""


class ContactReduction(Solver):
    """One decomposition of the device, then contact-sized algebra; see the module docstring.

    Parameters
    ----------
    device : Device
        H and S; its `spectrum` is computed on first use and shared.
    left, right : Lead
        Leads.
    """

    name = "contact-reduction"

    def __init__(self, device: Device, left: Lead, right: Lead) -> None:
        super().__init__(device, left, right)
        self.levels_ev = device.spectrum.levels_ev
        self._closed = ClosedGreen(self.levels_ev, device.spectrum.rows(self.contacts))

    @classmethod
    def memory_bytes(cls, device: Device, left: Lead, right: Lead, n_energies: int) -> int:
        """Estimate the peak memory (bytes) in addition to the device and the leads."""
        n, m = device.n_orbitals, len(left.orbitals) + len(right.orbitals)
        size = 8 if device.is_real else 16
        known = "spectrum" in device.__dict__
        decomposition = (
            0 if known else Spectrum.memory_bytes(n, size) + 2 * size * n**2 * scipy.sparse.issparse(device.H)
        )
        # Rows of the states and what they are multiplied with; columns of G on all orbitals for the checks.
        narrow = n * m * (4 * size + 5 * 16)
        return (
            decomposition + narrow + 3 * NODES * size * m**2 + 8 * 16 * m**2 * min(n_energies, batch_size(m))
        )

    def batches(self, energies_ev: NDArray[np.float64]) -> Iterator[Batch]:
        """Yield G between the leads, window by window."""
        order = np.argsort(energies_ev, kind="stable")
        size = batch_size(self.contacts.size)
        start = 0
        for window in self._closed.windows(energies_ev[order]):
            for batch in np.split(window.energies_ev, range(size, len(window.energies_ev), size)):
                sigma_left, sigma_right = self.left.self_energy(batch), self.right.self_energy(batch)
                green = self._columns(window, batch, sigma_left, sigma_right)
                places = order[start : start + len(batch)]
                start += len(batch)
                yield Batch(places, sigma_left, sigma_right, green[:, self._left])

    def refined_transmission(self, energy_ev: float) -> float:
        """Return T at one energy, corrected to first order for the error of the decomposition.

        The columns and rows of G that belong to the leads are assembled from the states on all orbitals of the device.
        Their residual ``1 - (E S - H - Sigma) G`` is the error of the decomposition, however it was computed, and
        ``G_LR + G_L: [1 - (E S - H - Sigma) G]_:R`` is correct to second order in it. This is much cheaper than a
        direct solution.
        """
        left, right = self.left.self_energy(energy_ev), self.right.self_energy(energy_ev)
        columns = self._in_device(energy_ev, left, right, self._right)
        # G_L: is the adjoint of the columns of the advanced G.
        rows = self._in_device(energy_ev, left.conj().T, right.conj().T, self._left).conj().T
        acted = energy_ev * in_parts(self.device.S, columns) - in_parts(self.device.H, columns)
        for lead, sigma in ((self.left, left), (self.right, right)):
            acted[lead.orbitals] -= sigma @ columns[lead.orbitals]
        acted[self.right.orbitals, np.arange(len(self.right.orbitals))] -= 1.0
        green = columns[self.left.orbitals] - rows @ acted
        return float(trace_formula(left[None], green[None], right[None])[0])

    def _in_device(
        self, energy: float, sigma_left: NDArray[Any], sigma_right: NDArray[Any], place: Places
    ) -> NDArray[np.complex128]:
        """Return the columns of G that belong to the contact orbitals at `place`, on all orbitals."""
        window = Window(self._closed, np.array([energy]), smooth=False)
        closed, distance, near = window.green(window.energies_ev)
        system = self._system(closed, sigma_left[None], sigma_right[None])[0]
        unit = np.eye(len(self.contacts), dtype=np.complex128)
        weight = np.divide(1.0, distance[0], out=np.zeros_like(distance[0]), where=~near[0])
        if near.any():
            without = np.linalg.solve(system, closed[0].astype(np.complex128))
            V = window.rows[:, near[0]]
            green, amplitudes = self._add_levels(
                without, V, distance[0][near[0]], sigma_left, sigma_right, place
            )
        else:
            green = np.linalg.solve(system, closed[0][:, place].astype(np.complex128))
        source = unit[:, place] + self._sigma(green, sigma_left, sigma_right)
        coefficients = weight[:, None] * in_parts(window.rows.conj().T, source)
        if near.any():
            coefficients[near[0]] = amplitudes
        return self.device.spectrum.combine(coefficients)

    def _system(
        self, closed: NDArray[Any], sigma_left: NDArray[Any], sigma_right: NDArray[Any]
    ) -> NDArray[np.complex128]:
        """Return ``1 - g Sigma``, (n_energies, m, m)."""
        m = self.contacts.size
        system = np.zeros((len(closed), m, m), dtype=np.complex128)
        system[:, :, self._left] -= _product(closed[:, :, self._left], sigma_left)
        system[:, :, self._right] -= _product(closed[:, :, self._right], sigma_right)
        system[:, np.arange(m), np.arange(m)] += 1.0
        return system

    def _sigma(
        self, matrix: NDArray[Any], sigma_left: NDArray[Any], sigma_right: NDArray[Any]
    ) -> NDArray[np.complex128]:
        """Return ``Sigma matrix`` for rows on the contacts."""
        out = np.zeros(matrix.shape, dtype=np.complex128)
        out[self._left] += sigma_left @ matrix[self._left]
        out[self._right] += sigma_right @ matrix[self._right]
        return out

    def _columns(
        self, window: "Window", energies: NDArray[Any], sigma_left: NDArray[Any], sigma_right: NDArray[Any]
    ) -> NDArray[np.complex128]:
        """Return the columns of G that belong to the right lead, (n_energies, m, m_right)."""
        closed, distance, near = window.green(energies)
        system = self._system(closed, sigma_left, sigma_right)
        right = closed[:, :, self._right].astype(np.complex128)
        green = np.asarray(np.linalg.solve(system, right), dtype=np.complex128)
        for i in np.flatnonzero(near.any(axis=1)):
            without = np.linalg.solve(system[i], closed[i].astype(np.complex128))
            V = window.rows[:, near[i]]
            green[i], _ = self._add_levels(
                without, V, distance[i][near[i]], sigma_left[i], sigma_right[i], self._right
            )
        return green

    def _add_levels(
        self,
        green: NDArray[Any],
        V: NDArray[Any],
        distance: NDArray[Any],
        sigma_left: NDArray[Any],
        sigma_right: NDArray[Any],
        place: Places,
    ) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """Return columns of G with the levels of rows V, at E - e = `distance`, added to G without them.

        Returns
        -------
        columns : (m, n_columns) array
            Those at `place`.
        amplitudes : (n_levels, n_columns) array
            Amplitude of each level in them; zero for a level that couples to nothing.
        """
        bright = (np.abs(V) ** 2).sum(axis=0) > DARK
        KV = V + green @ self._sigma(V, sigma_left, sigma_right)
        own = np.diag(distance) - V.conj().T @ self._sigma(KV, sigma_left, sigma_right)
        source = np.eye(len(green)) + self._sigma(green, sigma_left, sigma_right)
        amplitudes = np.zeros((len(distance), source[:, place].shape[1]), dtype=np.complex128)
        amplitudes[bright] = np.linalg.solve(
            own[np.ix_(bright, bright)], V[:, bright].conj().T @ source[:, place]
        )
        return green[:, place] + KV[:, bright] @ amplitudes[bright], amplitudes


def batch_size(n_contacts: int) -> int:
    """Return how many energies are solved together."""
    return max(1, BATCH_BYTES // (16 * n_contacts**2))


class ClosedGreen:
    """``g(E) = X_C (E - e)^-1 X_C^dagger`` at many energies.

    Levels far from a window of energies contribute a smooth function of E there, which is summed at `NODES` Chebyshev
    points only and interpolated; with no such level closer to the middle than three half widths the
    interpolation error is below ``(3 + sqrt(8))^-NODES``, less than round-off. Closer levels are summed at every
    energy.

    Parameters
    ----------
    levels_ev : (n,) array
        All levels e, ascending.
    rows : (m, n) array
        Rows of all states on the contact orbitals.
    """

    def __init__(self, levels_ev: NDArray[np.float64], rows: NDArray[Any]) -> None:
        self.levels_ev = levels_ev
        self.rows = np.ascontiguousarray(rows)

    def windows(self, energies_ev: NDArray[np.float64]) -> list["Window"]:
        """Divide ascending energies into the windows that need the fewest operations."""
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
    def rows(self) -> NDArray[Any]:
        """Rows of the states that are summed at every energy."""
        return np.ascontiguousarray(self._all.rows[:, self.close])

    @cached_property
    def _far(self) -> NDArray[Any]:
        """Coefficients of the far levels' part in Chebyshev polynomials, (NODES, m * m)."""
        angles = (np.arange(NODES) + 0.5) * np.pi / NODES
        rows, levels = self._all.rows[:, ~self.close], self._all.levels_ev[~self.close]
        values = _sums(rows, 1.0 / (self.middle + self.half * np.cos(angles)[:, None] - levels))
        transform = 2.0 / NODES * np.cos(np.arange(NODES)[:, None] * angles)
        transform[0] *= 0.5
        return np.asarray(transform @ values.reshape(NODES, -1))

    def green(
        self, energies_ev: NDArray[np.float64]
    ) -> tuple[NDArray[Any], NDArray[np.float64], NDArray[np.bool_]]:
        """Return g at some energies of the window without the levels next to each of them.

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


def _sums(rows: NDArray[Any], weights: NDArray[np.float64]) -> NDArray[Any]:
    """Return ``rows diag(w) rows^dagger`` for each row of weights."""
    m = len(rows)
    columns = np.ascontiguousarray(rows.conj().T)
    out = np.empty((len(weights), m, m), dtype=rows.dtype)
    for weight, result in zip(weights, out, strict=True):
        np.matmul(rows * weight, columns, out=result)
    return out


def _product(closed: NDArray[Any], sigma: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return ``closed @ sigma``; where closed is real, in real arithmetic."""
    if np.iscomplexobj(closed):
        return closed @ sigma
    out = np.zeros((len(closed), closed.shape[1], sigma.shape[2]), dtype=np.complex128)
    real, imaginary = np.ascontiguousarray(sigma.real), np.ascontiguousarray(sigma.imag)
    if real.any():
        out.real = closed @ real
    out.imag = closed @ imaginary
    return out
