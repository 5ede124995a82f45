"""The SIESTA engine: DFT through the interface of all engines."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import sisl
from ase import Atoms
from numpy.typing import NDArray

from qdjunction.core.errors import EngineError, InputError
from qdjunction.core.matrix_files import is_complete
from qdjunction.engine.contract import ElectronicStructure, EngineInfo, Relaxation
from qdjunction.engine.siesta.extraction import (
    electronic_structure_from_run,
    engine_info,
    find_run,
    total_energy,
)
from qdjunction.engine.siesta.ghosts import by_label, with_ghosts
from qdjunction.engine.siesta.inputs import LABEL
from qdjunction.engine.siesta.launch import Launch
from qdjunction.engine.siesta.pseudopotentials import Pseudopotential, find_pseudopotentials
from qdjunction.engine.siesta.runner import OUTPUT, SiestaRun, Status
from qdjunction.engine.siesta.settings import SiestaSettings

__all__ = ["SiestaEngine", "SiestaSettings"]


class SiestaEngine:
    """SIESTA in a working folder, from which a run resumes after a failure.

    Parameters
    ----------
    settings : SiestaSettings, optional
        Protocol, numerics, pseudopotentials.
    launch : Launch, optional
        How SIESTA is started.
    """

    def __init__(self, settings: SiestaSettings | None = None, launch: Launch | None = None):
        self.settings = settings or SiestaSettings()
        self.launch = launch or Launch()

    @property
    def info(self) -> EngineInfo:
        """Engine metadata, with the settings; the version of SIESTA is in the results."""
        return replace(engine_info("", self.settings), versions={"sisl": sisl.__version__})

    def inputs(self, atoms: Atoms) -> list[Path]:
        """Return the pseudopotential files.

        Raises
        ------
        InputError
            When one is missing or unfit.
        """
        return [pseudopotential.path for pseudopotential in self._pseudopotentials(atoms).values()]

    @property
    def takes_springs(self) -> bool:
        """False: SIESTA only fixes atoms."""
        return False

    def relax(self, atoms: Atoms, workdir: Path, fmax_ev_per_ang: float, max_steps: int) -> Relaxation:
        """Relax `atoms` until no force component on a free atom exceeds `fmax_ev_per_ang`.

        This is SIESTA's own criterion, MD.MaxForceTol, which publications quote: the largest Cartesian component, not
        the largest norm. Atoms under `ase.constraints.FixAtoms` are fixed.

        Raises
        ------
        EngineError
            When SIESTA fails and no correction helps, or another process works in the folder.
        InputError
            When a pseudopotential is missing or unfit.
        """
        workdir = Path(workdir)
        run = SiestaRun(workdir, atoms, self.settings, self._pseudopotentials(atoms), self.launch)
        status = run.relax(fmax_ev_per_ang, max_steps)
        last = next(attempt for attempt in reversed(status.attempts) if attempt["forces"])
        relaxed = atoms.copy()
        relaxed.positions = _last_positions(workdir, converged=status.state == "done")
        return Relaxation(
            atoms=relaxed,
            converged=status.state == "done",
            energy_ev=last["energy_ev"],
            fmax_ev_per_ang=last["fmax_ev_per_ang"],
            steps=status.forces - 1,
            wall_time_s=status.wall_time_s,
            engine=self._with_record(workdir, status),
            reason=status.reason,
        )

    def hamiltonian(
        self, atoms: Atoms, workdir: Path, density_from: Path | None = None
    ) -> ElectronicStructure:
        """Converge the SCF of `atoms` and return H and S with the Fermi energy at zero, after checks.

        Parameters
        ----------
        atoms : ase.Atoms
            The structure.
        workdir : Path
            Working folder.
        density_from : Path, optional
            Folder of a run with the same atoms in the same order and the same orbitals, for example of the neighbouring
            contact, whose density matrix starts this SCF. Ignored if it does not fit.

        Raises
        ------
        EngineError
            When SIESTA fails and no correction helps, a check of the result fails, or another process works in the
            folder.
        InputError
            When a pseudopotential is missing or unfit, or the settings ask for spin.
        """
        if self.settings.spin != "non-polarized":
            raise InputError(
                f"spin = {self.settings.spin}, but an electronic structure for transport is non-polarized; leave spin "
                "out, or write the input and read H with engine.siesta.read_hamiltonian."
            )
        workdir = Path(workdir)
        pseudopotentials = self._pseudopotentials(atoms)
        if density_from is not None:
            seed_density_matrix(Path(density_from), workdir, atoms, self.settings, pseudopotentials)
        status = SiestaRun(workdir, atoms, self.settings, pseudopotentials, self.launch).hamiltonian()
        structure = electronic_structure_from_run(workdir, self.settings)
        return replace(structure, engine=self._with_record(workdir, status))

    def ghost_energy(self, atoms: Atoms, ghosts: NDArray[np.bool_], workdir: Path) -> float:
        """Return the energy (eV) of the atoms that are no ghosts in the basis of all, without dispersion.

        See `qdjunction.engine.contract.GhostEngine`.

        Raises
        ------
        EngineError
            When SIESTA fails and no correction helps, or another process works in the folder.
        InputError
            When a pseudopotential is missing or unfit.
        """
        marked = with_ghosts(atoms, ghosts)
        pseudopotentials = by_label(marked, self._pseudopotentials(atoms))
        settings = self.settings.model_copy(update={"dispersion": "none"})
        SiestaRun(workdir, marked, settings, pseudopotentials, self.launch).hamiltonian()
        return total_energy(workdir / OUTPUT)

    def _pseudopotentials(self, atoms: Atoms) -> dict[str, Pseudopotential]:
        settings = self.settings
        return find_pseudopotentials(
            atoms.symbols,
            settings.pseudopotentials,
            settings.functional,
            settings.pseudopotential_format,
            settings.spin,
        )

    def _with_record(self, workdir: Path, status: Status) -> EngineInfo:
        """Return the info with SIESTA's version, the pseudopotentials and the corrections of a run."""
        text = (workdir / OUTPUT).read_text(encoding="utf-8", errors="replace")
        info = engine_info(text, self.settings)
        made = {"pseudopotentials": status.pseudopotentials, "corrections": status.corrections}
        return replace(info, settings=info.settings | made)


