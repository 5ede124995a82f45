"""SIESTA's H and S of bulk gold (fcc, SZ): perfect leads, k points, cells of other sizes. Always run."""

import numpy as np
import pytest

from qdjunction.core.errors import InputError
from qdjunction.core.matrix_files import read_matrices
from qdjunction.transport import (
    Device,
    Electrode,
    Transmission,
    attach_electrodes,
    k_averaged_transmission,
    transmission,
    transverse_k,
)
from support.paths import GOLD

TSHS = GOLD / "siesta.TSHS"
ENERGIES = np.array([-4.03, -2.02, -0.37, 0.0, 1.51, 6.1])
LAYER = 2
"""Primitive cells of a principal layer: the orbitals reach the second neighbour cell."""


@pytest.fixture(scope="module")
def gold():
    return read_matrices(TSHS)


def channels(gold, k, energies, points=601):
    """Count the bands that cross each energy along k_c at one transverse k."""
    bands = np.array([gold.eigh((k[0], k[1], z)) for z in np.linspace(-0.5, 0.5, points)])
    crossings = (bands[:-1, :, None] - energies) * (bands[1:, :, None] - energies) < 0
    return crossings.sum(axis=(0, 1)) / 2


def perfect(gold, across, k, eta_ev=1e-7, **keywords):
    """A piece of gold between two electrodes of gold, `across` x `across` primitive cells wide."""
    wide = gold.tile(across, 0).tile(across, 1)
    device = Device.from_hamiltonian(wide.tile(4 * LAYER, 2), k, open_axis=2)
    electrode = Electrode.from_hamiltonian(wide.tile(LAYER, 2), k=k, eta_ev=eta_ev, **keywords)
    m = electrode.n_orbitals
    n = device.n_orbitals
    return attach_electrodes(device, electrode, np.arange(m), electrode, np.arange(n - m, n))


@pytest.mark.parametrize("k", [(0.0, 0.0, 0.0), (0.21, -0.13, 0.0), (0.5, 0.0, 0.0)])
def test_a_perfect_lead_carries_its_channels(gold, k):
    for solver in ("contact-reduction", "direct"):
        found = transmission(*perfect(gold, 1, k), ENERGIES, solver).transmission
        np.testing.assert_allclose(found, channels(gold, k, ENERGIES), atol=2e-4)


def test_a_wide_cell_is_the_sum_over_its_k_points(gold):
    """T of a 2 x 2 cell at Gamma is the sum of T of the primitive cell at four k points."""
    wide = transmission(*perfect(gold, 2, (0, 0, 0)), ENERGIES, "direct").transmission
    at_k = [
        transmission(*perfect(gold, 1, (x, y, 0)), ENERGIES, "direct").transmission
        for x in (0, 0.5)
        for y in (0, 0.5)
    ]
    np.testing.assert_allclose(wide, np.sum(at_k, axis=0), rtol=1e-5)


def test_taking_the_electrode_apart_changes_nothing(gold):
    apart, whole = (
        transmission(*perfect(gold, 2, (0, 0, 0), 1e-4, repeats=r), ENERGIES, "direct").transmission
        for r in (None, (1, 1, 1))
    )
    assert perfect(gold, 2, (0, 0, 0))[1].electrode.repeats == (2, 2, 1)
    # The file is symmetric to its own digits only.
    np.testing.assert_allclose(apart, whole, rtol=1e-4)


def test_average_over_k(gold):
    device = gold.tile(4 * LAYER, 2)
    layer = gold.tile(LAYER, 2)
    m, n = layer.no, device.no

    def attach(inner, k):
        electrode = Electrode.from_hamiltonian(layer, k=k, eta_ev=1e-7)
        return attach_electrodes(inner, electrode, np.arange(m), electrode, np.arange(n - m, n))

    found = k_averaged_transmission(device, attach, ENERGIES, (3, 2), axis=2, channels=2)
    points, weights = transverse_k(device, (3, 2), 2)
    assert len(points) < 6, "k and -k are computed once"
    assert weights.sum() == pytest.approx(1)
    expected = [channels(gold, k, ENERGIES) for k in points]
    np.testing.assert_allclose(found.result.transmission, weights @ expected, atol=2e-4)
    dataset = found.to_dataset()
    assert dataset["transmission_k"].dims == ("kpoint", "energy")
    assert dataset["channels"].shape == (len(points), len(ENERGIES), 2)
    assert list(found.grids) == [(1, 1), (3, 2)], "3 and 2 have no common factor"
    again = Transmission.from_dataset(dataset)
    np.testing.assert_array_equal(again.transmission, found.result.transmission)
    assert again.channels is None
    # Perfect channels are open or closed.
    open_ = dataset["channels"].values
    np.testing.assert_allclose(open_, np.round(open_), atol=2e-4)


def test_coarser_grids_cost_no_calculation(gold):
    """Those of 6 x 4 points hold 3 x 2 points and Gamma; each is what a calculation with that grid gives."""
    device = gold.tile(4 * LAYER, 2)
    layer = gold.tile(LAYER, 2)
    m, n = layer.no, device.no
    energies = ENERGIES[:2]

    def attach(inner, k):
        electrode = Electrode.from_hamiltonian(layer, k=k, eta_ev=1e-7)
        return attach_electrodes(inner, electrode, np.arange(m), electrode, np.arange(n - m, n))

    def of(counts):
        return k_averaged_transmission(device, attach, energies, counts, axis=2)

    finest = of((6, 4))
    assert list(finest.grids) == [(1, 1), (3, 2), (6, 4)]
    for counts, values in finest.grids.items():
        np.testing.assert_allclose(values, of(counts).result.transmission, rtol=1e-9)
    dataset = finest.to_dataset()
    assert dataset["grid_counts"].values.tolist() == [[1, 1], [3, 2], [6, 4]]
    np.testing.assert_array_equal(dataset["transmission_grid"][2], finest.grids[(6, 4)])


def test_k_points_that_the_file_does_not_know(gold):
    with pytest.raises(InputError, match="0 along lattice vector a; give 1 or more"):
        transverse_k(gold, (0, 1), 2)
    flat = gold.copy()
    flat.set_nsc([None, 1, None])
    with pytest.raises(InputError, match="couplings to images along it"):
        transverse_k(flat, (1, 2), 2)
