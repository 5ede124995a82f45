"""Reading H and S from files of other programs, and checking that such files are complete.

Some readers, including sisl's, end the process or never return on a truncated or damaged file, so files are checked
first.
"""

from __future__ import annotations

import logging
import os
import re
import struct
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.core.files import absent

if TYPE_CHECKING:
    import sisl

log = logging.getLogger(__name__)

FERMI_AT_ZERO = {
    "tshsSileSiesta": "TSHS of SIESTA: H - E_F S is what the file holds",
    "ncSileSiesta": "netCDF of SIESTA or sisl: E_F is in the file, and sisl subtracts it",
    "hsxSileSiesta": "HSX of SIESTA 5: E_F is in the file, unless SIESTA never computed it, and sisl subtracts it",
}
"""File types that sisl reads with the Fermi energy at zero, by sisl's class name."""

ZERO_NOT_STATED = {
    "winSileWannier90": "Wannier90 writes energies in the absolute zero of the DFT code",
    "tbSileWannier90": "Wannier90 writes energies in the absolute zero of the DFT code",
    "hrSileWannier90": "Wannier90 writes energies in the absolute zero of the DFT code",
    "rhamSileScaleUp": "ScaleUp writes no Fermi energy",
    "hamiltonianSile": "a text Hamiltonian of sisl has no Fermi energy",
}
"""Why the Fermi energy of other file types must be given; types in none of the tables are treated in the same way."""

NOT_READ = {
    "fdfSileSiesta": "an input file of SIESTA; give the folder of its run, or its nc, TSHS or HSX file",
    "tsgfSileSiesta": "surface Green's functions at their own k points; give the TSHS file of that electrode",
    "tbtgfSileTBtrans": "surface Green's functions at their own k points; give the TSHS file of that electrode",
    "hamrealSileDFTB": (
        "DFTB+ writes H in Hartree, S in another file and no positions; make an nc file of both as docs/transport.md"
        " shows"
    ),
}
"""File types from which sisl reads a Hamiltonian, but not one that can be used for T(E) directly."""

# sisl reads files with these names as tables of numbers, or only one matrix of a pair.
_NOT_READ_BY_NAME = {
    r"(ham|over)(real|sqr)\d?\.dat(\.gz)?": NOT_READ["hamrealSileDFTB"],
    r".*_(hr|tb)\.dat(\.gz)?": "sisl reads Wannier90 by the .win file of its run, in the same folder; give that",
}


def read_matrices(
    path: str | Path, fermi_ev: float | None = None, option: str = "--fermi"
) -> sisl.Hamiltonian:
    """Read H (eV) and S with the Fermi energy at zero.

    Parameters
    ----------
    path : str or Path
        TSHS, nc or HSX of SIESTA 5, or any other file from which sisl reads a Hamiltonian.
    fermi_ev : float, optional
        Fermi energy (eV) in the zero of energy in which sisl reads the file; required if the file does not state it.
    option : str
        Command-line option for that energy, named in errors.

    Returns
    -------
    sisl.Hamiltonian
        H (eV) and S.

    Raises
    ------
    InputError
        If the file is missing or truncated, has no Hamiltonian, or does not state the Fermi energy.
    """
    import sisl
    from sisl.io.sile import MissingFermiLevelWarning

    if fermi_ev is not None and not np.isfinite(fermi_ev):
        raise InputError(f"{option} = {fermi_ev}: is not an energy; give it in eV")
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: {absent(path)}")
    if path.suffix in (".HSX", ".TSHS") and not is_complete(path):
        raise InputError(f"{path}: is cut short or damaged; write it again with SIESTA")
    for pattern, remedy in _NOT_READ_BY_NAME.items():
        if re.fullmatch(pattern, path.name):
            raise InputError(f"{path}: {remedy}")
    try:
        with (
            fortran_path(path) as readable,
            warnings.catch_warnings(record=True) as caught,
            sisl.get_sile(readable) as sile,
        ):
            warnings.simplefilter("always", sisl.SislWarning)
            kind = type(sile).__name__
            if kind in NOT_READ:
                raise InputError(f"{path}: {NOT_READ[kind]}")
            if path.suffix == ".HSX" and sile.version == 0:
                raise InputError(
                    f"{path}: an HSX of SIESTA 4 holds neither geometry nor Fermi energy; give the folder of its run"
                )
            hamiltonian = sile.read_hamiltonian()
            if kind == "ncSileSiesta" and not np.all(
                np.ma.filled(np.isfinite(sile.read_fermi_level()), False)
            ):
                raise InputError(
                    f"{path}: its variable Ef is not a number, so the zero of its energies is unknown; write it "
                    "again, or give a TSHS or HSX"
                )
    except InputError:
        raise
    except Exception as error:  # sisl's readers raise errors of any type
        # Of a name that it does not know, sisl lists all its readers.
        reason = "no format that it knows" if isinstance(error, NotImplementedError) else str(error)
        raise InputError(
            f"{path}: sisl finds no Hamiltonian in it ({type(error).__name__}: {reason}); give an h.nc of `qdjunction "
            "hamiltonian`, the folder of a finished SIESTA run, a TSHS or an HSX"
        ) from error
    for warning in caught:
        log.info("sisl on %s: %s", path.name, warning.message)
    missing = any(issubclass(warning.category, MissingFermiLevelWarning) for warning in caught)
    if fermi_ev is None and (missing or kind not in FERMI_AT_ZERO):
        why = (
            "it holds no usable Fermi energy"
            if missing
            else ZERO_NOT_STATED.get(kind, f"sisl's {kind} states none")
        )
        raise InputError(
            f"{path}: the Fermi energy is not known, since {why}; give it with {option} E (eV, in the zero of "
            f"the file), or {option} 0 if the energies of the file are relative to it already"
        )
    if fermi_ev:
        hamiltonian = hamiltonian.copy()
        hamiltonian.shift(-fermi_ev)
    return hamiltonian