def seed_density_matrix(
    source: Path,
    run_dir: Path,
    atoms: Atoms,
    settings: SiestaSettings,
    pseudopotentials: dict[str, Pseudopotential],
) -> bool:
    """Copy the density matrix of another run into a folder, if it fits and none is there yet.

    It fits if the other run has the same elements in the same order, basis, orbitals, energy shift, spin and
    pseudopotentials: the orbitals are then the same, and SIESTA only has to move them.

    Returns
    -------
    bool
        Whether a density matrix was copied.
    """
    target = run_dir / f"{LABEL}.DM"
    density = source / f"{LABEL}.DM"
    status = Status.load(source)
    if target.exists() or status is None or not is_complete(density):
        return False
    mine = settings.numbers()
    if any(
        status.settings.get(key) != mine[key]
        for key in ("basis", "basis_by_element", "orbitals", "energy_shift_ry", "spin")
    ):
        return False
    checksums = {element: record["sha256"] for element, record in status.pseudopotentials.items()}
    if checksums != {element: file.sha256 for element, file in pseudopotentials.items()}:
        return False
    if list(sisl.get_sile(source / f"{LABEL}.XV").read_geometry().atoms.Z) != atoms.numbers.tolist():
        return False
    run_dir.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(density, target)
    return True


def _last_positions(workdir: Path, converged: bool) -> NDArray[np.float64]:
    """Return the positions of the last energy and forces (Ang).

    They are in the XV file once SIESTA has converged; before, the XV file has the next geometry, and the output the
    computed one.
    """
    if converged:
        return np.asarray(sisl.get_sile(workdir / f"{LABEL}.XV").read_geometry().xyz)
    geometry = sisl.io.siesta.stdoutSileSiesta(find_run(workdir).output).read_geometry[-1]()
    if geometry is None:
        raise EngineError(f"{workdir / OUTPUT}: holds no final coordinates; run again to resume.")
    return np.asarray(geometry.xyz)
