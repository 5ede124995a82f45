"""A (100) slab of a caesium lead halide perovskite, bare or with ligands in place of surface cations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from qdjunction import __version__
from qdjunction.core.limits import ConformerSeed
from qdjunction.core.schema import Name, Section
from qdjunction.structure.ligands.library import FOLDER, Ligand, ligand_files, load_ligand, own_folder
from qdjunction.structure.ligands.settings import LigandSearch
from qdjunction.structure.sources.contract import Outline, Source, SourceSettings

if TYPE_CHECKING:
    from ase import Atoms

Cells = Annotated[int, Field(ge=1, le=3)]


class SlabShape(Section):
    """A slab without ligands: AX planes at both faces of the cubic crystal."""

    cation: Literal["Cs"] = "Cs"
    """The A cation."""
    halide: Literal["Cl", "Br", "I"] = "Br"
    """The halide."""
    size: tuple[Cells, Cells] = (2, 2)
    """Cells along the two vectors in the plane. A cell has one surface cation on each face."""
    layers: int = Field(default=1, ge=1, le=10)
    """PbX2 planes."""
    vacuum_ang: float = Field(default=30.0, ge=10, le=200)
    """Distance of the outer planes of the images of the bare slab (Ang); ligands of both faces must fit into it."""
    rattle_ang: float = Field(default=0.1, ge=0, le=0.2)
    """Standard deviation of a random displacement of every atom of the ideal lattice along each axis (Ang). Without
    one a relaxation keeps the symmetry of the lattice, in which octahedra cannot tilt; 0 leaves it ideal."""
    rattle_seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of the displacement, which is the same for every number of ligands."""

    @property
    def site_count(self) -> int:
        """Number of surface cations."""
        return 2 * self.size[0] * self.size[1]


class SlabOutline(Outline):
    """Outline of a slab, and its ligand.

    Attributes
    ----------
    ligand : Ligand or None
        The ligand; None for a bare slab.
    """

    ligand: Ligand | None = None


class SlabSettings(SlabShape, LigandSearch, SourceSettings[SlabOutline]):
    """A slab, periodic in its plane. The section `cover` makes them; an entry of `dots` is finite."""

    origin: ClassVar[str] = "ideal lattice, ligands placed by a search"

    source: Literal["slab"]
    """A slab of the cubic perovskite."""
    name: Name
    """Name of the structure in file names and in the report."""
    ligand: Name | None = None
    """Ligand of the library in place of the cations of `replaced`."""
    replaced: list[int] = Field(default=[])
    """Numbers of the surface cations that are replaced, those of the upper face first, from 0."""
    pose: ConformerSeed = 0
    """0 for the pose of each ligand with the most room; any other number draws conformers and rotations."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.ligand) != bool(self.replaced):
            raise ValueError("ligand and replaced go together: the ligand, and the cations that it replaces")
        if len(set(self.replaced)) < len(self.replaced):
            raise ValueError(f"replaced = {self.replaced}: a site is listed twice; name each once")
        if wrong := [site for site in self.replaced if not 0 <= site < self.site_count]:
            raise ValueError(
                f"replaced: there is no site {wrong[0]}; the slab has {self.site_count} surface cations, numbered from "
                "0: replace fewer, or enlarge size"
            )
        return self

    @property
    def id(self) -> str:
        """Name of the structure."""
        return self.name

    def look_up(self, catalogue: Path) -> SlabOutline:
        """Return the outline of the slab with its ligand, whose charge and length are checked.

        Raises
        ------
        InputError
            If there is no such ligand, its charge is not +1, or it is longer than the cell or the vacuum.
        """
        from qdjunction.structure.ligands.cover import check_cation, check_fit
        from qdjunction.structure.molecule import topology

        symbols = self._bare.get_chemical_symbols()
        ligand = None
        if self.ligand:
            ligand = load_ligand(self.ligand, own_folder(self.ligand_folder), catalogue / FOLDER)
            check_cation(ligand)
            check_fit(ligand, self._bare.cell.lengths()[:2].tolist(), self.vacuum_ang)
            for _ in self.replaced:
                symbols.remove(self.cation)
                symbols += topology(ligand.smiles, ion=True).symbols
        return SlabOutline(
            name=self.name,
            elements=tuple(dict.fromkeys(symbols)),
            atoms=len(symbols),
            contacts={},
            ligand=ligand,
        )

    def outline(self, definition: SlabOutline) -> Outline:
        """Return the definition, which is an outline."""
        return definition

    def build(self, definition: SlabOutline) -> Atoms:
        """Return the displaced slab with its ligands, periodic in the plane.

        Raises
        ------
        StructureError
            If a ligand does not fit.
        """
        atoms = self._bare.copy()
        if self.rattle_ang:
            atoms.rattle(self.rattle_ang, seed=self.rattle_seed)
        return self.build_on(atoms, definition)

    def build_on(self, slab: Atoms, definition: SlabOutline) -> Atoms:
        """Return the structure with its ligands on a slab without any, such as a relaxed one.

        Parameters
        ----------
        slab : ase.Atoms
            The slab without ligands, its atoms in the order of the ideal one.
        definition : SlabOutline
            What `look_up` returned.

        Raises
        ------
        StructureError
            If a ligand does not fit.
        """
        from qdjunction.structure.ligands.cover import covered
        from qdjunction.structure.perovskite.slab import surface_sites

        atoms = slab
        if definition.ligand:
            # In a slab that is not ideal a face is no plane; the order of the atoms is that of the ideal one.
            ideal = self._bare
            sites = surface_sites(ideal, self.cation)[self.replaced]
            atoms = covered(slab, sites.tolist(), definition.ligand, self.conformers, self.pose, ideal)
        atoms.info = {
            "contacts": {},
            "contact_pairs": {},
            "dot": {
                "name": self.name,
                "slab": self.model_dump(mode="json", exclude={"contacts", "controls", "source", "name"}),
                "built_by": f"qdjunction {__version__}",
            },
        }
        return atoms

    def input_files(self) -> list[Path]:
        """Return the file of a ligand of the user's own."""
        return ligand_files(self.ligand_folder, [self.ligand] if self.ligand else [])

    def catalogue_files(self, definition: SlabOutline) -> Mapping[str, Mapping[str, Any]]:
        """Return the file of the ligand."""
        if definition.ligand is None:
            return {}
        return {
            f"{FOLDER}/{definition.ligand.name}.yaml": definition.ligand.model_dump(
                mode="json", exclude={"name"}
            )
        }

    @property
    def _bare(self) -> Atoms:
        from qdjunction.structure.perovskite.slab import perovskite_slab

        return perovskite_slab(self.cation, self.halide, self.size, self.layers, self.vacuum_ang)


KIND = Source("slab", SlabSettings, SlabOutline)
