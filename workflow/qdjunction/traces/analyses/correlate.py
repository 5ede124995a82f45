"""Two-dimensional correlation histogram: how the counts in two bins of the conductance vary together over the traces.

C_ij is the correlation coefficient of the counts N_i and N_j of single traces (A. Halbritter et al., Phys. Rev. Lett.
105, 266805 (2010); P. Makk et al., ACS Nano 6, 3411 (2012)). It is positive for levels that occur in the same traces
and negative for levels that exclude each other, which one-dimensional histograms cannot show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qdjunction.traces.analyses.contract import Analysis

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from qdjunction.traces.analyses.contract import Known
    from qdjunction.traces.results import CorrelationSummary
    from qdjunction.traces.settings import TracesSettings
    from qdjunction.traces.trace import TraceSource


class CorrelationAnalysis(Analysis):
    """Correlation coefficients of the counts of single traces."""

    name = "correlate"
    description = "Correlate the counts of single traces in pairs of bins of the conductance."
    sections = ("correlate",)

    @property
    def summary(self) -> type[CorrelationSummary]:
        """Model of ``correlate.json``."""
        from qdjunction.traces.results import CorrelationSummary

        return CorrelationSummary

    def run(
        self,
        source: TraceSource,
        settings: TracesSettings,
        known: Known,
        write: Callable[[pd.DataFrame], None],
        provenance: dict[str, Any],
    ) -> CorrelationSummary:
        """Write one row per pair of bins; return number of traces and the coefficient that chance exceeds rarely."""
        import numpy as np
        import pandas as pd

        from qdjunction.core.confidence import student
        from qdjunction.core.progress import with_progress
        from qdjunction.traces.histogram import Axis
        from qdjunction.traces.moments import Moments
        from qdjunction.traces.results import CorrelationSummary
        from qdjunction.traces.selection import window_bounds

        options = settings.correlate
        axis = Axis("log10_g", *options.log10_g_range, options.bins)
        sums = Moments(axis.bins)
        for trace in with_progress(source, "correlating"):
            bounds = window_bounds(trace.log10_g, settings.jump)
            if bounds is not None:
                padded = axis.padded_bins(trace.log10_g[slice(*bounds)])
                sums.add(np.bincount(padded, minlength=axis.bins + 2)[1:-1].astype(np.float64))
        reason, chance = "", float("nan")
        if sums.count < 3:
            reason = f"{sums.count} complete traces are too few for a correlation"
            table = pd.DataFrame(columns=["log10_g", "other_log10_g", "correlation"])
        else:
            first, second = np.meshgrid(axis.centres, axis.centres, indexing="ij")
            table = pd.DataFrame(
                {
                    "log10_g": first.ravel(),
                    "other_log10_g": second.ravel(),
                    "correlation": sums.correlation().ravel(),
                }
            )
            t = student(settings.peaks.confidence, sums.count - 2)
            chance = t / float(np.sqrt(sums.count - 2 + t * t))
        write(table)
        return CorrelationSummary(
            traces=sums.count,
            chance=chance,
            confidence=settings.peaks.confidence,
            reason=reason,
            provenance=provenance,
        )


KIND = CorrelationAnalysis()
