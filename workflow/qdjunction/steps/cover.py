"""From files to files: ligands on a relaxed slab, vibrations of exchanged cations, the free energy of a cover."""

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from ase import Atoms

from qdjunction.core.files import write_table
from qdjunction.core.provenance import digests, provenance
from qdjunction.engine.contract import VibrationsEngine
from qdjunction.engine.vibrations import quasi_rrho_ev
from qdjunction.interference.cover import (
    Computed,
    CoverRecord,
    CoverSeries,
    conformational_ev,
    cover_series,
    cover_table,
)
from qdjunction.steps.structure import write_built
from qdjunction.structure.ligands.attach import FRAGMENT
from qdjunction.structure.perovskite.constants import LATTICE_CONSTANTS_ANG
from qdjunction.structure.perovskite.slab import perovskite_slab, surface_sites
from qdjunction.structure.sources.slab import SlabOutline, SlabSettings
from qdjunction.structure.xyz import read_structure
from qdjunction.study.cover import BARE, CATION_PAIR, CoverMember, CoverSettings
from qdjunction.study.failures import EarlierFailureError
from qdjunction.study.relaxations import read_results, require_one_method
from qdjunction.study.results import RelaxationRecord, VibrationsRecord

log = logging.getLogger(__name__)

SOFT_PER_CM = 50.0
"""An imaginary frequency below this is a flat mode (1/cm); above it, the geometry is no minimum."""


def ligands_on_slab(
    settings: SlabSettings, definition: SlabOutline, slab: str | Path, output: str | Path, record: str | Path
) -> None:
    """Put ligands on a relaxed slab, from which all numbers of them start, and write the structure; see `dot`.

    Parameters
    ----------
    settings : SlabSettings
        The slab with its ligands.
    definition : SlabOutline
        What it looked up.
    slab : path
        The relaxed slab without ligands.
    output, record : path
        Files to write: the structure and its provenance.

    Raises
    ------
    StructureError
        If a ligand does not fit.
    """
    atoms = settings.build_on(read_structure(slab), definition)
    write_built(atoms, definition, [slab, *settings.input_files()], output, record)


def vibrations(
    structure: str | Path,
    engine: VibrationsEngine,
    workdir: str | Path,
    temperature_k: float,
    output: str | Path,
) -> None:
    """Compute the vibrations of the exchanged cation of a slab or an ion pair, all other atoms held.

    Parameters
    ----------
    structure : path
        Relaxed structure of a cover.
    engine : VibrationsEngine
        Engine of the forces.
    workdir : path
        Working folder; an interrupted call resumes from it.
    temperature_k : float
        Temperature of the free energy (K).
    output : path
        The `VibrationsRecord` to write.
    """
    atoms = read_structure(structure)
    moving = exchanged_atoms(atoms)
    found = engine.frequencies(atoms, moving, Path(workdir))
    imaginary = found[found < -SOFT_PER_CM]
    if len(imaginary):
        log.warning(
            "%s: %d modes are imaginary, down to %.0f 1/cm", structure, len(imaginary), imaginary.min()
        )
    VibrationsRecord(
        atoms=tuple(moving), wave_numbers_per_cm=tuple(found.tolist()), imaginary=len(imaginary),
        temperature_k=temperature_k, free_energy_ev=quasi_rrho_ev(found, temperature_k), engine=engine.info,
        provenance=provenance(inputs=digests(structure), settings={"temperature_k": temperature_k}),
    ).write(output)  # fmt: skip


def exchanged_atoms(atoms: Atoms) -> list[int]:
    """Return the atoms of the cation that is exchanged.

    They are those of the first ligand of a slab or of its first surface cation, or all but the halide of an ion pair.
    """
    slab = atoms.info["dot"].get("slab")
    if slab is None:
        return list(range(len(atoms) - 1))
    if FRAGMENT in atoms.arrays:
        return np.flatnonzero(atoms.arrays[FRAGMENT] == 2).tolist()
    # In the relaxed slab the face is no plane any more; the order of the atoms is that of the ideal one.
    ideal = perovskite_slab(slab["cation"], slab["halide"], tuple(slab["size"]), slab["layers"])
    return [int(surface_sites(ideal, slab["cation"])[0])]


