"""Results are written as JSON and read back as they were."""

import json
import math
from dataclasses import dataclass
from typing import Annotated

import pytest

from qdjunction.core.errors import InputError
from qdjunction.core.results import NULL_IS_NAN, Real, Result, read_json, read_result, read_table


@dataclass(frozen=True)
class Fit:
    slope: float
    interval: tuple[float, float]


class Record(Result):
    name: str
    share: Real
    fit: Annotated[Fit, NULL_IS_NAN] | None
    reason: str = ""


def test_what_is_written_is_read_back_and_missing_numbers_are_nan(tmp_path):
    record = Record(name="a", share=math.nan, fit=Fit(1.5, (0.25, math.inf)))
    record.write(tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text()) == {
        "name": "a", "share": None, "fit": {"slope": 1.5, "interval": [0.25, None]}
    }  # fmt: skip
    again = read_result(Record, tmp_path / "a.json")
    assert math.isnan(again.share)
    assert (again.fit.slope, again.fit.interval[0]) == (1.5, 0.25)
    assert math.isnan(again.fit.interval[1])
    Record(name="b", share=0.5, fit=None).write(tmp_path / "b.json")
    assert read_result(Record, tmp_path / "b.json") == Record(name="b", share=0.5, fit=None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read"), ("[]", "holds no table of keys"), ('{"name": "a"}', "share: Field required"),
        ('{"name": "a", "share": "much", "fit": null}', "share: Input should be a valid number"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_one_clear_error(tmp_path, text, message):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=rf"a\.json: {message}.*; compute it again"):
        read_result(Record, tmp_path / "a.json")


def test_missing_files_are_named(tmp_path):
    for read in (read_json, read_table):
        with pytest.raises(InputError, match="none: cannot be read"):
            read(tmp_path / "none")
