"""Interface of the engines: what each takes and returns, and how a study finds it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar, runtime_checkable

from qdjunction.core.errors import EngineError, InputError
from qdjunction.core.schema import Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import sisl
    from ase import Atoms
    from numpy.typing import NDArray

    from qdjunction.engine.thermostat import Thermostat


AnySettings = TypeVar("AnySettings", bound=Section)


@dataclass(frozen=True)
class EngineInfo:
    """Engine metadata of a result.

    Attributes
    ----------
    name : str
        Short name as used in ``config.yaml``, that of its `EngineKind`.
    method : str
        Method as a paper states it: ``GFN1-xTB``, ``PBE/DZP``.
    embedded : bool
        Whether it is a model used in place of DFT; reports then say so.
    versions : dict of str to str
        Versions of the programs and libraries used.
    settings : dict
        Every setting that results depend on, as plain JSON values.
    """

    name: str
    method: str
    embedded: bool
    versions: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Label for figures: the method, marked as a model if it is one."""
        return f"{self.method}: embedded model, not DFT" if self.embedded else self.method

    @property
    def electronic_temperature_k(self) -> float:
        """Temperature of the Fermi function (K), which engines call ``electronic_temperature_k``; 0 if none is set."""
        return float(self.settings.get("electronic_temperature_k", 0.0))


@dataclass(frozen=True)
class Relaxation:
    """Outcome of a geometry relaxation.

    Attributes
    ----------
    atoms : ase.Atoms
        Last geometry, with the info and the tags of the start geometry.
    converged : bool
        Whether the largest force fell below the threshold.
    energy_ev : float
        Total energy of the last geometry (eV).
    fmax_ev_per_ang : float
        Largest force on a free atom (eV/Ang).
    steps : int
        Steps over all runs, restarts included.
    wall_time_s : float
        Wall time over all runs (s).
    engine : EngineInfo
        Engine metadata.
    reason : str
        Why it is not converged, in one sentence; empty otherwise.
    """

    atoms: Atoms
    converged: bool
    energy_ev: float
    fmax_ev_per_ang: float
    steps: int
    wall_time_s: float
    engine: EngineInfo
    reason: str = ""


@dataclass(frozen=True)
class ElectronicStructure:
    """H and S of a converged calculation, Fermi energy at zero.

    Attributes
    ----------
    atoms : ase.Atoms
        Geometry with its tags (0 dot, 10, 11, ... left gold from apex to base, 20, 21, ... right gold).
    hamiltonian : sisl.Hamiltonian
        H (eV) and S with the Fermi energy at zero.
    fermi_energy_ev : float
        Fermi energy in the engine's own zero (eV).
    eigenvalues_ev : (n,) array
        Eigenvalues at the Gamma point, also of a run with several k points, relative to the Fermi energy (eV),
        ascending.
    valence_electrons : (n_atoms,) array
        Valence electrons of each neutral atom.
    energy_ev : float
        Total energy (eV).
    forces_ev_per_ang : (n_atoms, 3) array or None
        Forces (eV/Ang); None if the run wrote none.
    engine : EngineInfo
        Engine metadata.
    """

    atoms: Atoms
    hamiltonian: sisl.Hamiltonian
    fermi_energy_ev: float
    eigenvalues_ev: NDArray[np.float64]
    valence_electrons: NDArray[np.float64]
    energy_ev: float
    forces_ev_per_ang: NDArray[np.float64] | None
    engine: EngineInfo

    @property
    def homo_ev(self) -> float:
        """Highest doubly occupied level of the neutral system relative to the Fermi energy (eV)."""
        return float(self.eigenvalues_ev[self._pairs - 1])

    @property
    def lumo_ev(self) -> float:
        """Lowest level above the HOMO relative to the Fermi energy (eV)."""
        return float(self.eigenvalues_ev[self._pairs])

    @property
    def gap_ev(self) -> float:
        """HOMO-LUMO gap (eV)."""
        return self.lumo_ev - self.homo_ev

    @property
    def _pairs(self) -> int:
        return round(float(self.valence_electrons.sum()) / 2)


