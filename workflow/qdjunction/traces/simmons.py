"""Bias series compared with the Simmons model of tunnelling through a barrier.

For a rectangular barrier of height phi (eV) and width s, and a bias V < phi/e, J. G. Simmons (J. Appl. Phys.
34, 1793 (1963), eq. 26 with the mean barrier phi - eV/2) gives the current density

    J = e / (2 pi h s^2) {(phi - eV/2) exp(-A sqrt(phi - eV/2)) - (phi + eV/2) exp(-A sqrt(phi + eV/2))},

with A = alpha 4 pi s sqrt(2 m) / h. The factor alpha is 1 for a free electron and a rectangular barrier;
other shapes and effective masses are written as another alpha (R. E. Holmlin et al., J. Am. Chem. Soc. 123,
5075 (2001)). Width and alpha enter the exponent as a product, and a fit to G(V) distinguishes the product from the
barrier only through the curvature. The width is therefore given, and the barrier and an area are fitted.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import constants
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import f as f_distribution

from qdjunction.core.errors import InputError
from qdjunction.core.units import G0_SIEMENS

_HIGHEST_BARRIER_EV = 100.0


@dataclass(frozen=True)
class SimmonsFit:
    """The Simmons model fitted to conductances at several biases.

    Attributes
    ----------
    barrier_ev : float
        Height of the barrier (eV).
    barrier_interval_ev : (float, float)
        Its confidence interval (eV). If G(V) hardly bends, the interval is open: the upper end is then
        infinite, and the lower end is the largest bias.
    log10_area_nm2 : float
        log10 of the effective area (nm^2).
    width_nm : float
        Given width of the barrier (nm).
    alpha : float
        Given factor of the exponent.
    rms_decades : float
        Residual of log10 G (decades).
    constant_rms_decades : float
        Residual if G did not depend on the bias (decades).
    prefers_tunnelling : bool
        Whether the model is better than a constant, taking its additional parameter into account (corrected Akaike
        criterion).
    """

    barrier_ev: float
    barrier_interval_ev: tuple[float, float]
    log10_area_nm2: float
    width_nm: float
    alpha: float
    rms_decades: float
    constant_rms_decades: float
    prefers_tunnelling: bool

    def log10_g(self, bias_v: ArrayLike) -> NDArray[np.float64]:
        """Return log10(G/G0) of the model at the biases (V)."""
        return (
            np.log10(simmons_conductance_g0(bias_v, self.barrier_ev, self.width_nm, 1.0, self.alpha))
            + self.log10_area_nm2
        )


def simmons_current_density(
    bias_v: ArrayLike, barrier_ev: float, width_nm: float, alpha: float = 1.0
) -> NDArray[np.float64]:
    """Return the tunnelling current density of the Simmons model.

    Parameters
    ----------
    bias_v : array
        Bias (V), below the barrier in magnitude.
    barrier_ev : float
        Height of the barrier (eV).
    width_nm : float
        Width of the barrier (nm).
    alpha : float
        Factor of the exponent; 1 for a rectangular barrier and free electrons.

    Returns
    -------
    array
        Current density (A/nm^2), with the sign of the bias.

    Raises
    ------
    InputError
        If barrier, width or alpha is not positive, or a bias is not below the barrier.
    """
    bias = np.asarray(bias_v, dtype=np.float64)
    if not (barrier_ev > 0 and width_nm > 0 and alpha > 0):
        raise InputError(
            f"the Simmons model needs a barrier, a width and an alpha above zero, not {barrier_ev:g} eV, "
            f"{width_nm:g} nm and {alpha:g}"
        )
    if np.any(np.abs(bias) >= barrier_ev):
        raise InputError(
            f"a bias of {np.abs(bias).max():g} V is not below the barrier of {barrier_ev:g} eV; "
            "the Simmons formula is valid only below it (field emission sets in)"
        )
    width_m = width_nm * 1e-9
    # Per square root of an eV.
    exponent = alpha * 4 * np.pi * width_m * np.sqrt(2 * constants.m_e * constants.e) / constants.h
    prefactor = constants.e**2 / (2 * np.pi * constants.h * width_m**2)  # A/m^2 per eV
    low, high = barrier_ev - bias / 2, barrier_ev + bias / 2
    density = prefactor * (low * np.exp(-exponent * np.sqrt(low)) - high * np.exp(-exponent * np.sqrt(high)))
    return np.asarray(density * 1e-18)


def simmons_conductance_g0(
    bias_v: ArrayLike, barrier_ev: float, width_nm: float, area_nm2: float, alpha: float = 1.0
) -> NDArray[np.float64]:
    """Return I/V of the Simmons model in G0; see `simmons_current_density`. The bias must not be zero."""
    bias = np.asarray(bias_v, dtype=np.float64)
    if np.any(bias == 0):
        raise InputError("the conductance I/V is not defined at a bias of 0 V; leave it out")
    return simmons_current_density(bias, barrier_ev, width_nm, alpha) * area_nm2 / bias / G0_SIEMENS


def fit_simmons(
    bias_v: ArrayLike, log10_g: ArrayLike, width_nm: float, alpha: float = 1.0, confidence: float = 0.95
) -> SimmonsFit:
    """Fit barrier and area to the conductance of a plateau at several biases.

    Parameters
    ----------
    bias_v : (n,) array
        Biases (V), at least five.
    log10_g : (n,) array
        log10(G/G0) of the plateau at each bias, for instance the centre of its peak.
    width_nm : float
        Width of the barrier (nm), for instance the contact distance.
    alpha : float
        Factor of the exponent.
    confidence : float
        Confidence level of the interval.

    Returns
    -------
    SimmonsFit
        Barrier with interval, and whether a constant conductance explains the data equally well.

    Raises
    ------
    InputError
        If there are too few biases.
    """
    bias, measured = (np.asarray(values, dtype=np.float64) for values in (bias_v, log10_g))
    if bias.shape != measured.shape or bias.ndim != 1 or len(bias) < 5:
        raise InputError(
            f"{bias.size} biases and {measured.size} conductances; a bias series needs at least 5, with one "
            f"conductance for each"
        )
    count = len(bias)

    def residuals(barrier_ev: float) -> NDArray[np.float64]:
        model = np.log10(simmons_conductance_g0(bias, barrier_ev, width_nm, 1.0, alpha))
        # The area shifts log10 G by a constant, so its best value is a mean.
        return np.asarray((model - model.mean()) - (measured - measured.mean()))

    def squares_at(log_barrier: float) -> float:
        return float((residuals(np.exp(log_barrier)) ** 2).sum())

    grid = np.log(np.geomspace(1.001 * np.abs(bias).max(), _HIGHEST_BARRIER_EV, 400))
    on_grid = np.array([squares_at(value) for value in grid])
    near = int(on_grid.argmin())
    around = (grid[max(near - 1, 0)], grid[min(near + 1, len(grid) - 1)])
    best = float(minimize_scalar(squares_at, bounds=around, method="bounded", options={"xatol": 1e-10}).x)
    barrier, squares = float(np.exp(best)), squares_at(best)

    # The barriers whose sum of squares does not differ from the best by an F test (D. Bates and D. Watts, Nonlinear
    # Regression Analysis, Wiley 1988, ch. 6).
    allowed = squares * (1 + f_distribution.ppf(confidence, 1, count - 2) / (count - 2))
    inside = np.exp(grid[on_grid <= allowed])
    low, high = (
        (barrier, barrier) if inside.size == 0 else (min(inside[0], barrier), max(inside[-1], barrier))
    )
    low = _edge(squares_at, allowed, low, grid, step=-1)
    high = _edge(squares_at, allowed, high, grid, step=1)
    constant = float(((measured - measured.mean()) ** 2).sum())
    per_nm2 = np.log10(simmons_conductance_g0(bias, barrier, width_nm, 1.0, alpha))
    return SimmonsFit(
        barrier_ev=barrier,
        barrier_interval_ev=(low, high),
        log10_area_nm2=float((measured - per_nm2).mean()),
        width_nm=width_nm,
        alpha=alpha,
        rms_decades=float(np.sqrt(squares / count)),
        constant_rms_decades=float(np.sqrt(constant / count)),
        prefers_tunnelling=bool(_akaike(squares, count, 2) < _akaike(constant, count, 1)),
    )


def _edge(
    squares_at: Callable[[float], float],
    allowed: float,
    inside_ev: float,
    grid: NDArray[np.float64],
    step: int,
) -> float:
    """Return the barrier next to `inside_ev`, upwards or downwards, where the squares reach the allowed value."""
    start = np.log(inside_ev)
    beyond = grid[grid > start + 1e-12] if step > 0 else grid[grid < start - 1e-12][::-1]
    if beyond.size == 0:
        return float("inf") if step > 0 else float(np.exp(grid[0]))
    return float(np.exp(brentq(lambda value: squares_at(value) - allowed, *sorted((start, beyond[0])))))


def _akaike(squares: float, count: int, parameters: int) -> float:
    # The variance of the residuals is an additional parameter (C. Hurvich and C.-L. Tsai, Biometrika 76, 297
    # (1989)).
    k = parameters + 1
    return count * math.log(max(squares, 1e-300) / count) + 2 * k + 2 * k * (k + 1) / (count - k - 1)
