"""The embedded engine: GFN-xTB through tblite.

H of a converged calculation is built from its eigenvectors: tblite returns only the core Hamiltonian, but with C^T S C
= 1 the self-consistent one is H = (S C) eps (S C)^T. Method: S. Grimme, C. Bannwarth,
P. Shushkov, J. Chem. Theory Comput. 13, 1989 (2017), doi:10.1021/acs.jctc.7b00118.
"""

import contextlib
import logging
import math
import platform
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import sisl
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.data import chemical_symbols
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, eigvalsh
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from qdjunction.core.errors import EngineError
from qdjunction.core.extras import require_extra
from qdjunction.core.units import BOHR_ANG, BOLTZMANN_EV_PER_K, HARTREE_EV, HARTREE_PER_BOHR_EV_PER_ANG
from qdjunction.engine.contract import ElectronicStructure, EngineInfo, Motion, Relaxation, check_even
from qdjunction.engine.dynamics import propagate
from qdjunction.engine.fermi import fermi_energy
from qdjunction.engine.relaxation import relax
from qdjunction.engine.thermostat import Thermostat
from qdjunction.engine.vibrations import frequencies
from qdjunction.engine.xtb import blas, charges
from qdjunction.engine.xtb.scf_log import ScfLog, interrupt_afterwards
from qdjunction.engine.xtb.settings import XtbSettings

__all__ = ["XtbEngine", "XtbSettings"]

log = logging.getLogger(__name__)

RELAXATION_LINES_S = 30.0
"""Time between two SCF iterations that a relaxation logs (s); the result of each step is logged in any case."""

ROUGH = 100.0
"""Factor on the accuracy of an SCF that is only the initial guess for a lower temperature."""

_EIGENVALUE_TOLERANCE_EV = 1e-8
_BOX_MARGIN_ANG = 10.0


