"""A molecule given as SMILES: the conformer of lowest energy that a search finds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from qdjunction import __version__
from qdjunction.core.errors import InputError, QdjunctionError, StructureError
from qdjunction.core.limits import ConformerSeed
from qdjunction.structure.anchors import Anchor, fitting, require_fitting, with_own
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.sites import Site, candidates, check_bonds, find_contacts
from qdjunction.structure.sources.contract import Outline, Source
from qdjunction.structure.sources.sites import SitedSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ase import Atoms

    from qdjunction.structure.molecule import Topology
    from qdjunction.structure.tips.contract import Tip


class SmilesSettings(SitedSettings):
    """A molecule as SMILES and the contacts at which it is measured."""

    origin: ClassVar[str] = "conformer of lowest force-field energy"

    source: Literal["smiles"]
    """A molecule as SMILES."""
    smiles: str = Field(min_length=1)
    """A neutral closed-shell molecule, with the hydrogen atoms of thiols, e.g. `Sc1ccc(S)cc1`."""
    conformers: int = Field(default=50, ge=1, le=1000)
    """Number of random conformers that are minimised with a force field and compared."""
    seed: ConformerSeed = 0
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
        places = self._places()
        return Outline(
            name=self.id,
            elements=tuple(dict.fromkeys(symbols)),
            atoms=len(symbols),
            contacts={
                name: tuple(dict.fromkeys(symbols[i] for i in atoms)) for name, (_, atoms) in places.items()
            },
        )

    def check_junction(
        self, definition: Outline, left: str, right: str, electrodes: ElectrodeSettings
    ) -> None:
        """Look whether both contacts bind to gold by their bonds, at known distances, and whether the shell closes."""
        self.check_shell(definition, left, right, electrodes)

    def loses_hydrogen(self, definition: Outline, contact: str, tip: Tip) -> bool | None:
        """Return whether a contact loses a hydrogen as it binds to a tip; its bonds in the SMILES tell.

        Where the atom of a contact depends on the geometry, one of those that it may be suffices.

        Raises
        ------
        InputError
            If gold is known to bind none of these atoms.
        """
        from qdjunction.structure.molecule import topology

        molecule, (site, atoms) = topology(self.smiles), self._places()[contact]
        found, reasons = set[bool](), list[str]()
        for atom in atoms:
            try:
                found.add(self._loses_hydrogen(molecule, atom, contact, site, tip))
            except StructureError as error:
                reasons.append(str(error))
        if not found:
            raise InputError(reasons[0])
        return found.pop() if len(found) == 1 else None

    def _loses_hydrogen(self, molecule: Topology, atom: int, contact: str, site: Site, tip: Tip) -> bool:
        """Whether an atom loses a hydrogen as it binds to a tip; StructureError if gold is not known to bind it."""
        element = molecule.symbols[atom]
        bonded = [molecule.symbols[i] for i in molecule.neighbours[atom]]
        known = with_own(self.anchors)
        if site.anchor:
            known = {site.anchor: known[site.anchor]}
        if tip.apex_distance_ang is not None:
            name = fitting(element, bonded, known, bare=False)
        else:
            name = require_fitting(atom, element, bonded, f"sites.{contact}", known=known, bare=False)
            known[name].required_distance_ang(tip.shape.gold_site, contact, name)
        return name is not None and known[name].leaves(bonded)

    def _places(self) -> dict[str, tuple[Site, list[int]]]:
        """Return the site of each contact and the atoms that it may be, as far as no geometry tells.

        Raises
        ------
        InputError
            If a contact is at no atom, or at none that its site allows by its bonds.
        """
        from qdjunction.structure.molecule import parsed, topology

        molecule, known = topology(self.smiles), with_own(self.anchors)
        found = {}
        anchored = anchored_sites(self.smiles, self.anchors) if self.contacts and not self.sites else {}
        for name, site in (self.sites or anchored).items():
            where = f"sites.{name}."
            atoms = candidates(molecule.symbols, site, where, lambda: parsed(self.smiles))
            kept, reasons = list[int](), list[str]()
            for atom in atoms:
                bonded = [molecule.symbols[i] for i in molecule.neighbours[atom]]
                try:
                    check_bonds(atom, molecule.symbols[atom], bonded, site, where, known)
                    kept.append(atom)
                except QdjunctionError as error:
                    reasons.append(str(error))
            if not kept:
                raise InputError(reasons[0])
            found[name] = (site, kept)
        return found

    def build(self, definition: Outline) -> Atoms:
        """Return the conformer of lowest energy."""
        from qdjunction.structure.molecule import conformer, parsed

        found = conformer(self.smiles, self.conformers, self.seed)
        # A molecule that was looked up without contacts has none; the contact pairs do not reach this job.
        anchored = anchored_sites(self.smiles, self.anchors) if definition.contacts and not self.sites else {}
        sites = self.sites or anchored
        atoms = found.atoms
        atoms.info = {
            "contacts": find_contacts(
                atoms, sites, lambda name: f"sites.{name}.", self.anchors, lambda: parsed(self.smiles)
            ),
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
    known = with_own(anchors)
    found = [
        atom
        for atom, (symbol, bonded) in enumerate(zip(molecule.symbols, molecule.neighbours, strict=True))
        if fitting(symbol, [molecule.symbols[i] for i in bonded], known, bare=False)
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
