"""Charges near self-consistency: against tblite's SCF, and the Jacobian against finite differences."""

import logging

import numpy as np
import pytest
from ase.io import read

from qdjunction.engine.xtb import charges
from qdjunction.engine.xtb.engine import XtbEngine, XtbSettings, _parameters, _Scf
from qdjunction.engine.xtb.scf_log import ScfLog
from support.paths import ROOT

JUNCTION = ROOT / "tests/data/report/results/1Pb_MAPbBr3/long/junction.extxyz"


@pytest.fixture(scope="module")
def junction():
    return read(JUNCTION)


@pytest.fixture(scope="module")
def scf(single_pb):
    """A converged SCF of 1Pb and its result."""
    scf = _Scf(XtbSettings(accuracy=0.01), single_pb, ScfLog())
    return scf, scf.solve(single_pb.positions)


@pytest.fixture
def model(scf, single_pb):
    """The map of the charges of 1Pb; of its own, since it keeps the levels of its last call."""
    calculation, result = scf
    return charges.ShellCharges(
        list(single_pb.symbols),
        single_pb.positions,
        result["hamiltonian-matrix"],
        result["overlap-matrix"],
        np.asarray(calculation._tblite.get("shell-map")),
        np.asarray(calculation._tblite.get("orbital-map")),
        _parameters("GFN1-xTB")["element"],
        np.float64,
    )


def mulliken_of_shells(scf, model):
    calculation, result = scf
    C, S = result["orbital-coefficients"], result["overlap-matrix"]
    populations = np.einsum("ij,ij,j->i", C, S @ C, result["orbital-occupations"])
    return model.reference - np.bincount(np.asarray(calculation._tblite.get("orbital-map")), populations)


def test_charges_of_tblite_are_self_consistent(scf, model):
    converged = mulliken_of_shells(scf, model)
    np.testing.assert_allclose(model.at(converged, 300.0), converged, atol=1e-6)


def test_charges_that_are_found_are_those_of_tblite(scf, model):
    found = charges.converge(model, [5000.0, 300.0], 60)
    np.testing.assert_allclose(found, mulliken_of_shells(scf, model), atol=5e-3)


@pytest.mark.parametrize("temperature_k", [300.0, 5000.0, 20_000.0])
def test_jacobian_is_the_derivative_of_the_residual(model, temperature_k):
    random = np.random.default_rng(1)
    start = charges.converge(model, [5000.0, 300.0], 60)
    move = random.normal(size=start.size)
    move -= move.mean()
    h = 1e-5
    residuals = [
        start + sign * h * move - model.at(start + sign * h * move, temperature_k) for sign in (1, -1)
    ]
    slope = (residuals[0] - residuals[1]) / (2 * h)
    model.at(start, temperature_k)
    predicted = model.jacobian(start, temperature_k) @ move
    assert np.linalg.norm(predicted - slope) < 0.02 * np.linalg.norm(slope)


def test_tblite_iterates_less_and_ends_where_it_ends_alone(junction, tmp_path, caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    engine, iterations = XtbEngine(threads=1), []

    def solve():
        caplog.clear()
        structure = engine.hamiltonian(junction, tmp_path)
        iterations.append(sum(record.getMessage().startswith("SCF at") for record in caplog.records))
        assert "scf_tries" not in structure.engine.settings
        return structure

    helped = solve()
    monkeypatch.setattr(charges, "converge", lambda *_: None)
    alone = solve()
    assert iterations[0] < 0.6 * iterations[1]
    assert helped.energy_ev == pytest.approx(alone.energy_ev, abs=1e-6)
    np.testing.assert_allclose(helped.eigenvalues_ev, alone.eigenvalues_ev, atol=1e-4)


def test_charges_follow_the_geometry_and_end_where_tblite_ends_alone(single_pb, caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    random = np.random.default_rng(5)
    moved = [single_pb.positions + 0.03 * random.normal(size=(len(single_pb), 3)) for _ in range(3)]

    def iterate(scf):
        scf.solve(single_pb.positions)
        results, iterations = [], []
        for positions in moved:
            caplog.clear()
            results.append(scf.solve(positions))
            iterations.append(sum(record.getMessage().startswith("SCF at") for record in caplog.records))
        assert not scf.tries
        return results, iterations

    followed, few = iterate(_Scf(XtbSettings(), single_pb, ScfLog()))
    monkeypatch.setattr(charges.Follower, "follow", lambda *_: None)
    alone, many = iterate(_Scf(XtbSettings(), single_pb, ScfLog()))
    assert max(few) <= 3
    assert min(many) > 6
    for one, other in zip(followed, alone, strict=True):
        assert one["energy"] == pytest.approx(other["energy"], abs=1e-8)
        np.testing.assert_allclose(one["gradient"], other["gradient"], atol=2e-6)


def test_following_takes_no_more_diagonalisations_than_asked_for(model):
    start = charges.converge(model, [5000.0, 300.0], 60)
    assert charges.Follower(np.zeros_like(start)).follow(model, 300.0, 1) is None
    found = charges.Follower(start).follow(model, 300.0, charges.MOST_FOLLOWING)
    np.testing.assert_allclose(model.at(found, 300.0), found, atol=1e-5)


def test_what_cannot_be_followed_is_left_to_tblite(single_pb, monkeypatch):
    """A search that has failed is not repeated at each geometry, but after the SCF has started from scratch."""
    asked = []
    monkeypatch.setattr(charges.Follower, "follow", lambda *_: asked.append(True))
    scf = _Scf(XtbSettings(), single_pb, ScfLog())
    energies = [float(scf.solve(single_pb.positions)["energy"]) for _ in range(3)]
    assert len(asked) == 1
    scf.forget()
    energies.append(float(scf.solve(single_pb.positions)["energy"]))
    assert len(asked) == 2
    assert energies == pytest.approx([energies[0]] * 4, abs=1e-8)


def test_a_second_calculation_is_the_same_to_the_last_bit(junction, tmp_path):
    first, second = (XtbEngine(threads=1).hamiltonian(junction, tmp_path) for _ in range(2))
    np.testing.assert_array_equal(first.eigenvalues_ev, second.eigenvalues_ev)
    np.testing.assert_array_equal(first.hamiltonian.Hk(format="array"), second.hamiltonian.Hk(format="array"))


def test_a_search_that_is_too_short_finds_nothing(model):
    assert charges.converge(model, [5000.0, 300.0], 3) is None