class XtbEngine:
    """GFN-xTB for isolated, closed-shell structures, and the energies and forces of slabs.

    A slab is periodic along two lattice vectors. tblite uses only its Gamma point, which in a supercell of a few cells
    is no basis for levels, so that H and S of a slab are refused.

    Parameters
    ----------
    settings : XtbSettings, optional
        Settings on which results depend.
    threads : int, optional
        Threads of tblite and its BLAS; None takes that of ``OMP_NUM_THREADS``.
    """

    def __init__(self, settings: XtbSettings | None = None, threads: int | None = None):
        require_extra("xtb")
        self.settings = settings or XtbSettings()
        self.threads = threads
        self._relaxed: _Scf | None = None

    @property
    def info(self) -> EngineInfo:
        """Engine metadata, with the settings; ``versions["blas"]`` is the library that tblite calls."""
        packages = ("tblite", "ase", "sisl", "numpy", "scipy")
        versions = {package: metadata.version(package) for package in packages}
        versions["blas"] = blas.load()
        versions["python"] = platform.python_version()
        return EngineInfo("xtb", self.settings.method, True, versions, self.settings.model_dump(mode="json"))

    def inputs(self, atoms: Atoms) -> list[Path]:
        """Return an empty list: the parameters are part of tblite."""
        return []

    @property
    def takes_springs(self) -> bool:
        """True: ASE relaxes, with all of its constraints."""
        return True

    def relax(self, atoms: Atoms, workdir: Path, fmax_ev_per_ang: float, max_steps: int) -> Relaxation:
        """Relax `atoms` until no free atom feels more than `fmax_ev_per_ang`; ASE constraints hold.

        Raises
        ------
        EngineError
            When the SCF does not converge or the engine cannot treat the structure.
        """
        with threadpool_limits(self.threads):
            self._relaxed = None
            scf = _Scf(self.settings, atoms, ScfLog(RELAXATION_LINES_S))
            outcome = relax(
                atoms, _AseCalculator(scf), self.info, Path(workdir), fmax_ev_per_ang, max_steps, scf.forget
            )
        # Kept only where `hamiltonian` can use it: its matrices are large.
        self._relaxed = scf if outcome.steps == 0 else None
        return replace(outcome, engine=_with_tries(self.info, scf.tries))

    def dynamics(
        self,
        atoms: Atoms,
        thermostat: Thermostat,
        steps: int,
        seed: int,
        workdir: Path,
        start: Motion | None = None,
    ) -> Motion:
        """Propagate `atoms` in time; see `propagate`.

        Raises
        ------
        EngineError
            When the SCF does not converge or the engine cannot treat the structure.
        """
        with threadpool_limits(self.threads):
            _check_finite(atoms, "dynamics")
            scf = _Scf(self.settings, atoms, ScfLog(RELAXATION_LINES_S))
            return propagate(
                atoms,
                thermostat,
                steps,
                seed,
                _AseCalculator(scf),
                self.info,
                Path(workdir),
                start,
                scf.forget,
            )

    def frequencies(self, atoms: Atoms, moving: Sequence[int], workdir: Path) -> NDArray[np.float64]:
        """Return the wave numbers of the atoms `moving`, all others held (1/cm); see `vibrations.frequencies`.

        Raises
        ------
        EngineError
            When the SCF does not converge or the engine cannot treat the structure.
        """
        with threadpool_limits(self.threads):
            scf = _Scf(self.settings, atoms, ScfLog(RELAXATION_LINES_S))
            return frequencies(atoms, moving, _AseCalculator(scf), self.info, Path(workdir))

    def hamiltonian(
        self, atoms: Atoms, workdir: Path, density_from: Path | None = None
    ) -> ElectronicStructure:
        """Converge the SCF of `atoms` and return H and S with the Fermi energy at zero.

        H and S are checked: S is positive definite, and the generalised eigenvalues of H are the orbital
        energies of the SCF within 1e-8 eV.

        Raises
        ------
        EngineError
            When the SCF does not converge, a check fails, or the engine cannot treat the structure.
        """
        with threadpool_limits(self.threads):
            _check_finite(atoms, "H, S, T(E) and gaps")
            relaxed, self._relaxed = self._relaxed, None
            if relaxed is not None and (only := relaxed.only_result(atoms)) is not None:
                log.info("the relaxation, without a step, had this SCF, which is not repeated")
                scf, result = relaxed, only
            else:
                scf = _Scf(self.settings, atoms, ScfLog())
                result = scf.solve(atoms.positions)
            levels = result["orbital-energies"] * HARTREE_EV
            S = result["overlap-matrix"]
            SC = S @ result["orbital-coefficients"]
            H = (SC * levels) @ SC.T
            H = (H + H.T) / 2
            _check_eigenvalues(H, S, levels)

        electrons = _reference_electrons(self.settings.method, atoms)
        kT = BOLTZMANN_EV_PER_K * self.settings.electronic_temperature_k
        fermi = fermi_energy(levels, round(electrons.sum()), kT)
        hamiltonian = _to_sisl(atoms, H - fermi * S, S, _orbitals(self.settings.method, scf))
        return ElectronicStructure(
            atoms=atoms.copy(),
            hamiltonian=hamiltonian,
            fermi_energy_ev=fermi,
            eigenvalues_ev=levels - fermi,
            valence_electrons=electrons,
            energy_ev=float(result["energy"]) * HARTREE_EV,
            forces_ev_per_ang=-result["gradient"] * HARTREE_PER_BOHR_EV_PER_ANG,
            engine=_with_tries(self.info, scf.tries),
        )


