"""Alignment of the traces by cross-correlation with their mean; see `qdjunction.traces.alignment`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qdjunction.traces.analyses.contract import Analysis, check_steps, writing_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from qdjunction.traces.analyses.contract import Known
    from qdjunction.traces.results import AlignSummary
    from qdjunction.traces.settings import TracesSettings
    from qdjunction.traces.trace import TraceSource

COLUMNS = ("file", "shift_nm", "correlation", "at_limit")
MOST_BINS = 150
"""Most displacement bins of the recorded histograms."""


class AlignAnalysis(Analysis):
    """Shift of every trace, and the conductance against displacement before and after."""

    name = "align"
    description = "Align traces along the displacement by cross-correlation with their mean."
    sections = ("align",)

    @property
    def summary(self) -> type[AlignSummary]:
        """Model of ``align.json``."""
        from qdjunction.traces.results import AlignSummary

        return AlignSummary

    def check(self, settings: TracesSettings) -> None:
        """Refuse too many or too few steps of displacement."""
        check_steps("align", settings.align.step_nm, settings)

    def run(
        self,
        source: TraceSource,
        settings: TracesSettings,
        known: Known,
        write: Callable[[pd.DataFrame], None],
        provenance: dict[str, Any],
    ) -> AlignSummary:
        """Write one row per trace: shift (nm) and correlation with the mean; return the gain and the histograms."""
        import numpy as np

        from qdjunction.traces.alignment import align_sample, aligned_traces
        from qdjunction.traces.fits import or_reason
        from qdjunction.traces.histogram import Axis, Histogram, Histogram2D
        from qdjunction.traces.results import AlignSummary

        options = settings.align
        limit, step = options.largest_shift_nm, options.step_nm
        pair, reason = or_reason(lambda: align_sample(source, settings))
        with writing_rows(write, COLUMNS) as add:
            if pair is None:
                return AlignSummary(largest_shift_nm=limit, reason=reason, provenance=provenance)
            template, control = pair
            last = settings.histogram.displacement_range_nm[1]
            bins = min(MOST_BINS, round((last + 2 * limit) / step))
            displacement = Axis("displacement_nm", -limit, last + limit, bins)
            before, after = (Histogram2D.empty(displacement, template.axis) for _ in range(2))
            shifts = Histogram.empty(Axis("displacement_nm", -limit - step, limit + step, 1000), 1)
            at_limit = 0
            for names, rows, shift, correlation in aligned_traces(source, template, settings):
                trace, place = np.nonzero(rows < template.axis.bins)
                level = template.axis.centres[rows[trace, place]]
                middle = np.asarray(step * (place + 0.5), dtype=np.float64)
                before.add(middle, level)
                after.add(middle + shift[trace], level)
                shifts.add(shift, np.zeros(len(shift), dtype=np.intp))
                outer = np.abs(shift) > limit - step / 2
                at_limit += int(outer.sum())
                for row in zip(names, shift.tolist(), correlation.tolist(), outer.tolist(), strict=True):
                    add(row)
        return AlignSummary(
            largest_shift_nm=limit,
            traces=int(shifts.total.sum()),
            at_limit=at_limit,
            shift_quartiles_nm=(shifts.quantile(0.25), shifts.quantile(0.5), shifts.quantile(0.75)),
            gain=template.gain,
            control_gain=control.gain,
            repetitions=template.repetitions,
            converged=template.converged,
            displacement_range_nm=(displacement.low, displacement.high),
            log10_g_range=options.log10_g_range,
            before=before.counts.tolist(),
            after=after.counts.tolist(),
            reason="",
            provenance=provenance,
        )


KIND = AlignAnalysis()
