"""The steps of the trace analysis, each from files to files, for rule scripts and commands.

If the traces of a set do not support a fit or classes, the set has not failed: the summary contains the reason in place
of the result, and the report shows it.
"""

import csv
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qdjunction.core.errors import InputError
from qdjunction.core.files import atomic_write, writing_table
from qdjunction.core.provenance import digests, provenance
from qdjunction.core.results import read_result
from qdjunction.study import layout
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config
from qdjunction.study.study_file import RECORD, study_values, write_study
from qdjunction.traces.analyses.contract import Known
from qdjunction.traces.analyses.registry import ANALYSES
from qdjunction.traces.analysis import JUMP_DISTRIBUTIONS, TraceAnalysis, analyse
from qdjunction.traces.fits import fit_one, fit_record, or_reason
from qdjunction.traces.histogram import PeakFit, fit_peaks
from qdjunction.traces.jump_table import writing_jumps
from qdjunction.traces.peak_number import choose_peaks, residuals_of, unfitted_peaks
from qdjunction.traces.reading import open_traces
from qdjunction.traces.results import (
    Assumption,
    BiasPoint,
    BiasSummary,
    FitRecord,
    PeakNumber,
    SetSummary,
    SiteRecord,
    Unused,
)
from qdjunction.traces.settings import TracesSettings
from qdjunction.traces.simmons import fit_simmons
from qdjunction.traces.simulation import (
    is_simulation,
)
from qdjunction.traces.trace import BadTrace, TraceSource, count_reasons

log = logging.getLogger(__name__)

SHOWN_BAD = 10
"""Number of files left out that the log names; tables and summaries list all."""

SHOWN_REASONS = 5
"""Number of reasons, the most frequent first, that the error lists if every trace is left out."""

DISTRIBUTIONS = ("cut_displacement", *JUMP_DISTRIBUTIONS)
"""Histograms that one Gaussian is fitted to; that of log10 G gets as many as the settings say."""


def select_traces(
    path: str | Path,
    settings: TracesSettings,
    jumps: str | Path,
    histograms: str | Path | None = None,
    summary: str | Path | None = None,
    **described: Any,
) -> SetSummary:
    """Select the traces with a jump and fill all histograms, in one pass.

    Parameters
    ----------
    path : str or Path
        Folder or file of traces.
    settings : TracesSettings
        Thresholds and bins.
    jumps : str or Path
        Table of selected traces to write, ``.parquet`` or ``.csv``.
    histograms : str or Path, optional
        netCDF file of all histograms and fitted curves to write.
    summary : str or Path, optional
        JSON file to write: counts, fits, files left out with their reasons, traces not used, what was assumed.
    **described
        Further fields of the summary: `name` and `bias_v` of the set.

    Returns
    -------
    SetSummary
        The summary.

    Raises
    ------
    InputError
        If no trace can be read.
    """
    source = open_traces(path, settings.read)
    with writing_jumps(jumps) as table:
        result = analyse(source, settings, on_jump=table.write)
        _report_bad(source, result.traces)
    share = result.jump_share(settings.peaks.confidence)
    log.info(
        "%s: %d traces, %d complete, %d with enough points, %d with a jump (%.0f %%)",
        path, result.traces, result.complete, result.selectable, result.jumps, 100 * share[0],
    )  # fmt: skip
    for reason, count in result.unused.items():
        log.log(logging.INFO if result.complete else logging.WARNING, "not used: %d, each %s", count, reason)
    conductance, more = _fit_conductance(result, settings)
    for left in more.get("unfitted", ()):
        log.warning(
            "%s: the peaks leave over a maximum at log10(G/G0) = %.2f (%.0f standard errors)",
            path, left.centre, left.height_errors,
        )  # fmt: skip
    fits = {"log10_g": conductance} | {
        name: fit_one(getattr(result, name), settings) for name in DISTRIBUTIONS
    }
    records = {name: fit_record(fit) for name, fit in fits.items()}
    records["log10_g"] = records["log10_g"].model_copy(update=more)
    made = SetSummary(
        **described,
        source=str(path),
        simulated=is_simulation(path),
        traces=result.traces,
        complete=result.complete,
        selectable=result.selectable,
        jumps=result.jumps,
        jump_share=share,
        confidence=settings.peaks.confidence,
        bad=tuple(source.bad),
        left_out=tuple(count_reasons(source.bad)),
        unused=tuple(Unused(reason=reason, count=count) for reason, count in result.unused.items()),
        assumptions=tuple(Assumption(assumed=note, count=count) for note, count in source.notes.items()),
        fits=records,
        settings=settings.model_dump(mode="json", exclude={"simulation"}),
        provenance=provenance(inputs=digests(path)).values,
    )
    if histograms is not None:
        dataset = result.to_dataset()
        for name, fit in fits.items():
            if isinstance(fit, PeakFit):
                dataset[f"{name}_fit"] = (f"{name}_bin", fit.curve(fit.axis.centres))
        if isinstance(conductance, PeakFit):
            x, residual, error = residuals_of(result.log10_g, conductance, settings.peaks.fit_range_log10_g)
            centres = result.log10_g.axis.centres
            in_errors = np.interp(centres, x, residual / error, left=np.nan, right=np.nan)
            dataset["log10_g_residual"] = ("log10_g_bin", in_errors)
        dataset.attrs["simulated"] = int(made.simulated)
        dataset.attrs["provenance"] = json.dumps(made.provenance)
        with atomic_write(histograms) as temporary:
            dataset.to_netcdf(
                temporary, engine="netcdf4", encoding={name: {"zlib": True} for name in dataset.data_vars}
            )
    if summary is not None:
        made.write(summary)
    return made


