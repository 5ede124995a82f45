"""Table of published values beside those of a study: item, paper, ours, whether they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qdjunction.report.quantities.contract import NotInStudyError, Ours
from qdjunction.report.quantities.registry import QUANTITIES
from qdjunction.study.papers import Paper, PaperItem

if TYPE_CHECKING:
    import pandas as pd

    from qdjunction.report.data import StudyResults

NOT_AVAILABLE = "not available"

COLUMNS = ("item", "paper", "ours", "low", "high", "unit", "engine", "agrees", "note")


def compare_with_paper(results: StudyResults, paper: Paper) -> pd.DataFrame:
    """Return the published values beside those of a study.

    Parameters
    ----------
    results : StudyResults
        Results returned by `collect`.
    paper : Paper
        The published values.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`. ``agrees`` is ``yes`` or ``no``, ``open`` for a number that lies outside the tolerance of the
        item but whose interval holds the published one, or a statement that the study leaves open, and ``not
        available`` where the study has no such value.
    """
    import pandas as pd

    return pd.DataFrame([_row(results, item) for item in paper.items], columns=list(COLUMNS))


def _row(results: StudyResults, item: PaperItem) -> dict[str, object]:
    of_method = item.of_methods.get(method := results.engine.method)
    remarks = [item.note, f"{method}: {of_method}" if of_method else ""]
    row: dict[str, object] = {
        "item": item.item,
        "paper": _cell(item.value),
        "unit": item.unit,
        "engine": results.engine.method,
    }
    try:
        ours = QUANTITIES[item.quantity](results, item)
    except NotInStudyError as reason:
        remarks.insert(0, str(reason))
        return row | {"ours": NOT_AVAILABLE, "agrees": NOT_AVAILABLE, "note": _joined(remarks)}
    remarks.insert(0, ours.note)
    return row | {
        "ours": _cell(ours.value),
        "low": ours.low,
        "high": ours.high,
        "agrees": _agrees(item, ours),
        "note": _joined(remarks),
    }


def _agrees(item: PaperItem, ours: Ours) -> str:
    """Return ``yes``, ``no`` or ``open``: an interval may be wide, so that holding a value is no agreement with it."""
    if isinstance(item.value, float) and not isinstance(ours.value, str):
        if abs(float(ours.value) - item.value) <= (item.tolerance or 0) + 1e-9:
            return "yes"
        return "open" if ours.low <= item.value <= ours.high else "no"
    return "yes" if item.value == _cell(ours.value) else "open" if ours.value == "open" else "no"


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)


def _joined(remarks: list[str]) -> str:
    return "; ".join(filter(None, remarks))
