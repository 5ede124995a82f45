"""An energy grid that finds the resonances and spends nothing on what is flat."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

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
"""Intervals narrower than this are not cut any more."""


@dataclass(frozen=True, eq=False)
class AdaptiveTransmission:
    """T(E) on a grid of its own.

    Attributes
    ----------
    result : Transmission
        T(E), energies ascending.
    interpolation_error_decades : float
        Largest |difference| of log10 T, found at the middle of any two energies, to the straight line between
        them, for the last round of cuts. It bounds nothing that no energy has come near: levels of the device
        are all tried.
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
    """Compute T(E) where it is needed, by contact reduction.

    The grid starts even, with every level of the device in the window and its half widths to either side
    added, so that no resonance lies between two energies unseen. Intervals are halved until log10 T at the
    middle is within `tolerance_decades` of the straight line.

    Parameters
    ----------
    device, left, right
        As for `transmission`.
    start_ev, stop_ev : float
        Window (eV relative to the Fermi energy).
    tolerance_decades : float
        What log10 T may be off in between (decades).
    coarsest_ev : float
        Widest interval (eV).
    most_energies : int
        Where to stop.

    Returns
    -------
    AdaptiveTransmission

    Raises
    ------
    InputError
        If the window is empty, or a setting is not positive, or `most_energies` do not suffice.
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
        # Both halves of an interval that was off are looked at again.
        states = np.zeros(len(energies) + len(middle) - 1, dtype=bool)
        place = np.flatnonzero(open_) + 1
        energies, values = np.insert(energies, place, middle), np.insert(values, place, found)
        halves = place - 1 + np.arange(len(place))
        states[halves[again]] = states[halves[again] + 1] = True
        open_ = states
    logger.info("adaptive grid: %d energies, log10 T in between to %.3f", len(energies), worst)
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
    """T(E) at energies of its own, dense at resonances: none is missed between two energies of an even grid."""

    kind: Literal["adaptive-transmission"] = "adaptive-transmission"
    """T(E) between the first and the last energy of the even grid."""
    tolerance_decades: float = Field(default=0.02, ge=1e-4, le=1)
    """Largest error of log10 T between two energies (decades)."""
    coarsest_ev: float = Field(default=0.02, gt=0, le=1)
    """Widest interval of the energies (eV)."""
    most_energies: int = Field(default=50_000, ge=100, le=1_000_000)
    """Number of energies at which it is given up."""


def compute(context: JunctionContext, settings: AdaptiveTransmissionSettings) -> xarray.Dataset:
    """Return T(E) on an adaptive grid; there is no average over k points, each of which has a grid of its own."""
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
    )


def draw(data: xarray.Dataset, axes: Axes) -> None:
    """Draw T(E)."""
    draw_against_energy(data, axes, transmission="T(E)")
    axes.set_ylabel("T(E)")


KIND = Observable(
    "adaptive-transmission",
    "Transmission with all resonances",
    "Transmission on energies that are dense at the resonances of the junction.",
    AdaptiveTransmissionSettings,
    compute,
    draw,
)
