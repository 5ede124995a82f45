"""Relaxation with an ASE optimiser that resumes after it was killed."""

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io.trajectory import Trajectory
from numpy.typing import NDArray

from qdjunction.core.files import atomic_write
from qdjunction.core.lock import run_lock
from qdjunction.core.progress import with_progress
from qdjunction.engine.contract import EngineInfo, Relaxation
from qdjunction.engine.quasi_newton import ModelBFGS

log = logging.getLogger(__name__)

FORGET_EVERY = 20
"""Number of steps after which the calculator starts from scratch."""

MAX_STEP_ANG = 0.2
"""Largest distance that an atom moves in a step."""

TRAJECTORY = "relaxation.traj"
"""Name of the ASE trajectory in the working folder; ``ase gui`` opens it."""


def relax(
    atoms: Atoms,
    calculator: Calculator,
    engine: EngineInfo,
    workdir: Path,
    fmax_ev_per_ang: float,
    max_steps: int,
    forget: Callable[[], None] = lambda: None,
) -> Relaxation:
    """Relax `atoms` with `calculator`, or resume where an earlier call in `workdir` stopped.

    Every step is in the trajectory before the next one is computed. A later call with the same atoms, constraints,
    method and settings replays it into the optimiser and resumes from the last complete frame;
    steps and wall time count over all calls. Any other trajectory is renamed.

    Parameters
    ----------
    atoms : ase.Atoms
        Start geometry, with its constraints; not modified.
    calculator : ase.calculators.calculator.Calculator
        Calculator of energy and forces.
    engine : EngineInfo
        Engine metadata.
    workdir : Path
        Folder of the trajectory; created if missing.
    fmax_ev_per_ang : float
        Threshold on the largest force on a free atom (eV/Ang).
    max_steps : int
        Largest number of steps over all calls.
    forget : callable
        Makes the calculator start the next calculation from scratch. Called every `FORGET_EVERY` steps, so that a later
        call repeats only a few calculations to continue with the same numbers as an uninterrupted run.

    Returns
    -------
    Relaxation
        The last geometry, converged or not.

    Raises
    ------
    MachineError
        If another process works in the folder.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    with run_lock(workdir):
        return _relax(atoms, calculator, engine, workdir / TRAJECTORY, fmax_ev_per_ang, max_steps, forget)


def _relax(
    atoms: Atoms,
    calculator: Calculator,
    engine: EngineInfo,
    path: Path,
    fmax_ev_per_ang: float,
    max_steps: int,
    forget: Callable[[], None],
) -> Relaxation:
    held = {"constraints": [held.todict() for held in atoms.constraints]} if atoms.constraints else {}
    protocol = json.dumps({"method": engine.method, "settings": engine.settings, **held}, sort_keys=True)
    frames = _earlier_frames(path, atoms, protocol)
    moving = (frames[-1] if frames else atoms).copy()
    moving.set_constraint(atoms.constraints)
    moving.calc = calculator
    spent = frames[-1].info["wall_time_s"] if frames else 0.0
    done = len(frames) - 1
    if frames:
        log.info("Resuming after step %d of an earlier run", done)

    started = time.monotonic()
    with Trajectory(path, "a") as trajectory, ModelBFGS(moving, MAX_STEP_ANG) as optimiser:
        if frames:
            optimiser.replay(frames)
            for frame in frames[done - done % FORGET_EVERY : done]:
                moving.positions = frame.positions
                moving.get_forces()
            moving.positions = frames[-1].positions
        step = max(done, 0)
        left = max(max_steps - step, 0)
        steps = optimiser.irun(fmax=fmax_ev_per_ang, steps=left)
        for reached in with_progress(steps, "relaxing", left + 1, "steps", at_most=True):
            converged, step = bool(reached), max(done, 0) + optimiser.nsteps
            energy, forces = moving.get_potential_energy(), moving.get_forces(apply_constraint=False)
            fmax = _largest(moving.get_forces())
            elapsed = spent + time.monotonic() - started
            if step > done:
                trajectory.write(_frame(moving, energy, forces, elapsed, protocol))
            log.info(
                "step %4d  energy %.4f eV  fmax %.3f eV/Ang  elapsed %.0f s", step, energy, fmax, elapsed
            )
            if (step + 1) % FORGET_EVERY == 0:
                forget()

    relaxed = atoms.copy()
    relaxed.positions = moving.positions
    return Relaxation(
        atoms=relaxed,
        converged=converged,
        energy_ev=float(energy),
        fmax_ev_per_ang=fmax,
        steps=step,
        wall_time_s=elapsed,
        engine=engine,
        reason="" if converged else _reason(fmax, fmax_ev_per_ang, step),
    )


def _reason(fmax: float, threshold: float, steps: int) -> str:
    return (
        f"After {steps} steps, the most that max_steps allows, the largest force is {fmax:.3f} eV/Ang; "
        f"the threshold is {threshold:g} eV/Ang."
    )


def _largest(forces: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(forces, axis=1).max())


def _frame(atoms: Atoms, energy: float, forces: NDArray[np.float64], elapsed: float, protocol: str) -> Atoms:
    frame: Atoms = atoms.copy()
    frame.info = {"wall_time_s": elapsed, "protocol": protocol}
    frame.calc = SinglePointCalculator(frame, energy=energy, forces=forces)
    return frame


def _earlier_frames(path: Path, atoms: Atoms, protocol: str) -> list[Atoms]:
    """Return the complete frames of the trajectory at `path`, none if it belongs to another calculation.

    Such a trajectory is renamed. A frame that a kill has cut short is removed from the file.
    """
    if not path.exists():
        return []
    frames, cut = _complete_frames(path)
    if frames and not _same_start(frames[0], atoms, protocol):
        aside = path.replace(path.with_name(f"earlier-{path.name}"))
        log.warning(
            "Starting over: %s is of another start geometry, free atoms or settings; renamed to %s",
            path,
            aside,
        )
        return []
    if not frames:
        path.unlink()
    elif cut:
        log.warning("The last frame of %s was cut short: resuming from the one before", path)
        with atomic_write(path) as temporary, Trajectory(temporary, "w") as trajectory:
            for frame in frames:
                trajectory.write(frame)
    return frames


def _complete_frames(path: Path) -> tuple[list[Atoms], bool]:
    frames: list[Atoms] = []
    try:
        with Trajectory(path) as trajectory:
            for index in range(len(trajectory)):
                frame = trajectory[index]
                frame.get_forces()
                frames.append(frame)
    except Exception:
        # On a damaged file ASE's parser raises any kind of exception: OSError, ValueError, IndexError, ...
        return frames, True
    return frames, False


def _same_start(first: Atoms, atoms: Atoms, protocol: str) -> bool:
    return (
        first.info.get("protocol") == protocol
        and np.array_equal(first.numbers, atoms.numbers)
        and np.array_equal(first.positions, atoms.positions)
    )
