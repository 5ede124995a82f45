"""T(E), the local density of states and other observables, from files to files."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sisl
import xarray
from ase import Atoms
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError, StructureError
from qdjunction.core.files import write_table
from qdjunction.core.matrix_files import read_matrices
from qdjunction.core.provenance import digest, digests, provenance
from qdjunction.core.resume import resume, task_key
from qdjunction.engine.contract import EngineInfo
from qdjunction.engine.store import is_store, read_store_or_run
from qdjunction.structure.junction import closed_shell_electrons, lead_atoms, tip_atoms
from qdjunction.study.config import TransportSettings
from qdjunction.transport import (
    LEADS,
    OBSERVABLES,
    Device,
    JunctionContext,
    Lead,
    LeadSettings,
    ObservableSettings,
    k_averaged_transmission,
    linear_response_table,
    read_transmission,
    response_energies,
    transport_axis,
    write_tbt,
    write_transmission,
)
from qdjunction.transport.device import SPINS
from qdjunction.transport.leads.contract import K
from qdjunction.transport.transmission import SolverName, write_dataset

log = logging.getLogger(__name__)


class Junction(NamedTuple):
    """H and S of a junction, with the further input of a transmission.

    Attributes
    ----------
    hamiltonian : sisl.Hamiltonian
        H and S, E_F at zero.
    left, right : array of int
        Atoms of the leads.
    metal : two arrays of int
        All metal atoms of each side; those of the leads if the file tags no others.
    engine : EngineInfo or None
        Engine that computed H and S; None if the file does not state it.
    electrons : array or None
        Electrons of each atom with which the dot is a closed shell (`closed_shell_electrons`); None if the file does
        not state its valence electrons.
    """

    hamiltonian: sisl.Hamiltonian
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    metal: tuple[NDArray[np.int64], NDArray[np.int64]]
    engine: EngineInfo | None
    electrons: NDArray[np.float64] | None


def read_junction(
    path: str | Path,
    left_atoms: Sequence[int] | None = None,
    right_atoms: Sequence[int] | None = None,
    fermi_ev: float | None = None,
    all_metal: bool = False,
) -> Junction:
    """Read H and S of a junction from any file, with the lead atoms of each side.

    Parameters
    ----------
    path : str or Path
        A file of `hamiltonian`, the folder of an engine's finished run, or any file that sisl reads a Hamiltonian from.
    left_atoms, right_atoms : sequence of int, optional
        Atoms of the leads, counted from 0; by default the tagged ones of the file.
    fermi_ev : float, optional
        Fermi energy in the zero of the file (eV), for files in which it is not at zero already; 0 if it is.
    all_metal : bool
        Whether the lead region of a junction of the study is all gold of a side, not only its outermost layers.

    Raises
    ------
    InputError
        If the file cannot be read, or neither the file nor the caller states the lead atoms or the Fermi energy.
    """
    if (left_atoms is None) != (right_atoms is None):
        raise InputError("lead atoms: give those of both sides, --left-atoms and --right-atoms, or of none")
    engine = electrons = atoms = None
    leads: tuple[Any, Any] | None = None if left_atoms is None else (left_atoms, right_atoms)
    if Path(path).is_dir() or is_store(path):
        structure = read_store_or_run(path)
        matrices, engine, atoms = structure.hamiltonian, structure.engine, structure.atoms
        electrons = closed_shell_electrons(atoms, structure.valence_electrons)
        if leads is None:
            try:
                leads = tip_atoms(atoms) if all_metal else lead_atoms(atoms)
            except StructureError as error:
                raise InputError(f"{path}: {error}") from None
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
    left, right = np.asarray(leads[0]), np.asarray(leads[1])
    metal = left, right
    if atoms is not None:
        metal = _metal(atoms, left), _metal(atoms, right)
    return Junction(matrices, left, right, metal, engine, electrons)


def _metal(atoms: Atoms, lead: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the tip that a lead region is part of, or the region itself if no tagged tip has all of it."""
    return next((tip for tip in tip_atoms(atoms) if np.isin(lead, tip).all()), lead)


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
    """Compute T(E) from H and S of a junction, and optional further quantities, and write them.

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
        Number of eigenchannel transmissions to write at each energy.
    density_energies_ev : (m,) array, optional
        Energies (eV) at which the local density of states is also written.
    response_table : str or Path, optional
        CSV file for `linear_response_table`.
    temperature_k : float
        Temperature of that table (K).
    axis : int, optional
        Lattice vector along which the leads lie; by default found from their atoms, see `transport_axis`.
    spin : int, optional
        Spin of a collinear calculation: 0 for up, 1 for down.

    Raises
    ------
    InputError
        If a file name has another suffix, or the input does not contain the necessary data.

    See Also
    --------
    qdjunction.transport.transmission : the calculation on matrices
    transmission_of_study : with the settings of a study
    """
    grid = np.asarray(energies_ev, dtype=float)
    at = None if density_energies_ev is None else np.asarray(density_energies_ev, dtype=float)
    for_sisl = _is_tbt(output)
    if for_sisl and at is not None:
        raise InputError(f"{output}: the local density of states goes to a plain .nc file; rename the output")
    if response_table is not None and Path(response_table).suffix != ".csv":
        raise InputError(f"{response_table}: is written as a table; let its name end in .csv")
    if response_table is not None:
        response_energies(grid, temperature_k)  # raises an error before the calculation, not after it
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
        more = None
        if at is not None:
            densities = _densities(_context(junction, leads, at, axis, spin, kpoints))
            more = densities.rename(energy="ldos_energy")
        engine = asdict(junction.engine) if junction.engine else None
        settings = {
            "energies_ev": _summary(grid),
            "leads": leads.model_dump(mode="json"),
            "solver": solver,
            "kpoints": list(kpoints),
            "axis": "abc"[axis],
            "spin": spin,
            "fermi_ev": fermi_ev,
        }
        made = provenance(inputs=digests(path, *leads.files.values()), settings=settings)
        attributes = {"leads": leads.model_dump(mode="json"), "engine": engine, "provenance": made.values}
        write_transmission(result, output, attributes, more)
    if response_table is not None:
        write_table(linear_response_table(average, temperature_k), response_table)


