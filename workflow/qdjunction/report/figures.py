"""The figures of the report: tables in, matplotlib figures out.

Each function draws what its table holds, and the table is written beside the figure as its source data.
"""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from ase import Atoms
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import EllipseCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.patheffects import Normal, Stroke
from numpy.typing import NDArray

from qdjunction.report import style
from qdjunction.report.data import DotResults, JunctionResults, SeriesResults, StudyResults
from qdjunction.report.drawing import Drawing
from qdjunction.report.plan import PlannedFigure
from qdjunction.report.projection import project
from qdjunction.report.trace_figures import draw_traces, origin_of_traces

ENERGY = "$E - E_\\mathrm{F}$ (eV)"
DENSITY_DECADES = 6.0
"""Decades of the local density of states that its pictures resolve."""


@dataclass(frozen=True)
class Marks:
    """Energies marked in figures over energy (eV, relative to E_F)."""

    gap_ev: tuple[float, float]
    headline_ev: float

    @classmethod
    def of(cls, summary: Mapping[str, Any]) -> "Marks":
        """Take them from a series' summary."""
        return cls(tuple(summary["gap_ev"]), summary["headline_energy_ev"])


def draw(results: StudyResults, planned: PlannedFigure) -> Drawing:
    """Draw one planned figure of a study, with the model, method or experiment it comes from at its foot.

    Where a failure has left out what it shows, the figure says so.
    """
    if not results.shows(planned):
        return _not_available(results, planned)
    drawing = _draw(results, planned)
    if planned.kind == "chain":
        origin = "tight-binding model"
    elif planned.traces:
        origin = origin_of_traces(results.traces, planned)
    else:
        origin = results.dot(planned.dot).engine.label
    with style.figure_style():
        drawing.figure.supxlabel(origin, x=0.99, ha="right", fontsize=6.5, color="#777777")
    return drawing


def _not_available(results: StudyResults, planned: PlannedFigure) -> Drawing:
    of = (planned.traces, planned.dot)
    reasons = [str(one) for one in results.failures if one.case.partition("/")[0] in of]
    text = textwrap.fill(
        f"{planned.title} of {planned.traces or planned.dot}: not available. {' '.join(reasons)}", 80
    )
    with style.figure_style():
        figure = Figure(figsize=(style.WIDTH_IN, 0.4 + 0.16 * (text.count("\n") + 1)))
        figure.text(0.02, 0.5, text, va="center", parse_math=False)
    return Drawing(figure, pd.DataFrame({"not_available_because": reasons}))


def _draw(results: StudyResults, planned: PlannedFigure) -> Drawing:
    with style.figure_style():
        if planned.kind == "chain":
            threshold = results.study.config.interference.jump_decades
            return Drawing(chain_figure(results.chain, results.chain_summary, threshold), results.chain)
        if planned.traces:
            return draw_traces(results.traces, planned)
        dot, series = results.dot(planned.dot), results.series(planned.dot, planned.left)
        marks, colours = (
            Marks.of(series.summary),
            style.junction_colours([j.case.name for j in dot.junctions]),
        )
        settings = results.study.config.interference
        match planned.kind:
            case "transmission":
                table = transmission_table(series)
                return Drawing(transmission_figure(table, marks, colours), table)
            case "decay":
                table = decay_table(series)
                return Drawing(decay_figure(table, series.summary["at_headline"], colours), table)
            case "spectrum":
                table = series.spectrum.dropna(axis="columns", how="all")
                return Drawing(spectrum_figure(series.spectrum, marks, settings.jump_decades), table)
            case "comparison":
                table = series.spectrum[["left", "energy_eV", "in_window", "log10_ratio"]]
                short, long = series.summary["junctions"]
                return Drawing(comparison_figure(table, marks, short, long), table)
            case "orbitals":
                table = orbital_table(series)
                return Drawing(orbital_figure(table), table)
            case "density":
                junction = next(j for j in series.junctions if j.case.name == planned.junction)
                table = density_table(junction)
                return Drawing(density_figure(table, density_scale(dot), junction), table)
    raise ValueError(f"there is no figure of the kind {planned.kind!r}")


# Transmission


