"""Statistics of ensembles against closed forms."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from qdjunction.core.errors import InputError
from qdjunction.interference.ensemble import autocorrelation_time, share, spread
from qdjunction.interference.ensemble_series import MemberSeries, ensemble_group, ensemble_table
from qdjunction.interference.results import ComparisonSeries, IncompleteSeries, SingleSeries
from qdjunction.interference.settings import InterferenceSettings


def autoregressive(phi, n, seed=0):
    """Values of x' = phi x + noise, whose autocorrelation at lag k is phi^k."""
    noise = np.random.default_rng(seed).normal(size=n)
    values = np.empty(n)
    values[0] = noise[0] / math.sqrt(1 - phi**2)
    for k in range(1, n):
        values[k] = phi * values[k - 1] + noise[k]
    return values


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_the_autocorrelation_time_of_a_process_in_closed_form(phi):
    """tau = 1 + 2 sum_k phi^k = (1 + phi) / (1 - phi)."""
    assert autocorrelation_time(autoregressive(phi, 100_000)) == pytest.approx((1 + phi) / (1 - phi), rel=0.1)


def test_the_standard_error_is_that_of_repeated_series():
    """The error of the mean of one series is the scatter of the means of many."""
    series = [autoregressive(0.7, 400, seed) for seed in range(200)]
    errors = [spread(one, 0.68, correlated=True).standard_error for one in series]
    scatter = np.std([one.mean() for one in series])
    assert np.mean(errors) == pytest.approx(scatter, rel=0.15)
    naive = [spread(one, 0.68).standard_error for one in series]
    assert np.mean(naive) < 0.6 * scatter


def test_short_and_constant_series_have_no_autocorrelation():
    assert autocorrelation_time([1.0, 2.0]) == 1
    assert autocorrelation_time([3.0] * 9) == 1
    assert autocorrelation_time([math.nan, 1.0, math.nan]) == 1


def test_a_missing_value_leaves_the_others_where_they_are():
    values = autoregressive(0.9, 20_000)
    values[::7] = np.nan
    found = spread(values, 0.68, correlated=True)
    assert found.n == np.isfinite(values).sum()
    # The seventh part is missing, and with it as much of the correlated neighbours.
    assert 12 < found.n / found.effective < 20


def test_the_percentiles_of_a_normal_distribution():
    found = spread(np.random.default_rng(1).normal(2, 0.5, 200_000), 0.6827)
    assert found.mean == pytest.approx(2, abs=0.01)
    assert found.median == pytest.approx(2, abs=0.01)
    assert found.standard_deviation == pytest.approx(0.5, rel=0.01)
    assert found.percentiles == pytest.approx((1.5, 2.5), abs=0.01)
    assert found.standard_error == pytest.approx(0.5 / math.sqrt(200_000), rel=0.01)


def test_one_value_and_none_have_no_error():
    assert math.isnan(spread([1.0], 0.68).standard_error)
    assert math.isnan(spread([], 0.68).mean)


def test_the_interval_of_a_share_holds_its_posterior():
    found = share([True] * 3 + [False] * 7 + [None], 0.9)
    assert (found.count, found.n, found.share) == (3, 10, 0.3)
    density = lambda p: p**2.5 * (1 - p) ** 6.5  # noqa: E731
    inside, everything = quad(density, *found.interval)[0], quad(density, 0, 1)[0]
    assert inside / everything == pytest.approx(0.9, abs=1e-6)


def test_the_interval_of_none_and_of_all_reaches_the_end():
    assert share([False] * 8, 0.68).interval[0] == 0
    assert share([True] * 8, 0.68).interval[1] == 1
    assert 0.7 < share([True] * 8, 0.68).interval[0] < 1


def test_a_share_of_correlated_members_is_less_certain():
    holds = [True] * 20 + [False] * 20
    free, bound = share(holds, 0.68), share(holds, 0.68, autocorrelation_time(holds))
    assert bound.effective < 10
    assert np.ptp(bound.interval) > 2 * np.ptp(free.interval)


@pytest.mark.parametrize("confidence", [0, 1, 1.5])
def test_a_confidence_that_is_none_is_refused(confidence):
    with pytest.raises(InputError, match="confidence"):
        spread([1.0, 2.0], confidence)


FIELDS = {"left": "L", "window_ev": (-1, 1), "headline_energy_ev": 0.0, "headline": "HOMO + 1 eV"}


