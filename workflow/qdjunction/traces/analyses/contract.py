"""Interface of an analysis of a set of traces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from qdjunction.core.results import Result
    from qdjunction.traces.results import FitRecord
    from qdjunction.traces.settings import TracesSettings
    from qdjunction.traces.trace import TraceSource


class Analysis:
    """An analysis of a set of traces.

    A module of `qdjunction.traces.analyses` defines one instance as ``KIND``. Its rule, its command
    ``qdjunction traces NAME`` and its files ``NAME.csv`` and ``NAME.json`` follow from it; its figure is the section
    ``trace_NAME`` of the report. Planning imports the modules, so they import numpy and pandas only where they compute.

    Attributes
    ----------
    name : str
        Name of the analysis.
    description : str
        What it does, in one sentence: the help of its command.
    sections : tuple of str
        Sections of `TracesSettings` that it depends on, beside ``read``, ``jump`` and ``histogram``.
    at_peaks : bool
        Whether it needs the fitted peaks of the conductance histogram.
    mem_mb : int
        Memory of its job (MB).
    """

    name: str
    description: str
    sections: tuple[str, ...] = ()
    at_peaks: bool = False
    mem_mb: int = 2000

    @property
    def summary(self) -> type[Result]:
        """Model of ``NAME.json``."""
        raise NotImplementedError

    def run(
        self, source: TraceSource, settings: TracesSettings, peaks: FitRecord, provenance: dict[str, Any]
    ) -> tuple[pd.DataFrame, Result]:
        """Analyse the traces of a source.

        Parameters
        ----------
        source : TraceSource
            The traces.
        settings : TracesSettings
            Thresholds and axes.
        peaks : FitRecord
            Peaks of the conductance histogram; empty unless `at_peaks`.
        provenance : mapping
            Provenance, for the summary.

        Returns
        -------
        table : pandas.DataFrame
            Rows of ``NAME.csv``, units in the column names.
        summary : Result
            The summary, with the reason in place of a result that the traces do not support.
        """
        raise NotImplementedError
