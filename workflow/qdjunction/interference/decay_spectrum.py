"""Decay and jump at every energy, since E_F is the least certain quantity of a DFT junction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError
from qdjunction.interference.decay import DecayFit, Values, checked_series
from qdjunction.interference.jump import THRESHOLD_DECADES, JumpVerdict, find_jump
from qdjunction.interference.window import EnergyWindow


@dataclass(frozen=True)
class DecaySpectrum:
    """Decay and jump verdict of a series of contacts at every energy.

    Attributes
    ----------
    energies_ev : (n_e,) array
        Energies relative to E_F (eV), ascending.
    distances_ang : (n,) array
        Distances of the contacts (Ang); the last contact is judged.
    conductances_g0 : (n, n_e) array
        Conductance of each contact with E_F placed at each energy (G0); at zero temperature it is T(E).
    contacts : tuple of str
        Names of the contacts.
    verdict : JumpVerdict
        With (n_e,) arrays; its `fit` is the decay.
    window : EnergyWindow
        The gap, over which shares are taken.
    """

    energies_ev: NDArray[np.float64]
    distances_ang: NDArray[np.float64]
    conductances_g0: NDArray[np.float64]
    contacts: tuple[str, ...]
    verdict: JumpVerdict
    window: EnergyWindow

    def at(self, energy_ev: float) -> JumpVerdict:
        """Return the verdict, with its fit, at the grid point nearest to `energy_ev` (eV relative to E_F).

        Raises
        ------
        InputError
            If the energy is outside the grid.
        """
        return find_jump(
            self.distances_ang,
            self.conductances_g0[:, self._nearest(energy_ev)],
            contacts=self.contacts,
            threshold_decades=self.verdict.threshold_decades,
            confidence=self.verdict.fit.confidence,
        )

    def table(self) -> pd.DataFrame:
        """Return one row per energy: the fit, both criteria and the verdict.

        Columns `band` and `is_jump` are missing values if two contacts leave no band.
        """
        verdict = self.verdict

        def flags(values: bool | NDArray[np.bool_] | None) -> Any:
            n = len(self.energies_ev)
            return pd.array([pd.NA] * n if values is None else np.asarray(values).tolist(), dtype="boolean")

        return pd.DataFrame(
            {
                "energy_eV": self.energies_ev,
                "in_window": self.window.inside,
                **fit_columns(verdict.fit),
                "step_decades": verdict.step_decades,
                "above_trend_decades": verdict.above_trend_decades,
                "band_decades": verdict.band_decades,
                "band_confidence": verdict.band_confidence,
                "step": flags(verdict.step),
                "band": flags(verdict.band),
                "is_jump": flags(verdict.is_jump),
            }
        )

    def shares(self) -> dict[str, float]:
        """Return the share of the window, 0 to 1, over which each statement holds; nan if there is no band.

        ``decays``: beta > 0. ``above_trend``: the last contact lies above the fit. ``step`` and ``band``:
        the two criteria. ``is_jump``: both.
        """
        verdict = self.verdict
        statements = {
            "decays": np.asarray(verdict.fit.beta_per_ang) > 0,
            "above_trend": np.asarray(verdict.above_trend_decades) > 0,
            "step": verdict.step,
            "band": verdict.band,
            "is_jump": verdict.is_jump,
        }
        return {
            k: float("nan") if v is None else self.window.share(np.asarray(v)) for k, v in statements.items()
        }

    @property
    def sentence(self) -> str:
        """Return the shares in words."""
        shares = self.shares()
        text = (
            f"Between {self.window.low_ev:.2f} and {self.window.high_ev:.2f} eV the contacts before "
            f"{self.verdict.contact} decay over {shares['decays']:.0%} of the window; "
            f"{self.verdict.contact} steps up by at least {self.verdict.threshold_decades:g} decades over "
            f"{shares['step']:.0%}"
        )
        if self.verdict.band is None:
            return f"{text}; two contacts leave no prediction band."
        return (
            f"{text}, lies above the {self.verdict.fit.confidence:.0%} prediction band over "
            f"{shares['band']:.0%}, and does both over {shares['is_jump']:.0%}."
        )

    def _nearest(self, energy_ev: float) -> int:
        energies = self.energies_ev
        if not energies[0] <= energy_ev <= energies[-1]:
            raise InputError(
                f"energy {energy_ev:g} eV lies outside the grid of {energies[0]:g} to {energies[-1]:g} eV"
            )
        return int(np.abs(energies - energy_ev).argmin())


def fit_columns(fit: DecayFit) -> dict[str, Values]:
    """Return the columns of a table that hold the fits at m energies, each of shape (m,)."""
    low, high = fit.interval_per_ang
    return {
        "beta_per_ang": fit.beta_per_ang,
        "beta_low_per_ang": low,
        "beta_high_per_ang": high,
        "log10_contact_conductance_G0": fit.log10_contact_g,
        "r_squared": fit.r_squared,
    }


def decay_spectrum(
    energies_ev: ArrayLike,
    distances_ang: ArrayLike,
    conductances_g0: ArrayLike,
    *,
    window_ev: tuple[float, float] | None = None,
    contacts: Sequence[str] | None = None,
    threshold_decades: float = THRESHOLD_DECADES,
    confidence: float = 0.95,
) -> DecaySpectrum:
    """Fit the decay and judge the jump at every energy.

    Parameters
    ----------
    energies_ev : (n_e,) array
        Ascending energies relative to E_F (eV).
    distances_ang : (n,) array
        Distances of at least three contacts in the order of sliding (Ang); the last contact is judged.
    conductances_g0 : (n, n_e) array
        T(E), or the thermal conductance with E_F at each energy (G0), one row per contact.
    window_ev : (float, float), optional
        The gap (eV relative to E_F), over which shares are taken; the entire grid if not given.
    contacts, threshold_decades, confidence
        As in `find_jump`.

    Returns
    -------
    DecaySpectrum

    Raises
    ------
    InputError
        As in `find_jump`, and if shapes or the window do not match the energies.

    See Also
    --------
    find_jump : the verdict at one energy
    """
    energies = np.asarray(energies_ev, dtype=float)
    window = EnergyWindow.of(energies, window_ev)
    shape, expected = np.shape(conductances_g0), (len(np.atleast_1d(distances_ang)), len(energies))
    if shape != expected:
        raise InputError(
            f"the conductances have shape {shape}; {expected[0]} contacts at {expected[1]} energies need "
            f"{expected}"
        )
    distances, table, names = checked_series(distances_ang, conductances_g0, contacts, energies)
    verdict = find_jump(
        distances, table, contacts=names, threshold_decades=threshold_decades, confidence=confidence
    )
    return DecaySpectrum(energies, distances, table, tuple(names), verdict, window)
