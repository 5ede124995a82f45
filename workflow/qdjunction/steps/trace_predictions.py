"""Traces from computed conductances: the sites of a sliding series, and the traces predicted from them."""

import logging
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from qdjunction.core.errors import AnalysisError, InputError
from qdjunction.core.files import write_table
from qdjunction.core.progress import with_progress
from qdjunction.core.provenance import digests, provenance
from qdjunction.core.results import read_result
from qdjunction.study.failures import read_failure
from qdjunction.study.results import RelaxationRecord, SeriesRecord, SimulationRecord
from qdjunction.traces.results import SiteRecord
from qdjunction.traces.settings import SimulationSettings
from qdjunction.traces.simulation import SimulatedTrace, SlidingSeries, simulate, write_simulation

log = logging.getLogger(__name__)


def sliding_series(conductance: str | Path, fermi_ev: float, left: str | None = None) -> SlidingSeries:
    """Return the sites of a sliding series from a table of computed conductances.

    Parameters
    ----------
    conductance : str or Path
        ``conductance.csv`` of a dot.
    fermi_ev : float
        Position of E_F (eV, relative to the computed one); log10 G is interpolated linearly.
    left : str, optional
        Left contact; by default that of the table, if it has only one.

    Returns
    -------
    SlidingSeries
        Sites in ascending order of distance.

    Raises
    ------
    InputError
        If the file is not such a table, or does not contain the contact or the energy.
    """
    required = {"junction", "left", "contact_distance_ang", "fermi_eV", "conductance_G0"}
    try:
        table = pd.read_csv(conductance, keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        raise InputError(
            f"{conductance}: cannot be read ({error}); give the conductance.csv of a dot"
        ) from None
    if missing := required - set(table.columns):
        raise InputError(
            f"{conductance}: has no column {', '.join(sorted(missing))}; give the conductance.csv of a dot"
        )
    if "role" in table:
        table = table[table["role"] != "control"]
    lefts = list(dict.fromkeys(table["left"]))
    if left is None and len(lefts) > 1:
        raise InputError(
            f"{conductance}: holds series of the left contacts {', '.join(lefts)}; choose one with --left"
        )
    rows = table[table["left"] == (left or lefts[0])]
    if rows.empty:
        raise InputError(f"{conductance}: has no left contact '{left}' (it has {', '.join(lefts)})")
    low, high = rows["fermi_eV"].min(), rows["fermi_eV"].max()
    if not low <= fermi_ev <= high:
        raise InputError(f"{conductance}: covers {low:g} to {high:g} eV; E_F at {fermi_ev:g} eV lies outside")
    sites = []
    for name, group in rows.groupby("junction", sort=False):
        level = np.interp(fermi_ev, group["fermi_eV"], np.log10(group["conductance_G0"]))
        sites.append((float(group["contact_distance_ang"].iloc[0]), str(name), float(level)))
    distances, names, levels = zip(*sorted(sites), strict=True)
    return SlidingSeries(names, distances, levels)


def site_records(series: SlidingSeries) -> tuple[SiteRecord, ...]:
    """Return name, distance (Ang) and log10(G/G0) of every site."""
    columns = zip(series.names, series.distance_ang, series.log10_g, strict=True)
    return tuple(
        SiteRecord(name=name, distance_ang=distance, log10_g=level) for name, distance, level in columns
    )


def headline_of_left(summary: str | Path, left: str | None) -> float:
    """Return the headline energy (eV, relative to E_F) of the series of a left contact in a ``series.json``.

    Raises
    ------
    InputError
        If there is no such series.
    """
    groups = read_result(SeriesRecord, summary).series
    chosen = groups if left is None else [group for group in groups if group.left == left]
    if not chosen:
        raise InputError(f"{summary}: has no left contact '{left}'; correct it")
    return chosen[0].headline_energy_ev


def simulate_traces(
    series: SlidingSeries,
    settings: SimulationSettings,
    count: int,
    output: str | Path,
    truth: str | Path | None = None,
    record: str | Path | None = None,
    inputs: Sequence[str | Path] = (),
    **described: Any,
) -> None:
    """Simulate traces of a sliding series.

    Parameters
    ----------
    series : SlidingSeries
        Conductance at each site.
    settings : SimulationSettings
        The forward model.
    count : int
        Number of traces.
    output : str or Path
        ``.parquet`` file of the traces to write.
    truth : str or Path, optional
        CSV to write, one row per trace: name as in the analysis, number of sites visited, displacement of the jump.
    record : str or Path, optional
        JSON to write: sites, settings and the fields in `described`.
    inputs : sequence of path
        Files that the conductances come from.
    **described
        Further fields of the record.
    """
    rows: list[tuple[str, int, float]] = []

    def noted() -> Iterator[SimulatedTrace]:
        simulated = islice(simulate(series, settings), count)
        for number, item in enumerate(with_progress(simulated, "simulating", count)):
            rows.append((f"{Path(output).name}[{number}]", item.sites, item.jump_displacement_nm))
            yield item

    write_simulation(output, noted())
    table = pd.DataFrame(rows, columns=["file", "sites", "jump_displacement_nm"])
    with_jump = float(table["jump_displacement_nm"].notna().mean())
    log.info("%s: %d simulated traces, %.0f %% with a jump", output, count, 100 * with_jump)
    if truth is not None:
        write_table(table, truth)
    if record is not None:
        SimulationRecord(
            **described,
            simulated=True,
            traces=count,
            share_with_jump=with_jump,
            sites=site_records(series),
            settings=settings.model_dump(mode="json"),
            provenance=provenance(inputs=digests(*inputs)),
        ).write(record)


def predict_traces(
    conductance: str | Path,
    series_summary: str | Path,
    relaxation: str | Path,
    left: str,
    fermi_ev: float | None,
    settings: SimulationSettings,
    count: int,
    output: str | Path,
    truth: str | Path,
    record: str | Path,
) -> None:
    """Simulate traces from the conductances that a study computed.

    Parameters
    ----------
    conductance, series_summary, relaxation : str or Path
        ``conductance.csv``, ``series.json`` and ``relaxed.json`` of the dot; the last one names the engine.
    left : str
        Left contact of the series.
    fermi_ev : float or None
        Position of E_F (eV, relative to the computed one); None for the headline energy.
    settings, count, output, truth, record
        As in `simulate_traces`.

    Raises
    ------
    AnalysisError
        If a contact of the series has failed, or the computed numbers are not those of a sliding series.
    """
    groups = {group.left: group for group in read_result(SeriesRecord, series_summary).series}
    group = groups.get(left)
    if group is None:
        raise AnalysisError(f"{series_summary}: the series from {left} has no result to predict traces from")
    if group.kind == "incomplete":
        raise AnalysisError(f"traces cannot be predicted from an incomplete series. {group.sentence}")
    energy = group.headline_energy_ev if fermi_ev is None else fermi_ev
    try:
        series = sliding_series(conductance, energy, left)
    except InputError as error:
        # The settings were checked before any job, so the computed numbers are at fault.
        raise AnalysisError(str(error)) from error
    simulate_traces(
        series,
        settings,
        count,
        output,
        truth,
        record,
        left=left,
        fermi_ev=energy,
        engine=read_result(RelaxationRecord, relaxation).engine,
        inputs=(conductance, series_summary, relaxation),
    )


def predicted_sites(simulation: str | Path) -> tuple[tuple[SiteRecord, ...], str]:
    """Return the sites of a prediction from its ``simulation.json``, or none and the reason.

    Parameters
    ----------
    simulation : str or Path
        Record of `predict_traces`, or of its failure.
    """
    if failure := read_failure(simulation):
        return (), f"nothing is predicted: {failure}"
    return read_result(SimulationRecord, simulation).sites, ""
