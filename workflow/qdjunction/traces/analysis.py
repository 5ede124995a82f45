"""One pass over a stream of traces: selection, histograms and displacement distributions."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import binomtest

from qdjunction.core.progress import with_progress
from qdjunction.traces.histogram import Axis, Histogram, Histogram2D
from qdjunction.traces.selection import Jump, jump_in_window, resampled_window, why_no_window, window_bounds
from qdjunction.traces.settings import HistogramSettings, TracesSettings
from qdjunction.traces.trace import Trace

JUMP_DISTRIBUTIONS = (
    "jump_height", "jump_foot", "jump_top", "plateau_height", "plateau_before", "plateau_after"
)  # fmt: skip
"""Histograms of the jumps, one entry per jump."""

_BATCH_POINTS = 2_000_000


@dataclass(frozen=True)
class TraceAnalysis:
    """Result of one pass over the traces.

    Attributes
    ----------
    traces : int
        Traces read.
    complete : int
        Traces with a window: they rise above its upper and fall below its lower threshold. All histograms are
        over these.
    selectable : int
        Complete traces with enough points for the jump rule.
    jumps : int
        Traces with a jump.
    log10_g : Histogram
        Conductance of the recorded points of the windows.
    cloud : Histogram2D
        Displacement, zero where the gold contact breaks, and conductance of the recorded points of the
        windows.
    aligned : Histogram2D
        Displacement and conductance around the jump, both zero at its foot.
    cut_displacement : Histogram
        Displacement at which a trace first falls below the cut (nm).
    jump_height : Histogram
        Height of the jumps (decades).
    jump_foot, jump_top : Histogram
        log10(G/G0) at the foot and at the top of the jumps.
    plateau_height : Histogram
        Difference of the levels of the plateaus after and before the jumps (decades).
    plateau_before, plateau_after : Histogram
        These levels, log10(G/G0).
    unused : mapping of str to int
        Reasons why traces that were read are not complete or not selectable, with their counts.
    """

    traces: int
    complete: int
    selectable: int
    jumps: int
    log10_g: Histogram
    cloud: Histogram2D
    aligned: Histogram2D
    cut_displacement: Histogram
    jump_height: Histogram
    jump_foot: Histogram
    jump_top: Histogram
    plateau_height: Histogram
    plateau_before: Histogram
    plateau_after: Histogram
    unused: Mapping[str, int] = field(default_factory=dict)

    def jump_share(self, confidence: float = 0.95) -> tuple[float, float, float]:
        """Return the share of selectable traces that have a jump, with its Wilson interval."""
        if self.selectable == 0:
            return float("nan"), 0.0, 1.0
        interval = binomtest(self.jumps, self.selectable).proportion_ci(confidence, method="wilson")
        return self.jumps / self.selectable, float(interval.low), float(interval.high)

    def to_dataset(self) -> xr.Dataset:
        """Return the counts of all histograms, summed over the groups, with their axes."""
        variables: dict[str, xr.DataArray] = {}
        for name in ("log10_g", "cut_displacement", *JUMP_DISTRIBUTIONS):
            histogram: Histogram = getattr(self, name)
            dim = f"{name}_bin"
            variables[f"{name}_counts"] = xr.DataArray(histogram.total, dims=dim)
            variables[dim] = _coordinate(histogram.axis, dim)
        for name in ("cloud", "aligned"):
            pair: Histogram2D = getattr(self, name)
            dims = (f"{name}_displacement", f"{name}_log10_g")
            variables[f"{name}_counts"] = xr.DataArray(pair.counts, dims=dims)
            variables[dims[0]] = _coordinate(pair.x, dims[0])
            variables[dims[1]] = _coordinate(pair.y, dims[1])
        attributes = {name: getattr(self, name) for name in ("traces", "complete", "selectable", "jumps")}
        return xr.Dataset(variables, attrs=attributes)


def analyse(
    traces: Iterable[Trace],
    settings: TracesSettings | None = None,
    *,
    on_jump: Callable[[Jump], None] | None = None,
) -> TraceAnalysis:
    """Select and histogram a stream of traces in one pass, in memory that does not grow with their number.

    Parameters
    ----------
    traces : iterable of Trace
        For instance a source returned by `open_traces`.
    settings : TracesSettings, optional
        Thresholds and bins.
    on_jump : callable, optional
        Called with every jump, for instance `JumpWriter.write`.

    Returns
    -------
    TraceAnalysis
        Counts and histograms.
    """
    settings = settings or TracesSettings()
    filled = _Filling(settings)
    for trace in with_progress(traces, "selecting"):
        filled.take(trace, on_jump)
    return filled.result()


def break_zero_nm(trace: Trace, window: tuple[int, int], settings: HistogramSettings) -> float | None:
    """Return the displacement at which the gold contact of a trace breaks.

    Parameters
    ----------
    trace : Trace
        The trace.
    window : (int, int)
        Its window, from `window_bounds`.
    settings : HistogramSettings
        `zero_log10_g` is the conductance at which gold breaks.

    Returns
    -------
    float or None
        Displacement of the last point of the window above that conductance (nm); None without one.
    """
    above = trace.log10_g[window[0] : window[1]] > settings.zero_log10_g
    last = len(above) - 1 - int(above[::-1].argmax())
    return float(trace.displacement_nm[window[0] + last]) if above[last] else None


def broken_window(trace: Trace, settings: TracesSettings) -> tuple[slice, float] | None:
    """Return the points of the window of a trace and the displacement at which its gold contact breaks.

    Parameters
    ----------
    trace : Trace
        The trace.
    settings : TracesSettings
        Window and zero of displacement.

    Returns
    -------
    (slice, float) or None
        Points of the window, and the displacement of `break_zero_nm` (nm); None if the trace has no window or no break.
    """
    bounds = window_bounds(trace.log10_g, settings.jump)
    zero = None if bounds is None else break_zero_nm(trace, bounds, settings.histogram)
    return None if bounds is None or zero is None else (slice(*bounds), zero)


class _Filling:
    """Histograms that are filled batch by batch."""

    def __init__(self, settings: TracesSettings):
        bins = settings.histogram
        conductance = Axis("log10_g", *bins.log10_g_range, bins.log10_g_bins)
        displacement = Axis("displacement_nm", *bins.displacement_range_nm, bins.displacement_bins)
        level = Axis("log10_g", *bins.log10_g_range, 180)
        self._settings = settings
        self._traces = self._complete = self._selectable = self._jumps = 0
        self._unused: Counter[str] = Counter()
        self._log10_g = Histogram.empty(conductance, bins.groups)
        self._cloud = Histogram2D.empty(displacement, conductance)
        self._aligned = Histogram2D.empty(
            Axis("displacement_nm", *bins.aligned_range_nm, bins.aligned_bins),
            Axis("decades", *bins.aligned_log10_g_range, bins.aligned_bins),
        )
        self._cut = Histogram.empty(displacement, bins.groups)
        self._height = Histogram.empty(Axis("decades", 0.0, 4.0, 140), bins.groups)
        self._foot = Histogram.empty(level, bins.groups)
        self._top = Histogram.empty(level, bins.groups)
        self._plateau_height = Histogram.empty(Axis("decades", 0.0, 4.0, 140), bins.groups)
        self._plateau_before = Histogram.empty(level, bins.groups)
        self._plateau_after = Histogram.empty(level, bins.groups)
        self._batch_cloud: list[NDArray[np.int32]] = []
        self._batch_points = 0
        self._batch_jumps: list[tuple[Jump, int]] = []
        self._batch_cuts: list[tuple[float, int]] = []

    def take(self, trace: Trace, on_jump: Callable[[Jump], None] | None) -> None:
        settings = self._settings
        group = self._traces % settings.histogram.groups
        self._traces += 1
        bounds = window_bounds(trace.log10_g, settings.jump)
        if bounds is None:
            self._unused[why_no_window(trace.log10_g, settings.jump)] += 1
            return
        self._complete += 1
        self._take_points(trace, bounds, group)
        window = resampled_window(trace, bounds, settings.jump)
        if window is None:
            points = settings.jump.resampled_points
            self._unused[f"has fewer than {points} points in its window, too few for the jump rule"] += 1
            return
        self._selectable += 1
        jump = jump_in_window(trace.name, window, settings.jump)
        if jump is not None:
            self._jumps += 1
            self._batch_jumps.append((jump, group))
            if on_jump is not None:
                on_jump(jump)

    def _take_points(self, trace: Trace, bounds: tuple[int, int], group: int) -> None:
        g, d = (column[slice(*bounds)] for column in (trace.log10_g, trace.displacement_nm))
        bins = self._log10_g.axis.padded_bins(g)
        self._log10_g.add_trace(bins, group)
        zero = break_zero_nm(trace, bounds, self._settings.histogram)
        if zero is None:
            return
        # Bins are joined trace by trace, while a trace is in the cache, and counted batch by batch, since the
        # counts are large.
        self._batch_cloud.append(self._cloud.flat_bins(self._cloud.x.padded_bins(d - zero), bins))
        self._batch_points += len(g)
        below = g < self._settings.histogram.cut_log10_g
        first = int(below.argmax())
        if below[first]:
            self._batch_cuts.append((float(d[first]) - zero, group))
        if self._batch_points >= _BATCH_POINTS:
            self._flush()

    def _flush(self) -> None:
        if self._batch_cloud:
            self._cloud.add_flat(np.concatenate(self._batch_cloud))
        if self._batch_cuts:
            cuts, groups = zip(*self._batch_cuts, strict=True)
            self._cut.add(cuts, groups)
        if self._batch_jumps:
            jumps, groups = zip(*self._batch_jumps, strict=True)
            self._height.add([jump.height_decades for jump in jumps], groups)
            self._foot.add([jump.log10_g for jump in jumps], groups)
            self._top.add([jump.top_log10_g for jump in jumps], groups)
            before, after = (
                np.array([getattr(jump, f"plateau_{side}_log10_g") for jump in jumps])
                for side in ("before", "after")
            )
            self._plateau_height.add(after - before, groups)
            self._plateau_before.add(before, groups)
            self._plateau_after.add(after, groups)
            self._aligned.add(
                np.concatenate([jump.aligned_displacement_nm for jump in jumps]),
                np.concatenate([jump.aligned_log10_g for jump in jumps]),
            )
        self._batch_cloud, self._batch_points, self._batch_jumps, self._batch_cuts = [], 0, [], []

    def result(self) -> TraceAnalysis:
        self._flush()
        return TraceAnalysis(
            traces=self._traces,
            complete=self._complete,
            selectable=self._selectable,
            jumps=self._jumps,
            log10_g=self._log10_g,
            cloud=self._cloud,
            aligned=self._aligned,
            cut_displacement=self._cut,
            jump_height=self._height,
            jump_foot=self._foot,
            jump_top=self._top,
            plateau_height=self._plateau_height,
            plateau_before=self._plateau_before,
            plateau_after=self._plateau_after,
            unused=dict(self._unused.most_common()),
        )


def _coordinate(axis: Axis, dim: str) -> xr.DataArray:
    return xr.DataArray(axis.centres, dims=dim, attrs={"quantity": axis.name, "bin_width": axis.width})
