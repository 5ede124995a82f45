"""Ensembles: how the headline numbers of a dot spread over its members."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import PageSection, PlannedFigure, series_of
from qdjunction.report.tables import Table, interval, number, share
from qdjunction.study import layout

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.figure import Figure

    from qdjunction.interference.ensemble_results import EnsembleGroup, EnsembleSeries
    from qdjunction.report.data import StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study

WHAT = {
    "cations": "A sites and orientations of methylammonium",
    "halides": "order of the halides",
    "tips": "turn and distance of the tips",
    "snapshots": "thermal snapshots",
}
"""What differs between the members of a group, by its kind."""

NAMES = {
    "log10_conductance_G0": ("log₁₀ G/G₀", 2),
    "beta_per_ang": ("β (1/Å)", 3),
    "step_decades": ("step to the last contact (decades)", 2),
    "above_trend_decades": ("last contact above the trend (decades)", 2),
    "gap_ev": ("gap (eV)", 2),
}
"""Names and digits of the numbers in the table."""

STATEMENTS = {
    "jump_at_headline": "jump at the headline energy",
    "jump_across_gap": "jump at every energy of the gap",
    "rise_at_headline": "rise of at least {jump:g} decades at the headline energy",
    "rise_across_gap": "longer above shorter at every energy of the gap",
}

MOST_NAMES = 20
"""Number of members without a result whose reasons the page lists."""


class EnsemblesSection(PageSection):
    """The ensembles of the dots, each group with a figure and tables for every series."""

    name = "ensembles"
    order = 17
    title = "Ensembles"
    figure_title = "Spread of the conductance"

    def files(self, study: Study) -> Iterable[str]:
        """Return summaries and tables of the ensembles."""
        return [f"{dot}/{name}" for dot in study.members_by_dot for name in FILES]

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return one figure for each series and group of members."""
        for dot, members in study.members_by_dot.items():
            for kind in dict.fromkeys(case.member.kind for case in members if case.member):
                for left in series_of(study.dot(dot)):
                    title = f"{self.figure_title}: {WHAT[kind]}"
                    yield PlannedFigure(self.name, dot, left, part=f"ensemble_{kind}", title=title)

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether any member has a result."""
        found = results.ensembles.get(figure.dot)
        return found is not None and not members_of(found.table, *_where(figure)).empty

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw a group of members of a series."""
        found, (kind, left) = results.ensembles[figure.dot], _where(figure)
        table = found.table[(found.table["kind"] == kind) & (found.table["left"] == left)]
        return Drawing(ensemble_figure(table, results.dot(figure.dot).colours), table)

    def html(self, page: Page) -> Markup | str:
        """Return the section, or nothing where the study has no ensembles."""
        from qdjunction.report.outcome import typeset

        if not page.results.ensembles:
            return ""
        return page.render(
            HTML,
            dots=[
                {
                    "name": f"{dot}: {WHAT.get(group.kind, group.kind)}",
                    "missing": _missing(group),
                    "series": [
                        {
                            "sentence": typeset(series.sentence),
                            "figures": page.figures(
                                self, dot=dot, left=series.left, part=f"ensemble_{group.kind}"
                            ),
                            "numbers": numbers_table(series, found.record.confidence),
                            "shares": shares_table(series, found.record.confidence, found.record.jump_decades)
                            if series.statements
                            else None,
                        }
                        for series in group.series
                    ],
                }
                for dot, found in page.results.ensembles.items()
                for group in found.record.groups
            ],
        )


FILES = (layout.ENSEMBLE, layout.ENSEMBLE_TABLE)

HTML = """
<section id="ensembles">
<h2>Ensembles</h2>
<p>Each member is computed as a junction of its own. What varies is named in each heading; everything else is as in the
study's own geometry. The tips are fixed, the nuclei are classical and do not move while an electron passes
(adiabatic), and the forces of snapshots are those of the engine that computed them.</p>
{% for dot in dots %}
<h3>{{ dot.name }}</h3>
{% if dot.missing %}<p>{{ dot.missing }}</p>{% endif %}
{% for one in dot.series %}
<p>{{ one.sentence }}</p>
{% for figure in one.figures %}{{ show_figure(figure) }}{% endfor %}
{{ show_table(one.numbers) }}
{% if one.shares %}{{ show_table(one.shares) }}{% endif %}
{% endfor %}
{% endfor %}
</section>
"""


def members_of(table: pd.DataFrame, kind: str, left: str) -> pd.DataFrame:
    """Return the rows of the members of a group in a series, without those that have no conductance."""
    rows = table[(table["kind"] == kind) & (table["left"] == left) & table["member"].notna()]
    return rows[rows["log10_conductance_G0"].notna()]


