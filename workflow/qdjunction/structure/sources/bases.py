"""Structures that other sources build on: an entry of `dots` of any source, without its contact pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator

from qdjunction.core.errors import InputError
from qdjunction.structure.sources.contract import SourceSettings

if TYPE_CHECKING:
    from ase import Atoms


def settings_of(values: Mapping[str, Any], where: str) -> SourceSettings[Any]:
    """Return the settings of a base.

    Raises
    ------
    InputError
        If there is no such source, or a key is wrong; names `where`.
    """
    from qdjunction.structure.sources.registry import SOURCES

    if spare := [key for key in ("contacts", "controls") if key in values]:
        raise InputError(f"{where}: {spare[0]} belongs to the entry, beside {where}; leave it out here")
    plain = {key: value for key, value in values.items() if key != "source"}
    return SOURCES[str(values.get("source", "catalogue"))].settings_to_build(plain, where)


def _check(values: Any) -> Any:
    if not isinstance(values, Mapping):
        raise ValueError(
            "write a table of keys, e.g. {dot: 12Pb, cation: Cs}, or {source: file, path: dot.extxyz}"
        )
    try:
        settings_of(values, "it")
    except InputError as error:
        raise ValueError(str(error)) from None
    return dict(values)


Base = Annotated[dict[str, Any], BeforeValidator(_check)]
"""The keys of an entry of `dots`, without its contact pairs."""


@dataclass(frozen=True)
class Looked:
    """A base with its definition.

    Attributes
    ----------
    settings : SourceSettings
        Its settings.
    definition : Section
        What they look up.
    """

    settings: SourceSettings[Any]
    definition: Any

    @classmethod
    def look_up(cls, values: Mapping[str, Any], catalogue: Path, where: str) -> Looked:
        """Look a base up; errors name `where`."""
        settings = settings_of(values, where)
        try:
            return cls(settings, settings.look_up(catalogue))
        except InputError as error:
            raise InputError(f"{where}: {error}") from None

    @classmethod
    def recorded(cls, values: Mapping[str, Any], definition: Mapping[str, Any], where: str) -> Looked:
        """Return a base with the definition that `record` returned."""
        from qdjunction.structure.sources.registry import SOURCES

        settings = settings_of(values, where)
        return cls(settings, SOURCES[settings.source].definition.model_validate(definition))

    @property
    def record(self) -> dict[str, Any]:
        """The definition as plain values."""
        plain: dict[str, Any] = self.definition.model_dump(mode="json")
        return plain

    @property
    def atoms(self) -> Atoms:
        """The structure."""
        return self.settings.build(self.definition)

    @property
    def files(self) -> Mapping[str, Mapping[str, Any]]:
        """The files of the catalogue that it needs."""
        return self.settings.catalogue_files(self.definition)
