"""Two-dimensional correlation histogram."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import AnalysisSection
from qdjunction.report.tables import Table, number
from qdjunction.report.trace_drawing import LOG10_G
from qdjunction.traces.results import CorrelationSummary

if TYPE_CHECKING:
    from qdjunction.report.trace_data import TraceResults

LARGEST = 0.5
"""End of the colour scale."""


class CorrelationSection(AnalysisSection):
    """Correlation of the counts in pairs of bins."""

    name = "trace_correlate"
    order = 80
    figure_title = "Correlation histogram"

    def draw_set(self, entry: TraceResults) -> Drawing:
        """Draw the correlation coefficients."""
        import pandas as pd

        found = entry.table_of("correlate")
        table = pd.DataFrame() if found is None else found
        figure = new_figure(4.6)
        axes = figure.add_subplot()
        if not len(table):
            axes.text(0.5, 0.5, "too few traces", transform=axes.transAxes, ha="center", color=style.TREND)
            return Drawing(figure, table)
        grid = table.pivot(index="other_log10_g", columns="log10_g", values="correlation")
        x = grid.columns.to_numpy(dtype=float)
        half = (x[1] - x[0]) / 2
        extent = (x[0] - half, x[-1] + half, x[0] - half, x[-1] + half)
        # White is the coefficient 0, which bins that no trace counts in do not have.
        axes.set_facecolor("#DDDDDD")
        image = axes.imshow(
            grid.to_numpy(), origin="lower", cmap="RdBu_r", vmin=-LARGEST, vmax=LARGEST, extent=extent,
            interpolation="nearest",
        )  # fmt: skip
        axes.set_xlabel(LOG10_G)
        axes.set_ylabel(LOG10_G)
        figure.colorbar(image, ax=axes, extend="both", label="Correlation coefficient")
        return Drawing(figure, table)

    def tables(self, entry: TraceResults) -> Iterable[Table]:
        """Return the number of traces and the coefficient that chance explains."""
        summary = entry.summary_of(CorrelationSummary)
        if summary is None:
            return []
        reason = f" None: {summary.reason}." if summary.reason else ""
        of = f"size that coefficients of independent counts exceed in {1 - summary.confidence:.0%} of pairs"
        return [
            Table(
                f"Correlation of the counts of single traces.{reason}",
                ("complete traces", of),
                ((str(summary.traces), number(summary.chance, 3)),),
                0,
            )
        ]


KIND = CorrelationSection()
