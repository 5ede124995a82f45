"""Histograms that are filled from a stream, and Gaussian peaks with intervals.

The points of one trace are far from independent, so Poisson errors of the bins are meaningless. Traces are
therefore divided into groups, each with its own counts, and intervals come from the delete-a-group jackknife:
the fit is repeated with each group left out (B. Efron, The Jackknife, the Bootstrap and Other Resampling
Plans, SIAM 1982, ch. 3).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import least_squares
from scipy.signal import find_peaks

from qdjunction.core.confidence import student
from qdjunction.core.errors import InputError


@dataclass(frozen=True)
class Axis:
    """Bins of equal width, closed below and open above.

    Attributes
    ----------
    name : str
        Quantity with its unit: ``log10_g``, ``displacement_nm``.
    low, high : float
        Ends of the axis.
    bins : int
        Number of bins.
    """

    name: str
    low: float
    high: float
    bins: int

    @property
    def width(self) -> float:
        """Width of a bin."""
        return (self.high - self.low) / self.bins

    @property
    def edges(self) -> NDArray[np.float64]:
        """Edges of the bins, shape (bins + 1,)."""
        return np.linspace(self.low, self.high, self.bins + 1)

    @property
    def centres(self) -> NDArray[np.float64]:
        """Centres of the bins, (bins,)."""
        return self.low + self.width * (np.arange(self.bins, dtype=np.float64) + 0.5)

    def padded_bins(self, values: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return the bin of every value, counted from 1; 0 is below the axis and `bins` + 1 above it."""
        scaled = values - self.low
        scaled *= self.bins / (self.high - self.low)
        scaled += 1.0
        np.clip(scaled, 0.0, self.bins + 1.0, out=scaled)
        return scaled.astype(np.intp)


@dataclass(frozen=True)
class Histogram:
    """Counts of one quantity, separately for each group of traces.

    Attributes
    ----------
    axis : Axis
        The bins.
    counts : (groups, bins) array of int
        Counts; `add` fills them.
    """

    axis: Axis
    counts: NDArray[np.int64]

    @classmethod
    def empty(cls, axis: Axis, groups: int) -> "Histogram":
        """Return a histogram without counts."""
        return cls(axis, np.zeros((groups, axis.bins), dtype=np.int64))

    @property
    def total(self) -> NDArray[np.int64]:
        """Counts of all groups, (bins,)."""
        return np.asarray(self.counts.sum(axis=0))

    def quantile(self, share: float) -> float:
        """Return the value below which `share` of the counts lies, interpolated within a bin; NaN if empty."""
        below = np.concatenate(([0], self.total.cumsum()))
        if below[-1] == 0:
            return float("nan")
        return float(np.interp(share * below[-1], below, self.axis.edges))

    def add(self, values: ArrayLike, groups: ArrayLike) -> None:
        """Count values; those outside the axis are ignored.

        Parameters
        ----------
        values : (n,) array
            In the unit of the axis.
        groups : (n,) array of int
            Group of each value.
        """
        padded = self.axis.bins + 2
        flat = np.asarray(groups) * padded + self.axis.padded_bins(np.asarray(values, dtype=np.float64))
        counts = np.bincount(flat, minlength=len(self.counts) * padded).reshape(-1, padded)
        self.counts[...] += counts[:, 1:-1]

    def add_trace(self, padded_bins: NDArray[np.intp], group: int) -> None:
        """Count the points of one trace, given their bins from `Axis.padded_bins`."""
        self.counts[group] += np.bincount(padded_bins, minlength=self.axis.bins + 2)[1:-1]


