"""Spinors of real SIESTA 5 files: levels, magnetic moment and T(E) of a bent Ge4."""

import re

import numpy as np
import pytest
import scipy.linalg
import sisl
from scipy.special import expit

from qdjunction.core.errors import EngineError
from qdjunction.core.units import BOLTZMANN_EV_PER_K
from qdjunction.engine.siesta import electronic_structure_from_run, read_hamiltonian
from qdjunction.transport import Device, WideBandLead, transmission

PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
ENERGIES = np.linspace(-3, 3, 61)


def states(device):
    return scipy.linalg.eigh(device.H.toarray(), device.S.toarray())


def of_both_spins(device):
    leads = [WideBandLead(device, [atom], 1.0) for atom in (0, 3)]
    return transmission(device, *leads, ENERGIES).transmission


@pytest.fixture
def spinors(data_5, unpacked):
    """The device of a run without a spin direction, and its folder."""

    def read(name, source="HSX"):
        folder = unpacked(data_5 / "spin" / name)
        return Device.from_hamiltonian(read_hamiltonian(folder, source)[0]), folder

    return read


@pytest.mark.parametrize(
    ("name", "source"),
    [("spin-orbit", "HSX"), ("spin-orbit", "TSHS"), ("spin-orbit-zero", "HSX"), ("non-collinear", "HSX")],
)
def test_levels_are_those_that_siesta_printed(spinors, name, source):
    device, folder = spinors(name, source)
    assert device.spinor
    printed = np.sort(sisl.get_sile(folder / "siesta.EIG").read_data().ravel())
    np.testing.assert_allclose(states(device)[0], printed, atol=1e-6)


@pytest.mark.parametrize(("name", "size"), [("spin-orbit", 1.92268), ("non-collinear", 1.94166)])
def test_the_moment_is_the_vector_that_siesta_printed(spinors, name, size):
    """It has three components with spin-orbit coupling, so that a wrong sign or order of them is seen."""
    device, folder = spinors(name)
    levels, vectors = states(device)
    occupied = expit(-levels / (BOLTZMANN_EV_PER_K * 300))
    assert occupied.sum() == pytest.approx(16)
    density = (vectors * occupied) @ vectors.conj().T
    overlap = device.S.toarray()[::2, ::2]
    moment = [np.trace(density @ np.kron(overlap, matrix)).real for matrix in PAULI]
    *_, last = re.findall(r"spin moment: \{S\} , \|S\| = \{(.*)\}", (folder / "siesta.out").read_text())
    np.testing.assert_allclose(moment, np.array(last.split(), dtype=float), atol=2e-4)
    assert np.linalg.norm(moment) == pytest.approx(size, abs=2e-4)
    if name == "spin-orbit":
        assert np.abs(moment).min() > 0.1


def test_collinear_limit(spinors, data_5, unpacked):
    """Spin-orbit coupling of strength zero, and none, against both directions of a collinear run."""
    hamiltonian, _ = read_hamiltonian(unpacked(data_5 / "spin" / "polarized"))
    expected = sum(of_both_spins(Device.from_hamiltonian(hamiltonian, spin=spin)) for spin in (0, 1))
    for name in ("spin-orbit-zero", "non-collinear"):
        np.testing.assert_allclose(of_both_spins(spinors(name)[0]), expected, rtol=1e-5)
    with_coupling = of_both_spins(spinors("spin-orbit")[0])
    assert np.abs(with_coupling / expected - 1).max() > 0.01


def test_a_study_refuses_them(data_5, unpacked):
    with pytest.raises(EngineError, match="an electronic structure of a study is non-polarized"):
        electronic_structure_from_run(unpacked(data_5 / "spin" / "spin-orbit"))
