"""Rivals of an interference jump: how likely the observed jumps are if conductances of two paths add.

A jump is described by the level b of the plateau before it and its height d, both in decades. Under each hypothesis the
computed conductances of the sites predict a mixture of normal distributions, one component per transition, all with
equal weight:

- ``interference``: the contact slides from a site to the next one, whose computed conductance is higher;
- ``second_contact``: a second contact of the same dot closes at another site, and the conductances add;
- ``second_dot``: a second dot closes in parallel at any site, and the conductances add.

Levels of one dot shift together over the traces; those of two dots shift independently, so that d depends on b. Only
jumps that the rule finds are observed, so each mixture is normalised over the selected b and d. The errors of the
computed conductances are common to all traces. They are fitted with the given spread as prior, like the two widths of
the levels over the traces; to take them as independent for each trace would overstate what many traces tell. All
hypotheses have the same parameters, so that differences of the Bayesian information criterion (G. Schwarz, Ann. Stat.
6, 461 (1978)) are twice those of the penalised log-likelihood.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import log_ndtr, logsumexp

from qdjunction.core.errors import InputError
from qdjunction.traces.results import RivalRecord
from qdjunction.traces.settings import JumpSettings

Hypothesis = Literal["interference", "second_contact", "second_dot"]
HYPOTHESES: tuple[Hypothesis, ...] = get_args(Hypothesis)

DECISIVE = 10.0
"""Difference of the criterion that decides (very strong evidence: R. Kass and A. Raftery, J. Am. Stat. Assoc. 90, 773
(1995))."""

FEWEST_JUMPS = 5
"""Fewest jumps that are compared."""

MOST_JUMPS = 10_000
"""Most jumps that an analysis compares, drawn at random from more."""

_HIGHEST_DECADES = 8.0
_OUTLIERS = 0.02  # share of jumps of any level and height, so that a single one never decides
_WIDTHS = (0.01, 1.0)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)


@dataclass(frozen=True)
class Region:
    """Levels before a jump and heights that the jump rule selects, log10(G/G0) and decades."""

    before: tuple[float, float]
    height: tuple[float, float]

    @classmethod
    def of(cls, settings: JumpSettings) -> "Region":
        """Return the region of a jump rule."""
        return cls(
            (settings.foot_lower_log10_g, settings.foot_upper_log10_g),
            (settings.rise_decades, _HIGHEST_DECADES),
        )

    def contains(self, before: ArrayLike, height: ArrayLike) -> NDArray[np.bool_]:
        """Return which jumps lie in the region."""
        before, height = np.asarray(before), np.asarray(height)
        return (
            (before > self.before[0])
            & (before < self.before[1])
            & (height > self.height[0])
            & (height < self.height[1])
        )


def transitions(levels_log10_g: ArrayLike, hypothesis: Hypothesis) -> list[tuple[int, int]]:
    """Return the transitions of a hypothesis: site before, and site after or of the second path."""
    levels = np.asarray(levels_log10_g, dtype=np.float64)
    sites = range(len(levels))
    if hypothesis == "interference":
        return [(site, site + 1) for site in sites[:-1] if levels[site + 1] > levels[site]]
    return [(site, other) for site in sites for other in sites if hypothesis == "second_dot" or other != site]


def fit_rivals(
    before_log10_g: ArrayLike,
    height_decades: ArrayLike,
    levels_log10_g: tuple[float, ...],
    spread_decades: float,
    region: Region,
) -> tuple[RivalRecord, ...]:
    """Fit every hypothesis to the jumps.

    Parameters
    ----------
    before_log10_g, height_decades : (n,) array
        Level of the plateau before each jump, log10(G/G0), and the height between the plateaus (decades).
    levels_log10_g : tuple of float
        Computed conductances of the sites in the order of sliding, log10(G/G0).
    spread_decades : float
        Standard deviation of the error of a computed conductance (decades).
    region : Region
        Jumps that are selected; others are left out.

    Returns
    -------
    tuple of RivalRecord
        In the order of `HYPOTHESES`.

    Raises
    ------
    InputError
        If there are too few jumps, or the computed conductances contain no increase.
    """
    if not transitions(levels_log10_g, "interference"):
        raise InputError(
            f"the computed conductances {levels_log10_g} never increase, so they predict no interference jump; give "
            "them in the order of sliding"
        )
    before, height = (np.asarray(values, dtype=np.float64) for values in (before_log10_g, height_decades))
    inside = region.contains(before, height)
    before, height = before[inside], height[inside]
    if len(before) < FEWEST_JUMPS:
        raise InputError(f"{len(before)} jumps; a comparison of hypotheses needs at least {FEWEST_JUMPS}")
    return tuple(
        _fit(before, height, np.array(levels_log10_g), spread_decades, region, hypothesis)
        for hypothesis in HYPOTHESES
    )


def verdict(fits: tuple[RivalRecord, ...]) -> str:
    """Return the hypothesis whose criterion is decisively below all others, or an empty text."""
    best, second = sorted(fits, key=lambda fit: fit.bic)[:2]
    return best.hypothesis if second.bic - best.bic > DECISIVE else ""


def _fit(
    before: NDArray[np.float64],
    height: NDArray[np.float64],
    computed: NDArray[np.float64],
    spread: float,
    region: Region,
    hypothesis: Hypothesis,
) -> RivalRecord:
    pairs = np.array(transitions(computed, hypothesis))

    def objective(values: NDArray[np.float64]) -> float:
        error, (shared, own) = values[:-2], np.exp(values[-2:])
        densities = _log_density(before, height, computed + error, shared, own, pairs, hypothesis, region)
        return float(-densities.sum() + ((error / spread) ** 2).sum() / 2)

    best = None
    for shared, own in ((0.15, 0.05), (0.4, 0.2)):
        start = np.concatenate((np.zeros(len(computed)), np.log((shared, own))))
        bounds = [(-5 * spread, 5 * spread)] * len(computed) + [tuple(np.log(_WIDTHS))] * 2
        found = minimize(objective, start, method="L-BFGS-B", bounds=bounds)
        if best is None or found.fun < best.fun:
            best = found
    assert best is not None
    levels, (shared, own) = computed + best.x[:-2], np.exp(best.x[-2:])
    mean, variance = _components(levels, shared, own, pairs, hypothesis)
    seen = np.exp(_log_selected(mean, variance, region)) > 0.01
    return RivalRecord(
        hypothesis=hypothesis,
        log_likelihood=-float(best.fun),
        bic=float(2 * best.fun + len(best.x) * np.log(len(before))),
        levels_log10_g=tuple(levels.tolist()),
        shared_decades=float(shared),
        own_decades=float(own),
        before_log10_g=tuple(mean[seen, 0].tolist()),
        height_decades=tuple(mean[seen, 1].tolist()),
    )


def _components(
    levels: NDArray[np.float64],
    shared: float,
    own: float,
    pairs: NDArray[np.int64],
    hypothesis: Hypothesis,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return means (transitions, 2) and variances of b and d and their covariance (transitions, 3)."""
    first, second = levels[pairs[:, 0]], levels[pairs[:, 1]]
    before = np.full(len(pairs), shared**2 + own**2)
    if hypothesis == "interference":
        after = second
    else:
        after = np.logaddexp(first * np.log(10), second * np.log(10)) / np.log(10)
    if hypothesis == "second_dot":
        # The sum follows each dot by its share of the conductance, to first order.
        share = 10.0 ** (second - after)
        of_after = ((1 - share) ** 2 + share**2) * shared**2 + own**2
        together = (1 - share) * shared**2
    else:
        of_after, together = before, np.full(len(pairs), shared**2)
    return np.stack((first, after - first), axis=1), np.stack(
        (before, before + of_after - 2 * together, together - before), axis=1
    )


