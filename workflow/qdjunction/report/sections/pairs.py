"""Control over all pairs of terminal halides of a dot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import PageSection, PlannedFigure
from qdjunction.report.tables import Table, interval, number, share
from qdjunction.structure.perovskite.constants import HALIDES
from qdjunction.study import layout

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from qdjunction.interference.pair_results import PairControl, Regression
    from qdjunction.report.data import StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study

COLOURS = {
    "straight row": style.PALETTE[3],
    "opposite faces": style.PALETTE[0],
    "same face": style.PALETTE[2],
    "neighbouring faces": "#B5B5B5",
}

MOST_LABELS = 11
"""Largest number of labels along the matrix; more would overlap."""

FEWEST_RINGS = 3
"""Fewest junctions that are drawn beside the pairs; one or two would lie on theirs or nearly so by construction."""

TERMS = {
    "distance": "distance of the halides",
    "row": "ends of one straight row",
    "faces": "opposite or same face",
    "site": "kind of site (end, corner)",
    "bond": "length of the two terminal bonds",
    "frontier": "HOMO and LUMO alone",
}
"""Terms of the regression in words."""


class PairsSection(PageSection):
    """|g|^2 between all pairs, whether the junctions follow it, and what explains it."""

    name = "pairs"
    order = 12
    title = "All pairs of sites"
    figure_title = "|g|² between all pairs of terminal halides"

    def files(self, study: Study) -> Iterable[str]:
        """Return records and tables of the pairs."""
        return [f"{dot.id}/{name}" for dot in study.pair_dots for name in (layout.PAIRS, layout.PAIR_TABLE)]

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return one figure for each dot."""
        for dot in study.pair_dots:
            yield PlannedFigure(self.name, dot=dot.id, title=self.figure_title)

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether the dot has the control."""
        return any(dot.pairs for dot in results.dots if dot.case.id == figure.dot)

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw the matrix of the pairs, and |g|^2 against distance."""
        pairs = results.dot(figure.dot).pairs
        if pairs is None:
            raise TypeError(f"{figure.dot} has no control over all pairs")
        return Drawing(pairs_figure(pairs.table, pairs.control), pairs.table)

    def html(self, page: Page) -> Markup | str:
        """Return the section, or nothing where no dot has the control."""
        from qdjunction.report.outcome import typeset

        found = [(dot.case.id, dot.pairs.control) for dot in page.results.dots if dot.pairs]
        if not found:
            return ""
        return page.render(
            HTML,
            dots=[
                {
                    "id": name,
                    "sentence": typeset(control.sentence),
                    "figures": page.figures(self, dot=name),
                    "classes": classes_table(control),
                    "regression": control.regression and regression_table(control.regression),
                    "warnings": control.regression.warnings if control.regression else (),
                }
                for name, control in found
            ],
        )


HTML = """
<section id="pairs">
<h2>All pairs of sites</h2>
{% for dot in dots %}
<h3>{{ dot.id }}</h3>
<p>{{ dot.sentence }}</p>
{{ show_figure(dot.figures[0]) }}
<div class="pair">
{{ show_table(dot.classes) }}
{% if dot.regression %}<div>{{ show_table(dot.regression) }}</div>{% endif %}
</div>
{% for warning in dot.warnings %}<p>{{ warning }}</p>{% endfor %}
{% endfor %}
</section>
"""


def pairs_figure(table: pd.DataFrame, control: PairControl) -> Figure:
    """Draw the matrix of log10 |g|^2 in the order of the atoms, and the same against the distance.

    Parameters
    ----------
    table : pandas.DataFrame
        ``pairs.csv``.
    control : PairControl
        ``pairs.json``.
    """
    figure = new_figure(3.3)
    left, right = figure.subplots(1, 2, width_ratios=(1.1, 1))
    _draw_matrix(left, table)
    _draw_distances(right, table, control)
    return figure


