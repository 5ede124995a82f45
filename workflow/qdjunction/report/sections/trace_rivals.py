"""Jumps compared with interference, a second contact and a second dot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import AnalysisSection
from qdjunction.report.tables import Table, number
from qdjunction.report.trace_drawing import MEASURED, thinned
from qdjunction.traces.results import RivalSummary

if TYPE_CHECKING:
    from qdjunction.report.trace_data import TraceResults

_MARKS = {"interference": "D", "second_contact": "^", "second_dot": "v"}


class RivalSection(AnalysisSection):
    """Level before each jump against its height, with the transitions that every hypothesis predicts."""

    name = "trace_rivals"
    order = 90
    figure_title = "Jumps and their rivals"

    def draw_set(self, entry: TraceResults) -> Drawing:
        """Draw the jumps and the predicted transitions."""
        import pandas as pd

        found, summary = entry.table_of("rivals"), entry.summary_of(RivalSummary)
        fits = pd.DataFrame(
            [
                {"row": fit.hypothesis, "before_log10_g": before, "height_decades": height}
                for fit in (summary.fits if summary else ())
                for before, height in zip(fit.before_log10_g, fit.height_decades, strict=True)
            ]
        )
        figure = new_figure(3.4)
        axes = figure.add_subplot()
        jumps = pd.DataFrame() if found is None else thinned(found, axes, "jumps").assign(row="jump")
        if len(jumps):
            axes.plot(
                jumps["before_log10_g"],
                jumps["height_decades"],
                ".",
                ms=3,
                color=MEASURED,
                label="jump",
                zorder=1,
            )
        else:
            axes.text(0.5, 0.5, "no jumps", transform=axes.transAxes, ha="center", color=style.TREND)
        for order, (name, mark) in enumerate(_MARKS.items()):
            rows = fits[fits["row"] == name] if len(fits) else fits
            if len(rows):
                axes.plot(
                    rows["before_log10_g"], rows["height_decades"], mark, ms=8 - order, mfc="none", mew=1.3,
                    color=style.PALETTE[order + 1], label=_words(name), zorder=2 + order,
                )  # fmt: skip
        axes.set_xlabel("log$_{10}$($G$/$G_0$) before the jump")
        axes.set_ylabel("Height (decades)")
        if len(jumps):
            style.legend_above(axes, 4)
        return Drawing(figure, pd.concat([jumps, fits], ignore_index=True))

    def tables(self, entry: TraceResults) -> Iterable[Table]:
        """Return the criterion of every hypothesis."""
        summary = entry.summary_of(RivalSummary)
        return [rival_table(summary)] if summary else []


def rival_table(summary: RivalSummary) -> Table:
    """Return likelihood and criterion of every hypothesis, with what they decide."""
    least = min((fit.bic for fit in summary.fits), default=0.0)
    if summary.reason:
        result = f"None: {summary.reason}."
    elif summary.verdict == "interference":
        result = "Decided: interference, or a second path that always closes at the site of the jump."
    elif summary.verdict:
        result = f"Decided: {_words(summary.verdict)}."
    else:
        result = "Undecided."
    of = f" of {', '.join(summary.sites)}" if summary.sites else ""
    return Table(
        f"{summary.compared} of {summary.jumps} jumps compared with the computed conductances{of} (error "
        f"{summary.spread_decades:g} decades). {result}",
        (
            "hypothesis",
            "log-likelihood",
            "criterion above the least",
            "shift of a dot",
            "spread of a plateau",
        ),
        tuple(
            (
                _words(fit.hypothesis),
                number(fit.log_likelihood, 1),
                number(fit.bic - least, 1),
                number(fit.shared_decades),
                number(fit.own_decades),
            )
            for fit in summary.fits
        ),
    )


def _words(hypothesis: str) -> str:
    return hypothesis.replace("_", " ")


KIND = RivalSection()
