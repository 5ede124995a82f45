"""Settings of ensembles: which members a dot has beside the one geometry of the study; cheap to import."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, model_validator

from qdjunction.core.schema import Name, Section
from qdjunction.engine.thermostat import Thermostat
from qdjunction.structure.tip_settings import TipSpread

Kind: TypeAlias = Literal["cations", "halides", "tips", "snapshots"]
"""What differs between the members of a group; the other things are as in the dot itself."""

Members = Annotated[int, Field(ge=2, le=500)]
"""Number of members of a group."""

SEPARATOR = "@"
"""Between dot and member in file names; the name of no dot contains it."""


class CationMembers(Section):
    """Members with other A sites and other orientations of methylammonium; each is built and relaxed as a dot."""

    members: Members
    """Number of members."""
    vary: list[Literal["sites", "orientations"]] = Field(
        default=["sites", "orientations"], min_length=1, max_length=2
    )
    """What is drawn: `sites`, one of the equally good choices of A sites; `orientations`, the axis of each
    methylammonium."""


class HalideMembers(Section):
    """Members of a mixture with the halides on other sites; each is built and relaxed as a dot."""

    members: Members
    """Number of members."""


class TipMembers(TipSpread):
    """Members with the tips turned about their axes and at other distances, on the relaxed dot."""

    members: Members
    """Number of members."""


class SnapshotMembers(Thermostat):
    """Members from one trajectory of the dot without gold, from its relaxed geometry on."""

    members: Members
    """Number of snapshots."""
    equilibration_ps: float = Field(default=1.0, gt=0, le=1000)
    """Time before the first snapshot (ps)."""
    spacing_ps: float = Field(default=0.2, gt=0, le=100)
    """Time between snapshots (ps). Closer ones resemble each other; the report states how many independent ones they
    count as."""

    @model_validator(mode="after")
    def _check_steps(self) -> "SnapshotMembers":
        for key in ("equilibration_ps", "spacing_ps"):
            steps = 1000 * getattr(self, key) / self.time_step_fs
            if round(steps) < 1 or abs(steps - round(steps)) > 1e-6 * steps:
                raise ValueError(
                    f"{key} = {getattr(self, key):g}: is {steps:g} steps of time_step_fs = {self.time_step_fs:g}; "
                    "choose a whole number of steps"
                )
        if self.time_step_fs > 2 or (self.time_step_fs > 1 and self.hydrogen_mass_u < 2):
            raise ValueError(
                f"time_step_fs = {self.time_step_fs:g}: is too long for hydrogen_mass_u = {self.hydrogen_mass_u:g}; "
                "take up to 1 fs, or up to 2 fs with hydrogen_mass_u from 2 on"
            )
        return self

    def steps(self, number: int) -> int:
        """Return the steps from the snapshot before to snapshot `number`, counted from 1."""
        return round(1000 * (self.equilibration_ps if number == 1 else self.spacing_ps) / self.time_step_fs)

    @property
    def all_steps(self) -> int:
        """Steps of the entire trajectory."""
        return self.steps(1) + (self.members - 1) * self.steps(2)

    @property
    def thermostat(self) -> dict[str, Any]:
        """The keys of `Thermostat`, as plain values."""
        return self.model_dump(mode="json", include=set(Thermostat.model_fields))


class EnsembleSettings(Section):
    """Members of every dot beside the one geometry of the study. Each group varies one thing and is reported alone."""

    dots: list[Name] | None = Field(default=None, min_length=1)
    """Dots that have members, by their names in file names, e.g. `12Pb_MAPbBr3`; by default all with contacts."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Random seed of all members."""
    cations: CationMembers | None = None
    """A sites and orientations of methylammonium."""
    halides: HalideMembers | None = None
    """Order of the halides of mixtures."""
    tips: TipMembers | None = None
    """Turn and distance of the tips."""
    snapshots: SnapshotMembers | None = None
    """Thermal snapshots."""

    @property
    def groups(self) -> Mapping[Kind, CationMembers | HalideMembers | TipMembers | SnapshotMembers]:
        """The groups that the configuration has."""
        kinds: dict[Kind, Any] = {
            "cations": self.cations,
            "halides": self.halides,
            "tips": self.tips,
            "snapshots": self.snapshots,
        }
        return {kind: group for kind, group in kinds.items() if group}

    def seed_of(self, kind: str, dot: str, number: int = 0) -> int:
        """Return the random seed (below 2**32) of a member, the same on every machine and whatever else there is."""
        text = f"{self.seed}/{kind}/{dot}/{number}"
        return int.from_bytes(sha256(text.encode()).digest()[:4], "big")

    @model_validator(mode="after")
    def _check_groups(self) -> "EnsembleSettings":
        if not self.groups:
            raise ValueError("has no members; add cations, halides, tips or snapshots")
        return self
