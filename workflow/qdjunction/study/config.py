"""What ``config.yaml`` may say: every key, its unit, its default and its limits.

The models below are the single source: ``docs/config.md`` and ``docs/config.schema.json`` are written from them by
``qdjunction config-docs`` and a test keeps them in step.
"""

from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from qdjunction.core.errors import InputError, QdjunctionError
from qdjunction.core.limits import (
    KERNEL_HALF_WIDTH,
    Energy,
    Force,
    Temperature,
    check_thermal_grid,
    energy_grid,
)
from qdjunction.core.schema import Name, Section, parse_yaml, read_yaml, validate
from qdjunction.core.units import BOLTZMANN_EV_PER_K
from qdjunction.engine.siesta.settings import SiestaSettings
from qdjunction.engine.xtb.settings import XtbSettings
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.structure.perovskite.composition import parse_halide
from qdjunction.traces.sets import TracesSection
from qdjunction.transport.leads.registry import StudyLeads
from qdjunction.transport.leads.wide_band import WideBand
from qdjunction.transport.observables.registry import StudyObservable


class DotEntry(Section):
    """One dot of the study and the contacts it is measured at."""

    dot: Name
    """Name of a dot in the catalogue, e.g. `12Pb` for `clusters/12Pb.yaml`."""
    cation: Literal["MA", "Cs"] = "MA"
    """A-site cation."""
    halide: str = "Br"
    """Halide or mixture, e.g. `Br` or `Br0.72Cl0.28`."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of the halide order of a mixture."""
    short_range_order: float = Field(default=0.0, ge=-1, le=1)
    """Warren-Cowley parameter wanted of a mixture: 0 random, above 0 like halides cluster, below 0 they mix."""
    contacts: list[Name] = Field(min_length=1)
    """Contact pairs: `L-R1`, or a name that the dot's file gives to a pair, e.g. `short`."""

    @field_validator("halide")
    @classmethod
    def _halide_is_known(cls, value: str) -> str:
        try:
            parse_halide(value)
        except QdjunctionError as error:
            raise ValueError(str(error)) from None
        return value

    @field_validator("contacts")
    @classmethod
    def _contacts_are_distinct(cls, value: list[str]) -> list[str]:
        for name in value:
            if value.count(name) > 1:
                raise ValueError(f"contact pair '{name}' is listed twice; name each pair once")
        return value


class ScreenEntry(Section):
    """Many dots at once: every combination of the lists."""

    dots: list[Name] = Field(min_length=1)
    """Names of dots in the catalogue."""
    cations: list[Literal["MA", "Cs"]] = Field(default=["MA"], min_length=1)
    """A-site cations."""
    halides: list[str] = Field(min_length=1)
    """Halides or mixtures, e.g. `Br` or `Br0.72Cl0.28`."""
    seeds: int = Field(default=1, ge=1, le=10_000)
    """How many halide orders of each mixture, seeds 0, 1, ...; a pure halide has one order."""
    short_range_orders: list[Annotated[float, Field(ge=-1, le=1)]] = Field(default=[0.0], min_length=1)
    """Warren-Cowley parameters wanted of the mixtures."""
    contacts: list[Name] = Field(min_length=1)
    """Contact pairs, the same for all these dots."""

    @property
    def entries(self) -> list[DotEntry]:
        """The dots one by one."""
        entries = []
        for dot, cation, halide in product(self.dots, self.cations, self.halides):
            mixed = len(parse_halide(halide).fractions) > 1
            orders = product(self.short_range_orders, range(self.seeds)) if mixed else [(0.0, 0)]
            entries += [
                DotEntry(
                    dot=dot,
                    cation=cation,
                    halide=halide,
                    seed=seed,
                    short_range_order=order,
                    contacts=self.contacts,
                )
                for order, seed in orders
            ]
        return entries

    @model_validator(mode="after")
    def _every_dot_can_be(self) -> "ScreenEntry":
        for halide in self.halides:
            try:
                mixed = len(parse_halide(halide).fractions) > 1
            except QdjunctionError as error:
                raise ValueError(f"halides: {error}") from None
            for order in self.short_range_orders if mixed else [0.0]:
                # The checks of one dot are the checks of all that differ in seed, dot and cation only.
                DotEntry(dot=self.dots[0], halide=halide, short_range_order=order, contacts=self.contacts)
        return self


