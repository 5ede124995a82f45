"""Control over all pairs of sites of a dot: whether one pair conducts well by itself, or as others of its kind.

The jump at the far end of a series compares one pair with three or four others. A dot has hundreds of pairs, and the
Green's function of the isolated dot (`pair_amplitudes`) gives |g|^2 between all of them at once. It stands for T only
where it follows the conductances of the junctions that were computed; `follow` checks that.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from ase import Atoms
from numpy.typing import NDArray

from qdjunction.core.confidence import student
from qdjunction.core.errors import InputError
from qdjunction.interference.decay import LN10
from qdjunction.interference.pair_regression import regress
from qdjunction.interference.pair_results import Following, PairClass, PairControl, Regression
from qdjunction.structure.rows import TerminalHalide

ROW = "straight row"
SAME_FACE = "same face"
RELATIONS = (ROW, "opposite faces", SAME_FACE, "neighbouring faces")
"""How the two halides of a pair lie to each other; the ends of a straight row are opposite faces too."""

ALONG = 0.7
"""Cosine of the angle between two bonds from which they point out of the same, or with its negative of opposite,
faces: 45 degrees."""

FEWEST_JUNCTIONS = 4
"""Fewest junctions for a rank correlation that can be significant: four have 24 orders."""

SIGNIFICANT = 0.1
"""Largest p-value of the rank correlation at which G is said to follow |g|^2; two pairs of almost equal |g|^2 may trade
places among five."""

SCATTER_DECADES = 0.5
"""Largest standard deviation of log10 G from the line at which G is said to follow |g|^2 (decades): about the step that
counts as a jump."""

SLOPES = (0.5, 1.5)
"""Slopes of log10 G against log10 |g|^2 at which G is said to follow; 1 is proportional."""

LEAST_SPREAD_ANG = 2.0
"""Smallest spread of distances over which a trend can be fitted (Ang)."""

FLOOR = 1e-30
"""Smallest |g|^2 (1/eV^2) of which a logarithm is taken: far below rounding."""


def pair_table(
    atoms: Atoms,
    sites: tuple[TerminalHalide, ...],
    green: NDArray[np.inexact],
    frontier: NDArray[np.inexact],
    names: Mapping[int, str],
) -> pd.DataFrame:
    """Return all pairs of terminal halides with |g|^2 and what may explain it.

    Parameters
    ----------
    atoms : ase.Atoms
        The dot.
    sites : tuple of TerminalHalide
        From `terminal_halides`.
    green, frontier : (m, m) array
        Green's function over all levels and over HOMO and LUMO alone (1/eV), from `amplitudes`.
    names : mapping of int to str
        Names of atoms that are contacts.

    Returns
    -------
    pandas.DataFrame
        One row per pair: ``site_1``, ``site_2``, ``atom_1``, ``atom_2``, ``distance_ang``, ``relation``, ``ends`` and
        ``corners`` (how many of the two end a longest row, and are at a corner), ``bond_length_ang`` (mean of the two
        terminal bonds), ``log10_g2_per_eV2``, ``log10_frontier_g2_per_eV2``, ``above_trend_decades``.
    """
    rows_pb = [site.row_pb for site in sites]
    longest = max(rows_pb) if max(rows_pb) > min(rows_pb) else np.inf
    labels = [names.get(site.atom, f"{atoms.symbols[site.atom]}{site.atom}") for site in sites]
    distances = np.linalg.norm(
        atoms.positions[[site.atom for site in sites]][:, None]
        - atoms.positions[[site.atom for site in sites]],
        axis=2,
    )
    log10 = [np.log10(np.maximum(np.abs(matrix) ** 2, FLOOR)) for matrix in (green, frontier)]
    table = pd.DataFrame(
        {
            "site_1": labels[i],
            "site_2": labels[j],
            "atom_1": one.atom,
            "atom_2": other.atom,
            "distance_ang": distances[i, j],
            "relation": _relation(one, other),
            "ends": (one.row_pb == longest) + (other.row_pb == longest),
            "corners": one.corner + other.corner,
            "bond_length_ang": (one.length_ang + other.length_ang) / 2,
            "log10_g2_per_eV2": log10[0][i, j],
            "log10_frontier_g2_per_eV2": log10[1][i, j],
        }
        for (i, one), (j, other) in combinations(enumerate(sites), 2)
    )
    slope, intercept = _trend(table)
    table["above_trend_decades"] = table["log10_g2_per_eV2"] - intercept - slope * table["distance_ang"]
    return table


def follow(
    junctions: Mapping[str, tuple[float, float]], beside: Sequence[str] = (), confidence: float = 0.95
) -> Following:
    """Compare the conductances of junctions with |g|^2 between their halides.

    Parameters
    ----------
    junctions : mapping of str to (float, float)
        log10 of |g|^2 (1/eV^2) and of the conductance (G0), by name.
    beside : sequence of str
        Junctions that are left out since their tips stand side by side on one face, and tunnel past the dot.
    confidence : float
        Level of the interval of the slope.
    """
    x, y = (np.array([pair[part] for pair in junctions.values()]) for part in (0, 1))
    n, nan = len(x), float("nan")
    rank = p_value = slope = intercept = half_width = scatter = nan
    varies = n > 0 and np.ptp(x) > 0 and np.ptp(y) > 0
    if n >= 3 and varies:
        from scipy.stats import linregress, permutation_test, spearmanr

        rank = float(spearmanr(x, y).statistic)
        p_value = float(
            permutation_test(
                (x,),
                lambda order: spearmanr(order, y).statistic,
                permutation_type="pairings",
                alternative="greater",
                n_resamples=2000,
                rng=np.random.default_rng(0),
            ).pvalue
        )
        fit = linregress(x, y)
        slope, intercept = float(fit.slope), float(fit.intercept)
        scatter = float(np.sqrt(((y - intercept - slope * x) ** 2).sum() / (n - 2)))
        half_width = float(student(confidence, n - 2) * fit.stderr)
    follows = None
    if n >= FEWEST_JUNCTIONS and varies:
        follows = bool(
            p_value <= SIGNIFICANT and SLOPES[0] <= slope <= SLOPES[1] and scatter <= SCATTER_DECADES
        )
    measured = (
        f"rank correlation {rank:.2f} (p = {p_value:.2g}), slope {slope:.2f} ({confidence:.0%} interval "
        f"{slope - half_width:.2f} to {slope + half_width:.2f}), scatter {scatter:.2f} decades"
    )
    if n >= FEWEST_JUNCTIONS and not varies:
        sentence = f"The {n} computed junctions all have the same |g|^2 or conductance, so there is no trend to check."
    elif follows is None:
        sentence = (
            f"{n} computed junctions are too few to check whether their conductances follow |g|^2; compute at least "
            f"{FEWEST_JUNCTIONS} (keys contacts and controls of the dot)."
        )
    elif follows:
        sentence = f"The conductances of {n} computed junctions follow |g|^2: {measured}."
    else:
        sentence = f"The conductances of {n} computed junctions do not follow |g|^2: {measured}."
    if beside:
        sentence += f" Left out: {', '.join(beside)}, whose tips stand side by side on one face "
        sentence += "and tunnel past the dot."
    return Following(
        junctions=tuple(junctions),
        beside=tuple(beside),
        log10_g2=tuple(x.tolist()),
        log10_conductance_G0=tuple(y.tolist()),
        rank_correlation=rank,
        p_value=p_value,
        slope=slope,
        slope_interval=(slope - half_width, slope + half_width),
        intercept=intercept,
        scatter_decades=scatter,
        follows=follows,
        sentence=sentence,
    )


def judge_pairs(
    table: pd.DataFrame,
    conductances: Mapping[str, tuple[int, int, float]],
    levels_ev: tuple[float, float],
    energy_ev: float,
    confidence: float = 0.95,
) -> PairControl:
    """Judge the pairs of a dot, and the junctions that were computed of them.

    Parameters
    ----------
    table : pandas.DataFrame
        From `pair_table`.
    conductances : mapping of str to (int, int, float)
        The two halides of each computed junction and its conductance (G0).
    levels_ev : (float, float)
        HOMO and LUMO of the dot (eV).
    energy_ev : float
        Energy of g (eV).
    confidence : float
        Level of the intervals.

    Raises
    ------
    InputError
        If a junction ends on a halide that is not in the table.
    """
    lookup = {
        frozenset(pair): (value, relation)
        for *pair, value, relation in zip(
            table["atom_1"], table["atom_2"], table["log10_g2_per_eV2"], table["relation"], strict=True
        )
    }
    compared: dict[str, tuple[float, float]] = {}
    rows, beside = [], []
    for name, (left, right, conductance) in conductances.items():
        if frozenset((left, right)) not in lookup:
            raise InputError(f"{name}: atoms {left} and {right} are not two terminal halides of the dot")
        log10_g2, relation = lookup[frozenset((left, right))]
        if relation == SAME_FACE:
            beside.append(name)
            continue
        compared[name] = (log10_g2, float(np.log10(conductance)))
        rows += [name] if relation == ROW else []
    classes = sorted(_classes(table), key=lambda one: -np.nan_to_num(one.median_decades))
    following = follow(compared, beside, confidence)
    slope, _ = _trend(table)
    return PairControl(
        energy_ev=energy_ev,
        homo_ev=levels_ev[0],
        lumo_ev=levels_ev[1],
        sites=len(np.union1d(table["atom_1"], table["atom_2"])),
        pairs=len(table),
        beta_per_ang=-slope * LN10,
        classes=tuple(classes),
        following=following,
        regression=_regression(table, confidence),
        rows=tuple(rows),
        sentence=_sentence(table, classes, following, rows),
    )


def _relation(one: TerminalHalide, other: TerminalHalide) -> str:
    if one.partner == other.atom or other.partner == one.atom:
        return ROW
    cosine = float(one.direction @ other.direction)
    if abs(cosine) < ALONG:
        return "neighbouring faces"
    return "same face" if cosine > 0 else "opposite faces"


def _trend(table: pd.DataFrame) -> tuple[float, float]:
    """Return slope and intercept of log10 |g|^2 against distance over the pairs on no row; nan where there is none."""
    off = table[table["relation"] != ROW]
    if len(off) < 3 or np.ptp(off["distance_ang"]) < LEAST_SPREAD_ANG:
        return float("nan"), float("nan")
    slope, intercept = np.polyfit(off["distance_ang"], off["log10_g2_per_eV2"], 1)
    return float(slope), float(intercept)


def _classes(table: pd.DataFrame) -> list[PairClass]:
    found = []
    for relation in RELATIONS:
        heights = table.loc[table["relation"] == relation, "above_trend_decades"]
        if len(heights):
            found.append(
                PairClass(
                    relation=relation,
                    pairs=len(heights),
                    median_decades=float(heights.median()),
                    lowest_decades=float(heights.min()),
                    highest_decades=float(heights.max()),
                )
            )
    return found


def _regression(table: pd.DataFrame, confidence: float) -> Regression | None:
    relation = table["relation"]
    opposite = relation.isin([ROW, "opposite faces"])

    def number(values: pd.Series) -> NDArray[np.float64]:
        return values.to_numpy(dtype=float)

    return regress(
        number(table["log10_g2_per_eV2"]),
        {
            "distance": {"per Ang": number(table["distance_ang"])},
            "row": {"straight row": number(relation == ROW)},
            "faces": {"opposite": number(opposite), "same": number(relation == SAME_FACE)},
            "site": {"per end": number(table["ends"]), "per corner": number(table["corners"])},
            "bond": {"per Ang": number(table["bond_length_ang"])},
            "frontier": {"per decade": number(table["log10_frontier_g2_per_eV2"])},
        },
        table["atom_1"].to_numpy(),
        table["atom_2"].to_numpy(),
        confidence,
    )


def _sentence(table: pd.DataFrame, classes: list[PairClass], following: Following, rows: list[str]) -> str:
    if not following.follows:
        return f"{following.sentence} So nothing is said here about the junctions from |g|^2 of the isolated dot."
    on_row = next((one for one in classes if one.relation == ROW), None)
    others = [one for one in classes if one.relation != ROW]
    if on_row is None or not others:
        return f"{following.sentence} The dot has no straight rows to compare with other pairs."
    if not np.isfinite(on_row.median_decades):
        return f"{following.sentence} The other pairs are too near each other in distance for a trend."
    off = table.loc[table["relation"] != ROW, "above_trend_decades"]
    as_high, other_pairs = int((off >= on_row.lowest_decades).sum()), len(off)
    opposite = next((one for one in others if one.relation == "opposite faces"), None)
    text = (
        f"{following.sentence} The two ends of a straight row lie {on_row.median_decades:+.1f} decades from the trend "
        f"of all other pairs ({on_row.pairs} pairs, {on_row.lowest_decades:+.1f} to {on_row.highest_decades:+.1f})"
    )
    if opposite:
        text += (
            f", opposite faces on different rows {opposite.median_decades:+.1f} ({opposite.pairs} pairs, "
            f"{opposite.lowest_decades:+.1f} to {opposite.highest_decades:+.1f})"
        )
    text += "."
    if not rows:
        return text
    named = ", ".join(rows)
    text = f"{text} {named} {'is such a pair' if len(rows) == 1 else 'are such pairs'}"
    if on_row.pairs <= len(rows):
        return f"{text}, and the dot has no other straight row to compare with."
    if on_row.lowest_decades <= 0:
        return f"{text}, and not all rows lie above the trend."
    return (
        f"{text}: all {on_row.pairs} straight rows lie above the trend, and {as_high} of the {other_pairs} other pairs "
        "as high as the lowest of them."
    )
