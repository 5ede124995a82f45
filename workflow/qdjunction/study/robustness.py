"""Variants of the dots of a study: the same junctions with one setting changed; cheap to import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import Field, ValidationError, model_validator

from qdjunction.core.errors import InputError
from qdjunction.core.limits import ElectronicTemperature, Energy, Temperature
from qdjunction.core.schema import Name, Section
from qdjunction.engine.registry import ENGINES
from qdjunction.structure.tips.contract import ApexDistance, Layers
from qdjunction.study import layout
from qdjunction.study.ensemble import SEPARATOR
from qdjunction.study.kinds import StudyLeads
from qdjunction.transport.observables.level_correction import Shift

if TYPE_CHECKING:
    from qdjunction.study.config import Config

VariantKind: TypeAlias = Literal[
    "leads", "temperature", "offset", "level-correction", "electronic-temperature", "layers", "apex-distance"
]
"""What differs between a variant and its dot."""

_JUNCTION_RESULTS = frozenset({layout.TRANSMISSION, layout.FRONTIER})

SHARED: Mapping[VariantKind, frozenset[str]] = {
    "leads": frozenset({layout.HAMILTONIAN}),
    "temperature": _JUNCTION_RESULTS,
    "offset": _JUNCTION_RESULTS,
    "level-correction": frozenset(),
    "electronic-temperature": frozenset(),
    "layers": frozenset(),
    "apex-distance": frozenset(),
}
"""Files of a junction that a variant takes from its dot, by its kind."""

NEW_SCF: frozenset[VariantKind] = frozenset({"electronic-temperature", "layers", "apex-distance"})
"""Kinds whose junctions need an SCF of their own."""


class LevelShifts(Section):
    """Energies that are added to the levels of the dot (scissor operator)."""

    occupied_shift_ev: Shift
    """Energy to add to the occupied levels of the dot (eV), usually negative; gaps are narrower than 10 eV."""
    unoccupied_shift_ev: Shift
    """Energy to add to the others (eV), usually positive; gaps are narrower than 10 eV."""


class RobustnessSettings(Section):
    """Variants of the series of the dots, each with one setting of the study changed.

    The report shows how beta and the step to the last contact change with it. H and S are computed again only where the
    junction or its SCF differ.
    """

    dots: list[Name] | None = Field(default=None, min_length=1)
    """Dots that have variants, by their names in file names, e.g. `12Pb_MAPbBr3`; by default all."""
    leads: list[StudyLeads] = Field(default=[])
    """Other leads, as in `transport.leads`. Only T(E) is computed again."""
    temperature_k: list[Temperature] = Field(default=[])
    """Other temperatures of the thermal conductance (K). Nothing but the series is computed again."""
    offset_ev: list[Energy] = Field(default=[])
    """Other headline energies (eV), as `interference.offset_ev`. Nothing but the series is computed again."""
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
        return {
            "leads": self.leads,
            "temperature": self.temperature_k,
            "offset": self.offset_ev,
            "level-correction": self.level_correction,
            "electronic-temperature": self.electronic_temperature_k,
            "layers": self.layers,
            "apex-distance": self.apex_distance_ang,
        }

    @model_validator(mode="after")
    def _check_values(self) -> RobustnessSettings:
        if not any(self.values.values()):
            raise ValueError("has no variants; list values of leads, temperature_k, offset_ev or another key")
        for kind, values in self.values.items():
            if any(value in values[:index] for index, value in enumerate(values)):
                raise ValueError(f"{KEYS[kind]}: a value is listed twice; list each once")
        return self


KEYS: Mapping[VariantKind, str] = {
    "leads": "leads",
    "temperature": "temperature_k",
    "offset": "offset_ev",
    "level-correction": "level_correction",
    "electronic-temperature": "electronic_temperature_k",
    "layers": "layers",
    "apex-distance": "apex_distance_ang",
}
"""Key of the settings of each kind."""


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
        return self.of if file in SHARED[self.kind] else self.id

    @property
    def label(self) -> str:
        """What is changed, in words."""
        value = self.value
        match self.kind:
            case "leads":
                coupling = getattr(value, "coupling_ev", None)
                return f"{value.kind} leads" + (f", {coupling:g} eV" if coupling is not None else "")
            case "temperature":
                return f"conductance at {value:g} K"
            case "offset":
                return f"headline energy at {value:+g} eV".replace("-", "\N{MINUS SIGN}")
            case "level-correction":
                shifts = f"{value.occupied_shift_ev:+g}, {value.unoccupied_shift_ev:+g} eV"
                return f"levels shifted by {shifts}".replace("-", "\N{MINUS SIGN}")
            case "electronic-temperature":
                return f"electrons at {value:g} K"
            case "layers":
                return f"tips of {value} layers"
        return f"apex at {value:g} Å"

    def config(self, config: Config) -> Config:
        """Return the configuration of the study with the changed setting.

        Raises
        ------
        InputError
            If the value does not go with the other settings.
        """
        # The levels are shifted in H, which no setting of the study does.
        if self.kind == "level-correction":
            return config
        section, key = {
            "leads": ("transport", "leads"),
            "temperature": ("transport", "temperature_k"),
            "offset": ("interference", "offset_ev"),
            "electronic-temperature": (config.engine, "electronic_temperature_k"),
            "layers": ("electrodes", "layers"),
            "apex-distance": ("electrodes", "apex_distance_ang"),
        }[self.kind]
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
    if config.electrodes.relax != "none" and any(settings.values[kind] for kind in NEW_SCF):
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
            raise InputError(f"robustness.{KEYS[variant.kind]}.{variant.number - 1}: {error}") from None
