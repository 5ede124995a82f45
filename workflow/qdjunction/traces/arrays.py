"""Files that hold many traces: npz, HDF5 or netCDF, Parquet, each read a block at a time.

Names carry the units, so that the numbers cannot be mistaken:

- displacement: ``displacement_nm`` (or ``_ang``, ``_pm``, ``_um``, ``_m``);
- conductance: ``log10_g``, ``g_g0``, ``g_siemens`` or ``g_nanosiemens``.

npz and HDF5 hold two-dimensional arrays, a row a trace, short rows filled up with NaN; the displacement may
be one row that all traces share. Parquet holds either a row a trace, with lists in the two columns, or a row
a point, with a third column ``trace`` whose equal values stand together.
"""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import netCDF4
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.traces.quantities import to_nm_and_log10_g
from qdjunction.traces.settings import ReadSettings
from qdjunction.traces.trace import BadTrace, Trace

_DISPLACEMENTS = {f"displacement_{unit}": unit for unit in ("nm", "ang", "pm", "um", "m")}
_CONDUCTANCES = {"log10_g": "log10_g0", "g_g0": "g0", "g_siemens": "siemens", "g_nanosiemens": "nanosiemens"}
_BLOCK_POINTS = 2_000_000

Rows = Iterator[tuple[str, NDArray[np.float64], NDArray[np.float64]]]


class _ArrayFile:
    """A file of many traces; the subclasses know the format."""

    def __init__(self, path: Path, settings: ReadSettings):
        self.path = path
        self.bad: list[BadTrace] = []
        displacement = self._named(_DISPLACEMENTS, "displacement")
        conductance = self._named(_CONDUCTANCES, "conductance")
        self._names = displacement, conductance
        units = {
            "displacement_unit": _DISPLACEMENTS[displacement],
            "conductance_unit": _CONDUCTANCES[conductance],
        }
        self._settings = settings.model_copy(update=units)
        self._count = self._counted()

    def __len__(self) -> int:
        """Count the traces."""
        return self._count

    def __iter__(self) -> Iterator[Trace]:
        """Give the traces block by block."""
        self.bad.clear()
        for row, displacement, conductance in self._rows():
            name = f"{self.path.name}[{row}]"
            try:
                trace = Trace(name, *to_nm_and_log10_g(displacement, conductance, self._settings))
            except InputError as error:
                self.bad.append(BadTrace(name, str(error)))
            else:
                yield trace

    def _named(self, known: dict[str, str], what: str) -> str:
        present = [name for name in self._arrays() if name in known]
        if len(present) != 1:
            raise InputError(
                f"{self.path}: holds {' and '.join(present) or 'none'} of the {what} arrays "
                f"{', '.join(known)} "
                f"(it holds {', '.join(self._arrays()) or 'nothing'}); name one array by its unit"
            )
        return present[0]

    def _check_shapes(self, displacement: tuple[int, ...], conductance: tuple[int, ...]) -> int:
        if len(conductance) != 2 or displacement not in (conductance, conductance[1:], (1, *conductance[1:])):
            raise InputError(
                f"{self.path}: {self._names[0]} has shape {displacement} and {self._names[1]} "
                f"{conductance}; wanted are two "
                "arrays of traces x points, or one displacement of a row for all traces"
            )
        return conductance[0]

    def _arrays(self) -> list[str]:
        raise NotImplementedError

    def _counted(self) -> int:
        raise NotImplementedError

    def _rows(self) -> Rows:
        raise NotImplementedError


