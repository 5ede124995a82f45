"""Free energy of a cover of ligands against their number."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import PageSection, PlannedFigure
from qdjunction.report.tables import MISSING, Table, number
from qdjunction.study import layout
from qdjunction.study.papers import PaperItem, paper_of

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.figure import Figure

    from qdjunction.interference.cover import CoverRecord, CoverSeries
    from qdjunction.report.data import StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study


class CoverSection(PageSection):
    """Delta G of every ligand against the number of ligands, with its differential."""

    name = "cover"
    order = 14.8
    title = "Cover of ligands"
    figure_title = "Cover of ligands"

    def files(self, study: Study) -> Iterable[str]:
        """Return record and table, if the study has a cover."""
        return [layout.COVER_RECORD, layout.COVER_TABLE] if study.covers else []

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return one figure, if the study has a cover."""
        if study.covers:
            yield PlannedFigure(self.name, title=self.figure_title)

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether a series has a result."""
        return results.cover is not None

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw all ligands, with the published minima."""
        from qdjunction.interference.cover import cover_table

        assert results.cover is not None  # `shows`
        table = cover_table(results.cover)
        return Drawing(cover_figure(table, results.cover, published(results.study)), table)

    def origin(self, results: StudyResults, figure: PlannedFigure) -> str:
        """Return the engine, as a preview where it is a model."""
        assert results.cover is not None  # `shows`
        engine = results.cover.engine
        return f"preview by {engine.method}, not DFT" if engine.embedded else engine.label

    def html(self, page: Page) -> Markup | str:
        """Return the section, or nothing where the study has no cover."""
        record = page.results.cover
        if record is None:
            return ""
        return page.render(
            HTML,
            figures=page.figures(self),
            record=record,
            embedded=record.engine.embedded,
            sentences=[sentence(series, record) for series in record.series],
            table=cover_rows(record),
        )


HTML = """
<section id="cover">
<h2>Cover of ligands</h2>
<p>{{ record.cell }}, {{ record.sites }} surface cations on both faces, {{ "%.0f" % record.area_ang2 }} Å² each;
reservoirs: {{ record.reservoirs }}.{% if embedded %} <strong>Preview by {{ record.engine.method }}, not DFT:</strong>
the engine has the Gamma point of the slab alone, and the documentation states how far its energies of slabs can be
trusted.{% endif %}</p>
{% for sentence in sentences %}<p>{{ sentence }}</p>{% endfor %}
{% for figure in figures %}{{ show_figure(figure) }}{% endfor %}
{{ show_table(table) }}
</section>
"""


def sentence(series: CoverSeries, record: CoverRecord) -> str:
    """Return minimum, break and what is missing of a series in words."""
    computed = [one.count for one in series.points]
    parts = [f"{series.ligand}: the free energy is lowest at N = {series.minimum}"]
    if not series.complete:
        missing = [str(n) for n in range(record.sites + 1) if n not in computed]
        parts[0] += f" among those computed; there is no result for N = {', '.join(missing)}"
    refused = [
        str(one.count) for one in series.points if one.count and math.isfinite(one.differential_ev)
        and one.differential_ev >= 0
    ]  # fmt: skip
    parts.append(
        f"unfavourable are the ligands {', '.join(refused)}"
        if refused
        else "every further ligand is favourable"
    )
    if series.break_ is None:
        parts.append("too few points for a break")
    else:
        found = series.break_
        slopes = f"{found.before_ev:+.2f} eV per ligand before and {found.beyond_ev:+.2f} beyond"
        parts.append(
            f"there is a break after the ligand {found.after}: {slopes}"
            if found.is_break
            else f"no break: two lines that meet at {found.after} have slopes of {slopes}, a difference within "
            f"{found.error_ev:.2f} eV of none"
        )
    if series.conformational_ev and math.isfinite(series.conformational_ev):
        parts.append(f"conformers add {series.conformational_ev:+.3f} eV per ligand")
    if math.isfinite(series.vibrational_ev):
        parts.append(f"vibrations add {series.vibrational_ev:+.2f} eV per ligand")
    if series.imaginary:
        parts.append(f"{series.imaginary} of their modes are imaginary, so that a structure is no minimum")
    if not any(math.isfinite(one.spread_ev) for one in series.points):
        parts.append(
            "one structure for each number, so that the spread over conformers and site sets is not known"
        )
    return "; ".join(parts).replace("-", "−") + "."


