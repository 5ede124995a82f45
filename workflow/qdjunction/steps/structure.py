"""Structures and junctions, from files to files: build, relax, attach tips."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from ase import Atoms
from ase.constraints import FixAtoms

from qdjunction.core.errors import EngineError, InputError, StructureError
from qdjunction.core.files import write_json
from qdjunction.core.provenance import digest, digests, provenance
from qdjunction.core.resume import resume, task_key
from qdjunction.core.schema import Section
from qdjunction.engine.contract import Engine, Relaxation
from qdjunction.structure.connectivity import check_bonded
from qdjunction.structure.contacts import contact_distance
from qdjunction.structure.integrity import Integrity, examine
from qdjunction.structure.junction import build_junction, check_closed_shell, contact_bond
from qdjunction.structure.junction_relaxation import Free, JunctionState, examine_junction, held_in_junction
from qdjunction.structure.ligands.pair import held_atoms
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.settling import DESCRIPTION, settling_springs
from qdjunction.structure.sites import Cell, Site, find_contacts
from qdjunction.structure.sources.contract import SourceSettings
from qdjunction.structure.sources.file import origin, read_molecule
from qdjunction.structure.tip_settings import TipSpread
from qdjunction.structure.tip_spread import spread_tips
from qdjunction.structure.xyz import read_structure, write_structure
from qdjunction.study.results import RelaxationRecord, Settling

log = logging.getLogger(__name__)

TipDraw = tuple[TipSpread, int]
"""How the tips of a member of an ensemble are drawn, and the random seed."""

SETTLED_EV_PER_ANG = 0.3
"""Largest force (eV/Ang) at the end of the restrained stage of the relaxation of a new dot."""

HELD_ANG = 1e-4
"""Shift (Ang) below which an atom that an engine was to hold has stayed: files keep eight decimals."""


def dot(settings: SourceSettings[Any], definition: Section, output: str | Path, record: str | Path) -> None:
    """Build an unrelaxed structure from its definition and write it; its provenance is written to `record`."""
    write_built(settings.build(definition), definition, settings.input_files(), output, record)


def write_built(
    atoms: Atoms, definition: Section, made_from: Iterable[str | Path], output: str | Path, record: str | Path
) -> None:
    """Write a structure that was built from its definition and the files in `made_from`, and its provenance."""
    log.info("built %s: %s, %d atoms", output, atoms.get_chemical_formula("hill"), len(atoms))
    write_structure(atoms, output)
    values = {"dot": atoms.info["dot"], "definition": definition.model_dump(mode="json")}
    write_json({"provenance": provenance(inputs=digests(*made_from), settings=values).values}, record)


def relax(
    structure: str | Path,
    engine: Engine,
    workdir: str | Path,
    fmax_ev_per_ang: float,
    max_steps: int,
    output: str | Path,
    record: str | Path,
    start: str | Path | None = None,
    free: Free | Literal["all"] = "all",
    made_from: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Relax a structure, starting from the coordinates in `start` if it is given.

    The record states which contacts, bonds and protons were preserved. In a dot a lost contact is not an error here,
    since the study may not use it; `junction` refuses it. A junction that has lost a contact is refused here.

    Parameters
    ----------
    structure : str or Path
        Extended XYZ file.
    engine : Engine
        Engine that relaxes it.
    workdir : str or Path
        Working folder; a later call with the same arguments resumes from what an earlier one left here.
    fmax_ev_per_ang : float
        Threshold of the force on a free atom (eV/Ang).
    max_steps : int
        Maximum number of steps over all calls.
    output, record : str or Path
        Files to write: the relaxed structure and its `RelaxationRecord`.
    start : str or Path, optional
        Extended XYZ file of the same atoms to start from.
    free : {"all", "contact", "junction"}
        Which atoms move: with ``all`` those that the structure does not hold, see `held_atoms`. The others are for
        junctions; see `free_atoms`.
    made_from, settings : optional
        File and settings that `structure` was made from in the same job, for the record; by default the input is
        `structure` itself.

    Raises
    ------
    InputError
        If the atoms in `start` are not those of `structure`.
    StructureError
        If the structure cannot be examined after the relaxation, see `examine` and `examine_junction`; or if a junction
        has lost a contact.
    EngineError
        If the relaxation does not converge; the last geometry stays in `workdir` and a later call resumes from it.
    """
    built = read_structure(structure)
    try:
        check_bonded(built)
        _examine(built, built, free)  # raises an error now rather than after hours of relaxation
        held = held_atoms(built) if free == "all" else held_in_junction(built, free)
    except StructureError as error:
        raise StructureError(f"{structure}: {error}") from None
    atoms = built.copy()
    origin = {"structure": str(made_from or structure)}
    if start:
        relaxed = read_structure(start)
        if list(relaxed.symbols) != list(atoms.symbols):
            raise InputError(
                f"{start}: has the atoms {relaxed.symbols}, not those of {structure} ({atoms.symbols}); remake it with "
                "`make clusters`, or set relax.start to scratch"
            )
        atoms.positions = relaxed.positions
        origin |= {"start": str(start)}
        log.info("starting from the relaxed geometry %s", start)
    if held.size:
        atoms.set_constraint(FixAtoms(held))
    is_new = (
        free == "all" and not held.size and not start and "relaxed" not in atoms.info and engine.takes_springs
    )
    settling = _settle(structure, atoms, engine, Path(workdir) / "settling", max_steps) if is_new else None
    result = engine.relax(atoms, Path(workdir), fmax_ev_per_ang, max_steps)
    result.atoms.set_constraint()
    integrity, state = _examine(result.atoms, built, free)
    made = RelaxationRecord(
        converged=result.converged,
        energy_ev=result.energy_ev,
        fmax_ev_per_ang=result.fmax_ev_per_ang,
        steps=result.steps,
        wall_time_s=result.wall_time_s,
        reason=result.reason,
        integrity=integrity,
        **({"junction": state} if state else {}),
        fmax_wanted_ev_per_ang=fmax_ev_per_ang,
        formula=atoms.get_chemical_formula("hill"),
        settling=settling,
        engine=result.engine,
        inputs=origin,
        provenance=provenance(inputs=digests(*origin.values()), settings=dict(settings or {})),
    )
    if not result.converged:
        made.write(Path(workdir) / "not_converged.json")
    require_converged(result, structure, workdir)
    if state:
        _check_junction(state, structure, made, Path(workdir) / "refused.json")
        result.atoms.info["contact_distance_ang"] = contact_distance(
            result.atoms, *(tip.contact for tip in state.tips)
        )
    log.info("relaxed in %d steps: fmax %.3f eV/Ang", result.steps, result.fmax_ev_per_ang)
    for finding in integrity.findings:
        log.warning("%s: %s", output, finding)
    result.atoms.info["relaxed"] = {
        "engine": result.engine.method,
        "fmax_ev_per_ang": result.fmax_ev_per_ang,
        "energy_ev": result.energy_ev,
        "steps": result.steps,
        "lost_contacts": integrity.lost_contacts,
    }
    write_structure(result.atoms, output)
    made.write(record)


