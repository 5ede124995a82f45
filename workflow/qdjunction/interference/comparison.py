"""Comparison of a long and a short junction: which of them conducts better over the gap."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError
from qdjunction.interference.window import EnergyWindow


@dataclass(frozen=True)
class Comparison:
    """T(E) of a long junction compared with that of a short one.

    Attributes
    ----------
    log10_ratio : (n_e,) array
        log10 of T_long / T_short at every energy (decades).
    share_long_above : float
        Share of the window, 0 to 1, over which the long junction conducts better.
    median_log10_ratio : float
        Median of `log10_ratio` over the window (decades).
    window : EnergyWindow
        The gap.
    """

    log10_ratio: NDArray[np.float64]
    share_long_above: float
    median_log10_ratio: float
    window: EnergyWindow

    @property
    def sentence(self) -> str:
        """Return the comparison in words."""
        where = "above" if self.median_log10_ratio >= 0 else "below"
        return (
            f"Long conducts better than short over {self.share_long_above:.0%} of the window from "
            f"{self.window.low_ev:g} to {self.window.high_ev:g} eV; its median lies "
            f"{abs(self.median_log10_ratio):.2f} decades {where} short."
        )


def compare(
    energies_ev: ArrayLike,
    long: ArrayLike,
    short: ArrayLike,
    *,
    window_ev: tuple[float, float] | None = None,
) -> Comparison:
    """Compare two transmissions on the same energy grid.

    Parameters
    ----------
    energies_ev : (n_e,) array
        Ascending energies relative to E_F (eV).
    long, short : (n_e,) array
        T(E) of the junctions with the larger and with the smaller distance between the contacts.
    window_ev : (float, float), optional
        The gap (eV relative to E_F); the entire grid if not given.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        If the shapes differ, a transmission is not positive, or the window is outside the grid.
    """
    energies = np.asarray(energies_ev, dtype=float)
    window = EnergyWindow.of(energies, window_ev)
    logarithms = {}
    for name, values in (("long", long), ("short", short)):
        transmission = np.asarray(values, dtype=float)
        if transmission.shape != energies.shape:
            raise InputError(
                f"the {name} junction has {transmission.shape} transmissions for {energies.shape} energies"
            )
        wrong = ~(np.isfinite(transmission) & (transmission > 0))
        if wrong.any():
            raise InputError(
                f"the transmission of the {name} junction at {energies[wrong][0]:g} eV is "
                f"{transmission[wrong][0]}; it must be positive"
            )
        logarithms[name] = np.log10(transmission)
    ratio = logarithms["long"] - logarithms["short"]
    return Comparison(ratio, window.share(ratio > 0), window.median(ratio), window)
