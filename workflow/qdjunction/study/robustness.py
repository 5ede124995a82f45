"""Variants of the dots of a study: the same junctions with one setting changed; cheap to import."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import Field, ValidationError, model_validator

from qdjunction.core.errors import InputError
from qdjunction.core.limits import ElectronicTemperature, Temperature
from qdjunction.core.schema import Name, Section
from qdjunction.engine.registry import ENGINES
from qdjunction.interference.settings import Offset
from qdjunction.structure.tips.contract import ApexDistance, Layers
from qdjunction.study import layout
from qdjunction.study.ensemble import SEPARATOR
from qdjunction.study.kinds import StudyLeads
from qdjunction.transport.leads.contract import LeadSettings
from qdjunction.transport.observables.level_correction import LevelShifts

if TYPE_CHECKING:
    from qdjunction.study.config import Config

VariantKind: TypeAlias = Literal[
    "leads", "temperature", "offset", "level-correction", "electronic-temperature", "layers", "apex-distance"
]
"""What differs between a variant and its dot."""

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Change:
    """What the variants of a kind change.

    Attributes
    ----------
    key : str
        Key of `RobustnessSettings` with the other values, and of the section of the study where they replace the own.
    section : str
        That section: ``engine`` is that of the study's engine; empty for levels, which are shifted in H.
    words : callable
        Returns a value in words.
    shared : frozenset of str
        Files of a junction that a variant takes from its dot.
    new_scf : bool
        Whether the junctions need an SCF of their own.
    """

    key: str
    section: str
    words: Callable[[Any], str]
    shared: frozenset[str] = frozenset()
    new_scf: bool = False


def _leads_in_words(leads: LeadSettings) -> str:
    coupling = getattr(leads, "coupling_ev", None)
    return f"{leads.kind} leads" + (f", {coupling:g} eV" if coupling is not None else "")


_SPECTRA = frozenset({layout.TRANSMISSION, layout.FRONTIER})

CHANGES: Mapping[VariantKind, Change] = {
    "leads": Change("leads", "transport", _leads_in_words, frozenset({layout.HAMILTONIAN})),
    "temperature": Change("temperature_k", "transport", lambda k: f"conductance at {k:g} K", _SPECTRA),
    "offset": Change(
        "offset_ev", "interference", lambda ev: f"headline energy at {ev:+g} eV".replace("-", MINUS), _SPECTRA
    ),
    "level-correction": Change(
        "level_correction", "",
        lambda to: f"levels shifted by {to.occupied_shift_ev:+g}, {to.unoccupied_shift_ev:+g} eV".replace("-", MINUS),
    ),
    "electronic-temperature": Change(
        "electronic_temperature_k", "engine", lambda k: f"electrons at {k:g} K", new_scf=True
    ),
    "layers": Change("layers", "electrodes", lambda layers: f"tips of {layers} layers", new_scf=True),
    "apex-distance": Change("apex_distance_ang", "electrodes", lambda ang: f"apex at {ang:g} Å", new_scf=True),
}  # fmt: skip
"""What each kind changes."""


class RobustnessSettings(Section):
    """Variants of the series of the dots, each with one setting of the study changed.

    The report shows how beta and the step to the last contact change with it. H and S are computed again only where the
    junction or its SCF differ.
    """

    dots: list[Name] | None = Field(default=None, min_length=1)
    """Dots that have variants, by their names in file names, e.g. `12Pb_MAPbBr3`; by default all with at least three
    contacts from one left contact."""
    leads: list[StudyLeads] = Field(default=[])
    """Other leads, as in `transport.leads`. Only T(E) is computed again."""
    temperature_k: list[Temperature] = Field(default=[])
    """Other temperatures of the thermal conductance (K). Nothing but the series is computed again."""
    offset_ev: list[Offset] = Field(default=[])
    """Other headline energies (eV), as `interference.offset_ev`; gaps are narrower than 10 eV. Nothing but the series
    is computed again."""
    level_correction: list[LevelShifts] = Field(default=[])
    """Shifts of the levels of the dot. H is changed, and no SCF is run."""
    electronic_temperature_k: list[ElectronicTemperature] = Field(default=[])
    """Other temperatures of the electrons in the SCF of the junctions (K)."""
    layers: list[Layers] = Field(default=[])
    """Other numbers of layers of the tips, as `electrodes.layers`."""
    apex_distance_ang: list[ApexDistance] = Field(default=[])
    """Other distances of the gold that binds from the contact atoms (Ang), as `electrodes.apex_distance_ang`."""

    @property
    def values(self) -> Mapping[VariantKind, list[Any]]:
        """The values of each kind."""
        return {kind: getattr(self, change.key) for kind, change in CHANGES.items()}

    @model_validator(mode="after")
    def _check_values(self) -> RobustnessSettings:
        if not any(self.values.values()):
            raise ValueError("has no variants; list values of leads, temperature_k, offset_ev or another key")
        for kind, values in self.values.items():
            if any(value in values[:index] for index, value in enumerate(values)):
                raise ValueError(f"{CHANGES[kind].key}: a value is listed twice; list each once")
        return self


@dataclass(frozen=True)
class Variant:
    """A dot with one setting changed.

    Attributes
    ----------
    of : str
        Identity of the dot.
    kind : str
        What is changed.
    number : int
        From 1, in the order of the settings.
    value : Any
        The other value: a number, `LeadSettings` or `LevelShifts`.
    """

    of: str
    kind: VariantKind
    number: int
    value: Any

    @property
    def id(self) -> str:
        """Identity in file names, e.g. ``12Pb_MAPbBr3@leads-001``."""
        return f"{self.of}{SEPARATOR}{self.kind}-{self.number:03d}"

    @property
    def geometry(self) -> str:
        """Path in the results folder of the structure that goes between the tips."""
        return f"{self.of}/{layout.RELAXED}"

    def holder(self, file: str) -> str:
        """Return the dot whose folder has a file of the junctions: the variant's own, or that of its dot."""
        return self.of if file in CHANGES[self.kind].shared else self.id

    @property
    def label(self) -> str:
        """What is changed, in words."""
        return CHANGES[self.kind].words(self.value)

    def config(self, config: Config) -> Config:
        """Return the configuration of the study with the changed setting.

        Raises
        ------
        InputError
            If the value does not go with the other settings.
        """
        change = CHANGES[self.kind]
        if not change.section:
            return config
        section, key = config.engine if change.section == "engine" else change.section, change.key
        if key not in type(getattr(config, section)).model_fields:
            raise InputError(f"the engine '{config.engine}' has no setting {key}; leave it out")
        values = config.model_dump(mode="json", exclude={"robustness"} | (set(ENGINES) - {config.engine}))
        values[section][key] = self.value.model_dump(mode="json") if self.kind == "leads" else self.value
        try:
            return type(config).model_validate(values)
        except ValidationError as error:
            raise InputError(str(error.errors()[0]["msg"]).removeprefix("Value error, ")) from None


