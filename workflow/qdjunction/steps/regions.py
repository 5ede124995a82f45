"""Regions of a dot and its frontier levels in them, from files to file."""

import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import AnalysisError, InputError
from qdjunction.core.provenance import digests, provenance
from qdjunction.engine.store import read_electronic_structure
from qdjunction.interference.regions import WINDOW_EV, PbDistances, RegionRecord, level_weights
from qdjunction.structure.regions import REGIONS, lattice_of
from qdjunction.structure.xyz import read_structure
from qdjunction.transport import Device

log = logging.getLogger(__name__)


def regions_of_dot(built: str | Path, hamiltonian: str | Path, record: str | Path) -> None:
    """Write the regions of a dot, its distances of Pb and the weights of HOMO and LUMO: ``regions.json``.

    Parameters
    ----------
    built : path
        The structure as built, which names the regions.
    hamiltonian : path
        H and S of the relaxed dot without gold, and its geometry.
    record : path
        The file to write.

    Raises
    ------
    InputError
        If the two files are not of the same atoms, or there is no Pb.
    AnalysisError
        If it has no HOMO or no LUMO.
    """
    structure = read_electronic_structure(hamiltonian)
    atoms, start = structure.atoms, read_structure(built)
    if list(atoms.symbols) != list(start.symbols):
        raise InputError(
            f"{hamiltonian}: has the atoms {atoms.symbols}, not those of {built} ({start.symbols})"
        )
    lattice = lattice_of(start)
    device = Device.from_hamiltonian(structure.hamiltonian)
    everything = range(device.n_orbitals)
    try:
        levels = level_weights(
            device.block("H", everything), device.block("S", everything), float(structure.valence_electrons.sum()),
            lattice.shares[device.orbital_atoms], REGIONS,
        )  # fmt: skip
    except InputError as error:
        raise AnalysisError(f"{hamiltonian}: {error}") from error
    found = RegionRecord(
        pb=lattice.pb,
        terminal_halides=lattice.terminal_halides,
        inner_cations=lattice.inner_cations,
        surface_cations=lattice.surface_cations,
        atoms=dict(zip(REGIONS, lattice.shares.sum(axis=0).tolist(), strict=True)),
        pb_distances=_distances(lattice.distances_ang(atoms)),
        levels=levels,
        engine=structure.engine,
        provenance=provenance(inputs=digests(built, hamiltonian), settings={"window_ev": WINDOW_EV}),
    )
    for name, level in levels.items():
        shares = ", ".join(f"{region} {weight:.3f}" for region, weight in level.weights.items())
        log.info("%s %+.3f eV, %d levels: %s", name, level.energy_ev, level.levels, shares)
    found.write(record)


def _distances(found: NDArray[np.float64]) -> PbDistances:
    if not len(found):
        return PbDistances(
            pairs=0, mean_ang=np.nan, deviation_ang=np.nan, shortest_ang=np.nan, longest_ang=np.nan
        )
    return PbDistances(
        pairs=len(found), mean_ang=float(found.mean()), deviation_ang=float(found.std()),
        shortest_ang=float(found.min()), longest_ang=float(found.max()),
    )  # fmt: skip
