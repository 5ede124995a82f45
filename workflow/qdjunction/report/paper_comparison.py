"""Table of published values beside those of a study: item, paper, ours, whether they agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.interference.confinement import brus_gap_ev, sphere_radius_ang
from qdjunction.interference.decay import step_betas
from qdjunction.structure.contacts import contact
from qdjunction.study.papers import Paper, PaperItem, read_paper

if TYPE_CHECKING:
    import pandas as pd

    from qdjunction.interference.cover import CoverSeries
    from qdjunction.interference.exciton_shift import Mechanism
    from qdjunction.interference.regions import RegionRecord
    from qdjunction.report.data import DotResults, SeriesResults, StudyResults

NOT_AVAILABLE = "not available"

COLUMNS = ("item", "paper", "ours", "low", "high", "unit", "engine", "agrees", "note")


@dataclass(frozen=True)
class Ours:
    """What a study has of a published value.

    Attributes
    ----------
    value : bool, float or str
        The value; True if a statement holds.
    low, high : float
        Ends of its interval; nan where none is known.
    note : str
        Where it was taken, and numbers behind a statement.
    """

    value: bool | float | str
    low: float = float("nan")
    high: float = float("nan")
    note: str = ""


class NotInStudyError(Exception):
    """The study does not compute a value; its message is the reason."""


def compare_with_paper(results: StudyResults, paper: Paper) -> pd.DataFrame:
    """Return the published values beside those of a study.

    Parameters
    ----------
    results : StudyResults
        Results returned by `collect`.
    paper : Paper
        The published values.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`. ``agrees`` is ``yes`` or ``no``, ``open`` for a number that lies outside the tolerance of the
        item but whose interval holds the published one, or a statement that the study leaves open, and ``not
        available`` where the study has no such value.
    """
    import pandas as pd

    return pd.DataFrame([_row(results, item) for item in paper.items], columns=list(COLUMNS))


def _row(results: StudyResults, item: PaperItem) -> dict[str, object]:
    of_method = item.of_methods.get(method := results.engine.method)
    remarks = [item.note, f"{method}: {of_method}" if of_method else ""]
    row: dict[str, object] = {
        "item": item.item,
        "paper": _cell(item.value),
        "unit": item.unit,
        "engine": results.engine.method,
    }
    try:
        ours = QUANTITIES[item.quantity](results, item)
    except NotInStudyError as reason:
        remarks.insert(0, str(reason))
        return row | {"ours": NOT_AVAILABLE, "agrees": NOT_AVAILABLE, "note": _joined(remarks)}
    remarks.insert(0, ours.note)
    return row | {
        "ours": _cell(ours.value),
        "low": ours.low,
        "high": ours.high,
        "agrees": _agrees(item, ours),
        "note": _joined(remarks),
    }


def _agrees(item: PaperItem, ours: Ours) -> str:
    """Return ``yes``, ``no`` or ``open``: an interval may be wide, so that holding a value is no agreement with it."""
    if isinstance(item.value, float) and not isinstance(ours.value, str):
        if abs(float(ours.value) - item.value) <= (item.tolerance or 0) + 1e-9:
            return "yes"
        return "open" if ours.low <= item.value <= ours.high else "no"
    return "yes" if item.value == _cell(ours.value) else "open" if ours.value == "open" else "no"


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)


def _joined(remarks: list[str]) -> str:
    return "; ".join(filter(None, remarks))


def _dot(results: StudyResults, name: str) -> DotResults:
    found = next((dot for dot in results.dots if dot.case.id == name), None)
    if found is None:
        known = name in {case.id for case in results.study.dots}
        raise NotInStudyError(f"{name} failed" if known else f"the study has no {name}")
    return found


def _series(results: StudyResults, dot: str, left: str) -> SeriesResults:
    found = next((one for one in _dot(results, dot).series if one.left == left), None)
    if found is None:
        raise NotInStudyError(f"the study has no series of {dot} from {left}")
    if found.kind != "decay":
        raise NotInStudyError(
            f"the series of {dot} from {left} is {found.kind}: a decay needs three contacts"
        )
    return found


def _composition(results: StudyResults, item: PaperItem) -> Ours:
    """MA counts as its nitrogen."""
    symbols = list(_dot(results, item.dot).atoms.symbols)
    counts = {"MA": symbols.count("N"), "Cs": symbols.count("Cs"), "Pb": symbols.count("Pb")}
    counts |= {halide: symbols.count(halide) for halide in ("Cl", "Br", "I")}
    return Ours("".join(f"{name}{n if n > 1 else ''}" for name, n in counts.items() if n))


def _gap(results: StudyResults, item: PaperItem) -> Ours:
    return Ours(_gap_of(results, item.dot))


def _gap_of(results: StudyResults, name: str) -> float:
    dot = _dot(results, name)
    if not np.isfinite(gap := dot.lumo_ev - dot.homo_ev):
        raise NotInStudyError(f"H and S of {name} failed")
    return float(gap)


def _gaps_fall(results: StudyResults, item: PaperItem) -> Ours:
    gaps = [_gap_of(results, name) for name in item.dots]
    return Ours(bool(np.all(np.diff(gaps) < 0)), note=", ".join(f"{gap:.2f}" for gap in gaps) + " eV")


def _contact_step(results: StudyResults, item: PaperItem) -> Ours:
    """Mean distance of neighbours among R1 .. Rn, which are on one face; the far end is not."""
    dot = _dot(results, item.dot)
    names = sorted(
        (name for name in dot.atoms.info["contacts"] if name[0] == "R" and name[1:].isdigit()),
        key=lambda name: int(name[1:]),
    )[:-1]
    if len(names) < 2:
        raise NotInStudyError(f"{item.dot} has no two contacts beside each other")
    steps = [
        dot.atoms.get_distance(contact(dot.atoms, one).atom, contact(dot.atoms, other).atom)
        for one, other in pairwise(names)
    ]
    return Ours(float(np.mean(steps)), note=f"{names[0]} to {names[-1]} of the relaxed dot")


def _contact_distance(results: StudyResults, item: PaperItem) -> Ours:
    found = [
        tip.distance_ang
        for dot in results.dots
        for junction in dot.junctions
        if junction.relaxation and junction.relaxation.junction
        for tip in junction.relaxation.junction.tips
        if tip.symbol == item.halide
    ]
    if not found:
        curves = [one.record.distance_ang for one in results.binding if one.record.symbol == item.halide]
        if curves:
            return Ours(float(np.mean(curves)), note="minimum of the binding curve, all other atoms held")
        raise NotInStudyError(f"the study relaxes no contact at {item.halide} and has no binding curve of it")
    return Ours(
        float(np.mean(found)), min(found), max(found), f"mean of {len(found)} contacts, lowest and highest"
    )


def _beta(results: StudyResults, item: PaperItem) -> Ours:
    summary = _series(results, item.dot, item.left).decay
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


def _jump_height(results: StudyResults, item: PaperItem) -> Ours:
    """Step from the contact before the last to the last, as a jump in a trace."""
    summary = _series(results, item.dot, item.left).decay
    return Ours(summary.at_headline.step_decades, note=f"{summary.junctions[-2]} to {summary.junctions[-1]}")


def _plateau(results: StudyResults, item: PaperItem) -> Ours:
    value, headline = _log10_conductance(results, item.dot, item.junction)
    return Ours(value, note=f"{item.junction} at {headline}")


def _log10_conductance(results: StudyResults, dot: str, junction: str) -> tuple[float, str]:
    """Return log10 G of a junction at the headline energy of its series, and that energy in words."""
    for series in _dot(results, dot).series:
        names = list(series.summary.junctions)
        if junction in names:
            value = series.summary.conductance_at_headline_G0[names.index(junction)]
            if not value > 0:
                break
            return float(np.log10(value)), series.summary.headline
    raise NotInStudyError(f"the study has no conductance of {dot}/{junction}")


def _other_betas(results: StudyResults, item: PaperItem) -> Ours:
    """Attenuation of the series from other left contacts than that of the item, in the note."""
    others = [one for one in _dot(results, item.dot).series if one.left != item.left and one.kind == "decay"]
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


def _ligand_change(results: StudyResults, item: PaperItem) -> Ours:
    """Largest change of the conductance of a junction by ligands; the first dot is the one without them."""
    bare, *covered = (_log10_conductance(results, dot, item.junction)[0] for dot in item.dots)
    changes = [value - bare for value in covered]
    note = ", ".join(f"{dot} {change:+.2f}" for dot, change in zip(item.dots[1:], changes, strict=True))
    return Ours(max(map(abs, changes)), note=f"{item.junction}: {note}")


def _sliding_lower(results: StudyResults, item: PaperItem) -> Ours:
    """Compare the highest energies of two slides over the same displacement."""
    from qdjunction.report.data import SlideResults

    def found(name: str) -> SlideResults:
        one = next((slide for slide in results.slides if slide.case.name == name), None)
        if one is None:
            raise NotInStudyError(f"the study has no slide {name}")
        return one

    records = [found(name).record for name in item.slides]
    reach = min(record.steps[-1].displacement_ang for record in records)
    barriers = [
        max(
            step.energy_ev - record.steps[0].energy_ev
            for step in record.steps
            if step.displacement_ang <= reach + 1e-9
        )
        for record in records
    ]
    heights = ", ".join(f"{name} {height:.2f} eV" for name, height in zip(item.slides, barriers, strict=True))
    return Ours(barriers[0] < barriers[1], note=f"highest energy over {reach:.1f} Ang: {heights}")


def _displacement(results: StudyResults, item: PaperItem) -> Ours:
    """Distance of the right contact atoms of two junctions."""
    dot = _dot(results, item.dot)
    cases = {case.name: case for case in dot.case.junctions}
    if absent := [name for name in (item.junction, item.other) if name not in cases]:
        raise NotInStudyError(f"the study has no {item.dot}/{absent[0]}")
    ends = [contact(dot.atoms, cases[name].right).atom for name in (item.junction, item.other)]
    return Ours(float(dot.atoms.get_distance(*ends)), note="distance of the contact atoms in the relaxed dot")


def _weak_link(results: StudyResults, item: PaperItem) -> Ours:
    """Compare the weak links of two junctions."""
    from qdjunction.report.density_path import density_path, weak_link_name

    found = {one.case.name: one for one in _dot(results, item.dot).junctions if one.density}
    if absent := [name for name in (item.junction, item.other) if name not in found]:
        raise NotInStudyError(f"the study has no local density of {item.dot}/{absent[0]}")
    one, other = (density_path(found[name]) for name in (item.junction, item.other))
    height = float(np.log10(other.density / one.density))
    weak = weak_link_name(found[item.junction], one)
    return Ours(
        height >= 0,
        note=f"weak link of {item.other} {height:+.2f} decades from that of {item.junction} ({weak})",
    )


def _bulk_gap(results: StudyResults, item: PaperItem) -> Ours:
    raise NotInStudyError("a study computes no crystal")


def _jump(results: StudyResults, item: PaperItem) -> Ours:
    """As the paper reads its figure: a step to a contact above the trend. Band and controls are in the note."""
    summary = _series(results, item.dot, item.left).decay
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


def _lower_series(results: StudyResults, item: PaperItem) -> Ours:
    """Compare the means of log10 G over the contacts that both series end on."""
    values = []
    for left in (item.left, item.other):
        series = _series(results, item.dot, left)
        rights = [junction.case.right for junction in series.junctions]
        conductances = series.summary.conductance_at_headline_G0
        values.append(dict(zip(rights, np.log10(conductances), strict=True)))
    common = values[0].keys() & values[1].keys()
    if not common:
        raise NotInStudyError(f"the series from {item.left} and {item.other} end on no common contact")
    height = float(np.mean([values[0][name] - values[1][name] for name in common]))
    return Ours(height < 0, note=f"{height:+.2f} decades on average")


def _orbital_rule(results: StudyResults, item: PaperItem) -> Ours:
    found = next((j for j in _dot(results, item.dot).junctions if j.case.name == item.junction), None)
    rule = found.frontier.orbital_rule.get("midgap") if found else None
    constructive = getattr(rule, "constructive", None)
    if constructive is None:
        raise NotInStudyError(f"{item.dot}/{item.junction} has no orbital rule in the middle of the gap")
    return Ours(constructive, note="in the middle of the gap")


def _chain(results: StudyResults, item: PaperItem) -> Ours:
    if results.chain_summary is None:
        raise NotInStudyError("the study compares no contacts, so it has no chain")
    return Ours(float(results.chain_summary.shares["above_trend"]))


def _not_computed(results: StudyResults, item: PaperItem) -> Ours:
    raise NotInStudyError("")


def _binding_rises(results: StudyResults, item: PaperItem) -> Ours:
    energies, far = [], []
    for name in item.dots:
        found = next((one for one in results.binding if one.dot == name), None)
        if found is None:
            raise NotInStudyError(f"the study has no binding curve of {name}")
        energies.append(found.record.binding_energy_ev)
        far.append(found.record.far_energy_ev)
    return Ours(
        bool(np.all(np.diff(energies) > 0)),
        note=f"{', '.join(f'{one:.2f}' for one in energies)} eV, all atoms held; of these "
        f"{', '.join(f'{-one:.2f}' for one in far)} eV are left far away",
    )


def _regions(results: StudyResults, item: PaperItem) -> RegionRecord:
    _dot(results, item.dot)
    if item.dot not in results.regions:
        raise NotInStudyError(f"the study has no regions of {item.dot}")
    return results.regions[item.dot]


def _terminal_halides(results: StudyResults, item: PaperItem) -> Ours:
    return Ours(float(_regions(results, item).terminal_halides))


def _inner_cations(results: StudyResults, item: PaperItem) -> Ours:
    return Ours(float(_regions(results, item).inner_cations))


def _surface_cations(results: StudyResults, item: PaperItem) -> Ours:
    return Ours(float(_regions(results, item).surface_cations))


def _extended(results: StudyResults, item: PaperItem) -> RegionRecord:
    """Return the regions of a dot with neighbouring Pb."""
    if not (found := _regions(results, item)).pb_distances.pairs:
        raise NotInStudyError(f"{item.dot} has no neighbouring Pb")
    return found


def _edge(results: StudyResults, item: PaperItem) -> Ours:
    return Ours(_extended(results, item).edge_ang / 10, note="cube of as many cells as Pb, relaxed")


def _pb_distance(results: StudyResults, item: PaperItem) -> Ours:
    found = _extended(results, item).pb_distances
    note = (
        f"mean of {found.pairs} neighbours of the relaxed dot, deviation {found.deviation_ang / 10:.3f} nm, "
    )
    return Ours(
        found.mean_ang / 10, found.shortest_ang / 10, found.longest_ang / 10, f"{note}shortest and longest"
    )


def _brus_gap(results: StudyResults, item: PaperItem) -> Ours:
    """As the curve of the section on sizes: of the sphere with the volume of as many cells of the crystal."""
    from qdjunction.report.sections.sizes import edge_nm, permittivity

    name = results.study.config.paper
    crystals = read_paper(name).crystals if name else []
    if (crystal := next((one for one in crystals if item.dot in one.dots), None)) is None:
        raise NotInStudyError(f"the paper names no crystal of {item.dot}")
    lead_atoms = _dot(results, item.dot).atoms.symbols.count("Pb")
    radius = float(sphere_radius_ang((10 * edge_nm(lead_atoms, crystal)) ** 3))
    gap = brus_gap_ev(radius, crystal.gap_ev, crystal.reduced_mass_me, permittivity(crystal))
    return Ours(float(gap), note=f"{crystal.formula}, sphere of {radius / 10:.2f} nm radius")


def _linker_length(results: StudyResults, item: PaperItem) -> Ours:
    pairs = results.coupling.pairs if results.coupling else ()
    found = next((one for one in pairs if one.pair == item.dot), None)
    if found is None:
        raise NotInStudyError(f"the study has no coupling of {item.dot}")
    return Ours(found.end_distance_ang / 10, note=f"relaxed, Pb to Pb {found.pb_distance_ang / 10:.2f} nm")


def _coupling_decay(results: StudyResults, item: PaperItem) -> Ours:
    decays = results.coupling.decays if results.coupling else ()
    found = next((one for one in decays if one.level == item.level), None)
    if found is None or not np.isfinite(found.beta_per_ang):
        raise NotInStudyError(f"the study has no decay of the {item.level}")
    return Ours(found.beta_per_ang, *found.interval_per_ang, note=f"|t| over {', '.join(found.pairs)}")


def _mechanism(results: StudyResults, item: PaperItem) -> Mechanism:
    if results.exciton is None or (found := results.exciton.mechanism(item.mechanism)) is None:
        raise NotInStudyError(f"the study has no {item.mechanism}")
    return found


def _shift_size(results: StudyResults, item: PaperItem) -> Ours:
    low, high = (found := _mechanism(results, item)).shift_mev
    if not np.isfinite(low):
        raise NotInStudyError(f"the size of {found.name} is open")
    return Ours(max(low, high, key=abs), low, high, "largest over the settings")


def _shift_fall(results: StudyResults, item: PaperItem) -> Ours:
    low, high = (found := _mechanism(results, item)).fall
    periods = float(np.sqrt(np.prod(found.fall_of_periods)))
    return Ours(periods, low, high, "by the periods; interval also by the lengths of the linkers")


def _shift_carrier(results: StudyResults, item: PaperItem) -> Ours:
    found = _mechanism(results, item)
    return Ours({True: "yes", None: "open", False: "no"}[found.carries], note=f"{found.name} {found.reason}")


def _cover(results: StudyResults, item: PaperItem) -> CoverSeries:
    if results.cover is None:
        raise NotInStudyError("the study has no cover of ligands")
    found = next((one for one in results.cover.series if one.ligand == item.ligand), None)
    if found is None:
        raise NotInStudyError(f"the study has no cover of {item.ligand}")
    return found


def _cover_sites(results: StudyResults, item: PaperItem) -> Ours:
    if results.cover is None:
        raise NotInStudyError("the study has no cover of ligands")
    return Ours(float(results.cover.sites), note=results.cover.cell)


def _cover_minimum(results: StudyResults, item: PaperItem) -> Ours:
    series = _cover(results, item)
    if not series.complete:
        computed = ", ".join(str(one.count) for one in series.points)
        raise NotInStudyError(f"of the numbers of ligands only {computed} have a result")
    energy = next(one.free_energy_ev for one in series.points if one.count == series.minimum)
    return Ours(float(series.minimum), note=f"at {energy:+.2f} eV per cell")


def _cover_break(results: StudyResults, item: PaperItem) -> Ours:
    series = _cover(results, item)
    if series.break_ is None or not series.complete:
        raise NotInStudyError("the numbers of ligands with a result are too few for a break")
    found = series.break_
    note = f"slopes {found.before_ev:+.2f} and {found.beyond_ev:+.2f} eV per ligand, +-{found.error_ev:.2f}"
    return Ours(float(found.after) if found.is_break else "no break", note=note)


def _cover_favourable(results: StudyResults, item: PaperItem) -> Ours:
    """Whether each of the ligands lowers Delta G; all if the item names none."""
    series = _cover(results, item)
    wanted = item.ligands or list(range(1, results.cover.sites + 1 if results.cover else 1))
    steps = {one.count: one.differential_ev for one in series.points}
    if absent := [n for n in wanted if not np.isfinite(steps.get(n, np.nan))]:
        raise NotInStudyError(f"the study has no differential of ligand {absent[0]} of {item.ligand}")
    return Ours(all(steps[n] < 0 for n in wanted), note=", ".join(f"{steps[n]:+.2f}" for n in wanted) + " eV")


QUANTITIES: Mapping[str, Callable[[StudyResults, PaperItem], Ours]] = {
    "composition": _composition,
    "gap": _gap,
    "gaps-fall": _gaps_fall,
    "contact-step": _contact_step,
    "contact-distance": _contact_distance,
    "binding-rises": _binding_rises,
    "beta": _beta,
    "jump": _jump,
    "jump-height": _jump_height,
    "plateau": _plateau,
    "displacement": _displacement,
    "weak-link": _weak_link,
    "bulk-gap": _bulk_gap,
    "lower-series": _lower_series,
    "orbital-rule": _orbital_rule,
    "chain-above-trend": _chain,
    "terminal-halides": _terminal_halides,
    "inner-cations": _inner_cations,
    "surface-cations": _surface_cations,
    "edge": _edge,
    "pb-distance": _pb_distance,
    "emission": _gap,
    "brus-gap": _brus_gap,
    "linker-length": _linker_length,
    "coupling-decay": _coupling_decay,
    "shift-size": _shift_size,
    "shift-fall": _shift_fall,
    "shift-carrier": _shift_carrier,
    "cover-sites": _cover_sites,
    "cover-minimum": _cover_minimum,
    "cover-break": _cover_break,
    "cover-favourable": _cover_favourable,
    "sliding-lower": _sliding_lower,
    "ligand-change": _ligand_change,
    "other-betas": _other_betas,
    "not-computed": _not_computed,
}
"""What a study has of each quantity of `study.papers`."""
