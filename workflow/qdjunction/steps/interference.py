"""Orbital rule, level alignment, series, decay and tight-binding chain, from files to files."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qdjunction.core.errors import AnalysisError, InputError
from qdjunction.core.files import write_table
from qdjunction.core.provenance import digest, digests, provenance
from qdjunction.core.results import read_result
from qdjunction.core.resume import resume, task_key
from qdjunction.engine.contract import ElectronicStructure
from qdjunction.engine.store import read_electronic_structure, read_store_or_run
from qdjunction.interference.chain import DiatomicChain
from qdjunction.interference.decay_spectrum import DecaySpectrum, decay_spectrum
from qdjunction.interference.level_alignment import LevelAlignment, alignment_sentence
from qdjunction.interference.orbital_rule import DotOrbitals, orbital_rule, solve_dot, tip_coupling
from qdjunction.interference.results import Charges, NoRule, OrbitalRule
from qdjunction.interference.series import MissingMember, SeriesMember, analyse_series, recorded_verdict
from qdjunction.interference.settings import InterferenceSettings, Role, StructureSeriesSettings
from qdjunction.interference.structure_series import Structure, analyse_structures
from qdjunction.structure.junction import apex_atoms, dot_atoms, dot_electrons, tip_atoms
from qdjunction.study.failures import EarlierFailureError, Failure, read_failure
from qdjunction.study.results import ChainRecord, FrontierRecord, SeriesRecord, StructureSeriesRecord
from qdjunction.transport import Device, mulliken_populations, read_transmission, transverse_k

log = logging.getLogger(__name__)


def frontier_of_study(
    path: str | Path, settings: InterferenceSettings, output: str | Path, workdir: str | Path
) -> None:
    """Compute the orbital rule with `frontier`, or take it from `workdir` if it was computed before."""
    task = task_key([digest(path)], interference=settings.headline)
    resume(output, workdir, task, lambda kept: frontier(path, settings, kept))


def frontier(path: str | Path, settings: InterferenceSettings, output: str | Path) -> None:
    """Write levels of the dot's own block in a junction, charges, and the orbital rule between the gold that binds.

    The rule is evaluated in the middle of the gap and at the headline energy (see `InterferenceSettings`).
    """
    structure = read_electronic_structure(path)
    device = Device.from_hamiltonian(structure.hamiltonian)
    atoms = structure.atoms
    orbitals, levels = _dot_orbitals(structure, device)
    charges = _charges(structure, device)
    H, S = device.block("H", range(device.n_orbitals)), device.block("S", range(device.n_orbitals))
    apices = [device.orbitals_of(gold) for gold in apex_atoms(atoms)]
    energies = {
        "midgap": levels.midgap_ev,
        "headline": settings.headline_energy(levels.homo_ev, levels.lumo_ev),
    }
    rules: dict[str, OrbitalRule | NoRule] = {}
    for name, energy in energies.items():
        left, right = (tip_coupling(H, S, orbitals, apex, energy) for apex in apices)
        try:
            rules[name] = orbital_rule(levels, left, right, energy)
        except InputError as error:
            # A headline energy may fall on a level; the rest of the study does not depend on that.
            rules[name] = NoRule(energy_ev=energy, sentence=str(error))
    alignment = LevelAlignment(charges, levels.homo_ev, levels.lumo_ev)
    log.info("%s", alignment_sentence({f"{atoms.info['left']}-{atoms.info['right']}": alignment}))
    FrontierRecord(
        left=atoms.info["left"],
        right=atoms.info["right"],
        contact_distance_ang=atoms.info["contact_distance_ang"],
        fermi_energy_ev=structure.fermi_energy_ev,
        homo_ev=levels.homo_ev,
        lumo_ev=levels.lumo_ev,
        charges=charges,
        orbital_rule=rules,
        engine=structure.engine,
        provenance=provenance(inputs=digests(path), settings=settings.model_dump(mode="json")),
    ).write(output)


def level_alignment(path: str | Path) -> LevelAlignment:
    """Return charges and levels of a junction.

    Parameters
    ----------
    path : str or Path
        A file of `hamiltonian` with tagged tips, or the folder of an engine's finished run with one of a junction.

    Raises
    ------
    InputError
        If the file cannot be read, has no dot between two tagged tips, or the dot has no closed shell.
    """
    structure = read_store_or_run(path)
    if not all(len(atoms) for atoms in (dot_atoms(structure.atoms), *tip_atoms(structure.atoms))):
        raise InputError(
            f"{path}: has no dot between two tagged tips; build the junction with `qdjunction junction`"
        )
    device = Device.from_hamiltonian(structure.hamiltonian)
    _, levels = _dot_orbitals(structure, device)
    return LevelAlignment(_charges(structure, device), levels.homo_ev, levels.lumo_ev)


def _dot_orbitals(structure: ElectronicStructure, device: Device) -> tuple[NDArray[np.int64], DotOrbitals]:
    """Return which orbitals of a junction are the dot's, and the solutions of its block."""
    orbitals = device.orbitals_of(dot_atoms(structure.atoms))
    electrons = dot_electrons(structure.atoms, structure.valence_electrons)
    return orbitals, solve_dot(device.block("H", orbitals), device.block("S", orbitals), electrons)


