"""Tunnelling decay: least-squares fit of ln G versus distance, or versus the number of repeat units."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.confidence import check_confidence, student
from qdjunction.core.errors import InputError

LN10 = float(np.log(10.0))

Values: TypeAlias = float | NDArray[np.float64]
"""A number for one fit, an (m,) array for m fits made together (one per energy)."""


@dataclass(frozen=True)
class Prediction:
    """Prediction of a fit at a distance.

    Attributes
    ----------
    log10_g : float or (m,) array
        Fitted log10(G/G0).
    low, high : float or (m,) array
        Ends of the two-sided prediction band for one further contact (decades); nan if there is none.
    """

    log10_g: Values
    low: Values
    high: Values


@dataclass(frozen=True)
class DecayFit:
    """Fit of G = G_c exp(-beta d) to n contacts; beta > 0 is a decay.

    Where the distances are numbers of repeat units, so is their unit: beta is then per unit.

    Attributes
    ----------
    beta_per_ang : float or (m,) array
        Decay constant (1/Ang).
    beta_error_per_ang : float or (m,) array
        Its standard error (1/Ang); nan for two contacts, which leave no degree of freedom.
    interval_per_ang : tuple
        Two-sided confidence interval of beta (1/Ang), low and high; nan for two contacts.
    log10_contact_g : float or (m,) array
        log10(G_c/G0), the fit at distance 0: the contact conductance.
    r_squared : float or (m,) array
        Coefficient of determination; 1 by construction for two contacts, nan when G does not vary.
    residuals_decades : (n,) or (n, m) array
        log10 G minus the fit.
    scatter_decades : float or (m,) array
        Residual standard deviation with n - 2 degrees of freedom; nan for two contacts.
    distances_ang : (n,) array
        Distances of the contacts in the fit (Ang).
    confidence : float
        Two-sided level of `interval_per_ang` and of the prediction band.
    """

    beta_per_ang: Values
    beta_error_per_ang: Values
    interval_per_ang: tuple[Values, Values]
    log10_contact_g: Values
    r_squared: Values
    residuals_decades: NDArray[np.float64]
    scatter_decades: Values
    distances_ang: NDArray[np.float64]
    confidence: float

    @property
    def log10_contact_interval(self) -> tuple[Values, Values]:
        """Two-sided confidence interval of `log10_contact_g` (decades), low and high; nan for two contacts.

        The variance of the intercept is s^2 (1/n + mean(d)^2 / sum (d - mean(d))^2); see the source of `fit_decay`.
        """
        quantile = student(self.confidence, self.degrees_of_freedom)
        half_width = quantile * self.scatter_decades * float(np.sqrt(self._leverage(0.0)))
        return self.log10_contact_g - half_width, self.log10_contact_g + half_width

    @property
    def n(self) -> int:
        """Number of contacts in the fit."""
        return len(self.distances_ang)

    @property
    def degrees_of_freedom(self) -> int:
        """Number of contacts minus the two parameters of the line."""
        return self.n - 2

    def prediction_error(self, distance_ang: float) -> Values:
        """Return the standard error of one further log10 G at a distance (decades); nan for two contacts."""
        return self.scatter_decades * float(np.sqrt(1 + self._leverage(distance_ang)))

    def predict(self, distance_ang: float) -> Prediction:
        """Return the fitted log10 G at `distance_ang` and the prediction band of one further contact there."""
        expected = self.log10_contact_g - self.beta_per_ang * distance_ang / LN10
        half_width = student(self.confidence, self.degrees_of_freedom) * self.prediction_error(distance_ang)
        return Prediction(expected, expected - half_width, expected + half_width)

    def _leverage(self, distance_ang: float) -> float:
        """Return the variance of the fit at a distance over that of one contact."""
        mean = self.distances_ang.mean()
        return float(1 / self.n + (distance_ang - mean) ** 2 / ((self.distances_ang - mean) ** 2).sum())

    def __str__(self) -> str:
        if np.ndim(self.beta_per_ang):
            return f"{np.size(self.beta_per_ang)} fits through {self.n} contacts each"
        if self.degrees_of_freedom == 0:
            return f"beta = {self.beta_per_ang:.3f} per Ang (two contacts: no interval)"
        low, high = self.interval_per_ang
        return (
            f"beta = {self.beta_per_ang:.3f} per Ang ({self.confidence:.0%} interval {low:.3f} to {high:.3f}"
            f", n = {self.n}, R2 = {self.r_squared:.3f})"
        )


def fit_decay(
    distances_ang: ArrayLike,
    conductances_g0: ArrayLike,
    *,
    contacts: Sequence[str] | None = None,
    confidence: float = 0.95,
) -> DecayFit:
    """Return the ordinary least-squares fit of ln G = ln G_c - beta d.

    Parameters
    ----------
    distances_ang : (n,) array
        Distance between the two contact atoms (Ang), at least two different ones; or numbers of repeat units.
    conductances_g0 : (n,) or (n, m) array
        Conductance or transmission itself, not its logarithm (G0). With m columns, m independent fits at the same
        distances are made at once.
    contacts : sequence of str, optional
        Names of the contacts, for messages.
    confidence : float
        Two-sided level of the interval of beta and of the prediction band, between 0 and 1.

    Returns
    -------
    DecayFit

    Raises
    ------
    InputError
        If there are fewer than two contacts or no spread of distances, if lengths differ, if a conductance (named)
        is not a positive number, or if the confidence is outside (0, 1).

    See Also
    --------
    find_jump : comparison of the last contact with this fit
    decay_spectrum : fit and jump at every energy

    Notes
    -----
    Interval and band follow Student's t with n - 2 degrees of freedom, as for independent errors of equal variance in
    ln G (N. R. Draper and H. Smith, *Applied Regression Analysis*, 3rd ed., Wiley 1998, chapters 1 and
    3). A computed series has no random error; for it they measure how far the contacts deviate from a single
    exponential.
    """
    distances, conductances, names = checked_series(distances_ang, conductances_g0, contacts)
    check_confidence(confidence)
    n = len(distances)
    if n < 2:
        raise InputError(f"a decay needs at least two contacts, got {n} ({', '.join(names) or 'none'})")
    offsets = distances - distances.mean()
    spread = float((offsets**2).sum())
    if np.ptp(distances) <= 1e-9 * np.abs(distances).max():
        raise InputError(
            f"the contacts {', '.join(names)} are all at the same distance; no decay can be fitted"
        )

    log10_g = np.log10(conductances)
    slope = np.tensordot(offsets, log10_g, axes=1) / spread
    intercept = log10_g.mean(axis=0) - slope * distances.mean()
    residuals = log10_g - (intercept + np.multiply.outer(distances, slope))
    unexplained = (residuals**2).sum(axis=0)
    total = ((log10_g - log10_g.mean(axis=0)) ** 2).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        r_squared = np.where(total > 0, 1 - unexplained / total, np.nan)[()]
        scatter = np.sqrt(unexplained / (n - 2)) if n > 2 else np.full_like(unexplained, np.nan)[()]
    beta = -slope * LN10
    error = scatter / np.sqrt(spread) * LN10
    half_width = student(confidence, n - 2) * error
    return DecayFit(
        beta_per_ang=beta,
        beta_error_per_ang=error,
        interval_per_ang=(beta - half_width, beta + half_width),
        log10_contact_g=intercept,
        r_squared=r_squared,
        residuals_decades=residuals,
        scatter_decades=scatter,
        distances_ang=distances,
        confidence=confidence,
    )


def step_betas(distances_ang: ArrayLike, conductances_g0: ArrayLike) -> NDArray[np.float64]:
    """Return beta from each contact to the next, ``ln(G_i / G_{i+1}) / (d_{i+1} - d_i)``, shape (n - 1,) (1/Ang).

    Where these differ much, one exponential does not describe the contacts, however small the interval of its beta is.

    Parameters
    ----------
    distances_ang : (n,) array
        Distances of the contacts, ascending and all different (Ang).
    conductances_g0 : (n,) array
        Their conductances (G0).

    Raises
    ------
    InputError
        As `fit_decay`, and if two neighbours have the same distance.

    See Also
    --------
    fit_decay : one beta for all contacts
    """
    distances, conductances, names = checked_series(distances_ang, conductances_g0, None)
    steps = np.diff(distances)
    if np.any(steps <= 0):
        at = int(np.flatnonzero(steps <= 0)[0])
        raise InputError(
            f"beta of a single step: {names[at + 1]} is no farther than {names[at]}; order the contacts by distance"
        )
    return np.asarray(-np.diff(np.log(conductances)) / steps)


def checked_series(
    distances_ang: ArrayLike,
    conductances_g0: ArrayLike,
    contacts: Sequence[str] | None,
    energies_ev: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """Return distances (n,), conductances (n,) or (n, m) and n names.

    Raises
    ------
    InputError
        If shapes differ or a value is out of range; the message names the contact.
    """
    distances = np.asarray(distances_ang, dtype=float)
    conductances = np.asarray(conductances_g0, dtype=float)
    if distances.ndim != 1 or conductances.ndim not in (1, 2) or len(conductances) != len(distances):
        raise InputError(
            f"{distances.shape} distances do not match {conductances.shape} conductances: one row per contact"
        )
    names = list(contacts) if contacts is not None else [f"contact {i + 1}" for i in range(len(distances))]
    if len(names) != len(distances):
        raise InputError(f"{len(names)} contact names ({', '.join(names)}) for {len(distances)} distances")
    for name, distance, row in zip(names, distances, conductances, strict=True):
        if not (np.isfinite(distance) and distance >= 0):
            raise InputError(f"the distance of {name} is {distance} Ang; it must be zero or positive")
        wrong = np.flatnonzero(~(np.isfinite(row) & (row > 0)))
        if wrong.size:
            where = "" if energies_ev is None else f" at {energies_ev[wrong[0]]:g} eV"
            raise InputError(
                f"the conductance of {name}{where} is {np.ravel(row)[wrong[0]]} G0; it must be positive "
                "(give the conductance itself, not its logarithm)"
            )
    return distances, conductances, names
