"""The steps of a study, from files to files; rule scripts and command-line verbs call these and nothing deeper."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import sisl
import xarray
from ase import Atoms
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import AnalysisError, EngineError, InputError, StructureError
from qdjunction.core.files import whole, write_json, write_table
from qdjunction.core.matrix_files import read_matrices
from qdjunction.core.provenance import digest, digests, provenance
from qdjunction.core.resume import resume, task_key
from qdjunction.engine.contract import Engine, EngineInfo
from qdjunction.engine.siesta.convergence import convergence
from qdjunction.engine.siesta.extraction import electronic_structure_from_run
from qdjunction.engine.siesta.inputs import Task, write_lead_input, write_siesta_input
from qdjunction.engine.siesta.launch import Launch
from qdjunction.engine.siesta.settings import SiestaSettings
from qdjunction.engine.store import is_store, read_electronic_structure, write_electronic_structure
from qdjunction.interference.chain import DiatomicChain
from qdjunction.interference.decay_spectrum import DecaySpectrum, decay_spectrum
from qdjunction.interference.orbital_rule import orbital_rule, solve_dot, tip_coupling
from qdjunction.interference.series import MissingMember, SeriesMember, analyse_series, verdict_values
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.structure.bonds import SPRING_FRACTION, pb_halide_springs
from qdjunction.structure.integrity import examine
from qdjunction.structure.junction import build_junction, dot_atoms, lead_atoms
from qdjunction.structure.perovskite.catalogue import DotDefinition
from qdjunction.structure.perovskite.cations import ammonium_springs
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.xyz import read_structure, write_structure
from qdjunction.study.config import ElectrodeSettings, LeadSettings, TransportSettings
from qdjunction.study.failures import EarlierFailureError, read_failure
from qdjunction.transport import (
    Cluster,
    Device,
    Lead,
    WideBand,
    injected_density,
    k_averaged_transmission,
    linear_response_table,
    read_transmission,
    response_energies,
    transport_axis,
    write_tbt,
    write_transmission,
)
from qdjunction.transport.grammar import Bulk, LeadChoice
from qdjunction.transport.kpoints import Attach, K
from qdjunction.transport.transmission import SolverName

log = logging.getLogger(__name__)

SETTLED_EV_PER_ANG = 0.3
"""Largest force (eV/Ang) at which a new dot has settled and its bonds are let go."""


def dot(
    definition: DotDefinition,
    cation: str,
    halide: str,
    seed: int,
    short_range_order: float,
    output: str | Path,
    record: str | Path,
) -> None:
    """Build an unrelaxed dot; `record` says who built it from what."""
    atoms = build_dot(definition, cation, halide, seed, short_range_order)
    log.info("built %s: %s, %d atoms", output, atoms.get_chemical_formula("hill"), len(atoms))
    write_structure(atoms, output)
    settings = {"dot": atoms.info["dot"], "definition": definition.model_dump(mode="json")}
    write_json({"provenance": provenance(inputs={}, settings=settings)}, record)


def relax(
    structure: str | Path,
    engine: Engine,
    workdir: str | Path,
    fmax_ev_per_ang: float,
    max_steps: int,
    output: str | Path,
    record: str | Path,
    start: str | Path | None = None,
) -> None:
    """Relax a structure, from other coordinates of the same atoms where `start` gives them.

    The record says what became of contacts, Pb-halide bonds and protons. A contact that is lost ends no relaxation, for
    the study may not need it; `junction` refuses it.

    Raises
    ------
    InputError
        If `start` holds other atoms than `structure`.
    StructureError
        If the structure is none that could be examined afterwards; see `examine`.
    EngineError
        If the relaxation does not converge; what was reached stays in `workdir` and a later call resumes from it.
    """
    built = read_structure(structure)
    examine(built, built)  # what cannot be examined is refused now rather than after hours
    atoms = built.copy()
    origin = {"structure": str(structure)}
    if start:
        relaxed = read_structure(start)
        if list(relaxed.symbols) != list(atoms.symbols):
            raise InputError(
                f"{start}: holds {relaxed.symbols}, not the atoms of {structure} ({atoms.symbols}); remake it with "
                "`make clusters`, or set relax.start to scratch"
            )
        atoms.positions = relaxed.positions
        origin |= {"start": str(start)}
        log.info("starting from the relaxed geometry %s", start)
    is_new = not start and "relaxed" not in atoms.info and engine.takes_springs
    settling = _settle(atoms, engine, Path(workdir) / "settling", max_steps) if is_new else None
    result = engine.relax(atoms, Path(workdir), fmax_ev_per_ang, max_steps)
    integrity = examine(result.atoms, built)
    fields = {key: value for key, value in vars(result).items() if key not in ("atoms", "engine")}
    values = fields | {
        "integrity": integrity.record(),
        "fmax_wanted_ev_per_ang": fmax_ev_per_ang,
        "formula": atoms.get_chemical_formula("hill"),
        "settling": settling,
        "engine": asdict(result.engine),
        "inputs": origin,
        "provenance": provenance(inputs=digests(*origin.values())),
    }
    if not result.converged:
        write_json(values, Path(workdir) / "not_converged.json")
        raise EngineError(
            f"{structure}: {result.reason} Raise relax.max_steps; what was reached in {workdir} is kept."
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
    write_json(values, record)


def _settle(atoms: Atoms, engine: Engine, workdir: Path, max_steps: int) -> dict[str, Any] | None:
    """Relax a new dot roughly, in place, with its N-H and Pb-halide bonds held by springs."""
    of_ammonium, of_network = ammonium_springs(atoms), pb_halide_springs(atoms)
    if not of_ammonium + of_network:
        return None
    held = atoms.copy()
    held.set_constraint(of_ammonium + of_network)
    log.info(
        "settling with %d N-H and %d Pb-halide bonds held by springs, to %.1f eV/Ang",
        len(of_ammonium), len(of_network), SETTLED_EV_PER_ANG,
    )  # fmt: skip
    result = engine.relax(held, workdir, SETTLED_EV_PER_ANG, max_steps)
    if not result.converged:
        raise EngineError(f"{result.reason} Raise relax.max_steps; what was reached in {workdir} is kept.")
    atoms.positions = result.atoms.positions
    return {
        "steps": result.steps,
        "wall_time_s": result.wall_time_s,
        "springs": f"N-H above 1.05 Ang, 30 eV/Ang^2; Pb-X above {SPRING_FRACTION} covalent radii, 6 eV/Ang^2",
    }


def junction(
    structure: str | Path,
    left: str,
    right: str,
    electrodes: ElectrodeSettings,
    output: str | Path,
    record: str | Path | None = None,
) -> None:
    """Put a dot between two gold pyramids; `record`, if given, is where its provenance is written.

    Raises
    ------
    InputError
        If the file holds no dot, or one with gold tips already.
    StructureError
        If one of the two contacts was lost in the relaxation, or the tips do not fit; names the file.
    """
    bare = read_structure(structure)
    try:
        atoms = build_junction(
            bare,
            left,
            right,
            layers=electrodes.layers,
            lead_layers=electrodes.lead_layers,
            apex_distance_ang=electrodes.apex_distance_ang,
        )
    except StructureError as error:
        raise StructureError(f"{structure}: {error}") from error
    log.info(
        "built %s: %d atoms, contacts %.2f Ang apart", output, len(atoms), atoms.info["contact_distance_ang"]
    )
    write_structure(atoms, output)
    if record:
        settings = junction_settings(left, right, electrodes)
        write_json({"provenance": provenance(inputs=digests(structure), settings=settings)}, record)


def junction_settings(left: str, right: str, electrodes: ElectrodeSettings) -> dict[str, Any]:
    """Return the settings of a junction for its provenance."""
    return {"left": left, "right": right, "electrodes": electrodes.model_dump(mode="json")}


def hamiltonian(
    structure: str | Path,
    engine: Engine,
    workdir: str | Path,
    output: str | Path,
    density_from: str | Path | None = None,
    made_from: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Converge the SCF of a structure and keep H and S, Fermi energy at zero.

    Parameters
    ----------
    structure : str or Path
        Extended XYZ file.
    engine : Engine
        What computes H and S.
    workdir : str or Path
        Working folder. An SCF of the same atoms with the same settings that was converged here before is not repeated.
    output : str or Path
        The netCDF file to write.
    density_from : str or Path, optional
        Working folder of the neighbouring contact, for engines that can start from its density.
    made_from, settings : optional
        File and settings that `structure` was made from in the same job, for the provenance; by default the input is
        `structure` itself.
    """
    atoms = read_structure(structure)

    def compute(path: Path) -> None:
        log.info("SCF of %s: %s, %d atoms", structure, atoms.get_chemical_formula("hill"), len(atoms))
        result = engine.hamiltonian(atoms, Path(workdir), Path(density_from) if density_from else None)
        log.info("E_F %.4f eV, %d orbitals", result.fermi_energy_ev, len(result.eigenvalues_ev))
        made = provenance(inputs=digests(made_from or structure), settings=dict(settings or {}))
        write_electronic_structure(result, path, made)

    task = task_key(map(digest, [structure, *engine.inputs(atoms)]), engine=asdict(engine.info))
    resume(output, workdir, task, compute)


