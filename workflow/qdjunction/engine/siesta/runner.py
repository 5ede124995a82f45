"""Runs of SIESTA in a folder: start, follow, stop in time, diagnose, correct, resume.

All state is in the folder. `status.json` records what was done and why it ended; a later call resumes from XV, CG and
DM. Nothing is lost when this process is killed.
"""

import json
import logging
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import sisl
from ase import Atoms

from qdjunction.core.errors import EngineError, MachineError
from qdjunction.core.files import atomic_write
from qdjunction.core.lock import RunLock, job_id, run_lock
from qdjunction.core.matrix_files import is_complete
from qdjunction.engine.siesta.corrections import correction
from qdjunction.engine.siesta.diagnosis import (
    IMAGES_INTERACT,
    OF_SIESTA_4,
    OF_THE_MACHINE,
    Diagnosis,
    Failure,
    diagnose,
)
from qdjunction.engine.siesta.ghosts import ARRAY
from qdjunction.engine.siesta.inputs import LABEL, Mixing, Task, fixed_atoms, write_input_files
from qdjunction.engine.siesta.launch import Launch
from qdjunction.engine.siesta.progress import Progress
from qdjunction.engine.siesta.pseudopotentials import Pseudopotential
from qdjunction.engine.siesta.settings import SiestaSettings

log = logging.getLogger(__name__)

STATUS = "status.json"
"""Name of the record in a run folder."""

OUTPUT = f"{LABEL}.out"
_POLL_S = 0.5
_GRACE_S = 10.0
_CHECKPOINTS = ("XV", "CG")
_LEFT_BEHIND = (
    *("INPUT_TMP*", "fdf-*.log", "fdf.*.log", "MESSAGES", "FORCE_STRESS"),
    *("0_NORMAL_EXIT", "CLOCK", "OUTVARS.yml"),  # of SIESTA 5
)
"""Files that speak of the last run only."""


