from itertools import islice

import numpy as np
import pandas as pd
import pytest

from qdjunction.core.errors import InputError
from qdjunction.traces.reading import open_traces
from qdjunction.traces.settings import SimulationSettings
from qdjunction.traces.simulation import SlidingSeries, simulate, simulate_trace, write_simulation
from support.traces import SERIES

QUIET = SimulationSettings(
    bound_fraction=1, slide_fraction=1, level_spread_decades=0, position_spread_nm=0, noise_decades=0,
    flicker_decades=0, floor_noise_decades=0, snap_back_spread_nm=0, slope_decades_per_nm=0,
)  # fmt: skip


def test_levels_stand_where_the_sites_are():
    item = simulate_trace(SERIES, QUIET, 0)
    # Middles 0.18 nm and on by 0.53, 0.53 and 0.30 nm; the last contact holds for half a step more.
    middles = 0.18 + np.array([0, 0.53, 1.06, 1.36])
    at_middles = np.interp(middles, item.trace.displacement_nm, item.trace.log10_g)
    np.testing.assert_allclose(at_middles, SERIES.log10_g, atol=2e-3)
    after = item.trace.log10_g[item.trace.displacement_nm > 1.70]
    np.testing.assert_allclose(after, -7.4, atol=1e-3)
    assert item.has_jump
    assert item.jump_displacement_nm == pytest.approx(0.18 + 1.21, abs=1e-3)


def test_transition_takes_its_width():
    item = simulate_trace(SERIES, QUIET, 0)
    z, g = item.trace.displacement_nm, item.trace.log10_g
    rise = (z > 1.3) & (z < 1.48)
    share = (g[rise] + 4.9) / 1.0
    width = np.interp(0.9, share, z[rise]) - np.interp(0.1, share, z[rise])
    assert width == pytest.approx(QUIET.transition_nm, rel=0.05)


def test_without_a_dot_the_solvent_tunnels():
    item = simulate_trace(SERIES, QUIET.model_copy(update={"bound_fraction": 0.0}), 0)
    z, g = item.trace.displacement_nm, item.trace.log10_g
    assert (item.sites, item.has_jump) == (0, False)
    assert np.interp(0.2, z, g) == pytest.approx(-1.5 - 5.0 * 0.7, abs=0.01)


def test_noise_has_the_spread_it_is_given():
    settings = QUIET.model_copy(update={"noise_decades": 0.03, "flicker_decades": 0.08})
    clean = simulate_trace(SERIES, QUIET, 0).trace
    inside = (clean.displacement_nm > 0.05) & (clean.displacement_nm < 1.0)
    noise = np.stack([simulate_trace(SERIES, settings, n).trace.log10_g - clean.log10_g for n in range(40)])[
        :, inside
    ]
    assert noise.std() == pytest.approx(np.hypot(0.03, 0.08), rel=0.1)
    assert np.diff(noise, axis=1).std() == pytest.approx(0.03 * np.sqrt(2), rel=0.05)


def test_shares_of_kinds():
    settings = SimulationSettings(bound_fraction=0.8, slide_fraction=0.5, points=200, seed=9)
    sites = np.array([item.sites for item in islice(simulate(SERIES, settings), 1500)])
    expected = np.array([0.2, 0.4, 0.2, 0.1, 0.1])
    np.testing.assert_allclose(np.bincount(sites, minlength=5) / 1500, expected, atol=0.04)


def test_drift_stretches_the_reading_and_the_truth_with_it():
    settings = QUIET.model_copy(update={"drift_nm": 0.5})
    item = simulate_trace(SERIES, settings, 1)
    z = item.trace.displacement_nm
    assert abs(np.ptp(z) - settings.length_nm) > 0.01
    rising = np.interp(item.jump_displacement_nm, z, item.trace.log10_g)
    assert rising == pytest.approx(-4.4, abs=0.05)  # half-way up


def test_trace_does_not_depend_on_where_the_stream_starts():
    settings = SimulationSettings(points=500)
    whole = [item.trace.log10_g for item in islice(simulate(SERIES, settings), 5)]
    later = [item.trace.log10_g for item in islice(simulate(SERIES, settings, start=3), 2)]
    np.testing.assert_array_equal(whole[3:], later)
    assert not np.array_equal(whole[0], whole[1])


def test_written_simulation_is_read_back(tmp_path):
    settings = SimulationSettings(points=500)
    assert write_simulation(tmp_path / "s.parquet", islice(simulate(SERIES, settings), 7)) == 7
    read = list(open_traces(tmp_path / "s.parquet"))
    truth = list(islice(simulate(SERIES, settings), 7))
    for trace, item in zip(read, truth, strict=True):
        np.testing.assert_array_equal(trace.log10_g, item.trace.log10_g)
        np.testing.assert_array_equal(trace.displacement_nm, item.trace.displacement_nm)
    frame = pd.read_parquet(tmp_path / "s.parquet", columns=["true_sites", "true_jump_displacement_nm"])
    assert frame["true_sites"].tolist() == [item.sites for item in truth]
    assert frame["true_jump_displacement_nm"].notna().tolist() == [item.has_jump for item in truth]
    with pytest.raises(InputError, match="suffix"):
        write_simulation(tmp_path / "s.csv", iter(()))


@pytest.mark.parametrize(
    ("names", "distances", "levels", "word"),
    [
        (("a",), (1.0, 2.0), (-1.0,), "one of each"),
        ((), (), (), "one of each"),
        (("a", "b"), (2.0, 1.0), (-1.0, -2.0), "ascend"),
        (("a", "b"), (1.0, 2.0), (-1.0, float("-inf")), "not a number"),
    ],
)
def test_series_that_cannot_be_slid_over_is_refused(names, distances, levels, word):
    with pytest.raises(InputError, match=word):
        SlidingSeries(names, distances, levels)


def test_single_site_works():
    item = simulate_trace(SlidingSeries(("short",), (4.0,), (-2.0,)), QUIET, 0)
    assert (item.sites, item.has_jump) == (1, False)
    assert np.interp(0.1, item.trace.displacement_nm, item.trace.log10_g) == pytest.approx(-2.0, abs=0.01)
