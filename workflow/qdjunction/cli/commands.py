"""Base class of commands, which are models of their arguments, and the argparse parser made from them."""

import argparse
import re
from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Self, get_args, get_origin

from pydantic import BaseModel, Field, ValidationError
from pydantic.fields import FieldInfo

from qdjunction.core.errors import InputError
from qdjunction.core.schema import Section, described, error_sentence, models_in

Read = Callable[[str, str], Any]
"""Function that returns the value of a word; its first argument is the name of the option, for errors."""

Labels = dict[tuple[str, ...], str]
"""Names of the arguments in errors, by their fields."""


def option(
    default: Any, text: str, *, name: str = "", metavar: str = "", unit: str = "", positional: bool = False,
    nargs: str | None = None, read: Read | None = None, written: bool = False, **limits: Any,
) -> Any:  # fmt: skip
    """Return a field of a command.

    Parameters
    ----------
    default : object
        Default value; ``...`` if the argument is required.
    text : str
        Help text; unit, choices and default are added.
    name : str
        Name of the option, by default that of the field.
    metavar : str
        Placeholder of the value in the help, by default the unit or the name.
    unit : str
        Unit of the value, for help and errors.
    positional : bool
        Whether the value is typed without the name.
    nargs, read : optional
        As in argparse and `Read`, if they do not follow from the type.
    written : bool
        Whether the value is a file that the command writes.
    **limits
        As for `pydantic.Field`.
    """
    typed = {"name": name, "metavar": metavar, "unit": unit, "positional": positional, "nargs": nargs}
    extra: Any = typed | {"read": read, "written": written}
    return Field(default, description=text, json_schema_extra=extra, **limits)


class Keys(dict[str, str]):
    """The keys of a section of settings that are options, each with its name; an empty name stands for the key.

    The name of a key that is itself a section is the prefix of its options.
    """


class Command(Section):
    """A command; the first line of its docstring is its help text.

    A field made by `option` is an argument. A field that is a section of settings makes an option of each key of the
    section, or of those in `Keys`, with its type, default, limits and description. A key whose value is a table of one
    of several kinds takes ``KIND KEY=VALUE ...``.
    """

    option_names: ClassVar[Mapping[str, str]] = {}
    """How errors of the library, which name the keys of a configuration, begin or call a key, and what its option is
    called here."""

    @abstractmethod
    def run(self) -> None:
        """Run the command."""

    def in_options(self, message: str) -> str:
        """Return an error of the library with the names of options in place of those of keys."""
        for key, name in self.option_names.items():
            message = re.sub(rf"(?<![\w.-]){re.escape(key)}", name, message)
        return message

    @classmethod
    def for_words(cls, words: list[str]) -> type[Self]:
        """Return the command with the fields that it has for these words, by default the same for all."""
        return cls

    @classmethod
    def from_arguments(cls, given: Mapping[str, Any], labels: Labels) -> Self:
        """Return the command with the values that argparse found.

        Raises
        ------
        InputError
            A line for each wrong value: option, value, what is expected.
        """
        values: dict[str, Any] = {}
        for dest, value in given.items():
            *sections, key = dest.split(".")
            table = values
            for section in sections:
                table = table.setdefault(section, {})
            table[key] = value
        try:
            command = cls.model_validate(values)
        except ValidationError as error:
            lines = []
            for detail in error.errors():
                if detail["type"].startswith(("greater", "less")) and isinstance(detail["input"], str):
                    (limit,) = detail["ctx"].values()
                    detail["input"] = type(limit)(detail["input"])  # a number is shown as such
                path = tuple(key for key in detail["loc"] if isinstance(key, str))
                starts = (path[:size] for size in range(len(path), 0, -1))
                label = next((labels[start] for start in starts if start in labels), ".".join(path))
                lines.append(error_sentence(cls, detail, label))
            raise InputError("\n".join(lines)) from None
        command._check_written(labels)
        return command

    def _check_written(self, labels: Labels) -> None:
        """Raise InputError for a file that the command would write and reads or writes by another name as well."""
        written: dict[Path, str] = {}
        read: set[Path] = set()
        for key, field in type(self).model_fields.items():
            value = getattr(self, key)
            files = value if isinstance(value, list) else [value]
            paths = {Path(file).resolve() for file in files if isinstance(file, str | Path)}
            extra = field.json_schema_extra
            if not (isinstance(extra, dict) and extra.get("written")):
                read |= paths
                continue
            for path in paths:
                name = f"{labels.get((key,), key)} {value}"
                if other := written.get(path):
                    raise InputError(f"{name}: is the same file as {other}; name another one")
                written[path] = name
        for path, name in written.items():
            if path in read and path.is_file():
                raise InputError(
                    f"{name}: is a file that the command reads, and would be lost; name another one"
                )


class Group(NamedTuple):
    """Commands of two words: `COMMANDS` and `EXAMPLES` of a module that is imported only if the first word is given."""

    summary: str
    module: str


Commands = Mapping[str, type[Command] | Group]
"""Commands by the word that calls them, in the order of the help."""


def add_commands(parser: argparse.ArgumentParser, commands: Commands, words: list[str]) -> None:
    """Add commands to a parser: those among `words` with their arguments, the others only with their summaries."""
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, entry in commands.items():
        text = entry.summary if isinstance(entry, Group) else (entry.__doc__ or "").partition("\n")[0]
        subparser = subparsers.add_parser(
            name, help=f"{text[0].lower()}{text[1:].removesuffix('.')}", description=text
        )
        if name in words and isinstance(entry, Group):
            module = import_module(entry.module)
            subparser.epilog = module.EXAMPLES
            subparser.formatter_class = argparse.RawDescriptionHelpFormatter
            add_commands(subparser, module.COMMANDS, words)
        elif name in words and not isinstance(entry, Group):
            command = entry.for_words(words)
            # No field of a model begins with an underscore, so these are no options of any command.
            subparser.set_defaults(_command=command, _labels=add_arguments(subparser, command))


