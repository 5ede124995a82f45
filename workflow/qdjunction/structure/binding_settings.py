"""Settings of binding curves; cheap to import."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from qdjunction.core.errors import InputError
from qdjunction.core.schema import Name, Section

if TYPE_CHECKING:
    from qdjunction.structure.tips.contract import Tip


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


def check_fragments(tip: "Tip", lost: Sequence[str]) -> None:
    """Refuse a binding curve whose dot or tip is a radical alone, or whose tip has no single apex.

    Parameters
    ----------
    tip : Tip
        The tip that is moved.
    lost : sequence of str
        Contacts of the junction whose hydrogen leaves as gold binds.

    Raises
    ------
    InputError
        If energies of closed shells are no binding curve.
    """
    if lost:
        raise InputError(radical(lost))
    if tip.shape.gold_site != "top":
        raise InputError(
            f"the left tip ({tip.description}) binds at a {tip.shape.gold_site} site, which has no single distance; "
            "take a tip with one atom at its apex"
        )
    if len(tip.points) % 2:
        raise InputError(
            f"the left tip ({tip.description}) has an odd number of gold atoms, so that it is a radical alone, while "
            "engines compute closed shells; take a tip with an even number, such as electrodes.layers: 3"
        )


def radical(lost: Sequence[str]) -> str:
    """Return why a dot whose contacts have lost their hydrogen has no binding curve."""
    return (
        f"a hydrogen leaves at {' and '.join(map(repr, lost))} as gold binds, so that the dot without its tips is a "
        "radical, while engines compute closed shells; choose contacts that bind by a lone pair, or halides"
    )
