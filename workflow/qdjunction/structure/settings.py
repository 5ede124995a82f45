"""Settings of the electrodes; cheap to import."""

from typing import TYPE_CHECKING, Literal

from pydantic import model_validator

from qdjunction.core.kinds import table_of
from qdjunction.core.schema import Section
from qdjunction.structure.tips.contract import ApexDistance, Layers, Tip, TipSettings
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


class ElectrodeSettings(Section):
    """The gold tips."""

    layers: Layers = 3
    """Layers of a tip from the apex outwards; of a pyramid 1, 3, 6, 10, 15, ... atoms."""
    lead_layers: Layers = 1
    """Outermost layers of a tip that couple to the lead, unless its table has its own."""
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
    def gold_atoms(self) -> int:
        """Number of gold atoms of a junction."""
        return sum(len(tip.points) for tip in self.tips)

    @property
    def description(self) -> str:
        """The two tips in words."""
        left, right = (tip.description for tip in self.tips)
        return f"gold tips ({left})" if left == right else f"gold tips (left {left}; right {right})"

    @model_validator(mode="after")
    def _check_lead_layers(self) -> "ElectrodeSettings":
        for tip in self.tips:
            if tip.lead_layers > tip.layers:
                raise ValueError(
                    f"lead_layers = {tip.lead_layers} is more than layers = {tip.layers}; "
                    f"a {tip.shape.kind} tip cannot have more lead layers than layers"
                )
        return self