def comparison(short, long, share_long_above=1.0, gap=2.0):
    return ComparisonSeries(
        **FIELDS, kind="comparison", junctions=("short", "long"), distances_ang=(4.0, 6.0), gap_ev=(-1, gap - 1),
        conductance_at_headline_G0=(10**short, 10**long), log10_ratio_at_headline=long - short,
        median_log10_ratio=long - short, share_long_above=share_long_above, sentence="",
    )  # fmt: skip


def test_numbers_and_statements_of_a_group():
    members = [
        MemberSeries("a", (comparison(-4.0, -3.0),)),
        MemberSeries("b", (comparison(-3.0, -2.9, 0.5, gap=3.0),)),
        MemberSeries("c", ()),
    ]
    reference = (comparison(-3.5, -3.0),)
    group = ensemble_group("tips", reference, members, {"c": "lost"}, {"members": 3}, InterferenceSettings())
    (series,) = group.summary.series
    numbers = {(one.name, one.junction): one for one in series.quantities}
    short = numbers["log10_conductance_G0", "short"]
    assert short.reference == pytest.approx(-3.5)
    assert (short.spread.n, short.spread.median) == (2, pytest.approx(-3.5))
    assert numbers["step_decades", ""].spread.mean == pytest.approx(0.55)
    assert numbers["gap_ev", ""].spread.mean == pytest.approx(2.5)
    statements = {one.name: one.share for one in series.statements}
    assert (statements["rise_at_headline"].count, statements["rise_at_headline"].n) == (1, 2)
    assert statements["rise_across_gap"].count == 1
    assert group.summary.missing == {"c": "lost"}
    assert "1 of 2" in series.sentence
    table = ensemble_table([group])
    assert len(table) == 2 * 4
    assert table.loc[table["member"] == "b", "step_decades"].tolist() == pytest.approx([0.1, 0.1])


def test_a_single_junction_has_no_statement():
    one = SingleSeries(
        **FIELDS, kind="single", junctions=("L-R",), distances_ang=(5.0,), gap_ev=(-1, 1),
        conductance_at_headline_G0=(1e-3,), sentence="",
    )  # fmt: skip
    group = ensemble_group("tips", [one], [MemberSeries("a", (one,))], {}, {}, InterferenceSettings())
    assert group.summary.series[0].statements == ()


def test_what_is_not_known_has_no_numbers_in_the_sentence():
    """T(E) may cover the headline energy of members, but not that of the dot itself, or of none of them."""
    fields = FIELDS | {"junctions": ("short", "long"), "distances_ang": (4.0, 6.0), "gap_ev": (-1, 1)}
    unknown = IncompleteSeries(
        **fields, kind="incomplete", conductance_at_headline_G0=(math.nan, math.nan), missing={}, sentence=""
    )
    known = MemberSeries("a", (comparison(-3, -2),)), MemberSeries("b", (comparison(-3, -1),))
    none = MemberSeries("a", (unknown,)), MemberSeries("b", ())
    sentences = [
        ensemble_group("tips", [unknown], members, {}, {}, InterferenceSettings()).summary.series[0].sentence
        for members in (known, none)
    ]
    assert "has the median -1.50" in sentences[0]
    assert "(the dot itself: not known)" in sentences[0]
    assert sentences[1] == "In none of 2 members (tips) is log10 G of long known at the headline energy."


def test_statements_of_all_snapshots_are_no_surer_than_their_numbers():
    """All rise, so that the statement has no autocorrelation of its own; the steps behind it have."""
    steps = 2 + 0.1 * autoregressive(0.8, 40)
    members = [MemberSeries(str(k), (comparison(-4.0, -4.0 + step),)) for k, step in enumerate(steps)]
    reference = (comparison(-4.0, -2.0),)
    shares = {}
    for kind in ("tips", "snapshots"):
        group = ensemble_group(kind, reference, members, {}, {}, InterferenceSettings())
        (series,) = group.summary.series
        shares[kind] = next(one.share for one in series.statements if one.name == "rise_at_headline")
        assert "Over 40 of 40 members" in series.sentence
    assert shares["tips"].effective == shares["tips"].n == shares["snapshots"].count == 40
    assert shares["snapshots"].effective == pytest.approx(40 / autocorrelation_time(steps))
    assert shares["snapshots"].interval[0] < shares["tips"].interval[0]
