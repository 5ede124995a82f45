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
        for quantity in ("height", "foot", "top"):
            counts = one.histograms[f"jump_{quantity}_counts"]
            column = "decades" if quantity == "height" else "log10_g"
            total, width = float(counts.sum()), bin_width(one.histograms, f"jump_{quantity}_bin")
            scale = 1 / (total * width) if total else np.nan
            centres = counts[f"jump_{quantity}_bin"].to_numpy()
            of = {"quantity": quantity, "set": one.name, "simulated": one.is_simulated}
            bins = {
                column: centres,
                "traces": counts.to_numpy(),
                "share_per_decade": counts.to_numpy() * scale,
            }
            rows.append(pd.DataFrame({"row": "bin", **of, **bins}))
            if peaks_of(one, f"jump_{quantity}"):
                filled = centres[counts.to_numpy() > 0]
                along = np.linspace(filled[0] - 0.3, filled[-1] + 0.3, CURVE_POINTS)
                fit = _fitted_counts(one.summary.fits[f"jump_{quantity}"], along)
                rows.append(pd.DataFrame({"row": "fit", **of, column: along, "fit_per_decade": fit * scale}))
    return pd.concat(rows, ignore_index=True)


def jump_figure(table: pd.DataFrame) -> Figure:
    """Draw height, foot and top of the jumps."""
    figure = new_figure(3.0)
    panels = figure.subplots(1, 3)
    for axes, (quantity, title, label) in zip(
        panels,
        (("height", "height", "Decades"), ("foot", "level before", LOG10_G), ("top", "level after", LOG10_G)),
        strict=True,
    ):
        rows = table[table["quantity"] == quantity]
        column = "decades" if quantity == "height" else "log10_g"
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
        axes.set_xlabel(label)
    panels[0].set_ylabel("Share of jumps per decade")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2)
    return figure


def _fitted_counts(fit: FitRecord, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the counts per bin of recorded Gaussian peaks on their constant background, at `x`."""
    return sum(
        (peak.height * np.exp(-0.5 * ((x - peak.centre) / peak.sigma) ** 2) for peak in fit.peaks),
        start=np.full_like(x, fit.background),
    )


def jumps_table(entry: TraceResults) -> Table:
    """Return height and levels of the jumps, of the set and of its prediction."""
    names = {
        "jump_height": "height (decades)",
        "jump_foot": "log₁₀(G/G₀) before",
        "jump_top": "log₁₀(G/G₀) after",
        "cut_displacement": "displacement at the cut (nm)",
    }
    rows = []
    for one in entry.shown:
        for key, words in names.items():
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
        "Gaussian fits of the jumps. The last column is c of exp(−((x − b)/c)²), the width that papers often print.",
        ("traces", "of", "centre", "interval", "standard deviation", "c"),
        tuple(rows),
        2,
    )


KIND = JumpsSection()
