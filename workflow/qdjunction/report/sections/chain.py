"""The tight-binding chain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import PageSection, PlannedFigure
from qdjunction.study import layout

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.figure import Figure

    from qdjunction.report.data import StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.results import ChainRecord
    from qdjunction.study.table import Study


class ChainSection(PageSection):
    """A chain whose last site shows the jump."""

    name = "chain"
    order = 50
    title = "Tight-binding chain"
    figure_title = "Tight-binding chain"

    def files(self, study: Study) -> Iterable[str]:
        """Return T(E) of the chain and its summary, if contacts are compared that may be like its sites."""
        return [layout.CHAIN_TABLE, layout.CHAIN] if study.compares_contacts else []

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return the one figure of the study."""
        return [PlannedFigure(self.name, title=self.figure_title)] if study.compares_contacts else []

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw the chain."""
        assert results.chain is not None  # a study without it plans no figure
        assert results.chain_summary is not None
        threshold = results.study.config.interference.jump_decades
        return Drawing(chain_figure(results.chain, results.chain_summary, threshold), results.chain)

    def origin(self, results: StudyResults, figure: PlannedFigure) -> str:
        """Return that the numbers are those of a model."""
        return "tight-binding model"

    def html(self, page: Page) -> Markup | str:
        """Return the chain in words and in its figure; empty if the study compares no contacts."""
        if page.results.chain_summary is None:
            return ""
        return page.render(HTML, summary=page.results.chain_summary, figures=page.figures(self))


HTML = """
<section id="chain">
<h2>Tight-binding chain</h2>
<p>{{ summary.sentence }} The chain has {{ summary.sites }} sites with energies of
±{{ "%g" % (summary.onsite_ev | abs) }} eV in turn, a hopping of
{{ "%g" % summary.hopping_ev }} eV and wide-band leads of {{ "%g" % summary.gamma_ev }} eV.</p>
{% for figure in figures %}{{ show_figure(figure) }}{% endfor %}
</section>
"""


def chain_figure(table: pd.DataFrame, summary: ChainRecord, threshold: float) -> Figure:
    """Draw the chain in the middle of its gap, and its last site over the gap."""
    log10 = table.pivot(index="energy_eV", columns="site", values="log10_transmission")
    energies, sites = log10.index.to_numpy(), log10.columns.to_numpy()
    trend = np.array(summary.trend_at_last_site)
    middle = int(np.abs(energies).argmin())
    midgap = summary.midgap
    figure = new_figure(3.0)
    at_middle, over_gap = figure.subplots(1, 2)
    # Distances count from site 1, where the left lead is.
    last, before = log10.iloc[:, -1].to_numpy(), log10.iloc[:, -2].to_numpy()
    ends = (midgap.log10_contact_conductance_G0, float(last[middle]) - midgap.above_trend_decades)
    line = sites[[0, -1]]
    at_middle.plot(
        line,
        np.interp(line, (1, sites[-1]), ends),
        color=style.TREND,
        ls="--",
        label=f"fit to sites {sites[0]} … {sites[-2]}",
    )
    at_middle.plot(sites[:-1], log10.iloc[middle, :-1], "o", color=style.PALETTE[0])
    at_middle.plot(sites[-1], log10.iloc[middle, -1], "o", color=style.PALETTE[3])
    at_middle.set_xlabel("Site of the right lead")
    at_middle.set_ylabel("$\\log_{10} T$")
    at_middle.set_xticks(sites)
    at_middle.set_title("middle of the gap")
    at_middle.legend(loc="best")
    over_gap.plot(energies, last - trend, color=style.TREND, ls="--", label="above the trend")
    over_gap.plot(energies, last - before, color=style.PALETTE[3], label=f"above site {sites[-2]}")
    over_gap.axhline(0, color="black", lw=0.7)
    over_gap.axhline(threshold, color=style.PALETTE[3], lw=0.9, ls=":")
    over_gap.set_xlabel("Energy (eV)")
    over_gap.set_ylabel(f"Site {sites[-1]} (decades)")
    over_gap.set_title("over the gap")
    over_gap.set_ylim(min(-0.1, (last - trend).min(), *np.quantile(last - before, [0.02])) - 0.1, None)
    over_gap.legend(loc="best")
    return figure


KIND = ChainSection()
