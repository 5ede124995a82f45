"""Flicker noise of the plateaus: how its power depends on the conductance.

The noise power of each plateau is the integral of the power spectrum of G between two spatial frequencies. With traces
of one pulling speed a spatial frequency is a temporal one divided by the speed. Over the plateaus the power, divided by
the mean conductance to the power n, is uncorrelated with the conductance at one exponent n: 1 for transport through
bonds, 2 through space (O. Adak et al., Nano Lett. 15, 4143 (2015)), with mixtures between them. It is no proof of
either: any noise that is a fixed share of G gives 2, that of the amplifier 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qdjunction.traces.analyses.contract import Analysis, writing_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from qdjunction.traces.analyses.contract import Known
    from qdjunction.traces.moments import Moments
    from qdjunction.traces.results import NoiseSummary
    from qdjunction.traces.settings import TracesSettings
    from qdjunction.traces.trace import Trace, TraceSource

FEWEST_PLATEAUS = 20
"""Fewest plateaus of a level with an exponent."""
COLUMNS = ("file", "level_log10_g", "mean_g0", "noise_power_g0_squared")
_FEWEST_POINTS = 32


class NoiseAnalysis(Analysis):
    """Scaling exponent of the noise power with the conductance, at each peak."""

    name = "noise"
    description = "Measure how the flicker noise of the plateaus scales with their conductance."
    sections = ("noise", "plateaus", "peaks")
    at_peaks = True

    @property
    def summary(self) -> type[NoiseSummary]:
        """Model of ``noise.json``."""
        from qdjunction.traces.results import NoiseSummary

        return NoiseSummary

    def run(
        self,
        source: TraceSource,
        settings: TracesSettings,
        known: Known,
        write: Callable[[pd.DataFrame], None],
        provenance: dict[str, Any],
    ) -> NoiseSummary:
        """Write one row per plateau: its mean conductance and noise power; return the exponent of each level."""
        import numpy as np

        from qdjunction.core.progress import with_progress
        from qdjunction.traces.moments import Moments
        from qdjunction.traces.results import NoiseRecord, NoiseSummary

        levels = sorted((peak.centre for peak in known.peaks), reverse=True)
        sums = {level: Moments(2) for level in levels}

        with writing_rows(write, COLUMNS) as add:
            for trace in with_progress(source if levels else (), "measuring noise"):
                for name, level, mean, power in plateau_noise(trace, levels, settings):
                    sums[level].add(np.log([mean, power]))
                    add((name, level, mean, power))
        confidence = settings.peaks.confidence
        return NoiseSummary(
            levels=tuple(
                NoiseRecord(
                    level_log10_g=level,
                    plateaus=sums[level].count,
                    exponent=scaling_exponent(sums[level], confidence),
                )
                for level in levels
            ),
            per_nm=settings.noise.per_nm,
            confidence=confidence,
            reason=known.why_no_peaks,
            provenance=provenance,
        )


def plateau_noise(
    trace: Trace, levels_log10_g: list[float], settings: TracesSettings
) -> Iterator[tuple[str, float, float, float]]:
    """Yield name, level, mean conductance (G0) and noise power (G0 squared) of the plateaus of a trace.

    Parameters
    ----------
    trace : Trace
        The trace.
    levels_log10_g : list of float
        Centres of the bands, log10(G/G0).
    settings : TracesSettings
        Band, shortest plateau and spatial frequencies.
    """
    import numpy as np

    from qdjunction.traces.analysis import broken_window

    broken = broken_window(trace, settings)
    if broken is None:
        return
    window, zero = broken
    d, log10_g = (column[window] for column in (trace.displacement_nm, trace.log10_g))
    for level in levels_log10_g:
        inside = (np.abs(log10_g - level) <= settings.plateaus.half_width_decades) & (d > zero)
        first, end = _longest_run(inside)
        # The band also holds the ends of the steps, which are no noise of the plateau.
        trim = (end - first) // 10
        first, end = first + trim, end - trim
        if end - first < _FEWEST_POINTS or d[end - 1] - d[first] < settings.plateaus.shortest_nm:
            continue
        g = 10.0 ** log10_g[first:end]
        power = noise_power(g, float(d[end - 1] - d[first]) / (end - first - 1), settings.noise.per_nm)
        if power > 0:
            yield trace.name, level, float(g.mean()), power


def noise_power(g: NDArray[np.float64], step_nm: float, per_nm: tuple[float, float]) -> float:
    """Return the noise power between two spatial frequencies.

    Parameters
    ----------
    g : (n,) array
        Conductance at equal steps (G0); a linear trend is removed.
    step_nm : float
        Step (nm).
    per_nm : (float, float)
        Spatial frequencies (1/nm).

    Returns
    -------
    float
        Integral of the one-sided power spectral density (G0 squared); 0 if no frequency lies between them. Over all
        frequencies it is the variance, by Parseval's theorem.
    """
    from scipy.signal import detrend, periodogram

    frequency, density = periodogram(detrend(g), 1 / step_nm)
    inside = (frequency >= per_nm[0]) & (frequency <= per_nm[1]) & (frequency > 0)
    return float(density[inside].sum() * frequency[1]) if inside.any() else 0.0


def scaling_exponent(sums: Moments, confidence: float) -> tuple[float, float, float]:
    """Return the exponent n at which log(power / G^n) is uncorrelated with log G, with its interval.

    The covariance vanishes at n = cov(log power, log G) / var(log G), the slope of a linear regression; the interval
    is that of the slope.

    Parameters
    ----------
    sums : Moments
        Moments of the logarithms of mean conductance and noise power of plateaus.
    confidence : float
        Confidence level.

    Returns
    -------
    n, low, high : float
        NaN for fewer than `FEWEST_PLATEAUS`.
    """
    from math import sqrt

    from qdjunction.core.confidence import student

    freedom = sums.count - 2
    (of_g, together), (_, of_power) = sums.products
    if sums.count < FEWEST_PLATEAUS or of_g == 0:
        return (float("nan"),) * 3
    slope = together / of_g
    error = sqrt(max(of_power / of_g - slope**2, 0.0) / freedom)
    half = student(confidence, freedom) * error
    return float(slope), float(slope - half), float(slope + half)


def _longest_run(inside: NDArray[np.bool_]) -> tuple[int, int]:
    """Return first and end of the longest run of points inside."""
    import numpy as np

    steps = np.diff(np.concatenate(([0], inside.astype(np.int8), [0])))
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    if not len(starts):
        return 0, 0
    longest = int((ends - starts).argmax())
    return int(starts[longest]), int(ends[longest])


KIND = NoiseAnalysis()
