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

    Notes
    -----
    Source: M. P. Lopez Sancho, J. M. Lopez Sancho, J. Rubio, J. Phys. F 15, 851 (1985), with overlap. Both
    ends come from one decimation, batched over z, H and S.
    """
    z = np.asarray(z, dtype=np.complex128)[:, None, None]
    H00, S00, H01, S01 = (np.asarray(matrix) for matrix in (H00, S00, H01, S01))
    bulk = z * S00 - H00
    forward = z * S01 - H01
    backward = z * S01.conj().swapaxes(-1, -2) - H01.conj().swapaxes(-1, -2)
    if not max(np.abs(forward).max(), np.abs(backward).max()):
        raise TransportError(
            "lead: the transfer matrix is zero, no layer couples to the next; the lead file needs its "
            "auxiliary cell along the transport direction (nsc of 3 or more), or a shorter layer"
        )
    ends, begins = _decimated(bulk, forward, backward)
    # A level of the isolated layer at this energy makes the first step inaccurate; a unit of more layers has other
    # levels.
    for layers in (2, 3):
        sides = _residual(ends, bulk, backward, forward), _residual(begins, bulk, forward, backward)
        bad = np.flatnonzero(np.maximum(*sides) > TRUSTED_RESIDUAL)
        if not bad.size:
            break
        thick = _stacked(bulk[bad], forward[bad], backward[bad], layers)
        n = bulk.shape[-1]
        thick_ends, thick_begins = _decimated(*thick)
        ends[bad], begins[bad] = thick_ends[:, -n:, -n:], thick_begins[:, :n, :n]
    return ends, begins


def _decimated(
    bulk: NDArray[Any], forward: NDArray[Any], backward: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return both surface Green's functions by decimation.

    Matrices whose couplings have vanished leave the batch: in a gap that takes a few steps, in a band as many as the
    imaginary part requires.
    """
    n = bulk.shape[-1]
    limit = CONVERGED * np.maximum(_largest(forward), _largest(backward)) ** 2
    surfaces = np.empty((2, *bulk.shape), dtype=np.complex128)
    # Of the matrices at `places`: both ends and the bulk; the couplings forward and backward, side by side.
    places, ends, begins, bulk = np.arange(len(bulk)), bulk.copy(), bulk.copy(), bulk.copy()
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
            return np.linalg.inv(surfaces[0]), np.linalg.inv(surfaces[1])
    raise TransportError(
        f"lead: decimation does not converge in {MOST_STEPS} steps; "
        "give the lead a broadening eta of 1e-5 eV or more"
    )


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
