"""The tables of the page, as text that is ready to read."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from qdjunction.report.data import DotResults, SeriesResults, StudyResults
from qdjunction.structure.bonds import bond_lengths

MISSING = "–"


@dataclass(frozen=True)
class Table:
    """A table of the page.

    Attributes
    ----------
    caption : str
        What it shows.
    columns : tuple of str
        Headings, with units.
    rows : tuple of tuple of str
        Cells.
    words : int
        How many leading columns hold words; all others hold numbers.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1


def number(value: Any, digits: int = 2, sign: bool = False) -> str:
    """A number with fixed digits; a dash for what is missing."""
    if value is None or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return MISSING
    return f"{value:{'+' if sign else ''}.{digits}f}".replace("-", "−")


def interval(ends: Sequence[float | None], digits: int = 2) -> str:
    """An interval, or a dash where it has no ends."""
    if any(end is None or not np.isfinite(end) for end in ends):
        return MISSING
    return f"{number(ends[0], digits)} to {number(ends[1], digits)}"


def share(value: float | None) -> str:
    """A share as per cent."""
    return MISSING if value is None or not np.isfinite(value) else f"{value:.0%}"


def dots_table(results: StudyResults) -> Table:
    """Size, gap and relaxation of every dot."""
    rows = []
    for dot in results.dots:
        record = dot.relaxation
        rows.append(
            (
                dot.case.id,
                record["formula"],
                _start(dot),
                _not_kept(record),
                str(len(dot.atoms)),
                number(dot.lumo_ev - dot.homo_ev),
                str(record["steps"]),
                number(record["fmax_ev_per_ang"], 3),
                number(record["fmax_wanted_ev_per_ang"], 2),
                number(record["energy_ev"], 3),
            )
        )
    return Table(
        "Dots of the study. The gap is that of the bare, relaxed dot: lowest empty less highest occupied level. Steps "
        "are those of this run, from the start named. Not as built are contacts, Pb-halide bonds and "
        "protons that the relaxation has not kept.",
        (
            "dot", "formula", "started from", "not as built", "atoms", "HOMO-LUMO gap (eV)", "steps",
            "largest force (eV/Å)", "wanted (eV/Å)", "energy (eV)",
        ),
        tuple(rows),
        4,
    )  # fmt: skip


def _start(dot: DotResults) -> str:
    """Where the relaxation began, in words."""
    if before := dot.pre_relaxation:
        origin = "catalogue" if "start" in before["inputs"] else dot.case.entry.origin
        return f"{origin}, then {before['steps']} steps of {before['engine']['method']}"
    return "catalogue" if "start" in dot.relaxation["inputs"] else dot.case.entry.origin


def _not_kept(record: Mapping[str, Any]) -> str:
    """What the relaxation did not keep; a dash for results of versions that did not look."""
    if "integrity" not in record:
        return MISSING
    return "; ".join(record["integrity"]["findings"]) or "none"


def corrections_table(results: StudyResults) -> Table | None:
    """What was changed to bring calculations to converge; None where the engine corrects nothing."""
    records = []
    for dot in results.dots:
        records += [
            (dot.case.id, "relaxation", dot.relaxation["engine"]),
            (dot.case.id, "H and S", asdict(dot.electrons) if dot.electrons else {}),
        ]
        records += [(item.case.id, "H and S", item.frontier.get("engine") or {}) for item in dot.junctions]
    if not any("corrections" in engine.get("settings", {}) for _, _, engine in records):
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
        for where, task, engine in records
        for made in engine.get("settings", {}).get("corrections", [])
    ]
    caption = "Corrections: how a calculation was brought to converge, never what it converges to."
    return Table(
        caption if rows else f"{caption} None was needed.",
        ("dot or junction", "calculation", "after attempt", "failure", "correction", "settings"),
        tuple(rows),
        6,
    )


