"""Series over structures: the decay of the conductance with the length of a molecule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.energy_axis import Marks, energy_axis
from qdjunction.report.sections.contract import PageSection, PlannedFigure
from qdjunction.report.tables import Table, interval, number
from qdjunction.study import layout

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from qdjunction.interference.results import EnergyAverage, LengthFit, StructureSeries
    from qdjunction.report.data import StructureSeriesResults, StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study

COMPARED = {
    "fermi": "All structures are compared at one energy relative to the Fermi energy, which they share with the gold.",
    "homo": "Each structure is taken at the same energy relative to its own HOMO, wherever the Fermi energy lies.",
    "midgap": "Each structure is taken at the same energy relative to the middle of its own gap.",
    "lumo": "Each structure is taken at the same energy relative to its own LUMO, wherever the Fermi energy lies.",
}
"""Which energies are compared, by the reference of the series."""


class StructureSeriesSection(PageSection):
    """The series over structures, each with its figure and tables."""

    name = "structure_series"
    order = 15
    title = "Series over structures"
    figure_title = "Conductance against length"

    def files(self, study: Study) -> Iterable[str]:
        """Return summaries and tables of the series."""
        return [
            f"{layout.STRUCTURE_SERIES}/{case.name}/{name}"
            for case in study.structure_series
            for name in (layout.SERIES, layout.SERIES_TABLE)
        ]

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return one figure for each series."""
        for case in study.structure_series:
            yield PlannedFigure(self.name, series=case.name, part="decay", title=self.figure_title)

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether the series has a fit."""
        return any(one.case.name == figure.series and one.summary.fits for one in results.structure_series)

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw a series."""
        series = next(one for one in results.structure_series if one.case.name == figure.series)
        table = structure_series_table(series.summary)
        return Drawing(structure_series_figure(table, series.summary, series.table), table)

    def origin(self, results: StudyResults, figure: PlannedFigure) -> str:
        """Return the engine of the study."""
        return results.engine.label

    def html(self, page: Page) -> Markup | str:
        """Return the section, or nothing where the study has no series."""
        from qdjunction.report.outcome import typeset

        series = page.results.structure_series
        if not series:
            return ""
        return page.render(
            HTML,
            series=[
                {
                    "name": one.case.name,
                    "sentence": typeset(one.summary.sentence),
                    "compared": COMPARED[one.summary.reference],
                    "figures": page.figures(self, series=one.case.name),
                    "fits": fits_table(one.summary) if one.summary.fits else None,
                    "members": members_table(one),
                }
                for one in series
            ],
        )


HTML = """
<section id="structure_series">
<h2>Series over structures</h2>
{% for one in series %}
<h3>{{ one.name }}</h3>
<p>{{ one.sentence }} {{ one.compared }}</p>
<div class="pair">
{% for figure in one.figures %}{{ show_figure(figure) }}{% endfor %}
{% if one.fits %}<div>{{ show_table(one.fits) }}</div>{% endif %}
</div>
{{ show_table(one.members) }}
{% endfor %}
</section>
"""


def structure_series_table(summary: StructureSeries) -> pd.DataFrame:
    """Return the structures at the headline energy, and the fit with its band as the series recorded it."""
    import pandas as pd

    curve = summary.fits[summary.length].curve
    members = summary.members
    table = pd.DataFrame(
        {"row": ["structure"] * len(members) + ["curve"] * (len(curve.length) - len(members))}
    )
    table["structure"] = pd.Series([one.dot for one in members])
    table["junction"] = pd.Series([one.junction for one in members])
    table["distance_ang" if summary.length == "distance" else "units"] = curve.length
    table["conductance_G0"] = pd.Series([one.conductance_G0 for one in members])
    for column, values in (
        ("fit_G0", curve.log10_conductance_G0),
        ("band_low_G0", curve.log10_low_G0),
        ("band_high_G0", curve.log10_high_G0),
    ):
        table[column] = 10 ** np.array(values)
    if summary.average:
        table["mean_log10_T"] = pd.Series(summary.average.log10_transmission)
        table["mean_fit_log10_T"] = pd.Series(summary.average.fits[summary.length].curve.log10_conductance_G0)
    return table