def junction_hamiltonian(
    structure: str | Path,
    left: str,
    right: str,
    electrodes: ElectrodeSettings,
    engine: Engine,
    workdir: str | Path,
    junction_file: str | Path,
    output: str | Path,
    density_from: str | Path | None = None,
) -> None:
    """Build a junction from a relaxed dot and converge its SCF; see `junction` and `hamiltonian`."""
    junction(structure, left, right, electrodes, junction_file)
    hamiltonian(
        junction_file, engine, Path(workdir) / "hamiltonian", output, density_from,
        structure, junction_settings(left, right, electrodes),
    )  # fmt: skip


def hamiltonian_of_run(run_dir: str | Path, output: str | Path) -> None:
    """Read H and S of a finished SIESTA run, check them and keep them, Fermi energy at zero.

    Raises
    ------
    InputError
        If the folder holds no run.
    EngineError
        If the run failed or its files do not belong together.
    """
    result = electronic_structure_from_run(run_dir)
    log.info("E_F %.4f eV, %d orbitals", result.fermi_energy_ev, len(result.eigenvalues_ev))
    write_electronic_structure(result, output, provenance(inputs=digests(run_dir)))


def siesta_input(
    structure: str | Path,
    settings: SiestaSettings,
    run_dir: str | Path,
    fmax_ev_per_ang: float | None = None,
    max_steps: int = 500,
) -> None:
    """Write a folder that ``siesta < siesta.fdf > siesta.out`` can be run in.

    It asks for H and S at the given geometry or, with `fmax_ev_per_ang`, for a relaxation.

    Raises
    ------
    InputError
        If a pseudopotential is missing or unfit.
    """
    task = Task() if fmax_ev_per_ang is None else Task(max_steps, fmax_ev_per_ang)
    path = write_siesta_input(read_structure(structure), settings.pseudopotentials, settings, run_dir, task)
    log.info("wrote %s; run it there with `siesta < %s > %s.out`", path, path.name, path.stem)


