"""Means, variances and covariances of vectors that arrive one by one."""

import numpy as np
from numpy.typing import NDArray


class Moments:
    """Means and products of vectors, updated one by one (B. P. Welford, Technometrics 4, 419 (1962)).

    Attributes
    ----------
    count : int
        Number of vectors.
    mean : (size,) array
        Their mean.
    products : (size, size) array
        Sums of the products of their deviations from the mean.
    """

    def __init__(self, size: int) -> None:
        self.count = 0
        self.mean: NDArray[np.float64] = np.zeros(size)
        self.products: NDArray[np.float64] = np.zeros((size, size))

    def add(self, values: NDArray[np.float64]) -> None:
        """Take in one vector."""
        self.count += 1
        before = values - self.mean
        self.mean += before / self.count
        self.products += np.outer(before, values - self.mean)

    def correlation(self) -> NDArray[np.float64]:
        """Return the matrix of correlation coefficients; NaN for a component that does not vary."""
        spread = np.sqrt(np.diag(self.products))
        spread[spread == 0] = np.nan
        return np.asarray(self.products / np.outer(spread, spread))
