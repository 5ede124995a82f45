"""H and S of a finished SIESTA run, with the Fermi energy at zero.

sisl reads every file. What it cannot know is handled here:

- HSX files of SIESTA 4 hold neither a Fermi energy nor a geometry (sisl guesses the cell from the couplings, and
  guesses too small): the geometry comes from the XV file, E_F from the EIG file. They are in single precision,
  HSX files of SIESTA 5 (version 2 of the layout) in double precision.
- sisl shifts H of TSHS, netCDF and newer HSX files to E_F = 0 itself.
"""

import logging
import re
import warnings
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np
import scipy.linalg
import sisl
from ase import Atoms
from ase.geometry import find_mic
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from qdjunction.core.errors import EngineError, InputError
from qdjunction.core.matrix_files import (
    eig_is_complete,
    fa_is_complete,
    fdf_is_complete,
    fortran_path,
    is_complete,
)
from qdjunction.core.units import BOLTZMANN_EV_PER_K
from qdjunction.engine.contract import ElectronicStructure, EngineInfo, check_even
from qdjunction.engine.siesta.box import check_box
from qdjunction.engine.siesta.diagnosis import diagnose
from qdjunction.engine.siesta.inputs import STRUCTURE
from qdjunction.engine.siesta.settings import SiestaSettings
from qdjunction.structure.contacts import contact_distance
from qdjunction.structure.superposition import superpose
from qdjunction.structure.xyz import read_structure

log = logging.getLogger(__name__)

MATRIX_FILES = ("nc", "TSHS", "HSX")
"""Suffixes of the files that hold H and S; HSX, in single precision from SIESTA 4, comes last."""

HERMITICITY_EV = 1e-5
EIGENVALUE_TOLERANCE_EV = 1e-3
ELECTRON_TOLERANCE = 1e-2
_COMPARED_ABOVE_FERMI_EV = 10.0

SAME_RUN_ANG = 1.5
"""An atom of the run farther than this from its place in the structure file, after superposition, is of another
structure. A hydrogen may be, as that of a cation that turns."""

# The charge of the pseudopotential itself, worded alike in SIESTA 4 and 5. The line "(Total) valence charge (in
# pseudo generation)" counts the configuration it was generated in, which may be that of an ion.
_SPECIES = re.compile(r"^atom: Called for (\S+)", re.MULTILINE)
_VALENCE = re.compile(r"^Vna: chval, zval:\s*[\d.]+\s+([\d.]+)", re.MULTILINE)
_SYSTEM_TYPE = re.compile(r"^siesta: System type =\s*(\w+)", re.MULTILINE)
_ELECTRONS = re.compile(r"Total number of electrons:\s*([\d.]+)")
_TEMPERATURE = re.compile(r"redata: Electronic Temperature\s*=\s*([\d.Ee+-]+)\s*(\S+)")
# sisl's reader of the output never returns if lines are missing.
_TOTAL_ENERGY = re.compile(r"^siesta:\s+Total =\s+(-?\d+\.\d+)$", re.MULTILINE)
# A file is included as a whole, or for a block or a key of its own.
_INCLUDED = re.compile(r"^[^#!;\n]*?(?:%include\s+|<\s*)([^\s#!;]+)", re.MULTILINE | re.IGNORECASE)
_VERSION = re.compile(r"^(?:Siesta )?Version\s*:\s*(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class RunFiles:
    """The files of a run.

    Attributes
    ----------
    folder : Path
        Run folder.
    label : str
        SystemLabel.
    output : Path
        Standard output.
    """

    folder: Path
    label: str
    output: Path

    def path(self, suffix: str) -> Path:
        """Return the file ``<label>.<suffix>``."""
        return self.folder / f"{self.label}.{suffix}"

    def existing(self, suffix: str) -> Path:
        """Return the file ``<label>.<suffix>``, which must exist.

        Raises
        ------
        EngineError
            When it does not.
        """
        path = self.path(suffix)
        if not path.is_file():
            raise EngineError(
                f"{path}: SIESTA left no {suffix} file; run it to completion with SaveHS and WriteEigenvalues."
            )
        return path


def find_run(run_dir: str | Path) -> RunFiles:
    """Find the files of the run of an fdf file, or of the one run in a folder.

    The input of a folder is the one fdf file that no other includes.

    Raises
    ------
    InputError
        When there is no such fdf file, more than one, or no output.
    """
    given = Path(run_dir)
    path = given if given.is_file() else _input_of(given)
    folder = path.parent
    if not fdf_is_complete(path):
        raise InputError(f"{path}: is not text, or a block in it is not closed; write it again.")
    label = str(sisl.get_sile(path).get("SystemLabel", default="siesta"))
    for output in (folder / f"{label}.out", path.with_suffix(".out")):
        if output.is_file():
            return RunFiles(folder, label, output)
    raise InputError(f"{folder}: the standard output of SIESTA is missing; save it as {label}.out.")


def _input_of(folder: Path) -> Path:
    """Return the fdf file of a folder that no other there includes."""
    texts = {
        path: path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.glob("*.fdf"))
    }
    included = {folder / name for text in texts.values() for name in _INCLUDED.findall(text)}
    inputs = [path for path in texts if path not in included]
    if len(inputs) != 1:
        found = ", ".join(path.name for path in inputs or texts) or "none"
        raise InputError(
            f"{folder}: a run folder holds one fdf file besides those that it includes; found: {found}; name the input "
            "of the run, as in RUNDIR/RUN.fdf, or its folder."
        )
    return inputs[0]


