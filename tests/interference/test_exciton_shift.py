"""Mechanisms of a measured exciton shift: closed forms, verdicts that follow from the numbers, refused settings."""

import numpy as np
import pandas as pd
import pytest

from qdjunction.core.errors import InputError
from qdjunction.core.results import read_result
from qdjunction.engine.contract import EngineInfo
from qdjunction.interference.coupling import Coupling
from qdjunction.interference.coupling_results import CouplingRecord, PairCoupling, decays_of
from qdjunction.interference.exciton_settings import ExcitonSettings
from qdjunction.interference.exciton_shift import (
    ACROSS,
    ALKANES,
    ALONG,
    CHARGED,
    POLARISATION,
    ExcitonRecord,
    implied_barrier_ev,
    mechanisms_of,
    resonant_coupling_ev,
    verdict,
)
from qdjunction.steps.exciton import exciton_of_study
from qdjunction.study.config import parse_config
from qdjunction.study.failures import Failure, _write

ENOMOTO = {
    "near": {"linker": "C3", "centre_distance_nm": 7.7, "end_distance_nm": 0.55, "shift_mev": -44.0},
    "far": {"linker": "C10", "centre_distance_nm": 8.1, "end_distance_nm": 1.46, "shift_mev": -14.2},
    "diameter_nm": 6.8,
    "energy_ev": 2.4,
}


def settings(**changes):
    ends = {key: ENOMOTO[key] | changes.pop(key, {}) for key in ("near", "far")}
    return ExcitonSettings(**ENOMOTO | ends | changes)


def pair(n, coupling):
    one = Coupling((0.0, 0.0), 2 * coupling, coupling, 1, 1.0, 0.0, coupling, 0.0)
    levels = {"HOMO": one, "LUMO": one}
    return PairCoupling(
        pair=f"C{n}",
        linker="x",
        is_saturated=True,
        end_distance_ang=1.3 * n,
        pb_distance_ang=9.0,
        levels=levels,
    )


def test_transition_dipoles_couple_as_their_lifetime_says():
    """Against mu^2 / (4 pi epsilon_0 epsilon_m R^3) with mu from Einstein's A, in SI units."""
    eps0, hbar, c, e = 8.8541878188e-12, 1.054571817e-34, 299792458.0, 1.602176634e-19
    tau, energy, medium, distance = 1e-9, 2.4, 2.25, 77e-10
    omega = energy * e / hbar
    mu2 = 3 * np.pi * eps0 * hbar * c**3 / (np.sqrt(medium) * omega**3 * tau)
    assert np.sqrt(mu2) / 3.33564e-30 == pytest.approx(17.1, abs=0.1)  # debye
    expected = mu2 / (4 * np.pi * eps0 * medium * distance**3) / e
    assert resonant_coupling_ev(77.0, energy, 1.0, medium, 1.0) == pytest.approx(expected, rel=1e-6)
    assert resonant_coupling_ev(77.0, energy, 1.0, medium, -2.0) == pytest.approx(-2 * expected, rel=1e-6)
    assert resonant_coupling_ev(154.0, energy, 1.0, medium, 1.0) == pytest.approx(expected / 8, rel=1e-6)


def test_the_implied_barrier_is_that_of_the_published_formula():
    barrier, longer = implied_barrier_ev(3.1, 9.1), 9.1e-10
    kappa = np.sqrt(2 * 9.1093837e-31 * barrier * 1.602176634e-19) / 1.054571817e-34
    assert np.exp(2 * kappa * longer) == pytest.approx(3.1, rel=1e-6)


def test_the_published_shifts_leave_tunnelling():
    found = {one.name: one for one in mechanisms_of(settings())}
    assert {name: one.explains for name, one in found.items()} == {
        POLARISATION: False, ALONG: False, ACROSS: False, ALKANES: None,
    }  # fmt: skip
    assert found[ACROSS].shift_mev[0] > 0 > found[ALONG].shift_mev[1]
    assert found[ALONG].fall_of_lengths == pytest.approx(2 * [((77 + 9.1) / 77) ** 3])
    low, high = found[ALKANES].fall_of_periods
    assert (low, high) == pytest.approx((np.exp(0.35 * 3), np.exp(0.45 * 5)))
    assert found[ALKANES].fall == pytest.approx((low, np.exp(0.45 * 9.1)))
    assert "Tunnelling through alkanes (falls by 2.9 to 60; its size is open) may explain them" in verdict(
        settings(), tuple(found.values())
    )