def siesta_lead_input(
    structure: str | Path, settings: SiestaSettings, run_dir: str | Path, transverse: tuple[int, int]
) -> None:
    """Write a folder in which SIESTA makes the TSHS file of a bulk lead; see `write_lead_input`.

    Raises
    ------
    InputError
        If the structure is not periodic or a pseudopotential is missing.
    """
    path = write_lead_input(
        read_structure(structure), settings.pseudopotentials, settings, run_dir, transverse
    )
    log.info("wrote %s; run it there with `siesta < %s > %s.out`", path, path.name, path.stem)


def siesta_convergence(
    structure: str | Path, settings: SiestaSettings, workdir: str | Path, output: str | Path, threads: int
) -> None:
    """Tabulate how much gap, energy and forces of a structure depend on mesh, energy shift and basis."""
    launch = Launch.of_job(threads, {})
    write_table(convergence(read_structure(structure), settings, workdir, launch=launch), output)


class Junction(NamedTuple):
    """H and S of a junction with what else a transmission needs.

    Attributes
    ----------
    hamiltonian : sisl.Hamiltonian
        H and S, E_F at zero.
    left, right : array of int
        Atoms of the leads.
    engine : EngineInfo or None
        Who computed it; None where the file does not say.
    """

    hamiltonian: sisl.Hamiltonian
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    engine: EngineInfo | None


