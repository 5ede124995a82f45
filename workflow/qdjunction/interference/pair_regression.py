"""How much of the variation over all pairs of sites each property of a pair explains."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.confidence import student
from qdjunction.core.errors import InputError
from qdjunction.interference.pair_results import Regression, Term

COLLINEAR = 5.0
"""Variance inflation factor from which a term is called collinear with the others (J. Fox and G. Monette, J. Am. Stat.
Assoc. 87, 178 (1992); usual limits are 5 and 10)."""

FEWEST_SITES = 8
"""Fewest sites for a regression: leaving one out must leave many more pairs than there are columns."""


def regress(
    values: NDArray[np.float64],
    terms: Mapping[str, Mapping[str, NDArray[np.float64]]],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    confidence: float = 0.95,
) -> Regression | None:
    """Regress a quantity of pairs on properties of the pairs, by ordinary least squares.

    Parameters
    ----------
    values : (n,) array
        The quantity, such as log10 |g|^2.
    terms : mapping
        Columns, (n,), of each term by their names. Columns that do not vary are left out.
    first, second : (n,) array of int
        The two sites of each pair.
    confidence : float
        Two-sided level of the intervals.

    Returns
    -------
    Regression or None
        None for fewer than `FEWEST_SITES` sites.

    Raises
    ------
    InputError
        If shapes differ, a number is not finite, or the values do not vary.

    Notes
    -----
    Pairs that share a site are not independent of each other, so the usual standard errors would be far too small. The
    intervals come from leaving out one site after the other, with all of its pairs; the variance of an estimate is
    (m - 1)/m times the sum of its squared deviations over the m sites, the jackknife of a U-statistic (J. N. Arvesen,
    Ann. Math. Stat. 40, 2076 (1969)), and Student's t has m - 1 degrees of freedom. The pairs are all that the dot has:
    an interval says how much an estimate rests on single sites.
    """
    columns = {
        (name, label): np.asarray(column, dtype=float)
        for name, labelled in terms.items()
        for label, column in labelled.items()
        if not np.ptp(column) <= 1e-12
    }
    for (name, label), column in {("values", ""): values, **columns}.items():
        if column.shape != values.shape or not np.isfinite(column).all():
            raise InputError(
                f"{' '.join([name, label]).strip()}: needs one finite number for each of the pairs"
            )
    sites = np.union1d(first, second)
    if len(sites) < FEWEST_SITES:
        return None
    if not np.ptp(values) > 0:
        raise InputError("the values of all pairs are equal, so nothing explains how they vary")
    keys = list(columns)
    names = list(dict.fromkeys(name for name, _ in keys))
    design = np.column_stack([np.ones(len(values)), *columns.values()])

    def estimate(kept: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return coefficients and unique shares from some of the pairs."""
        x, y = design[kept], values[kept]
        full = _r_squared(x, y)
        shares = [full - _r_squared(x[:, _columns(keys, name, omit=True)], y) for name in names]
        return np.linalg.lstsq(x, y, rcond=None)[0], np.array(shares)

    everything = np.ones(len(values), dtype=bool)
    coefficients, shares = estimate(everything)
    without = [estimate((first != site) & (second != site)) for site in sites]
    widths = [_half_width(np.array([one[part] for one in without]), confidence) for part in (0, 1)]
    inflation = _inflation(design[:, 1:])
    found = []
    for index, name in enumerate(names):
        own = [number for number, (term, _) in enumerate(keys) if term == name]
        found.append(
            Term(
                name=name,
                coefficients={
                    keys[k][1]: (
                        float(coefficients[k + 1]),
                        float(coefficients[k + 1] - widths[0][k + 1]),
                        float(coefficients[k + 1] + widths[0][k + 1]),
                    )
                    for k in own
                },
                unique_share=float(shares[index]),
                unique_interval=(
                    float(max(0.0, shares[index] - widths[1][index])),
                    float(min(1.0, shares[index] + widths[1][index])),
                ),
                alone_share=_r_squared(design[:, _columns(keys, name)], values),
                inflation=float(max(inflation[k] for k in own)),
            )
        )
    return Regression(
        pairs=len(values),
        sites=len(sites),
        r_squared=_r_squared(design, values),
        confidence=confidence,
        terms=tuple(found),
        warnings=tuple(_warnings(found)),
    )


def _columns(keys: Sequence[tuple[str, str]], name: str, omit: bool = False) -> list[int]:
    """Return the columns of the design of one term, or of all others, with the constant."""
    return [0, *(number for number, (term, _) in enumerate(keys, start=1) if (term == name) != omit)]


def _r_squared(design: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    fitted = design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return float(1 - ((values - fitted) ** 2).sum() / ((values - values.mean()) ** 2).sum())


def _half_width(without: NDArray[np.float64], confidence: float) -> NDArray[np.float64]:
    """Return the half-width of the intervals of estimates, (k,), from those without one site each, (m, k)."""
    m = len(without)
    variance = (m - 1) / m * ((without - without.mean(axis=0)) ** 2).sum(axis=0)
    return np.asarray(student(confidence, m - 1) * np.sqrt(variance))


def _inflation(columns: NDArray[np.float64]) -> list[float]:
    """Return the variance inflation factor of each column, 1 / (1 - R^2) against all others."""
    factors = []
    for number in range(columns.shape[1]):
        others = np.column_stack([np.ones(len(columns)), np.delete(columns, number, axis=1)])
        unexplained = 1 - _r_squared(others, columns[:, number])
        factors.append(float(1 / unexplained) if unexplained > 1e-12 else float("inf"))
    return factors


def _warnings(terms: Sequence[Term]) -> list[str]:
    return [
        f"The term {term.name} is collinear with the others (variance inflation {term.inflation:.1f}): its "
        "coefficients and its own share cannot be told from theirs."
        for term in terms
        if term.inflation > COLLINEAR
    ]
