"""A structure from a file of the user, in any format that ASE reads."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from qdjunction import __version__
from qdjunction.core.errors import InputError, QdjunctionError, StructureError
from qdjunction.core.files import absent
from qdjunction.core.schema import Name
from qdjunction.structure.anchors import ANCHORS, recognise
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.sites import Cell, Site, find_contacts
from qdjunction.structure.sources.contract import Outline, Source
from qdjunction.structure.sources.sites import SitedSettings

if TYPE_CHECKING:
    from ase import Atoms


logger = logging.getLogger(__name__)


class FileSettings(SitedSettings):
    """A structure in a file and the contacts at which it is measured."""

    source: Literal["file"]
    """A structure file of your own."""
    path: str = Field(min_length=1)
    """The file, in any format that ASE reads (extended XYZ, CIF, POSCAR, XV, ...), relative to the folder in which
    Snakemake runs; of several frames the last."""
    name: Name | None = None
    """Name of the structure in file names and in the report; by default the file name without its suffix."""
    cell: Cell = "molecule"
    """`molecule` joins molecules that are split across faces of the cell and refuses a structure that is bonded to
    its own periodic images; `drop` takes the atoms of one cell where they are."""
    sites: dict[Name, Site] = Field(default={})
    """Contacts by name, e.g. `{L: {atom: 12}, R: {atom: S farthest along +x}}`; may be left out for an extended XYZ
    written by `qdjunction`, which contains them."""

    @property
    def id(self) -> str:
        """Name of the structure."""
        return self.name or Path(self.path).stem

    @property
    def _given(self) -> tuple[str, str]:
        return "path", self.path

    def input_files(self) -> list[Path]:
        """Return the file."""
        return [Path(self.path)]

    def look_up(self, catalogue: Path) -> Outline:
        """Read the file and return the outline of the structure.

        Raises
        ------
        InputError
            If the file has no finite closed-shell molecule with these contacts.
        """
        atoms = self._read(bool(self.contacts))
        contacts = atoms.info["contacts"]
        return Outline(
            name=self.id,
            elements=tuple(dict.fromkeys(atoms.symbols)),
            atoms=len(atoms),
            contacts={name: (str(atoms.symbols[entry["atom"]]),) for name, entry in contacts.items()},
            pairs=atoms.info["contact_pairs"],
        )

    def build(self, definition: Outline) -> Atoms:
        """Return the geometry of the file, without its cell."""
        from qdjunction.structure.contacts import contact

        # The contact pairs do not reach this job.
        atoms = self._read(bool(definition.contacts))
        for name in atoms.info["contacts"]:
            site = contact(atoms, name)
            binding = recognise(atoms, site.atom, site.anchor or ANCHORS)
            if binding and binding.has_lost_hydrogen:
                logger.warning(
                    "path = '%s': the %s at contact '%s' has lost its hydrogen, so that the molecule is relaxed as a "
                    "radical, with other bonds than between the tips; leave the hydrogen in the file: it is removed "
                    "where gold binds",
                    self.path, binding.name, name,
                )  # fmt: skip
        return atoms

    def check_junction(
        self, definition: Outline, left: str, right: str, electrodes: ElectrodeSettings
    ) -> None:
        """Look at nothing: the junction is tried on the geometry of the file, which tells more."""

    def _read(self, needs_contacts: bool) -> Atoms:
        given, atoms = read_molecule(self.path, self.cell, f"path = '{self.path}'", "the key cell: drop")
        atoms.info = self._info(given, atoms, needs_contacts)
        return atoms

    def _info(self, given: Atoms, atoms: Atoms, needs_contacts: bool) -> dict[str, Any]:
        """Return the info of the structure, with the contacts of the settings or else of the file."""
        from qdjunction.structure.contacts import contact

        kept = {key: given.info[key] for key in ("dot", "relaxed") if isinstance(given.info.get(key), dict)}
        info = {
            **kept,
            "dot": {"name": self.id, **kept.get("dot", {}), **origin(self.path)},
            "contact_pairs": {},
        }
        if self.sites:
            info.pop("relaxed", None)  # the lost contacts in it are those of the file
            info["contacts"] = find_contacts(atoms, self.sites, lambda name: f"sites.{name}.", self.anchors)
            return info
        if not isinstance(given.info.get("contacts"), dict) or not given.info["contacts"]:
            if not needs_contacts:
                return info | {"contacts": {}}
            raise InputError(
                f"path = '{self.path}': the file names no contacts; add the key sites, e.g. "
                "sites: {L: {atom: 0}, R: {atom: S farthest along +x}}"
            )
        try:
            for name in given.info["contacts"]:
                contact(given, name)
        except (QdjunctionError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"path = '{self.path}': {error}; give the contacts as the key sites") from None
        pairs = given.info.get("contact_pairs")
        return info | {
            "contacts": given.info["contacts"],
            "contact_pairs": pairs if isinstance(pairs, dict) else {},
        }


def read_molecule(path: str | Path, cell: Cell, where: str, remedy: str) -> tuple[Atoms, Atoms]:
    """Read a finite closed-shell structure from a file in any format that ASE reads.

    Parameters
    ----------
    path : str or Path
        The file.
    cell : str
        What becomes of its cell; see `FileSettings.cell`.
    where : str
        What errors begin with.
    remedy : str
        What takes the atoms of a periodic structure as they are.

    Returns
    -------
    given, atoms : ase.Atoms
        What is in the file, and its atoms without a cell and without info.

    Raises
    ------
    InputError
        If there is no such file, or no finite closed-shell structure in it.
    """
    from qdjunction.structure.connectivity import check_bonded, check_overlap, finite
    from qdjunction.structure.xyz import read_any

    if Path(path).is_dir():
        raise InputError(f"{where}: {absent(Path(path))}")
    if not Path(path).is_file():
        raise InputError(f"{where}: there is no such file in {Path.cwd()}; correct the path")
    given = read_any(path)
    if np.any(given.get_tags() != 0):
        raise InputError(
            f"{where}: has gold tips already (tags other than 0); give the molecule without them"
        )
    if not given.numbers.all():
        raise InputError(f"{where}: atom {int(given.numbers.argmin())} has no element; correct the file")
    if cell == "drop":
        atoms = type(given)(given.numbers, given.positions)
    else:
        try:
            atoms = finite(given)
        except StructureError as error:
            raise InputError(
                f"{where}: {error} {remedy[0].upper()}{remedy[1:]} takes the atoms of one cell where they are."
            ) from None
    try:
        check_overlap(atoms)
        check_bonded(atoms)
    except StructureError as error:
        raise InputError(f"{where}: {error}") from None
    # Cores and the two equal gold tips hold even numbers of electrons.
    if atoms.numbers.sum() % 2:
        raise InputError(
            f"{where}: {atoms.get_chemical_formula('hill')} has an odd number of electrons (a radical, or an ion), and "
            "engines compute closed shells; add or remove a hydrogen atom. Leave the hydrogens of thiols in the file: "
            "they are removed where gold binds"
        )
    return given, atoms


def origin(path: str | Path) -> dict[str, str]:
    """Return what ``info["dot"]`` says of the file that a structure was read from."""
    return {"file": str(path), "read_by": f"qdjunction {__version__}"}


KIND = Source("file", FileSettings)
