"""Alignment of traces along the displacement by cross-correlation with their mean.

Traces are usually aligned where the gold contact breaks. What happens afterwards may be displaced as a whole, for
instance by the snap-back of the gold. Here each trace is shifted to the largest cross-correlation with the mean of all,
and both steps are repeated until the correlation no longer rises (C. Woody, Med. Biol. Eng. 5, 539 (1967)).

What is correlated are two-dimensional histograms of displacement and conductance, in which a trace has one point per
step of displacement: with h_i shifted by s_i and H their mean, smoothed along the conductance,

    C_i(s) = sum over z of H(z + s, g_i(z)).

The mean of C_i is the sum of the squares of H: the alignment sharpens the mean histogram, and does so for any set,
also for one of noise. It is therefore compared with a control in which every step of displacement is exchanged at
random among the traces: the mean histogram is the same, but no trace can move as a whole.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from qdjunction.core.errors import InputError
from qdjunction.core.progress import with_progress
from qdjunction.traces.histogram import Axis
from qdjunction.traces.profile import profile_of
from qdjunction.traces.settings import AlignSettings, TracesSettings
from qdjunction.traces.streams import batches, reservoir
from qdjunction.traces.trace import Trace

FEWEST_TRACES = 20
"""Fewest traces that are aligned."""

_BATCH = 256
_CONVERGED = 1e-4
_BINS_PER_TOLERANCE = 3


@dataclass(frozen=True)
class Template:
    """Mean of aligned traces, which other traces are aligned with.

    Attributes
    ----------
    options : AlignSettings
        Step, largest shift, conductances, tolerance.
    axis : Axis
        Bins of log10(G/G0).
    histogram : (steps, bins + 1) array
        Mean histogram, smoothed along the conductance; its first step lies the largest shift before the break. The last
        bin, of zeros, stands for conductances outside the axis.
    before, after : float
        Mean correlation of a trace of the sample with the mean: where the gold contact breaks, and aligned.
    repetitions : int
        Number of repetitions.
    converged : bool
        Whether the last repetition no longer raised the correlation.
    """

    options: AlignSettings
    axis: Axis
    histogram: NDArray[np.float64]
    before: float
    after: float
    repetitions: int
    converged: bool

    @property
    def gain(self) -> float:
        """Ratio of the mean correlations after and before the alignment."""
        return self.after / self.before

    def shifts_of(self, bins: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the shifts of traces (nm), by a parabola through the largest correlation, and its value.

        Parameters
        ----------
        bins : (traces, steps) array
            Conductance bins, from `bins_of`.
        """
        correlation = _correlations(bins, self.histogram, _largest(self.options))
        rows = np.arange(len(bins))
        best = correlation.argmax(axis=1)
        inner = np.clip(best, 1, correlation.shape[1] - 2)
        left, middle, right = (correlation[rows, inner + offset] for offset in (-1, 0, 1))
        curvature = left - 2 * middle + right
        # At either end of the range, and where the top is flat, there is no parabola.
        has_top = (best == inner) & (curvature < 0)
        top = np.divide(left - right, 2 * curvature, out=np.zeros(len(bins)), where=has_top)
        shift = self.options.step_nm * (best + np.clip(top, -0.5, 0.5) - _largest(self.options))
        return shift, correlation[rows, best]


def bins_of(profile: NDArray[np.float64], axis: Axis) -> NDArray[np.intp]:
    """Return the conductance bin of every step of a profile, from 0; `Axis.bins` if it is outside or not known."""
    padded = axis.padded_bins(np.where(np.isfinite(profile), profile, axis.low - axis.width))
    return np.where((padded >= 1) & (padded <= axis.bins), padded - 1, axis.bins)