class _Scf:
    """Self-consistent calculations of one set of atoms, each started from the one before.

    Parameters
    ----------
    settings : XtbSettings
        Settings on which results depend.
    atoms : Atoms
        The structure.
    scf_log : ScfLog
        Receives the lines that tblite prints.

    Attributes
    ----------
    tries : list of str
        Further tries that were needed. None of them changes the Hamiltonian or the final temperature.
    """

    def __init__(self, settings: XtbSettings, atoms: Atoms, scf_log: ScfLog):
        blas.load()
        from tblite.exceptions import TBLiteRuntimeError
        from tblite.interface import Calculator as Tblite

        _check_structure(settings.method, atoms)
        self.settings = settings
        self.numbers = atoms.numbers.copy()
        self._is_periodic = bool(atoms.pbc.any())
        self._log = scf_log
        self.tries: list[str] = []
        self._result: Any = None
        self._follower: charges.Follower | None = None
        self._solved: list[NDArray[np.float64]] = []
        try:
            method, lattice = _method_and_lattice(settings.method, atoms)
            self._tblite = Tblite(
                method, atoms.numbers, atoms.positions / BOHR_ANG, color=False, logger=scf_log, **lattice
            )
        except TBLiteRuntimeError as error:
            raise EngineError(f"tblite rejects {atoms.get_chemical_formula()}: {error}") from error
        self._tblite.set("verbosity", 1)
        self._tblite.set("save-integrals", 1)

    def solve(self, positions: NDArray[np.float64]) -> Any:
        """Converge at `positions` (Ang) and return tblite's result.

        Raises
        ------
        EngineError
            When every try has failed.
        """
        from tblite.exceptions import TBLiteRuntimeError

        self._solved.append(np.array(positions))
        try:
            self._tblite.update(np.asarray(positions) / BOHR_ANG)
        except TBLiteRuntimeError as error:
            raise EngineError(f"tblite rejects the geometry: {error}") from error
        end, start = self.settings.electronic_temperature_k, self.settings.start_temperature_k
        tries: list[tuple[str, Any, list[float], int]] = [
            ("annealed", None, [start, end] if start > end else [end], 1),
            (
                "cooled slowly from five times the start temperature with a quarter of the damping",
                None,
                _cooling(5 * start, end),
                4,
            ),
        ]
        if self._result is not None:
            tries.insert(0, ("warm", self._result, [end], 1))
        if (near := self._near_convergence(positions)) is not None:
            tries.insert(0, ("from charges near self-consistency", near, [end], 1))
        for number, (name, guess, temperatures, caution) in enumerate(tries):
            if number:
                self.tries.append(name)
            try:
                self._result = self._run(guess, temperatures, caution)
            except TBLiteRuntimeError as error:
                log.warning("SCF try %r failed: %s", name, error)
                failure = error
            else:
                return self._result
        raise EngineError(
            f"The SCF of {len(self._tblite)} atoms does not converge ({failure}); look for atoms that "
            f"are too close, or raise electronic_temperature_k (now {end:g}) or start_temperature_k (now "
            f"{start:g}) of the xtb engine."
        )

    def _near_convergence(self, positions: NDArray[np.float64]) -> Any:
        """Return a result of tblite with charges near self-consistency, or None.

        `charges.converge` finds those of the first geometry at higher temperatures; from there, and at the next
        geometries, a `charges.Follower` finds those at the final one. Only GFN1-xTB has no other variables; GFN2-xTB
        also has multipoles. Slabs start from neutral atoms, since the potential of the charges is that of a finite
        structure.
        """
        settings = self.settings
        is_first = self._result is None
        if settings.method != "GFN1-xTB" or self._is_periodic or not (is_first or self._follower):
            return None
        result, atoms_of_shells = self._unconverged(), np.asarray(self._tblite.get("shell-map"))
        model = charges.ShellCharges(
            [chemical_symbols[number] for number in self.numbers],
            positions,
            result["hamiltonian-matrix"],
            result["overlap-matrix"],
            atoms_of_shells,
            np.asarray(self._tblite.get("orbital-map")),
            _parameters(settings.method)["element"],
        )
        start, end = settings.start_temperature_k, settings.electronic_temperature_k
        found = None
        if is_first:
            temperatures = [start, math.sqrt(start * end)] if start > end else [end]
            found = charges.converge(model, temperatures, settings.max_iterations)
            self._follower = None if found is None else charges.Follower(found)
        followed = self._follower.follow(model, end, settings.max_iterations) if self._follower else None
        if followed is not None:
            found = followed
        else:
            # At the final temperature tblite is safer: levels near the Fermi energy change their occupation by leaps.
            self._follower = None
        return None if found is None else _with_charges(result, found, atoms_of_shells)

    def _unconverged(self) -> Any:
        """Return tblite's result without an iteration, which has the core Hamiltonian and the overlap."""
        from tblite.exceptions import TBLiteRuntimeError
        from tblite.interface import Result

        result = Result()
        self._tblite.set("verbosity", 0)
        self._tblite.set("max-iter", 0)
        with contextlib.suppress(TBLiteRuntimeError), interrupt_afterwards():
            self._tblite.singlepoint(result)
        self._tblite.set("verbosity", 1)
        return result

    def _run(self, guess: Any, temperatures: Sequence[float], caution: int) -> Any:
        """Converge at each temperature in turn, starting from `guess`, which is not modified.

        The damping is divided, and the number of iterations multiplied, by `caution`.
        """
        self._tblite.set("mixer-damping", self.settings.mixer_damping / caution)
        self._tblite.set("max-iter", self.settings.max_iterations * caution)
        result = guess
        for temperature in temperatures:
            # Intermediate temperatures only provide the guess for the next one.
            rough = 1.0 if temperature == temperatures[-1] else ROUGH
            self._tblite.set("accuracy", rough * self.settings.accuracy)
            self._log.temperature_k = temperature
            self._tblite.set("temperature", BOLTZMANN_EV_PER_K * temperature / HARTREE_EV)
            with interrupt_afterwards():
                result = self._tblite.singlepoint(result, copy=True)
        return result

    def forget(self) -> None:
        """Start the next SCF from scratch."""
        self._result = self._follower = None

    def only_result(self, atoms: Atoms) -> Any:
        """Return the result if this was the only SCF and is that of `atoms`, digit by digit as if repeated, or None."""
        is_it = len(self._solved) == 1 and np.array_equal(self._solved[0], atoms.positions)
        return self._result if is_it and np.array_equal(self.numbers, atoms.numbers) else None

    def shells(self) -> Iterator[tuple[int, int, int]]:
        """Yield atom, number within the atom and angular momentum of each shell, in tblite's order."""
        atoms = np.asarray(self._tblite.get("shell-map"))
        first = {int(atom): int(np.argmax(atoms == atom)) for atom in np.unique(atoms)}
        for shell, (atom, momentum) in enumerate(
            zip(atoms, self._tblite.get("angular-momenta"), strict=True)
        ):
            yield int(atom), shell - first[int(atom)], int(momentum)


