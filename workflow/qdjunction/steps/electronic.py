"""H and S, from files to files: by the SCF of a structure, or from a finished run of an engine."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import sisl
from scipy.sparse import csr_array

from qdjunction.core.errors import StructureError, TransportError
from qdjunction.core.matrix_files import read_matrices
from qdjunction.core.provenance import digest, digests, provenance
from qdjunction.core.resume import resume, task_key
from qdjunction.engine.contract import Engine
from qdjunction.engine.registry import read_run
from qdjunction.engine.store import read_electronic_structure, write_electronic_structure
from qdjunction.interference.orbital_rule import occupied_levels
from qdjunction.steps.structure import TipDraw, junction, junction_settings
from qdjunction.structure.connectivity import check_bonded
from qdjunction.structure.junction import dot_atoms, dot_electrons
from qdjunction.structure.settings import ElectrodeSettings, SurfaceSettings
from qdjunction.structure.surface import electrode as build_electrode
from qdjunction.structure.xyz import read_structure, write_structure
from qdjunction.transport import Device, Electrode
from qdjunction.transport.device import dense, solve_eigenproblem
from qdjunction.transport.observables.level_correction import LevelShifts, correct_levels

log = logging.getLogger(__name__)

BEYOND_EV = 1e-3
"""Largest element of H (eV) between a cell of an electrode and the next but one."""

THICKER = "raise electrodes.surface.electrode_layers"


def hamiltonian(
    structure: str | Path,
    engine: Engine,
    workdir: str | Path,
    output: str | Path,
    density_from: str | Path | None = None,
    made_from: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Converge the SCF of a structure and write H and S with the Fermi energy at zero.

    Parameters
    ----------
    structure : str or Path
        Extended XYZ file.
    engine : Engine
        Engine that computes H and S.
    workdir : str or Path
        Working folder. An SCF of the same atoms with the same settings that was converged here before is not repeated.
    output : str or Path
        The netCDF file to write.
    density_from : str or Path, optional
        Working folder of the neighbouring contact, for engines that can start from its density.
    made_from, settings : optional
        Source file and settings of a `structure` that was built in the same job, for the provenance; by default the
        input is `structure` itself.

    Raises
    ------
    EngineError
        If the SCF does not converge.
    StructureError
        If no atom is bonded to another.

    See Also
    --------
    hamiltonian_of_run : H and S from a finished run
    """
    atoms = read_structure(structure)
    try:
        check_bonded(atoms)
    except StructureError as error:
        raise StructureError(f"{structure}: {error}") from None

    def compute(path: Path) -> None:
        log.info("SCF of %s: %s, %d atoms", structure, atoms.get_chemical_formula("hill"), len(atoms))
        result = engine.hamiltonian(atoms, Path(workdir), Path(density_from) if density_from else None)
        log.info("E_F %.4f eV, %d orbitals", result.fermi_energy_ev, len(result.eigenvalues_ev))
        made = provenance(inputs=digests(made_from or structure), settings=dict(settings or {}))
        write_electronic_structure(result, path, made)

    task = task_key(map(digest, [structure, *engine.inputs(atoms)]), engine=asdict(engine.info))
    resume(output, workdir, task, compute)


def junction_hamiltonian(
    structure: str | Path,
    left: str,
    right: str,
    electrodes: ElectrodeSettings,
    engine: Engine,
    workdir: str | Path,
    junction_file: str | Path,
    output: str | Path,
    density_from: str | Path | None = None,
    tips: TipDraw | None = None,
) -> None:
    """Build a junction from a relaxed dot and converge its SCF; see `junction` and `hamiltonian`."""
    junction(structure, left, right, electrodes, junction_file, tips=tips)
    # It may be left from an earlier configuration in which the junction was relaxed.
    Path(junction_file).with_suffix(".json").unlink(missing_ok=True)
    hamiltonian(
        junction_file, engine, Path(workdir) / "hamiltonian", output, density_from,
        structure, junction_settings(left, right, electrodes) | _tip_settings(tips),
    )  # fmt: skip


