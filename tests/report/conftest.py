from pathlib import Path

import pytest

from qdjunction.report.data import StudyResults, collect
from qdjunction.report.page import write_report
from qdjunction.study.table import read_study
from support.paths import RECORDED
from support.shared import shared
from support.traced_study import analyse, traced_study


@pytest.fixture(scope="session")
def results() -> StudyResults:
    return collect(read_study(RECORDED))


@pytest.fixture(scope="session")
def figures(drawn_study) -> Path:
    """Every figure of the recorded study, as the rule writes them."""
    return drawn_study / "report" / "figures"


@pytest.fixture(scope="session")
def page(drawn_study) -> Path:
    """The page of the recorded study, as the rule writes it."""
    return drawn_study / "report" / "index.html"


def _analyse_and_write(folder: Path) -> None:
    analyse(folder)
    write_report(collect(traced_study(folder)), folder / "index.html")


@pytest.fixture(scope="session")
def traced_folder(tmp_path_factory) -> Path:
    return shared(tmp_path_factory, "traced", _analyse_and_write)


@pytest.fixture(scope="session")
def traced(traced_folder) -> StudyResults:
    return collect(traced_study(traced_folder))


@pytest.fixture(scope="session")
def traced_page(traced_folder) -> Path:
    return traced_folder / "index.html"
