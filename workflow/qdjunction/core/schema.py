"""Reading a YAML file into a model, with one clear sentence for each error in it."""

import difflib
import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from qdjunction.core.errors import InputError

Model = TypeVar("Model", bound=BaseModel)

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$", max_length=80)]
"""A name that may be part of file names and wildcards."""


class Section(BaseModel):
    """A frozen table of keys in which misspelt keys and non-finite numbers are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, bool) and cls.model_fields[str(info.field_name)].annotation is not bool:
            raise ValueError("true and false are not allowed here; write a number or text")
        return value


_PLAIN_VALUES = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
)
"""Types of plain scalars by the core schema of YAML 1.2; anything else is text."""


def _resolve(loader: type[Any]) -> None:
    for name, pattern, first in _PLAIN_VALUES:
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(f"(?:{pattern})$"), list(first))


class _Loader(yaml.SafeLoader):
    """YAML 1.2, where PyYAML reads YAML 1.1: `1e-3` is a number, `010` is ten, `No` and `on` are text.

    Every key is text and occurs only once in its table.
    """

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]  # stub: of the instance

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: dict[str, yaml.Mark] = {}
        for key, _ in node.value:
            if key.tag not in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"):
                shown = repr(key.value) if isinstance(key, yaml.ScalarNode) else "of this table"
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {shown} is not text; put it in quotes", key.start_mark
                )
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None,
                    None,
                    f"the key '{key.value}' is already in line {seen[key.value].line + 1}, and only one of the "
                    "two would be used; merge them, or delete one",
                    key.start_mark,
                )
            seen[key.value] = key.start_mark
        return node

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        return int(self.construct_scalar(node))


_resolve(_Loader)
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile("<<$"), ["<"])
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)


class _Dumper(yaml.SafeDumper):
    """Dumper that quotes text which YAML 1.1 or `_Loader` would take for another type."""


_resolve(_Dumper)


def dump_yaml(values: dict[str, Any]) -> str:
    """Return values as the text of a YAML file from which `read_yaml` restores them exactly."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Return the content of a YAML file that has a table of keys.

    Raises
    ------
    InputError
        If the file is missing, not YAML, or not a table, or if a table has a key twice.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(f"{path}, line {line}: not UTF-8 text; save the file as UTF-8") from None
    values = parse_yaml(text, path)
    if not isinstance(values, dict):
        problem = "is empty" if values is None else "has no table of keys"
        raise InputError(f"{path}: {problem}; write lines such as 'key: value'")
    return values


def parse_yaml(text: str, source: str | Path) -> Any:
    """Return the value of YAML text; errors name `source`.

    Raises
    ------
    InputError
        If it is not YAML, or if a table has a key twice.
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(f"{source}{where}: {_remedy(error)}") from None
    except (ValueError, RecursionError) as error:  # ValueError: a number with too many digits
        problem = f"{error}".partition(";")[0]
        raise InputError(f"{source}: not valid YAML ({problem}); shorten the value") from None


def _remedy(error: yaml.YAMLError) -> str:
    """Return what is wrong with YAML text and how to correct it."""
    problem = getattr(error, "problem", None) or f"{error}".partition(";")[0]
    if isinstance(error, yaml.constructor.ConstructorError) and error.context is None and "key " in problem:
        return problem
    if "'\\t'" in problem:
        return "not valid YAML (a tab); write spaces in its place"
    if "another document" in problem:
        return "not valid YAML (a second document begins here with '---'); use one document per file"
    return f"not valid YAML ({problem}); check indentation and quotes there"


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
    """Return what is wrong with one value of a model: key, value, reason.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        What is allowed.
    detail : pydantic_core.ErrorDetails
        The error.
    key : str, optional
        What the key is called where it was given; by default its name in the model.
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
    return _walk(model, location[: keys[-1]])[0].model_fields.get(str(location[keys[-1]]))


def _walk(
    model: type[BaseModel], location: tuple[int | str, ...]
) -> tuple[type[BaseModel], tuple[int | str, ...]]:
    """Section of `model` that an error location points into, and the location without the tags of unions."""
    options, path = [model], list[int | str]()
    for part in location:
        tagged = [option for option in options if len(options) > 1 and part in _tags(option)]
        if tagged:
            options = tagged
            continue
        path.append(part)
        if isinstance(part, str) and part in options[0].model_fields:
            options = _sections(options[0].model_fields[part].annotation) or options
    return options[0], tuple(path)


def _sections(annotation: Any) -> list[type[BaseModel]]:
    """Models in the annotation of a field."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for argument in get_args(annotation) for found in _sections(argument)]


def _tags(model: type[BaseModel]) -> set[Any]:
    """Values of the keys of a model that are fixed, which tell it from the other members of a union."""
    return {
        value
        for field in model.model_fields.values()
        if get_origin(field.annotation) is Literal
        for value in get_args(field.annotation)
    }


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
