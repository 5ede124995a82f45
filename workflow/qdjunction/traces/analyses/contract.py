"""Interface of an analysis of a set of traces."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qdjunction.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd

    from qdjunction.core.results import Result
    from qdjunction.traces.results import PeakRecord, SiteRecord
    from qdjunction.traces.settings import TracesSettings
    from qdjunction.traces.trace import TraceSource

ROWS = 10_000
"""Rows of a table that are written at once."""

FEWEST_STEPS, MOST_STEPS = 20, 2000
"""Steps of displacement of a trace; the time to find plateaus grows as the square of their number."""


@dataclass(frozen=True)
class Known:
    """What earlier steps found about a set.

    Attributes
    ----------
    peaks : tuple of PeakRecord
        Peaks of the conductance histogram, for an analysis at these.
    why_no_peaks : str
        Reason why there are none.
    sites : tuple of SiteRecord
        Sites with the conductances that the study computed, in the order of sliding, for an analysis that compares with
        theory.
    why_no_sites : str
        Reason why there are none.
    """

    peaks: tuple[PeakRecord, ...] = ()
    why_no_peaks: str = ""
    sites: tuple[SiteRecord, ...] = ()
    why_no_sites: str = ""


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
    with_theory : bool
        Whether it uses computed conductances of the sites where there are any.
    mem_mb : int
        Memory of its job (MB).
    """

    name: str
    description: str
    sections: tuple[str, ...] = ()
    at_peaks: bool = False
    with_theory: bool = False
    mem_mb: int = 2000

    @property
    def summary(self) -> type[Result]:
        """Model of ``NAME.json``."""
        raise NotImplementedError

    def check(self, settings: TracesSettings) -> None:
        """Refuse settings that the analysis cannot be run with, before any trace is read.

        Raises
        ------
        InputError
            Naming the key, its value and what to set.
        """

    def run(
        self,
        source: TraceSource,
        settings: TracesSettings,
        known: Known,
        write: Callable[[pd.DataFrame], None],
        provenance: dict[str, Any],
    ) -> Result:
        """Analyse the traces of a source, in memory that does not grow with their number.

        Parameters
        ----------
        source : TraceSource
            The traces; it may be iterated over repeatedly.
        settings : TracesSettings
            Thresholds and axes.
        known : Known
            What earlier steps found.
        write : callable
            Takes the rows of ``NAME.csv`` in parts, at least one; units are in the column names.
        provenance : mapping
            Provenance, for the summary.

        Returns
        -------
        Result
            The summary, with the reason in place of a result that the traces do not support.
        """
        raise NotImplementedError


def check_steps(name: str, step_nm: float, settings: TracesSettings) -> None:
    """Refuse a step of displacement of the section `name` that divides the displacement axis too finely or coarsely.

    Raises
    ------
    InputError
        If the axis has fewer than `FEWEST_STEPS` or more than `MOST_STEPS` steps.
    """
    last = settings.histogram.displacement_range_nm[1]
    if not FEWEST_STEPS * step_nm <= last <= MOST_STEPS * step_nm:
        raise InputError(
            f"traces.{name}.step_nm = {step_nm:g}: the displacement after the break, to "
            f"traces.histogram.displacement_range_nm = {last:g} nm, has {max(last / step_nm, 0):.0f} steps; choose "
            f"{FEWEST_STEPS} to {MOST_STEPS}"
        )


@contextmanager
def writing_rows(
    write: Callable[[pd.DataFrame], None], columns: Sequence[str]
) -> Iterator[Callable[[tuple[Any, ...]], None]]:
    """Write a table row by row.

    Parameters
    ----------
    write : callable
        Takes the table in parts of at most `ROWS` rows; without any row it gets one empty part.
    columns : sequence of str
        Names of the columns.

    Yields
    ------
    callable
        Call it with each row.
    """
    import pandas as pd

    rows: list[tuple[Any, ...]] = []
    parts = 0

    def flush() -> None:
        nonlocal parts
        write(pd.DataFrame(rows, columns=list(columns)))
        rows.clear()
        parts += 1

    def add(row: tuple[Any, ...]) -> None:
        rows.append(row)
        if len(rows) == ROWS:
            flush()

    yield add
    if rows or not parts:
        flush()


def run_in_memory(
    analysis: Analysis, source: TraceSource, settings: TracesSettings, known: Known | None = None
) -> tuple[pd.DataFrame, Result]:
    """Run an analysis and return its table and summary.

    Parameters
    ----------
    analysis : Analysis
        One of `qdjunction.traces.analyses.registry.ANALYSES`.
    source : TraceSource
        The traces; a list of `Trace` is accepted.
    settings : TracesSettings
        Thresholds and axes.
    known : Known, optional
        Peaks and sites.

    Returns
    -------
    table : pandas.DataFrame
        All rows.
    summary : Result
        The summary, without provenance.
    """
    import pandas as pd

    parts: list[pd.DataFrame] = []
    summary = analysis.run(source, settings, known or Known(), parts.append, {})
    return pd.concat(parts, ignore_index=True), summary