def transmission_table(series: SeriesResults) -> pd.DataFrame:
    """Return one row a junction and energy: T, and the thermal conductance with E_F put there where it is known."""
    table = pd.concat(
        pd.DataFrame(
            {
                "junction": junction.case.name,
                "contact_distance_ang": distance,
                "energy_eV": junction.transmission.energies_ev,
                "transmission": junction.transmission.transmission,
            }
        )
        for junction, distance in zip(series.junctions, series.summary["distances_ang"], strict=True)
    ).reset_index(drop=True)
    table["conductance_G0"] = np.nan
    for name, thermal in series.conductance.groupby("junction"):
        rows = table["junction"] == name
        table.loc[rows, "conductance_G0"] = np.interp(
            table.loc[rows, "energy_eV"],
            thermal["fermi_eV"],
            thermal["conductance_G0"],
            left=np.nan,
            right=np.nan,
        )
    return table


def transmission_figure(table: pd.DataFrame, marks: Marks, colours: Mapping[str, str]) -> Figure:
    """Draw T(E) of a series as computed (pale) and as the thermal conductance averages it (strong)."""
    figure = Figure(figsize=(style.WIDTH_IN, 3.7))
    axes = figure.add_subplot()
    dashes = style.junction_dashes(list(colours))
    for name, rows in table.groupby("junction", sort=False):
        label = f"{name}  ({rows['contact_distance_ang'].iloc[0]:.1f} Å)"
        colour = colours[name]
        axes.plot(rows["energy_eV"], rows["transmission"], color=colour, lw=0.5, alpha=0.3)
        axes.plot(rows["energy_eV"], rows["conductance_G0"], color=colour, ls=dashes[name], label=label)
    axes.set_yscale("log")
    axes.set_ylabel("$T(E)$ (pale), thermal $G/G_0$ (strong)")
    _energy_axis(axes, table["energy_eV"], marks)
    style.legend_above(axes, columns=3)
    return figure


# Decay and jump


def decay_table(series: SeriesResults) -> pd.DataFrame:
    """Return the contacts at the headline energy and the fit with its prediction band, as the series recorded them."""
    summary = series.summary
    trend = summary.get("trend_at_headline") or _trend_without_band(summary)
    contacts = len(summary["junctions"])
    distances = np.array(trend["distance_ang"])
    table = pd.DataFrame({"row": ["contact"] * contacts + ["curve"] * (len(distances) - contacts)})
    table["junction"] = pd.Series(summary["junctions"])
    table["distance_ang"] = distances
    table["conductance_G0"] = pd.Series(summary["conductance_at_headline_G0"])
    for column, key in (
        ("fit_G0", "log10_conductance_G0"),
        ("band_low_G0", "log10_low_G0"),
        ("band_high_G0", "log10_high_G0"),
    ):
        # A band that two contacts do not have is null in JSON.
        table[column] = 10 ** np.array(trend[key], dtype=float)
    return table


def _trend_without_band(summary: Mapping[str, Any]) -> dict[str, list[float]]:
    """Return the trend of a series recorded without it: the line of its fit, and the band at the last contact alone."""
    verdict, distances = summary["at_headline"], np.array(summary["distances_ang"])
    ends = distances[[0, -1]] + np.array([-0.06, 0.23]) * np.ptp(distances)
    at = np.concatenate([distances, [ends[0], distances[-2], ends[1]]])
    line = verdict["log10_contact_conductance_G0"] - verdict["beta_per_ang"] * at / np.log(10)
    half_width = np.full(len(at), np.nan)
    half_width[len(distances) - 1] = verdict["band_decades"]
    return {
        "distance_ang": at.tolist(),
        "log10_conductance_G0": line.tolist(),
        "log10_low_G0": (line - half_width).tolist(),
        "log10_high_G0": (line + half_width).tolist(),
    }


