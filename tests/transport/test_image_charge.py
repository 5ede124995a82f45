"""Charges between two metal planes, against closed forms and the Green's function of the plate capacitor."""

import numpy as np
import pytest
from scipy.special import k0

from qdjunction.transport import Device
from qdjunction.transport.image_charge import COULOMB_EV_ANG, image_energy, point_image_energy
from qdjunction.transport.observables.level_correction import ImagePlanes, _frontier


def test_in_the_middle_of_the_gap():
    assert float(point_image_energy(5.0, 10.0)) == pytest.approx(-COULOMB_EV_ANG * np.log(2) / 10, rel=1e-14)
    assert pytest.approx(14.3996, abs=1e-4) == COULOMB_EV_ANG


def test_close_to_one_plane_the_other_does_not_matter():
    assert float(point_image_energy(2.0, 1e7)) == pytest.approx(-COULOMB_EV_ANG / 8, rel=1e-6)


@pytest.mark.parametrize("height", [0.5, 2.0, 5.0, 8.3])
def test_closed_form_is_the_sum_over_images(height):
    gap, n = 10.0, np.arange(1, 200_001)
    terms = 2 / (n * gap) - 1 / (n * gap - height) - 1 / (n * gap + height)
    series = COULOMB_EV_ANG / 4 * (terms.sum() - 1 / height)
    closed = float(point_image_energy(height, gap))
    assert closed == pytest.approx(series, rel=1e-9)
    assert closed == pytest.approx(float(point_image_energy(gap - height, gap)), rel=1e-12)
    assert image_energy([1.0], [height], [[3.0, -1.0]], gap) == pytest.approx(closed, rel=1e-9)
    assert image_energy([-0.5], [height], [[0.0, 0.0]], gap) == pytest.approx(closed / 4, rel=1e-9)


def test_two_charges_see_each_others_images():
    """phi = (4/L) sum_n sin(n pi z/L) sin(n pi z'/L) K_0(n pi rho/L), which holds the direct interaction too."""
    gap, rho, heights = 9.0, 2.5, np.array([2.0, 5.5])
    n = np.pi * np.arange(1, 200) / gap
    full = 4 / gap * (np.sin(n * heights[0]) * np.sin(n * heights[1]) * k0(n * rho)).sum()
    mutual = COULOMB_EV_ANG * (full - 1 / np.hypot(rho, heights[1] - heights[0]))
    places = [[0.0, 0.0], [1.5, 2.0]]
    alone = point_image_energy(heights, gap)
    for charges in ([1.0, 1.0], [0.7, -0.3]):
        q = np.array(charges)
        exact = q**2 @ alone + q[0] * q[1] * mutual
        assert image_energy(q, heights, places, gap) == pytest.approx(exact, rel=1e-8)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_images_of_a_degenerate_level_do_not_depend_on_the_order_of_the_atoms(seed):
    """HOMO and LUMO of a ring of six sites are degenerate, and a solver returns any of their orbitals."""
    angles = np.pi / 3 * np.arange(6)
    heights, across = 5 + 1.4 * np.cos(angles), np.column_stack([1.4 * np.sin(angles), np.zeros(6)])
    ring = -np.roll(np.eye(6), 1, axis=0) - np.roll(np.eye(6), -1, axis=0)

    def found(order):
        planes = ImagePlanes(10.0, heights[order], across[order])
        return _frontier(Device(ring[np.ix_(order, order)]), np.arange(6), 3, planes, "orbital")

    (levels, images), (same, others) = found(np.arange(6)), found(np.random.default_rng(seed).permutation(6))
    np.testing.assert_allclose(levels, [-1, 1], atol=1e-12)
    np.testing.assert_allclose(same, levels, atol=1e-12)
    np.testing.assert_allclose(others, images, rtol=1e-10)
    # The charge is a sixth on each site.
    even = image_energy(np.full(6, 1 / 6), heights, across, 10.0)
    np.testing.assert_allclose(images, [-even, even], rtol=1e-10)
