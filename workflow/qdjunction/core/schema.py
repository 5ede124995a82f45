"""Reading a YAML file into a model, with one clear sentence for everything that is wrong with it."""

import difflib
import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from qdjunction.core.errors import InputError

Model = TypeVar("Model", bound=BaseModel)

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$", max_length=80)]
"""What may stand in file names and wildcards."""


class Section(BaseModel):
    """A frozen table of keys in which a misspelt key is an error, and so is a number that is not finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, bool) and cls.model_fields[str(info.field_name)].annotation is not bool:
            raise ValueError("true and false are no value here; write a number or text")
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
"""What a plain scalar is, by the core schema of YAML 1.2; all else is text."""


def _resolve(loader: type[Any]) -> None:
    for name, pattern, first in _PLAIN_VALUES:
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(f"(?:{pattern})$"), list(first))


class _Loader(yaml.SafeLoader):
    """YAML 1.2, where PyYAML reads YAML 1.1: `1e-3` is a number, `010` is ten, `No` and `on` are text.

    Every key is text and stands once in its table.
    """

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]  # stub: of the instance

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: dict[str, yaml.Mark] = {}
        for key, _ in node.value:
            if key.tag not in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"):
                shown = repr(key.value) if isinstance(key, yaml.ScalarNode) else "of this table"
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {shown} is no text; put it in quotes", key.start_mark
                )
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None,
                    None,
                    f"the key '{key.value}' stands in line {seen[key.value].line + 1} already, and only one of the "
                    "two would count; put what they hold under one, or delete one",
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
    """Quotes what YAML 1.1 or `_Loader` would take for anything but text."""


_resolve(_Dumper)


def dump_yaml(values: dict[str, Any]) -> str:
    """Return values as the text of a YAML file that `read_yaml` reads back as they are."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML file that holds a table of keys.

    Raises
    ------
    InputError
        If the file is missing, not YAML, or not a table, or if a key stands twice in one table.
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
        problem = "is empty" if values is None else "holds no table of keys"
        raise InputError(f"{path}: {problem}; write lines such as 'key: value'")
    return values


def parse_yaml(text: str, source: str | Path) -> Any:
    """Read the value that YAML text holds; `source` is what an error is to name.

    Raises
    ------
    InputError
        If it is not YAML, or if a key stands twice in one table.
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(f"{source}{where}: {_remedy(error)}") from None
    except (ValueError, RecursionError) as error:  # ValueError: a number past all limits
        problem = f"{error}".partition(";")[0]
        raise InputError(f"{source}: not valid YAML ({problem}); shorten what is written there") from None


def _remedy(error: yaml.YAMLError) -> str:
    """What is wrong with YAML text and what to do about it."""
    problem = getattr(error, "problem", None) or f"{error}".partition(";")[0]
    if isinstance(error, yaml.constructor.ConstructorError) and error.context is None and "key " in problem:
        return problem
    if "'\\t'" in problem:
        return "not valid YAML (a tab); write spaces in its place"
    if "another document" in problem:
        return "not valid YAML (a second document begins here with '---'); keep one document in a file"
    return f"not valid YAML ({problem}); check indentation and quotes there"


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


_LIMITS = frozenset(("greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number"))
"""Kinds of errors for which a key's description gives the reason."""


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
        if detail["type"] in _LIMITS and (field := _field(model, detail["loc"])):
            reason += f" ({' '.join((field.description or '').split()).rstrip('.')})"
        if detail["type"] == "string_type" and isinstance(detail["input"], int | float):
            reason += "; put it in quotes"
    return f"{key} = {_short(detail['input'])}: {reason}"


def _field(model: type[BaseModel], location: tuple[int | str, ...]) -> FieldInfo | None:
    """Field of `model` or one of its sections that an error location points to."""
    keys = [index for index, part in enumerate(location) if isinstance(part, str)]
    if not keys:
        return None
    name = str(location[keys[-1]])
    sections = _sections(model, location[: keys[-1]])
    return next((found for section in sections if (found := section.model_fields.get(name))), None)


def _keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Keys of the section of `model` that an error location points into."""
    return list(dict.fromkeys(key for section in _sections(model, location) for key in section.model_fields))


def _sections(model: type[BaseModel], location: tuple[int | str, ...]) -> list[type[BaseModel]]:
    """Section of `model` that an error location points into; several where it can be one of several kinds."""
    sections = [model]
    for part in location:
        fields = [section.model_fields[part] for section in sections if part in section.model_fields]
        sections = [found for field in fields for found in models_in(field.annotation)] or sections
    return sections


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the models that the type of a key is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in models_in(argument)]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
