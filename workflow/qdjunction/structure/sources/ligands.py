"""A dot with ligands: any structure of another source, on which ligands replace ions or cap atoms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from qdjunction.core.limits import ConformerSeed
from qdjunction.core.schema import Name
from qdjunction.structure.anchors import ANCHORS, fitting
from qdjunction.structure.ligands.library import FOLDER, Ligand, ligand_files, load_ligand, own_folder
from qdjunction.structure.ligands.settings import LigandSearch, Placement
from qdjunction.structure.sources.bases import Base, Looked, settings_of
from qdjunction.structure.sources.contract import Outline, Source, SourceSettings

if TYPE_CHECKING:
    from ase import Atoms

    from qdjunction.structure.ligands.attach import Step
    from qdjunction.structure.tips.contract import Tip


class LigatedOutline(Outline):
    """Outline of a dot with ligands, and what it is made from.

    Attributes
    ----------
    base : dict
        Definition of the dot.
    library : dict of str to Ligand
        Its ligands by name.
    """

    base: dict[str, Any]
    library: dict[str, Ligand]


class LigandSettings(LigandSearch, SourceSettings[LigatedOutline]):
    """A dot with ligands and the contacts at which it is measured."""

    origin: ClassVar[str] = "ligands placed by a search"

    source: Literal["ligands"]
    """A dot with ligands."""
    name: Name
    """Name of the structure in file names and in the report."""
    base: Base
    """The dot: the keys of an entry of any other source without its contacts, e.g. `{dot: 12Pb, cation: Cs}`."""
    ligands: list[Placement] = Field(min_length=1)
    """The ligands and where they bind."""
    charge: int = Field(default=0, multiple_of=2)
    """Sum of the formal charges of all ions; engines compute the neutral structure, so that any value but 0 leaves
    levels of the ligands or the dot empty or filled. An odd one would be a radical."""
    seed: ConformerSeed = 0
    """Seed of the conformers."""

    @property
    def id(self) -> str:
        """Name of the structure."""
        return self.name

    def look_up(self, catalogue: Path) -> LigatedOutline:
        """Return dot and ligands, with sites and formal charge checked.

        Raises
        ------
        InputError
            If the dot or a ligand cannot be looked up, a site is not there, or the charges do not add up.
        """
        from qdjunction.structure.ligands.attach import contact_elements, lost_contacts, symbols_of

        looked = Looked.look_up(self.base, catalogue, "base")
        own = own_folder(self.ligand_folder)
        library = {name: load_ligand(name, own, catalogue / FOLDER) for name in self._names}
        dot = looked.atoms
        steps = self._plan(dot, library)
        contacts = contact_elements(dot, steps)
        symbols = symbols_of(dot, steps)
        return LigatedOutline(
            name=self.name,
            elements=tuple(dict.fromkeys(symbols)),
            atoms=len(symbols),
            contacts=contacts,
            pairs={
                pair: ends
                for pair, ends in dot.info.get("contact_pairs", {}).items()
                if all(end in contacts for end in ends)
            },
            lost=lost_contacts(dot, steps),
            base=looked.record,
            library=library,
        )

    def outline(self, definition: LigatedOutline) -> Outline:
        """Return the definition, which is an outline."""
        return definition

    def loses_hydrogen(self, definition: LigatedOutline, contact: str, tip: Tip) -> bool | None:
        """Return whether a contact loses a hydrogen as it binds to a tip; the SMILES of a ligand tells."""
        from qdjunction.structure.ligands.attach import contact_bonds

        for placement in self.ligands:
            if placement.ligand and placement.contact == contact:
                bonds = contact_bonds(definition.library[placement.ligand], placement.reverse)
                anchor = ANCHORS.get(fitting(*bonds) or "")
                return anchor is not None and anchor.leaves(bonds[1])
        return super().loses_hydrogen(definition, contact, tip)

    def build(self, definition: LigatedOutline) -> Atoms:
        """Return the dot with its ligands, each in a pose without a clash.

        Raises
        ------
        StructureError
            If a ligand does not fit.
        """
        from qdjunction.structure.ligands.attach import attach

        dot = Looked.recorded(self.base, definition.base, "base").atoms
        atoms = attach(dot, self._plan(dot, definition.library), self.conformers, self.seed)
        atoms.info["dot"]["name"] = self.name
        return atoms

    def input_files(self) -> list[Path]:
        """Return the files of the dot and those of ligands of the user's own."""
        return [*settings_of(self.base, "base").input_files(), *ligand_files(self.ligand_folder, self._names)]

    def catalogue_files(self, definition: LigatedOutline) -> Mapping[str, Mapping[str, Any]]:
        """Return the files of the dot and of the ligands."""
        ligands = {
            f"{FOLDER}/{name}.yaml": ligand.model_dump(mode="json", exclude={"name"})
            for name, ligand in definition.library.items()
        }
        return {**Looked.recorded(self.base, definition.base, "base").files, **ligands}

    @property
    def _names(self) -> list[str]:
        """The ligands, each once."""
        return list(dict.fromkeys(placement.ligand for placement in self.ligands if placement.ligand))

    def _plan(self, dot: Atoms, library: Mapping[str, Ligand]) -> list[Step]:
        from qdjunction.structure.ligands.attach import plan

        return plan(dot, self.ligands, library, self.charge)


KIND = Source("ligands", LigandSettings, LigatedOutline)
