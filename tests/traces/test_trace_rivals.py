"""An interference jump and its rivals, on jumps of known truth."""

from itertools import islice

import numpy as np
import pytest

from qdjunction.core.errors import InputError
from qdjunction.traces.analyses.contract import Known
from qdjunction.traces.analyses.rivals import KIND
from qdjunction.traces.results import SiteRecord
from qdjunction.traces.rivals import (
    HYPOTHESES,
    Region,
    _components,
    _log_density,
    fit_rivals,
    transitions,
    verdict,
)
from qdjunction.traces.settings import JumpSettings, RivalSettings, SimulationSettings, TracesSettings
from qdjunction.traces.simulation import SlidingSeries, simulate
from support.traces import run_in_memory

LEVELS = (-1.54, -2.72, -4.9, -3.9)
SERIES = SlidingSeries(("L-R1", "L-R2", "L-R3", "L-R4"), (3.9, 9.2, 14.5, 17.5), LEVELS)
REGION = Region.of(JumpSettings())


def drawn(hypothesis, count, shared=0.15, own=0.03, seed=0):
    """Draw selected jumps from the definition of a hypothesis, without its linearisation."""
    random = np.random.default_rng(seed)
    pairs = transitions(LEVELS, hypothesis)
    found = []
    while len(found) < count:
        site, other = pairs[random.integers(len(pairs))]
        shift, second = shared * random.standard_normal(2)
        before = LEVELS[site] + shift
        path = LEVELS[other] + (second if hypothesis == "second_dot" else shift)
        after = path if hypothesis == "interference" else np.log10(10.0**before + 10.0**path)
        before, after = np.array([before, after]) + own * random.standard_normal(2)
        if REGION.contains(before, after - before):
            found.append((before, after - before))
    return np.array(found).T


def test_the_transitions_of_the_hypotheses():
    assert transitions(LEVELS, "interference") == [(2, 3)]
    assert len(transitions(LEVELS, "second_contact")) == 12
    assert len(transitions(LEVELS, "second_dot")) == 16


@pytest.mark.parametrize("hypothesis", HYPOTHESES)
def test_densities_are_normalised_over_the_selected_jumps(hypothesis):
    pairs = np.array(transitions(LEVELS, hypothesis))
    step = 0.02
    b, d = np.meshgrid(np.arange(-6 + step / 2, -4.5, step), np.arange(0.4 + step / 2, 8, step))
    density = _log_density(b.ravel(), d.ravel(), np.array(LEVELS), 0.3, 0.15, pairs, hypothesis, REGION)
    assert np.exp(density).sum() * step**2 == pytest.approx(1, abs=0.01)


def test_moments_are_those_of_conductances_that_add():
    random = np.random.default_rng(0)
    first, second = (
        -4.5 + 0.05 * random.standard_normal(200_000),
        -4.0 + 0.05 * random.standard_normal(200_000),
    )
    after = np.log10(10**first + 10**second)
    mean, (before_var, height_var, covariance) = (
        found[0]
        for found in _components(np.array([-4.5, -4.0]), 0.05, 1e-9, np.array([[0, 1]]), "second_dot")
    )
    np.testing.assert_allclose(mean, [-4.5, (after - first).mean()], atol=0.003)
    expected = np.cov(first, after - first)
    np.testing.assert_allclose(
        [before_var, height_var, covariance], expected[[0, 1, 0], [0, 1, 1]], rtol=0.03
    )


@pytest.mark.parametrize("hypothesis", HYPOTHESES)
def test_the_truth_is_decided_for(hypothesis):
    before, height = drawn(hypothesis, 140 if hypothesis == "second_dot" else 30)
    fits = fit_rivals(before, height, LEVELS, 0.3, REGION)
    assert verdict(fits) == hypothesis
    best = fits[HYPOTHESES.index(hypothesis)]
    assert best.shared_decades == pytest.approx(0.15, abs=0.06)
    assert best.own_decades == pytest.approx(0.03, abs=0.02)


def test_few_jumps_and_a_second_path_at_the_same_site_are_not_told_apart():
    before, height = drawn("second_dot", 5)
    assert verdict(fit_rivals(before, height, LEVELS, 0.3, REGION)) == ""
    before, height = drawn("second_contact", 40)
    near = np.abs(height - 1.0) < 0.3  # always at the site that interference would lead to
    assert verdict(fit_rivals(before[near], height[near], LEVELS, 0.3, REGION)) == "interference"


def test_a_second_path_in_a_simulated_trace_adds_its_conductance():
    settings = SimulationSettings(
        points=2000, length_nm=2.6, jump="second_contact", bound_fraction=1, slide_fraction=1, noise_decades=0,
        flicker_decades=0, level_spread_decades=0, slope_decades_per_nm=0, position_spread_nm=0, seed=3,
    )  # fmt: skip
    sums = {round(float(np.log10(10.0**-4.9 + 10.0 ** LEVELS[site])), 2) for site in (0, 1, 3)}
    seen = set()
    for item in islice(simulate(SERIES, settings), 12):
        assert item.sites == 4
        after = item.trace.log10_g[item.trace.displacement_nm > item.jump_displacement_nm + 0.05]
        seen.add(round(float(after[0]), 2))
    assert seen == sums


def test_the_analysis_compares_the_jumps_of_traces():
    simulation = SimulationSettings(points=7000, length_nm=2.6, seed=1)
    source = [item.trace for item in islice(simulate(SERIES, simulation), 30)]
    settings = TracesSettings(rivals=RivalSettings(levels_log10_g=LEVELS))
    table, summary = run_in_memory(KIND, source, settings)
    assert summary.verdict == "interference"
    assert summary.compared == table["compared"].sum() > 10
    _, none = run_in_memory(KIND, source, TracesSettings(), Known(why_no_sites="the series has failed"))
    assert "rivals.levels_log10_g" in none.reason
    assert "the series has failed" in none.reason
    sites = tuple(
        SiteRecord(name=name, distance_ang=distance, log10_g=level)
        for name, distance, level in zip(SERIES.names, SERIES.distance_ang, LEVELS, strict=True)
    )
    _, predicted = run_in_memory(KIND, source, TracesSettings(), Known(sites=sites))
    assert predicted.fits == summary.fits
    assert (summary.sites, predicted.sites) == ((), SERIES.names)


def test_what_cannot_be_compared_is_an_error():
    with pytest.raises(InputError, match="never increase"):
        fit_rivals([-5.0] * 9, [1.0] * 9, (-1.0, -2.0, -3.0), 0.3, REGION)
    with pytest.raises(InputError, match="2 jumps"):
        fit_rivals([-5.0, -4.9, -3.0], [1.0] * 3, LEVELS, 0.3, REGION)