def read_junction(
    path: str | Path,
    left_atoms: Sequence[int] | None = None,
    right_atoms: Sequence[int] | None = None,
    fermi_ev: float | None = None,
    whole_tips: bool = False,
) -> Junction:
    """Read H and S of a junction from any file, with the lead atoms of either side.

    Parameters
    ----------
    path : str or Path
        A file of `hamiltonian`, the folder of a finished SIESTA run, or any file that sisl reads a Hamiltonian from.
    left_atoms, right_atoms : sequence of int, optional
        Atoms of the leads, counted from 0; by default the tagged ones of the file.
    fermi_ev : float, optional
        Fermi energy in the zero of the file (eV), for files in which it is not at zero already; 0 says that it is.
    whole_tips : bool
        Whether all gold of a side is tagged for the lead, not only its outermost layers.

    Raises
    ------
    InputError
        If the file cannot be read, or neither it nor the caller says where the leads or the Fermi energy are.
    """
    if (left_atoms is None) != (right_atoms is None):
        raise InputError("lead atoms: give those of both sides, --left-atoms and --right-atoms, or of none")
    engine = None
    leads: tuple[Any, Any] | None = None if left_atoms is None else (left_atoms, right_atoms)
    of_run = Path(path).is_dir()
    if of_run or is_store(path):
        structure = electronic_structure_from_run(path) if of_run else read_electronic_structure(path)
        matrices, engine = structure.hamiltonian, structure.engine
        if leads is None:
            atoms = structure.atoms
            leads = (_side(atoms, 1), _side(atoms, 2)) if whole_tips else lead_atoms(atoms)
    else:
        matrices = read_matrices(path, fermi_ev)
        if leads is None:
            raise InputError(
                f"{path}: has no tagged lead atoms; name them with --left-atoms and --right-atoms"
            )
        fermi_ev = None
    if fermi_ev:
        matrices = matrices.copy()
        matrices.shift(-fermi_ev)
    return Junction(matrices, np.asarray(leads[0]), np.asarray(leads[1]), engine)


def compute_transmission(
    path: str | Path,
    energies_ev: ArrayLike,
    leads: LeadChoice,
    output: str | Path,
    left_atoms: Sequence[int] | None = None,
    right_atoms: Sequence[int] | None = None,
    fermi_ev: float | None = None,
    *,
    solver: SolverName = "auto",
    kpoints: Sequence[int] = (1, 1),
    channels: int = 0,
    density_energies_ev: ArrayLike | None = None,
    response_table: str | Path | None = None,
    temperature_k: float = 300.0,
    axis: int | None = None,
    spin: int | None = None,
) -> None:
    """Compute T(E) of a junction's H and S, and what else is asked for.

    Parameters
    ----------
    path, left_atoms, right_atoms, fermi_ev
        As for `read_junction`.
    energies_ev : (n,) array
        Energies (eV), relative to E_F.
    leads : WideBand, Cluster, Wire or Bulk
        The leads.
    output : str or Path
        ``.nc`` for xarray, ``.TBT.nc`` for sisl.
    solver : str
        As for `transmission`.
    kpoints : 2 ints
        Numbers of k points across the transport direction.
    channels : int
        How many eigenchannel transmissions to write at each energy.
    density_energies_ev : (m,) array, optional
        Energies (eV) at which the local density of states is written too.
    response_table : str or Path, optional
        CSV file for `linear_response_table`.
    temperature_k : float
        Its temperature (K).
    axis : int, optional
        Lattice vector along which the leads lie; found from their atoms where it is not given, see `transport_axis`.
    spin : int, optional
        Spin of a collinear calculation: 0 for up, 1 for down.

    Raises
    ------
    InputError
        If a file name has another suffix, or the file lacks what is asked for.
    """
    grid = np.asarray(energies_ev, dtype=float)
    at = None if density_energies_ev is None else np.asarray(density_energies_ev, dtype=float)
    for_sisl = _is_tbt(output)
    if for_sisl and at is not None:
        raise InputError(f"{output}: the local density of states goes to a plain .nc file; rename the output")
    if response_table is not None and Path(response_table).suffix != ".csv":
        raise InputError(f"{response_table}: is written as a table; let its name end in .csv")
    if response_table is not None:
        response_energies(grid, temperature_k)  # what does not fit is said before the work, not after it
    junction = read_junction(path, left_atoms, right_atoms, fermi_ev, isinstance(leads, Cluster))
    axis = transport_axis(junction.hamiltonian, junction.left, junction.right, axis)

    def attach(device: Device, k: K) -> tuple[Device, Lead, Lead]:
        return leads.attach(device, junction.left, junction.right, k)

    over_k = k_averaged_transmission(
        junction.hamiltonian, attach, grid, (kpoints[0], kpoints[1]), solver,
        axis=axis, spin=spin, channels=channels,
    )  # fmt: skip
    result = over_k.at_k[0] if len(over_k.at_k) == 1 else over_k
    average = over_k.result
    log.info(
        "T(E) of %d energies at %d k points in %.1f s by %s, checked to %.0e",
        len(grid), len(over_k.at_k), average.wall_time_s, average.solver, average.error_estimate,
    )  # fmt: skip
    if for_sisl:
        write_tbt(result, output, junction.hamiltonian.geometry, junction.left, junction.right)
    else:
        more = (
            None
            if at is None
            else _densities(junction, attach, over_k.k_points, over_k.weights, at, axis, spin)
        )
        engine = asdict(junction.engine) if junction.engine else None
        settings = {
            "energies_ev": {"first": grid[0], "last": grid[-1], "number": grid.size},
            "solver": solver,
            "kpoints": list(kpoints),
            "eta_ev": getattr(leads, "eta_ev", None),
            "axis": "abc"[axis],
            "spin": spin,
            "fermi_ev": fermi_ev,
            "electrode_fermi_ev": getattr(leads, "fermi_ev", None),
        }
        made = provenance(inputs=digests(path, *_electrode(leads)), settings=settings)
        write_transmission(result, output, {"leads": leads.text, "engine": engine, "provenance": made}, more)
    if response_table is not None:
        write_table(linear_response_table(average, temperature_k), response_table)


