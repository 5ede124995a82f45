"""Traces in numpy's ``.npz`` files."""

import zipfile
from typing import IO

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.traces.readers.arrays import BLOCK_POINTS, ArrayFile, Rows
from qdjunction.traces.readers.contract import Format, check_real


class NpzFile(ArrayFile):
    """Traces in a numpy ``.npz`` file, compressed or not; its rows are streamed."""

    def _arrays(self) -> list[str]:
        with zipfile.ZipFile(self._path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]

    def _counted(self) -> int:
        with zipfile.ZipFile(self._path) as archive:
            shapes = [_npy_header(archive.open(f"{name}.npy"), name)[0] for name in self._names]
        return self._check_shapes(*shapes)

    def _rows(self) -> Rows:
        with zipfile.ZipFile(self._path) as archive:
            d_file, g_file = (archive.open(f"{name}.npy") for name in self._names)
            d_shape, d_type = _npy_header(d_file, self._names[0])
            g_shape, g_type = _npy_header(g_file, self._names[1])
            points = g_shape[1]
            shared = None if d_shape == g_shape else _read_rows(d_file, d_type, 1, points)[0]
            step = max(1, BLOCK_POINTS // max(points, 1))
            for start in range(0, g_shape[0], step):
                count = min(step, g_shape[0] - start)
                g = _read_rows(g_file, g_type, count, points)
                d = (
                    _read_rows(d_file, d_type, count, points)
                    if shared is None
                    else np.broadcast_to(shared, g.shape)
                )
                for row in range(count):
                    yield str(start + row), d[row], g[row]


def _npy_header(file: IO[bytes], name: str) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file)
    check_real(name, dtype)
    if fortran and len(shape) > 1:
        raise InputError(
            f"{name} is stored column by column and cannot be streamed; save numpy.ascontiguousarray({name})"
        )
    return shape, dtype


def _read_rows(file: IO[bytes], dtype: np.dtype, count: int, points: int) -> NDArray[np.float64]:
    size = count * points * dtype.itemsize
    buffer = file.read(size)
    if len(buffer) != size:
        raise InputError("its arrays are cut short; copy it again")
    return np.frombuffer(buffer, dtype=dtype).reshape(count, points).astype(np.float64)


KIND = Format("NumPy archive", (".npz",), NpzFile)
