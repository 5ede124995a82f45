"""Plateaus of single traces of known truth."""

from itertools import combinations, islice, pairwise

import numpy as np
import pytest
from pydantic import ValidationError

from qdjunction.core.errors import InputError
from qdjunction.traces.analyses.segments import KIND
from qdjunction.traces.profile import profile_of
from qdjunction.traces.segments import penalty_of, plateaus_in, plateaus_of_traces, segment
from qdjunction.traces.sets import TracesSection
from qdjunction.traces.settings import HistogramSettings, SegmentSettings, SimulationSettings, TracesSettings
from qdjunction.traces.simulation import simulate
from qdjunction.traces.trace import Trace
from support.traces import SERIES, run_in_memory

SHORT = SimulationSettings(points=4000, length_nm=2.6, seed=3)


def squares(y):
    """Return the squared residuals of a straight line, by numpy."""
    x, known = np.arange(len(y)), np.isfinite(y)
    if known.sum() < 3:
        return 0.0
    line = np.polynomial.Polynomial.fit(x[known], y[known], 1)
    return float(((line(x[known]) - y[known]) ** 2).sum())


def test_the_segments_are_those_of_least_penalised_squares():
    random = np.random.default_rng(1)
    profiles = [
        np.repeat([-1.0, -2.0, -2.6], (4, 3, 4)) + 0.2 * random.standard_normal(11),
        random.normal(size=9),
    ]
    profiles[1][3] = np.nan
    step, penalty = 0.1, 0.02
    for profile, found in zip(profiles, segment(profiles, step, penalty), strict=True):
        size = len(profile)

        def total(edges, profile=profile):
            parts = pairwise(edges)
            return sum(step * squares(profile[a:b]) + penalty for a, b in parts)

        every = ((0, *cuts, size) for count in range(size) for cuts in combinations(range(1, size), count))
        assert total(tuple(found)) == pytest.approx(min(map(total, every)), abs=1e-12)


@pytest.mark.parametrize(("step_decades", "count"), [(0.75, 2), (0.65, 1)])
def test_the_smallest_step_divides_the_shortest_plateaus(step_decades, count):
    settings = SegmentSettings(shortest_nm=0.5)
    profile = np.repeat([-2.0, -2.0 - step_decades], 50)
    (edges,) = segment([profile], settings.step_nm, penalty_of(settings))
    assert len(edges) - 1 == count


def test_a_staircase_is_divided_into_its_plateaus():
    z = np.arange(-0.3, 2.0, 0.001)
    g = np.select(
        [z <= -0.1, z <= 0, z <= 0.3, z <= 0.35, z <= 0.8], [1.0, 0.0, -1.5, -2.0, -2.7 - 0.5 * z], -7.5
    )
    g = np.where((z > 0.8) & (z <= 1.3), -3.1 - 6 * (z - 0.8), g)  # tunnelling is no plateau
    settings = TracesSettings()
    profile = profile_of(Trace("staircase", z + 5.0, g), settings.segments.step_nm, settings)
    (edges,) = segment([profile], settings.segments.step_nm, penalty_of(settings.segments))
    first, second = plateaus_in(profile, edges, settings.segments)
    assert (first.start_nm, first.end_nm) == pytest.approx((0, 0.3), abs=0.011)
    assert (second.start_nm, second.end_nm) == pytest.approx((0.35, 0.8), abs=0.011)
    assert first.log10_g == pytest.approx(-1.5, abs=1e-6)
    assert second.log10_g == pytest.approx(-2.7 - 0.5 * (0.35 + 0.8) / 2, abs=0.01)
    assert second.slope_decades_per_nm == pytest.approx(-0.5, abs=0.01)


def test_the_plateaus_of_the_sites_are_found():
    items = list(islice(simulate(SERIES, SHORT), 60))
    settings = TracesSettings()
    found = dict(plateaus_of_traces([item.trace for item in items], settings))
    errors = []
    for item in items:
        true = [one for one in item.plateaus if one.end_nm - one.start_nm >= settings.segments.shortest_nm]
        plateaus = found[item.trace.name]
        assert abs(len(plateaus) - len(true)) <= 1
        if len(plateaus) == len(true):
            errors += [
                (one.log10_g - of.log10_g, one.length_nm - (of.end_nm - of.start_nm))
                for one, of in zip(plateaus, true, strict=True)
            ]
    assert len(errors) > 0.95 * sum(len(item.plateaus) for item in items)
    level, length = np.array(errors).T
    assert abs(level.mean()) < 0.02
    assert abs(length.mean()) < 0.01
    assert level.std() < 0.06  # slow noise of 0.05 decades


def test_the_table_has_a_row_for_each_plateau_and_the_summary_their_quartiles():
    source = [item.trace for item in islice(simulate(SERIES, SHORT), 40)]
    table, summary = run_in_memory(KIND, source, TracesSettings())
    assert summary.traces == sum(summary.numbers) == 40
    assert len(table) == sum(number * count for number, count in enumerate(summary.numbers))
    second = table[table["plateau"] == 2]
    assert summary.orders[1].traces == len(second)
    assert summary.orders[1].log10_g[1] == pytest.approx(second["log10_g"].median(), abs=0.03)
    assert summary.orders[1].length_nm[1] == pytest.approx(second["length_nm"].median(), abs=0.02)
    assert summary.orders[1].slope_decades_per_nm[1] == pytest.approx(
        second["slope_decades_per_nm"].median(), abs=0.05
    )
    table, summary = run_in_memory(KIND, [Trace("floor", np.arange(9.0), np.full(9, -8.0))], TracesSettings())
    assert len(table) == 0
    assert summary.reason == "no trace is complete"
    assert summary.numbers == ()


def test_steps_that_would_take_for_ever_are_refused_before_any_trace_is_read():
    settings = TracesSettings(histogram=HistogramSettings(displacement_range_nm=(-1, 200)))
    with pytest.raises(
        InputError, match=r"traces\.segments\.step_nm = 0\.01: .* has 20000 steps; choose 20 to 2000"
    ):
        KIND.check(settings)
    with pytest.raises(ValidationError, match="align"):
        TracesSection(histogram=settings.histogram)
    assert TracesSection(histogram=settings.histogram, analyses=["noise"]).enabled == ("noise",)


def test_steps_that_cannot_resolve_a_plateau_are_refused():
    with pytest.raises(ValidationError, match="less than three steps"):
        SegmentSettings(shortest_nm=0.1, step_nm=0.05)
