"""Langevin dynamics: the canonical distribution, and the same numbers after a kill."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import molecule
from ase.calculators.calculator import Calculator, all_changes

from qdjunction.core.errors import EngineError, InputError
from qdjunction.engine.contract import EngineInfo
from qdjunction.engine.dynamics import CHECKPOINT, SEGMENT, propagate, read_motion, write_motion
from qdjunction.engine.thermostat import Thermostat
from qdjunction.engine.xtb.engine import XtbEngine

INFO = EngineInfo("spring", "spring", True)
STIFFNESS = 5.0


class Springs(Calculator):
    """Every atom on its own spring to where it started."""

    implemented_properties = ("energy", "forces")

    def __init__(self, rest):
        super().__init__()
        self.rest = rest

    def calculate(self, atoms=None, properties=("energy",), system_changes=tuple(all_changes)):
        super().calculate(atoms, properties, system_changes)
        shift = self.atoms.positions - self.rest
        self.results = {"energy": STIFFNESS / 2 * (shift**2).sum(), "forces": -STIFFNESS * shift}


@pytest.fixture(scope="module")
def springs(tmp_path_factory):
    atoms = Atoms("Br60", positions=10.0 * np.arange(180).reshape(60, 3))
    shifts, temperatures, motion = [], [], None
    folder = tmp_path_factory.mktemp("springs")
    thermostat = Thermostat(temperature_k=300, time_step_fs=4, friction_per_ps=20)
    for number in range(20):
        motion = propagate(
            atoms, thermostat, 60, 3, Springs(atoms.positions), INFO, folder / str(number), motion
        )
        shifts.append(motion.positions - atoms.positions)
        temperatures.append(motion.temperatures_k)
    return motion, shifts[4:], temperatures[4:]


def test_springs_have_the_energy_of_equipartition(springs):
    """<k x^2> = k_B T for every coordinate, and the kinetic temperature is that of the thermostat."""
    motion, shifts, temperatures = springs
    assert motion.step == 1200
    assert STIFFNESS * np.mean(np.square(shifts)) == pytest.approx(units.kB * 300, rel=0.08)
    assert np.mean(temperatures) == pytest.approx(300, rel=0.05)


def test_a_state_keeps_every_bit(springs, tmp_path):
    motion = springs[0]
    write_motion(motion, tmp_path / "state.npz")
    again = read_motion(tmp_path / "state.npz")
    assert again.rng == motion.rng
    for key in ("positions", "momenta", "forces"):
        assert np.array_equal(getattr(again, key), getattr(motion, key))


def test_a_hot_trajectory_is_refused(tmp_path):
    """A step of 4 fs on a spring of hydrogen with a period of 1 fs is unstable."""
    atoms = Atoms("H", positions=[[0, 0, 0]])

    class Stiff(Springs):
        def calculate(self, *arguments, **keys):
            super().calculate(*arguments, **keys)
            self.results = {key: 1000 * value for key, value in self.results.items()}

    with pytest.raises(EngineError, match=r"time step of 4 fs is too long; shorten time_step_fs"):
        propagate(atoms, Thermostat(time_step_fs=4), 50, 0, Stiff(atoms.positions), INFO, tmp_path)


def test_a_damaged_state_is_one_clear_error(tmp_path):
    (tmp_path / "state.npz").write_bytes(b"PK half a file")
    with pytest.raises(InputError, match=r"state.npz: no state of a trajectory"):
        read_motion(tmp_path / "state.npz")


WATER = """
import sys
from pathlib import Path
from ase.build import molecule
from qdjunction.engine.thermostat import Thermostat
from qdjunction.engine.xtb.engine import XtbEngine
XtbEngine(threads=1).dynamics(molecule("H2O"), Thermostat(), int(sys.argv[2]), 7, Path(sys.argv[1]))
"""


def test_a_killed_trajectory_goes_on_bit_by_bit(tmp_path):
    """Killed by SIGKILL in the middle and resumed, it ends in the same bits as one that nobody touched."""
    steps = 40 * SEGMENT
    process = subprocess.Popen([sys.executable, "-c", WATER, str(tmp_path / "killed"), str(steps)])
    checkpoint, deadline = tmp_path / "killed" / CHECKPOINT, time.monotonic() + 120
    while not checkpoint.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    left = read_motion(checkpoint).step
    assert 0 < left < steps
    engine, water = XtbEngine(threads=1), molecule("H2O")
    resumed = engine.dynamics(water, Thermostat(), steps, 7, tmp_path / "killed")
    whole = engine.dynamics(water, Thermostat(), steps, 7, tmp_path / "whole")
    assert resumed.step == whole.step == steps
    assert json.dumps(resumed.rng) == json.dumps(whole.rng)
    for key in ("positions", "momenta", "forces", "temperatures_k", "energies_ev"):
        assert getattr(resumed, key).tobytes() == getattr(whole, key).tobytes()
    assert (tmp_path / "killed" / CHECKPOINT).read_bytes() == (tmp_path / "whole" / CHECKPOINT).read_bytes()


def test_another_seed_is_another_trajectory_in_the_same_folder(tmp_path):
    atoms = Atoms("Br2", positions=[[0, 0, 0], [9, 0, 0]])
    one, other = (
        propagate(atoms, Thermostat(), 12, seed, Springs(atoms.positions), INFO, tmp_path) for seed in (1, 2)
    )
    assert not np.array_equal(one.positions, other.positions)