def variants_of(dot: str, settings: RobustnessSettings) -> Iterator[Variant]:
    """Yield the variants of a dot, kind by kind."""
    for kind, values in settings.values.items():
        for number, value in enumerate(values, start=1):
            yield Variant(dot, kind, number, value)


def check_robustness(config: Config, dots: Mapping[str, bool]) -> None:
    """Raise InputError for variants that the study cannot have; the message begins with the key.

    `dots` are the names of its dots, with whether they have a series of at least three contacts.
    """
    settings = config.robustness
    if settings is None:
        return
    for index, name in enumerate(settings.dots or ()):
        if name not in dots:
            raise InputError(
                f"robustness.dots.{index} = '{name}': no dot of this study; it has {', '.join(dots)}"
            )
        if not dots[name]:
            raise InputError(
                f"robustness.dots.{index} = '{name}': beta and jump need three contacts from one left contact; name "
                "another dot"
            )
    if not any(dots.values()):
        raise InputError(
            "robustness: beta and jump need three contacts from one left contact, which no dot of this study has; "
            "leave the section out"
        )
    if config.electrodes.relax != "none" and any(
        values and CHANGES[kind].new_scf for kind, values in settings.values.items()
    ):
        raise InputError(
            f"robustness and electrodes.relax = {config.electrodes.relax}: junctions of other tips or temperatures "
            "would have to be relaxed again; leave out layers, apex_distance_ang and electronic_temperature_k, or the "
            "relaxation"
        )
    if config.electrodes.surface and settings.level_correction:
        raise InputError("robustness.level_correction: is for tips without electrodes.surface; leave it out")
    for variant in variants_of("", settings):
        try:
            variant.config(config)
        except InputError as error:
            raise InputError(
                f"robustness.{CHANGES[variant.kind].key}.{variant.number - 1}: {error}"
            ) from None
