"""A molecule given as SMILES: the conformer of lowest energy that a search finds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from qdjunction import __version__
from qdjunction.core.errors import InputError
from qdjunction.structure.anchors import ANCHORS, Anchor
from qdjunction.structure.sites import Site, elements_of, find_contacts
from qdjunction.structure.sources.contract import Outline, Source
from qdjunction.structure.sources.sites import SitedSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ase import Atoms


class SmilesSettings(SitedSettings):
    """A molecule as SMILES and the contacts at which it is measured."""

    origin: ClassVar[str] = "conformer of lowest force-field energy"

    source: Literal["smiles"]
    """A molecule as SMILES."""
    smiles: str = Field(min_length=1)
    """A neutral closed-shell molecule, with the hydrogen atoms of thiols, e.g. `Sc1ccc(S)cc1`."""
    conformers: int = Field(default=50, ge=1, le=1000)
    """Number of random conformers that are minimised with a force field and compared."""
    seed: int = Field(default=0, ge=0)
    """Seed of the conformers."""

    @property
    def id(self) -> str:
        """Name of the structure."""
        return self.name or self.smiles

    @property
    def _given(self) -> tuple[str, str]:
        return "smiles", self.smiles

    def look_up(self, catalogue: Path) -> Outline:
        """Return what planning must know of the molecule, without a geometry.

        Raises
        ------
        InputError
            If RDKit is not installed, it is no neutral closed-shell molecule, or its contacts are not there.
        """
        from qdjunction.structure.molecule import topology

        symbols = topology(self.smiles).symbols
        sites = self.sites or anchored_sites(self.smiles, self.anchors)
        return Outline(
            name=self.id,
            elements=tuple(dict.fromkeys(symbols)),
            atoms=len(symbols),
            contacts={name: elements_of(symbols, site, f"sites.{name}.") for name, site in sites.items()},
        )

    def build(self, definition: Outline) -> Atoms:
        """Return the conformer of lowest energy."""
        from qdjunction.structure.molecule import conformer

        found = conformer(self.smiles, self.conformers, self.seed)
        sites = self.sites or anchored_sites(self.smiles, self.anchors)
        atoms = found.atoms
        atoms.info = {
            "contacts": find_contacts(atoms, sites, lambda name: f"sites.{name}.", self.anchors),
            "contact_pairs": {},
            "dot": {
                "name": self.id,
                "smiles": self.smiles,
                "force_field": found.force_field,
                "conformers": found.conformers,
                "seed": self.seed,
                "built_by": f"qdjunction {__version__}, {_rdkit_version()}",
            },
        }
        return atoms


def anchored_sites(smiles: str, anchors: Mapping[str, Anchor]) -> dict[str, Site]:
    """Return the two atoms of a molecule that bind to gold as contacts ``L`` and ``R``, in the order of the SMILES.

    Raises
    ------
    InputError
        If there are not exactly two.
    """
    from qdjunction.structure.molecule import topology

    molecule = topology(smiles)
    known = [*anchors.values(), *ANCHORS.values()]
    found = [
        atom
        for atom, (symbol, bonded) in enumerate(zip(molecule.symbols, molecule.neighbours, strict=True))
        if any(anchor.fits(symbol, [molecule.symbols[i] for i in bonded]) for anchor in known)
    ]
    if len(found) != 2:
        listed = ", ".join(f"{atom} ({molecule.symbols[atom]})" for atom in found) or "none"
        raise InputError(
            f"SMILES '{smiles}': the atoms that bind to gold are {listed}; contacts L and R are found where there are "
            "two. Name them as the key sites, e.g. sites: {L: {atom: 0}, R: {atom: 5}}"
        )
    return {"L": Site(atom=found[0]), "R": Site(atom=found[1])}


def _rdkit_version() -> str:
    from rdkit import __version__ as version

    return f"RDKit {version}"


KIND = Source("smiles", SmilesSettings)
