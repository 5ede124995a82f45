"""Units of recorded traces, and checks that the numbers are plausible in these units."""

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.core.units import G0_SIEMENS
from qdjunction.traces.settings import ReadSettings

_NM = {"nm": 1.0, "ang": 0.1, "pm": 1e-3, "um": 1e3, "m": 1e9}
_SIEMENS = {"siemens": 1.0, "microsiemens": 1e-6, "nanosiemens": 1e-9}
_AMPERES = {"amperes": 1.0, "microamperes": 1e-6, "nanoamperes": 1e-9, "picoamperes": 1e-12}

LARGEST_G0 = 1e4
"""A conductance above this (G0) is not that of a break junction."""
SMALLEST_LOG10_G = -20.0
"""A recorded log10(G/G0) below this is far below the noise floor of any amplifier."""
LONGEST_NM = 200.0
"""A trace longer than this is not that of a break junction: molecules are a few nm long."""
SHORTEST_NM = 0.02
"""A trace shorter than this is not that of a break junction: gold atoms are 0.29 nm apart."""


def to_nm(displacement: NDArray[np.float64], settings: ReadSettings) -> NDArray[np.float64]:
    """Return a displacement in nm.

    Parameters
    ----------
    displacement : (n,) array
        As recorded, in `ReadSettings.displacement_unit`.
    settings : ReadSettings
        See `nm_per_unit`.

    Returns
    -------
    (n,) array
        Displacement (nm).

    Raises
    ------
    InputError
        If there is no calibration for volts.
    """
    return displacement * nm_per_unit(settings)


def nm_per_unit(settings: ReadSettings) -> float:
    """Return the opening of the junction (nm) in one unit of the displacement column, negative if the column falls.

    Parameters
    ----------
    settings : ReadSettings
        The unit, the calibration for volts, and whether the displacement is reversed.

    Raises
    ------
    InputError
        If there is no calibration for volts.
    """
    factor = _NM.get(settings.displacement_unit, settings.nm_per_volt)
    if factor is None:
        raise InputError("its displacement is in volts; give the calibration as traces.read.nm_per_volt")
    return -factor if settings.reverse_displacement else factor


def to_log10_g(conductance: NDArray[np.float64], settings: ReadSettings) -> NDArray[np.float64]:
    """Return a conductance as log10(G/G0).

    A conductance of zero or below, which is due to the offset of an amplifier at its floor, is set to the smallest
    positive one of the trace; so is a logarithm of minus infinity.

    Parameters
    ----------
    conductance : (n,) array
        As recorded, in `ReadSettings.conductance_unit`; NaN stays NaN.
    settings : ReadSettings
        The unit and, for currents, the bias.

    Returns
    -------
    (n,) array
        log10(G/G0).

    Raises
    ------
    InputError
        If the numbers cannot be a conductance; the message names the unit that they suggest.
    """
    unit = settings.conductance_unit
    if unit == "log10_g0":
        lowest = np.isneginf(conductance)
        if lowest.any() and np.isfinite(conductance).any():
            return np.where(lowest, conductance[np.isfinite(conductance)].min(), conductance)
        return conductance
    g = conductance * _g0_per(settings)
    positive = g > 0
    if not positive.any() and not np.isnan(g).all():
        raise InputError(
            "its conductance is never positive; is the column log10(G/G0)? Then set traces.read.conductance_unit to "
            "log10_g0; if it is a current that is counted the other way, give bias_v or gain_v_per_a a negative sign"
        )
    if (positive | np.isnan(g)).all():
        return np.log10(g)
    return np.log10(np.where(positive | np.isnan(g), g, g[positive].min()))


def check_values(
    displacement_nm: NDArray[np.float64], log10_g: NDArray[np.float64], settings: ReadSettings
) -> None:
    """Check that the numbers can be a trace of a break junction.

    Parameters
    ----------
    displacement_nm, log10_g : (n,) array
        All finite.
    settings : ReadSettings
        Units and columns, which the message names.

    Raises
    ------
    InputError
        If the numbers cannot be a break-junction trace; the message names the unit that they suggest.
    """
    span = np.ptp(displacement_nm)
    if not SHORTEST_NM <= span <= LONGEST_NM:
        calibration = (
            f", nm_per_volt ({settings.nm_per_volt:g})" if settings.displacement_unit == "volts" else ""
        )
        raise InputError(
            f"its displacement spans {span:g} nm (a trace spans {SHORTEST_NM:g} to {LONGEST_NM:g} nm); check "
            f"traces.read.displacement_unit ({settings.displacement_unit}){calibration} and displacement_column "
            f"({settings.displacement_column})"
        )
    is_logarithm = settings.conductance_unit == "log10_g0"
    highest, lowest = log10_g.max(), log10_g.min()
    if highest > np.log10(LARGEST_G0):
        reached = (
            f"log10(G/G0) reaches {highest:g}" if is_logarithm else f"conductance reaches {10**highest:g} G0"
        )
        calibrations = "".join(
            f", {key} ({value:g})"
            for key in ("bias_v", "gain_v_per_a")
            if settings.needs_bias and (value := getattr(settings, key)) is not None
        )
        raise InputError(
            f"its {reached}; check traces.read.conductance_unit ({settings.conductance_unit}){calibrations} and "
            f"conductance_column ({settings.conductance_column})"
        )
    if is_logarithm and lowest < SMALLEST_LOG10_G:
        raise InputError(
            f"its log10(G/G0) falls to {lowest:g}; check traces.read.conductance_unit "
            f"({settings.conductance_unit}) and conductance_column ({settings.conductance_column})"
        )
    if is_logarithm and lowest >= 0:
        raise InputError(
            "its log10(G/G0) is never negative, so the junction never breaks; is the column G/G0 itself? "
            "Then set traces.read.conductance_unit to g0"
        )


def _g0_per(settings: ReadSettings) -> float:
    """Return the number of conductance quanta in one unit of the conductance column."""
    unit, bias_v, gain = settings.conductance_unit, settings.bias_v, settings.gain_v_per_a
    if unit == "g0":
        return 1.0
    if unit in _SIEMENS:
        return _SIEMENS[unit] / G0_SIEMENS
    if bias_v is None:
        raise InputError(f"its conductance is a current in {unit}; give the bias as traces.read.bias_v")
    if unit != "volts":
        return _AMPERES[unit] / bias_v / G0_SIEMENS
    if gain is None:
        raise InputError(
            "its conductance is the voltage of an amplifier; give its gain as traces.read.gain_v_per_a"
        )
    return 1 / gain / bias_v / G0_SIEMENS
