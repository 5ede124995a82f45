"""A window of an energy grid, usually the gap, and the share of it over which a statement holds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError


@dataclass(frozen=True)
class EnergyWindow:
    """The part of an energy grid between two energies.

    Every grid point represents the cell half-way to its neighbours, cut at the outermost points within, so that
    shares do not depend on the spacing of the grid.

    Attributes
    ----------
    low_ev, high_ev : float
        Ends of the window (eV relative to E_F).
    inside : (n,) bool array
        Grid points within the window, ends included.
    widths_ev : (n,) array
        Width of every point's cell (eV), zero outside.
    """

    low_ev: float
    high_ev: float
    inside: NDArray[np.bool_]
    widths_ev: NDArray[np.float64]

    @classmethod
    def of(cls, energies_ev: ArrayLike, window_ev: tuple[float, float] | None = None) -> "EnergyWindow":
        """Return the window of an ascending grid; the entire grid if `window_ev` is None.

        Raises
        ------
        InputError
            If the grid is empty or not ascending, or the window is empty or contains no point of the grid.
        """
        energies = np.asarray(energies_ev, dtype=float)
        if energies.ndim != 1 or len(energies) == 0 or not (np.diff(energies) > 0).all():
            raise InputError("the energies must be one ascending list without repeats")
        low, high = (float(energies[0]), float(energies[-1])) if window_ev is None else window_ev
        if not low <= high:
            raise InputError(f"the energy window runs from {low} to {high} eV; the lower end comes first")
        # An end of the window that equals a grid point up to rounding includes that point.
        slack = 1e-9 * max(1.0, abs(low), abs(high))
        inside = (energies >= low - slack) & (energies <= high + slack)
        if not inside.any():
            raise InputError(
                f"no energy of the grid ({energies[0]:g} to {energies[-1]:g} eV) lies in the window "
                f"{low:g} to {high:g} eV"
            )
        chosen = energies[inside]
        edges = np.concatenate([chosen[:1], (chosen[1:] + chosen[:-1]) / 2, chosen[-1:]])
        widths = np.zeros_like(energies)
        widths[inside] = np.diff(edges) if len(chosen) > 1 else 1.0
        return cls(low, high, inside, widths)

    def share(self, holds: ArrayLike) -> float:
        """Return the share of the window, 0 to 1, over which `holds` (one truth value per grid point) is true."""
        return float(self.widths_ev[np.asarray(holds, dtype=bool)].sum() / self.widths_ev.sum())

    def median(self, values: ArrayLike) -> float:
        """Return the median of `values`, (n,), over the grid points of the window."""
        return float(np.median(np.asarray(values)[self.inside]))

    def mean(self, values: ArrayLike) -> float:
        """Return the mean of `values`, (n,), over the window, each with the width of its cell."""
        return float(np.average(np.asarray(values)[self.inside], weights=self.widths_ev[self.inside]))
