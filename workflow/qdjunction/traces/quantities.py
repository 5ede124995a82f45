"""Units that traces are recorded in, and whether the numbers can be what they are said to be."""

import re

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.core.units import G0_SIEMENS
from qdjunction.traces.settings import ReadSettings

_NM = {"nm": 1.0, "ang": 0.1, "pm": 1e-3, "um": 1e3, "m": 1e9}
_G0 = {"g0": 1.0, "siemens": 1.0 / G0_SIEMENS, "nanosiemens": 1e-9 / G0_SIEMENS}

_LENGTH_WORDS = {
    "nm": "nm",
    "å": "ang",
    "ang": "ang",
    "angstrom": "ang",
    "pm": "pm",
    "µm": "um",
    "μm": "um",
    "um": "um",
    "m": "m",
}
_CONDUCTANCE_WORDS = {
    "g0": "g0",
    "g_0": "g0",
    "g/g0": "g0",
    "s": "siemens",
    "siemens": "siemens",
    "ns": "nanosiemens",
    "nanosiemens": "nanosiemens",
}
_BRACKETED = re.compile(r"[(\[/]\s*([^\W\d]\w*)\s*[)\]]?\s*$")

LARGEST_G0 = 1e4
"""A conductance above this many G0 is no break junction."""
LONGEST_NM = 1e4
"""A trace longer than this is no break junction."""


def check_column_head(head: str, key: str, declared: str) -> None:
    """Hold the unit that the head of a column names, if it names one, against the declared one.

    Parameters
    ----------
    head : str
        Such as ``displacement (nm)``, ``z/nm``, ``log10(G/G0)`` or ``nm``.
    key : str
        ``displacement_unit`` or ``conductance_unit``.
    declared : str
        The unit of the settings.

    Raises
    ------
    InputError
        If they differ.
    """
    text = head.lower().strip()
    if key == "conductance_unit" and text.startswith(("log", "lg")):
        named = "log10_g0"
    else:
        words = _LENGTH_WORDS if key == "displacement_unit" else _CONDUCTANCE_WORDS
        bracketed = _BRACKETED.search(text)
        named = words.get(bracketed[1] if bracketed else text)
    if named is not None and named != declared:
        raise InputError(
            f"the column head '{head.strip()}' names {named}, but traces.read.{key} is {declared}; set it "
            f"to {named}"
        )


def to_nm_and_log10_g(
    displacement: NDArray[np.float64], conductance: NDArray[np.float64], settings: ReadSettings
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Convert a trace to nm and log10(G/G0), and check that it can be one.

    Points where either number is missing are left out. A conductance of zero or below, which an amplifier's
    offset makes at its floor, becomes the smallest positive conductance of the trace.

    Parameters
    ----------
    displacement, conductance : (n,) array
        As recorded, in the units of `settings`.
    settings : ReadSettings
        The units.

    Returns
    -------
    displacement_nm, log10_g : (m,) array
        m <= n.

    Raises
    ------
    InputError
        If no break-junction trace has such numbers; the sentence says which unit they suggest.
    """
    finite = np.isfinite(displacement) & np.isfinite(conductance)
    if not finite.all():
        displacement, conductance = displacement[finite], conductance[finite]
    if conductance.size < 2:
        raise InputError(f"it holds {conductance.size} points with two numbers; a trace needs at least 2")
    displacement_nm = (
        displacement * _NM[settings.displacement_unit] if settings.displacement_unit != "nm" else displacement
    )
    span = np.ptp(displacement_nm)
    if not 0 < span <= LONGEST_NM:
        raise InputError(
            f"its displacement spans {span:g} nm; check traces.read.displacement_unit "
            f"({settings.displacement_unit}) and displacement_column ({settings.displacement_column})"
        )
    if settings.conductance_unit == "log10_g0":
        log10_g = conductance
        if log10_g.max() > np.log10(LARGEST_G0):
            raise InputError(
                f"its log10(G/G0) reaches {log10_g.max():g}; check traces.read.conductance_unit (log10_g0) "
                f"and conductance_column ({settings.conductance_column})"
            )
        if log10_g.min() >= 0:
            raise InputError(
                "its log10(G/G0) is never negative, so the junction never breaks; is the column G/G0 itself? "
                "Then set traces.read.conductance_unit to g0"
            )
    else:
        g = conductance * _G0[settings.conductance_unit]
        if g.max() > LARGEST_G0:
            raise InputError(
                f"its conductance reaches {g.max():g} G0; check traces.read.conductance_unit "
                f"({settings.conductance_unit})"
            )
        positive = g > 0
        if not positive.any():
            raise InputError(
                "its conductance is never positive; is the column log10(G/G0)? Then set "
                "traces.read.conductance_unit to log10_g0"
            )
        log10_g = np.log10(np.where(positive, g, g[positive].min()))
    return displacement_nm, log10_g
