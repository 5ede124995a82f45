"""Steps on the model Hessian of the current geometry."""

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.constraints import FixAtoms
from ase.optimize import BFGS

from qdjunction.engine import quasi_newton
from qdjunction.engine.model_hessian import model_hessian
from qdjunction.engine.quasi_newton import ModelBFGS, restricted_step


class Quadratic(Calculator):
    """Energy 1/2 x^T H x about a geometry, without other terms."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012

    def __init__(self, positions, hessian):
        super().__init__()
        self.minimum, self.hessian = positions.copy(), hessian

    def calculate(self, atoms=None, properties=("energy",), system_changes=tuple(all_changes)):
        super().calculate(atoms, properties, system_changes)
        moved = (self.atoms.positions - self.minimum).ravel()
        self.results = {
            "energy": moved @ self.hessian @ moved / 2,
            "forces": -(self.hessian @ moved).reshape(-1, 3),
        }


class Dipole(Calculator):
    """A stiff bond whose direction a field turns: E = k/2 (d - d0)^2 - f x, x along the field."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012
    stiffness, length, field = 45.0, 0.62, 1.0

    def calculate(self, atoms=None, properties=("energy",), system_changes=tuple(all_changes)):
        super().calculate(atoms, properties, system_changes)
        bond = self.atoms.positions[1] - self.atoms.positions[0]
        distance = np.linalg.norm(bond)
        pull = -self.stiffness * (distance - self.length) * bond / distance
        field = np.array([self.field, 0.0, 0.0])
        self.results = {
            "energy": self.stiffness / 2 * (distance - self.length) ** 2 - self.field * bond[0],
            "forces": np.array([-pull - field, pull + field]),
        }


@pytest.fixture
def random():
    return np.random.default_rng(3)


def positive(random, size, least=0.5):
    matrix = random.normal(size=(size, size))
    return matrix @ matrix.T + least * np.eye(size)


def test_the_newton_step_is_taken_where_it_is_short(random):
    hessian, forces = positive(random, 9), 1e-3 * random.normal(size=9)
    np.testing.assert_allclose(restricted_step(hessian, forces, 0.2), np.linalg.solve(hessian, forces))


def test_a_long_step_is_the_lowest_of_its_length(random):
    """No other step that moves the farthest atom as far lowers the quadratic model more than by the shift's share."""
    hessian, forces = positive(random, 9), 10 * random.normal(size=9)
    step = restricted_step(hessian, forces, 0.2)
    assert 0.198 <= np.linalg.norm(step.reshape(-1, 3), axis=1).max() <= 0.2
    residual = forces - hessian @ step
    # F - H s is s times the shift: the condition of a minimum on a sphere about the start.
    shift = residual @ step / (step @ step)
    assert shift > 0
    np.testing.assert_allclose(residual, shift * step, atol=1e-8)


def test_a_bond_that_turns_stays_as_long_as_it_is():
    """The stiff direction at the start is soft in the end; steps of a Hessian from the start stretch the bond."""

    def relax(make):
        atoms = Atoms("H2", [[0, 0, 0], [-0.6, 0.156, 0]], calculator=Dipole())
        optimiser, lengths = make(atoms), []
        for _ in optimiser.irun(fmax=0.01, steps=100):
            lengths.append(atoms.get_distance(0, 1))
        return optimiser.nsteps, max(lengths)

    def estimated_once(atoms):
        optimiser = BFGS(atoms, logfile=None, maxstep=0.2)
        optimiser.H0 = model_hessian(atoms)
        return optimiser

    steps, longest = relax(lambda atoms: ModelBFGS(atoms, 0.2))
    others, longest_of_others = relax(estimated_once)
    assert steps < others
    assert longest < longest_of_others


def test_held_atoms_stay_and_the_others_take_the_step_that_this_allows(random):
    atoms = Atoms("H3", random.normal(size=(3, 3)))
    hessian = positive(random, 9)
    atoms.calc = Quadratic(atoms.positions + 1e-3 * random.normal(size=(3, 3)), hessian)
    atoms.set_constraint(FixAtoms([1]))
    before, forces = atoms.positions.copy(), atoms.get_forces()
    free = [0, 1, 2, 6, 7, 8]
    wanted = np.linalg.solve(model_hessian(atoms)[np.ix_(free, free)], forces.ravel()[free])
    ModelBFGS(atoms, 0.2).step()
    np.testing.assert_array_equal(atoms.positions[1], before[1])
    np.testing.assert_allclose((atoms.positions - before)[[0, 2]].ravel(), wanted)


def test_a_quadratic_energy_is_learned(random):
    atoms = Atoms("Cs4", 20 * np.eye(4, 3))
    atoms.calc = Quadratic(atoms.positions + 0.1 * random.normal(size=(4, 3)), positive(random, 12))
    optimiser = ModelBFGS(atoms, 0.2)
    optimiser.run(fmax=1e-6, steps=60)
    np.testing.assert_allclose(atoms.positions, atoms.calc.minimum, atol=1e-5)


@pytest.mark.parametrize("curvature", [-5.0, -0.1, 0.0, 0.1, 50.0])
def test_a_correction_leaves_the_hessian_positive(random, curvature):
    hessian, moved = positive(random, 6), random.normal(size=6)
    changed = curvature * moved + random.normal(size=6)
    quasi_newton._update(hessian, moved, changed)
    assert np.linalg.eigvalsh(hessian).min() > 0
    if curvature > 10:
        np.testing.assert_allclose(hessian @ moved, changed)


def test_replayed_frames_give_the_step_of_a_run_that_was_not_stopped(random):
    hessian = positive(random, 12)
    start, minimum = 3 * random.normal(size=(4, 3)), 3 * random.normal(size=(4, 3))

    def system(positions):
        atoms = Atoms("H4", positions)
        atoms.calc = Quadratic(minimum, hessian)
        return atoms

    whole, frames = system(start), []
    optimiser = ModelBFGS(whole, 0.2)
    for _ in optimiser.irun(fmax=1e-9, steps=6):
        frames.append(system(whole.positions))
    resumed = system(frames[-2].positions)
    again = ModelBFGS(resumed, 0.2)
    again.replay(frames[:-1])
    again.step()
    np.testing.assert_array_equal(resumed.positions, frames[-1].positions)
