import numpy as np
import pytest
from ase.build import bulk, fcc111
from qdjunction.structure.electrodes import gold_pyramid
from scipy.spatial.distance import cdist

from qdjunction.core.errors import InputError


@pytest.mark.parametrize(("layers", "atoms"), [(1, 1), (2, 4), (3, 10), (4, 20), (5, 35), (12, 364)])
def test_layers_hold_the_triangular_numbers(layers, atoms):
    tip = gold_pyramid(layers, [0, 0, 1])
    assert len(tip) == atoms
    assert np.bincount(tip.get_tags()).tolist() == [(n + 1) * (n + 2) // 2 for n in range(layers)]


@pytest.mark.parametrize("direction", [(0, 0, 1), (0, 0, -1), (-1, 0, 0), (1, 2, -3), (1, 1, 1)])
def test_the_pyramid_opens_along_its_direction(direction):
    axis = np.array(direction) / np.linalg.norm(direction)
    tip = gold_pyramid(4, direction, rotation_deg=25)
    np.testing.assert_allclose(tip.positions[0], 0, atol=1e-12)
    # (111) planes are a / sqrt(3) apart.
    np.testing.assert_allclose(tip.positions @ axis, tip.get_tags() * 4.078 / np.sqrt(3), atol=1e-9)
    np.testing.assert_allclose(np.cross(tip.positions[tip.get_tags() == 3].mean(axis=0), axis), 0, atol=1e-9)


def test_the_stacking_is_fcc():
    # The distances about an atom are those of bulk gold, and hcp would bring in a / sqrt(3) * 2.
    tip = gold_pyramid(6, [0, 0, 1])
    shells = np.unique(np.round(cdist(tip.positions, tip.positions), 6))
    crystal = bulk("Au", "fcc", a=4.078).repeat(13)
    centre = crystal.positions[len(crystal) // 2]
    reference = np.unique(np.round(np.linalg.norm(crystal.positions - centre, axis=1), 6))
    assert np.isin(shells, reference).all()
    assert shells[1] == pytest.approx(4.078 / np.sqrt(2))


def test_layers_match_the_fcc111_slab_of_ase():
    tip, slab = gold_pyramid(3, [0, 0, 1]), fcc111("Au", (3, 3, 3), a=4.078)
    heights = np.unique(np.round(slab.positions[:, 2], 6))
    np.testing.assert_allclose(
        np.diff(np.unique(np.round(tip.positions[:, 2], 6))), np.diff(heights), atol=1e-5
    )


def test_a_turn_by_120_degrees_is_none():
    one, two = gold_pyramid(4, [1, 2, 3]), gold_pyramid(4, [1, 2, 3], rotation_deg=120)
    assert cdist(one.positions, two.positions).min(axis=1).max() < 1e-9


def test_the_lattice_constant_is_a_setting():
    tip = gold_pyramid(2, [0, 0, 1], lattice_constant_ang=4.2)
    assert tip.get_distance(0, 1) == pytest.approx(4.2 / np.sqrt(2))


@pytest.mark.parametrize("arguments", [{"layers": 0}, {"layers": 2, "lattice_constant_ang": -1.0}])
def test_bad_numbers_are_one_clear_error(arguments):
    with pytest.raises(InputError, match=r"layer|lattice constant"):
        gold_pyramid(direction=[0, 0, 1], **arguments)
