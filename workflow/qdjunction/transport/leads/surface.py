"""Surface Green's functions of semi-infinite periodic systems, by decimation."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import TransportError

CONVERGED = 1e-18
"""Product of the two decimated couplings, relative to the original ones, at which the decimation is converged."""

TRUSTED_RESIDUAL = 1e-8
"""Largest residual of the Dyson equation of the surface that is accepted."""

MOST_STEPS = 60
"""Maximum number of steps. Each doubles the number of layers; with any broadening states decay within 2^60 layers."""

SMALL = 0.75
"""Largest rank of the coupling, relative to the orbitals of a layer, that it pays to decimate alone."""


class Stack:
    """A periodic stack of layers, prepared for its surface Green's functions at many energies.

    Parameters
    ----------
    H00, S00 : (b, n, n) or (n, n) array
        One layer (eV), or a batch of them.
    H01, S01 : (b, n, n) or (n, n) array
        Coupling of a layer to the next one along the positive direction.

    Raises
    ------
    TransportError
        If layers are not coupled at all.

    Notes
    -----
    Source: M. P. Lopez Sancho, J. M. Lopez Sancho, J. Rubio, J. Phys. F 15, 851 (1985), with overlap. Both
    ends come from one decimation, batched over energies and layers.

    Where few combinations of a layer's orbitals couple to the next layer, U, and few of the next one's to it, W, with
    ``(z S - H)_01 = U f W^dagger``, all others of two layers are eliminated first, and then W. The matrices of the
    decimation then have the size of U.
    """

    def __init__(self, H00: NDArray[Any], S00: NDArray[Any], H01: NDArray[Any], S01: NDArray[Any]) -> None:
        self._H, self._S, self._H01, self._S01 = (np.asarray(matrix) for matrix in (H00, S00, H01, S01))
        if not np.any(self._H01) and not np.any(self._S01):
            raise TransportError(
                "lead: the transfer matrix is zero, no layer couples to the next; the lead file needs its "
                "auxiliary cell along the transport direction (nsc of 3 or more), or a shorter layer"
            )
        self._into = row_space(self._H01, self._S01)
        self._out = row_space(_adjoint(self._H01), _adjoint(self._S01))

    def surfaces(self, z: NDArray[np.complex128]) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """Return the surface Green's functions at both ends.

        Parameters
        ----------
        z : array of complex
            Energies with their positive imaginary part (eV); its shape is broadcast with that of the batch.

        Returns
        -------
        ends : (..., n, n) array
            Surface layer of the half that extends to minus infinity.
        begins : (..., n, n) array
            Surface layer of the half that extends to plus infinity.

        Raises
        ------
        TransportError
            If the decimation does not converge because the imaginary part is too small.
        """
        energy = np.asarray(z, dtype=np.complex128)[..., None, None]
        layer = energy * self._S - self._H
        shape, n = layer.shape, layer.shape[-1]
        over = energy * self._S01 - self._H01, energy * _adjoint(self._S01) - _adjoint(self._H01)
        bulk, forward, backward, out, into = (
            np.broadcast_to(part, (*shape[:-1], part.shape[-1])).reshape(-1, n, part.shape[-1])
            for part in (layer, *over, self._out, self._into)
        )
        if out.shape[-1] + into.shape[-1] <= SMALL * 2 * n:
            from_left, from_right = _between_interfaces(bulk, forward, backward, out, into)
            ends, begins = np.linalg.inv(bulk - from_left), np.linalg.inv(bulk - from_right)
        else:
            ends, begins = map(np.linalg.inv, _decimated(bulk, bulk, bulk, forward, backward))
        # A level of the isolated layer at this energy makes the first step inaccurate; a unit of more layers has other
        # levels.
        for layers in (2, 3):
            sides = _residual(ends, bulk, backward, forward), _residual(begins, bulk, forward, backward)
            bad = np.flatnonzero(~(np.maximum(*sides) <= TRUSTED_RESIDUAL))
            if not bad.size:
                break
            thick = _stacked(bulk[bad], forward[bad], backward[bad], layers)
            thick_ends, thick_begins = map(np.linalg.inv, _decimated(thick[0], thick[0], *thick))
            ends[bad], begins[bad] = thick_ends[:, -n:, -n:], thick_begins[:, :n, :n]
        return ends.reshape(shape), begins.reshape(shape)


def surface_green(
    z: NDArray[np.complex128], H00: NDArray[Any], S00: NDArray[Any], H01: NDArray[Any], S01: NDArray[Any]
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Return the surface Green's functions at both ends of a periodic stack of layers.

    Parameters
    ----------
    z : (b,) array of complex
        Energies with their positive imaginary part (eV).
    H00, S00 : (b, n, n) or (n, n) array
        One layer.
    H01, S01 : (b, n, n) or (n, n) array
        Coupling of a layer to the next one along the positive direction.

    Returns
    -------
    ends : (b, n, n) array
        Surface layer of the half that extends to minus infinity.
    begins : (b, n, n) array
        Surface layer of the half that extends to plus infinity.

    Raises
    ------
    TransportError
        If layers are not coupled at all, or the decimation does not converge because the imaginary part is too small.
    """
    return Stack(H00, S00, H01, S01).surfaces(z)


def row_space(*matrices: NDArray[Any]) -> NDArray[Any]:
    """Return orthonormal columns whose adjoints span the rows of all of some matrices to round-off.

    Parameters
    ----------
    *matrices : (..., m, n) array
        Matrices, or as many stacks of them; each stack counts relative to its largest element.

    Returns
    -------
    (..., n, r) array
        With r the largest rank in the stack.
    """
    above = np.concatenate([matrix / (np.abs(matrix).max() or 1.0) for matrix in matrices], axis=-2)
    _, weights, rows = np.linalg.svd(above, full_matrices=False)
    kept = weights > weights[..., :1] * max(above.shape[-2:]) * np.finfo(float).eps
    return _adjoint(rows[..., : int(kept.sum(axis=-1).max()), :])


