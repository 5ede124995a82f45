"""Parts shared by the figures of traces: peaks, outlines, pictures, marks of computed conductances.

Histograms are normalised to one over all points below the last conductance quantum, so that sets of any size and
sampling can be compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qdjunction.report import style
from qdjunction.report.drawing import new_figure

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from qdjunction.report.trace_data import TraceResults
    from qdjunction.traces.results import PeakRecord

LOG10_G = "$\\log_{10}(G/G_0)$"
MEASURED, SIMULATED = style.PALETTE[0], style.PALETTE[3]
NEAR_DECADES = 0.25
"""Computed conductances that are no farther apart are labelled together."""
LARGEST_PICTURE = 240
"""Bins along an axis of a two-dimensional picture; finer histograms are summed to fewer bins for it."""
MOST_MARKS = 5000
"""Marks in a plot; more would make files that no viewer opens."""
PLATE = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.8}
"""Box behind a label."""


def peaks_of(entry: TraceResults, name: str) -> list[PeakRecord]:
    """Return the recorded peaks of a histogram of a set."""
    found = entry.summary.fits[name].peaks
    # An open interval, null in JSON, is drawn to infinity.
    return [
        peak.model_copy(update={"centre_interval": tuple(np.nan_to_num(peak.centre_interval, nan=np.inf))})
        for peak in found
    ]


def bin_width(dataset: xr.Dataset, dim: str) -> float:
    """Return the width of the bins of a histogram along `dim`."""
    return float(dataset[dim].attrs["bin_width"])


def bin_step(coordinate: xr.DataArray) -> float:
    """Return the distance of the points of an even coordinate."""
    return float(coordinate[1] - coordinate[0])


def coarse(counts: xr.DataArray) -> xr.DataArray:
    """Return the counts with bins summed until no axis has more than `LARGEST_PICTURE`.

    An incomplete last bin is padded with zeros.
    """
    factors = {dim: -(-size // LARGEST_PICTURE) for dim, size in counts.sizes.items()}
    padded = counts.astype(float)
    for dim, factor in factors.items():
        short = -counts.sizes[dim] % factor
        if short:
            step = bin_step(counts[dim])
            more = counts[dim].to_numpy()[-1] + step * np.arange(1, short + 1)
            padded = padded.reindex({dim: np.append(counts[dim].to_numpy(), more)}, fill_value=0.0)
    return padded.coarsen(factors).sum()


def edges(centres: pd.Series) -> NDArray[np.float64]:
    """Return the edges of even bins from their centres."""
    x = centres.to_numpy()
    half = (x[1] - x[0]) / 2
    return np.append(x - half, x[-1] + half)


def stairs(axes: Axes, x: pd.Series, y: pd.Series, colour: str, label: str, filled: bool) -> None:
    """Draw a histogram, filled or as an outline."""
    if filled:
        axes.stairs(y, edges(x), fill=True, color=colour, alpha=0.35, lw=0, label=label)
    else:
        axes.stairs(y, edges(x), color=colour, lw=1.1, label=label)


def thinned(table: pd.DataFrame, axes: Axes, what: str) -> pd.DataFrame:
    """Return at most `MOST_MARKS` rows of a table, evenly spaced, for a figure that has a mark for each.

    If rows are left out, the title of the plot says so.
    """
    if len(table) <= MOST_MARKS:
        return table
    axes.set_title(f"{MOST_MARKS} of {len(table)} {what}", fontsize=8)
    return table.iloc[np.linspace(0, len(table) - 1, MOST_MARKS).astype(int)]


def mark_sites(axes: Axes, sites: pd.DataFrame, along: str) -> None:
    """Mark computed conductances at the edge of the plot, along the axis `along`; near ones share a label."""
    if not len(sites):
        return  # an empty artist outside the clip upsets the layout
    transform = axes.get_xaxis_transform() if along == "x" else axes.get_yaxis_transform()
    text: dict[str, Any] = {
        "xycoords": transform,
        "textcoords": "offset points",
        "fontsize": 7,
        "color": SIMULATED,
        "bbox": PLATE,
    }
    ordered = sites.sort_values("log10_g")
    together = (ordered["log10_g"].diff() > NEAR_DECADES).cumsum()
    for _, group in ordered.groupby(together):
        level, names = float(group["log10_g"].mean()), ", ".join(group["site"])
        if along == "x":
            axes.annotate(names, (level, 0), (0, 8), rotation=90, ha="center", va="bottom", **text)
        else:
            axes.annotate(names, (1, level), (-7, 0), ha="right", va="center", **text)
    edge: dict[str, Any] = {
        "color": SIMULATED,
        "mec": "white",
        "mew": 0.6,
        "clip_on": False,
        "zorder": 5,
        "transform": transform,
    }
    if along == "x":
        axes.plot(ordered["log10_g"], np.zeros(len(ordered)), "^", ms=7, **edge)
    else:
        axes.plot(np.ones(len(ordered)), ordered["log10_g"], "<", ms=6, **edge)


def picture_table(entry: TraceResults, name: str) -> pd.DataFrame:
    """Return rows ``bin``: the filled bins of ``cloud`` or ``aligned``; ``site``: computed conductances."""
    import pandas as pd

    rows = []
    for one in entry.shown:
        counts = coarse(one.histograms[f"{name}_counts"])
        x, y = counts.dims
        area = bin_step(counts[x]) * bin_step(counts[y])
        # The gold contact before the break has most of the points and is of least interest.
        weight = counts.where(counts[x] > 0, 0) if name == "cloud" else counts
        total = float(weight.sum())
        frame = counts.to_dataframe(name="counts").reset_index()
        frame = frame[frame["counts"] > 0]
        rows.append(
            pd.DataFrame(
                {
                    "row": "bin",
                    "set": one.name,
                    "simulated": one.is_simulated,
                    "displacement_nm": frame[x],
                    "log10_g" if name == "cloud" else "decades": frame[y],
                    "counts": frame["counts"].astype(np.int64),
                    "share_per_nm_decade": frame["counts"] / (total * area) if total else np.nan,
                }
            )
        )
    if name == "cloud":
        rows += [
            pd.DataFrame({"row": "site", "site": site.name, "log10_g": [site.log10_g]})
            for site in entry.sites
        ]
    return pd.concat(rows, ignore_index=True)


def pictures(
    table: pd.DataFrame,
    entry: TraceResults,
    name: str,
    column: str,
    limits: tuple[float, float],
    x_label: str,
    y_label: str,
    sites: pd.DataFrame | None = None,
) -> Figure:
    """Draw a two-dimensional histogram of a set and of its prediction, one panel each."""
    sets = entry.shown
    figure = new_figure(3.6 if len(sets) == 1 else 3.4)
    panels = np.atleast_1d(figure.subplots(1, len(sets), sharex=True, sharey=True))
    most = _brightest(table, column)
    filled = table[table["row"] == "bin"]["displacement_nm"]
    for axes, one in zip(panels, sets, strict=True):
        rows = table[(table["row"] == "bin") & (table["set"] == one.name)]
        counts = coarse(one.histograms[f"{name}_counts"])
        x, y = (counts[dim].to_numpy() for dim in counts.dims)
        grid = np.full(counts.shape, np.nan)
        grid[np.searchsorted(x, rows["displacement_nm"] - 1e-9), np.searchsorted(y, rows[column] - 1e-9)] = (
            rows["share_per_nm_decade"]
        )
        dx, dy = bin_step(counts[counts.dims[0]]) / 2, bin_step(counts[counts.dims[1]]) / 2
        image = axes.imshow(
            grid.T, origin="lower", aspect="auto", interpolation="nearest", cmap="viridis", vmin=0, vmax=most,
            extent=(x[0] - dx, x[-1] + dx, y[0] - dy, y[-1] + dy),
        )  # fmt: skip
        axes.set_title(one.label)
        axes.set_ylim(*limits)
        if len(filled):
            names = 0.0 if sites is None or not len(sites) else 0.22 * (filled.max() - filled.min())
            axes.set_xlim(filled.min() - 3 * dx, filled.max() + 3 * dx + names)
        axes.set_xlabel(x_label)
        if not len(rows):
            axes.text(0.5, 0.5, "no traces", transform=axes.transAxes, ha="center", color=style.TREND)
        if sites is not None:
            mark_sites(axes, sites, "y")
    panels[0].set_ylabel(y_label)
    figure.colorbar(image, ax=list(panels), extend="max", label="Share of points (nm$^{-1}$ decade$^{-1}$)")
    return figure


def _brightest(table: pd.DataFrame, column: str) -> float:
    """Return the upper end of the colour scale, not set by the few fullest bins (gold, the noise floor)."""
    rows = table[table["row"] == "bin"]
    if column == "log10_g":
        rows = rows[(rows["displacement_nm"] > 0.02) & rows["log10_g"].between(-6.5, -0.5)]
    shares = rows["share_per_nm_decade"].dropna()
    return float(shares.quantile(0.99)) if len(shares) else 1.0
