"""Classes of traces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qdjunction.traces.analyses.contract import Analysis, writing_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from qdjunction.traces.analyses.contract import Known
    from qdjunction.traces.results import ClassSummary
    from qdjunction.traces.settings import TracesSettings
    from qdjunction.traces.trace import TraceSource


class ClassAnalysis(Analysis):
    """Classes and their stability; see `qdjunction.traces.clustering`."""

    name = "classes"
    description = "Divide traces into classes, and measure how stable these are."
    sections = ("classes",)
    mem_mb = 4000

    @property
    def summary(self) -> type[ClassSummary]:
        """Model of ``classes.json``."""
        from qdjunction.traces.results import ClassSummary

        return ClassSummary

    def run(
        self,
        source: TraceSource,
        settings: TracesSettings,
        known: Known,
        write: Callable[[pd.DataFrame], None],
        provenance: dict[str, Any],
    ) -> ClassSummary:
        """Write one row per trace: file and class, from 1; return sizes, mean descriptions, stability."""
        from qdjunction.traces.clustering import classify
        from qdjunction.traces.fits import or_reason
        from qdjunction.traces.results import ClassSummary

        with writing_rows(write, ("file", "class")) as add:
            classes, reason = or_reason(
                lambda: classify(source, settings, lambda name, label: add((name, label + 1)))
            )
        bins = settings.classes
        return ClassSummary(
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
