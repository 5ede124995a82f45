"""Free energy of a cover from its closed form, its minimum and its break."""

import math

import numpy as np
import pytest

from qdjunction.core.units import BOLTZMANN_EV_PER_K
from qdjunction.interference.cover import Computed, conformational_ev, cover_points, cover_series, find_break

KT = BOLTZMANN_EV_PER_K * 300.0


def computed(*energies, first=0):
    return [Computed(f"s-{n}", n, f"s-{n}", 1, energy) for n, energy in enumerate(energies, start=first)]


def series(values, exchange=0.25, **keys):
    """Series of energies that give Delta G = values with an exchange of `exchange`."""
    energies = [-100.0 + value - n * exchange for n, value in enumerate(values)]
    return cover_series("x", computed(*energies), 8, exchange, **keys)


def test_delta_g_is_the_closed_form():
    points = cover_points(computed(-100.0, -103.0, -105.5), 2.5)
    assert [one.free_energy_ev for one in points] == pytest.approx([0.0, -0.5, -0.5])
    assert [one.differential_ev for one in points[1:]] == pytest.approx([-0.5, 0.0])
    assert math.isnan(points[0].differential_ev)
    assert all(math.isnan(one.spread_ev) for one in points)


def test_conformers_of_equal_energy_lower_the_free_energy_by_kt_ln_n():
    assert conformational_ev([-3.0], 300.0) == 0
    assert conformational_ev([-3.0] * 4, 300.0) == pytest.approx(-KT * math.log(4))
    assert conformational_ev([-3.0, -3.0 + 50 * KT], 300.0) == pytest.approx(0, abs=1e-12)
    assert conformational_ev([-3.0, -3.0 + KT], 300.0) == pytest.approx(-KT * math.log(1 + math.exp(-1)))


def test_the_spread_of_several_structures():
    many = [
        *computed(-100.0),
        *(Computed(f"s-1-{i}", 1, f"s-1-{i // 2}", 5, -103.0 + 0.1 * i) for i in range(4)),
    ]
    point = cover_points(many, 2.5)[1]
    assert (point.structures, point.sets, point.distinct, point.lowest) == (4, 2, 5, "s-1-0")
    assert point.spread_ev == pytest.approx(0.3)
    # Structures that were sampled say nothing of the number that there are.
    assert point.free_energy_ev == pytest.approx(-0.5)


def test_a_missing_number_has_no_differential_beside_it():
    points = cover_points([*computed(-100.0), *computed(-105.0, -107.0, first=2)], 2.5)
    assert [one.count for one in points] == [0, 2, 3]
    assert math.isnan(points[1].differential_ev)
    assert points[2].differential_ev == pytest.approx(0.5)
    with pytest.raises(ValueError, match="no slab without ligands"):
        cover_points(computed(-1.0, first=1), 2.5)


def test_the_published_shapes_are_found():
    """Break after the fourth ligand and minimum at 7; a straight fall to 8."""
    falls = [-0.4, -0.4, -0.4, -0.4, -0.1, -0.1, -0.1, 0.05]
    found = series(np.concatenate([[0.0], np.cumsum(falls)]))
    assert found.minimum == 7
    assert found.complete
    assert found.break_.after == 4
    assert found.break_.is_break
    assert found.break_.before_ev == pytest.approx(-0.4, abs=0.03)
    assert found.favourable == [1, 2, 3, 4, 5, 6, 7]
    straight = series([-0.3 * n for n in range(9)])
    assert straight.minimum == 8
    assert not straight.break_.is_break
    assert straight.favourable == list(range(1, 9))


@pytest.mark.parametrize("knot", [2, 3, 5, 6])
def test_an_exact_break_is_found_exactly(knot):
    n = np.arange(9)
    found = find_break(n.tolist(), (-0.5 * n + 0.3 * np.maximum(n - knot, 0)).tolist())
    assert found.after == knot
    assert (found.before_ev, found.beyond_ev) == pytest.approx((-0.5, -0.2))


def test_noise_and_a_bend_downwards_are_no_break():
    rng = np.random.default_rng(1)
    n = np.arange(9)
    found = [find_break(n.tolist(), (-0.3 * n + rng.normal(0, 0.05, 9)).tolist()) for _ in range(20)]
    # The knot is chosen among five, so that two standard errors are passed more often than by a fixed one.
    assert sum(one.is_break for one in found) <= 6
    assert not find_break(n.tolist(), (-0.3 * np.maximum(n - 4, 0)).tolist()).is_break
    assert find_break([0, 1, 2, 3], [0.0, -1.0, -2.0, -3.0]) is None


def test_the_conformational_term_counts_for_every_ligand():
    with_term, without = series(range(9), conformational_ev=-0.02), series(range(9))
    gained = [
        a.free_energy_ev - b.free_energy_ev for a, b in zip(with_term.points, without.points, strict=True)
    ]
    assert gained == pytest.approx([-0.02 * n for n in range(9)])
    left_out = series(range(9), conformational_ev=math.nan)
    assert [one.free_energy_ev for one in left_out.points] == [one.free_energy_ev for one in without.points]


def test_the_vibrational_term_counts_for_every_ligand():
    with_modes, without = series(range(9), vibrational_ev=-0.1, imaginary=2), series(range(9))
    gained = [
        a.free_energy_ev - b.free_energy_ev for a, b in zip(with_modes.points, without.points, strict=True)
    ]
    assert gained == pytest.approx([-0.1 * n for n in range(9)])
    assert with_modes.imaginary == 2
    assert math.isnan(without.vibrational_ev)