class _AseCalculator(Calculator):
    """ASE calculator of energy and forces from the SCF."""

    implemented_properties: list[str] = ["energy", "forces"]  # noqa: RUF012  # an instance variable in ASE

    def __init__(self, scf: _Scf):
        super().__init__()  # type: ignore[no-untyped-call]
        self._scf = scf

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = tuple(all_changes),
    ) -> None:
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        # ASE's own method has just set them.
        result = self._scf.solve(self.atoms.positions)  # type: ignore[union-attr]
        self.results = {
            "energy": float(result["energy"]) * HARTREE_EV,
            "forces": -result["gradient"] * HARTREE_PER_BOHR_EV_PER_ANG,
        }


def _with_charges(
    result: Any, of_shells: NDArray[np.floating[Any]], atoms_of_shells: NDArray[np.int_]
) -> Any:
    """Return a copy of tblite's result from which an SCF starts with other charges of the shells."""
    from tblite.interface import Result

    copied = Result()
    new = {"tblite0_qsh.npy": of_shells, "tblite0_qat.npy": np.bincount(atoms_of_shells, of_shells)}
    # tblite has no other way to set them than its file of a wave function.
    with tempfile.TemporaryDirectory() as folder:
        former, changed = str(Path(folder, "former.npz")), str(Path(folder, "changed.npz"))
        result.save(former)
        with ZipFile(former) as archive, ZipFile(changed, "w") as copy:
            for name in archive.namelist():
                numbers = new.get(name, np.empty(0)).tobytes()
                content = archive.read(name)
                # The numbers follow the header.
                copy.writestr(name, content[: len(content) - len(numbers)] + numbers)
        copied.load(changed)
    return copied


def _with_tries(info: EngineInfo, tries: list[str]) -> EngineInfo:
    return replace(info, settings={**info.settings, "scf_tries": tries}) if tries else info


def _cooling(start_k: float, end_k: float) -> list[float]:
    """Return temperatures from `start_k` that halve at each step, followed by `end_k`."""
    halvings = math.ceil(math.log2(start_k / end_k))
    return [start_k / 2**n for n in range(halvings)] + [end_k]


@cache
def _parameters(method: str) -> dict[str, Any]:
    """Return tblite's own parameters of `method`; those of the key ``element`` are by symbol."""
    blas.load()
    from tblite import library

    export = {"GFN1-xTB": library.export_gfn1_param, "GFN2-xTB": library.export_gfn2_param}[method]
    parameters, table = library.new_param(), library.new_table()
    export(parameters)
    library.dump_param(parameters, table)
    found: dict[str, Any] = library.table_to_dict(table)
    return found


