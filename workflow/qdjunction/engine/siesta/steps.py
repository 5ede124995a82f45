"""Steps for SIESTA only: inputs for runs by hand, a convergence study, a list of pseudopotentials."""

import logging
from collections.abc import Iterable
from pathlib import Path

from ase.constraints import FixAtoms

from qdjunction.core.errors import InputError
from qdjunction.core.files import write_table
from qdjunction.engine.siesta.convergence import convergence
from qdjunction.engine.siesta.inputs import Task, write_lead_input, write_siesta_input
from qdjunction.engine.siesta.launch import Launch
from qdjunction.engine.siesta.pseudopotentials import SOURCE, list_pseudopotentials
from qdjunction.engine.siesta.settings import SiestaSettings
from qdjunction.structure.ligands.pair import held_atoms
from qdjunction.structure.xyz import read_structure

log = logging.getLogger(__name__)


def siesta_input(
    structure: str | Path,
    settings: SiestaSettings,
    run_dir: str | Path,
    fmax_ev_per_ang: float | None = None,
    max_steps: int = 500,
) -> None:
    """Write a folder that ``siesta < siesta.fdf > siesta.out`` can be run in.

    The task is H and S at the given geometry or, with `fmax_ev_per_ang`, a relaxation.

    Raises
    ------
    InputError
        If a pseudopotential is missing or unfit.
    """
    task = Task() if fmax_ev_per_ang is None else Task(max_steps, fmax_ev_per_ang)
    atoms = read_structure(structure)
    if (held := held_atoms(atoms)).size:
        atoms.set_constraint(FixAtoms(held))
    path = write_siesta_input(atoms, settings.pseudopotentials, settings, run_dir, task)
    log.info("wrote %s; run it there with `siesta < %s > %s.out`", path, path.name, path.stem)


def siesta_lead_input(
    structure: str | Path, settings: SiestaSettings, run_dir: str | Path, transverse: tuple[int, int]
) -> None:
    """Write a folder in which SIESTA writes the TSHS file of a bulk lead; see `write_lead_input`.

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
    """Write a table of how gap, energy and forces of a structure depend on mesh, energy shift and basis."""
    launch = Launch.of_job(threads, {})
    write_table(convergence(read_structure(structure), settings, workdir, launch=launch), output)


def check_pseudopotentials(elements: Iterable[str], settings: SiestaSettings) -> None:
    """Print what is known of the pseudopotential of each element.

    Raises
    ------
    InputError
        If one is missing or unfit; the message has a line for each.
    """
    found = list_pseudopotentials(
        elements,
        settings.pseudopotentials,
        settings.functional,
        settings.pseudopotential_format,
        settings.spin,
    )
    row = "{:8}{:10}{:12}{:12}{:>8}  {}".format
    print(row("element", "format", "functional", "relativity", "valence", "file"))
    problems = []
    for element, file in found.items():
        if isinstance(file, InputError):
            print(row(element, *4 * ["-"], "missing or unfit"))
            problems.append(str(file))
        else:
            kind = f"{file.format} {file.version}".rstrip()
            functional, relativity = file.functional or "unknown", file.relativity or "unknown"
            print(row(element, kind, functional, relativity, f"{file.valence:g}", file.path))
    print("SIESTA 4 reads psf only, SIESTA 5 psf and psml.")
    if problems:
        raise InputError("\n".join([*problems, f"pseudopotentials are to be had from {SOURCE}"]))
