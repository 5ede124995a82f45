"""Lookup and checks of pseudopotentials."""

import logging
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from qdjunction.core.errors import InputError
from qdjunction.core.files import atomic_write
from qdjunction.core.provenance import digest

log = logging.getLogger(__name__)

Format = Literal["psml", "psf"]

FORMATS: tuple[Format, ...] = ("psml", "psf")
"""File formats, the preferred one first. SIESTA 5 reads both, SIESTA 4 reads psf only."""

SOURCE = "PseudoDojo (pseudo-dojo.org: NC SR, or NC FR for spin-orbit; PBE, standard accuracy, format psml)"
"""Where pseudopotentials are to be had."""

_WHERE = f"get it from {SOURCE}, or point 'pseudopotentials' to the folder that holds it"

# Codes of the ATOM program (manual of ATOM 4, section 'Exchange-correlation') and numbers of libxc.
_PSF_FUNCTIONALS = {
    "ca": "LDA",
    "pb": "PBE",
    "ps": "PBEsol",
    "rv": "revPBE",
    "rp": "RPBE",
    "bl": "BLYP",
}
_LIBXC_EXCHANGE = {1: "LDA", 101: "PBE", 116: "PBEsol", 102: "revPBE", 117: "RPBE", 106: "BLYP"}

Relativity = Literal["none", "scalar", "full", ""]

_PSF_RELATIVITY: dict[str, Relativity] = {"nrl": "none", "isp": "none", "rel": "full"}
_PSML_RELATIVITY: dict[str, Relativity] = {"no": "none", "scalar": "scalar", "dirac": "full"}

# A shell in the third line of a psf file, e.g. "2p 2.00  r= 1.00/" or, polarised, "2p1.00,1.00^1.00/"; the line has
# room for four.
_PSF_SHELL = re.compile(r"(\d)([spdfg])[^/]*/")
_PSF_SHELLS = 4


@dataclass(frozen=True)
class Pseudopotential:
    """A pseudopotential file.

    Attributes
    ----------
    element : str
        Chemical symbol.
    path : Path
        The file.
    format : str
        ``psml`` or ``psf``.
    valence : float
        Charge of the pseudo-ion: the number of valence electrons of the neutral atom.
    functional : str
        Functional it was made with, by the name in `SiestaSettings.functional`; the code of the file in words if it is
        not among those; empty if the file does not state it.
    relativity : str
        ``none``, ``scalar`` or ``full`` (Dirac, which spin-orbit coupling needs); empty if the file does not state it.
    version : str
        Version of the psml format; empty for psf, which has none.
    sha256 : str
        Checksum of the file.
    """

    element: str
    path: Path
    format: Format
    valence: float
    functional: str
    relativity: Relativity
    version: str
    sha256: str

    def copy_to(self, folder: Path, label: str) -> None:
        """Copy the file into `folder` under the name that SIESTA looks for: the label of the species."""
        target = folder / f"{label}.{self.format}"
        if target.is_file() and digest(target) == self.sha256:
            return
        with atomic_write(target) as temporary:
            shutil.copyfile(self.path, temporary)


def find_pseudopotentials(
    elements: Iterable[str],
    folder: str | Path,
    functional: str,
    file_format: Literal["auto", "psml", "psf"] = "auto",
    spin: str = "non-polarized",
) -> dict[str, Pseudopotential]:
    """Find and check one pseudopotential for each element.

    Parameters
    ----------
    elements : iterable of str
        Chemical symbols.
    folder : str or Path
        Folder with files such as ``Pb.psml`` or ``Pb.psf``.
    functional : str
        Functional that they must be made with.
    file_format : {"auto", "psml", "psf"}
        ``auto`` takes psml if every element has it, else psf.
    spin : str
        `SiestaSettings.spin`; ``spin-orbit`` needs fully relativistic files.

    Returns
    -------
    dict of str to Pseudopotential
        By element, in the order of first appearance.

    Raises
    ------
    InputError
        When the folder or a file is missing, or a file cannot be read, is of another element, was made with
        another functional, or lacks the spin-orbit part that `spin` needs.
    """
    folder = Path(folder)
    paths = _paths(elements, folder, file_format)
    if not folder.is_dir():
        raise InputError(
            f"{folder}: there is no such folder of pseudopotentials; set 'pseudopotentials' to the one that holds "
            f"{', '.join(f'{element}.psml' for element in paths)} (or .psf)."
        )
    if missing := {element: path.name for element, path in paths.items() if not path.is_file()}:
        raise InputError(
            f"{folder}: no pseudopotential for {', '.join(missing)} ({', '.join(missing.values())}); {_WHERE}."
        )
    return {
        element: _checked(read_pseudopotential(path), element, functional, spin)
        for element, path in paths.items()
    }


def list_pseudopotentials(
    elements: Iterable[str],
    folder: str | Path,
    functional: str,
    file_format: Literal["auto", "psml", "psf"] = "auto",
    spin: str = "non-polarized",
) -> dict[str, Pseudopotential | InputError]:
    """Return, by element, what `find_pseudopotentials` finds, or the error where there is no file that fits."""
    found: dict[str, Pseudopotential | InputError] = {}
    for element, path in _paths(elements, Path(folder), file_format).items():
        try:
            if not path.is_file():
                raise InputError(f"{path}: is missing")
            found[element] = _checked(read_pseudopotential(path), element, functional, spin)
        except InputError as error:
            found[element] = error
    return found


