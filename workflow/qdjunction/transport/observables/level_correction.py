"""T(E) with the levels of the dot shifted by chosen energies (scissor operator, DFT+Sigma)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from qdjunction.core.errors import InputError
from qdjunction.transport.device import Device, dense, solve_eigenproblem
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
from qdjunction.transport.transmission import transmission

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


def correct_levels(
    device: Device, dot: ArrayLike, occupied: int, occupied_shift_ev: float, unoccupied_shift_ev: float
) -> Device:
    """Shift the levels of the dot's block (scissor operator, DFT+Sigma).

    ``H_D + S_D (sum_n psi_n d_n psi_n^dagger) S_D`` with the first shift for the occupied orbitals and the
    second for the others. Metal and coupling stay as they are. A correction is a choice, not a result: show
    it beside the uncorrected T(E).

    Parameters
    ----------
    device : Device
        The junction.
    dot : array of int
        Device orbitals of the dot.
    occupied : int
        Number of occupied orbitals of the dot.
    occupied_shift_ev, unoccupied_shift_ev : float
        Energies to add to their levels (eV), usually negative and positive.

    Returns
    -------
    Device
        The junction with the dot's block changed.

    Raises
    ------
    InputError
        If `occupied` is not between 0 and the number of orbitals.

    Notes
    -----
    Source: S. Y. Quek et al., Nano Lett. 7, 3477 (2007); J. B. Neaton, M. S. Hybertsen, S. G. Louie, Phys.
    Rev. Lett. 97, 216405 (2006).
    """
    orbitals = np.asarray(dot, dtype=np.int64)
    if not 0 <= occupied <= len(orbitals):
        raise InputError(f"level correction: {occupied} occupied orbitals of {len(orbitals)}")
    S = device.block("S", orbitals)
    _, states = solve_eigenproblem(device.block("H", orbitals), S)
    shifts = np.where(np.arange(len(orbitals)) < occupied, occupied_shift_ev, unoccupied_shift_ev)
    dual = S @ states
    H = dense(device.H).copy()
    H[np.ix_(orbitals, orbitals)] += (dual * shifts) @ dual.conj().T
    return Device(H, device.S, device.orbital_atoms)


Shift = Annotated[float, Field(ge=-10, le=10)]


class LevelCorrectionSettings(ObservableSettings):
    """T(E) with the levels of the dot shifted by chosen energies, shown beside the uncorrected T(E)."""

    kind: Literal["level-correction"] = "level-correction"
    """T(E) with corrected levels of the dot, at the energies of T(E)."""
    occupied_shift_ev: Shift
    """Energy to add to the occupied levels of the dot (eV), usually negative; gaps are narrower than 10 eV."""
    unoccupied_shift_ev: Shift
    """Energy to add to the others (eV), usually positive; gaps are narrower than 10 eV."""
    occupied: int | None = Field(default=None, ge=0)
    """Number of occupied orbitals of the dot; by default half its valence electrons or, if the file does not state
    them, the number of its levels below the Fermi energy."""


def compute(context: JunctionContext, settings: LevelCorrectionSettings) -> xarray.Dataset:
    """Return T(E) with and without the correction, averaged over k."""

    def corrected(device: Device, left: Lead, right: Lead) -> NDArray[np.float64]:
        metal = np.concatenate(context.metal_orbitals(device))
        dot = np.setdiff1d(np.arange(device.n_orbitals), metal)
        shifted = correct_levels(
            device,
            dot,
            _occupied(context, device, dot) if settings.occupied is None else settings.occupied,
            settings.occupied_shift_ev,
            settings.unoccupied_shift_ev,
        )
        return transmission(shifted, left, right, context.energies_ev).transmission

    values = context.average(corrected)
    uncorrected = context.transmission
    variables = {
        "corrected": quantity("energy", values, "1", "transmission with the levels of the dot shifted"),
        "uncorrected": quantity("energy", uncorrected.transmission, "1", "transmission"),
    }
    return dataset(variables, {"energy": energy_axis(context.energies_ev)})


def _occupied(context: JunctionContext, device: Device, dot: NDArray[np.int64]) -> int:
    """Return the number of occupied orbitals of the dot."""
    if context.valence_electrons is None:
        levels, _ = solve_eigenproblem(device.block("H", dot), device.block("S", dot))
        return int((levels < 0).sum())
    return round(float(context.valence_electrons[np.unique(device.orbital_atoms[dot])].sum()) / 2)


def draw(data: xarray.Dataset, axes: Axes) -> None:
    """Draw T(E) with and without the correction."""
    draw_against_energy(data, axes, uncorrected="uncorrected", corrected="levels shifted")
    axes.set_ylabel("T(E)")


KIND = Observable(
    "level-correction",
    "Transmission with corrected levels",
    "Transmission as computed, and with the levels of the dot shifted by the chosen energies.",
    LevelCorrectionSettings,
    compute,
    draw,
)
