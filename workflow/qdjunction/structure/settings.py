"""Settings of the electrodes; cheap to import."""

from typing import Literal

from pydantic import Field, model_validator

from qdjunction.core.schema import Section


class ElectrodeSettings(Section):
    """The gold pyramids."""

    layers: int = Field(default=3, ge=1, le=12)
    """Layers of a pyramid: 1, 3, 6, 10, 15, ... atoms from apex to base."""
    lead_layers: int = Field(default=1, ge=1, le=12)
    """Outermost layers of a pyramid that couple to the lead."""
    apex_distance_ang: float | None = Field(default=None, ge=1.8, le=4.5)
    """Distance from the apex to the contact atom (Ang); by default that of its anchor (docs/structures.md), and
    required for an atom that is none. Below 1.8 Ang the two atoms overlap, beyond 4.5 Ang they do not touch."""
    relax: Literal["none", "contact", "junction"] = "none"
    """Which atoms of a junction are relaxed, to the thresholds of the section `relax`: `none`; `contact`, the apex
    layers of both tips and what surrounds the contact atoms (the octahedron of a halide; in a molecule the atoms bonded
    to it); `junction`, all but the lead layers, which always stay where they are."""

    @model_validator(mode="after")
    def _check_lead_layers(self) -> "ElectrodeSettings":
        if self.lead_layers > self.layers:
            raise ValueError(
                f"lead_layers = {self.lead_layers} is more than layers = {self.layers}; "
                "a pyramid cannot have more lead layers than layers"
            )
        return self
