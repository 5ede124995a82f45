"""Traces in Parquet files: one row per trace, with lists in two columns, or one row per point.

With one row per point, a third column ``trace`` identifies the trace; the rows of a trace are contiguous.
"""

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.core.extras import extra
from qdjunction.traces.readers.arrays import ArrayFile, Rows
from qdjunction.traces.readers.contract import Format

with extra("traces"):
    import pyarrow as pa
    import pyarrow.parquet as pq


class ParquetFile(ArrayFile):
    """Traces in a Parquet file, one row per trace (lists) or one row per point (with a ``trace`` column)."""

    def _arrays(self) -> list[str]:
        with pq.ParquetFile(self._path) as data:
            return list(data.schema_arrow.names)

    def _counted(self) -> int:
        with pq.ParquetFile(self._path) as data:
            types = [data.schema_arrow.field(name).type for name in self._names]
            self._lists = all(pa.types.is_list(kind) or pa.types.is_large_list(kind) for kind in types)
            if self._lists:
                return int(data.metadata.num_rows)
            if "trace" not in data.schema_arrow.names or not all(
                pa.types.is_floating(kind) for kind in types
            ):
                raise InputError(
                    f"{' and '.join(self._names)} are {types[0]} and {types[1]}; required are "
                    "lists of floats, one row per trace, or floats, one row per point, with a column 'trace'"
                )
            last, count = None, 0
            for batch in data.iter_batches(columns=["trace"]):
                first, runs = _runs(batch["trace"])
                count += len(first) - (last is not None and bool(runs) and runs[0] == last)
                last = runs[-1] if runs else last
            return count

    def _rows(self) -> Rows:
        with pq.ParquetFile(self._path) as data:
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
                    yield _joined(name, parts)
                    parts = []
                name = value
                parts.append((d[start:end], g[start:end]))
        if parts:
            yield _joined(name, parts)


def _joined(
    name: object, parts: list[tuple[NDArray[np.float64], NDArray[np.float64]]]
) -> tuple[str, NDArray[np.float64], NDArray[np.float64]]:
    displacement, conductance = (np.concatenate(column) for column in zip(*parts, strict=True))
    return str(name), displacement, conductance


def _runs(column: pa.Array) -> tuple[list[int], list[object]]:
    """Return the starts and the values of the runs of equal values."""
    if len(column) == 0:
        return [], []
    encoded = pa.compute.run_end_encode(column)
    ends = encoded.run_ends.to_pylist()
    return [0, *ends[:-1]], encoded.values.to_pylist()


KIND = Format("Parquet", (".parquet",), ParquetFile)
