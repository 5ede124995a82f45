"""Settings of the electrodes; cheap to import."""

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from qdjunction.core.kinds import table_of
from qdjunction.core.schema import Section
from qdjunction.structure.tips.contract import ApexDistance, Layers, Tip, TipSettings, image_distance
from qdjunction.structure.tips.pyramid import Pyramid
from qdjunction.structure.tips.registry import TIPS

if TYPE_CHECKING:
    Shape = TipSettings
    OtherShape = TipSettings | None
else:
    Shape = table_of(TIPS, "the tip {}", Pyramid().kind)
    """Type of ``electrodes.tip``."""
    OtherShape = table_of(TIPS, "the tip {}", Pyramid().kind, optional=True)
    """Type of ``electrodes.left`` and ``electrodes.right``."""


Repeats = Annotated[int, Field(ge=2, le=12)]
"""Gold atoms along a side of the lateral cell."""

KPoints = Annotated[int, Field(ge=1, le=30)]
"""Number of k points along a side of the lateral cell."""

BULK_LENGTH_ANG = 150.0
"""Length (Ang) that the k points along the axis of an electrode cover, so that its Fermi energy is that of the bulk."""


def points_along(length_ang: float) -> int:
    """Return the number of k points along the axis of an electrode whose cell has this length (Ang)."""
    return max(1, math.ceil(BULK_LENGTH_ANG / length_ang))


def computed_points(grid: tuple[int, int]) -> int:
    """Return how many points of a transverse grid are computed, one of k and -k: the factor in time of a junction."""
    return 1 + grid[0] * grid[1] // 2


class SurfaceSettings(Section):
    """Periodic (111) surfaces behind the tips, which continue as the electrodes of bulk leads."""

    size: tuple[Repeats, Repeats] = (4, 4)
    """Atoms of a layer along the two directions of the lateral cell, 60 degrees apart."""
    layers: int = Field(default=4, ge=1, le=12)
    """Full layers between each tip and the cell of the electrode. They screen the tip, so that the electrode
    is bulk gold."""
    electrode_layers: int = Field(default=3, ge=3, le=12, multiple_of=3)
    """Layers of the cell of the electrode, which the lead repeats to infinity: a multiple of 3, after which the
    stacking repeats. The cell must be thicker than the orbitals of gold reach, which is checked after its SCF."""
    lattice_constant_ang: float = Field(default=4.078, ge=3.8, le=4.4)
    """Lattice constant of all gold (Ang), by default that of experiment."""
    kpoints: tuple[KPoints, KPoints] = (3, 3)
    """k points of the SCF of electrode and junctions along the two lateral directions. T(E) has its own,
    `transport.leads.kpoints`."""
    image_distance_ang: float = Field(default=5.0, ge=3.0, le=50.0)
    """Smallest distance that the atoms of dot and tips must keep from those of the neighbouring cells (Ang). Below 3
    Ang neighbours are bonded or touch."""

    @property
    def atoms(self) -> int:
        """Number of atoms of one surface, the electrode among them."""
        return self.size[0] * self.size[1] * (self.layers + self.electrode_layers)

    @property
    def electrode_kpoints(self) -> tuple[int, int, int]:
        """Numbers of k points of the SCF of the electrode."""
        return *self.kpoints, points_along(self.electrode_layers * self.lattice_constant_ang / math.sqrt(3))

    @property
    def description(self) -> str:
        """The surface in words."""
        layers = "1 layer" if self.layers == 1 else f"{self.layers} layers"
        size = " x ".join(map(str, self.size))
        return f"surfaces of {size} atoms, {layers} and {self.electrode_layers} of the electrode"


