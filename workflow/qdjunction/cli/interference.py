"""Commands for quantum interference: alignment, decay."""

from typing import Annotated

from qdjunction.cli.commands import Command, Commands, Keys, option
from qdjunction.cli.values import numbers
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


COMMANDS: Commands = {"alignment": Alignment, "decay": Decay}
