"""Complex band structure of a periodic crystal: how fast its states decay, and the beta that follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from qdjunction.core.errors import TransportError
from qdjunction.core.matrix_files import read_matrices
from qdjunction.transport.axis import parse_axis
from qdjunction.transport.device import without_spin
from qdjunction.transport.leads.contract import K
from qdjunction.transport.leads.folding import folded_layer
from qdjunction.transport.observables.contract import (
    JunctionContext,
    Observable,
    ObservableSettings,
    dataset,
    quantity,
)

if TYPE_CHECKING:
    import sisl
    import xarray
    from matplotlib.axes import Axes

PROPAGATING = 1e-6
"""Largest | |lambda| - 1 | of a state that propagates."""


@dataclass(frozen=True, eq=False)
class ComplexBands:
    """Bloch factors ``lambda = exp(i k a)`` of a crystal, k complex, at given energies.

    Attributes
    ----------
    energies_ev : (n_energies,) array
        Energies relative to the Fermi energy (eV).
    period_ang : float
        Length a of the translation that lambda belongs to (Ang).
    factors : tuple of arrays
        At each energy all lambda that propagate or decay in the positive direction, the slowest decay first.
        Those that grow are their inverses.
    """

    energies_ev: NDArray[np.float64]
    period_ang: float
    factors: tuple[NDArray[np.complex128], ...]

    @property
    def propagating(self) -> NDArray[np.int64]:
        """Number of states at each energy that do not decay, both directions counted."""
        return np.array([int((np.abs(np.abs(one) - 1) < PROPAGATING).sum()) for one in self.factors])

    @property
    def beta_per_ang(self) -> NDArray[np.float64]:
        """Attenuation factor ``beta = 2 Im k`` of the slowest decay (1/Ang), G ~ exp(-beta L); 0 in a band.

        Infinite where every state ends within one period.
        """
        slowest = np.array([np.abs(one).max(initial=0.0) for one in self.factors])
        with np.errstate(divide="ignore"):
            beta = -2 * np.log(np.minimum(slowest, 1.0)) / self.period_ang
        return np.where(self.propagating > 0, 0.0, beta)


def complex_bands(
    hamiltonian: sisl.Hamiltonian,
    energies_ev: ArrayLike,
    axis: int = 2,
    k: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> ComplexBands:
    """Compute the complex band structure along a lattice vector.

    ``[lambda^-1 A_-1 + A_0 + lambda A_1] u = 0`` with ``A_c = E S_c - H_c`` and c the number of cells along the
    vector, made linear in lambda. If H couples beyond the next cell, several cells are taken as one.

    Parameters
    ----------
    hamiltonian : sisl.Hamiltonian
        H and S of the crystal, E_F at zero, with its auxiliary cell along `axis`; unpolarised or of spinors.
    energies_ev : float or (n_energies,) array
        Energies (eV).
    axis : int
        Lattice vector of the decay.
    k : 3 floats
        Reduced k point; its component along `axis` is not used. The slowest decay of all is often, but not
        always, that at Gamma.

    Returns
    -------
    ComplexBands

    Raises
    ------
    TransportError
        If H has no couplings along `axis`.

    Notes
    -----
    Source: V. Heine, Proc. Phys. Soc. 81, 300 (1963); J. K. Tomfohr and O. F. Sankey, Phys. Rev. B 65, 245105
    (2002) for beta.
    """
    reach = int(hamiltonian.nsc[axis]) // 2
    if reach < 1:
        raise TransportError(
            f"complex bands: H holds no couplings to images along lattice vector {'abc'[axis]} (its nsc is 1); "
            "compute it with several k points along it"
        )
    hamiltonian = without_spin(hamiltonian, None, "complex bands")
    unit = hamiltonian if reach == 1 else hamiltonian.tile(reach, axis)
    in_plane: K = tuple(0.0 if i == axis else float(x) for i, x in enumerate(k))  # type: ignore[assignment]
    (H0, S0), (H1, S1) = (folded_layer(unit, axis, cell, in_plane) for cell in (0, 1))
    energies = np.atleast_1d(np.asarray(energies_ev, dtype=float))
    n = len(H0)
    one, zero = np.eye(n), np.zeros((n, n))
    factors = []
    for energy in energies:
        here, along = energy * S0 - H0, energy * S1 - H1
        back = energy * S1.conj().T - H1.conj().T
        # (u, lambda u) as the unknown.
        left = np.block([[zero, one], [-back, -here]])
        right = np.block([[one, zero], [zero, along]])
        above, below = scipy.linalg.eigvals(left, right, homogeneous_eigvals=True, check_finite=False)
        kept = np.abs(above) <= (1 + PROPAGATING) * np.abs(below)
        # A lambda of zero belongs to a state that ends within the unit.
        found = above[kept] / below[kept]
        found = found[np.abs(found) > np.finfo(float).tiny]
        factors.append(found[np.argsort(-np.abs(found), kind="stable")])
    period = _spacing_ang(unit, axis)
    return ComplexBands(energies, period, tuple(factors))


def _spacing_ang(unit: sisl.Hamiltonian, axis: int) -> float:
    """Return how far (Ang) a translation along a lattice vector leads away along the direction of the decay.

    At a fixed k across, states decay at a right angle to the vectors along which H is periodic, whichever cell
    describes the crystal.
    """
    cell = unit.geometry.cell
    across = [cell[vector] for vector in range(3) if vector != axis and unit.nsc[vector] > 1]
    along = cell[axis]
    if across:
        basis, _ = np.linalg.qr(np.array(across).T)
        along = along - basis @ (basis.T @ along)
    return float(np.linalg.norm(along))


class ComplexBandSettings(ObservableSettings):
    """Complex bands: the attenuation factor beta of a periodic crystal, for comparison with that of its junctions."""

    kind: Literal["complex-bands"] = "complex-bands"
    """Complex bands, at the energies of T(E)."""
    crystal: str = Field(min_length=1)
    """File with H and S of the crystal, e.g. a TSHS; in a study relative to the folder in which Snakemake runs."""
    crystal_fermi_ev: float | None = None
    """Fermi energy on the energy scale of that file (eV), for files that do not state it."""
    direction: Literal["a", "b", "c"] = "c"
    """Lattice vector of the crystal along which its states decay."""
    kpoint: list[Annotated[float, Field(ge=-1, le=1)]] = Field(
        default=[0.0, 0.0, 0.0], min_length=3, max_length=3
    )
    """Reduced k point across that direction, one number for each lattice vector; that of `direction` is not used. Every
    k point is equivalent to one between -1 and 1."""

    @property
    def files(self) -> dict[str, str]:
        """The file of the crystal."""
        return {"crystal": self.crystal}


def compute(context: JunctionContext, settings: ComplexBandSettings) -> xarray.Dataset:
    """Return beta and the number of propagating states of the crystal at the energies of T(E).

    Energies are relative to the crystal's own Fermi energy.
    """
    crystal = read_matrices(settings.crystal, settings.crystal_fermi_ev, "crystal_fermi_ev")
    x, y, z = settings.kpoint
    found = complex_bands(crystal, context.energies_ev, parse_axis(settings.direction), (x, y, z))
    variables = {
        "beta": quantity("energy", found.beta_per_ang, "1/Ang", "attenuation factor of the slowest decay"),
        "propagating": quantity("energy", found.propagating, "1", "number of states that do not decay"),
    }
    energy = quantity("energy", found.energies_ev, "eV", "energy relative to the Fermi energy of the crystal")
    return dataset(variables, {"energy": energy}, period_ang=found.period_ang)


def draw(data: xarray.Dataset, axes: Axes) -> None:
    """Draw beta against energy."""
    axes.plot(data["energy"], data["beta"].where(np.isfinite(data["beta"])))
    axes.set_xlabel("$E - E_F$ of the crystal (eV)")
    axes.set_ylabel("beta (1/Ang)")


KIND = Observable(
    "complex-bands",
    "Complex bands of the crystal",
    "Attenuation factor of the slowest decay in the periodic crystal, zero in its bands.",
    ComplexBandSettings,
    compute,
    draw,
)
