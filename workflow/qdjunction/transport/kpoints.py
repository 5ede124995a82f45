"""Transmission of a device that is periodic across the transport direction: the average over transverse k."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError
from qdjunction.transport.device import Device, has_spinors
from qdjunction.transport.leads.base import Lead
from qdjunction.transport.leads.contract import K
from qdjunction.transport.solvers.arrays import ArrayLibrary
from qdjunction.transport.transmission import SolverName, Transmission, transmission

if TYPE_CHECKING:
    import sisl
    import xarray

logger = logging.getLogger(__name__)

_SAME_K = 1e-6
"""Difference below which reduced k points are the same."""

Attach = Callable[[Device, K], tuple[Device, Lead, Lead]]


@dataclass(frozen=True, eq=False)
class KAverage:
    """T(E) averaged over transverse k.

    Attributes
    ----------
    k_points : (n_k, 3) array
        Reduced k points; of each pair k and -k only one where both have the same T.
    weights : (n_k,) array
        Weights; they sum to 1.
    at_k : tuple of Transmission
        T(E) at each k point.
    counts : 2 ints
        Numbers of k points along the two lattice vectors across the transport direction.
    axis : int
        Lattice vector of the transport direction.
    """

    k_points: NDArray[np.float64]
    weights: NDArray[np.float64]
    at_k: tuple[Transmission, ...]
    counts: tuple[int, int] = (1, 1)
    axis: int = 2

    @property
    def result(self) -> Transmission:
        """The average, with the largest of the error estimates and the sum of the wall times."""
        first = self.at_k[0]
        return Transmission(
            energies_ev=first.energies_ev,
            transmission=np.einsum("k,ke->e", self.weights, [one.transmission for one in self.at_k]),
            solver=first.solver,
            leads=first.leads,
            error_estimate=max(one.error_estimate for one in self.at_k),
            wall_time_s=sum(one.wall_time_s for one in self.at_k),
            n_spins=first.n_spins,
            spin=first.spin,
        )

    @property
    def grids(self) -> dict[tuple[int, int], NDArray[np.float64]]:
        """T(E) of every coarser grid whose points are among these, and of the grid itself, from Gamma alone on.

        How T(E) converges with the number of k points thus costs no calculation.
        """
        common = math.gcd(*self.counts)
        coarser = {
            (self.counts[0] // n, self.counts[1] // n) for n in range(1, common + 1) if common % n == 0
        }
        values = np.array([one.transmission for one in self.at_k])
        return {grid: self._weights_of(grid) @ values for grid in sorted({(1, 1), *coarser}, key=math.prod)}

    def _weights_of(self, counts: tuple[int, int]) -> NDArray[np.float64]:
        """Return the weight of each k point in a Gamma-centred grid."""
        weights = np.zeros(len(self.k_points))
        across = [vector for vector in range(3) if vector != self.axis]
        for place in product(*map(range, counts)):
            point = np.zeros(3)
            point[across] = np.array(place) / counts
            # A grid that is reduced by time reversal has either k or -k, any other one k itself.
            same, opposite = (
                np.abs(d - np.round(d)).max(axis=1) for d in (self.k_points - point, self.k_points + point)
            )
            nearest = same if same.min() < _SAME_K else opposite
            weights[nearest.argmin()] += 1 / math.prod(counts)
        return weights

    def to_dataset(self) -> xarray.Dataset:
        """Return an xarray data set.

        ``transmission`` over ``energy``, ``transmission_k`` at each k point, and ``transmission_grid`` of each of the
        `grids`, with its counts in ``grid_counts``.
        """
        dataset = self.result.to_dataset()
        dataset["transmission_k"] = (
            ("kpoint", "energy"),
            np.array([one.transmission for one in self.at_k]),
            {"units": "1", "long_name": "transmission at each k point"},
        )
        if self.at_k[0].channels is not None:
            dataset["channels"] = (
                ("kpoint", "energy", "channel"),
                np.array([one.channels for one in self.at_k]),
                {"units": "1", "long_name": "eigenchannel transmission at each k point"},
            )
        grids = self.grids
        dataset["transmission_grid"] = (
            ("grid", "energy"),
            np.array(list(grids.values())),
            {"units": "1", "long_name": "transmission with fewer k points"},
        )
        dataset["grid_counts"] = (
            ("grid", "direction"),
            np.array(list(grids)),
            {"units": "1", "long_name": "number of k points along each direction"},
        )
        dataset["weight"] = ("kpoint", self.weights, {"units": "1", "long_name": "weight of each k point"})
        dataset["k"] = (("kpoint", "axis"), self.k_points, {"units": "1", "long_name": "reduced k point"})
        return dataset


def transverse_k(
    hamiltonian: sisl.Hamiltonian, counts: tuple[int, int], axis: int, *, reduce: bool = True
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a Gamma-centred Monkhorst-Pack grid across the transport direction.

    It is reduced by time reversal, except for spinors and complex H: there ``H(-k) = H(k)*`` does not hold, and with a
    magnetisation T at k and -k may differ.

    Parameters
    ----------
    hamiltonian : sisl.Hamiltonian
        H and S of the device cell.
    counts : 2 ints
        Numbers of k points along the two lattice vectors other than `axis`, in their order.
    axis : int
        Lattice vector of the transport direction.
    reduce : bool
        Whether time reversal reduces the grid. T, the total density of states and what follows from them are the same
        at k and -k; what belongs to the states from one lead is not, nor are bond currents.

    Returns
    -------
    k_points : (n_k, 3) array
        Reduced k points.
    weights : (n_k,) array
        Their weights; they sum to 1.

    Raises
    ------
    InputError
        If a count is below 1, or above 1 along a vector without periodic images.
    """
    grid = [1, 1, 1]
    for vector, count in zip((v for v in range(3) if v != axis), counts, strict=True):
        if count < 1:
            raise InputError(f"k points: {count} along lattice vector {'abc'[vector]}; give 1 or more")
        if count > 1 and hamiltonian.nsc[vector] == 1:
            raise InputError(
                f"k points: {count} along lattice vector {'abc'[vector]}, but H holds no couplings to images "
                "along it (its nsc is 1); give 1 there, or compute H with several k points"
            )
        grid[vector] = count
    import sisl

    reversible = reduce and hamiltonian.dkind == "f" and not has_spinors(hamiltonian)
    mesh = sisl.MonkhorstPack(hamiltonian.geometry.lattice, grid, trs=reversible)
    return mesh.k, mesh.weight / mesh.weight.sum()


