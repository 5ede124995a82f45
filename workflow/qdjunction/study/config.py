"""Models of ``config.yaml``: every key with its unit, default and limits.

The models are the single source: ``docs/make.py`` writes ``docs/config.md`` and ``docs/config.schema.json`` from them,
and a test checks that they agree.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BeforeValidator,
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
from qdjunction.interference.exciton_settings import ExcitonSettings
from qdjunction.interference.settings import InterferenceSettings, StructureSeriesSettings
from qdjunction.structure.binding_settings import BindingSettings
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.slide_settings import SlideSettings
from qdjunction.structure.sources.catalogue import KIND as CATALOGUE
from qdjunction.structure.sources.catalogue import ScreenEntry
from qdjunction.structure.sources.contract import SourceSettings
from qdjunction.structure.sources.pair import KIND as PAIR
from qdjunction.structure.sources.registry import SOURCES
from qdjunction.structure.sources.slab import KIND as SLAB
from qdjunction.study.cover import CoverSettings
from qdjunction.study.ensemble import EnsembleSettings
from qdjunction.study.kinds import StudyLeads, StudyObservable
from qdjunction.study.papers import PaperName
from qdjunction.study.reactions import ReactionSettings
from qdjunction.study.robustness import RobustnessSettings
from qdjunction.traces.sets import TracesSection
from qdjunction.transport.leads.registry import LEADS
from qdjunction.transport.leads.wide_band import WideBand


def source(entry: Any) -> str:
    """Return the source of an entry of `dots`; the catalogue if it names none."""
    if isinstance(entry, dict):
        return str(entry.get("source", CATALOGUE.name))
    return str(getattr(entry, "source", CATALOGUE.name))


def _check_source(entry: Any) -> Any:
    """Refuse an entry without `source` that has the keys of another source than the catalogue."""
    if isinstance(entry, dict) and not {"source", "dot"} & entry.keys():
        for name, kind in SOURCES.items():
            required = {key for key, field in kind.settings.model_fields.items() if field.is_required()}
            shared = {
                key for other in SOURCES.values() if other is not kind for key in other.settings.model_fields
            }
            if own := sorted((required - shared) & entry.keys()):
                raise ValueError(f"has the key {own[0]} but no source; add source: {name}")
    return entry


if TYPE_CHECKING:
    DotEntry = SourceSettings[Any]
else:
    DotEntry = Annotated[
        Union[tuple(Annotated[kind.settings, Tag(name)] for name, kind in SOURCES.items())],  # noqa: UP007
        Discriminator(source),
        BeforeValidator(_check_source),
    ]
"""One structure of the study, from any installed source."""


class RelaxSettings(Section):
    """Geometry relaxation of the dots, and of the junctions if `electrodes.relax` says so."""

    start: Literal["catalogue", "scratch"] = "catalogue"
    """`catalogue` starts dots from the geometry in `clusters/relaxed`, if there is one, `scratch` from the ideal
    lattice. A structure from a file starts from the geometry in the file, a junction from the one that is built."""
    pre_relax: bool = True
    """Before a relaxation with DFT, relax with the embedded engine; this saves most of the DFT steps."""
    fmax_ev_per_ang: Force = 0.05
    """Largest force on a free atom at convergence (eV/Ang). Below 1e-4 forces are numerical noise, above 1
    nothing is relaxed."""
    fmax_large_ev_per_ang: Force = 0.1
    """The same for dots with at least `large_from_atoms` atoms, and for their junctions (eV/Ang)."""
    large_from_atoms: int = Field(default=200, ge=1)
    """Number of atoms, without gold, from which a dot counts as large."""
    max_steps: int = Field(default=2000, ge=0, le=1_000_000)
    """Maximum number of steps. A relaxation that has not converged by then fails; a larger number resumes from its last
    geometry."""

    def fmax(self, n_atoms: int) -> float:
        """Return the force threshold for a dot of `n_atoms` atoms (eV/Ang)."""
        return self.fmax_large_ev_per_ang if n_atoms >= self.large_from_atoms else self.fmax_ev_per_ang


class TransportSettings(Section):
    """Transmission and derived quantities. Energies are relative to the Fermi energy of each junction."""

    energy_min_ev: Energy = -3.0
    """First energy of T(E) (eV). A basis of valence orbitals has no levels beyond 50 eV from the Fermi energy."""
    energy_max_ev: Energy = 3.0
    """Last energy of T(E) (eV), with the same limits; the window must be at least 20 kT wide."""
    energy_step_ev: float = Field(default=0.01, gt=0, le=1)
    """Energy step of T(E) (eV). The window must be a whole number of steps; a step above 2 kT is too coarse for the
    thermal conductance."""
    leads: StudyLeads = WideBand()
    """The leads; `wide-band` if no `kind` is given. `bulk` needs `electrodes.surface` and an engine with k points.
    Wires are for junctions of your own: `qdjunction transmission --leads wire`."""
    temperature_k: Temperature = 300.0
    """Temperature of the thermal conductance (K). Gold melts at 1337 K."""
    observables: list[StudyObservable] = Field(default=[])
    """Further quantities that are computed for each junction and shown in the report, each kind at most once. They are
    written to `<kind>.nc` in the folder of the junction."""

    @property
    def energies_ev(self) -> NDArray[np.float64]:
        """Energies of T(E) (eV), shape (n,)."""
        return energy_grid(self.energy_min_ev, self.energy_max_ev, self.energy_step_ev)

    @property
    def fermi_window_ev(self) -> tuple[float, float]:
        """Lowest and highest Fermi energy (eV) for which T(E) covers the thermal kernel."""
        half = KERNEL_HALF_WIDTH * BOLTZMANN_EV_PER_K * self.temperature_k
        return self.energy_min_ev + half, self.energy_max_ev - half

    @model_validator(mode="after")
    def _check_window(self) -> "TransportSettings":
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
    def _check_observables(self) -> "TransportSettings":
        kinds = [entry.kind for entry in self.observables]
        for index, entry in enumerate(self.observables):
            if kinds.count(entry.kind) > 1:
                raise ValueError(f"observables: {entry.kind} is listed twice; list each kind once")
            if entry.at_one_k and self.leads.k_grid != (1, 1):
                raise ValueError(
                    f"observables.{index} ({entry.kind}): has no average over k points, and leads.kpoints is "
                    f"{list(self.leads.k_grid)}; leave it out, or set leads.kpoints to [1, 1]"
                )
            try:
                entry.check(self.energies_ev)
            except InputError as error:
                raise ValueError(f"observables.{index} ({entry.kind}): {error}") from None
        return self

    @property
    def files(self) -> dict[str, str]:
        """Input files of leads and observables, by their keys."""
        named = {f"leads.{key}": path for key, path in self.leads.files.items()}
        for index, entry in enumerate(self.observables):
            named |= {f"observables.{index}.{key}": path for key, path in entry.files.items()}
        return named


class ResourceSettings(Section):
    """Limits of the resources that a job requests, and the work per job; requests grow with the size of the dot."""

    max_mem_mb: int = Field(default=180_000, ge=500, le=100_000_000)
    """Memory of the nodes available to the study (MB); no node has more than 100 TB."""
    max_runtime_min: int = Field(default=2880, ge=1, le=525_600)
    """Longest run time that the site allows (min), a year at most."""
    contacts_per_job: int | None = Field(default=None, ge=1, le=1000)
    """Number of junctions of a dot that one job computes, one after the other; by default one, in a screening all. A
    killed job resumes with the junction that it was working on."""


NOT_IN_OVERVIEW = {
    "binding": "binding curves",
    "coupling": "couplings",
    "cover": "cover of ligands",
    "ensemble": "ensembles",
    "exciton": "exciton shifts",
    "paper": "comparison with a paper",
    "reactions": "reactions",
    "regions": "regions",
    "robustness": "variants",
    "series": "series over structures",
    "slide": "slides",
    "traces": "traces",
}
"""Sections that a screening cannot have, with what its overview lacks of them."""


class Config(Section):
    """One study, without the sections of the engines, which `config_model` adds."""

    study: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")
    """Name of the study, shown in the report: any words on one line."""
    results: str = Field(default="results", pattern=r"^[^{}<>\x00-\x1f]+$")
    """Folder of all results, relative to where Snakemake runs; its name has no braces or angle brackets."""
    engine: str = EMBEDDED_ENGINE
    """Engine for the electronic structure; `config_model` adds the choices."""
    on_failure: Literal["record", "stop"] = "record"
    """What to do if a calculation fails (SCF stuck, relaxation not converged, atoms overlap): `record` the reason in
    the report and continue with the rest, or `stop`."""
    dots: list[DotEntry] = Field(default=[])
    """Dots and molecules with their contacts, each from the source named by its key `source`."""
    screen: list[ScreenEntry] = Field(default=[])
    """Further dots, as all combinations of lists. The report is then an overview, with a page per dot on demand."""
    electrodes: ElectrodeSettings = ElectrodeSettings()
    """The gold tips."""
    relax: RelaxSettings = RelaxSettings()
    """Geometry relaxation of the dots, and of the junctions if `electrodes.relax` says so."""
    seed_density: bool = False
    """Start the SCF of each contact from the density of the previous contact, if the engine can. This saves iterations,
    but the junctions of a dot then run one after the other. Relaxed junctions (`electrodes.relax`) start from the
    density of their own relaxation instead."""
    transport: TransportSettings = TransportSettings()
    """Transmission, leads, temperature."""
    interference: InterferenceSettings = InterferenceSettings()
    """Decay and jump."""
    series: list[StructureSeriesSettings] = Field(default=[])
    """Series over structures of `dots`, such as a molecule with more and more repeat units."""
    ensemble: EnsembleSettings | None = None
    """Members of the dots beside the one geometry, over which the numbers spread; without this section there are
    none."""
    robustness: RobustnessSettings | None = None
    """Variants of the series with one setting changed, to see how beta and jump depend on it; without this section
    there are none."""
    binding: BindingSettings | None = None
    """Binding curves of the gold tip at contacts; without this section there are none."""
    coupling: bool = False
    """Compute the coupling of HOMO and LUMO in every pair of dots (`source: pair`), and its decay with the length
    of the linker."""
    exciton: ExcitonSettings | None = None
    """Measured exciton shifts of stacked dots, and which mechanism can explain them; without this section none."""
    regions: bool = False
    """Compute for every dot with Pb the weights of HOMO and LUMO inside, on faces, edges, corners, cations and ligands,
    and the distances of neighbouring Pb."""
    reactions: list[ReactionSettings] = Field(default=[])
    """Reactions between relaxed structures of `dots`, whose energies are reported: binding and exchange of ligands."""
    cover: CoverSettings | None = None
    """Ligands in place of the surface cations of a slab, and the free energy of their number; without this section
    there is none."""
    slide: list[SlideSettings] = Field(default=[])
    """Quasi-static pulls of the right tip along a dot, with T(E), energy and force at every step."""
    resources: ResourceSettings = ResourceSettings()
    """Resources that jobs request, and the work per job; no result depends on them."""
    paper: PaperName | None = None
    """A paper whose published values the report opens with, beside those of the study; also as `paper.csv`."""
    traces: TracesSection | None = None
    """Break-junction traces; without this section none are analysed."""

    def engine_settings(self, name: str | None = None) -> Section:
        """Return the section of an engine, by default that of the study."""
        section: Section = getattr(self, name or self.engine)
        return section

    def all_dots(self) -> Iterator[tuple[str, DotEntry]]:
        """Yield every dot, those of screens included, with the key that it comes from."""
        for index, entry in enumerate(self.dots):
            yield f"dots.{index}", entry
        for index, screen in enumerate(self.screen):
            for entry in screen.entries:
                yield f"screen.{index}", entry

    @model_validator(mode="after")
    def _check_screen(self) -> "Config":
        for key, absent in NOT_IN_OVERVIEW.items() if self.screen else ():
            if getattr(self, key):
                raise ValueError(
                    f"screen and {key}: the overview of a screening has no {absent}; split them into two studies"
                )
        return self

    @model_validator(mode="after")
    def _check_dots(self) -> "Config":
        if not self.dots and not self.screen and not self.cover and not (self.traces and self.traces.sets):
            raise ValueError(
                "dots = []: a study needs at least one dot or a set of traces; list dots, give lists in screen, "
                "or name your traces in traces.sets"
            )
        slabs = [index for index, entry in enumerate(self.dots) if source(entry) == SLAB.name]
        if slabs:
            raise ValueError(
                f"dots.{slabs[0]}: a slab is periodic, without levels and junctions of its own; the section cover "
                "makes slabs and compares their energies"
            )
        if self.coupling and not any(source(entry) == PAIR.name for entry in self.dots):
            raise ValueError(
                "coupling = true: there is no pair of dots; add entries with source: pair to dots"
            )
        return self

    @model_validator(mode="after")
    def _check_names(self) -> "Config":
        for key in ("series", "reactions", "slide"):
            names = [entry.name for entry in getattr(self, key)]
            for index, name in enumerate(names):
                if name in names[:index]:
                    raise ValueError(f"{key}.{index}.name = '{name}': is given twice; give each name once")
        return self

    @model_validator(mode="after")
    def _check_slide(self) -> "Config":
        if self.slide and self.electrodes.surface:
            raise ValueError(
                "slide and electrodes.surface: tips on surfaces are part of one crystal and cannot be pulled alone; "
                "leave one of them out"
            )
        return self

    @model_validator(mode="after")
    def _check_cover(self) -> "Config":
        if self.cover is None or self.engine not in ENGINES:
            return self
        kind = ENGINES[self.engine]
        try:
            kind.slab(self.engine_settings(), self.cover.kpoints)
        except InputError as error:
            raise ValueError(f"cover: {error}") from None
        if self.cover.vibrations and not kind.has_vibrations:
            raise ValueError(
                f"cover.vibrations = true: engine '{self.engine}' computes none; leave it out, or take xtb"
            )
        return self

    @model_validator(mode="after")
    def _check_headline(self) -> "Config":
        # Only the Fermi energy is known before the run; the position of the gap is not.
        low, high = self.transport.fermi_window_ev
        places = {f"series.{index}": entry for index, entry in enumerate(self.series)}
        for place, entry in ({"interference": self.interference} | places).items():
            if entry.reference == "fermi" and not low <= entry.offset_ev <= high:
                raise ValueError(
                    f"{place}.offset_ev = {entry.offset_ev:g}: the thermal conductance needs a Fermi "
                    f"energy from {low:.2f} to {high:.2f} eV; choose it there, or widen transport.energy_min_ev and "
                    "energy_max_ev"
                )
        return self

    @model_validator(mode="after")
    def _check_averages(self) -> "Config":
        low, high = self.transport.energy_min_ev, self.transport.energy_max_ev
        for index, series in enumerate(self.series):
            average = series.average_ev
            if average and series.reference == "fermi" and not (low <= average[0] and average[1] <= high):
                raise ValueError(
                    f"series.{index}.average_ev = {list(average)}: T(E) is computed from {low:g} to {high:g} eV; "
                    "choose both ends there, or widen transport.energy_min_ev and energy_max_ev"
                )
        return self

    @model_validator(mode="after")
    def _check_surface(self) -> "Config":
        leads, surface = self.transport.leads, self.electrodes.surface
        if not LEADS[leads.kind].on_surfaces:
            if surface:
                raise ValueError(
                    f"electrodes.surface: {leads.kind} leads end on finite tips; leave surface out, or set "
                    "transport.leads.kind to bulk"
                )
            return self
        if surface is None:
            shape = self.electrodes.tips[0].shape.kind
            raise ValueError(
                f"transport.leads.kind = '{leads.kind}': its leads continue periodic surfaces, and the tips of this "
                f"study ({shape}) end in vacuum; add electrodes.surface, such as {{size: [4, 4]}}, on which the tips "
                "then stand, or take wide-band or cluster leads"
            )
        if leads.files:
            key, path = next(iter(leads.files.items()))
            raise ValueError(
                f"transport.leads.{key} = '{path}': a study computes its own electrode, that of electrodes.surface; "
                "leave it out"
            )
        if self.ensemble and self.ensemble.tips:
            raise ValueError(
                "ensemble.tips: tips on surfaces are part of one crystal and do not turn or shift one by one; leave it "
                "out, or take tips without electrodes.surface"
            )
        if self.binding:
            raise ValueError(
                "binding: a tip on a surface is part of a periodic crystal and is not moved away from the dot; leave "
                "it out, or take tips without electrodes.surface"
            )
        if self.seed_density:
            raise ValueError(
                "seed_density = True: junctions on surfaces differ in their cells, so that no density fits another; "
                "leave it out"
            )
        if self.engine in ENGINES:
            try:
                ENGINES[self.engine].periodic(self.engine_settings(), surface.electrode_kpoints)
            except InputError as error:
                raise ValueError(str(error)) from None
        return self

    @model_validator(mode="after")
    def _check_engine(self) -> "Config":
        if self.engine in ENGINES:
            try:
                ENGINES[self.engine].check_study(self.engine_settings())
            except InputError as error:
                raise ValueError(f"{self.engine}.{error}") from None
        return self


@cache
def config_model(absent: str | None = None) -> type[Config]:
    """Return `Config` with a section for every installed engine.

    Parameters
    ----------
    absent : str, optional
        An engine that is not installed, whose section is not checked: that of a study which is only read.

    Raises
    ------
    InputError
        If the name of an engine cannot be that of a section, or if it has settings without defaults.
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
    # A Literal rejects other names and shows editors the choices.
    sections["engine"] = (Literal[tuple(sections)], engine)
    return create_model("Config", __base__=Config, __module__=__name__, __doc__="One study.", **sections)


def parse_config(
    values: dict[str, Any], source: str | Path = "config.yaml", absent: str | None = None
) -> Config:
    """Return the configuration of parsed values.

    Parameters
    ----------
    values : dict
        The parsed YAML.
    source : str or Path
        File that errors name.
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
        If the file is missing, is not YAML, or contains something that `Config` does not allow.
    """
    return parse_config(read_yaml(path), path)


def read_values(files: Iterable[str | Path], overrides: Iterable[str] = ()) -> dict[str, Any]:
    """Return the values of configuration files and ``key=value`` texts; later ones take precedence.

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
        If a file or a text cannot be read, or has a key twice.
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
