"""Mechanisms of a measured exciton shift, from files to files."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from qdjunction.core.files import write_table
from qdjunction.core.provenance import digests, provenance
from qdjunction.core.results import read_result
from qdjunction.interference.coupling_results import CouplingDecay, CouplingRecord
from qdjunction.interference.exciton_settings import ExcitonSettings
from qdjunction.interference.exciton_shift import (
    CURVES,
    ExcitonRecord,
    implied_barriers_ev,
    mechanisms_of,
    shift_of,
    verdict,
)
from qdjunction.study.failures import read_failure

log = logging.getLogger(__name__)

POINTS = 25
"""Distances in the table, from the dots all but touching to a quarter beyond the longest."""


def exciton_of_study(
    settings: ExcitonSettings, table: str | Path, summary: str | Path, coupling: str | Path | None = None
) -> ExcitonRecord:
    """Write the mechanisms of a measured exciton shift: ``exciton.csv`` and ``exciton.json``.

    Parameters
    ----------
    settings : ExcitonSettings
        The measured shifts, and what is known of the dots.
    table, summary : path
        The files to write: shifts versus distance, and the record.
    coupling : path, optional
        ``coupling.json`` of the study, whose decays are further mechanisms; a record of a failure is left out.
    """
    decays: tuple[CouplingDecay, ...] = ()
    if coupling and not read_failure(coupling):
        decays = read_result(CouplingRecord, coupling).decays
    mechanisms = mechanisms_of(settings, decays)
    record = ExcitonRecord(
        fall=settings.fall,
        barrier_ev=implied_barriers_ev(settings),
        mechanisms=mechanisms,
        settings=settings,
        sentence=verdict(settings, mechanisms),
        provenance=provenance(
            inputs=digests(*([coupling] if coupling else [])), settings=settings.model_dump(mode="json")
        ),
    )
    log.info("%s", record.sentence)
    write_table(shift_table(settings), table)
    record.write(summary)
    return record


def shift_table(settings: ExcitonSettings) -> pd.DataFrame:
    """Return the shift by each of `CURVES` versus the distance of the centres."""
    first, last = 10.3 * settings.diameter_nm, 12.5 * settings.far.centre_distance_nm
    return pd.DataFrame(
        {
            "mechanism": name,
            "centre_distance_ang": distance,
            "lowest_shift_meV": low,
            "highest_shift_meV": high,
        }
        for name in CURVES
        for distance in np.geomspace(min(first, 10 * settings.near.centre_distance_nm), last, POINTS)
        for low, high in [shift_of(name, settings, float(distance))]
    )