def k_averaged_transmission(
    hamiltonian: sisl.Hamiltonian,
    attach: Attach,
    energies_ev: ArrayLike,
    counts: tuple[int, int],
    solver: SolverName = "auto",
    *,
    axis: int,
    spin: int | None = None,
    channels: int = 0,
    checks: int = 2,
    arrays: ArrayLibrary = "numpy",
) -> KAverage:
    """Compute T(E) at every transverse k point, and the average.

    Parameters
    ----------
    hamiltonian : sisl.Hamiltonian
        H and S of the device cell with its images across the transport direction.
    attach : callable
        Takes the device folded to a k point and that k point, and returns the device to solve and its leads, as
        `JunctionContext.attach` does.
    energies_ev, solver, channels, checks, arrays
        As for `transmission`.
    counts : 2 ints
        Numbers of k points, see `transverse_k`.
    axis : int
        Lattice vector of the transport direction (see `transport_axis`); couplings to images along it are dropped.
    spin : int, optional
        As for `Device.from_hamiltonian`.

    Returns
    -------
    KAverage

    Raises
    ------
    InputError
        If `counts` do not fit the file.

    See Also
    --------
    transmission : T(E) at one k point
    """
    k_points, weights = transverse_k(hamiltonian, counts, axis)
    at_k = []
    for number, k in enumerate(k_points, start=1):
        point: K = (float(k[0]), float(k[1]), float(k[2]))
        if len(k_points) > 1:
            logger.info("k point %d of %d: (%.4f, %.4f, %.4f)", number, len(k_points), *point)
        device = Device.from_hamiltonian(hamiltonian, point, open_axis=axis, spin=spin)
        at_k.append(
            transmission(
                *attach(device, point), energies_ev, solver, channels=channels, checks=checks, arrays=arrays
            )
        )
    return KAverage(k_points, weights, tuple(at_k), counts, axis)
