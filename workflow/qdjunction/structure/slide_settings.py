"""Settings of slides; cheap to import."""

from typing import Annotated

from pydantic import Field, model_validator

from qdjunction.core.limits import Force
from qdjunction.core.schema import Name, Section

Component = Annotated[float, Field(ge=-1e3, le=1e3)]


class SlideSettings(Section):
    """A slide: the right tip is pulled along the dot in small steps, and everything but the outer gold relaxes."""

    name: Name
    """Name of the slide, in file names and in the report."""
    dot: Name
    """Name of the dot in file names, e.g. `1Pb_MAPbBr3`."""
    junction: Name
    """Junction that it starts from; its right tip is pulled, its left one held."""
    towards: Name | None = None
    """Contact that the tip slides towards, along the face of the dot: the vector from the right contact to this one
    without its part along the outward direction of the right contact. Give this or `direction`."""
    direction: tuple[Component, Component, Component] | None = None
    """Direction of the pull in the axes of the structure, of any length."""
    step_ang: float = Field(default=0.4, gt=0, le=0.5)
    """Length of a step (Ang). Beyond 0.5 Ang a bond may be passed in one step, and the pull is not quasi-static."""
    steps: int = Field(default=10, ge=1, le=500)
    """Number of steps after the start."""
    fmax_ev_per_ang: Force | None = None
    """Largest force on a free atom at the end of each relaxation (eV/Ang); by default that of the section `relax`."""

    @model_validator(mode="after")
    def _check_direction(self) -> "SlideSettings":
        if (self.towards is None) == (self.direction is None):
            given = "neither is given" if self.towards is None else "both are given"
            raise ValueError(
                f"towards and direction: {given}; give the contact to slide towards, or a vector"
            )
        if self.direction is not None and not any(self.direction):
            raise ValueError(
                "direction = [0, 0, 0]: a pull needs a direction; give a vector such as [0, 0, 1]"
            )
        return self