def ensemble_figure(table: pd.DataFrame, colours: dict[str, str]) -> Figure:
    """Draw log10 G of every member along the series, and its distribution at each contact.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of ``ensemble.csv`` of one group and series; those of the dot itself have no member.
    colours : mapping
        Colour of each junction.
    """
    own = table[table["member"].isna()]
    members = table[table["member"].notna()]
    names = list(own["junction"])
    figure = new_figure(3.4)
    along, spread = figure.subplots(1, 2, sharey=True, width_ratios=(1.6, 1))
    distances = own["distance_ang"].to_numpy(dtype=float)
    for _, member in members.groupby("member", sort=False):
        values = member.set_index("junction")["log10_conductance_G0"].reindex(names)
        along.plot(distances, values, color="#8A8A8A", lw=0.6, alpha=0.7, marker=".", ms=2.5)
    along.plot(
        distances, own["log10_conductance_G0"], color="black", lw=1.6, zorder=3, label="the dot itself"
    )
    found = members["log10_conductance_G0"].dropna().to_numpy(dtype=float)
    # Contacts share their bins, as many as Freedman and Diaconis choose, within what the eye can tell apart.
    bins = int(np.clip(len(np.histogram_bin_edges(found, bins="fd")) - 1, 12, 40))
    edges = np.histogram_bin_edges(found, bins=bins)
    for name, distance, value in zip(names, distances, own["log10_conductance_G0"], strict=True):
        values = members.loc[members["junction"] == name, "log10_conductance_G0"].dropna()
        along.plot(distance, value, "o", ms=7, color=colours[name], mec="white", mew=0.8, zorder=4)
        along.annotate(
            name, (distance, value), (6, 6), textcoords="offset points", color=colours[name], weight="bold"
        )
        if len(values):
            spread.hist(
                values,
                edges,
                orientation="horizontal",
                histtype="stepfilled",
                color=colours[name],
                alpha=0.35,
            )
            spread.hist(
                values, edges, orientation="horizontal", histtype="step", color=colours[name], label=name
            )
            spread.axhline(float(values.median()), color=colours[name], lw=0.8, ls="--")
    along.set_xlabel("Distance of the contact atoms (Å)")
    along.set_ylabel("$\\log_{10}\\,G/G_0$")
    along.margins(x=0.12)
    along.legend(loc="best")
    spread.set_xlabel("Number of members")
    spread.xaxis.get_major_locator().set_params(integer=True)
    style.legend_above(spread, 2)
    return figure


def numbers_table(series: EnsembleSeries, confidence: float) -> Table:
    """Spread of the numbers of a series over the members of a group."""
    rows = []
    for one in series.quantities:
        name, digits = NAMES[one.name]
        found = one.spread
        rows.append(
            (
                f"{name}, {one.junction}" if one.junction else name,
                number(one.reference, digits),
                number(found.median, digits),
                number(found.mean, digits),
                number(found.standard_error, digits + 1),
                interval(found.percentiles, digits),
                str(found.n),
                number(found.effective, 1),
            )
        )
    return Table(
        f"Numbers from {series.left} at the headline energy of each member. The standard error is that of the mean, "
        "from the number of independent members; percentiles are of the members, not of the mean.",
        (
            "", "the dot itself", "median", "mean", "standard error", f"central {confidence:.0%} of members", "members",
            "independent",
        ),
        tuple(rows),
    )  # fmt: skip


def shares_table(series: EnsembleSeries, confidence: float, jump_decades: float) -> Table:
    """Shares of the members of which a statement holds."""
    answers = {True: "yes", False: "no", None: "open"}
    rows = [
        (
            STATEMENTS[one.name].format(jump=jump_decades),
            answers[one.reference],
            f"{one.share.count} of {one.share.n}",
            share(one.share.share),
            " to ".join(share(end) for end in one.share.interval),
        )
        for one in series.statements
    ]
    return Table(
        "Share of the members of which each statement holds, with its Jeffreys interval for the number of independent "
        "members.",
        ("", "the dot itself", "members", "share", f"{confidence:.0%} interval"),
        tuple(rows),
        2,
    )


def _missing(group: EnsembleGroup) -> str:
    """Return which members have no result, in a sentence; empty if all have."""
    if not group.missing:
        return ""
    listed = list(group.missing.items())
    reasons = "; ".join(f"{name} ({reason})" for name, reason in listed[:MOST_NAMES])
    rest = len(listed) - MOST_NAMES
    return f"Without a result: {reasons}{f'; and {rest} more' if rest > 0 else ''}."


def _where(figure: PlannedFigure) -> tuple[str, str]:
    """Return kind and left contact of a figure."""
    return figure.part.removeprefix("ensemble_"), figure.left


KIND = EnsemblesSection()
