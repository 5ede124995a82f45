"""The orbital rule on models with a known Green's function, and its invariances."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import linalg

from qdjunction.core.errors import InputError, TransportError
from qdjunction.interference.orbital_rule import DotOrbitals, orbital_rule, solve_dot, tip_coupling


def ring(n, hopping=-1.0):
    bonds = np.full(n - 1, hopping)
    H = np.diag(bonds, 1) + np.diag(bonds, -1)
    H[0, -1] = H[-1, 0] = hopping
    return H


def site(n, i):
    return np.eye(n)[i]


def random_lcao(seed, n=12):
    rng = np.random.default_rng(seed)
    H = rng.normal(size=(n, n))
    S = rng.normal(size=(n, n)) * 0.1
    return (H + H.T) / 2, np.eye(n) + (S + S.T) / 4


def values(rule):
    return [rule.a_homo, rule.a_lumo, rule.homo, rule.lumo, rule.rest, rule.coherent, rule.incoherent]


@given(hopping=st.floats(-3, 3).filter(lambda h: abs(h) > 0.01))
def test_ethylene_end_to_end_is_constructive(hopping):
    H = np.array([[0, hopping], [hopping, 0]])
    rule = orbital_rule(solve_dot(H, np.eye(2), 2), site(2, 0), site(2, 1))
    assert rule.constructive
    # Exact: g_12(0) = 1 / h in modulus, which the two levels give completely.
    assert rule.total == pytest.approx(1 / abs(hopping))
    assert rule.rule == pytest.approx(rule.total)
    assert rule.rest == pytest.approx(0, abs=1e-12)
    assert rule.half_gap_ev == pytest.approx(abs(hopping))
    assert rule.interference == pytest.approx(2)
    assert rule.weights == pytest.approx({"homo": 0.5, "lumo": 0.5, "rest": 0}, abs=1e-9)
    assert rule.frontier_dominates
    assert "constructively" in rule.sentence
    assert "do not explain" not in rule.sentence


@given(onsite=st.floats(0.1, 2), hopping=st.floats(0.1, 2), where=st.floats(-0.9, 0.9))
def test_diatomic_onto_the_same_site_is_destructive(onsite, hopping, where):
    """a_H and a_L are squares here: equal signs; g_11(E) = (E + onsite) / (E^2 - onsite^2 - h^2)."""
    H = np.array([[onsite, hopping], [hopping, -onsite]])
    e = where * onsite
    rule = orbital_rule(solve_dot(H, np.eye(2), 2), site(2, 0), site(2, 0), e)
    assert not rule.constructive
    assert rule.a_homo * rule.a_lumo > 0
    exact = (e + onsite) / (e**2 - onsite**2 - hopping**2)
    assert rule.total == pytest.approx(abs(exact))
    assert rule.interference < 1
    assert rule.homo * rule.lumo < 0


def test_butadiene_follows_the_known_rule():
    """Sites 1-4 conduct (a_H, a_L opposite); 1-3 has an exact node at mid-gap for the whole spectrum."""
    H = np.diag([-1.0] * 3, 1) + np.diag([-1.0] * 3, -1)
    orbitals = solve_dot(H, np.eye(4), 4)
    assert orbital_rule(orbitals, site(4, 0), site(4, 3)).constructive
    near_node = orbital_rule(orbitals, site(4, 0), site(4, 2), energy_ev=1e-5)
    assert not near_node.constructive
    assert near_node.interference < 1e-6


@given(onsite=st.floats(-0.9, 0.9), leak=st.floats(-1e-4, 1e-4))
def test_a_lumo_off_the_contacts_has_no_sign(onsite, leak):
    """The LUMO is on a third site, up to a leak that turns the sign of its amplitude."""
    H = np.array([[0, -1, leak], [-1, 0, 0], [leak, 0, onsite]])
    rule = orbital_rule(solve_dot(H, np.eye(3), 2), site(3, 0), site(3, 1), 0.95)
    assert rule.constructive is None
    assert "do not interfere, since the LUMO does not connect the tips" in rule.sentence


def test_degenerate_frontier_orbitals_of_benzene():
    """HOMO and LUMO come in pairs; only their sums mean anything: para conducts, meta cancels."""
    H = ring(6)
    orbitals = solve_dot(H, np.eye(6), 6)
    para = orbital_rule(orbitals, site(6, 0), site(6, 3), degeneracy_ev=1e-6)
    assert para.constructive
    assert para.total == pytest.approx(0.5)
    assert para.a_homo == pytest.approx(1 / 3)
    assert para.a_lumo == pytest.approx(-1 / 3)
    meta = orbital_rule(orbitals, site(6, 0), site(6, 2), energy_ev=1e-4)
    assert meta.interference < 1e-4
    assert not meta.constructive


@given(seed=st.integers(0, 10_000), m=st.integers(1, 3))
def test_the_total_is_the_exact_green_function(seed, m):
    H, S = random_lcao(seed)
    rng = np.random.default_rng(seed)
    left, right = rng.normal(size=(2, 12, m))
    orbitals = solve_dot(H, S, 12)
    rule = orbital_rule(orbitals, left, right)
    exact = left.T @ np.linalg.inv(rule.energy_ev * S - H) @ right
    norms = np.linalg.svd(exact, compute_uv=False)
    assert rule.total == pytest.approx(norms[0])
    assert rule.coherent == pytest.approx(norms[0] ** 2)
    assert rule.channel_share == pytest.approx(norms[0] ** 2 / (norms**2).sum())
    assert sum(rule.weights.values()) == pytest.approx(1)


@given(seed=st.integers(0, 10_000))
def test_nothing_depends_on_phases_bases_or_the_order_of_orbitals(seed):
    H, S = random_lcao(seed)
    rng = np.random.default_rng(seed)
    left, right = rng.normal(size=(2, 12, 2))
    orbitals = solve_dot(H, S, 12)
    expected = values(orbital_rule(orbitals, left, right))

    flipped = DotOrbitals(
        orbitals.energies_ev, orbitals.coefficients * rng.choice([-1, 1], 12), orbitals.pairs
    )
    phases = DotOrbitals(
        orbitals.energies_ev, orbitals.coefficients * np.exp(1j * rng.uniform(0, 6, 12)), orbitals.pairs
    )
    for gauge in (flipped, phases):
        assert values(orbital_rule(gauge, left, right)) == pytest.approx(expected, rel=1e-7, abs=1e-9)

    order = rng.permutation(12)
    permuted = solve_dot(H[np.ix_(order, order)], S[np.ix_(order, order)], 12)
    assert values(orbital_rule(permuted, left[order], right[order])) == pytest.approx(
        expected, rel=1e-6, abs=1e-8
    )

    basis = np.eye(12) + 0.2 * rng.normal(size=(12, 12))
    assume(np.linalg.cond(basis) < 1e3)  # the overlap has its square, which costs as many digits
    rotated = solve_dot(basis.T @ H @ basis, basis.T @ S @ basis, 12)
    assert values(orbital_rule(rotated, basis.T @ left, basis.T @ right)) == pytest.approx(
        expected, rel=1e-6, abs=1e-8
    )

    tip = linalg.qr(rng.normal(size=(2, 2)))[0]
    assert values(orbital_rule(orbitals, left @ tip, right @ -tip)) == pytest.approx(
        expected, rel=1e-7, abs=1e-9
    )


@given(seed=st.integers(0, 10_000), shift=st.floats(-5, 5))
def test_junction_couplings_do_not_depend_on_the_zero_of_energy_or_the_basis_of_a_tip(seed, shift):
    H, S = random_lcao(seed)
    dot, left, right = np.arange(8), [8, 9], [10, 11]

    def rule(H, S, move):
        block = np.ix_(dot, dot)
        orbitals = solve_dot(H[block], S[block], 8)
        e = orbitals.midgap_ev + 0.1 * (orbitals.lumo_ev - orbitals.homo_ev)
        couplings = (tip_coupling(H, S, dot, tip, e) for tip in (left, right))
        return orbital_rule(orbitals, *couplings, e), move

    expected, _ = rule(H, S, 0)
    shifted, _ = rule(H + shift * S, S, shift)
    assert values(shifted) == pytest.approx(values(expected), rel=1e-6, abs=1e-8)
    assert shifted.energy_ev == pytest.approx(expected.energy_ev + shift)

    basis = np.eye(12)
    basis[8:10, 8:10] = [[1.0, 0.4], [-0.2, 0.8]]
    other, _ = rule(basis.T @ H @ basis, basis.T @ S @ basis, 0)
    assert values(other) == pytest.approx(values(expected), rel=1e-6, abs=1e-8)


def test_weak_tips_transmit_as_the_amplitude_says():
    """G between two far-off, weakly coupled tips is tau over the tips' own energies (Dyson, lowest order)."""
    H, S = random_lcao(5, n=10)
    dot, left, right = np.arange(8), [8], [9]
    H[8:, 8:] = np.eye(2) * 40.0
    S[8:, 8:] = np.eye(2)
    H[:8, 8:] *= 1e-3
    H[8:, :8] *= 1e-3
    S[:8, 8:] = S[8:, :8] = 0
    orbitals = solve_dot(H[:8, :8], S[:8, :8], 8)
    e = orbitals.midgap_ev
    rule = orbital_rule(orbitals, tip_coupling(H, S, dot, left, e), tip_coupling(H, S, dot, right, e), e)
    green = np.linalg.inv(e * S - H)
    assert abs(green[8, 9]) == pytest.approx(rule.total / (e - 40.0) ** 2, rel=1e-4)


