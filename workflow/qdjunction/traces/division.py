"""Division of recorded columns into traces: one, several or none.

Several traces in one recording follow each other, each with a displacement that starts again, or separated by blank
lines or rows of NaN. A displacement that goes back and forth is divided into opening and closing parts, of which those
in the direction of the settings are traces. One that turns back in any other way (exchanged columns) is refused.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.traces.quantities import check_values, to_log10_g, to_nm
from qdjunction.traces.settings import ReadSettings

BACKWARDS = 0.1
"""Fraction of its span by which the displacement of a trace may go back, because of noise and drift of the reading."""
RESTART = 0.5
"""A step back by more than this fraction of the displacement covered so far starts another trace."""
_NOISE_STEPS = 10
_REOPENED_DECADES = 2.0
_FEW_POINTS = 8

Columns = tuple[NDArray[np.float64], NDArray[np.float64]]


def traces_of(
    displacement: NDArray[np.float64], conductance: NDArray[np.float64], settings: ReadSettings
) -> Iterator[Columns | InputError]:
    """Convert recorded columns and divide them into traces.

    Points at which one of the two numbers is missing are left out.

    Parameters
    ----------
    displacement, conductance : (n,) array
        As recorded, in the units of `settings`.
    settings : ReadSettings
        The units.

    Yields
    ------
    (displacement_nm, log10_g) or InputError
        Each trace (nm, log10(G/G0)), or the reason why this part of the recording is not one.

    Raises
    ------
    InputError
        If nothing in the columns can be a trace.
    """
    if displacement.shape != conductance.shape:
        raise InputError(f"it holds {displacement.size} displacements and {conductance.size} conductances")
    displacement_nm = to_nm(displacement, settings)
    log10_g = to_log10_g(conductance, settings)
    finite = np.isfinite(displacement_nm) & np.isfinite(log10_g)
    breaks: list[int] = []
    if not finite.all():
        missing = np.isnan(displacement_nm) & np.isnan(log10_g)
        displacement_nm, log10_g = displacement_nm[finite], log10_g[finite]
        # Positions among the finite points at which rows without any number divide the columns.
        breaks = np.unique(np.cumsum(finite)[missing]).tolist() if missing.any() else []
    if log10_g.size < 2:
        raise InputError(f"it holds {log10_g.size} points with two numbers; a trace needs at least 2")
    _check_exchange(log10_g, settings)
    starts = _starts(displacement_nm, log10_g, breaks)
    parts = [
        part
        for begin, end in zip(starts, [*starts[1:], log10_g.size], strict=True)
        for part in _directions(displacement_nm[begin:end], log10_g[begin:end])
    ]
    for d, g, direction in parts:
        try:
            if direction is not None and direction != settings.direction:
                raise InputError(
                    f"its junction {'closes' if direction == 'push' else 'opens'} from {d[0]:g} to {d[-1]:g} nm; to "
                    f"analyse such parts set traces.read.direction to {direction}"
                )
            if settings.direction == "push":
                d, g = d[::-1], g[::-1]
            if len(g) < 2:
                raise InputError(f"it holds {len(g)} points with two numbers; a trace needs at least 2")
            _check_course(d, settings)
            check_values(d, g, settings)
        except InputError as error:
            yield error
        else:
            yield d, g


def _starts(
    displacement_nm: NDArray[np.float64], log10_g: NDArray[np.float64], breaks: list[int]
) -> list[int]:
    """Return the first point of every trace."""
    if not breaks and not _turns_back(displacement_nm):
        return [0]
    steps = np.diff(displacement_nm)
    starts = [0]
    # A restart exceeds the noise of the reading and goes back over most of the distance covered. Where the rows
    # are separated, it is enough that either the displacement or the conductance starts again.
    least = _NOISE_STEPS * float(np.median(np.abs(steps)))
    candidates = set((np.flatnonzero(steps < -least) + 1).tolist())
    separated = set(breaks) - {0, log10_g.size}
    low = high = displacement_nm[0]
    last = 0
    for point in sorted(candidates | separated):
        covered = displacement_nm[last:point]
        low, high = min(low, covered.min()), max(high, covered.max())
        last = point
        back = -steps[point - 1]
        restarted = back > 0 and back > RESTART * (high - low) and not _is_glitch(steps, point, least)
        reopened = point in separated and log10_g[point] > log10_g[point - 1] + _REOPENED_DECADES
        if restarted or reopened:
            starts.append(point)
            low = high = displacement_nm[point]
    return starts


def _directions(
    displacement_nm: NDArray[np.float64], log10_g: NDArray[np.float64]
) -> list[tuple[NDArray[np.float64], NDArray[np.float64], str | None]]:
    """Divide a trace where its displacement turns round, and return the direction of each part.

    A single part, or parts that are not those of a junction that opens and closes, have none.
    """
    whole: list[tuple[NDArray[np.float64], NDArray[np.float64], str | None]] = [
        (displacement_nm, log10_g, None)
    ]
    if len(displacement_nm) <= _FEW_POINTS or not _is_backwards(displacement_nm):
        return whole
    least = RESTART * float(np.ptp(displacement_nm))
    # One wrong number is no turn.
    if np.abs(np.diff(displacement_nm)).max() > least:
        return whole
    turns = _turns(displacement_nm, least)
    edges = [0, *turns, len(displacement_nm)]
    if min(np.diff(edges)) <= _FEW_POINTS:
        return whole
    parts = [(displacement_nm[begin:end], log10_g[begin:end]) for begin, end in pairwise(edges)]
    return [(d, g, "pull" if d[-1] > d[0] else "push") for d, g in parts] if len(parts) > 1 else whole


def _turns(values: NDArray[np.float64], least: float) -> list[int]:
    """Return the extremes of values between which they change by more than `least`."""
    found: list[int] = []
    sign = 1.0 if values[int(np.argmax(np.abs(values - values[0]) > least))] > values[0] else -1.0
    start = 0
    while True:
        ahead = sign * values[start:]
        highest = np.maximum.accumulate(ahead)
        back = highest - ahead > least
        first = int(back.argmax())
        if not back[first]:
            return found
        start += int(ahead[:first].argmax())
        found.append(start + 1)
        sign = -sign


def _is_glitch(steps: NDArray[np.float64], point: int, least: float) -> bool:
    """Return whether a step back is due to one wrong number: a jump forward just before or just after it."""
    return bool((steps[max(point - 2, 0) : point + 1] > least).any())


def _check_exchange(log10_g: NDArray[np.float64], settings: ReadSettings) -> None:
    """Refuse a conductance that rises and never falls, as a displacement does."""
    if log10_g[-1] > log10_g[0] and len(log10_g) > _FEW_POINTS and not _turns_back(log10_g):
        raise InputError(
            f"its conductance rises and never falls, as a displacement does, so the columns look exchanged; "
            f"check traces.read.displacement_column ({settings.displacement_column}) and conductance_column "
            f"({settings.conductance_column})"
        )


def _check_course(displacement_nm: NDArray[np.float64], settings: ReadSettings) -> None:
    """Refuse a displacement that turns back, and integers that only count."""
    if _is_backwards(displacement_nm):
        worst = int((np.maximum.accumulate(displacement_nm) - displacement_nm).argmax())
        raise InputError(
            f"its displacement goes back from {displacement_nm[: worst + 1].max():g} to {displacement_nm[worst]:g} nm, "
            f"while the junction opens; check traces.read.displacement_column ({settings.displacement_column}), "
            "set direction to push for traces of a closing junction, or reverse_displacement to "
            f"{str(not settings.reverse_displacement).lower()} if the displacement is counted the other way"
        )
    if displacement_nm[0] == displacement_nm[1] and (displacement_nm % 1 == 0).all():
        distinct = len(np.unique(displacement_nm))
        if distinct * 4 < len(displacement_nm):
            raise InputError(
                f"its displacement holds {distinct} whole numbers that repeat, as a trace number does; check "
                f"traces.read.displacement_column ({settings.displacement_column})"
            )


def _is_backwards(values: NDArray[np.float64]) -> bool:
    """Return whether values go back by more than noise and drift can explain."""
    if not _turns_back(values):
        return False
    behind = np.maximum.accumulate(values) - values
    return bool(behind.max() > BACKWARDS * np.ptp(values))


def _turns_back(values: NDArray[np.float64]) -> bool:
    return bool((values[1:] < values[:-1]).any())