def _between_interfaces(
    bulk: NDArray[Any], forward: NDArray[Any], backward: NDArray[Any], out: NDArray[Any], into: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the self-energies of both halves on a layer beside them, by decimation of two layers on `out`."""
    n, p, q = bulk.shape[-1], out.shape[-1], into.shape[-1]
    both = np.zeros((len(bulk), 2 * n, q + p), dtype=np.complex128)
    both[:, :n, :q], both[:, n:, q:] = into, out
    # Two layers on these combinations, all others eliminated, and the coupling of `out` to `into` of the next two.
    two = np.linalg.solve(_stacked(bulk, forward, backward, 2)[0], both)
    pair = np.linalg.inv(np.concatenate([_adjoint(into) @ two[:, :n], _adjoint(out) @ two[:, n:]], axis=-2))
    first, across, back, last = pair[:, :q, :q], pair[:, :q, q:], pair[:, q:, :q], pair[:, q:, q:]
    onward, backward = _adjoint(out) @ forward @ into, _adjoint(into) @ backward @ out
    # `into` couples to `out` of its own unit and of the one before only.
    solved = np.linalg.solve(first, np.concatenate([across, backward], axis=-1))
    end, begin = last - back @ solved[..., :p], last - onward @ solved[..., p:]
    end, begin = _decimated(
        end + begin - last, end, begin, -onward @ solved[..., :p], -back @ solved[..., p:]
    )
    left = backward @ np.linalg.solve(end, onward)
    right = onward @ np.linalg.solve(first - across @ np.linalg.solve(begin, back), backward)
    return into @ left @ _adjoint(into), out @ right @ _adjoint(out)


def _decimated(
    bulk: NDArray[Any],
    ends: NDArray[Any],
    begins: NDArray[Any],
    forward: NDArray[Any],
    backward: NDArray[Any],
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the inverse surface Green's functions by decimation; the outermost layers may differ from the bulk.

    Matrices whose couplings have vanished leave the batch: in a gap that takes a few steps, in a band as many as the
    imaginary part requires.
    """
    n = bulk.shape[-1]
    limit = CONVERGED * np.maximum(_largest(forward), _largest(backward)) ** 2
    surfaces = np.empty((2, *bulk.shape), dtype=np.complex128)
    # Of the matrices at `places`: both ends and the bulk; the couplings forward and backward, side by side.
    places, ends, begins, bulk = np.arange(len(bulk)), ends.copy(), begins.copy(), bulk.copy()
    wide = np.concatenate([forward, backward], axis=-1)
    for _ in range(MOST_STEPS):
        solved = np.linalg.solve(bulk, wide)
        # The same couplings above each other give all four products at once.
        products = np.concatenate([wide[..., :n], wide[..., n:]], axis=-2) @ solved
        right, left = products[:, :n, n:], products[:, n:, :n]
        begins -= right
        ends -= left
        bulk -= right
        bulk -= left
        wide[..., :n], wide[..., n:] = products[:, :n, :n], products[:, n:, n:]
        # Written so that values that are not finite do not count as converged.
        going = ~(_largest(products[:, :n, :n]) * _largest(products[:, n:, n:]) < limit)
        if going.all():
            continue
        surfaces[:, places[~going]] = ends[~going], begins[~going]
        places, limit, wide = places[going], limit[going], wide[going]
        ends, begins, bulk = ends[going], begins[going], bulk[going]
        if not places.size:
            return surfaces[0], surfaces[1]
    raise TransportError(
        f"lead: decimation does not converge in {MOST_STEPS} steps; "
        "give the lead a broadening eta of 1e-5 eV or more"
    )


def _adjoint(matrices: NDArray[Any]) -> NDArray[Any]:
    """Return the conjugate transpose of each matrix of a stack."""
    return np.asarray(matrices.conj().swapaxes(-1, -2))


def _largest(matrices: NDArray[Any]) -> NDArray[np.float64]:
    """Return the largest real or imaginary part of each matrix of a stack, much faster than its absolute value."""
    parts = np.ascontiguousarray(matrices).reshape(len(matrices), -1).view(np.float64)
    return np.asarray(np.maximum(parts.max(axis=-1), -parts.min(axis=-1)))


def _residual(
    green: NDArray[Any], bulk: NDArray[Any], out: NDArray[Any], back: NDArray[Any]
) -> NDArray[np.float64]:
    """Return how far ``g (bulk - out g back)`` is from the unit matrix."""
    unit = green @ (bulk - out @ green @ back)
    return np.asarray(np.abs(unit - np.eye(unit.shape[-1])).max(axis=(1, 2)))


def _stacked(
    bulk: NDArray[Any], forward: NDArray[Any], backward: NDArray[Any], layers: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the matrices of a unit of several layers."""
    b, n = bulk.shape[:2]
    thick = [np.zeros((b, layers * n, layers * n), dtype=np.complex128) for _ in range(3)]
    for i in range(layers):
        here, after = slice(i * n, (i + 1) * n), slice((i + 1) * n, (i + 2) * n)
        thick[0][:, here, here] = bulk
        if i + 1 < layers:
            thick[0][:, here, after], thick[0][:, after, here] = forward, backward
    thick[1][:, -n:, :n], thick[2][:, :n, -n:] = forward, backward
    return thick[0], thick[1], thick[2]
