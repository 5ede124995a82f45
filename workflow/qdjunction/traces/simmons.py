"""Bias series compared with the Simmons model of tunnelling through a barrier.

For a rectangular barrier of height phi (eV) and width s, and a bias V < phi/e, J. G. Simmons (J. Appl. Phys.
34, 1793 (1963), eq. 26 with the mean barrier phi - eV/2) gives the current density

    J = e / (2 pi h s^2) {(phi - eV/2) exp(-A sqrt(phi - eV/2)) - (phi + eV/2) exp(-A sqrt(phi + eV/2))},

with A = alpha 4 pi s sqrt(2 m) / h. The factor alpha is 1 for a free electron and a rectangular barrier;
other shapes and effective masses are written as another alpha (R. E. Holmlin et al., J. Am. Chem. Soc. 123,
5075 (2001)). Width and alpha enter the exponent as a product, and a fit to G(V) distinguishes the product from the
barrier only through the curvature. The width is therefore given, and the barrier and an area are fitted.

With image charges the electron is attracted by both electrodes. Simmons (section on the image force of the same paper)
replaces phi - eV/2 by the mean of the barrier between the points s1 and s2 where it passes zero, phi + eV/2 by that
mean plus eV, and s by s2 - s1. At the fraction u of the width the energy of the image charges is

    -C f(u), C = e^2 / (8 pi eps0 K s), f(u) = -gamma - (psi(u) + psi(1 - u)) / 2,

with the relative permittivity K of the barrier; this is the sum over all images, sum_n [ns/((ns)^2 - x^2) - 1/(ns)] +
1/(2x), in closed form. Simmons approximates the sum by a hyperbola, whose energy is printed without a factor of 1/2
(N. Miskovsky et al., Appl. Phys. A 27, 139 (1982)); the sum is used here. For K to infinity the model is that without
image charges.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import constants
from scipy.optimize import brentq, minimize_scalar
from scipy.special import digamma, fdtri, gammaln  # scipy.stats takes long to import

from qdjunction.core.errors import InputError
from qdjunction.core.units import G0_SIEMENS

_HIGHEST_BARRIER_EV = 100.0
_IMAGE_EV_NM = constants.e / (8 * np.pi * constants.epsilon_0) * 1e9
_BISECTIONS = 50


@dataclass(frozen=True)
class SimmonsFit:
    """The Simmons model fitted to conductances at several biases.

    Attributes
    ----------
    barrier_ev : float
        Height of the barrier (eV).
    barrier_interval_ev : (float, float)
        Its profile-likelihood interval (eV). If G(V) hardly bends, there is no upper bound, and the upper end is
        infinite. A lower end at `lowest_barrier_ev` is no bound either: the formula ends there.
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
    lowest_barrier_ev : float
        Lowest barrier (eV) for which the formula is valid at all biases.
    image_permittivity : float
        Given relative permittivity of the barrier; NaN for no image charges.
    """

    barrier_ev: float
    barrier_interval_ev: tuple[float, float]
    log10_area_nm2: float
    width_nm: float
    alpha: float
    rms_decades: float
    constant_rms_decades: float
    prefers_tunnelling: bool
    lowest_barrier_ev: float = 0.0
    image_permittivity: float = math.nan

    def log10_g(self, bias_v: ArrayLike) -> NDArray[np.float64]:
        """Return log10(G/G0) of the model at the biases (V)."""
        permittivity = None if math.isnan(self.image_permittivity) else self.image_permittivity
        per_nm2 = simmons_conductance_g0(
            bias_v, self.barrier_ev, self.width_nm, 1.0, self.alpha, permittivity
        )
        return np.asarray(np.log10(per_nm2) + self.log10_area_nm2)


def simmons_current_density(
    bias_v: ArrayLike,
    barrier_ev: float,
    width_nm: float,
    alpha: float = 1.0,
    image_permittivity: float | None = None,
) -> NDArray[np.float64]:
    """Return the tunnelling current density of the Simmons model.

    Parameters
    ----------
    bias_v : array
        Bias (V), in magnitude below the barrier; with image charges, below the barrier as they lower its middle.
    barrier_ev : float
        Height of the barrier (eV), without the image charges.
    width_nm : float
        Width of the barrier (nm).
    alpha : float
        Factor of the exponent; 1 for a rectangular barrier and free electrons.
    image_permittivity : float, optional
        Relative permittivity of the barrier, at least 1, that screens the image charges; None leaves them out.

    Returns
    -------
    array
        Current density (A/nm^2), with the sign of the bias.

    Raises
    ------
    InputError
        If barrier, width or alpha is not positive, the permittivity is below 1, or a bias is not below the barrier.
    """
    bias = np.asarray(bias_v, dtype=np.float64)
    if not (barrier_ev > 0 and width_nm > 0 and alpha > 0):
        raise InputError(
            f"the Simmons model needs a barrier, a width and an alpha above zero, not {barrier_ev:g} eV, "
            f"{width_nm:g} nm and {alpha:g}"
        )
    if image_permittivity is not None and not image_permittivity >= 1:
        raise InputError(
            f"a relative permittivity of {image_permittivity:g} is below that of the vacuum, 1; leave it out for no "
            "image charges"
        )
    lowest = lowest_barrier_ev(bias, width_nm, image_permittivity)
    if barrier_ev <= lowest:
        raise InputError(
            f"a bias of {np.abs(bias).max():g} V is not below the barrier of {barrier_ev:g} eV; the Simmons formula is "
            f"valid only for barriers above {lowest:.3g} eV here (field emission sets in)"
        )
    density = _density(bias, np.asarray(barrier_ev), width_nm, alpha, image_permittivity)
    if np.any(density * np.sign(bias) < 0):
        raise InputError(
            f"a barrier of {barrier_ev:g} eV over {width_nm:g} nm is too thin and low for the Simmons formula, whose "
            "current is negative; give a higher barrier or a larger width or permittivity"
        )
    return density


def lowest_barrier_ev(bias_v: ArrayLike, width_nm: float, image_permittivity: float | None = None) -> float:
    """Return the barrier (eV) that a bias (V) or the image charges in its middle leave no barrier of."""
    # f(1/2) = 2 ln 2
    lowering = (
        0.0 if image_permittivity is None else 2 * np.log(2) * _IMAGE_EV_NM / (image_permittivity * width_nm)
    )
    return float(np.abs(bias_v).max() + lowering)


def mean_barrier(
    bias_v: ArrayLike, barrier_ev: ArrayLike, width_nm: float, image_permittivity: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean height (eV) and width (nm) of a barrier with image charges, between the points where it passes zero.

    Parameters
    ----------
    bias_v, barrier_ev : array
        Magnitude of the bias (V) and barrier without the image charges (eV), above `lowest_barrier_ev`; broadcast.
    width_nm : float
        Distance of the electrodes (nm).
    image_permittivity : float
        Relative permittivity of the barrier.

    Returns
    -------
    mean_ev, width_nm : array
        Above the Fermi energy of the electrode that emits.
    """
    bias, barrier = np.broadcast_arrays(np.asarray(bias_v, dtype=float), np.asarray(barrier_ev, dtype=float))
    image_ev = _IMAGE_EV_NM / (image_permittivity * width_nm)

    def height(u: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(
            barrier - bias * u + image_ev * (np.euler_gamma + (digamma(u) + digamma(1 - u)) / 2)
        )

    # The barrier is concave and positive in the middle, so it passes zero once on either side.
    ends = []
    for electrode in (0.0, 1.0):
        outside, inside = np.full(barrier.shape, electrode), np.full(barrier.shape, 0.5)
        for _ in range(_BISECTIONS):
            middle = (outside + inside) / 2
            positive = height(middle) > 0
            inside, outside = np.where(positive, middle, inside), np.where(positive, outside, middle)
        ends.append(inside)
    first, last = ends
    images = [(gammaln(u) - gammaln(1 - u)) / 2 for u in (first, last)]
    mean = (
        barrier
        - bias * (first + last) / 2
        + image_ev * (np.euler_gamma + (images[1] - images[0]) / (last - first))
    )
    return mean, width_nm * (last - first)


def _density(
    bias: NDArray[np.float64],
    barrier_ev: NDArray[np.float64],
    width_nm: float,
    alpha: float,
    image_permittivity: float | None,
) -> NDArray[np.float64]:
    """Return the current density (A/nm^2) at biases and barriers that are broadcast and within the formula."""
    magnitude = np.abs(bias)
    mean, between = barrier_ev - magnitude / 2, np.asarray(width_nm)
    if image_permittivity is not None:
        mean, between = mean_barrier(magnitude, barrier_ev, width_nm, image_permittivity)
    width_m = between * 1e-9
    # Per square root of an eV.
    exponent = alpha * 4 * np.pi * width_m * np.sqrt(2 * constants.m_e * constants.e) / constants.h
    prefactor = constants.e**2 / (2 * np.pi * constants.h * width_m**2)  # A/m^2 per eV
    low, high = mean, mean + magnitude
    density = prefactor * (low * np.exp(-exponent * np.sqrt(low)) - high * np.exp(-exponent * np.sqrt(high)))
    return np.asarray(np.sign(bias) * density * 1e-18)


def simmons_conductance_g0(
    bias_v: ArrayLike,
    barrier_ev: float,
    width_nm: float,
    area_nm2: float,
    alpha: float = 1.0,
    image_permittivity: float | None = None,
) -> NDArray[np.float64]:
    """Return I/V of the Simmons model in G0; see `simmons_current_density`. The bias must not be zero."""
    bias = np.asarray(bias_v, dtype=np.float64)
    if np.any(bias == 0):
        raise InputError("the conductance I/V is not defined at a bias of 0 V; leave it out")
    density = simmons_current_density(bias, barrier_ev, width_nm, alpha, image_permittivity)
    return density * area_nm2 / bias / G0_SIEMENS


def fit_simmons(
    bias_v: ArrayLike,
    log10_g: ArrayLike,
    width_nm: float,
    alpha: float = 1.0,
    confidence: float = 0.95,
    image_permittivity: float | None = None,
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
    image_permittivity : float, optional
        Relative permittivity of the barrier, for image charges; None leaves them out.

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

    def squares(barriers_ev: NDArray[np.float64]) -> NDArray[np.float64]:
        current = _density(bias, barriers_ev[:, None], width_nm, alpha, image_permittivity)
        # No logarithm where the barrier is too thin and low for the formula, so that its current is negative.
        model = np.log10(np.where(current / bias > 0, current / bias, np.nan))
        # The area shifts log10 G by a constant, so its best value is a mean.
        residuals = (model - model.mean(axis=1, keepdims=True)) - (measured - measured.mean())
        return np.asarray((residuals**2).sum(axis=1))

    def squares_at(log_barrier: float) -> float:
        return float(squares(np.exp([log_barrier]))[0])

    lowest = lowest_barrier_ev(bias, width_nm, image_permittivity)
    # Checks what is given before the fit; the conductance at zero bias is refused.
    simmons_conductance_g0(bias, _HIGHEST_BARRIER_EV, width_nm, 1.0, alpha, image_permittivity)
    grid = np.log(np.geomspace(1.001 * lowest, _HIGHEST_BARRIER_EV, 400))
    on_grid = squares(np.exp(grid))
    first = int(np.flatnonzero(np.isnan(on_grid)).max(initial=-1)) + 1
    grid, on_grid = grid[first:], on_grid[first:]
    near = int(on_grid.argmin())
    around = (grid[max(near - 1, 0)], grid[min(near + 1, len(grid) - 1)])
    best = float(minimize_scalar(squares_at, bounds=around, method="bounded", options={"xatol": 1e-10}).x)
    barrier, least = float(np.exp(best)), squares_at(best)

    # The profile likelihood of the barrier, with area and noise at their best: those whose sum of squares does not
    # differ from the least by an F test (D. Bates and D. Watts, Nonlinear
    # Regression Analysis, Wiley 1988, ch. 6).
    allowed = least * (1 + float(fdtri(1, count - 2, confidence)) / (count - 2))
    inside = np.exp(grid[on_grid <= allowed])
    low, high = (
        (barrier, barrier) if inside.size == 0 else (min(inside[0], barrier), max(inside[-1], barrier))
    )
    low = _edge(squares_at, allowed, low, grid, step=-1)
    high = _edge(squares_at, allowed, high, grid, step=1)
    constant = float(((measured - measured.mean()) ** 2).sum())
    per_nm2 = np.log10(simmons_conductance_g0(bias, barrier, width_nm, 1.0, alpha, image_permittivity))
    return SimmonsFit(
        barrier_ev=barrier,
        barrier_interval_ev=(low, high),
        log10_area_nm2=float((measured - per_nm2).mean()),
        width_nm=width_nm,
        alpha=alpha,
        rms_decades=float(np.sqrt(least / count)),
        constant_rms_decades=float(np.sqrt(constant / count)),
        prefers_tunnelling=bool(_akaike(least, count, 2) < _akaike(constant, count, 1)),
        lowest_barrier_ev=float(np.exp(grid[0])),
        image_permittivity=math.nan if image_permittivity is None else image_permittivity,
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
