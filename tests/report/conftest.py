from pathlib import Path

import pytest
from qdjunction.report.data import StudyResults, collect
from qdjunction.report.page import write_report
from qdjunction.study.table import read_study
from support.paths import RECORDED
from support.traced_study import traced_study


@pytest.fixture(scope="session")
def results() -> StudyResults:
    return collect(read_study(RECORDED))


@pytest.fixture(scope="session")
def page(results, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("report") / "index.html"
    write_report(results, path)
    return path


@pytest.fixture(scope="session")
def traced(tmp_path_factory) -> StudyResults:
    return collect(traced_study(tmp_path_factory.mktemp("traced")))


@pytest.fixture(scope="session")
def traced_page(traced, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("traced-report") / "index.html"
    write_report(traced, path)
    return path
