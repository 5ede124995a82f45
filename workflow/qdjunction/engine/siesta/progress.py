"""Progress of SIESTA from its output, line by line while it is written.

sisl reads only finished output. Here a run is followed as it writes, and its SCF is judged if it fails.
"""

import logging
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

log = logging.getLogger(__name__)

# A large number leaves no space before the next; all but the count of iterations have six decimals.
_VALUE = re.compile(r"-?\d+(?:\.\d{6})?|\*+|NaN")


@dataclass
class Progress:
    """Progress of a run.

    Attributes
    ----------
    dm_tolerance, h_tolerance_ev : float
        Tolerances of the SCF, by which its residual is measured.
    forces : int
        Number of geometries with computed forces.
    iterations : int
        Number of SCF iterations over all geometries.
    energy_ev : float
        Last total energy (eV).
    fmax_ev_per_ang : float
        Largest force component on a free atom at the last geometry (eV/Ang).
    residuals : list of float
        Residual of each iteration of the current SCF cycle: the larger of dDmax and dHmax in units of their
        tolerances; the cycle ends when both are below 1.
    """

    dm_tolerance: float
    h_tolerance_ev: float
    forces: int = 0
    iterations: int = 0
    energy_ev: float = math.nan
    fmax_ev_per_ang: float = math.nan
    residuals: list[float] = field(default_factory=list)
    _columns: list[str] = field(default_factory=list)
    _level: int = logging.INFO

    def feed(self, line: str) -> None:
        """Process the next line of the output; log steps and SCF iterations."""
        words = line.split()
        if line.startswith("   scf:") and self._columns:
            self._iteration(_VALUE.findall(line))
        elif words[:1] == ["iscf"]:
            self._columns = words
        elif line.startswith("siesta: E_KS(eV) ="):
            self.energy_ev = _number(words[-1])
            self.residuals = []
        elif words[:1] == ["Max"] and words[-1] == "constrained":
            self.forces += 1
            self.fmax_ev_per_ang = _number(words[1])
            log.log(
                self._level,
                "step %d  energy %.4f eV  fmax %.3f eV/Ang",
                self.forces - 1,
                self.energy_ev,
                self.fmax_ev_per_ang,
            )

    def feed_all(self, lines: Iterable[str]) -> "Progress":
        """Process the lines of a finished output, logged at the level DEBUG only."""
        self._level = logging.DEBUG
        for line in lines:
            self.feed(line)
        return self

    def _iteration(self, words: list[str]) -> None:
        values = dict(zip(self._columns, map(_number, words), strict=False))
        dm, h = values.get("dDmax", math.nan), values.get("dHmax(eV)", math.nan)
        if values.get("iscf") == 1:
            self.residuals = []
        self.iterations += 1
        self.residuals.append(float(np.nanmax([dm / self.dm_tolerance, h / self.h_tolerance_ev])))
        log.log(
            self._level, "step %d  scf %d  dDmax %.2e  dHmax %.2e eV", self.forces, len(self.residuals), dm, h
        )


@dataclass(frozen=True)
class Trend:
    """How the residual of an unfinished SCF develops.

    Attributes
    ----------
    residual : float
        Last residual in units of the tolerance.
    slope : float
        Change per iteration (decades), fitted to the later half of the cycle; negative if it falls.
    remaining : float
        Iterations until it reaches the tolerance at this slope; infinite if it does not fall.
    """

    residual: float
    slope: float
    remaining: float


def trend(residuals: Iterable[float]) -> Trend:
    """Fit the decay of the residual: log10 r = a + slope * iteration, by least squares over the later half.

    The first residuals reflect the initial guess, not the mixing, and are left out.
    """
    history = np.asarray([value for value in residuals if np.isfinite(value) and value > 0])
    late = np.log10(history[len(history) // 2 :])
    if len(late) < 3:
        return Trend(float(history[-1]) if len(history) else math.nan, math.nan, math.inf)
    slope = float(np.polynomial.Polynomial.fit(np.arange(len(late)), late, 1).convert().coef[1])
    decades = max(float(late[-1]), 0.0)
    return Trend(float(history[-1]), slope, decades / -slope if slope < 0 else math.inf)


def _number(word: str) -> float:
    """Return a number; nan for the asterisks that Fortran prints on overflow."""
    try:
        return float(word)
    except ValueError:
        return math.nan
