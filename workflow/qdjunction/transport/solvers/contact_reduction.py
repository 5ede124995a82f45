"""Contact-block reduction: the full spectrum once, then only contact-sized algebra per energy.

With all solutions of ``H X = S X e`` the Green's function of the closed device on the contact orbitals C is
``g(E) = X_C (E - e)^-1 X_C^dagger``, and the leads enter by Dyson's equation on that block, ``G = (1 - g Sigma)^-1 g``.
This is exact as long as all eigenpairs are kept.
Source: D. Mamaluy, M. Sabathil, P. Vogl, J. Appl. Phys. 93, 4628 (2003); S. Birner et al., J. Comput.
Electron. 8, 267 (2009).

Dyson's equation is solved for one lead after the other, on the orbitals of that lead alone:
``Y = (1 - g_LL Sigma_L)^-1 g_LR``, ``g'_RR = g_RR + g_RL Sigma_L Y``, ``G_LR = Y (1 - Sigma_R g'_RR)^-1``. A lead whose
Gamma is the same at every energy, Gamma = F F^dagger and Sigma = -i Gamma / 2, has the rows of its orbitals multiplied
by F^dagger once; in these coordinates Sigma is the number -i/2 and T is the sum of the squares of G_LR.

Where E comes close to a level, g loses digits to that level's pole. Levels closer than `POLE_GUARD_EV` are
therefore left out of g and added by a small Dyson equation, in which the pole becomes a zero:
``G = G' + K V [E - e - V^dagger Sigma K V]^-1 V^dagger (1 + Sigma G')`` with ``K = 1 + G' Sigma`` and V the rows of the
near levels on C. With one lead attached the device has other levels, to which the same applies: where an element of
Y or g' exceeds ``1 / POLE_GUARD_EV``, both leads are attached at once.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from qdjunction.transport.device import Device, dense
from qdjunction.transport.leads.base import ConstantLead, Lead
from qdjunction.transport.solvers.arrays import (
    Array,
    Library,
    adjoint,
    as_complex,
    product,
    to_numpy,
    weighted_products,
)
from qdjunction.transport.solvers.base import Batch, Sigma, Solver, trace_formula
from qdjunction.transport.solvers.spectrum import Spectrum, StandardSpectrum

POLE_GUARD_EV = 1e-4
"""Levels closer to the energy than this are treated separately; g keeps about 12 digits elsewhere."""

DARK = 1e-24
"""Squared weight on the contacts below which a level near the energy is left out, since it couples to nothing."""

NODES = 22
"""Chebyshev points of one window."""

BATCH_BYTES = 16 * 1024**2
"""Memory for one batch of contact-sized complex matrices."""

HALF = -0.5j
"""Self-energy of a lead of constant Gamma, on rows that are multiplied by the root of Gamma."""


class ContactReduction(Solver):
    """One decomposition of the device, then contact-sized algebra; see the module docstring.

    Parameters
    ----------
    device : Device
        H and S; its `spectrum` is computed on first use and shared, unless another array library is used.
    left, right : Lead
        Leads.
    xp : Library
        Array library that does the decomposition and the algebra; self-energies are always those of NumPy.
    """

    name = "contact-reduction"

    def __init__(self, device: Device, left: Lead, right: Lead, xp: Library = np) -> None:
        super().__init__(device, left, right)
        self.xp = xp
        self.spectrum: Any = (
            device.spectrum if xp is np else StandardSpectrum(xp, dense(device.H), dense(device.S))
        )
        self.levels_ev: NDArray[np.float64] = self.spectrum.levels_ev
        # An orbital of both leads has two rows, which is exact as well.
        self._n_left, self._m = len(left.orbitals), len(left.orbitals) + len(right.orbitals)
        self._roots = tuple(lead.root if isinstance(lead, ConstantLead) else None for lead in (left, right))
        rows = self.spectrum.rows(np.concatenate([left.orbitals, right.orbitals]))
        parts = [
            part if root is None else adjoint(xp, xp.asarray(root, dtype=part.dtype)) @ part
            for part, root in zip(
                (rows[: self._n_left, :], rows[self._n_left :, :]), self._roots, strict=True
            )
        ]
        self._closed = ClosedGreen(self.levels_ev, xp.concat(parts, axis=0), self._n_left, xp)

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
        # Polynomials of the nested windows that are open at a time.
        depth = max(1, (n_energies // NODES).bit_length())
        return (
            decomposition + narrow + (depth + 2) * NODES * size * m**2
            + 8 * 16 * m**2 * min(n_energies, batch_size(m))
        )  # fmt: skip

    def batches(self, energies_ev: NDArray[np.float64]) -> Iterator[Batch]:
        """Yield G between the leads, window by window."""
        back = [None if root is None else np.linalg.inv(root) for root in self._roots]
        for batch in self._batches(energies_ev, carried=False):
            green, energies = batch.green, energies_ev[batch.places]
            if back[0] is not None:
                green = back[0].conj().T @ green
            if back[1] is not None:
                green = green @ back[1]
            left, right = self.left.self_energy(energies), self.right.self_energy(energies)
            yield Batch(batch.places, left, right, green)

    def own_batches(self, energies_ev: NDArray[np.float64]) -> Iterator[Batch]:
        """Yield the same, with the root of a constant Gamma in G and the number `HALF` as its self-energy.

        Where the left self-energy is a matrix it is carried to the orbitals of the right lead, often the fewer ones.
        """
        yield from self._batches(energies_ev, carried=self._roots[0] is None)

    def _batches(self, energies_ev: NDArray[np.float64], carried: bool) -> Iterator[Batch]:
        """Yield G on the rows, or the left self-energy and G both on those of the right lead."""
        order = np.argsort(energies_ev, kind="stable")
        size = batch_size(self._m)
        start = 0
        for window in self._closed.windows(energies_ev[order]):
            for batch in np.split(window.energies_ev, range(size, len(window.energies_ev), size)):
                left, right = self._sigmas(batch)
                on_right, green = self._between(window, batch, left, right, carried)
                places = order[start : start + len(batch)]
                start += len(batch)
                yield Batch(places, to_numpy(on_right) if carried else left, right, to_numpy(green))

    def refined_transmission(self, energy_ev: float) -> float:
        """Return T at one energy, corrected to first order for the error of the decomposition.

        The columns and rows of G that belong to the leads are assembled from the states on all orbitals of the device.
        Their residual ``1 - (E S - H - Sigma) G`` is the error of the decomposition, however it was computed, and
        ``G_LR + G_L: [1 - (E S - H - Sigma) G]_:R`` is correct to second order in it. This is much cheaper than a
        direct solution.
        """
        left, right = (np.asarray(sigma) for sigma in self._sigmas(np.array([energy_ev])))
        left, right = (sigma[0] if sigma.ndim else sigma for sigma in (left, right))
        n_left, roots = self._n_left, self._roots
        columns = self._in_device(energy_ev, left, right, slice(n_left, self._m))
        # G_L: is the adjoint of the columns of the advanced G.
        rows = self._in_device(energy_ev, left.conj().T, right.conj().T, slice(0, n_left)).conj().T
        acted = energy_ev * product(np, self.device.S, columns) - product(np, self.device.H, columns)
        for lead in (self.left, self.right):
            acted[lead.orbitals] -= lead.self_energy(energy_ev) @ columns[lead.orbitals]
        acted[self.right.orbitals] -= np.eye(len(self.right.orbitals)) if roots[1] is None else roots[1]
        found = columns[self.left.orbitals]
        green = (found if roots[0] is None else roots[0].conj().T @ found) - rows @ acted
        return float(trace_formula(left, green, right))

    def _sigmas(self, energies: NDArray[np.float64]) -> tuple[Sigma, Sigma]:
        """Return both self-energies on the rows, (n_energies, m, m) or a number."""
        left, right = (
            lead.self_energy(energies) if root is None else HALF
            for lead, root in zip((self.left, self.right), self._roots, strict=True)
        )
        return left, right

    def _in_device(
        self, energy: float, sigma_left: Any, sigma_right: Any, place: slice
    ) -> NDArray[np.complex128]:
        """Return the columns of G that belong to the rows at `place`, on all orbitals."""
        xp = self.xp
        window = Window(self._closed, np.array([energy]), smooth=False)
        closed, distance, near = window.green(window.energies_ev)
        sigmas = xp.asarray(sigma_left), xp.asarray(sigma_right)
        green, amplitudes, bright = self._attached(window, closed[0, :], distance[0], near[0], *sigmas)
        unit = xp.eye(self._m, dtype=xp.complex128)
        source = (unit + self._times_sigma(green, *sigmas))[:, place]
        weight = np.divide(1.0, distance[0], out=np.zeros_like(distance[0]), where=~near[0])
        coefficients = xp.asarray(weight)[:, None] * product(xp, adjoint(xp, window.rows), source)
        for row, level in enumerate(bright):
            coefficients[int(level), :] = amplitudes[row, place]
        return to_numpy(self.spectrum.combine(coefficients))

    def _between(
        self, window: "Window", energies: NDArray[Any], sigma_left: Sigma, sigma_right: Sigma, carried: bool
    ) -> tuple[Array, Array]:
        """Return the left self-energy and G from the right to the left lead, (n_energies, m_left, m_right).

        Carried to the right lead they are ``Y^dagger Sigma_L Y`` and ``(1 - Sigma_R g'_RR)^-1``, which gives the same
        T since ``G_LR = Y (1 - Sigma_R g'_RR)^-1``.
        """
        xp = self.xp
        closed, distance, near = window.green(energies)
        left, right = xp.asarray(sigma_left), xp.asarray(sigma_right)
        LL, LR, RR = self._closed.blocks(closed)
        one_left, one_right = (xp.eye(size, dtype=xp.complex128) for size in (LL.shape[-1], RR.shape[-1]))
        Y = xp.linalg.solve(one_left - _acting(xp, LL, left), as_complex(xp, LR))
        acted = _acted(left, Y)
        attached = RR + product(xp, adjoint(xp, LR), acted)
        system = one_right - _acted(right, attached)
        if carried:
            left_sigma, green = adjoint(xp, Y) @ acted, xp.linalg.inv(system)
        else:
            solved = xp.linalg.solve(xp.matrix_transpose(system), xp.matrix_transpose(Y))
            left_sigma, green = left, xp.matrix_transpose(solved)
        largest = to_numpy(xp.maximum(_largest(xp, Y), _largest(xp, attached)))
        # Written so that what is not finite is solved again.
        for i in np.flatnonzero(near.any(axis=1) | ~(largest < 1.0 / POLE_GUARD_EV)):
            sigmas = [sigma if sigma.ndim == 0 else sigma[i, :, :] for sigma in (left, right)]
            whole, _, _ = self._attached(window, closed[i, :], distance[i], near[i], *sigmas)
            between = whole[: self._n_left, self._n_left :]
            if carried:
                left_sigma[i, :, :] = adjoint(xp, between) @ _acted(sigmas[0], between)
            green[i, :, :] = one_right if carried else between
        return left_sigma, green

    def _attached(
        self,
        window: "Window",
        closed: Array,
        distance: NDArray[np.float64],
        near: NDArray[np.bool_],
        sigma_left: Array,
        sigma_right: Array,
    ) -> tuple[Array, Array, NDArray[np.int64]]:
        """Return G on the rows at one energy, both leads attached at once and the near levels added.

        Returns
        -------
        green : (m, m) array
        amplitudes : (n_bright, m) array
            Amplitude of each near level that couples to something.
        bright : (n_bright,) array of int
            These levels, counted among those of the window.
        """
        xp, sigmas = self.xp, (sigma_left, sigma_right)
        LL, LR, RR = self._closed.blocks(closed[None, :])
        g = as_complex(
            xp,
            xp.concat(
                [
                    xp.concat([LL[0, ...], LR[0, ...]], axis=1),
                    xp.concat([adjoint(xp, LR)[0, ...], RR[0, ...]], axis=1),
                ]
            ),
        )
        unit = xp.eye(self._m, dtype=xp.complex128)
        # g is Hermitian, so that g Sigma is the adjoint of Sigma^dagger g.
        adjoints = [adjoint(xp, sigma) for sigma in sigmas]
        green = xp.linalg.solve(unit - adjoint(xp, self._times_sigma(g, *adjoints)), g)
        places = np.flatnonzero(near)
        V = as_complex(xp, xp.take(window.rows, xp.asarray(places), axis=1))
        shining = to_numpy(xp.sum(xp.abs(V) ** 2, axis=0)) > DARK
        if not shining.any():
            return green, green[:0, :], places[:0]
        V = xp.take(V, xp.asarray(np.flatnonzero(shining)), axis=1)
        KV = V + green @ self._times_sigma(V, *sigmas)
        own = xp.asarray(np.diag(distance[places[shining]]) + 0j) - adjoint(xp, V) @ self._times_sigma(
            KV, *sigmas
        )
        source = unit + self._times_sigma(green, *sigmas)
        amplitudes = xp.linalg.solve(own, adjoint(xp, V) @ source)
        return green + KV @ amplitudes, amplitudes, places[shining]

    def _times_sigma(self, matrix: Array, sigma_left: Array, sigma_right: Array) -> Array:
        """Return ``Sigma matrix`` for rows of both leads."""
        parts = matrix[: self._n_left, :], matrix[self._n_left :, :]
        return self.xp.concat([_acted(sigma_left, parts[0]), _acted(sigma_right, parts[1])])


def batch_size(n_contacts: int) -> int:
    """Return how many energies are solved together."""
    return max(1, BATCH_BYTES // (16 * n_contacts**2))


def _acted(sigma: Array, matrix: Array) -> Array:
    """Return ``Sigma matrix``."""
    return sigma * matrix if sigma.ndim == 0 else sigma @ matrix


def _acting(xp: Library, matrix: Array, sigma: Array) -> Array:
    """Return ``matrix Sigma``."""
    return matrix * sigma if sigma.ndim == 0 else product(xp, matrix, sigma)


def _largest(xp: Library, matrices: Array) -> Array:
    """Return the largest absolute value of each matrix of a stack."""
    return xp.max(xp.abs(matrices), axis=(1, 2))


class ClosedGreen:
    """``g(E) = X_C (E - e)^-1 X_C^dagger`` at many energies.

    Levels far from a window of energies contribute a smooth function of E there, which is summed at `NODES` Chebyshev
    points only and interpolated; with no such level closer to the middle than three half widths the
    interpolation error is below ``(3 + sqrt(8))^-NODES``, less than round-off. Windows are nested: a half takes over
    the polynomial of the whole, and adds the levels that are far from the half only. The levels close to the smallest
    window are summed at every energy.

    Parameters
    ----------
    levels_ev : (n,) array
        All levels e, ascending.
    rows : (m, n) array
        Rows of all states on the contact orbitals, of any array library.
    n_left : int
        Number of rows of the left lead, the first ones.
    xp : Library
        Library of `rows`.
    """

    def __init__(self, levels_ev: NDArray[np.float64], rows: Array, n_left: int, xp: Library) -> None:
        self.levels_ev, self.rows, self.n_left, self.xp = levels_ev, rows, n_left, xp

    def sums(self, levels: slice, weights: NDArray[np.float64]) -> Array:
        """Return ``rows diag(w) rows^dagger`` over some levels for each row of weights, as `weighted_products`."""
        return weighted_products(self.xp, self.rows[:, levels], weights, self.n_left)

    def blocks(self, sums: Array) -> tuple[Array, Array, Array]:
        """Return the blocks LL, LR and RR of the sums, (n_energies, m, m) each."""
        m, cut = self.rows.shape[0], self.n_left * self.rows.shape[0]
        top = self.xp.reshape(sums[:, :cut], (-1, self.n_left, m))
        low = self.xp.reshape(sums[:, cut:], (-1, m - self.n_left, m - self.n_left))
        return top[:, :, : self.n_left], top[:, :, self.n_left :], low

    def windows(self, energies_ev: NDArray[np.float64]) -> Iterator["Window"]:
        """Divide ascending energies into the windows that need the fewest operations, and yield them in order."""
        whole = Window(self, energies_ev, smooth=len(energies_ev) > NODES)
        whole.divide()
        yield from whole.leaves()


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
    parent : Window, optional
        Window that this one is a part of.
    """

    def __init__(
        self,
        closed: ClosedGreen,
        energies_ev: NDArray[np.float64],
        smooth: bool,
        parent: "Window | None" = None,
    ) -> None:
        self.energies_ev = energies_ev
        self._all, self._parent = closed, parent
        self.middle = 0.5 * (energies_ev[0] + energies_ev[-1])
        # Levels next to an energy must count as close.
        self.half = max(0.5 * (energies_ev[-1] - energies_ev[0]), POLE_GUARD_EV)
        outer = parent.close if parent is not None else slice(0, len(closed.levels_ev))
        reach = np.array([-3.0, 3.0]) * self.half + self.middle
        first, last = np.clip(np.searchsorted(closed.levels_ev, reach), outer.start, outer.stop)
        self.close: slice = slice(int(first), int(last)) if smooth else outer
        self._far = [slice(outer.start, self.close.start), slice(self.close.stop, outer.stop)]
        self._halves: list[Window] = []

    @property
    def _inherits(self) -> bool:
        return self._parent is not None and self._parent.smooth

    @property
    def smooth(self) -> bool:
        """Whether there is a polynomial."""
        return self._inherits or any(part.stop > part.start for part in self._far)

    def divide(self) -> int:
        """Halve the window as often as that saves operations; return the number of terms to sum, over all energies.

        A term is an outer product of a level's row with itself.
        """
        n_close = int(self.close.stop - self.close.start)
        inherited = NODES**2 * self._inherits
        far = inherited + NODES * sum(int(part.stop - part.start) for part in self._far)
        work = len(self.energies_ev) * (n_close + NODES * self.smooth)
        if len(self.energies_ev) >= 2 * NODES:
            cut = int(np.searchsorted(self.energies_ev, self.middle))
            pieces = self.energies_ev[:cut], self.energies_ev[cut:]
            # The nodes of a half must lie within the whole, see `half`.
            if all(len(piece) and piece[-1] - piece[0] >= 2 * POLE_GUARD_EV for piece in pieces):
                halves = [Window(self._all, piece, True, self) for piece in pieces]
                divided = sum(half.divide() for half in halves)
                if divided < work:
                    self._halves, work = halves, divided
        return far + work

    def leaves(self) -> Iterator["Window"]:
        """Yield the smallest windows in order, and release each with its polynomial once it is done."""
        if not self._halves:
            yield self
        while self._halves:
            yield from self._halves.pop(0).leaves()

    @property
    def rows(self) -> Array:
        """Rows of the states that are summed at every energy."""
        return self._all.rows[:, self.close]

    @cached_property
    def _polynomial(self) -> Array:
        """Coefficients of the far levels' part in Chebyshev polynomials, (NODES, size of the sums)."""
        xp, closed = self._all.xp, self._all
        angles = (np.arange(NODES) + 0.5) * np.pi / NODES
        nodes = self.middle + self.half * np.cos(angles)
        values = [
            closed.sums(part, 1.0 / (nodes[:, None] - closed.levels_ev[part]))
            for part in self._far if part.stop > part.start
        ]  # fmt: skip
        if self._inherits:
            assert self._parent is not None
            values.append(self._parent.far(nodes))
        transform = 2.0 / NODES * np.cos(np.arange(NODES)[:, None] * angles)
        transform[0] *= 0.5
        return xp.asarray(transform) @ sum(values[1:], start=values[0])

    def far(self, energies_ev: NDArray[np.float64]) -> Array:
        """Return the far levels' part of the sums at some energies of the window."""
        x = np.clip((energies_ev - self.middle) / self.half, -1.0, 1.0)
        return self._all.xp.asarray(np.cos(np.arccos(x)[:, None] * np.arange(NODES))) @ self._polynomial

    def green(self, energies_ev: NDArray[np.float64]) -> tuple[Array, NDArray[np.float64], NDArray[np.bool_]]:
        """Return g at some energies of the window without the levels next to each of them.

        Returns
        -------
        g : (n_energies, size of the sums) array
        distance : (n_energies, n_close) array
            Energy minus level, of the levels of `rows`.
        near : (n_energies, n_close) array of bool
            Which of them are left out.
        """
        distance = energies_ev[:, None] - self._all.levels_ev[self.close]
        near = np.abs(distance) < POLE_GUARD_EV
        weight = np.divide(1.0, distance, out=np.zeros_like(distance), where=~near)
        closed = self._all.sums(self.close, weight)
        if self.smooth:
            closed += self.far(energies_ev)
        return closed, distance, near
