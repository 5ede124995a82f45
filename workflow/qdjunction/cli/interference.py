"""Commands for quantum interference: decay."""

from typing import Annotated

from qdjunction.cli.commands import Command, Commands, Keys, option
from qdjunction.cli.values import numbers
from qdjunction.interference.settings import InterferenceSettings


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


COMMANDS: Commands = {"decay": Decay}
