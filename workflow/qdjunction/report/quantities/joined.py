"""Quantities of joined dots: lengths of linkers, couplings, shifts of the exciton."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.report.quantities.contract import Compute, NotInStudyError, Ours

if TYPE_CHECKING:
    from qdjunction.interference.exciton_shift import Mechanism
    from qdjunction.report.data import StudyResults
    from qdjunction.study.papers import PaperItem


def _linker_length(results: StudyResults, item: PaperItem) -> Ours:
    pairs = results.coupling.pairs if results.coupling else ()
    found = next((one for one in pairs if one.pair == item.dot), None)
    if found is None:
        raise NotInStudyError(f"the study has no coupling of {item.dot}")
    return Ours(found.end_distance_ang / 10, note=f"relaxed, Pb to Pb {found.pb_distance_ang / 10:.2f} nm")


def _coupling_decay(results: StudyResults, item: PaperItem) -> Ours:
    decays = results.coupling.decays if results.coupling else ()
    found = next((one for one in decays if one.level == item.level), None)
    if found is None or not np.isfinite(found.beta_per_ang):
        raise NotInStudyError(f"the study has no decay of the {item.level}")
    return Ours(found.beta_per_ang, *found.interval_per_ang, note=f"|t| over {', '.join(found.pairs)}")


def _mechanism(results: StudyResults, item: PaperItem) -> Mechanism:
    if results.exciton is None or (found := results.exciton.mechanism(item.mechanism)) is None:
        raise NotInStudyError(f"the study has no {item.mechanism}")
    return found


def _shift_size(results: StudyResults, item: PaperItem) -> Ours:
    low, high = (found := _mechanism(results, item)).shift_mev
    if not np.isfinite(low):
        raise NotInStudyError(f"the size of {found.name} is open")
    return Ours(max(low, high, key=abs), low, high, "largest over the settings")


def _shift_fall(results: StudyResults, item: PaperItem) -> Ours:
    low, high = (found := _mechanism(results, item)).fall
    periods = float(np.sqrt(np.prod(found.fall_of_periods)))
    return Ours(periods, low, high, "by the periods; interval also by the lengths of the linkers")


def _shift_explained(results: StudyResults, item: PaperItem) -> Ours:
    found = _mechanism(results, item)
    return Ours({True: "yes", None: "open", False: "no"}[found.explains], note=f"{found.name} {found.reason}")


QUANTITIES: Mapping[str, Compute] = {
    "linker-length": _linker_length,
    "coupling-decay": _coupling_decay,
    "shift-size": _shift_size,
    "shift-fall": _shift_fall,
    "shift-explained": _shift_explained,
}
