"""T(E) of a device between two leads: choice of the solver, error estimate, and files."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from qdjunction import __version__
from qdjunction.core.errors import InputError, TransportError
from qdjunction.core.files import absent, atomic_write
from qdjunction.transport.device import SPINS, Device
from qdjunction.transport.leads.base import Lead
from qdjunction.transport.solvers.arrays import ArrayLibrary, array_library
from qdjunction.transport.solvers.base import Solver
from qdjunction.transport.solvers.contact_reduction import ContactReduction
from qdjunction.transport.solvers.direct import DirectSolver
from qdjunction.transport.solvers.layers import LayerSolver, find_layers
from qdjunction.transport.solvers.memory import GIB, available_bytes

if TYPE_CHECKING:
    import xarray

logger = logging.getLogger(__name__)

SolverName = Literal["auto", "contact-reduction", "direct", "layers"]
SOLVERS = {solver.name: solver for solver in (ContactReduction, DirectSolver, LayerSolver)}

TRUSTED_ERROR = 1e-6
"""Largest relative error at the checked energies that ``solver="auto"`` accepts from the contact reduction."""

NEGLIGIBLE = 1e-24
"""Transmission below which a relative error is meaningless."""


@dataclass(frozen=True, eq=False)
class Transmission:
    """T(E) between two leads: of one spin direction, or of both where states are spinors.

    Attributes
    ----------
    energies_ev : (n,) array
        Energies relative to the Fermi energy (eV).
    transmission : (n,) array
        Transmission, summed over `n_spins` spin directions.
    solver : str
        Name of the solver.
    leads : tuple of str
        Descriptions of the left and the right lead.
    error_estimate : float
        Largest relative error of the contact reduction at the checked energies, from the residual of ``(E S - H -
        Sigma) G = 1``; 0 for other solvers.
    wall_time_s : float
        Wall time (s), decomposition and checks included.
    channels : (n, n_channels) array
        The largest eigenchannel transmissions at each energy, descending.
    n_spins : int
        Number of spin directions that T counts: 1, or 2 for spinors (non-collinear spin, spin-orbit coupling).
    spin : int or None
        Direction of a collinear calculation that T is of: 0 for up, 1 for down.
    """

    energies_ev: NDArray[np.float64]
    transmission: NDArray[np.float64]
    solver: str
    leads: tuple[str, str]
    error_estimate: float
    wall_time_s: float
    channels: NDArray[np.float64] | None = None
    n_spins: int = 1
    spin: int | None = None

    @property
    def conductance_g0(self) -> NDArray[np.float64]:
        """Conductance at zero temperature with E_F at each energy (G0): T of one spin direction, or the mean of both.

        ``G = e^2/h T`` for spinors, and ``2 e^2/h T`` if both spin directions have the same T. If T is of one `spin` of
        a collinear calculation, the conductance of the junction is the mean of this for both directions.
        """
        return self.transmission / self.n_spins

    def to_dataset(self) -> xarray.Dataset:
        """Return an xarray data set: ``transmission`` over the coordinate ``energy``."""
        import xarray

        energy = xarray.Variable(
            "energy", self.energies_ev, {"units": "eV", "long_name": "energy relative to the Fermi energy"}
        )
        of = "" if self.spin is None else f" of spin {SPINS[self.spin]}"
        named = {"units": "1", "long_name": f"transmission{of}"}
        values = xarray.Variable("energy", self.transmission, named)
        attributes = {
            "solver": self.solver,
            "lead_left": self.leads[0],
            "lead_right": self.leads[1],
            "error_estimate": self.error_estimate,
            "wall_time_s": self.wall_time_s,
            "n_spins": self.n_spins,
            **({} if self.spin is None else {"spin": SPINS[self.spin]}),
        }
        variables = {"transmission": values}
        if self.channels is not None:
            variables["channels"] = xarray.Variable(
                ("energy", "channel"), self.channels, {"units": "1", "long_name": "eigenchannel transmission"}
            )
        return xarray.Dataset(variables, {"energy": energy}, attributes)

    @classmethod
    def from_dataset(cls, dataset: xarray.Dataset) -> Transmission:
        """Return the transmission that `to_dataset` stored.

        Raises
        ------
        InputError
            If the data set holds no ``transmission`` over ``energy`` in eV.
        """
        if "transmission" not in dataset or "energy" not in dataset.variables:
            raise InputError(
                f"transmission data: holds {sorted(map(str, dataset.variables))}; "
                "energy and transmission are needed"
            )
        units = dataset["energy"].attrs.get("units")
        if units != "eV":
            raise InputError(f"transmission data: energy has units {units!r}; eV is needed")
        attributes = dataset.attrs
        # An average over k points has channels at each k point only.
        averaged = "channels" in dataset and dataset["channels"].dims == ("energy", "channel")
        return cls(
            energies_ev=np.asarray(dataset["energy"].values, dtype=float),
            transmission=np.asarray(dataset["transmission"].values, dtype=float),
            solver=str(attributes.get("solver", "unknown")),
            leads=(str(attributes.get("lead_left", "unknown")), str(attributes.get("lead_right", "unknown"))),
            error_estimate=float(attributes.get("error_estimate", np.nan)),
            wall_time_s=float(attributes.get("wall_time_s", np.nan)),
            channels=np.asarray(dataset["channels"].values) if averaged else None,
            n_spins=int(attributes.get("n_spins", 1)),
            spin=SPINS.index(attributes["spin"]) if attributes.get("spin") in SPINS else None,
        )


def transmission(
    device: Device,
    left: Lead,
    right: Lead,
    energies_ev: ArrayLike,
    solver: SolverName = "auto",
    *,
    channels: int = 0,
    checks: int = 2,
    arrays: ArrayLibrary = "numpy",
) -> Transmission:
    """Compute T(E) exactly.

    Parameters
    ----------
    device : Device
        H and S with the Fermi energy at zero.
    left, right : Lead
        Leads.
    energies_ev : float or (n,) array
        Energies relative to the Fermi energy (eV), in any order.
    solver : {"auto", "contact-reduction", "direct", "layers"}
        ``auto`` takes the cheapest one by `cheaper_solver`. If that is the contact reduction and its error exceeds
        `TRUSTED_ERROR`, all energies are solved directly, with a warning in the log, provided that is more accurate.
    channels : int
        Number of eigenchannel transmissions to return at each energy, the largest first.
    checks : int
        Number of energies at which the error of the contact reduction is measured: that of the smallest transmission
        first, then the one closest to a level, then others spread evenly.
    arrays : {"numpy", "cupy"}
        Array library of the contact reduction. ``cupy`` computes on a GPU, with that solver, and needs the extra
        ``gpu``; self-energies, and a direct solution after a failed check, are computed by NumPy.

    Returns
    -------
    Transmission

    Raises
    ------
    InputError
        If there are no energies, or one is not finite, or the solver is unknown or does not run on `arrays`, or
        `channels` is negative, or the array library is not installed.
    TransportError
        If S is not positive definite, a self-energy is of the wrong shape, or the memory does not suffice.

    See Also
    --------
    adaptive_transmission : T(E) on a grid that is dense at resonances
    k_averaged_transmission : the average over transverse k points
    eigenchannels : scattering states of the eigenchannels
    """
    energies = np.atleast_1d(np.asarray(energies_ev, dtype=float))
    if energies.ndim != 1 or not energies.size or not np.all(np.isfinite(energies)):
        raise InputError("energies: give one or more finite energies in eV")
    if solver not in ("auto", *SOLVERS):
        raise InputError(f"solver: {solver!r} is unknown; choose auto or one of {', '.join(SOLVERS)}")
    if channels < 0:
        raise InputError(f"eigenchannels: {channels} requested; give 0 or more")
    if arrays != "numpy" and solver not in ("auto", ContactReduction.name):
        raise InputError(f"arrays: {solver} runs on numpy only; choose auto or {ContactReduction.name}")
    xp = array_library(arrays)
    for side, lead in (("left", left), ("right", right)):
        shape, m = np.shape(lead.self_energy(energies[0])), len(lead.orbitals)
        if shape != (m, m):
            raise TransportError(f"{side} lead ({lead.description}): self-energy is {shape} on {m} orbitals")
    start = time.perf_counter()
    chosen: str = solver
    if solver == "auto":
        numpy = arrays == "numpy"
        chosen = cheaper_solver(device, left, right, energies.size) if numpy else ContactReduction.name
    needed = SOLVERS[chosen].memory_bytes(device, left, right, energies.size)
    logger.info(
        "T(E) at %d energies, %d orbitals, %d + %d in contact, by %s, with %.2f GiB of memory beside H and S",
        energies.size, device.n_orbitals, len(left.orbitals), len(right.orbitals), chosen, needed / GIB,
    )  # fmt: skip
    free = available_bytes()
    if free is not None and needed > free:
        raise TransportError(
            f"T(E) of {device.n_orbitals} orbitals by {chosen} needs {needed / GIB:.2f} GiB of memory beside H and "
            f"S, and {max(free, 0) / GIB:.2f} GiB are free; run it where there is more, or take fewer orbitals"
        )
    solved: Solver
    if chosen == ContactReduction.name:
        solved = ContactReduction(device, left, right, xp)
    else:
        solved = SOLVERS[chosen](device, left, right)
    values, eigenvalues = solved.solve(energies, channels)
    error = 0.0
    if isinstance(solved, ContactReduction) and checks > 0:
        picked = _worth_checking(energies, values, solved.levels_ev, checks)
        refined = np.array([solved.refined_transmission(float(energy)) for energy in energies[picked]])
        errors = np.abs(values[picked] - refined) / np.maximum(np.abs(refined), NEGLIGIBLE)
        error = float(errors.max())
        if error > TRUSTED_ERROR:
            worst = int(np.argmax(errors))
            energy, right_value = energies[picked[worst]], refined[worst]
            direct = DirectSolver(device, left, right)
            exact = direct.transmission(np.array([energy]))[0]
            better = abs(exact - right_value) < 0.1 * abs(values[picked[worst]] - right_value)
            if not better:
                logger.warning(
                    "T = %.1e at %g eV is accurate to %.0e only, the limit of double precision; a direct solution "
                    "is no better", right_value, energy, error,
                )  # fmt: skip
            elif solver == "auto":
                logger.warning(
                    "contact reduction is off by %.1e; all energies are solved directly instead", error
                )
                values, eigenvalues = direct.solve(energies, channels)
                chosen, error = direct.name, 0.0
            else:
                logger.warning("contact reduction is off by %.1e", error)
    return Transmission(
        energies_ev=energies,
        transmission=values,
        solver=chosen,
        leads=(left.description, right.description),
        error_estimate=error,
        wall_time_s=time.perf_counter() - start,
        channels=eigenvalues if channels else None,
        n_spins=device.n_spins,
        spin=device.spin,
    )


def cheaper_solver(device: Device, left: Lead, right: Lead, n_energies: int) -> str:
    """Return the name of the solver that needs the fewest floating-point operations.

    Floating-point operations of the dense kernels: ``4 n^3`` for the levels and the contacts' rows of all
    states, counted twice since half of them are limited by memory bandwidth (none if the device has them already);
    ``2 n m^2`` for g, ``4 m (m_L^2 + m_R^2)`` for g Sigma and ``8 m^3 / 3 + 8 m^2 m_R`` for Dyson's equation on m
    contact orbitals; ``8 n^3 / 3 + 8 n^2 m_R`` for one LU decomposition with its solutions; real and complex kernels
    counted as such. Layers are considered if the matrices are sparse.
    """
    n = device.n_orbitals
    m_left, m_right = len(left.orbitals), len(right.orbitals)
    m = m_left + m_right
    kernel = 1 if device.is_real else 4
    once = 0 if "spectrum" in device.__dict__ else kernel * 8 * n**3
    product = (4 if device.is_real else 8) * m * (m_left**2 + m_right**2)
    each = kernel * 2 * n * m**2 + product + 8 * m**3 / 3 + 8 * m**2 * m_right
    work = {
        ContactReduction.name: once + n_energies * each,
        DirectSolver.name: n_energies * (8 * n**3 / 3 + 8 * n**2 * m_right),
    }
    if scipy.sparse.issparse(device.H):
        # A device in two pieces has no layers; the other solvers return its T of zero.
        with suppress(TransportError):
            sizes = [len(layer) for layer in find_layers(device, left.orbitals, right.orbitals)] + [0]
            sweep = [8 * a**3 / 3 + 8 * a**2 * (b + m_left) + 8 * a * b**2 for a, b in pairwise(sizes)]
            work[LayerSolver.name] = n_energies * sum(sweep)
    return min(work, key=work.__getitem__)


def _worth_checking(
    energies: NDArray[Any], values: NDArray[Any], levels: NDArray[Any], count: int
) -> NDArray[np.int64]:
    """Return the indices of the energies at which round-off shows first."""
    after = (
        np.clip(np.searchsorted(levels, energies), 1, len(levels) - 1)
        if len(levels) > 1
        else np.zeros(len(energies), int)
    )
    gaps = np.minimum(np.abs(energies - levels[after]), np.abs(energies - levels[after - 1]))
    spread = np.linspace(0, len(energies) - 1, max(count - 2, 1)).round().astype(int)
    ordered = dict.fromkeys([int(np.argmin(values)), int(np.argmin(gaps)), *spread.tolist()])
    return np.array(list(ordered)[:count])


class Described(Protocol):
    """A result with a data set that contains T(E): `Transmission` or `KAverage`."""

    def to_dataset(self) -> xarray.Dataset:
        """Return an xarray data set with ``transmission`` over ``energy``."""
        ...


def write_transmission(
    result: Described,
    path: str | Path,
    provenance: Mapping[str, Any] | None = None,
    more: xarray.Dataset | None = None,
) -> Path:
    """Write T(E) to netCDF.

    Parameters
    ----------
    result : Transmission or KAverage
        Result to write.
    path : str or Path
        File to write, atomically.
    provenance : mapping, optional
        Attributes with the origin of the numbers; values other than text and numbers are stored as JSON.
    more : xarray.Dataset, optional
        Further variables for the same file.

    Returns
    -------
    Path
        `path`.
    """
    dataset = result.to_dataset()
    return write_dataset(dataset if more is None else dataset.merge(more), path, provenance or {})


def write_dataset(dataset: xarray.Dataset, path: str | Path, attributes: Mapping[str, Any]) -> Path:
    """Write a data set to netCDF.

    Parameters
    ----------
    dataset : xarray.Dataset
        Data set to write; the attributes are added to it.
    path : str or Path
        File to write, atomically.
    attributes : mapping
        Values other than text and numbers are stored as JSON.

    Returns
    -------
    Path
        `path`.
    """
    dataset.attrs["created_with"] = f"qdjunction {__version__}"
    for key, value in attributes.items():
        dataset.attrs[key] = (
            value if isinstance(value, str | int | float) else json.dumps(value, sort_keys=True)
        )
    with atomic_write(path) as temporary:
        dataset.to_netcdf(temporary, engine="netcdf4")
    return Path(path)


def read_transmission(path: str | Path) -> Transmission:
    """Read T(E) from netCDF.

    Raises
    ------
    InputError
        If the file is missing, unreadable or holds no T(E).
    """
    import xarray

    try:
        with xarray.open_dataset(path, engine="netcdf4") as dataset:
            return Transmission.from_dataset(dataset.load())
    except (FileNotFoundError, IsADirectoryError) as error:
        raise InputError(f"{path}: {absent(Path(path))}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except Exception as error:  # on damaged files netCDF4 and xarray raise any kind of exception
        raise InputError(f"{path}: is not a readable netCDF file; compute it again") from error
