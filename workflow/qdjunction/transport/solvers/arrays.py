"""Array libraries for the algebra on the contacts: NumPy, or another one of the array-API standard, as on a GPU.

Where NumPy can do a step of the standard with less work, the function here has a second implementation for it. The
decomposition has one as well: `Spectrum` by LAPACK, `StandardSpectrum` by the functions of the standard.
"""

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.core.extras import extra

Library: TypeAlias = Any
"""A module with the functions of the array-API standard and its linear algebra; there is no type for it."""

Array: TypeAlias = Any
"""An array of any such library."""

ArrayLibrary = Literal["numpy", "cupy"]


def array_library(name: str) -> Library:
    """Return an array library.

    Parameters
    ----------
    name : {"numpy", "cupy"}
        ``cupy`` computes on a GPU and needs the extra ``gpu``.

    Raises
    ------
    InputError
        If the name is unknown or CuPy is not installed.
    """
    if name == "numpy":
        return np
    if name == "cupy":
        with extra("gpu"):
            import array_api_compat.cupy as library
        return library
    raise InputError(f"array library: {name!r} is unknown; choose numpy or cupy")


def to_numpy(array: Array) -> NDArray[Any]:
    """Return an array of any library as one of NumPy."""
    # CuPy does not convert without being asked to.
    return np.asarray(array.get() if hasattr(array, "get") else array)


def is_complex(array: Array) -> bool:
    """Return whether an array of any library is complex."""
    return "complex" in str(array.dtype)


def product(xp: Library, left: Array, right: Array) -> Array:
    """Return ``left @ right``; where only `right` is complex, in real arithmetic, both of its parts at once."""
    if is_complex(left) or not is_complex(right):
        return left @ right
    if xp is np:
        # Real and imaginary parts are neighbours in memory, and so twice as many real columns.
        return (left @ np.ascontiguousarray(right).view(np.float64)).view(np.complex128)
    width = right.shape[-1]
    both = left @ xp.concat([xp.real(right), xp.imag(right)], axis=-1)
    return as_complex(xp, both[..., :width]) + 1j * as_complex(xp, both[..., width:])


def as_complex(xp: Library, array: Array) -> Array:
    """Return an array with complex elements."""
    return xp.asarray(array, dtype=xp.complex128)


def adjoint(xp: Library, array: Array) -> Array:
    """Return the conjugate transpose of a matrix or a stack of them, or the conjugate of a number."""
    turned = xp.matrix_transpose(array) if array.ndim else array
    return xp.conj(turned) if is_complex(array) else turned


def weighted_products(xp: Library, rows: Array, weights: NDArray[np.float64], split: int) -> Array:
    """Return ``rows diag(w) rows^dagger`` for each row of weights, without its lower left block.

    Parameters
    ----------
    xp : Library
        Library of `rows`.
    rows : (m, k) array
        Rows.
    weights : (b, k) array
        Weights w.
    split : int
        Number of rows of the upper blocks.

    Returns
    -------
    (b, split * m + (m - split)**2) array
        The upper blocks, then the lower right one, each row by row.
    """
    m, cut = rows.shape[0], split * rows.shape[0]
    columns = adjoint(xp, rows)
    if xp is np:
        out = np.empty((len(weights), cut + (m - split) ** 2), dtype=rows.dtype)
        for weight, result in zip(weights, out, strict=True):
            weighted = rows * weight
            np.matmul(weighted[:split], columns, out=result[:cut].reshape(split, m))
            np.matmul(weighted[split:], columns[:, split:], out=result[cut:].reshape(m - split, m - split))
        return out
    weighted = rows * xp.asarray(weights)[:, None, :]
    parts = weighted[:, :split, :] @ columns, weighted[:, split:, :] @ columns[:, split:]
    return xp.concat([xp.reshape(part, (len(weights), -1)) for part in parts], axis=1)