def transmission_of_study(
    path: str | Path, settings: TransportSettings, output: str | Path, cache: str | Path, workdir: str | Path
) -> None:
    """Compute T(E) of a junction as the configuration of a study wants it.

    Surfaces of electrodes stay in `cache`. What was computed in `workdir` before is not repeated.
    """

    def compute(kept: Path) -> None:
        compute_transmission(
            path,
            settings.energies_ev,
            _lead_choice(settings.leads, cache),
            kept,
            kpoints=settings.leads.kpoints,
        )

    electrode = [settings.leads.electrode] if settings.leads.electrode else []
    task = task_key(
        map(digest, [path, *electrode]),
        transport=settings.model_dump(mode="json", exclude={"temperature_k"}),
    )
    resume(output, workdir, task, compute)


def local_density(
    path: str | Path,
    energy_ev: float,
    leads: LeadSettings,
    output: str | Path,
    cache: str | Path | None = None,
) -> None:
    """Where the states at one energy run: LDOS by atom, separated by the lead they enter from."""
    choice = _lead_choice(leads, cache)
    junction = read_junction(path, whole_tips=isinstance(choice, Cluster))

    def attach(device: Device, k: K) -> tuple[Device, Lead, Lead]:
        return choice.attach(device, junction.left, junction.right, k)

    axis = transport_axis(junction.hamiltonian, junction.left, junction.right)
    dataset = _densities(junction, attach, np.zeros((1, 3)), np.ones(1), np.array([energy_ev]), axis)
    dataset = dataset.rename(ldos_energy="energy")
    made = provenance(inputs=digests(path, *_electrode(choice)), settings=leads.model_dump(mode="json"))
    dataset.attrs["provenance"] = json.dumps(made)
    with whole(output) as temporary:
        dataset.to_netcdf(temporary)


def frontier_of_study(
    path: str | Path, settings: InterferenceSettings, output: str | Path, workdir: str | Path
) -> None:
    """Apply `frontier`, unless that was done in `workdir` before."""
    task = task_key([digest(path)], interference=settings.headline)
    resume(output, workdir, task, lambda kept: frontier(path, settings, kept))


