"""Values of arguments: outputs, checked before any work; lists; files of the workflow."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qdjunction.cli.commands import option
from qdjunction.core.errors import InputError
from qdjunction.core.installation import workflow_folder


def output_file(
    text: str, *suffixes: str, record: bool = False, default: Any = ..., metavar: str = "FILE"
) -> Any:
    """Return the field of a file to write; its suffix and permission are checked, with `record` also its record's."""

    def read(flag: str, word: str) -> Path:
        path = Path(word)
        _check_file(f"{flag} {word}", path)
        if suffixes and path.suffix not in suffixes:
            raise InputError(f"{flag} {word}: let the name end in {' or '.join(suffixes)}")
        if record:
            beside = path.with_suffix(".json")
            _check_file(f"{flag} {word}: its record {beside}", beside)
        return path

    return option(default, text, metavar=metavar, read=read, written=True)


def output_folder(text: str, *files: str, default: Any = ..., metavar: str = "DIR") -> Any:
    """Return the field of a folder to write to; it must not be a file, and `files` must be writable in it."""

    def read(flag: str, word: str) -> Path:
        path = Path(word)
        if path.exists() and not path.is_dir():
            raise InputError(f"{flag} {word}: is a file; {flag} names a folder")
        _check_writable(f"{flag} {word}", path / "file")
        for name in files:
            _check_file(f"{flag} {path / name}", path / name)
        return path

    return option(default, text, metavar=metavar, read=read)


def new_folder(text: str) -> Any:
    """Return the field of a folder to make, typed without an option; it must be new or empty."""

    def read(flag: str, word: str) -> Path:
        path = Path(word)
        if path.exists() and not (path.is_dir() and not any(path.iterdir())):
            raise InputError(f"{word}: is there already and not an empty folder; name a new one")
        _check_writable(word, path / "file")
        return path

    return option(..., text, positional=True, read=read)


def structure_file() -> Any:
    """Return the field of a structure to write, with its record."""
    text = "extended XYZ file to write; a record is written beside it as .json"
    return output_file(text, ".extxyz", ".xyz", record=True)


def _check_file(what: str, path: Path) -> None:
    if path.is_dir():
        raise InputError(f"{what}: is a folder; name a file in it, or move it")
    if path.exists() and not path.is_file():
        raise InputError(f"{what}: is no file but a device or pipe, and would be replaced; name a file")
    _check_writable(what, path)


def _check_writable(what: str, path: Path) -> None:
    """Check that `path` can be created in the nearest existing folder above it."""
    folder = path.absolute().parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise InputError(f"{what}: {folder} is a file, not a folder; correct the path")
    if not os.access(folder, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise InputError(f"{what}: no permission to write in {folder}; name another place")


def one_word(parse: Callable[[str], Any], remedy: str) -> Callable[[str, str], Any]:
    """Return a `Read` of several values in one word; its error ends with `remedy` if `parse` raises ValueError."""

    def read(flag: str, word: str) -> Any:
        try:
            return parse(word)
        except ValueError:
            raise InputError(f"{flag} = {word!r}: {remedy}") from None

    return read


def as_typed(flag: str, word: str) -> str:
    """Return one word for a field that reads it itself."""
    return word


numbers = one_word(
    lambda word: [float(part) for part in word.split(",")], "not numbers; write e.g. 3.9,9.2,14.5,17.5"
)
"""Reads numbers such as ``3.9,9.2,14.5``."""


words = one_word(lambda word: word.split(","), "")
"""Reads words such as ``para,meta``."""


def catalogue_option() -> Any:
    """Return the field of the folder of the dots' YAML files."""
    return option(None, "folder of the catalogue (default: that of qdjunction)", metavar="DIR")


def catalogue(folder: Path | None) -> Path:
    """Return the folder of the dots' YAML files; None stands for that of qdjunction."""
    return folder or workflow_file("clusters")


def workflow_file(name: str) -> Path:
    """Return a file or folder of the workflow, as it lies in the checkout or came with the installed package.

    Raises
    ------
    InputError
        If there is none, because the package was copied out of a checkout.
    """
    path = workflow_folder() / name
    if not path.exists():
        raise InputError(
            f"{path}: no such file, so this copy of qdjunction is not complete; install it again"
        )
    return path