def transmission_of_study(
    path: str | Path,
    settings: TransportSettings,
    output: str | Path,
    cache: str | Path,
    workdir: str | Path,
    electrode: str | Path | None = None,
) -> None:
    """Compute T(E) of a junction with the settings of a study.

    Surface Green's functions of electrodes are kept in `cache`. A result that was computed in `workdir` before is not
    computed again. `electrode` is the file of the electrode that the study has computed, if its leads need one.
    """
    leads = settings.leads.prepared(cache, electrode=electrode)

    def compute(kept: Path) -> None:
        compute_transmission(
            path,
            settings.energies_ev,
            leads,
            kept,
            kpoints=leads.k_grid,
        )

    task = task_key(
        map(digest, [path, *leads.files.values()]),
        transport=settings.model_dump(mode="json", exclude={"temperature_k", "observables"}),
    )
    resume(output, workdir, task, compute)


def local_density(
    path: str | Path,
    energy_ev: float,
    leads: LeadSettings,
    output: str | Path,
    cache: str | Path | None = None,
    electrode: str | Path | None = None,
) -> None:
    """Write the local density of states at one energy (eV), by atom and by the lead that the states enter from."""
    leads = leads.prepared(cache, electrode=electrode)
    junction = read_junction(path, all_metal=LEADS[leads.kind].all_metal)
    context = _context(junction, leads, np.array([energy_ev]))
    made = provenance(inputs=digests(path, *leads.files.values()), settings=leads.model_dump(mode="json"))
    write_dataset(_densities(context), output, {"provenance": made.values})


