"""Structures on disk: extended XYZ with all of their info."""

import json
from pathlib import Path
from typing import Any

from ase import Atoms
from ase.io import read, write

from qdjunction.core.errors import InputError
from qdjunction.core.files import absent, atomic_write

_KEY = "qdjunction"


def write_structure(atoms: Atoms, path: str | Path) -> None:
    """Write a structure as extended XYZ.

    The info goes into the comment line as the text of one JSON value, since the format itself keeps neither
    nested values nor the difference between 1, 1.0 and "1". Positions keep eight decimals.

    Parameters
    ----------
    atoms : ase.Atoms
        The structure; its info must be plain JSON values.
    path : str or Path
        File to write, atomically.

    Raises
    ------
    InputError
        If the info is not plain JSON.
    """
    plain = atoms.copy()
    plain.calc = atoms.calc
    try:
        text = json.dumps(atoms.info, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"The info of the structure for {path} is not plain JSON: {error}.") from error
    # ASE escapes quotes as it writes and undoes every backslash as it reads.
    plain.info = {_KEY: text.replace("\\", "\\\\")} if atoms.info else {}
    with atomic_write(path) as temporary:
        write(temporary, plain, format="extxyz")


def read_structure(path: str | Path) -> Atoms:
    """Read a structure written by `write_structure`, or any other extended XYZ; of several frames the last.

    Raises
    ------
    InputError
        If the file is missing, empty, not extended XYZ, or holds no atoms.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path} {absent(path)}.")
    if not path.is_file():
        raise InputError(f"There is no structure file {path}; `qdjunction dot` writes one.")
    if not path.stat().st_size:
        raise InputError(f"{path} is empty; write it again with `qdjunction dot` or `qdjunction junction`.")
    atoms = _read(path, "extxyz", "write it with `qdjunction dot` or convert it with `ase convert`")
    if not len(atoms):
        raise InputError(f"{path} holds no atoms; write it again with `qdjunction dot`.")
    return atoms


def read_any(path: str | Path) -> Atoms:
    """Read a structure in any format that ASE knows, with its info if `write_structure` wrote it.

    Raises
    ------
    InputError
        If ASE cannot read the file, or it holds no atoms.
    """
    atoms = _read(Path(path), None, "convert it to extended XYZ")
    if not len(atoms):
        raise InputError(f"{path} holds no atoms; choose another file.")
    return atoms


def _read(path: Path, file_format: str | None, remedy: str) -> Atoms:
    """Read the last frame of a file and its info."""
    try:
        atoms = read(path, index=-1, format=file_format)
        assert isinstance(atoms, Atoms)  # a single index reads a single frame
        info: dict[str, Any] = json.loads(atoms.info.pop(_KEY, "{}"))
    except Exception as error:  # ASE's parsers raise any kind of exception
        what = "as extended XYZ" if file_format else "by ASE"
        raise InputError(
            f"{path} cannot be read {what} ({type(error).__name__}: {error}); {remedy}."
        ) from error
    atoms.info |= info
    return atoms
