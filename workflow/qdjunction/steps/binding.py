"""Binding of a gold tip to a contact, from files to files."""

import logging
from collections.abc import Callable, Mapping, Sequence
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
from qdjunction.engine.contract import Engine, GhostEngine
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

    The energy is E(dot and tip) - E(dot) - E(tip), with every atom where it was built; it is no relaxed binding energy.
    An engine with ghost atoms also gives the counterpoise correction: each part counts with its energy in the basis of
    both (S. F. Boys and F. Bernardi, Mol. Phys. 19, 553 (1970)). An SCF that converged in `workdir` before is not
    repeated.

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
    steps = {f"{distance:.3f}": atoms for distance, atoms in zip(distances_ang, together, strict=True)}
    steps["far"] = far
    apart = _energy(dot, engine, folder / "dot") + _energy(tip, engine, folder / "tip")
    curves = {
        "energy_eV": np.array(
            [_energy(atoms, engine, folder / name) - apart for name, atoms in steps.items()]
        )
    }
    if isinstance(engine, GhostEngine):
        curves["uncorrected_energy_eV"] = curves["energy_eV"]
        curves["energy_eV"] = curves["energy_eV"] - _superposition(dot, tip, steps, engine, folder)
    try:
        (distance, depth), *uncorrected = (
            minimum(np.asarray(distances_ang), energies[:-1]) for energies in curves.values()
        )
    except InputError as error:
        raise AnalysisError(f"{structure}: {error}") from None
    left_over = float(curves["energy_eV"][-1])
    symbol = junction.symbols[contact(junction, left).atom]
    log.info(
        "Au-%s: binding energy %.3f eV at %.3f Ang; %.3f eV are left at %g Ang",
        symbol,
        -depth,
        distance,
        left_over,
        FAR_ANG,
    )
    points = {name: energies[:-1] for name, energies in curves.items()}
    write_table(pd.DataFrame({"distance_ang": list(distances_ang), **points}), table)
    BindingRecord(
        contact=left,
        symbol=str(symbol),
        distance_ang=distance,
        binding_energy_ev=-depth,
        uncorrected_distance_ang=next((at for at, _ in uncorrected), None),
        uncorrected_binding_energy_ev=next((-energy for _, energy in uncorrected), None),
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


def _superposition(
    dot: Atoms, tip: Atoms, steps: Mapping[str, Atoms], engine: GhostEngine, folder: Path
) -> NDArray[np.float64]:
    """Return how far the orbitals of the other part lower the energies of dot and tip at each step (eV, <= 0)."""
    is_tip = np.repeat([False, True], [len(dot), len(tip)])
    parts = {"dot": (dot, is_tip), "tip": (tip, ~is_tip)}
    apart = sum(
        _ghost_energy(part, np.zeros(len(part), dtype=bool), engine, folder / f"{name}-alone")
        for name, (part, _) in parts.items()
    )
    return np.array(
        [
            sum(
                _ghost_energy(atoms, ghosts, engine, folder / step / f"{name}-in-basis")
                for name, (_, ghosts) in parts.items()
            )
            - apart
            for step, atoms in steps.items()
        ]
    )


def _energy(atoms: Atoms, engine: Engine, workdir: Path) -> float:
    """Return the energy of a structure (eV), computed once for each state of it."""
    return _once(
        atoms, engine, workdir, lambda: engine.hamiltonian(atoms, workdir / "scf").energy_ev, ghosts=[]
    )


def _ghost_energy(atoms: Atoms, ghosts: NDArray[np.bool_], engine: GhostEngine, workdir: Path) -> float:
    """Return the energy of the atoms that are no ghosts (eV), computed once for each state of the structure."""
    return _once(
        atoms,
        engine,
        workdir,
        lambda: engine.ghost_energy(atoms, ghosts, workdir / "scf"),
        ghosts=ghosts.nonzero()[0].tolist(),
    )


def _once(
    atoms: Atoms, engine: Engine, workdir: Path, energy_ev: Callable[[], float], ghosts: list[int]
) -> float:
    workdir.mkdir(parents=True, exist_ok=True)
    structure, output = workdir / "structure.extxyz", workdir / "energy.json"
    write_structure(atoms, structure)
    task = task_key(
        map(digest, [structure, *engine.inputs(atoms)]), engine=asdict(engine.info), ghosts=ghosts
    )
    resume(output, workdir / "kept", task, lambda path: write_json({"energy_ev": energy_ev()}, path))
    return float(read_json(output)["energy_ev"])
