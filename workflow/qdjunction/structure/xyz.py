"""Structures on disk: extended XYZ with all of their info."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from ase.io import read, write

from qdjunction.core.errors import InputError
from qdjunction.core.files import absent, atomic_write
from qdjunction.core.text import as_utf8

_KEY = "qdjunction"

_NEUTRAL = {"charge": 0, "total_charge": 0, "multiplicity": 1, "spin_multiplicity": 1}
"""What extended XYZ files state of their electrons, and the value of a neutral closed shell."""


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
        If the file is missing, empty, not extended XYZ, holds no atoms or a position that is no number, or states a
        charge or spin.
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
        If ASE cannot read the file, or it holds no atoms or a position that is no number, or states a charge or spin.
    """
    atoms = _read(Path(path), None, "convert it to extended XYZ")
    if not len(atoms):
        raise InputError(f"{path} holds no atoms; choose another file.")
    return atoms


def _read(path: Path, file_format: str | None, remedy: str) -> Atoms:
    """Read the last frame of a file and its info."""
    is_xyz = file_format == "extxyz" or path.suffix.lower() in (".xyz", ".extxyz")
    text = ""
    try:
        if is_xyz:
            text = as_utf8(path.read_bytes()).decode(errors="replace")
        atoms = read(StringIO(text) if is_xyz else path, index=-1, format="extxyz" if is_xyz else None)
        assert isinstance(atoms, Atoms)  # a single index reads a single frame
        info: dict[str, Any] = json.loads(atoms.info.pop(_KEY, "{}"))
    except Exception as error:  # ASE's parsers raise any kind of exception
        what = "as extended XYZ" if file_format else "by ASE"
        why = _wrong_line(text) or f"{type(error).__name__}: {error}"
        raise InputError(f"{path} cannot be read {what} ({why}); {remedy}.") from error
    atoms.info |= info
    _check_finite(atoms, path)
    _check_neutral(atoms, path)
    return atoms


def _wrong_line(text: str) -> str:
    """Return the first line of XYZ that is no element at three numbers, in words; empty if there is none or no XYZ."""
    lines = text.split("\n")
    start = 0
    while start < len(lines) and lines[start].strip().isdigit():
        end = start + 2 + int(lines[start])
        for number, line in enumerate(lines[start + 2 : end], start=start + 3):
            label, *numbers = line.split() or [""]
            if label.capitalize() not in atomic_numbers and not label.isdigit():
                return f"line {number}: '{label}' is no element; write its symbol"
            if wrong := next((word for word in numbers[:3] if not _is_number(word)), ""):
                point = "; write a decimal point" if "," in wrong else ""
                return f"line {number}, {label}: '{wrong}' is no number{point}"
        start = end
    return ""


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _check_finite(atoms: Atoms, path: Path) -> None:
    """Refuse positions and cells with NaN or infinity."""
    if wrong := np.flatnonzero(~np.isfinite(atoms.positions).all(axis=1)).tolist():
        where = " ".join(f"{x:g}" for x in atoms.positions[wrong[0]])
        raise InputError(
            f"{path}: atom {wrong[0]} ({atoms.symbols[wrong[0]]}) is at {where}, which is no place; correct the file."
        )
    if not np.isfinite(atoms.cell.array).all():
        raise InputError(f"{path}: the cell holds a value that is no number; correct the file.")


def _check_neutral(atoms: Atoms, path: Path) -> None:
    """Refuse a charge or spin in the info or the columns of a file, which no engine is given."""
    stated = {str(key).lower(): (str(key), value) for key, value in atoms.info.items()}
    found = [
        stated[key]
        for key, neutral in _NEUTRAL.items()
        if key in stated and isinstance(stated[key][1], (int, float, np.number)) and stated[key][1] != neutral
    ]
    for what, column in (("charge", "initial_charges"), ("magnetic moment", "initial_magmoms")):
        if total := round(float(np.sum(atoms.arrays.get(column, 0.0)))):
            found.append((f"in column {column} a total {what} of", total))
    if found:
        key, value = found[0]
        raise InputError(
            f"{path} states {key} {value:g}; structures are neutral closed shells, add counter-ions or remove the "
            "entry."
        )
