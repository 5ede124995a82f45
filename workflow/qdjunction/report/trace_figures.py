"""The figures of break-junction traces: measured and simulated sets on the same axes.

Each function draws what its table holds, and the table is written beside the figure as its source data. Histograms are
normalised to one over all points below the last conductance quantum, so that sets of any size and sampling compare.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from qdjunction.engine.contract import EngineInfo
from qdjunction.report import style
from qdjunction.report.drawing import Drawing
from qdjunction.report.plan import PlannedFigure
from qdjunction.report.trace_data import AllTraces, TraceResults
from qdjunction.traces.simmons import SimmonsFit

LOG10_G = "$\\log_{10}(G/G_0)$"
MEASURED, SIMULATED = style.PALETTE[0], style.PALETTE[3]
NEAR_DECADES = 0.25
"""Computed conductances that are no farther apart are labelled together."""
LABEL_DECADES = 1.3
"""Width of the label of a peak; nearer ones are written on different lines."""
CURVE_POINTS = 400
"""Points at which a fitted curve is drawn."""
LARGEST_PICTURE = 240
"""Bins along an axis of a two-dimensional picture; finer histograms are summed to fewer bins for it."""


def draw_traces(traces: AllTraces, planned: PlannedFigure) -> Drawing:
    """Draw one planned figure of traces; call it within `style.figure_style`."""
    if planned.kind == "trace_bias":
        series = traces.series_named(planned.traces)
        table = bias_table(series)
        return Drawing(bias_figure(table, series), table)
    return draw_set(traces.set_named(planned.traces), planned.kind)


def draw_set(entry: TraceResults, kind: str) -> Drawing:
    """Draw one figure of a set with its prediction; call it within `style.figure_style`."""
    match kind:
        case "trace_conductance":
            table = conductance_table(entry)
            return Drawing(conductance_figure(table, entry.summary["settings"]), table)
        case "trace_cloud":
            table = picture_table(entry, "cloud")
            return Drawing(cloud_figure(table, entry), table)
        case "trace_aligned":
            table = picture_table(entry, "aligned")
            return Drawing(aligned_figure(table, entry), table)
        case "trace_plateaus":
            table = plateau_table(entry)
            return Drawing(plateau_figure(table), table)
        case "trace_jumps":
            table = jump_table(entry)
            return Drawing(jump_figure(table), table)
        case "trace_classes":
            table = class_table(entry)
            return Drawing(class_figure(table, entry), table)
    raise ValueError(f"there is no figure of traces of the kind {kind!r}")


def origin_of_traces(traces: AllTraces, planned: PlannedFigure) -> str:
    """What stands at the foot of a figure of traces."""
    if planned.kind == "trace_bias":
        return "measured traces"
    return origin(traces.set_named(planned.traces))


def origin(entry: TraceResults) -> str:
    """Measured or simulated, and from whose conductances."""
    notes = []
    for one in entry.shown:
        if not one.is_simulated:
            notes.append("measured traces")
        elif one.simulation is None:
            notes.append("simulated traces")
        else:
            method = EngineInfo(**one.simulation["engine"]).label
            notes.append(f"traces simulated from conductances of {method}")
    return "; ".join(dict.fromkeys(notes))


# One-dimensional conductance histogram


def conductance_table(entry: TraceResults) -> pd.DataFrame:
    """Rows ``bin``: the histogram of each set with its fit; ``peak``: its peaks; ``site``: computed conductances."""
    zero = entry.summary["settings"]["histogram"]["zero_log10_g"]
    rows = []
    for one in entry.shown:
        counts, width = one.histograms["log10_g_counts"], _width(one.histograms, "log10_g_bin")
        centres = counts["log10_g_bin"].to_numpy()
        points = float(counts.to_numpy()[centres < zero].sum())
        scale = 1 / (points * width) if points else np.nan
        fit = one.histograms.get("log10_g_fit")
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
                }
            )
        )
        for peak in _peaks(one, "log10_g"):
            low, high = peak["centre_interval"]
            rows.append(
                pd.DataFrame(
                    {
                        "row": "peak",
                        "set": one.name,
                        "simulated": one.is_simulated,
                        "log10_g": [peak["centre"]],
                        "share_per_decade": peak["height"] * scale,
                        "low": low,
                        "high": high,
                        "sigma_decades": peak["sigma"],
                    }
                )
            )
    rows += [
        pd.DataFrame({"row": "site", "site": site["name"], "log10_g": [site["log10_g"]]})
        for site in entry.sites
    ]
    return pd.concat(rows, ignore_index=True)


def conductance_figure(table: pd.DataFrame, settings: Mapping[str, Any]) -> Figure:
    """Conductance histograms with their peaks, intervals and the computed conductances."""
    figure = Figure(figsize=(style.WIDTH_IN, 3.7))
    axes = figure.add_subplot()
    bins, peaks, sites = (table[table["row"] == row] for row in ("bin", "peak", "site"))
    zero = settings["histogram"]["zero_log10_g"]
    low, high = settings["peaks"]["fit_range_log10_g"]
    for number, (name, rows) in enumerate(bins.groupby("set", sort=False)):
        simulated = bool(rows["simulated"].iloc[0])
        colour = SIMULATED if simulated else MEASURED
        label = f"{name}, {'simulated' if simulated else 'measured'}"
        _stairs(axes, rows["log10_g"], rows["share_per_decade"], colour, label, filled=number == 0)
        inside = rows["log10_g"].between(low, high)
        if rows["fit_per_decade"].notna().any():
            axes.plot(
                rows["log10_g"][inside], rows["fit_per_decade"][inside], color="black", lw=1.0,
                ls="-" if number == 0 else ":", label="Gaussian peaks and background" if number == 0 else None,
            )  # fmt: skip
        for peak in peaks[peaks["set"] == name].itertuples():
            if np.isfinite([peak.low, peak.high]).all():
                axes.axvspan(peak.low, peak.high, color=colour, alpha=0.25, lw=0)
            axes.axvline(peak.log10_g, color=colour, lw=0.9)
    shown = bins[bins["log10_g"].between(low, min(high, zero))]["share_per_decade"]
    most = float(shown.max()) if shown.notna().any() and shown.max() > 0 else 1.0
    axes.set_ylim(0, 1.3 * most)
    axes.set_xlim(settings["jump"]["lower_log10_g"] - 0.1, 0.6)
    first = peaks[peaks["set"] == bins["set"].iloc[0]] if len(bins) else peaks
    line, last = 0, -np.inf
    for peak in first.sort_values("log10_g").itertuples():
        line = 1 - line if peak.log10_g - last < LABEL_DECADES else 0
        last = peak.log10_g
        half = (peak.high - peak.low) / 2
        spread = f" ± {half:.2f}" if np.isfinite(half) else ""
        axes.annotate(
            f"{peak.log10_g:.2f}{spread}".replace("-", "−"), (peak.log10_g, 1.3 * most), (0, -3 - 12 * line),
            textcoords="offset points", ha="center", va="top", fontsize=7.5, bbox=_PLATE,
        )  # fmt: skip
    _mark_sites(axes, sites, "x")
    axes.set_xlabel(LOG10_G)
    axes.set_ylabel("Share of points per decade")
    style.legend_above(axes, 2)
    return figure


# Two-dimensional histograms


def picture_table(entry: TraceResults, name: str) -> pd.DataFrame:
    """Rows ``bin``: the filled bins of ``cloud`` or ``aligned``; ``site``: computed conductances."""
    rows = []
    for one in entry.shown:
        counts = _coarse(one.histograms[f"{name}_counts"])
        x, y = counts.dims
        area = _step(counts[x]) * _step(counts[y])
        # The gold contact before the break has most points and tells least.
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
            pd.DataFrame({"row": "site", "site": site["name"], "log10_g": [site["log10_g"]]})
            for site in entry.sites
        ]
    return pd.concat(rows, ignore_index=True)


def cloud_figure(table: pd.DataFrame, entry: TraceResults) -> Figure:
    """Conductance against displacement, one panel a set."""
    settings = entry.summary["settings"]
    low, high = settings["jump"]["lower_log10_g"], settings["jump"]["upper_log10_g"]
    return _pictures(
        table,
        entry,
        "cloud",
        "log10_g",
        (low, high),
        "Displacement (nm)",
        LOG10_G,
        table[table["row"] == "site"],
    )


def aligned_figure(table: pd.DataFrame, entry: TraceResults) -> Figure:
    """Conductance against displacement around the jump, one panel a set."""
    limits = tuple(entry.summary["settings"]["histogram"]["aligned_log10_g_range"])
    return _pictures(
        table,
        entry,
        "aligned",
        "decades",
        limits,
        "Displacement (nm)",
        "Decades above the foot",
    )


def _pictures(
    table: pd.DataFrame,
    entry: TraceResults,
    name: str,
    column: str,
    limits: tuple[float, float],
    x_label: str,
    y_label: str,
    sites: pd.DataFrame | None = None,
) -> Figure:
    sets = entry.shown
    figure = Figure(figsize=(style.WIDTH_IN, 3.6 if len(sets) == 1 else 3.4))
    panels = np.atleast_1d(figure.subplots(1, len(sets), sharex=True, sharey=True))
    image, most = None, _brightest(table, column)
    filled = table[table["row"] == "bin"]["displacement_nm"]
    for axes, one in zip(panels, sets, strict=True):
        rows = table[(table["row"] == "bin") & (table["set"] == one.name)]
        counts = _coarse(one.histograms[f"{name}_counts"])
        x, y = (counts[dim].to_numpy() for dim in counts.dims)
        grid = np.full(counts.shape, np.nan)
        grid[np.searchsorted(x, rows["displacement_nm"] - 1e-9), np.searchsorted(y, rows[column] - 1e-9)] = (
            rows["share_per_nm_decade"]
        )
        dx, dy = _step(counts[counts.dims[0]]) / 2, _step(counts[counts.dims[1]]) / 2
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
            _mark_sites(axes, sites, "y")
    panels[0].set_ylabel(y_label)
    figure.colorbar(image, ax=list(panels), extend="max", label="Share of points (nm$^{-1}$ decade$^{-1}$)")
    return figure


def _brightest(table: pd.DataFrame, column: str) -> float:
    """Upper end of the colour scale, which the few fullest bins (gold, the noise floor) do not set."""
    rows = table[table["row"] == "bin"]
    if column == "log10_g":
        rows = rows[(rows["displacement_nm"] > 0.02) & rows["log10_g"].between(-6.5, -0.5)]
    shares = rows["share_per_nm_decade"].dropna()
    return float(shares.quantile(0.99)) if len(shares) else 1.0


# Plateaus


def plateau_table(entry: TraceResults) -> pd.DataFrame:
    """Plateau lengths and displacements by level, and the displacement at the cut, for each set."""
    rows = []
    for one in entry.shown:
        settings = one.summary["settings"]["histogram"]
        if one.plateaus is not None and len(one.plateaus):
            for order, (level, of_level) in enumerate(one.plateaus.groupby("level_log10_g", sort=False)):
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
    """Plateau lengths, plateau displacements and the displacement at the cut."""
    figure = Figure(figsize=(style.WIDTH_IN, 3.2))
    panels = figure.subplots(1, 3)
    titles = {
        "length": "plateau length",
        "displacement": "plateau displacement",
        "cut": "displacement at the cut",
    }
    for axes, (quantity, title) in zip(panels, titles.items(), strict=True):
        for (_, order), rows in table[table["quantity"] == quantity].groupby(["set", "order"], sort=False):
            simulated, level = bool(rows["simulated"].iloc[0]), rows["level_log10_g"].iloc[0]
            alone = len(table["set"].unique()) == 1
            colour = style.PALETTE[int(order) % len(style.PALETTE)] if quantity != "cut" else style.TREND
            dash = "--" if simulated and not alone else "-"
            label = f"{level:.2f}, {'simulated' if simulated else 'measured'}".replace("-", "−")
            axes.stairs(rows["share_per_nm"], _edges(rows["nm"]), color=colour, ls=dash, lw=1.2, label=label)
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


# Jumps


def jump_table(entry: TraceResults) -> pd.DataFrame:
    """Rows ``bin``: distributions of height, foot and top of the jumps, for each set; ``fit``: their fitted peaks."""
    rows = []
    for one in entry.shown:
        for quantity in ("height", "foot", "top"):
            counts = one.histograms[f"jump_{quantity}_counts"]
            column = "decades" if quantity == "height" else "log10_g"
            total, width = float(counts.sum()), _width(one.histograms, f"jump_{quantity}_bin")
            scale = 1 / (total * width) if total else np.nan
            centres = counts[f"jump_{quantity}_bin"].to_numpy()
            of = {"quantity": quantity, "set": one.name, "simulated": one.is_simulated}
            bins = {
                column: centres,
                "traces": counts.to_numpy(),
                "share_per_decade": counts.to_numpy() * scale,
            }
            rows.append(pd.DataFrame({"row": "bin", **of, **bins}))
            if _peaks(one, f"jump_{quantity}"):
                filled = centres[counts.to_numpy() > 0]
                along = np.linspace(filled[0] - 0.3, filled[-1] + 0.3, CURVE_POINTS)
                fit = _fitted_counts(one.summary["fits"][f"jump_{quantity}"], along)
                rows.append(pd.DataFrame({"row": "fit", **of, column: along, "fit_per_decade": fit * scale}))
    return pd.concat(rows, ignore_index=True)


def jump_figure(table: pd.DataFrame) -> Figure:
    """Height, foot and top of the jumps."""
    figure = Figure(figsize=(style.WIDTH_IN, 3.0))
    panels = figure.subplots(1, 3)
    for axes, (quantity, title, label) in zip(
        panels,
        (("height", "height", "Decades"), ("foot", "level before", LOG10_G), ("top", "level after", LOG10_G)),
        strict=True,
    ):
        rows = table[table["quantity"] == quantity]
        column = "decades" if quantity == "height" else "log10_g"
        for number, (name, of_set) in enumerate(rows.groupby("set", sort=False)):
            simulated = bool(of_set["simulated"].iloc[0])
            colour = SIMULATED if simulated else MEASURED
            text = f"{name}, {'simulated' if simulated else 'measured'}"
            bins, fit = (of_set[of_set["row"] == row] for row in ("bin", "fit"))
            _stairs(axes, bins[column], bins["share_per_decade"], colour, text, filled=number == 0)
            if len(fit):
                dash = "-" if number == 0 else ":"
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


# Classes


def class_table(entry: TraceResults) -> pd.DataFrame:
    """Rows ``profile``: mean share of a trace's points by class and bin; ``stability``: by number of classes."""
    classes = entry.classes or {}
    rows = [pd.DataFrame({"row": [], "class": []})]
    profiles = np.array(classes.get("profiles", []), dtype=float)
    if profiles.size:
        x = _centres(classes["displacement_range_nm"], profiles.shape[1])
        y = _centres(classes["log10_g_range"], profiles.shape[2])
        across, up = np.meshgrid(x, y, indexing="ij")
        for number, (profile, size) in enumerate(zip(profiles, classes["sizes"], strict=True), start=1):
            rows.append(
                pd.DataFrame(
                    {
                        "row": "profile",
                        "class": number,
                        "traces": size,
                        "displacement_nm": across.ravel(),
                        "log10_g": up.ravel(),
                        "share": profile.ravel(),
                    }
                )
            )
    stability = pd.DataFrame(classes.get("stability", []))
    if len(stability):
        rows.append(stability.rename(columns={"classes": "number_of_classes"}).assign(row="stability"))
    return pd.concat(rows, ignore_index=True)