def _draw_matrix(axes: Axes, table: pd.DataFrame) -> None:
    sites = np.union1d(table["atom_1"], table["atom_2"])
    matrix = np.full((len(sites), len(sites)), np.nan)
    first, second = (np.searchsorted(sites, table[column]) for column in ("atom_1", "atom_2"))
    matrix[first, second] = matrix[second, first] = table["log10_g2_per_eV2"]
    image = axes.imshow(matrix, cmap="viridis", vmin=np.nanpercentile(matrix, 2), interpolation="nearest")
    rows = (table["relation"] == "straight row").to_numpy()
    for x, y in ((first, second), (second, first)):
        axes.plot(x[rows], y[rows], "s", ms=3, mfc="none", mec=COLOURS["straight row"], mew=0.8)
    names = dict(zip(table["atom_1"], table["site_1"], strict=True)) | dict(
        zip(table["atom_2"], table["site_2"], strict=True)
    )
    # Other halides have names such as Br17, which say nothing.
    apart = -(-len(sites) // MOST_LABELS)
    named: list[int] = []
    for k, atom in enumerate(sites):
        if names[atom] not in {f"{halide}{atom}" for halide in HALIDES} and (
            not named or k - named[-1] >= apart
        ):
            named.append(k)
    axes.set_xticks(named, [names[sites[k]] for k in named], fontsize=5.5, rotation=90)
    axes.set_yticks(named, [names[sites[k]] for k in named], fontsize=5.5)
    axes.figure.colorbar(image, ax=axes, shrink=0.7, label="$\\log_{10}|g|^2$ (eV$^{-2}$)")


def _draw_distances(axes: Axes, table: pd.DataFrame, control: PairControl) -> None:
    for relation in reversed(COLOURS):
        chosen = table[table["relation"] == relation]
        if chosen.empty:
            continue
        axes.plot(
            chosen["distance_ang"], chosen["log10_g2_per_eV2"], "o", ms=2.6, color=COLOURS[relation], mew=0,
            label=relation, zorder=3 if relation == "straight row" else 2,
        )  # fmt: skip
    computed = table[table["log10_conductance_G0"].notna()]
    following = control.following
    if len(following.junctions) >= FEWEST_RINGS:
        # One factor for all, so that a junction that is proportional to |g|^2 lies on its pair.
        factor = float(np.mean(np.subtract(following.log10_conductance_G0, following.log10_g2)))
        heights = computed["log10_conductance_G0"].to_numpy(dtype=float) - factor
        axes.plot(
            computed["distance_ang"], heights, "o", ms=6.5, mfc="none",
            mec="black", mew=0.9, zorder=4, label="computed $G$, scaled",
        )  # fmt: skip
    axes.set_xlabel("Distance of the halides (Å)")
    axes.set_ylabel("$\\log_{10}|g|^2$ (eV$^{-2}$)")
    handles, labels = axes.get_legend_handles_labels()
    axes.figure.legend(handles, labels, loc="outside upper right", ncols=3)


def classes_table(control: PairControl) -> Table:
    """Return the height of each relation above the trend with the distance."""
    return Table(
        "Height of log₁₀|g|² above its exponential trend with the distance, which is fitted to the pairs on no row "
        f"(β = {number(control.beta_per_ang)} per Å), at {number(control.energy_ev - control.homo_ev)} eV above the "
        "HOMO of the isolated dot.",
        ("pairs", "number", "median (decades)", "lowest", "highest"),
        tuple(
            (
                one.relation,
                str(one.pairs),
                *(
                    number(value, 1, sign=True)
                    for value in (one.median_decades, one.lowest_decades, one.highest_decades)
                ),
            )
            for one in control.classes
        ),
    )


def regression_table(regression: Regression) -> Table:
    """Return what explains log10 |g|^2 over all pairs."""
    return Table(
        f"Least squares of log₁₀|g|² over {regression.pairs} pairs of {regression.sites} sites, "
        f"R² = {number(regression.r_squared)}. The own share is what is lost without the term; its "
        f"{regression.confidence:.0%} interval comes from leaving out one site after the other.",
        ("term", "coefficients (decades)", "own share", "interval", "share alone", "variance inflation"),
        tuple(
            (
                TERMS.get(term.name, term.name),
                "; ".join(
                    f"{number(value[0], sign=True)} {label}" for label, value in term.coefficients.items()
                ),
                share(term.unique_share),
                interval([100 * end for end in term.unique_interval], 0) + " %",
                share(term.alone_share),
                number(term.inflation, 1),
            )
            for term in regression.terms
        ),
        words=2,
    )


KIND = PairsSection()
