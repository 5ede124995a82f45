"""T(E) on an adaptive energy grid that resolves all resonances."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from qdjunction.core.errors import InputError
from qdjunction.transport.device import Device
from qdjunction.transport.leads.base import Lead, broadening
from qdjunction.transport.observables.contract import (
    JunctionContext,
    Observable,
    ObservableSettings,
    dataset,
    draw_against_energy,
    energy_axis,
    quantity,
)
from qdjunction.transport.solvers.contact_reduction import ContactReduction
from qdjunction.transport.transmission import NEGLIGIBLE, Transmission, transmission

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

logger = logging.getLogger(__name__)

FINEST_EV = 1e-9
"""Intervals narrower than this are not divided further."""


@dataclass(frozen=True, eq=False)
class AdaptiveTransmission:
    """T(E) on an adaptive grid.

    Attributes
    ----------
    result : Transmission
        T(E), energies ascending.
    interpolation_error_decades : float
        Largest deviation of log10 T from the linear interpolation, found at the middle of the final intervals
        (decades). It does not bound features that lie between energies; all levels of the device are included.
    """

    result: Transmission
    interpolation_error_decades: float


def adaptive_transmission(
    device: Device,
    left: Lead,
    right: Lead,
    start_ev: float,
    stop_ev: float,
    *,
    tolerance_decades: float = 0.02,
    coarsest_ev: float = 0.02,
    most_energies: int = 50_000,
) -> AdaptiveTransmission:
    """Compute T(E) on an adaptive grid, by contact reduction.

    The initial grid is uniform, with every level of the device in the window and half its width to either side added,
    so that no resonance is missed between two energies. Intervals are halved until log10 T at the middle is within
    `tolerance_decades` of the linear interpolation.

    Parameters
    ----------
    device, left, right
        As for `transmission`.
    start_ev, stop_ev : float
        Window (eV relative to the Fermi energy).
    tolerance_decades : float
        Largest error of log10 T between two energies (decades).
    coarsest_ev : float
        Widest interval (eV).
    most_energies : int
        Maximum number of energies.

    Returns
    -------
    AdaptiveTransmission

    Raises
    ------
    InputError
        If the window is empty, or a setting is not positive, or `most_energies` do not suffice.

    See Also
    --------
    transmission : T(E) at given energies
    """
    if not (np.isfinite([start_ev, stop_ev]).all() and stop_ev > start_ev):
        raise InputError(f"adaptive grid: {start_ev} to {stop_ev} eV is no window; stop must lie above start")
    if not (tolerance_decades > 0 and coarsest_ev > 0):
        raise InputError("adaptive grid: tolerance and coarsest interval must be larger than 0")
    even = np.linspace(start_ev, stop_ev, max(3, int(np.ceil((stop_ev - start_ev) / coarsest_ev)) + 1))
    seeds = _resonances(device, left, right, 0.5 * (start_ev + stop_ev))
    energies = np.unique(np.concatenate([even, seeds[(seeds > start_ev) & (seeds < stop_ev)]]))
    result = transmission(device, left, right, energies, "contact-reduction")
    solver = ContactReduction(device, left, right)
    values = result.transmission
    open_ = np.ones(len(energies) - 1, dtype=bool)
    worst, started = 0.0, time.perf_counter()
    while open_.any():
        middle = 0.5 * (energies[:-1] + energies[1:])[open_]
        if len(energies) + len(middle) > most_energies:
            raise InputError(
                f"adaptive grid: more than {most_energies} energies are needed; raise the tolerance "
                "or narrow the window"
            )
        found = solver.transmission(middle)
        logs = np.log10(np.maximum(values, NEGLIGIBLE))
        error = np.abs(np.log10(np.maximum(found, NEGLIGIBLE)) - 0.5 * (logs[:-1] + logs[1:])[open_])
        wide = np.diff(energies)[open_] > 2 * FINEST_EV
        again = (error > tolerance_decades) & wide
        worst = float(error[~again].max(initial=worst))
        # Both halves of an interval above the tolerance are tested again.
        states = np.zeros(len(energies) + len(middle) - 1, dtype=bool)
        place = np.flatnonzero(open_) + 1
        energies, values = np.insert(energies, place, middle), np.insert(values, place, found)
        halves = place - 1 + np.arange(len(place))
        states[halves[again]] = states[halves[again] + 1] = True
        open_ = states
    logger.info("adaptive grid: %d energies, error of log10 T between them %.3f", len(energies), worst)
    wall = result.wall_time_s + time.perf_counter() - started
    result = replace(result, energies_ev=energies, transmission=values, wall_time_s=wall)
    return AdaptiveTransmission(result, worst)


def _resonances(device: Device, left: Lead, right: Lead, energy_ev: float) -> NDArray[np.float64]:
    """Return all levels and, to either side, half their widths ``x^dagger Gamma x``."""
    levels = device.spectrum.levels_ev
    widths = np.zeros(len(levels))
    for lead in (left, right):
        rows = device.spectrum.rows(lead.orbitals)
        gamma = broadening(lead.self_energy(energy_ev))
        widths += (rows.conj() * (gamma @ rows)).sum(axis=0).real
    return np.concatenate([levels, levels - 0.5 * widths, levels + 0.5 * widths])


class AdaptiveTransmissionSettings(ObservableSettings):
    """T(E) on an adaptive grid, dense at resonances, so that none is missed between two energies of a uniform grid."""

    at_one_k: ClassVar[bool] = True

    kind: Literal["adaptive-transmission"] = "adaptive-transmission"
    """T(E) between the first and the last energy of the uniform grid."""
    tolerance_decades: float = Field(default=0.02, ge=1e-4, le=1)
    """Largest error of log10 T between two energies (decades)."""
    coarsest_ev: float = Field(default=0.02, gt=0, le=1)
    """Widest interval of the energies (eV)."""
    most_energies: int = Field(default=50_000, ge=100, le=1_000_000)
    """Maximum number of energies; if more are needed, the calculation stops with an error."""


def compute(context: JunctionContext, settings: AdaptiveTransmissionSettings) -> xarray.Dataset:
    """Return T(E) on an adaptive grid; only for a single k point, since each has a different grid."""
    system = context.single("adaptive transmission")
    found = adaptive_transmission(
        *system,
        float(context.energies_ev.min()),
        float(context.energies_ev.max()),
        tolerance_decades=settings.tolerance_decades,
        coarsest_ev=settings.coarsest_ev,
        most_energies=settings.most_energies,
    )
    return dataset(
        {"transmission": quantity("energy", found.result.transmission, "1", "transmission")},
        {"energy": energy_axis(found.result.energies_ev)},
        interpolation_error_decades=found.interpolation_error_decades,
        n_spins=found.result.n_spins,
    )


def draw(data: xarray.Dataset, axes: Axes) -> None:
    """Draw T(E)."""
    draw_against_energy(data, axes, transmission="T(E)")
    axes.set_ylabel("T(E)")


KIND = Observable(
    "adaptive-transmission",
    "Transmission with all resonances",
    "Transmission on an energy grid that is dense at the resonances of the junction.",
    AdaptiveTransmissionSettings,
    compute,
    draw,
)
