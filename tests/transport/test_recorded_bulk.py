"""Real SIESTA matrices of 1Pb between bulk Au(111): 1,899 orbitals, electrodes of 576."""

import numpy as np
import pytest
import sisl

from qdjunction.transport import Device, Electrode, attach_electrodes, transmission

pytestmark = [pytest.mark.recorded, pytest.mark.slow]


class WholeCellLead:
    """The electrode as in the reference: its region stays in the device, with the electrode's H and S.

    The self-energy of the layers behind acts on the region. The imaginary part of the
    energy inside the region absorbs and does not count as broadening.
    """

    description = "whole cell"

    def __init__(self, electrode, side, orbitals):
        self.electrode, self.side, self.orbitals = electrode, side, orbitals
        self.H00, self.S00, self.H01, self.S01 = (
            np.einsum("kai,kij,kbj->ab", electrode.unfold, M, electrode.unfold.conj(), optimize=True)
            for M in (electrode.H00, electrode.S00, electrode.H01, electrode.S01)
        )

    def sigma(self, energy):
        z = energy + 1j * self.electrode.eta_ev
        small = self.electrode.surface(np.array([energy]), self.side)[0]
        unfold = self.electrode.unfold
        green = np.einsum("kai,kij,kbj->ab", unfold, small, unfold.conj(), optimize=True)
        forward = z * self.S01 - self.H01
        backward = z * self.S01.conj().T - self.H01.conj().T
        return backward @ green @ forward if self.side == "left" else forward @ green @ backward


def reference_transmission(device, leads, energy):
    system = (energy * device.S - device.H).toarray().astype(complex)
    gammas = []
    for lead in leads:
        sigma = lead.sigma(energy)
        region = np.ix_(lead.orbitals, lead.orbitals)
        system[region] = (energy + 1j * lead.electrode.eta_ev) * lead.S00 - lead.H00 - sigma
        gammas.append(1j * (sigma - sigma.conj().T))
    unit = np.eye(len(system))[:, leads[1].orbitals]
    green = np.linalg.solve(system, unit)[leads[0].orbitals]
    return np.trace(gammas[0] @ green @ gammas[1] @ green.conj().T).real


def regions(device):
    return np.arange(576), np.arange(device.n_orbitals - 576, device.n_orbitals)


def test_recorded_values_to_1e_8(recorded_bulk):
    hamiltonian, bulk, energies, values = recorded_bulk
    device = Device.from_hamiltonian(hamiltonian, open_axis=2)
    electrode = Electrode.from_hamiltonian(bulk, repeats=(1, 1, 1))
    leads = [WholeCellLead(electrode, *pair) for pair in zip(("left", "right"), regions(device), strict=True)]
    found = reference_transmission(device, leads, energies[4])
    assert found == pytest.approx(values[4], rel=1e-8)


def test_taken_apart_to_the_symmetry_of_the_file(recorded_bulk):
    hamiltonian, bulk, energies, values = recorded_bulk
    device = Device.from_hamiltonian(hamiltonian, open_axis=2)
    electrode = Electrode.from_hamiltonian(bulk)
    assert electrode.repeats == (4, 4, 1)
    assert electrode.asymmetry_ev < 1e-6
    leads = [WholeCellLead(electrode, *pair) for pair in zip(("left", "right"), regions(device), strict=True)]
    for i in (0, 6):
        assert reference_transmission(device, leads, energies[i]) == pytest.approx(values[i], rel=1e-7)


def test_attached_electrodes_differ_by_the_absorption_in_one_layer_only(recorded_bulk):
    """The reference loses what is absorbed inside the electrode regions; attached electrodes do not."""
    hamiltonian, bulk, energies, values = recorded_bulk
    device = Device.from_hamiltonian(hamiltonian, open_axis=2)
    relative = []
    for eta in (1e-4, 1e-5):
        electrode = Electrode.from_hamiltonian(bulk, eta_ev=eta)
        found = transmission(
            *attach_electrodes(device, electrode, regions(device)[0], electrode, regions(device)[1]), energies
        )
        relative.append(np.abs(found.transmission / values - 1))
    assert relative[0].max() < 5e-3
    assert np.median(relative[0]) < 5e-4


def test_tbtrans_with_the_same_electrode(recorded_bulk, siesta_reference):
    """TBtrans 5 (`bloch 4 4 1`) at an imaginary part that absorbs nothing; with 0.1 meV its first layer absorbs."""
    folder = siesta_reference.parent / "siesta5" / "tbtrans5-long-bloch-eta1e-6"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    with sisl.get_sile(folder / "bl.TBT.nc") as file:
        energies, values = np.asarray(file.E), np.asarray(file.transmission())
    hamiltonian, bulk, *_ = recorded_bulk
    device = Device.from_hamiltonian(hamiltonian, open_axis=2)
    electrode = Electrode.from_hamiltonian(bulk, eta_ev=1e-6)
    left, right = regions(device)
    found = transmission(*attach_electrodes(device, electrode, left, electrode, right), energies)
    np.testing.assert_allclose(np.log10(found.transmission), np.log10(values), atol=1e-4)
