"""Traces in HDF5 and netCDF-4 files, and in MATLAB files of version 7.3, which are HDF5."""

from collections.abc import Iterator
from contextlib import contextmanager

import netCDF4
import numpy as np

from qdjunction.core.errors import InputError
from qdjunction.traces.headings import check_conductance_heading, check_displacement_heading
from qdjunction.traces.readers.arrays import BLOCK_POINTS, ArrayFile, Rows


class Hdf5File(ArrayFile):
    """Traces in an HDF5 or netCDF-4 file."""

    def _arrays(self) -> list[str]:
        with self._opened() as data:
            return list(data.variables)

    def _counted(self) -> int:
        with self._opened() as data:
            arrays = [data[name] for name in self._names]
            for name, array in zip(self._names, arrays, strict=True):
                if array.dtype is str or np.dtype(array.dtype).kind not in "fiu":
                    raise InputError(f"{name} has the type {array.dtype}; real numbers are required")
            units = [
                [text] if isinstance(text := getattr(array, "units", None), str) else [] for array in arrays
            ]
            check_displacement_heading(units[0], self._settings.displacement_unit)
            # "1" means that a quantity has no unit, which is correct for G/G0 and its logarithm.
            if units[1] != ["1"]:
                check_conductance_heading(units[1], self._settings.conductance_unit)
            return self._check_shapes(*(array.shape for array in arrays))

    def _rows(self) -> Rows:
        with self._opened() as data:
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

    @contextmanager
    def _opened(self) -> Iterator[netCDF4.Dataset]:
        try:
            with netCDF4.Dataset(self._path) as data:
                yield data
        except (OSError, RuntimeError, ValueError, TypeError, AttributeError) as error:
            with self._path.open("rb") as file:
                if file.read(10).startswith(b"MATLAB 5.0"):
                    raise InputError("it is a MATLAB file of version 5; save it with -v7.3") from None
            raise InputError(f"it is not an HDF5 or netCDF file, or it is damaged ({error})") from None