def decay_figure(table: pd.DataFrame, verdict: Mapping[str, Any], colours: Mapping[str, str]) -> Figure:
    """Draw G against distance: the fit without the last contact, its prediction band and the jump.

    Parameters
    ----------
    table : pandas.DataFrame
        As `decay_table` returns it.
    verdict : mapping
        ``at_headline`` of the series.
    colours : mapping
        Colour of each junction.
    """
    contacts, curve = (table[table["row"] == row] for row in ("contact", "curve"))
    distances, conductances = contacts["distance_ang"].to_numpy(), contacts["conductance_G0"].to_numpy()
    names = list(contacts["junction"])
    figure = Figure(figsize=(style.WIDTH_IN, 3.7))
    axes = figure.add_subplot()
    if verdict["band"] is not None:
        label = f"{verdict['confidence']:.0%} prediction band: ±{verdict['band_decades']:.1f} decades at {names[-1]}"
        low, high = curve["band_low_G0"], curve["band_high_G0"]
        if low.notna().any():
            axes.fill_between(
                curve["distance_ang"], low, high, fc=style.BAND, ec="#9DB8CC", lw=0.6, label=label
            )
        else:
            ends = contacts.iloc[-1][["band_low_G0", "band_high_G0"]]
            axes.vlines(distances[-1], *ends, color=style.BAND, lw=9, zorder=0, label=label)
    inside = curve["distance_ang"] <= distances[-2]
    label = f"fit to {names[0]} … {names[-2]}: $\\beta$ = {verdict['beta_per_ang']:.2f} Å$^{{-1}}$"
    axes.plot(curve["distance_ang"][inside], curve["fit_G0"][inside], color=style.TREND, label=label)
    inside &= curve["distance_ang"] < distances[-2]
    axes.plot(curve["distance_ang"][~inside], curve["fit_G0"][~inside], color=style.TREND, ls="--")
    for name, distance, value in zip(names, distances, conductances, strict=True):
        axes.plot(distance, value, "o", ms=8, color=colours[name], mec="white", mew=0.8, zorder=3)
        axes.annotate(
            name, (distance, value), (7, 5), textcoords="offset points", color=colours[name], weight="bold"
        )
    trend = float(contacts["fit_G0"].iloc[-1])
    arrow = {"arrowstyle": "-|>", "color": style.HEADLINE, "lw": 1.6, "shrinkA": 0, "shrinkB": 6}
    axes.annotate("", (distances[-1], conductances[-1]), (distances[-1], trend), arrowprops=arrow)
    span = float(np.ptp(distances))
    axes.annotate(
        f"{verdict['above_trend_decades']:+.2f} decades\nfrom the trend",
        (distances[-1], trend**0.25 * conductances[-1] ** 0.75),
        (-6, 0), textcoords="offset points", ha="right", va="center", color=style.HEADLINE, fontsize=8,
    )  # fmt: skip
    axes.hlines(
        conductances[-2], distances[-2], distances[-1] + 0.1 * span, color=colours[names[-2]], ls=":", lw=1
    )
    right = distances[-1] + 0.1 * span
    axes.annotate(
        "", (right, conductances[-1]), (right, conductances[-2]),
        arrowprops={"arrowstyle": "|-|", "mutation_scale": 3, "color": colours[names[-1]], "shrinkA": 0, "shrinkB": 0},
    )  # fmt: skip
    axes.annotate(
        f"step\n{verdict['step_decades']:+.2f}", (right, np.sqrt(conductances[-1] * conductances[-2])),
        (5, 0), textcoords="offset points", va="center", color=colours[names[-1]], fontsize=8,
    )  # fmt: skip
    axes.set_yscale("log")
    axes.set_xlim(curve["distance_ang"].iloc[0], curve["distance_ang"].iloc[-1])
    _limit_decades(axes, np.concatenate([conductances, contacts["fit_G0"]]), 0.6, 1.0)
    axes.set_xlabel("Distance of the contact halides (Å)")
    axes.set_ylabel("Conductance $G$ ($G_0$)")
    axes.legend(loc="lower left")
    return figure


