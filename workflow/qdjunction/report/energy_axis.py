"""Energy axis shared by several figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qdjunction.report import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from qdjunction.interference.results import SeriesSummary

ENERGY = "$E - E_\\mathrm{F}$ (eV)"


@dataclass(frozen=True)
class Marks:
    """Energies marked on the energy axis (eV, relative to E_F)."""

    gap_ev: tuple[float, float] | None
    headline_ev: float

    @classmethod
    def of(cls, summary: SeriesSummary) -> Marks:
        """Return the marks of a series."""
        return cls(summary.gap_ev, summary.headline_energy_ev)


def energy_axis(axes: Axes, energies: pd.Series, marks: Marks, shade: bool = True) -> None:
    """Scale and label an axis of energies, with the gap, the headline energy and E_F marked."""
    low, high = float(energies.min()), float(energies.max())
    gap = marks.gap_ev or ()
    if shade and gap:
        axes.axvspan(*gap, color=style.GAP, lw=0, zorder=0, label="gap of the dot")
    else:
        for edge in gap:
            axes.axvline(edge, color="#8C8C8C", lw=0.8)
    axes.axvline(
        marks.headline_ev, color=style.HEADLINE, lw=1.0, ls="--", label="headline energy" if shade else None
    )
    axes.axvline(0, color="#8C8C8C", lw=0.8, ls=":")
    axes.set_xlim(low, high)
    axes.set_xlabel(ENERGY)