def add_arguments(
    parser: argparse.ArgumentParser, model: type[BaseModel], keys: Mapping[str, str] | None = None,
    path: tuple[str, ...] = (), prefix: str = "",
) -> Labels:  # fmt: skip
    """Add the fields of a command or, at `path` in it, the `keys` of a section to a parser; return their labels.

    An option of a section that the command has by the same name is preceded by the name of the section.
    """
    group: Any = parser.add_argument_group(".".join(path)) if path else parser
    labels: Labels = {}
    taken = parser.format_usage().replace("[", " ").split()
    for key, field in described(model).items():
        if keys is not None and key not in keys:
            continue
        here, kind, required = (*path, key), field.annotation, field.is_required()
        name = keys[key] if keys else ""
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            below = next((entry for entry in field.metadata if isinstance(entry, Keys)), None)
            labels |= add_arguments(parser, kind, below, here, name or prefix)
            continue
        typed: Any = {} if path else field.json_schema_extra or {}
        unit, read = typed.get("unit"), typed.get("read")
        flag = f"--{name or typed.get('name') or prefix + key}".replace("_", "-")
        if path and flag in taken:
            flag = f"--{path[-1]}-{flag.removeprefix('--')}".replace("_", "-")
        labels[here] = f"{flag}: {'.'.join(here)}" if path else f"{flag} ({unit})" if unit else flag
        settings: dict[str, Any] = {"help": _help(field, unit), "default": argparse.SUPPRESS}
        if kinds := [] if read else models_in(kind):
            settings["help"] += f": {_kinds(kinds)}"
            settings |= {"action": _Table, "nargs": "+", "metavar": ("KIND", "KEY=VALUE")}
        elif get_origin(kind) is dict:
            settings |= {"action": _Entry, "metavar": "KEY=VALUE"}
        elif kind is bool:
            settings["action"] = argparse.BooleanOptionalAction if field.default else "store_true"
        else:
            settings["type"] = partial(read, flag) if read else str
            settings["nargs"] = typed.get("nargs") or (None if read else _nargs(kind))
            settings["metavar"] = typed.get("metavar") or unit or ("X" if path else flag[2:].upper())
        if typed.get("positional"):
            settings["metavar"] = typed["metavar"] or key
            settings["nargs"] = settings["nargs"] or (None if required else "?")
            group.add_argument(key, **settings)
        else:
            group.add_argument(flag, dest=".".join(here), required=required, **settings)
    return labels


class _Entry(argparse.Action):
    """An entry of a table, ``KEY=VALUE``; the option may stand several times."""

    def __call__(
        self, parser: object, namespace: argparse.Namespace, word: Any, flag: str | None = None
    ) -> None:
        key, sign, value = word.partition("=")
        if not sign or not key.strip():
            raise InputError(f"{flag} {word}: not a key with its value; write {flag} KEY=VALUE")
        entries = getattr(namespace, self.dest, {}) | {key.strip(): value.strip()}
        setattr(namespace, self.dest, entries)


class _Table(argparse.Action):
    """A table of one kind, ``KIND KEY=VALUE ...``; commas separate the entries of a list."""

    def __call__(
        self, parser: object, namespace: argparse.Namespace, words: Any, flag: str | None = None
    ) -> None:
        table: dict[str, Any] = {"kind": words[0]}
        for word in words[1:]:
            key, sign, value = word.partition("=")
            if not sign or not key or key in table:
                raise InputError(
                    f"{flag} {' '.join(words)}: '{word}' is no new key with a value; write KIND KEY=VALUE ..."
                )
            table[key] = value.split(",") if "," in value else value
        setattr(namespace, self.dest, table)


def _kinds(models: list[type[BaseModel]]) -> str:
    """Return kinds with the keys that only some of them have, and the keys of all."""
    shared = set.intersection(*(set(model.model_fields) for model in models)) - {"kind"}
    texts = []
    for model in models:
        own = ", ".join(key for key in model.model_fields if key not in shared and key != "kind")
        texts.append(str(model.model_fields["kind"].default) + (f" ({own})" if own else ""))
    common = [key for key in models[0].model_fields if key in shared]
    return ", ".join(texts) + (f"; each with {', '.join(common)}" if common else "")


def _help(field: FieldInfo, unit: str | None) -> str:
    """Return the description of a field with its unit, choices and default."""
    notes = [unit] if unit else []
    if get_origin(field.annotation) is Literal:
        notes.append(f"one of {', '.join(map(str, get_args(field.annotation)))}")
    default = field.default
    plain = (
        not isinstance(default, BaseModel) and default is not False and default not in (None, "", (), [], {})
    )
    if plain and not field.is_required():
        notes.append(f"default: {typed_as(default)}")
    text = " ".join((field.description or "").split())
    text = text if text.endswith("...") else text.removesuffix(".")
    return (f"{text} ({'; '.join(notes)})" if notes else text).replace("%", "%%")


def typed_as(value: Any) -> str:
    """Return a value as it is typed after its option."""
    if isinstance(value, dict):
        return " ".join(f"{key}={entry}" for key, entry in value.items())
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _nargs(kind: Any) -> str | int | None:
    """Return the number of words of a list or tuple, as in argparse."""
    for part in (kind, *get_args(kind)):
        if get_origin(part) in (list, tuple):
            inner = get_args(part)
            return "+" if get_origin(part) is list or ... in inner else len(inner)
    return None