def spectrum_figure(table: pd.DataFrame, marks: Marks, threshold: float) -> Figure:
    """Decay and jump at every energy, with the regions where the verdict holds."""
    figure = Figure(figsize=(style.WIDTH_IN, 4.8))
    above, below = figure.subplots(2, 1, sharex=True)
    energies = table["energy_eV"].to_numpy()
    inside = table["in_window"].astype(bool).to_numpy()
    beta = table["beta_per_ang"].to_numpy(dtype=float)
    low, high = (table[f"beta_{end}_per_ang"].to_numpy(dtype=float) for end in ("low", "high"))
    if np.isfinite(low).any():
        above.fill_between(
            energies, low, high, fc="#BBD7E8", ec="#6F9CB8", lw=0.6, label="confidence interval"
        )
    above.plot(energies, beta, color=style.PALETTE[0], label="$\\beta$")
    above.axhline(0, color="black", lw=0.7)
    shown = beta[inside] if inside.any() else beta
    margin = 0.6 * max(np.ptp(shown), 0.2)
    above.set_ylim(min(shown.min() - margin, -0.1), shown.max() + margin)
    above.set_ylabel("Decay $\\beta$ (Å$^{-1}$)")

    step = table["step_decades"].to_numpy(dtype=float)
    trend = table["above_trend_decades"].to_numpy(dtype=float)
    _shade(below, energies, table["step"] & inside, style.STEP, f"step ≥ {threshold:g} decades")
    _shade(below, energies, table["is_jump"] & inside, style.JUMP, "and above the prediction band")
    below.plot(energies, trend, color=style.TREND, ls="--", label="last contact above the trend")
    below.plot(energies, step, color=style.PALETTE[3], label="last contact above the one before")
    below.axhline(threshold, color=style.PALETTE[3], lw=0.9, ls=":")
    below.axhline(0, color="black", lw=0.7)
    shown = np.concatenate([step[inside], trend[inside]]) if inside.any() else np.concatenate([step, trend])
    least, most = min(float(shown.min()), 0.0) - 0.2, max(float(shown.max()), threshold) + 0.1
    below.set_ylim(least, most)
    below.set_ylabel("Decades")
    for axes in (above, below):
        _energy_axis(axes, table["energy_eV"], marks, shade=axes is above)
    above.set_xlabel("")
    style.legend_above(above, columns=4)
    style.legend_above(below, columns=2)
    return figure


def comparison_figure(table: pd.DataFrame, marks: Marks, short: str, long: str) -> Figure:
    """How much better the long junction conducts than the short one, at every energy."""
    figure = Figure(figsize=(style.WIDTH_IN, 2.9))
    axes = figure.add_subplot()
    energies, ratio = table["energy_eV"].to_numpy(), table["log10_ratio"].to_numpy()
    inside = table["in_window"].astype(bool).to_numpy()
    for where, colour, label in (
        (ratio > 0, style.JUMP, f"{long} conducts better"),
        (ratio < 0, style.STEP, f"{short} conducts better"),
    ):
        axes.fill_between(
            energies, ratio, 0, where=where & inside, color=colour, lw=0, label=label, interpolate=True
        )
    axes.plot(energies, ratio, color="black", lw=1.1)
    axes.axhline(0, color="black", lw=0.7)
    axes.set_ylabel(f"$\\log_{{10}}(G_\\mathrm{{{_tex(long)}}}/G_\\mathrm{{{_tex(short)}}})$")
    _energy_axis(axes, table["energy_eV"], marks)
    style.legend_above(axes, columns=2)
    return figure


# Orbital rule


