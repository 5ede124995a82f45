"""Samples and tables of streams."""

import numpy as np
import pandas as pd
import pytest

from qdjunction.core.files import writing_table
from qdjunction.traces.analyses.contract import ROWS, writing_rows
from qdjunction.traces.streams import batches, reservoir


def test_a_sample_is_in_the_order_of_the_stream_and_every_item_is_as_likely():
    random = np.random.default_rng(0)
    assert reservoir("abc", 5, random) == [(0, "a"), (1, "b"), (2, "c")]
    drawn = np.zeros(30)
    for _ in range(2000):
        sample = reservoir(range(30), 6, random)
        places = [place for place, _ in sample]
        assert places == [item for _, item in sample] == sorted(set(places))
        drawn[places] += 1
    assert drawn.sum() == 12_000
    # 400 of each are expected, with a standard deviation of 18.
    assert np.abs(drawn - 400).max() < 75


def test_batches_hold_every_item():
    assert list(batches(range(5), 2)) == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize("count", [0, 3, ROWS, ROWS + 1])
def test_a_table_written_in_parts_is_that_written_at_once(tmp_path, count):
    with writing_table(tmp_path / "t.csv") as write, writing_rows(write, ("file", "x")) as add:
        for number in range(count):
            add((f"t{number}", number / 3))
    read = pd.read_csv(tmp_path / "t.csv")
    assert list(read.columns) == ["file", "x"]
    assert len(read) == count
    np.testing.assert_allclose(read["x"].to_numpy(dtype=float), np.arange(count) / 3, rtol=1e-9)
