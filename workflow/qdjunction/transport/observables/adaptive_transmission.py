"""T(E) on an adaptive energy grid, dense at resonances and antiresonances."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import scipy
from numpy.typing import NDArray
from pydantic import Field

from qdjunction.core.errors import InputError
from qdjunction.transport.device import Device
from qdjunction.transport.leads.base import Lead
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

POLE_MARGIN_EV = 2.0
"""Levels farther outside the window than this do not enter the poles."""

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
        (decades), where these are wider than `FINEST_EV`: beside an exact zero of T the logarithm has no bound. It
        does not bound features that lie between energies.
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

    The initial grid is uniform, with the poles of the Green's function in the window, half a width to either side of
    each, and the levels of the device without its contact orbitals, where T has its zeros, so that narrow features are
    not missed between two energies. Intervals are halved until log10 T at the middle is within `tolerance_decades` of
    the linear interpolation.

    The poles are those with the self-energies of the middle of the window, of the levels within `POLE_MARGIN_EV` of it.

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
    seeds = np.concatenate(
        [_resonances(device, left, right, start_ev, stop_ev), _zeros(device, left, right, start_ev, stop_ev)]
    )
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
        worst = float(error[wide & ~again].max(initial=worst))
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


def _resonances(
    device: Device, left: Lead, right: Lead, start_ev: float, stop_ev: float
) -> NDArray[np.float64]:
    """Return the real parts of the poles of G and, to either side, half their widths.

    The levels alone would not do: one that couples weakly to a broad one nearby is shifted by more than its width.
    """
    levels = device.spectrum.levels_ev
    near = (levels > start_ev - POLE_MARGIN_EV) & (levels < stop_ev + POLE_MARGIN_EV)
    effective = np.diag(levels[near]).astype(np.complex128)
    for lead in (left, right):
        rows = device.spectrum.rows(lead.orbitals)[:, near]
        effective += rows.conj().T @ lead.self_energy(0.5 * (start_ev + stop_ev)) @ rows
    poles = np.asarray(scipy.linalg.eigvals(effective, check_finite=False), dtype=np.complex128)
    return np.concatenate([poles.real, poles.real + poles.imag, poles.real - poles.imag])


def _zeros(device: Device, left: Lead, right: Lead, start_ev: float, stop_ev: float) -> NDArray[np.float64]:
    """Return the levels in the window of the device without the orbitals of the leads."""
    inside = np.setdiff1d(np.arange(device.n_orbitals), np.concatenate([left.orbitals, right.orbitals]))
    if not inside.size:
        return np.empty(0)
    return np.asarray(
        scipy.linalg.eigvalsh(
            device.block("H", inside), device.block("S", inside), subset_by_value=(start_ev, stop_ev)
        )
    )


class AdaptiveTransmissionSettings(ObservableSettings):
    """T(E) on an adaptive grid, dense at resonances, which an even grid may miss between two energies."""

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
