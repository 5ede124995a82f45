from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError

from qdjunction.traces.selection import find_jump, jump_index, resampling_indices, window_bounds
from qdjunction.traces.settings import JumpSettings, SimulationSettings
from qdjunction.traces.simulation import simulate
from qdjunction.traces.trace import Trace
from support.literal_selection import literal_jump
from support.traces import SERIES

SMALL = JumpSettings(
    resampled_points=60, rise_points=4, points_before=12, points_after=20,
    peak_search_points=(-3, 12), height_search_points=(2, 12),
)  # fmt: skip


def assert_same(trace: Trace, settings: JumpSettings) -> bool:
    expected = literal_jump(trace.displacement_nm.tolist(), trace.log10_g.tolist(), settings)
    found = find_jump(trace, settings)
    if expected is None:
        assert found is None
        return False
    assert found is not None
    assert (
        found.index,
        found.displacement_nm,
        found.log10_g,
        found.height_decades,
        found.top_log10_g,
    ) == expected
    assert len(found.aligned_log10_g) == settings.points_before + settings.points_after
    assert (
        found.aligned_log10_g[settings.points_before]
        == 0
        == found.aligned_displacement_nm[settings.points_before]
    )
    return True


def test_published_defaults():
    rule = JumpSettings()
    assert (rule.upper_log10_g, rule.lower_log10_g, rule.resampled_points) == (0.8, -7.0, 5000)
    assert (rule.rise_points, rule.rise_decades) == (30, 0.4)
    assert (rule.foot_lower_log10_g, rule.foot_upper_log10_g) == (-6.0, -4.5)
    assert (rule.points_before, rule.points_after) == (150, 250)


@pytest.mark.parametrize("noise", [0.02, 0.1])
def test_identical_to_the_literal_loop_on_whole_traces(noise):
    settings = SimulationSettings(noise_decades=noise, seed=3)
    jumps = [assert_same(item.trace, JumpSettings()) for item in islice(simulate(SERIES, settings), 25)]
    assert any(jumps)
    assert not all(jumps)


@hypothesis_settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(58, 300), st.floats(0.02, 0.6), st.floats(0.0, 3.0))
def test_identical_to_the_literal_loop_on_random_walks(seed, points, noise, bump):
    random = np.random.default_rng(seed)
    g = np.concatenate(([1.0, 0.9], np.linspace(0.7, -7.1, points), [-7.3, -7.2]))
    at = random.integers(0, len(g))
    g[at : at + 30] += bump
    g += noise * random.standard_normal(len(g))
    # Rounding makes ties and values that sit on the thresholds.
    g = np.round(g, 1)
    assert_same(Trace("walk", np.linspace(-0.4, 3, len(g)), g), SMALL)


def test_last_qualifying_point_wins_and_the_edges_are_strict():
    g = np.full(60, -5.0)
    g[20:25] = [-5.0, -4.9, -4.8, -4.7, -4.59]  # rises, foot at 20
    g[30:35] = [-5.0, -4.9, -4.8, -4.7, -4.59]  # again, foot at 30
    g[25:30] = g[35:] = -5.0
    assert jump_index(g, SMALL) == 30
    g[34] = -5.0 + 0.4  # not more than the threshold
    assert jump_index(g, SMALL) == 20
    assert jump_index(np.where(g == -5.0, -4.5, g), SMALL) is None  # a foot on the upper threshold
    flat_start = g.copy()
    flat_start[21] = -5.0  # the next point does not rise
    assert jump_index(flat_start, SMALL) is None


def test_jump_too_near_an_end_for_its_window_is_no_candidate():
    g = np.full(60, -5.0)
    g[4:9] = [-5.0, -4.9, -4.8, -4.7, -4.5]
    assert jump_index(g, SMALL) is None
    assert jump_index(g, SMALL.model_copy(update={"points_before": 4})) == 4


def test_window_runs_from_last_above_to_first_below():
    g = np.array([0.5, 0.9, 0.7, 0.81, 0.8, -3.0, -7.0, -7.01, -6.0, -7.5])
    assert window_bounds(g, JumpSettings()) == (3, 8)
    assert window_bounds(g[:7], JumpSettings()) is None  # never below
    assert window_bounds(np.minimum(g, 0.8), JumpSettings()) is None  # never above
    assert window_bounds(np.append(g, 0.9), JumpSettings()) is None  # closes before it opens


def test_resampling_is_exact_where_floating_point_is_not():
    assert np.array_equal(resampling_indices(2 * 4999 + 1, 5000), 2 * np.arange(5000))
    assert resampling_indices(5000, 5000).tolist() == list(range(5000))
    exact = [k * 2002 // 1000 for k in range(1001)]
    assert resampling_indices(2003, 1001).tolist() == exact
    assert np.floor(np.linspace(0, 2002, 1001)).tolist() != exact


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("upper_log10_g", -8.0, "upper_log10_g"),
        ("foot_lower_log10_g", -4.0, "foot_lower_log10_g"),
        ("points_after", 4900, "resampled_points"),
        ("peak_search_points", (-31, 250), "peak_search_points"),
        ("rise_decade", 0.3, "rise_decade"),
    ],
)
def test_impossible_settings_are_refused(key, value, word):
    with pytest.raises(ValidationError, match=word):
        JumpSettings(**{key: value})


def test_recall_and_precision_on_known_truth():
    simulated = list(islice(simulate(SERIES, SimulationSettings(seed=11)), 150))
    selected = {item.trace.name: find_jump(item.trace, JumpSettings()) for item in simulated}
    true = {item.trace.name for item in simulated if item.has_jump}
    found = {name for name, jump in selected.items() if jump is not None}
    assert len(true & found) / len(true) > 0.97
    assert len(true & found) / len(found) > 0.97
    offsets = [
        selected[item.trace.name].displacement_nm - item.jump_displacement_nm
        for item in simulated
        if item.has_jump and item.trace.name in found
    ]
    assert np.abs(offsets).max() < 0.02
