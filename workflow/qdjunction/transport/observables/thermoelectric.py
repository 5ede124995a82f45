"""Linear response to a small voltage and a small temperature difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.limits import Temperature
from qdjunction.core.units import BOLTZMANN_EV_PER_K, G0_SIEMENS
from qdjunction.transport.observables.conductance import (
    check_temperature,
    check_window,
    conductance_slope,
    sorted_unique,
    thermal_window,
)
from qdjunction.transport.observables.contract import (
    JunctionContext,
    Observable,
    ObservableSettings,
    dataset,
    quantity,
)
from qdjunction.transport.transmission import Transmission

if TYPE_CHECKING:
    import pandas as pd
    import xarray
    from matplotlib.axes import Axes

HALF_WIDTH = 16.0
"""Half width of the energy window in kT; x^2 (-df/dx) beyond it contributes less than 1e-4."""


@dataclass(frozen=True, eq=False)
class Thermoelectric:
    """Electronic coefficients of a junction in linear response, one for each Fermi energy.

    Attributes
    ----------
    temperature_k : float
        Mean temperature (K).
    fermi_ev : array
        Fermi energy, relative to the computed one (eV).
    conductance : array
        Electrical conductance (G0).
    thermopower_v_per_k : array
        Seebeck coefficient S (V/K), negative where electrons above the Fermi energy carry more.
    heat_conductance_w_per_k : array
        Electronic heat conductance at zero current (W/K).
    figure_of_merit : array
        ZT with only the electronic heat conductance, an upper bound.
    """

    temperature_k: float
    fermi_ev: NDArray[np.float64]
    conductance: NDArray[np.float64]
    thermopower_v_per_k: NDArray[np.float64]
    heat_conductance_w_per_k: NDArray[np.float64]
    figure_of_merit: NDArray[np.float64]


def thermoelectric(
    result: Transmission, temperature_k: float = 300.0, fermi_ev: ArrayLike = 0.0
) -> Thermoelectric:
    """Return the thermoelectric coefficients from ``L_n = integral (E - E_F)^n T (-df/dE) dE``.

    ``G = G0 L_0``, ``S = -L_1 / (e T L_0)``, ``kappa = 2 / (h T) (L_2 - L_1^2 / L_0)``, ``ZT = S^2 G T /
    kappa``; with T / 2 in place of T for spinors, whose T counts both spin directions.

    Parameters
    ----------
    result : Transmission
        T(E), linear between its energies.
    temperature_k : float
        Temperature (K), larger than zero.
    fermi_ev : float or array
        Fermi energy, relative to the computed one (eV).

    Returns
    -------
    Thermoelectric

    Raises
    ------
    InputError
        If the temperature is not positive, or the energies do not cover the thermal window or are too coarse.

    See Also
    --------
    response_energies : Fermi energies that an energy grid allows
    linear_response_table : the same as a table

    Notes
    -----
    Source: U. Sivan and Y. Imry, Phys. Rev. B 33, 551 (1986).
    """
    check_temperature(temperature_k)
    fermi = np.asarray(fermi_ev, dtype=float)
    energies, values = sorted_unique(result)
    kt = BOLTZMANN_EV_PER_K * temperature_k
    check_window(energies, fermi, kt, HALF_WIDTH)
    x = np.linspace(-HALF_WIDTH, HALF_WIDTH, 6401)
    kernel = 0.25 / np.cosh(0.5 * x) ** 2
    transmissions = np.interp(fermi[..., None] + kt * x, energies, values)
    weighted = (transmissions * kernel * (kt * x) ** n for n in range(3))
    L0, L1, L2 = (np.asarray(np.trapezoid(part, x, axis=-1)) for part in weighted)
    with np.errstate(divide="ignore", invalid="ignore"):
        thermopower = -L1 / (temperature_k * L0)
        heat = 2 * scipy.constants.e**2 / (scipy.constants.h * temperature_k) * (L2 - L1**2 / L0)
        merit = thermopower**2 * L0 * G0_SIEMENS * temperature_k / heat
    return Thermoelectric(float(temperature_k), fermi, L0, thermopower, heat, merit)


def response_energies(energies_ev: ArrayLike, temperature_k: float = 300.0) -> NDArray[np.float64]:
    """Return the Fermi energies that `thermoelectric` can take from an energy grid, before T(E) is known.

    Parameters
    ----------
    energies_ev : (n,) array
        Energies of T(E) (eV).
    temperature_k : float
        Temperature (K), larger than zero.

    Returns
    -------
    array
        The grid points with the full thermal window on either side; if there are none, the middle of the allowed range
        (eV).

    Raises
    ------
    InputError
        If the temperature is not positive, the energies cover the window of no Fermi energy, or are too coarse.
    """
    check_temperature(temperature_k)
    energies = np.unique(np.asarray(energies_ev, dtype=float))
    low, high = thermal_window(energies, temperature_k, HALF_WIDTH)
    fermi = energies[(energies >= low) & (energies <= high)]
    if not fermi.size:
        fermi = np.array([0.5 * (low + high)])
    check_window(energies, fermi, BOLTZMANN_EV_PER_K * temperature_k, HALF_WIDTH)
    return fermi


def linear_response_table(result: Transmission, temperature_k: float = 300.0) -> pd.DataFrame:
    """Return conductance, its slope and the thermoelectric coefficients at every Fermi energy that T(E) allows.

    Parameters
    ----------
    result : Transmission
        T(E).
    temperature_k : float
        Temperature (K), larger than zero.

    Returns
    -------
    pandas.DataFrame
        A row for each energy of T(E) that can be the Fermi energy.

    Raises
    ------
    InputError
        If T(E) covers the thermal window of no Fermi energy, or is too coarse.
    """
    import pandas as pd

    fermi = response_energies(result.energies_ev, temperature_k)
    found = thermoelectric(result, temperature_k, fermi)
    return pd.DataFrame(
        {
            "fermi_eV": fermi,
            "conductance_G0": found.conductance,
            "log10_conductance_slope_per_eV": conductance_slope(result, temperature_k, fermi),
            "thermopower_V_per_K": found.thermopower_v_per_k,
            "electronic_heat_conductance_W_per_K": found.heat_conductance_w_per_k,
            "figure_of_merit_upper_bound": found.figure_of_merit,
        }
    )


class ThermoelectricSettings(ObservableSettings):
    """Linear response to voltage and temperature difference at every Fermi energy that T(E) allows."""

    kind: Literal["thermoelectric"] = "thermoelectric"
    """Conductance, thermopower, electronic heat conductance, figure of merit."""
    temperature_k: Temperature = 300.0
    """Mean temperature (K). Gold melts at 1337 K."""

    def check(self, energies_ev: NDArray[np.float64]) -> None:
        """Check that the energies (eV) cover the thermal window of a Fermi energy.

        Raises
        ------
        InputError
            If they do not, or are too coarse.
        """
        response_energies(energies_ev, self.temperature_k)


def compute(context: JunctionContext, settings: ThermoelectricSettings) -> xarray.Dataset:
    """Return the thermoelectric coefficients against the Fermi energy."""
    temperature = settings.temperature_k
    result = context.transmission
    fermi = response_energies(result.energies_ev, temperature)
    found = thermoelectric(result, temperature, fermi)
    slope = conductance_slope(result, temperature, fermi)
    heat, merit = found.heat_conductance_w_per_k, found.figure_of_merit
    variables = {
        "conductance": quantity("fermi", found.conductance, "G0", "electrical conductance"),
        "conductance_slope": quantity("fermi", slope, "1/eV", "d log10 G / d E_F"),
        "thermopower": quantity("fermi", found.thermopower_v_per_k, "V/K", "Seebeck coefficient"),
        "heat_conductance": quantity("fermi", heat, "W/K", "electronic heat conductance at zero current"),
        "figure_of_merit": quantity("fermi", merit, "1", "ZT of the electrons, an upper bound"),
    }
    fermi_axis = quantity("fermi", fermi, "eV", "Fermi energy relative to the computed one")
    return dataset(variables, {"fermi": fermi_axis}, temperature_k=temperature)


def draw(data: xarray.Dataset, axes: Axes) -> None:
    """Draw the thermopower against the Fermi energy."""
    axes.axhline(0.0, color="0.7", linewidth=0.8)
    axes.plot(data["fermi"], 1e6 * data["thermopower"])
    axes.set_xlabel("$E_F$ relative to the computed one (eV)")
    axes.set_ylabel("thermopower ($\\mu$V/K)")


KIND = Observable(
    "thermoelectric",
    "Thermopower",
    "Thermopower against the Fermi energy, negative where electrons above it carry more current.",
    ThermoelectricSettings,
    compute,
    draw,
)
