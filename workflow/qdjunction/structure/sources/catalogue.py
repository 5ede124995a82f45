"""The catalogue of neutral perovskite dots, one YAML file each."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from qdjunction.core.errors import InputError, QdjunctionError
from qdjunction.core.schema import Name, Section
from qdjunction.structure.perovskite.catalogue import DotDefinition, load_dot
from qdjunction.structure.perovskite.composition import parse_halide
from qdjunction.structure.sources.contract import Outline, Source, SourceSettings, Variation

if TYPE_CHECKING:
    from ase import Atoms

ATOMS_PER_CATION = {"MA": 8, "Cs": 1}
ELEMENTS_OF_CATION = {"MA": ("C", "N", "H"), "Cs": ("Cs",)}


class CatalogueSettings(SourceSettings[DotDefinition]):
    """One dot of the catalogue and the contacts at which it is measured."""

    origin: ClassVar[str] = "ideal lattice"

    source: Literal["catalogue"] = "catalogue"
    """A dot of the catalogue."""
    dot: Name
    """Name of a dot in the catalogue, e.g. `12Pb` for `clusters/12Pb.yaml`."""
    cation: Literal["MA", "Cs"] = "MA"
    """A-site cation."""
    halide: str = "Br"
    """Halide or mixture, e.g. `Br` or `Br0.72Cl0.28`."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Random seed of the halide arrangement of a mixture."""
    short_range_order: float = Field(default=0.0, ge=-1, le=1)
    """Target Warren-Cowley parameter of a mixture: 0 random, above 0 like halides cluster, below 0 unlike halides
    alternate."""
    a_site_seed: int | None = Field(default=None, ge=0, lt=2**32)
    """Random seed that chooses among the equally good sets of A sites; without one, the set that leaves the row
    R1 .. Rn uniform."""
    orientation_seed: int | None = Field(default=None, ge=0, lt=2**32)
    """Random seed of the orientations of methylammonium; without one, NH3 points inwards at the surface, and dipoles
    cancel in the bulk."""

    @field_validator("halide")
    @classmethod
    def _halide_is_known(cls, value: str) -> str:
        try:
            parse_halide(value)
        except QdjunctionError as error:
            raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _cation_has_orientations(self) -> Self:
        if self.orientation_seed is not None and self.cation != "MA":
            raise ValueError(
                f"orientation_seed = {self.orientation_seed}: {self.cation} is an atom and has no orientation; leave "
                "it out"
            )
        return self

    @property
    def id(self) -> str:
        """Catalogue name and formula unit, with seed and short-range order for a mixture and the seeds of cations."""
        composition = parse_halide(self.halide)
        seeds = (("a", self.a_site_seed), ("t", self.orientation_seed))
        drawn = "".join(f"-{letter}{seed}" for letter, seed in seeds if seed is not None)
        if len(composition.fractions) == 1:
            return f"{self.dot}_{self.cation}Pb{composition.fractions[0][0]}3{drawn}"
        anions = "".join(f"{halide}{3 * fraction:.4g}" for halide, fraction in composition.fractions)
        order = f"-o{self.short_range_order:g}" if self.short_range_order else ""
        return f"{self.dot}_{self.cation}Pb{anions}-s{self.seed}{order}{drawn}"

    @property
    def key(self) -> str:
        """Name of the dot in the catalogue."""
        return self.dot

    @property
    def labels(self) -> Mapping[str, str | float]:
        """Dot, cation and halide arrangement."""
        return {
            "catalogue_dot": self.dot,
            "cation": self.cation,
            "halide": self.halide,
            "seed": self.seed,
            "short_range_order": self.short_range_order,
        }

    def variant(self, definition: DotDefinition, what: Variation, seed: int) -> Self | None:
        """Return the dot with other A sites, other orientations of methylammonium, or the halides in another order."""
        from qdjunction.structure.perovskite.a_sites import degenerate_a_sites

        match what:
            case "sites" if len(degenerate_a_sites(definition.pb_sites)) > 1:
                return self.model_copy(update={"a_site_seed": seed})
            case "orientations" if self.cation == "MA":
                return self.model_copy(update={"orientation_seed": seed})
            case "halides" if len(parse_halide(self.halide).fractions) > 1:
                return self.model_copy(update={"seed": seed})
        return None

    def look_up(self, catalogue: Path) -> DotDefinition:
        """Return the definition of the dot.

        Raises
        ------
        InputError
            If there is no such dot, or a seed chooses among its A sites, of which there is one set alone.
        """
        definition = load_dot(self.dot, catalogue)
        if self.a_site_seed is not None and self.variant(definition, "sites", 0) is None:
            raise InputError(
                f"a_site_seed = {self.a_site_seed}: {self.dot} has a single best set of A sites to choose from; leave "
                "it out"
            )
        return definition

    def outline(self, definition: DotDefinition) -> Outline:
        """Return the outline of the dot."""
        pb = definition.pb_sites
        anions = len(definition.halide_sites)
        halides = tuple(halide for halide, _ in parse_halide(self.halide).fractions)
        return Outline(
            name=definition.name,
            elements=("Pb", *halides, *ELEMENTS_OF_CATION[self.cation]),
            atoms=len(pb) + anions + ATOMS_PER_CATION[self.cation] * (anions - 2 * len(pb)),
            contacts=dict.fromkeys(definition.contact_sites, halides),
            pairs=definition.pairs,
        )

    def build(self, definition: DotDefinition) -> Atoms:
        """Return the unrelaxed dot on its ideal lattice."""
        from qdjunction.structure.perovskite.dot import build_dot

        return build_dot(
            definition,
            self.cation,
            self.halide,
            self.seed,
            self.short_range_order,
            self.a_site_seed,
            self.orientation_seed,
        )

    @property
    def trial_key(self) -> str:
        """Dot, cation and halides: the order of a mixture and the choice of A sites leave the lattice as it is."""
        return f"{self.dot} {self.cation} {self.halide}"

    def trial(self, definition: DotDefinition) -> Atoms:
        """Return lead and halides on the ideal lattice; cations turn and move as the dot is relaxed."""
        from qdjunction.structure.contacts import without_atoms
        from qdjunction.structure.perovskite.constants import HALIDES

        atoms = self.model_copy(update={"short_range_order": 0.0}).build(definition)
        return without_atoms(
            atoms, {i for i, symbol in enumerate(atoms.symbols) if symbol not in ("Pb", *HALIDES)}
        )[0]

    def catalogue_files(self, definition: DotDefinition) -> Mapping[str, Mapping[str, Any]]:
        """Return the file of the dot."""
        return {f"{definition.name}.yaml": definition.model_dump(mode="json", exclude={"name"})}

    def relaxed_start(self, catalogue: Path, engine: str) -> Path | None:
        """Return the file of the relaxed geometry in ``relaxed`` of the catalogue, or None."""
        path = catalogue / "relaxed" / f"{self.id}_{engine}.extxyz"
        return path if path.exists() else None


