"""H and S from files of other programs, and whether such files are whole.

A program that reads a cut or damaged file may stop the whole process or never come back, sisl's readers included, so
that is asked first.
"""

import os
import struct
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
import sisl
from numpy.typing import NDArray

from qdjunction.core.errors import InputError


def read_matrices(path: str | Path) -> sisl.Hamiltonian:
    """Read H (eV) and S with the zero of energy that sisl gives them.

    Parameters
    ----------
    path : str or Path
        TSHS, nc, HSX of SIESTA 5, or any other file with a Hamiltonian for sisl.

    Raises
    ------
    InputError
        If there is no such file, it is cut short, or holds no Hamiltonian.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    if path.suffix in (".HSX", ".TSHS") and not is_whole(path):
        raise InputError(f"{path}: is cut short or damaged; write it again with SIESTA")
    try:
        with warnings.catch_warnings(action="ignore", category=sisl.SislWarning), sisl.get_sile(path) as sile:
            if path.suffix == ".HSX" and sile.version == 0:
                raise InputError(
                    f"{path}: an HSX of SIESTA 4 holds neither geometry nor Fermi energy; give the folder of its run"
                )
            return sile.read_hamiltonian()
    except InputError:
        raise
    except Exception as error:  # sisl raises whatever its readers trip over
        raise InputError(
            f"{path}: sisl finds no Hamiltonian in it ({type(error).__name__}: {error}); give an h.nc of `qdjunction "
            "hamiltonian`, the folder of a finished SIESTA run, a TSHS or an HSX"
        ) from error


def is_whole(path: str | Path) -> bool:
    """Tell whether a file is a sequence of whole Fortran records: HSX, TSHS, DM, CG.

    Every record of an unformatted sequential file lies between two equal 4-byte lengths (negative where a record of
    more than 2 GiB goes on), so a file that was cut anywhere but between two records shows it. An HSX of SIESTA 4 is
    also asked whether its numbers of matrix elements and its columns fit the lengths of its records.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    bool
        False also for an empty and a missing file.
    """
    path = Path(path)
    if not path.is_file():
        return False
    with path.open("rb") as file:
        records = _records(file, path.stat().st_size)
        if not records:
            return False
        return path.suffix != ".HSX" or records[0][1] != 16 or _old_hsx_fits(file, records)


def eig_is_whole(path: str | Path) -> bool:
    """Tell whether an EIG file holds the numbers that its head announces: E_F, three sizes, k-points of levels."""
    numbers = _numbers(path)
    if len(numbers) < 4:
        return False
    levels, spins, k_points = numbers[1:4]
    return len(numbers) == 4 + k_points * (1 + levels * spins)


def fa_is_whole(path: str | Path) -> bool:
    """Tell whether an FA file holds the numbers that its head announces: index and three components for each atom."""
    numbers = _numbers(path)
    return len(numbers) > 0 and len(numbers) == 1 + 4 * numbers[0]


def fdf_is_whole(path: str | Path) -> bool:
    """Tell whether an fdf file is text in which every block has its end."""
    try:
        lines = Path(path).read_text(encoding="utf-8").lower().splitlines()
    except ValueError:
        return False
    marks = [line.split()[0] for line in lines if line.lstrip().startswith(("%block", "%endblock"))]
    return marks == ["%block", "%endblock"] * (len(marks) // 2)


def _numbers(path: str | Path) -> NDArray[np.float64]:
    """All that stands in a text file, if it is finite numbers; otherwise nothing."""
    try:
        numbers = np.array(Path(path).read_text(encoding="ascii").split(), dtype=float)
    except ValueError:
        return np.empty(0)
    return numbers if np.isfinite(numbers).all() else np.empty(0)


def _records(file: BinaryIO, size: int) -> list[tuple[int, int]]:
    """Place and length of each record, in bytes; none if one of them is not whole."""
    records = []
    at = 0
    while at + 8 <= size:
        file.seek(at)
        (head,) = struct.unpack("<i", file.read(4))
        end = at + 4 + abs(head)
        if end + 4 > size:
            return []
        file.seek(end, os.SEEK_SET)
        (tail,) = struct.unpack("<i", file.read(4))
        if abs(head) != abs(tail):
            return []
        records.append((at + 4, abs(head)))
        at = end + 4
    return records if at == size else []


def _old_hsx_fits(file: BinaryIO, records: list[tuple[int, int]]) -> bool:
    """Whether sizes, numbers of elements a row and columns of an HSX of SIESTA 4 fit each other.

    Its records: sizes; whether Gamma only; if not, the unit-cell orbital of each supercell orbital; the number of
    elements a row; the columns of each row; H of each spin and row; S of each row; and so on (``iohsx`` of SIESTA).
    """

    def integers(record: int) -> NDArray[np.int32]:
        at, length = records[record]
        file.seek(at)
        return np.frombuffer(file.read(length), dtype="<i4")

    rows, columns, spins, elements = (int(value) for value in integers(0))
    if len(records) < 4 or records[1][1] != 4 or not 0 < rows <= columns or spins < 1:
        return False
    counts_at = 2 if integers(1)[0] else 3
    if records[counts_at][1] != 4 * rows or len(records) < counts_at + 1 + rows * (2 + spins):
        return False
    counts = integers(counts_at)
    if counts.min() < 0 or int(counts.sum(dtype=np.int64)) != elements:
        return False
    for row, count in enumerate(counts, start=counts_at + 1):
        if records[row][1] != 4 * count:
            return False
        named = integers(row)
        if count and not 1 <= named.min() <= named.max() <= columns:
            return False
    return all(
        records[counts_at + 1 + rows * (1 + block) + row][1] == 4 * count
        for block in range(spins + 1)
        for row, count in enumerate(counts)
    )
