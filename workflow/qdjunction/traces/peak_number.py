"""Number of peaks of a histogram by an information criterion, and what a fit leaves over.

The points of a trace are not independent, so that the likelihood of the counts, and with it the criteria of Akaike and
Schwarz, would ask for ever more peaks. The criterion here takes groups of traces as the units: each group is predicted
by the fit to all others, and the deviances of these predictions are summed. With independent units that is, for many of
them, the criterion of Akaike (M. Stone, J. R. Stat. Soc. B 39, 44 (1977)). The smallest number whose sum exceeds the
least one by no more than its standard error is chosen (L. Breiman et al., Classification and Regression Trees, 1984,
sec. 3.4.3). It is a number of Gaussians: a level whose plateau has another shape takes more than one if there are many
traces.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from qdjunction.core.errors import InputError
from qdjunction.traces.histogram import Axis, Histogram, PeakFit, fit_peaks
from qdjunction.traces.results import PeakNumber, Unfitted

MOST_PEAKS = 7
"""Largest number of peaks that is tried."""
_FOLDS = 8
_WIDTH_DECADES = 0.1
_SIGNIFICANT = 4.0


def choose_peaks(
    histogram: Histogram, fit_range: tuple[float, float]
) -> tuple[tuple[float, ...], tuple[PeakNumber, ...]]:
    """Choose the number of peaks of a histogram.

    Parameters
    ----------
    histogram : Histogram
        With the counts of every group.
    fit_range : (float, float)
        Part of the axis to fit.

    Returns
    -------
    guesses : tuple of float
        Positions for `fit_peaks`, as many as there are peaks.
    numbers : tuple of PeakNumber
        The criterion of every number that was tried.

    Raises
    ------
    InputError
        If not even one peak can be fitted.
    """
    folded = _folded(histogram)
    guesses: tuple[float, ...] = ()
    tried: list[tuple[tuple[float, ...], NDArray[np.float64]]] = []
    for count in range(1, MOST_PEAKS + 1):
        try:
            fit = _best_fit(folded, count, fit_range, guesses)
        except InputError:
            if not tried:
                raise
            break
        centres = tuple(peak.centre for peak in fit.peaks)
        tried.append((centres, _predicted(folded, fit, fit_range)))
        sums = [deviance.sum() for _, deviance in tried]
        if len(sums) > 2 and min(sums[-2:]) > min(sums):
            break
        guesses = tuple(sorted((*centres, _largest_residual(folded, fit, fit_range))))
        if min(np.diff(guesses)) <= 2 * histogram.axis.width:
            break
    deviances = np.array([deviance for _, deviance in tried])
    sums = deviances.sum(axis=1)
    least = int(sums.argmin())
    above = deviances - deviances[least]
    errors = np.sqrt(len(above[0]) * above.var(axis=1, ddof=1))
    chosen = int(np.flatnonzero(sums - sums[least] <= errors)[0])
    numbers = tuple(
        PeakNumber(
            count=index + 1,
            deviance=float(sums[index]),
            above_least=float(sums[index] - sums[least]),
            error=float(errors[index]),
        )
        for index in range(len(tried))
    )
    return tried[chosen][0], numbers


def unfitted_peaks(
    histogram: Histogram, fit: PeakFit, fit_range: tuple[float, float]
) -> tuple[Unfitted, ...]:
    """Return the maxima that a fit leaves over.

    Parameters
    ----------
    histogram : Histogram
        With the counts of every group.
    fit : PeakFit
        The fit.
    fit_range : (float, float)
        Part of the axis that was fitted.

    Returns
    -------
    tuple of Unfitted
        Position of each maximum of the smoothed residual above four standard errors of the groups, and its height in
        these, at least 0.3 decades from the fitted centres.
    """
    x, residuals, errors = residuals_of(histogram, fit, fit_range)
    ratio = residuals / errors
    maxima, _ = find_peaks(ratio, height=_SIGNIFICANT, prominence=_SIGNIFICANT / 2)
    return tuple(
        Unfitted(centre=float(x[point]), height_errors=float(ratio[point]))
        for point in maxima
        if min(abs(x[point] - peak.centre) for peak in fit.peaks) > 3 * _WIDTH_DECADES
    )


def residuals_of(
    histogram: Histogram, fit: PeakFit, fit_range: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return centres, residual counts per bin and their standard errors over the groups, smoothed over 0.1 decades."""
    x, counts = _inside(histogram, fit_range)
    sigma = _WIDTH_DECADES / histogram.axis.width
    smooth = gaussian_filter1d(counts.astype(np.float64), sigma, axis=1)
    groups = len(smooth)
    errors = np.sqrt(groups * smooth.var(axis=0, ddof=1))
    expected = gaussian_filter1d(fit.curve(x), sigma)
    return x, smooth.sum(axis=0) - expected, np.maximum(errors, 1.0)


def _best_fit(
    histogram: Histogram, count: int, fit_range: tuple[float, float], guesses: tuple[float, ...]
) -> PeakFit:
    """Return the better of the fits that start from guesses and from the most prominent maxima."""
    x, counts = _inside(histogram, fit_range)
    found: list[tuple[float, PeakFit]] = []
    for start in dict.fromkeys((guesses, ())):
        try:
            fit = fit_peaks(histogram, count, fit_range=fit_range, guesses=start)
        except InputError:
            if not start and not found:
                raise
            continue
        found.append((float(((np.sqrt(fit.curve(x)) - np.sqrt(counts.sum(axis=0))) ** 2).sum()), fit))
    return min(found, key=lambda one: one[0])[1]


def _inside(
    histogram: Histogram, fit_range: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    centres = histogram.axis.centres
    inside = (centres >= fit_range[0]) & (centres < fit_range[1])
    return centres[inside], histogram.counts[:, inside]


def _folded(histogram: Histogram) -> Histogram:
    """Return the histogram with fewer groups and with bins of about 0.03 decades."""
    filled = histogram.counts[histogram.counts.any(axis=1)]
    folds = np.array([filled[fold::_FOLDS].sum(axis=0) for fold in range(min(_FOLDS, len(filled)))])
    axis = histogram.axis
    factor = max(round(0.03 / axis.width), 1)
    bins = axis.bins // factor
    shorter = Axis(axis.name, axis.low, axis.low + bins * factor * axis.width, bins)
    counts = folds.reshape(len(folds), -1)[:, : bins * factor]
    return Histogram(shorter, counts.reshape(len(folds), bins, factor).sum(axis=2))


def _predicted(histogram: Histogram, fit: PeakFit, fit_range: tuple[float, float]) -> NDArray[np.float64]:
    """Return the Poisson deviance of each group, predicted from the others."""
    x, counts = _inside(histogram, fit_range)
    deviances = []
    for group, observed in enumerate(counts):
        others = Histogram(histogram.axis, np.delete(histogram.counts, group, axis=0))
        guesses = tuple(peak.centre for peak in fit.peaks)
        curve = fit_peaks(others, len(guesses), fit_range=fit_range, guesses=guesses).curve(x)
        # Groups have about as many traces as each other, but not as many points.
        expected = np.maximum(curve * observed.sum() / max(curve.sum(), 1e-12), 1e-6)
        ratio = np.where(observed > 0, observed / expected, 1.0)
        deviances.append(2 * float((observed * np.log(ratio) - (observed - expected)).sum()))
    return np.array(deviances)


def _largest_residual(histogram: Histogram, fit: PeakFit, fit_range: tuple[float, float]) -> float:
    x, residuals, _ = residuals_of(histogram, fit, fit_range)
    return float(x[int(residuals.argmax())])
