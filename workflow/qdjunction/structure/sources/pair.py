"""Two dots that face each other, joined by a linker or with nothing between."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from qdjunction.core.errors import InputError, StructureError
from qdjunction.core.limits import ConformerSeed
from qdjunction.core.schema import Name
from qdjunction.structure.ligands.library import FOLDER, Ligand, ligand_files, load_ligand, own_folder
from qdjunction.structure.ligands.settings import LigandSearch
from qdjunction.structure.sources.bases import Base, Looked, settings_of
from qdjunction.structure.sources.contract import Outline, Source, SourceSettings

if TYPE_CHECKING:
    from ase import Atoms

NONE = "none"
"""Value of `linker` for nothing between the dots."""


class PairOutline(Outline):
    """Outline of a pair of dots, and what it is made from.

    Attributes
    ----------
    bases : tuple of dict
        Definitions of the two dots.
    bridge : Ligand or None
        The linker.
    """

    bases: tuple[dict[str, Any], dict[str, Any]]
    bridge: Ligand | None = None


class PairSettings(LigandSearch, SourceSettings[PairOutline]):
    """A pair of dots and the contacts at which it is measured."""

    origin: ClassVar[str] = "two dots face to face"

    source: Literal["pair"]
    """A pair of dots."""
    name: Name
    """Name of the structure in file names and in the report."""
    first: Base
    """The first dot: the keys of an entry of any other source without its contacts. Its contacts are called `A.L`,
    `A.R1`, ..."""
    second: Base
    """The second dot, likewise. Its contacts are called `B.L`, `B.R1`, ..."""
    first_site: int | str
    """Terminal halide of the first dot that faces the second: a contact of the dot, or an atom as in `sites`."""
    second_site: int | str
    """Terminal halide of the second dot that faces the first."""
    linker: Name
    """Ligand of the library that takes the place of the two halides, with both of its ends bound to Pb; `none` leaves
    the halides where they are and puts nothing between."""
    pb_distance_ang: float | None = Field(default=None, gt=0, le=200)
    """Distance of the two Pb without a linker (Ang); with one, its length and its bonds determine it."""
    twist_deg: float = Field(default=0.0, ge=-180, le=180)
    """Rotation of the second dot about the line of the two Pb (degrees)."""
    free: Literal["all", "linker"] = "all"
    """Which atoms a relaxation moves: `all`, or the linker alone between dots that stay as they are given, at the
    distance that `pb_distance_ang` or the linker sets. Relaxed freely in vacuum, dots with short linkers fold towards
    each other, and dots with nothing between come together."""
    seed: ConformerSeed = 0
    """Seed of the conformers."""

    @model_validator(mode="after")
    def _check_distance(self) -> Self:
        if self.linker == NONE and self.pb_distance_ang is None:
            raise ValueError(
                "linker is none, so the distance of the dots is open; add pb_distance_ang, e.g. that of the pair with "
                "a linker (the key pb_distance_ang in the info of its structure)"
            )
        if self.linker != NONE and self.pb_distance_ang is not None:
            raise ValueError(
                f"pb_distance_ang = {self.pb_distance_ang:g} is for linker: none; leave it out, since the linker "
                f"'{self.linker}' determines the distance"
            )
        return self

    @property
    def id(self) -> str:
        """Name of the structure."""
        return self.name

    def look_up(self, catalogue: Path) -> PairOutline:
        """Return dots and linker, with sites and formal charge checked.

        Raises
        ------
        InputError
            If a dot or the linker cannot be looked up, the linker cannot bridge them, or they clash.
        """
        looked = (
            Looked.look_up(self.first, catalogue, "first"),
            Looked.look_up(self.second, catalogue, "second"),
        )
        folders = own_folder(self.ligand_folder), catalogue / FOLDER
        try:
            linker = None if self.linker == NONE else load_ligand(self.linker, *folders)
        except InputError as error:
            raise InputError(f"linker: {error}") from None
        try:
            atoms = self._join(looked, linker)
        except StructureError as error:
            raise InputError(str(error)) from None
        return PairOutline(
            name=self.name,
            elements=tuple(dict.fromkeys(map(str, atoms.symbols))),
            atoms=len(atoms),
            contacts={
                name: (str(atoms.symbols[entry["atom"]]),) for name, entry in atoms.info["contacts"].items()
            },
            bases=(looked[0].record, looked[1].record),
            bridge=linker,
        )

    def outline(self, definition: PairOutline) -> Outline:
        """Return the definition, which is an outline."""
        return definition

    def build(self, definition: PairOutline) -> Atoms:
        """Return the two dots and the linker."""
        return self._join(self._recorded(definition), definition.bridge)

    def input_files(self) -> list[Path]:
        """Return the files of both dots, and that of a linker of the user's own."""
        files = [
            path for values in (self.first, self.second) for path in settings_of(values, "dot").input_files()
        ]
        return list(dict.fromkeys([*files, *ligand_files(self.ligand_folder, [self.linker])]))

    def catalogue_files(self, definition: PairOutline) -> Mapping[str, Mapping[str, Any]]:
        """Return the files of both dots and of the linker."""
        first, second = self._recorded(definition)
        bridge = definition.bridge
        linker = (
            {f"{FOLDER}/{bridge.name}.yaml": bridge.model_dump(mode="json", exclude={"name"})}
            if bridge
            else {}
        )
        return {**first.files, **second.files, **linker}

    def _recorded(self, definition: PairOutline) -> tuple[Looked, Looked]:
        first, second = definition.bases
        return Looked.recorded(self.first, first, "first"), Looked.recorded(self.second, second, "second")

    def _join(self, looked: tuple[Looked, Looked], linker: Ligand | None) -> Atoms:
        from qdjunction.structure.ligands.attach import formal_charge
        from qdjunction.structure.ligands.pair import check_linker, facing_site, hold_dots, join

        first, second = looked[0].atoms, looked[1].atoms
        sites = (
            facing_site(first, self.first_site, "first_site"),
            facing_site(second, self.second_site, "second_site"),
        )
        if linker:
            check_linker(linker, formal_charge(first) + formal_charge(second))
        atoms = join(
            (first, second), sites, linker, self.pb_distance_ang, self.twist_deg, self.conformers, self.seed
        )
        atoms.info["dot"]["name"] = self.name
        if self.free == "linker":
            hold_dots(atoms)
        return atoms


KIND = Source("pair", PairSettings, PairOutline)