def require_converged(result: Relaxation, structure: str | Path, workdir: str | Path) -> None:
    """Refuse a relaxation of `structure` in `workdir` that has not converged.

    Raises
    ------
    EngineError
        With the reason of the engine and what helps.
    """
    if not result.converged:
        raise EngineError(
            f"{structure}: {result.reason} Raise relax.max_steps; the relaxation resumes from {workdir}."
        )


def _examine(
    atoms: Atoms, built: Atoms, free: Free | Literal["all"]
) -> tuple[Integrity, JunctionState | None]:
    """Compare a structure with the same one as built; tips and contacts where the tips of a junction are held."""
    return (examine(atoms, built), None) if free == "all" else examine_junction(atoms, built, free)


def _check_junction(
    state: JunctionState, structure: str | Path, made: RelaxationRecord, refused: Path
) -> None:
    """Raise if a relaxed junction is none any more; its record is then written to `refused`."""
    if state.held_shift_ang > HELD_ANG:
        raise EngineError(
            f"{structure}: the engine '{made.engine.name}' has moved atoms that it was to hold, by up to "
            f"{state.held_shift_ang:.3f} Ang; its `relax` must keep to ase.constraints.FixAtoms."
        )
    for tip in state.tips:
        log.info(
            "contact %s: apex to %s %.3f Ang, %.3f as built; %s has moved by %.3f Ang, the apex by %.3f",
            tip.contact, tip.symbol, tip.distance_ang, tip.built_ang, tip.symbol, tip.contact_shift_ang,
            tip.apex_shift_ang,
        )  # fmt: skip
    if state.lost:
        made.write(refused)
        raise StructureError(
            f"{structure}: relaxed ({state.free} free), it is no junction any more: {'; '.join(state.lost)}; choose "
            f"other contacts or another apex distance, or do not relax it. {refused} has the details."
        )


def _settle(
    structure: str | Path, atoms: Atoms, engine: Engine, workdir: Path, max_steps: int
) -> Settling | None:
    """Relax a new structure in place to `SETTLED_EV_PER_ANG`, with its softest bonds restrained by springs."""
    springs = settling_springs(atoms)
    if not springs:
        return None
    held = atoms.copy()
    held.set_constraint([spring for of_bond in springs.values() for spring in of_bond])
    numbers = " and ".join(f"{len(of_bond)} {bond}" for bond, of_bond in springs.items())
    log.info("settling with %s bonds held by springs, to %.1f eV/Ang", numbers, SETTLED_EV_PER_ANG)
    result = engine.relax(held, workdir, SETTLED_EV_PER_ANG, max_steps)
    require_converged(result, structure, workdir)
    atoms.positions = result.atoms.positions
    return Settling(steps=result.steps, wall_time_s=result.wall_time_s, springs=DESCRIPTION)


