"""Plateaus of every single trace; see `qdjunction.traces.segments`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qdjunction.traces.analyses.contract import Analysis, check_steps, writing_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from qdjunction.traces.analyses.contract import Known
    from qdjunction.traces.results import SegmentSummary
    from qdjunction.traces.settings import TracesSettings
    from qdjunction.traces.trace import TraceSource

COLUMNS = ("file", "plateau", "start_nm", "end_nm", "length_nm", "log10_g", "slope_decades_per_nm")
MOST_PLATEAUS = 12
"""Traces with this many plateaus or more are counted together, and their further plateaus have no statistics."""


class SegmentAnalysis(Analysis):
    """Number, levels, lengths and slopes of the plateaus of single traces."""

    name = "segments"
    description = "Find the plateaus of every single trace, without levels of the histogram."
    sections = ("segments",)

    @property
    def summary(self) -> type[SegmentSummary]:
        """Model of ``segments.json``."""
        from qdjunction.traces.results import SegmentSummary

        return SegmentSummary

    def check(self, settings: TracesSettings) -> None:
        """Refuse too many or too few steps of displacement."""
        check_steps("segments", settings.segments.step_nm, settings)

    def run(
        self,
        source: TraceSource,
        settings: TracesSettings,
        known: Known,
        write: Callable[[pd.DataFrame], None],
        provenance: dict[str, Any],
    ) -> SegmentSummary:
        """Write one row per plateau, numbered from 1 in each trace; return counts, and quartiles by this number."""
        from qdjunction.core.progress import with_progress
        from qdjunction.traces.histogram import Axis, Histogram
        from qdjunction.traces.results import OrderRecord, SegmentSummary
        from qdjunction.traces.segments import plateaus_of_traces

        options = settings.segments
        steepest = options.steepest_decades_per_nm
        axes = (
            Axis("log10_g", *options.log10_g_range, 1000),
            Axis("displacement_nm", 0.0, settings.histogram.displacement_range_nm[1], 1000),
            # Slopes may lie on either end of their range, but bins are open above.
            Axis("decades_per_nm", -1.001 * steepest, 1.001 * steepest, 1000),
        )
        filled = [[Histogram.empty(axis, 1) for axis in axes] for _ in range(MOST_PLATEAUS)]
        counts = [0] * (MOST_PLATEAUS + 1)
        with writing_rows(write, COLUMNS) as add:
            for name, plateaus in plateaus_of_traces(with_progress(source, "finding plateaus"), settings):
                counts[min(len(plateaus), MOST_PLATEAUS)] += 1
                for order, one in enumerate(plateaus):
                    add(
                        (
                            name, order + 1, one.start_nm, one.end_nm, one.length_nm, one.log10_g,
                            one.slope_decades_per_nm,
                        )
                    )  # fmt: skip
                    if order < MOST_PLATEAUS:
                        values = (one.log10_g, one.length_nm, one.slope_decades_per_nm)
                        for histogram, value in zip(filled[order], values, strict=True):
                            histogram.add([value], [0])
        numbers = counts[: 1 + max((number for number, count in enumerate(counts) if count), default=-1)]

        def quartiles(histogram: Histogram) -> tuple[float, float, float]:
            return histogram.quantile(0.25), histogram.quantile(0.5), histogram.quantile(0.75)

        return SegmentSummary(
            traces=sum(numbers),
            numbers=tuple(numbers),
            orders=tuple(
                OrderRecord(
                    traces=sum(numbers[order + 1 :]),
                    log10_g=quartiles(level),
                    length_nm=quartiles(length),
                    slope_decades_per_nm=quartiles(slope),
                )
                for order, (level, length, slope) in enumerate(filled[: max(len(numbers) - 1, 0)])
            ),
            shortest_nm=options.shortest_nm,
            smallest_step_decades=options.smallest_step_decades,
            steepest_decades_per_nm=steepest,
            reason="" if sum(numbers) else "no trace is complete",
            provenance=provenance,
        )


KIND = SegmentAnalysis()
