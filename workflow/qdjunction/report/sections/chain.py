"""The tight-binding chain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, journal_figure
from qdjunction.report.sections.contract import PageSection, PlannedFigure
from qdjunction.study import layout

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup
    from matplotlib.axes import Axes
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
    width = "page"

    def files(self, study: Study) -> Iterable[str]:
        """Return T(E) of the chain and its summary, if contacts are compared that may be like its sites."""
        return [layout.CHAIN_TABLE, layout.CHAIN] if study.compares_contacts else []

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return the one figure of the study."""
        return [PlannedFigure(self.name, title=self.figure_title)] if study.compares_contacts else []

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether the chain was computed."""
        return results.chain is not None

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw the chain."""
        assert results.chain is not None  # `shows`
        assert results.chain_summary is not None
        threshold = results.study.config.interference.jump_decades
        with style.composed():
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
    """Draw T(E) for the right lead on every site, the trend in the middle of the gap, and the last site over the gap.

    Parameters
    ----------
    table : pandas.DataFrame
        ``chain.csv``.
    summary : ChainRecord
        ``chain.json``.
    threshold : float
        Least step of a jump (decades).
    """
    log10 = table.pivot(index="energy_eV", columns="site", values="log10_transmission")
    figure = journal_figure(62)
    panels = figure.subplots(1, 3)
    spectra, at_middle, over_gap = panels
    colours = _site_colours([int(site) for site in log10.columns])
    for site, colour in colours.items():
        spectra.plot(log10.index, log10[site], color=colour, label=f"site {site}")
    spectra.set_xlabel("$E$ (eV)")
    spectra.set_ylabel("$\\log_{10} T$")
    spectra.set_xlim(log10.index[0], log10.index[-1])
    # At the edges of the gap some sites transmit nothing, which would set the scale.
    spectra.set_ylim(float(log10.quantile(0.04).min()) - 0.3, float(log10.to_numpy().max()) + 0.3)
    figure.legend(
        *spectra.get_legend_handles_labels(), loc="outside upper left", ncols=len(colours), handlelength=1.3,
        columnspacing=1.2,
    )  # fmt: skip
    _draw_middle(at_middle, log10, summary, colours)
    _draw_last_site(over_gap, log10, summary, threshold)
    style.letter_panels(panels)
    return figure


def _site_colours(sites: Sequence[int]) -> dict[int, str]:
    """Return a scale from light to dark for all sites but the last, which has the colour of a jump."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    shades = colormaps["Blues"](np.linspace(0.35, 1.0, len(sites) - 1))
    return dict(zip(sites, [*map(to_hex, shades), style.PALETTE[3]], strict=True))


def _draw_middle(axes: Axes, log10: pd.DataFrame, summary: ChainRecord, colours: Mapping[int, str]) -> None:
    """Draw the sites in the middle of the gap with the fit to all but the last."""
    sites = log10.columns.to_numpy()
    values = log10.iloc[int(np.abs(log10.index.to_numpy()).argmin())].to_numpy()
    trend = float(values[-1]) - summary.midgap.above_trend_decades
    # Distances count from site 1, where the left lead is.
    line = np.interp(sites[[0, -1]], (1, sites[-1]), (summary.midgap.log10_contact_conductance_G0, trend))
    axes.plot(
        sites[[0, -1]], line, color=style.TREND, ls="--", label=f"fit to sites {sites[0]} … {sites[-2]}"
    )
    axes.scatter(sites, values, s=18, c=[colours[site] for site in sites], zorder=3)
    arrow = {"arrowstyle": "-|>", "color": style.HEADLINE, "lw": 1.0, "shrinkA": 0, "shrinkB": 3}
    axes.annotate("", (sites[-1], values[-1]), (sites[-1], trend), arrowprops=arrow)
    axes.annotate(
        f"site {sites[-1]}: {summary.midgap.above_trend_decades:+.2f} decades from the trend", (1, 1),
        xycoords="axes fraction", ha="right", va="top", color=style.HEADLINE, fontsize=6.5,
    )  # fmt: skip
    axes.set_xticks(sites)
    axes.set_xlim(sites[0] - 0.5, sites[-1] + 0.5)
    axes.set_ylim(min(values.min(), line.min()) - 0.3, max(values.max(), line.max()) + 0.5)
    axes.set_xlabel("Site of the right lead")
    axes.set_ylabel("$\\log_{10} T$, middle of the gap")
    axes.legend(loc="lower left")


def _draw_last_site(axes: Axes, log10: pd.DataFrame, summary: ChainRecord, threshold: float) -> None:
    """Draw how high the last site lies above the trend and above the site before it, over the gap."""
    energies, sites = log10.index.to_numpy(), log10.columns
    last, before = log10[sites[-1]].to_numpy(), log10[sites[-2]].to_numpy()
    trend = np.array(summary.trend_at_last_site)
    axes.plot(energies, last - trend, color=style.TREND, ls="--", label="above the trend")
    axes.plot(energies, last - before, color=style.PALETTE[3], label=f"above site {sites[-2]}")
    axes.axhline(0, color="black", lw=0.6)
    axes.axhline(threshold, color=style.PALETTE[3], lw=0.8, ls=":")
    axes.set_xlim(energies[0], energies[-1])
    axes.set_xlabel("$E$ (eV)")
    axes.set_ylabel(f"Site {sites[-1]} (decades)")
    shown = np.concatenate([last - trend, last - before])
    least, most = min(-0.1, *np.quantile(shown, [0.02])) - 0.1, float(np.quantile(shown, 0.98))
    axes.set_ylim(least, most + 0.45 * (most - least))  # room for the legend
    axes.legend(loc="upper center")


KIND = ChainSection()
