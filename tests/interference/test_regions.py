"""Weights of frontier levels in regions: closed forms, and a real dot."""

import numpy as np
import pytest

from qdjunction.core.errors import InputError
from qdjunction.core.results import read_result
from qdjunction.engine.registry import make_engine
from qdjunction.interference.regions import RegionRecord, level_weights
from qdjunction.steps.electronic import hamiltonian
from qdjunction.steps.regions import regions_of_dot
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.regions import REGIONS
from qdjunction.structure.xyz import write_structure
from support.paths import CLUSTERS

TWO = ("left", "right")


def test_two_levels_mix_as_in_the_closed_form():
    """H = ((0, t), (t, d)): tan(2 theta) = 2 t / d, and the lower state has cos(theta)^2 on the first site."""
    t, d = 0.4, 1.3
    found = level_weights([[0, t], [t, d]], np.eye(2), 2, np.eye(2), TWO)
    cosine = np.cos(np.arctan2(2 * t, d) / 2) ** 2
    assert found["HOMO"].weights == pytest.approx({"left": cosine, "right": 1 - cosine})
    assert found["LUMO"].weights == pytest.approx({"left": 1 - cosine, "right": cosine})


def test_weights_do_not_depend_on_the_basis_of_a_region():
    rng = np.random.default_rng(1)
    H, S = rng.normal(size=(6, 6)), 0.1 * rng.normal(size=(6, 6))
    H, S = H + H.T, S @ S.T + np.eye(6)
    shares = np.repeat(np.eye(2), 3, axis=0)
    turn = np.kron(np.diag([1, 0]), np.linalg.qr(rng.normal(size=(3, 3)))[0]) + np.diag([0, 0, 0, 1, 1, 1])
    one = level_weights(H, S, 6, shares, TWO)
    other = level_weights(turn.T @ H @ turn, turn.T @ S @ turn, 6, shares, TWO)
    for level in one:
        assert sum(one[level].weights.values()) == pytest.approx(1)
        assert other[level].weights == pytest.approx(one[level].weights)


def test_equal_levels_count_alike():
    """The two HOMOs of benzene have a third of the ring in any pair of neighbours, whatever their combination."""
    ring = -(np.eye(6, k=1) + np.eye(6, k=-1) + np.eye(6, k=5) + np.eye(6, k=-5))
    found = level_weights(ring, np.eye(6), 6, np.repeat(np.eye(3), 2, axis=0), ("a", "b", "c"))
    for level in found.values():
        assert level.levels == 2
        assert list(level.weights.values()) == pytest.approx([1 / 3] * 3)


def test_shares_that_do_not_add_up_are_refused():
    with pytest.raises(InputError, match=r"shares of \(2, 2\) do not divide the orbitals among 2 regions"):
        level_weights(np.eye(2), np.eye(2), 2, 0.4 * np.eye(2), TWO)


def test_a_cube_of_two_from_its_scf(tmp_path):
    """8Pb on its ideal lattice has Pb at corners alone, 12 pairs of them, and a real HOMO and LUMO there."""
    dot, result = tmp_path / "dot.extxyz", tmp_path / "hamiltonian.nc"
    write_structure(build_dot(load_dot("8Pb", CLUSTERS), "Cs"), dot)
    hamiltonian(dot, make_engine("xtb", {"accuracy": 10.0}), tmp_path / "work", result)
    regions_of_dot(dot, result, tmp_path / "regions.json")
    found = read_result(RegionRecord, tmp_path / "regions.json")
    assert (found.pb, found.pb_distances.pairs) == (8, 12)
    assert found.edge_ang == pytest.approx(2 * 5.87)
    assert found.atoms == dict.fromkeys(REGIONS, 0) | {"corners": 44, "cations": 20}
    assert found.gap_ev > 0
    for level in found.levels.values():
        assert level.weights["corners"] + level.weights["cations"] == pytest.approx(1)
