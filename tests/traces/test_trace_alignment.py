"""Alignment by cross-correlation on traces of known offsets."""

from itertools import islice

import numpy as np
import pytest

from qdjunction.core.errors import InputError
from qdjunction.traces.alignment import align_sample, axis_of, bins_of
from qdjunction.traces.analyses.align import KIND
from qdjunction.traces.settings import AlignSettings, SimulationSettings, TracesSettings
from qdjunction.traces.simulation import simulate
from qdjunction.traces.trace import Trace
from support.traces import SERIES, run_in_memory

SHORT = {"points": 4000, "length_nm": 2.6, "seed": 3, "bound_fraction": 1.0, "slide_fraction": 1.0}


def moved(offsets):
    """Return traces of gold, two plateaus that begin at each offset, and the floor."""
    z = np.arange(-0.3, 2.0, 0.001)
    for number, offset in enumerate(offsets):
        x = z - offset
        g = np.select([z <= -0.1, z <= 0, x <= 0.5, x <= 1.0], [1.0, 0.0, -2.0, -4.0], -7.5)
        yield Trace(f"t{number}", z, g)


def test_shifts_of_exact_copies_are_recovered():
    offsets = np.random.default_rng(0).uniform(-0.2, 0.2, 50)
    table, summary = run_in_memory(KIND, list(moved(offsets)), TracesSettings())
    shift = table["shift_nm"].to_numpy()
    np.testing.assert_allclose(shift - np.median(shift), np.median(offsets) - offsets, atol=0.015)
    assert summary.converged
    assert summary.gain > 1.1 > 1.03 > summary.control_gain >= 1
    assert summary.at_limit == 0


def test_offsets_of_simulated_traces_are_recovered():
    simulation = SimulationSettings(**SHORT, offset_spread_nm=0.1, position_spread_nm=0.02)
    items = list(islice(simulate(SERIES, simulation), 120))
    table, _ = run_in_memory(KIND, [item.trace for item in items], TracesSettings())
    offsets = np.array([item.offset_nm for item in items])
    shift = table["shift_nm"].to_numpy()
    assert np.std(offsets) == pytest.approx(0.1, rel=0.2)
    assert np.corrcoef(shift, -offsets)[0, 1] > 0.9
    assert np.std(shift + offsets) < 0.04


def test_the_mean_correlation_is_the_sum_of_the_squares_of_the_histogram():
    # Without smoothing, each pair of traces at the same conductance counts.
    options = AlignSettings(tolerance_decades=0.01, iterations=1)
    settings = TracesSettings(align=options)
    traces = list(moved([0.0] * 10 + [0.1] * 20))
    template, control = align_sample(traces, settings)
    # Steps at which all, 20 or 10 of the 30 traces have the same conductance.
    before = 50 + 40 + 10 * ((2 / 3) ** 2 + (1 / 3) ** 2 + (2 / 3) ** 2)
    after = 50 + 50 + 10 * (2 / 3) ** 2
    assert template.before == pytest.approx(control.before)
    assert template.gain == pytest.approx(after / before, rel=0.01)
    assert control.gain < 1.02


def test_the_histograms_hold_every_step_of_all_traces():
    simulation = SimulationSettings(**SHORT)
    source = [item.trace for item in islice(simulate(SERIES, simulation), 30)]
    settings = TracesSettings(align=AlignSettings(sample_traces=20))
    table, summary = run_in_memory(KIND, source, settings)
    assert list(table["file"]) == [trace.name for trace in source]
    assert np.sum(summary.before) == np.sum(summary.after) > 30 * 100
    assert np.abs(table["shift_nm"]).max() <= 0.3


def test_steps_outside_the_conductances_are_left_out():
    axis = axis_of(AlignSettings())
    assert bins_of(np.array([-6.6, -6.49, -0.81, -0.7, np.nan]), axis).tolist() == [
        axis.bins, 0, axis.bins - 1, axis.bins, axis.bins,
    ]  # fmt: skip


def test_what_cannot_be_aligned_is_said():
    with pytest.raises(InputError, match="too few"):
        align_sample(list(moved([0.0] * 5)), TracesSettings())
    settings = TracesSettings(align=AlignSettings(log10_g_range=(-3.5, -2.5)))
    table, summary = run_in_memory(KIND, list(moved([0.0] * 25)), settings)
    assert "traces.align.log10_g_range" in summary.reason
    assert len(table) == 0