@dataclass(frozen=True, eq=False)
class Motion:
    """State of a trajectory, from which it resumes with the same numbers.

    Attributes
    ----------
    step : int
        Steps since the start of the trajectory.
    positions : (n, 3) array
        Positions (Ang).
    momenta : (n, 3) array
        Momenta in ASE's unit, sqrt(u eV).
    forces : (n, 3) array
        Forces at the positions (eV/Ang).
    rng : dict
        State of the generator of random numbers (PCG64).
    temperatures_k, energies_ev : (m,) array
        Kinetic temperature (K) and potential energy (eV) after each of the m last steps, those of one call.
    """

    step: int
    positions: NDArray[np.float64]
    momenta: NDArray[np.float64]
    forces: NDArray[np.float64]
    rng: dict[str, Any]
    temperatures_k: NDArray[np.float64]
    energies_ev: NDArray[np.float64]


def check_even(atoms: Atoms, electrons: float, engine: str) -> None:
    """Refuse a structure with an odd number of valence electrons, which closed shells cannot hold.

    Raises
    ------
    EngineError
        If the number is odd.
    """
    if round(electrons) % 2:
        raise EngineError(
            f"{atoms.get_chemical_formula()} has an odd number of valence electrons ({electrons:.0f}); "
            f"the {engine} engine treats closed shells only: check the formula."
        )


class Engine(Protocol):
    """An electronic-structure code.

    `relax` and `hamiltonian` create `workdir` if it is missing, keep their files there, and resume from those of an
    earlier, interrupted call. They raise `EngineError` with one clear sentence when the calculation cannot be done.
    """

    @property
    def info(self) -> EngineInfo:
        """Engine metadata, with the settings."""
        ...

    def inputs(self, atoms: Atoms) -> list[Path]:
        """Return the files besides the structure that results for `atoms` depend on, such as pseudopotentials."""
        ...

    @property
    def takes_springs(self) -> bool:
        """Whether `relax` supports every ASE constraint, or only `ase.constraints.FixAtoms`."""
        ...

    def relax(self, atoms: Atoms, workdir: Path, fmax_ev_per_ang: float, max_steps: int) -> Relaxation:
        """Relax `atoms` until no free atom feels more than `fmax_ev_per_ang`; ASE constraints hold."""
        ...

    def hamiltonian(
        self, atoms: Atoms, workdir: Path, density_from: Path | None = None
    ) -> ElectronicStructure:
        """Converge the SCF of `atoms` and return H and S with the Fermi energy at zero.

        `density_from` is the working folder of another run with the same atoms, for example of the neighbouring
        contact; an engine that supports it starts from that density. This affects how fast the SCF converges, not its
        result.
        """
        ...


class DynamicsEngine(Engine, Protocol):
    """An engine that also propagates atoms in time: one whose kind has `EngineKind.has_dynamics`."""

    def dynamics(
        self,
        atoms: Atoms,
        thermostat: Thermostat,
        steps: int,
        seed: int,
        workdir: Path,
        start: Motion | None = None,
    ) -> Motion:
        """Propagate `atoms`, or resume from what an interrupted call left in `workdir`.

        An engine with an ASE calculator returns `engine.dynamics.propagate`, which explains the arguments.
        """
        ...


@runtime_checkable
class GhostEngine(Engine, Protocol):
    """An engine with ghost atoms: orbitals without the atom, which counterpoise corrections need.

    An engine without them is taken to need no correction.
    """

    def ghost_energy(self, atoms: Atoms, ghosts: NDArray[np.bool_], workdir: Path) -> float:
        """Return the energy (eV) of the atoms that are no ghosts in the basis of all, without dispersion.

        Parameters
        ----------
        atoms : ase.Atoms
            The structure with its ghosts.
        ghosts : (n_atoms,) array of bool
            The ghosts.
        workdir : Path
            Working folder, as in `hamiltonian`.
        """
        ...


class VibrationsEngine(Engine, Protocol):
    """An engine that also computes vibrations: one whose kind has `EngineKind.has_vibrations`."""

    def frequencies(self, atoms: Atoms, moving: Sequence[int], workdir: Path) -> NDArray[np.float64]:
        """Return the wave numbers of the atoms `moving`, all others held (1/cm), or resume in `workdir`.

        An engine with an ASE calculator returns `engine.vibrations.frequencies`, which explains the arguments.
        """
        ...


