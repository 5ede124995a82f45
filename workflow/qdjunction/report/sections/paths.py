"""Outlines of the local density of states, and the density along the path from tip to tip with its weak link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, journal_figure
from qdjunction.report.sections.contract import SeriesSection
from qdjunction.report.tables import Table, number

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.contour import ContourSet
    from matplotlib.figure import Figure, FigureBase

    from qdjunction.report.data import DotResults, JunctionResults, SeriesResults, StudyResults
    from qdjunction.report.page import Page
    from qdjunction.report.sections.contract import PlannedFigure
    from qdjunction.study.table import Study

MOST = 3
"""Junctions of a series that are pictured: the last ones, the jump among them."""

SCALE_LABEL = "$\\log_{10}$ of the local density of states (eV$^{-1}$ Å$^{-3}$ per spin)"


class PicturesSection(SeriesSection):
    """A section with pictures of the last junctions of a series, made from their local densities."""

    def files(self, study: Study) -> Iterable[str]:
        """Return nothing: the figure is made from the local densities."""
        return ()

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether the densities of the pictured junctions are available."""
        series = results.find_series(figure.dot, figure.left)
        return super().shows(results, figure) and all(one.density for one in pictured_junctions(series))


class PathsSection(PicturesSection):
    """The last junctions of a series: outlines of the density, and the path between the tips."""

    name = "paths"
    order = 75
    figure_title = "Path of the density"
    kinds = ("decay", "comparison")
    width = "page"

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw outlines and paths of the last junctions of a series."""
        dot, series = results.dot(figure.dot), results.series(figure.dot, figure.left)
        with style.composed():
            table = paths_table(series)
            return Drawing(paths_figure(dot, series, table), table)

    def html(self, page: Page, dot: DotResults, series: SeriesResults) -> Markup | str:
        """Return the figure and the weak link of every pictured junction in numbers."""
        figures = page.figures(self, dot=dot.case.id, left=series.left)
        if not figures:
            return ""
        return page.render(
            "<h3>{{ title }}</h3>{{ show_figure(figure) }}{{ show_table(table) }}",
            title=self.figure_title, figure=figures[0], table=weak_links_table(series),
        )  # fmt: skip


def pictured_junctions(series: SeriesResults | None) -> tuple[JunctionResults, ...]:
    """Return the last junctions of a series."""
    return series.junctions[-MOST:] if series else ()


def paths_table(series: SeriesResults) -> pd.DataFrame:
    """Return the atoms of the paths of all pictured junctions."""
    import pandas as pd

    from qdjunction.report.density_path import path_table

    return pd.concat(map(path_table, pictured_junctions(series)), ignore_index=True)


def weak_links_table(series: SeriesResults) -> Table:
    """Return the weak link of every pictured junction."""
    from qdjunction.report.density_path import density_path, weak_link_name

    junctions = pictured_junctions(series)
    found = [(one, density_path(one)) for one in junctions]
    return Table(
        "Weak link of the density: of all paths along bonds from tip to tip, the one whose lowest density is largest, "
        "and that density. Surfaces of a higher density are broken, those of a lower one reach from tip to tip.",
        ("junction", "atom", "log₁₀ of its density (eV⁻¹)", f"from {junctions[-1].case.name} (decades)"),
        tuple(
            (
                one.case.name, weak_link_name(one, path), number(np.log10(path.density)),
                number(np.log10(path.density / found[-1][1].density), sign=True),
            )
            for one, path in found
        ),
        words=2,
    )  # fmt: skip


def paths_figure(dot: DotResults, series: SeriesResults, table: pd.DataFrame) -> Figure:
    """Draw the outlines of the junctions above the densities along their paths."""
    junctions = pictured_junctions(series)
    figure = journal_figure(118)
    panels = figure.subplots(2, len(junctions), height_ratios=(1.35, 1), squeeze=False)
    figure.get_layout_engine().set(hspace=0.04)  # type: ignore[call-arg, union-attr]
    drawn = draw_pictures(panels[0], dot, junctions)
    draw_scale(figure, panels[0], drawn)
    low = float(np.log10(table["ldos_per_eV"].clip(lower=1e-12)).min())
    for axes, junction in zip(panels[1], junctions, strict=True):
        draw_path(axes, table[table["junction"] == junction.case.name], dot.colours)
        axes.sharey(panels[1][0])
    panels[1][0].set_ylim(low - 1.2, None)
    panels[1][0].set_ylabel("$\\log_{10}$ of the density\nof the atom (eV$^{-1}$)")
    style.letter_panels(list(panels.ravel()))
    found = [axes.get_legend_handles_labels() for axes in panels[1]]
    entries = {
        label: handle for handles, labels in found for handle, label in zip(handles, labels, strict=True)
    }
    # In two rows, beside the name of the engine.
    figure.legend(entries.values(), entries.keys(), loc="outside lower left", ncols=-(-len(entries) // 2))
    return figure


def draw_pictures(
    panels: Sequence[Axes], dot: DotResults, junctions: Sequence[JunctionResults]
) -> ContourSet:
    """Draw the outlines of junctions into panels, on one scale of lengths and of colours."""
    from qdjunction.report.density_field import draw_outlines, field_scale

    scale = field_scale(dot)
    for axes, junction in zip(panels, junctions, strict=True):
        drawn = draw_outlines(axes, junction, scale)
        axes.set_title(junction.case.name)
    limits = np.array([[*axes.get_xlim(), *axes.get_ylim()] for axes in panels])
    left, _, bottom, _ = limits.min(axis=0)
    _, right, _, top = limits.max(axis=0)
    for axes in panels:
        axes.set(xlim=(left, right), ylim=(bottom, top))
    # Below the pictures, where no atom is.
    for axes in panels:
        axes.set_ylim(bottom - 1.5, top)
    panels[0].plot([left + 1, left + 6], [bottom - 1.3] * 2, color="black", lw=1.5, solid_capstyle="butt")
    panels[0].annotate(
        "5 Å", (left + 6, bottom - 1.3), (3, 0), textcoords="offset points", va="center", fontsize=6.5
    )
    return drawn


def draw_scale(figure: FigureBase, panels: Sequence[Axes], drawn: ContourSet) -> None:
    """Draw the colour bar below the pictures."""
    figure.colorbar(drawn, ax=list(panels), location="bottom", aspect=60, pad=0.02, label=SCALE_LABEL)


def draw_path(axes: Axes, table: pd.DataFrame, colours: Mapping[str, str]) -> None:
    """Draw the density of the atoms along a path, with the elements and the weak link."""
    from matplotlib.patheffects import Normal, Stroke

    along, name = table["along_ang"].to_numpy(), str(table["junction"].iloc[0])
    total = np.log10(table["ldos_per_eV"].clip(lower=1e-12))
    for column, dash, label in (("left", "--", "entering from the left"), ("right", ":", "from the right")):
        values = np.log10(table[f"ldos_{column}_per_eV"].clip(lower=1e-12))
        axes.plot(along, values, color="0.55", ls=dash, lw=0.8, label=label)
    axes.plot(along, total, color=colours[name], label="_")
    for element in dict.fromkeys(table["element"]):
        rows = (table["element"] == element).to_numpy()
        axes.plot(
            along[rows], total[rows], "o", ms=4.5, color=style.element_colour(element), mec="0.3", mew=0.5, zorder=3,
            label=element,
        )  # fmt: skip
    weak = table["weak_link"].to_numpy()
    axes.plot(
        along[weak],
        total[weak],
        "o",
        ms=9,
        color="none",
        mec=style.HEADLINE,
        mew=1.2,
        label="weak link",
        zorder=4,
    )
    element, value = table["element"][weak].iloc[0], float(total[weak].iloc[0])
    axes.annotate(
        f"{element}: {value:.2f}".replace("-", "−"), (along[weak][0], value), (0, -9), textcoords="offset points",
        ha="center", va="top", color=style.HEADLINE, fontsize=6.5, zorder=5,
        path_effects=[Stroke(linewidth=2, foreground="white"), Normal()],
    )  # fmt: skip
    axes.set_xlabel("Along the path (Å)")


KIND = PathsSection()
