"""Confidence levels and the quantiles that bound intervals."""

from scipy.special import stdtrit

from qdjunction.core.errors import InputError


def check_confidence(confidence: float) -> None:
    """Refuse a confidence level that is not between 0 and 1 with an `InputError`."""
    if not 0 < confidence < 1:
        raise InputError(f"confidence is {confidence}; it must lie between 0 and 1, such as 0.95")


def student(confidence: float, degrees_of_freedom: int) -> float:
    """Return the quantile of Student's t that bounds a two-sided interval; nan without a degree of freedom."""
    if degrees_of_freedom < 1:
        return float("nan")
    return float(stdtrit(degrees_of_freedom, (1 + confidence) / 2))  # scipy.stats takes long to import
