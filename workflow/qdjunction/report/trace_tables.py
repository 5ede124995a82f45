"""The tables and sentences of the traces on the page."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from qdjunction.report.tables import MISSING, Table, interval, number, share
from qdjunction.report.trace_data import TraceResults

SHOWN_BAD = 100
"""Files left out that the page lists; the summary of the set holds all."""


def outcome(entry: TraceResults) -> str:
    """What was read and how many traces have a jump, in words."""
    summary = entry.summary
    text = (
        f"{summary['traces']} traces read, {len(summary['bad'])} left out; {summary['complete']} are complete and "
        f"{summary['selectable']} have points enough for the jump rule. "
    )
    if unused := "; ".join(f"{entry['count']}, which each {entry['reason']}" for entry in summary["unused"]):
        text += f"Read and not used: {unused}. "
    if assumed := "; ".join(
        f"{entry['assumed']} ({entry['count']} traces)" for entry in summary["assumptions"]
    ):
        text += f"Assumed: {assumed}. "
    if not summary["selectable"]:
        return text + "There is none to select from."
    part, low, high = summary["jump_share"]
    return text + (
        f"{summary['jumps']} have a jump: {part:.0%} of those with points enough "
        f"({summary['confidence']:.0%} interval {low:.0%} to {high:.0%}), {summary['jumps'] / summary['traces']:.0%} "
        "of all read."
    )


def simulation_sentence(entry: TraceResults) -> str:
    """Where predicted traces come from, and what the jump rule makes of them."""
    simulation, score = entry.simulation, entry.score
    if simulation is None or score is None:
        return ""
    names = [site["name"] for site in simulation["sites"]]
    engine = simulation["engine"]
    model = " (embedded model, not DFT)" if engine["embedded"] else ""
    text = (
        f"Simulated, not measured: {simulation['traces']} traces of the forward model, sliding over "
        f"{', '.join(names)} with the conductances that {engine['method']}{model} gives with the Fermi "
        f"energy put at {number(simulation['fermi_ev'])} eV. In {share(simulation['share_with_jump'])} of them a "
        "contact slides onto a site of much higher conductance"
    )
    if score.true:
        text += f"; the jump rule finds {share(score.recall)} of these"
    if score.found:
        text += f", and {share(score.precision)} of what it selects is true"
    return text + "."


def peaks_table(entry: TraceResults) -> Table:
    """Peaks of the conductance histogram, of the set and of its prediction."""
    rows = []
    for one in entry.shown:
        for peak in reversed(one.summary["fits"]["log10_g"].get("peaks", [])):
            rows.append(
                (
                    one.label,
                    number(peak["centre"]),
                    interval(peak["centre_interval"]),
                    number(peak["sigma"]),
                    interval(peak["sigma_interval"]),
                )
            )
    reasons = [
        f" {one.label}: {reason}."
        for one in entry.shown
        if (reason := one.summary["fits"]["log10_g"].get("reason"))
    ]
    return Table(
        f"Gaussian peaks of the conductance histogram, with {entry.summary['confidence']:.0%} intervals."
        + "".join(reasons),
        ("traces", "log₁₀(G/G₀)", "interval", "standard deviation (decades)", "interval"),
        tuple(rows),
    )


def sites_table(entry: TraceResults) -> Table | None:
    """Computed conductances that are marked in the figures."""
    if not entry.sites:
        return None
    return Table(
        "Computed conductances of the contacts, marked in the figures.",
        ("contact", "distance (Å)", "log₁₀(G/G₀)"),
        tuple(
            (site["name"], number(site["distance_ang"], 1), number(site["log10_g"])) for site in entry.sites
        ),
    )


def plateaus_table(entry: TraceResults) -> Table:
    """Plateaus at the peaks, of the set and of its prediction."""
    rows, reasons = [], []
    for one in entry.shown:
        summary = one.plateau_summary or {"plateaus": [], "reason": ""}
        if summary["reason"]:
            reasons.append(f" {one.label}: {summary['reason']}.")
        for plateau in summary["plateaus"]:
            fitted = plateau["displacement"].get("peaks", [None])[0]
            spacing = plateau["spacing_to_next_nm"]
            rows.append(
                (
                    one.label,
                    number(plateau["level_log10_g"]),
                    share(plateau["traces"] / summary["traces"] if summary["traces"] else None),
                    number(plateau["median_length_nm"]),
                    number(fitted["centre"]) if fitted else MISSING,
                    interval(fitted["centre_interval"]) if fitted else MISSING,
                    number(fitted["sigma"]) if fitted else MISSING,
                    number(spacing[0]) if spacing else MISSING,
                    interval(spacing[1:]) if spacing else MISSING,
                )
            )
    return Table(
        "Plateaus at the peaks. Displacement: centre and standard deviation of the Gaussian fit; spacing: distance to "
        "the plateau below." + "".join(reasons),
        (
            "traces", "log₁₀(G/G₀)", "traces with it", "median length (nm)", "displacement (nm)", "interval",
            "standard deviation (nm)", "spacing (nm)", "interval",
        ),
        tuple(rows),
    )  # fmt: skip


def jumps_table(entry: TraceResults) -> Table:
    """Height and levels of the jumps, of the set and of its prediction."""
    names = {
        "jump_height": "height (decades)",
        "jump_foot": "log₁₀(G/G₀) before",
        "jump_top": "log₁₀(G/G₀) after",
        "cut_displacement": "displacement at the cut (nm)",
    }
    rows = []
    for one in entry.shown:
        for key, words in names.items():
            fitted = one.summary["fits"][key].get("peaks", [None])[0]
            if fitted is None:
                rows.append((one.label, words, *[MISSING] * 4))
                continue
            rows.append(
                (
                    one.label,
                    words,
                    number(fitted["centre"]),
                    interval(fitted["centre_interval"]),
                    number(fitted["sigma"]),
                    number(np.sqrt(2) * fitted["sigma"]),
                )
            )
    return Table(
        "Gaussian fits of the jumps. The last column is c of exp(−((x − b)/c)²), the width that papers often print.",
        ("traces", "of", "centre", "interval", "standard deviation", "c"),
        tuple(rows),
        2,
    )


def stability_table(entry: TraceResults) -> Table:
    """Agreement of subsamples by number of classes."""
    classes: Mapping[str, Any] = entry.classes or {"stability": [], "reason": "", "sizes": []}
    reason = f" None: {classes['reason']}." if classes["reason"] else ""
    return Table(
        f"Stability of the classes; {len(classes['sizes'])} were chosen.{reason}",
        ("number of classes", "mean agreement", "least agreement", "silhouette"),
        tuple(
            (
                str(item["classes"]),
                number(item["agreement_mean"], 3),
                number(item["agreement_min"], 3),
                number(item["silhouette"]),
            )
            for item in classes["stability"]
        ),
    )


def bad_table(entry: TraceResults) -> Table | None:
    """Files left out with the reasons."""
    bad = entry.summary["bad"]
    if not bad:
        return None
    more = f", of which the first {SHOWN_BAD} follow" if len(bad) > SHOWN_BAD else ""
    return Table(
        f"{len(bad)} left out of {entry.summary['source']}, with the reasons{more}; summary.json of the set lists all.",
        ("file", "reason"),
        tuple((item["name"], item["reason"]) for item in bad[:SHOWN_BAD]),
        2,
    )


def bias_sentence(series: Mapping[str, Any]) -> str:
    """What the Simmons model makes of a bias series."""
    fit = series["fit"]
    if fit is None:
        return f"No fit: {series['reason']}."
    low, high = fit["barrier_interval_ev"]
    if high is None:
        ends = f"above {number(low)} eV, with no upper end: these biases hardly bend the conductance"
    else:
        ends = f"{number(low)} to {number(high)} eV"
    verdict = (
        "The model explains the points better than a constant does"
        if fit["prefers_tunnelling"]
        else "A conductance that does not depend on the bias explains the points as well"
    )
    return (
        f"The peaks near log₁₀(G/G₀) = {number(series['level_log10_g'])} give a barrier of {number(fit['barrier_ev'])} "
        f"eV for a width of {number(fit['width_nm'])} nm ({series['confidence']:.0%} interval {ends}). {verdict} "
        f"(corrected Akaike criterion; residuals {number(fit['rms_decades'], 3)} against "
        f"{number(fit['constant_rms_decades'], 3)} decades)."
    )
