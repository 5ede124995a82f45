"""Commands for ligands: ligands, pair."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from qdjunction.cli.commands import Command, Commands, option
from qdjunction.cli.values import as_typed, catalogue, catalogue_option, structure_file
from qdjunction.core.limits import ConformerSeed
from qdjunction.structure.ligands.settings import Ion, LigandSearch, Place
from qdjunction.structure.sites import Direction

ATOM = "a contact, an index counted from 0, or a rule such as 'Br farthest along -z'"


def _build(source: str, values: dict[str, Any], clusters: Path | None, output: Path) -> None:
    """Build a structure of a source and write it with its record."""
    from qdjunction.steps.structure import dot
    from qdjunction.structure.sources.registry import SOURCES

    settings = SOURCES[source].settings_to_build({"name": output.stem, **values}, source)
    dot(settings, settings.look_up(catalogue(clusters)), output, output.with_suffix(".json"))


class Ligands(Command):
    """Put ligands on a dot, in place of ions or on atoms, with the formal charge kept."""

    structure: str = option(..., "file of a dot with its contacts", positional=True)
    ligand: str = option(..., "ligand of the library, e.g. acetate")
    replace: list[Place] = option(
        [], f"ion that it replaces ({ATOM}); several halides of one Pb give way to one ligand", metavar="ATOM"
    )
    ion: Ion | None = option(None, "kind of the outermost ions that --count ligands replace, one each")
    count: int | None = option(None, "number of these ions", ge=1)
    cap: Place | None = option(
        None, "atom or contact that it binds to: a halide, or a Pb that lacks one", metavar="ATOM"
    )
    remove: list[Place] = option([], "ions that are taken away, for the charge", metavar="ATOM")
    direction: Direction = option(None, "from the site to the ligand", metavar="X,Y,Z", read=as_typed)
    reverse: bool = option(False, "bind with the other end of the ligand")
    contact: str | None = option(None, "contact that the free end of the ligand becomes", metavar="NAME")
    search: LigandSearch = LigandSearch()
    seed: ConformerSeed = option(0, "seed of the conformers")
    clusters: Path | None = catalogue_option()
    output: Path = structure_file()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum((bool(self.replace), self.ion is not None, self.cap is not None)) != 1:
            raise ValueError("give one of --replace, --ion with --count, or --cap")
        return self

    def run(self) -> None:
        keys = {"ligand", "replace", "ion", "count", "cap", "direction", "reverse", "contact"}
        leaving = [{"replace": atom} for atom in self.remove]
        values = {
            **self.search.model_dump(),
            "seed": self.seed,
            "base": {"source": "file", "path": self.structure},
            "ligands": [self.model_dump(include=keys), *leaving],
        }
        _build("ligands", values, self.clusters, self.output)


class Pair(Command):
    """Join two dots face to face by a linker, or with nothing between."""

    option_names: ClassVar[Mapping[str, str]] = {
        "first_site": "--first-site", "second_site": "--second-site", "linker =": "--linker =", "linker:": "--linker:",
        "pb_distance_ang": "--pb-distance", "twist_deg": "--twist", "ligand_folder": "--ligand-folder",
    }  # fmt: skip

    first: str = option(
        ..., "file of the first dot with its contacts, which become A.L, A.R1, ...", positional=True
    )
    second: str = option(..., "file of the second dot, whose contacts become B.L, B.R1, ...", positional=True)
    first_site: str = option(..., "contact or atom of the first dot: a terminal halide", metavar="SITE")
    second_site: str = option(..., "contact or atom of the second dot, likewise", metavar="SITE")
    linker: str = option(
        ..., "ligand with two ends that takes the place of both, e.g. propanedithiol, or none"
    )
    pb_distance_ang: float | None = option(
        None, "distance of the two Pb without a linker", name="pb-distance", unit="Ang", gt=0, le=200
    )
    twist_deg: float = option(
        0.0, "rotation of the second dot about their line", name="twist", unit="degrees", ge=-180, le=180
    )
    free: Literal["all", "linker"] = option(
        "all", "what a later relaxation moves: all atoms, or those of the linker alone"
    )
    search: LigandSearch = LigandSearch()
    seed: ConformerSeed = option(0, "seed of the conformers")
    clusters: Path | None = catalogue_option()
    output: Path = structure_file()

    def run(self) -> None:
        bases = {
            key: {"source": "file", "path": path}
            for key, path in (("first", self.first), ("second", self.second))
        }
        values = self.model_dump(exclude={"first", "second", "search", "clusters", "output"})
        _build("pair", values | self.search.model_dump() | bases, self.clusters, self.output)


COMMANDS: Commands = {"ligands": Ligands, "pair": Pair}