def frontier(path: str | Path, settings: InterferenceSettings, output: str | Path) -> None:
    """Levels of the dot's own block in a junction, and what its orbitals do between the two apices.

    The rule is taken in the middle of the gap and at the study's energy (see `InterferenceSettings`).
    """
    structure = read_electronic_structure(path)
    device = Device.from_hamiltonian(structure.hamiltonian)
    atoms = structure.atoms
    inside = dot_atoms(atoms)
    orbitals = device.orbitals_of(inside)
    electrons = float(structure.valence_electrons[inside].sum())
    levels = solve_dot(device.block("H", orbitals), device.block("S", orbitals), electrons)
    H, S = device.block("H", range(device.n_orbitals)), device.block("S", range(device.n_orbitals))
    tips = [
        device.orbitals_of(np.flatnonzero(atoms.get_tags() == atoms.get_tags()[side].min()))
        for side in (_side(atoms, 1), _side(atoms, 2))
    ]
    energies = {
        "midgap": levels.midgap_ev,
        "headline": settings.headline_energy(levels.homo_ev, levels.lumo_ev),
    }
    rules = {}
    for name, energy in energies.items():
        couplings = [tip_coupling(H, S, orbitals, tip, energy) for tip in tips]
        try:
            rule = orbital_rule(levels, *couplings, energy)
        except InputError as error:
            # A headline energy may fall on a level; the rest of the study does not hang on that.
            rules[name] = {"energy_ev": energy, "sentence": str(error)}
            continue
        rules[name] = asdict(rule) | {
            "constructive": rule.constructive,
            "interference": rule.interference,
            "sentence": rule.sentence,
        }
    write_json(
        {
            "left": atoms.info["left"],
            "right": atoms.info["right"],
            "contact_distance_ang": atoms.info["contact_distance_ang"],
            "fermi_energy_ev": structure.fermi_energy_ev,
            "homo_ev": levels.homo_ev,
            "lumo_ev": levels.lumo_ev,
            "orbital_rule": rules,
            "engine": asdict(structure.engine),
            "provenance": provenance(inputs=digests(path), settings=settings.model_dump(mode="json")),
        },
        output,
    )


def headline_of(summary: str | Path, name: str) -> float:
    """Return the headline energy (eV, relative to E_F) of the series that the junction `name` belongs to.

    Raises
    ------
    AnalysisError
        If no series holds the junction, which is so where its T(E) or orbital rule has failed.
    """
    values = json.loads(Path(summary).read_text(encoding="utf-8"))
    for group in values["series"]:
        if name in group["junctions"]:
            return float(group["headline_energy_ev"])
    raise AnalysisError(
        f"{summary}: no series holds the junction {name}, so there is no energy for its picture"
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
) -> None:
    """Conductance, decay, jump and comparison of the junctions of one dot.

    See `interference.series`. `contacts` are left and right contact by name of the junction, in the order of the files.

    Raises
    ------
    EarlierFailureError
        If no junction of the dot has a result.
    AnalysisError
        If the numbers of the junctions cannot be compared with each other.
    """
    members: list[SeriesMember] = []
    missing: list[MissingMember] = []
    for (name, (left, _)), spectrum, levels in zip(contacts.items(), transmissions, frontiers, strict=True):
        if failure := read_failure(spectrum) or read_failure(levels):
            missing.append(MissingMember(name, left, str(failure)))
            if len(missing) == len(contacts):
                raise EarlierFailureError(failure)
            continue
        values = json.loads(Path(levels).read_text(encoding="utf-8"))
        members.append(
            SeriesMember(
                name=name,
                left=values["left"],
                right=values["right"],
                contact_distance_ang=values["contact_distance_ang"],
                gap_ev=(values["homo_ev"], values["lumo_ev"]),
                transmission=read_transmission(spectrum),
            )
        )
    try:
        analysed = analyse_series(members, temperature_k, settings, missing)
    except InputError as error:
        # The settings were checked before any job: what does not fit are the computed numbers.
        raise AnalysisError(str(error)) from error
    for one in analysed:
        log.info("%s", one.summary["sentence"])
    write_table(pd.concat(one.conductance_table for one in analysed), conductance_table)
    write_table(pd.concat(one.table for one in analysed), series_table)
    write_json(
        {
            "temperature_k": temperature_k,
            "series": [one.summary for one in analysed],
            "provenance": provenance(
                inputs=digests(*transmissions, *frontiers), settings=settings.model_dump(mode="json")
            ),
        },
        summary,
    )


