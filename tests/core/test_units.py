"""The constants are those of CODATA, as SciPy has them."""

import pytest
from scipy.constants import physical_constants

from qdjunction.core import units


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (units.BOHR_ANG * 1e-10, "Bohr radius"),
        (units.HARTREE_EV, "Hartree energy in eV"),
        (units.BOLTZMANN_EV_PER_K, "Boltzmann constant in eV/K"),
        (units.G0_SIEMENS, "conductance quantum"),
    ],
)
def test_constants_agree_with_codata(value, name):
    # An edition of CODATA moves the measured ones by some 1e-10.
    assert value == pytest.approx(physical_constants[name][0], rel=1e-9)