def _tip_settings(tips: TipDraw | None) -> dict[str, Any]:
    """Return how tips were drawn, for the provenance; nothing for tips as built."""
    return {"tips": {**tips[0].model_dump(mode="json"), "seed": tips[1]}} if tips else {}


def electrode(
    surface: SurfaceSettings, engine: Engine, workdir: str | Path, structure: str | Path, output: str | Path
) -> None:
    """Compute H and S of one cell of the electrode of bulk leads.

    Parameters
    ----------
    surface : SurfaceSettings
        The surfaces whose electrode it is.
    engine : Engine
        Engine with the k points of the electrode.
    workdir : str or Path
        Working folder, as for `hamiltonian`.
    structure, output : str or Path
        Files to write: the cell, and its H and S.

    Raises
    ------
    EngineError
        If the SCF does not converge.
    TransportError
        If the cell is thinner than the orbitals reach, so that it is no principal layer.
    """
    write_structure(build_electrode(surface), structure)
    hamiltonian(structure, engine, workdir, output, settings=surface.model_dump(mode="json"))
    try:
        bulk = Electrode.from_hamiltonian(read_matrices(output))
    except TransportError as error:
        raise TransportError(f"{output}: {error}; {THICKER}") from None
    if bulk.beyond_ev > BEYOND_EV:
        raise TransportError(
            f"{output}: a cell of the electrode couples beyond the next one with {1000 * bulk.beyond_ev:.2g} meV; "
            f"{THICKER}"
        )
    log.info("electrode: repeats %s times, symmetric to %.1e meV", bulk.repeats, 1000 * bulk.asymmetry_ev)


def correct_hamiltonian(path: str | Path, shifts: LevelShifts, output: str | Path) -> None:
    """Write H and S of a junction with the levels of the dot shifted, without an SCF.

    Parameters
    ----------
    path : str or Path
        H and S of the junction, in tips that end in vacuum.
    shifts : LevelShifts
        Energies to add to the occupied levels of the dot and to the others.
    output : str or Path
        The netCDF file to write. The Fermi energy stays where it is.

    Raises
    ------
    InputError
        If the electrons of the dot are no pairs, so that it is not known which levels are occupied.

    See Also
    --------
    qdjunction.transport.observables.level_correction.correct_levels : the correction on matrices
    """
    structure = read_electronic_structure(path)
    device = Device.from_hamiltonian(structure.hamiltonian)
    orbitals = device.orbitals_of(dot_atoms(structure.atoms))
    occupied = occupied_levels(dot_electrons(structure.atoms, structure.valence_electrons), len(orbitals))
    corrected = correct_levels(
        device, orbitals, occupied, shifts.occupied_shift_ev, shifts.unoccupied_shift_ev
    )
    H, S = (dense(getattr(corrected, name)).real for name in "HS")
    levels, _ = solve_eigenproblem(H, S)
    result = replace(
        structure,
        hamiltonian=sisl.Hamiltonian.fromsp(structure.hamiltonian.geometry, csr_array(H), csr_array(S)),
        eigenvalues_ev=levels,
    )
    made = provenance(inputs=digests(path), settings=shifts.model_dump(mode="json"))
    write_electronic_structure(result, output, made)


def hamiltonian_of_run(run_dir: str | Path, output: str | Path) -> None:
    """Read H and S of a finished run, check them and write them with the Fermi energy at zero.

    Raises
    ------
    InputError
        If the folder does not contain a run.
    EngineError
        If the run failed or its files are inconsistent.
    """
    folder = Path(run_dir).parent if Path(run_dir).is_file() else run_dir
    result = read_run(run_dir)
    log.info("E_F %.4f eV, %d orbitals", result.fermi_energy_ev, len(result.eigenvalues_ev))
    write_electronic_structure(result, output, provenance(inputs=digests(folder)))