def class_figure(table: pd.DataFrame, entry: TraceResults) -> Figure:
    """Mean trace of every class, and how stable the classes are."""
    profiles, stability = (table[table["row"] == row] for row in ("profile", "stability"))
    figure = Figure(figsize=(style.WIDTH_IN, 4.4))
    if not len(profiles):
        figure.text(0.5, 0.5, "no classes", ha="center", color=style.TREND)
        return figure
    above, below = figure.subfigures(2, 1, height_ratios=(1.15, 1))
    numbers = [int(number) for number in profiles["class"].unique()]
    panels = np.atleast_1d(above.subplots(1, len(numbers), sharex=True, sharey=True))
    most = float(profiles["share"].quantile(0.995))
    total = sum(profiles.groupby("class")["traces"].first())
    for axes, number in zip(panels, numbers, strict=True):
        rows = profiles[profiles["class"] == number]
        grid = rows.pivot(index="log10_g", columns="displacement_nm", values="share")
        dx, dy = np.diff(grid.columns)[0] / 2 if grid.shape[1] > 1 else 0.5, np.diff(grid.index)[0] / 2
        axes.imshow(
            grid.to_numpy(), origin="lower", aspect="auto", interpolation="nearest", cmap="viridis", vmin=0, vmax=most,
            extent=(grid.columns[0] - dx, grid.columns[-1] + dx, grid.index[0] - dy, grid.index[-1] + dy),
        )  # fmt: skip
        size = int(rows["traces"].iloc[0])
        axes.set_title(f"class {number}\n{size} ({size / total:.0%})", fontsize=8)
        axes.set_xlabel("nm")
    panels[0].set_ylabel(LOG10_G)
    axes = below.subplots()
    x = stability["number_of_classes"]
    axes.fill_between(
        x,
        stability["agreement_min"],
        stability["agreement_mean"],
        color=style.BAND,
        label="least of the pairs",
    )
    axes.plot(
        x,
        stability["agreement_mean"],
        "o-",
        color=MEASURED,
        label="agreement of subsamples (adjusted Rand index)",
    )
    axes.plot(x, stability["silhouette"], "s--", color=style.PALETTE[2], label="silhouette")
    axes.axvline(len(numbers), color=style.TREND, lw=0.9, ls=":", label="chosen")
    axes.set_ylim(
        min(0.0, float(stability["agreement_min"].min()), float(stability["silhouette"].min())) - 0.05, 1.05
    )
    axes.set_xticks(x)
    axes.set_xlabel("Number of classes")
    style.legend_above(axes, 2)
    return figure


