"""Averages over transverse k, with and without the reduction by time reversal."""

import numpy as np
import pytest
import sisl

from qdjunction.transport import (
    Device,
    JunctionContext,
    bond_currents,
    eigenchannels,
    injected_density,
    k_averaged_transmission,
    parse_leads,
    transmission,
    transverse_k,
)
from qdjunction.transport.observables.registry import OBSERVABLES

LEADS = parse_leads("wide-band:1.0")
LEFT, RIGHT = np.array([0]), np.array([3])
ENERGY, COUNT = 0.25, 8


def ribbon(flux=0.0):
    """Four sites between two leads, periodic along a; no mirror exchanges a with -a."""
    lattice = sisl.Lattice([3, 20, 20], nsc=[3, 1, 1])
    geometry = sisl.Geometry([[0, 0, 0], [0.3, 0, 2], [1.1, 0, 4], [0, 0, 6]], sisl.Atom(1, R=3.0), lattice)
    hamiltonian = sisl.Hamiltonian(geometry, dtype=np.complex128 if flux else np.float64)
    phase = np.exp(1j * flux) if flux else 1.0
    for site, onsite in enumerate((0.1, -0.2, 0.3, 0.0)):
        hamiltonian[site, site] = onsite
    for i, j, image, hopping in (
        (0, 1, 0, -1.0), (1, 2, 0, -0.7), (2, 3, 0, -0.9), (1, 3, 0, -0.4), (0, 2, 1, -0.5 * phase),
        (1, 1, 1, -0.3 * phase),
    ):  # fmt: skip
        hamiltonian[i, j, (image, 0, 0)] = hopping
        hamiltonian[j, i, (-image, 0, 0)] = np.conj(hopping)
    return hamiltonian


def context(hamiltonian):
    return JunctionContext(
        hamiltonian, LEFT, RIGHT, LEADS, 2, np.array([ENERGY]), LEFT, RIGHT, kpoints=(COUNT, 1)
    )


def everywhere(hamiltonian, compute):
    """The mean over all k points of the grid, each solved by itself."""
    k_points = [(n / COUNT, 0.0, 0.0) for n in range(COUNT)]
    devices = [Device.from_hamiltonian(hamiltonian, k, open_axis=2) for k in k_points]
    found = [
        compute(*LEADS.attach(device, LEFT, RIGHT, k)) for device, k in zip(devices, k_points, strict=True)
    ]
    return np.mean(found, axis=0)


def observed(name, hamiltonian, **keys):
    kind = OBSERVABLES[name]
    return kind.compute(context(hamiltonian), kind.Settings(energies_ev=[ENERGY], **keys))


def test_transmission_is_reduced_and_states_of_one_lead_are_not():
    hamiltonian = ribbon()
    assert len(transverse_k(hamiltonian, (COUNT, 1), 2)[0]) == COUNT // 2 + 1
    exact = everywhere(hamiltonian, lambda *system: transmission(*system, [ENERGY]).transmission)
    np.testing.assert_allclose(context(hamiltonian).transmission.transmission, exact, rtol=1e-12)

    sides = everywhere(hamiltonian, lambda *system: np.stack(_sides(*system)))
    found = observed("ldos", hamiltonian)
    np.testing.assert_allclose(found["ldos_left"][0], sides[0], rtol=1e-12)
    np.testing.assert_allclose(found["ldos_right"][0], sides[1], rtol=1e-12)
    # Half of the grid would give 0.165 and 0.030 here.
    np.testing.assert_allclose(sides[0][1:3], [0.1319, 0.0248], atol=1e-4)


def _sides(device, left, right):
    found = injected_density(device, left, right, ENERGY)
    return found.left[0], found.right[0]


def test_bond_currents_are_those_of_all_k_points():
    hamiltonian = ribbon()
    exact = everywhere(hamiltonian, lambda *system: bond_currents(*system, ENERGY).toarray())
    found = observed("bond-currents", hamiltonian, smallest_fraction=0.0)
    bonds = found["from_atom"].values, found["to_atom"].values
    np.testing.assert_allclose(found["current"][0], exact[bonds], rtol=1e-10)
    assert len(bonds[0]) == 5


def test_densities_of_the_channels_add_up_to_those_of_the_left_states():
    hamiltonian = ribbon()
    found = observed("eigenchannels", hamiltonian, count=1)
    assert found.sizes["kpoint"] == COUNT
    density = (found["density"].sum("channel") * found["weight"]).sum("kpoint")[0]
    np.testing.assert_allclose(density, observed("ldos", hamiltonian)["ldos_left"][0], rtol=1e-10)
    total = everywhere(hamiltonian, lambda *system: eigenchannels(*system, ENERGY).transmissions.sum())
    opened = (found["transmission"].sum("channel") * found["weight"]).sum("kpoint")[0]
    assert float(opened) == pytest.approx(float(total), rel=1e-12)


@pytest.mark.parametrize("flux", [0.0, 0.9])
def test_the_finest_grid_of_the_convergence_is_the_average(flux):
    """With a flux T differs at k and -k, so that the grid is not reduced and each point has a weight of its own."""
    found = k_averaged_transmission(
        ribbon(flux), lambda device, k: LEADS.attach(device, LEFT, RIGHT, k), [ENERGY], (4, 1), axis=2
    )
    assert len(found.k_points) == (4 if flux else 3)
    np.testing.assert_allclose(found.grids[4, 1], found.result.transmission, rtol=1e-12)
    gamma = np.flatnonzero(~found.k_points.any(axis=1))[0]
    np.testing.assert_allclose(found.grids[1, 1], found.at_k[gamma].transmission, rtol=1e-12)
