import numpy as np
import pytest
import scipy.sparse
import sisl

from qdjunction.core.errors import InputError, TransportError
from qdjunction.transport import Device, WideBandLead


def test_single_precision_becomes_exactly_symmetric_double():
    H = np.array([[0.0, 1.0], [1.0 + 4e-7, 0.0]], dtype=np.float32)
    device = Device(H)
    assert device.H.dtype == np.float64
    assert np.array_equal(device.H, device.H.T)
    assert device.is_real


def test_complex_without_imaginary_part_becomes_real():
    assert Device(np.eye(2, dtype=complex)).is_real
    assert not Device(np.array([[0, 1j], [-1j, 0]])).is_real


def test_sparse_stays_sparse():
    device = Device(scipy.sparse.coo_array(np.eye(3)))
    assert scipy.sparse.issparse(device.H)
    assert scipy.sparse.issparse(device.S)
    np.testing.assert_array_equal(device.block("S", [0, 2]), np.eye(2))


@pytest.mark.parametrize(
    ("H", "S", "atoms", "message"),
    [
        (np.ones((2, 3)), None, None, "must be square"),
        (np.array([[0, 1], [0.5, 0]]), None, None, "not Hermitian"),
        (np.array([[0, np.nan], [np.nan, 0]]), None, None, "not finite"),
        (np.eye(2), np.eye(3), None, "same orbitals"),
        (np.eye(2), None, [0], "one atom each"),
        (np.eye(2), None, [-1, 0], "counted from 0"),
    ],
)
def test_bad_matrices(H, S, atoms, message):
    with pytest.raises(TransportError, match=message):
        Device(H, S, atoms)


def test_orbitals_of():
    device = Device(np.eye(5), orbital_atoms=[0, 0, 1, 2, 2])
    np.testing.assert_array_equal(device.orbitals_of([2, 0]), [0, 1, 3, 4])
    np.testing.assert_array_equal(device.orbitals_of(1), [2])
    with pytest.raises(InputError, match="atom 3 has no orbital"):
        device.orbitals_of([1, 3])


def graphene(**kwargs):
    geometry = sisl.geom.graphene(orthogonal=True)
    hamiltonian = sisl.Hamiltonian(geometry, orthogonal=False, **kwargs)
    hamiltonian.construct([(0.1, 1.5), ((0.0, 1.0), (-2.7, 0.1))])
    return hamiltonian


def test_from_sisl_folds_to_k():
    hamiltonian = graphene()
    assert Device.from_hamiltonian(hamiltonian).is_real
    device = Device.from_hamiltonian(hamiltonian, (0.1, 0.2, 0))
    np.testing.assert_allclose(device.H.toarray(), hamiltonian.Hk((0.1, 0.2, 0), format="array"))
    np.testing.assert_allclose(device.S.toarray(), hamiltonian.Sk((0.1, 0.2, 0), format="array"))
    np.testing.assert_array_equal(device.orbital_atoms, np.arange(4))


def test_from_sisl_open_axis_drops_the_images():
    hamiltonian = graphene()
    open_ = Device.from_hamiltonian(hamiltonian, open_axis=0)
    folded = Device.from_hamiltonian(hamiltonian)
    assert abs(open_.H - folded.H).max() > 1
    inside = hamiltonian.copy()
    inside.set_nsc([1, None, None])
    np.testing.assert_allclose(open_.H.toarray(), inside.Hk(format="array"))
    assert hamiltonian.nsc[0] == 3, "the Hamiltonian that was given is left as it was"


def test_from_sisl_spin():
    hamiltonian = sisl.Hamiltonian(sisl.geom.graphene(), spin="polarized")
    hamiltonian.construct([(0.1, 1.5), ([0.5, -0.5], [-2.7, -2.6])])
    with pytest.raises(InputError, match="--spin up or --spin down"):
        Device.from_hamiltonian(hamiltonian)
    assert Device.from_hamiltonian(hamiltonian, spin=1).H[0, 0] == -0.5
    with pytest.raises(InputError, match="leave --spin out"):
        Device.from_hamiltonian(graphene(), spin=1)
    with pytest.raises(InputError, match="superconducting"):
        Device.from_hamiltonian(sisl.Hamiltonian(sisl.geom.graphene(), spin="nambu"))


def test_wide_band_lead():
    device = Device(np.eye(3), np.array([[1, 0.2, 0], [0.2, 1, 0], [0, 0, 1]]), [0, 0, 1])
    lead = WideBandLead(device, [0], 0.8)
    np.testing.assert_allclose(lead.self_energy(0.0), -0.4j * np.array([[1, 0.2], [0.2, 1]]))
    assert lead.self_energy(np.zeros(4)).shape == (4, 2, 2)
    for keywords, message in (
        ({}, "its atoms or its orbitals"),
        ({"atoms": [0], "orbitals": [0]}, "its atoms or its orbitals"),
        ({"atoms": [0], "coupling_ev": 0.0}, "larger than 0"),
        ({"atoms": []}, "no orbital"),
        ({"orbitals": [0, 7]}, "not all in a device of 3"),
    ):
        with pytest.raises(InputError, match=message):
            WideBandLead(device, **keywords)
