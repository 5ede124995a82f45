"""A (111) pyramid: one atom at the apex, then 3, 6, 10, 15, ... atoms a layer."""

from typing import Literal

from qdjunction.structure.tips.contract import Point, TipKind, TipSettings, plane


class Pyramid(TipSettings):
    """A (111) pyramid with one atom at its apex, on which the contact atom binds."""

    kind: Literal["pyramid"] = "pyramid"
    """A pyramid: 1, 3, 6, 10, 15, ... atoms a layer."""

    def points(self, layers: int) -> list[Point]:
        """Return the fcc tetrahedron i, j, l >= 0, i + j + l < layers."""
        return [point for number in range(layers) for point in plane(number)]

    def describe(self, layers: int) -> str:
        """Return its number of layers in words."""
        return f"pyramid of {layers} layer{'s' * (layers > 1)}"


KIND = TipKind("pyramid", Pyramid)
