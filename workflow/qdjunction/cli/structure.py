"""Commands for structures: dot, junction, relax."""

from pathlib import Path
from typing import Annotated, Literal

from qdjunction.cli.commands import Command, Commands, Keys, option
from qdjunction.cli.electronic import EngineCommand
from qdjunction.cli.values import catalogue, catalogue_option, structure_file
from qdjunction.core.limits import Force
from qdjunction.structure.settings import ElectrodeSettings


class Dot(Command):
    """Build a neutral, unrelaxed dot."""

    name: str = option(..., "dot of the catalogue, e.g. 12Pb", positional=True)
    cation: str = option("MA", "MA or Cs")
    halide: str = option("Br", "Cl, Br, I or a mixture, e.g. Br0.72Cl0.28")
    seed: int = option(0, "seed of the halide order of a mixture", ge=0)
    short_range_order: float = option(0.0, "Warren-Cowley parameter of a mixture, 0 if random", metavar="A")
    clusters: Path | None = catalogue_option()
    output: Path = structure_file()

    def run(self) -> None:
        from qdjunction.steps.structure import dot
        from qdjunction.structure.sources.registry import SOURCES

        keys = {"cation", "halide", "seed", "short_range_order"}
        values = {"dot": self.name, **self.model_dump(include=keys)}
        settings = SOURCES["catalogue"].settings_to_build(values, "dot")
        definition = settings.look_up(catalogue(self.clusters))
        dot(settings, definition, self.output, self.output.with_suffix(".json"))


class Junction(Command):
    """Put a dot between two gold pyramids."""

    structure: str = option(..., "extended XYZ file of a dot", positional=True)
    left: str = option("L", "left contact")
    right: str = option(..., "right contact, e.g. R4")
    electrodes: Annotated[
        ElectrodeSettings, Keys(layers="", lead_layers="", apex_distance_ang="apex-distance")
    ] = ElectrodeSettings()
    output: Path = structure_file()

    def run(self) -> None:
        from qdjunction.steps.structure import junction

        record = self.output.with_suffix(".json")
        junction(self.structure, self.left, self.right, self.electrodes, self.output, record)


class Relax(EngineCommand):
    """Relax a structure; a second call resumes where a killed one stopped."""

    structure: str = option(..., "extended XYZ file", positional=True)
    fmax: Force = option(0.05, "largest force at the end", unit="eV/Ang")
    max_steps: int = option(2000, "maximum number of steps", ge=0)
    free: Literal["all", "contact", "junction"] = option(
        "all",
        "atoms that move; of a junction: those at the contacts, or all but the lead layers",
        metavar="ATOMS",
    )
    output: Path = structure_file()

    def run(self) -> None:
        from qdjunction.steps.structure import relax

        relax(
            self.structure, self.make_engine(), self.folder, self.fmax, self.max_steps,
            self.output, self.output.with_suffix(".json"), free=self.free,
        )  # fmt: skip


COMMANDS: Commands = {"dot": Dot, "junction": Junction, "relax": Relax}
