"""Settings of a cover of ligands on a slab, and the structures that it compares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from qdjunction.core.limits import Temperature
from qdjunction.core.schema import Name
from qdjunction.structure.ligands.settings import LigandSearch
from qdjunction.structure.sources.contract import SourceSettings
from qdjunction.structure.sources.ion_pair import IonPairSettings
from qdjunction.structure.sources.slab import SlabSettings, SlabShape

BARE = "bare-slab"
"""Name of the slab without ligands."""

CATION_PAIR = "pair-Cs"
"""Name of the ion pair of the cation that the ligands replace."""


@dataclass(frozen=True)
class CoverMember:
    """One structure of a cover.

    Attributes
    ----------
    entry : SourceSettings
        What it is built from.
    role : {"slab", "pair"}
        Whether it is a slab or an ion pair of the reservoirs.
    ligand : str
        Its ligand; empty for the slab without ligands and the pair of the cation.
    count : int
        Ligands on the slab; 0 for a pair.
    distinct : int
        Number of symmetry-distinct site sets of this count.
    """

    entry: SourceSettings[Any]
    role: Literal["slab", "pair"]
    ligand: str = ""
    count: int = 0
    distinct: int = 1

    @property
    def name(self) -> str:
        """Name of the structure."""
        return self.entry.id


class CoverSettings(LigandSearch):
    """Slabs with more and more surface cations replaced by ligands, and the free energy of the exchange."""

    slab: SlabShape = SlabShape()
    """The slab without ligands."""
    ligands: list[Name] = Field(min_length=1)
    """Ligands of the library with charge +1; each has its own series."""
    counts: list[Annotated[int, Field(ge=1)]] = Field(default=[])
    """Numbers of ligands; by default all from 1 to the number of surface cations. The slab without any is always
    computed."""
    sets: int = Field(default=1, ge=1, le=100)
    """Symmetry-distinct site sets that are computed for each number, those with the ligands farthest apart first."""
    poses: int = Field(default=1, ge=1, le=100)
    """Start geometries of each site set, and of the ion pair of the ligand: 1 is that with the most room, further ones
    draw conformers and rotations."""
    kpoints: tuple[Annotated[int, Field(ge=1, le=30)], Annotated[int, Field(ge=1, le=30)]] = (1, 1)
    """k points in the plane, for an engine that has them; the embedded engine uses only the Gamma point."""
    temperature_k: Temperature = 300.0
    """Temperature of the conformational and the vibrational term (K)."""
    solids_ev: dict[Name, float] = Field(default={})
    """Energies of the solid halides per formula unit (eV), by `Cs` and by ligand, from runs of your own with the same
    method, as the reservoirs. Without any, the reservoirs are ion pairs, which the study computes."""
    hold_protons: bool = True
    """Hold the atom of the ligand that binds and its hydrogens as built in the ion pair. The solid salt is one of ions;
    in the ion pair alone a proton may move to the halide, so that the reservoir would be an amine and a hydrogen
    halide."""
    vibrations: bool = False
    """Add the vibrations of the exchanged cation, all other atoms held, in the quasi-RRHO approximation: on the slab
    with none and with one ligand, and in the ion pairs. This takes 6 forces per atom of the ligand, twice."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for key in ("ligands", "counts"):
            values = getattr(self, key)
            if twice := next((value for value in values if values.count(value) > 1), None):
                raise ValueError(f"{key}: {twice} is listed twice; list each once")
        if "Cs" in self.ligands:
            raise ValueError("ligands: Cs is what the ligands replace; leave it out")
        sites = self.slab.site_count
        if wrong := next((count for count in self.counts if count > sites), None):
            raise ValueError(
                f"counts: {wrong} ligands on a slab with {sites} surface cations; replace at most {sites}, or enlarge "
                "slab.size"
            )
        if self.solids_ev and (absent := [one for one in ("Cs", *self.ligands) if one not in self.solids_ev]):
            raise ValueError(
                f"solids_ev: has no {absent[0]}; give the energies of all of {', '.join(('Cs', *self.ligands))}, or "
                "leave it out"
            )
        if self.solids_ev and self.vibrations:
            raise ValueError(
                "vibrations: are computed in ion pairs, and the reservoirs are solids_ev; leave one of them out"
            )
        if self.vibrations and self.counts and 1 not in self.counts:
            raise ValueError("vibrations: need the slab with one ligand; add 1 to counts")
        return self

    @property
    def wanted(self) -> list[int]:
        """Numbers of ligands, ascending, without 0."""
        return sorted(self.counts) or list(range(1, self.slab.site_count + 1))

    def members(self) -> Iterator[CoverMember]:
        """Yield the structures: the slab without ligands, those with ligands, then the ion pairs."""
        yield CoverMember(self._slab(BARE), "slab")
        for ligand in self.ligands:
            for count in self.wanted:
                yield from self._of_count(ligand, count)
        if self.solids_ev:
            return
        yield CoverMember(self._pair(CATION_PAIR, "Cs", 0), "pair")
        for ligand in self.ligands:
            for pose in range(self.poses):
                yield CoverMember(self._pair(f"pair-{ligand}-{pose + 1}", ligand, pose), "pair", ligand)

    def vibrating(self) -> list[str]:
        """Return the names of the structures whose vibrations are computed."""
        if not self.vibrations:
            return []
        return [
            BARE,
            CATION_PAIR,
            *(name for one in self.ligands for name in (f"{one}-1-1-1", f"pair-{one}-1")),
        ]

    def _of_count(self, ligand: str, count: int) -> Iterator[CoverMember]:
        from qdjunction.structure.perovskite.slab import site_sets

        shape = self.slab
        found = site_sets(shape.cation, shape.halide, shape.size, shape.layers, count)
        for number, sites in enumerate(found[: self.sets], start=1):
            for pose in range(self.poses):
                name = f"{ligand}-{count}-{number}-{pose + 1}"
                keys = {"ligand": ligand, "replaced": list(sites.sites), "pose": pose}
                yield CoverMember(self._slab(name, **keys), "slab", ligand, count, len(found))

    def _slab(self, name: str, **keys: Any) -> SlabSettings:
        values = self.slab.model_dump() | self.model_dump(include=set(LigandSearch.model_fields))
        return SlabSettings.model_validate({"source": "slab", "name": name, "contacts": []} | values | keys)

    def _pair(self, name: str, cation: str, pose: int) -> IonPairSettings:
        return IonPairSettings(
            source="ion-pair", name=name, cation=cation, halide=self.slab.halide, pose=pose, contacts=[],
            conformers=self.conformers, ligand_folder=self.ligand_folder, hold_protons=self.hold_protons,
        )  # fmt: skip
