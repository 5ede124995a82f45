"""Free energy of vibrations in its limits, and wave numbers of springs."""

import json

import numpy as np
import pytest
from ase import Atoms, units
from ase.calculators.morse import MorsePotential
from ase.thermochemistry import HarmonicThermo
from scipy import constants

from qdjunction.core.units import BOLTZMANN_EV_PER_K
from qdjunction.engine.contract import EngineInfo
from qdjunction.engine.vibrations import INERTIA_KG_M2, frequencies, quasi_rrho_ev

INFO = EngineInfo("morse", "Morse", True)


def test_without_rotors_it_is_the_harmonic_free_energy_of_ase():
    waves = np.array([12.0, 150.0, 900.0, 3100.0])
    energies = waves * units.invcm
    ase = HarmonicThermo(energies).get_helmholtz_energy(300.0, verbose=False)
    assert quasi_rrho_ev(waves, 300.0, rotor_per_cm=0.0) == pytest.approx(ase, abs=1e-6)


def test_stiff_modes_are_harmonic():
    waves = np.array([2000.0, 3000.0])
    assert quasi_rrho_ev(waves, 300.0) == pytest.approx(
        quasi_rrho_ev(waves, 300.0, rotor_per_cm=0.0), abs=1e-6
    )


def test_a_soft_mode_has_the_entropy_of_a_free_rotor():
    """A rotor of the average moment of inertia: S = k (1/2 + ln sqrt(8 pi^3 B kT / h^2)), and the energy kT."""
    kt = constants.k * 300.0
    entropy = 0.5 + 0.5 * np.log(8 * np.pi**3 * INERTIA_KG_M2 * kt / constants.h**2)
    expected = BOLTZMANN_EV_PER_K * 300.0 * (1 - entropy)
    assert quasi_rrho_ev(np.array([1e-5]), 300.0) == pytest.approx(expected, abs=1e-5)


def test_at_the_crossover_half_of_the_entropy_is_that_of_each():
    waves, t = np.array([100.0]), 300.0
    harmonic = quasi_rrho_ev(waves, t, rotor_per_cm=0.0)
    rotor = quasi_rrho_ev(waves, t, rotor_per_cm=1e9)
    assert quasi_rrho_ev(waves, t) == pytest.approx((harmonic + rotor) / 2, abs=1e-9)


def test_imaginary_modes_count_by_their_magnitude():
    assert quasi_rrho_ev(np.array([-30.0]), 300.0) == quasi_rrho_ev(np.array([30.0]), 300.0)


def pair():
    # The minimum of a Morse potential; its curvature is 2 epsilon (rho0 / r0)^2.
    return Atoms("N2", positions=[[0, 0, 0], [0, 0, 1.1]])


def morse():
    return MorsePotential(epsilon=5.0, r0=1.1, rho0=3.0, rcut1=20, rcut2=30)


def test_wave_numbers_are_those_of_the_spring(tmp_path):
    curvature = 2 * 5.0 * (3.0 / 1.1) ** 2
    reduced = pair().get_masses()[0] / 2
    for moving, mass in (([0, 1], reduced), ([0], 2 * reduced)):
        found = frequencies(pair(), moving, morse(), INFO, tmp_path / str(len(moving)))
        expected = (
            units._hbar * np.sqrt(curvature * units._e / 1e-20 / (mass * units._amu)) / units._e / units.invcm
        )
        assert len(found) == 3 * len(moving)
        assert found[-1] == pytest.approx(expected, rel=1e-3)
        assert np.abs(found[:-1]).max() < 20


def test_a_killed_run_resumes_and_another_geometry_starts_over(tmp_path):
    calls = []

    class Counted(MorsePotential):
        def calculate(self, *args, **keys):
            calls.append(1)
            super().calculate(*args, **keys)

    def counted():
        return Counted(epsilon=5.0, r0=1.1, rho0=3.0, rcut1=20, rcut2=30)

    first = frequencies(pair(), [0, 1], counted(), INFO, tmp_path)
    files = sorted((tmp_path / "displacements").iterdir())
    assert len(calls) == len(files) >= 12
    files[3].unlink()
    files[4].write_text("")
    calls.clear()
    np.testing.assert_array_equal(frequencies(pair(), [0, 1], counted(), INFO, tmp_path), first)
    assert len(calls) == 2
    calls.clear()
    longer = pair()
    longer.positions[1, 2] = 1.12
    assert frequencies(longer, [0, 1], counted(), INFO, tmp_path)[-1] != pytest.approx(first[-1], rel=1e-3)
    assert len(calls) == len(files)
    assert set(json.loads((tmp_path / "task.json").read_text())) == {"task"}
