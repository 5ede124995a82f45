"""Commands for break-junction traces: traces select, traces histogram, traces simulate."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import ConfigDict, model_validator

from qdjunction.cli.commands import Command, Commands, Keys, option
from qdjunction.cli.values import numbers, output_file, output_folder
from qdjunction.core.errors import InputError
from qdjunction.core.schema import Section, validate
from qdjunction.core.yaml import read_yaml
from qdjunction.study import layout
from qdjunction.traces.sets import TracesSection
from qdjunction.traces.settings import TracesSettings

if TYPE_CHECKING:
    from qdjunction.report.sections.contract import TraceSection
    from qdjunction.traces.results import SetSummary
    from qdjunction.traces.simulation import SlidingSeries

EXAMPLES = """\
from a folder of text traces to a table of jumps and to figures:
  qdjunction traces select MAPbBr3/ --output jumps.parquet
  qdjunction traces histogram MAPbBr3/ --output figures/

traces that theory predicts, from a finished study and from numbers:
  qdjunction traces simulate --conductance results/12Pb_MAPbBr3/conductance.csv --output predicted.parquet
  qdjunction traces simulate --log10-g=-1.5,-2.7,-4.9,-3.9 --distances 3.9,9.2,14.5,17.5 --output given.parquet
"""

FIGURES = ("conductance", "cloud", "aligned", "jumps")
"""Figures that `Histogram` draws."""


class _File(Section):
    """The part of a configuration file that these commands read."""

    model_config = ConfigDict(extra="ignore")
    traces: TracesSection = TracesSection()


class _TracesCommand(Command):
    """A command with settings of the trace analysis."""

    config: str | None = option(
        None, "YAML file with a section `traces`; options on the command line take precedence", metavar="FILE"
    )

    @model_validator(mode="before")
    @classmethod
    def _merge_file(cls, values: dict[str, Any]) -> dict[str, Any]:
        if "config" not in values:
            return values
        file = read_yaml(values["config"])
        if "traces" not in file:
            raise InputError(f"{values['config']}: has no section 'traces'; add it or leave --config out")
        sections = validate(_File, file, values["config"]).traces.settings.model_dump()
        for name, given in values.get("traces", {}).items():
            sections[name] |= given
        return values | {"traces": sections}


class _TheoryCommand(_TracesCommand):
    """A command that uses conductances computed in a study."""

    conductance: str | None = option(
        None, "conductance.csv of a dot, with the computed conductances", metavar="FILE"
    )
    left: str | None = option(None, "left contact (default: that of the file)")
    at: float | None = option(
        None, "position of E_F; by default the headline energy in the series.json beside the file",
        unit="eV",
    )  # fmt: skip

    def series_of(self, conductance: str) -> "SlidingSeries":
        """Return the sites of a table of conductances.

        Raises
        ------
        InputError
            If neither ``--at`` nor a ``series.json`` beside the table states the energy.
        """
        from qdjunction.steps.traces import headline_of_left, sliding_series

        energy = self.at
        if energy is None:
            beside = Path(conductance).with_name(layout.SERIES)
            if not beside.is_file():
                raise InputError(
                    f"{beside}: is missing, so the headline energy is not known; give the position of E_F with --at"
                )
            energy = headline_of_left(beside, self.left)
        return sliding_series(conductance, energy, self.left)


def _path() -> Any:
    return option(..., "folder of text traces, or a .npz, .h5, .nc, .mat or .parquet file", positional=True)


class Select(_TracesCommand):
    """Select the traces with a conductance jump, one row per trace."""

    path: str = _path()
    output: Path = output_file("table to write, .parquet or .csv", ".parquet", ".csv")
    bad: Path | None = output_file("CSV of the files left out, with the reasons", ".csv", default=None)
    traces: Annotated[TracesSettings, Keys(read="", jump="")] = TracesSettings()

    def run(self) -> None:
        from qdjunction.steps.traces import select_traces, write_bad

        summary = select_traces(self.path, self.traces, self.output)
        if self.bad:
            write_bad(summary.bad, self.bad)
        print(_sentence(summary))


class Histogram(_TheoryCommand):
    """Draw conductance histograms, with peaks and their intervals."""

    path: str = _path()
    output: Path = output_folder(
        "folder to write figures (SVG, PDF, CSV), histograms.nc, jumps.parquet and summary.json to",
        *(layout.JUMPS, layout.HISTOGRAMS, layout.SELECTION),
        *(f"{figure}.{suffix}" for figure in FIGURES for suffix in ("svg", "pdf", "csv")),
    )
    name: str | None = option(None, "name in the figures (default: that of the folder or file)")
    traces: Annotated[TracesSettings, Keys(read="", jump="", histogram="", peaks="peaks-")] = TracesSettings()

    def run(self) -> None:
        from qdjunction.report import style
        from qdjunction.report.drawing import write_figure
        from qdjunction.report.sections.registry import SECTIONS
        from qdjunction.report.trace_data import TraceResults, read_histograms
        from qdjunction.steps.traces import select_traces, site_records

        sites = () if self.conductance is None else site_records(self.series_of(self.conductance))
        folder = self.output
        name = self.name or Path(self.path).resolve().stem
        summary = select_traces(
            self.path, self.traces, folder / layout.JUMPS, folder / layout.HISTOGRAMS, folder / layout.SELECTION,
            name=name,
        )  # fmt: skip
        results = TraceResults(name, summary, read_histograms(folder / layout.HISTOGRAMS), sites=sites)
        with style.figure_style():
            for figure in FIGURES:
                section = cast("TraceSection", SECTIONS[f"trace_{figure}"])
                write_figure(section.draw_set(results), folder / figure)
        print(_sentence(summary))
        for peak in summary.fits["log10_g"].peaks:
            low, high = peak.centre_interval
            print(
                f"peak at log10(G/G0) = {peak.centre:.3f} "
                f"({summary.confidence:.0%} interval {low:.3f} to {high:.3f}), sigma {peak.sigma:.3f}"
            )


class Simulate(_TheoryCommand):
    """Simulate traces from conductances, each with its true sites and jump."""

    output: Path = output_file(".parquet file to write; the other commands read it", ".parquet")
    count: int = option(1000, "number of traces", ge=1, name="traces")
    log10_g: list[float] | None = option(
        None, "log10(G/G0) of the sites, instead of a file, e.g. -1.5,-2.7", metavar="LIST", read=numbers
    )
    distances: list[float] | None = option(
        None, "distances of the sites, e.g. 3.9,9.2", unit="Ang", read=numbers
    )
    traces: Annotated[TracesSettings, Keys(simulation="")] = TracesSettings()

    def run(self) -> None:
        from qdjunction.steps.traces import simulate_traces

        simulate_traces(self._series(), self.traces.simulation, self.count, self.output)

    def _series(self) -> "SlidingSeries":
        """Return the sites, from a table of conductances or as numbers."""
        from qdjunction.traces.simulation import SlidingSeries

        if self.conductance is not None:
            if self.log10_g or self.distances:
                raise InputError("--conductance and --log10-g both name conductances; give one of them")
            return self.series_of(self.conductance)
        if self.log10_g is None or self.distances is None:
            raise InputError("no conductances: give --conductance FILE, or --log10-g and --distances")
        names = tuple(f"site {number}" for number in range(1, len(self.log10_g) + 1))
        return SlidingSeries(names, tuple(self.distances), tuple(self.log10_g))


def _sentence(summary: "SetSummary") -> str:
    share, low, high = summary.jump_share
    text = (
        f"{summary.source}: {summary.traces} traces read, {len(summary.bad)} left out, "
        f"{summary.complete} complete, {summary.selectable} with enough points"
    )
    if not summary.selectable:
        return f"{text}: none to select from"
    return (
        f"{text}; {summary.jumps} of these have a jump: {share:.1%} ({summary.confidence:.0%} interval "
        f"{low:.1%} to {high:.1%})"
    )


COMMANDS: Commands = {"select": Select, "histogram": Histogram, "simulate": Simulate}
