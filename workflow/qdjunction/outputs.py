"""Where a command writes to, checked before it does any work."""

import os
from collections.abc import Callable
from pathlib import Path

from qdjunction.core.errors import InputError


def output_file(flag: str, *suffixes: str) -> Callable[[str], Path]:
    """Return the argparse type of an option that names a file to write.

    Parameters
    ----------
    flag : str
        The option, which an error is to name.
    *suffixes : str
        Suffixes that the file may have, e.g. ``.csv``; any if none is given.

    Raises
    ------
    InputError
        By the returned function: if the path is a folder, has another suffix, or cannot be written.
    """

    def check(text: str) -> Path:
        path = Path(text)
        if path.is_dir():
            raise InputError(f"{flag} {text}: is a folder; name a file in it")
        if suffixes and path.suffix not in suffixes:
            raise InputError(f"{flag} {text}: let the name end in {' or '.join(suffixes)}")
        _check_writable(flag, path)
        return path

    return check


def output_folder(flag: str) -> Callable[[str], Path]:
    """Return the argparse type of an option that names a folder to write to.

    Raises
    ------
    InputError
        By the returned function: if the path is a file or cannot be written to.
    """

    def check(text: str) -> Path:
        path = Path(text)
        if path.exists() and not path.is_dir():
            raise InputError(f"{flag} {text}: is a file; {flag} names a folder")
        _check_writable(flag, path / "file")
        return path

    return check


def _check_writable(flag: str, path: Path) -> None:
    """Check that `path` could be made in the nearest folder above it that exists."""
    folder = path.absolute().parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise InputError(f"{flag} {path}: {folder} is a file, not a folder; correct the path")
    if not os.access(folder, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise InputError(f"{flag} {path}: no permission to write in {folder}; name another place")
