"""Quantities of the cover of a slab with ligands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report.quantities.contract import Compute, NotInStudyError, Ours

if TYPE_CHECKING:
    from qdjunction.interference.cover import CoverSeries
    from qdjunction.report.data import StudyResults
    from qdjunction.study.papers import PaperItem


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
    return Ours(float(series.minimum), note=_with_changed(f"at {energy:+.2f} eV per cell", series))


def _cover_break(results: StudyResults, item: PaperItem) -> Ours:
    series = _cover(results, item)
    if series.break_ is None or not series.complete:
        raise NotInStudyError("the numbers of ligands with a result are too few for a break")
    found = series.break_
    note = f"slopes {found.before_ev:+.2f} and {found.beyond_ev:+.2f} eV per ligand, +-{found.error_ev:.2f}"
    return Ours(float(found.after) if found.is_break else "no break", note=_with_changed(note, series))


def _cover_favourable(results: StudyResults, item: PaperItem) -> Ours:
    """Whether each of the ligands lowers Delta G; all if the item names none."""
    series = _cover(results, item)
    wanted = item.ligands or list(range(1, results.cover.sites + 1 if results.cover else 1))
    steps = {one.count: one.differential_ev for one in series.points}
    if absent := [n for n in wanted if not np.isfinite(steps.get(n, np.nan))]:
        raise NotInStudyError(f"the study has no differential of ligand {absent[0]} of {item.ligand}")
    note = ", ".join(f"{steps[n]:+.2f}" for n in wanted) + " eV"
    return Ours(all(steps[n] < 0 for n in wanted), note=_with_changed(note, series))


def _with_changed(note: str, series: CoverSeries) -> str:
    """Return a note with the numbers of ligands whose structure is no longer the one that was built."""
    changed = {text.partition(": ")[0] for text in series.findings}
    counts = [str(one.count) for one in series.points if one.lowest in changed]
    return note + (f"; bonds or protons were not kept for N = {', '.join(counts)}" if counts else "")


QUANTITIES: Mapping[str, Compute] = {
    "cover-sites": _cover_sites,
    "cover-minimum": _cover_minimum,
    "cover-break": _cover_break,
    "cover-favourable": _cover_favourable,
}
