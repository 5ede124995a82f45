"""The Green's function between sites against closed forms and against the inverse of E S - H."""

import numpy as np
import pytest
import sisl
from scipy.spatial.transform import Rotation

from qdjunction.core.errors import InputError
from qdjunction.interference.orbital_rule import solve_dot
from qdjunction.interference.pair_amplitudes import amplitudes, outward_orbitals


def shell(n, momentum, zeta=1):
    return [sisl.AtomicOrbital(n=n, l=momentum, m=m, zeta=zeta) for m in range(-momentum, momentum + 1)]


@pytest.mark.parametrize("seed", range(4))
def test_the_outward_orbital_points_along_the_bond_whatever_the_signs_of_the_basis(seed):
    """Slater-Koster overlaps of s and p in a basis whose p functions are turned and have other signs."""
    rng = np.random.default_rng(seed)
    direction = Rotation.random(rng=rng).as_matrix()[0]
    turned = Rotation.random(rng=rng).as_matrix() * rng.choice([-1, 1], size=3)[:, None]
    geometry = sisl.Geometry(
        [direction * 2.8, np.zeros(3)],
        [sisl.Atom("Br", [*shell(4, 0), *shell(4, 1), *shell(4, 1, zeta=2)]), sisl.Atom("Pb", shell(6, 0))],
    )
    S = np.eye(8)
    # <s|p> of a p orbital along +axis is positive where the s function lies on its positive side, here -direction.
    S[1:4, 7] = S[7, 1:4] = turned @ (-0.2 * direction)
    found = outward_orbitals(geometry, S, [(0, 1)])[:, 0]
    np.testing.assert_allclose(found[1:4], turned @ direction, atol=1e-12)
    assert not found[[0, 4, 5, 6, 7]].any()


def test_a_file_without_names_of_orbitals_is_refused():
    geometry = sisl.Geometry([[0, 0, 0], [0, 0, 2]], [sisl.Atom("Br", [-1.0] * 4), sisl.Atom("Pb", [-1.0])])
    with pytest.raises(InputError, match=r"atom 0 \(Br\) has no p function with a name"):
        outward_orbitals(geometry, np.eye(5), [(0, 1)])


def test_the_ends_of_a_chain_have_the_closed_form():
    """g_1n = h^(n-1) / det(E - H) for a chain of n sites with hopping h."""
    n, hopping, energy = 6, -1.0, 0.3
    H = np.diag([0.5, -0.5] * 3) + hopping * (np.eye(n, k=1) + np.eye(n, k=-1))
    green = amplitudes(solve_dot(H, np.eye(n), n), np.eye(n), np.eye(n), energy)
    assert green[0, -1] == pytest.approx(hopping ** (n - 1) / np.linalg.det(energy * np.eye(n) - H))


def test_the_lehmann_sum_is_the_resolvent_in_any_basis():
    """And a change of basis, which is what another engine is, changes nothing."""
    rng = np.random.default_rng(1)
    H = rng.normal(size=(12, 12))
    H, root = H + H.T, rng.normal(size=(12, 12))
    S = np.eye(12) + 0.05 * root @ root.T
    sites = rng.normal(size=(12, 3))
    energy = 0.123
    green = amplitudes(solve_dot(H, S, 10), S, sites, energy)
    np.testing.assert_allclose(green, sites.T @ S @ np.linalg.inv(energy * S - H) @ S @ sites, rtol=1e-8)
    change = rng.normal(size=(12, 12)) + 4 * np.eye(12)
    turned = amplitudes(
        solve_dot(change.T @ H @ change, change.T @ S @ change, 10),
        change.T @ S @ change, np.linalg.solve(change, sites), energy,
    )  # fmt: skip
    np.testing.assert_allclose(turned, green, rtol=1e-7)


def test_some_levels_and_the_rest_add_up():
    H = np.diag([-2.0, -1.0, 1.0, 3.0]) + 0.2
    levels, sites = solve_dot(H, np.eye(4), 4), np.eye(4)[:, :2]
    whole, frontier, rest = (
        amplitudes(levels, np.eye(4), sites, 0.1, part) for part in (None, (1, 2), (0, 3))
    )
    np.testing.assert_allclose(frontier + rest, whole)
    with pytest.raises(InputError, match="lies on a level"):
        amplitudes(levels, np.eye(4), sites, levels.homo_ev)