def cover_of_study(
    settings: CoverSettings,
    relaxations: Mapping[str, str | Path],
    vibrating: Mapping[str, str | Path],
    table: str | Path,
    summary: str | Path,
) -> None:
    """Write the free energy of the cover by each ligand: ``cover.csv`` and ``cover.json``.

    Parameters
    ----------
    settings : CoverSettings
        The section of the configuration.
    relaxations : mapping of str to path
        ``relaxed.json`` of every structure, or a record of its failure, by its name. Structures with ligands that have
        failed are left out.
    vibrating : mapping of str to path
        ``vibrations.json`` of the structures that have vibrations.
    table, summary : path
        The files to write.

    Raises
    ------
    InputError
        If structures were relaxed by different methods.
    EarlierFailureError
        If the slab without ligands has failed, or the reservoirs or all slabs of every ligand.
    """
    records, failures = read_results(RelaxationRecord, relaxations)
    if BARE not in records:
        raise EarlierFailureError(failures[BARE])
    require_one_method(records.values(), "cover")
    for name, failure in failures.items():
        log.warning("%s is left out: %s", name, failure)
    of_modes, _ = read_results(VibrationsRecord, vibrating)
    members = {member.name: member for member in settings.members()}
    found = [
        series
        for ligand in settings.ligands
        if (series := _series(settings, ligand, members, records, of_modes)) is not None
    ]
    if not found:
        raise EarlierFailureError(next(iter(failures.values())))
    shape = settings.slab
    edge = LATTICE_CONSTANTS_ANG[shape.cation, shape.halide]
    record = CoverRecord(
        cell=f"{shape.cation}Pb{shape.halide}3 (100), {shape.size[0]} x {shape.size[1]} cells, {shape.layers} "
        f"Pb{shape.halide}2 plane{'s' if shape.layers > 1 else ''}",
        sites=shape.site_count, area_ang2=edge**2 * shape.size[0] * shape.size[1],
        reservoirs="solids, as given" if settings.solids_ev else "ion pairs",
        temperature_k=settings.temperature_k,
        fmax_ev_per_ang=max(one.fmax_ev_per_ang for one in records.values()),
        series=tuple(found), engine=records[BARE].engine,
        provenance=provenance(
            inputs=digests(*relaxations.values(), *vibrating.values()), settings=settings.model_dump(mode="json")
        ),
    )  # fmt: skip
    for series in found:
        log.info("%s: lowest with %d ligands", series.ligand, series.minimum)
    write_table(cover_table(record), table)
    record.write(summary)


def _series(
    settings: CoverSettings,
    ligand: str,
    members: Mapping[str, CoverMember],
    records: Mapping[str, RelaxationRecord],
    modes: Mapping[str, VibrationsRecord],
) -> CoverSeries | None:
    """Return the series of a ligand; None if its reservoirs or all of its slabs have failed."""
    own = [
        member
        for name, member in members.items()
        if name in records and member.role == "slab" and member.ligand in ("", ligand)
    ]
    exchange = _exchange(settings, ligand, members, records)
    if exchange is None or not any(member.ligand for member in own):
        return None
    names = {BARE: 1, f"{ligand}-1-1-1": -1, CATION_PAIR: -1, f"pair-{ligand}-1": 1}
    has_modes = all(name in modes for name in names)
    return cover_series(
        ligand,
        [
            Computed(
                member.name, member.count, site_set(member), member.distinct,
                records[member.name].energy_ev,
            )
            for member in own
        ],
        settings.slab.site_count,
        exchange,
        _conformational(settings, ligand, own, members, records),
        -sum(sign * modes[name].free_energy_ev for name, sign in names.items()) if has_modes else math.nan,
        sum(modes[name].imaginary for name in names) if has_modes else 0,
        {
            member.name: integrity.findings
            for member in (*own, *(one for one in members.values() if one.role == "pair"))
            if member.name in records
            and member.ligand in ("", ligand)
            and (integrity := records[member.name].integrity)
        },
    )  # fmt: skip


def _conformational(
    settings: CoverSettings,
    ligand: str,
    slabs: Sequence[CoverMember],
    members: Mapping[str, CoverMember],
    records: Mapping[str, RelaxationRecord],
) -> float:
    """Return the conformational term of the exchange per ligand (eV); nan if no slab has one ligand."""
    of_sets: dict[str, list[float]] = {}
    for member in slabs:
        if member.count == 1:
            of_sets.setdefault(site_set(member), []).append(records[member.name].energy_ev)
    if not of_sets:
        return math.nan
    found = conformational_ev(min(of_sets.values(), key=min), settings.temperature_k)
    pairs = _pair_energies(ligand, members, records)
    return found - conformational_ev(pairs, settings.temperature_k) if pairs else found


def _pair_energies(
    ligand: str, members: Mapping[str, CoverMember], records: Mapping[str, RelaxationRecord]
) -> list[float]:
    """Return the energies (eV) of the ion pairs of a ligand that have been relaxed."""
    return [
        records[name].energy_ev
        for name, member in members.items()
        if member.role == "pair" and member.ligand == ligand and name in records
    ]


def site_set(member: CoverMember) -> str:
    """Return the name of the site set of a slab: that of the structure without the number of its pose."""
    return member.name.rpartition("-")[0]


def _exchange(
    settings: CoverSettings,
    ligand: str,
    members: Mapping[str, CoverMember],
    records: Mapping[str, RelaxationRecord],
) -> float | None:
    """Return mu_cation - mu_ligand (eV); None if a reservoir has failed."""
    if settings.solids_ev:
        return settings.solids_ev["Cs"] - settings.solids_ev[ligand]
    found = _pair_energies(ligand, members, records)
    if CATION_PAIR not in records or not found:
        return None
    return records[CATION_PAIR].energy_ev - min(found)
