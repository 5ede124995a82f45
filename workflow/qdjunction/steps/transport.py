"""T(E) and the local density of states, from files to files."""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sisl
import xarray
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError
from qdjunction.core.files import whole, write_table
from qdjunction.core.matrix_files import read_matrices
from qdjunction.core.provenance import digest, digests, provenance
from qdjunction.core.resume import resume, task_key
from qdjunction.engine.contract import EngineInfo
from qdjunction.engine.siesta.extraction import electronic_structure_from_run
from qdjunction.engine.store import is_store, read_electronic_structure
from qdjunction.structure.junction import lead_atoms, tip_atoms
from qdjunction.study.config import TransportSettings
from qdjunction.transport import (
    LEADS,
    Device,
    Lead,
    LeadSettings,
    injected_density,
    k_averaged_transmission,
    linear_response_table,
    response_energies,
    transport_axis,
    write_tbt,
    write_transmission,
)
from qdjunction.transport.kpoints import Attach
from qdjunction.transport.leads.contract import K
from qdjunction.transport.transmission import SolverName

log = logging.getLogger(__name__)


class Junction(NamedTuple):
    """H and S of a junction with what else a transmission needs.

    Attributes
    ----------
    hamiltonian : sisl.Hamiltonian
        H and S, E_F at zero.
    left, right : array of int
        Atoms of the leads.
    engine : EngineInfo or None
        Who computed it; None where the file does not say.
    """

    hamiltonian: sisl.Hamiltonian
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    engine: EngineInfo | None


def read_junction(
    path: str | Path,
    left_atoms: Sequence[int] | None = None,
    right_atoms: Sequence[int] | None = None,
    fermi_ev: float | None = None,
    all_metal: bool = False,
) -> Junction:
    """Read H and S of a junction from any file, with the lead atoms of either side.

    Parameters
    ----------
    path : str or Path
        A file of `hamiltonian`, the folder of a finished SIESTA run, or any file that sisl reads a Hamiltonian from.
    left_atoms, right_atoms : sequence of int, optional
        Atoms of the leads, counted from 0; by default the tagged ones of the file.
    fermi_ev : float, optional
        Fermi energy in the zero of the file (eV), for files in which it is not at zero already; 0 says that it is.
    all_metal : bool
        Whether the lead region of a junction of the study is all gold of a side, not only its outermost layers.

    Raises
    ------
    InputError
        If the file cannot be read, or neither it nor the caller says where the leads or the Fermi energy are.
    """
    if (left_atoms is None) != (right_atoms is None):
        raise InputError("lead atoms: give those of both sides, --left-atoms and --right-atoms, or of none")
    engine = None
    leads: tuple[Any, Any] | None = None if left_atoms is None else (left_atoms, right_atoms)
    of_run = Path(path).is_dir()
    if of_run or is_store(path):
        structure = electronic_structure_from_run(path) if of_run else read_electronic_structure(path)
        matrices, engine = structure.hamiltonian, structure.engine
        if leads is None:
            atoms = structure.atoms
            leads = tip_atoms(atoms) if all_metal else lead_atoms(atoms)
    else:
        matrices = read_matrices(path, fermi_ev)
        if leads is None:
            raise InputError(
                f"{path}: has no tagged lead atoms; name them with --left-atoms and --right-atoms"
            )
        fermi_ev = None
    if fermi_ev:
        matrices = matrices.copy()
        matrices.shift(-fermi_ev)
    return Junction(matrices, np.asarray(leads[0]), np.asarray(leads[1]), engine)


def compute_transmission(
    path: str | Path,
    energies_ev: ArrayLike,
    leads: LeadSettings,
    output: str | Path,
    left_atoms: Sequence[int] | None = None,
    right_atoms: Sequence[int] | None = None,
    fermi_ev: float | None = None,
    *,
    solver: SolverName = "auto",
    kpoints: Sequence[int] = (1, 1),
    channels: int = 0,
    density_energies_ev: ArrayLike | None = None,
    response_table: str | Path | None = None,
    temperature_k: float = 300.0,
    axis: int | None = None,
    spin: int | None = None,
) -> None:
    """Compute T(E) of a junction's H and S, and what else is asked for.

    Parameters
    ----------
    path, left_atoms, right_atoms, fermi_ev
        As for `read_junction`.
    energies_ev : (n,) array
        Energies (eV), relative to E_F.
    leads : LeadSettings
        The leads.
    output : str or Path
        ``.nc`` for xarray, ``.TBT.nc`` for sisl.
    solver : str
        As for `transmission`.
    kpoints : 2 ints
        Numbers of k points across the transport direction.
    channels : int
        How many eigenchannel transmissions to write at each energy.
    density_energies_ev : (m,) array, optional
        Energies (eV) at which the local density of states is written too.
    response_table : str or Path, optional
        CSV file for `linear_response_table`.
    temperature_k : float
        Its temperature (K).
    axis : int, optional
        Lattice vector along which the leads lie; found from their atoms where it is not given, see `transport_axis`.
    spin : int, optional
        Spin of a collinear calculation: 0 for up, 1 for down.

    Raises
    ------
    InputError
        If a file name has another suffix, or the file lacks what is asked for.
    """
    grid = np.asarray(energies_ev, dtype=float)
    at = None if density_energies_ev is None else np.asarray(density_energies_ev, dtype=float)
    for_sisl = _is_tbt(output)
    if for_sisl and at is not None:
        raise InputError(f"{output}: the local density of states goes to a plain .nc file; rename the output")
    if response_table is not None and Path(response_table).suffix != ".csv":
        raise InputError(f"{response_table}: is written as a table; let its name end in .csv")
    if response_table is not None:
        response_energies(grid, temperature_k)  # what does not fit is said before the work, not after it
    junction = read_junction(path, left_atoms, right_atoms, fermi_ev, LEADS[leads.kind].all_metal)
    axis = transport_axis(junction.hamiltonian, junction.left, junction.right, axis)

    def attach(device: Device, k: K) -> tuple[Device, Lead, Lead]:
        return leads.attach(device, junction.left, junction.right, k)

    over_k = k_averaged_transmission(
        junction.hamiltonian, attach, grid, (kpoints[0], kpoints[1]), solver,
        axis=axis, spin=spin, channels=channels,
    )  # fmt: skip
    result = over_k.at_k[0] if len(over_k.at_k) == 1 else over_k
    average = over_k.result
    log.info(
        "T(E) of %d energies at %d k points in %.1f s by %s, checked to %.0e",
        len(grid), len(over_k.at_k), average.wall_time_s, average.solver, average.error_estimate,
    )  # fmt: skip
    if for_sisl:
        write_tbt(result, output, junction.hamiltonian.geometry, junction.left, junction.right)
    else:
        more = (
            None
            if at is None
            else _densities(junction, attach, over_k.k_points, over_k.weights, at, axis, spin)
        )
        engine = asdict(junction.engine) if junction.engine else None
        settings = {
            "energies_ev": {"first": grid[0], "last": grid[-1], "number": grid.size},
            "leads": leads.model_dump(mode="json"),
            "solver": solver,
            "kpoints": list(kpoints),
            "axis": "abc"[axis],
            "spin": spin,
            "fermi_ev": fermi_ev,
        }
        made = provenance(inputs=digests(path, *leads.files.values()), settings=settings)
        attributes = {"leads": leads.model_dump(mode="json"), "engine": engine, "provenance": made}
        write_transmission(result, output, attributes, more)
    if response_table is not None:
        write_table(linear_response_table(average, temperature_k), response_table)