def test_levels_of_a_generalised_problem():
    H, S = random_lcao(1)
    levels = linalg.eigvals(H, S).real
    levels.sort()
    orbitals = solve_dot(H, S, 10)
    assert (orbitals.homo_ev, orbitals.lumo_ev) == pytest.approx((levels[4], levels[5]))
    np.testing.assert_allclose(orbitals.coefficients.T @ S @ orbitals.coefficients, np.eye(12), atol=1e-10)


def test_bad_matrices_and_electron_counts():
    H, S = random_lcao(2)
    for electrons in (7, 7.5, 0, 24, 26):
        with pytest.raises(InputError, match="electrons"):
            solve_dot(H, S, electrons)
    with pytest.raises(TransportError, match="not Hermitian"):
        solve_dot(H + np.triu(np.ones((12, 12)), 1), S, 12)
    with pytest.raises(TransportError, match="positive definite"):
        solve_dot(H, -S, 12)
    with pytest.raises(TransportError, match="square"):
        solve_dot(H, S[:4, :4], 12)


def test_bad_contacts_and_energies():
    orbitals = solve_dot(ring(6), np.eye(6), 6)
    with pytest.raises(InputError, match="on a level"):
        orbital_rule(orbitals, site(6, 0), site(6, 3), energy_ev=-1.0)
    with pytest.raises(InputError, match="left coupling"):
        orbital_rule(orbitals, site(5, 0), site(6, 3))
    with pytest.raises(InputError, match="share no orbital"):
        orbital_rule(orbitals, site(6, 0), np.zeros(6))
    with pytest.raises(InputError, match="no gap"):
        orbital_rule(solve_dot(np.zeros((4, 4)), np.eye(4), 4), site(4, 0), site(4, 1))
    with pytest.raises(InputError, match="in the dot and in the tip"):
        tip_coupling(ring(6), np.eye(6), [0, 1, 2], [2, 3], 0.0)