def bonds_table(results: StudyResults) -> Table:
    """Pb-halide bond lengths of the relaxed dots."""
    rows = []
    for dot in results.dots:
        for bond in bond_lengths(dot.atoms).itertuples():
            lengths = (number(length, 3) for length in (bond.min_ang, bond.mean_ang, bond.max_ang))
            rows.append((dot.case.id, f"Pb-{bond.halide}", bond.kind, str(bond.bonds), *lengths))
    return Table(
        "Pb-halide bond lengths of the relaxed dots. A terminal halide touches one Pb, a bridging one two.",
        ("dot", "bond", "kind", "bonds", "shortest (Å)", "mean (Å)", "longest (Å)"),
        tuple(rows),
        3,
    )


def junctions_table(dot: DotResults, series: SeriesResults) -> Table:
    """Distance, conductance and checks of the junctions of a series."""
    rows = []
    for junction, distance, value in zip(
        series.junctions,
        series.summary["distances_ang"],
        series.summary["conductance_at_headline_G0"],
        strict=True,
    ):
        frontier, spectrum = junction.frontier, junction.transmission
        rows.append(
            (
                junction.case.name,
                f"{junction.case.left} to {junction.case.right}",
                str(len(junction.atoms)),
                number(distance),
                number(np.log10(value)),
                interval((frontier["homo_ev"], frontier["lumo_ev"])),
                number(frontier["lumo_ev"] - frontier["homo_ev"]),
                "exact" if spectrum.error_estimate == 0 else f"{spectrum.error_estimate:.0e}",
            )
        )
    return Table(
        f"Junctions of {dot.case.id} from contact {series.left}. The conductance is thermal and taken at the headline "
        "energy; HOMO and LUMO are those of the dot's own block of the junction, from the Fermi energy; the last "
        "column is the largest relative difference of T(E) from a direct solution at the energies that were checked.",
        (
            "junction", "contacts", "atoms", "halide to halide (Å)", "log₁₀ G/G₀", "HOMO to LUMO (eV)", "gap (eV)",
            "error of T(E)",
        ),
        tuple(rows),
        2,
    )  # fmt: skip


def verdicts_table(series: SeriesResults, temperature_k: float) -> Table:
    """Decay and jump at the headline energy and at E_F."""
    columns = []
    rows: list[tuple[str, ...]] = []
    places: list[tuple[str, Mapping[str, Any] | None]] = [
        (f"at {number(series.summary['headline_energy_ev'])} eV", series.summary["at_headline"]),
        ("at the Fermi energy", series.summary.get("at_fermi")),
    ]
    verdicts = [(name, verdict) for name, verdict in places if verdict]
    columns = [name for name, _ in verdicts]

    def line(label: str, text: Any) -> None:
        rows.append((label, *(text(verdict) for _, verdict in verdicts)))

    level = f"{verdicts[0][1]['confidence']:.0%}"
    line("β (1/Å)", lambda v: number(v["beta_per_ang"], 3))
    line(f"{level} interval of β (1/Å)", lambda v: interval(v["beta_interval_per_ang"], 3))
    line("R² of the fit", lambda v: number(v["r_squared"], 3))
    line("log₁₀ of the contact conductance (G₀)", lambda v: number(v["log10_contact_conductance_G0"]))
    line("last contact above the one before (decades)", lambda v: number(v["step_decades"], sign=True))
    line("last contact above the trend (decades)", lambda v: number(v["above_trend_decades"], sign=True))
    line(f"half-width of the {level} prediction band (decades)", lambda v: number(v["band_decades"]))
    line(
        "above any band up to",
        lambda v: MISSING if v["band_confidence"] is None else f"{v['band_confidence']:.1%}",
    )
    line("step of a jump", lambda v: _yes(v["step"]))
    line("above the prediction band", lambda v: _yes(v["band"]))
    line("both: a jump", lambda v: _yes(v["is_jump"]))
    return Table(
        f"Decay of all contacts but the last, and the last against it, from conductances at {temperature_k:g} K.",
        ("", *columns),
        tuple(rows),
    )


def shares_table(series: SeriesResults) -> Table:
    """Over how much of the gap each statement holds."""
    low, high = series.summary["window_ev"]
    meanings = {
        "decays": "the contacts before the last decay (β > 0)",
        "above_trend": "the last contact lies above the trend",
        "step": "it steps up by the threshold or more",
        "band": "it lies above the prediction band",
        "is_jump": "both: a jump",
    }
    return Table(
        f"Share of the window from {number(low)} to {number(high)} eV over which each statement holds. Neighbouring "
        "energies are not independent: a share is no probability.",
        ("statement", "share"),
        tuple((text, share(series.summary["shares"][key])) for key, text in meanings.items()),
    )


