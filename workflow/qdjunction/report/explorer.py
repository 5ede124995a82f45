"""Series at any energy: what the page's script needs to show conductance, fit and step where a reader points."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from qdjunction.report.data import DotResults, SeriesResults

MOST_ENERGIES = 800
"""Energies that a series brings at most; finer grids are thinned evenly."""


def explored(dot: DotResults, series: SeriesResults, colours: Mapping[str, str]) -> dict[str, Any]:
    """Plain values of one series.

    Returns
    -------
    dict
        ``energies`` (eV); ``junctions``, each with ``name``, ``distance`` (Ang), ``colour`` and ``log10_g`` at these
        energies; ``fit``, columns of the series' table at the same energies, or None without a decay; ``gap`` and
        ``headline`` (eV).
    """
    rows = series.conductance
    energies = np.unique(rows["fermi_eV"].to_numpy())
    kept = energies[:: -(-len(energies) // MOST_ENERGIES)]
    log10_g = rows.assign(log10_g=np.log10(rows["conductance_G0"])).pivot(
        index="fermi_eV", columns="junction", values="log10_g"
    )
    fit = None
    if series.kind == "decay":
        table = series.spectrum.set_index("energy_eV").loc[kept]
        names = ("beta_per_ang", "log10_contact_conductance_G0", "step_decades", "above_trend_decades")
        fit = {name: _rounded(table[name]) for name in names}
    return {
        "name": f"{dot.case.id}, from {series.left}",
        "energies": _rounded(pd.Series(kept)),
        "junctions": [
            {
                "name": name,
                "distance": round(distance, 3),
                "colour": colours[name],
                "log10_g": _rounded(log10_g.loc[kept, name]),
            }
            for name, distance in zip(
                series.summary["junctions"], series.summary["distances_ang"], strict=True
            )
        ],
        "fit": fit,
        "gap": [round(edge, 3) for edge in series.summary["gap_ev"]],
        "headline": round(series.summary["headline_energy_ev"], 3),
    }


def _rounded(values: pd.Series) -> list[float | None]:
    return [round(value, 4) if np.isfinite(value) else None for value in values.astype(float).tolist()]
