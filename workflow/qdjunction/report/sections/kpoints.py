"""Junctions on periodic surfaces: convergence of T(E) in transverse k, and how well they join their electrodes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report.sections.contract import SeriesSection, of_junctions
from qdjunction.report.tables import Table, number
from qdjunction.study import layout

if TYPE_CHECKING:
    from markupsafe import Markup
    from numpy.typing import NDArray

    from qdjunction.report.data import DotResults, JunctionResults, SeriesResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study


class KPointsSection(SeriesSection):
    """T(E) with fewer k points, and the contact to the electrodes; nothing for a study without surfaces."""

    name = "kpoints"
    order = 62

    def files(self, study: Study) -> Iterable[str]:
        """Return T(E) and geometries of the junctions."""
        if study.config.electrodes.surface is None:
            return ()
        return of_junctions(study, layout.TRANSMISSION, layout.JUNCTION)

    def html(self, page: Page, dot: DotResults, series: SeriesResults) -> Markup | str:
        """Return the tables of a series."""
        study = page.results.study
        if study.config.electrodes.surface is None:
            return ""
        return page.render(
            "<h3>Periodic surfaces</h3>{{ show_table(convergence) }}{{ show_table(electrodes) }}",
            convergence=convergence_table(study, series),
            electrodes=electrodes_table(series),
        )


def convergence_table(study: Study, series: SeriesResults) -> Table:
    """Return conductance and T(E) of the junctions of a series with more and more k points."""
    rows = []
    for junction in series.shown:
        grids = _grids(study, junction)
        last = next(reversed(grids))
        finest = junction.transmission.transmission
        in_gap = _in_gap(junction)
        energy = series.summary.headline_energy_ev
        for grid, values in grids.items():
            rows.append(
                (
                    junction.case.name,
                    f"{grid[0]} × {grid[1]}",
                    number(_log_conductance(junction, values, energy, study.config.transport.temperature_k)),
                    *(
                        number(_largest(values, finest, where) if grid != last else None, 3)
                        for where in (in_gap, np.ones_like(in_gap))
                    ),
                )
            )
    return Table(
        "T(E) with fewer k points across the transport direction, Gamma among them: thermal conductance at the "
        "headline energy, and the largest difference of log₁₀ T from the last row of the junction, between HOMO and "
        "LUMO and at all energies. The difference in the row before the last measures what may still be missing; of a "
        "single grid it is not known.",
        ("junction", "k points", "log₁₀ G/G₀", "difference in the gap", "at all energies"),
        tuple(rows),
        2,
    )


def electrodes_table(series: SeriesResults) -> Table:
    """Return lateral cell, distance to the images and electrodes of the junctions of a series."""
    rows = []
    for junction in series.shown:
        surface = junction.atoms.info["surface"]
        rows.append(
            (
                junction.case.name,
                "{} × {}".format(*surface["size"]),
                "{} × {}".format(*surface["kpoints"]),
                *junction.transmission.leads,
                number(surface["image_distance_ang"]),
                number(surface["lean_deg"], 1),
            )
        )
    return Table(
        "Junctions on their surfaces: lateral cell in gold atoms, k points of the SCF, the electrode on either side "
        "with the distance of its levels from those of the same atoms in the junction, each from its own Fermi energy, "
        "which is small where the junction ends in bulk gold; distance of dot and tips from their periodic images; "
        "angle of the contacts with the normal of the surfaces.",
        (
            "junction", "cell", "k points of the SCF", "left electrode", "right electrode", "to the images (Å)",
            "angle (°)",
        ),
        tuple(rows),
        5,
    )  # fmt: skip


def _grids(study: Study, junction: JunctionResults) -> dict[tuple[int, int], NDArray[np.float64]]:
    """Return T(E) of every grid that the file of a junction holds."""
    import xarray

    path = study.results / junction.case.id / layout.TRANSMISSION
    with xarray.open_dataset(path, engine="netcdf4") as dataset:
        if "transmission_grid" not in dataset:
            return {(1, 1): junction.transmission.transmission}
        counts = dataset["grid_counts"].values
        return {
            (int(first), int(second)): values
            for (first, second), values in zip(counts, dataset["transmission_grid"].values, strict=True)
        }


def _log_conductance(
    junction: JunctionResults, values: NDArray[np.float64], energy_ev: float, temperature_k: float
) -> float:
    from dataclasses import replace

    from qdjunction.transport import conductance

    # At the energy of T(E) next to it, as the numbers of the series.
    energies = junction.transmission.energies_ev
    at = energies[np.abs(energies - energy_ev).argmin()]
    found = float(conductance(replace(junction.transmission, transmission=values), temperature_k, at))
    return math.log10(found) if found > 0 else math.nan


def _in_gap(junction: JunctionResults) -> NDArray[np.bool_]:
    """Return which energies lie between HOMO and LUMO of the dot."""
    energies = junction.transmission.energies_ev
    return (energies > junction.frontier.homo_ev) & (energies < junction.frontier.lumo_ev)


def _largest(values: NDArray[np.float64], finest: NDArray[np.float64], where: NDArray[np.bool_]) -> float:
    """Return the largest difference of the logarithms at some energies; nan if there are none."""
    both = where & (values > 0) & (finest > 0)
    return float(np.abs(np.log10(values[both] / finest[both])).max()) if both.any() else math.nan


KIND = KPointsSection()
