"""Halide composition of a dot: exact counts, lattice constant, and arrangement on the sites."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import floor

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.structure.perovskite.constants import HALIDES, LATTICE_CONSTANTS_ANG

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Composition:
    """Mole fractions of the halides.

    Attributes
    ----------
    text : str
        The composition as typed, e.g. ``Br0.72Cl0.28``.
    fractions : tuple of (str, float)
        Halide and its mole fraction, in the order typed; they sum to 1.
    """

    text: str
    fractions: tuple[tuple[str, float], ...]

    def counts(self, sites: int) -> dict[str, int]:
        """Return the number of each halide on `sites` sites, by largest remainders; ties go to the first typed."""
        quotas = [(halide, fraction * sites) for halide, fraction in self.fractions]
        counts = {halide: floor(round(quota, 9)) for halide, quota in quotas}
        by_remainder = sorted(quotas, key=lambda entry: -round(entry[1] - counts[entry[0]], 9))
        for halide, _ in by_remainder[: sites - sum(counts.values())]:
            counts[halide] += 1
        return counts

    def lattice_constant_ang(self, cation: str) -> float:
        """Return the cubic lattice constant (Ang) by Vegard's law, the mean of the pure compounds."""
        return sum(fraction * LATTICE_CONSTANTS_ANG[cation, halide] for halide, fraction in self.fractions)


@cache
def parse_halide(text: str) -> Composition:
    """Read a halide composition.

    Parameters
    ----------
    text : str
        Halide symbols with their amounts: ``Br``, ``Br0.72Cl0.28``, or as in MAPbX3, ``Br2.15Cl0.85``. The
        amounts sum to 1 or to 3; a symbol without an amount counts 1.

    Raises
    ------
    InputError
        If the text is not such a composition.
    """
    known = f"use {', '.join(HALIDES)} or a mixture such as Br0.72Cl0.28"
    if not re.fullmatch(r"([A-Z][a-z]?(\d*\.?\d+)?)+", text or ""):
        raise InputError(f"Halide '{text}' is not a composition; {known}.")
    amounts: dict[str, float] = {}
    for symbol, amount in re.findall(r"([A-Z][a-z]?)(\d*\.?\d+)?", text):
        if symbol not in HALIDES:
            raise InputError(
                f"Halide '{text}' contains {symbol}, for which there is no lattice constant; {known}."
            )
        if symbol in amounts:
            raise InputError(f"Halide '{text}' names {symbol} twice; name each halide once.")
        amounts[symbol] = float(amount or 1)
    total = sum(amounts.values())
    if not (np.isclose(total, 1, atol=1e-6) or np.isclose(total, 3, atol=1e-6)):
        raise InputError(
            f"The amounts in halide '{text}' sum to {total:g}; they must sum to 1, or to 3 as in MAPbX3."
        )
    return Composition(
        text, tuple((symbol, amount / total) for symbol, amount in amounts.items() if amount > 0)
    )


@dataclass(frozen=True)
class HalideArrangement:
    """Arrangement of the halides on the sites.

    Attributes
    ----------
    symbols : tuple of str
        Halide of each site.
    short_range_order : float or None
        Achieved Warren-Cowley parameter of the finite dot; None for a single halide.
    """

    symbols: tuple[str, ...]
    short_range_order: float | None


def short_range_order(species: NDArray[np.int64], pairs: NDArray[np.int64]) -> float | None:
    """Return the Warren-Cowley parameter of neighbouring sites of a finite dot.

    alpha = 1 - N_unlike / <N_unlike>, with N_unlike the number of neighbour pairs of unlike species and <N_unlike> its
    mean over all arrangements of the same counts n_s on the n sites,
    N_pairs (1 - sum_s n_s (n_s - 1) / (n (n - 1))). For n to infinity and two species that is the parameter
    of Cowley, Phys. Rev. 77, 669 (1950). Zero is random, positive is clustering, negative is ordering into
    unlike neighbours.

    Parameters
    ----------
    species : (n,) int array
        Species of each site.
    pairs : (m, 2) int array
        Neighbouring sites.

    Returns
    -------
    float or None
        None if there are no neighbours or only one species.
    """
    expected = _expected_unlike(species, len(pairs))
    if expected == 0:
        return None
    unlike = np.count_nonzero(species[pairs[:, 0]] != species[pairs[:, 1]])
    return float(1 - unlike / expected)


