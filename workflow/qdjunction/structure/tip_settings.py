"""Settings of a spread of tips; cheap to import."""

from typing import Literal

from pydantic import Field, model_validator

from qdjunction.core.schema import Section


class TipSpread(Section):
    """How turns and distances of tips are drawn, for each tip on its own."""

    turn_deg: float = Field(default=180.0, ge=0, le=180)
    """Largest turn of a tip about the direction of its contact, either way, from the angle with the most room
    (degrees); turns are uniform. 180 allows any turn, 0 none."""
    distance_spread_ang: float = Field(default=0.1, ge=0, le=0.5)
    """Spread of the shift of a tip along its axis (Ang): the standard deviation if `distribution` is `normal`, half
    the width if it is `uniform`. Beyond 0.5 Ang a contact is no bond."""
    distribution: Literal["normal", "uniform"] = "normal"
    """Distribution of the shifts."""

    @model_validator(mode="after")
    def _check_spread(self) -> "TipSpread":
        if not (self.turn_deg or self.distance_spread_ang):
            raise ValueError("turn_deg = 0 and distance_spread_ang = 0: nothing varies; raise one of them")
        return self
