"""Control over all pairs of sites of a dot, from files to files."""

import logging
import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from ase import Atoms

from qdjunction.core.errors import AnalysisError, InputError
from qdjunction.core.files import write_table
from qdjunction.core.provenance import digests, provenance
from qdjunction.core.results import read_result
from qdjunction.engine.store import read_store_or_run
from qdjunction.interference.orbital_rule import DotOrbitals, solve_dot
from qdjunction.interference.pair_amplitudes import amplitudes, outward_orbitals
from qdjunction.interference.pair_control import judge_pairs, pair_table
from qdjunction.interference.pair_results import PairControl, PairRecord
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.structure.contacts import contact
from qdjunction.structure.perovskite.constants import HALIDES
from qdjunction.structure.rows import terminal_halides
from qdjunction.study import layout
from qdjunction.study.results import FrontierRecord, SeriesRecord
from qdjunction.transport import Device

log = logging.getLogger(__name__)


def pairs_of_study(
    hamiltonian: str | Path,
    series: str | Path,
    contacts: Mapping[str, tuple[str, str]],
    settings: InterferenceSettings,
    table: str | Path,
    summary: str | Path,
) -> None:
    """Write the control over all pairs of a dot: ``pairs.csv`` and ``pairs.json``.

    Parameters
    ----------
    hamiltonian : path
        H and S of the relaxed dot without gold.
    series : path
        ``series.json`` of the dot.
    contacts : mapping of str to (str, str)
        Left and right contact of each junction, by its name.
    settings : InterferenceSettings
        Headline energy.
    table, summary : path
        The files to write.

    Raises
    ------
    AnalysisError
        If the energy lies on a level of the dot, or a contact is at a halide that is not terminal.
    StructureError
        If the dot has no terminal halides.
    """
    try:
        frame, control = all_pairs(hamiltonian, settings, read_result(SeriesRecord, series), contacts)
    except InputError as error:
        raise AnalysisError(f"{hamiltonian}: {error}") from error
    log.info("%s", control.sentence)
    write_table(frame, table)
    PairRecord(
        **dict(control),
        provenance=provenance(inputs=digests(hamiltonian, series), settings=settings.model_dump(mode="json")),
    ).write(summary)


def all_pairs(
    hamiltonian: str | Path,
    settings: InterferenceSettings,
    series: SeriesRecord | None = None,
    contacts: Mapping[str, tuple[str, str]] | None = None,
) -> tuple[pd.DataFrame, PairControl]:
    """Return all pairs of terminal halides of a dot with |g|^2, and what they say of the computed junctions.

    Parameters
    ----------
    hamiltonian : path
        H and S of a dot without gold: a file of `hamiltonian`, or the folder of an engine's finished run.
    settings : InterferenceSettings
        Energy, from a level of the dot; an energy from E_F is taken at its distance from the middle of the gap of
        the junctions, since E_F of a dot without gold means nothing.
    series : SeriesRecord, optional
        Series of the dot, with the conductances to compare with.
    contacts : mapping, optional
        Left and right contact of each junction, by its name.

    Returns
    -------
    table : pandas.DataFrame
        As of `pair_table`, with the columns ``junction`` and ``log10_conductance_G0`` of computed junctions.
    control : PairControl

    Raises
    ------
    InputError
        If a file cannot be read, the energy counts from E_F and there is no series, or for what `judge_pairs` refuses.
    """
    structure = read_store_or_run(hamiltonian)
    atoms, device = structure.atoms, Device.from_hamiltonian(structure.hamiltonian)
    if atoms.get_tags().any():
        raise InputError(f"{hamiltonian}: is a junction; give H and S of the dot without gold")
    everything = range(device.n_orbitals)
    H, S = device.block("H", everything), device.block("S", everything)
    levels = solve_dot(H, S, float(structure.valence_electrons.sum()))
    energy = _energy(settings, levels, series)
    sites = terminal_halides(atoms)
    outward = outward_orbitals(structure.hamiltonian.geometry, S, [(site.atom, site.pb) for site in sites])
    green = amplitudes(levels, S, outward, energy)
    frontier = amplitudes(levels, S, outward, energy, levels.frontier)
    names = {int(entry["atom"]): name for name, entry in atoms.info.get("contacts", {}).items()}
    table = pair_table(atoms, sites, green, frontier, names)
    conductances = _conductances(atoms, series, contacts or {})
    control = judge_pairs(table, conductances, (levels.homo_ev, levels.lumo_ev), energy)
    computed = {frozenset(ends): name for name, (*ends, _) in conductances.items()}
    log10 = {name: math.log10(value) for name, (*_, value) in conductances.items()}
    ends = [frozenset(pair) for pair in zip(table["atom_1"], table["atom_2"], strict=True)]
    table["junction"] = [computed.get(pair, "") for pair in ends]
    table["log10_conductance_G0"] = [log10.get(name, float("nan")) for name in table["junction"]]
    return table, control


def read_series(path: str | Path) -> tuple[SeriesRecord, dict[str, tuple[str, str]]]:
    """Return ``series.json`` of a dot and the contacts of its junctions, which are in the folder that holds it.

    Raises
    ------
    InputError
        If a file is missing or damaged.
    """
    record = read_result(SeriesRecord, path)
    contacts: dict[str, tuple[str, str]] = {}
    for one in record.series:
        contacts |= {control.name: (control.left, control.right) for control in one.controls}
        for name in one.junctions:
            levels = read_result(FrontierRecord, Path(path).parent / name / layout.FRONTIER)
            contacts[name] = (levels.left, levels.right)
    return record, contacts


def _energy(settings: InterferenceSettings, levels: DotOrbitals, series: SeriesRecord | None) -> float:
    """Return the energy of g in the zero of the levels of the dot (eV)."""
    if settings.reference != "fermi":
        return settings.headline_energy(levels.homo_ev, levels.lumo_ev)
    if series is None:
        raise InputError(
            "interference.reference = 'fermi': E_F of a dot without gold means nothing; count the energy from homo, "
            "midgap or lumo"
        )
    one = series.series[0]
    return levels.midgap_ev + one.headline_energy_ev - sum(one.gap_ev) / 2


def _conductances(
    atoms: Atoms, series: SeriesRecord | None, contacts: Mapping[str, tuple[str, str]]
) -> dict[str, tuple[int, int, float]]:
    """Return the halides of each junction and its conductance at the headline energy (G0), where it is known.

    Junctions that end on another atom, such as the end of a ligand, are left out.
    """
    found: dict[str, float] = {}
    for one in series.series if series else ():
        found |= dict(zip(one.junctions, one.conductance_at_headline_G0, strict=True))
        found |= {control.name: control.conductance_at_headline_G0 for control in one.controls}
    known = {name: value for name, value in found.items() if name in contacts and math.isfinite(value)}
    ends = {name: [contact(atoms, end).atom for end in contacts[name]] for name in known}
    return {
        name: (left, right, known[name])
        for name, (left, right) in ends.items()
        if atoms.symbols[left] in HALIDES and atoms.symbols[right] in HALIDES
    }
