"""Plateaus of single traces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import AnalysisSection
from qdjunction.report.tables import Table, interval, number, share
from qdjunction.report.trace_drawing import LOG10_G, MEASURED
from qdjunction.traces.results import SegmentSummary

if TYPE_CHECKING:
    import pandas as pd

    from qdjunction.report.trace_data import TraceResults

BINS = {"log10_g": 48, "length_nm": 40}


class SegmentSection(AnalysisSection):
    """Number of plateaus of each trace, and their lengths by level."""

    name = "trace_segments"
    order = 55
    figure_title = "Plateaus of single traces"

    def draw_set(self, entry: TraceResults) -> Drawing:
        """Draw how many plateaus traces have, and the length of each plateau against its level."""
        import pandas as pd

        found, summary = entry.table_of("segments"), entry.summary_of(SegmentSummary)
        numbers = summary.numbers if summary else ()
        counted = pd.DataFrame({"row": "number", "plateaus_of_trace": range(len(numbers)), "traces": numbers})
        figure = new_figure(3.2)
        left, right = figure.subplots(1, 2, width_ratios=(1, 1.5))
        left.bar(counted["plateaus_of_trace"], counted["traces"], color=MEASURED, alpha=0.6)
        left.set_xlabel("Plateaus of a trace")
        left.set_ylabel("Traces")
        left.set_xticks(range(len(numbers)))
        right.set_xlabel(LOG10_G)
        right.set_ylabel("Length (nm)")
        bins = _bins(found) if found is not None and len(found) else None
        if bins is None:
            right.text(0.5, 0.5, "no plateaus", transform=right.transAxes, ha="center", color=style.TREND)
            return Drawing(figure, counted)
        grid = bins.pivot(index="length_nm", columns="log10_g", values="plateaus")
        x, y = (axis.to_numpy(dtype=float) for axis in (grid.columns, grid.index))
        dx, dy = (x[1] - x[0]) / 2, (y[1] - y[0]) / 2
        filled = grid.to_numpy(dtype=float)
        image = right.imshow(
            np.where(filled > 0, filled, np.nan), origin="lower", aspect="auto", interpolation="nearest",
            cmap="viridis", vmin=0, extent=(x[0] - dx, x[-1] + dx, y[0] - dy, y[-1] + dy),
        )  # fmt: skip
        figure.colorbar(image, ax=right, label="Plateaus")
        return Drawing(figure, pd.concat([counted, bins[bins["plateaus"] > 0]], ignore_index=True))

    def tables(self, entry: TraceResults) -> Iterable[Table]:
        """Return the quartiles of the first, second, ... plateaus."""
        summary = entry.summary_of(SegmentSummary)
        return [segments_table(summary)] if summary else []


def _bins(table: pd.DataFrame) -> pd.DataFrame:
    """Return the number of plateaus in bins of level and length, rows ``plateaus``."""
    import pandas as pd

    level, length = table["log10_g"].to_numpy(), table["length_nm"].to_numpy()
    # A few very long plateaus would leave no room for the others.
    longest = float(np.quantile(length, 0.999)) * 1.05
    counts, x, y = np.histogram2d(
        level, length, bins=(BINS["log10_g"], BINS["length_nm"]),
        range=((level.min() - 0.05, level.max() + 0.05), (0.0, longest)),
    )  # fmt: skip
    across, up = np.meshgrid((x[1:] + x[:-1]) / 2, (y[1:] + y[:-1]) / 2, indexing="ij")
    return pd.DataFrame(
        {
            "row": "plateaus",
            "log10_g": across.ravel(),
            "length_nm": up.ravel(),
            "plateaus": counts.ravel().astype(np.int64),
        }
    )


def segments_table(summary: SegmentSummary) -> Table:
    """Return median and quartiles of level, length and slope of the first, second, ... plateau of a trace."""
    reason = f" None: {summary.reason}." if summary.reason else ""
    rows = []
    for order, one in enumerate(summary.orders, start=1):
        cells = [str(order), share(one.traces / summary.traces)]
        for low, middle, high in (one.log10_g, one.length_nm, one.slope_decades_per_nm):
            cells += [number(middle), interval((low, high))]
        rows.append(tuple(cells))
    return Table(
        f"Plateaus of single traces, at least {summary.shortest_nm:g} nm long and no steeper than "
        f"{summary.steepest_decades_per_nm:g} decades/nm; steps from {summary.smallest_step_decades:g} decades on "
        "divide the shortest, and smaller ones longer plateaus. Medians with quartiles (25 to 75 %), counted from the "
        f"break of the gold contact.{reason}",
        (
            "plateau", "traces with it", "log₁₀(G/G₀)", "quartiles", "length (nm)", "quartiles", "slope (decades/nm)",
            "quartiles",
        ),
        tuple(rows),
        0,
    )  # fmt: skip


KIND = SegmentSection()
