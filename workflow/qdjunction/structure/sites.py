"""Contacts of a structure of the user's own: which atom, in which direction, as which anchor."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from qdjunction.core.errors import InputError, StructureError
from qdjunction.core.schema import Name, Section
from qdjunction.structure.anchors import (
    Anchor,
    bond_direction,
    describe,
    is_doubly_bonded,
    recognise,
    require_fitting,
    with_own,
)
from qdjunction.structure.smarts import matched_atoms, perceived

if TYPE_CHECKING:
    import numpy as np
    from ase import Atoms
    from numpy.typing import NDArray

    from qdjunction.structure.contacts import ContactEntry

TIE_ANG = 0.01
"""Atoms whose distances differ by less are equally far, and a rule does not choose among them."""

CENTRED_ANG = 0.1
"""An atom nearer to the centre of mass than this has no outward direction."""

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_VECTOR = rf"{_NUMBER}(?:\s*,\s*{_NUMBER}){{2}}"
_ELEMENT = r"(?:(?P<element>[A-Z][a-z]?)\s+)?"


def _farthest(positions: NDArray[np.float64], place: str) -> NDArray[np.float64]:
    axis = re.fullmatch(r"([-+]?)([xyz])", place)
    sign = -1.0 if axis and axis[1] == "-" else 1.0
    direction = [sign * (name == axis[2]) for name in "xyz"] if axis else _vector(place)
    projected: NDArray[np.float64] = -(positions @ direction) / math.hypot(*direction)
    return projected


def _nearest(positions: NDArray[np.float64], place: str) -> NDArray[np.float64]:
    distance: NDArray[np.float64] = ((positions - _vector(place)) ** 2).sum(axis=1) ** 0.5
    return distance


def _vector(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


RULES: Mapping[re.Pattern[str], Callable[[NDArray[np.float64], str], NDArray[np.float64]]] = {
    re.compile(rf"{_ELEMENT}farthest along (?P<place>[-+]?[xyz]|{_VECTOR})"): _farthest,
    re.compile(rf"{_ELEMENT}nearest to (?P<place>{_VECTOR})"): _nearest,
}
"""How an atom may be named by its place. A rule ranks the atoms of the element, and the lowest is taken (Ang)."""

HOW = (
    "write an index counted from 0, 'S farthest along -z' (an axis or x,y,z), or 'S nearest to x,y,z'; without the "
    "element any atom is looked at"
)


def _place(value: Any) -> Any:
    """Return an index or the text of a rule."""
    if isinstance(value, str):
        value = " ".join(value.split())
        if re.fullmatch(r"\d+", value):
            return int(value)
        found = next((match for rule in RULES if (match := rule.fullmatch(value))), None)
        if found and ("farthest" not in value or "," not in found["place"] or any(_vector(found["place"]))):
            return value
    elif isinstance(value, int) and value >= 0:
        return value
    raise ValueError(HOW)


def _direction(value: Any) -> Any:
    """Return a direction by name or as three numbers."""
    if value in (None, "bond", "outward"):
        return value
    try:
        vector = tuple(float(x) for x in (value.split(",") if isinstance(value, str) else value))
    except (TypeError, ValueError):
        vector = ()
    if len(vector) != 3 or not all(map(math.isfinite, vector)):
        raise ValueError("write three numbers, bond or outward")
    if not any(vector):
        raise ValueError("points nowhere; give another vector, bond or outward, or leave it out")
    return vector


Atom = Annotated[int | str, BeforeValidator(_place)]
"""An atom by its index, counted from 0, or by a rule."""

Direction = Annotated[
    Literal["bond", "outward"] | tuple[float, float, float] | None, BeforeValidator(_direction)
]
"""A direction by three numbers or by name."""


Cell = Literal["molecule", "drop"]
"""What becomes of the cell of a file: molecules that its faces cut are put together, or it is dropped as it is."""


class Site(Section):
    """An atom that a tip may touch: by `atom`, by `smarts`, or by a rule among the atoms that `smarts` matches."""

    atom: Atom | None = None
    """Its index, counted from 0, or a rule: `S farthest along -z`, `N farthest along 1,1,0`, `S nearest to 0,0,3.2` (a
    point in Ang); without the element any atom is looked at."""
    smarts: str | None = Field(default=None, min_length=1)
    """SMARTS pattern that it matches, e.g. `[SX2H]` for a thiol. In a pattern of several atoms the one with the map
    number 1 is meant, as in `[SX2H:1]c`, or else the first. Needs the extra `smiles`."""
    match: int | None = Field(default=None, ge=0)
    """Which of several atoms that `smarts` matches, counted from 0 in the order of the structure."""
    direction: Direction = None
    """Direction from the atom to the tip: a vector of any length, `bond`, which continues the bonds of the atom, or
    `outward` from the centre of mass. By default `bond` for an anchor and `outward` for any other atom."""
    anchor: Name | None = None
    """Name of the anchor; by default it is recognised from element and bonds."""

    @model_validator(mode="after")
    def _check_choice(self) -> Site:
        check_choice(self.atom, self.smarts, self.match, "")
        return self

    @property
    def given(self) -> str:
        """Key and value that it is given by, for errors."""
        return f"smarts = '{self.smarts}'" if self.atom is None else f"atom = {self.atom!r}"


def check_choice(atom: int | str | None, smarts: str | None, match: int | None, where: str) -> None:
    """Raise ValueError unless the keys of a site, which `where` precedes in the message, choose one atom."""
    if atom is None and smarts is None:
        raise ValueError(
            f"names no atom; give {where}atom, an index or a rule, or {where}smarts, a pattern such as [SX2H]"
        )
    if isinstance(atom, int) and smarts is not None:
        raise ValueError(f"{where}atom is an index and needs no {where}smarts; leave one of them out")
    if match is not None and (smarts is None or atom is not None):
        raise ValueError(
            f"{where}match counts the atoms that {where}smarts matches; give it beside that alone"
        )


def find_atom(atoms: Atoms, site: Site, where: str, molecule: Callable[[], Any] | None = None) -> int:
    """Return the index of the atom of a site.

    Parameters
    ----------
    atoms : ase.Atoms
        The structure.
    site : Site
        The site.
    where : str
        What stands before the key in an error.
    molecule : callable, optional
        Returns the structure as a molecule of RDKit; by default its bonds are perceived from the geometry.

    Raises
    ------
    InputError
        If there is no such atom, or several are equally far or match.
    """
    choice = candidates(
        list(atoms.symbols), site, where, molecule or (lambda: perceived(atoms, f"{where}{site.given}"))
    )
    if not isinstance(site.atom, str):
        return choice[0]
    rule, match = next((rule, match) for rule in RULES if (match := rule.fullmatch(site.atom)))
    ranks = RULES[rule](atoms.positions[choice], match["place"])
    first = [i for i, rank in zip(choice, ranks, strict=True) if rank < ranks.min() + TIE_ANG]
    if len(first) > 1:
        raise InputError(
            f"{where}atom = '{site.atom}': atoms {_listed(atoms.symbols, first)} are equally far to {TIE_ANG:g} Ang; "
            "give the index of one, or another direction"
        )
    return first[0]


def candidates(symbols: Sequence[str], site: Site, where: str, molecule: Callable[[], Any]) -> list[int]:
    """Return the atoms that may be that of a site, as far as no geometry tells; one unless its place decides.

    Raises
    ------
    InputError
        If there is no such atom, or a pattern matches several without a choice.
    """
    there = tuple(dict.fromkeys(symbols))
    matched = list(range(len(symbols)))
    if site.smarts is not None:
        matched = matched_atoms(molecule(), site.smarts, f"{where}smarts = '{site.smarts}'")
        if site.atom is None:
            return [_chosen(symbols, matched, site, where)]
    if isinstance(site.atom, int):
        if site.atom >= len(symbols):
            raise InputError(
                f"{where}atom = {site.atom}: the structure has {len(symbols)} atoms, counted from 0 to "
                f"{len(symbols) - 1}"
            )
        return [site.atom]
    assert site.atom is not None  # `check_choice` refuses a site without atom and smarts
    place = next(match for rule in RULES if (match := rule.fullmatch(site.atom)))
    element = place["element"]
    if element is not None and element not in there:
        raise InputError(
            f"{where}atom = '{site.atom}': the structure has no {element}; it has {', '.join(there)}"
        )
    found = [i for i in matched if element in (None, symbols[i])]
    if not found:
        raise InputError(
            f"{where}atom = '{site.atom}': none of the atoms that {where}smarts = '{site.smarts}' matches, "
            f"{_listed(symbols, matched)}, is {element}; correct one of them"
        )
    return found


def _chosen(symbols: Sequence[str], matched: list[int], site: Site, where: str) -> int:
    """Return the atom that `match` chooses among those that a pattern matches."""
    what = f"{where}smarts = '{site.smarts}': matches atoms {_listed(symbols, matched)}"
    if site.match is None and len(matched) > 1:
        raise InputError(
            f"{what}; choose one by {where}match, counted from 0, or by its place, such as {where}atom "
            "'farthest along -z'"
        )
    if site.match is not None and site.match >= len(matched):
        raise InputError(f"{what}, so that {where}match is at most {len(matched) - 1}, not {site.match}")
    return matched[site.match or 0]


def _listed(symbols: Sequence[str], atoms: Sequence[int]) -> str:
    return ", ".join(f"{i} ({symbols[i]})" for i in atoms)


def find_contacts(
    atoms: Atoms,
    sites: Mapping[str, Site],
    where: Callable[[str], str],
    anchors: Mapping[str, Anchor] | None = None,
    molecule: Callable[[], Any] | None = None,
) -> dict[str, ContactEntry]:
    """Return the contacts of a structure as ``info["contacts"]`` holds them.

    Parameters
    ----------
    atoms : ase.Atoms
        A finite structure without gold tips.
    sites : mapping of str to Site
        Each contact by name.
    where : callable
        Returns what stands before the key in an error, for the name of a contact.
    anchors : mapping of str to Anchor, optional
        Anchors beside those of `ANCHORS`; they take precedence.
    molecule : callable, optional
        As for `find_atom`.

    Raises
    ------
    InputError
        If an atom or a direction cannot be found, an atom has no bonds or is none of the anchor that is named, or two
        contacts are the same atom.
    """
    known = with_own(anchors or {})
    contacts: dict[str, ContactEntry] = {}
    for name, site in sites.items():
        atom = find_atom(atoms, site, where(name), molecule)
        other = next((other for other, entry in contacts.items() if entry["atom"] == atom), None)
        if other is not None:
            raise InputError(
                f"{where(name)}{site.given}: contact '{other}' is atom {atom} ({atoms.symbols[atom]}) too; "
                "a junction needs two atoms"
            )
        try:
            contacts[name] = _contact(atoms, atom, site, where(name), known)
        except StructureError as error:
            raise InputError(str(error)) from None
    return contacts


def _contact(atoms: Atoms, atom: int, site: Site, where: str, known: Mapping[str, Anchor]) -> ContactEntry:
    from qdjunction.structure.connectivity import neighbours

    element, bonded = str(atoms.symbols[atom]), [str(atoms.symbols[i]) for i in neighbours(atoms, atom)]
    check_bonds(atom, element, bonded, site, where, known, not is_doubly_bonded(atoms, atom))
    fits = {site.anchor: known[site.anchor]} if site.anchor else known
    binding = recognise(atoms, atom, fits)
    hydrogen, tilt_deg = (binding.hydrogen, binding.anchor.tilt_deg) if binding else (None, 0.0)
    rule = site.direction or ("bond" if binding else "outward")
    direction: Sequence[float] | NDArray[np.float64]
    if rule == "bond":
        direction = bond_direction(atoms, atom, f"{where}direction", hydrogen, tilt_deg)
    elif rule == "outward":
        direction = atoms.positions[atom] - atoms.get_center_of_mass()
        if math.hypot(*direction) < CENTRED_ANG:
            raise InputError(
                f"{where}direction: atom {atom} is at the centre of mass, so that no direction is outward; give one"
            )
    else:
        direction = rule
    length = math.hypot(*direction)
    entry: ContactEntry = {"atom": atom, "direction": [float(x) / length for x in direction]}
    if binding:
        entry["anchor"] = {binding.name: binding.anchor.model_dump(mode="json", exclude_defaults=True)}
    return entry


def check_bonds(
    atom: int, element: str, bonded: Sequence[str], site: Site, where: str, known: Mapping[str, Anchor],
    bare: bool = False,
) -> None:  # fmt: skip
    """Refuse an atom that cannot be that of a site by its bonds, which a SMILES tells without a geometry.

    With `bare` a hydrogen that leaves may have left already; see `fitting`.

    Raises
    ------
    InputError
        If it has no bonds.
    StructureError
        If it is not the anchor that the site names.
    """
    if not bonded:
        raise InputError(
            f"{where}{site.given}: {describe(atom, element, bonded)}, so that gold there would touch nothing else; "
            "name another atom"
        )
    if site.anchor is not None:
        require_fitting(atom, element, bonded, f"{where}anchor", site.anchor, known, bare)
