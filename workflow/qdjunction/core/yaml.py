"""Reading and writing of YAML 1.2, with one clear sentence for each error."""

import re
from pathlib import Path
from typing import Any, ClassVar

import yaml

from qdjunction.core.errors import InputError

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
    """Loader of YAML 1.2 (PyYAML reads YAML 1.1): `1e-3` is a number, `010` is ten, `No` and `on` are text.

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
            if isinstance(key.value, str) and (odd := re.search(r"(?! )\s", key.value)):
                raise yaml.constructor.ConstructorError(
                    None,
                    None,
                    f"the key {key.value!r} has a blank that is no space (U+{ord(odd[0]):04X}); type it again",
                    key.start_mark,
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
    """Return a sentence on the error in a YAML text and how to correct it."""
    problem = getattr(error, "problem", None) or f"{error}".partition(";")[0]
    if isinstance(error, yaml.constructor.ConstructorError) and error.context is None and "key " in problem:
        return problem
    if "'\\t'" in problem:
        return "not valid YAML (a tab); write spaces in its place"
    if "another document" in problem:
        return "not valid YAML (a second document begins here with '---'); use one document per file"
    return f"not valid YAML ({problem}); check indentation and quotes there"