class ElectrodeSettings(Section):
    """The gold tips."""

    layers: Layers = 3
    """Layers of a tip from the apex outwards; of a pyramid 1, 3, 6, 10, 15, ... atoms."""
    lead_layers: Layers = 1
    """Outermost layers of a tip that couple to the lead, unless its table has its own. With `surface` the electrode
    couples instead."""
    apex_distance_ang: ApexDistance | None = None
    """Distance from the contact atom to the gold atoms that it binds to: the apex, or the two or three of a bridge or
    hollow (Ang). By default that of its anchor (docs/structures.md); required where there is none. Below 1.8 Ang the
    atoms overlap, beyond 4.5 Ang they do not touch."""
    tip: Shape = Pyramid()
    """Shape of the tips; `pyramid` if no `kind` is given."""
    left: OtherShape = None
    """Shape of the left tip, if it differs from `tip`."""
    right: OtherShape = None
    """Shape of the right tip, if it differs from `tip`."""
    surface: SurfaceSettings | None = None
    """Periodic gold surfaces on which the tips stand, for bulk leads; by default the tips end in vacuum."""
    relax: Literal["none", "contact", "junction"] = "none"
    """Which atoms of a junction are relaxed, to the thresholds of the section `relax`: `none`; `contact`, the gold
    atoms that bind and what surrounds the contact atoms (the octahedron of a halide; in a molecule the atoms bonded to
    it); `junction`, all but the lead layers, which always stay where they are."""

    @property
    def tips(self) -> tuple[Tip, Tip]:
        """The left and the right tip."""
        left, right = (
            Tip(
                shape,
                shape.layers or self.layers,
                shape.lead_layers or self.lead_layers,
                shape.apex_distance_ang or self.apex_distance_ang,
            )
            for shape in (self.left or self.tip, self.right or self.tip)
        )
        return left, right

    @property
    def scf_kpoints(self) -> tuple[int, int, int] | None:
        """Numbers of k points of the SCF of a junction; None for a finite one."""
        return (*self.surface.kpoints, 1) if self.surface else None

    @property
    def gold_atoms(self) -> int:
        """Number of gold atoms of a junction."""
        surfaces = 2 * self.surface.atoms if self.surface else 0
        return sum(len(tip.points) for tip in self.tips) + surfaces

    @property
    def description(self) -> str:
        """The two tips in words."""
        left, right = (tip.description for tip in self.tips)
        tips = f"gold tips ({left})" if left == right else f"gold tips (left {left}; right {right})"
        return f"{tips} on {self.surface.description}" if self.surface else tips

    @model_validator(mode="after")
    def _check_lead_layers(self) -> "ElectrodeSettings":
        for tip in self.tips:
            if tip.lead_layers > tip.layers:
                raise ValueError(
                    f"lead_layers = {tip.lead_layers} is more than layers = {tip.layers}; "
                    f"a {tip.shape.kind} tip cannot have more lead layers than layers"
                )
        return self

    @model_validator(mode="after")
    def _check_surface(self) -> "ElectrodeSettings":
        if (surface := self.surface) is None:
            return self
        if given := [tip.lead_layers for tip in self.tips if tip.lead_layers != 1]:
            raise ValueError(
                f"lead_layers = {given[0]}: with a surface the electrode is the lead region; leave "
                "lead_layers out, and set surface.electrode_layers"
            )
        nearest_ang = surface.lattice_constant_ang / math.sqrt(2)
        for tip in self.tips:
            if tip.shape.tilt_deg:
                raise ValueError(
                    f"tilt_deg = {tip.shape.tilt_deg:g}: a tip on a surface continues its crystal and cannot lean; "
                    "leave tilt_deg out"
                )
            distance = nearest_ang * image_distance(tip.points, surface.size)
            if distance < surface.image_distance_ang:
                more = math.ceil((surface.image_distance_ang - distance) / nearest_ang)
                wider = [n + more for n in surface.size]
                raise ValueError(
                    f"surface.size = {list(surface.size)}: the {tip.description} comes within {distance:.2f} Ang of "
                    f"its periodic images, and surface.image_distance_ang is {surface.image_distance_ang:g}; take "
                    f"surface.size {wider}, or a smaller tip"
                )
        return self
