"""The recorded 1Pb study."""

from pathlib import Path

from qdjunction.study.table import Study, read_study

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "tests" / "data" / "report" / "results"
"""A 1Pb study as the workflow left it; see the README beside it."""


def recorded_study(results: Path = RECORDED) -> Study:
    """Give the study, with its results in the folder named."""
    return read_study(results)
