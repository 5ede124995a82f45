"""Conductance versus displacement of traces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qdjunction.report.drawing import Drawing
from qdjunction.report.sections.contract import TraceSection
from qdjunction.report.trace_drawing import LOG10_G, picture_table, pictures

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from qdjunction.report.trace_data import TraceResults


class CloudSection(TraceSection):
    """Two-dimensional histogram of conductance and displacement."""

    name = "trace_cloud"
    order = 20
    figure_title = "Conductance against displacement"

    def draw_set(self, entry: TraceResults) -> Drawing:
        """Draw the histogram of a set and of its prediction."""
        table = picture_table(entry, "cloud")
        return Drawing(cloud_figure(table, entry), table)


def cloud_figure(table: pd.DataFrame, entry: TraceResults) -> Figure:
    """Draw conductance versus displacement, one panel per set."""
    settings = entry.summary.settings
    low, high = settings["jump"]["lower_log10_g"], settings["jump"]["upper_log10_g"]
    return pictures(
        table,
        entry,
        "cloud",
        "log10_g",
        (low, high),
        "Displacement (nm)",
        LOG10_G,
        table[table["row"] == "site"],
    )


KIND = CloudSection()
