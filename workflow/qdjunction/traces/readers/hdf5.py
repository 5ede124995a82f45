"""Traces in HDF5 and netCDF-4 files, and in MATLAB files of version 7.3, which are HDF5.

A file has arrays of traces by name at its top level, or groups, nested or not, each with two vectors or with matrices
that have a column for displacement and one for conductance.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from qdjunction.core.errors import InputError
from qdjunction.traces.headings import check_conductance_heading, check_displacement_heading
from qdjunction.traces.readers.arrays import BLOCK_POINTS, ArrayFile, Rows, has_named_arrays
from qdjunction.traces.readers.blocks import Column, recordings
from qdjunction.traces.readers.contract import Format, Reader, Recording, check_real, is_real
from qdjunction.traces.settings import ReadSettings

_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def is_hdf5(path: Path) -> bool:
    """Return whether a file has the signature of HDF5, which MATLAB puts behind 512 bytes of its own."""
    with path.open("rb") as file:
        head = file.read(520)
    return _SIGNATURE in (head[:8], head[512:])


def open_hdf5(path: Path, settings: ReadSettings) -> Reader:
    """Return the reader of an HDF5 file: of named arrays at its top level, or of its groups."""
    with netCDF4.Dataset(path) as data:
        named = has_named_arrays(data.variables)
    return Hdf5File(path, settings) if named else _Groups(path, settings)


class Hdf5File(ArrayFile):
    """Traces in an HDF5 or netCDF-4 file."""

    def _arrays(self) -> list[str]:
        with netCDF4.Dataset(self._path) as data:
            return list(data.variables)

    def _counted(self) -> int:
        with netCDF4.Dataset(self._path) as data:
            arrays = [data[name] for name in self._names]
            for name, array in zip(self._names, arrays, strict=True):
                check_real(name, array.dtype)
            units = [
                [text] if isinstance(text := getattr(array, "units", None), str) else [] for array in arrays
            ]
            check_displacement_heading(units[0], self._settings.displacement_unit)
            # "1" means that a quantity has no unit, which is correct for G/G0 and its logarithm.
            if units[1] != ["1"]:
                check_conductance_heading(units[1], self._settings.conductance_unit)
            return self._check_shapes(*(array.shape for array in arrays))

    def _rows(self) -> Rows:
        with netCDF4.Dataset(self._path) as data:
            data.set_auto_mask(False)
            d, g = (data[name] for name in self._names)
            shared = None if d.shape == g.shape else np.asarray(d[:], dtype=np.float64).ravel()
            step = max(1, BLOCK_POINTS // max(g.shape[1], 1))
            for start in range(0, g.shape[0], step):
                g_block = np.asarray(g[start : start + step], dtype=np.float64)
                d_block = np.broadcast_to(
                    np.asarray(d[start : start + step], dtype=np.float64) if shared is None else shared,
                    g_block.shape,
                )
                for row in range(len(g_block)):
                    yield str(start + row), d_block[row], g_block[row]


class _Groups:
    """Groups of vectors and matrices."""

    def __init__(self, path: Path, settings: ReadSettings):
        self._path, self._settings = path, settings
        if not len(self):
            with netCDF4.Dataset(path) as data:
                raise InputError(
                    f"it holds {', '.join([*data.variables, *data.groups]) or 'nothing'}, none of it arrays that are "
                    "named by their unit, two vectors of one length or a matrix with two columns"
                )

    def __len__(self) -> int:
        """Return the number of blocks."""
        with netCDF4.Dataset(self._path) as data:
            return sum(1 for _ in _blocks("", data))

    def __iter__(self) -> Iterator[Recording]:
        """Yield the recordings, block by block; their columns are read in slices."""
        with netCDF4.Dataset(self._path) as data:
            data.set_auto_mask(False)
            for label, columns in _blocks("", data):
                yield from recordings(label, columns, self._settings)


def _blocks(label: str, group: netCDF4.Dataset) -> Iterator[tuple[str, list[Column]]]:
    """Yield the blocks of a group and of the groups in it."""
    real = {name: array for name, array in group.variables.items() if is_real(array.dtype)}
    vectors = {name: array for name, array in real.items() if array.ndim == 1 and array.shape[0] > 1}
    if len(vectors) > 1 and len({array.shape for array in vectors.values()}) == 1:
        yield (
            label,
            [
                Column(name, _unit(array), array.shape[0], partial(_part, array))
                for name, array in vectors.items()
            ],
        )
    for name, array in real.items():
        if array.ndim == 2 and min(array.shape) > 1:
            # MATLAB and most others store the short side as columns, but in the order of C or of Fortran.
            transposed = array.shape[0] < array.shape[1]
            count, size = array.shape if transposed else array.shape[::-1]
            yield (
                f"{label}/{name}".removeprefix("/"),
                [
                    Column("", _unit(array), size, partial(_line, array, column, transposed))
                    for column in range(count)
                ],
            )
    for name, inner in group.groups.items():
        if not name.startswith("#"):  # MATLAB keeps references there
            yield from _blocks(f"{label}/{name}".removeprefix("/"), inner)


def _part(array: Any, first: int, end: int) -> Any:
    return array[first:end]


def _line(array: Any, column: int, transposed: bool, first: int, end: int) -> Any:
    return array[column, first:end] if transposed else array[first:end, column]


def _unit(array: Any) -> str:
    unit = getattr(array, "units", "")
    return unit if isinstance(unit, str) and unit != "1" else ""


KIND = Format("HDF5 or netCDF", (".h5", ".hdf5", ".nc"), open_hdf5)
