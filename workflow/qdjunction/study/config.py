"""What ``config.yaml`` may say: every key, its unit, its default and its limits.

The models below are the single source: ``docs/config.md`` and ``docs/config.schema.json`` are written from them by
``qdjunction config-docs`` and a test keeps them in step.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    Discriminator,
    Field,
    Tag,
    ValidationError,
    create_model,
    model_validator,
)

from qdjunction.core.errors import InputError
from qdjunction.core.limits import (
    KERNEL_HALF_WIDTH,
    Energy,
    Force,
    Temperature,
    check_thermal_grid,
    energy_grid,
)
from qdjunction.core.schema import Section, validate
from qdjunction.core.units import BOLTZMANN_EV_PER_K
from qdjunction.core.yaml import parse_yaml, read_yaml
from qdjunction.engine.registry import EMBEDDED_ENGINE, ENGINES
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.sources.catalogue import KIND as CATALOGUE
from qdjunction.structure.sources.catalogue import ScreenEntry
from qdjunction.structure.sources.contract import SourceSettings
from qdjunction.structure.sources.registry import SOURCES
from qdjunction.study.kinds import StudyLeads, StudyObservable
from qdjunction.traces.sets import TracesSection
from qdjunction.transport.leads.wide_band import WideBand


def source(entry: Any) -> str:
    """Source of an entry of `dots`; the catalogue where it names none."""
    if isinstance(entry, dict):
        return str(entry.get("source", CATALOGUE.name))
    return str(getattr(entry, "source", CATALOGUE.name))


if TYPE_CHECKING:
    DotEntry = SourceSettings[Any]
else:
    DotEntry = Annotated[
        Union[tuple(Annotated[kind.settings, Tag(name)] for name, kind in SOURCES.items())],  # noqa: UP007
        Discriminator(source),
    ]
"""One structure of the study, from any source that is installed."""


class RelaxSettings(Section):
    """Geometry relaxation of the dots."""

    start: Literal["catalogue", "scratch"] = "catalogue"
    """`catalogue` starts from the geometry in `clusters/relaxed` where there is one, `scratch` from the lattice. A file
    is its own start."""
    pre_relax: bool = True
    """Relax with the embedded engine first where DFT is to relax; it saves most of the moves of DFT."""
    fmax_ev_per_ang: Force = 0.05
    """Largest force on any atom at the end (eV/Ang). Below 1e-4 forces are noise, above 1 nothing is relaxed."""
    fmax_large_ev_per_ang: Force = 0.1
    """The same for dots of `large_from_atoms` atoms and more (eV/Ang)."""
    large_from_atoms: int = Field(default=200, ge=1)
    """From how many atoms on a dot counts as large."""
    max_steps: int = Field(default=2000, ge=0, le=1_000_000)
    """Steps after which the relaxation is given up; what was reached is kept, a larger number resumes from there."""

    def fmax(self, n_atoms: int) -> float:
        """Force threshold of a dot of `n_atoms` atoms (eV/Ang)."""
        return self.fmax_large_ev_per_ang if n_atoms >= self.large_from_atoms else self.fmax_ev_per_ang


class TransportSettings(Section):
    """Transmission and what follows from it. Energies are relative to the Fermi energy of each junction."""

    energy_min_ev: Energy = -3.0
    """First energy of T(E) (eV). A basis of valence orbitals has no levels beyond 50 eV from the Fermi energy."""
    energy_max_ev: Energy = 3.0
    """Last energy of T(E) (eV), likewise; the window holds at least 20 kT."""
    energy_step_ev: float = Field(default=0.01, gt=0, le=1)
    """Step of T(E) (eV). Whole steps lead from the first energy to the last; more than 2 kT are too coarse for the
    thermal conductance."""
    leads: StudyLeads = WideBand()
    """The leads, `wide-band` where no `kind` is given. A `wire` repeats one of two like cells, and no two layers of a
    pyramid are alike: `qdjunction transmission --leads wire` is for other junctions."""
    temperature_k: Temperature = 300.0
    """Temperature of the thermal conductance (K). Gold melts at 1337 K."""
    observables: list[StudyObservable] = Field(default=[])
    """What else is computed of each junction and shown in the report, each kind at most once; its file is
    `<kind>.nc` in the folder of the junction."""

    @property
    def energies_ev(self) -> NDArray[np.float64]:
        """The energies of T(E) (eV), (n,)."""
        return energy_grid(self.energy_min_ev, self.energy_max_ev, self.energy_step_ev)

    @property
    def fermi_window_ev(self) -> tuple[float, float]:
        """Lowest and highest Fermi energy (eV) at which T(E) gives a thermal conductance."""
        half = KERNEL_HALF_WIDTH * BOLTZMANN_EV_PER_K * self.temperature_k
        return self.energy_min_ev + half, self.energy_max_ev - half

    @model_validator(mode="after")
    def _window_is_a_window(self) -> "TransportSettings":
        if self.energy_max_ev - self.energy_min_ev < self.energy_step_ev:
            raise ValueError(
                f"energy_max_ev = {self.energy_max_ev:g} must lie at least one energy_step_ev above "
                f"energy_min_ev = {self.energy_min_ev:g}"
            )
        grid = (self.energy_min_ev, self.energy_max_ev, self.energy_step_ev)
        try:
            energy_grid(*grid)
            check_thermal_grid(*grid, self.temperature_k)
        except InputError as error:
            raise ValueError(f"energy_min_ev, energy_max_ev, energy_step_ev: {error}") from None
        return self

    @model_validator(mode="after")
    def _observables_can_be_computed(self) -> "TransportSettings":
        kinds = [entry.kind for entry in self.observables]
        for index, entry in enumerate(self.observables):
            if kinds.count(entry.kind) > 1:
                raise ValueError(f"observables: {entry.kind} is listed twice; list each kind once")
            try:
                entry.check(self.energies_ev)
            except InputError as error:
                raise ValueError(f"observables.{index} ({entry.kind}): {error}") from None
        return self

    @property
    def files(self) -> dict[str, str]:
        """Files that leads and observables are read from, by their keys."""
        named = {f"leads.{key}": path for key, path in self.leads.files.items()}
        for index, entry in enumerate(self.observables):
            named |= {f"observables.{index}.{key}": path for key, path in entry.files.items()}
        return named


class ResourceSettings(Section):
    """The most that a job may ask a cluster for, and how much work is in it; rules ask by the size of the dot."""

    max_mem_mb: int = Field(default=180_000, ge=500, le=100_000_000)
    """Memory of the nodes that the study may use (MB); no node has more than 100 TB."""
    max_runtime_min: int = Field(default=2880, ge=1, le=525_600)
    """Longest run time that the site allows (min), a year at most."""
    contacts_per_job: int | None = Field(default=None, ge=1, le=1000)
    """Number of junctions of a dot that one job computes, one after the other; by default one, and in a screening all.
    A job that is killed resumes with the junction it was at."""


class Config(Section):
    """One study, but for the sections of the engines, which `config_model` adds."""

    study: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")
    """Name of the study, shown in the report: any words on one line."""
    results: str = Field(default="results", pattern=r"^[^{}<>\x00-\x1f]+$")
    """Folder that everything is written to, relative to where Snakemake runs; without braces and angle brackets."""
    engine: str = EMBEDDED_ENGINE
    """What computes the electronic structure; `config_model` says which there are."""
    on_failure: Literal["record", "stop"] = "record"
    """A calculation that cannot be done (SCF stuck, not relaxed, atoms overlap): put its reason in the report and go on
    with all else, or stop."""
    dots: list[DotEntry] = Field(default=[])
    """The dots and molecules, each from the source that its key `source` names, and their contacts."""
    screen: list[ScreenEntry] = Field(default=[])
    """More dots, as lists of what is to be combined; the report then is an overview, with a page a dot on demand."""
    electrodes: ElectrodeSettings = ElectrodeSettings()
    """The gold pyramids."""
    relax: RelaxSettings = RelaxSettings()
    """Geometry relaxation of the dots."""
    seed_density: bool = False
    """Start the SCF of each contact from the density of the contact before it, if the engine can. Saves iterations, but
    the junctions of a dot then run one after the other."""
    transport: TransportSettings = TransportSettings()
    """Transmission, leads, temperature."""
    interference: InterferenceSettings = InterferenceSettings()
    """Decay and jump."""
    resources: ResourceSettings = ResourceSettings()
    """What jobs ask for and how many there are; no result depends on it."""
    traces: TracesSection | None = None
    """Break-junction traces; without the section nothing of them is done."""

    def engine_settings(self, name: str | None = None) -> Section:
        """Return the section of an engine, by default that of the study."""
        section: Section = getattr(self, name or self.engine)
        return section

    def all_dots(self) -> Iterator[tuple[str, DotEntry]]:
        """Yield dots and screens one by one, each with the key it comes from."""
        for index, entry in enumerate(self.dots):
            yield f"dots.{index}", entry
        for index, screen in enumerate(self.screen):
            for entry in screen.entries:
                yield f"screen.{index}", entry

    @model_validator(mode="after")
    def _there_is_a_dot(self) -> "Config":
        if not self.dots and not self.screen:
            raise ValueError("dots = []: a study needs at least one dot; list dots, or give lists in screen")
        if self.screen and self.traces:
            raise ValueError(
                "screen and traces: the overview of a screening has no traces; make two studies of them"
            )
        return self

    @model_validator(mode="after")
    def _headline_is_inside(self) -> "Config":
        # Only the Fermi energy is known before the run; where the gap lies is not.
        low, high = self.transport.fermi_window_ev
        if self.interference.reference == "fermi" and not low <= self.interference.offset_ev <= high:
            raise ValueError(
                f"interference.offset_ev = {self.interference.offset_ev:g}: T(E) gives a conductance for Fermi "
                f"energies from {low:.2f} to {high:.2f} eV; move it there, or widen transport.energy_min_ev and "
                "energy_max_ev"
            )
        return self

    @model_validator(mode="after")
    def _engine_can_do_it(self) -> "Config":
        if self.engine in ENGINES:
            try:
                ENGINES[self.engine].check_study(self.engine_settings())
            except InputError as error:
                raise ValueError(f"{self.engine}.{error}") from None
        return self


@cache
def config_model(absent: str | None = None) -> type[Config]:
    """Return `Config` with a section for every engine there is.

    Parameters
    ----------
    absent : str, optional
        An engine that is not installed here, whose section may say anything: that of a study which is only read.

    Raises
    ------
    InputError
        If an engine has a name that can be no section's, or settings without defaults.
    """
    sections: dict[str, Any] = {absent: (dict[str, Any], Field(default={}))} if absent else {}
    for name in (*ENGINES, *sections):
        taken = name in Config.model_fields or hasattr(Config, name)
        if taken or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name):
            reason = (
                "config.yaml has another key of that name"
                if taken
                else "a name consists of letters and digits"
            )
            raise InputError(f"an engine cannot be called '{name}': {reason}; rename it")
    for name, kind in ENGINES.items():
        try:
            default = kind.Settings()
        except ValidationError as error:
            keys = ", ".join(str(problem["loc"][0]) for problem in error.errors())
            raise InputError(f"the engine '{name}' has settings without a default: {keys}; add one") from None
        description = f"Settings of `{name}`, {kind.description}."
        sections[name] = (kind.Settings, Field(default=default, description=description))
    choices = "; ".join(f"`{name}`, {kind.description}" for name, kind in ENGINES.items())
    engine = Field(default=EMBEDDED_ENGINE, description=f"Electronic structure: {choices}.")
    # A Literal refuses what is no engine and gives editors the choices.
    sections["engine"] = (Literal[tuple(sections)], engine)
    return create_model("Config", __base__=Config, __module__=__name__, __doc__="One study.", **sections)


def parse_config(
    values: dict[str, Any], source: str | Path = "config.yaml", absent: str | None = None
) -> Config:
    """Check the values of a configuration.

    Parameters
    ----------
    values : dict
        The parsed YAML.
    source : str or Path
        File that an error is to name.
    absent : str, optional
        An engine that may be missing; see `config_model`.

    Raises
    ------
    InputError
        A line for each wrong key: file, key, value, what is expected.
    """
    return validate(config_model(absent), values, source)


def read_config(path: str | Path) -> Config:
    """Read and check a configuration file.

    Raises
    ------
    InputError
        If the file is missing, is not YAML, or says something that `Config` does not allow.
    """
    return parse_config(read_yaml(path), path)


def read_values(files: Iterable[str | Path], overrides: Iterable[str] = ()) -> dict[str, Any]:
    """Read configuration files and ``key=value`` texts; what comes later takes precedence.

    Tables are merged key by key, as Snakemake merges them; everything else is replaced.

    Parameters
    ----------
    files : iterable of str or Path
        YAML files.
    overrides : iterable of str
        Texts such as ``electrodes={layers: 4}``, as after Snakemake's ``--config``.

    Raises
    ------
    InputError
        If a file or a text cannot be read, or a key stands twice in one of them.
    """
    values: dict[str, Any] = {}
    for file in files:
        values = _merged(values, read_yaml(file))
    given: dict[str, Any] = {}
    for text in overrides:
        key, _, value = text.partition("=")
        if key in given:
            raise InputError(f"--config {text}: the key '{key}' is given twice; give it once")
        given[key] = parse_yaml(value.strip("'\""), f"--config {text}")
    merged: dict[str, Any] = _merged(values, given)
    return merged


def _merged(values: Any, over: Any) -> Any:
    if not (isinstance(values, dict) and isinstance(over, dict)):
        return over
    return values | {key: _merged(values.get(key), value) for key, value in over.items()}
