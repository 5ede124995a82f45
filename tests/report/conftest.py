from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qdjunction.interference.chain import DiatomicChain
from qdjunction.interference.results import DecaySeries
from qdjunction.interference.series import recorded_trend, recorded_verdict
from qdjunction.report.collect import collect
from qdjunction.report.data import SeriesResults, StudyResults
from qdjunction.report.page import write_report
from qdjunction.study.study_file import read_study
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


@pytest.fixture(scope="session")
def chain_series() -> SeriesResults:
    """Give a series with a decay and a jump: the tight-binding chain with its right lead on even sites."""
    model = DiatomicChain()
    energies = model.gap_energies(60)
    found = model.spectrum(energies)
    at = 0.2
    index = int(np.abs(energies - at).argmin())
    summary = DecaySeries(
        left="L",
        kind="decay",
        junctions=found.contacts,
        distances_ang=found.distances_ang.tolist(),
        gap_ev=model.gap_ev,
        window_ev=model.gap_ev,
        headline_energy_ev=at,
        headline="",
        conductance_at_headline_G0=found.conductances_g0[:, index].tolist(),
        at_headline=recorded_verdict(found.at(at)),
        trend_at_headline=recorded_trend(found.at(at), found.distances_ang),
        shares=found.shares(),
        sentence=found.sentence,
    )
    return SeriesResults("L", summary, pd.DataFrame(), found.table(), ())