def _method_and_lattice(method: str, atoms: Atoms) -> tuple[str | dict[str, Any], dict[str, Any]]:
    """Return what tblite is made with: for a slab its lattice, and the parameters without the halogen bonds.

    tblite 0.8 takes the distance of each image of a halogen bond for that within the cell, so that the energy of a slab
    with N would depend on where the cell begins. The term is 1 meV for a ligand on a patch of CsPbBr3.
    """
    if not atoms.pbc.any():
        return method, {}
    parameters = {key: value for key, value in _parameters(method).items() if key != "halogen"}
    return parameters, {"lattice": atoms.cell.array / BOHR_ANG, "periodic": atoms.pbc}


def _reference_electrons(method: str, atoms: Atoms) -> NDArray[np.float64]:
    """Return the valence electrons of each neutral atom: the sum of the method's reference occupation."""
    elements = _parameters(method)["element"]
    unknown = sorted(set(atoms.symbols) - set(elements))
    if unknown:
        raise EngineError(f"{method} has no parameters for {', '.join(unknown)}; use another engine.")
    return np.array([round(sum(elements[symbol]["refocc"])) for symbol in atoms.symbols], dtype=float)


def _check_structure(method: str, atoms: Atoms) -> None:
    if len(atoms) == 0:
        raise EngineError("There are no atoms to compute.")
    if atoms.pbc.any() and (atoms.pbc.sum() != 2 or method != "GFN1-xTB"):
        raise EngineError(
            f"The xtb engine treats isolated structures, and slabs with GFN1-xTB; here pbc is {atoms.pbc.tolist()} and "
            f"the method {method}: set pbc of the atoms to False, or to True along two vectors."
        )
    check_even(atoms, _reference_electrons(method, atoms).sum(), "xtb")


def _check_finite(atoms: Atoms, what: str) -> None:
    if atoms.pbc.any():
        raise EngineError(
            f"The xtb engine has no {what} of a periodic structure: it uses only the Gamma point, at which the levels "
            "of a slab of a few cells mislead; take a finite structure, or SIESTA with k points."
        )


def _check_eigenvalues(H: NDArray[np.float64], S: NDArray[np.float64], levels: NDArray[np.float64]) -> None:
    try:
        error = np.abs(eigvalsh(H, S) - levels).max()
    except LinAlgError:
        raise EngineError(
            "The overlap matrix is not positive definite; look for atoms that are too close."
        ) from None
    if error > _EIGENVALUE_TOLERANCE_EV:
        raise EngineError(
            f"H does not reproduce the orbital energies of its SCF: they differ by {error:.1e} eV "
            f"(tolerance {_EIGENVALUE_TOLERANCE_EV:.0e} eV)."
        )


def _orbitals(method: str, scf: _Scf) -> list[list[sisl.AtomicOrbital]]:
    """Return the orbitals of each atom, in tblite's order, which within a shell is that of m = -l .. l."""
    elements = _parameters(method)["element"]
    atoms: list[list[sisl.AtomicOrbital]] = []
    seen: dict[tuple[int, int], int] = {}
    for atom, shell, momentum in scf.shells():
        if atom == len(atoms):
            atoms.append([])
        name = elements[chemical_symbols[scf.numbers[atom]]]["shells"][shell]
        zeta = seen[atom, momentum] = seen.get((atom, momentum), 0) + 1
        atoms[atom] += [
            sisl.AtomicOrbital(n=int(name[:-1]), l=momentum, m=m, zeta=zeta)
            for m in range(-momentum, momentum + 1)
        ]
    return atoms


def _to_sisl(
    atoms: Atoms, H: NDArray[np.float64], S: NDArray[np.float64], orbitals: list[list[sisl.AtomicOrbital]]
) -> sisl.Hamiltonian:
    """Return H and S on a geometry in a box, both with the sparsity of S, outside of which H of GFN-xTB is zero."""
    species = [sisl.Atom(number, of_atom) for number, of_atom in zip(atoms.numbers, orbitals, strict=True)]
    box = np.ptp(atoms.positions, axis=0) + 2 * _BOX_MARGIN_ANG
    geometry = sisl.Geometry(atoms.positions, species, lattice=sisl.Lattice(box, nsc=[1, 1, 1]))
    row, column = np.nonzero(S)
    matrices = (csr_matrix((M[row, column], (row, column)), shape=S.shape) for M in (H, S))
    return sisl.Hamiltonian.fromsp(geometry, *matrices)
