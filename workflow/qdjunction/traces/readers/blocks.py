"""Blocks of named columns, as groups of TDMS and HDF5 files, matrices of MATLAB and waves of Igor hold them.

The columns are found by their names and units (`qdjunction.traces.headings`); where these do not settle it, the columns
of the settings are taken, counted in the order of the file.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import copysign
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.traces.division import RESTART
from qdjunction.traces.headings import check_conductance_heading, check_displacement_heading, unit_notes
from qdjunction.traces.quantities import nm_per_unit
from qdjunction.traces.readers.contract import Recording
from qdjunction.traces.settings import ReadSettings

SLICE_POINTS = 2_000_000
"""Points of a column in memory at a time."""

Read = Callable[[int, int], Any]
"""Function that returns the numbers of a column from one point to another."""


@dataclass(frozen=True)
class Column:
    """One column of a block.

    Attributes
    ----------
    name, unit : str
        As the file has them; empty if it names none.
    size : int
        Number of points.
    read : callable
        Function of a first point and an end that returns the numbers between them.
    """

    name: str
    unit: str
    size: int
    read: Read

    @classmethod
    def of(cls, values: Any, name: str = "", unit: str = "") -> "Column":
        """Return the column of numbers in memory."""
        return cls(name, unit, len(values), lambda first, end: values[first:end])

    @property
    def headings(self) -> list[str]:
        """The texts that may name quantity and unit, that of the unit first."""
        return [text for text in (self.unit, self.name) if text]

    @property
    def label(self) -> str:
        """Name and unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


@dataclass(frozen=True)
class Scaling:
    """The x values of a column that has no other: first value, step, unit."""

    first: float
    step: float
    unit: str

    def column(self, size: int) -> Column:
        """Return them as a column."""
        return Column(
            "x scaling", self.unit, size, lambda first, end: self.first + self.step * np.arange(first, end)
        )


def recordings(
    label: str, columns: Sequence[Column], settings: ReadSettings, scaling: Scaling | None = None
) -> Iterator[Recording]:
    """Yield the recordings of a block: one for each pair of displacement and conductance.

    Parameters
    ----------
    label : str
        Label of the block in its file.
    columns : sequence of Column
        The columns.
    settings : ReadSettings
        Columns and units.
    scaling : Scaling, optional
        The x values of a single column.

    Yields
    ------
    Recording
        A long pair in slices that end where the displacement starts again.

    Raises
    ------
    InputError
        If the names contradict the settings, or there are too few columns.
    """
    if len(columns) == 1:
        (column,) = columns
        if scaling is None:
            raise InputError(
                f"its only column {column.name or label} has no x scaling, so the displacement is not known"
            )
        if not scaling.unit:
            raise InputError(
                f"the x scaling of {column.name or label} names no unit; set it to that of the displacement"
            )
        pairs = [(scaling.column(column.size), column)]
    else:
        pairs = _pairs(columns, settings)
    for number, (displacement, conductance) in enumerate(pairs):
        name = label if len(pairs) == 1 else "/".join(filter(None, (label, str(number))))
        yield from _recording(name, displacement, conductance, settings)


def _pairs(columns: Sequence[Column], settings: ReadSettings) -> list[tuple[Column, Column]]:
    units = settings.displacement_unit, settings.conductance_unit
    checks = check_displacement_heading, check_conductance_heading
    displacements, conductances = (
        [column for column in columns if _agrees(check, column, unit)]
        for check, unit in zip(checks, units, strict=True)
    )
    if conductances and len(displacements) == len(conductances):
        return list(zip(displacements, conductances, strict=True))
    if conductances and len(displacements) == 1:
        return [(displacements[0], conductance) for conductance in conductances]
    chosen = settings.displacement_column, settings.conductance_column
    if max(chosen) >= len(columns):
        names = ", ".join(column.label or "without a name" for column in columns)
        raise InputError(f"its columns are {names}; column {max(chosen)} (from 0) is requested")
    return [(columns[chosen[0]], columns[chosen[1]])]


def _agrees(check: Callable[[Sequence[str], str], str | None], column: Column, unit: str) -> bool:
    """Return whether a column names the unit of the settings."""
    try:
        return check(column.headings, unit) is not None
    except InputError:
        return False


def _recording(
    label: str, displacement: Column, conductance: Column, settings: ReadSettings
) -> Iterator[Recording]:
    units = settings.displacement_unit, settings.conductance_unit
    notes = unit_notes(displacement.headings, conductance.headings, *units)
    if displacement.size != conductance.size:
        raise InputError(f"it holds {displacement.size} displacements and {conductance.size} conductances")
    names = displacement.label, conductance.label
    sign = copysign(1.0, nm_per_unit(settings))
    for number, (d, g) in enumerate(_slices(displacement, conductance, sign)):
        name = label if displacement.size <= SLICE_POINTS else f"{label}:{number}".removeprefix(":")
        yield Recording(name, d, g, settings, notes, names)


def _slices(
    displacement: Column, conductance: Column, sign: float
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Yield two columns in slices that end at the last restart of the displacement."""
    rest = np.empty((2, 0))
    for first in range(0, displacement.size, SLICE_POINTS):
        end = min(first + SLICE_POINTS, displacement.size)
        part = [
            np.asarray(column.read(first, end), dtype=np.float64) for column in (displacement, conductance)
        ]
        rest = np.concatenate([rest, part], axis=1)
        if end == displacement.size:
            break
        back = np.flatnonzero(sign * np.diff(rest[0]) < -RESTART * np.ptp(rest[0]))
        if back.size:
            cut = int(back[-1]) + 1
            yield rest[0, :cut], rest[1, :cut]
            rest = rest[:, cut:]
    yield rest[0], rest[1]
