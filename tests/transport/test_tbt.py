import numpy as np
import pytest
import sisl

from qdjunction.core.errors import InputError
from qdjunction.transport import Transmission, write_tbt

GEOMETRY = sisl.geom.graphene(orthogonal=True).tile(3, 0)
RESULT = Transmission(np.array([0.5, -1.0, 0.0]), np.array([0.3, 1e-9, 1.7]), "direct", ("a", "b"), 0.0, 0.0)


def test_sisl_opens_it(tmp_path):
    path = write_tbt(RESULT, tmp_path / "x.TBT.nc", GEOMETRY, [0, 1, 2, 3], [8, 9, 10, 11])
    tbt = sisl.get_sile(path)
    assert list(tbt.elecs) == ["Left", "Right"]
    np.testing.assert_allclose(tbt.E, [-1.0, 0.0, 0.5], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(tbt.transmission("Left", "Right"), [1e-9, 1.7, 0.3], rtol=1e-12)
    np.testing.assert_allclose(tbt.read_geometry().xyz, GEOMETRY.xyz, atol=1e-9)
    np.testing.assert_array_equal(tbt.a_elec("Right"), [8, 9, 10, 11])


def test_bad_names_and_atoms(tmp_path):
    with pytest.raises(InputError, match=r"end in \.TBT\.nc"):
        write_tbt(RESULT, tmp_path / "x.nc", GEOMETRY, [0], [1])
    with pytest.raises(InputError, match="the geometry has 12 atoms"):
        write_tbt(RESULT, tmp_path / "x.TBT.nc", GEOMETRY, [0], [12])
    assert not list(tmp_path.iterdir())
