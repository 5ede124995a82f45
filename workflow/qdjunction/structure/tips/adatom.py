"""One gold atom in an fcc hollow of a finite (111) slab."""

from typing import Annotated, Literal

from pydantic import Field

from qdjunction.structure.tips.contract import Point, TipKind, TipSettings, slab


class Adatom(TipSettings):
    """One gold atom in the fcc hollow nearest to the middle of a finite (111) slab."""

    kind: Literal["adatom"] = "adatom"
    """An adatom on a slab; `layers` counts those of the slab, and the adatom is one more."""
    size: tuple[Annotated[int, Field(ge=2, le=10)], Annotated[int, Field(ge=2, le=10)]] = (3, 3)
    """Atoms of a layer of the slab along its two directions, 60 degrees apart. An adatom needs 2 x 2."""

    def points(self, layers: int) -> list[Point]:
        """Return the adatom and the slab."""
        # The fcc hollows lie at (i + 2/3, j + 2/3) of the slab's directions, above the points i a + j b + (1, -1, -1).
        i, j = (round((n - 1) / 2 - 2 / 3) for n in self.size)
        return [(i + j + 1, -i - 1, -j - 1), *slab(self.size, layers)]

    def describe(self, layers: int) -> str:
        """Return the size of the slab in words."""
        return f"adatom on a slab of {self.size[0]} x {self.size[1]} atoms and {layers} layer{'s' * (layers > 1)}"


KIND = TipKind("adatom", Adatom)
