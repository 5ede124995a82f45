"""Reading a YAML file into a model, with one clear sentence for everything that is wrong with it."""

import difflib
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from qdjunction.core.errors import InputError

Model = TypeVar("Model", bound=BaseModel)

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$", max_length=80)]
"""What may stand in file names and wildcards."""


class Section(BaseModel):
    """A frozen table of keys in which a misspelt key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML file that holds a table of keys.

    Raises
    ------
    InputError
        If the file is missing, not YAML, or not a table.
    """
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    except (
        yaml.YAMLError,
        ValueError,
        RecursionError,
    ) as error:  # ValueError: no text, or a number past all limits
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or f"{error}".partition(";")[0]
        raise InputError(
            f"{path}{where}: not valid YAML ({problem}); check indentation and quotes there"
        ) from None
    if not isinstance(values, dict):
        raise InputError(f"{path}: holds no table of keys; write lines such as 'key: value'")
    return values


def validate(model: type[Model], values: dict[str, Any], source: str | Path) -> Model:
    """Check values against a model.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        What is allowed.
    values : dict
        What was given.
    source : str or Path
        File that an error is to name.

    Raises
    ------
    InputError
        A line for each wrong key: file, key, value, what is expected.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise InputError(
            "\n".join(f"{source}: {_sentence(model, detail)}" for detail in error.errors())
        ) from None


def _sentence(model: type[BaseModel], detail: ErrorDetails) -> str:
    key = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        known = _keys(model, detail["loc"][:-1])
        close = difflib.get_close_matches(str(detail["loc"][-1]), known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"known here: {', '.join(known)}"
        return f"unknown key '{key}'; {hint}"
    if detail["type"] == "missing":
        return f"key '{key}' is missing; add it"
    if detail["type"] == "value_error":
        reason = str(detail["ctx"]["error"])
        # A model's own check has the whole table as its value and names what is wrong itself.
        if isinstance(detail["input"], dict):
            return f"{key}: {reason}" if key else reason
    else:
        reason = detail["msg"][0].lower() + detail["msg"][1:]
    return f"{key} = {_short(detail['input'])}: {reason}"


def _keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Keys of the section of `model` that an error location points into."""
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            candidates = [model.model_fields[part].annotation]
            while candidates:
                candidate = candidates.pop()
                if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                    model = candidate
                    break
                candidates.extend(get_args(candidate))
    return list(model.model_fields)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