def orbitals_table(series: SeriesResults) -> Table:
    """Numbers of the orbital rule."""
    rows = []
    for junction in series.junctions:
        for where, rule in junction.frontier["orbital_rule"].items():
            place = {"midgap": "middle of the gap", "headline": "headline energy"}.get(where, where)
            if "homo" not in rule:
                rows.append((junction.case.name, place, number(rule["energy_ev"]), MISSING, *[MISSING] * 7))
                continue
            total = rule["homo"] + rule["lumo"] + rule["rest"]
            rows.append(
                (
                    junction.case.name,
                    place,
                    "constructive" if rule["constructive"] else "destructive",
                    number(rule["energy_ev"]),
                    *(f"{rule[key]:.2g}".replace("-", "−") for key in ("a_homo", "a_lumo")),
                    *(number(rule[key] / total, sign=True) for key in ("homo", "lumo", "rest")),
                    f"{rule['interference']:.2g}",
                    number(rule["channel_share"]),
                )
            )
    return Table(
        "Orbital rule for the dot's own levels between the two apex atoms. Opposite signs of the amplitudes of HOMO "
        "and LUMO: they interfere constructively in the gap. The shares add up to 1; the last column says how much "
        "of the whole amplitude the one channel holds that they refer to.",
        (
            "junction", "at", "HOMO and LUMO", "energy (eV)", "amplitude of HOMO (eV²)", "of LUMO (eV²)",
            "share of HOMO", "of LUMO", "of the rest", "coherent / incoherent", "channel",
        ),
        tuple(rows),
        3,
    )  # fmt: skip


def failures_table(results: StudyResults) -> Table:
    """What could not be computed, and why."""
    return Table(
        "Calculations that could not be done. What needs their results is left out of this page.",
        ("what", "step", "why"),
        tuple((failure.case, failure.step, failure.reason) for failure in results.failures),
        3,
    )


def timings_table(results: StudyResults) -> Table:
    """Wall time, processor time and memory of every job that left a benchmark."""
    total = number(results.timings["wall_s"].sum() / 60, 1)
    rows = [
        (
            job.dot or MISSING,
            job.junction or MISSING,
            job.job,
            number(job.wall_s, 1),
            number(job.cpu_s, 1),
            number(job.max_rss_mb, 0),
        )
        for job in results.timings.itertuples()
    ]
    return Table(
        f"Jobs as Snakemake measured them when each was last run: {total} minutes of wall time in all.",
        ("dot", "junction", "job", "wall time (s)", "processor time (s)", "largest memory (MB)"),
        tuple(rows),
        3,
    )


def provenance_table(results: StudyResults, page: Mapping[str, Any]) -> Table:
    """Which commit and machine made what, and when."""
    rows = [("this page", page["commit"] or MISSING, page["time"], page["machine"])]
    for dot in results.dots:
        made = dot.relaxation["provenance"]
        rows.append(
            (f"{dot.case.id}, relaxed geometry", made["commit"] or MISSING, made["time"], made["machine"])
        )
    return Table(
        "Where the numbers come from. A commit that ends in +changes had uncommitted changes.",
        ("what", "commit", "time (UTC)", "machine"),
        tuple(rows),
        4,
    )


def versions_table(results: StudyResults, page: Mapping[str, Any]) -> Table:
    """Versions of programs and libraries, of the engine and of this page."""
    engine = results.engine.versions
    report = {"qdjunction": page["qdjunction"], "python": page["python"], **page["packages"]}
    return Table(
        "Versions with which the engine computed and with which this page was made.",
        ("program", "engine", "this page"),
        tuple((name, engine.get(name, MISSING), report.get(name, MISSING)) for name in engine | report),
        3,
    )


def _yes(value: bool | None) -> str:
    return {True: "yes", False: "no", None: "undecided"}[value]