def read_hamiltonian(run_dir: str | Path, source: str | None = None) -> tuple[sisl.Hamiltonian, float]:
    """Read H and S of a run and shift the Fermi energy to zero.

    Parameters
    ----------
    run_dir : str or Path
        Run folder; see `find_run`.
    source : {"nc", "TSHS", "HSX"}, optional
        File to read; by default the first of these that exists.

    Returns
    -------
    hamiltonian : sisl.Hamiltonian
        H (eV) and S in double precision, E_F at zero.
    fermi_energy_ev : float
        Fermi energy in SIESTA's own zero (eV).

    Raises
    ------
    EngineError
        When a file is missing, cut short or does not fit the others.

    See Also
    --------
    electronic_structure_from_run : H and S with checks, eigenvalues and valence electrons
    """
    run = find_run(run_dir)
    present = [suffix for suffix in MATRIX_FILES if run.path(suffix).is_file()]
    suffix = source or next(iter(present), "HSX")
    path = run.existing(suffix)
    if suffix != "nc" and not is_complete(path):
        raise EngineError(
            f"{path}: the file is cut short or damaged; delete it and run SIESTA again, which takes one SCF from the "
            "density matrix."
        )
    try:
        fermi = float(sisl.get_sile(run.existing("EIG")).read_fermi_level())
        with warnings.catch_warnings(), fortran_path(path) as readable:
            # sisl warns that old HSX files hold no Fermi energy, which is what this function is for.
            warnings.simplefilter("ignore", sisl.SislWarning)
            sile = sisl.get_sile(readable)
            hamiltonian = sile.read_hamiltonian(geometry=read_geometry(run, path)).astype(np.float64)
            if suffix == "HSX" and sile.version == 0:
                hamiltonian.shift(-fermi)
    except EngineError:
        raise
    except Exception as error:  # sisl's readers raise any kind of exception
        raise EngineError(
            f"{path}: H and S cannot be read, or do not fit the other files ({error}); run SIESTA again, a periodic "
            "structure with TS.HS.Save."
        ) from error
    values = hamiltonian._csr._D
    if not np.isfinite(values).all():
        raise EngineError(f"{path}: H or S holds values that are not finite; delete it and run SIESTA again.")
    return hamiltonian, fermi


def read_geometry(run: RunFiles, matrices: Path) -> sisl.Geometry:
    """Read cell and positions from the XV file and the orbitals from the files with SIESTA's basis.

    Parameters
    ----------
    run : RunFiles
        The run.
    matrices : Path
        Its file of H and S, from which orbitals and supercell are read if there is no ORB_INDX file. TSHS has only the
        number of orbitals; only ORB_INDX and nc have the ranges.

    Returns
    -------
    sisl.Geometry
        Ranges of orbitals that are not known are negative.

    Raises
    ------
    EngineError
        When there is no XV file or it does not fit the basis.
    """
    xv = sisl.get_sile(run.existing("XV")).read_geometry()
    if not np.isfinite(xv.xyz).all() or not 0 < xv.lattice.volume < np.inf:
        raise EngineError(
            f"{run.path('XV')}: the cell has no volume, or a position is not a number; run SIESTA again."
        )
    with warnings.catch_warnings():
        # sisl warns that ORB_INDX holds ranges but no radial functions; only the ranges are needed.
        warnings.simplefilter("ignore", sisl.SislWarning)
        if run.path("ORB_INDX").is_file():
            sile = sisl.get_sile(run.path("ORB_INDX"))
            basis, nsc = sile.read_basis(), sile.read_lattice_nsc()
        else:
            with fortran_path(matrices) as readable:
                written = sisl.get_sile(readable).read_geometry()
            basis, nsc = written.atoms, written.nsc
            if matrices.suffix == ".TSHS" and len(basis) == xv.na:  # the file has no elements
                counted = zip(xv.atoms, basis, strict=True)
                basis = sisl.Atoms([sisl.Atom(atom.Z, [-1.0] * other.no) for atom, other in counted])
    if len(basis) != xv.na or not np.array_equal(basis.Z, xv.atoms.Z):
        raise EngineError(
            f"{run.path('XV')}: holds {xv.atoms.formula()}, the basis that SIESTA wrote belongs to "
            f"{basis.formula()}; the files are of different runs."
        )
    return sisl.Geometry(xv.xyz, basis, lattice=sisl.Lattice(xv.cell, nsc=nsc))


