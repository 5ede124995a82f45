"""Langevin dynamics that resumes bit by bit after it was killed.

The propagator is that of ASE: E. Vanden-Eijnden, G. Ciccotti, Chem. Phys. Lett. 429, 310 (2006),
doi:10.1016/j.cplett.2006.07.086, eq. 23.
"""

import json
import logging
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import Calculator
from ase.md.langevin import Langevin

from qdjunction.core.errors import EngineError, InputError
from qdjunction.core.files import atomic_write
from qdjunction.core.lock import run_lock
from qdjunction.engine.contract import EngineInfo, Motion
from qdjunction.engine.thermostat import Thermostat

log = logging.getLogger(__name__)

SEGMENT = 10
"""Steps between two checkpoints. The calculator starts from scratch after each of them, so that an uninterrupted run
and a resumed one compute the same numbers; a kill loses fewer steps than this."""

CHECKPOINT = "checkpoint.npz"
"""Name of the checkpoint in the working folder."""

HOTTEST = 10.0
"""A kinetic temperature above this multiple of that of the thermostat means that the time step is too long: in
equilibrium even two atoms exceed it with a probability below 1e-10 (chi squared of six degrees of freedom)."""


def write_motion(motion: Motion, path: str | Path, protocol: str = "") -> None:
    """Write a state, atomically and with every bit of its numbers."""
    with atomic_write(path) as temporary:
        np.savez(
            temporary, step=motion.step, positions=motion.positions, momenta=motion.momenta, forces=motion.forces,
            rng=json.dumps(motion.rng), temperatures_k=motion.temperatures_k, energies_ev=motion.energies_ev,
            protocol=protocol,
        )  # fmt: skip


def read_motion(path: str | Path) -> Motion:
    """Read a state written by `write_motion`.

    Raises
    ------
    InputError
        If the file is missing or damaged.
    """
    try:
        return _read(Path(path))[0]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path}: no state of a trajectory ({type(error).__name__}: {error}); compute it again"
        ) from None


