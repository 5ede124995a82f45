"""Complex bands against closed forms, and against what T of a finite piece decays with."""

import numpy as np
import pytest
import sisl

from qdjunction.core.errors import TransportError
from qdjunction.core.matrix_files import read_matrices
from qdjunction.transport import Device, WideBandLead, complex_bands, transmission
from support.paths import GOLD

TSHS = GOLD / "siesta.TSHS"


def crystal(positions, period, reach, nsc, overlap=0.0):
    """One orbital a site along c; `reach` gives (distance, hopping) pairs."""
    lattice = sisl.Lattice([9, 9, period], nsc=[1, 1, nsc])
    radius = max(d for d, _ in reach) + 0.05
    atoms = [[0, 0, z] for z in positions]
    geometry = sisl.Geometry(atoms, sisl.Atom(6, sisl.Orbital(radius)), lattice)
    hamiltonian = sisl.Hamiltonian(geometry, orthogonal=not overlap)
    for i in range(len(positions)):
        for j, offset in ((j, c) for j in range(len(positions)) for c in range(-(nsc // 2), nsc // 2 + 1)):
            distance = abs(positions[j] + offset * period - positions[i])
            for d, hopping in ((0.0, 0.0), *reach):
                if abs(distance - d) < 1e-6:
                    value = (hopping, 1.0 if d == 0 else overlap) if overlap else hopping
                    hamiltonian[i, j, (0, 0, offset)] = value
    return hamiltonian


@pytest.mark.parametrize("overlap", [0.0, 0.15])
def test_chain(overlap):
    """E (1 + 2 s cos ka) = 2 t cos ka."""
    hopping, period = -1.0, 2.5
    energies = np.array([-3.1, -2.2, -0.3, 1.0, 3.5, 6.0])
    found = complex_bands(crystal([0.0], period, [(period, hopping)], 3, overlap), energies)
    cosine = np.abs(energies / (2 * (hopping - energies * overlap)))
    beta = 2 * np.arccosh(np.maximum(cosine, 1.0)) / period
    np.testing.assert_allclose(found.beta_per_ang, beta, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(found.propagating, np.where(cosine < 1, 2, 0))


def test_dimerised_chain():
    """SSH: E^2 = v^2 + w^2 + 2 v w cos ka; in the middle of the gap beta = 2 |ln(v / w)| / a."""
    v, w, period = -0.6, -1.0, 5.0
    hamiltonian = crystal([0.0, 2.0], period, [(2.0, v), (3.0, w)], 3)
    energies = np.array([0.0, 0.2, 0.39, 0.5, 1.7])
    found = complex_bands(hamiltonian, energies)
    cosine = np.abs((energies**2 - v**2 - w**2) / (2 * v * w))
    np.testing.assert_allclose(
        found.beta_per_ang, 2 * np.arccosh(np.maximum(cosine, 1.0)) / period, rtol=1e-8, atol=1e-10
    )
    assert found.beta_per_ang[0] == pytest.approx(2 * np.log(1 / 0.6) / period, rel=1e-9)


def test_second_neighbours_are_folded_into_a_larger_unit():
    """E = 2 t cos ka + 2 u cos 2ka: both roots in cos ka, the slower one counts."""
    t, u, period = -1.0, 0.3, 2.0
    found = complex_bands(crystal([0.0], period, [(period, t), (2 * period, u)], 5), [-1.9, 3.1])
    assert found.period_ang == pytest.approx(2 * period)
    for energy, beta in zip(found.energies_ev, found.beta_per_ang, strict=True):
        roots = np.roots([4 * u, 2 * t, -2 * u - energy]).astype(complex)
        decay = np.abs(np.log(np.abs(roots + np.sqrt(roots - 1) * np.sqrt(roots + 1))))
        assert beta == pytest.approx(2 * decay.min() / period, rel=1e-8, abs=1e-9)


def test_transmission_through_more_and_more_cells_decays_with_it():
    hamiltonian = crystal([0.0, 2.0], 5.0, [(2.0, -0.6), (3.0, -1.0)], 3)
    beta = complex_bands(hamiltonian, 0.1).beta_per_ang[0]
    values = []
    for cells in (14, 15):
        device = Device.from_hamiltonian(hamiltonian.tile(cells, 2), open_axis=2)
        # Both leads on the strong side of a bond, so that no end state sits at the energy.
        inner = Device(device.H[1:-1][:, 1:-1])
        leads = [WideBandLead(inner, [i], 0.5) for i in (0, inner.n_orbitals - 1)]
        values.append(transmission(inner, *leads, [0.1], "direct").transmission[0])
    assert np.log(values[0] / values[1]) / 5.0 == pytest.approx(beta, rel=1e-3)


def test_gold_of_siesta_has_its_bands_and_its_symmetry():
    """Propagating states are the bands of the crystal; those that decay have their inverse that grows."""
    gold = read_matrices(TSHS)
    k = (0.13, 0.21, 0.0)
    energies = np.array([-4.0, 0.0, 8.0])
    found = complex_bands(gold, energies, k=k)
    bands = np.array([gold.eigh((k[0], k[1], z)) for z in np.linspace(-0.5, 0.5, 801)])
    crossings = (bands[:-1, :, None] - energies) * (bands[1:, :, None] - energies) < 0
    np.testing.assert_array_equal(found.propagating, crossings.sum(axis=(0, 1)))
    assert found.propagating.any()
    for energy, factors in zip(energies, found.factors, strict=True):
        # A unit is two cells; a propagating lambda is the square of that of one cell.
        for factor in factors[np.abs(np.abs(factors) - 1) < 1e-6]:
            z = np.angle(factor) / (4 * np.pi)
            near = [np.abs(gold.eigh((k[0], k[1], z + half)) - energy).min() for half in (0, 0.5)]
            assert min(near) < 1e-4


def test_no_couplings_along_the_axis():
    flat = crystal([0.0], 2.5, [(2.5, -1.0)], 3)
    flat.set_nsc([1, 1, 1])
    with pytest.raises(TransportError, match="no couplings to images along lattice vector c"):
        complex_bands(flat, 0.0)


def test_beta_does_not_depend_on_the_cell():
    """A simple cubic crystal below its band, by a cell whose third vector is at a right angle to its layers or not."""
    t, length = -1.0, 3.0
    for tilt in (0, 1):
        cell = np.array([[length, 0, 0], [0, length, 0], [tilt * length, 0, length]])
        geometry = sisl.Geometry([[0, 0, 0]], sisl.Atom(6, R=length + 0.1), sisl.Lattice(cell, nsc=[5, 3, 3]))
        hamiltonian = sisl.Hamiltonian(geometry)
        for a, b, c in ((1, 0, 0), (0, 1, 0), (-tilt, 0, 1)):
            hamiltonian[0, 0, (a, b, c)] = hamiltonian[0, 0, (-a, -b, -c)] = t
        found = complex_bands(hamiltonian, [7 * t], axis=2)
        assert found.beta_per_ang[0] == pytest.approx(2 * np.arccosh(1.5) / length, rel=1e-9)
        assert found.period_ang == pytest.approx(length)
