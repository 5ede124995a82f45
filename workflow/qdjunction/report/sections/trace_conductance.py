"""Conductance histogram of traces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import TraceSection
from qdjunction.report.tables import Table, interval, number, row_tuples
from qdjunction.report.trace_drawing import (
    LOG10_G,
    MEASURED,
    PLATE,
    SIMULATED,
    bin_width,
    mark_sites,
    peaks_of,
    stairs,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from qdjunction.report.trace_data import TraceResults


LABEL_DECADES = 1.3
"""Width of the label of a peak; nearer ones are written on different lines."""

RESIDUAL_ERRORS = 8
"""Ends of the axis of the residual, in standard errors."""


class ConductanceSection(TraceSection):
    """One-dimensional histogram of the conductance, with its peaks."""

    name = "trace_conductance"
    order = 10
    figure_title = "Conductance histogram"

    def draw_set(self, entry: TraceResults) -> Drawing:
        """Draw the histograms with their peaks, intervals and the computed conductances."""
        table = conductance_table(entry)
        return Drawing(conductance_figure(table, entry.summary.settings), table)

    def tables(self, entry: TraceResults) -> Iterable[Table]:
        """Return the peaks and the computed conductances."""
        return filter(None, (peaks_table(entry), sites_table(entry)))


def conductance_table(entry: TraceResults) -> pd.DataFrame:
    """Return rows ``bin``: histogram of each set with its fit; ``peak``: its peaks; ``site``: computed conductances."""
    import pandas as pd

    zero = entry.summary.settings["histogram"]["zero_log10_g"]
    rows = []
    for one in entry.shown:
        counts, width = one.histograms["log10_g_counts"], bin_width(one.histograms, "log10_g_bin")
        centres = counts["log10_g_bin"].to_numpy()
        points = float(counts.to_numpy()[centres < zero].sum())
        scale = 1 / (points * width) if points else np.nan
        fit, residual = (one.histograms.get(f"log10_g_{name}") for name in ("fit", "residual"))
        rows.append(
            pd.DataFrame(
                {
                    "row": "bin",
                    "set": one.name,
                    "simulated": one.is_simulated,
                    "log10_g": centres,
                    "counts": counts.to_numpy(),
                    "share_per_decade": counts.to_numpy() * scale,
                    "fit_per_decade": np.nan if fit is None else fit.to_numpy() * scale,
                    "residual_errors": np.nan if residual is None else residual.to_numpy(),
                }
            )
        )
        for peak in peaks_of(one, "log10_g"):
            low, high = peak.centre_interval
            rows.append(
                pd.DataFrame(
                    {
                        "row": "peak",
                        "set": one.name,
                        "simulated": one.is_simulated,
                        "log10_g": [peak.centre],
                        "share_per_decade": peak.height * scale,
                        "low": low,
                        "high": high,
                        "sigma_decades": peak.sigma,
                    }
                )
            )
    rows += [
        pd.DataFrame({"row": "site", "site": site.name, "log10_g": [site.log10_g]}) for site in entry.sites
    ]
    return pd.concat(rows, ignore_index=True)


def conductance_figure(table: pd.DataFrame, settings: Mapping[str, Any]) -> Figure:
    """Draw conductance histograms with their peaks, intervals and the computed conductances."""
    figure = new_figure(4.4)
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
    bins, peaks, sites = (table[table["row"] == row] for row in ("bin", "peak", "site"))
    zero = settings["histogram"]["zero_log10_g"]
    low, high = settings["peaks"]["fit_range_log10_g"]
    for index, (name, rows) in enumerate(bins.groupby("set", sort=False)):
        simulated = bool(rows["simulated"].iloc[0])
        colour = SIMULATED if simulated else MEASURED
        label = f"{name}, {'simulated' if simulated else 'measured'}"
        stairs(axes, rows["log10_g"], rows["share_per_decade"], colour, label, filled=index == 0)
        inside = rows["log10_g"].between(low, high)
        if rows["fit_per_decade"].notna().any():
            axes.plot(
                rows["log10_g"][inside], rows["fit_per_decade"][inside], color="black", lw=1.0,
                ls="-" if index == 0 else ":", label="Gaussian peaks and background" if index == 0 else None,
            )  # fmt: skip
        below.plot(rows["log10_g"], rows["residual_errors"], color=colour, lw=1.0)
        for peak in row_tuples(peaks[peaks["set"] == name]):
            if np.isfinite([peak.low, peak.high]).all():
                axes.axvspan(peak.low, peak.high, color=colour, alpha=0.25, lw=0)
            axes.axvline(peak.log10_g, color=colour, lw=0.9)
    shown = bins[bins["log10_g"].between(low, min(high, zero))]["share_per_decade"]
    most = float(shown.max()) if shown.notna().any() and shown.max() > 0 else 1.0
    axes.set_ylim(0, 1.3 * most)
    axes.set_xlim(settings["jump"]["lower_log10_g"] - 0.1, 0.6)
    first = peaks[peaks["set"] == bins["set"].iloc[0]] if len(bins) else peaks
    line, last = 0, -np.inf
    for peak in row_tuples(first.sort_values("log10_g")):
        line = 1 - line if peak.log10_g - last < LABEL_DECADES else 0
        last = peak.log10_g
        half = (peak.high - peak.low) / 2
        spread = f" ± {half:.2f}" if np.isfinite(half) else ""
        axes.annotate(
            f"{peak.log10_g:.2f}{spread}".replace("-", "−"), (peak.log10_g, 1.3 * most), (0, -3 - 12 * line),
            textcoords="offset points", ha="center", va="top", fontsize=7.5, bbox=PLATE,
        )  # fmt: skip
    mark_sites(axes, sites, "x")
    below.axhline(0, color=style.TREND, lw=0.7)
    below.set_xlabel(LOG10_G)
    below.set_ylabel("Residual\n(std. errors)")
    below.set_ylim(-RESIDUAL_ERRORS, RESIDUAL_ERRORS)
    axes.set_ylabel("Share of points per decade")
    style.legend_above(axes, 2)
    return figure


def peaks_table(entry: TraceResults) -> Table:
    """Return the peaks of the conductance histogram, of the set and of its prediction."""
    rows = []
    for one in entry.shown:
        for peak in reversed(one.summary.fits["log10_g"].peaks):
            rows.append(
                (
                    one.label,
                    number(peak.centre),
                    interval(peak.centre_interval),
                    number(peak.sigma),
                    interval(peak.sigma_interval),
                )
            )
    reasons = [
        f" {one.label}: {reason}." for one in entry.shown if (reason := one.summary.fits["log10_g"].reason)
    ]
    left = [
        f" {one.label}: the fit leaves over "
        + ", ".join(f"{number(left.centre)} ({left.height_errors:.0f} standard errors)" for left in unfitted)
        + "."
        for one in entry.shown
        if (unfitted := one.summary.fits["log10_g"].unfitted)
    ]
    numbers = [
        f" {one.label}: the number of peaks, {len(fit.peaks)}, is chosen by how well the fit to all other traces "
        "predicts a group of traces (deviance above the least one, with its standard error): "
        + ", ".join(f"{of.above_least:.0f} ± {of.error:.0f} for {of.count}" for of in fit.numbers)
        + "."
        for one in entry.shown
        if (fit := one.summary.fits["log10_g"]).numbers
    ]
    return Table(
        f"Gaussian peaks of the conductance histogram, with {entry.summary.confidence:.0%} intervals."
        + "".join(reasons + left + numbers),
        ("traces", "log₁₀(G/G₀)", "interval", "standard deviation (decades)", "interval"),
        tuple(rows),
    )


def sites_table(entry: TraceResults) -> Table | None:
    """Return the computed conductances that are marked in the figures; None without any."""
    if not entry.sites:
        return None
    return Table(
        "Computed conductances of the contacts, marked in the figures.",
        ("contact", "distance (Å)", "log₁₀(G/G₀)"),
        tuple((site.name, number(site.distance_ang, 1), number(site.log10_g)) for site in entry.sites),
    )


KIND = ConductanceSection()