def analyse_traces(
    name: str,
    path: str | Path,
    settings: TracesSettings,
    table: str | Path,
    summary: str | Path,
    selection: str | Path | None = None,
    sites: Sequence[SiteRecord] = (),
    why_no_sites: str = "",
    inputs: Sequence[str | Path] = (),
) -> None:
    """Run one of the analyses of a set of traces.

    Parameters
    ----------
    name : str
        Name of the analysis in `ANALYSES`.
    path : str or Path
        Folder or file of traces.
    settings : TracesSettings
        Thresholds and axes.
    table, summary : str or Path
        CSV and JSON to write.
    selection : str or Path, optional
        Summary that `select_traces` wrote, with the peaks of the conductance histogram, for an analysis at these.
    sites : sequence of SiteRecord
        Computed conductances, for an analysis that compares with theory.
    why_no_sites : str
        Reason why there are none.
    inputs : sequence of path
        Files that they come from.

    See Also
    --------
    qdjunction.traces.analyses.contract.Analysis
    """
    analysis = ANALYSES[name]
    analysis.check(settings)
    peaks = FitRecord()
    used = [path, *inputs]
    if analysis.at_peaks and selection is not None:
        peaks = read_result(SetSummary, selection).fits["log10_g"]
        used.append(selection)
    made = provenance(
        inputs=digests(*used), settings=settings.model_dump(mode="json", exclude={"simulation"})
    ).values
    known = Known(peaks.peaks, peaks.reason, tuple(sites), why_no_sites)
    with writing_table(table) as write:
        found = analysis.run(open_traces(path, settings.read), settings, known, write, made)
    found.write(summary)


def report_traces(
    sets: Mapping[str, str | Path],
    settings: TracesSettings,
    results: str | Path,
    title: str,
    sites: Sequence[SiteRecord] = (),
    inputs: Sequence[str | Path] = (),
) -> Path:
    """Run the analyses of sets of traces, without a workflow engine, and write their page.

    Parameters
    ----------
    sets : mapping of str to path
        Folder or file of traces of each set, by its name.
    settings : TracesSettings
        Settings of all sets.
    results : str or Path
        Results folder to write, as that of a study of traces alone.
    title : str
        Title of the page.
    sites, inputs
        As in `analyse_traces`, for all sets.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        If a set has no traces, or its name or the folder cannot be used.
    """
    from qdjunction.report.redraw import redraw

    section = settings.model_dump(mode="json") | {
        "sets": [{"name": name, "path": str(path)} for name, path in sets.items()]
    }
    config = parse_config({"study": title, "results": str(results), "traces": section}, "traces report")
    study = make_study(config, "clusters", "traces report")
    for name, path in sets.items():
        folder = study.results / layout.TRACES / name
        selection = folder / layout.SELECTION
        select_traces(path, settings, folder / layout.JUMPS, folder / layout.HISTOGRAMS, selection, name=name)
        for analysis in settings.enabled:
            table, summary = (folder / file for file in layout.analysis_files(analysis))
            analyse_traces(analysis, path, settings, table, summary, selection, sites, inputs=inputs)
    write_study(study_values(study), study.results / RECORD)
    redraw(study.results, study.results / layout.REPORT)
    return study.results / layout.REPORT / layout.PAGE


