"""Settings of ligands on a dot; cheap to import."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, TypeAdapter, model_validator

from qdjunction.core.schema import Name, Section
from qdjunction.structure.perovskite.constants import HALIDES
from qdjunction.structure.sites import Atom, Direction

Ion = Literal["Cl", "Br", "I", "Cs", "MA"]
"""A kind of ion at the surface of a dot."""


_ATOM: TypeAdapter[int | str] = TypeAdapter(Atom)


def _place(value: Any) -> Any:
    """Return the name of a contact as it is, and anything else as an atom."""
    is_name = isinstance(value, str) and re.fullmatch(r"[A-Za-z][\w.+]*", value)
    return value if is_name else _ATOM.validate_python(value)


Place = Annotated[int | str, BeforeValidator(_place)]
"""An atom of the dot, as in `sites`, or the name of one of its contacts."""


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | int) else value


class LigandSearch(Section):
    """Where ligands come from, and how many conformers of each are tried."""

    ligand_folder: str | None = None
    """Folder of ligand files of your own, which take precedence over those of `clusters/ligands`."""
    conformers: int = Field(default=10, ge=1, le=1000)
    """Number of random conformers of each ligand that are tried."""


class Placement(Section):
    """A ligand and where it binds, or ions that are taken away."""

    ligand: Name | None = None
    """Name of a ligand in the library; without it the ions of `replace`, or of `ion` and `count`, are taken away and
    nothing is put there."""
    replace: Annotated[list[Place], BeforeValidator(_listed)] = Field(default=[])
    """Atom of the ion that the ligand replaces, as in `sites`, or a contact of the dot: a terminal halide, an alkali
    ion, or any heavy atom of an ammonium ion. Several halides of one Pb give way to one ligand."""
    ion: Ion | None = None
    """Kind of the ions that `count` ligands replace, one each: the outermost terminal halides or cations of the
    surface, spread as far apart as possible."""
    count: int | None = Field(default=None, ge=1)
    """Number of these ions."""
    each: int = Field(default=1, ge=1, le=3)
    """Number of halides of one Pb that give way to each of the `count` ligands; a corner has three."""
    cap: Place | None = None
    """Atom or contact that the ligand binds to without replacing anything: a Pb that lacks a halide, or a halide, by a
    hydrogen bond."""
    direction: Direction = None
    """Direction from the atom that is capped, or from the Pb or the site of the replaced ion, to the ligand: a vector
    or `outward` from the centre of mass. By default that of the replaced bond, or that which continues the bonds of the
    capped atom."""
    reverse: bool = False
    """Whether the ligand binds with its `other_end`."""
    contact: Name | None = None
    """Name of the contact that the end of the ligand away from the dot becomes, so that a tip can touch it."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        ways = [bool(self.replace), self.ion is not None, self.cap is not None]
        if sum(ways) != 1:
            raise ValueError(
                "says "
                + ("nowhere" if not any(ways) else "in two ways")
                + " where the ligand binds; give one of "
                "replace (an atom of the ion), ion with count, or cap (an atom)"
            )
        if (self.ion is None) != (self.count is None):
            raise ValueError("ion and count go together: the kind of the ions and how many are replaced")
        if self.each > 1 and self.ion not in HALIDES:
            raise ValueError(
                f"each = {self.each}: several halides of one Pb give way to one ligand; set ion to a halide, or leave "
                "each out"
            )
        if self.ligand is None and (self.cap is not None or self.contact or self.direction or self.reverse):
            raise ValueError("only takes ions away, since it names no ligand; add the key ligand")
        if self.contact and "-" in self.contact:
            raise ValueError(
                f"contact: '{self.contact}' holds a hyphen, which separates the contacts of a pair"
            )
        if self.contact and self.count is not None and self.count > 1:
            raise ValueError(
                f"contact '{self.contact}' would name {self.count} ligands; name one with replace"
            )
        return self

    @property
    def text(self) -> str:
        """The placement in words, for errors."""
        if self.ion:
            times = f" x {self.each}" if self.each > 1 else ""
            where = f"{self.count}{times} {self.ion}"
        else:
            where = (
                f"cap {self.cap}" if self.cap is not None else f"replace {', '.join(map(str, self.replace))}"
            )
        return f"{self.ligand or 'no ligand'} ({where})"
