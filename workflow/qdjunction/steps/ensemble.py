"""Ensembles, from files to files: thermal snapshots, and the spread of the numbers of a dot over its members."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qdjunction.core.files import write_table
from qdjunction.core.provenance import digests, provenance
from qdjunction.core.results import read_result
from qdjunction.engine.contract import DynamicsEngine
from qdjunction.engine.dynamics import read_motion, write_motion
from qdjunction.engine.thermostat import Thermostat
from qdjunction.interference.ensemble_series import MemberSeries, ensemble_group, ensemble_table
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.structure.integrity import examine
from qdjunction.structure.superposition import superpose
from qdjunction.structure.xyz import read_structure, write_structure
from qdjunction.study.failures import read_failure, require_results
from qdjunction.study.results import EnsembleRecord, SeriesRecord, SnapshotRecord

log = logging.getLogger(__name__)


def snapshot(
    relaxed: str | Path,
    built: str | Path,
    engine: DynamicsEngine,
    thermostat: Thermostat,
    steps: int,
    seed: int,
    workdir: str | Path,
    output: str | Path,
    state: str | Path,
    record: str | Path,
    start: str | Path | None = None,
) -> None:
    """Propagate a dot in time and write its last geometry, in the position and orientation of the relaxed one.

    Parameters
    ----------
    relaxed, built : str or Path
        Extended XYZ files of the relaxed dot, from which a trajectory starts, and of the dot as built.
    engine : DynamicsEngine
        Engine of the forces.
    thermostat : Thermostat
        Temperature, time step, friction, mass of hydrogen.
    steps : int
        Number of steps.
    seed : int
        Seed of the trajectory.
    workdir : str or Path
        Working folder; a later call with the same arguments resumes from the checkpoint in it.
    output, state, record : str or Path
        Files to write: the snapshot, the state from which the next one goes on, and the `SnapshotRecord`.
    start : str or Path, optional
        State of the snapshot before; by default a new trajectory starts.

    Raises
    ------
    EngineError
        If an SCF does not converge or the trajectory heats up.
    """
    rest = read_structure(relaxed)
    before = read_motion(start) if start else None
    motion = engine.dynamics(rest, thermostat, steps, seed, Path(workdir), before)
    atoms = rest.copy()
    atoms.positions = motion.positions
    atoms = superpose(atoms, rest)
    integrity = examine(atoms, read_structure(built))
    for finding in integrity.findings:
        log.warning("%s: %s", output, finding)
    made = SnapshotRecord(
        step=motion.step,
        time_ps=motion.step * thermostat.time_step_fs / 1000,
        temperature_k=thermostat.temperature_k,
        mean_temperature_k=float(motion.temperatures_k.mean()),
        mean_energy_ev=float(motion.energies_ev.mean()),
        rms_shift_ang=float(np.sqrt(((atoms.positions - rest.positions) ** 2).sum(axis=1).mean())),
        integrity=integrity,
        engine=engine.info,
        provenance=provenance(
            inputs=digests(relaxed, built, *([start] if start else [])),
            settings={"thermostat": thermostat.model_dump(mode="json"), "steps": steps, "seed": seed},
        ),
    )
    log.info(
        "%.3f ps: mean T %.0f K, atoms %.2f Ang from the relaxed dot",
        made.time_ps, made.mean_temperature_k, made.rms_shift_ang,
    )  # fmt: skip
    atoms.info["relaxed"] = {
        **atoms.info.get("relaxed", {}), "lost_contacts": integrity.lost_contacts
    }  # fmt: skip
    atoms.info["snapshot"] = made.model_dump(include={"step", "time_ps", "temperature_k"})
    write_structure(atoms, output)
    write_motion(motion, state)
    made.write(record)


def ensemble(
    groups: Mapping[str, Mapping[str, Any]],
    summary: str | Path,
    members: Mapping[str, str | Path],
    settings: InterferenceSettings,
    table: str | Path,
    record: str | Path,
) -> None:
    """Write the spread of the numbers of a dot over the members of its ensemble.

    Parameters
    ----------
    groups : mapping
        By kind: ``members``, their identities in order, and ``settings``, how they were drawn.
    summary : str or Path
        ``series.json`` of the dot itself.
    members : mapping of str to path
        ``series.json`` of every member, or a record of a failure in its place.
    settings : InterferenceSettings
        Threshold of a jump, confidence.
    table, record : str or Path
        Files to write: one row per member and junction, and the `EnsembleRecord`.

    Raises
    ------
    EarlierFailureError
        If the dot itself has no result.
    """
    require_results(summary)
    reference = read_result(SeriesRecord, summary).series
    found = []
    for kind, group in groups.items():
        names: Sequence[str] = group["members"]
        missing: dict[str, str] = {}
        series: list[MemberSeries] = []
        for name in names:
            if failure := read_failure(members[name]):
                missing[name] = str(failure)
                series.append(MemberSeries(name, ()))
                continue
            series.append(MemberSeries(name, read_result(SeriesRecord, members[name]).series))
        found.append(ensemble_group(kind, reference, series, missing, group["settings"], settings))
    for group_of in found:
        for one in group_of.summary.series:
            log.info("%s", one.sentence)
    write_table(ensemble_table(found), table)
    EnsembleRecord(
        confidence=settings.confidence,
        jump_decades=settings.jump_decades,
        groups=tuple(one.summary for one in found),
        provenance=provenance(
            inputs=digests(summary, *members.values()), settings=settings.model_dump(mode="json")
        ),
    ).write(record)