def electronic_structure_from_run(
    run_dir: str | Path, settings: SiestaSettings | None = None
) -> ElectronicStructure:
    """Return the electronic structure of a finished run, after checks at every k point of the run.

    Checks: SIESTA completed; H is Hermitian and S positive definite; the eigenvalues are those of the EIG file
    within 1 meV (up to 10 eV above the Fermi energy, beyond which the single precision of SIESTA 4 costs more);
    filled up to the Fermi energy they hold the electrons of the neutral atoms; orbitals of a finite structure do not
    reach those of its images, by their ranges or, if these are not known, by the type of system that SIESTA states.

    Parameters
    ----------
    run_dir : str or Path
        Run folder: one fdf file, the output, the files with the SystemLabel as stem: XV, EIG and HSX, TSHS or nc, of a
        run with several k-points also KP.
        Without FA the forces are None; without ORB_INDX the orbitals come from the file of H and S. Tags and info come
        from `structure.extxyz`, or the only extended XYZ file in the folder.
    settings : SiestaSettings, optional
        Settings of the run; by default only what its output states is known.

    Raises
    ------
    InputError
        When the folder is not one of a run.
    EngineError
        When the run did not complete or a check fails.
    """
    run = find_run(run_dir)
    if problem := diagnose(run.output, settings or SiestaSettings()):
        raise EngineError(f"{run.folder}: {problem.reason}")
    text = run.output.read_text(encoding="utf-8", errors="replace")
    hamiltonian, fermi = read_hamiltonian(run_dir)
    if not hamiltonian.spin.is_unpolarized:
        raise EngineError(
            f"{run.folder}: H of the run has spin, an electronic structure of a study is non-polarized; for "
            "its T(E) give its TSHS, nc or (SIESTA 5) HSX file to `qdjunction transmission` with the lead atoms."
        )
    forces_file = run.path("FA") if run.path("FA").is_file() else None
    for path, check in ((run.existing("EIG"), eig_is_complete), (forces_file, fa_is_complete)):
        if path is not None and not check(path):
            raise EngineError(f"{path}: the file is cut short or damaged; run SIESTA again.")
    levels_in_file = np.sort(sisl.get_sile(run.path("EIG")).read_data()[0], axis=1)
    points, weights = _k_points(run, hamiltonian, len(levels_in_file))
    at_k = np.array(
        [
            checked_levels(hamiltonian, expected, run.folder, k)
            for k, expected in zip(points, levels_in_file, strict=True)
        ]
    )
    geometry = hamiltonian.geometry
    charges = _valence(geometry, text, run)
    valence = np.array([charges[atom.tag or atom.symbol] for atom in geometry.atoms])
    _check_electrons(at_k, weights, text, valence.sum(), run)
    atoms = _with_tags(run, geometry)
    if not atoms.pbc.any():
        check_even(atoms, valence.sum(), "siesta")
        _check_images(geometry, text, run)
    return ElectronicStructure(
        atoms=atoms,
        hamiltonian=hamiltonian,
        fermi_energy_ev=fermi,
        eigenvalues_ev=at_k[np.abs(points).sum(axis=1).argmin()],
        valence_electrons=valence,
        energy_ev=total_energy(run.output),
        forces_ev_per_ang=None if forces_file is None else sisl.get_sile(forces_file).read_force(),
        engine=engine_info(text, settings),
    )


def total_energy(output: Path) -> float:
    """Return the total energy (eV) at the end of the output of a run.

    Raises
    ------
    EngineError
        When there is none.
    """
    energies = _TOTAL_ENERGY.findall(output.read_text(encoding="utf-8", errors="replace"))
    if not energies:
        raise EngineError(f"{output}: holds no final energy; run SIESTA again.")
    return float(energies[-1])


