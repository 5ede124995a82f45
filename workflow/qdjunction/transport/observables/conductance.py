"""Thermally averaged conductance from T(E)."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError
from qdjunction.core.limits import COARSEST_STEP, KERNEL_HALF_WIDTH, coarsest_step
from qdjunction.core.units import BOLTZMANN_EV_PER_K
from qdjunction.transport.transmission import Transmission


def conductance(
    result: Transmission, temperature_k: float = 300.0, fermi_ev: ArrayLike = 0.0
) -> float | NDArray[np.float64]:
    """Return the zero-bias conductance ``G = integral T(E) (-df/dE) dE`` in G0, half of that for spinors.

    T(E) is taken as linear between neighbouring energies, for which the integral is evaluated in closed form, so that
    the energy step need not resolve the Fermi function. At 0 K this is T at `fermi_ev`,
    interpolated.

    Parameters
    ----------
    result : Transmission
        T(E).
    temperature_k : float
        Temperature of the electrodes (K), not negative.
    fermi_ev : float or array
        Fermi energy (eV, relative to the computed one).

    Returns
    -------
    float or array
        Conductance (G0), one for each `fermi_ev`.

    Raises
    ------
    InputError
        If the energies do not cover the derivative of the Fermi function at one of the `fermi_ev`, or are coarser there
        than 2 kT.

    See Also
    --------
    conductance_slope : its derivative with respect to the Fermi energy
    thermoelectric : all coefficients of linear response

    Notes
    -----
    Source: R. Landauer; for T > 0 the textbook of S. Datta, *Electronic Transport in Mesoscopic Systems*
    (1995), eq. 2.5.
    """
    fermi = np.asarray(fermi_ev, dtype=float)
    energies, values = sorted_unique(result)
    if not np.isfinite(temperature_k) or temperature_k < 0:
        raise InputError(f"temperature: {temperature_k} K; it must be 0 or larger")
    kt = BOLTZMANN_EV_PER_K * temperature_k
    check_window(energies, fermi, kt, KERNEL_HALF_WIDTH)
    averaged = np.interp(fermi, energies, values) if kt == 0.0 else _moments(energies, fermi, kt) @ values
    return float(averaged) if fermi.ndim == 0 else averaged


def conductance_slope(
    result: Transmission, temperature_k: float = 300.0, fermi_ev: ArrayLike = 0.0
) -> float | NDArray[np.float64]:
    """Return ``d log10 G / d E_F``: the change of G, in decades, per eV of the Fermi energy.

    Exact for T(E) that is linear between neighbouring energies: ``dG / dE_F = integral T'(E) (-df/dE) dE``.

    Parameters
    ----------
    result, temperature_k, fermi_ev
        As for `conductance`, the temperature larger than zero.

    Returns
    -------
    float or array
        Slope (decades per eV), one for each `fermi_ev`; NaN where G is zero.

    Raises
    ------
    InputError
        As for `conductance`, and if the temperature is zero.

    See Also
    --------
    conductance : the conductance itself
    """
    if temperature_k == 0:
        raise InputError(
            "temperature: 0 K; the slope of linearly interpolated T(E) is discontinuous, take one above 0"
        )
    values = np.asarray(conductance(result, temperature_k, fermi_ev))
    fermi = np.asarray(fermi_ev, dtype=float)
    energies, transmissions = sorted_unique(result)
    kt = BOLTZMANN_EV_PER_K * temperature_k
    occupation = 0.5 * (1.0 - np.tanh(0.5 * (energies - fermi[..., None]) / kt))
    change = -np.diff(occupation, axis=-1) @ (np.diff(transmissions) / np.diff(energies))
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = change / (values * np.log(10))
    return float(slope) if fermi.ndim == 0 else slope


def thermal_window(
    energies_ev: NDArray[np.float64], temperature_k: float, half_width: float = KERNEL_HALF_WIDTH
) -> tuple[float, float]:
    """Return the first and last Fermi energy (eV) that has `half_width` kT of these energies on either side.

    Raises
    ------
    InputError
        If there is none.
    """
    half = half_width * BOLTZMANN_EV_PER_K * temperature_k
    low, high = float(np.min(energies_ev)) + half, float(np.max(energies_ev)) - half
    if low > high:
        raise InputError(
            f"conductance: T(E) from {low - half:g} to {high + half:g} eV does not cover the Fermi function's "
            f"derivative at {temperature_k:g} K, which is {2 * half:.2f} eV wide; widen the energies"
        )
    return low, high


def sorted_unique(result: Transmission) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return energies ascending, each once, and ``T / n_spins``, the conductance in G0, at them."""
    energies, first = np.unique(result.energies_ev, return_index=True)
    return energies, result.conductance_g0[first]


def check_temperature(temperature_k: float) -> None:
    """Check that a temperature (K) is above zero.

    Raises
    ------
    InputError
        If it is not.
    """
    if not (np.isfinite(temperature_k) and temperature_k > 0):
        raise InputError(f"temperature: {temperature_k} K; it must be larger than 0")


def check_window(energies: NDArray[Any], fermi: NDArray[Any], kt: float, half_width: float) -> None:
    """Raise InputError unless the energies cover `half_width` kT around every Fermi energy with a fine enough step."""
    if not fermi.size:
        return
    half = half_width * kt
    low, high = float(fermi.min()) - half, float(fermi.max()) + half
    slack = 1e-9
    if energies[0] > low + slack or energies[-1] < high - slack:
        raise InputError(
            f"conductance: T(E) runs from {energies[0]:g} to {energies[-1]:g} eV, but E_F from "
            f"{fermi.min():g} to {fermi.max():g} eV at {kt / BOLTZMANN_EV_PER_K:g} K needs {low:.3f} to "
            f"{high:.3f} eV; widen the energies or move E_F"
        )
    if kt == 0.0:
        return
    wide = np.flatnonzero(np.diff(energies) > COARSEST_STEP * kt)
    ends, starts = energies[wide + 1, None], energies[wide, None]
    near = np.any((starts < fermi.ravel() + half - slack) & (ends > fermi.ravel() - half + slack), axis=1)
    if near.any():
        raise InputError(
            f"conductance: energies are {np.diff(energies)[wide[near]].max():g} eV apart where kT is {kt:.3g} eV; "
            f"use a step of at most {coarsest_step(kt)} eV"
        )


def _moments(energies: NDArray[Any], fermi: NDArray[Any], kt: float) -> NDArray[np.float64]:
    """Return the weight of each T(E_i) in the integral, (..., n_energies), for T linear in between."""
    x = (energies - fermi[..., None]) / kt
    # Within one interval: integral of (a + b x)(-f') = [-(a + b x) f] + b [F], with F the integral of f, F =
    # -log(1 + exp(-x)).
    occupation = 0.5 * (1.0 - np.tanh(0.5 * x))
    primitive = -np.logaddexp(0.0, -x)
    width = np.diff(x, axis=-1)
    mean_slope = np.diff(primitive, axis=-1) / width
    weights: NDArray[np.float64] = np.zeros_like(x)
    weights[..., :-1] += occupation[..., :-1] - mean_slope
    weights[..., 1:] += mean_slope - occupation[..., 1:]
    return weights
