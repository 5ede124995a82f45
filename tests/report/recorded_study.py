"""The recorded 1Pb study."""

from pathlib import Path

from qdjunction.config import parse_config
from qdjunction.study import Study, make_study

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "tests" / "data" / "report" / "results"
"""A 1Pb study as the workflow left it; see the README beside it."""


def recorded_study(results: Path = RECORDED) -> Study:
    """Give the study, with its results in the folder named."""
    config = {
        "study": "recorded",
        "results": str(results),
        "dots": [{"dot": "1Pb", "cation": "MA", "halide": "Br", "contacts": ["short", "long"]}],
    }
    return make_study(parse_config(config), ROOT / "clusters")
