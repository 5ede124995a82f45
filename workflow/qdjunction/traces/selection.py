"""Selection of traces with a conductance jump, by the rule published with Zheng et al.

Source: H. Zheng et al., Nat. Commun. 10, 5458 (2019), and the MATLAB script
select_jumptraces_final_version.m published by its authors (GitHub, zhenghaining121/QDs-codes), which
settles what the text leaves open. The rule is:

1. the window of a trace runs from its last point above 0.8 to its first point below -7.0 in log10(G/G0), both
   included; a trace that lacks either, that has 5000 points or fewer, or whose window has fewer than 5000, is
   dropped;
2. the window is resampled to 5000 points by selecting the recorded points number floor(k (m - 1) / 4999), k = 0
   .. 4999, of its m; nothing is interpolated or smoothed;
3. point j starts a jump if logG[j+30] - 0.4 > logG[j], logG[j+1] > logG[j] and -6 < logG[j] < -4.5; the last
   such j of a trace is used;
4. the window around a jump contains the 150 points before j and the 250 from j on.

In the published loop j runs from the first point to the 4968th, and a j too close to an end for the window of
step 4 stops the script with an index error. Here such points are not candidates.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qdjunction.traces.settings import JumpSettings
from qdjunction.traces.trace import Trace


@dataclass(frozen=True)
class Window:
    """The part of a trace between its upper and its lower threshold, resampled.

    Attributes
    ----------
    displacement_nm : (resampled_points,) array
        Displacement (nm).
    log10_g : (resampled_points,) array
        log10(G/G0).
    """

    displacement_nm: NDArray[np.float64]
    log10_g: NDArray[np.float64]


@dataclass(frozen=True)
class Jump:
    """A conductance jump.

    Attributes
    ----------
    trace : str
        Name of the trace.
    index : int
        Resampled point at the foot of the jump, the first point of the window being 0.
    displacement_nm : float
        Displacement at the foot, as counted in the file (nm).
    log10_g : float
        log10(G/G0) at the foot.
    height_decades : float
        Ratio of the largest conductance after the jump to the smallest before its top (decades), as published.
    top_log10_g : float
        log10(G/G0) at the top of the jump.
    top_displacement_nm : float
        Displacement at the top, as counted in the file (nm).
    plateau_before_log10_g, plateau_after_log10_g : float
        Median log10(G/G0) of the plateaus before and after the jump; see `plateau_levels`.
    aligned_displacement_nm, aligned_log10_g : (points_before + points_after,) array
        The window around the jump, both zero at the foot.
    """

    trace: str
    index: int
    displacement_nm: float
    log10_g: float
    height_decades: float
    top_log10_g: float
    top_displacement_nm: float
    plateau_before_log10_g: float
    plateau_after_log10_g: float
    aligned_displacement_nm: NDArray[np.float64]
    aligned_log10_g: NDArray[np.float64]


def window_bounds(log10_g: NDArray[np.float64], settings: JumpSettings) -> tuple[int, int] | None:
    """Return the window of a trace: from the last point above the upper to the first below the lower threshold.

    Parameters
    ----------
    log10_g : (n,) array
        log10(G/G0).
    settings : JumpSettings
        The thresholds.

    Returns
    -------
    start, end : int or None
        ``log10_g[start:end]`` is the window, both end points included; None if the trace has none.
    """
    below = log10_g < settings.lower_log10_g
    end = int(below.argmax())
    if not below[end]:
        return None
    above = log10_g > settings.upper_log10_g
    start = len(log10_g) - 1 - int(above[::-1].argmax())
    if not above[start] or start > end:
        return None
    return start, end + 1


def why_no_window(log10_g: NDArray[np.float64], settings: JumpSettings) -> str:
    """Return why a trace has no window, as a predicate.

    Parameters
    ----------
    log10_g : (n,) array
        log10(G/G0) of a trace for which `window_bounds` is None.
    settings : JumpSettings
        The thresholds.

    Returns
    -------
    str
        Such as ``never falls below -7``.
    """
    upper, lower = settings.upper_log10_g, settings.lower_log10_g
    if not (log10_g > upper).any():
        return f"never rises above log10(G/G0) = {upper:g}"
    if not (log10_g < lower).any():
        return f"never falls below log10(G/G0) = {lower:g}"
    return f"rises above log10(G/G0) = {upper:g} after it has fallen below {lower:g}"


def resampling_indices(points: int, resampled_points: int) -> NDArray[np.int64]:
    """Return the indices of the resampled points: floor(k (points - 1) / (resampled_points - 1)).

    The computation uses integers: a position that is an exact integer may be rounded to just below it in floating
    point (as in ``numpy.linspace``), and its floor would be one point early. With the published 5000 points this
    cannot happen, since 4999 is a prime; with other numbers it does.
    """
    return np.arange(resampled_points, dtype=np.int64) * (points - 1) // (resampled_points - 1)


def resampled_window(trace: Trace, bounds: tuple[int, int], settings: JumpSettings) -> Window | None:
    """Return the resampled window of a trace.

    Parameters
    ----------
    trace : Trace
        The trace.
    bounds : (int, int)
        Its window, from `window_bounds`.
    settings : JumpSettings
        Number of points.

    Returns
    -------
    Window or None
        None if the trace or its window has too few points.
    """
    points = bounds[1] - bounds[0]
    if trace.log10_g.size <= settings.resampled_points or points < settings.resampled_points:
        return None
    picked = bounds[0] + resampling_indices(points, settings.resampled_points)
    return Window(trace.displacement_nm[picked], trace.log10_g[picked])


def jump_index(log10_g: NDArray[np.float64], settings: JumpSettings) -> int | None:
    """Return the last point of a resampled window that starts a jump.

    Parameters
    ----------
    log10_g : (resampled_points,) array
        log10(G/G0).
    settings : JumpSettings
        The rule.

    Returns
    -------
    int or None
        Index of the point, from 0; None if the trace has no jump.
    """
    first = settings.points_before
    last = len(log10_g) - max(settings.points_after, settings.rise_points + 3)
    foot = log10_g[first : last + 1]
    # The comparison is arranged as published, so that rounding falls the same way.
    starts = (
        log10_g[first + settings.rise_points : last + 1 + settings.rise_points] - settings.rise_decades > foot
    )
    starts &= log10_g[first + 1 : last + 2] > foot
    starts &= (foot < settings.foot_upper_log10_g) & (foot > settings.foot_lower_log10_g)
    found = np.flatnonzero(starts)
    return None if found.size == 0 else first + int(found[-1])


def find_jump(trace: Trace, settings: JumpSettings) -> Jump | None:
    """Return the jump of one trace, by the full rule.

    Parameters
    ----------
    trace : Trace
        The trace.
    settings : JumpSettings
        The rule.

    Returns
    -------
    Jump or None
        None if the trace is dropped or has no jump.
    """
    bounds = window_bounds(trace.log10_g, settings)
    if bounds is None:
        return None
    window = resampled_window(trace, bounds, settings)
    return None if window is None else jump_in_window(trace.name, window, settings)


def jump_in_window(name: str, window: Window, settings: JumpSettings) -> Jump | None:
    """Return the jump in a resampled window; see `find_jump`."""
    index = jump_index(window.log10_g, settings)
    if index is None:
        return None
    before = settings.points_before
    around = slice(index - before, index + settings.points_after)
    displacement, log10_g = window.displacement_nm[around], window.log10_g[around]

    searched = slice(before + settings.peak_search_points[0], before + settings.peak_search_points[1] + 1)
    # As published, the top is found by its value in the entire window, and the smallest conductance is
    # that before its first occurrence; equal values are rare in measured data.
    top = int(np.argmax(log10_g == log10_g[searched].max()))
    high = slice(before + settings.height_search_points[0], before + settings.height_search_points[1] + 1)
    height = log10_g[high].max() - log10_g[: top + 1].min()
    plateau_before, plateau_after = plateau_levels(window.log10_g, index, settings)
    return Jump(
        trace=name,
        index=index,
        displacement_nm=float(window.displacement_nm[index]),
        log10_g=float(window.log10_g[index]),
        height_decades=float(height),
        top_log10_g=float(log10_g[top]),
        top_displacement_nm=float(displacement[top]),
        plateau_before_log10_g=plateau_before,
        plateau_after_log10_g=plateau_after,
        aligned_displacement_nm=displacement - displacement[before],
        aligned_log10_g=log10_g - log10_g[before],
    )


def plateau_levels(log10_g: NDArray[np.float64], index: int, settings: JumpSettings) -> tuple[float, float]:
    """Return the levels of the plateaus before and after a jump.

    The published foot is the last point that still has a rise of `rise_decades` ahead of it and lies below
    `foot_upper_log10_g`. In a jump that begins lower and passes this limit, it is a point of the rise just below the
    limit, so the published feet pile up there; and the published height adds the extremes of the noise to the jump. The
    levels of the plateaus have neither error.

    Parameters
    ----------
    log10_g : (resampled_points,) array
        log10(G/G0) of the window.
    index : int
        The foot of the jump, from `jump_index`.
    settings : JumpSettings
        A plateau is within `rise_decades` of its median next to the jump, which leaves out `rise_points` of the jump
        itself on each side; it ends where more than half of `rise_points` points in a row are not.

    Returns
    -------
    before, after : float
        Medians, log10(G/G0).
    """
    rise = settings.rise_points
    before = log10_g[: max(index - rise, 1)][::-1]
    after = log10_g[index + rise + 1 :]
    return tuple(  # type: ignore[return-value]  # two sides
        _level(side, near, settings)
        for side, near in ((before, settings.points_before), (after, settings.points_after))
    )


def _level(side: NDArray[np.float64], near: int, settings: JumpSettings) -> float:
    """Return the median of the plateau that begins with the first of the points."""
    outside = np.abs(side - np.median(side[: max(near - settings.rise_points, 1)])) > settings.rise_decades
    many = np.convolve(outside, np.ones(settings.rise_points), "valid") > settings.rise_points / 2
    end = int(many.argmax()) if many.any() else len(side)
    return float(np.median(side[: max(end, 1)]))


def select_jumps(traces: Iterable[Trace], settings: JumpSettings | None = None) -> Iterable[Jump]:
    """Return the jump of every trace that has one, in the order of the traces."""
    settings = settings or JumpSettings()
    return (jump for trace in traces if (jump := find_jump(trace, settings)) is not None)
