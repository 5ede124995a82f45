"""A block in lattice coordinates, and the contact sites on it.

Pb sits at integers (i, j, k), halides half-way between neighbouring Pb and half a lattice constant beyond the outer
faces; the latter are the terminal ones, at which tips may touch. The module is plain Python, since every start of the
workflow imports it.
"""

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Literal

from qdjunction.core.schema import Section

Face = Literal["-x", "+x", "-y", "+y", "-z", "+z"]
LatticeVector = tuple[int, int, int]
Site = tuple[float, float, float]

FACE_VECTORS: Mapping[Face, LatticeVector] = {
    "-x": (-1, 0, 0),
    "+x": (1, 0, 0),
    "-y": (0, -1, 0),
    "+y": (0, 1, 0),
    "-z": (0, 0, -1),
    "+z": (0, 0, 1),
}
"""Outward lattice direction of each face."""


def block_sites(
    block: tuple[int, int, int], removed: Iterable[LatticeVector] = ()
) -> tuple[LatticeVector, ...]:
    """Return the Pb sites of a block without its removed units, in lexicographic order."""
    without = set(removed)
    nx, ny, nz = block
    return tuple(site for site in product(range(nx), range(ny), range(nz)) if site not in without)


def halide_sites(pb_sites: Iterable[LatticeVector]) -> tuple[Site, ...]:
    """Return the sites of the halides that are bonded to at least one Pb, in lexicographic order."""
    return tuple(
        sorted(
            {(i + x / 2, j + y / 2, k + z / 2) for i, j, k in pb_sites for x, y, z in FACE_VECTORS.values()}
        )
    )


class ContactSite(Section):
    """A terminal halide, given by its Pb and the face it points out of.

    Attributes
    ----------
    pb : tuple of three int
        Lattice coordinates of the Pb that holds the halide.
    face : str
        Outward direction, one of ``-x +x -y +y -z +z``.
    """

    pb: LatticeVector
    face: Face

    @property
    def direction(self) -> LatticeVector:
        """Outward lattice direction."""
        return FACE_VECTORS[self.face]

    @property
    def neighbour(self) -> LatticeVector:
        """Lattice coordinates beyond the halide; with a Pb there the halide is a bridge and not a contact."""
        i, j, k = (p + d for p, d in zip(self.pb, self.direction, strict=True))
        return i, j, k

    @property
    def halide(self) -> Site:
        """Lattice coordinates of the halide."""
        x, y, z = (p + d / 2 for p, d in zip(self.pb, self.direction, strict=True))
        return x, y, z


def sliding_series(
    length: int, column: tuple[int, int] = (0, 0), facing: Face = "-x"
) -> dict[str, ContactSite]:
    """Return the contacts of the sliding series along one Pb column.

    ``L`` is the near end of the column and faces -z; ``R1`` .. ``Rn`` are the halides beside it, one per Pb,
    all facing `facing`; ``R(n+1)`` is the far end and faces +z. For one Pb that is ``R1`` cis and ``R2``
    trans to ``L``.

    Parameters
    ----------
    length : int
        Number of Pb in the column, n.
    column : tuple of two int
        Lattice coordinates (i, j) of the column.
    facing : str
        Face of R1 .. Rn.

    Returns
    -------
    dict of str to ContactSite
        In the order L, R1, ..., R(n+1).
    """
    i, j = column
    series = {"L": ContactSite(pb=(i, j, 0), face="-z")}
    series |= {f"R{k + 1}": ContactSite(pb=(i, j, k), face=facing) for k in range(length)}
    series[f"R{length + 1}"] = ContactSite(pb=(i, j, length - 1), face="+z")
    return series
