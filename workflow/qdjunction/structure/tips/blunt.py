"""A (111) pyramid without its first layers: the contact atom binds on a flat facet."""

from typing import Literal

from pydantic import Field, field_validator

from qdjunction.structure.tips.contract import GoldSite, Point, TipKind, TipSettings, plane


class Blunt(TipSettings):
    """A (111) pyramid without its first layers, so that the contact atom binds on a flat facet."""

    kind: Literal["blunt"] = "blunt"
    """A pyramid whose first layers are cut off; `layers` counts those that remain."""
    facet: int = Field(default=3, ge=3, le=21)
    """Atoms of the facet: 3, 6, 10, 15 or 21, for 1 to 5 layers cut off."""
    site: GoldSite = "hollow"
    """Site of the facet on which the contact atom binds, the one nearest to the middle: atop one atom, on the bridge of
    two, or in the hollow of three, fcc before hcp. Distances from bridge and hollow are known for some anchors only
    (docs/structures.md)."""

    @field_validator("facet")
    @classmethod
    def _is_a_layer_of_a_pyramid(cls, value: int) -> int:
        if value not in _CUT:
            raise ValueError(
                f"a layer of a pyramid has {', '.join(map(str, _CUT))} atoms; choose one of them"
            )
        return value

    @property
    def gold_site(self) -> GoldSite:
        """The key `site`."""
        return self.site

    def points(self, layers: int) -> list[Point]:
        """Return the layers of a pyramid from the facet on."""
        first = _CUT[self.facet]
        return [point for number in range(first, first + layers) for point in plane(number)]

    def describe(self, layers: int) -> str:
        """Return layers, facet and site in words."""
        return f"blunt pyramid of {layers} layers, {self.site} site of a facet of {self.facet} atoms"


_CUT = {3: 1, 6: 2, 10: 3, 15: 4, 21: 5}
"""Layers that are cut off, by the atoms of the next."""

KIND = TipKind("blunt", Blunt)