def binned_traces(
    traces: Iterable[Trace], settings: TracesSettings, doing: str
) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Yield name and conductance bins (steps,) of every complete trace."""
    options = settings.align
    axis = axis_of(options)
    for trace in with_progress(traces, doing):
        profile = profile_of(trace, options.step_nm, settings)
        if profile is not None:
            yield trace.name, bins_of(profile, axis)


def axis_of(options: AlignSettings) -> Axis:
    """Return the conductance axis, with a few bins per tolerance."""
    low, high = options.log10_g_range
    return Axis(
        "log10_g", low, high, max(2, round(_BINS_PER_TOLERANCE * (high - low) / options.tolerance_decades))
    )


def align_sample(traces: Iterable[Trace], settings: TracesSettings) -> tuple[Template, Template]:
    """Align a random sample of traces with each other.

    Parameters
    ----------
    traces : iterable of Trace
        The traces.
    settings : TracesSettings
        Window, zero of displacement, and `AlignSettings`.

    Returns
    -------
    template, control : Template
        That of the sample, and that of the same steps exchanged among the traces.

    Raises
    ------
    InputError
        If there are too few traces, or none has a conductance in the range.
    """
    options = settings.align
    random = np.random.default_rng(options.seed)
    binned = (bins for _, bins in binned_traces(traces, settings, "sampling"))
    sample = [bins for _, bins in reservoir(binned, options.sample_traces, random)]
    if len(sample) < FEWEST_TRACES:
        raise InputError(
            f"{len(sample)} complete traces are too few to align; at least {FEWEST_TRACES} are needed"
        )
    axis = axis_of(options)
    rows = stack(sample, axis)
    if (rows == axis.bins).all():
        low, high = options.log10_g_range
        raise InputError(
            f"no trace has a log10(G/G0) of {low:g} to {high:g} after its gold contact breaks; correct "
            "traces.align.log10_g_range"
        )
    return _align(rows, axis, options), _align(random.permuted(rows, axis=0), axis, options)


def aligned_traces(
    traces: Iterable[Trace], template: Template, settings: TracesSettings
) -> Iterator[tuple[list[str], NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]]:
    """Yield names, conductance bins, shifts (nm) and correlations of batches of traces.

    Parameters
    ----------
    traces : iterable of Trace
        The traces.
    template : Template
        The mean that they are aligned with.
    settings : TracesSettings
        Those of the template.
    """
    for batch in batches(binned_traces(traces, settings, "aligning"), _BATCH):
        rows = stack([bins for _, bins in batch], template.axis)
        yield [name for name, _ in batch], rows, *template.shifts_of(rows)


def stack(bins: list[NDArray[np.intp]], axis: Axis) -> NDArray[np.intp]:
    """Return the bins of traces of different lengths as an array (traces, steps)."""
    rows = np.full((len(bins), max(map(len, bins))), axis.bins, dtype=np.intp)
    for row, values in zip(rows, bins, strict=True):
        row[: len(values)] = values
    return rows


def _largest(options: AlignSettings) -> int:
    """Return the largest shift in steps."""
    return round(options.largest_shift_nm / options.step_nm)


def _align(bins: NDArray[np.intp], axis: Axis, options: AlignSettings) -> Template:
    largest = _largest(options)
    shifts = np.zeros(len(bins), dtype=np.intp)
    reached: list[float] = []
    converged = False
    for _ in range(options.iterations + 1):
        mean = _mean(bins, shifts, axis, options)
        correlation = _correlations(bins, mean, largest)
        reached.append(float(correlation[np.arange(len(bins)), shifts + largest].mean()))
        if converged := len(reached) > 1 and reached[-1] < reached[-2] * (1 + _CONVERGED):
            break
        shifts = correlation.argmax(axis=1) - largest
        # A shift of all traces together changes nothing.
        shifts = np.clip(shifts - round(float(np.median(shifts))), -largest, largest)
    return Template(options, axis, mean, reached[0], reached[-1], len(reached) - 1, converged)


def _mean(
    bins: NDArray[np.intp], shifts: NDArray[np.intp], axis: Axis, options: AlignSettings
) -> NDArray[np.float64]:
    """Return the mean histogram of shifted traces; see `Template`."""
    largest, (count, steps) = _largest(options), bins.shape
    padded = axis.bins + 1
    places = np.arange(steps) + (largest + shifts)[:, None]
    flat = np.bincount((places * padded + bins).ravel(), minlength=(steps + 2 * largest) * padded)
    mean = flat.reshape(-1, padded) / count
    mean[:, :-1] = gaussian_filter1d(
        mean[:, :-1], options.tolerance_decades / axis.width, axis=1, mode="constant"
    )
    mean[:, -1] = 0.0
    return np.asarray(mean)


def _correlations(
    bins: NDArray[np.intp], histogram: NDArray[np.float64], largest: int
) -> NDArray[np.float64]:
    """Return the cross-correlation of each trace with a histogram, (traces, 2 largest + 1)."""
    padded = histogram.shape[1]
    # Traces of a batch may be longer than those of the sample; there the mean is zero.
    rows = bins.shape[1] + 2 * largest
    if rows > len(histogram):
        histogram = np.pad(histogram, ((0, rows - len(histogram)), (0, 0)))
    flat = histogram.ravel()
    places = np.arange(bins.shape[1]) * padded + bins
    return np.stack([flat[places + shift * padded].sum(axis=1) for shift in range(2 * largest + 1)], axis=1)