class EngineKind(ABC, Generic[AnySettings]):
    """What a study needs of an engine before any calculation: settings, files and resources of its jobs.

    A module of this package adds an engine with ``KIND``, an instance of a subclass; so does another distribution with
    an entry point of the group ``qdjunction.engines``. The module is imported with every configuration that is read, so
    expensive imports belong in `make`. The number of atoms n is that of the dot, or of the junction
    with its gold.

    Attributes
    ----------
    name : str
        Name in ``config.yaml``: the value of the key ``engine`` and the key of its own section.
    description : str
        Short description for the reference of ``config.yaml``.
    Settings : type of Section
        Model of its section; every setting has a default.
    embedded : bool
        Whether it is a model used in place of DFT. Dots are relaxed with the library's embedded model before any
        engine that is not.
    environment : str
        File of its conda environment: a name in ``envs/``, or an absolute path.
    threads : int
        Default number of threads of each of its jobs.
    has_dynamics : bool
        Whether `make` returns a `DynamicsEngine`, which thermal snapshots need.
    has_vibrations : bool
        Whether `make` returns a `VibrationsEngine`.
    extras : tuple of str
        Extras of this distribution with the packages that it imports; see `qdjunction.core.extras`.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    Settings: type[AnySettings]
    embedded: ClassVar[bool]
    environment: ClassVar[str]
    threads: ClassVar[int] = 1
    has_dynamics: ClassVar[bool] = False
    has_vibrations: ClassVar[bool] = False
    extras: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def make(self, settings: AnySettings, threads: int | None, resources: Mapping[str, Any]) -> Engine:
        """Return the engine.

        Parameters
        ----------
        settings : Section
            An instance of `Settings`.
        threads : int or None
            Number of threads; None takes that of ``OMP_NUM_THREADS``.
        resources : mapping
            Resources of the Snakemake job, empty outside of one.
        """

    @abstractmethod
    def mem_mb(self, n: int) -> float:
        """Return the memory (MB) that the first attempt of a job with `n` atoms requests."""

    @abstractmethod
    def scf_min(self, n: int) -> float:
        """Return the run time (min) to request for the SCF of `n` atoms."""

    @abstractmethod
    def relax_min(self, n: int) -> float:
        """Return the run time (min) to request for the relaxation of `n` atoms and the SCF at its end."""

    def scf_s(self, n: int) -> float:
        """Return the expected processor time (s) of the SCF of a junction; by default what `scf_min` requests."""
        return 60 * self.scf_min(n)

    def step_s(self, n: int) -> float:
        """Return the expected processor time (s) of a step of dynamics of `n` atoms without gold."""
        return self.scf_s(n)

    def input_files(self, elements: Iterable[str], settings: AnySettings) -> list[Path]:
        """Return the files, such as pseudopotentials, that results for these chemical symbols depend on; checked.

        Raises
        ------
        InputError
            When one is missing or unfit. The message begins with the key of the section: ``folder: no file of Pb``.
        """
        return []

    def periodic(self, settings: AnySettings, kpoints: tuple[int, int, int]) -> AnySettings:
        """Return the settings for a periodic structure: an electrode, or a junction on surfaces.

        Parameters
        ----------
        settings : Section
            Those of the study.
        kpoints : 3 ints
            Numbers of k points along the lattice vectors, Gamma included. H and S must keep the couplings to images
            apart, along every vector, so that they can be folded to any k point.

        Raises
        ------
        InputError
            When the engine computes finite structures only.
        """
        raise InputError(
            f"engine = '{self.name}': {self.description} computes finite structures only, and bulk leads need periodic "
            "ones with k points; take an engine for these, such as siesta, or wide-band or cluster leads"
        )

    def slab(self, settings: AnySettings, kpoints: tuple[int, int]) -> AnySettings:
        """Return the settings for energies and relaxations of a slab, which is periodic along two lattice vectors.

        Parameters
        ----------
        settings : Section
            Those of the study.
        kpoints : 2 ints
            Numbers of k points along these vectors, Gamma included.

        Raises
        ------
        InputError
            When the engine computes no slabs, or not with these k points.
        """
        raise InputError(
            f"engine = '{self.name}': {self.description} computes finite structures only; take an engine that computes "
            "slabs, such as siesta or xtb"
        )

    def check_study(self, settings: AnySettings) -> None:
        """Check that a study can be done with these settings.

        Raises
        ------
        InputError
            When it cannot. The message begins with the key of the section: ``spin = polarized: ...``.
        """

    def read_run(self, folder: Path) -> ElectronicStructure:
        """Return H and S of a finished run of the code behind this engine, Fermi energy at zero.

        Raises
        ------
        NotImplementedError
            When the engine has no such runs.
        InputError
            When the folder holds none.
        EngineError
            When the run failed or its files do not belong together.
        """
        raise NotImplementedError
