"""Spin-resolved transmission of spinors: T(E) by the spin in which electrons enter and leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, field_validator

from qdjunction.core.errors import InputError, TransportError
from qdjunction.transport.device import SPINS, Device
from qdjunction.transport.leads.base import Lead, broadening
from qdjunction.transport.observables.contract import (
    JunctionContext,
    Observable,
    ObservableSettings,
    dataset,
    energy_axis,
    quantity,
)
from qdjunction.transport.transmission import SOLVERS, cheaper_solver

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

MIXED = 1e-6
"""Largest element of Gamma between spin up and down, relative to the largest one, of a lead without spin mixing."""


def spin_transmission(
    device: Device,
    left: Lead,
    right: Lead,
    energies_ev: ArrayLike,
    axis: tuple[float, float, float] = (0.0, 0.0, 1.0),
) -> NDArray[np.float64]:
    """Return T(E) by the spin along an axis in which electrons enter from the left and leave to the right.

    ``T_ss' = Tr[Gamma_R^s' G_RL Gamma_L^s G_RL^dagger]`` with ``Gamma^s = P_s Gamma P_s`` and the projection
    ``P_s = (1 +- n.sigma) / 2`` of each spinor. The four sum to T, since neither lead couples the two spins.

    Parameters
    ----------
    device : Device
        H and S of spinors.
    left, right : Lead
        Leads.
    energies_ev : (n_energies,) array
        Energies relative to the Fermi energy (eV).
    axis : 3 floats
        Direction of spin up, of any length.

    Returns
    -------
    (n_energies, 2, 2) array
        The spin in the left lead, up and down, then that in the right one.

    Raises
    ------
    InputError
        If the device has no spinors, or the axis is zero.
    TransportError
        If a lead mixes the spins along this axis, so that they cannot be told apart in it.

    See Also
    --------
    transmission : the sum over spins

    Notes
    -----
    Source: the trace formula of Meir and Wingreen for the four pairs of spin channels, e.g. B. K. Nikolic, L. P.
    Zarbo, S. Souma, Phys. Rev. B 73, 075303 (2006).
    """
    if not device.spinor:
        raise InputError(
            "spin transmission: H is neither non-collinear nor with spin-orbit coupling, so that no spin is turned; "
            "compute T(E) of each spin with --spin"
        )
    n = np.asarray(axis, dtype=float)
    if n.shape != (3,) or not np.linalg.norm(n) > 0:
        raise InputError(f"spin axis: {list(axis)} is no direction; give three numbers, not all zero")
    x, y, z = n / np.linalg.norm(n)
    pauli = np.array([[z, x - 1j * y], [x + 1j * y, -z]])
    energies = np.atleast_1d(np.asarray(energies_ev, dtype=float))
    # The solver's first lead is the one that electrons leave to.
    solver = SOLVERS[cheaper_solver(device, right, left, energies.size)](device, right, left)
    values = np.empty((len(energies), 2, 2))
    for batch in solver.batches(energies):
        leaving = _by_spin(right, np.asarray(batch.sigma_left), pauli, "right")
        entering = _by_spin(left, np.asarray(batch.sigma_right), pauli, "left")
        for s, into in enumerate(entering):
            arriving = batch.green @ into @ batch.green.conj().swapaxes(-1, -2)
            for t, out in enumerate(leaving):
                values[batch.places, s, t] = np.einsum("eij,eji->e", out, arriving).real
    return values


def _by_spin(
    lead: Lead, sigma: NDArray[np.complex128], pauli: NDArray[np.complex128], side: str
) -> list[NDArray[np.complex128]]:
    """Return Gamma of spin up and of spin down, (n_energies, m, m) each."""
    gamma = broadening(sigma)
    spatial, component = np.divmod(lead.orbitals, 2)
    same = spatial[:, None] == spatial
    parts = []
    for sign in (1, -1):
        element = 0.5 * (np.eye(2) + sign * pauli)
        project = np.where(same, element[component[:, None], component], 0.0)
        parts.append(project @ gamma @ project)
    # Without channels at these energies Gamma is zero.
    largest = max(float(np.abs(gamma).max()), np.finfo(float).tiny)
    mixed = float(np.abs(gamma - parts[0] - parts[1]).max()) / largest
    if mixed > MIXED:
        raise TransportError(
            f"spin transmission: the {side} lead mixes spin up and down along this axis, by {100 * mixed:.2g} % of its "
            "coupling; choose the axis of its magnetisation, or leads without spin-orbit coupling (wide-band)"
        )
    return parts


class SpinTransmissionSettings(ObservableSettings):
    """T(E) of a non-collinear or spin-orbit Hamiltonian by the spin in which electrons enter and leave."""

    kind: Literal["spin-transmission"] = "spin-transmission"
    """T(E) by spin, at the energies of T(E)."""
    spin_axis: list[Annotated[float, Field(ge=-1e6, le=1e6)]] = Field(
        default=[0.0, 0.0, 1.0], min_length=3, max_length=3
    )
    """Direction of spin up in Cartesian coordinates, of any length; neither lead may mix the two spins along it."""

    @field_validator("spin_axis")
    @classmethod
    def _is_direction(cls, value: list[float]) -> list[float]:
        if not any(value):
            raise ValueError("must be a direction, not zero")
        return value


def compute(context: JunctionContext, settings: SpinTransmissionSettings) -> xarray.Dataset:
    """Return T by spin and the spin polarisation of the current, averaged over k."""
    x, y, z = settings.spin_axis

    def resolved(device: Device, left: Lead, right: Lead) -> Any:
        return spin_transmission(device, left, right, context.energies_ev, (x, y, z))

    values = context.average(resolved)
    total = values.sum(axis=(1, 2))
    excess = (values[:, :, 0] - values[:, :, 1]).sum(axis=1)
    variables = {
        "transmission_spin": quantity(
            ("energy", "entering", "leaving"), values, "1", "transmission by the spin in either lead"
        ),
        "transmission": quantity("energy", total, "1", "transmission"),
        "polarisation": quantity(
            "energy",
            np.divide(excess, total, out=np.zeros_like(total), where=total > 0),
            "1",
            "spin polarisation of the current into the right lead",
        ),
    }
    coordinates = {
        "energy": energy_axis(context.energies_ev),
        "entering": quantity("entering", list(SPINS), "1", "spin in the left lead"),
        "leaving": quantity("leaving", list(SPINS), "1", "spin in the right lead"),
    }
    return dataset(variables, coordinates, n_spins=2)


def draw(data: xarray.Dataset, axes: Axes) -> None:
    """Draw the four T(E)."""
    for entering in SPINS:
        for leaving in SPINS:
            values = data["transmission_spin"].sel(entering=entering, leaving=leaving)
            axes.semilogy(data["energy"], values.where(values > 0), label=f"{entering} to {leaving}")
    axes.set_xlabel("$E - E_F$ (eV)")
    axes.set_ylabel("T(E)")
    axes.legend()


KIND = Observable(
    "spin-transmission",
    "Transmission by spin",
    "Transmission by the spin in which electrons enter from the left and leave to the right.",
    SpinTransmissionSettings,
    compute,
    draw,
    not_in_study="the electronic structures of a study are closed-shell, in which no spin is turned; run `qdjunction "
    "observe spin-transmission` on a file with non-collinear spin or spin-orbit coupling",
)
