"""Tips that are turned and shifted at random, and superposed geometries."""

import numpy as np
import pytest
from ase import Atoms
from scipy.spatial.transform import Rotation

from qdjunction.core.errors import StructureError
from qdjunction.structure.contacts import contact
from qdjunction.structure.junction import apex_atoms, build_junction, dot_atoms, find_clash, tip_atoms
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.superposition import superpose
from qdjunction.structure.tip_settings import TipSpread
from qdjunction.structure.tip_spread import move_tips, spread_tips
from support.paths import CLUSTERS


@pytest.fixture(scope="module")
def junction():
    dot = build_dot(load_dot("1Pb", CLUSTERS), "Cs")
    return build_junction(dot, "L", "R2", ElectrodeSettings(layers=2))


def distances(atoms):
    sites = (contact(atoms, atoms.info[side]).atom for side in ("left", "right"))
    return [
        atoms.get_distances(site, bound).min() for site, bound in zip(sites, apex_atoms(atoms), strict=True)
    ]


def test_a_shift_is_the_change_of_the_distance(junction):
    moved = move_tips(junction, [0, 0], [0.1, -0.05])
    assert np.subtract(distances(moved), distances(junction)) == pytest.approx([0.1, -0.05])
    inside = dot_atoms(junction)
    assert np.array_equal(moved.positions[inside], junction.positions[inside])


def test_a_turn_keeps_the_apex_and_the_shape_of_the_tip(junction):
    moved = move_tips(junction, [40, 0], [0, 0])
    left, right = tip_atoms(junction)
    assert distances(moved) == pytest.approx(distances(junction))
    assert np.array_equal(moved.positions[right], junction.positions[right])
    assert moved[left].get_all_distances() == pytest.approx(junction[left].get_all_distances(), abs=1e-9)
    away = np.linalg.norm(moved.positions[left] - junction.positions[left], axis=1)
    assert away[0] == pytest.approx(0, abs=1e-9)
    assert away[1:].min() > 0.5
    # A third of a turn maps a threefold pyramid onto itself.
    whole = move_tips(junction, [120, 0], [0, 0]).positions[left]
    gaps = np.linalg.norm(whole[:, None] - junction.positions[left][None], axis=-1).min(axis=1)
    assert gaps == pytest.approx(np.zeros(len(left)), abs=1e-6)


def test_tips_that_are_built_beyond_a_bond_have_no_spread():
    dot = build_dot(load_dot("1Pb", CLUSTERS), "Cs")
    far = build_junction(dot, "L", "R2", ElectrodeSettings(layers=2, apex_distance_ang=4.0))
    with pytest.raises(StructureError, match=r"no bond to vary; change electrodes.apex_distance_ang"):
        spread_tips(far, TipSpread(), 0)


def test_shifts_have_the_distribution_that_is_asked_for(junction):
    for name, width in (("normal", 0.1), ("uniform", 0.1 / np.sqrt(3))):
        spread = TipSpread(turn_deg=0, distance_spread_ang=0.1, distribution=name)
        shifts = [spread_tips(junction, spread, seed).info["tip_spread"]["shift_ang"] for seed in range(150)]
        assert np.std(shifts) == pytest.approx(width, rel=0.15)
        assert np.mean(shifts) == pytest.approx(0, abs=0.02)


def test_a_seed_is_always_the_same_junction(junction):
    one, again, other = (spread_tips(junction, TipSpread(), seed) for seed in (5, 5, 6))
    assert np.array_equal(one.positions, again.positions)
    assert not np.array_equal(one.positions, other.positions)
    assert not find_clash(one)


def test_a_series_shares_the_left_tip_and_no_right_one():
    dot = build_dot(load_dot("1Pb", CLUSTERS), "Cs")
    spread = TipSpread(turn_deg=0)
    shifts = [
        spread_tips(build_junction(dot, "L", right, ElectrodeSettings(layers=1)), spread, 3).info[
            "tip_spread"
        ]
        for right in ("R1", "R2")
    ]
    (left, first), (again, second) = (one["shift_ang"] for one in shifts)
    assert left == again
    assert first != second


def test_tips_that_never_fit_are_one_clear_error(junction):
    """An atom of the dot within the gold clashes at every turn."""
    blocked = junction.copy()
    left = tip_atoms(junction)[0]
    cs = int(np.flatnonzero(junction.symbols == "Cs")[0])
    blocked.positions[cs] = junction.positions[left[0]] + 1.0
    with pytest.raises(StructureError, match=r"'L' and 'R2' fit within .* lower turn_deg"):
        spread_tips(blocked, TipSpread(turn_deg=5, distance_spread_ang=0.01), 0)


def test_a_turned_and_shifted_geometry_is_put_back(junction):
    rng = np.random.default_rng(0)
    moved = junction.copy()
    moved.positions = Rotation.random(random_state=1).apply(junction.positions) + np.array([3, -2, 7])
    assert superpose(moved, junction).positions == pytest.approx(junction.positions, abs=1e-9)
    moved.positions += rng.normal(0, 0.1, moved.positions.shape)
    shift = superpose(moved, junction).positions - junction.positions
    # Eckart's conditions: no translation, no rotation of the masses to first order.
    masses = junction.get_masses()[:, None]
    centre = (masses * junction.positions).sum(axis=0) / masses.sum()
    assert (masses * shift).sum(axis=0) == pytest.approx(np.zeros(3), abs=1e-6)
    turn = (masses * np.cross(junction.positions - centre, shift)).sum(axis=0)
    assert turn == pytest.approx(np.zeros(3), abs=1e-4)


def test_a_single_atom_is_superposed_too():
    assert superpose(Atoms("Au"), Atoms("Au", [[1, 2, 3]])).positions.tolist() == [[1, 2, 3]]
