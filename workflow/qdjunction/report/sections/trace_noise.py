"""Flicker noise of the plateaus against their conductance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import AnalysisSection
from qdjunction.report.tables import Table, interval, number
from qdjunction.report.trace_drawing import thinned
from qdjunction.traces.results import NoiseSummary

if TYPE_CHECKING:
    from qdjunction.report.trace_data import TraceResults


class NoiseSection(AnalysisSection):
    """Noise power of every plateau, and its exponent by level."""

    name = "trace_noise"
    order = 70
    figure_title = "Flicker noise of the plateaus"

    def draw_set(self, entry: TraceResults) -> Drawing:
        """Draw noise power against conductance, with the power law of each level."""
        import pandas as pd

        found, summary = entry.table_of("noise"), entry.summary_of(NoiseSummary)
        figure = new_figure(3.2)
        axes = figure.add_subplot()
        table = pd.DataFrame() if found is None else thinned(found, axes, "plateaus")
        for order, level in enumerate(summary.levels if summary else ()):
            rows = table[np.isclose(table["level_log10_g"], level.level_log10_g)] if len(table) else table
            if not len(rows):
                continue
            colour = style.PALETTE[order % len(style.PALETTE)]
            g, power = rows["mean_g0"].to_numpy(), rows["noise_power_g0_squared"].to_numpy()
            axes.loglog(
                g, power, ".", ms=3, color=colour, label=f"{level.level_log10_g:.2f}".replace("-", "−")
            )
            if np.isfinite(level.exponent[0]):
                ends = np.array([g.min(), g.max()])
                middle = np.exp(np.log(power).mean() - level.exponent[0] * np.log(g).mean())
                axes.loglog(ends, middle * ends ** level.exponent[0], color="black", lw=1.0)
        if not len(table):
            axes.text(0.5, 0.5, "no plateaus", transform=axes.transAxes, ha="center", color=style.TREND)
        else:
            style.legend_above(axes, 4)
        axes.set_xlabel("Mean conductance ($G_0$)")
        axes.set_ylabel("Noise power ($G_0^2$)")
        return Drawing(figure, table)

    def tables(self, entry: TraceResults) -> Iterable[Table]:
        """Return the exponents."""
        summary = entry.summary_of(NoiseSummary)
        return [noise_table(summary)] if summary else []


def noise_table(summary: NoiseSummary) -> Table:
    """Return the exponent of the noise power by level."""
    reason = f" None: {summary.reason}." if summary.reason else ""
    return Table(
        f"Noise power between {summary.per_nm[0]:g} and {summary.per_nm[1]:g} per nm, as G to the power n: 1 is "
        "expected through bonds, 2 through space, but also of any noise in proportion to G, and 0 of the amplifier. "
        f"Intervals {summary.confidence:.0%}.{reason}",
        ("log₁₀(G/G₀)", "plateaus", "n", "interval"),
        tuple(
            (
                number(level.level_log10_g),
                str(level.plateaus),
                number(level.exponent[0]),
                interval(level.exponent[1:]),
            )
            for level in summary.levels
        ),
        0,
    )


KIND = NoiseSection()
