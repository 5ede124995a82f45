"""A structure from a file of the user, in any format that ASE reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from qdjunction import __version__
from qdjunction.core.errors import InputError, StructureError
from qdjunction.core.schema import Name, Section
from qdjunction.structure.sources.contract import Outline, Source, SourceSettings

if TYPE_CHECKING:
    from ase import Atoms

_NAME = TypeAdapter(Name)

CENTRED_ANG = 0.1
"""An atom nearer to the centre of mass than this has no outward direction."""


class Site(Section):
    """An atom that a tip may touch."""

    atom: int = Field(ge=0)
    """Index of the atom, counted from 0."""
    direction: tuple[float, float, float] | None = None
    """Direction from the atom to the tip, of any length; by default outward from the centre of mass."""

    @model_validator(mode="after")
    def _check_direction(self) -> Site:
        if self.direction is not None and not np.linalg.norm(self.direction) > 0:
            raise ValueError("direction = [0, 0, 0] has no length; give a vector, or leave it out")
        return self


class FileSettings(SourceSettings[Outline]):
    """A structure in a file and the contacts at which it is measured."""

    source: Literal["file"]
    """A structure file of your own."""
    path: str = Field(min_length=1)
    """The file, in any format that ASE reads (extended XYZ, CIF, POSCAR, XV, ...), relative to the folder in which
    Snakemake runs; of several frames the last. A cell with vacuum is dropped."""
    name: Name | None = None
    """Name of the structure in file names and in the report; by default the file name without its suffix."""
    sites: dict[Name, Site] = Field(default={})
    """Contacts by name, e.g. `{L: {atom: 12}, R: {atom: 40}}`; may be left out for an extended XYZ written by
    `qdjunction`, which contains them."""

    @model_validator(mode="after")
    def _check_names(self) -> FileSettings:
        try:
            _NAME.validate_python(self.id)
        except ValidationError:
            raise ValueError(
                f"path = '{self.path}': '{self.id}' cannot be part of the file names of results; set the key "
                "name, of letters, digits and _ . + -"
            ) from None
        for site in self.sites:
            if "-" in site:
                raise ValueError(f"sites: '{site}' holds a hyphen, which separates the contacts of a pair")
        atoms = [site.atom for site in self.sites.values()]
        for site, place in self.sites.items():
            if atoms.count(place.atom) > 1:
                raise ValueError(
                    f"sites: '{site}' and another site are both atom {place.atom}; name each atom once"
                )
        return self

    @property
    def id(self) -> str:
        """Name of the structure."""
        return self.name or Path(self.path).stem

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
        atoms = self._read()
        contacts = atoms.info["contacts"]
        return Outline(
            name=self.id,
            elements=tuple(dict.fromkeys(atoms.symbols)),
            atoms=len(atoms),
            contacts={name: (str(atoms.symbols[entry["atom"]]),) for name, entry in contacts.items()},
            pairs=atoms.info["contact_pairs"],
        )

    def outline(self, definition: Outline) -> Outline:
        """Return the definition, which is the outline."""
        return definition

    def build(self, definition: Outline) -> Atoms:
        """Return the geometry of the file, without its cell."""
        return self._read()

    def _read(self) -> Atoms:
        from qdjunction.structure.connectivity import check_overlap, finite
        from qdjunction.structure.xyz import read_any

        where = f"path = '{self.path}'"
        if not Path(self.path).is_file():
            raise InputError(f"{where}: there is no such file in {Path.cwd()}; correct the path")
        given = read_any(self.path)
        if np.any(given.get_tags() != 0):
            raise InputError(
                f"{where}: has gold tips already (tags other than 0); give the molecule without them"
            )
        if not given.numbers.all():
            raise InputError(f"{where}: atom {int(given.numbers.argmin())} has no element; correct the file")
        try:
            atoms = finite(given)
            check_overlap(atoms)
        except StructureError as error:
            raise InputError(f"{where}: {error}") from None
        # Cores and the two equal gold tips hold even numbers of electrons.
        if atoms.numbers.sum() % 2:
            raise InputError(
                f"{where}: {atoms.get_chemical_formula('hill')} has an odd number of electrons, and a study is "
                "closed-shell; add or remove a hydrogen atom"
            )
        atoms.info = self._info(given, atoms)
        return atoms

    def _info(self, given: Atoms, atoms: Atoms) -> dict[str, Any]:
        """Return the info of the structure, with the contacts of the settings or else of the file."""
        from qdjunction.structure.contacts import contact

        kept = {key: given.info[key] for key in ("dot", "relaxed") if isinstance(given.info.get(key), dict)}
        info = {
            **kept,
            "dot": {
                "name": self.id,
                **kept.get("dot", {}),
                "file": self.path,
                "read_by": f"qdjunction {__version__}",
            },
            "contact_pairs": {},
        }
        if self.sites:
            info.pop("relaxed", None)  # the lost contacts in it are those of the file
            info["contacts"] = {name: self._contact(name, site, atoms) for name, site in self.sites.items()}
            return info
        if not isinstance(given.info.get("contacts"), dict) or not given.info["contacts"]:
            raise InputError(
                f"path = '{self.path}': the file names no contacts; add the key sites, e.g. "
                "sites: {L: {atom: 0}, R: {atom: 5}}"
            )
        try:
            for name in given.info["contacts"]:
                contact(given, name)
        except (StructureError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"path = '{self.path}': {error}; give the contacts as the key sites") from None
        pairs = given.info.get("contact_pairs")
        return info | {
            "contacts": given.info["contacts"],
            "contact_pairs": pairs if isinstance(pairs, dict) else {},
        }

    def _contact(self, name: str, site: Site, atoms: Atoms) -> dict[str, Any]:
        if site.atom >= len(atoms):
            raise InputError(
                f"sites.{name}.atom = {site.atom}: '{self.path}' has {len(atoms)} atoms, counted from 0 to "
                f"{len(atoms) - 1}"
            )
        direction = np.array(site.direction or atoms.positions[site.atom] - atoms.get_center_of_mass())
        length = np.linalg.norm(direction)
        if site.direction is None and length < CENTRED_ANG:
            raise InputError(
                f"sites.{name}: atom {site.atom} is at the centre of mass, so that no direction is outward; give "
                "direction"
            )
        return {"atom": site.atom, "direction": [float(x) for x in direction / length]}


KIND = Source("file", FileSettings)
