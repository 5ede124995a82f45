"""Convergence of a result with mesh and basis, one setting changed at a time."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ase import Atoms

from qdjunction.core.errors import EngineError
from qdjunction.engine.siesta.engine import SiestaEngine
from qdjunction.engine.siesta.launch import Launch
from qdjunction.engine.siesta.settings import SiestaSettings

log = logging.getLogger(__name__)

DEFAULT_SCAN: dict[str, Sequence[Any]] = {
    "mesh_cutoff_ry": (100.0, 150.0, 200.0, 300.0),
    "energy_shift_ry": (0.02, 0.01, 0.005, 0.002),
    "basis": ("SZP", "DZP", "TZP"),
}
"""Default scan of `convergence`."""


def convergence(
    atoms: Atoms,
    settings: SiestaSettings,
    workdir: str | Path,
    scan: Mapping[str, Sequence[Any]] = DEFAULT_SCAN,
    launch: Launch | None = None,
) -> pd.DataFrame:
    """Compute a structure with the given settings, and with each setting of the scan changed in turn.

    Every point has its own folder in `workdir`, so that an interrupted scan resumes where it stopped. A point that
    fails becomes a row with its reason; the scan continues.

    Parameters
    ----------
    atoms : ase.Atoms
        The structure.
    settings : SiestaSettings
        Reference settings.
    workdir : str or Path
        Folder of the scan.
    scan : mapping of str to sequence
        Values by the name of a setting.
    launch : Launch, optional
        How SIESTA is started.

    Returns
    -------
    pandas.DataFrame
        One row per point: ``setting``, ``value``, ``energy_ev``, ``homo_ev``, ``lumo_ev``, ``gap_ev``,
        ``fmax_ev_per_ang`` (largest force component), ``gap_change_ev`` and ``force_change_ev_per_ang`` (largest change
        of a component) against the first row, which is `settings` itself, and ``reason`` where it failed.
    """
    rows = []
    reference = None
    for setting, value, changed in _points(settings, scan):
        folder = Path(workdir) / (f"{setting}-{value}" if setting else "reference")
        log.info("convergence: %s", folder.name)
        row: dict[str, Any] = {"setting": setting, "value": value, "reason": ""}
        try:
            structure = SiestaEngine(changed, launch).hamiltonian(atoms, folder)
            forces = structure.forces_ev_per_ang
            if forces is None:
                raise EngineError(f"{folder}: SIESTA left no FA file; delete the folder and run again.")
        except EngineError as error:
            row["reason"] = str(error)
        else:
            reference = reference or (structure.gap_ev, forces)
            row |= {
                "energy_ev": structure.energy_ev,
                "homo_ev": structure.homo_ev,
                "lumo_ev": structure.lumo_ev,
                "gap_ev": structure.gap_ev,
                "fmax_ev_per_ang": float(np.abs(forces).max()),
                "gap_change_ev": structure.gap_ev - reference[0],
                "force_change_ev_per_ang": float(np.abs(forces - reference[1]).max()),
            }
        rows.append(row)
    return pd.DataFrame(rows)


def _points(
    settings: SiestaSettings, scan: Mapping[str, Sequence[Any]]
) -> Iterator[tuple[str, Any, SiestaSettings]]:
    yield "", "", settings
    values = settings.model_dump()
    for setting, choices in scan.items():
        for choice in choices:
            if values[setting] != choice:
                yield setting, choice, SiestaSettings.model_validate(values | {setting: choice})
