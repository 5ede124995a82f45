"""H and S, from files to files: the SCF of a structure, or a finished SIESTA run."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qdjunction.core.files import write_table
from qdjunction.core.provenance import digest, digests, provenance
from qdjunction.core.resume import resume, task_key
from qdjunction.engine.contract import Engine
from qdjunction.engine.siesta.convergence import convergence
from qdjunction.engine.siesta.extraction import electronic_structure_from_run
from qdjunction.engine.siesta.inputs import Task, write_lead_input, write_siesta_input
from qdjunction.engine.siesta.launch import Launch
from qdjunction.engine.siesta.settings import SiestaSettings
from qdjunction.engine.store import write_electronic_structure
from qdjunction.steps.structure import junction, junction_settings
from qdjunction.structure.xyz import read_structure
from qdjunction.study.config import ElectrodeSettings

log = logging.getLogger(__name__)


def hamiltonian(
    structure: str | Path,
    engine: Engine,
    workdir: str | Path,
    output: str | Path,
    density_from: str | Path | None = None,
    made_from: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Converge the SCF of a structure and keep H and S, Fermi energy at zero.

    Parameters
    ----------
    structure : str or Path
        Extended XYZ file.
    engine : Engine
        What computes H and S.
    workdir : str or Path
        Working folder. An SCF of the same atoms with the same settings that was converged here before is not repeated.
    output : str or Path
        The netCDF file to write.
    density_from : str or Path, optional
        Working folder of the neighbouring contact, for engines that can start from its density.
    made_from, settings : optional
        File and settings that `structure` was made from in the same job, for the provenance; by default the input is
        `structure` itself.
    """
    atoms = read_structure(structure)

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
) -> None:
    """Build a junction from a relaxed dot and converge its SCF; see `junction` and `hamiltonian`."""
    junction(structure, left, right, electrodes, junction_file)
    hamiltonian(
        junction_file, engine, Path(workdir) / "hamiltonian", output, density_from,
        structure, junction_settings(left, right, electrodes),
    )  # fmt: skip


def hamiltonian_of_run(run_dir: str | Path, output: str | Path) -> None:
    """Read H and S of a finished SIESTA run, check them and keep them, Fermi energy at zero.

    Raises
    ------
    InputError
        If the folder holds no run.
    EngineError
        If the run failed or its files do not belong together.
    """
    result = electronic_structure_from_run(run_dir)
    log.info("E_F %.4f eV, %d orbitals", result.fermi_energy_ev, len(result.eigenvalues_ev))
    write_electronic_structure(result, output, provenance(inputs=digests(run_dir)))


def siesta_input(
    structure: str | Path,
    settings: SiestaSettings,
    run_dir: str | Path,
    fmax_ev_per_ang: float | None = None,
    max_steps: int = 500,
) -> None:
    """Write a folder that ``siesta < siesta.fdf > siesta.out`` can be run in.

    It asks for H and S at the given geometry or, with `fmax_ev_per_ang`, for a relaxation.

    Raises
    ------
    InputError
        If a pseudopotential is missing or unfit.
    """
    task = Task() if fmax_ev_per_ang is None else Task(max_steps, fmax_ev_per_ang)
    path = write_siesta_input(read_structure(structure), settings.pseudopotentials, settings, run_dir, task)
    log.info("wrote %s; run it there with `siesta < %s > %s.out`", path, path.name, path.stem)


def siesta_lead_input(
    structure: str | Path, settings: SiestaSettings, run_dir: str | Path, transverse: tuple[int, int]
) -> None:
    """Write a folder in which SIESTA makes the TSHS file of a bulk lead; see `write_lead_input`.

    Raises
    ------
    InputError
        If the structure is not periodic or a pseudopotential is missing.
    """
    path = write_lead_input(
        read_structure(structure), settings.pseudopotentials, settings, run_dir, transverse
    )
    log.info("wrote %s; run it there with `siesta < %s > %s.out`", path, path.name, path.stem)


def siesta_convergence(
    structure: str | Path, settings: SiestaSettings, workdir: str | Path, output: str | Path, threads: int
) -> None:
    """Tabulate how much gap, energy and forces of a structure depend on mesh, energy shift and basis."""
    launch = Launch.of_job(threads, {})
    write_table(convergence(read_structure(structure), settings, workdir, launch=launch), output)