class ScreenEntry(Section):
    """Many dots at once: every combination of the lists."""

    dots: list[Name] = Field(min_length=1)
    """Names of dots in the catalogue."""
    cations: list[Literal["MA", "Cs"]] = Field(default=["MA"], min_length=1)
    """A-site cations."""
    halides: list[str] = Field(min_length=1)
    """Halides or mixtures, e.g. `Br` or `Br0.72Cl0.28`."""
    seeds: int = Field(default=1, ge=1, le=10_000)
    """Number of halide arrangements of each mixture, with seeds 0, 1, ...; a pure halide has one."""
    short_range_orders: list[Annotated[float, Field(ge=-1, le=1)]] = Field(default=[0.0], min_length=1)
    """Target Warren-Cowley parameters of the mixtures."""
    contacts: list[Name] = Field(min_length=1)
    """Contact pairs, the same for all these dots."""
    controls: list[Name] = Field(default=[])
    """Contact pairs that are computed and shown beside the series of each dot; see `dots.controls`."""

    @property
    def entries(self) -> list[CatalogueSettings]:
        """The dots one by one."""
        entries = []
        for dot, cation, halide in product(self.dots, self.cations, self.halides):
            mixed = len(parse_halide(halide).fractions) > 1
            orders = product(self.short_range_orders, range(self.seeds)) if mixed else [(0.0, 0)]
            entries += [
                CatalogueSettings(
                    dot=dot,
                    cation=cation,
                    halide=halide,
                    seed=seed,
                    short_range_order=order,
                    contacts=self.contacts,
                    controls=self.controls,
                )
                for order, seed in orders
            ]
        return entries

    @model_validator(mode="after")
    def _check_every_dot(self) -> ScreenEntry:
        for halide in self.halides:
            try:
                mixed = len(parse_halide(halide).fractions) > 1
            except QdjunctionError as error:
                raise ValueError(f"halides: {error}") from None
            for order in self.short_range_orders if mixed else [0.0]:
                # Dots that differ only in seed, name and cation pass the same checks.
                CatalogueSettings(
                    dot=self.dots[0], halide=halide, short_range_order=order, contacts=self.contacts,
                    controls=self.controls,
                )  # fmt: skip
        return self


KIND = Source("catalogue", CatalogueSettings, DotDefinition, section="clusters")