def chain(settings: InterferenceSettings, table: str | Path, summary: str | Path) -> None:
    """The tight-binding chain that explains the jump: lead L on site 1, lead R on sites 2 to 8 in turn."""
    model = DiatomicChain()
    energies = model.gap_energies(100)
    spectrum = model.spectrum(
        energies, threshold_decades=settings.jump_decades, confidence=settings.confidence
    )
    log10 = np.log10(spectrum.conductances_g0)
    fit = np.asarray(spectrum.verdict.fit.predict(float(spectrum.distances_ang[-1])).log10_g)
    write_table(
        pd.concat(
            pd.DataFrame({"site": site + 2, "energy_eV": energies, "log10_transmission": log10[site]})
            for site in range(len(log10))
        ),
        table,
    )
    middle = spectrum.at(0.0)
    write_json(
        asdict(model)
        | {
            "model": True,
            "trend_at_last_site": fit,
            "energies_ev": energies,
            "shares": spectrum.shares(),
            "midgap": verdict_values(middle),
            "sentence": spectrum.sentence,
            "provenance": provenance(inputs={}, settings=settings.model_dump(mode="json")),
        },
        summary,
    )


def decay_of(
    transmissions: Sequence[str | Path], distances_ang: Sequence[float], settings: InterferenceSettings
) -> DecaySpectrum:
    """Decay and jump of T(E) files at every energy they share.

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
            raise InputError(f"{path}: has other energies than {transmissions[0]}; compute both on one grid")
    return decay_spectrum(
        energies,
        distances_ang,
        [result.transmission for result in results],
        contacts=[str(path) for path in transmissions],
        threshold_decades=settings.jump_decades,
        confidence=settings.confidence,
    )


def _side(atoms: Any, side: int) -> NDArray[np.int64]:
    """Atoms of the left (1) or right (2) pyramid."""
    return np.flatnonzero([str(tag).startswith(str(side)) for tag in atoms.get_tags()])


def _lead_choice(settings: LeadSettings, cache: str | Path | None) -> LeadChoice:
    """Leads as the configuration wants them."""
    if settings.kind == "bulk":
        eta = {} if settings.eta_ev is None else {"eta_ev": settings.eta_ev}
        return Bulk(Path(str(settings.electrode)), cache=None if cache is None else Path(cache), **eta)
    return {"wide-band": WideBand, "cluster": Cluster}[settings.kind](settings.coupling_ev)


def _electrode(choice: LeadChoice) -> list[Path]:
    """File of a bulk electrode, if the leads are made of one."""
    return [choice.path] if isinstance(choice, Bulk) else []


def _is_tbt(output: str | Path) -> bool:
    """Whether a file of T(E) is to have the layout of TBtrans, by its name."""
    name = Path(output).name
    if not name.endswith(".nc"):
        raise InputError(
            f"{output}: T(E) is written as netCDF; let the name end in .nc, or in .TBT.nc for sisl"
        )
    return name.endswith(".TBT.nc")


def _densities(
    junction: Junction,
    attach: Attach,
    k_points: NDArray,
    weights: NDArray,
    energies: NDArray[np.float64],
    axis: int,
    spin: int | None = None,
) -> xarray.Dataset:
    """LDOS of every atom, averaged over k; NaN on atoms that a lead stands in for."""
    atoms = junction.hamiltonian.geometry.na
    sides = np.zeros((2, len(energies), atoms))
    for k, weight in zip(k_points, weights, strict=True):
        device = Device.from_hamiltonian(junction.hamiltonian, tuple(k), open_axis=axis, spin=spin)
        inner, *leads = attach(device, tuple(k))
        found = injected_density(inner, *leads, energies)
        for side, values in zip(sides, (found.left, found.right), strict=True):
            side[:, : inner.n_atoms] += weight * values
    sides[:, :, np.setdiff1d(np.arange(atoms), inner.orbital_atoms)] = np.nan
    return xarray.Dataset(
        {
            name: (
                ("ldos_energy", "atom"),
                values,
                {"units": "1/eV", "long_name": f"states per spin {meaning}"},
            )
            for name, values, meaning in (
                ("ldos_left", sides[0], "that enter from the left lead"),
                ("ldos_right", sides[1], "that enter from the right lead"),
                ("ldos", sides[0] + sides[1], "in all"),
            )
        },
        {"ldos_energy": ("ldos_energy", energies, {"units": "eV", "long_name": "energy relative to E_F"})},
    )
