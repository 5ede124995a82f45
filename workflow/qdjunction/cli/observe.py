"""Commands for observables: observe KIND, one for every kind that the registry finds."""

from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import create_model

from qdjunction.cli.commands import Command, Commands, Keys, option
from qdjunction.cli.transport import JunctionCommand
from qdjunction.cli.values import output_file
from qdjunction.transport import OBSERVABLES, ObservableSettings
from qdjunction.transport.observables.contract import Observable

EXAMPLES = """\
eigenchannels and current of a junction, with figures:
  qdjunction observe eigenchannels h.nc --energies-ev=0 --output channels.nc
  qdjunction observe current-voltage h.nc --output iv.nc --plot iv.svg
"""


class Observe(JunctionCommand):
    """Compute an observable of a junction."""

    settings: ObservableSettings
    energies: str = option(
        "-3:3:0.01", "energies of T(E), for observables that need it; write --energies=-2:2:0.01", unit="eV"
    )
    output: Path = output_file("netCDF file to write", ".nc")
    plot: Path | None = output_file("figure to write as well", ".svg", ".pdf", ".png", default=None)

    def run(self) -> None:
        from qdjunction.core.extras import require_extra
        from qdjunction.steps.transport import observable
        from qdjunction.transport import parse_energies

        if self.plot:
            require_extra("report")
        observable(
            **self.parsed(), settings=self.settings, output=self.output,
            energies_ev=parse_energies(self.energies),
        )  # fmt: skip
        if self.plot:
            from qdjunction.report.plot import plot

            plot([self.output], self.plot)


def _command(kind: Observable[Any]) -> type[Command]:
    """Return the command of one observable, with an option for each of its keys."""
    model = kind.Settings
    keys = Keys({name: "" for name in model.model_fields if name != "kind"})
    required = any(field.is_required() for field in model.model_fields.values())
    section: Any = Annotated[model, keys]
    made = create_model(
        kind.name, __base__=Observe, __doc__=kind.caption,
        settings=(section, ... if required else model()),
    )  # fmt: skip
    return cast(type[Command], made)


COMMANDS: Commands = {name: _command(kind) for name, kind in OBSERVABLES.items()}
