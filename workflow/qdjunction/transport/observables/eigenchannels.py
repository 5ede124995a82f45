"""Eigenchannels, the states that carry them, and shot noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from qdjunction.transport.device import Device
from qdjunction.transport.leads.base import Lead, broadening, root_of
from qdjunction.transport.observables.contract import (
    Energies,
    JunctionContext,
    Observable,
    ObservableSettings,
    dataset,
    energy_axis,
    quantity,
)
from qdjunction.transport.solvers.direct import DirectSolver

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class Eigenchannels:
    """Eigenchannels of the states that come in from the left, at one energy.

    Attributes
    ----------
    energy_ev : float
        Energy relative to the Fermi energy (eV).
    transmissions : (n_channels,) array
        Transmission of each channel, descending; they sum to T.
    states : (n_orbitals, n_channels) array
        Scattering states in the non-orthogonal basis, one column per channel, ``sum psi psi^dagger = A_L`` over
        all of them, so that ``|psi|^2 / 2 pi`` is a density per eV.
    """

    energy_ev: float
    transmissions: NDArray[np.float64]
    states: NDArray[np.complex128]

    @property
    def fano_factor(self) -> float:
        """Shot noise over that of independent electrons: ``sum T_n (1 - T_n) / sum T_n``.

        Source: M. Buettiker, Phys. Rev. Lett. 65, 2901 (1990).
        """
        total = self.transmissions.sum()
        return float((self.transmissions * (1 - self.transmissions)).sum() / total) if total > 0 else 0.0


def eigenchannels(
    device: Device, left: Lead, right: Lead, energy_ev: float, count: int | None = None
) -> Eigenchannels:
    """Return the eigenchannels at one energy.

    With ``Gamma = F F^dagger`` the amplitudes from left to right are ``t = F_R^dagger G_RL F_L``; its
    singular vectors are the channels and ``G F_L u`` their states in the device.

    Parameters
    ----------
    device, left, right
        As for `transmission`.
    energy_ev : float
        Energy relative to the Fermi energy (eV).
    count : int, optional
        Number of channels, the most open first; by default all.

    Returns
    -------
    Eigenchannels

    See Also
    --------
    transmission : their transmissions over many energies

    Notes
    -----
    Source: M. Paulsson and M. Brandbyge, Phys. Rev. B 76, 115117 (2007).
    """
    incoming = incoming_states(device, left, right, energy_ev)
    amplitudes = open_root(right, energy_ev).conj().T @ incoming[right.orbitals]
    _, singular, vectors = np.linalg.svd(amplitudes, full_matrices=False)
    kept = slice(count)
    return Eigenchannels(float(energy_ev), singular[kept] ** 2, incoming @ vectors.conj().T[:, kept])


def incoming_states(device: Device, left: Lead, right: Lead, energy_ev: float) -> NDArray[np.complex128]:
    """Return the states that come in from the left, (n_orbitals, n_open), a column per open channel of that lead."""
    columns = DirectSolver(device, left, right).columns(energy_ev, left.orbitals)
    return columns @ open_root(left, energy_ev)


def open_root(lead: Lead, energy_ev: float) -> NDArray[np.complex128]:
    """Return F with ``F F^dagger = Gamma``, without columns for closed channels."""
    root = root_of(broadening(lead.self_energy(energy_ev)))
    return root[:, root.any(axis=0)]


class EigenchannelSettings(ObservableSettings):
    """Eigenchannels: their transmissions T_n, which sum to T, the atoms that carry each one, and shot noise."""

    kind: Literal["eigenchannels"] = "eigenchannels"
    """Eigenchannels."""
    energies_ev: Energies = Field(default=[0.0])
    """Energies relative to the Fermi energy (eV)."""
    count: int = Field(default=3, ge=1, le=1000)
    """Number of channels, the most open first."""


def compute(context: JunctionContext, settings: EigenchannelSettings) -> xarray.Dataset:
    """Return T_n and the density of each channel's states on the atoms, and the Fano factor of all channels.

    With several k points there is a dimension ``kpoint``, and the Fano factor is that of their sum. The density is NaN
    on atoms that a lead replaces.
    """
    n_atoms, n_energies = context.hamiltonian.geometry.na, len(settings.energies_ev)
    shape = (n_energies, settings.count)
    weights, opened, densities = [], [], []
    sums = np.zeros((2, n_energies))
    # The states at k and -k differ, though their transmissions do not.
    for weight, (device, left, right) in context.solved(reduce=False):
        transmissions, density = np.zeros(shape), np.full((*shape, n_atoms), np.nan)
        density[..., np.unique(device.orbital_atoms)] = 0.0
        for i, energy in enumerate(settings.energies_ev):
            found = eigenchannels(device, left, right, energy)
            n = min(settings.count, len(found.transmissions))
            transmissions[i, :n] = found.transmissions[:n]
            density[i, :n, : device.n_atoms] += channel_density(device, found)[:n]
            sums[:, i] += weight * np.array(
                [found.transmissions.sum(), (found.transmissions * (1 - found.transmissions)).sum()]
            )
        weights.append(weight)
        opened.append(transmissions)
        densities.append(density)
    variables = {
        "transmission": quantity(
            ("kpoint", "energy", "channel"), opened, "1", "transmission of the eigenchannel"
        ),
        "density": quantity(
            ("kpoint", "energy", "channel", "atom"),
            densities,
            "1/eV",
            "density of states that the channel carries",
        ),
        "fano_factor": quantity(
            "energy",
            np.divide(sums[1], sums[0], out=np.zeros(n_energies), where=sums[0] > 0),
            "1",
            "Fano factor",
        ),
        "weight": quantity("kpoint", weights, "1", "weight of each k point"),
    }
    coordinates = {
        "energy": energy_axis(settings.energies_ev),
        "channel": quantity("channel", np.arange(1, settings.count + 1), "1", "number of the channel"),
    }
    data = dataset(variables, coordinates)
    return data if len(weights) > 1 else data.isel(kpoint=0).drop_vars("weight")


def channel_density(device: Device, channels: Eigenchannels) -> NDArray[np.float64]:
    """Return the density of each channel on the atoms (1/eV), (n_channels, n_atoms).

    Mulliken projection, ``Re sum_(i on a) psi*_i (S psi)_i / 2 pi``; over all channels it sums to that of all states
    from the left.
    """
    states = channels.states
    projections = ((device.S @ states) * states.conj()).real / (2 * np.pi)
    density = np.zeros((device.n_atoms, states.shape[1]))
    np.add.at(density, device.orbital_atoms, projections)
    return density.T


def draw(data: xarray.Dataset, axes: Axes) -> None:
    """Draw T_n of each channel against energy, with one marker per k point if there are several."""
    points = data["transmission"].transpose("energy", "channel", ...)
    for index, number in enumerate(data["channel"].values):
        values = np.where(points[:, index] > 0, points[:, index], np.nan)
        axes.plot(data["energy"], values, "o-" if values.ndim == 1 else "o", label=f"channel {number}")
    axes.set_yscale("log")
    axes.set_xlabel("$E - E_F$ (eV)")
    axes.set_ylabel("$T_n$")
    axes.legend()


KIND = Observable(
    "eigenchannels",
    "Eigenchannels",
    "Transmissions of the individual eigenchannels, which sum to T(E).",
    EigenchannelSettings,
    compute,
    draw,
)
