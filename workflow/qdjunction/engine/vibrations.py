"""Vibrations of some atoms of a structure, and their free energy by the quasi-RRHO approximation.

Low vibrations of a molecule are neither harmonic nor known well. Their entropy passes over to that of a free rotor
below some 100 cm^-1: S. Grimme, Chem. Eur. J. 18, 9955 (2012), doi:10.1002/chem.201200497.
"""

import json
import logging
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.vibrations import Vibrations
from numpy.typing import NDArray
from scipy import constants

from qdjunction.core.files import write_json
from qdjunction.engine.contract import EngineInfo

log = logging.getLogger(__name__)

ROTOR_PER_CM = 100.0
"""Wave number at which half of the entropy of a vibration is that of a free rotor (1/cm), as published."""

INERTIA_KG_M2 = 1e-44
"""Average moment of inertia of a molecule, which limits that of the free rotor (kg m^2), as published."""

DISPLACEMENT_ANG = 0.01
"""Displacement of the central differences (Ang)."""

_STAMP = "task.json"


def frequencies(
    atoms: Atoms, moving: Sequence[int], calculator: Calculator, engine: EngineInfo, workdir: Path
) -> NDArray[np.float64]:
    """Return the wave numbers of some atoms, all others held (1/cm); negative for imaginary ones.

    Forces of displaced geometries are kept in `workdir`, one file each, so that an interrupted call resumes. Those of
    other atoms, positions or settings are deleted.

    Parameters
    ----------
    atoms : ase.Atoms
        A relaxed structure.
    moving : sequence of int
        The atoms that move; the Hessian has their 3 n coordinates.
    calculator : ase.calculators.calculator.Calculator
        Calculator of forces.
    engine : EngineInfo
        Engine metadata.
    workdir : Path
        Working folder; created if missing.

    Returns
    -------
    (3 n,) array
        Ascending.
    """
    task = json.dumps(
        {
            "positions": atoms.positions.tolist(), "cell": atoms.cell.array.tolist(), "moving": list(moving),
            "numbers": atoms.numbers.tolist(), "method": engine.method, "settings": engine.settings,
        }, sort_keys=True,
    )  # fmt: skip
    key = sha256(task.encode()).hexdigest()
    workdir.mkdir(parents=True, exist_ok=True)
    stamp, folder = workdir / _STAMP, workdir / "displacements"
    if not stamp.is_file() or json.loads(stamp.read_text(encoding="utf-8")).get("task") != key:
        shutil.rmtree(folder, ignore_errors=True)
        write_json({"task": key}, stamp)
    displaced = atoms.copy()
    displaced.calc = calculator
    vibrations = Vibrations(displaced, indices=list(moving), name=str(folder), delta=DISPLACEMENT_ANG)
    # A killed call leaves the file that it was about to write, empty.
    vibrations.clean(empty_files=True)
    vibrations.run()
    found = vibrations.get_frequencies()
    wave_numbers: NDArray[np.float64] = np.sort(np.where(found.imag > 0, -found.imag, found.real))
    return wave_numbers


def quasi_rrho_ev(
    wave_numbers_per_cm: NDArray[np.float64],
    temperature_k: float,
    rotor_per_cm: float = ROTOR_PER_CM,
    inertia_kg_m2: float = INERTIA_KG_M2,
) -> float:
    """Return the free energy of vibrations with the entropy of low ones interpolated to that of a free rotor (eV).

    Each mode has the zero-point and thermal energy of a harmonic oscillator and the entropy w S_v + (1 - w) S_r, where
    w = 1 / (1 + (w0 / w)^4), S_v is that of the oscillator and S_r that of a free rotor with the moment of inertia
    h / (8 pi^2 nu), limited by an average one.

    Parameters
    ----------
    wave_numbers_per_cm : (n,) array
        Wave numbers (1/cm). Imaginary ones, negative here, count by their magnitude, as flat modes do.
    temperature_k : float
        Temperature (K).
    rotor_per_cm : float
        Wave number w0; with 0 all modes are harmonic.
    inertia_kg_m2 : float
        The average moment of inertia.

    Returns
    -------
    float
        Free energy of all modes (eV), zero-point energy included.
    """
    wave_numbers = np.abs(np.asarray(wave_numbers_per_cm, dtype=float))
    wave_numbers = np.maximum(wave_numbers, 1e-6)
    kt = constants.k * temperature_k
    hertz = constants.c * 100 * wave_numbers
    quantum = constants.h * hertz
    x = quantum / kt
    energy = quantum / 2 + quantum / np.expm1(x)
    harmonic = x / np.expm1(x) - np.log1p(-np.exp(-x))
    inertia = constants.h / (8 * np.pi**2 * hertz)
    inertia = inertia * inertia_kg_m2 / (inertia + inertia_kg_m2)
    rotor = 0.5 + 0.5 * np.log(8 * np.pi**3 * inertia * kt / constants.h**2)
    weight = 1 / (1 + (rotor_per_cm / wave_numbers) ** 4)
    entropy = weight * harmonic + (1 - weight) * rotor
    return float((energy - kt * entropy).sum() / constants.e)
