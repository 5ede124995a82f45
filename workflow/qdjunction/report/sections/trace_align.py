"""Traces aligned by cross-correlation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import AnalysisSection
from qdjunction.report.tables import MISSING, Table, interval, number, share
from qdjunction.report.trace_drawing import LOG10_G, MEASURED
from qdjunction.traces.results import AlignSummary

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

    from qdjunction.report.trace_data import TraceResults

TITLES = {"before": "aligned at the break", "after": "by cross-correlation"}


class AlignSection(AnalysisSection):
    """Conductance against displacement before and after the alignment, and the shifts."""

    name = "trace_align"
    order = 25
    figure_title = "Traces aligned by cross-correlation"

    def draw_set(self, entry: TraceResults) -> Drawing:
        """Draw both histograms on one colour scale, and the distribution of the shifts."""
        import pandas as pd

        found, summary = entry.table_of("align"), entry.summary_of(AlignSummary)
        figure = new_figure(3.2)
        if summary is None or not summary.traces or found is None:
            axes = figure.add_subplot()
            axes.text(0.5, 0.5, "not aligned", transform=axes.transAxes, ha="center", color=style.TREND)
            return Drawing(figure, pd.DataFrame())
        bins = align_table(summary)
        panels = figure.subplots(1, 3, width_ratios=(1.2, 1.2, 1))
        most = float(bins["share_per_nm_decade"].quantile(0.995))
        for axes, when in zip(panels, TITLES, strict=False):
            image = _picture(axes, bins, summary, when, most)
            axes.set_title(TITLES[when])
            axes.set_xlabel("Displacement (nm)")
        panels[0].set_ylabel(LOG10_G)
        panels[1].sharey(panels[0])
        panels[1].tick_params(labelleft=False)
        figure.colorbar(
            image, ax=list(panels[:2]), location="top", shrink=0.6, extend="max",
            label="Share of displacement (nm$^{-1}$ decade$^{-1}$)",
        )  # fmt: skip
        limit = summary.largest_shift_nm
        counts, at = np.histogram(found["shift_nm"], bins=41, range=(-1.05 * limit, 1.05 * limit))
        panels[2].stairs(counts, at, fill=True, color=MEASURED, alpha=0.5)
        for end in (-limit, limit):
            panels[2].axvline(end, color=style.TREND, lw=0.8, ls=":")
        panels[2].set_xlabel("Shift (nm)")
        panels[2].set_ylabel("Traces")
        shifts = pd.DataFrame({"row": "shift", "shift_nm": (at[1:] + at[:-1]) / 2, "traces": counts})
        return Drawing(figure, pd.concat([bins, shifts], ignore_index=True))

    def tables(self, entry: TraceResults) -> Iterable[Table]:
        """Return the shifts, and how much sharper the histogram is than that of the control."""
        summary = entry.summary_of(AlignSummary)
        return [alignment_table(summary)] if summary else []


def align_table(summary: AlignSummary) -> pd.DataFrame:
    """Return the filled bins of both histograms, rows ``before`` and ``after``."""
    import pandas as pd

    rows = []
    for when in TITLES:
        counts = np.array(getattr(summary, when), dtype=np.int64)
        x, y = (_centres(ends, size) for ends, size in zip(_ranges(summary), counts.shape, strict=True))
        area = (x[1] - x[0]) * (y[1] - y[0])
        across, up = np.nonzero(counts)
        filled = counts[across, up]
        rows.append(
            pd.DataFrame(
                {
                    "row": when,
                    "displacement_nm": x[across],
                    "log10_g": y[up],
                    "steps": filled,
                    "share_per_nm_decade": filled / (counts.sum() * area),
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def alignment_table(summary: AlignSummary) -> Table:
    """Return shifts and gain with their control."""
    reason = f" None: {summary.reason}." if summary.reason else ""
    end = (
        "" if summary.converged or summary.reason else " The repetitions ended before the shifts had settled."
    )
    low, middle, high = summary.shift_quartiles_nm or (float("nan"),) * 3
    return Table(
        "Alignment by cross-correlation with the mean of all traces. Overlap: mean correlation with the mean, aligned "
        "compared with where the gold contact breaks. An alignment raises it for any set; the control, in which every "
        "step of displacement is exchanged among the traces, shows by how much without common shifts."
        f"{end}{reason}",
        ("traces", "median shift (nm)", "quartiles", "at the limit", "overlap", "of the control"),
        (
            (
                str(summary.traces),
                number(middle, 3),
                interval((low, high), 3),
                share(summary.at_limit / summary.traces if summary.traces else None),
                *(
                    f"× {number(gain)}" if summary.traces else MISSING
                    for gain in (summary.gain, summary.control_gain)
                ),
            ),
        ),
        0,
    )


def _ranges(summary: AlignSummary) -> tuple[tuple[float, float], tuple[float, float]]:
    assert summary.displacement_range_nm is not None
    assert summary.log10_g_range is not None
    return summary.displacement_range_nm, summary.log10_g_range


def _centres(ends: tuple[float, float], bins: int) -> NDArray[np.float64]:
    width = (ends[1] - ends[0]) / bins
    return np.asarray(ends[0] + width * (np.arange(bins, dtype=np.float64) + 0.5))


def _picture(axes: Axes, bins: pd.DataFrame, summary: AlignSummary, when: str, most: float) -> AxesImage:
    """Draw one of the histograms."""
    ranges = _ranges(summary)
    counts = np.array(getattr(summary, when), dtype=float)
    area = np.prod([(high - low) / size for (low, high), size in zip(ranges, counts.shape, strict=True)])
    shares = np.where(counts > 0, counts / (counts.sum() * area), np.nan)
    image = axes.imshow(
        shares.T, origin="lower", aspect="auto", interpolation="nearest", cmap="viridis", vmin=0, vmax=most,
        extent=(*ranges[0], *ranges[1]),
    )  # fmt: skip
    axes.set_xlim(
        float(bins["displacement_nm"].min()) - 0.05, float(bins["displacement_nm"].quantile(0.999)) + 0.05
    )
    return image


KIND = AlignSection()
