"""Lookup and checks of pseudopotentials."""

import logging
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
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

_WHERE = (
    "get it from PseudoDojo (pseudo-dojo.org: NC SR, PBE, standard accuracy, format psml), or point "
    "'pseudopotentials' to the folder that holds it"
)

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
        Functional it was made with, by the name in `SiestaSettings.functional`; empty if the file's code for it is not
        among those.
    sha256 : str
        Checksum of the file.
    """

    element: str
    path: Path
    format: Format
    valence: float
    functional: str
    sha256: str

    def copy_to(self, folder: Path) -> None:
        """Copy the file into `folder` under the name that SIESTA looks for."""
        target = folder / f"{self.element}.{self.format}"
        if target.is_file() and digest(target) == self.sha256:
            return
        with atomic_write(target) as temporary:
            shutil.copyfile(self.path, temporary)


def find_pseudopotentials(
    elements: Iterable[str],
    folder: str | Path,
    functional: str,
    file_format: Literal["auto", "psml", "psf"] = "auto",
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

    Returns
    -------
    dict of str to Pseudopotential
        By element, in the order of first appearance.

    Raises
    ------
    InputError
        When the folder or a file is missing, or a file cannot be read, is of another element or was made with
        another functional.
    """
    folder = Path(folder)
    elements = list(dict.fromkeys(elements))
    if not folder.is_dir():
        raise InputError(
            f"{folder}: there is no such folder of pseudopotentials; set 'pseudopotentials' to the one that holds "
            f"{', '.join(f'{element}.psml' for element in elements)} (or .psf)."
        )
    candidates = FORMATS if file_format == "auto" else (file_format,)
    missing = {
        kind: [element for element in elements if not (folder / f"{element}.{kind}").is_file()]
        for kind in candidates
    }
    chosen = min(candidates, key=lambda kind: len(missing[kind]))
    if missing[chosen]:
        files = ", ".join(f"{element}.{chosen}" for element in missing[chosen])
        raise InputError(
            f"{folder}: no pseudopotential for {', '.join(missing[chosen])} ({files}); {_WHERE}."
        )
    return {
        element: _checked(read_pseudopotential(folder / f"{element}.{chosen}"), element, functional)
        for element in elements
    }


def read_pseudopotential(path: str | Path) -> Pseudopotential:
    """Return the header of a pseudopotential file, which is cached as long as the file does not change.

    Parameters
    ----------
    path : str or Path
        A psml file (PSML 1.0 or 1.1: A. Garcia et al., Comput. Phys. Commun. 227, 51 (2018)) or a psf file.

    Raises
    ------
    InputError
        When the file is not a pseudopotential.
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
        element, functional, valence = read(path)
    except (ElementTree.ParseError, UnicodeDecodeError, ValueError, IndexError, KeyError) as error:
        raise InputError(
            f"{path}: this is not a complete {path.suffix[1:]} pseudopotential ({error}); {_WHERE}."
        ) from error
    return Pseudopotential(element, path, path.suffix[1:], valence, functional, digest(path))  # type: ignore[arg-type]


def _checked(pseudopotential: Pseudopotential, element: str, functional: str) -> Pseudopotential:
    path = pseudopotential.path
    if pseudopotential.element != element:
        raise InputError(
            f"{path}: holds a pseudopotential of {pseudopotential.element}, not of {element}; {_WHERE}."
        )
    if not pseudopotential.functional:
        log.warning("%s: does not state which functional it was made with; %s is expected", path, functional)
    elif pseudopotential.functional != functional:
        raise InputError(
            f"{path}: was made with {pseudopotential.functional}, the calculation uses {functional}; "
            f"set 'functional' to {pseudopotential.functional}, or {_WHERE}."
        )
    return pseudopotential


def _read_psf(path: Path) -> tuple[str, str, float]:
    with path.open(encoding="ascii") as file:
        head = [file.readline() for _ in range(4)]
    element, functional = head[0].split()[:2]
    # Number of down and up potentials, of mesh points, mesh constants a and b, charge of the pseudo-ion.
    valence = float(head[3].split()[5])
    return element, _PSF_FUNCTIONALS.get(functional, ""), valence


def _read_psml(path: Path) -> tuple[str, str, float]:
    spec: dict[str, str] = {}
    functional = ""
    for _, node in ElementTree.iterparse(path, events=("start",)):
        name = node.tag.rpartition("}")[2]
        if name == "pseudo-atom-spec":
            spec = dict(node.attrib)
        elif name == "functional":
            functional = functional or _LIBXC_EXCHANGE.get(int(node.attrib["id"]), "")
        elif name == "valence-configuration":
            break
    return spec["atomic-label"].strip(), functional, float(spec["z-pseudo"])