def junction(
    structure: str | Path,
    left: str,
    right: str,
    electrodes: ElectrodeSettings,
    output: str | Path,
    record: str | Path | None = None,
    tips: TipDraw | None = None,
) -> None:
    """Put a structure between two gold tips and write the junction, and its provenance to `record` if given.

    With `tips` they are turned and shifted at random, see `spread_tips`.

    Raises
    ------
    InputError
        If the file contains no dot, or a dot that already has gold tips.
    StructureError
        If one of the two contacts was lost in the relaxation, or the tips do not fit; the message names the file.
    """
    settings = junction_settings(left, right, electrodes)
    bare = read_structure(structure)
    _junction(bare, structure, left, right, electrodes, settings, output, record, tips)


def junction_at_sites(
    structure: str | Path,
    left: Site,
    right: Site,
    cell: Cell,
    electrodes: ElectrodeSettings,
    output: str | Path,
    record: str | Path,
) -> None:
    """Put a structure in any format that ASE reads between two gold tips at two of its atoms, `L` and `R`.

    Raises
    ------
    InputError
        If the file holds no finite closed-shell structure, or an atom or direction cannot be found; names the option.
    StructureError
        If an atom is no anchor, or the tips do not fit; names the file.
    """
    _, atoms = read_molecule(structure, cell, str(structure), "the option --cell drop")
    sides = {"L": "left", "R": "right"}
    atoms.info = {
        "dot": {"name": Path(structure).stem, **origin(structure)},
        "contacts": find_contacts(atoms, {"L": left, "R": right}, lambda name: f"--{sides[name]}-"),
        "contact_pairs": {},
    }
    sites = {side: site.model_dump(mode="json") for side, site in (("L", left), ("R", right))}
    settings = junction_settings("L", "R", electrodes) | {"sites": sites, "cell": cell}
    _junction(atoms, structure, "L", "R", electrodes, settings, output, record)


def _junction(
    bare: Atoms, structure: str | Path, left: str, right: str, electrodes: ElectrodeSettings,
    settings: dict[str, Any], output: str | Path, record: str | Path | None, tips: TipDraw | None = None,
) -> None:  # fmt: skip
    try:
        atoms = build_junction(bare, left, right, electrodes)
        if tips:
            atoms = spread_tips(atoms, *tips)
        check_closed_shell(atoms)
    except (InputError, StructureError) as error:
        raise type(error)(f"{structure}: {error}") from error
    log.info(
        "built %s: %d atoms, contacts %.2f Ang apart", output, len(atoms), atoms.info["contact_distance_ang"]
    )
    for name, tip in zip((left, right), electrodes.tips, strict=True):
        log.info("%s", contact_bond(bare, name, tip))
    write_structure(atoms, output)
    if record:
        write_json({"provenance": provenance(inputs=digests(structure), settings=settings).values}, record)


def relax_junction(
    structure: str | Path,
    left: str,
    right: str,
    electrodes: ElectrodeSettings,
    engine: Engine,
    workdir: str | Path,
    fmax_ev_per_ang: float,
    max_steps: int,
    output: str | Path,
    record: str | Path,
    start: str | Path | None = None,
) -> None:
    """Build a junction from a relaxed dot and relax it; see `junction` and `relax`.

    `electrodes.relax` says which atoms are free. A relaxation that was finished in `workdir` before is not repeated.
    """
    if electrodes.relax == "none":
        raise InputError(
            "electrodes.relax is none, so no atom of the junction is free; set it to contact or junction"
        )
    free, built = electrodes.relax, Path(workdir) / "built.extxyz"
    junction(structure, left, right, electrodes, built)

    def compute(relaxed: Path, made: Path) -> None:
        relax(
            built, engine, workdir, fmax_ev_per_ang, max_steps, relaxed, made, start, free,
            made_from=structure, settings=junction_settings(left, right, electrodes),
        )  # fmt: skip

    # What has converged does not depend on the steps that it might have taken.
    inputs = map(digest, [built, *([start] if start else []), *engine.inputs(read_structure(built))])
    task = task_key(inputs, engine=asdict(engine.info), free=free, fmax_ev_per_ang=fmax_ev_per_ang)
    resume([output, record], workdir, task, compute)


def junction_settings(left: str, right: str, electrodes: ElectrodeSettings) -> dict[str, Any]:
    """Return the settings of a junction for its provenance."""
    return {"left": left, "right": right, "electrodes": electrodes.model_dump(mode="json")}
