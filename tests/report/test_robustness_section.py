"""The forest plot of the variants, made from a decay with known numbers."""

from types import SimpleNamespace

import numpy as np
import pytest

from qdjunction.report import style
from qdjunction.report.data import VariantResults
from qdjunction.report.sections import robustness
from qdjunction.study.robustness import Variant
from qdjunction.transport import WideBand
from qdjunction.transport.observables.level_correction import LevelShifts

DOT = "made"


@pytest.fixture
def made(chain_series):
    """The chain as a series, a variant whose step is half a decade higher, and one that failed."""
    summary = chain_series.summary
    verdict = summary.at_headline
    higher = summary.model_copy(
        update={
            "at_headline": verdict.model_copy(
                update={"step_decades": verdict.step_decades + 0.5, "beta_per_ang": verdict.beta_per_ang / 2}
            )
        }
    )
    variants = (
        VariantResults(Variant(DOT, "leads", 1, WideBand(coupling_ev=0.1)), (higher,)),
        VariantResults(Variant(DOT, "layers", 1, 4), (), "SCF stuck"),
        VariantResults(Variant("another", "layers", 1, 4), (higher,)),
    )
    return SimpleNamespace(series=lambda dot, left: chain_series, variants=variants, ensembles={})


def test_a_row_for_the_study_and_each_of_its_variants(made, chain_series):
    table = robustness.robustness_table(made, DOT, "L")
    verdict = chain_series.summary.at_headline
    assert table["variant"].tolist() == ["as in the study", "wide-band leads, 0.1 eV", "tips of 4 layers"]
    assert table["step_decades"].tolist()[:2] == pytest.approx(
        [verdict.step_decades, verdict.step_decades + 0.5]
    )
    assert table["beta_per_ang"].tolist()[:2] == pytest.approx(
        [verdict.beta_per_ang, verdict.beta_per_ang / 2]
    )
    assert np.isnan(table["beta_per_ang"].iloc[2])
    assert table["reason"].iloc[2] == "SCF stuck"


def test_the_sentence_has_the_spread(made):
    table = robustness.robustness_table(made, DOT, "L")
    sentence = robustness.spread_sentence(table, 0.4)
    assert sentence.startswith("In 1 variants β goes from")
    assert "at least 0.4 decades in 1 of them" in sentence
    assert sentence.endswith("1 more has no result.")
    assert robustness.rows_table(table).rows[2][1] == "SCF stuck"


def test_the_study_is_the_vertical_line(made):
    table = robustness.robustness_table(made, DOT, "L")
    with style.figure_style(), style.composed():
        betas, steps = robustness.robustness_figure(table, 0.4).axes
    assert betas.lines[0].get_xdata()[0] == table["beta_per_ang"].iloc[0]
    assert steps.lines[0].get_xdata()[0] == table["step_decades"].iloc[0]
    assert [text.get_text() for text in betas.get_yticklabels()] == table["variant"].tolist()
    low, high = betas.get_xlim()
    assert low < table["beta_per_ang"].min() < table["beta_per_ang"].max() < high
    assert "no result" in [text.get_text() for text in betas.texts]


def test_labels_say_what_is_changed():
    shifts = LevelShifts(occupied_shift_ev=-0.5, unoccupied_shift_ev=0.5)
    labels = {
        Variant(DOT, kind, 1, value).label
        for kind, value in (("temperature", 77.0), ("offset", -1.0), ("level-correction", shifts),
                            ("electronic-temperature", 1000.0), ("apex-distance", 3.0))
    }  # fmt: skip
    assert labels == {
        "conductance at 77 K", "headline energy at −1 eV", "levels shifted by −0.5, +0.5 eV", "electrons at 1000 K",
        "apex at 3 Å",
    }  # fmt: skip


def test_ensembles_stand_below(made):
    spread = SimpleNamespace(n=9, median=0.4, percentiles=(0.3, 0.6))
    quantities = [
        SimpleNamespace(name=name, junction="", spread=spread) for name in ("beta_per_ang", "step_decades")
    ]
    group = SimpleNamespace(kind="tips", series=[SimpleNamespace(left="L", quantities=quantities)])
    made.ensembles = {DOT: SimpleNamespace(record=SimpleNamespace(groups=[group]))}
    row = robustness.robustness_table(made, DOT, "L").iloc[-1]
    assert row["variant"] == "ensemble: turn and distance of the tips (9)"
    assert (row["beta_per_ang"], row["beta_low_per_ang"], row["step_high_decades"]) == (0.4, 0.3, 0.6)
