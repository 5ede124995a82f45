"""Coupling of joined dots."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.interference.coupling import LEVELS
from qdjunction.interference.coupling_results import is_resolved, unresolved
from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import PageSection, PlannedFigure
from qdjunction.report.tables import Table, number
from qdjunction.study import layout

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.figure import Figure

    from qdjunction.interference.coupling_results import CouplingRecord, PairCoupling
    from qdjunction.report.data import StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study


class CouplingSection(PageSection):
    """Transfer integrals of HOMO and LUMO against the length of the linker."""

    name = "coupling"
    order = 14
    title = "Coupling of joined dots"
    figure_title = "Coupling of joined dots"

    def files(self, study: Study) -> Iterable[str]:
        """Return the record and the table, if the study has pairs."""
        return [layout.COUPLING, layout.COUPLING_TABLE] if study.joined_dots else []

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return one figure, if the study has pairs."""
        if study.joined_dots:
            yield PlannedFigure(self.name, title=self.figure_title)

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether a pair with a linker was computed."""
        return results.coupling is not None and any(map(_is_linked, results.coupling.pairs))

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw all pairs with a linker."""
        assert results.coupling is not None  # `shows`
        table = drawn_table(results.coupling)
        return Drawing(coupling_figure(table, results.coupling), table)

    def origin(self, results: StudyResults, figure: PlannedFigure) -> str:
        """Return the engine of the study."""
        return results.engine.label

    def html(self, page: Page) -> Markup | str:
        """Return the section, or nothing where the study has no couplings."""
        record = page.results.coupling
        if record is None:
            return ""
        return page.render(
            HTML,
            figures=page.figures(self),
            table=couplings_table(record),
            sentences=[decay.sentence for decay in record.decays],
        )


HTML = """
<section id="coupling">
<h2>Coupling of joined dots</h2>
{% for sentence in sentences %}<p>{{ sentence }}.</p>{% endfor %}
<div class="pair">
{% for figure in figures %}{{ show_figure(figure) }}{% endfor %}
{{ show_table(table) }}
</div>
</section>
"""


def _is_linked(pair: PairCoupling) -> bool:
    return math.isfinite(pair.end_distance_ang)


def couplings_table(record: CouplingRecord) -> Table:
    """Return one row for each pair and level."""
    return Table(
        "Level of each dot, and their coupling |t|. Direct and through the linker are its parts when the linker is "
        "eliminated at the energy of the levels; a negative one reduces |t|. Where more than one level of each dot "
        "takes part, the coupling is not resolved and enters no fit.",
        (
            "pair", "level", "end to end (Å)", "Pb to Pb (Å)", "first (eV)", "second (eV)", "|t| (meV)",
            "direct (meV)", "through the linker (meV)", "resolved",
        ),
        tuple(
            (
                one.pair, level, number(one.end_distance_ang), number(one.pb_distance_ang),
                number(coupling.levels_ev[0]), number(coupling.levels_ev[1]),
                number(1000 * coupling.coupling_ev, 3),
                number(1000 * coupling.direct_ev if _is_linked(one) else None, 3),
                number(1000 * coupling.bonds_ev if _is_linked(one) else None, 3),
                f"no: {why}" if (why := unresolved(coupling)) else "yes",
            )
            for one in record.pairs
            for level, coupling in one.levels.items()
        ),
        words=2,
    )  # fmt: skip


def drawn_table(record: CouplingRecord) -> pd.DataFrame:
    """Return the drawn points: pairs with a linker, with the fitted |t|."""
    import pandas as pd

    fits = {decay.level: decay for decay in record.decays}
    return pd.DataFrame(
        {
            "pair": one.pair,
            "level": level,
            "alkane": one.is_saturated,
            "end_distance_ang": one.end_distance_ang,
            "coupling_eV": coupling.coupling_ev,
            "resolved": is_resolved(coupling),
            "fit_eV": 10 ** fits[level].log10_contact_ev
            * np.exp(-fits[level].beta_per_ang * one.end_distance_ang),
        }
        for one in sorted(filter(_is_linked, record.pairs), key=lambda one: one.end_distance_ang)
        for level, coupling in one.levels.items()
    )  # fmt: skip


def coupling_figure(table: pd.DataFrame, record: CouplingRecord) -> Figure:
    """Draw |t| of HOMO and LUMO against the distance of the ends of the linker."""
    figure = new_figure(3.2)
    axes = figure.add_subplot()
    has_alkanes = bool(table["alkane"].any())
    for level, colour in zip(LEVELS, style.PALETTE, strict=False):
        rows = table[table["level"] == level]
        decay = next(one for one in record.decays if one.level == level)
        for (resolved, is_fitted), points in rows.groupby(["resolved", "alkane"]):
            axes.plot(
                points["end_distance_ang"], 1000 * points["coupling_eV"], "o" if is_fitted or not has_alkanes else "s",
                ms=5, mfc=colour if resolved else "white", mec=colour,
            )  # fmt: skip
        if math.isfinite(decay.beta_per_ang):
            axes.plot(
                rows["end_distance_ang"], 1000 * rows["fit_eV"], color=colour, lw=1,
                label=f"{level}: $\\beta$ = {decay.beta_per_ang:.2f} Å$^{{-1}}$",
            )  # fmt: skip
        axes.plot([], [], "o", ms=5, color=colour, label=level)
    for marker, face, label, is_there in (
        ("o", "white", "not resolved", not table["resolved"].all()),
        ("s", "0.4", "no alkane, not fitted", has_alkanes and not table["alkane"].all()),
    ):
        if is_there:
            axes.plot([], [], marker, ms=5, mfc=face, mec="0.4", ls="", label=label)
    for pair, points in table.groupby("pair", sort=False):
        axes.annotate(
            str(pair), (points["end_distance_ang"].max(), 1000 * points["coupling_eV"].max()), xytext=(0, 6),
            textcoords="offset points", ha="center", fontsize="small",
        )  # fmt: skip
    axes.set_yscale("log")
    axes.margins(y=0.12)
    axes.set_xlabel("Distance of the ends of the linker (Å)")
    axes.set_ylabel("Coupling |t| (meV)")
    style.legend_above(axes, columns=2)
    return figure


KIND = CouplingSection()
