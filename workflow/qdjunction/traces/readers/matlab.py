"""Traces in MATLAB files: arrays by name, matrices with a column each, and cells and structures of these.

Files of version 7.3 are HDF5 and are read as such; older ones are read by SciPy.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import mat_struct

from qdjunction.core.errors import InputError
from qdjunction.traces.readers.arrays import ArrayFile, Rows, has_named_arrays
from qdjunction.traces.readers.blocks import Column, recordings
from qdjunction.traces.readers.contract import Format, Reader, Recording, check_real, is_real
from qdjunction.traces.readers.hdf5 import is_hdf5, open_hdf5
from qdjunction.traces.settings import ReadSettings


def open_matlab(path: Path, settings: ReadSettings) -> Reader:
    """Return the reader of a MATLAB file of any version."""
    if is_hdf5(path):
        return open_hdf5(path, settings)
    values = _loaded(path)
    return _NamedArrays(path, settings, values) if has_named_arrays(values) else _Blocks(values, settings)


class _NamedArrays(ArrayFile):
    """Arrays whose names contain the units, points x traces as MATLAB has them."""

    def __init__(self, path: Path, settings: ReadSettings, values: dict[str, Any]):
        self._values = values
        super().__init__(path, settings)

    def _arrays(self) -> list[str]:
        return list(self._values)

    def _counted(self) -> int:
        for name in self._names:
            check_real(name, np.asarray(self._values[name]).dtype)
        d, g = (np.atleast_2d(self._values[name]) for name in self._names)
        d, g = (column.T if column.shape[0] == 1 else column for column in (d, g))
        self._columns = np.asarray(d, dtype=np.float64).T, np.asarray(g, dtype=np.float64).T
        return self._check_shapes(*(column.shape for column in self._columns))

    def _rows(self) -> Rows:
        d, g = self._columns
        for row, (one, other) in enumerate(zip(np.broadcast_to(d, g.shape), g, strict=True)):
            yield str(row), one, other


class _Blocks:
    """Matrices, cells and structures."""

    def __init__(self, values: dict[str, Any], settings: ReadSettings):
        self._blocks = list(_blocks("", values))
        self._settings = settings
        if not self._blocks:
            raise InputError(
                f"it holds {', '.join(values) or 'nothing'}, none of it a matrix with a column for displacement and "
                "one for conductance, or a structure of two vectors"
            )

    def __len__(self) -> int:
        """Return the number of blocks."""
        return len(self._blocks)

    def __iter__(self) -> Iterator[Recording]:
        """Yield the recordings, block by block."""
        for label, columns in self._blocks:
            yield from recordings(label if len(self._blocks) > 1 else "", columns, self._settings)


def _loaded(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = loadmat(path, squeeze_me=True, struct_as_record=False)
    return {name: value for name, value in values.items() if not name.startswith("__")}


def _blocks(label: str, value: Any) -> Iterator[tuple[str, list[Column]]]:
    """Yield the blocks in a value: a matrix of at least two columns, or vectors of one length that have names."""
    if isinstance(value, mat_struct):
        value = {name: getattr(value, name) for name in vars(value)["_fieldnames"]}
    if isinstance(value, dict):
        vectors = {
            name: part for name, part in value.items() if _is_array(part) and part.ndim == 1 and len(part) > 1
        }
        if len({len(part) for part in vectors.values()}) == 1 and len(vectors) > 1:
            yield label, [Column.of(part, name) for name, part in vectors.items()]
        for name, part in value.items():
            if name not in vectors:
                yield from _blocks(f"{label}.{name}".removeprefix("."), part)
    elif isinstance(value, np.ndarray) and value.dtype == object:
        for number, part in enumerate(value.ravel()):
            yield from _blocks(f"{label}{{{number + 1}}}", part)
    elif _is_array(value) and value.ndim == 2 and min(value.shape) > 1:
        yield label, [Column.of(column) for column in value.T]


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and is_real(value.dtype)


KIND = Format("MATLAB", (".mat",), open_matlab)