class NpzFile(_ArrayFile):
    """Traces in a numpy ``.npz`` file, compressed or not; its rows are streamed."""

    def _arrays(self) -> list[str]:
        with self._opened() as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]

    def _counted(self) -> int:
        with self._opened() as archive:
            shapes = [_npy_header(archive.open(f"{name}.npy"), name, self.path)[0] for name in self._names]
        return self._check_shapes(*shapes)

    def _rows(self) -> Rows:
        with self._opened() as archive:
            d_file, g_file = (archive.open(f"{name}.npy") for name in self._names)
            d_shape, d_type = _npy_header(d_file, self._names[0], self.path)
            g_shape, g_type = _npy_header(g_file, self._names[1], self.path)
            points = g_shape[1]
            shared = None if d_shape == g_shape else _read_rows(d_file, d_type, 1, points)[0]
            step = max(1, _BLOCK_POINTS // max(points, 1))
            for start in range(0, g_shape[0], step):
                count = min(step, g_shape[0] - start)
                g = _read_rows(g_file, g_type, count, points)
                d = None if shared is not None else _read_rows(d_file, d_type, count, points)
                for row in range(count):
                    yield str(start + row), shared if d is None else d[row], g[row]

    @contextmanager
    def _opened(self) -> Iterator[zipfile.ZipFile]:
        try:
            with zipfile.ZipFile(self.path) as archive:
                yield archive
        except zipfile.BadZipFile:
            raise InputError(
                f"{self.path}: is no npz file, or it is damaged; write it again with numpy.savez"
            ) from None


class Hdf5File(_ArrayFile):
    """Traces in an HDF5 or netCDF-4 file."""

    def _arrays(self) -> list[str]:
        with self._opened() as data:
            return list(data.variables)

    def _counted(self) -> int:
        with self._opened() as data:
            return self._check_shapes(*(data[name].shape for name in self._names))

    def _rows(self) -> Rows:
        with self._opened() as data:
            data.set_auto_mask(False)
            d, g = (data[name] for name in self._names)
            shared = None if d.shape == g.shape else np.asarray(d[:], dtype=np.float64).ravel()
            step = max(1, _BLOCK_POINTS // max(g.shape[1], 1))
            for start in range(0, g.shape[0], step):
                g_block = np.asarray(g[start : start + step], dtype=np.float64)
                d_block = (
                    None if shared is not None else np.asarray(d[start : start + step], dtype=np.float64)
                )
                for row in range(len(g_block)):
                    yield str(start + row), shared if d_block is None else d_block[row], g_block[row]

    @contextmanager
    def _opened(self) -> Iterator[netCDF4.Dataset]:
        try:
            data = netCDF4.Dataset(self.path)
        except OSError as error:
            raise InputError(f"{self.path}: is no HDF5 or netCDF file, or it is damaged ({error})") from None
        with data:
            yield data


class ParquetFile(_ArrayFile):
    """Traces in a Parquet file, a row a trace (lists) or a row a point (with a ``trace`` column)."""

    def _arrays(self) -> list[str]:
        with self._opened() as data:
            return data.schema_arrow.names

    def _counted(self) -> int:
        with self._opened() as data:
            types = [data.schema_arrow.field(name).type for name in self._names]
            self._lists = all(pa.types.is_list(kind) or pa.types.is_large_list(kind) for kind in types)
            if self._lists:
                return data.metadata.num_rows
            if "trace" not in data.schema_arrow.names or not all(
                pa.types.is_floating(kind) for kind in types
            ):
                raise InputError(
                    f"{self.path}: {' and '.join(self._names)} are {types[0]} and {types[1]}; wanted are "
                    f"lists of floats, "
                    "a row a trace, or floats, a row a point, with a column 'trace'"
                )
            last, count = None, 0
            for batch in data.iter_batches(columns=["trace"]):
                first, runs = _runs(batch["trace"])
                count += len(first) - (last is not None and bool(runs) and runs[0] == last)
                last = runs[-1] if runs else last
            return count

    def _rows(self) -> Rows:
        with self._opened() as data:
            yield from self._list_rows(data) if self._lists else self._point_rows(data)

    def _list_rows(self, data: pq.ParquetFile) -> Rows:
        row = 0
        for batch in data.iter_batches(batch_size=64, columns=list(self._names)):
            for d, g in zip(*(batch[name] for name in self._names), strict=True):
                values = [
                    np.empty(0)
                    if item.values is None
                    else np.asarray(item.values.to_numpy(zero_copy_only=False), dtype=np.float64)
                    for item in (d, g)
                ]
                if len(values[0]) != len(values[1]):
                    values = [np.empty(0), np.empty(0)]
                yield str(row), values[0], values[1]
                row += 1

    def _point_rows(self, data: pq.ParquetFile) -> Rows:
        name: object = None
        parts: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
        for batch in data.iter_batches(batch_size=1 << 18, columns=["trace", *self._names]):
            d, g = (batch[column].to_numpy(zero_copy_only=False).astype(np.float64) for column in self._names)
            starts, values = _runs(batch["trace"])
            for start, end, value in zip(starts, [*starts[1:], len(d)], values, strict=True):
                if parts and value != name:
                    yield str(name), *(np.concatenate(column) for column in zip(*parts, strict=True))
                    parts = []
                name = value
                parts.append((d[start:end], g[start:end]))
        if parts:
            yield str(name), *(np.concatenate(column) for column in zip(*parts, strict=True))

    @contextmanager
    def _opened(self) -> Iterator[pq.ParquetFile]:
        try:
            data = pq.ParquetFile(self.path)
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{self.path}: is no Parquet file, or it is damaged ({error})") from None
        with data:
            yield data


def _runs(column: pa.Array) -> tuple[list[int], list[object]]:
    """Give the starts and the values of the runs of equal values."""
    if len(column) == 0:
        return [], []
    encoded = pa.compute.run_end_encode(column)
    ends = encoded.run_ends.to_pylist()
    return [0, *ends[:-1]], encoded.values.to_pylist()


def _npy_header(file: IO[bytes], name: str, path: Path) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file)
    if dtype.kind not in "fiu":
        raise InputError(f"{path}: {name} holds {dtype}; wanted are real numbers")
    if fortran and len(shape) > 1:
        raise InputError(
            f"{path}: {name} is stored column by column and cannot be streamed; save "
            f"numpy.ascontiguousarray({name})"
        )
    return shape, dtype


def _read_rows(file: IO[bytes], dtype: np.dtype, count: int, points: int) -> NDArray[np.float64]:
    size = count * points * dtype.itemsize
    buffer = file.read(size)
    if len(buffer) != size:
        raise zipfile.BadZipFile
    return np.frombuffer(buffer, dtype=dtype).reshape(count, points).astype(np.float64)