def test_the_verdict_follows_the_numbers():
    exact = settings(period_error_nm=0.0, beta_per_ang=(0.36, 0.45))
    assert mechanisms_of(exact)[-1].explains is False
    assert "cannot" in verdict(exact, mechanisms_of(exact)[-1:])
    # Shifts that the resonance of dipoles along the stack would have.
    weak = settings(near={"shift_mev": -1.0}, far={"shift_mev": -0.8})
    along = next(one for one in mechanisms_of(weak) if one.name == ALONG)
    assert along.explains is True
    assert "resonance along the stack (has sign and size".capitalize() in verdict(weak, mechanisms_of(weak))
    weaker = settings(near={"shift_mev": -0.01}, far={"shift_mev": -0.008})
    assert {one.name: one.reason for one in mechanisms_of(weaker)}[
        ALONG
    ] == "is too large by a factor of 6.1 or more"
    blue = settings(near={"shift_mev": 1.0}, far={"shift_mev": 0.8})
    explained = {one.name: one.explains for one in mechanisms_of(blue)}
    assert explained[ACROSS] is True
    assert explained[ALONG] is explained[POLARISATION] is False


def test_decays_of_the_study_are_mechanisms_and_failures_are_left_out(tmp_path):
    pairs = [pair(n, 0.1 * np.exp((-0.25 + 0.02 * (n % 2)) * 1.3 * n)) for n in (3, 4, 6, 10)]
    coupling = tmp_path / "coupling.json"
    CouplingRecord(
        pairs=tuple(pairs), decays=decays_of(pairs, 0.68), confidence=0.68, engine=EngineInfo("x", "x", True),
        provenance={},
    ).write(coupling)  # fmt: skip
    exciton_of_study(settings(), tmp_path / "exciton.csv", tmp_path / "exciton.json", coupling)
    record = read_result(ExcitonRecord, tmp_path / "exciton.json")
    low, high = decays_of(pairs, 0.68)[0].interval_per_ang
    homo = record.mechanism("tunnelling, HOMO of this study")
    assert homo.fall_of_lengths == pytest.approx((np.exp(9.1 * low), np.exp(9.1 * high)))
    assert np.isnan(homo.shift_mev[0])
    assert record.fall == pytest.approx(44 / 14.2)
    table = pd.read_csv(tmp_path / "exciton.csv")
    assert set(table["mechanism"]) == {POLARISATION, CHARGED, ALONG, ACROSS}
    assert (table["lowest_shift_meV"] <= table["highest_shift_meV"]).all()
    _write(Failure("coupling", "coupling", "EngineError", "none"), coupling)
    exciton_of_study(settings(), tmp_path / "exciton.csv", tmp_path / "exciton.json", coupling)
    assert read_result(ExcitonRecord, tmp_path / "exciton.json").mechanism(homo.name) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"diameter_nm": 8.0}, r"exciton.*near.centre_distance_nm = 7.7: dots of diameter_nm = 8 overlap"),
        ({"far": ENOMOTO["near"]}, r"exciton.*far.centre_distance_nm = 7.7 is not above"),
        ({"far": ENOMOTO["far"] | {"shift_mev": 3.0}}, r"exciton.*far.shift_mev = 3: a fall needs two"),
        ({"medium": [2.5, 2.0]}, r"exciton.medium.*the lower one first"),
    ],
)  # fmt: skip
def test_impossible_measurements_are_refused_with_their_key(changes, message):
    values = {"study": "s", "dots": [{"dot": "1Pb", "contacts": ["long"]}], "exciton": ENOMOTO | changes}
    with pytest.raises(InputError, match=message):
        parse_config(values)