def fit_bias_series(
    name: str,
    summaries: Mapping[str, str | Path],
    level_log10_g: float,
    width_nm: float,
    confidence: float,
    output: str | Path,
    image_permittivity: float | None = None,
) -> None:
    """Compare a peak of sets at several biases with the Simmons model.

    Parameters
    ----------
    name : str
        Name of the series.
    summaries : mapping of str to path
        Summary written by `select_traces`, with the bias, by the name of the set.
    level_log10_g : float
        The peak nearest to this level is followed.
    width_nm : float
        Width of the barrier (nm).
    confidence : float
        Confidence level of the interval of the barrier.
    output : str or Path
        JSON to write: the points, and the fit or the reason why there is none.
    image_permittivity : float, optional
        Relative permittivity of the barrier, for image charges; None leaves them out.

    Raises
    ------
    InputError
        If a summary cannot be read or contains no bias.

    See Also
    --------
    qdjunction.traces.simmons.fit_simmons
    """
    points = []
    reason = ""
    for set_name, path in summaries.items():
        selection = read_result(SetSummary, path)
        if selection.bias_v is None:
            raise InputError(f"{path}: contains no bias of the set {set_name}; select its traces again")
        found = selection.fits["log10_g"]
        if not found.peaks:
            reason = f"set {set_name}: {found.reason}"
            log.warning("%s: %s", name, reason)
            continue
        nearest = min(found.peaks, key=lambda peak: abs(peak.centre - level_log10_g))
        points.append(
            BiasPoint(
                set=set_name,
                bias_v=selection.bias_v,
                log10_g=nearest.centre,
                log10_g_interval=nearest.centre_interval,
            )
        )
    fit = None
    if not reason:
        fit, reason = or_reason(
            lambda: fit_simmons(
                [point.bias_v for point in points],
                [point.log10_g for point in points],
                width_nm,
                confidence=confidence,
                image_permittivity=image_permittivity,
            )
        )
    BiasSummary(
        name=name,
        level_log10_g=level_log10_g,
        points=tuple(sorted(points, key=lambda point: point.bias_v)),
        fit=fit,
        confidence=confidence,
        reason=reason,
        provenance=provenance(
            inputs=digests(*summaries.values()),
            settings={"width_nm": width_nm, "image_permittivity": image_permittivity},
        ).values,
    ).write(output)


def write_bad(bad: Sequence[BadTrace], path: str | Path) -> None:
    """Write the files left out with their reasons as CSV."""
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "reason"))
        writer.writerows((item.name, item.reason) for item in bad)


def _report_bad(source: TraceSource, read: int) -> None:
    """Log traces left out and assumptions; raise InputError if no trace was read."""
    reasons = count_reasons(source.bad)
    if read == 0:
        counted = "; ".join(
            f"{item.count} of them: {item.reason} ({item.example})" for item in reasons[:SHOWN_REASONS]
        )
        raise InputError(
            f"{source.path}: none of {len(source.bad)} traces can be read. {counted}"
            if source.bad
            else f"{source.path}: holds no trace"
        )
    for bad in source.bad[:SHOWN_BAD]:
        log.warning("left out %s: %s", bad.name, bad.reason)
    if len(source.bad) > SHOWN_BAD:
        log.warning("left out %d in all", len(source.bad))
        for item in reasons:
            log.warning("left out %d, such as %s: %s", item.count, item.example, item.reason)
    for note, count in source.notes.items():
        log.info("assumed of %d traces: %s", count, note)


def _fit_conductance(result: TraceAnalysis, settings: TracesSettings) -> tuple[PeakFit | str, dict[str, Any]]:
    """Return the peaks of the conductance histogram or the reason, and what else its record contains."""
    peaks = settings.peaks
    histogram, fit_range = result.log10_g, peaks.fit_range_log10_g

    def fitted() -> tuple[PeakFit, dict[str, Any]]:
        guesses = peaks.guesses_log10_g
        numbers: tuple[PeakNumber, ...] = ()
        if peaks.count == "auto":
            guesses, numbers = choose_peaks(histogram, fit_range)
        count = len(guesses) or int(peaks.count)
        fit = fit_peaks(histogram, count, fit_range=fit_range, guesses=guesses, confidence=peaks.confidence)
        return fit, {"numbers": numbers, "unfitted": unfitted_peaks(histogram, fit, fit_range)}

    found, reason = or_reason(fitted)
    return found or (reason, {})
