"""A value of a study that is compared with a published one, and where it is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from qdjunction.report.data import DotResults, SeriesResults, StudyResults
    from qdjunction.study.papers import PaperItem


@dataclass(frozen=True)
class Ours:
    """What a study has of a published value.

    Attributes
    ----------
    value : bool, float or str
        The value; True if a statement holds.
    low, high : float
        Ends of its interval; nan where none is known.
    note : str
        Where it was taken, and numbers behind a statement.
    """

    value: bool | float | str
    low: float = float("nan")
    high: float = float("nan")
    note: str = ""


class NotInStudyError(Exception):
    """The study does not compute a value; its message is the reason."""


def find_dot(results: StudyResults, name: str) -> DotResults:
    """Return a dot of the study; raise `NotInStudyError` without it."""
    found = next((dot for dot in results.dots if dot.case.id == name), None)
    if found is None:
        known = name in {case.id for case in results.study.dots}
        raise NotInStudyError(f"{name} failed" if known else f"the study has no {name}")
    return found


def find_series(results: StudyResults, dot: str, left: str) -> SeriesResults:
    """Return a series with a decay; raise `NotInStudyError` without it."""
    found = next((one for one in find_dot(results, dot).series if one.left == left), None)
    if found is None:
        raise NotInStudyError(f"the study has no series of {dot} from {left}")
    if found.kind != "decay":
        raise NotInStudyError(
            f"the series of {dot} from {left} is {found.kind}: a decay needs three contacts"
        )
    return found


def log10_conductance(results: StudyResults, dot: str, junction: str) -> tuple[float, str]:
    """Return log10 G of a junction at the headline energy of its series, and that energy in words."""
    for series in find_dot(results, dot).series:
        names = list(series.summary.junctions)
        if junction in names:
            value = series.summary.conductance_at_headline_G0[names.index(junction)]
            if not value > 0:
                break
            return float(np.log10(value)), series.summary.headline
    raise NotInStudyError(f"the study has no conductance of {dot}/{junction}")


Compute = Callable[["StudyResults", "PaperItem"], Ours]
"""What a study has of an item; raises `NotInStudyError` if it computes nothing of it."""
