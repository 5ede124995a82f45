"""Local density of states, total and by the lead from which the states come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from qdjunction.core.errors import InputError
from qdjunction.core.progress import with_progress
from qdjunction.transport.device import Device, has_spinors
from qdjunction.transport.leads.base import Lead, broadening
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
    import sisl
    import xarray
    from matplotlib.axes import Axes

Source = Literal["left", "right", "both"]


@dataclass(frozen=True, eq=False)
class InjectedDensity:
    """Density of the scattering states that come in from either lead.

    Attributes
    ----------
    energies_ev : (n_energies,) array
        Energies relative to the Fermi energy (eV).
    left, right : (n_energies, n_atoms) array
        States of one spin direction, for spinors of both, per eV on each atom that enter from the left, from the right.
    """

    energies_ev: NDArray[np.float64]
    left: NDArray[np.float64]
    right: NDArray[np.float64]


def local_density_of_states(
    device: Device, left: Lead, right: Lead, energies_ev: ArrayLike
) -> NDArray[np.float64]:
    """Return the density of states on each atom.

    Mulliken projection, ``-1/pi Im sum_(i on a) (G S)_ii``; it sums to the total density of states of the device
    and may be slightly negative on single atoms.

    Parameters
    ----------
    device : Device
        H and S.
    left, right : Lead
        Leads.
    energies_ev : float or (n_energies,) array
        Energies relative to the Fermi energy (eV).

    Returns
    -------
    (n_energies, n_atoms) array
        States of one spin direction, for spinors of both, per eV.

    See Also
    --------
    injected_density : separated by lead
    density_grid : in space
    """
    parts = injected_density(device, left, right, energies_ev)
    return parts.left + parts.right


def injected_density(device: Device, left: Lead, right: Lead, energies_ev: ArrayLike) -> InjectedDensity:
    """Return the local density of states, separated by the lead that the states come from.

    With ``A_L = G Gamma_L G^dagger`` and likewise A_R, ``i (G - G^dagger) = A_L + A_R`` if only the leads broaden the
    levels, and the projection on an atom is ``1/(2 pi) Re sum_(i on a) (A S)_ii``.

    Parameters
    ----------
    device, left, right, energies_ev
        As in `local_density_of_states`.

    Returns
    -------
    InjectedDensity

    See Also
    --------
    local_density_of_states : the sum over both leads

    Notes
    -----
    Source: S. Datta, *Electronic Transport in Mesoscopic Systems* (1995), sec. 3.6; overlap as in M. Paulsson
    and M. Brandbyge, Phys. Rev. B 76, 115117 (2007).
    """
    energies = np.atleast_1d(np.asarray(energies_ev, dtype=float))
    solver = DirectSolver(device, left, right)
    both = np.concatenate([left.orbitals, right.orbitals])
    densities = np.zeros((2, len(energies), device.n_atoms))
    for i, energy in enumerate(with_progress(energies, "local density", unit="energies")):
        green = solver.columns(energy, both)
        sides = np.split(green, [len(left.orbitals)], axis=1)
        for side, lead, columns in zip(densities, (left, right), sides, strict=True):
            injected = columns @ broadening(lead.self_energy(energy))
            per_orbital = np.einsum("im,im->i", device.S @ injected, columns.conj()).real / (2 * np.pi)
            side[i] = np.bincount(device.orbital_atoms, per_orbital, minlength=device.n_atoms)
    return InjectedDensity(energies, densities[0], densities[1])


def spectral_function(
    device: Device, left: Lead, right: Lead, energy_ev: float, source: Source = "both"
) -> NDArray[np.complex128]:
    """Return the spectral function of the states that come in from one lead or from both.

    ``A = G Gamma G^dagger``; from both, it is ``i (G - G^dagger)`` if only the leads broaden the levels.

    Parameters
    ----------
    device, left, right
        As for `transmission`.
    energy_ev : float
        Energy relative to the Fermi energy (eV).
    source : {"both", "left", "right"}
        Where the states come from.

    Returns
    -------
    (n_orbitals, n_orbitals) array
        Spectral function (1/eV) in the non-orthogonal basis, ``sum psi psi^dagger`` of the scattering states.

    Raises
    ------
    InputError
        If `source` is unknown.
    """
    leads = {"left": (left,), "right": (right,), "both": (left, right)}
    if source not in leads:
        raise InputError(f"source: {source!r} is unknown; choose left, right or both")
    solver = DirectSolver(device, left, right)
    spectral = np.zeros((device.n_orbitals, device.n_orbitals), dtype=np.complex128)
    for lead in leads[source]:
        columns = solver.columns(energy_ev, lead.orbitals)
        spectral += columns @ broadening(lead.self_energy(energy_ev)) @ columns.conj().T
    return spectral


def density_grid(
    geometry: sisl.Geometry,
    device: Device,
    left: Lead,
    right: Lead,
    energy_ev: float,
    source: Source = "both",
    spacing_ang: float = 0.2,
) -> sisl.Grid:
    """Return the local density of states on a grid in space, which ``grid.write("ldos.cube")`` writes.

    Parameters
    ----------
    geometry : sisl.Geometry
        All atoms of the junction with the radial functions of their orbitals, which sisl reads from the .ion files
        beside a SIESTA input. Atoms that leads replace contribute nothing.
    device, left, right
        As for `transmission`.
    energy_ev : float
        Energy relative to the Fermi energy (eV).
    source : {"both", "left", "right"}
        Which scattering states.
    spacing_ang : float
        Distance between grid points (Ang).

    Returns
    -------
    sisl.Grid
        States of one spin direction, for spinors of both, per eV and cubic Angstrom.

    Raises
    ------
    InputError
        If the orbitals have no radial functions, or are not those of the device, or the junction is periodic across the
        transport direction.

    See Also
    --------
    local_density_of_states : on atoms
    """
    import sisl

    if not spacing_ang > 0:
        raise InputError(f"density grid: spacing is {spacing_ang} Ang; it must be larger than 0")
    for atom in geometry.atoms.atom:
        if any(type(orbital) is sisl.Orbital or orbital.R <= 0 for orbital in atom.orbitals):
            raise InputError(
                f"density grid: the orbitals of {atom.symbol} have no radial functions; read the geometry with "
                "its basis (the .ion files of SIESTA)"
            )
    if device.cell is not None and any(
        images > 1
        for vector, images in enumerate(device.cell.geometry.nsc)
        if vector != device.cell.open_axis
    ):
        raise InputError(
            "density grid: the junction is periodic across the transport direction, and products of orbitals with "
            "images have no place in the grid; take the density by atoms (ldos), or a junction in a large cell"
        )
    atoms = np.unique(device.orbital_atoms)
    places = geometry.a2o(atoms, all=True) if atoms.max(initial=-1) < geometry.na else np.empty(0)
    places = np.repeat(places, device.n_spins)
    if len(places) != device.n_orbitals:
        raise InputError(
            f"density grid: the atoms of the device have {len(places)} orbitals in the geometry and "
            f"{device.n_orbitals} in the device"
        )
    pattern = scipy.sparse.coo_array(abs(scipy.sparse.csr_array(device.S)))
    i, j = pattern.coords
    values = spectral_function(device, left, right, energy_ev, source)[i, j].real / (2 * np.pi)
    shape = (geometry.no, geometry.no)
    isolated = geometry.copy()
    isolated.set_nsc([1, 1, 1])
    matrix = scipy.sparse.coo_array((values, (places[i], places[j])), shape=shape).tocsr()
    grid = sisl.Grid(spacing_ang, geometry=isolated, dtype=np.float64)
    sisl.DensityMatrix.fromsp(isolated, scipy.sparse.csr_matrix(matrix)).density(grid)
    return grid


class LdosSettings(ObservableSettings):
    """Local density of states on each atom, by the lead that the states come from."""

    kind: Literal["ldos"] = "ldos"
    """Local density of states by atom."""
    energies_ev: Energies = Field(default=[0.0])
    """Energies relative to the Fermi energy (eV)."""


def compute(context: JunctionContext, settings: LdosSettings) -> xarray.Dataset:
    """Return the LDOS of every atom, averaged over k; NaN on atoms that a lead replaces."""
    n_atoms, n_energies = context.hamiltonian.geometry.na, len(settings.energies_ev)

    def densities(device: Device, left: Lead, right: Lead) -> NDArray[np.float64]:
        found = injected_density(device, left, right, settings.energies_ev)
        values = np.full((2, n_energies, n_atoms), np.nan)
        inside = np.unique(device.orbital_atoms)
        values[:, :, inside] = np.stack([found.left, found.right])[:, :, inside]
        return values

    # Time reversal exchanges k and -k, and with them the states that enter with those that leave.
    sides = context.average(densities, reduce=False)
    counted = "of both spins" if has_spinors(context.hamiltonian) else "per spin"
    variables = {
        name: quantity(("energy", "atom"), values, "1/eV", f"states {counted} {meaning}")
        for name, values, meaning in (
            ("ldos_left", sides[0], "that enter from the left lead"),
            ("ldos_right", sides[1], "that enter from the right lead"),
            ("ldos", sides[0] + sides[1], "in total"),
        )
    }
    variables["along"] = quantity("atom", context.along_ang, "Ang", "position along the transport direction")
    return dataset(variables, {"energy": energy_axis(settings.energies_ev)})


def draw(data: xarray.Dataset, axes: Axes) -> None:
    """Draw the LDOS of the atoms at the first energy along the transport direction, by lead."""
    for name, label in (("ldos_left", "from the left"), ("ldos_right", "from the right")):
        values = data[name].isel(energy=0)
        axes.semilogy(data["along"], values.where(values > 0), "o", markersize=3, label=label)
    axes.set_xlabel("along the transport direction (Ang)")
    axes.set_ylabel("LDOS (1/eV)")
    axes.legend()


KIND = Observable(
    "ldos",
    "Local density of states",
    "States of one spin direction, for spinors of both, per eV on each atom, by the lead that they enter from.",
    LdosSettings,
    compute,
    draw,
)
