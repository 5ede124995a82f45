"""Keys that structures of the user's own share: their sites and anchors."""

from __future__ import annotations

from abc import abstractmethod

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from qdjunction.core.schema import Name
from qdjunction.structure.anchors import Anchor
from qdjunction.structure.sites import Site
from qdjunction.structure.sources.contract import Outline, SourceSettings

_NAME = TypeAdapter(Name)


class SitedSettings(SourceSettings[Outline]):
    """A structure of the user's own and the contacts at which it is measured."""

    name: Name | None = None
    """Name of the structure in file names and in the report."""
    sites: dict[Name, Site] = Field(default={})
    """Contacts by name, e.g. `{L: {atom: 12}, R: {atom: S farthest along +x}}`."""
    anchors: dict[Name, Anchor] = Field(default={})
    """Anchors beside those of docs/structures.md, by name; they take precedence."""

    @property
    @abstractmethod
    def _given(self) -> tuple[str, str]:
        """Key and value that the structure is given by."""

    @model_validator(mode="after")
    def _check_names(self) -> SitedSettings:
        try:
            _NAME.validate_python(self.id)
        except ValidationError:
            key, value = self._given
            raise ValueError(
                f"{key} = '{value}': '{self.id}' cannot be part of the file names of results; set the key "
                "name, of letters, digits and _ . + -"
            ) from None
        for site in self.sites:
            if "-" in site:
                raise ValueError(f"sites: '{site}' holds a hyphen, which separates the contacts of a pair")
        return self

    def outline(self, definition: Outline) -> Outline:
        """Return the definition, which is the outline."""
        return definition
