"""Interface of a structure source: settings that name a structure, its outline for planning, and its atoms.

Planning looks up thousands of structures before the first job starts, so modules of sources import ASE and anything
else that is slow inside `SourceSettings.build`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Self, TypeAlias, TypeVar

from pydantic import Field, field_validator, model_validator

from qdjunction.core.errors import InputError, StructureError
from qdjunction.core.schema import Name, Section, validate
from qdjunction.structure.anchors import ANCHORS
from qdjunction.structure.parity import check_parity
from qdjunction.structure.settings import ElectrodeSettings

if TYPE_CHECKING:
    from ase import Atoms

    from qdjunction.structure.tips.contract import Tip


Variation: TypeAlias = Literal["sites", "orientations", "halides"]
"""What an ensemble draws anew in a structure; see `SourceSettings.variant`."""


class Outline(Section):
    """Properties of a structure that planning needs before it is built.

    Attributes
    ----------
    name : str
        Name in error messages.
    elements : tuple of str
        Chemical symbols that occur in it.
    atoms : int
        Number of atoms, for estimates of time and memory.
    contacts : mapping of str to tuple of str
        Elements that each contact may have.
    pairs : mapping of str to (left, right)
        Named pairs of contacts.
    lost : mapping of str to str
        Contacts that it might be thought to have, each with the reason why it has not.
    """

    name: str
    elements: tuple[str, ...]
    atoms: int
    contacts: Mapping[str, tuple[str, ...]]
    pairs: Mapping[str, tuple[str, str]] = Field(default_factory=dict)
    lost: Mapping[str, str] = Field(default_factory=dict)


Definition = TypeVar("Definition", bound=Section)


class SourceSettings(Section, ABC, Generic[Definition]):
    """One structure of the study and the contacts at which it is measured.

    A source derives its settings from this class, with its keys and with `source` as a ``Literal`` of its name. The
    type argument is the definition that is looked up beforehand and kept in ``study.json``, so that results can be read
    without the source's files.
    """

    origin: ClassVar[str] = "geometry as given"
    """Name in the report of the geometry that `build` returns."""

    source: str
    contacts: list[Name]
    """Contact pairs: two contacts of the structure, such as `L-R1`, or the name of a pair that the structure
    defines. With `[]` the structure is relaxed and its levels are computed, without gold."""
    controls: list[Name] = Field(default=[])
    """Contact pairs that are computed and shown beside the series but enter neither fit nor jump, e.g. `R1-R4`, which
    ends on the same site as `L-R4`."""

    @field_validator("contacts", "controls")
    @classmethod
    def _pairs_are_distinct(cls, value: list[str]) -> list[str]:
        for name in value:
            if value.count(name) > 1:
                raise ValueError(f"contact pair '{name}' is listed twice; name each pair once")
        return value

    @model_validator(mode="after")
    def _controls_stand_beside_contacts(self) -> Self:
        if self.controls and not self.contacts:
            raise ValueError(
                "controls: stand beside contacts, of which there are none; list some, or no controls"
            )
        return self

    @property
    @abstractmethod
    def id(self) -> str:
        """Identity of the structure in file names, the same whatever its contact pairs; matches `Name`."""

    @property
    def key(self) -> str:
        """Key of the definition in ``study.json``; structures with the same key share one definition."""
        return self.id

    @property
    def labels(self) -> Mapping[str, str | float]:
        """Labels by which the overview of a screening groups, e.g. ``{"halide": "Br"}``."""
        return {}

    def variant(self, definition: Definition, what: Variation, seed: int) -> Self | None:
        """Return the same structure with something drawn again; None if that changes nothing in this structure.

        Parameters
        ----------
        definition : Section
            What `look_up` returned.
        what : {"sites", "orientations", "halides"}
            Which A sites hold cations, how these are oriented, or where the halides of a mixture are.
        seed : int
            Random seed, below 2**32.
        """
        return None

    @abstractmethod
    def look_up(self, catalogue: Path) -> Definition:
        """Return the definition of the structure from the files that the settings name.

        Parameters
        ----------
        catalogue : Path
            Folder of the dots' definitions, usually ``clusters``.

        Raises
        ------
        InputError
            If there is no such structure, or it cannot be measured.
        """

    @abstractmethod
    def outline(self, definition: Definition) -> Outline:
        """Return the outline of the structure."""

    @abstractmethod
    def build(self, definition: Definition) -> Atoms:
        """Return the finite structure, with ``info["dot"]`` and ``info["contacts"]``, all tags 0.

        Raises
        ------
        InputError
            If it cannot be built from these settings.
        """

    def check_junction(
        self, definition: Definition, left: str, right: str, electrodes: ElectrodeSettings
    ) -> None:
        """Refuse a junction that cannot be built, as far as it is known before any job starts.

        This one looks whether gold is known to bind the elements of the contacts at the sites of the tips, and whether
        the closed shell of the structure stays one between them.

        Raises
        ------
        InputError
            If the junction cannot be built.
        """
        contacts = self.outline(definition).contacts
        for name, tip in zip((left, right), electrodes.tips, strict=True):
            site = tip.shape.gold_site
            known = {row.element for row in ANCHORS.values() if row.distance_ang(site)}
            for element in contacts[name]:
                if tip.apex_distance_ang is None and element not in known:
                    what = "anchors" if site == "top" else f"distances from a {site} site"
                    raise InputError(
                        f"contact '{name}' is at {element}, and {what} are known for {', '.join(sorted(known))} only; "
                        "give its distance from gold as electrodes.apex_distance_ang"
                        + ("" if site == "top" else ", or set the site to top")
                    )
        self.check_shell(definition, left, right, electrodes)

    @property
    def trial_key(self) -> str:
        """Identity of the structure that `trial` returns; of several with the same key one is tried."""
        return self.id

    def trial(self, definition: Definition) -> Atoms:
        """Return the structure on which junctions are tried before any job starts, or its part that is known then.

        Raises
        ------
        InputError
            If it cannot be built from these settings.
        """
        return self.build(definition)

    def check_shell(
        self, definition: Definition, left: str, right: str, electrodes: ElectrodeSettings
    ) -> None:
        """Refuse a junction with an odd number of electrons, as far as that is known before any job starts.

        Raises
        ------
        InputError
            If the number is odd.
        """
        ends = zip((left, right), electrodes.tips, strict=True)
        losing = {name: self.loses_hydrogen(definition, name, tip) for name, tip in ends}
        if None in losing.values():
            return
        lost = [name for name, loses in losing.items() if loses]
        try:
            # Only whether it is even matters, as it is for the structure with all its hydrogen.
            check_parity(self.outline(definition).name, len(lost), electrodes.gold_atoms, lost)
        except StructureError as error:
            raise InputError(str(error)) from None

    def loses_hydrogen(self, definition: Definition, contact: str, tip: Tip) -> bool | None:
        """Return whether a contact loses a hydrogen as it binds to a tip; None if only the geometry tells.

        This one knows that atoms of elements other than those of thiols and alkynes lose none.
        """
        losing = {row.element for row in ANCHORS.values() if row.loses_hydrogen}
        return None if losing & set(self.outline(definition).contacts[contact]) else False

    def input_files(self) -> list[Path]:
        """Return the files that `build` reads, so that a change of one builds the structure again."""
        return []

    def catalogue_files(self, definition: Definition) -> Mapping[str, Mapping[str, Any]]:
        """Return the files of the catalogue that `look_up` reads, with their content, from the definition."""
        return {}

    def relaxed_start(self, catalogue: Path, engine: str) -> Path | None:
        """Return a file with the same atoms relaxed by `engine`, to start the relaxation from, or None."""
        return None

    def build_values(self) -> dict[str, Any]:
        """Return the keys that the atoms depend on, as plain values: all except the contact pairs."""
        return self.model_dump(mode="json", exclude={"contacts", "controls"})


def try_junction(
    atoms: Atoms, left: str, right: str, electrodes: ElectrodeSettings, is_whole: bool = True
) -> None:
    """Build a junction before any job starts.

    Parameters
    ----------
    atoms : ase.Atoms
        The structure, before any relaxation.
    left, right : str
        Names of the contacts.
    electrodes : ElectrodeSettings
        The tips.
    is_whole : bool
        Whether all atoms are there, so that their number of electrons tells whether the junction is a closed shell.

    Raises
    ------
    InputError
        If it cannot be built.
    """
    from qdjunction.structure.junction import build_junction, check_closed_shell

    try:
        junction = build_junction(atoms, left, right, electrodes)
        if is_whole:
            check_closed_shell(junction)
    except StructureError as error:
        raise InputError(str(error)) from None


@dataclass(frozen=True)
class Source:
    """A kind of structure source; a module defines one as ``KIND``.

    Attributes
    ----------
    name : str
        Value of the key `source` in the configuration.
    settings : type of SourceSettings
        Model of an entry of `dots`.
    definition : type of Section
        Model of the definition that the settings look up.
    section : str
        Key of ``study.json`` that holds the definitions.
    """

    name: str
    settings: type[SourceSettings[Any]]
    definition: type[Section] = Outline
    section: str = "structures"

    def settings_to_build(self, values: Mapping[str, Any], where: str | Path) -> SourceSettings[Any]:
        """Return settings from `SourceSettings.build_values`, with a placeholder for the contact pairs.

        Raises
        ------
        InputError
            If a value is wrong; the message names `where`.
        """
        return validate(self.settings, {"source": self.name, **values, "contacts": ["any"]}, where)
