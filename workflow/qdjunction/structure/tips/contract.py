"""Interface of a kind of tip: its settings, which list its atoms as points of the fcc lattice.

Settings are read long before a tip is built, so modules of kinds import neither numpy nor ASE.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Literal

from pydantic import Field

from qdjunction.core.schema import Section

Point = tuple[int, int, int]
"""A point of the fcc lattice: its coordinates along the three primitive vectors, whose sum numbers the (111) planes."""

GoldSite = Literal["top", "bridge", "hollow"]
"""Where a contact atom binds: atop one gold atom, between two neighbours, or between three."""

ApexDistance = Annotated[float, Field(ge=1.8, le=4.5)]
"""Distance of a contact atom from the gold atoms that it binds to (Ang): below 1.8 Ang they overlap, beyond 4.5 Ang
they do not touch."""

Layers = Annotated[int, Field(ge=1, le=12)]
"""Number of (111) layers of a tip."""

IN_PLANE: tuple[Point, Point] = ((1, -1, 0), (1, 0, -1))
"""Two nearest-neighbour vectors of a (111) plane, 60 degrees apart."""


class TipSettings(Section):
    """Shape of a tip. A kind adds its keys, and `kind` as a literal of its name."""

    kind: str
    layers: Layers | None = None
    """Layers of this tip; by default `electrodes.layers`."""
    lead_layers: Layers | None = None
    """Outermost layers of this tip that couple to the lead; by default `electrodes.lead_layers`."""
    apex_distance_ang: ApexDistance | None = None
    """Distance from the contact atom to the gold atoms of this tip that it binds to (Ang), with the limits of
    `electrodes.apex_distance_ang`, which is the default."""
    tilt_deg: float = Field(default=0.0, ge=0, le=60)
    """Angle between the axis of the tip, its [111] direction through the contact atom, and the direction of the contact
    (degrees). The side to which it leans follows from the room around the gold. Beyond 60 deg a tip lies on the
    molecule."""

    @property
    def gold_site(self) -> GoldSite:
        """Where the contact atom binds; of the sites of that sort in layer 0 the one nearest to the middle."""
        return "top"

    @abstractmethod
    def points(self, layers: int) -> Sequence[Point]:
        """Return the atoms of a tip of `layers` layers, from its apex outwards.

        Its (111) planes have consecutive numbers, and the lowest is layer 0, where the contact atom binds.
        """

    @abstractmethod
    def describe(self, layers: int) -> str:
        """Return what a tip of `layers` layers is, such as ``pyramid of 3 layers``."""


@dataclass(frozen=True)
class Tip:
    """One of the two tips of a junction.

    Attributes
    ----------
    shape : TipSettings
        Its shape.
    layers : int
        Its layers, as its kind counts them.
    lead_layers : int
        Outermost layers that couple to the lead.
    apex_distance_ang : float or None
        Distance from the contact atom to the gold atoms that it binds to (Ang); None for that of its anchor.
    """

    shape: TipSettings
    layers: int
    lead_layers: int = 1
    apex_distance_ang: float | None = None

    @property
    def points(self) -> Sequence[Point]:
        """Its atoms; see `TipSettings.points`."""
        return self.shape.points(self.layers)

    @property
    def description(self) -> str:
        """What it is, such as ``pyramid of 3 layers``."""
        return self.shape.describe(self.layers)


@dataclass(frozen=True)
class TipKind:
    """A kind of tip; a module defines one as ``KIND``.

    Attributes
    ----------
    name : str
        Value of the key `kind`.
    Settings : type of TipSettings
        Model of its keys.
    """

    name: str
    Settings: type[TipSettings]


def surface(
    centre: tuple[float, float, float], first: int, size: tuple[int, int], layers: int
) -> list[Point]:
    """Return the (111) planes of a periodic surface: of each the points of one lateral cell, around an axis.

    Parameters
    ----------
    centre : 3 floats
        A place on the [111] axis of the cells, in coordinates of the lattice.
    first : int
        Number of the first plane.
    size : 2 ints
        Atoms along the two vectors of `IN_PLANE`.
    layers : int
        Number of planes.
    """
    points = []
    for number in range(first, first + layers):
        # From the axis the point (number + i + j, -i, -j) lies at i + rise + centre[1] and j + rise + centre[2] along
        # the two vectors.
        rise = (number - sum(centre)) / 3
        starts = [
            math.ceil(round(-n / 2 - rise - along, 9))
            for n, along in zip(size, (centre[1], centre[2]), strict=True)
        ]
        points += [
            (number + i + j, -i, -j)
            for i in range(starts[0], starts[0] + size[0])
            for j in range(starts[1], starts[1] + size[1])
        ]
    return points


def image_distance(points: Sequence[Point], size: tuple[int, int]) -> float:
    """Return the smallest distance of points from those of the neighbouring lateral cells, in nearest-neighbour ones.

    Parameters
    ----------
    points : sequence of (i, j, l)
        Points of the lattice.
    size : 2 ints
        Lateral cell along the two vectors of `IN_PLANE`.
    """
    apart = {(q[0] - p[0], q[1] - p[1], q[2] - p[2]) for p in points for q in points}
    shifts = [
        (m * size[0] + n * size[1], -m * size[0], -n * size[1])
        for m, n in product((-1, 0, 1), repeat=2)
        if (m, n) != (0, 0)
    ]
    # Primitive vectors of fcc are 60 degrees apart.
    square = min(
        i * i + j * j + k * k + i * j + i * k + j * k
        for v in apart
        for s in shifts
        for i, j, k in [(v[0] + s[0], v[1] + s[1], v[2] + s[2])]
    )
    return math.sqrt(square)


def plane(number: int) -> list[Point]:
    """Return the points i, j, l >= 0 with i + j + l = `number`: a triangle of (n + 1)(n + 2) / 2 atoms."""
    return [(i, j, number - i - j) for i in range(number, -1, -1) for j in range(number - i, -1, -1)]


def slab(size: tuple[int, int], layers: int) -> list[Point]:
    """Return a rhombic (111) slab of `size` atoms a layer, stacked ABC.

    The layers are shifted by 0, 1/3 and -1/3 of the sum of its two directions, so that they lie above one another.
    """
    a, b = IN_PLANE
    points = []
    for k in range(layers):
        back = (k + 1) // 3
        origin = (k - 2 * back, back, back)
        points += [
            (
                origin[0] + i * a[0] + j * b[0],
                origin[1] + i * a[1] + j * b[1],
                origin[2] + i * a[2] + j * b[2],
            )
            for i in range(size[0])
            for j in range(size[1])
        ]
    return points
