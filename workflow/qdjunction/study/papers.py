"""Published values that a study is compared with: one YAML file for each paper, in ``qdjunction/papers``."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import AfterValidator, Field, model_validator

from qdjunction.core.errors import InputError
from qdjunction.core.schema import Section, validate
from qdjunction.core.yaml import read_yaml
from qdjunction.interference.confinement import brus_gap_ev, exciton_permittivity, sphere_radius_ang

if TYPE_CHECKING:
    from qdjunction.study.table import Study

FOLDER = Path(__file__).parents[1] / "papers"

Quantity: TypeAlias = Literal[
    "composition", "gap", "gaps-fall", "contact-step", "contact-distance", "binding-rises", "beta", "jump",
    "jump-height", "plateau", "displacement", "lower-series", "weak-link", "orbital-rule", "chain-above-trend",
    "linker-length", "coupling-decay", "shift-size", "shift-fall", "shift-explained",
    "bulk-gap", "terminal-halides", "inner-cations", "surface-cations", "edge", "pb-distance", "emission", "brus-gap",
    "cover-sites", "cover-minimum", "cover-break", "cover-favourable", "sliding-lower", "ligand-change", "other-betas",
    "not-computed",
]  # fmt: skip
"""What a published value is; `report.quantities` computes the same of a study."""

NEEDS: dict[str, tuple[str, ...]] = {
    "composition": ("dot",),
    "gap": ("dot",),
    "gaps-fall": ("dots",),
    "contact-step": ("dot",),
    "contact-distance": ("halide",),
    "binding-rises": ("dots",),
    "beta": ("dot", "left"),
    "jump": ("dot", "left"),
    "jump-height": ("dot", "left"),
    "plateau": ("dot", "junction"),
    "displacement": ("dot", "junction", "other"),
    "lower-series": ("dot", "left", "other"),
    "weak-link": ("dot", "junction", "other"),
    "orbital-rule": ("dot", "junction"),
    "chain-above-trend": (),
    "bulk-gap": (),
    "terminal-halides": ("dot",),
    "inner-cations": ("dot",),
    "surface-cations": ("dot",),
    "edge": ("dot",),
    "pb-distance": ("dot",),
    "emission": ("dot",),
    "brus-gap": ("dot",),
    "linker-length": ("dot",),
    "coupling-decay": ("level",),
    "shift-size": ("mechanism",),
    "shift-fall": ("mechanism",),
    "shift-explained": ("mechanism",),
    "cover-sites": (),
    "cover-minimum": ("ligand",),
    "cover-break": ("ligand",),
    "cover-favourable": ("ligand",),
    "sliding-lower": ("slides",),
    "ligand-change": ("dots", "junction"),
    "other-betas": ("dot", "left"),
    "not-computed": (),
}
"""Keys that an item needs, by its quantity."""


class PaperItem(Section):
    """One published value or statement."""

    item: str = Field(min_length=1)
    """What it is, in words."""
    quantity: Quantity
    """What a study computes of it; `not-computed` where it does not."""
    dot: str = ""
    """Identity of the dot, e.g. `12Pb_MAPbBr3`."""
    dots: list[str] = Field(default=[])
    """Identities of several dots, in order."""
    left: str = ""
    """Left contact of the series."""
    other: str = ""
    """Left contact of the series, or name of the junction, to compare with."""
    junction: str = ""
    """Name of the junction."""
    slides: list[str] = Field(default=[])
    """Names of two slides, that of the lower barrier first."""
    level: str = ""
    """HOMO or LUMO."""
    mechanism: str = ""
    """Name of a mechanism of the exciton shift."""
    halide: str = ""
    """Element of the contact atom."""
    ligand: str = ""
    """Ligand of a cover."""
    ligands: list[int] = Field(default=[])
    """Which of the ligands of a cover, counted from 1; all if there are none."""
    value: float | str | None = None
    """The published value; `yes` for a statement."""
    unit: str = ""
    """Its unit."""
    tolerance: float | None = Field(default=None, ge=0)
    """Largest deviation that counts as agreement, in the unit of the value."""
    note: str = ""
    """Remark for the table."""
    of_methods: dict[str, str] = Field(default={})
    """Remark for a method of electronic structure, by its name."""

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "PaperItem":
        if absent := [key for key in NEEDS[self.quantity] if not getattr(self, key)]:
            raise ValueError(f"{absent[0]} is missing; an item with quantity: {self.quantity} needs it")
        if isinstance(self.value, float) and self.tolerance is None and self.quantity != "not-computed":
            raise ValueError("tolerance is missing; a number is compared within one")
        return self


class Crystal(Section):
    """The crystal of some dots, for the figure of their gaps against their size."""

    formula: str
    """What it is, e.g. `MAPbBr3`."""
    dots: list[str] = Field(min_length=2)
    """Identities of its dots."""
    lattice_ang: float = Field(gt=0)
    """Edge of the cube that holds one Pb (Ang)."""
    gap_ev: float = Field(gt=0)
    """Measured gap of the crystal (eV)."""
    reduced_mass_me: float = Field(gt=0)
    """Reduced mass of electron and hole, in masses of the electron."""
    exciton_binding_ev: float = Field(gt=0)
    """Binding energy of the exciton (eV), from which the permittivity follows."""
    source: str
    """Source of mass and binding energy."""

    @property
    def permittivity(self) -> float:
        """The relative permittivity that the exciton implies."""
        return exciton_permittivity(self.exciton_binding_ev, self.reduced_mass_me)

    def edge_nm(self, lead_atoms: float) -> float:
        """Return the edge of the cube that has the volume of so many cells of one Pb (nm)."""
        return float(0.1 * self.lattice_ang * np.cbrt(lead_atoms))

    def brus_gap_ev(self, edge_nm: ArrayLike) -> NDArray[np.float64]:
        """Return the gap (eV) of spheres with the volumes of cubes of these edges (nm), by the Brus equation."""
        radius = sphere_radius_ang((10 * np.asarray(edge_nm)) ** 3)
        return brus_gap_ev(radius, self.gap_ev, self.reduced_mass_me, self.permittivity)


class Plateau(Section):
    """A plateau of measured traces."""

    log10_g0: float
    """log10 of its conductance (G0)."""
    displacement_nm: float
    """Displacement of the tip on it (nm)."""
    spread_nm: float = Field(ge=0)
    """Spread of the displacement (nm)."""


class Traces(Section):
    """Break-junction traces, for the figure of measured and computed conductances."""

    plateaus: list[Plateau] = Field(min_length=2)
    """Plateaus in the order of the displacement."""
    log10_after_jump_g0: float | None = None
    """log10 of the conductance after the jump (G0)."""
    beta_per_ang: float
    """Measured decay constant (1/Ang)."""
    dots: list[str] = Field(min_length=1)
    """Identities of the dots whose series are compared with it."""
    left: str
    """Left contact of these series."""


class Paper(Section):
    """A paper with its published values."""

    title: str
    """Title."""
    source: str
    """Authors, journal, year."""
    doi: str
    """Digital object identifier."""
    method: str
    """Method of its calculations."""
    items: list[PaperItem] = Field(min_length=1)
    """Its values, in the order of the table."""
    crystals: list[Crystal] = Field(default=[])
    """Crystals of its dots."""
    traces: Traces | None = None
    """Its measured traces."""


def paper_names() -> list[str]:
    """Return the names of the papers."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def _known(name: str) -> str:
    if name not in paper_names():
        raise ValueError(f"there is no such paper; there are {', '.join(paper_names())}")
    return name


PaperName = Annotated[str, AfterValidator(_known)]
"""Name of a paper with published values."""


@cache
def read_paper(name: str) -> Paper:
    """Return the published values of a paper.

    Raises
    ------
    InputError
        If there is no such paper, or its file is wrong.
    """
    try:
        _known(name)
    except ValueError as error:
        raise InputError(f"paper = {name!r}: {error}") from None
    path = FOLDER / f"{name}.yaml"
    return validate(Paper, read_yaml(path), path)


def paper_of(study: "Study") -> Paper | None:
    """Return the paper that a study is compared with."""
    return read_paper(study.config.paper) if study.config.paper else None