def _expected_unlike(species: NDArray[np.int64], pairs: int) -> float:
    n, counts = len(species), np.bincount(species)
    if n < 2:
        return 0.0
    return pairs * (1 - float((counts * (counts - 1)).sum()) / (n * (n - 1)))


def arrange_halides(
    composition: Composition, pairs: NDArray[np.int64], sites: int, seed: int, target: float = 0.0
) -> HalideArrangement:
    """Return an arrangement of halides on the sites of a finite dot.

    A target of 0 is the random alloy: one random arrangement, kept as drawn (its own parameter scatters about
    0). Any other target is approached by Monte Carlo swaps of unlike halides, each accepted if it does not lead away
    from the target.

    Parameters
    ----------
    composition : Composition
        Mole fractions.
    pairs : (m, 2) int array
        Neighbouring halide sites.
    sites : int
        Number of halide sites.
    seed : int
        Seed of the random numbers; equal input gives equal output.
    target : float
        Target Warren-Cowley parameter, from -1 (ordered) to 1 (segregated). A value that the finite dot cannot reach is
        approached as closely as the swaps allow; the achieved value is in the result.

    Raises
    ------
    InputError
        If the target is out of range.
    """
    if not -1 <= target <= 1:
        raise InputError(f"short_range_order is {target:g}; a Warren-Cowley parameter lies between -1 and 1.")
    counts = composition.counts(sites)
    names: Sequence[str] = list(counts)
    rng = np.random.default_rng(seed)
    species = rng.permutation(np.repeat(np.arange(len(names)), [counts[name] for name in names]))
    expected = _expected_unlike(species, len(pairs))
    if target != 0 and expected > 0:
        _swap_towards(species, pairs, target, expected, rng)
    achieved = short_range_order(species, pairs)
    if target != 0 and achieved is not None and abs(achieved - target) > 1.01 / expected:
        logger.warning(
            "Short-range order %.3f is out of reach for %s on %d sites; got %.3f.",
            target, composition.text, sites, achieved,
        )  # fmt: skip
    return HalideArrangement(tuple(names[s] for s in species), achieved)


def _swap_towards(
    species: NDArray[np.int64],
    pairs: NDArray[np.int64],
    target: float,
    expected: float,
    rng: np.random.Generator,
) -> None:
    """Swap unlike halides in place until the number of unlike neighbours is within one of the target."""
    n = len(species)
    neighbours = [np.concatenate([pairs[pairs[:, 0] == s, 1], pairs[pairs[:, 1] == s, 0]]) for s in range(n)]
    goal = (1 - target) * expected
    unlike = int(np.count_nonzero(species[pairs[:, 0]] != species[pairs[:, 1]]))

    def unlike_at(i: int, j: int) -> int:
        return sum(int(np.count_nonzero(species[neighbours[s]] != species[s])) for s in (i, j))

    # Swaps at equal distance let the walk leave plateaus; a few hundred sweeps suffice for every dot of
    # the catalogue.
    for _ in range(200 * n):
        # Each halide of an octahedral network has 4 or 8 neighbours, so a swap changes an even number.
        if abs(unlike - goal) <= 1:
            return
        i, j = rng.integers(n, size=2)
        if species[i] == species[j]:
            continue
        before = unlike_at(i, j)
        species[i], species[j] = species[j], species[i]
        change = unlike_at(i, j) - before
        if abs(unlike + change - goal) <= abs(unlike - goal):
            unlike += change
        else:
            species[i], species[j] = species[j], species[i]
