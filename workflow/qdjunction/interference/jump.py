"""Interference jump: the last contact of a series far above the previous one and above the decay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr

from qdjunction.core.errors import InputError
from qdjunction.interference.decay import DecayFit, Values, checked_series, fit_decay

THRESHOLD_DECADES = 0.4
"""Smallest step of a jump in the published selection of break-junction traces (Zheng et al. 2019)."""


@dataclass(frozen=True)
class JumpVerdict:
    """The two criteria of a jump, separately and combined.

    Attributes
    ----------
    contact, previous : str
        The last contact and the previous one.
    fit : DecayFit
        The decay fitted to all contacts but the last.
    step_decades : float or (m,) array
        log10 G of the last contact minus that of the previous one.
    threshold_decades : float
        Step that counts as a jump.
    step : bool or (m,) array
        First criterion: the step is at least the threshold.
    above_trend_decades : float or (m,) array
        log10 G of the last contact minus the fit extrapolated to it.
    band_decades : float or (m,) array
        Half-width of the fit's prediction band there; nan when the fit has two contacts.
    band : bool or (m,) array or None
        Second criterion: the last contact lies above the prediction band. None when the fit has only two
        contacts, which leave no band.
    band_confidence : float or (m,) array
        Largest two-sided confidence level whose band still lies below the contact; 0 if the contact is not above
        the trend, nan without a band. The contact is above the band exactly if this exceeds the confidence.
    is_jump : bool or (m,) array or None
        Whether both criteria hold. None: the step criterion holds, but two contacts give no uncertainty of the
        trend.
    """

    contact: str
    previous: str
    fit: DecayFit
    step_decades: Values
    threshold_decades: float
    step: bool | NDArray[np.bool_]
    above_trend_decades: Values
    band_decades: Values
    band: bool | NDArray[np.bool_] | None
    band_confidence: Values
    is_jump: bool | NDArray[np.bool_] | None

    @property
    def sentence(self) -> str:
        """Return the verdict in words, for a verdict at one energy."""
        if np.ndim(self.step_decades):
            raise ValueError("a verdict over many energies has no single sentence; select one energy")
        head = "Undecided" if self.is_jump is None else "Jump" if self.is_jump else "No jump"
        trend = (
            f"the fit through the {self.fit.n} contacts before"
            if self.fit.beta_per_ang > 0
            else f"the fit through the {self.fit.n} contacts before (which do not decay)"
        )
        text = (
            f"{head}: {self.contact} lies {signed_decades(float(self.step_decades))} {self.previous} "
            f"(threshold {self.threshold_decades:.2f}) and {signed_decades(float(self.above_trend_decades))} {trend}"
        )
        if self.band is None:
            return f"{text}; two contacts leave no prediction band."
        where = "above" if self.band else "not above"
        text += (
            f", {where} its {self.fit.confidence:.0%} prediction band of +-{self.band_decades:.2f} decades "
            f"(it would be above any band up to {self.band_confidence:.1%})"
        )
        if self.fit.degrees_of_freedom == 1:
            text += "; the band rests on one degree of freedom"
        return f"{text}."


def find_jump(
    distances_ang: ArrayLike,
    conductances_g0: ArrayLike,
    *,
    contacts: Sequence[str] | None = None,
    threshold_decades: float = THRESHOLD_DECADES,
    confidence: float = 0.95,
) -> JumpVerdict:
    """Compare the last contact with the previous one and with the decay of all previous ones.

    Parameters
    ----------
    distances_ang : (n,) array
        Distances of the contacts in the order of sliding, at least three (Ang). The decay is fitted to all
        but the last: for 12Pb to R1, R2, R3, and R4 is judged.
    conductances_g0 : (n,) or (n, m) array
        Conductance or transmission (G0), one row per contact; m columns are m independent verdicts.
    contacts : sequence of str, optional
        Names of the contacts.
    threshold_decades : float
        Smallest step that counts as a jump.
    confidence : float
        Two-sided level of the prediction band.

    Returns
    -------
    JumpVerdict

    Raises
    ------
    InputError
        If there are fewer than three contacts or the threshold is not positive, and as in `fit_decay`.

    See Also
    --------
    fit_decay : the fit to the contacts before the last
    decay_spectrum : fit and jump at every energy

    Notes
    -----
    `band_confidence` inverts the band: with t = (y - y_fit) / s_pred, where s_pred is the standard error of
    one further observation and t has n - 2 degrees of freedom, it is ``P(|t'| < t)``. The one-sided p-value of
    the point is (1 - band_confidence) / 2.
    """
    distances, conductances, names = checked_series(distances_ang, conductances_g0, contacts)
    if len(distances) < 3:
        raise InputError(
            f"a jump needs at least three contacts, two for the decay and the last, got {len(distances)} "
            f"({', '.join(names) or 'none'})"
        )
    if not threshold_decades > 0:
        raise InputError(f"the jump threshold is {threshold_decades} decades; it must be positive")
    fit = fit_decay(distances[:-1], conductances[:-1], contacts=names[:-1], confidence=confidence)
    last = np.log10(conductances[-1])
    step = last - np.log10(conductances[-2])
    prediction = fit.predict(float(distances[-1]))
    above = last - prediction.log10_g
    has_step = step >= threshold_decades

    band = band_confidence = is_jump = None
    if fit.degrees_of_freedom == 0:
        band_confidence = np.full_like(above, np.nan)[()]
        is_jump = None if np.any(has_step) else has_step
    else:
        # An exact exponential has no band width: any point above it is above every band.
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(above > 0, above / fit.prediction_error(float(distances[-1])), 0.0)
        band_confidence = np.asarray(1 - 2 * stdtr(fit.degrees_of_freedom, -t))[()]
        band = last > prediction.high
        is_jump = has_step & band
    return JumpVerdict(
        contact=names[-1],
        previous=names[-2],
        fit=fit,
        step_decades=step,
        threshold_decades=threshold_decades,
        step=_plain(has_step),
        above_trend_decades=above,
        band_decades=prediction.high - prediction.log10_g,
        band=_plain(band),
        band_confidence=band_confidence,
        is_jump=_plain(is_jump),
    )


def _plain(value: Any) -> Any:
    return bool(value) if isinstance(value, np.bool_) else value


def signed_decades(decades: float) -> str:
    """Return a difference in words, e.g. ``1.21 decades above``."""
    return f"{abs(decades):.2f} decades {'above' if decades >= 0 else 'below'}"
