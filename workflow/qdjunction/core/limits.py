"""Physical limits shared by the configuration and the command line.

The key that has a limit states its reason. The limits catch a wrong unit or a misplaced decimal point before a study
runs.
"""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from qdjunction.core.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FARTHEST_EV = 50.0
"""Largest distance from E_F (eV) of an energy: valence orbitals describe no level beyond it."""

MOST_ENERGIES = 1_000_000
"""Largest number of energies of one T(E)."""

KERNEL_HALF_WIDTH = 10.0
"""Half width of -df/dE in kT that the energy window must contain; the rest has a weight below 1e-4."""

COARSEST_STEP = 2.0
"""Widest energy step in kT within the kernel."""

Energy = Annotated[float, Field(ge=-FARTHEST_EV, le=FARTHEST_EV)]
"""An energy relative to E_F (eV)."""

Temperature = Annotated[float, Field(gt=0, le=1337)]
"""Temperature of a junction (K): gold melts at 1337 K."""

ElectronicTemperature = Annotated[float, Field(ge=1, le=5000)]
"""Fermi-Dirac temperature of an SCF (K): at 5000 K kT is 0.43 eV."""

Coupling = Annotated[float, Field(ge=1e-3, le=10)]
"""Broadening of an electrode's levels (eV): the sp band of gold is 10 eV wide."""

Eta = Annotated[float, Field(gt=0, le=0.1)]
"""Imaginary part of the energy inside an electrode (eV)."""

Force = Annotated[float, Field(ge=1e-4, le=1)]
"""Largest force at the end of a relaxation (eV/Ang)."""

Log10Conductance = Annotated[float, Field(ge=-20, le=5)]
"""log10(G/G0): 1e5 G0 is a wire of a hundred thousand atoms, and no amplifier measures 1e-20 G0."""

Nanometres = Annotated[float, Field(ge=-1000, le=1000)]
"""A displacement (nm): no piezo of a break junction moves a micrometre in one trace."""

Length = Annotated[float, Field(gt=0, le=1000)]
"""A length in nm."""

ConformerSeed = Annotated[int, Field(ge=0, lt=2**31 - 1)]
"""Random seed of conformers; RDKit holds it in 32 bits with a sign."""


def check_value(kind: Any, value: float, source: str) -> float:
    """Return a command-line value after validation as one of the types above; errors name `source`.

    Raises
    ------
    InputError
        If it is out of range.
    """
    try:
        checked: float = TypeAdapter(kind, config=ConfigDict(allow_inf_nan=False)).validate_python(value)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise InputError(f"{source} = {value}: {reason[0].lower()}{reason[1:]}") from None
    return checked


def energy_grid(
    first_ev: float, last_ev: float, step_ev: float, where: str = "energies"
) -> NDArray[np.float64]:
    """Return evenly spaced energies (eV), shape (n,), including both ends; errors begin with `where`.

    Raises
    ------
    InputError
        If the range is empty, has too many energies or is too far from E_F, or if its length is not a multiple of the
        step.
    """
    import numpy as np

    text = f"{first_ev}:{last_ev}:{step_ev}"
    if not (np.isfinite([first_ev, last_ev, step_ev]).all() and step_ev > 0 and last_ev >= first_ev):
        raise InputError(
            f"{where}: {text!r} is an empty range; the step must be positive and stop not below start"
        )
    count = (last_ev - first_ev) / step_ev
    if count > MOST_ENERGIES:
        raise InputError(f"{where}: {text!r} has {count:.0f} energies; use a larger step")
    n_steps = round(count)
    if abs(n_steps - count) > 1e-6 * max(1.0, count):
        raise InputError(
            f"{where}: the range {text!r} is not a whole number of steps; "
            f"end it at {first_ev + n_steps * step_ev:.12g}, or use a step of "
            f"{(last_ev - first_ev) / max(n_steps, 1):.12g}"
        )
    # Each energy from its index, so that 0 is exactly 0 and errors do not accumulate; rounded to the digits typed.
    return checked_energies(np.round(first_ev + step_ev * np.arange(n_steps + 1), 12) + 0.0, where)


def checked_energies(energies_ev: NDArray[np.float64], where: str = "energies") -> NDArray[np.float64]:
    """Return energies (eV) unchanged; errors begin with `where`.

    Raises
    ------
    InputError
        If one is farther from E_F than `FARTHEST_EV`.
    """
    import numpy as np

    if (far := np.abs(energies_ev).max(initial=0.0)) > FARTHEST_EV:
        raise InputError(
            f"{where}: {far:g} eV from E_F is beyond {FARTHEST_EV:g} eV, where a basis of valence orbitals has no "
            "levels; energies are in eV and relative to E_F"
        )
    return energies_ev


def check_thermal_grid(first_ev: float, last_ev: float, step_ev: float, temperature_k: float) -> None:
    """Refuse a grid on which the thermal conductance cannot be computed.

    Raises
    ------
    InputError
        If the grid is narrower than the Fermi function's derivative, or coarser than `COARSEST_STEP` kT.
    """
    from qdjunction.core.units import BOLTZMANN_EV_PER_K

    kt = BOLTZMANN_EV_PER_K * temperature_k
    if last_ev - first_ev < 2 * KERNEL_HALF_WIDTH * kt:
        raise InputError(
            f"energies from {first_ev:g} to {last_ev:g} eV do not cover the Fermi function's derivative at "
            f"{temperature_k:g} K, which is {2 * KERNEL_HALF_WIDTH * kt:.2f} eV wide; widen the energies"
        )
    if step_ev > COARSEST_STEP * kt:
        raise InputError(
            f"energies are {step_ev:g} eV apart where kT is {kt:.3g} eV at {temperature_k:g} K; "
            f"use a step of at most {coarsest_step(kt)} eV"
        )


def coarsest_step(kt_ev: float) -> str:
    """Return the widest energy step (eV) at a thermal energy, rounded down to the three digits that are shown."""
    widest = COARSEST_STEP * kt_ev
    scale = 10.0 ** (2 - floor(log10(widest)))
    return f"{floor(widest * scale) / scale:g}"
