"""Geometries of dots and relaxed junctions, their relaxations and the corrections of calculations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from qdjunction.report.sections.contract import PageSection, of_junctions
from qdjunction.report.tables import MISSING, Table, number, row_tuples
from qdjunction.study import layout

if TYPE_CHECKING:
    from markupsafe import Markup

    from qdjunction.report.data import DotResults, StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.results import RelaxationRecord
    from qdjunction.study.table import Study

GFN1_APEX_ANG: Mapping[str, float] = {"Cl": 2.53, "Br": 2.58, "I": 2.68}
"""Distance (Ang) of apex and halide at the minimum of GFN1-xTB, for rigid tips on 1Pb: measured in docs/engines.md."""


class GeometrySection(PageSection):
    """Relaxations, bond lengths, and corrections of calculations that did not converge at once."""

    name = "geometry"
    about_dots = True
    order = 70
    title = "Geometries"

    def files(self, study: Study) -> Iterable[str]:
        """Return the records of relaxed junctions."""
        return of_junctions(study, layout.JUNCTION_RELAXATION) if study.relaxes_junctions else ()

    def html(self, page: Page) -> Markup:
        """Return the tables."""
        return page.render(
            HTML,
            dots_table=dots_table(page.results),
            bonds_table=bonds_table(page.results),
            contacts_table=contacts_table(page.results),
            corrections_table=corrections_table(page.results),
        )


HTML = """
<section id="geometry">
<h2>Geometries</h2>
{{ show_table(dots_table) }}
{% if bonds_table.rows %}
{{ show_table(bonds_table) }}
{% endif %}
{% if contacts_table %}
{{ show_table(contacts_table) }}
{% endif %}
{% if corrections_table and corrections_table.rows %}
{{ show_table(corrections_table) }}
{% elif corrections_table %}
<p>{{ corrections_table.caption }}</p>
{% endif %}
</section>
"""


def dots_table(results: StudyResults) -> Table:
    """Return size, gap and relaxation of every dot."""
    rows = []
    for dot in results.dots:
        record = dot.relaxation
        rows.append(
            (
                dot.case.id,
                record.formula,
                _start(dot),
                _not_kept(record),
                str(len(dot.atoms)),
                number(dot.lumo_ev - dot.homo_ev),
                str(record.steps),
                number(record.fmax_ev_per_ang, 3),
                number(record.fmax_wanted_ev_per_ang, 2),
                number(record.energy_ev, 3),
            )
        )
    return Table(
        "Dots of the study. The gap is that of the bare, relaxed dot: lowest empty minus highest occupied level. Steps "
        "are counted from the stated start. Not preserved are contacts, Pb-halide bonds and protons that the "
        "relaxation has changed.",
        (
            "dot", "formula", "started from", "not preserved", "atoms", "HOMO-LUMO gap (eV)", "steps",
            "largest force (eV/Å)", "threshold (eV/Å)", "energy (eV)",
        ),
        tuple(rows),
        4,
    )  # fmt: skip


def contacts_table(results: StudyResults) -> Table | None:
    """Both contacts of every relaxed junction; None where junctions are not relaxed."""
    from qdjunction.structure.anchors import ANCHORS

    if not results.study.relaxes_junctions:
        return None
    halides = (ANCHORS[name] for name in ("chloride", "bromide", "iodide"))
    published_ang = {anchor.element: anchor.apex_distance_ang for anchor in halides}
    rows = []
    for junction in (junction for dot in results.dots for junction in dot.junctions):
        if (record := junction.relaxation) is None or (state := record.junction) is None:
            continue
        for tip in state.tips:
            published = published_ang.get(tip.symbol)
            rows.append(
                (
                    junction.case.id,
                    tip.contact,
                    tip.symbol,
                    _not_kept(record),
                    number(tip.built_ang),
                    number(tip.distance_ang),
                    MISSING if published is None else number(published),
                    number(tip.contact_shift_ang),
                    number(tip.apex_shift_ang),
                    str(record.steps),
                    number(record.fmax_ev_per_ang, 3),
                )
            )
    free = {
        "contact": "The gold atoms that bind and what surrounds the contact atoms were free",
        "junction": "All atoms but those of the lead layers were free",
    }[results.study.config.electrodes.relax]
    caption = (
        f"Contacts of the relaxed junctions. {free}. Distances are those of the gold apex and the contact atom: as "
        "built, relaxed, and published (Cl, Br, I: Zheng et al., Nat. Commun. 10, 5458 (2019))."
    )
    if results.engine.method == "GFN1-xTB":
        own = ", ".join(f"{distance:.2f} for {symbol}" for symbol, distance in GFN1_APEX_ANG.items())
        caption += (
            f" The minimum of GFN1-xTB itself lies at shorter distances (Å): {own}, for rigid tips on 1Pb. A contact "
            "that is relaxed with it therefore does not keep the published distance."
        )
    return Table(
        caption,
        (
            "junction", "contact", "atom", "not as built", "as built (Å)", "relaxed (Å)", "published (Å)",
            "atom moved (Å)", "apex moved (Å)", "steps", "largest force (eV/Å)",
        ),
        tuple(rows),
        4,
    )  # fmt: skip


def _start(dot: DotResults) -> str:
    """Return the start of the relaxation in words."""
    if before := dot.pre_relaxation:
        origin = "catalogue" if "start" in before.inputs else dot.case.entry.origin
        return f"{origin}, then {before.steps} steps of {before.engine.method}"
    return "catalogue" if "start" in dot.relaxation.inputs else dot.case.entry.origin


def _not_kept(record: RelaxationRecord) -> str:
    """Return what the relaxation did not preserve; a dash for results of versions without this check."""
    if record.integrity is None:
        return MISSING
    return "; ".join(record.integrity.findings) or "none"


def corrections_table(results: StudyResults) -> Table | None:
    """Return the corrections that made calculations converge; None if the engine makes no corrections."""
    engines = [
        (where, task, engine)
        for dot in results.dots
        for where, task, engine in (
            (dot.case.id, "relaxation", dot.relaxation.engine),
            (dot.case.id, "H and S", dot.electrons),
            *(
                (item.case.id, "relaxation", item.relaxation.engine)
                for item in dot.junctions
                if item.relaxation
            ),
            *((item.case.id, "H and S", item.frontier.engine) for item in dot.junctions),
        )
        if engine is not None
    ]
    if not any("corrections" in engine.settings for _, _, engine in engines):
        return None
    rows = [
        (
            where,
            task,
            str(made["attempt"]),
            made["failure"],
            made["action"],
            ", ".join(f"{key} {old} to {new}" for key, (old, new) in made["changed"].items()) or MISSING,
        )
        for where, task, engine in engines
        for made in engine.settings.get("corrections", [])
    ]
    caption = "Corrections, which change how a calculation converges, never what it converges to."
    return Table(
        caption if rows else f"{caption} None was needed.",
        ("dot or junction", "calculation", "after attempt", "failure", "correction", "settings"),
        tuple(rows),
        6,
    )


def bonds_table(results: StudyResults) -> Table:
    """Return the Pb-halide bond lengths of the relaxed dots."""
    from qdjunction.structure.bonds import bond_lengths

    rows = []
    for dot in results.dots:
        for bond in row_tuples(bond_lengths(dot.atoms)):
            lengths = (number(length, 3) for length in (bond.min_ang, bond.mean_ang, bond.max_ang))
            rows.append((dot.case.id, f"Pb-{bond.halide}", bond.kind, str(bond.bonds), *lengths))
    return Table(
        "Pb-halide bond lengths of the relaxed dots. A terminal halide is bonded to one Pb, a bridging halide to two.",
        ("dot", "bond", "kind", "bonds", "shortest (Å)", "mean (Å)", "longest (Å)"),
        tuple(rows),
        3,
    )


KIND = GeometrySection()
