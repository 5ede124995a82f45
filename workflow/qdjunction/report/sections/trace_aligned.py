"""Conductance around the jump of traces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qdjunction.report.drawing import Drawing
from qdjunction.report.sections.contract import TraceSection
from qdjunction.report.trace_drawing import picture_table, pictures

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from qdjunction.report.trace_data import TraceResults


class AlignedSection(TraceSection):
    """Two-dimensional histogram of conductance and displacement, counted from the jump."""

    name = "trace_aligned"
    order = 30
    figure_title = "Traces aligned at the jump"

    def draw_set(self, entry: TraceResults) -> Drawing:
        """Draw the histogram of a set and of its prediction."""
        table = picture_table(entry, "aligned")
        return Drawing(aligned_figure(table, entry), table)


def aligned_figure(table: pd.DataFrame, entry: TraceResults) -> Figure:
    """Draw conductance versus displacement around the jump, one panel per set."""
    limits = tuple(entry.summary.settings["histogram"]["aligned_log10_g_range"])
    return pictures(
        table,
        entry,
        "aligned",
        "decades",
        limits,
        "Displacement (nm)",
        "Decades above the foot",
    )


KIND = AlignedSection()