def engine_info(output: str, settings: SiestaSettings | None) -> EngineInfo:
    """Return the engine metadata of a run from its output and, if known, its settings."""
    version = _VERSION.search(output)
    versions = {"siesta": version[1] if version else "unknown", "sisl": metadata.version("sisl")}
    if settings is None:
        stated = {"electronic_temperature_k": _electronic_temperature(output)}
        return EngineInfo("siesta", "DFT (SIESTA, settings as in its fdf file)", False, versions, stated)
    return EngineInfo("siesta", settings.method, False, versions, settings.numbers())


def _k_points(
    run: RunFiles, hamiltonian: sisl.Hamiltonian, number: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the reduced k points of a run, Gamma among them, and their weights."""
    if number == 1:
        return np.zeros((1, 3)), np.ones(1)
    path = run.existing("KP")
    try:
        points, weights = sisl.get_sile(path).read_data(hamiltonian.geometry.lattice)
    except Exception as error:  # sisl's readers raise any kind of exception
        raise EngineError(f"{path}: the file is cut short or damaged; run SIESTA again.") from error
    if len(points) != number or np.abs(points).sum(axis=1).min() > 1e-6:
        raise EngineError(
            f"{path}: holds {len(points)} k-points, the EIG file {number}, and Gamma has to be one of them; let the "
            "Monkhorst-Pack grid start at Gamma (displacements of 0.0)."
        )
    return points, weights / weights.sum()


def checked_levels(
    hamiltonian: sisl.Hamiltonian,
    expected_ev: NDArray[np.float64],
    where: object,
    k: ArrayLike = (0.0, 0.0, 0.0),
) -> NDArray[np.float64]:
    """Solve H C = S C E at a k point and compare the levels with those that SIESTA printed.

    Parameters
    ----------
    hamiltonian : sisl.Hamiltonian
        H (eV) and S, E_F at zero.
    expected_ev : (n,) array
        Levels relative to E_F (eV), ascending.
    where : object
        Run to name in errors.
    k : 3 floats
        Reduced k point.

    Returns
    -------
    (n,) array
        Levels relative to E_F (eV), ascending.

    Raises
    ------
    EngineError
        When H is not Hermitian, S not positive definite, or the levels differ.
    """
    H, S = (read(k=k, format="array") for read in (hamiltonian.Hk, hamiltonian.Sk))
    for name, matrix in (("H", H), ("S", S)):
        error = float(np.abs(matrix - matrix.conj().T).max())
        if error > HERMITICITY_EV:
            raise EngineError(
                f"{where}: {name} is not Hermitian, |{name} - {name}^dagger| is up to {error:.1e}; the files are "
                "damaged or of different runs."
            )
    if not np.any(k):  # both are real
        H, S = H.real, S.real
    # Single precision leaves an antisymmetric part of 1e-7; the solver reads one triangle only.
    H, S = ((matrix + matrix.conj().T) / 2 for matrix in (H, S))
    try:
        levels = scipy.linalg.eigh(H, S, eigvals_only=True)
    except scipy.linalg.LinAlgError:
        smallest = float(scipy.linalg.eigvalsh(S, subset_by_index=(0, 0))[0])
        raise EngineError(
            f"{where}: the overlap is not positive definite (smallest eigenvalue {smallest:.1e}); the files are "
            "damaged, or two atoms are at the same place."
        ) from None
    if len(levels) != len(expected_ev):
        raise EngineError(
            f"{where}: H has {len(levels)} levels, the EIG file {len(expected_ev)}; the files are of different runs."
        )
    compared = expected_ev < _COMPARED_ABOVE_FERMI_EV
    worst = float(np.abs(levels - expected_ev)[compared].max())
    if worst > EIGENVALUE_TOLERANCE_EV:
        raise EngineError(
            f"{where}: the levels of H and S differ from the EIG file by up to {worst * 1000:.1f} meV; the files are "
            "of different runs or the SCF did not converge."
        )
    return levels


def _check_electrons(
    levels: NDArray[np.float64], weights: NDArray[np.float64], text: str, valence: float, run: RunFiles
) -> None:
    stated = _ELECTRONS.search(text)
    expected = float(stated[1]) if stated else valence
    if abs(expected - valence) > ELECTRON_TOLERANCE:
        raise EngineError(
            f"{run.output}: SIESTA counts {expected:g} electrons, the neutral atoms have {valence:g}; charged systems "
            "are not supported."
        )
    temperature = _electronic_temperature(text)
    filled = 2 * float(weights @ expit(-levels / (BOLTZMANN_EV_PER_K * temperature)).sum(axis=1))
    if abs(filled - expected) > ELECTRON_TOLERANCE:
        raise EngineError(
            f"{run.folder}: up to the Fermi energy the levels hold {filled:.3f} electrons, the atoms have "
            f"{expected:g}; the Fermi energy and H are not of the same run."
        )


def _check_images(geometry: sisl.Geometry, text: str, run: RunFiles) -> None:
    """Check that the orbitals of a finite structure do not reach those of its images."""
    try:
        if all(atom.maxR() > 0 for atom in geometry.atoms):
            check_box(geometry)
            return
    except EngineError as error:
        raise EngineError(f"{run.folder}: {error}") from error
    stated = _SYSTEM_TYPE.search(text)
    if stated is None or stated[1] != "molecule":
        says = (
            f"SIESTA calls the system a {stated[1]}"
            if stated
            else "SIESTA does not state the type of the system"
        )
        raise EngineError(
            f"{run.output}: {says}, where a finite structure is a molecule: its orbitals reach those of its images; "
            "raise vacuum_ang. (With the ORB_INDX file the ranges of the orbitals are checked instead.)"
        )


def _electronic_temperature(text: str) -> float:
    """Return the electronic temperature (K), which SIESTA states in Ry or in K."""
    match = _TEMPERATURE.search(text)
    if match is None:
        return SiestaSettings().electronic_temperature_k
    value, unit = float(match[1]), match[2]
    return value if unit == "K" else value * sisl.unit_convert(unit, "eV") / BOLTZMANN_EV_PER_K


def _valence(geometry: sisl.Geometry, text: str, run: RunFiles) -> dict[str, float]:
    """Return the valence charge of each neutral species by its label, from SIESTA's output on the species."""
    _, *parts = _SPECIES.split(text)
    found = {
        label: float(charge[1])
        for label, section in zip(parts[::2], parts[1::2], strict=True)
        if (charge := _VALENCE.search(section))
    }
    if missing := sorted({atom.tag or atom.symbol for atom in geometry.atoms.atom} - found.keys()):
        raise EngineError(
            f'{run.output}: does not state the valence charge of {", ".join(missing)} ("Vna: chval, zval" after '
            '"atom: Called for"); run SIESTA from the pseudopotentials, not from ion files (User.Basis).'
        )
    return found


def _with_tags(run: RunFiles, geometry: sisl.Geometry) -> Atoms:
    """Return the run's geometry with the tags and the info of the structure file beside it."""
    calculated = Atoms(geometry.atoms.Z, geometry.xyz, cell=geometry.cell, pbc=geometry.nsc > 1)
    files = (
        [run.folder / STRUCTURE]
        if (run.folder / STRUCTURE).is_file()
        else sorted(run.folder.glob("*.extxyz"))
    )
    if len(files) != 1:
        log.warning("%s: no structure file with tags; every atom counts as part of the dot", run.folder)
        return calculated
    atoms = read_structure(files[0])
    if not np.array_equal(atoms.numbers, calculated.numbers):
        raise EngineError(
            f"{files[0]}: holds {atoms.symbols}, the run {calculated.symbols}; they do not belong together."
        )
    moved = _largest_move(atoms, calculated)
    if moved > SAME_RUN_ANG:
        raise EngineError(
            f"{files[0]}: is of another run: an atom is {moved:.1f} Ang from its place in {run.path('XV')}, farther "
            "than a relaxation moves one; put the structure of this run there."
        )
    atoms.positions = calculated.positions
    if atoms.pbc.any():
        atoms.cell = geometry.cell
    if {"left", "right", "contact_distance_ang"} <= atoms.info.keys():
        ends = atoms.info["left"], atoms.info["right"]
        atoms.info["contact_distance_ang"] = contact_distance(atoms, *ends)
    return atoms


def _largest_move(given: Atoms, calculated: Atoms) -> float:
    """Return how far an atom other than hydrogen is from its place in a superposed geometry (Ang)."""
    if given.pbc.any():
        away = calculated.positions - given.positions
        distances = find_mic(away - away[0], calculated.cell, given.pbc)[1]
    else:
        distances = np.linalg.norm(superpose(given, calculated).positions - calculated.positions, axis=1)
    return float(distances[given.numbers != 1].max(initial=0.0))
