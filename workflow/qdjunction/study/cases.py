"""Dots, junctions, series over structures and slides of a study, and the batches in which jobs compute them."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from qdjunction.core.errors import InputError
from qdjunction.core.schema import Section
from qdjunction.interference.settings import Role, StructureSeriesSettings
from qdjunction.structure.slide_settings import SlideSettings
from qdjunction.structure.sources.contract import Outline, SourceSettings
from qdjunction.study import layout
from qdjunction.study.members import Member
from qdjunction.study.robustness import Variant

ONE_JUNCTION = ("{junction}",)
"""Contacts of the batch if each junction has its own job."""


@dataclass(frozen=True)
class JunctionCase:
    """One dot between two tips.

    Attributes
    ----------
    dot : str
        Identity of the dot.
    name : str
        Name of the contact pair, e.g. ``L-R3`` or ``short``.
    left, right : str
        Names of the two contacts.
    role : str
        Whether it is a member of the series from its left contact, or a control.
    """

    dot: str
    name: str
    left: str
    right: str
    role: Role = "series"

    @property
    def id(self) -> str:
        """Identity in file names, e.g. ``12Pb_MAPbBr3/L-R3``."""
        return f"{self.dot}/{self.name}"


@dataclass(frozen=True)
class DotCase:
    """One dot of the study.

    Attributes
    ----------
    id : str
        Identity in file names, e.g. ``12Pb_MAPbBr3``.
    entry : SourceSettings
        Its entry in the configuration.
    definition : Section
        Its definition, as looked up by the source.
    member : Member, Variant or None
        What it is a member or a variant of; None for a dot of the configuration.
    """

    id: str
    entry: SourceSettings[Any]
    definition: Section
    member: Member | Variant | None = None

    @cached_property
    def outline(self) -> Outline:
        """Elements, number of atoms and contacts, for planning."""
        return self.entry.outline(self.definition)

    @cached_property
    def junctions(self) -> tuple["JunctionCase", ...]:
        """Its junctions, in the order of the configuration: those of its series, then its controls."""
        names: dict[Role, list[str]] = {"series": self.entry.contacts, "control": self.entry.controls}
        return tuple(
            JunctionCase(self.id, name, *_contact_pair(self.outline, name), role)
            for role, listed in names.items()
            for name in listed
        )

    @property
    def geometry(self) -> str:
        """Path in the results folder of the structure that goes between the tips."""
        return self.member.geometry if self.member else f"{self.id}/{layout.RELAXED}"

    @property
    def has_decay(self) -> bool:
        """Whether three contacts or more share a left contact."""
        lefts = Counter(junction.left for junction in self.junctions if junction.role == "series")
        return max(lefts.values(), default=0) > 2

    @property
    def controls(self) -> tuple["JunctionCase", ...]:
        """Its junctions that are shown beside the series."""
        return tuple(junction for junction in self.junctions if junction.role == "control")

    @property
    def contacts(self) -> dict[str, list[str]]:
        """Left and right contact of every junction, by its name."""
        return {junction.name: [junction.left, junction.right] for junction in self.junctions}

    @property
    def elements(self) -> tuple[str, ...]:
        """Chemical symbols."""
        return self.outline.elements

    @property
    def atoms(self) -> int:
        """Number of atoms, for estimates of time and memory."""
        return self.outline.atoms


@dataclass(frozen=True)
class StructureSeriesCase:
    """One series over structures.

    Attributes
    ----------
    settings : StructureSeriesSettings
        What the configuration says of it.
    junctions : tuple of JunctionCase
        Its members, in the order of the configuration.
    """

    settings: StructureSeriesSettings
    junctions: tuple[JunctionCase, ...]

    @property
    def name(self) -> str:
        """Name of the series."""
        return self.settings.name


@dataclass(frozen=True)
class SlideCase:
    """One slide: its settings and the junction that it starts from."""

    settings: SlideSettings
    junction: JunctionCase

    @property
    def name(self) -> str:
        """Name of the slide."""
        return self.settings.name

    @property
    def folder(self) -> str:
        """Path of its folder in the results folder."""
        return f"{self.junction.dot}/{layout.SLIDES}/{self.name}"


@dataclass(frozen=True)
class Batch:
    """Junctions of a dot that one job computes, one after the other.

    Attributes
    ----------
    number : int
        Index among the batches of the study, from 0.
    contacts : tuple of str
        Names of the junctions; the wildcard ``{junction}`` if each has its own job.
    dots : tuple of str
        Identities of the dots that have these junctions; empty if all dots have them.
    """

    number: int
    contacts: tuple[str, ...]
    dots: tuple[str, ...] = ()

    def rule(self, name: str) -> str:
        """Return the name of its rule: `name`, with a number from the second batch on."""
        return f"{name}_{self.number + 1}" if self.number else name

    def files(self, name: str) -> list[str]:
        """Return the path patterns of the file `name` of each junction, in the results folder."""
        return [f"{{dot}}/{contact}/{name}" for contact in self.contacts]

    @property
    def folder(self) -> str:
        """Path pattern of the folder of its log and benchmark."""
        return "{dot}/{junction}" if self.contacts == ONE_JUNCTION else "{dot}"

    @property
    def dot_pattern(self) -> str:
        """Regular expression of the wildcard ``dot``."""
        return "|".join(map(re.escape, self.dots)) or r"[^/]+"


def _contact_pair(outline: Outline, name: str) -> tuple[str, str]:
    """Return the two contacts of a pair that the structure names, or of `A-B`."""
    if name in outline.pairs:
        return outline.pairs[name]
    left, _, right = name.partition("-")
    sites = outline.contacts
    for end in (left, right):
        if end in outline.lost:
            raise InputError(
                f"contact pair '{name}': {outline.name} has no contact '{end}' any more, {outline.lost[end]}; name "
                f"another of {', '.join(sites)}, or another place for the ligand"
            )
    if left == right or left not in sites or right not in sites:
        raise InputError(
            f"contact pair '{name}' is not one of {outline.name}; write two of its contacts as L-R1 "
            f"({', '.join(sites)})"
            + (f" or a named pair ({', '.join(outline.pairs)})" if outline.pairs else "")
        )
    return left, right
