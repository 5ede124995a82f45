"""Height and levels of the jumps of traces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import TraceSection
from qdjunction.report.tables import MISSING, Table, interval, number
from qdjunction.report.trace_drawing import LOG10_G, MEASURED, SIMULATED, bin_width, peaks_of, stairs

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from qdjunction.report.trace_data import TraceResults
    from qdjunction.traces.results import FitRecord


CURVE_POINTS = 400
"""Points at which a fitted curve is drawn."""


TITLES = {
    "height": "height, published rule",
    "foot": "foot, published rule",
    "top": "top, published rule",
    "plateau height": "height, of plateaus",
    "before": "plateau before",
    "after": "plateau after",
}
"""Quantities of the jumps with the titles of their panels."""

QUANTITIES = {
    "height": "jump_height",
    "foot": "jump_foot",
    "top": "jump_top",
    "plateau height": "plateau_height",
    "before": "plateau_before",
    "after": "plateau_after",
}
"""Their histograms."""


class JumpsSection(TraceSection):
    """Distributions of height, foot and top of the jumps."""

    name = "trace_jumps"
    order = 40
    figure_title = "Height and levels of the jumps"

    def draw_set(self, entry: TraceResults) -> Drawing:
        """Draw the distributions with their recorded fits."""
        table = jump_table(entry)
        return Drawing(jump_figure(table), table)

    def tables(self, entry: TraceResults) -> Iterable[Table]:
        """Return the fitted numbers."""
        return [jumps_table(entry)]


def jump_table(entry: TraceResults) -> pd.DataFrame:
    """Return rows ``bin``: distributions of height, foot and top of the jumps of each set; ``fit``: fitted peaks."""
    import pandas as pd

    rows = []
    for one in entry.shown:
        for quantity, name in QUANTITIES.items():
            if f"{name}_counts" not in one.histograms:
                continue  # results of an earlier version
            counts = one.histograms[f"{name}_counts"]
            column = _column(quantity)
            total, width = float(counts.sum()), bin_width(one.histograms, f"{name}_bin")
            scale = 1 / (total * width) if total else np.nan
            centres = counts[f"{name}_bin"].to_numpy()
            of = {"quantity": quantity, "set": one.name, "simulated": one.is_simulated}
            bins = {
                column: centres,
                "traces": counts.to_numpy(),
                "share_per_decade": counts.to_numpy() * scale,
            }
            rows.append(pd.DataFrame({"row": "bin", **of, **bins}))
            if peaks_of(one, name):
                filled = centres[counts.to_numpy() > 0]
                along = np.linspace(filled[0] - 0.3, filled[-1] + 0.3, CURVE_POINTS)
                fit = _fitted_counts(one.summary.fits[name], along)
                rows.append(pd.DataFrame({"row": "fit", **of, column: along, "fit_per_decade": fit * scale}))
    return pd.concat(rows, ignore_index=True)


def jump_figure(table: pd.DataFrame) -> Figure:
    """Draw height, foot and top of the jumps."""
    figure = new_figure(4.6)
    panels = figure.subplots(2, 3).ravel()
    for axes, (quantity, title) in zip(panels, TITLES.items(), strict=True):
        rows = table[table["quantity"] == quantity]
        column = _column(quantity)
        for index, (name, of_set) in enumerate(rows.groupby("set", sort=False)):
            simulated = bool(of_set["simulated"].iloc[0])
            colour = SIMULATED if simulated else MEASURED
            text = f"{name}, {'simulated' if simulated else 'measured'}"
            bins, fit = (of_set[of_set["row"] == row] for row in ("bin", "fit"))
            stairs(axes, bins[column], bins["share_per_decade"], colour, text, filled=index == 0)
            if len(fit):
                dash = "-" if index == 0 else ":"
                axes.plot(fit[column], fit["fit_per_decade"], color="black", lw=0.9, ls=dash)
        drawn = rows[rows["traces"] > 0][column]
        if len(drawn):
            axes.set_xlim(drawn.min() - 0.2, drawn.max() + 0.2)
        else:
            axes.text(0.5, 0.5, "no jumps", transform=axes.transAxes, ha="center", color=style.TREND)
        axes.set_ylim(0, None)
        axes.set_title(title)
        axes.set_xlabel("Decades" if column == "decades" else LOG10_G)
    for axes in panels[::3]:
        axes.set_ylabel("Share of jumps per decade")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2)
    return figure


def _column(quantity: str) -> str:
    return "decades" if quantity.endswith("height") else "log10_g"


def _fitted_counts(fit: FitRecord, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the counts per bin of recorded Gaussian peaks on their constant background, at `x`."""
    return sum(
        (peak.height * np.exp(-0.5 * ((x - peak.centre) / peak.sigma) ** 2) for peak in fit.peaks),
        start=np.full_like(x, fit.background),
    )


def jumps_table(entry: TraceResults) -> Table:
    """Return height and levels of the jumps, of the set and of its prediction."""
    names = {
        "plateau_height": "height of plateaus (decades)",
        "plateau_before": "log₁₀(G/G₀) of the plateau before",
        "plateau_after": "log₁₀(G/G₀) of the plateau after",
        "jump_height": "height, published rule (decades)",
        "jump_foot": "log₁₀(G/G₀) of the foot, published rule",
        "jump_top": "log₁₀(G/G₀) of the top, published rule",
        "cut_displacement": "displacement at the cut (nm)",
    }
    rows = []
    for one in entry.shown:
        for key, words in names.items():
            if key not in one.summary.fits:
                continue  # results of an earlier version
            fitted = next(iter(one.summary.fits[key].peaks), None)
            if fitted is None:
                rows.append((one.label, words, *[MISSING] * 4))
                continue
            rows.append(
                (
                    one.label,
                    words,
                    number(fitted.centre),
                    interval(fitted.centre_interval),
                    number(fitted.sigma),
                    number(np.sqrt(2) * fitted.sigma),
                )
            )
    return Table(
        "Gaussian fits of the jumps. The last column is c of exp(−((x − b)/c)²), the width that papers often print. "
        "The published foot is a point of the rise, so feet pile up at the upper limit of the rule "
        f"({number(entry.summary.settings['jump']['foot_upper_log10_g'])}), and the published height includes the "
        "extremes of the noise; the levels of the plateaus before and after have neither error.",
        ("traces", "of", "centre", "interval", "standard deviation", "c"),
        tuple(rows),
        2,
    )


KIND = JumpsSection()
