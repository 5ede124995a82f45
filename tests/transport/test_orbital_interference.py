"""T(E) as a sum over the dot's own orbitals."""

import numpy as np
import pytest
import scipy.linalg

from qdjunction.core.errors import InputError, TransportError
from qdjunction.transport import Device, WideBandLead, correct_levels, orbital_interference, transmission
from support.known_systems import metal_dot_metal

LEFT, DOT, RIGHT = np.arange(0, 6), np.arange(6, 20), np.arange(20, 26)


@pytest.fixture(params=[False, True], ids=["real", "complex"])
def junction(request):
    """Metal, dot, metal; the metals do not see one another."""
    device = metal_dot_metal(26, LEFT, RIGHT, 8, complex_h=request.param)
    return device, WideBandLead(device, [0, 1], 0.6), WideBandLead(device, [11, 12], 0.9)


def test_coherent_sum_is_the_transmission(junction):
    energies = np.linspace(-3, 3, 25)
    found = orbital_interference(*junction, energies, LEFT, RIGHT)
    exact = transmission(*junction, energies, "direct").transmission
    np.testing.assert_allclose(found.coherent, exact, rtol=1e-9)


def test_pairs_add_up(junction):
    energies = np.array([-0.7, 0.4])
    found = orbital_interference(*junction, energies, LEFT, RIGHT, selected=range(len(DOT)))
    np.testing.assert_allclose(found.pairs.sum(axis=(1, 2)), found.coherent, rtol=1e-8)
    np.testing.assert_allclose(np.trace(found.pairs, axis1=1, axis2=2), found.incoherent, rtol=1e-9)
    np.testing.assert_allclose(found.pairs, found.pairs.transpose(0, 2, 1), atol=1e-12)


def two_orbitals(sign):
    """HOMO and LUMO at -1 and 1 eV that meet the right tip with equal or opposite amplitudes."""
    weak = 0.02
    H = np.zeros((4, 4))
    H[1, 1], H[2, 2] = -1.0, 1.0
    H[0, 1] = H[0, 2] = H[3, 1] = weak
    H[3, 2] = sign * weak
    H = H + np.triu(H.T, 1) + np.tril(H.T, -1)
    device = Device(H)
    return device, WideBandLead(device, [0], 1.0), WideBandLead(device, [3], 1.0)


def test_orbital_rule():
    """Equal parity of HOMO and LUMO cancels in the middle of the gap, opposite parity doubles T."""
    found = orbital_interference(*two_orbitals(+1), [0.0], [0], [3])
    assert found.coherent[0] < 1e-3 * found.incoherent[0]
    found = orbital_interference(*two_orbitals(-1), [0.0], [0], [3])
    assert found.coherent[0] == pytest.approx(2.0 * found.incoherent[0], rel=1e-3)
    assert found.pairs[0, 0, 1] == pytest.approx(found.pairs[0, 0, 0], rel=1e-3)
    np.testing.assert_allclose(found.levels_ev, [-1, 1], rtol=1e-12)
    np.testing.assert_allclose(found.left_weight, found.right_weight, rtol=1e-9)


def past_the_dot(coupling):
    """The two orbitals of opposite parity, and a direct element of H between the tips."""
    device, left, right = two_orbitals(-1)
    H = np.array(device.H)
    H[0, 3] = H[3, 0] = coupling
    return Device(H), left, right


def test_what_passes_the_dot_is_the_transmission_without_it():
    """Tips at E between wide bands, Gamma = 1 eV: T = Gamma^2 |g|^4 W^2 = 16 W^2, g = 1 / (i / 2)."""
    found = orbital_interference(*past_the_dot(5e-6), [0.0], [0], [3])
    assert found.past[0] == pytest.approx(16 * 2.5e-11, rel=1e-9)
    exact = transmission(*past_the_dot(5e-6), [0.0], "direct").transmission
    ratio = np.sqrt(found.past / found.coherent)
    assert 0 < abs(found.coherent[0] / exact[0] - 1) < 2.2 * ratio[0] < 0.1


def test_the_limit_of_what_passes_the_dot_is_a_setting():
    with pytest.raises(TransportError, match="take smaller or more distant tips, or raise past"):
        orbital_interference(*past_the_dot(1e-5), [0.0], [0], [3])
    orbital_interference(*past_the_dot(1e-5), [0.0], [0], [3], past_limit=0.1)
    assert orbital_interference(*two_orbitals(-1), [0.0], [0], [3]).past[0] == 0


def test_energy_on_a_level_is_no_obstacle():
    device, left, right = two_orbitals(-1)
    found = orbital_interference(device, left, right, [1.0], [0], [3])
    exact = transmission(device, left, right, [1.0], "direct").transmission
    np.testing.assert_allclose(found.coherent, exact, rtol=1e-3)


def test_what_is_no_junction(junction):
    device, left, right = junction
    with pytest.raises(InputError, match="left metal: the lead's orbitals"):
        orbital_interference(device, left, right, [0.0], LEFT[2:], RIGHT)
    with pytest.raises(InputError, match="no orbital is left"):
        orbital_interference(device, left, right, [0.0], np.arange(13), np.arange(13, 26))
    with pytest.raises(TransportError, match=r"couple past the dot: at 0\.00 eV .* more than past = 0\.01"):
        orbital_interference(device, left, right, [0.0], LEFT, np.arange(15, 26))
    with pytest.raises(InputError, match="counted from 0"):
        orbital_interference(device, left, right, [0.0], LEFT, RIGHT, selected=[99])


def test_level_correction_moves_the_dot_alone(junction):
    device = junction[0]
    corrected = correct_levels(device, DOT, 5, -0.4, 0.7)
    before, after = (
        scipy.linalg.eigh(d.block("H", DOT), d.block("S", DOT), eigvals_only=True)
        for d in (device, corrected)
    )
    np.testing.assert_allclose(after[:5], before[:5] - 0.4, rtol=0, atol=1e-12)
    np.testing.assert_allclose(after[5:], before[5:] + 0.7, rtol=0, atol=1e-12)
    changed = np.abs(corrected.H - device.H) > 1e-14
    changed[np.ix_(DOT, DOT)] = False
    assert not changed.any()
    assert np.array_equal(correct_levels(device, DOT, 5, 0.0, 0.0).H, device.H)
    with pytest.raises(InputError, match="15 occupied orbitals of 14"):
        correct_levels(device, DOT, 15, 0.0, 0.0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_choice_of_degenerate_orbitals_does_not_matter(seed):
    """A ring of six sites has two pairs of degenerate levels; its sites are numbered in another order."""

    def found(order):
        H = np.zeros((8, 8))
        ring = -np.roll(np.eye(6), 1, axis=0) - np.roll(np.eye(6), -1, axis=0)
        H[1:7, 1:7] = ring[np.ix_(order, order)]
        first, opposite = (1 + int(np.flatnonzero(order == site)[0]) for site in (0, 3))
        H[0, first] = H[first, 0] = H[7, opposite] = H[opposite, 7] = -0.3
        device = Device(H)
        leads = WideBandLead(device, [0], 1.0), WideBandLead(device, [7], 1.0)
        return orbital_interference(device, *leads, [0.1], [0], [7], selected=range(6))

    one, other = found(np.arange(6)), found(np.random.default_rng(seed).permutation(6))
    np.testing.assert_allclose(other.coherent, one.coherent, rtol=1e-10)
    np.testing.assert_allclose(other.incoherent, one.incoherent, rtol=1e-10)
    np.testing.assert_allclose(other.pairs, one.pairs, atol=1e-10)
