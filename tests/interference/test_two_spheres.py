"""Charges in a dielectric sphere beside another one, against closed forms and limits."""

import numpy as np
import pytest
from scipy.special import factorial, lpmv

from qdjunction.core.errors import InputError
from qdjunction.interference.two_spheres import (
    MULTIPOLES,
    _of_m,
    ground_state_moments,
    induced_potential,
    polarisation_shifts,
)
from qdjunction.transport.image_charge import COULOMB_EV_ANG


def charge_energy(parts, radius, r, angle):
    """Energy of a unit charge at the polar coordinates (r, angle) of the first sphere, in e^2 / (4 pi epsilon_0)."""
    total = 0.0
    for m, part in enumerate(parts):
        n = np.arange(m, m + len(part))
        at = (r / radius) ** n * lpmv(m, n, np.cos(angle))
        total += at @ part @ (at * (1 if m == 0 else 2) * factorial(n - m) / factorial(n + m))
    return total / 2


@pytest.mark.parametrize(("r", "angle"), [(0, 0), (2, 0), (2, 1.0), (2, 3.0)])
def test_a_charge_beside_a_neutral_metal_sphere(r, angle):
    """The energy is -b^3 / (2 d^2 (d^2 - b^2)), wherever in a sphere like the medium the charge is."""
    a, b, distance = 3.0, 5.0, 10.0
    parts = induced_potential((a, b), distance, (1.7, 1e9), 1.7)
    d = np.hypot(r * np.sin(angle), distance - r * np.cos(angle))
    expected = -(b**3) / (2 * 1.7 * d**2 * (d**2 - b**2))
    assert charge_energy(parts, a, r, angle) == pytest.approx(expected, rel=1e-6)


def test_a_charge_before_a_half_space_has_its_image():
    """Before a large sphere: the image charge (epsilon_m - epsilon) / (epsilon_m + epsilon) at 2 d."""
    d, medium, inside = 5.0, 2.2, 4.8
    image = (medium - inside) / (medium + inside) / (4 * medium * d)
    ratios = []
    for b, order in ((100.0, 200), (500.0, 900)):
        part = _of_m(0, (1.0, b), b + d, (medium, inside), medium, order)
        ratios.append(part[0, 0] / 2 / image)  # a charge at the centre is a monopole
    assert ratios[1] == pytest.approx(1, abs=0.05)
    assert abs(ratios[1] - 1) < 0.3 * abs(ratios[0] - 1)


def test_far_away_the_gaps_shift_by_their_leading_multipoles():
    a, distance, inside, medium = 34.0, 5e4, 4.8, 2.2
    optical, charged = polarisation_shifts(a, distance, inside, medium)
    alpha = a**3 * (inside - medium) / (inside + 2 * medium)
    field = 3 * medium / (inside + 2 * medium)
    square = a**2 * (1 / 3 - 1 / (2 * np.pi**2))
    dipole = -2 * COULOMB_EV_ANG * square * alpha * field**2 / (medium * distance**6)
    assert optical == pytest.approx(dipole, rel=1e-4)
    # Two charges, each with -alpha / (2 epsilon_m R^4).
    assert charged == pytest.approx(-COULOMB_EV_ANG * alpha / (medium * distance**4), rel=1e-4)


@pytest.mark.parametrize(("power", "which"), [(6, 0), (4, 1)])
def test_the_powers_of_the_distance(power, which):
    near, far = (polarisation_shifts(34.0, distance, 4.8, 2.2)[which] for distance in (5e3, 1e4))
    assert np.log2(near / far) == pytest.approx(power, abs=1e-2)


def test_signs_and_convergence():
    for inside, medium in ((4.8, 2.2), (2.0, 5.0)):
        optical, charged = polarisation_shifts(34.0, 77.0, inside, medium)
        assert (optical < 0) == (charged < 0) == (inside > medium)
        assert abs(optical) < abs(charged)
    assert polarisation_shifts(34.0, 77.0, 2.2, 2.2) == pytest.approx((0, 0), abs=1e-15)
    close = [polarisation_shifts(34.0, 76.5, 4.8, 2.2, order)[0] for order in (MULTIPOLES // 2, MULTIPOLES)]
    assert close[0] == pytest.approx(close[1], rel=1e-6)


def test_the_response_is_symmetric():
    """Green's functions are: the potential at r of a charge at r' is that at r' of a charge at r."""
    for m, part in enumerate(induced_potential((3.0, 5.0), 9.0, (4.8, 7.0), 2.0, order=12)):
        n = np.arange(m, m + len(part))
        source = factorial(n - m) / factorial(n + m)
        np.testing.assert_allclose(part * source, (part * source).T, rtol=1e-9)


def test_moments_of_the_ground_state():
    np.testing.assert_allclose(
        ground_state_moments(2),
        [1, 1 / 3 - 1 / (2 * np.pi**2), 1 / 5 - 1 / np.pi**2 + 3 / (2 * np.pi**4)],
    )


@pytest.mark.parametrize(
    ("radii", "distance", "inside", "message"),
    [
        ((3.0, 5.0), 8.0, 2.0, "overlap"),
        ((0.0, 5.0), 8.0, 2.0, "larger than 0"),
        ((3.0, 3.0), 8.0, 0.0, "larger"),
    ],
)
def test_impossible_spheres_are_refused(radii, distance, inside, message):
    with pytest.raises(InputError, match=message):
        induced_potential(radii, distance, (inside, inside), 2.0)
