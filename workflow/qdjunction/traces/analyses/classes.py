"""Classes of traces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qdjunction.traces.analyses.contract import Analysis

if TYPE_CHECKING:
    import pandas as pd

    from qdjunction.traces.results import ClassSummary, FitRecord
    from qdjunction.traces.settings import TracesSettings
    from qdjunction.traces.trace import TraceSource


class ClassAnalysis(Analysis):
    """Classes and their stability; see `qdjunction.traces.clustering`."""

    name = "classes"
    description = "Divide traces into classes, and measure how stable these are."
    sections = ("clusters",)
    mem_mb = 4000

    @property
    def summary(self) -> type[ClassSummary]:
        """Model of ``classes.json``."""
        from qdjunction.traces.results import ClassSummary

        return ClassSummary

    def run(
        self, source: TraceSource, settings: TracesSettings, peaks: FitRecord, provenance: dict[str, Any]
    ) -> tuple[pd.DataFrame, ClassSummary]:
        """Return one row per trace: file and class, from 1, the largest first; sizes, mean descriptions, stability."""
        import pandas as pd

        from qdjunction.traces.clustering import classify
        from qdjunction.traces.fits import or_reason
        from qdjunction.traces.results import ClassSummary

        classes, reason = or_reason(lambda: classify(source, settings))
        names, labels = (classes.names, classes.labels + 1) if classes else ((), ())
        bins = settings.clusters
        return pd.DataFrame({"file": names, "class": labels}), ClassSummary(
            sizes=tuple(classes.sizes.tolist()) if classes else (),
            profiles=classes.profiles.tolist() if classes else (),
            log10_g_range=bins.log10_g_range,
            displacement_range_nm=bins.displacement_range_nm,
            stability=classes.stability if classes else (),
            eigenvalues=tuple(classes.eigenvalues.tolist()) if classes else (),
            reason=reason,
            provenance=provenance,
        )


KIND = ClassAnalysis()
