"""Where in a dot its frontier levels are: their weights in the regions of the dot.

The weight of a level in a region is the sum of its Löwdin populations, the squares of its coefficients in the
symmetrically orthogonalised basis (P.-O. Löwdin, J. Chem. Phys. 18, 365 (1950)), over the atoms of the region. Levels
of a dot lie close together, and which of them is the highest may depend on a small displacement. So HOMO and LUMO
stand here for all levels within `WINDOW_EV` of them, with equal weight.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError
from qdjunction.core.provenance import Provenance
from qdjunction.core.results import Real, Result
from qdjunction.engine.contract import EngineInfo
from qdjunction.interference.coupling import LEVELS
from qdjunction.interference.orbital_rule import solve_dot

WINDOW_EV = 0.025
"""Levels within this of HOMO or LUMO count with it (eV): kT at room temperature."""


class LevelWeights(Result):
    """One frontier level in the regions of a dot.

    Attributes
    ----------
    energy_ev : float
        The level (eV, relative to E_F).
    levels : int
        Number of levels within `WINDOW_EV` of it, itself included.
    weights : dict of str to float
        Share of them in each region; their sum is 1.
    """

    energy_ev: Real
    levels: int
    weights: dict[str, float]


class PbDistances(Result):
    """Distances of neighbouring Pb of a relaxed dot (Ang).

    Attributes
    ----------
    pairs : int
        Number of pairs of Pb that share a halide in the dot as built.
    mean_ang, deviation_ang, shortest_ang, longest_ang : float
        Mean, standard deviation and extremes; nan without pairs.
    """

    pairs: int
    mean_ang: Real
    deviation_ang: Real
    shortest_ang: Real
    longest_ang: Real


class RegionRecord(Result):
    """Regions of one dot: ``regions.json``.

    Attributes
    ----------
    pb, terminal_halides, inner_cations, surface_cations : int
        Number of Pb, of halides bonded to one Pb, of cations of the dot that Pb surround and of its other cations, in
        the dot as built.
    atoms : dict of str to float
        Atoms in each region; a halide between two regions counts half in each.
    pb_distances : PbDistances
        Distances of neighbouring Pb.
    levels : dict of str to LevelWeights
        HOMO and LUMO.
    engine : EngineInfo
        Engine of H and S.
    """

    pb: int
    terminal_halides: int
    inner_cations: int
    surface_cations: int
    atoms: dict[str, float]
    pb_distances: PbDistances
    levels: dict[str, LevelWeights]
    engine: EngineInfo
    provenance: Provenance

    @property
    def gap_ev(self) -> float:
        """HOMO-LUMO gap (eV)."""
        return self.levels["LUMO"].energy_ev - self.levels["HOMO"].energy_ev

    @property
    def edge_ang(self) -> float:
        """Edge of the cube of as many unit cells, the mean distance of neighbouring Pb its lattice constant (Ang)."""
        return float(self.pb ** (1 / 3) * self.pb_distances.mean_ang)


def level_weights(
    hamiltonian: ArrayLike,
    overlap: ArrayLike,
    electrons: float,
    shares: ArrayLike,
    names: tuple[str, ...],
) -> dict[str, LevelWeights]:
    """Return the weights of HOMO and LUMO in regions.

    Parameters
    ----------
    hamiltonian, overlap : (n, n) array
        H (eV) and S of the dot, Hermitian.
    electrons : float
        Valence electrons, an even number.
    shares : (n, n_regions) array
        Fraction of each orbital that belongs to each region; rows add up to 1.
    names : tuple of str
        Names of the regions.

    Returns
    -------
    dict of str to LevelWeights
        By `LEVELS`.

    Raises
    ------
    InputError
        If the shares do not fit the orbitals, or there is no HOMO or no LUMO.
    TransportError
        If a matrix is not Hermitian, or the overlap not positive definite.
    """
    parts = np.asarray(shares, dtype=float)
    if parts.shape != (len(np.asarray(overlap)), len(names)) or not np.allclose(parts.sum(axis=1), 1):
        raise InputError(f"shares of {parts.shape} do not divide the orbitals among {len(names)} regions")
    solved = solve_dot(hamiltonian, overlap, electrons)
    homo, lumo = solved.pairs - 1, solved.pairs
    energies = solved.energies_ev
    chosen = {
        "HOMO": np.flatnonzero((energies <= energies[homo]) & (energies >= energies[homo] - WINDOW_EV)),
        "LUMO": np.flatnonzero((energies >= energies[lumo]) & (energies <= energies[lumo] + WINDOW_EV)),
    }
    populations = _lowdin(
        np.asarray(overlap), solved.coefficients, np.concatenate([chosen[one] for one in LEVELS])
    )
    counts = np.cumsum([0, *(len(chosen[one]) for one in LEVELS)])
    return {
        name: LevelWeights(
            energy_ev=float(energies[level]),
            levels=len(chosen[name]),
            weights=dict(zip(names, (populations[:, start:end].mean(axis=1) @ parts).tolist(), strict=True)),
        )
        for name, level, start, end in zip(LEVELS, (homo, lumo), counts, counts[1:], strict=False)
    }


def _lowdin(
    overlap: NDArray[Any], coefficients: NDArray[Any], levels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the Löwdin population of each orbital in some levels, (n, n_levels)."""
    values, vectors = np.linalg.eigh(overlap)
    amplitudes = vectors @ (np.sqrt(values)[:, None] * (vectors.conj().T @ coefficients[:, levels]))
    return np.asarray(np.abs(amplitudes) ** 2)
