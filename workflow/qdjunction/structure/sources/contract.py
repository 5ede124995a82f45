"""What a source of structures is: settings that name a structure, what planning must know of it, and its atoms.

Planning looks thousands of structures up before the first job starts, so that modules of sources import ASE and
anything else that is slow inside `SourceSettings.build`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pydantic import Field, field_validator

from qdjunction.core.schema import Name, Section, validate

if TYPE_CHECKING:
    from ase import Atoms


class Outline(Section):
    """What planning knows of a structure before it is built.

    Attributes
    ----------
    name : str
        What errors call it.
    elements : tuple of str
        Chemical symbols that occur in it.
    atoms : int
        Number of atoms, for estimates of time and memory.
    contacts : mapping of str to tuple of str
        Each contact with the elements that may stand there.
    pairs : mapping of str to (left, right)
        Named pairs of contacts.
    """

    name: str
    elements: tuple[str, ...]
    atoms: int
    contacts: Mapping[str, tuple[str, ...]]
    pairs: Mapping[str, tuple[str, str]] = Field(default_factory=dict)


Definition = TypeVar("Definition", bound=Section)


class SourceSettings(Section, ABC, Generic[Definition]):
    """One structure of the study and the contacts it is measured at.

    A source derives its own settings from this class: with `source` as a ``Literal`` of its name, and its keys. The
    type argument is what it looks up beforehand and keeps in ``study.json``, so that results are read without its
    files.
    """

    origin: ClassVar[str] = "geometry as given"
    """What the report calls the geometry that `build` returns."""

    source: str
    contacts: list[Name] = Field(min_length=1)
    """Contact pairs: `L-R1`, two contacts of the structure, or a name that the structure gives to a pair."""

    @field_validator("contacts")
    @classmethod
    def _contacts_are_distinct(cls, value: list[str]) -> list[str]:
        for name in value:
            if value.count(name) > 1:
                raise ValueError(f"contact pair '{name}' is listed twice; name each pair once")
        return value

    @property
    @abstractmethod
    def id(self) -> str:
        """Identity of the structure in file names, the same whatever its contact pairs; matches `Name`."""

    @property
    def key(self) -> str:
        """Name under which ``study.json`` keeps the definition; structures that share one look it up once."""
        return self.id

    @property
    def labels(self) -> Mapping[str, Any]:
        """What the overview of a screening groups by, e.g. ``{"halide": "Br"}``."""
        return {}

    @abstractmethod
    def look_up(self, catalogue: Path) -> Definition:
        """Return what the files that the settings name say of the structure.

        Parameters
        ----------
        catalogue : Path
            Folder of the dots' definitions, usually ``clusters``.

        Raises
        ------
        InputError
            If there is no such structure, or none that can be measured.
        """

    @abstractmethod
    def outline(self, definition: Definition) -> Outline:
        """Return what planning must know of the structure."""

    @abstractmethod
    def build(self, definition: Definition) -> Atoms:
        """Return the finite structure, with ``info["dot"]`` and ``info["contacts"]``, all tags 0.

        Raises
        ------
        InputError
            If it cannot be built from these settings.
        """

    def input_files(self) -> list[Path]:
        """Return the files that `build` reads, so that a change of one builds the structure again."""
        return []

    def relaxed_start(self, catalogue: Path, engine: str) -> Path | None:
        """Return a file with the same atoms, relaxed by `engine`, to start the relaxation from; None without one."""
        return None

    def build_values(self) -> dict[str, Any]:
        """Return what the atoms depend on as plain values: every key but the contact pairs."""
        return self.model_dump(mode="json", exclude={"contacts"})


@dataclass(frozen=True)
class Source:
    """A kind of structure source; a module holds one as ``KIND``.

    Attributes
    ----------
    name : str
        Value of the key `source` in the configuration.
    settings : type of SourceSettings
        Model of an entry of `dots`.
    definition : type of Section
        Model of what the settings look up.
    section : str
        Key of ``study.json`` that holds the definitions.
    """

    name: str
    settings: type[SourceSettings[Any]]
    definition: type[Section] = Outline
    section: str = "structures"

    def settings_to_build(self, values: Mapping[str, Any], where: str | Path) -> SourceSettings[Any]:
        """Return settings from `SourceSettings.build_values`; their contact pairs mean nothing.

        Raises
        ------
        InputError
            If a value is wrong; `where` is named.
        """
        return validate(self.settings, {"source": self.name, **values, "contacts": ["any"]}, where)
