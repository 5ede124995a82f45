"""An ion pair of a cation and a halide, such as the reservoirs of a cover of ligands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from qdjunction import __version__
from qdjunction.core.schema import Name
from qdjunction.structure.ligands.library import FOLDER, Ligand, ligand_files, load_ligand, own_folder
from qdjunction.structure.ligands.settings import LigandSearch
from qdjunction.structure.sources.contract import Outline, Source, SourceSettings

if TYPE_CHECKING:
    from ase import Atoms

CAESIUM = Ligand(name="Cs", smiles="[Cs+]", binds=(0,), reference="an ion of one atom")


class IonPairOutline(Outline):
    """Outline of an ion pair, and its cation.

    Attributes
    ----------
    ligand : Ligand
        The cation.
    """

    ligand: Ligand


class IonPairSettings(LigandSearch, SourceSettings[IonPairOutline]):
    """A cation of charge +1 and a halide, as a neutral molecule."""

    origin: ClassVar[str] = "conformer of a force field with the halide beside it"

    source: Literal["ion-pair"]
    """A cation and a halide."""
    name: Name
    """Name of the structure in file names and in the report."""
    cation: Name
    """`Cs`, or a ligand of the library with charge +1."""
    halide: Literal["Cl", "Br", "I"] = "Br"
    """The halide."""
    pose: int = Field(default=0, ge=0)
    """Which of the different conformers is taken: 0 the extended one, then from the lowest energy up."""
    hold_protons: bool = False
    """Hold the atom that binds and its hydrogens as built in a relaxation, so that no proton moves to the halide."""

    @property
    def id(self) -> str:
        """Name of the structure."""
        return self.name

    def look_up(self, catalogue: Path) -> IonPairOutline:
        """Return the outline of the pair.

        Raises
        ------
        InputError
            If there is no such ligand, or its charge is not +1.
        """
        from qdjunction.structure.ligands.cover import check_cation
        from qdjunction.structure.molecule import topology

        ligand = CAESIUM
        if self.cation != "Cs":
            ligand = load_ligand(self.cation, own_folder(self.ligand_folder), catalogue / FOLDER)
        check_cation(ligand)
        symbols = [*topology(ligand.smiles, ion=True).symbols, self.halide]
        return IonPairOutline(
            name=self.name,
            elements=tuple(dict.fromkeys(symbols)),
            atoms=len(symbols),
            contacts={},
            ligand=ligand,
        )

    def outline(self, definition: IonPairOutline) -> Outline:
        """Return the definition, which is an outline."""
        return definition

    def build(self, definition: IonPairOutline) -> Atoms:
        """Return the pair, the halide last."""
        from ase import Atoms

        from qdjunction.structure.ligands.cover import hold_protons, ion_pair
        from qdjunction.structure.perovskite.constants import CS_HALIDE_ANG

        if self.cation == "Cs":
            atoms = Atoms(["Cs", self.halide], positions=[[0, 0, 0], [0, 0, CS_HALIDE_ANG[self.halide]]])
        else:
            atoms = ion_pair(definition.ligand, self.halide, self.conformers, self.pose)
            if self.hold_protons:
                hold_protons(atoms, definition.ligand)
        atoms.info = {
            "contacts": {},
            "contact_pairs": {},
            "dot": {
                "name": self.name,
                "cation": self.cation,
                "halide": self.halide,
                "pose": self.pose,
                "hold_protons": self.hold_protons,
                "built_by": f"qdjunction {__version__}",
            },
        }
        return atoms

    def input_files(self) -> list[Path]:
        """Return the file of a ligand of the user's own."""
        return ligand_files(self.ligand_folder, [] if self.cation == "Cs" else [self.cation])

    def catalogue_files(self, definition: IonPairOutline) -> Mapping[str, Mapping[str, Any]]:
        """Return the file of the ligand."""
        if definition.ligand == CAESIUM:
            return {}
        ligand = definition.ligand
        return {f"{FOLDER}/{ligand.name}.yaml": ligand.model_dump(mode="json", exclude={"name"})}


KIND = Source("ion-pair", IonPairSettings, IonPairOutline)