def observable(
    path: str | Path,
    settings: ObservableSettings,
    leads: LeadSettings,
    output: str | Path,
    left_atoms: Sequence[int] | None = None,
    right_atoms: Sequence[int] | None = None,
    fermi_ev: float | None = None,
    *,
    energies_ev: ArrayLike | None = None,
    kpoints: Sequence[int] | None = None,
    axis: int | None = None,
    spin: int | None = None,
    known: str | Path | None = None,
) -> xarray.Dataset:
    """Compute an observable of a junction and write it.

    Parameters
    ----------
    path, left_atoms, right_atoms, fermi_ev
        As for `read_junction`.
    settings : ObservableSettings
        Settings of the observable.
    leads : LeadSettings
        The leads.
    output : str or Path
        The netCDF file, ``.nc``.
    energies_ev : (n,) array, optional
        Energies of T(E) (eV), relative to E_F, for observables that need it; by default those of a study.
    kpoints : 2 ints, optional
        Numbers of k points across the transport direction; by default those of the leads' settings.
    axis, spin
        As for `compute_transmission`.
    known : path, optional
        File of `compute_transmission` with T(E) of this junction, which then is not computed again.

    Returns
    -------
    xarray.Dataset
        The dataset that was written.

    Raises
    ------
    InputError
        If the name of the output has another suffix, or the observable cannot be computed with these settings.
    """
    if Path(output).suffix != ".nc":
        raise InputError(f"{output}: an observable is written as netCDF; let the name end in .nc")
    kind = OBSERVABLES[settings.kind]
    given = TransportSettings().energies_ev if energies_ev is None else np.asarray(energies_ev, dtype=float)
    settings.check(given)
    junction = read_junction(path, left_atoms, right_atoms, fermi_ev, LEADS[leads.kind].all_metal)
    context = _context(junction, leads, given, axis, spin, kpoints, known)
    dataset = kind.compute(context, settings)
    made = provenance(
        inputs=digests(
            path, *leads.files.values(), *settings.files.values(), *([] if known is None else [known])
        ),
        settings={
            "observable": settings.model_dump(mode="json"),
            "leads": leads.model_dump(mode="json"),
            "energies_ev": _summary(given),
            "kpoints": list(context.kpoints),
            "axis": "abc"[context.axis],
            "spin": spin,
            "fermi_ev": fermi_ev,
        },
    )
    engine = asdict(junction.engine) if junction.engine else None
    attributes = {
        "observable": settings.kind,
        "title": kind.title,
        "leads": leads.model_dump(mode="json"),
        "engine": engine,
        **({} if spin is None else {"spin": SPINS[spin]}),
        "provenance": made.values,
    }
    write_dataset(dataset, output, attributes)
    return dataset


def _context(
    junction: Junction,
    leads: LeadSettings,
    energies_ev: NDArray[np.float64],
    axis: int | None = None,
    spin: int | None = None,
    kpoints: Sequence[int] | None = None,
    known: str | Path | None = None,
) -> JunctionContext:
    """Return everything that an observable of a junction is computed from."""
    counts = leads.k_grid if kpoints is None else kpoints
    return JunctionContext(
        junction.hamiltonian,
        junction.left,
        junction.right,
        leads,
        transport_axis(junction.hamiltonian, junction.left, junction.right, axis),
        energies_ev,
        *junction.metal,
        electrons=junction.electrons,
        kpoints=(counts[0], counts[1]),
        spin=spin,
        known=None if known is None else read_transmission(known),
    )


def _densities(context: JunctionContext) -> xarray.Dataset:
    """Return the LDOS of every atom at the energies of a context."""
    ldos = OBSERVABLES["ldos"]
    found = ldos.compute(context, ldos.Settings(energies_ev=context.energies_ev.tolist()))
    return found.drop_vars("along")


def _summary(energies_ev: NDArray[np.float64]) -> dict[str, float]:
    """Return first and last energy (eV) and their number, for the provenance."""
    return {"first": float(energies_ev[0]), "last": float(energies_ev[-1]), "number": energies_ev.size}


def _is_tbt(output: str | Path) -> bool:
    """Return whether a file of T(E) has the layout of TBtrans, by its name."""
    name = Path(output).name
    if not name.endswith(".nc"):
        raise InputError(
            f"{output}: T(E) is written as netCDF; let the name end in .nc, or in .TBT.nc for sisl"
        )
    return name.endswith(".TBT.nc")
