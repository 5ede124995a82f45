"""Plateaus of a single trace, without the levels of a histogram: the trace as a sequence of straight lines.

log10 G as a function of displacement, averaged over equal steps, is divided into segments so that

    sum over segments of (step * sum of the squared residuals of a straight line + penalty)

is least. The minimum is exact: optimal partitioning by dynamic programming (B. Jackson et al., IEEE Signal Process.
Lett. 12, 105 (2005)), the minimum that the pruned algorithm PELT also finds (R. Killick et al., J. Am. Stat. Assoc.
107, 1590 (2012)). Change points of a trace have been used to find where a junction breaks (arXiv:2401.12769).

The penalty is set by what is to be resolved: two plateaus of length L that differ by a step d deviate by
L d^2 / 8 from one straight line, so with this penalty a step of d divides plateaus of length L, one of d/2 those of
length 4 L, and slow noise whose deviations from a line are smaller divides nothing. A segment is a plateau if it is
long enough and not too steep; the others are transitions and tunnelling.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qdjunction.traces.profile import profile_of
from qdjunction.traces.settings import SegmentSettings, TracesSettings
from qdjunction.traces.streams import batches
from qdjunction.traces.trace import Trace

_BATCH = 64  # traces that are divided together, which keeps the arrays in the cache


@dataclass(frozen=True)
class Plateau:
    """A plateau of a trace.

    Attributes
    ----------
    start_nm, end_nm : float
        Its ends (nm), zero where the gold contact breaks.
    log10_g : float
        Mean log10(G/G0).
    slope_decades_per_nm : float
        Slope of its straight line.
    """

    start_nm: float
    end_nm: float
    log10_g: float
    slope_decades_per_nm: float

    @property
    def length_nm(self) -> float:
        """Length (nm)."""
        return self.end_nm - self.start_nm


def penalty_of(settings: SegmentSettings) -> float:
    """Return the penalty of a segment (decades squared times nm)."""
    return settings.shortest_nm * settings.smallest_step_decades**2 / 8


def segment(
    profiles: Sequence[NDArray[np.float64]], step_nm: float, penalty: float
) -> list[NDArray[np.intp]]:
    """Divide profiles into the segments of least penalised squares.

    Parameters
    ----------
    profiles : sequence of (steps,) array
        log10(G/G0) in equal steps; NaN where it is not known.
    step_nm : float
        Step (nm).
    penalty : float
        Penalty of a segment (decades squared times nm).

    Returns
    -------
    list of (segments + 1,) array
        First step of each segment, and the number of steps. The time grows as the square of the number of steps.
    """
    count, longest = len(profiles), max(map(len, profiles))
    y = np.full((count, longest), np.nan)
    for row, profile in zip(y, profiles, strict=True):
        row[: len(profile)] = profile
    weight = np.isfinite(y).astype(np.float64)
    # Sums of the deviations from the mean, which lose no digits.
    y = np.where(weight > 0, y - np.nanmean(y, axis=1, keepdims=True), 0.0)
    x = np.arange(longest) - longest / 2
    moments = (weight, weight * x, weight * x**2, y, y * x, y**2)
    sums = np.zeros((len(moments), count, longest + 1))
    np.cumsum(moments, axis=2, out=sums[:, :, 1:])

    cost = np.zeros((count, longest + 1))
    start = np.zeros((count, longest + 1), dtype=np.intp)
    rows = np.arange(count)
    for end in range(1, longest + 1):
        n, of_x, of_xx, of_y, of_xy, of_yy = sums[:, :, end, None] - sums[:, :, :end]
        n = np.maximum(n, 1.0)
        xx = of_xx - of_x**2 / n
        xy = of_xy - of_x * of_y / n
        squares = of_yy - of_y**2 / n - xy**2 / np.maximum(xx, 0.25)
        total = cost[:, :end] + step_nm * np.maximum(squares, 0.0)
        best = total.argmin(axis=1)
        start[:, end] = best
        cost[:, end] = total[rows, best] + penalty
    return [_trace_back(start[row], len(profile)) for row, profile in enumerate(profiles)]


def plateaus_in(
    profile: NDArray[np.float64], edges: NDArray[np.intp], settings: SegmentSettings
) -> list[Plateau]:
    """Return the segments of a profile that are plateaus.

    Parameters
    ----------
    profile : (steps,) array
        log10(G/G0); NaN where it is not known.
    edges : (segments + 1,) array
        Its segments, from `segment`.
    settings : SegmentSettings
        Step, shortest and steepest plateau, and their conductances.
    """
    found = []
    step = settings.step_nm
    low, high = settings.log10_g_range
    for first, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        # Half a step more than in a length of exactly so many steps is rounding.
        if (end - first + 0.5) * step < settings.shortest_nm:
            continue
        y = profile[first:end]
        known = np.isfinite(y)
        x = step * np.arange(first, end)[known]
        y = y[known]
        if len(y) < 3 or not low < (level := float(y.mean())) < high:
            continue
        x = x - x.mean()
        slope = float(x @ y / (x @ x))
        if abs(slope) <= settings.steepest_decades_per_nm:
            found.append(Plateau(first * step, end * step, level, slope))
    return found


def plateaus_of_traces(
    traces: Iterable[Trace], settings: TracesSettings
) -> Iterator[tuple[str, list[Plateau]]]:
    """Yield name and plateaus of every complete trace.

    Parameters
    ----------
    traces : iterable of Trace
        The traces.
    settings : TracesSettings
        Window, zero of displacement, and `SegmentSettings`.
    """
    options = settings.segments
    penalty = penalty_of(options)
    named = (
        (trace.name, profile)
        for trace in traces
        if (profile := profile_of(trace, options.step_nm, settings)) is not None
    )
    for batch in batches(named, _BATCH):
        profiles = [profile for _, profile in batch]
        divided = segment(profiles, options.step_nm, penalty)
        for (name, profile), edges in zip(batch, divided, strict=True):
            yield name, plateaus_in(profile, edges, options)


def _trace_back(start: NDArray[np.intp], end: int) -> NDArray[np.intp]:
    """Return the edges of the best segments of the first `end` steps."""
    edges = [end]
    while edges[-1] > 0:
        edges.append(int(start[edges[-1]]))
    return np.array(edges[::-1], dtype=np.intp)
