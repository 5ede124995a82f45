"""Quantities of the structures of a study: compositions, distances, gaps, regions of cubes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report.quantities.contract import Compute, NotInStudyError, Ours, find_dot
from qdjunction.structure.contacts import contact
from qdjunction.study.papers import paper_of

if TYPE_CHECKING:
    from qdjunction.interference.regions import RegionRecord
    from qdjunction.report.data import StudyResults
    from qdjunction.study.papers import PaperItem


def _composition(results: StudyResults, item: PaperItem) -> Ours:
    """MA counts as its nitrogen."""
    symbols = list(find_dot(results, item.dot).atoms.symbols)
    counts = {"MA": symbols.count("N"), "Cs": symbols.count("Cs"), "Pb": symbols.count("Pb")}
    counts |= {halide: symbols.count(halide) for halide in ("Cl", "Br", "I")}
    return Ours("".join(f"{name}{n if n > 1 else ''}" for name, n in counts.items() if n))


def _gap(results: StudyResults, item: PaperItem) -> Ours:
    return Ours(_gap_of(results, item.dot))


def _gap_of(results: StudyResults, name: str) -> float:
    dot = find_dot(results, name)
    if not np.isfinite(gap := dot.lumo_ev - dot.homo_ev):
        raise NotInStudyError(f"H and S of {name} failed")
    return float(gap)


def _gaps_fall(results: StudyResults, item: PaperItem) -> Ours:
    gaps = [_gap_of(results, name) for name in item.dots]
    return Ours(bool(np.all(np.diff(gaps) < 0)), note=", ".join(f"{gap:.2f}" for gap in gaps) + " eV")


def _contact_step(results: StudyResults, item: PaperItem) -> Ours:
    """Mean distance of neighbours among R1 .. Rn, which are on one face; the far end is not."""
    dot = find_dot(results, item.dot)
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


def _bulk_gap(results: StudyResults, item: PaperItem) -> Ours:
    raise NotInStudyError("a study computes no crystal")


def _regions(results: StudyResults, item: PaperItem) -> RegionRecord:
    find_dot(results, item.dot)
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
    paper = paper_of(results.study)
    crystals = paper.crystals if paper else []
    if (crystal := next((one for one in crystals if item.dot in one.dots), None)) is None:
        raise NotInStudyError(f"the paper names no crystal of {item.dot}")
    edge = crystal.edge_nm(find_dot(results, item.dot).atoms.symbols.count("Pb"))
    note = f"{crystal.formula}, sphere with the volume of a cube of {edge:.2f} nm"
    return Ours(float(crystal.brus_gap_ev(edge)), note=note)


QUANTITIES: Mapping[str, Compute] = {
    "composition": _composition,
    "gap": _gap,
    "gaps-fall": _gaps_fall,
    "contact-step": _contact_step,
    "contact-distance": _contact_distance,
    "binding-rises": _binding_rises,
    "bulk-gap": _bulk_gap,
    "terminal-halides": _terminal_halides,
    "inner-cations": _inner_cations,
    "surface-cations": _surface_cations,
    "edge": _edge,
    "pb-distance": _pb_distance,
    "emission": _gap,
    "brus-gap": _brus_gap,
}