def propagate(
    atoms: Atoms,
    thermostat: Thermostat,
    steps: int,
    seed: int,
    calculator: Calculator,
    engine: EngineInfo,
    workdir: Path,
    start: Motion | None = None,
    forget: Callable[[], None] = lambda: None,
) -> Motion:
    """Propagate `atoms` by a number of steps, or resume where an earlier call in `workdir` stopped.

    Positions, momenta, forces and the state of the random numbers are written every `SEGMENT` steps. A later call with
    the same arguments resumes from there with the same numbers, bit by bit, where the calculator repeats its own: one
    thread of the same libraries on the same kind of processor.

    Parameters
    ----------
    atoms : ase.Atoms
        The structure, all atoms free; not modified.
    thermostat : Thermostat
        Temperature, time step, friction, mass of hydrogen.
    steps : int
        Number of steps of this call.
    seed : int
        Seed of velocities and random forces; used only without `start`.
    calculator : ase.calculators.calculator.Calculator
        Calculator of energy and forces.
    engine : EngineInfo
        Engine metadata.
    workdir : Path
        Folder of the checkpoint; created if missing.
    start : Motion, optional
        State to start from; by default the positions of `atoms` with velocities drawn at the temperature.
    forget : callable
        Makes the calculator start the next calculation from scratch.

    Returns
    -------
    Motion
        State after the last step.

    Raises
    ------
    MachineError
        If another process works in the folder.
    EngineError
        If the trajectory heats up beyond `HOTTEST` times the temperature.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    with run_lock(workdir):
        return _propagate(
            atoms, thermostat, steps, seed, calculator, engine, workdir / CHECKPOINT, start, forget
        )


def _propagate(
    atoms: Atoms,
    thermostat: Thermostat,
    steps: int,
    seed: int,
    calculator: Calculator,
    engine: EngineInfo,
    checkpoint: Path,
    start: Motion | None,
    forget: Callable[[], None],
) -> Motion:
    moving = atoms.copy()
    moving.set_constraint()
    masses = moving.get_masses()
    masses[moving.numbers == 1] = thermostat.hydrogen_mass_u
    moving.set_masses(masses)
    moving.calc = calculator
    protocol = json.dumps(
        {
            "method": engine.method,
            "settings": engine.settings,
            "thermostat": thermostat.model_dump(mode="json"),
            "seed": seed,
            "start": _fingerprint(start, moving),
        },
        sort_keys=True,
    )
    motion = _earlier(checkpoint, protocol)
    if motion is None:
        forget()
        motion = _begin(moving, start, thermostat.temperature_k, seed)
    done = len(motion.temperatures_k)
    if done:
        log.info("Resuming after step %d of an earlier run", motion.step)

    rng = np.random.Generator(np.random.PCG64())
    rng.bit_generator.state = motion.rng
    moving.positions = motion.positions
    moving.set_momenta(motion.momenta)
    forces, step = motion.forces, motion.step
    temperatures, energies = motion.temperatures_k.tolist(), motion.energies_ev.tolist()
    dynamics = Langevin(
        moving,
        thermostat.time_step_fs * units.fs,
        temperature_K=thermostat.temperature_k,
        friction=thermostat.friction_per_ps / (1000 * units.fs),
        # Translation and rotation are removed from the snapshots; ASE's own removal disturbs the distribution.
        fixcm=False,
        rng=rng,
    )
    while done < steps:
        forget()
        for _ in range(min(SEGMENT, steps - done)):
            forces = dynamics.step(forces)
            step, done = step + 1, done + 1
            temperatures.append(float(moving.get_temperature()))
            energies.append(float(moving.get_potential_energy()))
            log.info("step %6d  T %.0f K  E_pot %.3f eV", step, temperatures[-1], energies[-1])
            if not temperatures[-1] < HOTTEST * thermostat.temperature_k:
                raise EngineError(
                    f"The dynamics has heated to {temperatures[-1]:.0f} K after step {step}, at a temperature of "
                    f"{thermostat.temperature_k:g} K: a time step of {thermostat.time_step_fs:g} fs is too long; "
                    "shorten time_step_fs, or raise hydrogen_mass_u."
                )
        motion = Motion(
            step=step,
            positions=moving.get_positions(),
            momenta=moving.get_momenta(),
            forces=np.array(forces),
            rng=dict(rng.bit_generator.state),
            temperatures_k=np.array(temperatures),
            energies_ev=np.array(energies),
        )
        write_motion(motion, checkpoint, protocol)
    return motion


def _begin(moving: Atoms, start: Motion | None, temperature_k: float, seed: int) -> Motion:
    """Return the state before the first step of a call."""
    none = np.zeros(0)
    if start is not None:
        return Motion(start.step, start.positions, start.momenta, start.forces, start.rng, none, none)
    rng = np.random.Generator(np.random.PCG64(seed))
    width = np.sqrt(units.kB * temperature_k * moving.get_masses())[:, None]
    momenta = width * rng.standard_normal((len(moving), 3))
    forces = np.array(moving.get_forces())
    return Motion(0, moving.get_positions(), momenta, forces, dict(rng.bit_generator.state), none, none)


def _fingerprint(start: Motion | None, atoms: Atoms) -> str:
    """Return the checksum of the state that a call starts from."""
    arrays = (start.positions, start.momenta, start.forces) if start else (atoms.positions,)
    parts = b"".join(np.ascontiguousarray(array).tobytes() for array in (atoms.numbers, *arrays))
    return sha256(parts + json.dumps(start.rng if start else {}, sort_keys=True).encode()).hexdigest()


def _earlier(checkpoint: Path, protocol: str) -> Motion | None:
    """Return the state that an earlier call with the same arguments left; None if there is none."""
    if not checkpoint.exists():
        return None
    try:
        motion, of = _read(checkpoint)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        log.warning("%s is damaged (%s): starting over", checkpoint, error)
        return None
    if of != protocol:
        log.warning("Starting over: %s is of another start, thermostat or engine", checkpoint)
        return None
    return motion


def _read(path: Path) -> tuple[Motion, str]:
    with np.load(path, allow_pickle=False) as values:
        motion = Motion(
            step=int(values["step"]),
            positions=values["positions"],
            momenta=values["momenta"],
            forces=values["forces"],
            rng=json.loads(str(values["rng"])),
            temperatures_k=values["temperatures_k"],
            energies_ev=values["energies_ev"],
        )
        return motion, str(values["protocol"])