# Bias series


def bias_table(series: Mapping[str, Any]) -> pd.DataFrame:
    """Rows ``point``: a set at its bias; ``fit``: the Simmons model."""
    points = pd.DataFrame(
        [
            {
                "row": "point",
                "set": point["set"],
                "bias_v": point["bias_v"],
                "log10_g": point["log10_g"],
                "low": point["log10_g_interval"][0],
                "high": point["log10_g_interval"][1],
            }
            for point in series["points"]
        ],
        columns=["row", "set", "bias_v", "log10_g", "low", "high"],
    )
    if series["fit"] is None:
        return points
    # An interval without an upper end is null in JSON.
    values = series["fit"] | {"barrier_interval_ev": (0.0, np.inf)}
    bias = np.linspace(points["bias_v"].min(), points["bias_v"].max(), 80)
    curve = pd.DataFrame({"row": "fit", "bias_v": bias, "log10_g": SimmonsFit(**values).log10_g(bias)})
    return pd.concat([points, curve], ignore_index=True)


def bias_figure(table: pd.DataFrame, series: Mapping[str, Any]) -> Figure:
    """A peak against the bias, with the Simmons model and a constant."""
    figure = Figure(figsize=(style.WIDTH_IN, 3.2))
    axes = figure.add_subplot()
    points, curve = (table[table["row"] == row] for row in ("point", "fit"))
    if len(points):
        spread = np.abs(
            points[["low", "high"]].to_numpy(dtype=float).T - points["log10_g"].to_numpy(dtype=float)
        )
        axes.errorbar(
            1e3 * points["bias_v"],
            points["log10_g"],
            np.nan_to_num(spread, nan=0.0),
            fmt="o",
            capsize=3,
            color=MEASURED,
            label=f"peak with {series['confidence']:.0%} interval",
        )
    if len(curve):
        axes.axhline(points["log10_g"].mean(), color=style.TREND, ls=":", label="no dependence on the bias")
        label = f"Simmons model, barrier {series['fit']['barrier_ev']:.2g} eV"
        axes.plot(1e3 * curve["bias_v"], curve["log10_g"], color=SIMULATED, label=label)
    axes.set_xlabel("Bias (mV)")
    axes.set_ylabel(LOG10_G)
    style.legend_above(axes, 3)
    return figure


