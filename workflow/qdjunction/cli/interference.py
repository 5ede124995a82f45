"""Commands for quantum interference: alignment, coupling, decay, pairs."""

from pathlib import Path
from typing import Annotated

from qdjunction.cli.commands import Command, Commands, Keys, option
from qdjunction.cli.values import numbers, output_file
from qdjunction.interference.settings import InterferenceSettings


class Alignment(Command):
    """Show the charges of dot and tips of a junction, and where E_F lies between HOMO and LUMO of the dot."""

    hamiltonian: str = option(
        ..., "file of `qdjunction hamiltonian`, or a SIESTA run's folder", positional=True
    )

    def run(self) -> None:
        from qdjunction.interference.level_alignment import alignment_sentence
        from qdjunction.steps.interference import level_alignment

        found = level_alignment(self.hamiltonian)
        charges = found.charges
        print(
            f"Mulliken charges: dot {charges.dot_e:+.3f} e, left tip {charges.left_tip_e:+.3f} e, "
            f"right tip {charges.right_tip_e:+.3f} e (positive: electrons lost)"
        )
        print(f"HOMO - E_F = {found.homo_ev:+.3f} eV, LUMO - E_F = {found.lumo_ev:+.3f} eV")
        print(alignment_sentence({self.hamiltonian: found}))


class Coupling(Command):
    """Compute the coupling of HOMO and LUMO of pairs of dots, and its decay with the length of the linker."""

    hamiltonians: list[str] = option(
        ...,
        "files of `qdjunction hamiltonian` of pairs made by `qdjunction pair`, without gold, or SIESTA runs' folders",
        positional=True,
        metavar="H.nc",
    )
    interference: Annotated[InterferenceSettings, Keys(confidence="")] = InterferenceSettings()
    output: Path | None = output_file("table to write", ".csv", default=None)

    def run(self) -> None:
        from qdjunction.core.files import write_table
        from qdjunction.interference.coupling_results import decays_of
        from qdjunction.steps.coupling import coupling_line, coupling_table, pair_coupling

        pairs = [pair_coupling(path)[0] for path in self.hamiltonians]
        for pair in pairs:
            for level in pair.levels:
                print(coupling_line(pair, level))
        if len(pairs) > 1:
            for decay in decays_of(pairs, self.interference.confidence):
                print(decay.sentence)
        if self.output:
            write_table(coupling_table(pairs), self.output)


class Decay(Command):
    """Fit the attenuation factor beta and judge the jump of the last contact."""

    transmissions: list[str] = option(
        ..., "files of `qdjunction transmission`, in order", positional=True, metavar="T.nc"
    )
    distances: list[float] = option(
        ..., "distances of the contacts, e.g. 3.9,9.2,14.5,17.5", unit="Ang", read=numbers
    )
    at: float = option(0.0, "energy relative to E_F", unit="eV")
    interference: Annotated[InterferenceSettings, Keys(jump_decades="", confidence="")] = (
        InterferenceSettings()
    )

    def run(self) -> None:
        from qdjunction.steps.interference import decay_of

        verdict = decay_of(self.transmissions, self.distances, self.interference).at(self.at)
        print(f"at E_F {self.at:+g} eV")
        print(verdict.fit)
        print(verdict.sentence)


class Exciton(Command):
    """Show which mechanism can explain the exciton shifts in the section `exciton` of a configuration."""

    config: Path = option(..., "configuration with the section `exciton`", positional=True)
    coupling: Path | None = option(
        None, "coupling.json of a study, whose decays are further mechanisms", metavar="FILE"
    )
    output: Path = output_file(
        "table of the shifts versus distance to write, with the record as .json", ".csv"
    )

    def run(self) -> None:
        from qdjunction.core.errors import InputError
        from qdjunction.steps.exciton import exciton_of_study
        from qdjunction.study.config import read_config

        settings = read_config(self.config).exciton
        if settings is None:
            raise InputError(
                f"{self.config}: has no section exciton; add the measured shifts, as in papers/enomoto-2024.yaml"
            )
        record = exciton_of_study(settings, self.output, self.output.with_suffix(".json"), self.coupling)
        for one in record.mechanisms:
            explains = {True: "yes", None: "open", False: "no"}[one.explains]
            print(f"{one.name}: {explains}: {one.reason}")
        print(f"{record.sentence}.")


class AllPairs(Command):
    """Compute |g|^2 of a dot between all pairs of its terminal halides, and compare it with computed junctions."""

    hamiltonian: str = option(
        ...,
        "file of `qdjunction hamiltonian` of a dot without gold, or a SIESTA run's folder",
        positional=True,
    )
    series: str | None = option(
        None, "series.json of the dot in the results of a study, to compare with", metavar="FILE"
    )
    interference: Annotated[InterferenceSettings, Keys(reference="", offset_ev="")] = InterferenceSettings()
    output: Path = output_file("table of the pairs to write", ".csv")

    def run(self) -> None:
        from qdjunction.core.files import write_table
        from qdjunction.steps.pairs import all_pairs, read_series

        series, contacts = read_series(self.series) if self.series else (None, {})
        table, control = all_pairs(self.hamiltonian, self.interference, series, contacts)
        write_table(table, self.output)
        for line in control.lines:
            print(line)


COMMANDS: Commands = {
    "alignment": Alignment,
    "all-pairs": AllPairs,
    "coupling": Coupling,
    "decay": Decay,
    "exciton": Exciton,
}
