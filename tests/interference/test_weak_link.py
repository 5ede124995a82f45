"""The path of highest density and its weak link."""

from itertools import pairwise

import numpy as np
import pytest

from qdjunction.core.errors import InputError
from qdjunction.interference.weak_link import shortest_gaps, widest_path


def test_the_longer_path_is_taken_where_it_is_denser():
    #     1 - 2
    #   /       \
    # 0 -- 3 --- 4
    bonds = [(0, 1), (1, 2), (2, 4), (0, 3), (3, 4)]
    path = widest_path([5, 2, 3, 1, 5], bonds, 0, 4)
    assert path.atoms.tolist() == [0, 1, 2, 4]
    assert (path.weakest, path.density) == (1, 2)
    assert widest_path([5, 2, 3, 2.5, 5], bonds, 0, 4).atoms.tolist() == [0, 3, 4]


def test_it_is_the_largest_density_at_which_the_ends_are_connected():
    """Compared with the definition: removing atoms one by one in ascending density."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        densities = 10 ** rng.uniform(-6, 0, 30)
        bonds = [tuple(pair) for pair in rng.integers(0, 30, (60, 2)) if pair[0] != pair[1]]
        bonds += list(pairwise(range(30)))
        path = widest_path(densities, bonds, 0, 29)
        assert path.density == densities[path.atoms].min()
        assert {frozenset(step) for step in pairwise(path.atoms.tolist())} <= set(map(frozenset, bonds))
        assert connected(densities >= path.density, bonds)
        assert not connected(densities > path.density, bonds)


def connected(kept, bonds):
    reached, front = {0} if kept[0] else set(), [0]
    while front:
        atom = front.pop()
        for one, other in [*bonds, *((b, a) for a, b in bonds)]:
            if one == atom and kept[one] and kept[other] and other not in reached:
                reached.add(other)
                front.append(other)
    return 29 in reached


def test_missing_and_negative_densities_are_the_lowest():
    bonds = [(0, 1), (1, 3), (0, 2), (2, 3)]
    assert widest_path([1, np.nan, 1e-9, 1], bonds, 0, 3).atoms.tolist() == [0, 2, 3]
    assert widest_path([1, -1e-3, 1e-9, 1], bonds, 0, 3).atoms.tolist() == [0, 2, 3]


def test_ends_that_no_bond_connects():
    with pytest.raises(InputError, match="0 and 2 are not connected"):
        widest_path([1, 1, 1], [(0, 1)], 0, 2)


def test_ends_that_bonds_do_not_connect_have_a_path_across_the_shortest_gaps():
    # Two chains with an atom between them, nearer to the first one, and one far away.
    x = [0.0, 1.0, 2.0, 4.5, 7.5, 8.5]
    positions = np.zeros((7, 3))
    positions[:6, 0] = x
    positions[6] = (4.5, 50.0, 0.0)
    bonds = [(0, 1), (1, 2), (4, 5)]
    gaps = shortest_gaps(positions, bonds, 0, 5)
    assert gaps == [[2, 3], [3, 4]]
    assert shortest_gaps(positions, bonds, 0, 2) == []
    with pytest.raises(InputError, match="not connected by bonds"):
        widest_path(np.ones(7), bonds, 0, 5)
    assert widest_path(np.ones(7), [*bonds, *gaps], 0, 5).atoms.tolist() == [0, 1, 2, 3, 4, 5]