@dataclass
class Status:
    """Contents of ``status.json``.

    Attributes
    ----------
    key : str
        Checksum of structure, settings and pseudopotentials; a run with another key is not resumed.
    task : str
        ``relax`` or ``hamiltonian``.
    state : str
        ``running``, ``done`` or ``failed``; ``running`` without a process at work means that the run was killed.
    failure, reason : str
        Kind of failure and one sentence about it; empty if there is none.
    attempts : list of dict
        One for each start of SIESTA: output file, start, host, job, mixing, exit status, wall time, forces, SCF
        iterations, failure, reason.
    corrections : list of dict
        What was changed between attempts.
    settings : dict
        Settings that results depend on.
    pseudopotentials : dict
        File name and checksum by element.
    """

    key: str
    task: str
    state: str = "running"
    failure: str = ""
    reason: str = ""
    attempts: list[dict[str, Any]] = field(default_factory=list)
    corrections: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    pseudopotentials: dict[str, Any] = field(default_factory=dict)

    @property
    def forces(self) -> int:
        """Geometries computed, over all attempts."""
        return sum(attempt["forces"] for attempt in self.attempts)

    @property
    def wall_time_s(self) -> float:
        """Wall time over all attempts (s)."""
        return float(sum(attempt["wall_time_s"] for attempt in self.attempts))

    def save(self, run_dir: Path) -> None:
        """Write ``status.json``."""
        with atomic_write(run_dir / STATUS) as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, run_dir: Path) -> "Status | None":
        """Read ``status.json``; None if it is missing or cannot be read."""
        try:
            return cls(**json.loads((run_dir / STATUS).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


class SiestaRun:
    """One calculation in one folder.

    Parameters
    ----------
    run_dir : Path
        The folder.
    atoms : ase.Atoms
        The structure.
    settings : SiestaSettings
        Protocol and numerics.
    pseudopotentials : mapping of str to Pseudopotential
        By label of the species: the element, unless there are ghosts.
    launch : Launch, optional
        How SIESTA is started.
    """

    def __init__(
        self,
        run_dir: Path,
        atoms: Atoms,
        settings: SiestaSettings,
        pseudopotentials: Mapping[str, Pseudopotential],
        launch: Launch | None = None,
    ):
        self.run_dir = run_dir
        self.atoms = atoms
        self.settings = settings
        self.pseudopotentials = pseudopotentials
        self.launch = launch or Launch()
        self._started = time.monotonic()

    def relax(self, fmax_ev_per_ang: float, max_steps: int) -> Status:
        """Relax until the largest force component is below `fmax_ev_per_ang`, or `max_steps` moves are made.

        Raises
        ------
        EngineError
            When SIESTA fails and no correction helps. A geometry that is not converged after `max_steps` is not an
            error, but recorded in the status.
        """
        with self._locked("relax") as (status, lock):
            done = status.state == "done" and status.attempts[-1]["fmax_ev_per_ang"] <= fmax_ev_per_ang
            while not done:
                left = max_steps - status.forces
                if left < 0:
                    break
                task = Task(left, fmax_ev_per_ang, self._checkpointed(status), self._time_left())
                done = self._attempt(task, status, lock)
            return status

    def hamiltonian(self) -> Status:
        """Converge the SCF and write H and S.

        Raises
        ------
        EngineError
            When SIESTA fails and no correction helps.
        """
        with self._locked("hamiltonian") as (status, lock):
            done = status.state == "done" and self._damaged_matrices() is None
            while not done:
                done = self._attempt(Task(wall_time_s=self._time_left()), status, lock)
            return status

    @contextmanager
    def _locked(self, task: str) -> Iterator[tuple[Status, RunLock]]:
        self.run_dir.mkdir(parents=True, exist_ok=True)
        with run_lock(self.run_dir) as lock:
            status = self._status(task)
            self._mixing = Mixing.of(self.settings)
            self._corrected = 0
            yield status, lock

    def _status(self, task: str) -> Status:
        key = self._key(task)
        status = Status.load(self.run_dir)
        if status is None or status.key != key:
            if status is not None:
                _set_aside(self.run_dir)
            status = Status(key, task)
        elif status.state == "running":
            self._adopt(status)
        status.settings = self.settings.numbers()
        status.pseudopotentials = {
            element: {"file": pseudopotential.path.name, "sha256": pseudopotential.sha256}
            for element, pseudopotential in self.pseudopotentials.items()
        }
        return status

    def _adopt(self, status: Status) -> None:
        """Complete the record of the last attempt of a killed runner from the output."""
        output = self.run_dir / OUTPUT
        if not status.attempts or not output.exists():
            return
        last = status.attempts[-1]
        progress = Progress(self.settings.dm_tolerance, self.settings.h_tolerance_ev)
        progress.feed_all(output.read_text(encoding="utf-8", errors="replace").splitlines())
        problem = diagnose(output, self.settings, finite=not self.atoms.pbc.any())
        started = datetime.fromisoformat(last["started"]).timestamp()
        last |= {
            "exit_status": None,
            "wall_time_s": round(max(output.stat().st_mtime - started, 0.0), 2),
            "failure": str(problem.failure) if problem else "",
            "reason": problem.reason if problem else "",
            **_counts(progress),
        }
        status.state = "failed" if problem else "done"
        log.info("%s: resuming after %d geometries of an interrupted run", self.run_dir, status.forces)

    def _key(self, task: str) -> str:
        parts: dict[str, Any] = {
            "task": task,
            "numbers": self.atoms.numbers.tolist(),
            "positions": self.atoms.positions.tolist(),
            "cell": self.atoms.cell.array.tolist(),
            "pbc": self.atoms.pbc.tolist(),
            "fixed": fixed_atoms(self.atoms).tolist() if task == "relax" else [],
            "settings": self.settings.numbers(),
            "pseudopotentials": [
                pseudopotential.sha256 for pseudopotential in self.pseudopotentials.values()
            ],
        }
        if ARRAY in self.atoms.arrays:
            parts["ghosts"] = self.atoms.arrays[ARRAY].tolist()
        return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _time_left(self) -> float | None:
        """Return the time for SIESTA (s): that of the job, minus a margin to write files and finish an SCF iteration.

        Raises
        ------
        MachineError
            When nothing is left.
        """
        if self.launch.wall_time_min is None:
            return None
        limit = self.launch.wall_time_min * 60
        left = limit - min(max(0.05 * limit, 5.0), 600.0) - (time.monotonic() - self._started)
        if left <= 0:
            raise MachineError(
                f"{self.run_dir}: the {self.launch.wall_time_min:g} minutes of the job are used up; run again to "
                "resume, or raise runtime."
            )
        return left

    def _attempt(self, task: Task, status: Status, lock: RunLock) -> bool:
        """Run SIESTA once; return whether the task is done, or raise, or correct the settings of the next attempt."""
        self._tidy(status)
        write_input_files(self.atoms, self.pseudopotentials, self.settings, self.run_dir, task, self._mixing)
        attempt = {
            "output": OUTPUT,
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "host": os.uname().nodename,
            "job_id": job_id(),
            "launch": " ".join(self.launch.line()),
            "mixing": asdict(self._mixing),
            "wall_time_s": 0.0,
            "forces": 0,
            "scf_iterations": 0,
        }
        status.attempts.append(attempt)
        status.state, status.failure, status.reason = "running", "", ""
        status.save(self.run_dir)

        progress = Progress(self.settings.dm_tolerance, self.settings.h_tolerance_ev)
        began = time.monotonic()
        try:
            exit_status = self._run(task, progress, lock)
        except OSError as error:
            problem: Diagnosis | None = Diagnosis(
                Failure.NOT_STARTED,
                f"SIESTA could not be started with '{attempt['launch']}' ({error.strerror}); set SIESTA_COMMAND "
                "to the program.",
            )
            exit_status = None
        else:
            problem = diagnose(
                self.run_dir / OUTPUT,
                self.settings,
                exit_status,
                self.run_dir / f"{LABEL}.err",
                finite=not self.atoms.pbc.any(),
            )
        attempt |= {
            "exit_status": exit_status,
            "wall_time_s": round(time.monotonic() - began, 2),
            **_counts(progress),
        }
        if problem is None and task.max_steps is None:
            problem = self._damaged_matrices()
        attempt |= {
            "failure": str(problem.failure) if problem else "",
            "reason": problem.reason if problem else "",
        }
        return self._conclude(problem, status)

    def _conclude(self, problem: Diagnosis | None, status: Status) -> bool:
        if problem is None:
            status.state = "done"
            status.save(self.run_dir)
            return True
        status.state, status.failure, status.reason = "failed", str(problem.failure), problem.reason
        if problem.failure is Failure.GEOMETRY_NOT_CONVERGED:
            status.save(self.run_dir)
            return True
        remedy = correction(problem.failure, self._mixing, self._corrected)
        if remedy is None:
            status.save(self.run_dir)
            tried = f" after {self._corrected} corrections" if self._corrected else ""
            kind = MachineError if problem.failure in OF_THE_MACHINE else EngineError
            raise kind(f"{self.run_dir}{tried}: {problem.reason}")
        log.warning("%s Correction: %s.", problem.reason, remedy.action)
        status.corrections.append({"attempt": len(status.attempts), **remedy.record(self._mixing)})
        status.save(self.run_dir)
        self._mixing = remedy.mixing
        self._corrected += 1
        for suffix in remedy.delete:
            (self.run_dir / f"{LABEL}.{suffix}").unlink(missing_ok=True)
        return False

    def _run(self, task: Task, progress: Progress, lock: RunLock) -> int:
        launch = self.launch
        deadline = None if task.wall_time_s is None else time.monotonic() + task.wall_time_s + _GRACE_S
        output = self.run_dir / OUTPUT
        with (
            (self.run_dir / f"{LABEL}.fdf").open("rb") as stdin,
            output.open("wb") as stdout,
            (self.run_dir / f"{LABEL}.err").open("wb") as stderr,
        ):
            process = subprocess.Popen(
                launch.line(),
                cwd=self.run_dir,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                env=os.environ | {"OMP_NUM_THREADS": str(launch.threads)},
                start_new_session=True,
            )
        with _ended(process):
            lock.started(process.pid)
            with output.open(encoding="utf-8", errors="replace") as text:
                running = True
                while running:
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(_POLL_S)
                        running = False
                    self._follow(text, progress, process)
                    if deadline is not None and time.monotonic() > deadline:
                        log.warning("%s: SIESTA did not stop in time: terminating it", self.run_dir)
                        _end(process)
        return process.returncode

    def _follow(self, text: Any, progress: Progress, process: subprocess.Popen[bytes]) -> None:
        before = progress.forces
        while line := text.readline():
            if not line.endswith("\n"):
                # SIESTA is in the middle of this line.
                text.seek(text.tell() - len(line.encode()))
                break
            progress.feed(line)
            useless = IMAGES_INTERACT in line and not self.atoms.pbc.any()
            if useless or (self.settings.needs_siesta_5 and OF_SIESTA_4.match(line)):
                _end(process)
        if progress.forces > before:
            self._keep_checkpoint()

    def _keep_checkpoint(self) -> None:
        """Keep a copy of the last complete XV and CG, in case SIESTA is killed while it writes them."""
        for suffix in _CHECKPOINTS:
            path = self.run_dir / f"{LABEL}.{suffix}"
            if _usable(path, len(self.atoms)):
                with atomic_write(path.with_suffix(f".{suffix}.kept")) as temporary:
                    shutil.copyfile(path, temporary)

    def _checkpointed(self, status: Status) -> bool:
        """Return whether there is a geometry to resume from, after restoring files that a kill has damaged."""
        for suffix in _CHECKPOINTS:
            path = self.run_dir / f"{LABEL}.{suffix}"
            kept = path.with_suffix(f".{suffix}.kept")
            if path.exists() and not _usable(path, len(self.atoms)):
                log.warning("%s is damaged: resuming from the copy before", path)
                path.unlink()
                if kept.exists():
                    shutil.copyfile(kept, path)
        return status.forces > 0 and (self.run_dir / f"{LABEL}.XV").exists()

    def _tidy(self, status: Status) -> None:
        """Rename the last output, and delete damaged and temporary files."""
        output = self.run_dir / OUTPUT
        if status.attempts and output.exists():
            name = f"{LABEL}.{len(status.attempts)}.out"
            output.rename(self.run_dir / name)
            status.attempts[-1]["output"] = name
        density = self.run_dir / f"{LABEL}.DM"
        if density.exists() and not is_complete(density):
            log.warning("%s is damaged: starting the SCF from neutral atoms", density)
            density.unlink()
        for pattern in _LEFT_BEHIND:
            for path in self.run_dir.glob(pattern):
                path.unlink()

    def _damaged_matrices(self) -> Diagnosis | None:
        for suffix in ("HSX", "TSHS"):
            path = self.run_dir / f"{LABEL}.{suffix}"
            if (suffix == "HSX" or path.exists()) and not is_complete(path):
                return Diagnosis(
                    Failure.MATRICES_DAMAGED,
                    f"{path.name} is missing, cut short or damaged, for example by a full disk; free space and "
                    "run again.",
                )
        return None


def _counts(progress: Progress) -> dict[str, Any]:
    known: dict[str, Any] = {"forces": progress.forces, "scf_iterations": progress.iterations}
    if progress.forces:
        known |= {"energy_ev": progress.energy_ev, "fmax_ev_per_ang": progress.fmax_ev_per_ang}
    return known


def _usable(path: Path, n_atoms: int) -> bool:
    if path.suffix != ".XV":
        return is_complete(path)
    try:
        geometry = sisl.get_sile(path).read_geometry()
    except (OSError, ValueError, IndexError, sisl.SislError):
        return False
    return geometry.na == n_atoms and bool(np.isfinite(geometry.xyz).all())


def _set_aside(run_dir: Path) -> None:
    """Move the files of another calculation into `superseded`, replacing those that were there."""
    target = run_dir / "superseded"
    log.warning("%s: holds another calculation: moving it to %s and starting over", run_dir, target.name)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for path in list(run_dir.iterdir()):
        if path.is_file() and path.name != "lock.json" and not path.name.startswith("."):
            path.rename(target / path.name)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Terminate SIESTA with its launcher and ranks."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Terminate SIESTA at the end of the block, also if an exception or a SIGTERM ends it."""

    def stop(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, stop) if main else None
    try:
        yield
    finally:
        _end(process)
        if main:
            signal.signal(signal.SIGTERM, before)
