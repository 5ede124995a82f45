from collections import Counter
from itertools import islice

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from qdjunction.core.errors import InputError
from qdjunction.traces.clustering import classify, describe
from qdjunction.traces.settings import ClassSettings, SimulationSettings, TracesSettings
from qdjunction.traces.simulation import simulate
from support.traces import SERIES

# Five kinds of traces: no dot, and a contact that breaks off after the first, second, third and fourth site.
FIVE = SimulationSettings(seed=4, points=4000, bound_fraction=0.8, slide_fraction=0.75)


@pytest.fixture(scope="module")
def simulated():
    return list(islice(simulate(SERIES, FIVE), 600))


@pytest.fixture(scope="module")
def classes(simulated):
    settings = TracesSettings(classes=ClassSettings(sample_traces=500, repeats=4, largest_classes=7))
    labels = {}
    return classify([item.trace for item in simulated], settings, labels.__setitem__), labels


def test_five_kinds_of_traces_are_found(simulated, classes):
    found, labels = classes
    truth = {item.trace.name: item.sites for item in simulated}
    assert len(set(truth.values())) == 5
    assert list(labels) == list(truth)  # also those outside the sample
    assert adjusted_rand_score(list(truth.values()), list(labels.values())) > 0.95
    assert Counter(labels.values()) == dict(enumerate(found.sizes.tolist()))
    assert found.sizes[0] == found.sizes.max()


def test_five_classes_are_stable_and_more_are_less_so(classes):
    classes, _ = classes
    agreement = {item.classes: item.agreement_mean for item in classes.stability}
    assert agreement[5] > 0.99
    assert agreement[5] > max(agreement[6], agreement[7])
    assert all(item.agreement_min <= item.agreement_mean <= 1 for item in classes.stability)
    assert all(-1 <= item.silhouette <= 1 for item in classes.stability)
    assert classes.eigenvalues[0] == pytest.approx(0, abs=1e-9)
    assert np.all(np.diff(classes.eigenvalues) > -1e-9)


def test_traces_without_structure_have_no_stable_classes():
    # One kind of trace, told apart by noise alone.
    one = FIVE.model_copy(update={"bound_fraction": 1.0, "slide_fraction": 1.0})
    settings = TracesSettings(classes=ClassSettings(sample_traces=200, repeats=4, largest_classes=6))
    found = classify([item.trace for item in islice(simulate(SERIES, one), 200)], settings)
    assert {item.classes: item.agreement_mean for item in found.stability}[5] < 0.9


def test_profiles_are_distributions(classes):
    classes, _ = classes
    assert classes.profiles.shape == (5, 8, 24)
    np.testing.assert_allclose(classes.profiles.sum(axis=(1, 2)), 1, rtol=1e-5)


def test_same_seed_gives_the_same_classes(simulated, classes):
    settings = TracesSettings(classes=ClassSettings(sample_traces=500, repeats=2, largest_classes=2))
    again = {}
    classify([item.trace for item in simulated], settings, again.__setitem__)
    assert again == classes[1]


def test_description_is_a_unit_vector(simulated):
    assert np.linalg.norm(describe(simulated[0].trace, TracesSettings())) == pytest.approx(1)


def test_too_few_traces_are_refused(simulated):
    with pytest.raises(InputError, match="too few"):
        classify([item.trace for item in simulated[:10]])