def _log_selected(
    mean: NDArray[np.float64], variance: NDArray[np.float64], region: Region
) -> NDArray[np.float64]:
    """Return the logarithm of the probability of each component to be selected."""
    low, high = region.before
    b = (low + high) / 2 + _NODES * (high - low) / 2
    of_b, of_d, covariance = (column[:, None] for column in variance.T)
    deviation = b - mean[:, :1]
    density = -(deviation**2) / (2 * of_b) - np.log(2 * np.pi * of_b) / 2
    expected = mean[:, 1:] + covariance / of_b * deviation
    width = np.sqrt(np.maximum(of_d - covariance**2 / of_b, 1e-8))
    above = log_ndtr((expected - region.height[0]) / width)
    return np.asarray(logsumexp(density + above + np.log(_WEIGHTS * (high - low) / 2), axis=1))


def _log_density(
    before: NDArray[np.float64],
    height: NDArray[np.float64],
    levels: NDArray[np.float64],
    shared: float,
    own: float,
    pairs: NDArray[np.int64],
    hypothesis: Hypothesis,
    region: Region,
) -> NDArray[np.float64]:
    """Return the logarithm of the density of each selected jump."""
    mean, variance = _components(levels, shared, own, pairs, hypothesis)
    of_b, of_d, covariance = variance.T
    determinant = np.maximum(of_b * of_d - covariance**2, 1e-12)
    x, y = before[:, None] - mean[:, 0], height[:, None] - mean[:, 1]
    squares = (of_d * x**2 - 2 * covariance * x * y + of_b * y**2) / determinant
    each = -squares / 2 - np.log(4 * np.pi**2 * determinant) / 2
    # Normalised as a whole: a transition that the rule seldom selects is also seldom seen.
    mixture = logsumexp(each, axis=1) - np.maximum(logsumexp(_log_selected(mean, variance, region)), -500.0)
    area = (region.before[1] - region.before[0]) * (region.height[1] - region.height[0])
    return np.asarray(np.logaddexp(np.log1p(-_OUTLIERS) + mixture, np.log(_OUTLIERS / area)))
