"""Series at any energy: conductance, fit and step at a Fermi energy set with a slider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from qdjunction.report.sections.contract import TEMPLATES, PageSection

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup

    from qdjunction.report.data import DotResults, SeriesResults, StudyResults
    from qdjunction.report.page import Page


MOST_ENERGIES = 800
"""Maximum number of energies of a series; finer grids are thinned evenly."""


class ExplorerSection(PageSection):
    """The series at a Fermi energy set with a slider."""

    name = "explorer"
    about_dots = True
    order = 30
    title = "At any energy"
    script = (TEMPLATES / "explorer.js").read_text(encoding="utf-8")

    def html(self, page: Page) -> Markup | str:
        """Return the slider and the places of the two plots; nothing without a series."""
        explored = self.data(page.results)
        return page.render(HTML, explored=explored) if explored else ""

    def data(self, results: StudyResults) -> list[dict[str, Any]]:
        """Return the numbers of every series."""
        return [explored(dot, series, dot.colours) for dot in results.dots for series in dot.series]


HTML = """
<section id="explorer" class="no-print">
<h2>At any energy</h2>
<noscript><p>This view needs JavaScript; the figures above show the same numbers.</p></noscript>
<div class="viewer">
<div class="viewer-bar">
<label>Series <select id="explorer-series">
{% for one in explored %}<option value="{{ loop.index0 }}">{{ one.name }}</option>{% endfor %}
</select></label>
<label class="grow">Fermi energy <input id="explorer-dial" type="range" min="0" max="1" value="0"></label>
</div>
<p id="explorer-readout" class="readout" aria-live="polite"></p>
<div class="plots"><div id="explorer-energy"></div><div id="explorer-distance"></div></div>
</div>
<p class="caption">Thermal conductance with the Fermi energy at the position of the slider; click a curve to move it
there.
Gap and headline energy are marked as in the
figures; the dashed line is the fit to all contacts but the last.</p>
</section>
"""


def explored(dot: DotResults, series: SeriesResults, colours: Mapping[str, str]) -> dict[str, Any]:
    """Return the plain values of one series for the script.

    Returns
    -------
    dict
        ``energies`` (eV); ``junctions`` and ``controls``, each with ``name``, ``distance`` (Ang), ``colour`` and
        ``log10_g`` at these energies; ``fit``, columns of the series' table at the same energies, or None without a
        decay; ``gap`` and ``headline`` (eV).
    """
    import pandas as pd

    rows = series.conductance
    energies = np.unique(rows["fermi_eV"].to_numpy())
    kept = energies[:: -(-len(energies) // MOST_ENERGIES)]
    log10_g = rows.assign(log10_g=np.log10(rows["conductance_G0"])).pivot(
        index="fermi_eV", columns="junction", values="log10_g"
    )
    every = [
        {
            "name": junction.case.name,
            "distance": round(distance, 3),
            "colour": colours[junction.case.name],
            "log10_g": _rounded(log10_g.loc[kept, junction.case.name]),
        }
        for junction, distance in zip(series.shown, series.distances_ang, strict=True)
    ]
    fit = None
    if series.kind == "decay":
        table = series.spectrum.set_index("energy_eV").loc[kept]
        names = ("beta_per_ang", "log10_contact_conductance_G0", "step_decades", "above_trend_decades")
        fit = {name: _rounded(table[name]) for name in names}
    return {
        "name": f"{dot.case.id}, from {series.left}",
        "energies": _rounded(pd.Series(kept)),
        "junctions": every[: len(series.junctions)],
        "controls": every[len(series.junctions) :],
        "fit": fit,
        "gap": [round(edge, 3) for edge in series.summary.gap_ev],
        "headline": round(series.summary.headline_energy_ev, 3),
    }


def _rounded(values: pd.Series) -> list[float | None]:
    return [round(value, 4) if np.isfinite(value) else None for value in values.astype(float).tolist()]


KIND = ExplorerSection()
