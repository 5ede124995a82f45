"""A finite (111) slab."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from qdjunction.structure.tips.contract import GoldSite, Point, TipKind, TipSettings, slab


class Slab(TipSettings):
    """A finite (111) slab."""

    kind: Literal["slab"] = "slab"
    """A rhombic piece of a (111) surface, without periodic images."""
    size: tuple[Annotated[int, Field(ge=1, le=10)], Annotated[int, Field(ge=1, le=10)]] = (3, 3)
    """Atoms of a layer along its two directions, 60 degrees apart."""
    site: GoldSite = "top"
    """Site of the surface on which the contact atom binds, as for `blunt`."""

    @model_validator(mode="after")
    def _has_the_site(self) -> "Slab":
        if (self.site == "hollow" and min(self.size) < 2) or (self.site == "bridge" and max(self.size) < 2):
            raise ValueError(
                f"site = {self.site}: a slab of {self.size[0]} x {self.size[1]} atoms has none; raise size, or set "
                "the site to top"
            )
        return self

    @property
    def gold_site(self) -> GoldSite:
        """The key `site`."""
        return self.site

    def points(self, layers: int) -> list[Point]:
        """Return the atoms of the slab."""
        return slab(self.size, layers)

    def describe(self, layers: int) -> str:
        """Return size and site in words."""
        return f"slab of {self.size[0]} x {self.size[1]} atoms and {layers} layer{'s' * (layers > 1)}, {self.site} site"


KIND = TipKind("slab", Slab)
