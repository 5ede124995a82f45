"""Plateau lengths, their displacements and the spacing between them.

A plateau is the part of a trace whose conductance lies within a band around the level of a peak, after the
gold contact has broken. Its length is the displacement spent in the band, its displacement the median displacement
of its points. A trace that only passes through the band has no plateau there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from qdjunction.core.errors import InputError
from qdjunction.core.progress import with_progress
from qdjunction.traces.analysis import broken_window
from qdjunction.traces.histogram import Axis, Histogram, PeakFit, fit_peaks, spacing_interval
from qdjunction.traces.settings import TracesSettings
from qdjunction.traces.trace import Trace


@dataclass(frozen=True)
class Plateau:
    """The plateau of one trace at one level.

    Attributes
    ----------
    length_nm : float
        Displacement spent in the band (nm).
    displacement_nm : float
        Median displacement of its points (nm), zero where the gold contact broke.
    """

    length_nm: float
    displacement_nm: float


@dataclass(frozen=True)
class PlateauStatistics:
    """Plateaus of many traces.

    Attributes
    ----------
    levels_log10_g : tuple of float
        Centres of the bands, log10(G/G0), in descending order.
    traces : int
        Number of complete traces.
    counts : tuple of int
        Number of traces with a plateau in each band.
    length_nm, displacement_nm : tuple of Histogram
        Distributions, one per band.
    """

    levels_log10_g: tuple[float, ...]
    traces: int
    counts: tuple[int, ...]
    length_nm: tuple[Histogram, ...]
    displacement_nm: tuple[Histogram, ...]

    def displacement_fits(self, confidence: float = 0.95) -> tuple[PeakFit, ...]:
        """Return a Gaussian fit of the displacements of each plateau."""
        return tuple(fit_peaks(histogram, 1, confidence=confidence) for histogram in self.displacement_nm)

    def spacings_nm(self, confidence: float = 0.95) -> tuple[tuple[float, float, float], ...]:
        """Return the distance of each plateau to the next one with its interval (nm)."""
        fits = self.displacement_fits(confidence)
        return tuple(spacing_interval(nearer, farther) for nearer, farther in pairwise(fits))


def plateaus_of(
    trace: Trace, levels_log10_g: Sequence[float], settings: TracesSettings
) -> list[Plateau | None] | None:
    """Measure the plateaus of one trace.

    Parameters
    ----------
    trace : Trace
        The trace.
    levels_log10_g : sequence of float
        Centres of the bands, log10(G/G0).
    settings : TracesSettings
        Window, zero of displacement, half-width of the bands and shortest plateau.

    Returns
    -------
    list of Plateau or None
        One entry per band, None if the trace has no plateau there; a single None if the trace is not complete.
    """
    broken = broken_window(trace, settings)
    if broken is None:
        return None
    window, zero = broken
    displacement = trace.displacement_nm[window] - zero
    log10_g = trace.log10_g[window]
    # Every recorded point represents the displacement up to the next one.
    steps = np.diff(displacement, append=displacement[-1])
    after = displacement > 0
    found: list[Plateau | None] = []
    for level in levels_log10_g:
        inside = after & (np.abs(log10_g - level) <= settings.plateaus.half_width_decades)
        length = float(steps[inside].sum())
        if length < max(settings.plateaus.shortest_nm, np.finfo(float).tiny):
            found.append(None)
        else:
            found.append(Plateau(length, float(np.median(displacement[inside]))))
    return found


def measure_plateaus(
    traces: Iterable[Trace], levels_log10_g: Sequence[float], settings: TracesSettings | None = None
) -> PlateauStatistics:
    """Measure the plateaus of a stream of traces, in memory that does not grow with their number.

    Parameters
    ----------
    traces : iterable of Trace
        The traces.
    levels_log10_g : sequence of float
        Centres of the bands, log10(G/G0), for instance the centres of the peaks of the conductance histogram.
    settings : TracesSettings, optional
        Thresholds and axes.

    Returns
    -------
    PlateauStatistics
        Distributions of lengths and displacements.

    Raises
    ------
    InputError
        If two bands overlap, so that a point would belong to both.
    """
    settings = settings or TracesSettings()
    levels = tuple(sorted((float(level) for level in levels_log10_g), reverse=True))
    half = settings.plateaus.half_width_decades
    for upper, lower in pairwise(levels):
        if upper - lower < 2 * half:
            raise InputError(
                f"the plateaus at log10(G/G0) = {upper:.2f} and {lower:.2f} are closer than two half-widths "
                f"of {half:g}; "
                f"set traces.plateaus.half_width_decades to {(upper - lower) / 2:.2f} or less"
            )
    bins, groups = settings.histogram, settings.histogram.groups
    axis = Axis("displacement_nm", *bins.displacement_range_nm, bins.displacement_bins)
    lengths = tuple(Histogram.empty(axis, groups) for _ in levels)
    displacements = tuple(Histogram.empty(axis, groups) for _ in levels)
    complete, counts = 0, [0] * len(levels)
    for number, trace in enumerate(with_progress(traces, "measuring plateaus")):
        found = plateaus_of(trace, levels, settings)
        if found is None:
            continue
        complete += 1
        for band, plateau in enumerate(found):
            if plateau is not None:
                counts[band] += 1
                lengths[band].add([plateau.length_nm], [number % groups])
                displacements[band].add([plateau.displacement_nm], [number % groups])
    return PlateauStatistics(levels, complete, tuple(counts), lengths, displacements)