class ElectrodeSettings(Section):
    """The gold pyramids."""

    layers: int = Field(default=3, ge=1, le=12)
    """Layers of a pyramid: 1, 3, 6, 10, 15, ... atoms from apex to base."""
    lead_layers: int = Field(default=1, ge=1, le=12)
    """Outermost layers of a pyramid that couple to the lead."""
    apex_distance_ang: float | None = Field(default=None, ge=2, le=4.5)
    """Distance from the apex to the contact halide (Ang); by default that of the halide (Cl 2.66, Br 2.76, I 2.88).
    Below 2 Ang the two atoms overlap, beyond 4.5 Ang they do not touch."""

    @model_validator(mode="after")
    def _a_lead_is_part_of_the_pyramid(self) -> "ElectrodeSettings":
        if self.lead_layers > self.layers:
            raise ValueError(
                f"lead_layers = {self.lead_layers} is more than layers = {self.layers}; "
                "a pyramid cannot have more lead layers than layers"
            )
        return self


class RelaxSettings(Section):
    """Geometry relaxation of the dots."""

    start: Literal["catalogue", "scratch"] = "catalogue"
    """`catalogue` starts from the geometry in `clusters/relaxed` where there is one, `scratch` from the lattice."""
    pre_relax: bool = True
    """Relax with the embedded engine first where SIESTA is to relax; it saves most of SIESTA's moves."""
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
    """One study."""

    study: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")
    """Name of the study, shown in the report: any words on one line."""
    results: str = Field(default="results", pattern=r"^[^{}<>\x00-\x1f]+$")
    """Folder that everything is written to, relative to where Snakemake runs; without braces and angle brackets."""
    engine: Literal["xtb", "siesta"] = "xtb"
    """Electronic structure: `xtb` is the embedded GFN1-xTB model, `siesta` is DFT."""
    on_failure: Literal["record", "stop"] = "record"
    """A calculation that cannot be done (SCF stuck, not relaxed, atoms overlap): put its reason in the report and go on
    with all else, or stop."""
    dots: list[DotEntry] = Field(default=[])
    """The dots and their contacts."""
    screen: list[ScreenEntry] = Field(default=[])
    """More dots, as lists of what is to be combined; the report then is an overview, with a page a dot on demand."""
    electrodes: ElectrodeSettings = ElectrodeSettings()
    """The gold pyramids."""
    relax: RelaxSettings = RelaxSettings()
    """Geometry relaxation of the dots."""
    xtb: XtbSettings = XtbSettings()
    """The embedded engine."""
    siesta: SiestaSettings = SiestaSettings()
    """SIESTA, used with `engine: siesta`."""
    seed_density: bool = False
    """Start the SCF of each contact from the density of the contact before it (SIESTA). Saves iterations, but the
    junctions of a dot then run one after the other."""
    transport: TransportSettings = TransportSettings()
    """Transmission, leads, temperature."""
    interference: InterferenceSettings = InterferenceSettings()
    """Decay and jump."""
    resources: ResourceSettings = ResourceSettings()
    """What jobs ask for and how many there are; no result depends on it."""
    traces: TracesSection | None = None
    """Break-junction traces; without the section nothing of them is done."""

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
    def _siesta_can_do_it(self) -> "Config":
        if self.engine == "siesta":
            if self.siesta.spin != "non-polarized":
                raise ValueError(
                    f"siesta.spin = {self.siesta.spin}: a study is closed-shell; leave spin out, or run SIESTA by "
                    "hand with `qdjunction siesta-input`"
                )
            if self.siesta.kpoints != (1, 1, 1):
                raise ValueError(
                    f"siesta.kpoints = {list(self.siesta.kpoints)}: a dot is finite; leave kpoints out"
                )
        return self


def parse_config(values: dict[str, Any], source: str | Path = "config.yaml") -> Config:
    """Check the values of a configuration.

    Parameters
    ----------
    values : dict
        The parsed YAML.
    source : str or Path
        File that an error is to name.

    Raises
    ------
    InputError
        A line for each wrong key: file, key, value, what is expected.
    """
    return validate(Config, values, source)


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