def structure_series_figure(table: pd.DataFrame, summary: StructureSeries, spectrum: pd.DataFrame) -> Figure:
    """Draw G against the length with its fit, and the decay constant at every energy.

    Parameters
    ----------
    table : pandas.DataFrame
        As `structure_series_table` returns it.
    summary : StructureSeries
        Its ``series.json``.
    spectrum : pandas.DataFrame
        Its ``series.csv``.
    """
    figure = new_figure(3.2)
    over_length, over_energy = figure.subplots(1, 2, width_ratios=(1.15, 1))
    fit = summary.fits[summary.length]
    _draw_length(over_length, table, summary, fit)
    figure.legend(loc="outside upper left", ncols=3)
    per = "ang" if summary.length == "distance" else "unit"
    beta, low, high = (
        spectrum[column].to_numpy(dtype=float)
        for column in (f"beta_per_{per}", f"beta_low_per_{per}", f"beta_high_per_{per}")
    )
    energies = spectrum["energy_eV"].to_numpy()
    if np.isfinite(low).any():
        over_energy.fill_between(energies, low, high, fc="#BBD7E8", ec="#6F9CB8", lw=0.6)
    over_energy.plot(energies, beta, color=style.PALETTE[0])
    if average := summary.average:
        averaged = average.fits[summary.length]
        window = (average.low_ev, average.high_ev)
        if np.isfinite(averaged.beta_interval[0]):
            over_energy.fill_between(window, *averaged.beta_interval, fc=style.PALETTE[1], alpha=0.3, lw=0)
        over_energy.plot(window, (averaged.beta,) * 2, color=style.PALETTE[1])
    over_energy.axhline(0, color="black", lw=0.7)
    inside = spectrum["in_window"].to_numpy(dtype=bool)
    # Most of the curve also where the common gap is a few points wide.
    shown = np.concatenate([beta[inside], np.nanquantile(beta, (0.1, 0.9))]) if inside.any() else beta
    margin = 0.3 * max(float(np.ptp(shown)), 0.2)
    over_energy.set_ylim(min(float(shown.min()) - margin, -0.1), float(shown.max()) + margin)
    energy_axis(over_energy, spectrum["energy_eV"], Marks(summary.gap_ev, summary.offset_ev))
    if summary.reference != "fermi":
        level = {"homo": "\\mathrm{HOMO}", "midgap": "\\mathrm{midgap}", "lumo": "\\mathrm{LUMO}"}
        over_energy.set_xlabel(f"$E - E_{{{level[summary.reference]}}}$ (eV)")
    over_energy.set_ylabel(f"Decay $\\beta$ ({_inverse(fit.per)})")
    return figure


def _draw_length(axes: Axes, table: pd.DataFrame, summary: StructureSeries, fit: LengthFit) -> None:
    structures, curve = (table[table["row"] == row] for row in ("structure", "curve"))
    column = "distance_ang" if summary.length == "distance" else "units"
    if curve["band_low_G0"].notna().any():
        axes.fill_between(
            curve[column], curve["band_low_G0"], curve["band_high_G0"], fc=style.BAND, ec="#9DB8CC", lw=0.6,
            label=f"{summary.confidence:.0%} prediction band",
        )  # fmt: skip
    inside = curve[column] <= (
        structures[column].iloc[fit.fitted - 1] if fit.fitted < len(structures) else np.inf
    )
    label = f"fit: $\\beta$ = {fit.beta:.2f} {_inverse(fit.per)}"
    axes.plot(curve[column][inside], curve["fit_G0"][inside], color=style.TREND, label=label)
    axes.plot(curve[column][~inside], curve["fit_G0"][~inside], color=style.TREND, ls="--")
    for number_, row in enumerate(structures.to_dict("records")):
        colour = style.PALETTE[0] if number_ < fit.fitted else style.PALETTE[3]
        axes.plot(row[column], row["conductance_G0"], "o", ms=7, color=colour, mec="white", mew=0.8, zorder=3)
        axes.annotate(
            row["structure"], (row[column], row["conductance_G0"]), (6, 4), textcoords="offset points", fontsize=8,
            color=colour, parse_math=False,
        )  # fmt: skip
    values = np.concatenate([structures["conductance_G0"], structures["fit_G0"]])
    if average := summary.average:
        averages = 10 ** structures["mean_log10_T"]
        values = np.concatenate([values, averages])
        axes.plot(curve[column], 10 ** curve["mean_fit_log10_T"], color=style.PALETTE[1], lw=1)
        axes.plot(
            structures[column], averages, "s", ms=6, mfc="white", mec=style.PALETTE[1],
            label=f"average of $\\log\\,T$: $\\beta$ = {average.fits[summary.length].beta:.2f} {_inverse(fit.per)}",
        )  # fmt: skip
    axes.set_yscale("log")
    axes.set_ylim(values.min() / 10, values.max() * 10**0.6)
    axes.set_xlim(curve[column].iloc[0], curve[column].iloc[-1])
    axes.set_xlabel(
        "Distance of the contact atoms (Å)" if summary.length == "distance" else f"Number of {fit.per}"
    )
    axes.set_ylabel("Conductance $G$ ($G_0$)")


