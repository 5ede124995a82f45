"""Interface of an observable: its settings, its computation from a junction, and its figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from qdjunction.core.errors import InputError
from qdjunction.core.limits import Energy
from qdjunction.core.schema import Section
from qdjunction.transport.axis import normal
from qdjunction.transport.device import Device, has_spinors
from qdjunction.transport.kpoints import k_averaged_transmission, transverse_k
from qdjunction.transport.leads.base import Lead
from qdjunction.transport.leads.contract import K, LeadSettings
from qdjunction.transport.transmission import Transmission

if TYPE_CHECKING:
    import sisl
    import xarray
    from matplotlib.axes import Axes

Energies = Annotated[list[Energy], Field(min_length=1, max_length=1000)]
"""A few energies relative to E_F (eV)."""

Solved = tuple[Device, Lead, Lead]
"""The device that remains to be solved, and the leads on it."""


class ObservableSettings(Section):
    """Settings of an observable."""

    at_one_k: ClassVar[bool] = False
    """Whether the observable has no average over k points."""

    kind: str
    """Name of the observable; a literal in each subclass."""

    @property
    def files(self) -> dict[str, str]:
        """Files that the observable is computed from besides the junction's, by their keys."""
        return {}

    def check(self, energies_ev: NDArray[np.float64]) -> None:
        """Check, before anything is computed, that T(E) at these energies (eV) suffices for the settings.

        Raises
        ------
        InputError
            If it does not.
        """