def _charges(structure: ElectronicStructure, device: Device) -> Charges:
    """Return the Mulliken charges of dot and tips at the engine's electronic temperature.

    On surfaces they are averaged over the k points of the SCF; the tips then include their surfaces.
    """
    temperature = structure.engine.electronic_temperature_k
    if surface := structure.atoms.info.get("surface"):
        first, second = surface["kpoints"]
        points, weights = transverse_k(structure.hamiltonian, (first, second), 2)
        folded = (Device.from_hamiltonian(structure.hamiltonian, tuple(k)) for k in points)
        populations = weights @ [mulliken_populations(at_k, temperature) for at_k in folded]
    else:
        populations = mulliken_populations(device, temperature)
    charges = structure.valence_electrons - populations
    left, right = tip_atoms(structure.atoms)
    dot = dot_atoms(structure.atoms)
    return Charges(
        dot_e=float(charges[dot].sum()),
        left_tip_e=float(charges[left].sum()),
        right_tip_e=float(charges[right].sum()),
    )


def headline_of(summary: str | Path, name: str) -> float:
    """Return the headline energy (eV, relative to E_F) of the series that the junction `name` belongs to.

    That of a control is the one of the first series that it is shown beside.

    Raises
    ------
    AnalysisError
        If no series contains the junction, because its T(E) or orbital rule has failed.
    """
    for group in read_result(SeriesRecord, summary).series:
        if name in group.junctions or name in [control.name for control in group.controls]:
            return group.headline_energy_ev
    raise AnalysisError(
        f"{summary}: no series contains the junction {name}, so the energy of its picture is not known"
    )


def series(
    contacts: Mapping[str, Sequence[str]],
    transmissions: Sequence[str | Path],
    frontiers: Sequence[str | Path],
    temperature_k: float,
    settings: InterferenceSettings,
    conductance_table: str | Path,
    series_table: str | Path,
    summary: str | Path,
    controls: Collection[str] = (),
) -> None:
    """Write conductance, decay, jump and comparison of the junctions of one dot; see `interference.series`.

    Parameters
    ----------
    contacts : mapping of str to sequence of str
        Left and right contact of each junction, by its name, in the order of the files.
    transmissions, frontiers : sequence of path
        ``transmission.nc`` and ``frontier.json`` of each junction, or records of failures in their place.
    temperature_k : float
        Temperature of the thermal conductance (K).
    settings : InterferenceSettings
        Headline energy, threshold of a jump, confidence.
    conductance_table, series_table, summary : path
        The files to write: ``conductance.csv``, ``series.csv`` and ``series.json``.
    controls : collection of str
        Names of the junctions that are shown beside the series.

    Raises
    ------
    EarlierFailureError
        If no junction of a series has a result.
    AnalysisError
        If the numbers of the junctions cannot be compared with each other.
    """
    members: list[SeriesMember] = []
    missing: list[MissingMember] = []
    failed: Failure | None = None
    for (name, (left, _)), spectrum, levels in zip(contacts.items(), transmissions, frontiers, strict=True):
        role: Role = "control" if name in controls else "series"
        if failure := read_failure(spectrum) or read_failure(levels):
            missing.append(MissingMember(name, left, str(failure), role))
            failed = failure if role == "series" else failed
            continue
        members.append(_member(name, spectrum, levels, role))
    if failed and not any(member.role == "series" for member in members):
        raise EarlierFailureError(failed)
    try:
        analysed = analyse_series(members, temperature_k, settings, missing)
    except InputError as error:
        # The settings were checked before any job, so the computed numbers are at fault.
        raise AnalysisError(str(error)) from error
    for one in analysed.series:
        log.info(
            "%s", " ".join([one.summary.sentence, *(control.sentence for control in one.summary.controls)])
        )
    write_table(analysed.conductance_table, conductance_table)
    write_table(pd.concat(one.table for one in analysed.series), series_table)
    SeriesRecord(
        temperature_k=temperature_k,
        series=tuple(one.summary for one in analysed.series),
        provenance=provenance(
            inputs=digests(*transmissions, *frontiers), settings=settings.model_dump(mode="json")
        ),
    ).write(summary)