# Shared pieces

_PLATE = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.8}


def _peaks(entry: TraceResults, name: str) -> Sequence[Mapping[str, Any]]:
    peaks = entry.summary["fits"][name].get("peaks", [])
    # An interval without an end is null in JSON.
    return [
        peak | {"centre_interval": [np.inf if end is None else end for end in peak["centre_interval"]]}
        for peak in peaks
    ]


def _fitted_counts(fit: Mapping[str, Any], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the counts per bin of recorded Gaussian peaks on their constant background, at `x`."""
    return sum(
        (
            peak["height"] * np.exp(-0.5 * ((x - peak["centre"]) / peak["sigma"]) ** 2)
            for peak in fit["peaks"]
        ),
        start=np.full_like(x, fit["background"]),
    )


def _width(dataset: xr.Dataset, dim: str) -> float:
    return float(dataset[dim].attrs["bin_width"])


def _step(coordinate: xr.DataArray) -> float:
    return float(coordinate[1] - coordinate[0])


def _coarse(counts: xr.DataArray) -> xr.DataArray:
    """Sum bins until no axis has more than `LARGEST_PICTURE`; a ragged last bin is filled up with zeros."""
    factors = {dim: -(-size // LARGEST_PICTURE) for dim, size in counts.sizes.items()}
    padded = counts.astype(float)
    for dim, factor in factors.items():
        short = -counts.sizes[dim] % factor
        if short:
            step = _step(counts[dim])
            more = counts[dim].to_numpy()[-1] + step * np.arange(1, short + 1)
            padded = padded.reindex({dim: np.append(counts[dim].to_numpy(), more)}, fill_value=0.0)
    return padded.coarsen(factors).sum()


def _rebinned(centres: pd.Series, counts: pd.Series, fit: pd.Series, factor: int) -> pd.DataFrame:
    """Sum `factor` bins to one; shares are of all counts, per unit of the axis."""

    def summed(values: pd.Series) -> NDArray[np.float64]:
        padded = np.pad(values.to_numpy(dtype=float), (0, -len(values) % factor))
        return padded.reshape(-1, factor).sum(axis=1)

    step = centres.iloc[1] - centres.iloc[0]
    traces, total = summed(counts), counts.sum()
    scale = 1 / (total * factor * step) if total else np.nan
    middles = centres.iloc[0] + step * (factor * np.arange(len(traces)) + (factor - 1) / 2)
    return pd.DataFrame(
        {"nm": middles, "traces": traces, "share_per_nm": traces * scale, "fit_per_nm": summed(fit) * scale}
    )


def _centres(ends: Sequence[float], bins: int) -> NDArray[np.float64]:
    edges = np.linspace(*ends, bins + 1)
    return (edges[1:] + edges[:-1]) / 2


def _edges(centres: pd.Series) -> NDArray[np.float64]:
    x = centres.to_numpy()
    half = (x[1] - x[0]) / 2
    return np.append(x - half, x[-1] + half)


def _stairs(axes: Axes, x: pd.Series, y: pd.Series, colour: str, label: str, filled: bool) -> None:
    if filled:
        axes.stairs(y, _edges(x), fill=True, color=colour, alpha=0.35, lw=0, label=label)
    else:
        axes.stairs(y, _edges(x), color=colour, lw=1.1, label=label)


def _mark_sites(axes: Axes, sites: pd.DataFrame, along: str) -> None:
    """Mark computed conductances at the edge of the plot, along the axis `along`; near ones share a label."""
    transform = axes.get_xaxis_transform() if along == "x" else axes.get_yaxis_transform()
    text = {
        "xycoords": transform,
        "textcoords": "offset points",
        "fontsize": 7,
        "color": SIMULATED,
        "bbox": _PLATE,
    }
    ordered = sites.sort_values("log10_g")
    together = (ordered["log10_g"].diff() > NEAR_DECADES).cumsum()
    for _, group in ordered.groupby(together):
        level, names = float(group["log10_g"].mean()), ", ".join(group["site"])
        if along == "x":
            axes.annotate(names, (level, 0), (0, 8), rotation=90, ha="center", va="bottom", **text)
        else:
            axes.annotate(names, (1, level), (-7, 0), ha="right", va="center", **text)
    edge = {
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
