"""All quantities of `study.papers`, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from qdjunction.report.quantities import conductances, cover, joined, structures
from qdjunction.report.quantities.contract import Compute, NotInStudyError, Ours

if TYPE_CHECKING:
    from qdjunction.report.data import StudyResults
    from qdjunction.study.papers import PaperItem


def _not_computed(results: StudyResults, item: PaperItem) -> Ours:
    raise NotInStudyError("")


QUANTITIES: Mapping[str, Compute] = {
    **structures.QUANTITIES,
    **conductances.QUANTITIES,
    **joined.QUANTITIES,
    **cover.QUANTITIES,
    "not-computed": _not_computed,
}
"""What a study has of each quantity of `study.papers`."""