def transmission_of_study(
    path: str | Path, settings: TransportSettings, output: str | Path, cache: str | Path, workdir: str | Path
) -> None:
    """Compute T(E) of a junction as the configuration of a study wants it.

    Surfaces of electrodes stay in `cache`. What was computed in `workdir` before is not repeated.
    """

    def compute(kept: Path) -> None:
        compute_transmission(
            path,
            settings.energies_ev,
            settings.leads.prepared(cache),
            kept,
            kpoints=settings.leads.k_grid,
        )

    task = task_key(
        map(digest, [path, *settings.leads.files.values()]),
        transport=settings.model_dump(mode="json", exclude={"temperature_k"}),
    )
    resume(output, workdir, task, compute)


def local_density(
    path: str | Path,
    energy_ev: float,
    leads: LeadSettings,
    output: str | Path,
    cache: str | Path | None = None,
) -> None:
    """Where the states at one energy run: LDOS by atom, separated by the lead they enter from."""
    choice = leads.prepared(cache)
    junction = read_junction(path, all_metal=LEADS[leads.kind].all_metal)

    def attach(device: Device, k: K) -> tuple[Device, Lead, Lead]:
        return choice.attach(device, junction.left, junction.right, k)

    axis = transport_axis(junction.hamiltonian, junction.left, junction.right)
    dataset = _densities(junction, attach, np.zeros((1, 3)), np.ones(1), np.array([energy_ev]), axis)
    dataset = dataset.rename(ldos_energy="energy")
    made = provenance(inputs=digests(path, *leads.files.values()), settings=leads.model_dump(mode="json"))
    dataset.attrs["provenance"] = json.dumps(made)
    with whole(output) as temporary:
        dataset.to_netcdf(temporary)


def _is_tbt(output: str | Path) -> bool:
    """Whether a file of T(E) is to have the layout of TBtrans, by its name."""
    name = Path(output).name
    if not name.endswith(".nc"):
        raise InputError(
            f"{output}: T(E) is written as netCDF; let the name end in .nc, or in .TBT.nc for sisl"
        )
    return name.endswith(".TBT.nc")


def _densities(
    junction: Junction,
    attach: Attach,
    k_points: NDArray,
    weights: NDArray,
    energies: NDArray[np.float64],
    axis: int,
    spin: int | None = None,
) -> xarray.Dataset:
    """LDOS of every atom, averaged over k; NaN on atoms that a lead stands in for."""
    atoms = junction.hamiltonian.geometry.na
    sides = np.zeros((2, len(energies), atoms))
    for k, weight in zip(k_points, weights, strict=True):
        device = Device.from_hamiltonian(junction.hamiltonian, tuple(k), open_axis=axis, spin=spin)
        inner, *leads = attach(device, tuple(k))
        found = injected_density(inner, *leads, energies)
        for side, values in zip(sides, (found.left, found.right), strict=True):
            side[:, : inner.n_atoms] += weight * values
    sides[:, :, np.setdiff1d(np.arange(atoms), inner.orbital_atoms)] = np.nan
    return xarray.Dataset(
        {
            name: (
                ("ldos_energy", "atom"),
                values,
                {"units": "1/eV", "long_name": f"states per spin {meaning}"},
            )
            for name, values, meaning in (
                ("ldos_left", sides[0], "that enter from the left lead"),
                ("ldos_right", sides[1], "that enter from the right lead"),
                ("ldos", sides[0] + sides[1], "in all"),
            )
        },
        {"ldos_energy": ("ldos_energy", energies, {"units": "eV", "long_name": "energy relative to E_F"})},
    )