def cover_rows(record: CoverRecord) -> Table:
    """Return Delta G of every ligand and number."""
    kept = {one: texts for series in record.series for one, texts in _findings(series).items()}
    return Table(
        f"Free energy of replacing surface cations by ligands, {record.engine.method}, at {record.temperature_k:g} K: "
        "ΔG(N) = E(N) − E(0) + N (μ(cation) − μ(ligand)) per cell, E of the lowest structure of each N, with the terms "
        "of the exchange per ligand that are stated above. The differential is what the last ligand adds; the spread "
        "is the highest less the lowest energy of these structures. A structure that did not keep its bonds is no "
        "longer the one that was built.",
        (
            "ligand", "not kept in the relaxation", "N", "ΔG (eV)", "differential (eV)", "spread (eV)",
             "structures", "site sets", "of",
        ),
        tuple(
            (
                series.ligand, kept.get(one.lowest, MISSING), str(one.count), number(one.free_energy_ev, 2, sign=True),
                number(one.differential_ev, 2, sign=True), number(one.spread_ev, 2),
                str(one.structures), str(one.sets), str(one.distinct),
            )
            for series in record.series
            for one in series.points
        ),
        words=2,
    )  # fmt: skip


def _findings(series: CoverSeries) -> dict[str, str]:
    """Return the findings of each structure, by its name."""
    found: dict[str, list[str]] = {}
    for text in series.findings:
        name, _, finding = text.partition(": ")
        found.setdefault(name, []).append(finding)
    return {name: "; ".join(texts) for name, texts in found.items()}


def published(study: Study) -> list[PaperItem]:
    """Return the published minima of the paper that a study is compared with."""
    paper = paper_of(study)
    return [item for item in (paper.items if paper else []) if item.quantity == "cover-minimum"]


def cover_figure(table: pd.DataFrame, record: CoverRecord, minima: Iterable[PaperItem]) -> Figure:
    """Draw Delta G above and its differential below, each ligand in one colour, with the published minima."""
    figure = new_figure(4.6)
    above, below = figure.subplots(2, 1, sharex=True)
    at = {item.ligand: float(item.value) for item in minima if isinstance(item.value, float)}
    for series, colour in zip(record.series, style.PALETTE, strict=False):
        rows = table[table["ligand"] == series.ligand]
        above.plot(
            rows["ligands"], rows["free_energy_eV"], "o-", color=colour, ms=4, lw=1, label=series.ligand
        )
        lowest = rows[rows["ligands"] == series.minimum]
        above.plot(lowest["ligands"], lowest["free_energy_eV"], "o", mfc="none", mec=colour, ms=9)
        below.plot(rows["ligands"], rows["differential_eV"], "o-", color=colour, ms=4, lw=1)
        if series.ligand in at:
            above.plot(
                [at[series.ligand]], [1.0], "v", color=colour, transform=above.get_xaxis_transform(),
                clip_on=False, ms=6,
            )  # fmt: skip
    for axes in (above, below):
        axes.axhline(0, color="#8C8C8C", lw=0.8, ls=":")
    above.set_ylabel("$\\Delta G$ (eV)")
    below.set_ylabel("Differential (eV)")
    below.set_xlabel("Number of ligands $N$")
    below.set_xlim(-0.3, record.sites + 0.3)
    below.set_xticks(range(record.sites + 1))
    style.legend_above(above, columns=2)
    return figure


KIND = CoverSection()
