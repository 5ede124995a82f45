"""Models of settings, with one clear sentence for each wrong value."""

import ast
import difflib
import inspect
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails

from qdjunction.core.errors import InputError

Model = TypeVar("Model", bound=BaseModel)

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$", max_length=80)]
"""A name that may be part of file names and wildcards."""


class Section(BaseModel):
    """A frozen table of keys in which misspelt keys and non-finite numbers are errors."""

    # Models are built on first use: most uses of the library need only a few of them.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Add the docstrings of the fields to the JSON schema."""
        written = handler(schema)
        properties = handler.resolve_ref_schema(written).get("properties", {})
        for key, field in described(cls).items():
            if field.description and key in properties:
                properties[key].setdefault("description", field.description)
        return written

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, bool) and cls.model_fields[str(info.field_name)].annotation is not bool:
            raise ValueError("true and false are not allowed here; write a number or text")
        return value


def described(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a model, of which those of a `Section` have their docstrings as descriptions.

    The docstrings are read when they are needed: with pydantic's `use_attribute_docstrings` every job of a study would
    read the source of all settings, which takes as long as importing SciPy.
    """
    for cls in model.__mro__:
        file = getattr(sys.modules.get(cls.__module__), "__file__", None)
        if issubclass(cls, Section) and file:
            for key, text in _docstrings(file).get(cls.__qualname__, {}).items():
                if key in model.model_fields and model.model_fields[key].description is None:
                    model.model_fields[key].description = text
    return model.model_fields


@cache
def _docstrings(file: str) -> dict[str, dict[str, str]]:
    """Return the docstring of each attribute of each class of a source file, by qualified name."""
    path = Path(file)
    if path.suffix != ".py" or not path.is_file():
        return {}
    found: dict[str, dict[str, str]] = {}

    def walk(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                found[prefix + child.name] = _of_attributes(child)
                walk(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.FunctionDef):
                walk(child, f"{prefix}{child.name}.<locals>.")

    walk(ast.parse(path.read_bytes()), "")
    return found


def _of_attributes(node: ast.ClassDef) -> dict[str, str]:
    texts = {}
    for statement, following in pairwise(node.body):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                texts[name] = inspect.cleandoc(text)
    return texts


def validate(model: type[Model], values: dict[str, Any], source: str | Path) -> Model:
    """Return values as an instance of a model.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        The model.
    values : dict
        Values to check.
    source : str or Path
        File that errors name.

    Raises
    ------
    InputError
        With a line for each wrong key: file, key, value, and what is expected.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise InputError(
            "\n".join(f"{source}: {error_sentence(model, detail)}" for detail in error.errors())
        ) from None


_LIMITS = frozenset(("greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number"))
"""Types of errors whose reason is given in the description of the key."""


def error_sentence(model: type[BaseModel], detail: ErrorDetails, key: str | None = None) -> str:
    """Return the message for one wrong value of a model: key, value, reason.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        The model.
    detail : pydantic_core.ErrorDetails
        The error.
    key : str, optional
        Name of the key where it was given, such as an option; by default its name in the model.
    """
    if key is None:
        key = ".".join(str(part) for part in _walk(model, detail["loc"])[1])
    if detail["type"] == "extra_forbidden":
        known = list(_walk(model, detail["loc"][:-1])[0].model_fields)
        close = difflib.get_close_matches(str(detail["loc"][-1]), known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"known here: {', '.join(known)}"
        return f"unknown key '{key}'; {hint}"
    if detail["type"] == "missing":
        return f"key '{key}' is missing; add it"
    if detail["type"] == "union_tag_invalid":
        name, tag, known = (detail["ctx"][part] for part in ("discriminator", "tag", "expected_tags"))
        name = name.strip("'()")
        return f"{key}.{name} = '{tag}': choose one of {known}"
    if detail["type"] == "value_error":
        reason = str(detail["ctx"]["error"])
        # A validator of the model has the entire table as its value, and its message names the error.
        if isinstance(detail["input"], dict):
            return f"{key}: {reason}" if key else reason
    else:
        reason = detail["msg"][0].lower() + detail["msg"][1:]
        if detail["type"] in _LIMITS and (field := _field(model, detail["loc"])):
            reason += f" ({' '.join((field.description or '').split()).rstrip(' .')})"
        if detail["type"] == "string_type" and isinstance(detail["input"], int | float):
            reason += "; put it in quotes"
    return f"{key} = {_short(detail['input'])}: {reason}"


def _field(model: type[BaseModel], location: tuple[int | str, ...]) -> FieldInfo | None:
    """Return the field of `model` or of one of its sections that an error location points to."""
    keys = [index for index, part in enumerate(location) if isinstance(part, str)]
    if not keys:
        return None
    return described(_walk(model, location[: keys[-1]])[0]).get(str(location[keys[-1]]))


def _walk(
    model: type[BaseModel], location: tuple[int | str, ...]
) -> tuple[type[BaseModel], tuple[int | str, ...]]:
    """Return the section of `model` that an error location points into, and the location without tags of unions."""
    options, path = [model], list[int | str]()
    for part in location:
        tagged = [option for option in options if len(options) > 1 and part in _tags(option)]
        if tagged:
            options = tagged
            continue
        path.append(part)
        if isinstance(part, str) and part in options[0].model_fields:
            options = models_in(options[0].model_fields[part].annotation) or options
    return options[0], tuple(path)


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the models in the annotation of a field, e.g. those of a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for argument in get_args(annotation) for found in models_in(argument)]


def _tags(model: type[BaseModel]) -> set[Any]:
    """Return the fixed values of keys of a model, which distinguish it from the other members of a union."""
    return {
        value
        for field in model.model_fields.values()
        if get_origin(field.annotation) is Literal
        for value in get_args(field.annotation)
    }


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
