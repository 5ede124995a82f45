"""Currents from orbital to orbital and from atom to atom."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
import scipy
from pydantic import Field

from qdjunction.transport.device import Device
from qdjunction.transport.leads.base import Lead
from qdjunction.transport.observables.contract import (
    Energies,
    JunctionContext,
    Observable,
    ObservableSettings,
    dataset,
    energy_axis,
    quantity,
)
from qdjunction.transport.observables.eigenchannels import incoming_states

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


def orbital_currents(device: Device, left: Lead, right: Lead, energy_ev: float) -> scipy.sparse.csr_array:
    """Return the current from orbital to orbital that the states from the left carry at one energy.

    ``J_ij = 2 Im[(H - E S)_ji A_L,ij]``, in units of transmission: through any cut between the leads the sum is
    T. With overlap only the sum over a cut, not the single element, is the same in every basis.

    Parameters
    ----------
    device, left, right
        As for `transmission`.
    energy_ev : float
        Energy relative to the Fermi energy (eV).

    Returns
    -------
    (n_orbitals, n_orbitals) sparse array
        Antisymmetric; the element (i, j) is positive where the current runs from i to j.

    Notes
    -----
    Source: T. N. Todorov, J. Phys.: Condens. Matter 14, 3049 (2002); orbital-wise as in TBtrans.
    """
    incoming = incoming_states(device, left, right, energy_ev)
    coupling = scipy.sparse.coo_array(
        scipy.sparse.csr_array(device.H) - energy_ev * scipy.sparse.csr_array(device.S)
    )
    j, i = coupling.coords
    spectral = np.einsum("im,im->i", incoming[i], incoming[j].conj())
    currents = scipy.sparse.coo_array(
        (2 * (coupling.data * spectral).imag, (i, j)), shape=coupling.shape
    ).tocsr()
    currents.setdiag(0.0)
    currents.eliminate_zeros()
    return currents


def bond_currents(device: Device, left: Lead, right: Lead, energy_ev: float) -> scipy.sparse.csr_array:
    """Return the current from atom to atom: `orbital_currents` summed over the orbitals of each pair of atoms.

    Parameters
    ----------
    device, left, right, energy_ev
        As for `orbital_currents`.

    Returns
    -------
    (n_atoms, n_atoms) sparse array
        Antisymmetric; the element (a, b) is positive where the current runs from a to b.
    """
    currents = orbital_currents(device, left, right, energy_ev).tocoo()
    atoms, n = device.orbital_atoms, device.n_atoms
    i, j = currents.coords
    summed = scipy.sparse.coo_array((currents.data, (atoms[i], atoms[j])), shape=(n, n)).tocsr()
    summed.setdiag(0.0)
    summed.eliminate_zeros()
    return summed


class BondCurrentSettings(ObservableSettings):
    """Bond currents: how the current runs from atom to atom."""

    kind: Literal["bond-currents"] = "bond-currents"
    """Bond currents."""
    energies_ev: Energies = Field(default=[0.0])
    """Energies relative to the Fermi energy (eV)."""
    smallest_fraction: float = Field(default=1e-3, ge=0, le=1)
    """Leave out a bond whose current stays below this fraction of the largest one at every energy."""


def compute(context: JunctionContext, settings: BondCurrentSettings) -> xarray.Dataset:
    """Return the current along each bond from `from_atom` to `to_atom`, averaged over k, and the positions."""
    geometry = context.hamiltonian.geometry
    shape = (geometry.na, geometry.na)
    at_energies, kept = [], scipy.sparse.csr_array(shape, dtype=np.int64)
    for energy in settings.energies_ev:
        found = context.average(partial(bond_currents, energy_ev=energy), reduce=False)
        above = scipy.sparse.triu(found, k=1).tocoo()
        at_energies.append(scipy.sparse.coo_array((above.data, above.coords), shape=shape).tocsr())
        size = np.abs(above.data)
        strong = (size > 0) & (size >= settings.smallest_fraction * size.max(initial=0.0))
        ones = np.ones(int(strong.sum()), dtype=np.int64)
        kept = kept + scipy.sparse.coo_array(
            (ones, tuple(index[strong] for index in above.coords)), shape=shape
        )
    start, end = kept.tocoo().coords
    variables = {
        "current": quantity(
            ("energy", "bond"),
            np.array([currents.toarray()[start, end] for currents in at_energies]),
            "1",
            "current along the bond in units of transmission, positive from from_atom to to_atom",
        ),
        "from_atom": quantity("bond", start, "1", "atom that the bond starts at, counted from 0"),
        "to_atom": quantity("bond", end, "1", "atom that the bond ends at, counted from 0"),
        "position": quantity(("atom", "xyz"), geometry.xyz, "Ang", "Cartesian coordinates of the atoms"),
        "along": quantity("atom", context.along_ang, "Ang", "position along the transport direction"),
    }
    return dataset(variables, {"energy": energy_axis(settings.energies_ev)})


def draw(data: xarray.Dataset, axes: Axes) -> None:
    """Draw the bonds at the first energy as arrows, in the plane in which the junction is longest."""
    # Strong ones are drawn last, on top of the weak ones.
    data = data.isel(bond=np.argsort(np.abs(data["current"].values[0])))
    current = data["current"].values[0]
    forward = current >= 0
    start = np.where(forward, data["from_atom"], data["to_atom"])
    end = np.where(forward, data["to_atom"], data["from_atom"])
    along, position = data["along"].values, data["position"].values
    # Across the transport direction, the Cartesian axis along which the atoms spread most beyond what lies along it.
    spread = [np.linalg.lstsq(np.c_[along, np.ones(len(along))], side, rcond=None)[0] for side in position.T]
    rest = position - np.c_[along, np.ones(len(along))] @ np.array(spread).T
    across = rest[:, int(np.argmax(rest.std(axis=0)))]
    arrows = axes.quiver(
        along[start], across[start], (along[end] - along[start]), (across[end] - across[start]), np.abs(current),
        angles="xy", scale_units="xy", scale=1, cmap="Oranges",
    )  # fmt: skip
    axes.plot(along, across, ".", color="0.7", markersize=2, zorder=0)
    axes.figure.colorbar(arrows, ax=axes, label="current (in units of T)")
    axes.set_aspect("equal")
    axes.set_xlabel("along the transport direction (Ang)")
    axes.set_ylabel("across (Ang)")


KIND = Observable(
    "bond-currents",
    "Bond currents",
    "Current from atom to atom of the states from the left lead; through any cut between the leads it sums to T.",
    BondCurrentSettings,
    compute,
    draw,
)
