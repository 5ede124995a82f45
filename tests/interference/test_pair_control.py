"""The control over all pairs: what follows, what explains, and when nothing is said."""

from itertools import combinations
from math import factorial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.stats.outliers_influence import variance_inflation_factor

from qdjunction.core.errors import InputError
from qdjunction.interference.pair_control import follow, judge_pairs, pair_table
from qdjunction.interference.pair_regression import regress
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.rows import terminal_halides

CLUSTERS = Path(__file__).parents[2] / "clusters"
BETA = 0.5


def pairs_of(sites):
    return np.array(list(combinations(range(sites), 2))).T


def test_the_regression_agrees_with_statsmodels():
    first, second = pairs_of(12)
    rng = np.random.default_rng(3)
    x, z, w = rng.normal(size=(3, len(first)))
    z += 0.9 * x
    y = 1 - 0.7 * x + 0.3 * z + rng.normal(scale=0.4, size=len(first))
    found = regress(y, {"x": {"x": x}, "both": {"z": z, "w": w}}, first, second)
    design = sm.add_constant(np.column_stack([x, z, w]))
    theirs = sm.OLS(y, design).fit()
    assert found.r_squared == pytest.approx(theirs.rsquared)
    coefficients = {label: value[0] for term in found.terms for label, value in term.coefficients.items()}
    np.testing.assert_allclose([coefficients[key] for key in "xzw"], theirs.params[1:])
    by_name = {term.name: term for term in found.terms}
    without = sm.OLS(y, np.delete(design, 1, axis=1)).fit()
    assert by_name["x"].unique_share == pytest.approx(theirs.rsquared - without.rsquared)
    assert by_name["both"].alone_share == pytest.approx(
        sm.OLS(y, np.delete(design, 1, axis=1)).fit().rsquared
    )
    factors = [variance_inflation_factor(design, column) for column in (1, 2, 3)]
    assert by_name["x"].inflation == pytest.approx(factors[0])
    assert by_name["both"].inflation == pytest.approx(max(factors[1:]))
    assert not found.warnings


def test_intervals_know_that_pairs_share_sites():
    """A value of each site enters all of its pairs: intervals for independent pairs would miss the true slope often."""
    first, second = pairs_of(14)
    rng = np.random.default_rng(7)
    hits, naive, runs = 0, 0, 60
    for _ in range(runs):
        of_site, property_of_site = rng.normal(size=(2, 14))
        x = property_of_site[first] + property_of_site[second]
        y = 0.5 * x + of_site[first] + of_site[second] + rng.normal(scale=0.1, size=len(first))
        (term,) = regress(y, {"x": {"x": x}}, first, second).terms
        _, low, high = term.coefficients["x"]
        hits += low <= 0.5 <= high
        low, high = sm.OLS(y, sm.add_constant(x)).fit().conf_int()[1]
        naive += low <= 0.5 <= high
    assert hits >= 0.9 * runs
    assert naive < 0.75 * runs


def test_collinear_terms_are_named_and_constant_ones_left_out():
    first, second = pairs_of(9)
    x = np.linspace(0, 1, len(first))
    noise = np.random.default_rng(0).normal(scale=0.02, size=len(x))
    found = regress(
        x + noise,
        {"x": {"x": x}, "twin": {"t": x + noise[::-1]}, "flat": {"f": np.ones_like(x)}},
        first,
        second,
    )
    assert [term.name for term in found.terms] == ["x", "twin"]
    assert len(found.warnings) == 2
    assert "The term x is collinear" in found.warnings[0]


def test_a_regression_needs_enough_sites_and_finite_numbers():
    first, second = pairs_of(6)
    assert regress(np.arange(15.0), {"x": {"x": np.arange(15.0)}}, first, second) is None
    first, second = pairs_of(9)
    with pytest.raises(InputError, match="x x: needs one finite number"):
        regress(np.arange(36.0), {"x": {"x": np.r_[np.arange(35.0), np.nan]}}, first, second)


def test_junctions_in_the_order_of_g2_follow_it():
    exact = {
        name: (x, 0.3 + 0.9 * x) for name, x in zip("abcde", (-2.0, -3.5, -4.4, -3.0, -5.1), strict=True)
    }
    found = follow(exact)
    assert found.follows
    assert found.rank_correlation == pytest.approx(1)
    assert found.p_value == pytest.approx(1 / factorial(5))
    assert found.slope == pytest.approx(0.9)
    assert found.intercept == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("y", "reason"),
    [
        ((-1, -2, -3, -4, -5)[::-1], "wrong order"),
        ((-1.00, -1.01, -1.02, -1.03, -1.04), "no slope"),
        ((-1, -5, -4, -2, -3), "scattered"),
    ],
)
def test_junctions_that_do_not_follow_are_said_to(y, reason):
    found = follow({str(k): (-float(k), float(value)) for k, value in enumerate(y)})
    assert found.follows is False, reason
    assert "do not follow" in found.sentence


