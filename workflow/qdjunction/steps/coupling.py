"""Coupling of joined dots, from files to files."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from qdjunction.core.errors import AnalysisError, InputError
from qdjunction.core.files import write_table
from qdjunction.core.provenance import digests, provenance
from qdjunction.engine.contract import EngineInfo
from qdjunction.engine.store import read_store_or_run
from qdjunction.interference.coupling import frontier_couplings
from qdjunction.interference.coupling_results import (
    CouplingRecord,
    PairCoupling,
    decays_of,
    is_resolved,
    unresolved,
)
from qdjunction.structure.ligands.pair import joined_dots
from qdjunction.structure.sources.pair import NONE
from qdjunction.study.failures import EarlierFailureError, read_failure
from qdjunction.transport import Device

log = logging.getLogger(__name__)


def couplings_of_study(
    names: Sequence[str],
    hamiltonians: Sequence[str | Path],
    confidence: float,
    table: str | Path,
    summary: str | Path,
) -> None:
    """Write the couplings of all pairs of a study and their decay: ``coupling.csv`` and ``coupling.json``.

    Parameters
    ----------
    names : sequence of str
        Names of the pairs.
    hamiltonians : sequence of path
        H and S of each, without gold, or records of failures in their place, which are left out.
    confidence : float
        Two-sided level of the intervals of the decay.
    table, summary : path
        The files to write.

    Raises
    ------
    AnalysisError
        If no levels of both dots are found in a pair.
    EarlierFailureError
        If every pair has failed.
    """
    found = []
    for name, path in zip(names, hamiltonians, strict=True):
        if failure := read_failure(path):
            log.warning("%s is left out: %s", name, failure)
            continue
        try:
            found.append(pair_coupling(path, name))
        except InputError as error:
            raise AnalysisError(str(error)) from error
    if not found:
        failure = read_failure(hamiltonians[0])
        assert failure is not None  # all of them have one
        raise EarlierFailureError(failure)
    pairs, engines = [one for one, _ in found], [engine for _, engine in found]
    decays = decays_of(pairs, confidence)
    for decay in decays:
        log.info("%s", decay.sentence)
    write_table(coupling_table(pairs), table)
    CouplingRecord(
        pairs=tuple(pairs), decays=decays, confidence=confidence, engine=engines[0],
        provenance=provenance(inputs=digests(*hamiltonians), settings={"confidence": confidence}),
    ).write(summary)  # fmt: skip


def pair_coupling(hamiltonian: str | Path, name: str | None = None) -> tuple[PairCoupling, EngineInfo]:
    """Return the couplings of HOMO and LUMO of a pair of dots, and the engine of H and S.

    Parameters
    ----------
    hamiltonian : path
        H and S of a pair without gold: a file of `hamiltonian`, or the folder of an engine's finished run.
    name : str, optional
        Name of the pair; by default that of the file.

    Raises
    ------
    InputError
        If the file cannot be read or is not that of a pair, or for what `frontier_couplings` refuses.
    """
    path = Path(hamiltonian)
    structure = read_store_or_run(path)
    atoms = structure.atoms
    try:
        if atoms.get_tags().any():
            raise InputError("is a junction; give H and S of the pair without gold")
        dots = joined_dots(atoms)
        device = Device.from_hamiltonian(structure.hamiltonian)
        everything = range(device.n_orbitals)
        first, second = (
            np.flatnonzero(np.isin(device.orbital_atoms, own)) for own in (dots.first, dots.second)
        )
        levels = frontier_couplings(
            device.block("H", everything), device.block("S", everything), first, second,
            float(structure.valence_electrons.sum()),
        )  # fmt: skip
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return PairCoupling(
        pair=name or path.stem, linker=dots.linker, is_saturated=dots.is_saturated,
        end_distance_ang=dots.end_distance_ang, pb_distance_ang=dots.pb_distance_ang, levels=levels,
    ), structure.engine  # fmt: skip


def coupling_table(pairs: Sequence[PairCoupling]) -> pd.DataFrame:
    """Return one row for each pair and level."""
    return pd.DataFrame(
        {
            "pair": one.pair,
            "linker": one.linker,
            "saturated": one.is_saturated,
            "end_distance_ang": one.end_distance_ang,
            "pb_distance_ang": one.pb_distance_ang,
            "level": level,
            "degeneracy": coupling.degeneracy,
            "first_level_eV": coupling.levels_ev[0],
            "second_level_eV": coupling.levels_ev[1],
            "splitting_eV": coupling.splitting_ev,
            "coupling_eV": coupling.coupling_ev,
            "direct_eV": coupling.direct_ev,
            "bonds_eV": coupling.bonds_ev,
            "localisation": coupling.localisation,
            "bridge_weight": coupling.bridge_weight,
            "resolved": is_resolved(coupling),
        }
        for one in pairs
        for level, coupling in one.levels.items()
    )


def coupling_line(pair: PairCoupling, level: str) -> str:
    """Return one coupling in words."""
    one = pair.levels[level]
    first, second = one.levels_ev
    text = (
        f"{pair.pair}: {level} |t| = {1000 * one.coupling_ev:.4g} meV, levels {first:+.3f} and {second:+.3f} eV, "
        f"splitting {1000 * one.splitting_ev:.4g} meV"
    )
    if pair.linker != NONE:
        text += f"; direct {1000 * one.direct_ev:.4g}, through the linker {1000 * one.bonds_ev:.4g} meV"
    if why := unresolved(one):
        text += f"; not resolved: {why}"
    return text
