"""Plateau lengths and displacements at the peaks of the conductance histogram."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from qdjunction.traces.analyses.contract import Analysis

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from qdjunction.traces.analyses.contract import Known
    from qdjunction.traces.plateaus import PlateauStatistics
    from qdjunction.traces.results import PlateauRecord, PlateauSummary
    from qdjunction.traces.settings import TracesSettings
    from qdjunction.traces.trace import TraceSource

COLUMNS = ["level_log10_g", "bin_nm", "traces_by_length", "traces_by_displacement", "displacement_fit"]


class PlateauAnalysis(Analysis):
    """Lengths, displacements and spacings of the plateaus; see `qdjunction.traces.plateaus`."""

    name = "plateaus"
    description = "Measure plateau lengths, displacements and spacings at the peaks of the conductance."
    sections = ("plateaus", "peaks")
    at_peaks = True

    @property
    def summary(self) -> type[PlateauSummary]:
        """Model of ``plateaus.json``."""
        from qdjunction.traces.results import PlateauSummary

        return PlateauSummary

    def run(
        self,
        source: TraceSource,
        settings: TracesSettings,
        known: Known,
        write: Callable[[pd.DataFrame], None],
        provenance: dict[str, Any],
    ) -> PlateauSummary:
        """Write one row per level and bin; return for each level traces, displacement and spacing to the next."""
        import pandas as pd

        from qdjunction.traces.fits import or_reason
        from qdjunction.traces.plateaus import measure_plateaus
        from qdjunction.traces.results import PlateauSummary

        levels = [peak.centre for peak in known.peaks]
        measured, reason = None, known.why_no_peaks
        if levels:
            measured, reason = or_reason(lambda: measure_plateaus(source, levels, settings))
        rows, plateaus = _records(measured, settings) if measured else ([], [])
        write(pd.concat(rows) if rows else pd.DataFrame(columns=COLUMNS))
        return PlateauSummary(
            traces=measured.traces if measured else 0,
            half_width_decades=settings.plateaus.half_width_decades,
            shortest_nm=settings.plateaus.shortest_nm,
            confidence=settings.peaks.confidence,
            plateaus=tuple(plateaus),
            reason=reason,
            provenance=provenance,
        )


def _records(
    measured: PlateauStatistics, settings: TracesSettings
) -> tuple[list[pd.DataFrame], list[PlateauRecord]]:
    """Return the rows of the table and the entries of the summary, one per level, the highest first."""
    import numpy as np
    import pandas as pd

    from qdjunction.traces.fits import fit_one, fit_record, or_reason
    from qdjunction.traces.histogram import PeakFit, spacing_interval
    from qdjunction.traces.results import PlateauRecord

    fits = [fit_one(histogram, settings) for histogram in measured.displacement_nm]
    spacings: list[tuple[float, float, float] | None] = [None] * len(fits)
    for band, (nearer, farther) in enumerate(pairwise(fits)):
        if isinstance(nearer, PeakFit) and isinstance(farther, PeakFit):
            spacings[band], _ = or_reason(partial(spacing_interval, nearer, farther))
    rows, records = [], []
    for band, (level, fit) in enumerate(zip(measured.levels_log10_g, fits, strict=True)):
        lengths, places = measured.length_nm[band], measured.displacement_nm[band]
        rows.append(
            pd.DataFrame(
                {
                    "level_log10_g": level,
                    "bin_nm": lengths.axis.centres,
                    "traces_by_length": lengths.total,
                    "traces_by_displacement": places.total,
                    "displacement_fit": fit.curve(places.axis.centres)
                    if isinstance(fit, PeakFit)
                    else np.nan,
                }
            )
        )
        records.append(
            PlateauRecord(
                level_log10_g=level,
                traces=int(measured.counts[band]),
                median_length_nm=lengths.quantile(0.5),
                displacement=fit_record(fit),
                spacing_to_next_nm=spacings[band],
            )
        )
    return rows, records


KIND = PlateauAnalysis()