def structure_series(
    settings: StructureSeriesSettings,
    junctions: Sequence[tuple[str, str]],
    transmissions: Sequence[str | Path],
    frontiers: Sequence[str | Path],
    temperature_k: float,
    interference: InterferenceSettings,
    conductance_table: str | Path,
    series_table: str | Path,
    summary: str | Path,
) -> None:
    """Decay of the conductance with the length of the structures of a series.

    See `interference.structure_series`. `junctions` are the names of structure and contact pair of every member, in the
    order of the settings and of the files.

    Raises
    ------
    EarlierFailureError
        If no structure has a result.
    AnalysisError
        If the numbers of the structures cannot be compared with each other.
    """
    structures: list[Structure] = []
    missing: dict[str, str] = {}
    files = zip(junctions, settings.members, transmissions, frontiers, strict=True)
    for (dot, name), member, spectrum, levels in files:
        if failure := read_failure(spectrum) or read_failure(levels):
            missing[f"{dot}/{name}"] = str(failure)
            if len(missing) == len(junctions):
                raise EarlierFailureError(failure)
            continue
        structures.append(Structure(dot, _member(name, spectrum, levels), member.units))
    try:
        analysed = analyse_structures(structures, temperature_k, settings, interference, missing)
    except InputError as error:
        raise AnalysisError(str(error)) from error
    log.info("%s", analysed.summary.sentence)
    write_table(analysed.conductance_table, conductance_table)
    write_table(analysed.table, series_table)
    made_of = provenance(
        inputs=digests(*transmissions, *frontiers),
        settings=settings.model_dump(mode="json") | interference.decay,
    )
    StructureSeriesRecord(**dict(analysed.summary), provenance=made_of).write(summary)


def _member(name: str, spectrum: str | Path, levels: str | Path, role: Role = "series") -> SeriesMember:
    """Read one junction of a series."""
    record = read_result(FrontierRecord, levels)
    return SeriesMember(
        name=name,
        left=record.left,
        right=record.right,
        contact_distance_ang=record.contact_distance_ang,
        gap_ev=(record.homo_ev, record.lumo_ev),
        transmission=read_transmission(spectrum),
        role=role,
    )


def chain(settings: InterferenceSettings, table: str | Path, summary: str | Path) -> None:
    """Write T(E) and the jump of the tight-binding chain: lead L on site 1, lead R on sites 2 to 8 in turn."""
    model = DiatomicChain()
    energies = model.gap_energies(100)
    spectrum = model.spectrum(
        energies, threshold_decades=settings.jump_decades, confidence=settings.confidence
    )
    log10 = np.log10(spectrum.conductances_g0)
    trend = np.asarray(spectrum.verdict.fit.predict(float(spectrum.distances_ang[-1])).log10_g)
    write_table(
        pd.concat(
            pd.DataFrame({"site": site + 2, "energy_eV": energies, "log10_transmission": log10[site]})
            for site in range(len(log10))
        ),
        table,
    )
    ChainRecord(
        **asdict(model),
        model=True,
        trend_at_last_site=tuple(trend.tolist()),
        energies_ev=tuple(energies.tolist()),
        shares=spectrum.shares(),
        midgap=recorded_verdict(spectrum.at(0.0)),
        sentence=spectrum.sentence,
        provenance=provenance(inputs={}, settings=settings.model_dump(mode="json")),
    ).write(summary)


def decay_of(
    transmissions: Sequence[str | Path], distances_ang: Sequence[float], settings: InterferenceSettings
) -> DecaySpectrum:
    """Return decay and jump of a series of T(E) files at every energy.

    Parameters
    ----------
    transmissions : sequence of path
        Files of T(E), in order of distance, on the same grid of energies.
    distances_ang : sequence of float
        Distance of the contact atoms of each (Ang).
    settings : InterferenceSettings
        Threshold of a jump, confidence.

    Raises
    ------
    InputError
        If the numbers of files and distances differ, or the files have different energies.
    """
    if len(transmissions) != len(distances_ang):
        raise InputError(
            f"--distances: {len(distances_ang)} distances for {len(transmissions)} files; give one for each file"
        )
    results = [read_transmission(path) for path in transmissions]
    energies = results[0].energies_ev
    for path, result in zip(transmissions, results, strict=True):
        if result.energies_ev.shape != energies.shape or not np.allclose(result.energies_ev, energies):
            raise InputError(
                f"{path}: its energies differ from those of {transmissions[0]}; compute both on the same grid"
            )
    return decay_spectrum(
        energies,
        distances_ang,
        [result.conductance_g0 for result in results],
        contacts=[str(path) for path in transmissions],
        threshold_decades=settings.jump_decades,
        confidence=settings.confidence,
    )
