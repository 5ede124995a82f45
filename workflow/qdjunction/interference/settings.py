"""Settings of decay and jump in a study; cheap to import."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, model_validator

from qdjunction.core.schema import Name, Section

Reference: TypeAlias = Literal["fermi", "homo", "midgap", "lumo"]
"""What an energy counts from: the Fermi energy, or the HOMO, middle or LUMO of the dot block."""

REFERENCE_WORDS: Mapping[Reference, str] = {
    "fermi": "the Fermi energy",
    "homo": "the HOMO",
    "midgap": "the middle of the gap",
    "lumo": "the LUMO",
}
"""The references in words."""

Offset: TypeAlias = Annotated[float, Field(ge=-10, le=10)]
"""An energy above a reference (eV): gaps are narrower than 10 eV."""

Role: TypeAlias = Literal["series", "control"]
"""Whether a junction is a member of its series, or is shown beside it."""


def reference_level(reference: Reference, homo_ev: float, lumo_ev: float) -> float:
    """Return the energy (eV, relative to E_F) of a reference, given the dot's frontier levels in the same zero."""
    return {"fermi": 0.0, "homo": homo_ev, "midgap": (homo_ev + lumo_ev) / 2, "lumo": lumo_ev}[reference]


def headline_text(reference: Reference, offset_ev: float) -> str:
    """Return an energy in words, e.g. ``1 eV above the HOMO``."""
    if not offset_ev:
        return REFERENCE_WORDS[reference]
    return f"{abs(offset_ev):g} eV {'above' if offset_ev > 0 else 'below'} {REFERENCE_WORDS[reference]}"


class InterferenceSettings(Section):
    """Decay and jump, and the energy in the gap at which they are evaluated."""

    reference: Reference = "homo"
    """Reference of `offset_ev`: the Fermi energy, or the HOMO, the middle of the gap or the LUMO of the dot's block."""
    offset_ev: Offset = 1.0
    """Energy above `reference` at which the headline numbers and the LDOS figures are evaluated (eV). It must lie
    within the energies of T(E); gaps are narrower than 10 eV."""
    jump_decades: float = Field(default=0.4, gt=0, le=10)
    """Smallest rise of log10 G at the last contact that counts as a jump (decades); T(E) of a dot spans fewer than
    10."""
    confidence: float = Field(default=0.68, gt=0, lt=1)
    """Two-sided confidence of the intervals and of the prediction band; 0.68 corresponds to one standard error of many
    points."""
    all_pairs: bool = False
    """Whether ``|g|^2`` of each perovskite dot is computed between all pairs of its terminal halides, as a control of
    the jump. It takes H and S of the dot without gold, which every study computes. A screening has none."""

    @property
    def headline(self) -> dict[str, Any]:
        """The settings that `headline_energy` depends on, as plain values."""
        return self.model_dump(mode="json", include={"reference", "offset_ev"})

    @property
    def decay(self) -> dict[str, Any]:
        """The settings that fits and jumps of a series over structures depend on, as plain values."""
        return self.model_dump(mode="json", include={"jump_decades", "confidence"})

    def headline_energy(self, homo_ev: float, lumo_ev: float) -> float:
        """Return the energy of the headline numbers from the dot's frontier levels, all in eV relative to E_F."""
        return reference_level(self.reference, homo_ev, lumo_ev) + self.offset_ev


class StructureMember(Section):
    """One structure of a series over structures."""

    dot: Name
    """Name of the structure in file names: the `name` of a file; for a dot of the catalogue such as `12Pb_MAPbBr3`."""
    junction: Name | None = None
    """Its contact pair; may be left out where the structure has only one."""
    units: int | None = Field(default=None, ge=0, le=10_000)
    """Number of repeat units, e.g. 4 CH2 in butanedithiol; given for all structures of a series or for none."""


class StructureSeriesSettings(Section):
    """A series over structures: the decay of the conductance with the length of the molecule."""

    name: Name
    """Name of the series, in file names and in the report."""
    members: list[StructureMember] = Field(min_length=2)
    """The structures, in any order."""
    length: Literal["distance", "units"] = "distance"
    """What orders the series and is drawn: the distance of the contact atoms (Ang), or the number of repeat units.
    Where `units` are given, the decay with either is reported."""
    unit: str = Field(default="unit", max_length=40, pattern=r"^[^\x00-\x1f$]+$")
    """Name of the repeat unit, e.g. `CH2`."""
    reference: Reference = "fermi"
    """What `offset_ev` counts from: `fermi`, the Fermi energy common to all; or each structure's own HOMO, middle of
    the gap or LUMO."""
    offset_ev: Offset = 0.0
    """Energy, above `reference`, at which the numbers of the series are taken (eV); gaps are narrower than 10 eV."""
    average_ev: tuple[float, float] | None = None
    """Energies, above `reference`, over which log10 T is averaged too (eV, lower end first): its decay is what
    resonances leave where no single energy is typical. None for no average."""
    jump: bool = False
    """Leave the longest structure out of the fit and compare it with the fit, as for the contacts of a dot."""

    @property
    def has_units(self) -> bool:
        """Whether numbers of repeat units are given."""
        return self.members[0].units is not None

    @model_validator(mode="after")
    def _members_make_a_series(self) -> "StructureSeriesSettings":
        counted = [entry.dot for entry in self.members if entry.units is not None]
        if counted and len(counted) < len(self.members):
            raise ValueError(
                f"members: units is given for {', '.join(counted)} only; give it for all structures or for none"
            )
        if self.length == "units" and not counted:
            raise ValueError(
                "length = 'units': no member has the key units; give it for all, or use distance"
            )
        if len({entry.units for entry in self.members}) == 1 and counted:
            raise ValueError(
                f"members: all have {self.members[0].units} units, so nothing decays; correct units"
            )
        if self.average_ev and not self.average_ev[0] < self.average_ev[1]:
            raise ValueError(
                f"average_ev = {list(self.average_ev)}: give two energies, the lower one first, e.g. [-0.5, 0.5]"
            )
        if self.jump and len(self.members) < 3:
            raise ValueError(
                "jump = true: a jump needs at least three structures; add one, or leave jump out"
            )
        return self
