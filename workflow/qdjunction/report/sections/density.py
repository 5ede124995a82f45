"""Local density of states, atom by atom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.projection import project
from qdjunction.report.sections.contract import PlannedFigure, SeriesSection, of_junctions, pictured
from qdjunction.report.tables import row_tuples
from qdjunction.study import layout

if TYPE_CHECKING:
    import pandas as pd
    from ase import Atoms
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

    from qdjunction.report.data import DotResults, JunctionResults, LocalDensity, SeriesResults, StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study


DENSITY_DECADES = 6.0
"""Decades of the local density of states on the colour scale."""


class DensitySection(SeriesSection):
    """Local density of the scattering states of each junction."""

    name = "density"
    order = 70
    figure_title = "Local density of states"

    def files(self, study: Study) -> Iterable[str]:
        """Return geometries and local densities of the junctions."""
        return of_junctions(study, layout.JUNCTION, layout.LOCAL_DENSITY)

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return one figure for each junction."""
        for dot in study.dots:
            for left, names in pictured(dot).items():
                for name in names:
                    yield PlannedFigure(self.name, dot.id, left, name, title=self.figure_title)

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether the junction has a local density."""
        series = results.find_series(figure.dot, figure.left)
        found = series.shown if series else ()
        return any(one.case.name == figure.junction and one.density for one in found)

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw the density of a junction."""
        dot, series = results.dot(figure.dot), results.series(figure.dot, figure.left)
        junction = next(j for j in series.shown if j.case.name == figure.junction)
        table = density_table(junction)
        return Drawing(density_figure(table, density_scale(dot)), table)

    def html(self, page: Page, dot: DotResults, series: SeriesResults) -> Markup | str:
        """Return the pictures of a series, with one caption for all."""
        figures = page.figures(self, dot=dot.case.id, left=series.left)
        text = "{{ show_junctions(title, figures) }}"
        return page.render(text, title=self.figure_title, figures=figures) if figures else ""


def density_table(junction: JunctionResults) -> pd.DataFrame:
    """Return one row per atom: its position in the picture and its local density of states per spin."""
    import pandas as pd

    atoms, density = junction.atoms, density_of(junction)
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


def density_of(junction: JunctionResults) -> LocalDensity:
    """Return the local density of a junction that has one."""
    if junction.density is None:
        raise ValueError(f"{junction.case.id} has no local density of states")
    return junction.density


def _contact_names(atoms: Atoms) -> list[str | None]:
    """Return the name of the contact that each atom is, None for all but the two that carry a tip."""
    names: list[str | None] = [None] * len(atoms)
    for side in ("left", "right"):
        names[atoms.info["contacts"][atoms.info[side]]["atom"]] = atoms.info[side]
    return names


def density_scale(dot: DotResults) -> tuple[float, float]:
    """Return log10 of the ends of the colour scale (1/eV), common to all pictures of a dot."""
    top = np.log10(max(float(np.nanmax(one.density.left)) for one in dot.junctions if one.density))
    high = float(np.ceil(top * 2) / 2)
    return high - DENSITY_DECADES, high


def density_figure(table: pd.DataFrame, scale: tuple[float, float]) -> Figure:
    """Draw the atoms in projection, coloured by the density that enters from the left and from the right lead."""
    from matplotlib.colors import Normalize

    width, height = float(np.ptp(table["across_ang"])) + 3.0, float(np.ptp(table["up_ang"])) + 6.7
    panel = (style.WIDTH_IN - 0.2) / 2
    figure = new_figure(panel * height / width + 1.2)
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    figure.set_layout_engine("constrained", wspace=0.06)  # keeps the tips of the two pictures apart
    norm = Normalize(*scale)
    for axes, column, title in zip(
        panels,
        ("ldos_left_per_eV", "ldos_right_per_eV"),
        ("entering from the left", "entering from the right"),
        strict=True,
    ):
        drawn = draw_density(axes, table, column, norm)
        axes.set_title(title)
    draw_scale_bar(panels[0], table)
    _element_key(panels[1], table)
    figure.colorbar(
        drawn, ax=panels, location="bottom", aspect=45, pad=0.02, extend="min",
        label="$\\log_{10}$ of the local density of states (eV$^{-1}$ per spin)",
    )  # fmt: skip
    return figure


