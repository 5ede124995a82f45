"""The published rule for jumps on a trace with few points, such as a computed one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from qdjunction.traces.settings import JumpSettings

RISE_NM = 0.05
"""Displacement within which a published jump rises (nm; Zheng et al., Nat. Commun. 10, 5458 (2019)): the 30 of 5000
points of `JumpSettings.rise_points`, which a computed trace does not have."""


@dataclass(frozen=True)
class Rise:
    """Largest rise of a trace within `RISE_NM`.

    Attributes
    ----------
    foot, top : int
        Indices of its first and its last point.
    decades : float
        Its height (decades).
    is_high : bool
        Whether it is above the threshold of the rule.
    has_foot : bool
        Whether its foot lies in the range of conductances of the rule.
    """

    foot: int
    top: int
    decades: float
    is_high: bool
    has_foot: bool

    @property
    def is_jump(self) -> bool:
        """Whether it is a jump by height and foot."""
        return self.is_high and self.has_foot


def largest_rise(
    displacement_nm: ArrayLike, log10_g: ArrayLike, settings: JumpSettings | None = None
) -> Rise | None:
    """Return the largest rise of a trace within `RISE_NM`; see `traces.selection` for the rule on measured traces.

    Window and resampling of the rule are left out, since they need thousands of points.

    Parameters
    ----------
    displacement_nm : (n,) array
        Displacement, ascending (nm).
    log10_g : (n,) array
        log10(G/G0); nan where it is not known.
    settings : JumpSettings, optional
        Height and foot of a jump.

    Returns
    -------
    Rise or None
        None if the trace rises nowhere.
    """
    settings = settings or JumpSettings()
    at, level = np.asarray(displacement_nm, dtype=float), np.asarray(log10_g, dtype=float)
    apart = at[None, :] - at[:, None]
    rises = np.where((apart > 0) & (apart <= RISE_NM * (1 + 1e-9)), level[None, :] - level[:, None], -np.inf)
    rises[np.isnan(rises)] = -np.inf
    if not rises.size or rises.max() <= 0:
        return None
    foot, top = (int(index) for index in np.unravel_index(int(rises.argmax()), rises.shape))
    return Rise(
        foot=foot,
        top=top,
        decades=float(rises[foot, top]),
        is_high=bool(rises[foot, top] > settings.rise_decades),
        has_foot=bool(settings.foot_lower_log10_g < level[foot] < settings.foot_upper_log10_g),
    )
