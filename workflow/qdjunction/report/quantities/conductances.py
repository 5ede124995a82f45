"""Quantities of the conductances of a dot: decay, jump, plateaus, ligands, slides, local density, orbitals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.interference.decay import step_betas
from qdjunction.report.quantities.contract import (
    Compute,
    NotInStudyError,
    Ours,
    find_dot,
    find_series,
    log10_conductance,
)
from qdjunction.structure.contacts import contact

if TYPE_CHECKING:
    from qdjunction.report.data import SlideResults, StudyResults
    from qdjunction.study.papers import PaperItem


def _beta(results: StudyResults, item: PaperItem) -> Ours:
    summary = find_series(results, item.dot, item.left).decay
    verdict = summary.at_headline
    low, high = verdict.beta_interval_per_ang
    steps = step_betas(summary.distances_ang[:-1], summary.conductance_at_headline_G0[:-1])
    return Ours(
        verdict.beta_per_ang,
        low,
        high,
        f"at {summary.headline}, {verdict.confidence:.0%} interval; single steps "
        + ", ".join(f"{beta:.2f}" for beta in steps),
    )


def _other_betas(results: StudyResults, item: PaperItem) -> Ours:
    """Attenuation of the series from other left contacts than that of the item, in the note."""
    others = [
        one for one in find_dot(results, item.dot).series if one.left != item.left and one.kind == "decay"
    ]
    if not others:
        raise NotInStudyError(f"the study has no series of {item.dot} from other contacts than {item.left}")
    fits = {one.left: one.decay.at_headline for one in others}
    ranges = {left: fit.beta_interval_per_ang for left, fit in fits.items()}
    return Ours(
        "open",
        note=", ".join(
            f"{left} {fit.beta_per_ang:.2f} ({ranges[left][0]:.2f} to {ranges[left][1]:.2f})"
            for left, fit in fits.items()
        ),
    )


def _jump(results: StudyResults, item: PaperItem) -> Ours:
    """As the paper reads its figure: a step to a contact above the trend. Band and controls are in the note."""
    summary = find_series(results, item.dot, item.left).decay
    verdict = summary.at_headline
    holds = bool(verdict.step and verdict.above_trend_decades > 0)
    note = f"step {verdict.step_decades:+.2f}, above the trend {verdict.above_trend_decades:+.2f} decades"
    if verdict.band is None:
        note += ", no prediction band of two contacts"
    else:
        note += (
            f", {'above' if verdict.band else 'within or below'} the {verdict.confidence:.0%} prediction band"
        )
    controls = [one for one in summary.controls if one.same_site and np.isfinite(one.above_last_decades)]
    note += "; " + (
        ", ".join(
            f"control {one.name} {one.above_last_decades:+.2f} from the last contact" for one in controls
        )
        or "no control on the last site"
    )
    return Ours(holds, note=note)


def _jump_height(results: StudyResults, item: PaperItem) -> Ours:
    """Step from the contact before the last to the last, as a jump in a trace."""
    summary = find_series(results, item.dot, item.left).decay
    return Ours(summary.at_headline.step_decades, note=f"{summary.junctions[-2]} to {summary.junctions[-1]}")


def _plateau(results: StudyResults, item: PaperItem) -> Ours:
    value, headline = log10_conductance(results, item.dot, item.junction)
    return Ours(value, note=f"{item.junction} at {headline}")


def _lower_series(results: StudyResults, item: PaperItem) -> Ours:
    """Compare the means of log10 G over the contacts that both series end on."""
    values = []
    for left in (item.left, item.other):
        series = find_series(results, item.dot, left)
        rights = [junction.case.right for junction in series.junctions]
        conductances = series.summary.conductance_at_headline_G0
        values.append(dict(zip(rights, np.log10(conductances), strict=True)))
    common = values[0].keys() & values[1].keys()
    if not common:
        raise NotInStudyError(f"the series from {item.left} and {item.other} end on no common contact")
    height = float(np.mean([values[0][name] - values[1][name] for name in common]))
    return Ours(height < 0, note=f"{height:+.2f} decades on average")


def _ligand_change(results: StudyResults, item: PaperItem) -> Ours:
    """Largest change of the conductance of a junction by ligands; the first dot is the one without them."""
    bare, *covered = (log10_conductance(results, dot, item.junction)[0] for dot in item.dots)
    changes = [value - bare for value in covered]
    note = ", ".join(f"{dot} {change:+.2f}" for dot, change in zip(item.dots[1:], changes, strict=True))
    return Ours(max(map(abs, changes)), note=f"{item.junction}: {note}")


def _sliding_lower(results: StudyResults, item: PaperItem) -> Ours:
    """Compare the largest climbs of two slides, from any step to a later one, over the same displacement."""

    def found(name: str) -> SlideResults:
        one = next((slide for slide in results.slides if slide.case.name == name), None)
        if one is None:
            raise NotInStudyError(f"the study has no slide {name}")
        return one

    records = [found(name).record for name in item.slides]
    reach = min(record.steps[-1].displacement_ang for record in records)
    barriers, rearranged = [], []
    for name, record in zip(item.slides, records, strict=True):
        steps = [step for step in record.steps if step.displacement_ang <= reach + 1e-9]
        energies = np.array([step.energy_ev for step in steps])
        barriers.append(float((energies - np.minimum.accumulate(energies)).max()))
        if any(step.broken or step.formed for step in steps):
            rearranged.append(name)
    heights = ", ".join(f"{name} {height:.2f} eV" for name, height in zip(item.slides, barriers, strict=True))
    note = f"largest climb over {reach:.1f} Ang: {heights}"
    if rearranged:
        return Ours("open", note=f"{note}; bonds of gold change along {' and '.join(rearranged)}")
    return Ours(barriers[0] < barriers[1], note=note)


def _displacement(results: StudyResults, item: PaperItem) -> Ours:
    """Distance of the right contact atoms of two junctions."""
    dot = find_dot(results, item.dot)
    cases = {case.name: case for case in dot.case.junctions}
    if absent := [name for name in (item.junction, item.other) if name not in cases]:
        raise NotInStudyError(f"the study has no {item.dot}/{absent[0]}")
    ends = [contact(dot.atoms, cases[name].right).atom for name in (item.junction, item.other)]
    return Ours(float(dot.atoms.get_distance(*ends)), note="distance of the contact atoms in the relaxed dot")


def _weak_link(results: StudyResults, item: PaperItem) -> Ours:
    """Compare the weak links of two junctions."""
    from qdjunction.report.density_path import density_path, weak_link_name

    found = {one.case.name: one for one in find_dot(results, item.dot).junctions if one.density}
    if absent := [name for name in (item.junction, item.other) if name not in found]:
        raise NotInStudyError(f"the study has no local density of {item.dot}/{absent[0]}")
    one, other = (density_path(found[name]) for name in (item.junction, item.other))
    height = float(np.log10(other.density / one.density))
    weak = weak_link_name(found[item.junction], one)
    return Ours(
        height >= 0,
        note=f"weak link of {item.other} {height:+.2f} decades from that of {item.junction} ({weak})",
    )


def _orbital_rule(results: StudyResults, item: PaperItem) -> Ours:
    found = next((j for j in find_dot(results, item.dot).junctions if j.case.name == item.junction), None)
    rule = found.frontier.orbital_rule.get("midgap") if found else None
    constructive = getattr(rule, "constructive", None)
    if constructive is None:
        raise NotInStudyError(f"{item.dot}/{item.junction} has no orbital rule in the middle of the gap")
    return Ours(constructive, note="in the middle of the gap")


def _chain(results: StudyResults, item: PaperItem) -> Ours:
    if results.chain_summary is None:
        raise NotInStudyError("the study compares no contacts, so it has no chain")
    return Ours(float(results.chain_summary.shares["above_trend"]))


QUANTITIES: Mapping[str, Compute] = {
    "beta": _beta,
    "jump": _jump,
    "jump-height": _jump_height,
    "plateau": _plateau,
    "displacement": _displacement,
    "weak-link": _weak_link,
    "lower-series": _lower_series,
    "orbital-rule": _orbital_rule,
    "chain-above-trend": _chain,
    "sliding-lower": _sliding_lower,
    "ligand-change": _ligand_change,
    "other-betas": _other_betas,
}
