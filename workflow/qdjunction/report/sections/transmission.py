"""T(E) of a series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.energy_axis import Marks, energy_axis
from qdjunction.report.sections.contract import PlannedFigure, SeriesSection, of_junctions, of_series
from qdjunction.study import layout

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from qdjunction.report.data import SeriesResults, StudyResults
    from qdjunction.study.table import Study


class TransmissionSection(SeriesSection):
    """T(E) as computed, and the thermal conductance."""

    name = "transmission"
    order = 10
    figure_title = "Transmission of the series"
    beside = True

    def files(self, study: Study) -> Iterable[str]:
        """Return T(E) of the junctions, the conductances and the summary of the series."""
        return [
            *of_junctions(study, layout.TRANSMISSION),
            *of_series(study, layout.CONDUCTANCE, layout.SERIES),
        ]

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw the transmission of a series."""
        dot, series = results.dot(figure.dot), results.series(figure.dot, figure.left)
        table = transmission_table(series)
        return Drawing(transmission_figure(table, Marks.of(series.summary), dot.colours), table)


def transmission_table(series: SeriesResults) -> pd.DataFrame:
    """Return one row per junction and energy: T, and the thermal conductance with E_F there, if it is known."""
    import pandas as pd

    table = pd.concat(
        pd.DataFrame(
            {
                "junction": junction.case.name,
                "contact_distance_ang": distance,
                "energy_eV": junction.transmission.energies_ev,
                "transmission": junction.transmission.transmission,
            }
        )
        for junction, distance in zip(series.shown, series.distances_ang, strict=True)
    ).reset_index(drop=True)
    if series.controls:
        roles = {junction.case.name: junction.case.role for junction in series.shown}
        table.insert(1, "role", table["junction"].map(roles))
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
    """Draw T(E) of a series as computed (pale) and the thermal conductance (strong); controls dashed."""
    figure = new_figure(3.7)
    axes = figure.add_subplot()
    draw_transmission(axes, table, marks, colours)
    style.legend_above(axes, columns=3)
    return figure


def draw_transmission(axes: Axes, table: pd.DataFrame, marks: Marks, colours: Mapping[str, str]) -> None:
    """Draw the same into a panel, without a legend."""
    dashes = style.junction_dashes(list(colours))
    for name, rows in table.groupby("junction", sort=False):
        is_control = "role" in rows and rows["role"].iloc[0] == "control"
        label = f"{name}  ({rows['contact_distance_ang'].iloc[0]:.1f} Å{', control' if is_control else ''})"
        colour, dash = colours[str(name)], style.CONTROL_DASH if is_control else dashes[str(name)]
        axes.plot(rows["energy_eV"], rows["transmission"], color=colour, lw=0.5, alpha=0.3)
        axes.plot(rows["energy_eV"], rows["conductance_G0"], color=colour, ls=dash, label=label)
    axes.set_yscale("log")
    axes.set_ylabel("$T(E)$ (pale), thermal $G/G_0$ (strong)")
    energy_axis(axes, table["energy_eV"], marks)


KIND = TransmissionSection()
