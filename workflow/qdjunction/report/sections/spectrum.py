"""Decay and jump at every energy of the gap."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.energy_axis import Marks, energy_axis
from qdjunction.report.sections.contract import PlannedFigure, SeriesSection, of_series
from qdjunction.study import layout

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from qdjunction.report.data import StudyResults
    from qdjunction.study.table import Study


class SpectrumSection(SeriesSection):
    """Decay constant and jump versus energy."""

    name = "spectrum"
    order = 30
    figure_title = "Decay and jump across the gap"
    kinds = ("decay",)
    beside = True

    def files(self, study: Study) -> Iterable[str]:
        """Return the tables of the series."""
        return of_series(study, layout.SERIES_TABLE)

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw the decay and the jump of a series versus energy."""
        series = results.series(figure.dot, figure.left)
        threshold = results.study.config.interference.jump_decades
        drawn = spectrum_figure(series.spectrum, Marks.of(series.summary), threshold)
        return Drawing(drawn, series.spectrum.dropna(axis="columns", how="all"))


def spectrum_figure(table: pd.DataFrame, marks: Marks, threshold: float) -> Figure:
    """Draw decay and jump at every energy, with the regions where the verdict holds."""
    figure = new_figure(4.8)
    above, below = figure.subplots(2, 1, sharex=True)
    energies = table["energy_eV"].to_numpy()
    inside = table["in_window"].astype(bool).to_numpy()
    beta = table["beta_per_ang"].to_numpy(dtype=float)
    low, high = (table[f"beta_{end}_per_ang"].to_numpy(dtype=float) for end in ("low", "high"))
    if np.isfinite(low).any():
        above.fill_between(
            energies, low, high, fc="#BBD7E8", ec="#6F9CB8", lw=0.6, label="confidence interval"
        )
    above.plot(energies, beta, color=style.PALETTE[0], label="$\\beta$")
    above.axhline(0, color="black", lw=0.7)
    shown = beta[inside] if inside.any() else beta
    margin = 0.6 * max(np.ptp(shown), 0.2)
    above.set_ylim(min(shown.min() - margin, -0.1), shown.max() + margin)
    above.set_ylabel("Decay $\\beta$ (Å$^{-1}$)")

    step = table["step_decades"].to_numpy(dtype=float)
    trend = table["above_trend_decades"].to_numpy(dtype=float)
    _shade(below, energies, table["step"] & inside, style.STEP, f"step ≥ {threshold:g} decades")
    _shade(below, energies, table["is_jump"] & inside, style.JUMP, "and above the prediction band")
    below.plot(energies, trend, color=style.TREND, ls="--", label="last contact above the trend")
    below.plot(energies, step, color=style.PALETTE[3], label="last contact above the one before")
    below.axhline(threshold, color=style.PALETTE[3], lw=0.9, ls=":")
    below.axhline(0, color="black", lw=0.7)
    shown = np.concatenate([step[inside], trend[inside]]) if inside.any() else np.concatenate([step, trend])
    least, most = min(float(shown.min()), 0.0) - 0.2, max(float(shown.max()), threshold) + 0.1
    below.set_ylim(least, most)
    below.set_ylabel("Decades")
    for axes in (above, below):
        energy_axis(axes, table["energy_eV"], marks, shade=axes is above)
    above.set_xlabel("")
    style.legend_above(above, columns=4)
    style.legend_above(below, columns=2)
    return figure


def _shade(axes: Axes, energies: NDArray[np.float64], holds: pd.Series, colour: str, label: str) -> None:
    where = np.asarray(holds.fillna(False), dtype=bool)
    axes.fill_between(
        energies,
        0,
        1,
        where=where,
        transform=axes.get_xaxis_transform(),
        color=colour,
        lw=0,
        step="mid",
        label=label,
        zorder=0,
    )


KIND = SpectrumSection()
