"""Table of the junctions of a series."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report.sections.contract import SeriesSection, of_junctions
from qdjunction.report.tables import Table, interval, number
from qdjunction.study import layout

if TYPE_CHECKING:
    from markupsafe import Markup

    from qdjunction.report.data import DotResults, SeriesResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study


class JunctionsSection(SeriesSection):
    """Distance, conductance, gap and numerical error of each junction."""

    name = "junctions"
    order = 60

    def files(self, study: Study) -> Iterable[str]:
        """Return geometries and levels of the junctions."""
        return of_junctions(study, layout.JUNCTION, layout.FRONTIER)

    def html(self, page: Page, dot: DotResults, series: SeriesResults) -> Markup:
        """Return the table of a series."""
        return page.render("{{ show_table(table) }}", table=junctions_table(dot, series))


def junctions_table(dot: DotResults, series: SeriesResults) -> Table:
    """Return distance, conductance and checks of the junctions of a series."""
    rows = []
    for junction, distance, value in zip(
        series.shown, series.distances_ang, series.conductances_g0, strict=True
    ):
        frontier, spectrum = junction.frontier, junction.transmission
        rows.append(
            (
                junction.case.name,
                f"{junction.case.left} to {junction.case.right}",
                *([junction.case.role] if series.controls else []),
                str(len(junction.atoms)),
                number(distance),
                number(np.log10(value)),
                interval((frontier.homo_ev, frontier.lumo_ev)),
                number(frontier.lumo_ev - frontier.homo_ev),
                "exact" if spectrum.error_estimate == 0 else f"{spectrum.error_estimate:.0e}",
            )
        )
    return Table(
        f"Junctions of {dot.case.id} from contact {series.left}. The conductance is thermal and taken at the headline "
        "energy; HOMO and LUMO are those of the dot's own block, relative to the Fermi energy; the last column is the "
        "largest relative difference of T(E) from a direct solution at the energies that were checked.",
        (
            "junction", "contacts", *(["role"] if series.controls else []), "atoms", "contact to contact (Å)",
            "log₁₀ G/G₀", "HOMO to LUMO (eV)", "gap (eV)", "error of T(E)",
        ),
        tuple(rows),
        3 if series.controls else 2,
    )  # fmt: skip


KIND = JunctionsSection()
