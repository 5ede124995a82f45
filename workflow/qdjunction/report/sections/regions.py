"""Regions of the dots: frontier levels in them, and distances of Pb."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from qdjunction.interference.coupling import LEVELS
from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import PageSection, PlannedFigure
from qdjunction.report.tables import Table, number
from qdjunction.study import layout

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.figure import Figure

    from qdjunction.interference.regions import RegionRecord
    from qdjunction.report.data import StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study

COLOURS = [style.PALETTE[number] for number in (0, 5, 1, 3, 4, 2)]
"""Colours of the regions in their order: blues inside, warm ones at edges and corners."""


class RegionsSection(PageSection):
    """Weights of HOMO and LUMO in the regions of every dot, and distances of neighbouring Pb."""

    name = "regions"
    order = 14.5
    title = "Inside and surface"
    figure_title = "HOMO and LUMO inside and at the surface"

    def files(self, study: Study) -> Iterable[str]:
        """Return the record of every dot with Pb, if the study divides dots into regions."""
        return [f"{dot.id}/{layout.REGIONS}" for dot in study.region_dots]

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return one figure, if the study divides dots into regions."""
        if study.region_dots:
            yield PlannedFigure(self.name, title=self.figure_title)

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether a dot has a result."""
        return bool(results.regions)

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw both levels of all dots."""
        table = weights_of(results.regions)
        return Drawing(regions_figure(table), table)

    def origin(self, results: StudyResults, figure: PlannedFigure) -> str:
        """Return the engine of the study."""
        return results.engine.label

    def html(self, page: Page) -> Markup | str:
        """Return the section, or nothing where no dot has a result."""
        found = page.results.regions
        if not found:
            return ""
        return page.render(
            HTML, figures=page.figures(self), distances=distances_table(found), weights=weights_table(found)
        )


HTML = """
<section id="regions">
<h2>Inside and surface</h2>
{% for figure in figures %}{{ show_figure(figure) }}{% endfor %}
{{ show_table(distances) }}
{{ show_table(weights) }}
</section>
"""


def distances_table(records: Mapping[str, RegionRecord]) -> Table:
    """Return size, gap and distances of neighbouring Pb of each dot."""
    return Table(
        "Distances of neighbouring Pb, those that share a halide in the dot as built, after the relaxation. The edge "
        "is that of the cube of as many unit cells, with the mean distance as its lattice constant.",
        (
            "dot", "Pb", "edge (nm)", "gap (eV)", "Pb–Pb mean (nm)", "deviation (nm)", "shortest (nm)",
            "longest (nm)",
        ),
        tuple(
            (
                name, str(one.pb), number(one.edge_ang / 10), number(one.gap_ev),
                *(
                    number(value / 10, 3)
                    for value in (
                        one.pb_distances.mean_ang, one.pb_distances.deviation_ang,
                        one.pb_distances.shortest_ang, one.pb_distances.longest_ang,
                    )
                ),
            )
            for name, one in records.items()
        ),
    )  # fmt: skip


def weights_table(records: Mapping[str, RegionRecord]) -> Table:
    """Return the weights of HOMO and LUMO of each dot in its regions."""
    from qdjunction.structure.regions import REGIONS

    return Table(
        "Löwdin weights of HOMO and LUMO, averaged over all levels within 25 meV of them. Interior, faces, edges and "
        "corners are lead and halides, by the sides on which their Pb has no neighbour: none, one, two, three or more.",
        ("dot", "level", "levels", *REGIONS),
        tuple(
            (
                name, level, str(one.levels[level].levels),
                *(number(one.levels[level].weights[region]) for region in REGIONS),
            )
            for name, one in records.items()
            for level in LEVELS
        ),
        words=2,
    )  # fmt: skip


def weights_of(records: Mapping[str, RegionRecord]) -> pd.DataFrame:
    """Return one row for each level of each dot: energy, number of levels, weight in each region."""
    import pandas as pd

    return pd.DataFrame(
        {
            "dot": name,
            "level": level,
            "energy_eV": one.levels[level].energy_ev,
            "levels": one.levels[level].levels,
            **one.levels[level].weights,
        }
        for name, one in records.items()
        for level in LEVELS
    )


def regions_figure(table: pd.DataFrame) -> Figure:
    """Draw the weights of the levels of every dot as bars of length 1."""
    from qdjunction.structure.regions import REGIONS

    figure = new_figure(0.9 + 0.24 * len(table))
    axes = figure.add_subplot()
    # A gap after the two levels of a dot.
    places = [row + 0.5 * (row // len(LEVELS)) for row in range(len(table))]
    left = table["energy_eV"].to_numpy() * 0
    for region, colour in zip(REGIONS, COLOURS, strict=True):
        axes.barh(places, table[region], left=left, height=0.8, color=colour, label=region)
        left = left + table[region].to_numpy()
    axes.set_yticks(
        places, [f"{dot}  {level}" for dot, level in zip(table["dot"], table["level"], strict=True)]
    )
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel("Weight")
    axes.spines["left"].set_visible(False)
    figure.legend(loc="outside upper center", ncols=len(REGIONS), columnspacing=1.2, handlelength=1.2)
    return figure


KIND = RegionsSection()
