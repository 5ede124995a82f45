"""What ``config.yaml`` may say: every key, its unit, its default and its limits.

The models below are the single source: ``docs/config.md`` and ``docs/config.schema.json`` are written from them by
``qdjunction config-docs`` and a test keeps them in step.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from qdjunction.core.errors import QdjunctionError
from qdjunction.core.schema import Name, Section, read_yaml, validate
from qdjunction.engine.siesta.settings import SiestaSettings
from qdjunction.engine.xtb.settings import XtbSettings
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.structure.perovskite.composition import parse_halide
from qdjunction.traces.sets import TracesSection

Positive = Annotated[float, Field(gt=0)]


class DotEntry(Section):
    """One dot of the study and the contacts it is measured at."""

    dot: Name
    """Name of a dot in the catalogue, e.g. `12Pb` for `clusters/12Pb.yaml`."""
    cation: Literal["MA", "Cs"] = "MA"
    """A-site cation."""
    halide: str = "Br"
    """Halide or mixture, e.g. `Br` or `Br0.72Cl0.28`."""
    seed: int = Field(default=0, ge=0)
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
    short_range_orders: list[float] = Field(default=[0.0], min_length=1)
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
    lead_layers: int = Field(default=1, ge=1)
    """Outermost layers of a pyramid that couple to the lead."""
    apex_distance_ang: Positive | None = None
    """Distance from the apex to the contact halide (Ang); by default that of the halide (Cl 2.66, Br 2.76, I 2.88)."""

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
    fmax_ev_per_ang: Positive = 0.05
    """Largest force on any atom at the end (eV/Ang)."""
    fmax_large_ev_per_ang: Positive = 0.1
    """The same for dots of `large_from_atoms` atoms and more (eV/Ang)."""
    large_from_atoms: int = Field(default=200, ge=1)
    """From how many atoms on a dot counts as large."""
    max_steps: int = Field(default=2000, ge=0)
    """Steps after which the relaxation is given up; what was reached is kept, a larger number goes on from there."""

    def fmax(self, n_atoms: int) -> float:
        """Force threshold of a dot of `n_atoms` atoms (eV/Ang)."""
        return self.fmax_large_ev_per_ang if n_atoms >= self.large_from_atoms else self.fmax_ev_per_ang


class LeadSettings(Section):
    """The semi-infinite leads behind the pyramids."""

    kind: Literal["wide-band", "cluster", "wire", "bulk"] = "wide-band"
    """`wide-band`: Gamma = g S on the orbitals of the lead layers. `cluster`: the same on the whole pyramid.
    `wire`: the lead layers hold two like cells, of which the outer one goes on for ever. `bulk`: the lead layers are
    the atoms of one cell of `electrode`, which stands in for them."""
    coupling_ev: Positive = 1.0
    """g of wide-band and cluster leads (eV)."""
    electrode: str | None = Field(default=None, min_length=1)
    """File with H and S of the bulk electrode, e.g. a TSHS; for `bulk`, relative to where Snakemake runs."""
    eta_ev: Positive | None = None
    """Imaginary part of the energy inside wire and bulk leads (eV); by default 1e-6 and 1e-4."""
    kpoints: list[Annotated[int, Field(ge=1)]] = Field(default=[1, 1], min_length=2, max_length=2)
    """Numbers of k points along the two lattice vectors across the transport direction; for `bulk`."""

    @model_validator(mode="after")
    def _every_key_has_its_kind(self) -> "LeadSettings":
        if self.kind == "bulk" and self.electrode is None:
            raise ValueError("kind bulk needs the key electrode, the file of the electrode's H and S")
        if self.kind != "bulk" and self.electrode is not None:
            raise ValueError(
                f"electrode = {self.electrode!r} is of no use to {self.kind} leads; leave it out, "
                "or set kind to bulk"
            )
        if self.eta_ev is not None and self.kind not in ("wire", "bulk"):
            raise ValueError(f"eta_ev = {self.eta_ev:g} is of no use to {self.kind} leads, which have none")
        if self.kpoints != [1, 1] and self.kind != "bulk":
            raise ValueError(
                f"kpoints = {self.kpoints} are of no use to {self.kind} leads, which are finite across"
            )
        return self

    @property
    def text(self) -> str:
        """The choice in the grammar of the command line, e.g. `wide-band:1` or `bulk:electrode.TSHS`."""
        if self.kind == "wire":
            return self.kind
        return f"{self.kind}:{self.electrode if self.kind == 'bulk' else format(self.coupling_ev, 'g')}"


class TransportSettings(Section):
    """Transmission and what follows from it. Energies are relative to the Fermi energy of each junction."""

    energy_min_ev: float = -3.0
    """First energy of T(E) (eV)."""
    energy_max_ev: float = 3.0
    """Last energy of T(E) (eV)."""
    energy_step_ev: Positive = 0.01
    """Step of T(E) (eV)."""
    leads: LeadSettings = LeadSettings()
    """The leads."""
    temperature_k: Positive = 300.0
    """Temperature of the thermal conductance (K)."""

    @property
    def energies(self) -> str:
        """The energy grid in the grammar of the command line, `first:last:step` in eV."""
        return f"{self.energy_min_ev:g}:{self.energy_max_ev:g}:{self.energy_step_ev:g}"

    @model_validator(mode="after")
    def _window_is_a_window(self) -> "TransportSettings":
        if self.energy_max_ev - self.energy_min_ev < self.energy_step_ev:
            raise ValueError(
                f"energy_max_ev = {self.energy_max_ev:g} must lie at least one energy_step_ev above "
                f"energy_min_ev = {self.energy_min_ev:g}"
            )
        return self


class ResourceSettings(Section):
    """The most that a job may ask a cluster for, and how much work is in it; rules ask by the size of the dot."""

    max_mem_mb: int = Field(default=180_000, ge=500)
    """Memory of the nodes that the study may use (MB)."""
    max_runtime_min: int = Field(default=2880, ge=1)
    """Longest run time that the site allows (min)."""
    contacts_per_job: int | None = Field(default=None, ge=1)
    """Number of junctions of a dot that one job computes, one after the other; by default one, and in a screening all.
    A job that is killed resumes with the junction it was at."""


class Config(Section):
    """One study."""

    study: Name
    """Name of the study, shown in the report."""
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
        """Give dots and screens one by one, each with the key it comes from."""
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
