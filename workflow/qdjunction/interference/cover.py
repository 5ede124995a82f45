"""Free energy of replacing surface cations by ligands, its minimum and its break.

For N ligands on a slab, with mu the energies of the halides of cation and ligand,

    Delta G(N) = E(N) - E(0) + N (mu_cation - mu_ligand) + N f,

where E is the lowest energy of the computed structures, and f the free energy of the exchange per ligand: its
vibrations, or 0, and -kT ln sum exp(-dE / kT) over the conformers of the first ligand on the slab less that over those
in the reservoir. A ligand has the same conformers wherever it is, so that a term of whole slabs, of which only few are
computed, would count what was sampled. The entropy of placing N ligands on the sites is left out.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qdjunction.core.provenance import Provenance
from qdjunction.core.results import Real, Result
from qdjunction.core.units import BOLTZMANN_EV_PER_K
from qdjunction.engine.contract import EngineInfo

FEWEST = 5
"""Fewest points from which a break is looked for: two slopes and an offset leave two degrees of freedom."""

ERRORS = 2.0
"""A slope must rise by this many of its standard errors to be a break."""


class CoverPoint(Result):
    """The slab with one number of ligands.

    Attributes
    ----------
    count : int
        Number of ligands.
    structures : int
        Number of structures that were relaxed.
    sets, distinct : int
        Site sets among them, and symmetry-distinct site sets that there are.
    lowest : str
        Name of the structure of lowest energy.
    energy_ev : float
        Its energy (eV).
    spread_ev : float
        Highest less lowest energy (eV); nan for a single structure.
    free_energy_ev : float
        Delta G (eV).
    differential_ev : float
        Delta G less that with one ligand fewer (eV); nan where that is not known.
    """

    count: int
    structures: int
    sets: int
    distinct: int
    lowest: str
    energy_ev: float
    spread_ev: Real
    free_energy_ev: float
    differential_ev: Real


class CoverBreak(Result):
    """The number of ligands from which on each one is less favourable, by a fit of two straight lines that meet there.

    Attributes
    ----------
    after : int
        The number.
    before_ev, beyond_ev : float
        Slopes before and beyond it (eV per ligand).
    error_ev : float
        Standard error of their difference (eV per ligand).
    is_break : bool
        Whether the slope rises by more than `ERRORS` standard errors.
    """

    after: int
    before_ev: float
    beyond_ev: float
    error_ev: float
    is_break: bool


class CoverSeries(Result):
    """One ligand.

    Attributes
    ----------
    ligand : str
        Its name.
    exchange_ev : float
        mu_cation - mu_ligand (eV).
    conformational_ev : float
        Conformational term of the exchange per ligand (eV); nan if the slab with one ligand is missing.
    vibrational_ev : float
        Vibrational free energy of the exchange per ligand (eV); nan if it is left out.
    imaginary : int
        Modes with an imaginary frequency among those of the ligand.
    points : tuple of CoverPoint
        In the order of their number of ligands, from 0.
    minimum : int
        Number of ligands of the lowest Delta G.
    complete : bool
        Whether every number from 0 to all sites has a point.
    break_ : CoverBreak or None
        The break; None for fewer than `FEWEST` points.
    findings : tuple of str
        What relaxations did not preserve, with the name of the structure.
    """

    ligand: str
    exchange_ev: float
    conformational_ev: Real
    vibrational_ev: Real
    imaginary: int
    points: tuple[CoverPoint, ...]
    minimum: int
    complete: bool
    break_: CoverBreak | None
    findings: tuple[str, ...]

    @property
    def favourable(self) -> list[int]:
        """Numbers of ligands whose last one lowers Delta G."""
        return [one.count for one in self.points if one.differential_ev < 0]


class CoverRecord(Result):
    """The cover of a slab by each ligand: ``cover.json``.

    Attributes
    ----------
    cell : str
        The slab in words.
    sites : int
        Number of surface cations.
    area_ang2 : float
        Area of one face (Ang^2).
    reservoirs : str
        The reservoirs in words.
    temperature_k : float
        Temperature of the terms (K).
    fmax_ev_per_ang : float
        Largest remaining force of all structures (eV/Ang).
    series : tuple of CoverSeries
        One for each ligand.
    engine : EngineInfo
        Engine of the energies.
    """

    cell: str
    sites: int
    area_ang2: float
    reservoirs: str
    temperature_k: float
    fmax_ev_per_ang: float
    series: tuple[CoverSeries, ...]
    engine: EngineInfo
    provenance: Provenance


@dataclass(frozen=True)
class Computed:
    """A relaxed structure of a cover.

    Attributes
    ----------
    name : str
        Its name.
    count : int
        Number of ligands.
    sites : str
        Name of its site set.
    distinct : int
        Symmetry-distinct site sets of this number.
    energy_ev : float
        Energy (eV).
    """

    name: str
    count: int
    sites: str
    distinct: int
    energy_ev: float


def conformational_ev(energies_ev: Sequence[float], temperature_k: float) -> float:
    """Return -kT ln sum exp(-(E - E_min) / kT) (eV): 0 for a single conformer, -kT ln n for n equal ones."""
    kt = BOLTZMANN_EV_PER_K * temperature_k
    relative = np.asarray(energies_ev) - min(energies_ev)
    return float(0.0 - kt * np.log(np.exp(-relative / kt).sum()))


def cover_points(computed: Sequence[Computed], exchange_ev: float) -> tuple[CoverPoint, ...]:
    """Return Delta G for every number of ligands that was computed.

    Parameters
    ----------
    computed : sequence of Computed
        Relaxed structures, among them one without ligands.
    exchange_ev : float
        What each ligand adds: mu_cation - mu_ligand and the terms of the exchange (eV).

    Raises
    ------
    ValueError
        If there is none without ligands.
    """
    by_count: dict[int, list[Computed]] = {}
    for one in computed:
        by_count.setdefault(one.count, []).append(one)
    if 0 not in by_count:
        raise ValueError("there is no slab without ligands to compare with")
    lowest = {n: min(of, key=lambda one: one.energy_ev) for n, of in by_count.items()}
    free = {n: lowest[n].energy_ev - lowest[0].energy_ev + n * exchange_ev for n in sorted(by_count)}
    return tuple(
        CoverPoint(
            count=n, structures=len(by_count[n]), sets=len({one.sites for one in by_count[n]}),
            distinct=lowest[n].distinct, lowest=lowest[n].name, energy_ev=lowest[n].energy_ev,
            spread_ev=max(one.energy_ev for one in by_count[n]) - lowest[n].energy_ev
            if len(by_count[n]) > 1 else math.nan,
            free_energy_ev=free[n],
            differential_ev=free[n] - free[n - 1] if n - 1 in free else math.nan,
        )
        for n in free
    )  # fmt: skip


def find_break(counts: Sequence[int], free_energies_ev: Sequence[float]) -> CoverBreak | None:
    """Return the break of Delta G: the knot of the continuous line of two pieces that fits best.

    Parameters
    ----------
    counts : sequence of int
        Numbers of ligands, ascending.
    free_energies_ev : sequence of float
        Delta G (eV).

    Returns
    -------
    CoverBreak or None
        None for fewer than `FEWEST` points. The knot is a number of ligands with two points at least on either side.
    """
    if len(counts) < FEWEST:
        return None
    n, values = np.array(counts, dtype=float), np.array(free_energies_ev)
    fits = [(knot, *_two_lines(n, values, knot)) for knot in counts[2:-2]]
    knot, coefficients, residual, inverse = min(fits, key=lambda fit: fit[2])
    freedom = len(n) - 3
    error = math.sqrt(max(residual / freedom * inverse[2, 2], 0.0))
    before, rise = float(coefficients[1]), float(coefficients[2])
    return CoverBreak(
        after=int(knot), before_ev=before, beyond_ev=before + rise, error_ev=error,
        is_break=rise > max(ERRORS * error, 1e-9),
    )  # fmt: skip


def _two_lines(
    n: NDArray[np.float64], values: NDArray[np.float64], knot: float
) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    """Return offset, slope and rise of the slope, the sum of squared residuals, and the inverse normal matrix."""
    design = np.column_stack([np.ones_like(n), n, np.maximum(n - knot, 0)])
    inverse = np.linalg.inv(design.T @ design)
    coefficients: NDArray[np.float64] = inverse @ design.T @ values
    return coefficients, float(((values - design @ coefficients) ** 2).sum()), inverse


def cover_series(
    ligand: str,
    computed: Sequence[Computed],
    sites: int,
    exchange_ev: float,
    conformational_ev: float = 0.0,
    vibrational_ev: float = math.nan,
    imaginary: int = 0,
    findings: Mapping[str, Sequence[str]] | None = None,
) -> CoverSeries:
    """Return the series of one ligand; see `cover_points` and `find_break`.

    Parameters
    ----------
    ligand : str
        Its name.
    computed : sequence of Computed
        Relaxed structures, among them one without ligands.
    sites : int
        Number of surface cations.
    exchange_ev, conformational_ev, vibrational_ev : float
        As in `CoverSeries`; a term that is nan is left out.
    imaginary : int
        Modes with an imaginary frequency.
    findings : mapping, optional
        Findings of the relaxations by the name of the structure.
    """
    terms = (term for term in (conformational_ev, vibrational_ev) if math.isfinite(term))
    points = cover_points(computed, exchange_ev + sum(terms))
    return CoverSeries(
        ligand=ligand, exchange_ev=exchange_ev, conformational_ev=conformational_ev,
        vibrational_ev=vibrational_ev, imaginary=imaginary, points=points,
        minimum=min(points, key=lambda one: one.free_energy_ev).count,
        complete=points[-1].count == sites and all(b.count == a.count + 1 for a, b in pairwise(points)),
        break_=find_break([one.count for one in points], [one.free_energy_ev for one in points]),
        findings=tuple(f"{name}: {text}" for name, texts in (findings or {}).items() for text in texts),
    )  # fmt: skip


def cover_table(record: CoverRecord) -> pd.DataFrame:
    """Return Delta G of every ligand and number: one row each."""
    return pd.DataFrame(
        {
            "ligand": series.ligand, "ligands": one.count, "free_energy_eV": one.free_energy_ev,
            "differential_eV": one.differential_ev, "energy_eV": one.energy_ev,
            "spread_eV": one.spread_ev, "structures": one.structures,
            "site_sets": one.sets, "distinct_site_sets": one.distinct, "lowest": one.lowest,
        }
        for series in record.series
        for one in series.points
    )  # fmt: skip