@dataclass(frozen=True, eq=False)
class JunctionContext:
    """A junction with everything that an observable is computed from.

    Attributes
    ----------
    hamiltonian : sisl.Hamiltonian
        H and S, E_F at zero.
    left_atoms, right_atoms : (n,) array of int
        Atoms of the lead regions.
    leads : LeadSettings
        Settings that attach the leads.
    axis : int
        Lattice vector of the transport direction.
    energies_ev : (n_energies,) array
        Energies of T(E), relative to E_F (eV).
    left_metal, right_metal : (n,) array of int
        All metal atoms of either side, those of the leads among them.
    electrons : (n_atoms,) array or None
        Electrons of each atom with which the dot is a closed shell, if the file states them.
    kpoints : 2 ints
        Numbers of k points across the transport direction.
    spin : int or None
        Spin of a collinear calculation: 0 for up, 1 for down.
    known : Transmission or None
        T(E), if it has been computed before.
    """

    hamiltonian: sisl.Hamiltonian
    left_atoms: NDArray[np.int64]
    right_atoms: NDArray[np.int64]
    leads: LeadSettings
    axis: int
    energies_ev: NDArray[np.float64]
    left_metal: NDArray[np.int64]
    right_metal: NDArray[np.int64]
    electrons: NDArray[np.float64] | None = None
    kpoints: tuple[int, int] = (1, 1)
    spin: int | None = None
    known: Transmission | None = None

    def attach(self, device: Device, k: K) -> Solved:
        """Return the device that remains to be solved at a k point, and the leads on it."""
        return self.leads.attach(device, self.left_atoms, self.right_atoms, k)

    def solved(self, *, reduce: bool = True) -> Iterator[tuple[float, Solved]]:
        """Yield the weight of each k point with the device and the leads there; the weights sum to 1.

        With `reduce` the points are those of `transverse_k` reduced by time reversal, if the Hamiltonian has it.
        """
        grid = transverse_k(self.hamiltonian, self.kpoints, self.axis, reduce=reduce)
        for k, weight in zip(*grid, strict=True):
            point: K = (float(k[0]), float(k[1]), float(k[2]))
            device = Device.from_hamiltonian(self.hamiltonian, point, open_axis=self.axis, spin=self.spin)
            yield float(weight), self.attach(device, point)

    def average(self, compute: Callable[[Device, Lead, Lead], Any], *, reduce: bool = True) -> Any:
        """Return the average over the k points of what `compute` returns: an array, dense or sparse.

        `reduce` must be False for quantities that differ between k and -k, as those of the states from one lead do.
        """
        total: Any = 0.0
        for weight, system in self.solved(reduce=reduce):
            total = total + weight * compute(*system)
        return total

    def single(self, what: str) -> Solved:
        """Return the device and the leads at the only k point.

        Raises
        ------
        InputError
            If there are several k points; `what` is named as the quantity without an average.
        """
        (_, system), *others = self.solved()
        if others:
            raise InputError(f"{what}: has no average over k points; compute it with one")
        return system

    def check_no_spinors(self, what: str, why: str) -> None:
        """Check that states have one spin component.

        Raises
        ------
        InputError
            If they are spinors; `what` and `why` name the quantity that has no meaning for them, and the reason.
        """
        if has_spinors(self.hamiltonian):
            raise InputError(
                f"{what}: the Hamiltonian is non-collinear or has spin-orbit coupling, and {why}; compute the junction "
                "with collinear spin"
            )

    @cached_property
    def transmission(self) -> Transmission:
        """T(E), averaged over the k points."""
        if self.known is not None:
            return self.known
        return k_averaged_transmission(
            self.hamiltonian, self.attach, self.energies_ev, self.kpoints, axis=self.axis, spin=self.spin
        ).result

    def metal_orbitals(self, device: Device) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the orbitals of the metal that the device still contains on the left and on the right side."""
        left, right = (
            np.flatnonzero(np.isin(device.orbital_atoms, atoms))
            for atoms in (self.left_metal, self.right_metal)
        )
        return left, right

    @cached_property
    def along_ang(self) -> NDArray[np.float64]:
        """Position of each atom along the transport direction (Ang), (n_atoms,)."""
        geometry = self.hamiltonian.geometry
        return np.asarray(geometry.xyz @ normal(geometry.cell, self.axis))


S = TypeVar("S", bound=ObservableSettings)


@dataclass(frozen=True)
class Observable(Generic[S]):
    """An observable as the registry knows it.

    Attributes
    ----------
    name : str
        Name in configurations, on the command line and of the file of a study.
    title : str
        Title in the report.
    caption : str
        Caption of its figure, one sentence.
    Settings : type of ObservableSettings
        Model of its keys.
    compute : callable
        Takes a `JunctionContext` and settings; returns an xarray.Dataset whose variables and coordinates all have the
        attributes `units` and `long_name`.
    draw : callable
        Draws such a data set on matplotlib axes.
    not_in_study : str
        Why the junctions that a study computes cannot have it; empty if they can.
    """

    name: str
    title: str
    caption: str
    Settings: type[S]
    compute: Callable[[JunctionContext, S], xarray.Dataset]
    draw: Callable[[xarray.Dataset, Axes], None]
    not_in_study: str = ""


Quantity = tuple[Sequence[str], ArrayLike, dict[str, str]]
"""Dimensions, values and attributes of a variable of a data set."""


def quantity(dimensions: str | Sequence[str], values: ArrayLike, units: str, long_name: str) -> Quantity:
    """Return a variable for `dataset`; dimensionless values have the units ``1``."""
    names = (dimensions,) if isinstance(dimensions, str) else tuple(dimensions)
    return names, values, {"units": units, "long_name": long_name}


def energy_axis(energies_ev: ArrayLike) -> Quantity:
    """Return the coordinate ``energy``, (n_energies,)."""
    return quantity("energy", energies_ev, "eV", "energy relative to the Fermi energy")


def dataset(
    variables: Mapping[str, Quantity], coordinates: Mapping[str, Quantity], **attributes: float
) -> xarray.Dataset:
    """Return a data set of variables made by `quantity`."""
    import xarray

    return xarray.Dataset(dict(variables), dict(coordinates), attributes)


def draw_against_energy(data: xarray.Dataset, axes: Axes, **labels: str) -> None:
    """Draw variables over ``energy`` on a logarithmic scale, each with its label; zeros leave gaps."""
    for name, label in labels.items():
        values = data[name].where(data[name] > 0)
        axes.semilogy(data["energy"], values, label=label)
    axes.set_xlabel("$E - E_F$ (eV)")
    if len(labels) > 1:
        axes.legend()
