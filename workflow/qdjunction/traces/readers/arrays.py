"""Base of the readers of array files, in which the names of the arrays contain the units.

- displacement: ``displacement_nm`` (or ``_ang``, ``_pm``, ``_um``, ``_m``, ``_volts``);
- conductance: ``log10_g``, ``g_g0``, ``g_siemens``, ``g_microsiemens`` or ``g_nanosiemens``, or a current:
  ``current_amperes``, ``current_microamperes``, ``current_nanoamperes`` or ``current_picoamperes``.

The arrays are two-dimensional, one row per trace, with short rows padded with NaN; the displacement may be a single
row common to all traces.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.traces.readers.contract import Recording
from qdjunction.traces.settings import ReadSettings

_DISPLACEMENTS = {f"displacement_{unit}": unit for unit in ("nm", "ang", "pm", "um", "m", "volts")}
_CONDUCTANCES = {
    "log10_g": "log10_g0",
    **{f"g_{unit}": unit for unit in ("g0", "siemens", "microsiemens", "nanosiemens")},
    **{f"current_{unit}": unit for unit in ("amperes", "microamperes", "nanoamperes", "picoamperes")},
}
BLOCK_POINTS = 2_000_000
"""Number of points of each array in memory at a time."""

Rows = Iterator[tuple[str, NDArray[np.float64], NDArray[np.float64]]]


def has_named_arrays(names: Iterable[str]) -> bool:
    """Return whether one of the names is that of an array of displacement or conductance."""
    return not (_DISPLACEMENTS.keys() | _CONDUCTANCES.keys()).isdisjoint(names)


class ArrayFile:
    """A file of many traces; subclasses implement the formats.

    Parameters
    ----------
    path : Path
        The file.
    settings : ReadSettings
        Calibration and bias; the units come from the names of the arrays.

    Raises
    ------
    InputError
        If the file has another format, or its arrays have other names or shapes.
    """

    def __init__(self, path: Path, settings: ReadSettings):
        self._path = path
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
        """Return the number of rows."""
        return self._count

    def __iter__(self) -> Iterator[Recording]:
        """Yield the rows, with one block in memory at a time."""
        for row, displacement, conductance in self._rows():
            yield Recording(row, displacement, conductance, self._settings, columns=self._names)

    def _named(self, known: dict[str, str], what: str) -> str:
        present = [name for name in self._arrays() if name in known]
        if len(present) != 1:
            raise InputError(
                f"it holds {' and '.join(present) or 'none'} of the {what} arrays {', '.join(known)} "
                f"(it holds {', '.join(self._arrays()) or 'nothing'}); name one array by its unit"
            )
        return present[0]

    def _check_shapes(self, displacement: tuple[int, ...], conductance: tuple[int, ...]) -> int:
        if len(conductance) != 2 or displacement not in (conductance, conductance[1:], (1, *conductance[1:])):
            raise InputError(
                f"{self._names[0]} has shape {displacement} and {self._names[1]} {conductance}; required are two "
                "arrays of traces x points, or a single displacement row for all traces"
            )
        return conductance[0]

    def _arrays(self) -> list[str]:
        raise NotImplementedError

    def _counted(self) -> int:
        raise NotImplementedError

    def _rows(self) -> Rows:
        raise NotImplementedError
