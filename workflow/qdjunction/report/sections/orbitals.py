"""Frontier orbitals between the tips."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.interference.results import NoRule
from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import PlannedFigure, SeriesSection, of_junctions
from qdjunction.report.tables import MISSING, Table, number
from qdjunction.study import layout

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.figure import Figure

    from qdjunction.report.data import DotResults, SeriesResults, StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study


MOST_LARGE = 4
"""Number of junctions up to which their energies do not touch in type of the usual size."""


class OrbitalsSection(SeriesSection):
    """Contributions of HOMO, LUMO and all other levels, and their interference."""

    name = "orbitals"
    order = 80
    figure_title = "Frontier orbitals between the tips"

    def files(self, study: Study) -> Iterable[str]:
        """Return the orbital rules of the junctions."""
        return of_junctions(study, layout.FRONTIER)

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw the orbital rule of a series."""
        table = orbital_table(results.series(figure.dot, figure.left))
        return Drawing(orbital_figure(table), table)

    def html(self, page: Page, dot: DotResults, series: SeriesResults) -> Markup:
        """Return the orbital rule of a series in a figure, in words and in numbers."""
        return page.render(
            HTML,
            figures=page.figures(self, dot=dot.case.id, left=series.left),
            sentences=[
                (junction.case.name, junction.frontier.orbital_rule["headline"].sentence)
                for junction in series.shown
            ],
            table=orbitals_table(series),
        )


HTML = """
<h3>Frontier orbitals and interference</h3>
<p>The orbital rule considers only HOMO and LUMO: if their amplitudes between the contacts have opposite signs, they
add up in the gap; with equal signs they cancel. Whether the rule explains a junction depends on the contributions
of all other levels, so both are given.</p>
<div class="pair">
{% for figure in figures %}{{ show_figure(figure) }}{% endfor %}
<div>
{% for junction, sentence in sentences %}
<p><b class="sans">{{ junction }}.</b> {{ sentence }}</p>
{% endfor %}
</div>
</div>
{{ show_table(table) }}
"""


def orbital_table(series: SeriesResults) -> pd.DataFrame:
    """Return one row per junction and energy; rows without a rule (energy on a level) are left out."""
    import pandas as pd

    rows = []
    for junction in series.shown:
        for where, rule in junction.frontier.orbital_rule.items():
            if isinstance(rule, NoRule):
                continue
            share = rule.weights
            rows.append(
                {
                    "junction": junction.case.name,
                    "at": where,
                    "energy_eV": rule.energy_ev,
                    "homo_share": share["homo"],
                    "lumo_share": share["lumo"],
                    "rest_share": share["rest"],
                    "a_homo_eV2": rule.a_homo,
                    "a_lumo_eV2": rule.a_lumo,
                    "frontier_constructive": rule.constructive,
                    "coherent": rule.coherent,
                    "incoherent": rule.incoherent,
                    "coherent_over_incoherent": rule.interference,
                    "channel_share": rule.channel_share,
                }
            )
    columns = [
        "junction", "at", "energy_eV", "homo_share", "lumo_share", "rest_share", "a_homo_eV2", "a_lumo_eV2",
        "frontier_constructive", "coherent", "incoherent", "coherent_over_incoherent", "channel_share",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def orbital_figure(table: pd.DataFrame) -> Figure:
    """Draw the contributions of HOMO, LUMO and the rest, and the coherent and the incoherent sum."""
    figure = new_figure(4.4)
    panels = figure.subplots(2, 2, sharey="row", height_ratios=(1.5, 1))
    names = list(dict.fromkeys(table["junction"]))
    parts = (
        ("homo", "HOMO", style.PALETTE[3]),
        ("lumo", "LUMO", style.PALETTE[0]),
        ("rest", "all other levels", "#A6A6A6"),
    )
    for column, (where, title) in enumerate(
        (
            ("midgap", "middle of the gap of each junction"),
            ("headline", "headline energy, from the levels of each junction"),
        )
    ):
        rows = table[table["at"] == where].set_index("junction").reindex(names)
        places = np.arange(len(names))
        shares, sums = panels[:, column]
        for offset, (part, label, colour) in zip((-0.27, 0, 0.27), parts, strict=True):
            shares.bar(places + offset, rows[f"{part}_share"], 0.25, color=colour, label=label)
        shares.axhline(0, color="black", lw=0.7)
        shares.axhline(1, color="black", lw=0.7, ls=":")
        shares.set_title(fill(title, 25))
        shares.set_xticks(places, [])
        for offset, part, label, colour in (
            (-0.18, "incoherent", "incoherent", "#D9D9D9"),
            (0.18, "coherent", "coherent", style.PALETTE[2]),
        ):
            sums.bar(places + offset, rows[part], 0.34, color=colour, label=label)
        sums.set_yscale("log")
        energies = ["" if np.isnan(energy) else f"\n{energy:.2f} eV" for energy in rows["energy_eV"]]
        sums.set_xticks(places, [name + energy for name, energy in zip(names, energies, strict=True)])
        if len(names) > MOST_LARGE:
            sums.tick_params(axis="x", labelsize=6.5)
    squares = table[["coherent", "incoherent"]].to_numpy(dtype=float)
    if (squares > 0).any():
        panels[1, 0].set_ylim(bottom=squares[squares > 0].min() / 3)  # keeps the smallest bar visible
    panels[0, 0].set_ylabel("Share of the amplitude")
    panels[1, 0].set_ylabel("$|\\tau|^2$ (eV$^2$)")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    figure.legend(*panels[1, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def orbitals_table(series: SeriesResults) -> Table:
    """Return the numbers of the orbital rule."""
    rows = []
    for junction in series.shown:
        for where, rule in junction.frontier.orbital_rule.items():
            place = {"midgap": "middle of the gap", "headline": "headline energy"}.get(where, where)
            if isinstance(rule, NoRule):
                rows.append((junction.case.name, place, MISSING, number(rule.energy_ev), *[MISSING] * 7))
                continue
            rows.append(
                (
                    junction.case.name,
                    place,
                    {True: "constructive", False: "destructive", None: "no interference"}[rule.constructive],
                    number(rule.energy_ev),
                    *(f"{amplitude:.2g}".replace("-", "−") for amplitude in (rule.a_homo, rule.a_lumo)),
                    *(number(share, sign=True) for share in rule.weights.values()),
                    f"{rule.interference:.2g}",
                    number(rule.channel_share),
                )
            )
    return Table(
        "Orbital rule for the dot's own levels between the gold atoms that bind. Opposite signs of the amplitudes of "
        "HOMO and LUMO: they interfere constructively in the gap; they do not interfere if one of them vanishes. The "
        "shares add up to 1 and refer to the dominant channel; the last column is the share of this channel in the "
        "amplitude.",
        (
            "junction", "at", "HOMO and LUMO", "energy (eV)", "amplitude of HOMO (eV²)", "of LUMO (eV²)",
            "share of HOMO", "of LUMO", "of the rest", "coherent / incoherent", "channel",
        ),
        tuple(rows),
        3,
    )  # fmt: skip


KIND = OrbitalsSection()
