"""Plateaus of traces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import AnalysisSection
from qdjunction.report.tables import MISSING, Table, interval, number, share
from qdjunction.report.trace_drawing import LOG10_G, edges
from qdjunction.traces.results import PlateauSummary

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from qdjunction.report.trace_data import TraceResults


class PlateausSection(AnalysisSection):
    """Lengths and displacements of the plateaus, and the displacement at the cut."""

    name = "trace_plateaus"
    order = 50
    figure_title = "Plateau lengths and displacements"

    def draw_set(self, entry: TraceResults) -> Drawing:
        """Draw the distributions with their recorded fits."""
        table = plateau_table(entry)
        return Drawing(plateau_figure(table), table)

    def tables(self, entry: TraceResults) -> Iterable[Table]:
        """Return the plateaus by level."""
        return [plateaus_table(entry)]


def plateau_table(entry: TraceResults) -> pd.DataFrame:
    """Return plateau lengths and displacements by level, and the displacement at the cut, for each set."""
    import pandas as pd

    rows = []
    for one in entry.shown:
        settings = one.summary.settings["histogram"]
        if (plateaus := one.table_of("plateaus")) is not None and len(plateaus):
            for order, (level, of_level) in enumerate(plateaus.groupby("level_log10_g", sort=False)):
                for quantity, column in (
                    ("length", "traces_by_length"),
                    ("displacement", "traces_by_displacement"),
                ):
                    part = _rebinned(of_level["bin_nm"], of_level[column], of_level["displacement_fit"], 5)
                    if quantity == "length":
                        part["fit_per_nm"] = np.nan
                    rows.append(
                        part.assign(
                            quantity=quantity,
                            set=one.name,
                            simulated=one.is_simulated,
                            order=order,
                            level_log10_g=level,
                        )
                    )
        counts = one.histograms["cut_displacement_counts"]
        fit = one.histograms.get("cut_displacement_fit")
        part = _rebinned(
            pd.Series(counts["cut_displacement_bin"]),
            pd.Series(counts.to_numpy()),
            pd.Series(np.nan if fit is None else fit.to_numpy(), index=range(counts.size)),
            5,
        )
        rows.append(
            part.assign(
                quantity="cut", set=one.name, simulated=one.is_simulated, order=0,
                level_log10_g=settings["cut_log10_g"],
            )
        )  # fmt: skip
    columns = [
        "quantity", "set", "simulated", "order", "level_log10_g", "nm", "traces", "share_per_nm", "fit_per_nm",
    ]  # fmt: skip
    return pd.concat(rows, ignore_index=True)[columns]


def plateau_figure(table: pd.DataFrame) -> Figure:
    """Draw plateau lengths, plateau displacements and the displacement at the cut."""
    figure = new_figure(3.2)
    panels = figure.subplots(1, 3)
    titles = {
        "length": "plateau length",
        "displacement": "plateau displacement",
        "cut": "displacement at the cut",
    }
    for axes, (quantity, title) in zip(panels, titles.items(), strict=True):
        for _, rows in table[table["quantity"] == quantity].groupby(["set", "order"], sort=False):
            order = int(rows["order"].iloc[0])
            simulated, level = bool(rows["simulated"].iloc[0]), rows["level_log10_g"].iloc[0]
            single = len(table["set"].unique()) == 1
            colour = style.PALETTE[order % len(style.PALETTE)] if quantity != "cut" else style.TREND
            dash = "--" if simulated and not single else "-"
            label = f"{level:.2f}, {'simulated' if simulated else 'measured'}".replace("-", "−")
            axes.stairs(rows["share_per_nm"], edges(rows["nm"]), color=colour, ls=dash, lw=1.2, label=label)
            if rows["fit_per_nm"].notna().any():
                axes.plot(rows["nm"], rows["fit_per_nm"], color=colour, lw=0.8, ls=":")
        drawn = table[(table["quantity"] == quantity) & (table["traces"] > 0)]
        if len(drawn):
            left = 0 if quantity == "length" else min(0.0, float(drawn["nm"].min()))
            axes.set_xlim(left, float(drawn["nm"].max()) * 1.05 + 0.05)
        axes.set_ylim(0, None)
        axes.set_title(title)
        axes.set_xlabel("nm")
    panels[0].set_ylabel("Share of traces (nm$^{-1}$)")
    handles, labels = panels[1].get_legend_handles_labels()
    if handles:
        figure.legend(
            handles,
            labels,
            loc="outside upper center",
            ncols=3,
            title="level of the plateau, " + LOG10_G,
            title_fontsize=8,
        )
    return figure


def _rebinned(centres: pd.Series, counts: pd.Series, fit: pd.Series, factor: int) -> pd.DataFrame:
    """Sum `factor` bins to one; shares are of all counts, per unit of the axis."""
    import pandas as pd

    def summed(values: pd.Series) -> NDArray[np.float64]:
        padded = np.pad(values.to_numpy(dtype=float), (0, -len(values) % factor))
        total: NDArray[np.float64] = padded.reshape(-1, factor).sum(axis=1)
        return total

    step = centres.iloc[1] - centres.iloc[0]
    traces, total = summed(counts), counts.sum()
    scale = 1 / (total * factor * step) if total else np.nan
    middles = centres.iloc[0] + step * (factor * np.arange(len(traces)) + (factor - 1) / 2)
    return pd.DataFrame(
        {"nm": middles, "traces": traces, "share_per_nm": traces * scale, "fit_per_nm": summed(fit) * scale}
    )


def plateaus_table(entry: TraceResults) -> Table:
    """Return the plateaus at the peaks, of the set and of its prediction."""
    rows, reasons = [], []
    for one in entry.shown:
        summary = one.summary_of(PlateauSummary)
        if summary is None:
            continue
        if summary.reason:
            reasons.append(f" {one.label}: {summary.reason}.")
        for plateau in summary.plateaus:
            fitted = next(iter(plateau.displacement.peaks), None)
            spacing = plateau.spacing_to_next_nm
            rows.append(
                (
                    one.label,
                    number(plateau.level_log10_g),
                    share(plateau.traces / summary.traces if summary.traces else None),
                    number(plateau.median_length_nm),
                    number(fitted.centre) if fitted else MISSING,
                    interval(fitted.centre_interval) if fitted else MISSING,
                    number(fitted.sigma) if fitted else MISSING,
                    number(spacing[0]) if spacing else MISSING,
                    interval(spacing[1:]) if spacing else MISSING,
                )
            )
    return Table(
        "Plateaus at the peaks. Displacement: centre and standard deviation of the Gaussian fit; spacing: distance to "
        "the plateau below." + "".join(reasons),
        (
            "traces", "log₁₀(G/G₀)", "traces with it", "median length (nm)", "displacement (nm)", "interval",
            "standard deviation (nm)", "spacing (nm)", "interval",
        ),
        tuple(rows),
    )  # fmt: skip


KIND = PlateausSection()
