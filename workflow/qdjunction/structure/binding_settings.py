"""Settings of binding curves; cheap to import."""

from pydantic import Field, model_validator

from qdjunction.core.schema import Name, Section


class BindingEntry(Section):
    """A contact whose binding to gold is computed."""

    dot: Name
    """Name of the dot in file names, e.g. `1Pb_MAPbBr3`."""
    junction: Name
    """Its junction; the left contact is meant."""


class BindingSettings(Section):
    """Binding curves: energy against the distance of a gold tip from a contact, all atoms held."""

    contacts: list[BindingEntry] = Field(min_length=1)
    """The contacts. All curves are drawn in one figure."""
    shortest_ang: float = Field(default=2.2, ge=1.8, le=10)
    """First distance of apex and contact atom (Ang); below 1.8 Ang they overlap."""
    longest_ang: float = Field(default=4.0, ge=1.8, le=10)
    """Last distance (Ang); beyond 10 Ang nothing binds."""
    points: int = Field(default=13, ge=4, le=200)
    """Number of distances, evenly spaced."""

    @property
    def distances_ang(self) -> list[float]:
        """The distances (Ang)."""
        step = (self.longest_ang - self.shortest_ang) / (self.points - 1)
        return [round(self.shortest_ang + number * step, 6) for number in range(self.points)]

    @model_validator(mode="after")
    def _check(self) -> "BindingSettings":
        if self.longest_ang <= self.shortest_ang:
            raise ValueError(
                f"longest_ang = {self.longest_ang:g} must lie above shortest_ang = {self.shortest_ang:g}"
            )
        dots = [entry.dot for entry in self.contacts]
        if twice := next((dot for dot in dots if dots.count(dot) > 1), None):
            raise ValueError(f"contacts: {twice} is listed twice; a dot has one curve")
        return self
