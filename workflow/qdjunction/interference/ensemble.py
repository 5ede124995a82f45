"""Statistics of ensembles: spread, share and number of independent members."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta

from qdjunction.core.confidence import check_confidence
from qdjunction.interference.ensemble_results import Share, Spread


def autocorrelation_time(values: ArrayLike) -> float:
    r"""Return the integrated autocorrelation time of a series, in units of its spacing.

    .. math:: \tau = 1 + 2 \sum_{k \ge 1} \rho(k)

    so that n values count as :math:`n / \tau` independent ones (Sokal). The sum ends where the sum of two neighbouring
    terms is no longer positive, Geyer's initial positive sequence. A series of a few values underestimates
    :math:`\tau`, since the mean is taken from the same values.

    Parameters
    ----------
    values : (n,) array_like
        The series in order; nan where a value is missing.

    Returns
    -------
    float
        At least 1; 1 for fewer than three values or values that are all equal.

    References
    ----------
    A. D. Sokal, in *Functional Integration*, Plenum (1997), p. 131, doi:10.1007/978-1-4899-0319-8_6.
    C. J. Geyer, Stat. Sci. 7, 473 (1992), doi:10.1214/ss/1177011137.
    """
    series: NDArray[np.float64] = np.asarray(values, dtype=float)
    known = np.isfinite(series)
    count = int(known.sum())
    if count < 3:
        return 1.0
    off = np.where(known, series - series[known].mean(), 0.0)
    variance = float(off @ off) / count
    if variance <= 1e-24 * max(1.0, float(np.nanmax(np.abs(series))) ** 2):
        return 1.0

    # Dividing by n at each lag, as usual, damps the noisy end of the function.
    def rho(lag: int) -> float:
        return float(off[lag:] @ off[: len(off) - lag]) / count / variance if lag < len(off) else 0.0

    tau, lag = -1.0, 0
    while lag < len(off):
        pair = rho(lag) + rho(lag + 1)
        if pair <= 0:
            break
        tau += 2 * pair
        lag += 2
    return max(1.0, tau)


def spread(values: ArrayLike, confidence: float, correlated: bool = False) -> Spread:
    """Return mean, median, standard error and percentiles of a number over the members of an ensemble.

    Parameters
    ----------
    values : (n,) array_like
        One value for each member; nan where it is missing.
    confidence : float
        Share of the members between the two percentiles, 0 to 1.
    correlated : bool
        Whether the members are a series in time, whose autocorrelation lowers the number that counts.

    Returns
    -------
    Spread
        All numbers nan if there is no value; standard deviation and error nan if there is one.

    Raises
    ------
    InputError
        If the confidence is not between 0 and 1.
    """
    check_confidence(confidence)
    series = np.asarray(values, dtype=float)
    found = series[np.isfinite(series)]
    tau = autocorrelation_time(series) if correlated else 1.0
    n = len(found)
    effective = n / tau
    deviation = float(found.std(ddof=1)) if n > 1 else math.nan
    low, high = (
        np.percentile(found, [50 * (1 - confidence), 50 * (1 + confidence)]) if n else (math.nan, math.nan)
    )
    return Spread(
        n=n,
        effective=effective,
        mean=float(found.mean()) if n else math.nan,
        median=float(np.median(found)) if n else math.nan,
        standard_deviation=deviation,
        # With fewer than one independent member the error cannot exceed the deviation by means of these data.
        standard_error=deviation / math.sqrt(max(effective, 1.0)),
        percentiles=(float(low), float(high)),
    )


def share(holds: Sequence[bool | None], confidence: float, tau: float = 1.0) -> Share:
    """Return the share of members of which a statement holds, with its Jeffreys interval.

    The interval is that of the posterior Beta(k + 1/2, n - k + 1/2), with its end at 0 or 1 if none or all hold. For a
    series in time, k and n are divided by its autocorrelation time.

    Parameters
    ----------
    holds : sequence of bool or None
        One value for each member; None where it is not known.
    confidence : float
        Of the interval, 0 to 1.
    tau : float
        Autocorrelation time of the number that the statement is about, 1 for independent members. A statement that
        holds of all members has none of its own, and those of few members underestimate it.

    References
    ----------
    L. D. Brown, T. T. Cai, A. DasGupta, Stat. Sci. 16, 101 (2001), doi:10.1214/ss/1009213286.
    """
    check_confidence(confidence)
    known = [one for one in holds if one is not None]
    n, count = len(known), sum(known)
    a, b = count / tau + 0.5, (n - count) / tau + 0.5
    low = 0.0 if count == 0 else float(beta.ppf((1 - confidence) / 2, a, b))
    high = 1.0 if count == n else float(beta.ppf((1 + confidence) / 2, a, b))
    return Share(
        count=count, n=n, effective=n / tau, share=count / n if n else math.nan, interval=(low, high)
    )
