"""Input of SIESTA: the fdf file and the pseudopotentials beside it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.siesta.parameters import format_fdf
from ase.constraints import FixAtoms

from qdjunction.core.errors import InputError
from qdjunction.core.files import atomic_write
from qdjunction.engine.contract import check_even
from qdjunction.engine.siesta.box import boxed
from qdjunction.engine.siesta.ghosts import ARRAY, by_label, species, species_rows
from qdjunction.engine.siesta.pseudopotentials import Pseudopotential, find_pseudopotentials
from qdjunction.engine.siesta.settings import D3_BJ, SiestaSettings, normal_key
from qdjunction.structure.settings import points_along
from qdjunction.structure.xyz import write_structure

LABEL = "siesta"
"""SystemLabel, the stem of every file in a run folder."""

STRUCTURE = "structure.extxyz"
"""Name in a run folder of the structure with its tags and info, which SIESTA does not keep."""

BASIS_OF_SIESTA_4: dict[str, Any] = {
    "PAO.SoftDefault": False,
    "PAO.OldStylePolOrbs": True,
    "PAO.SplitNormH": 0.15,
    "ReparametrizePseudos": False,
}
"""What SIESTA 5 changed in how orbitals and projectors are made (manual of 5.4, section on backward compatibility),
with the defaults of SIESTA 4.1, so that a protocol is the same calculation on both. SIESTA 4 ignores keys that it does
not know."""

BASIS_OF_PSF: dict[str, Any] = {
    "PAO.SplitValence.Legacy": True,
    "PAO.SplitTailNorm": False,
    "PAO.FixSplitTable": False,
    "PAO.Polarization.NonPerturbative.Fallback": False,
    "PAO.rc.unbound.state": (0.0, "Bohr"),
}
"""The same for psf files only: with the semicore shells of psml files the search for the split norm as in SIESTA 4 may
find no radius (manual of SIESTA, section on PSML), and SIESTA 4 reads no psml to compare with."""


@dataclass(frozen=True)
class Mixing:
    """Parameters of the SCF that do not affect the converged result.

    Attributes
    ----------
    weight : float
        Weight of the Pulay mixer.
    history : int
        Number of previous iterations that it uses.
    max_iterations : int
        Maximum number of iterations.
    from_density_matrix : bool
        Whether to start from the density matrix in the folder.
    """

    weight: float
    history: int
    max_iterations: int
    from_density_matrix: bool = True

    @classmethod
    def of(cls, settings: SiestaSettings) -> "Mixing":
        """Return the mixing of the settings."""
        return cls(settings.mixing_weight, settings.mixing_history, settings.max_scf_iterations)


@dataclass(frozen=True)
class Task:
    """Task of a SIESTA run.

    Attributes
    ----------
    max_steps : int or None
        Moves of a relaxation; None for H and S at the given geometry instead.
    fmax_ev_per_ang : float
        Largest force component at the end of a relaxation (eV/Ang).
    from_saved_geometry : bool
        Whether to take geometry and optimiser history from the XV and CG files in the folder.
    wall_time_s : float or None
        Time after which SIESTA stops by itself (s).
    """

    max_steps: int | None = None
    fmax_ev_per_ang: float = 0.05
    from_saved_geometry: bool = False
    wall_time_s: float | None = None


def write_siesta_input(
    atoms: Atoms,
    pseudos_dir: str | Path,
    settings: SiestaSettings,
    run_dir: str | Path,
    task: Task | None = None,
) -> Path:
    """Write `siesta.fdf` and the pseudopotentials into a folder, ready for ``siesta < siesta.fdf``.

    Parameters
    ----------
    atoms : ase.Atoms
        Finite structure, which is put in a box, or periodic structure with its cell. Atoms under
        `ase.constraints.FixAtoms` are fixed; those that `with_ghosts` marks are ghosts.
    pseudos_dir : str or Path
        Folder of the pseudopotentials.
    settings : SiestaSettings
        Protocol and numerics.
    run_dir : str or Path
        Folder to write to; created if missing.
    task : Task, optional
        Relaxation or, by default, H and S at this geometry.

    Returns
    -------
    Path
        The fdf file.

    Raises
    ------
    InputError
        When a pseudopotential is missing or unfit, or the settings do not fit the structure.
    EngineError
        When a finite structure has an odd number of electrons and the settings no spin.
    """
    pseudopotentials = find_pseudopotentials(
        atoms.symbols, pseudos_dir, settings.functional, settings.pseudopotential_format, settings.spin
    )
    labels = by_label(atoms, pseudopotentials)
    return write_input_files(atoms, labels, settings, Path(run_dir), task or Task(), Mixing.of(settings))


def write_lead_input(
    atoms: Atoms,
    pseudos_dir: str | Path,
    settings: SiestaSettings,
    run_dir: str | Path,
    transverse: tuple[int, int] = (1, 1),
) -> Path:
    """Write the input of a bulk lead: principal layers that repeat along the third lattice vector.

    Parameters
    ----------
    atoms : ase.Atoms
        Periodic in all three directions.
    pseudos_dir, settings, run_dir
        As in `write_siesta_input`.
    transverse : (int, int)
        k-points along the first two lattice vectors, as for the device. Those along the third cover
        150 Ang, so that the lead's Fermi energy is that of the bulk.

    Returns
    -------
    Path
        The fdf file.

    Raises
    ------
    InputError
        As `write_siesta_input`, and when the structure is not periodic.
    """
    if not atoms.pbc.all():
        raise InputError(
            f"A lead repeats in all three directions, but pbc is {atoms.pbc.tolist()}; set the cell and pbc."
        )
    kpoints = (*transverse, points_along(float(atoms.cell.lengths()[2])))
    settings = settings.periodic(kpoints)
    settings = settings.model_copy(update={"fdf": {"TS.DE.Save": True} | settings.fdf})
    return write_siesta_input(atoms, pseudos_dir, settings, run_dir)


def write_input_files(
    atoms: Atoms,
    pseudopotentials: Mapping[str, Pseudopotential],
    settings: SiestaSettings,
    run_dir: Path,
    task: Task,
    mixing: Mixing,
) -> Path:
    """Write `siesta.fdf` and copy the pseudopotentials, by label of species, beside it; see `write_siesta_input`."""
    if settings.spin == "non-polarized" and not atoms.pbc.any() and ARRAY not in atoms.arrays:
        check_even(atoms, sum(pseudopotentials[label].valence for label in species(atoms)), "siesta")
    run_dir.mkdir(parents=True, exist_ok=True)
    for label, pseudopotential in pseudopotentials.items():
        pseudopotential.copy_to(run_dir, label)
    write_structure(atoms, run_dir / STRUCTURE)
    text = fdf_text(atoms, pseudopotentials, settings, task, mixing)
    path = run_dir / f"{LABEL}.fdf"
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="ascii")
    return path


def fdf_text(
    atoms: Atoms,
    pseudopotentials: Mapping[str, Pseudopotential],
    settings: SiestaSettings,
    task: Task,
    mixing: Mixing,
) -> str:
    """Return the text of the fdf file; keys as in the manuals of SIESTA 4.1 and 5.4.

    Raises
    ------
    InputError
        When a finite structure has more than one k-point.
    """
    if not atoms.pbc.any() and settings.kpoints != (1, 1, 1):
        raise InputError(
            f"kpoints = {list(settings.kpoints)}, but the structure is finite; leave kpoints at [1, 1, 1]."
        )
    keys: dict[str, Any] = {
        "SystemLabel": LABEL,
        **_structure(atoms, pseudopotentials, settings),
        **_protocol(settings, pseudopotentials),
        "SCF.Mixer.Method": "Pulay",
        "SCF.Mixer.Weight": mixing.weight,
        "SCF.Mixer.History": mixing.history,
        "Max.SCF.Iterations": mixing.max_iterations,
        "SCF.MustConverge": True,
        "DM.UseSaveDM": mixing.from_density_matrix,
        **_motion(atoms, settings, task),
    }
    if task.wall_time_s is not None:
        keys["MaxWalltime"] = (round(task.wall_time_s), "s")
        keys["MaxWalltime.Slack"] = (0, "s")
    given = {normal_key(key) for key in settings.fdf}
    keys = {key: value for key, value in keys.items() if normal_key(key) not in given} | settings.fdf
    return "\n".join(format_fdf(key, value).strip() for key, value in keys.items()) + "\n"


def _structure(
    atoms: Atoms, pseudopotentials: Mapping[str, Pseudopotential], settings: SiestaSettings
) -> dict[str, Any]:
    atoms = boxed(atoms, settings.vacuum_ang, settings.orbital_range_estimate_ang)
    rows = species_rows(pseudopotentials)
    numbers = {label: number for number, _, label in rows}
    return {
        "NumberOfAtoms": len(atoms),
        "NumberOfSpecies": len(rows),
        "ChemicalSpeciesLabel": rows,
        "LatticeConstant": (1.0, "Ang"),
        "LatticeVectors": [_coordinates(vector) for vector in atoms.cell],
        "AtomicCoordinatesFormat": "Ang",
        "AtomicCoordinatesAndAtomicSpecies": [
            (*_coordinates(position), numbers[label])
            for position, label in zip(atoms.positions, species(atoms), strict=True)
        ],
    }


def _protocol(settings: SiestaSettings, pseudopotentials: Mapping[str, Pseudopotential]) -> dict[str, Any]:
    functional, authors = settings.exchange_correlation
    sizes = [
        (label, settings.basis_by_element[file.element])
        for label, file in pseudopotentials.items()
        if file.element in settings.basis_by_element
    ]
    keys: dict[str, Any] = {
        "XC.functional": functional,
        "XC.authors": authors,
        "Spin": settings.spin,
        **_dispersion(settings),
        "PAO.BasisSize": settings.basis,
        "PAO.EnergyShift": (settings.energy_shift_ry, "Ry"),
        **_orbitals(settings, pseudopotentials),
        "MeshCutoff": (settings.mesh_cutoff_ry, "Ry"),
        "ElectronicTemperature": (settings.electronic_temperature_k, "K"),
        "SolutionMethod": "diagon",
        "SCF.DM.Tolerance": settings.dm_tolerance,
        "SCF.H.Tolerance": (settings.h_tolerance_ev, "eV"),
        "SaveHS": True,
        "WriteEigenvalues": True,
    }
    if sizes:
        keys["PAO.BasisSizes"] = sizes
    if settings.kpoints != (1, 1, 1):
        grid = np.diag(settings.kpoints)
        keys["kgrid_Monkhorst_Pack"] = [(*map(int, row), 0.0) for row in grid]
    return keys


def _orbitals(settings: SiestaSettings, pseudopotentials: Mapping[str, Pseudopotential]) -> dict[str, Any]:
    """Return the keys of `BASIS_OF_SIESTA_4` and `BASIS_OF_PSF` that apply; SIESTA 5 itself needs none."""
    if settings.orbitals == "siesta-5":
        return {}
    psf = all(file.format == "psf" for file in pseudopotentials.values())
    return BASIS_OF_SIESTA_4 | (BASIS_OF_PSF if psf else {})


def _dispersion(settings: SiestaSettings) -> dict[str, Any]:
    """Return the keys of DFT-D3, with every parameter written out.

    Releases of SIESTA 5 replace the parameters of the functional by general ones where the input names none, also with
    ``DFTD3.UseXCDefaults``, and add three-body terms, which the parameters were not fitted with.
    """
    if settings.dispersion == "none":
        return {}
    s8, a1, a2 = D3_BJ[settings.functional]
    return {
        "DFTD3": True,
        "DFTD3.UseXCDefaults": False,
        "DFTD3.BJdamping": True,
        "DFTD3.s6": 1.0,
        "DFTD3.s8": s8,
        "DFTD3.s9": 0.0,
        "DFTD3.a1": a1,
        "DFTD3.a2": a2,
    }


def _motion(atoms: Atoms, settings: SiestaSettings, task: Task) -> dict[str, Any]:
    keys: dict[str, Any] = {"MD.UseSaveXV": task.from_saved_geometry}
    if task.max_steps is not None:
        keys |= {
            "MD.TypeOfRun": settings.optimiser,
            "MD.Steps": task.max_steps,
            "MD.MaxForceTol": (task.fmax_ev_per_ang, "eV/Ang"),
            "MD.UseSaveCG": task.from_saved_geometry,
        }
        fixed = fixed_atoms(atoms)
        if len(fixed):
            keys["Geometry.Constraints"] = [(f"atom [ {_ranges(fixed + 1)} ]",)]
    return keys


def fixed_atoms(atoms: Atoms) -> np.ndarray:
    """Return the indices of the atoms that an ASE constraint holds in place.

    Raises
    ------
    InputError
        When there is a constraint other than `ase.constraints.FixAtoms`.
    """
    fixed: set[int] = set()
    for constraint in atoms.constraints:
        if not isinstance(constraint, FixAtoms):
            raise InputError(
                f"A {type(constraint).__name__} constraint cannot be passed to SIESTA; use ase.constraints.FixAtoms."
            )
        fixed |= set(constraint.get_indices().tolist())
    return np.array(sorted(fixed), dtype=int)


def _ranges(numbers: Iterable[int]) -> str:
    """Write ascending numbers as SIESTA's ``1 -- 4, 7``."""
    runs: list[list[int]] = []
    for number in map(int, numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join(" -- ".join(map(str, run)) for run in runs)


def _coordinates(vector: Iterable[float]) -> tuple[str, ...]:
    return tuple(f"{value:.8f}" for value in vector)
