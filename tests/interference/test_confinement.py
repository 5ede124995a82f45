"""Gap of a dot from the effective masses of its crystal."""

import numpy as np
import pytest
from scipy import constants

from qdjunction.core.errors import InputError
from qdjunction.interference.confinement import brus_gap_ev, exciton_permittivity, sphere_radius_ang


def test_the_terms_in_si_units():
    radius, mass, permittivity = 25e-10, 0.117, 8.0
    kinetic = (constants.hbar * np.pi / radius) ** 2 / (2 * mass * constants.m_e)
    coulomb = 1.786 * constants.e**2 / (4 * np.pi * constants.epsilon_0 * permittivity * radius)
    expected = 2.24 + (kinetic - coulomb) / constants.e
    assert brus_gap_ev(25.0, 2.24, mass, permittivity) == pytest.approx(expected, rel=1e-6)


def test_the_bulk_limit_is_reached_from_below():
    """The Coulomb term falls more slowly than the kinetic one."""
    gaps = brus_gap_ev([10.0, 1e4, 1e8], 2.0, 0.1, 8.0)
    assert gaps[0] > 2.0 > gaps[1]
    assert gaps[2] == pytest.approx(2.0, abs=1e-6)


def test_hydrogen_has_no_screening():
    assert exciton_permittivity(13.605693, 1.0) == pytest.approx(1, rel=1e-6)
    assert exciton_permittivity(0.025, 0.117) == pytest.approx(7.98, abs=0.01)


def test_the_sphere_has_the_volume():
    assert sphere_radius_ang(4 / 3 * np.pi * 27) == pytest.approx(3)


@pytest.mark.parametrize(("radius", "mass", "permittivity"), [(0, 1, 1), (1, -1, 1), (1, 1, 0)])
def test_what_is_not_positive_is_refused(radius, mass, permittivity):
    with pytest.raises(InputError, match="larger than 0"):
        brus_gap_ev(radius, 1.0, mass, permittivity)
    with pytest.raises(InputError, match="larger than 0"):
        exciton_permittivity(0.0, 1.0)
