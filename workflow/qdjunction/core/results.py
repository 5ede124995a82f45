"""Results as models that are written to JSON and read back, with one clear error for a damaged file."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from qdjunction.core.errors import InputError
from qdjunction.core.files import write_json

if TYPE_CHECKING:
    import pandas as pd


def _nan_for_null(value: Any) -> Any:
    """Return a value read from JSON with every null replaced by nan."""
    match value:
        case None:
            return math.nan
        case dict():
            return {key: _nan_for_null(item) for key, item in value.items()}
        case list():
            return [_nan_for_null(item) for item in value]
    return value


NULL_IS_NAN = BeforeValidator(_nan_for_null)
"""Marks a field, such as a dataclass of numbers, in which null stands for nan or an infinite number."""

Real = Annotated[float, NULL_IS_NAN]
"""A number that may be missing: nan, which is null in JSON."""


class Result(BaseModel):
    """A result that one step passes to the next, or to the report, as JSON.

    Fields are written in the order of the model; those that were not set are left out. Unknown fields in files of
    other versions are ignored.
    """

    # Models are built on first use.
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    def write(self, path: str | Path) -> None:
        """Write it as JSON, atomically."""
        write_json(self.model_dump(exclude_unset=True), path)


R = TypeVar("R", bound=Result)


def read_result(model: type[R], path: str | Path) -> R:
    """Read a result.

    Raises
    ------
    InputError
        If the file is missing, damaged, or not a result of that kind.
    """
    try:
        return model.model_validate(read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its contents"
        raise InputError(f"{path}: {where}: {first['msg']}; compute it again") from None


def read_json(path: str | Path) -> dict[str, Any]:
    """Read a result in JSON as plain values.

    Raises
    ------
    InputError
        If it is missing or damaged.
    """
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); compute it again") from None
    if not isinstance(values, dict):
        raise InputError(f"{path}: holds no table of keys; compute it again")
    return values


def read_table(path: str | Path, most_rows: int | None = None) -> pd.DataFrame:
    """Read a result in CSV, or its first rows; only empty fields are missing values, texts such as "NA" are not.

    Raises
    ------
    InputError
        If it is missing or damaged.
    """
    import pandas as pd

    try:
        return pd.read_csv(path, keep_default_na=False, na_values=[""], nrows=most_rows)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); compute it again") from None
