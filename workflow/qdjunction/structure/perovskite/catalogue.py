"""The catalogue of dots: one YAML file per dot."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, PositiveInt, model_validator

from qdjunction.core.errors import InputError
from qdjunction.core.schema import Section, validate
from qdjunction.core.yaml import read_yaml
from qdjunction.structure.perovskite.lattice import (
    FACE_VECTORS,
    ContactSite,
    Face,
    LatticeVector,
    Site,
    block_sites,
    halide_sites,
    sliding_series,
)


class ContactRule(Section):
    """Contacts of a dot: the sliding series along one Pb column and any further named ones.

    Attributes
    ----------
    column : tuple of two int
        Lattice coordinates (i, j) of the Pb column along z that L and R1 .. R(n+1) belong to.
    facing : str
        Face of R1 .. Rn.
    named : dict of str to ContactSite
        Further contacts, each by its Pb and face.
    """

    column: tuple[int, int] = (0, 0)
    facing: Face = "-x"
    named: dict[str, ContactSite] = Field(default_factory=dict)


class DotDefinition(Section):
    """Block and contacts of a dot, before cation and halide are chosen.

    Attributes
    ----------
    name : str
        Name of the dot and of its file, e.g. ``12Pb``.
    block : tuple of three int
        Numbers of Pb along x, y, z.
    removed : tuple of lattice vectors
        Pb units taken out of the block.
    contacts : ContactRule
        Contacts of the dot.
    pairs : dict of str to (left, right)
        Named pairs of contacts.
    reference : str
        Source of the dot, as text.
    """

    name: Annotated[str, Field(min_length=1)]
    block: tuple[PositiveInt, PositiveInt, PositiveInt]
    removed: tuple[LatticeVector, ...] = ()
    contacts: ContactRule = ContactRule()
    pairs: dict[str, tuple[str, str]] = Field(default_factory=dict)
    reference: str = ""

    # Planning a screening asks for them for each of its thousands of junctions.
    @cached_property
    def pb_sites(self) -> tuple[LatticeVector, ...]:
        """Lattice coordinates of the Pb, in lexicographic order."""
        return block_sites(self.block, self.removed)

    @cached_property
    def halide_sites(self) -> tuple[Site, ...]:
        """Lattice coordinates of the halides, in lexicographic order."""
        return halide_sites(self.pb_sites)

    @cached_property
    def contact_sites(self) -> dict[str, ContactSite]:
        """Every contact by name: the sliding series first, then the further ones."""
        series = sliding_series(self.block[2], self.contacts.column, self.contacts.facing)
        return series | self.contacts.named

    @model_validator(mode="after")
    def _check(self) -> Self:
        outside = [
            site
            for site in self.removed
            if not all(0 <= s < n for s, n in zip(site, self.block, strict=True))
        ]
        if outside:
            raise ValueError(f"removed unit {list(outside[0])} is not in the block {list(self.block)}")
        if not self.pb_sites:
            raise ValueError("removed leaves no Pb")
        if not _is_connected(self.pb_sites):
            raise ValueError("removed cuts the dot into pieces that share no halide")
        series = sliding_series(self.block[2], self.contacts.column, self.contacts.facing)
        if taken := series.keys() & self.contacts.named.keys():
            raise ValueError(
                f"contacts.named may not name {', '.join(sorted(taken))}, which the sliding series names"
            )
        pb = set(self.pb_sites)
        for name, site in self.contact_sites.items():
            if site.pb not in pb:
                raise ValueError(f"contact {name} needs a Pb at {list(site.pb)}, where there is none")
            if site.neighbour in pb:
                raise ValueError(
                    f"contact {name} is not a terminal halide, it bridges to the Pb at {list(site.neighbour)}"
                )
        for pair, ends in self.pairs.items():
            if unknown := [end for end in ends if end not in self.contact_sites]:
                known = ", ".join(self.contact_sites)
                raise ValueError(f"pair {pair} names the unknown contact '{unknown[0]}'; there are {known}")
            if ends[0] == ends[1]:
                raise ValueError(f"pair {pair} has the contact '{ends[0]}' at both ends")
        return self


def list_dots(folder: str | Path) -> list[str]:
    """Return the names of the dots in a catalogue folder, sorted by the number that they start with."""

    def order(name: str) -> tuple[int, str]:
        digits = name[: len(name) - len(name.lstrip("0123456789"))]
        return (int(digits) if digits else 0, name)

    return sorted((path.stem for path in Path(folder).glob("*.yaml")), key=order)


def load_dot(name: str, folder: str | Path) -> DotDefinition:
    """Read the definition of a dot from ``folder/name.yaml``.

    Parameters
    ----------
    name : str
        Name of the dot, e.g. ``12Pb``.
    folder : str or Path
        The catalogue, usually ``clusters``.

    Raises
    ------
    InputError
        If there is no such dot, its file is not readable YAML, or a key or value of it is wrong.
    """
    if name not in list_dots(folder):
        known = ", ".join(list_dots(folder)) or "none at all"
        raise InputError(
            f"There is no dot '{name}' in {folder}; there are {known}. Add {name}.yaml to define it."
        )
    path = Path(folder) / f"{name}.yaml"
    content = read_yaml(path)
    if "name" in content:
        raise InputError(f"{path}: unknown key 'name'; a dot is named by its file")
    return validate(DotDefinition, {"name": name} | content, path)


def _is_connected(pb_sites: Iterable[LatticeVector]) -> bool:
    """Return whether bridging halides connect all Pb."""
    left = set(pb_sites)
    front = [left.pop()]
    while front:
        here = front.pop()
        for step in FACE_VECTORS.values():
            i, j, k = (h + s for h, s in zip(here, step, strict=True))
            if (i, j, k) in left:
                left.remove((i, j, k))
                front.append((i, j, k))
    return not left
