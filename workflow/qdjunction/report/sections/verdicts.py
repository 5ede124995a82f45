"""Tables of the decay and the jump of a series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report.sections.contract import SeriesSection
from qdjunction.report.tables import MISSING, Table, interval, number, share

if TYPE_CHECKING:
    from markupsafe import Markup

    from qdjunction.interference.results import Verdict
    from qdjunction.report.data import DotResults, SeriesResults
    from qdjunction.report.page import Page


class VerdictsSection(SeriesSection):
    """Tables of the fit, of the jump, and of the share of the gap over which each holds."""

    name = "verdicts"
    order = 50
    kinds = ("decay",)
    beside = True

    def html(self, page: Page, dot: DotResults, series: SeriesResults) -> Markup:
        """Return the two tables of a series."""
        temperature_k = page.results.study.config.transport.temperature_k
        return page.render(
            "<div>{{ show_table(verdicts) }}{{ show_table(shares) }}</div>",
            verdicts=verdicts_table(series, temperature_k),
            shares=shares_table(series),
        )


def verdicts_table(series: SeriesResults, temperature_k: float) -> Table:
    """Return decay and jump at the headline energy and at E_F."""
    rows: list[tuple[str, ...]] = []
    summary = series.decay
    places = [
        (f"at {number(summary.headline_energy_ev)} eV", summary.at_headline),
        ("at the Fermi energy", summary.at_fermi),
    ]
    verdicts = [(name, verdict) for name, verdict in places if verdict]
    columns = [name for name, _ in verdicts]

    def line(label: str, text: Callable[[Verdict], str]) -> None:
        rows.append((label, *(text(verdict) for _, verdict in verdicts)))

    level = f"{summary.at_headline.confidence:.0%}"
    line("β (1/Å)", lambda v: number(v.beta_per_ang, 3))
    line(f"{level} interval of β (1/Å)", lambda v: interval(v.beta_interval_per_ang, 3))
    energies = [summary.headline_energy_ev, 0.0][: len(verdicts)]
    rows.append(_single_steps(series, energies))
    line("R² of the fit", lambda v: number(v.r_squared, 3))
    line("log₁₀ of the contact conductance (G₀)", lambda v: number(v.log10_contact_conductance_G0))
    line("last contact above the one before (decades)", lambda v: number(v.step_decades, sign=True))
    line("last contact above the trend (decades)", lambda v: number(v.above_trend_decades, sign=True))
    line(f"half-width of the {level} prediction band (decades)", lambda v: number(v.band_decades))
    line(
        "above any band up to",
        lambda v: MISSING if v.band_confidence is None else f"{v.band_confidence:.1%}",
    )
    line("step of a jump", lambda v: _yes(v.step))
    line("above the prediction band", lambda v: _yes(v.band))
    line("both: a jump", lambda v: _yes(v.is_jump))
    return Table(
        f"Decay of all contacts but the last, and the last compared with it, from conductances at {temperature_k:g} K.",
        ("", *columns),
        tuple(rows),
    )


def _single_steps(series: SeriesResults, energies_ev: Sequence[float]) -> tuple[str, ...]:
    """Return the row of beta from contact to contact among those of the fit, with a cell for each energy."""
    from qdjunction.interference.decay import step_betas

    names, distances = series.decay.junctions[:-1], series.decay.distances_ang[:-1]
    rows = series.conductance
    curves = [rows[rows["junction"] == name] for name in names]
    cells = []
    for energy in energies_ev:
        values = [np.interp(energy, curve["fermi_eV"], curve["conductance_G0"]) for curve in curves]
        cells.append(", ".join(number(beta, 3) for beta in step_betas(distances, values)))
    return ("β of the single steps (1/Å)", *cells)


def shares_table(series: SeriesResults) -> Table:
    """Return the share of the gap over which each statement holds."""
    low, high = series.decay.window_ev
    meanings = {
        "decays": "the contacts before the last decay (β > 0)",
        "above_trend": "the last contact lies above the trend",
        "step": "it is above the one before by the threshold or more",
        "band": "it lies above the prediction band",
        "is_jump": "both: a jump",
    }
    return Table(
        f"Share of the window from {number(low)} to {number(high)} eV over which each statement holds. Neighbouring "
        "energies are not independent: a share is not a probability.",
        ("statement", "share"),
        tuple((text, share(series.decay.shares[key])) for key, text in meanings.items()),
    )


def _yes(value: bool | None) -> str:
    return {True: "yes", False: "no", None: "undecided"}[value]


KIND = VerdictsSection()
