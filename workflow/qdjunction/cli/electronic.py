"""Commands for H and S: hamiltonian, siesta-input, siesta-convergence, pseudopotentials; options of all engines."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from pydantic import create_model

from qdjunction.cli.commands import Command, Commands, option
from qdjunction.cli.values import catalogue, catalogue_option, one_word, output_file, output_folder
from qdjunction.core.errors import InputError
from qdjunction.core.limits import Force
from qdjunction.engine.siesta.settings import SiestaSettings

if TYPE_CHECKING:
    from qdjunction.engine.contract import Engine


class JobCommand(Command):
    """A command that runs a program in its own working folder."""

    output: Path
    threads: int | None = option(None, "threads (default: OMP_NUM_THREADS)", ge=1)
    workdir: Path | None = output_folder(
        "folder of the engine's files (default: beside the output)", default=None
    )

    @property
    def folder(self) -> Path:
        """Folder of the engine's files."""
        return self.workdir or self.output.with_name(f"{self.output.stem}.work")


class EngineCommand(JobCommand):
    """A command that runs an engine; it has an option for each setting of the engine that its words name."""

    engine: str = option("xtb", "engine")

    @classmethod
    def for_words(cls, words: list[str]) -> type[Self]:
        """Return the command with the settings of the engine that `words` name.

        Raises
        ------
        InputError
            If there is no such engine.
        """
        from qdjunction.engine.registry import ENGINES

        default = cls.model_fields["engine"].default
        parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
        parser.add_argument("--engine", default=default)
        try:
            kind = ENGINES[parser.parse_known_args(words)[0].engine]
        except argparse.ArgumentError:  # no word follows, as the parser of all options will say
            return cls
        known = ", ".join(f"{name} ({known.description})" for name, known in ENGINES.items())
        text = f"{known}; after it, --help lists the settings of that engine"
        fields: dict[str, Any] = {
            "engine": (str, option(default, text)),
            kind.name: (kind.Settings, kind.Settings()),
        }
        return create_model(cls.__name__, __base__=cls, __doc__=cls.__doc__, **fields)

    def make_engine(self) -> "Engine":
        """Return the engine with its settings."""
        from qdjunction.engine.registry import ENGINES

        return ENGINES[self.engine].make(getattr(self, self.engine), self.threads, {})


class Hamiltonian(EngineCommand):
    """Compute H and S, Fermi energy at zero."""

    structure: str | None = option(None, "extended XYZ file of a dot or junction", positional=True)
    run_dir: Path | None = option(
        None, "folder or input file of a finished run, e.g. of SIESTA, to read instead of computing", name="from",
        metavar="RUNDIR",
    )  # fmt: skip
    output: Path = output_file("netCDF file to write; sisl opens it", ".nc")

    def run(self) -> None:
        from qdjunction.steps.electronic import hamiltonian, hamiltonian_of_run

        if self.run_dir is None and self.structure is not None:
            hamiltonian(self.structure, self.make_engine(), self.folder, self.output)
        elif self.run_dir is None or self.structure is not None:
            raise InputError("give either a structure to compute or, with --from, a finished run to read")
        else:
            hamiltonian_of_run(self.run_dir, self.output)


def _grid(word: str) -> tuple[int, int]:
    first, second = map(int, word.split("x"))
    if min(first, second) < 1:
        raise ValueError
    return first, second


class SiestaInput(Command):
    """Write a run folder for SIESTA, to be run by hand."""

    structure: str = option(..., "extended XYZ file of a dot or junction", positional=True)
    siesta: SiestaSettings = SiestaSettings()
    fmax: Force | None = option(
        None, "relax to this largest force component; without it, H and S at the given geometry",
        unit="eV/Ang",
    )  # fmt: skip
    max_steps: int = option(500, "maximum number of relaxation steps", ge=0)
    lead: tuple[int, int] | None = option(
        None, "treat a periodic structure as a bulk lead, with these transverse k-points, e.g. 4x4, as in the device",
        metavar="NxM", read=one_word(_grid, "not two numbers of k-points; write e.g. 4x4"),
    )  # fmt: skip
    output: Path = output_folder("folder to write", "siesta.fdf", metavar="RUNDIR")

    def run(self) -> None:
        from qdjunction.engine.siesta.steps import siesta_input, siesta_lead_input

        if self.lead is None:
            siesta_input(self.structure, self.siesta, self.output, self.fmax, self.max_steps)
        elif self.fmax is not None:
            raise InputError("--lead and --fmax: a lead is not relaxed; leave --fmax out")
        else:
            siesta_lead_input(self.structure, self.siesta, self.output, self.lead)


class SiestaConvergence(JobCommand):
    """Run SIESTA with mesh, energy shift and basis changed one at a time, and tabulate gap, energy and forces."""

    structure: str = option(..., "extended XYZ file, preferably of a small dot", positional=True)
    siesta: SiestaSettings = SiestaSettings()
    output: Path = output_file("CSV file to write; a second call resumes where a killed one stopped", ".csv")

    def run(self) -> None:
        from qdjunction.engine.siesta.steps import siesta_convergence

        siesta_convergence(self.structure, self.siesta, self.folder, self.output, self.threads or 1)


class Pseudopotentials(Command):
    """List the pseudopotentials that a study on SIESTA needs, and check those in its folder."""

    config: str = option(..., "a config.yaml", positional=True)
    folder: Path | None = option(None, "folder to look into instead of the study's", metavar="DIR")
    clusters: Path | None = catalogue_option()

    def run(self) -> None:
        from qdjunction.engine.siesta.steps import check_pseudopotentials
        from qdjunction.study.build import elements_of
        from qdjunction.study.config import read_config

        config = read_config(self.config)
        changed = {} if self.folder is None else {"pseudopotentials": self.folder}
        settings = cast(SiestaSettings, config.engine_settings("siesta")).model_copy(update=changed)
        check_pseudopotentials(elements_of(config, catalogue(self.clusters), self.config), settings)


COMMANDS: Commands = {
    "hamiltonian": Hamiltonian, "siesta-input": SiestaInput, "siesta-convergence": SiestaConvergence,
    "pseudopotentials": Pseudopotentials,
}  # fmt: skip