def draw_density(axes: Axes, table: pd.DataFrame, column: str, norm: Normalize) -> ScalarMappable:
    """Draw the atoms with one of the densities into a panel, and return what a colour bar needs."""
    shown = np.ma.masked_array(log10_clipped(table[column], float(norm.vmin or 0)), np.isnan(table[column]))
    drawn = _atoms_in_projection(axes, table, shown, norm)
    axes.set_xlim(table["across_ang"].min() - 1.5, table["across_ang"].max() + 1.5)
    axes.set_ylim(table["up_ang"].min() - 5.2, table["up_ang"].max() + 1.5)
    axes.set_aspect("equal")
    # Not `set_axis_off`, with which the layout leaves no room for the title.
    axes.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
    axes.spines[:].set_visible(False)
    _label_contacts(axes, table)
    return drawn


def log10_clipped(values: pd.Series | NDArray[np.float64], low: float) -> NDArray[np.float64]:
    """Return log10 of densities, clipped at `low`.

    Slightly negative Mulliken populations and the missing densities of atoms that a lead replaces become `low` too.
    """
    clipped: NDArray[np.float64] = np.fmax(np.asarray(values, dtype=np.float64), 10.0**low)
    return np.log10(clipped)


def _atoms_in_projection(
    axes: Axes, table: pd.DataFrame, values: np.ma.MaskedArray[Any, Any], norm: Normalize
) -> ScalarMappable:
    """Draw all atoms but hydrogen, those with the most density on top and those without any, which are masked, grey."""
    from matplotlib import colormaps
    from matplotlib.collections import EllipseCollection

    heavy = np.flatnonzero(table["element"] != "H")
    order = heavy[np.argsort(values.data[heavy], kind="stable")]
    rows = table.iloc[order]
    diameters = np.array([2.6 * style.element_radius(symbol) for symbol in rows["element"]])
    drawn = EllipseCollection(
        diameters, diameters, np.zeros(len(rows)), units="xy", offsets=rows[["across_ang", "up_ang"]].to_numpy(),
        transOffset=axes.transData, array=values[order], norm=norm,
        cmap=colormaps["viridis"].with_extremes(bad="0.85"), edgecolors="white", linewidths=0.3,
    )  # fmt: skip
    axes.add_collection(drawn)
    return drawn


def draw_scale_bar(axes: Axes, table: pd.DataFrame) -> None:
    """Draw a bar of 5 Ang below the atoms."""
    left, bottom = float(table["across_ang"].min()), float(table["up_ang"].min()) - 4.4
    axes.plot([left, left + 5], [bottom, bottom], color="black", lw=1.5, solid_capstyle="butt")
    axes.annotate("5 Å", (left + 2.5, bottom), (0, 3), textcoords="offset points", ha="center", fontsize=7.5)


def _label_contacts(axes: Axes, table: pd.DataFrame) -> None:
    """Write the name of each contact beside its atom, away from the middle of the dot."""
    from matplotlib.patheffects import Normal, Stroke

    dot = table[table["tag"] < 10]
    middle = dot[["across_ang", "up_ang"]].mean().to_numpy()
    for row in row_tuples(table.dropna(subset="contact")):
        place = np.array([row.across_ang, row.up_ang])
        out = place - middle
        along, other = (0, 1) if abs(out[0]) >= abs(out[1]) else (1, 0)
        place[along] += np.sign(out[along]) * 1.4
        place[other] += 2.4
        axes.annotate(
            row.contact, (place[0], place[1]), ha="center", va="center", fontsize=8, weight="bold", zorder=5,
            path_effects=[Stroke(linewidth=2, foreground="white"), Normal()],
        )  # fmt: skip


def _element_key(axes: Axes, table: pd.DataFrame) -> None:
    """Draw one empty circle per element below the atoms at the right, as large as its atoms, with its symbol above."""
    from matplotlib.patches import Circle

    symbols = sorted(set(table["element"]) - {"H"}, key=style.element_radius)
    right, bottom = float(table["across_ang"].max()) - 1.2, float(table["up_ang"].min()) - 4.0
    step = min(4.2, float(np.ptp(table["across_ang"])) / len(symbols))
    for number, symbol in enumerate(symbols):
        radius, x = 1.3 * style.element_radius(symbol), right - number * step
        axes.add_patch(Circle((x, bottom), radius, fc="none", ec=style.TREND, lw=0.8))
        axes.annotate(
            symbol, (x, bottom + 1.0), (0, 1), textcoords="offset points", ha="center", va="bottom", fontsize=7.5
        )  # fmt: skip


KIND = DensitySection()