def orbital_table(series: SeriesResults) -> pd.DataFrame:
    """One row a junction and energy; rows without a rule (energy on a level) are left out."""
    rows = []
    for junction in series.junctions:
        for where, rule in junction.frontier["orbital_rule"].items():
            if "homo" not in rule:
                continue
            total = rule["homo"] + rule["lumo"] + rule["rest"]
            rows.append(
                {
                    "junction": junction.case.name,
                    "at": where,
                    "energy_eV": rule["energy_ev"],
                    "homo_share": rule["homo"] / total,
                    "lumo_share": rule["lumo"] / total,
                    "rest_share": rule["rest"] / total,
                    "a_homo_eV2": rule["a_homo"],
                    "a_lumo_eV2": rule["a_lumo"],
                    "frontier_constructive": rule["constructive"],
                    "coherent": rule["coherent"],
                    "incoherent": rule["incoherent"],
                    "coherent_over_incoherent": rule["interference"],
                    "channel_share": rule["channel_share"],
                }
            )
    columns = [
        "junction", "at", "energy_eV", "homo_share", "lumo_share", "rest_share", "a_homo_eV2", "a_lumo_eV2",
        "frontier_constructive", "coherent", "incoherent", "coherent_over_incoherent", "channel_share",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def orbital_figure(table: pd.DataFrame) -> Figure:
    """What HOMO, LUMO and the rest carry, and the coherent against the incoherent sum."""
    figure = Figure(figsize=(style.WIDTH_IN, 4.4))
    panels = figure.subplots(2, 2, sharey="row", height_ratios=(1.5, 1))
    names = list(dict.fromkeys(table["junction"]))
    parts = (
        ("homo", "HOMO", style.PALETTE[3]),
        ("lumo", "LUMO", style.PALETTE[0]),
        ("rest", "all other levels", "#A6A6A6"),
    )
    for column, (where, title) in enumerate(
        (("midgap", "middle of the gap"), ("headline", "headline energy"))
    ):
        rows = table[table["at"] == where].set_index("junction").reindex(names)
        places = np.arange(len(names))
        shares, sums = panels[:, column]
        for offset, (part, label, colour) in zip((-0.27, 0, 0.27), parts, strict=True):
            shares.bar(places + offset, rows[f"{part}_share"], 0.25, color=colour, label=label)
        shares.axhline(0, color="black", lw=0.7)
        shares.axhline(1, color="black", lw=0.7, ls=":")
        shares.set_title(title)
        shares.set_xticks(places, [])
        for offset, part, label, colour in (
            (-0.18, "incoherent", "incoherent", "#D9D9D9"),
            (0.18, "coherent", "coherent", style.PALETTE[2]),
        ):
            sums.bar(places + offset, rows[part], 0.34, color=colour, label=label)
        sums.set_yscale("log")
        energies = ["" if np.isnan(energy) else f"\n{energy:.2f} eV" for energy in rows["energy_eV"]]
        sums.set_xticks(places, [name + energy for name, energy in zip(names, energies, strict=True)])
    squares = table[["coherent", "incoherent"]].to_numpy(dtype=float)
    if (squares > 0).any():
        panels[1, 0].set_ylim(bottom=squares[squares > 0].min() / 3)  # the least bar has a height to be seen
    panels[0, 0].set_ylabel("Share of the amplitude")
    panels[1, 0].set_ylabel("$|\\tau|^2$ (eV$^2$)")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    figure.legend(*panels[1, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


# Local density of states


def density_table(junction: JunctionResults) -> pd.DataFrame:
    """One row an atom: where it is drawn, and its local density of states per spin."""
    atoms, density = junction.atoms, junction.density
    across, up, depth = project(atoms)
    return pd.DataFrame(
        {
            "element": atoms.get_chemical_symbols(),
            "tag": atoms.get_tags(),
            "across_ang": across,
            "up_ang": up,
            "depth_ang": depth,
            "energy_eV": density.energy_ev,
            "ldos_left_per_eV": density.left,
            "ldos_right_per_eV": density.right,
            "ldos_per_eV": density.total,
            "contact": _contact_names(atoms),
        }
    )


def _contact_names(atoms: Atoms) -> list[str | None]:
    """Return the name of the contact that each atom is, None for all but the two that carry a tip."""
    names: list[str | None] = [None] * len(atoms)
    for side in ("left", "right"):
        names[atoms.info["contacts"][atoms.info[side]]["atom"]] = atoms.info[side]
    return names


def density_scale(dot: DotResults) -> tuple[float, float]:
    """log10 of least and largest density (1/eV) of the pictures of a dot, so that they can be compared."""
    top = np.log10(max(float(np.nanmax(one.density.left)) for one in dot.junctions if one.density))
    high = float(np.ceil(top * 2) / 2)
    return high - DENSITY_DECADES, high


def density_figure(table: pd.DataFrame, scale: tuple[float, float], junction: JunctionResults) -> Figure:
    """Atoms in projection, coloured by the density that enters from either lead."""
    width, height = float(np.ptp(table["across_ang"])) + 3.0, float(np.ptp(table["up_ang"])) + 6.7
    panel = (style.WIDTH_IN - 0.2) / 2
    figure = Figure(figsize=(style.WIDTH_IN, panel * height / width + 1.2))
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    figure.get_layout_engine().set(wspace=0.06)  # the tips of the two pictures keep apart
    norm = Normalize(*scale)
    for axes, column, title in zip(
        panels,
        ("ldos_left_per_eV", "ldos_right_per_eV"),
        ("entering from the left", "entering from the right"),
        strict=True,
    ):
        drawn = _atoms_in_projection(axes, table, log10_clipped(table[column], scale[0]), norm)
        axes.set_title(title)
        axes.set_xlim(table["across_ang"].min() - 1.5, table["across_ang"].max() + 1.5)
        axes.set_ylim(table["up_ang"].min() - 5.2, table["up_ang"].max() + 1.5)
        axes.set_aspect("equal")
        # Not `set_axis_off`, with which the layout leaves no room for the title.
        axes.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
        axes.spines[:].set_visible(False)
        _label_contacts(axes, table)
    _scale_bar(panels[0], table)
    _element_key(panels[1], table)
    figure.colorbar(
        drawn, ax=panels, location="bottom", aspect=45, pad=0.02, extend="min",
        label="$\\log_{10}$ of the local density of states (eV$^{-1}$ per spin)",
    )  # fmt: skip
    return figure


def log10_clipped(values: pd.Series | NDArray[np.float64], low: float) -> NDArray[np.float64]:
    """log10 of densities, with all below 10^low put there.

    So are the slightly negative ones of Mulliken's share, and atoms without one, which a lead stands in for.
    """
    return np.log10(np.fmax(np.asarray(values, dtype=float), 10.0**low))


# Tight-binding chain


def chain_figure(table: pd.DataFrame, summary: Mapping[str, Any], threshold: float) -> Figure:
    """The chain in the middle of its gap, and its last site over the whole gap."""
    log10 = table.pivot(index="energy_eV", columns="site", values="log10_transmission")
    energies, sites = log10.index.to_numpy(), log10.columns.to_numpy()
    trend = np.array(summary["trend_at_last_site"])
    middle = int(np.abs(energies).argmin())
    midgap = summary["midgap"]
    figure = Figure(figsize=(style.WIDTH_IN, 3.0))
    at_middle, over_gap = figure.subplots(1, 2)
    # Distances count from site 1, where the left lead is.
    ends = (midgap["log10_contact_conductance_G0"], log10.iloc[middle, -1] - midgap["above_trend_decades"])
    line = sites[[0, -1]]
    at_middle.plot(
        line,
        np.interp(line, (1, sites[-1]), ends),
        color=style.TREND,
        ls="--",
        label=f"fit to sites {sites[0]} … {sites[-2]}",
    )
    at_middle.plot(sites[:-1], log10.iloc[middle, :-1], "o", color=style.PALETTE[0])
    at_middle.plot(sites[-1], log10.iloc[middle, -1], "o", color=style.PALETTE[3])
    at_middle.set_xlabel("Site of the right lead")
    at_middle.set_ylabel("$\\log_{10} T$")
    at_middle.set_xticks(sites)
    at_middle.set_title("middle of the gap")
    at_middle.legend(loc="best")
    last, before = log10.iloc[:, -1].to_numpy(), log10.iloc[:, -2].to_numpy()
    over_gap.plot(energies, last - trend, color=style.TREND, ls="--", label="above the trend")
    over_gap.plot(energies, last - before, color=style.PALETTE[3], label=f"above site {sites[-2]}")
    over_gap.axhline(0, color="black", lw=0.7)
    over_gap.axhline(threshold, color=style.PALETTE[3], lw=0.9, ls=":")
    over_gap.set_xlabel("Energy (eV)")
    over_gap.set_ylabel(f"Site {sites[-1]} (decades)")
    over_gap.set_title("over the gap")
    over_gap.set_ylim(min(-0.1, (last - trend).min(), *np.quantile(last - before, [0.02])) - 0.1, None)
    over_gap.legend(loc="best")
    return figure


# Shared pieces


def _energy_axis(axes: Axes, energies: pd.Series, marks: Marks, shade: bool = True) -> None:
    low, high = float(energies.min()), float(energies.max())
    if shade:
        axes.axvspan(*marks.gap_ev, color=style.GAP, lw=0, zorder=0, label="gap of the dot")
    else:
        for edge in marks.gap_ev:
            axes.axvline(edge, color="#8C8C8C", lw=0.8)
    axes.axvline(
        marks.headline_ev, color=style.HEADLINE, lw=1.0, ls="--", label="headline energy" if shade else None
    )
    axes.axvline(0, color="#8C8C8C", lw=0.8, ls=":")
    axes.set_xlim(low, high)
    axes.set_xlabel(ENERGY)


def _limit_decades(axes: Axes, values: NDArray[np.float64], up: float, down: float) -> None:
    axes.set_ylim(values.min() / 10**down, values.max() * 10**up)


def _shade(axes: Axes, energies: NDArray[np.float64], holds: Sequence[bool], colour: str, label: str) -> None:
    where = np.asarray(pd.Series(holds).fillna(False), dtype=bool)
    axes.fill_between(
        energies,
        0,
        1,
        where=where,
        transform=axes.get_xaxis_transform(),
        color=colour,
        lw=0,
        step="mid",
        label=label,
        zorder=0,
    )


def _atoms_in_projection(
    axes: Axes, table: pd.DataFrame, values: NDArray[np.float64], norm: Normalize
) -> ScalarMappable:
    """Draw all atoms but hydrogen, those with the most density on top."""
    heavy = np.flatnonzero(table["element"] != "H")
    order = heavy[np.argsort(values[heavy], kind="stable")]
    rows = table.iloc[order]
    diameters = np.array([2.6 * style.element_radius(symbol) for symbol in rows["element"]])
    drawn = EllipseCollection(
        diameters, diameters, np.zeros(len(rows)), units="xy", offsets=rows[["across_ang", "up_ang"]].to_numpy(),
        transOffset=axes.transData, array=values[order], norm=norm, cmap="viridis", edgecolors="white", linewidths=0.3,
    )  # fmt: skip
    axes.add_collection(drawn)
    return drawn


def _scale_bar(axes: Axes, table: pd.DataFrame) -> None:
    left, bottom = float(table["across_ang"].min()), float(table["up_ang"].min()) - 4.4
    axes.plot([left, left + 5], [bottom, bottom], color="black", lw=1.5, solid_capstyle="butt")
    axes.annotate("5 Å", (left + 2.5, bottom), (0, 3), textcoords="offset points", ha="center", fontsize=7.5)


def _label_contacts(axes: Axes, table: pd.DataFrame) -> None:
    """Write the name of each contact beside its halide, away from the middle of the dot."""
    dot = table[table["tag"] < 10]
    middle = dot[["across_ang", "up_ang"]].mean().to_numpy()
    for row in table.dropna(subset="contact").itertuples():
        place = np.array([row.across_ang, row.up_ang])
        out = place - middle
        along, other = (0, 1) if abs(out[0]) >= abs(out[1]) else (1, 0)
        place[along] += np.sign(out[along]) * 1.4
        place[other] += 2.4
        axes.annotate(
            row.contact, place, ha="center", va="center", fontsize=8, weight="bold", zorder=5,
            path_effects=[Stroke(linewidth=2, foreground="white"), Normal()],
        )  # fmt: skip


def _element_key(axes: Axes, table: pd.DataFrame) -> None:
    """Draw one empty circle an element, as large as its atoms, with its symbol above, under the atoms at the right."""
    symbols = sorted(set(table["element"]) - {"H"}, key=style.element_radius)
    right, bottom = float(table["across_ang"].max()) - 1.2, float(table["up_ang"].min()) - 4.0
    step = min(4.2, float(np.ptp(table["across_ang"])) / len(symbols))
    for number, symbol in enumerate(symbols):
        radius, x = 1.3 * style.element_radius(symbol), right - number * step
        axes.add_patch(Circle((x, bottom), radius, fc="none", ec=style.TREND, lw=0.8))
        axes.annotate(
            symbol, (x, bottom + 1.0), (0, 1), textcoords="offset points", ha="center", va="bottom", fontsize=7.5
        )  # fmt: skip


def _tex(text: str) -> str:
    return "".join(
        letter if letter.isalnum() else "\\" + letter if letter in "_#%&$" else letter for letter in text
    )
