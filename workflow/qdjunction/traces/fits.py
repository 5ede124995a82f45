"""Records of fits, with the reason in place of a fit that the data do not support."""

import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import TypeVar

from qdjunction.core.errors import InputError
from qdjunction.traces.histogram import Histogram, PeakFit, fit_peaks
from qdjunction.traces.results import FitRecord, PeakRecord
from qdjunction.traces.settings import TracesSettings

log = logging.getLogger(__name__)

T = TypeVar("T")


def or_reason(attempt: Callable[[], T]) -> tuple[T | None, str]:
    """Return the result of `attempt` and no reason, or None and the reason of its failure."""
    try:
        return attempt(), ""
    except InputError as error:
        log.warning("left out: %s", error)
        return None, str(error)


def fit_one(histogram: Histogram, settings: TracesSettings) -> PeakFit | str:
    """Fit one peak to a histogram; return the reason if that fails."""
    fit, reason = or_reason(lambda: fit_peaks(histogram, 1, confidence=settings.peaks.confidence))
    return fit or reason


def fit_record(fit: PeakFit | str) -> FitRecord:
    """Return the record of a fit, or of the reason why there is none."""
    if isinstance(fit, str):
        return FitRecord(reason=fit)
    return FitRecord(peaks=tuple(PeakRecord(**asdict(peak)) for peak in fit.peaks), background=fit.background)