def _inverse(per: str) -> str:
    """Return the unit of a decay constant."""
    return "Å$^{-1}$" if per == "Ang" else f"per {per}"


def fits_table(summary: StructureSeries) -> Table:
    """Decay of a series with each measure of its length, and that of its average over energies if it has one."""
    level = f"{summary.confidence:.0%}"
    fits = list(summary.fits.values())
    rows = _fit_rows(fits, level)
    average = ""
    if summary.average:
        averaged = _fit_rows(list(summary.average.fits.values()), level)
        rows += [(f"{label}, average", *values) for label, *values in averaged[:2]]
        average = (
            f" The last rows are those of log₁₀ T averaged over {_number_range(summary.average)} eV from the same "
            "reference."
        )
    return Table(
        f"Decay of {summary.name} at {summary.headline}, from conductances at "
        f"{summary.temperature_k:g} K. The contact conductance is the fit at length zero.{average}",
        ("", *("per Å" if fit.per == "Ang" else f"per {fit.per}" for fit in fits)),
        tuple(rows),
    )


def _fit_rows(fits: Sequence[LengthFit], level: str) -> list[tuple[str, ...]]:
    """Return the rows of a table of fits, one column for each measure of the length."""
    return [
        ("β", *(number(fit.beta, 3) for fit in fits)),
        (f"{level} interval of β", *(interval(fit.beta_interval, 3) for fit in fits)),
        (
            "log₁₀ of the contact conductance (G₀)",
            *(number(fit.log10_contact_conductance_G0) for fit in fits),
        ),
        (f"its {level} interval", *(interval(fit.log10_contact_interval) for fit in fits)),
        ("R² of the fit", *(number(fit.r_squared, 3) for fit in fits)),
        ("structures in the fit", *(str(fit.fitted) for fit in fits)),
    ]


def _number_range(average: EnergyAverage) -> str:
    return f"{number(average.low_ev, sign=True)} to {number(average.high_ev, sign=True)}"


def members_table(series: StructureSeriesResults) -> Table:
    """Length, levels and conductance of the structures of a series."""
    summary = series.summary
    units = ["units"] if series.case.settings.has_units else []
    averages = summary.average.log10_transmission if summary.average else ()
    rows = [
        (
            one.dot,
            one.junction,
            number(one.distance_ang),
            *([str(one.units)] if units else []),
            number(one.homo_ev),
            number(one.lumo_ev),
            number(one.energy_ev),
            f"{one.transmission_at_fermi:.2e}".replace("-", "−"),
            number(np.log10(one.conductance_G0)),
            *([number(averages[index])] if averages else []),
        )
        for index, one in enumerate(summary.members)
    ]
    return Table(
        f"Structures of {summary.name}. HOMO and LUMO are those of the structure's own block of the junction; energies "
        "are relative to the Fermi energy. The conductance is thermal and taken at the energy named.",
        (
            "structure", "contacts", "contact to contact (Å)", *units, "HOMO (eV)", "LUMO (eV)", "energy (eV)",
            "T(E_F)", "log₁₀ G/G₀", *(["average of log₁₀ T"] if averages else []),
        ),
        tuple(rows),
        2,
    )  # fmt: skip


KIND = StructureSeriesSection()