def test_three_junctions_are_too_few():
    found = follow({"a": (-1.0, -1.0), "b": (-2.0, -2.0), "c": (-3.0, -3.0)})
    assert found.follows is None
    assert "too few" in found.sentence


@pytest.fixture(scope="module")
def block():
    """12Pb with a made Green's function: an exponential decay, and three decades more along a straight row."""
    dot = build_dot(load_dot("12Pb", CLUSTERS), "Cs")
    sites = terminal_halides(dot)
    positions = dot.positions[[site.atom for site in sites]]
    distance = np.linalg.norm(positions[:, None] - positions, axis=2)
    row = np.array([[one.partner == other.atom for other in sites] for one in sites])
    green = np.exp(-BETA * distance / 2) * np.where(row, 10**1.5, 1)
    names = {entry["atom"]: name for name, entry in dot.info["contacts"].items()}
    table = pair_table(dot, sites, green, np.ones_like(green), names)
    return table, {name: atom for atom, name in names.items()}


def conductances(block, order=1):
    table, atoms = block
    found = {}
    for left, right in (("L", "R1"), ("L", "R2"), ("L", "R3"), ("L", "R4"), ("R1", "R4")):
        ends = {atoms[left], atoms[right]}
        (g2,) = table.loc[
            [{a, b} == ends for a, b in zip(table["atom_1"], table["atom_2"], strict=True)],
            "log10_g2_per_eV2",
        ]
        found[f"{left}-{right}"] = (atoms[left], atoms[right], 10.0 ** (order * g2 - 1))
    return found


def test_what_was_put_in_comes_out(block):
    table, _ = block
    found = judge_pairs(table, conductances(block), (-1.0, 1.0), 0.0)
    assert (found.sites, found.pairs) == (32, 496)
    assert found.beta_per_ang == pytest.approx(BETA)
    assert found.classes[0].relation == "straight row"
    assert found.classes[0].pairs == 16
    for one in found.classes:
        expected = 3.0 if one.relation == "straight row" else 0.0
        assert (one.lowest_decades, one.highest_decades) == pytest.approx((expected, expected))
    terms = {term.name: term for term in found.regression.terms}
    assert terms["row"].coefficients["straight row"][0] == pytest.approx(3.0)
    assert terms["distance"].coefficients["per Ang"][0] == pytest.approx(-BETA / np.log(10))
    assert found.regression.r_squared == pytest.approx(1)
    assert "frontier" not in terms
    assert found.rows == ("L-R4",)
    assert (
        "L-R4 is such a pair: all 16 straight rows lie above the trend, and 0 of the 480 other"
        in found.sentence
    )


def test_junctions_that_are_alike_show_no_trend():
    found = follow(dict.fromkeys("abcd", (-3.0, -2.0)))
    assert found.follows is None
    assert "no trend to check" in found.sentence


def test_a_dot_without_another_row_has_nothing_to_compare_its_junction_with(block):
    table, _ = block
    one_row = (table["relation"] != "straight row") | (table["site_1"] == "L") & (table["site_2"] == "R4")
    one_row |= (table["site_1"] == "R4") & (table["site_2"] == "L")
    found = judge_pairs(table[one_row], conductances(block), (-1.0, 1.0), 0.0)
    assert found.classes[0].pairs == 1
    assert found.sentence.endswith(
        "L-R4 is such a pair, and the dot has no other straight row to compare with."
    )


def test_nothing_is_said_of_junctions_that_do_not_follow(block):
    found = judge_pairs(block[0], conductances(block, order=-1), (-1.0, 1.0), 0.0)
    assert found.following.follows is False
    assert "such a pair" not in found.sentence
    assert "nothing is said here about the junctions" in found.sentence


def test_tips_side_by_side_are_left_out_of_the_check(block):
    """They tunnel past the dot: R1-R3 of 12Pb conducts three decades better than |g|^2 would let it."""
    _, atoms = block
    found = judge_pairs(
        block[0], conductances(block) | {"R1-R3": (atoms["R1"], atoms["R3"], 1.0)}, (-1.0, 1.0), 0.0
    )
    assert found.following.follows
    assert found.following.beside == ("R1-R3",)
    assert "R1-R3" not in found.following.junctions
    assert "Left out: R1-R3" in found.sentence


def test_kinds_of_sites_and_relations_are_those_of_the_block(block):
    table, _ = block
    assert table["relation"].value_counts().to_dict() == {
        "neighbouring faces": 4 * 6 * 6 + 2 * 4 * 4 * 6,
        "opposite faces": 2 * (36 - 6) + 16 - 4,
        "same face": 4 * 15 + 2 * 6,
        "straight row": 16,
    }
    assert table["ends"].value_counts().to_dict() == {0: 24 * 23 // 2, 1: 24 * 8, 2: 28}
    assert isinstance(table, pd.DataFrame)


def test_a_junction_elsewhere_is_refused(block):
    with pytest.raises(InputError, match="L-R9: atoms 0 and 1 are not two terminal halides"):
        judge_pairs(block[0], {"L-R9": (0, 1, 1e-3)}, (-1.0, 1.0), 0.0)
