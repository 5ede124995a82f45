"""Binding of a gold tip to a contact, from files to files."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from ase import Atoms
from numpy.typing import NDArray

from qdjunction.core.errors import AnalysisError, InputError, StructureError
from qdjunction.core.files import write_json, write_table
from qdjunction.core.provenance import digest, digests, provenance
from qdjunction.core.results import read_json
from qdjunction.core.resume import resume, task_key
from qdjunction.engine.contract import Engine
from qdjunction.steps.structure import junction_settings
from qdjunction.structure.approach import approach
from qdjunction.structure.contacts import contact
from qdjunction.structure.junction import build_junction
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.xyz import read_structure, write_structure
from qdjunction.study.results import BindingRecord

log = logging.getLogger(__name__)

FAR_ANG = 15.0
"""Distance at which gold and dot no longer touch; energy that is left there is that of moved charge (Ang)."""


def binding_curve(
    structure: str | Path,
    left: str,
    right: str,
    electrodes: ElectrodeSettings,
    engine: Engine,
    distances_ang: Sequence[float],
    workdir: str | Path,
    table: str | Path,
    summary: str | Path,
) -> None:
    """Write the energy of a dot and its left tip against their distance: ``binding.csv`` and ``binding.json``.

    The energy is E(dot and tip) - E(dot) - E(tip), with every atom where it was built; it is no relaxed binding energy,
    and not corrected for the superposition of basis sets. An SCF that converged in `workdir` before is not repeated.

    Parameters
    ----------
    structure : path
        The relaxed dot.
    left, right : str
        Contacts of the junction; the left tip is moved, the right one left out.
    electrodes : ElectrodeSettings
        The tips.
    engine : Engine
        Engine that computes the energies.
    distances_ang : sequence of float
        Distances of apex and contact atom, ascending (Ang).
    workdir : path
        Working folder.
    table, summary : path
        The files to write.

    Raises
    ------
    EngineError
        If an SCF does not converge.
    AnalysisError
        If the energy is lowest at the first or the last distance.
    StructureError
        If the junction cannot be built, or the tip has no single apex.
    """
    junction = build_junction(read_structure(structure), left, right, electrodes)
    try:
        dot, tip, (*together, far) = approach(junction, [*distances_ang, FAR_ANG])
    except InputError as error:
        raise StructureError(f"{structure}: {error}") from None
    folder = Path(workdir)
    apart = _energy(dot, engine, folder / "dot") + _energy(tip, engine, folder / "tip")
    energies = np.array(
        [
            _energy(atoms, engine, folder / f"{distance:.3f}") - apart
            for distance, atoms in zip(distances_ang, together, strict=True)
        ]
    )
    left_over = _energy(far, engine, folder / "far") - apart
    try:
        distance, depth = minimum(np.asarray(distances_ang), energies)
    except InputError as error:
        raise AnalysisError(f"{structure}: {error}") from None
    symbol = junction.symbols[contact(junction, left).atom]
    log.info(
        "Au-%s: binding energy %.3f eV at %.3f Ang; %.3f eV are left at %g Ang",
        symbol,
        -depth,
        distance,
        left_over,
        FAR_ANG,
    )
    write_table(pd.DataFrame({"distance_ang": list(distances_ang), "energy_eV": energies}), table)
    BindingRecord(
        contact=left,
        symbol=str(symbol),
        distance_ang=distance,
        binding_energy_ev=-depth,
        far_ang=FAR_ANG,
        far_energy_ev=left_over,
        engine=engine.info,
        provenance=provenance(
            inputs=digests(structure),
            settings={**junction_settings(left, right, electrodes), "distances_ang": list(distances_ang)},
        ),
    ).write(summary)


def minimum(distances_ang: NDArray[np.float64], energies_ev: NDArray[np.float64]) -> tuple[float, float]:
    """Return distance (Ang) and energy (eV) of a minimum, from the parabola through the lowest three points.

    Raises
    ------
    InputError
        If the lowest point is the first or the last.
    """
    lowest = int(np.argmin(energies_ev))
    if lowest in (0, len(energies_ev) - 1):
        raise InputError(
            f"the energy is lowest at {distances_ang[lowest]:g} Ang, an end of the distances; widen shortest_ang and "
            "longest_ang"
        )
    near = slice(lowest - 1, lowest + 2)
    a, b, c = np.polyfit(distances_ang[near], energies_ev[near], 2)
    at = -b / (2 * a)
    return float(at), float(c - b**2 / (4 * a))


def _energy(atoms: Atoms, engine: Engine, workdir: Path) -> float:
    """Return the energy of a structure (eV), computed once for each state of it."""
    workdir.mkdir(parents=True, exist_ok=True)
    structure, output = workdir / "structure.extxyz", workdir / "energy.json"
    write_structure(atoms, structure)

    def compute(path: Path) -> None:
        write_json({"energy_ev": engine.hamiltonian(atoms, workdir / "scf").energy_ev}, path)

    task = task_key(map(digest, [structure, *engine.inputs(atoms)]), engine=asdict(engine.info))
    resume(output, workdir / "kept", task, compute)
    return float(read_json(output)["energy_ev"])