def _paths(
    elements: Iterable[str], folder: Path, file_format: Literal["auto", "psml", "psf"]
) -> dict[str, Path]:
    """Return the path of each element's file, in the format of which the fewest are missing."""
    elements = list(dict.fromkeys(elements))
    candidates = FORMATS if file_format == "auto" else (file_format,)
    paths = [{element: folder / f"{element}.{kind}" for element in elements} for kind in candidates]
    return min(paths, key=lambda files: sum(not path.is_file() for path in files.values()))


def read_pseudopotential(path: str | Path) -> Pseudopotential:
    """Return the header of a pseudopotential file, which is cached as long as the file does not change.

    Parameters
    ----------
    path : str or Path
        A psml file (PSML 1.0 or 1.1: A. Garcia et al., Comput. Phys. Commun. 227, 51 (2018)) or a psf file.

    Raises
    ------
    InputError
        When the file is not a pseudopotential, or is a psf file on which SIESTA 5 stops: one whose header names fewer
        shells than the file has potentials.
    """
    status = os.stat(path)
    return _read(Path(path), status.st_ino, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=256)
def _read(path: Path, *_unchanged: int) -> Pseudopotential:
    """Read the file at `path`; the other arguments distinguish its versions."""
    read = {".psml": _read_psml, ".psf": _read_psf}.get(path.suffix)
    if read is None:
        raise InputError(f"{path}: a pseudopotential is a .psml or a .psf file.")
    try:
        return replace(read(path), sha256=digest(path))
    except (ElementTree.ParseError, UnicodeDecodeError, ValueError, IndexError, KeyError) as error:
        raise InputError(
            f"{path}: this is not a complete {path.suffix[1:]} pseudopotential ({error}); {_WHERE}."
        ) from error


def _checked(pseudopotential: Pseudopotential, element: str, functional: str, spin: str) -> Pseudopotential:
    path = pseudopotential.path
    if pseudopotential.element != element:
        raise InputError(
            f"{path}: holds a pseudopotential of {pseudopotential.element}, not of {element}; {_WHERE}."
        )
    if not pseudopotential.functional:
        log.warning("%s: does not state which functional it was made with; %s is expected", path, functional)
    elif (made := pseudopotential.functional) != functional:
        choice = f"set 'functional' to {made}, or " if made in _PSF_FUNCTIONALS.values() else ""
        raise InputError(
            f"{path}: was made with {made}, the calculation uses {functional}; {choice}{_WHERE}."
        )
    if spin == "spin-orbit" and pseudopotential.relativity != "full":
        raise InputError(
            f"{path}: is not fully relativistic, but spin = spin-orbit needs it; get the file from {SOURCE}, or leave "
            "spin out."
        )
    return pseudopotential


def _read_psf(path: Path) -> Pseudopotential:
    with path.open(encoding="ascii") as file:
        head = [file.readline() for _ in range(4)]
    element, functional, relativity = head[0].split()[:3]
    # Number of down and up potentials, of mesh points, mesh constants a and b, charge of the pseudo-ion.
    numbers = head[3].split()
    potentials, valence = int(numbers[0]), float(numbers[5])
    _check_shells(path, head[2], potentials)
    return Pseudopotential(
        element,
        path,
        "psf",
        valence,
        _PSF_FUNCTIONALS.get(functional) or _unknown(functional),
        _PSF_RELATIVITY.get(relativity, ""),
        "",
        "",
    )


def _check_shells(path: Path, line: str, potentials: int) -> None:
    """Check that the header names a shell for each potential.

    SIESTA 4 reads a missing shell as an empty one. SIESTA 5 takes n = 0 for its principal quantum number and the shells
    from there to the valence shell for semicore, and stops with "nsemx too small".
    """
    shells = _PSF_SHELL.findall(line)
    if len(shells) >= min(potentials, _PSF_SHELLS):
        return
    n = max((int(n) for n, _ in shells), default=1)
    channels = list(enumerate("spdf"))[len(shells) : potentials]
    missing = "".join(f"{max(n, number + 1)}{letter} 0.00  r= 1.00/" for number, letter in channels)
    raise InputError(
        f"{path}: line 3 names {len(shells)} shells, but the file has {potentials} potentials, and SIESTA 5 stops on "
        "that (nsemx too small); append the missing shells to the line, on which no number depends: "
        f"'{line.rstrip()}{missing}'."
    )


def _read_psml(path: Path) -> Pseudopotential:
    version, spec = "", dict[str, str]()
    exchange = list[int]()
    for _, node in ElementTree.iterparse(path, events=("start",)):
        name = node.tag.rpartition("}")[2]
        if name == "psml":
            version = node.attrib["version"]
        elif name in ("header", "pseudo-atom-spec"):  # of PSML 1.0 and 1.1
            spec = dict(node.attrib)
        elif name == "functional" and node.attrib.get("type") != "correlation":
            exchange.append(int(node.attrib["id"]))
        elif name in ("grid", "radfunc"):
            break
    element, valence = spec["atomic-label"].strip(), float(spec["z-pseudo"])
    functional = next((_LIBXC_EXCHANGE.get(code) or _unknown(code) for code in exchange), "")
    relativity = _PSML_RELATIVITY.get(spec.get("relativity", ""), "")
    return Pseudopotential(element, path, "psml", valence, functional, relativity, version, "")


def _unknown(code: object) -> str:
    """Return a functional that has no name here in words."""
    return f'functional code "{code}"'
