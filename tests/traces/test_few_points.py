"""The rise of a trace with few points, by the numbers of the published rule."""

import numpy as np
import pytest

from qdjunction.traces.few_points import largest_rise


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ([-3, -4, -5, -4.5, -4.6], (2, 3, 0.5, True, True)),
        ([-3, -4, -5, -4.7, -4.8], (2, 3, 0.3, False, True)),
        ([-2, -3, -4, -2, -2.1], (2, 3, 2.0, True, False)),  # above the range of feet
        ([-3, -4, np.nan, -5, -4.5], (3, 4, 0.5, True, True)),
    ],
)
def test_the_largest_rise_is_compared_with_height_and_foot_of_a_jump(level, expected):
    rise = largest_rise(np.arange(5) * 0.04, level)
    assert (rise.foot, rise.top, rise.is_high, rise.has_foot) == (*expected[:2], *expected[3:])
    assert rise.decades == pytest.approx(expected[2])
    assert rise.is_jump == (rise.is_high and rise.has_foot)


def test_a_rise_may_take_several_steps_within_half_an_angstrom_and_no_longer():
    level = [-5, -4.8, -4.6, -4.4, -4.2]
    assert largest_rise(np.arange(5) * 0.02, level).decades == pytest.approx(0.4)
    assert largest_rise(np.arange(5) * 0.05, level).decades == pytest.approx(0.2)
    assert largest_rise(np.arange(5) * 0.06, level) is None
    assert largest_rise([0, 0.04], [-4, -5]) is None