@dataclass(frozen=True)
class Histogram2D:
    """Joint counts of two quantities.

    Attributes
    ----------
    x, y : Axis
        The bins.
    counts : (x bins, y bins) array of int
        Counts; `add` fills them.
    """

    x: Axis
    y: Axis
    counts: NDArray[np.int64]

    @classmethod
    def empty(cls, x: Axis, y: Axis) -> "Histogram2D":
        """Return a histogram without counts."""
        return cls(x, y, np.zeros((x.bins, y.bins), dtype=np.int64))

    def add(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        """Count points; those outside either axis are ignored."""
        self.add_flat(self.flat_bins(self.x.padded_bins(x), self.y.padded_bins(y)))

    def flat_bins(self, x: NDArray[np.intp], y: NDArray[np.intp]) -> NDArray[np.int32]:
        """Combine bins of the two axes, from `Axis.padded_bins`, into one number per point."""
        x *= self.y.bins + 2
        x += y
        return x.astype(np.int32)

    def add_flat(self, flat: NDArray[np.int32]) -> None:
        """Count points given by their bins from `flat_bins`."""
        padded = (self.x.bins + 2, self.y.bins + 2)
        self.counts[...] += np.bincount(flat, minlength=padded[0] * padded[1]).reshape(padded)[1:-1, 1:-1]


@dataclass(frozen=True)
class Peak:
    """A Gaussian peak, A exp(-(x - centre)^2 / (2 sigma^2)).

    Attributes
    ----------
    centre, sigma, height : float
        Centre and sigma in the unit of the axis, height in counts per bin.
    centre_interval, sigma_interval : (float, float)
        Confidence interval from the jackknife over groups of traces.
    """

    centre: float
    sigma: float
    height: float
    centre_interval: tuple[float, float]
    sigma_interval: tuple[float, float]


@dataclass(frozen=True)
class PeakFit:
    """Gaussian peaks on a constant background.

    Attributes
    ----------
    axis : Axis
        Axis of the histogram.
    peaks : tuple of Peak
        The peaks, in ascending order of the centre.
    background : float
        Counts per bin. In log10 G a constant background is the result of tunnelling through a widening gap: G
        falls exponentially, and every decade takes the same displacement.
    confidence : float
        Confidence level of the intervals.
    replicate_centres : (groups, peaks) array
        Centres with one group left out, for intervals of quantities derived from them; NaN for a group without
        counts.
    """

    axis: Axis
    peaks: tuple[Peak, ...]
    background: float
    confidence: float
    replicate_centres: NDArray[np.float64]

    def curve(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return the fitted counts at `x`."""
        parameters = [value for peak in self.peaks for value in (peak.centre, peak.sigma, peak.height)]
        return _gaussians(np.asarray(x, dtype=np.float64), np.array([*parameters, self.background]))


def fit_peaks(
    histogram: Histogram,
    count: int,
    *,
    fit_range: tuple[float, float] | None = None,
    guesses: tuple[float, ...] = (),
    confidence: float = 0.95,
) -> PeakFit:
    """Fit Gaussian peaks and a constant background to a histogram.

    The residuals are those of the square roots of the counts (F. J. Anscombe, Biometrika 35, 246 (1948)), so
    that full and nearly empty bins have the correct weights.

    Parameters
    ----------
    histogram : Histogram
        With the counts of every group.
    count : int
        Number of peaks.
    fit_range : (float, float), optional
        Part of the axis to fit; by default the full axis.
    guesses : tuple of float
        Approximate positions of the peaks; by default the `count` most prominent maxima of the smoothed histogram.
    confidence : float
        Confidence level of the intervals.

    Returns
    -------
    PeakFit
        The peaks and the background.

    Raises
    ------
    InputError
        If the histogram is empty or has a single group, or if it has fewer maxima than `count` and no guesses are
        given.
    """
    centres = histogram.axis.centres
    low, high = fit_range or (histogram.axis.low, histogram.axis.high)
    inside = (centres >= low) & (centres < high)
    x, counts = centres[inside], histogram.counts[:, inside]
    total = counts.sum(axis=0)
    if total.sum() < 10 or len(x) < 3 * count + 1:
        raise InputError(
            f"the histogram of {histogram.axis.name} has {total.sum()} counts in {len(x)} bins between "
            f"{low:g} and {high:g}: "
            f"too few to fit {count} peaks; widen the range or give more traces"
        )
    filled = np.flatnonzero(counts.sum(axis=1))
    if len(filled) < 2:
        raise InputError(
            f"the histogram of {histogram.axis.name} comes from only one group of traces, so a fit has no "
            f"interval; give more traces"
        )
    start = _start(x, total, guesses or _maxima(x, total, count, histogram.axis.name))
    best = _fit(x, total, start)
    replicates = np.array([_fit(x, total - counts[group], best) for group in filled])
    half = _jackknife_half_width(replicates, confidence)

    order = np.argsort(best[:-1:3])
    peaks = tuple(
        Peak(
            centre=float(best[3 * k]),
            sigma=float(best[3 * k + 1]),
            height=float(best[3 * k + 2]),
            centre_interval=(float(best[3 * k] - half[3 * k]), float(best[3 * k] + half[3 * k])),
            sigma_interval=(
                float(best[3 * k + 1] - half[3 * k + 1]),
                float(best[3 * k + 1] + half[3 * k + 1]),
            ),
        )
        for k in order
    )
    replicate_centres = np.full((len(counts), count), np.nan)
    replicate_centres[filled] = replicates[:, :-1:3][:, order]
    return PeakFit(histogram.axis, peaks, float(best[-1]), confidence, replicate_centres)


def spacing_interval(
    lower: PeakFit, upper: PeakFit, lower_peak: int = 0, upper_peak: int = 0
) -> tuple[float, float, float]:
    """Return the distance between two peaks with its jackknife interval.

    Parameters
    ----------
    lower, upper : PeakFit
        Fits of histograms with the same groups of traces; they may be the same fit.
    lower_peak, upper_peak : int
        Index of the peak in each fit.

    Returns
    -------
    distance, low, high : float
        In the unit of the axis.

    Raises
    ------
    InputError
        If the two fits have different groups.
    """
    if len(lower.replicate_centres) != len(upper.replicate_centres):
        raise InputError(
            "the two peaks come from different groups of traces; fill both histograms from the same pass"
        )
    distance = upper.peaks[upper_peak].centre - lower.peaks[lower_peak].centre
    columns = np.stack(
        [lower.replicate_centres[:, lower_peak], upper.replicate_centres[:, upper_peak]], axis=1
    )
    # A group without counts in one of the histograms leaves its peak where it is.
    centres = [lower.peaks[lower_peak].centre, upper.peaks[upper_peak].centre]
    columns = np.where(np.isnan(columns), centres, columns)[np.isfinite(columns).any(axis=1)]
    replicates = columns[:, 1] - columns[:, 0]
    half = float(_jackknife_half_width(replicates[:, None], lower.confidence)[0])
    return distance, distance - half, distance + half


def _gaussians(x: NDArray[np.float64], parameters: NDArray[np.float64]) -> NDArray[np.float64]:
    centre, sigma, height = parameters[:-1].reshape(-1, 3, 1).transpose(1, 0, 2)
    return np.asarray((height * np.exp(-0.5 * ((x - centre) / sigma) ** 2)).sum(axis=0) + parameters[-1])


def _fit(
    x: NDArray[np.float64], counts: NDArray[np.int64], start: NDArray[np.float64]
) -> NDArray[np.float64]:
    observed = np.sqrt(counts + 0.375)
    width, span, most = x[1] - x[0], x[-1] - x[0], float(counts.max())
    peaks = (len(start) - 1) // 3
    lower = np.array([x[0], 0.5 * width, 0.0] * peaks + [0.0])
    upper = np.array([x[-1], span, 4 * most + 1] * peaks + [2 * most + 1])

    def residuals(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.sqrt(_gaussians(x, parameters) + 0.375) - observed)

    fitted = least_squares(
        residuals,
        np.clip(start, lower + 1e-9 * (upper - lower), upper - 1e-9 * (upper - lower)),
        bounds=(lower, upper),
        x_scale=np.array([0.1 * span, 0.1 * span, most] * peaks + [most]),
    )
    return fitted.x


def _start(
    x: NDArray[np.float64], counts: NDArray[np.int64], guesses: tuple[float, ...]
) -> NDArray[np.float64]:
    background = float(np.quantile(counts, 0.1))
    span = x[-1] - x[0]
    if len(guesses) == 1:
        weights = np.clip(counts - background, 0, None) + 1e-12
        mean = np.average(x, weights=weights)
        sigma = float(np.clip(np.sqrt(np.average((x - mean) ** 2, weights=weights)), 0.01 * span, 0.3 * span))
    else:
        sigma = float(np.clip(np.diff(np.sort(guesses)).min() / 4, 0.01 * span, 0.2 * span))
    heights = np.interp(guesses, x, gaussian_filter1d(counts.astype(float), 2)) - background
    start = [
        value
        for guess, height in zip(guesses, heights, strict=True)
        for value in (guess, sigma, max(height, 1.0))
    ]
    return np.array([*start, background])


def _maxima(x: NDArray[np.float64], counts: NDArray[np.int64], count: int, name: str) -> tuple[float, ...]:
    smooth = gaussian_filter1d(counts.astype(float), max(1.0, 0.015 * len(x)))
    padded = np.concatenate(([0.0], smooth, [0.0]))
    found, properties = find_peaks(padded, prominence=0.01 * smooth.max())
    if len(found) < count:
        raise InputError(
            f"the histogram of {name} has {len(found)} maxima, fewer than the {count} peaks requested; "
            "request fewer, or give their positions (guesses)"
        )
    chosen = found[np.argsort(properties["prominences"])[::-1][:count]] - 1
    return tuple(float(value) for value in np.sort(x[chosen]))


def _jackknife_half_width(replicates: NDArray[np.float64], confidence: float) -> NDArray[np.float64]:
    groups = len(replicates)
    if groups < 2:
        return np.full(replicates.shape[1], np.inf)
    variance = (groups - 1) / groups * ((replicates - replicates.mean(axis=0)) ** 2).sum(axis=0)
    return np.asarray(student(confidence, groups - 1) * np.sqrt(variance))
