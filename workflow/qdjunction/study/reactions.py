"""Settings of reactions between the structures of a study; cheap to import."""

from collections.abc import Mapping
from typing import Annotated, Self, TypeAlias

from pydantic import Field, model_validator

from qdjunction.core.schema import Name, Section

Side: TypeAlias = dict[Name, Annotated[int, Field(ge=1, le=1000)]]
"""Structures of the study on one side of a reaction, each with its number."""


class ReactionSettings(Section):
    """A reaction whose energy follows from the relaxed structures of the study."""

    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")
    """Name of the reaction: any words on one line."""
    reactants: Side = Field(min_length=1)
    """Names of the structures that react, each with its number, e.g. `{8Pb_CsPbBr3: 1, acetic-acid: 1}`."""
    products: Side = Field(min_length=1)
    """Names of the structures that form, each with its number."""

    @model_validator(mode="after")
    def _sides_differ(self) -> Self:
        if twice := next((name for name in self.reactants if name in self.products), None):
            raise ValueError(f"'{twice}' is on both sides; leave it out of one")
        return self

    @property
    def species(self) -> list[str]:
        """Names of its structures."""
        return [*self.reactants, *self.products]

    @property
    def equation(self) -> str:
        """The reaction as an equation of names."""
        return f"{_sum(self.reactants)} -> {_sum(self.products)}"


def _sum(side: Mapping[str, int]) -> str:
    return " + ".join(f"{number} {name}" if number > 1 else name for name, number in side.items())
