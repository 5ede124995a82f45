from itertools import islice

import numpy as np
import pytest

from qdjunction.core.errors import InputError
from qdjunction.traces.plateaus import measure_plateaus, plateaus_of
from qdjunction.traces.settings import PlateauSettings, SimulationSettings, TracesSettings
from qdjunction.traces.simulation import SlidingSeries, simulate
from qdjunction.traces.trace import Trace

# Sites half a nanometre apart, at the published levels.
SERIES = SlidingSeries(("L-R1", "L-R2", "L-R3"), (4.0, 9.0, 14.0), (-1.54, -2.72, -4.13))


def staircase() -> Trace:
    z = np.round(np.arange(-0.2, 2.0, 0.001), 3)
    g = np.select([z <= -0.1, z <= 0, z <= 0.3, z <= 0.8, z <= 1.2], [1.0, 0.0, -1.5, -2.7, -4.1], -7.5)
    return Trace("staircase", z + 5.0, g)  # a file's zero is arbitrary


def test_plateaus_of_a_staircase():
    found = plateaus_of(staircase(), (-1.5, -2.7, -4.1, -5.5), TracesSettings())
    assert [plateau.length_nm for plateau in found[:3]] == pytest.approx([0.3, 0.5, 0.4], abs=1e-9)
    assert [plateau.displacement_nm for plateau in found[:3]] == pytest.approx([0.15, 0.55, 1.0], abs=1e-3)
    assert found[3] is None


def test_short_stay_is_a_passage():
    settings = TracesSettings(plateaus=PlateauSettings(shortest_nm=0.35))
    assert plateaus_of(staircase(), (-1.5, -2.7), settings)[0] is None


def test_incomplete_trace_has_no_plateaus():
    trace = staircase()
    assert (
        plateaus_of(Trace("cut", trace.displacement_nm[:900], trace.log10_g[:900]), (-1.5,), TracesSettings())
        is None
    )


def test_spacing_of_simulated_plateaus_is_that_of_the_sites():
    settings = SimulationSettings(seed=2, points=6000, slide_fraction=1.0)
    traces = (item.trace for item in islice(simulate(SERIES, settings), 300))
    statistics = measure_plateaus(traces, [-4.13, -1.54, -2.72])
    assert statistics.levels_log10_g == (-1.54, -2.72, -4.13)
    assert statistics.traces == 300
    bound = statistics.counts[0]
    assert statistics.counts[1] == statistics.counts[2] == bound == pytest.approx(255, abs=20)
    # The first plateau starts at zero and ends half-way to the second, 0.25 nm after its middle.
    fits = statistics.displacement_fits()
    assert [fit.peaks[0].centre for fit in fits] == pytest.approx([0.215, 0.68, 1.18], abs=0.015)
    for (spacing, low, high), true in zip(statistics.spacings_nm(), (0.465, 0.5), strict=True):
        assert low - 0.005 < true < high + 0.005
        assert spacing == pytest.approx(true, abs=0.02)
        assert high - low < 0.05


def test_overlapping_bands_are_refused():
    with pytest.raises(InputError, match="half_width_decades"):
        measure_plateaus([], (-4.0, -4.6))
