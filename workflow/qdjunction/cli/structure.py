"""Commands for structures: dot, molecule, junction, relax."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import model_validator

from qdjunction.cli.commands import Command, Commands, Keys, option
from qdjunction.cli.electronic import EngineCommand
from qdjunction.cli.values import as_typed, catalogue, catalogue_option, structure_file
from qdjunction.core.limits import Force
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.sites import Atom, Cell, Direction, Site

ATOM = "atom under the {} tip: an index counted from 0, or a rule such as 'S farthest along -z'"
DIRECTION = "from that atom to the {} tip: x,y,z, bond or outward (default: by the anchor)"
ANCHOR = "anchor under the {} tip, e.g. thiolate (default: by element and bonds)"


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


class Molecule(Command):
    """Build a molecule from SMILES, as the conformer of lowest force-field energy, with contacts L and R."""

    smiles: str = option(..., "neutral closed-shell molecule, e.g. 'Sc1ccc(S)cc1'", positional=True)
    conformers: int = option(50, "number of random conformers that are compared", ge=1, le=1000)
    seed: int = option(0, "seed of the conformers", ge=0)
    left_atom: int | None = option(None, "atom of contact L (default: found among the anchors)", ge=0)
    right_atom: int | None = option(None, "atom of contact R, likewise", ge=0)
    output: Path = structure_file()

    @model_validator(mode="after")
    def _both_atoms_or_none(self) -> Self:
        if (self.left_atom is None) != (self.right_atom is None):
            raise ValueError("--left-atom and --right-atom go together; give both or none")
        return self

    def run(self) -> None:
        from qdjunction.steps.structure import dot
        from qdjunction.structure.sources.registry import SOURCES

        given = self.left_atom is not None
        sites = {"L": {"atom": self.left_atom}, "R": {"atom": self.right_atom}} if given else {}
        values = {
            **self.model_dump(include={"smiles", "conformers", "seed"}),
            "name": self.output.stem,
            "sites": sites,
        }
        settings = SOURCES["smiles"].settings_to_build(values, "molecule")
        dot(settings, settings.look_up(Path()), self.output, self.output.with_suffix(".json"))


class Junction(Command):
    """Put a dot or molecule between two gold tips, at named contacts or at any two atoms."""

    structure: str = option(
        ...,
        "extended XYZ file of a dot; with --left-atom and --right-atom any file that ASE reads",
        positional=True,
    )
    left: str | None = option(None, "left contact (default: L)")
    right: str | None = option(None, "right contact, e.g. R4")
    left_atom: Atom | None = option(None, ATOM.format("left"), metavar="ATOM")
    right_atom: Atom | None = option(None, ATOM.format("right"), metavar="ATOM")
    left_direction: Direction = option(None, DIRECTION.format("left"), metavar="X,Y,Z", read=as_typed)
    right_direction: Direction = option(None, DIRECTION.format("right"), metavar="X,Y,Z", read=as_typed)
    left_anchor: str | None = option(None, ANCHOR.format("left"), metavar="NAME")
    right_anchor: str | None = option(None, ANCHOR.format("right"), metavar="NAME")
    cell: Cell = option("molecule", "put molecules cut by the cell together again, or drop the cell as it is")
    electrodes: Annotated[
        ElectrodeSettings,
        Keys(
            layers="", lead_layers="", apex_distance_ang="apex-distance", tip="", left="left-tip", right="right-tip",
        ),
    ] = ElectrodeSettings()  # fmt: skip
    output: Path = structure_file()

    @model_validator(mode="after")
    def _contacts_are_given_one_way(self) -> Self:
        if (self.left_atom is None) != (self.right_atom is None):
            given, other = ("left", "right") if self.right_atom is None else ("right", "left")
            raise ValueError(
                f"--{given}-atom without --{other}-atom: give both, or name contacts of the structure"
            )
        if self.left_atom is not None and (self.left or self.right):
            raise ValueError(
                "--left and --right name contacts; leave them out beside --left-atom and --right-atom"
            )
        if self.left_atom is None:
            if self.right is None:
                raise ValueError(
                    "--right is missing: name a contact of the structure, or any two atoms with --left-atom and "
                    "--right-atom"
                )
            of_atoms = ("left_direction", "right_direction", "left_anchor", "right_anchor", "cell")
            if spare := [key for key in of_atoms if key in self.model_fields_set]:
                raise ValueError(
                    f"--{spare[0].replace('_', '-')} is for contacts given as --left-atom and --right-atom; those with "
                    "names have all that"
                )
        return self

    def run(self) -> None:
        from qdjunction.steps.structure import junction, junction_at_sites

        record = self.output.with_suffix(".json")
        if self.left_atom is None or self.right_atom is None:
            junction(self.structure, self.left or "L", str(self.right), self.electrodes, self.output, record)
            return
        left = Site(atom=self.left_atom, direction=self.left_direction, anchor=self.left_anchor)
        right = Site(atom=self.right_atom, direction=self.right_direction, anchor=self.right_anchor)
        junction_at_sites(self.structure, left, right, self.cell, self.electrodes, self.output, record)


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


COMMANDS: Commands = {"dot": Dot, "molecule": Molecule, "junction": Junction, "relax": Relax}
