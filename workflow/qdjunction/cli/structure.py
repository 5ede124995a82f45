"""Commands for structures: dot, molecule, junction, relax."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import model_validator

from qdjunction.cli.commands import Command, Commands, Keys, option
from qdjunction.cli.electronic import EngineCommand
from qdjunction.cli.values import as_typed, catalogue, catalogue_option, structure_file
from qdjunction.core.limits import ConformerSeed, Force
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.sites import Atom, Cell, Direction, Site, check_choice

SIDES = ("left", "right")

ATOM = "atom under the {} tip: an index counted from 0, or a rule such as 'S farthest along -z'"
DIRECTION = "from that atom to the {} tip: x,y,z, bond or outward (default: by the anchor)"
SMARTS = "SMARTS pattern of the atom under the {} tip, e.g. '[SX2H]'; narrows a rule of --{}-atom"
MATCH = "which of the atoms that this pattern matches, counted from 0"
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


class SitedCommand(Command):
    """A command that names the atoms of two contacts."""

    option_names: ClassVar[Mapping[str, str]] = {
        "electrodes.apex_distance_ang": "--apex-distance",
        "electrodes.left: {kind: blunt, layers: 2}": "--left-tip blunt layers=2",
        "under the key anchors": "in a study, under the key anchors",
        "sites.L.": "--left-", "sites.R.": "--right-", "sites.L:": "--left-atom:", "sites.R:": "--right-atom:",
        "as the key sites, e.g. sites: {L: {atom: 0}, R: {atom: 5}}": "by --left-atom and --right-atom",
        "name its file and sites in a configuration (`source: file`), or any two atoms (`qdjunction junction "
        "--left-atom --right-atom`)": "or name any two atoms by --left-atom and --right-atom",
    }  # fmt: skip

    left_atom: Atom | None = option(None, ATOM.format("left"), metavar="ATOM")
    right_atom: Atom | None = option(None, ATOM.format("right"), metavar="ATOM")
    left_smarts: str | None = option(None, SMARTS.format("left", "left"), metavar="SMARTS")
    right_smarts: str | None = option(None, SMARTS.format("right", "right"), metavar="SMARTS")
    left_match: int | None = option(None, MATCH, metavar="N", ge=0)
    right_match: int | None = option(None, MATCH, metavar="N", ge=0)
    left_direction: Direction = option(None, DIRECTION.format("left"), metavar="X,Y,Z", read=as_typed)
    right_direction: Direction = option(None, DIRECTION.format("right"), metavar="X,Y,Z", read=as_typed)
    left_anchor: str | None = option(None, ANCHOR.format("left"), metavar="NAME")
    right_anchor: str | None = option(None, ANCHOR.format("right"), metavar="NAME")

    @property
    def sites(self) -> dict[str, Site]:
        """The contacts `L` and `R`; none if no atom is named."""
        given = {side: self._given(side) for side in SIDES}
        return {name: Site(**given[side]) for name, side in zip("LR", SIDES, strict=True) if given[side]}

    def _given(self, side: str) -> dict[str, Any]:
        keys = (key for key in Site.model_fields if getattr(self, f"{side}_{key}") is not None)
        return {key: getattr(self, f"{side}_{key}") for key in keys}

    @model_validator(mode="after")
    def _sites_are_whole(self) -> Self:
        given = [side for side in SIDES if self._given(side)]
        for side in given:
            check_choice(
                getattr(self, f"{side}_atom"), getattr(self, f"{side}_smarts"), getattr(self, f"{side}_match"),
                f"--{side}-",
            )  # fmt: skip
        if len(given) == 1:
            (other,) = set(SIDES) - set(given)
            raise ValueError(
                f"--{given[0]}-atom without --{other}-atom: name the atoms of both contacts or of none"
            )
        return self


class Molecule(SitedCommand):
    """Build a molecule from SMILES, as the conformer of lowest force-field energy, with contacts L and R."""

    smiles: str = option(..., "neutral closed-shell molecule, e.g. 'Sc1ccc(S)cc1'", positional=True)
    conformers: int = option(50, "number of random conformers that are compared", ge=1, le=1000)
    seed: ConformerSeed = option(0, "seed of the conformers")
    output: Path = structure_file()

    def run(self) -> None:
        from qdjunction.steps.structure import dot
        from qdjunction.structure.sources.registry import SOURCES

        values = {
            **self.model_dump(include={"smiles", "conformers", "seed"}),
            "name": self.output.stem,
            "sites": {name: site.model_dump() for name, site in self.sites.items()},
        }
        settings = SOURCES["smiles"].settings_to_build(values, "molecule")
        dot(settings, settings.look_up(Path()), self.output, self.output.with_suffix(".json"))


class Junction(SitedCommand):
    """Put a dot or molecule between two gold tips, at named contacts or at any two atoms."""

    structure: str = option(
        ...,
        "extended XYZ file of a dot; with --left-atom and --right-atom any file that ASE reads",
        positional=True,
    )
    left: str | None = option(None, "left contact (default: L)")
    right: str | None = option(None, "right contact, e.g. R4")
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
        if self.sites and (self.left or self.right):
            raise ValueError(
                "--left and --right name contacts; leave them out beside --left-atom and --right-atom"
            )
        if not self.sites:
            if self.right is None:
                raise ValueError(
                    "--right is missing: name a contact of the structure, or any two atoms with --left-atom and "
                    "--right-atom"
                )
            if "cell" in self.model_fields_set:
                raise ValueError(
                    "--cell is for contacts given as --left-atom and --right-atom; a structure that names its own is "
                    "finite"
                )
        return self

    def run(self) -> None:
        from qdjunction.steps.structure import junction, junction_at_sites

        record = self.output.with_suffix(".json")
        if not self.sites:
            junction(self.structure, self.left or "L", str(self.right), self.electrodes, self.output, record)
            return
        sites = self.sites
        junction_at_sites(
            self.structure, sites["L"], sites["R"], self.cell, self.electrodes, self.output, record
        )


class Relax(EngineCommand):
    """Relax a structure; a second call resumes where a killed one stopped."""

    option_names: ClassVar[Mapping[str, str]] = {"relax.max_steps": "--max-steps", "max_steps": "--max-steps"}

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
