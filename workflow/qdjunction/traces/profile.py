"""The mean conductance of a trace in equal steps of displacement, from where the gold contact breaks.

Analyses that follow a trace along the displacement need neither all of its points nor their uneven density.
"""

import numpy as np
from numpy.typing import NDArray

from qdjunction.traces.analysis import broken_window
from qdjunction.traces.settings import TracesSettings
from qdjunction.traces.trace import Trace


def profile_of(trace: Trace, step_nm: float, settings: TracesSettings) -> NDArray[np.float64] | None:
    """Return the mean log10(G/G0) of a trace in each step of displacement after the gold contact breaks.

    Parameters
    ----------
    trace : Trace
        The trace.
    step_nm : float
        Step (nm); step k covers k to k + 1 times it.
    settings : TracesSettings
        Window, zero of displacement, and the end of the displacement axis, at which the profile ends at the latest.

    Returns
    -------
    (steps,) array or None
        NaN in a step without a point; None if the trace is not complete or has no point after the break.
    """
    broken = broken_window(trace, settings)
    if broken is None:
        return None
    window, zero = broken
    displacement = trace.displacement_nm[window] - zero
    last = settings.histogram.displacement_range_nm[1]
    after = (displacement > 0) & (displacement < last)
    if not after.any():
        return None
    steps = (displacement[after] / step_nm).astype(np.intp)
    counts = np.bincount(steps)
    sums = np.bincount(steps, trace.log10_g[window][after])
    return np.asarray(np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0))
