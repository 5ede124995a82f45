"""Quasi-Newton steps on the model Hessian of the current geometry."""

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.constraints import FixAtoms
from ase.optimize.optimize import Optimizer
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from qdjunction.engine.model_hessian import model_hessian

MEMORY = 30
"""Number of latest steps whose change of the gradient corrects the model."""

_DAMPING = 0.2
"""Least share of the curvature of the Hessian that a correction leaves along its step, so that it stays positive."""

Array = NDArray[np.float64]


class ModelBFGS(Optimizer):
    """BFGS whose steps start from the model Hessian at the current geometry.

    The stiff directions of a molecule turn with it, while a Hessian that is estimated once keeps those of the start.
    Here `model_hessian` is made anew at each step, and the changes of the gradient over the latest `MEMORY` steps are
    added by BFGS updates, damped where the curvature is negative (J. Nocedal and S. J. Wright, Numerical Optimization,
    2nd ed. (2006), procedure 18.2). A step in which an atom would move by more than `maxstep_ang` is shortened as in a
    trust region: a constant is added to the Hessian, so that soft directions give way first.

    Parameters
    ----------
    atoms : ase.Atoms
        Structure with its calculator and constraints; atoms of `ase.constraints.FixAtoms` are left out of the steps.
    maxstep_ang : float
        Largest distance that an atom moves in a step (Ang).

    See Also
    --------
    qdjunction.engine.model_hessian.model_hessian : the estimate
    """

    def __init__(self, atoms: Atoms, maxstep_ang: float):
        self.maxstep_ang = maxstep_ang
        held = [constraint.index for constraint in atoms.constraints if isinstance(constraint, FixAtoms)]
        free = np.setdiff1d(np.arange(len(atoms)), np.concatenate(held) if held else [])
        self._free = (3 * free[:, None] + np.arange(3)).ravel()
        self._pairs: deque[tuple[Array, Array]] = deque(maxlen=MEMORY)
        self._before: tuple[Array, Array] | None = None
        super().__init__(atoms, logfile=None)

    def replay(self, frames: Sequence[Atoms]) -> None:
        """Learn from the steps of an earlier run; the last of the frames is where this one resumes."""
        for frame in frames[:-1]:
            self._learn(frame.positions, frame.get_forces())

    def step(self, gradient: Any = None) -> None:
        """Move the atoms by one step."""
        atoms = self.atoms
        forces = self._learn(atoms.positions, atoms.get_forces())
        hessian = model_hessian(atoms)[np.ix_(self._free, self._free)]
        for moved, changed in self._pairs:
            _update(hessian, moved, changed)
        step = np.zeros(3 * len(atoms))
        step[self._free] = restricted_step(hessian, forces, self.maxstep_ang)
        atoms.set_positions(atoms.positions + step.reshape(-1, 3))

    def _learn(self, positions: Array, forces: Array) -> Array:
        """Note the change of the gradient since the last geometry and return the forces on the free coordinates."""
        here = positions.ravel()[self._free], forces.ravel()[self._free]
        if self._before is not None:
            self._pairs.append((here[0] - self._before[0], self._before[1] - here[1]))
        self._before = here
        return here[1]


def restricted_step(hessian: Array, forces: Array, maxstep_ang: float) -> Array:
    """Return the Newton step with a positive Hessian, or the longest one in its trust region.

    Parameters
    ----------
    hessian : (3 n, 3 n) array
        Positive definite (eV/Ang^2).
    forces : (3 n,) array
        Forces (eV/Ang).
    maxstep_ang : float
        Largest distance that an atom moves (Ang).

    Returns
    -------
    (3 n,) array
        (H + s)^-1 F with the least s >= 0 with which no atom moves farther, to 1 % of that distance (Ang).
    """

    def shifted(shift: float) -> tuple[Array, float]:
        factor = cho_factor(hessian + shift * np.eye(len(hessian)), check_finite=False)
        step: Array = cho_solve(factor, forces, check_finite=False)
        return step, float(np.linalg.norm(step.reshape(-1, 3), axis=1).max()) / maxstep_ang

    step, length = shifted(0.0)
    below, above = 0.0, 1.0
    if length <= 1:
        return step
    while shifted(above)[1] > 1:
        below, above = above, 3 * above
    while not 0.99 <= length <= 1:
        middle = (below + above) / 2
        step, length = shifted(middle)
        below, above = (middle, above) if length > 1 else (below, middle)
    return step


def _update(hessian: Array, moved: Array, changed: Array) -> None:
    """Add to a Hessian in place what a step says of it; see `ModelBFGS`."""
    along = hessian @ moved
    modelled, measured = moved @ along, moved @ changed
    if measured < _DAMPING * modelled:
        share = (1 - _DAMPING) * modelled / (modelled - measured)
        changed = share * changed + (1 - share) * along
    hessian += np.outer(changed, changed) / (moved @ changed) - np.outer(along, along) / modelled