@contextmanager
def fortran_path(path: str | Path) -> Iterator[Path]:
    """Yield an ASCII path to a file: its own path, or a temporary link.

    The Fortran readers of sisl (HSX, TSHS, DM) accept only ASCII paths; for others they raise a TypeError that does
    not name the file.

    Parameters
    ----------
    path : str or Path
        The file. Files beside it are also found beside the link, unless the file's own name is not ASCII.

    Yields
    ------
    Path
        A path to the same file.
    """
    path = Path(path)
    if str(path).isascii():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="qdjunction-") as folder:
        if path.name.isascii():
            link = Path(folder, "link")
            link.symlink_to(path.parent.resolve(), target_is_directory=True)
            yield link / path.name
        else:
            link = Path(folder, "link").with_suffix(path.suffix if path.suffix.isascii() else "")
            link.symlink_to(path.resolve())
            yield link


def is_complete(path: str | Path) -> bool:
    """Return whether a file is a sequence of complete Fortran records: HSX, TSHS, DM, CG.

    Every record of an unformatted sequential file lies between two equal 4-byte lengths (negative where a record of
    more than 2 GiB continues), so truncation is detected anywhere except between two records. For an HSX of SIESTA 4,
    the numbers of matrix elements and the columns are also compared with the lengths of the records.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    bool
        False also for an empty or missing file.
    """
    path = Path(path)
    if not path.is_file():
        return False
    with path.open("rb") as file:
        records = _records(file, path.stat().st_size)
        if not records:
            return False
        return path.suffix != ".HSX" or records[0][1] != 16 or _old_hsx_fits(file, records)


def eig_is_complete(path: str | Path) -> bool:
    """Return whether an EIG file has the numbers announced in its header: E_F, three sizes, levels by k-point."""
    numbers = _numbers(path)
    if len(numbers) < 4:
        return False
    levels, spins, k_points = numbers[1:4]
    return bool(len(numbers) == 4 + k_points * (1 + levels * spins))


def fa_is_complete(path: str | Path) -> bool:
    """Return whether an FA file has the numbers announced in its header: index and three components per atom."""
    numbers = _numbers(path)
    return len(numbers) > 0 and len(numbers) == 1 + 4 * numbers[0]


def fdf_is_complete(path: str | Path) -> bool:
    """Return whether an fdf file is text in which every block is closed."""
    try:
        lines = Path(path).read_text(encoding="utf-8").lower().splitlines()
    except ValueError:
        return False
    marks = [line.split()[0] for line in lines if line.lstrip().startswith(("%block", "%endblock"))]
    return marks == ["%block", "%endblock"] * (len(marks) // 2)


def _numbers(path: str | Path) -> NDArray[np.float64]:
    """Return the numbers in a text file; an empty array if it has anything but finite numbers."""
    try:
        numbers = np.array(Path(path).read_text(encoding="ascii").split(), dtype=float)
    except ValueError:
        return np.empty(0)
    return numbers if np.isfinite(numbers).all() else np.empty(0)


def _records(file: BinaryIO, size: int) -> list[tuple[int, int]]:
    """Return position and length of each record in bytes; an empty list if one of them is incomplete."""
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
    """Return whether sizes, numbers of elements per row and columns of an HSX of SIESTA 4 are consistent.

    Its records: sizes; whether Gamma only; if not, the unit-cell orbital of each supercell orbital; the number of
    elements per row; the columns of each row; H of each spin and row; S of each row; and so on (``iohsx`` of SIESTA).
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
