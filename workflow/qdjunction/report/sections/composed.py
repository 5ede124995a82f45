"""Figures of several panels, as a journal prints them: panel letters, column widths, one legend.

They are written beside the others by the rule `figures` and by `qdjunction figures`; the page shows their parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, journal_figure
from qdjunction.report.energy_axis import Marks
from qdjunction.report.sections.decay import decay_table, draw_decay
from qdjunction.report.sections.density import density_table
from qdjunction.report.sections.paths import PicturesSection, draw_pictures, draw_scale, pictured_junctions
from qdjunction.report.sections.transmission import draw_transmission, transmission_table

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from qdjunction.report.data import DotResults, SeriesResults, StudyResults
    from qdjunction.report.page import Page
    from qdjunction.report.sections.contract import PlannedFigure

HEIGHT_MM = 118.0
"""Height of the figure (mm)."""


class ComposedSection(PicturesSection):
    """Conductance by site, T(E) and the decay of a series above the local densities of its last junctions."""

    name = "composed"
    order = 95
    figure_title = "Series in one figure"
    kinds = ("decay",)

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw the panels of a series."""
        dot, series = results.dot(figure.dot), results.series(figure.dot, figure.left)
        with style.composed():
            return Drawing(composed_figure(dot, series), composed_table(dot, series))

    def html(self, page: Page, dot: DotResults, series: SeriesResults) -> Markup | str:
        """Return nothing, since the page shows the panels one by one."""
        return ""


def sites_table(dot: DotResults, series: SeriesResults) -> pd.DataFrame:
    """Return T at the headline energy and at E_F of every junction of a dot, by its right contact.

    Columns ``left``, ``right``, ``energy`` (``headline`` or ``fermi``), ``energy_eV``, ``transmission``; the headline
    energy is that of `series` for all. T is that of the junction itself, without thermal average, and nan where it was
    not computed.
    """
    import pandas as pd

    rows = []
    for other in dot.series:
        for junction in other.junctions:
            found = junction.transmission
            for name, energy in (("headline", series.summary.headline_energy_ev), ("fermi", 0.0)):
                value = np.interp(energy, found.energies_ev, found.transmission, left=np.nan, right=np.nan)
                rows.append((junction.case.name, other.left, junction.case.right, name, energy, float(value)))
    return pd.DataFrame(rows, columns=["junction", "left", "right", "energy", "energy_eV", "transmission"])


def composed_table(dot: DotResults, series: SeriesResults) -> pd.DataFrame:
    """Return the numbers of all panels, with a column ``panel``."""
    import pandas as pd

    densities = [density_table(one).assign(junction=one.case.name) for one in pictured_junctions(series)]
    tables = [sites_table(dot, series), transmission_table(series), decay_table(series.decay), *densities]
    return pd.concat(
        [table.assign(panel=letter) for letter, table in zip("abcdef", tables, strict=True)],
        ignore_index=True,
    )


def composed_figure(dot: DotResults, series: SeriesResults) -> Figure:
    """Draw a series over the width of two columns."""
    figure = journal_figure(HEIGHT_MM)
    parts = figure.subfigures(2, 1, height_ratios=(1.05, 1), squeeze=False)
    above, below = parts[0, 0], parts[1, 0]
    sites, spectrum, decay = panels = above.subplots(1, 3, width_ratios=(0.8, 1.1, 1.1))
    pictures = below.subplots(1, len(pictured_junctions(series)), squeeze=False)[0]
    draw_sites(sites, sites_table(dot, series), series.left)
    draw_transmission(spectrum, transmission_table(series), Marks.of(series.summary), dot.colours)
    draw_decay(decay, decay_table(series.decay), series.decay.at_headline, dot.colours)
    drawn = draw_pictures(pictures, dot, pictured_junctions(series))
    draw_scale(below, pictures, drawn)
    style.letter_panels([*panels, *pictures])
    # Colours mean the same in both panels.
    handles, labels = spectrum.get_legend_handles_labels()
    above.legend(handles, labels, loc="outside upper right", ncols=4)
    return figure


def draw_sites(axes: Axes, table: pd.DataFrame, left: str) -> None:
    """Draw T at the headline energy against the right contact, for all left contacts; that at E_F for `left` alone."""
    places = {
        name: number for number, name in enumerate(dict.fromkeys(table[table["left"] == left]["right"]))
    }
    others = [name for name in dict.fromkeys(table["left"]) if name != left]
    shown = [
        (left, "headline", "o-", "black", f"from {left}, headline energy"),
        (left, "fermi", "o:", "black", f"from {left}, at $E_F$"),
    ]
    shown += [
        (name, "headline", f"{marker}-", shade, f"from {name}")
        for name, marker, shade in zip(others, "s^Dv", ("0.4", "0.6", "0.7", "0.8"), strict=False)
    ]
    for name, energy, line, colour, label in shown:
        rows = table[
            (table["left"] == name) & (table["energy"] == energy) & table["right"].isin(list(places))
        ]
        face = "white" if energy == "fermi" else colour
        axes.plot(
            [places[right] for right in rows["right"]],
            rows["transmission"],
            line,
            color=colour,
            mfc=face,
            ms=4,
            label=label,
        )
    axes.set_yscale("log")
    axes.set_xticks(list(places.values()), list(places))
    axes.set_xlim(-0.4, len(places) - 0.6)
    axes.set_xlabel("Right contact")
    axes.set_ylabel("$T$")
    low, high = np.log10([table["transmission"].min(), table["transmission"].max()])
    legend = 0.15 * len(shown)  # Share of the panel that its lines take, below the points.
    axes.set_ylim(10 ** (low - 0.15 - legend / (1 - legend) * (high - low)), 10 ** (high + 0.3))
    axes.legend(loc="lower left", handlelength=1.8)


KIND = ComposedSection()
