"""Commands for break-junction traces; those of the analyses follow from their registry."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, cast

from pydantic import ConfigDict, create_model, model_validator

from qdjunction.cli.commands import Command, Commands, Keys, option
from qdjunction.cli.values import numbers, output_file, output_folder
from qdjunction.core.errors import InputError
from qdjunction.core.limits import Log10Conductance
from qdjunction.core.schema import Section, validate
from qdjunction.core.yaml import read_yaml
from qdjunction.study import layout
from qdjunction.traces.analyses.contract import Analysis
from qdjunction.traces.analyses.registry import ANALYSES
from qdjunction.traces.sets import TracesSection
from qdjunction.traces.settings import TracesSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qdjunction.report.sections.contract import TraceSection
    from qdjunction.traces.reading import RecordingPreview
    from qdjunction.traces.results import SetSummary, SiteRecord
    from qdjunction.traces.settings import ReadSettings
    from qdjunction.traces.simulation import SlidingSeries

EXAMPLES = """\
from a folder of text traces to a table of jumps and to figures:
  qdjunction traces show MAPbBr3/trace-1.txt
  qdjunction traces select MAPbBr3/ --output jumps.parquet
  qdjunction traces histogram MAPbBr3/ --output figures/

all analyses on one page, or one of them with its figure and table:
  qdjunction traces report MAPbBr3/ --output results/
  qdjunction traces plateaus MAPbBr3/ --output plateaus/
  qdjunction traces bias 0.05=b50 0.1=b100 0.15=b150 0.2=b200 0.25=b250 --level-log10-g=-2.7 --width-nm 1 --output bias/

traces that theory predicts, from a finished study and from numbers:
  qdjunction traces simulate --conductance results/12Pb_MAPbBr3/conductance.csv --output predicted.parquet
  qdjunction traces simulate --log10-g=-1.5,-2.7,-4.9,-3.9 --distances 3.9,9.2,14.5,17.5 --output given.parquet
"""

_SECTIONS = dict.fromkeys(section for analysis in ANALYSES.values() for section in analysis.sections)
"""Sections of the settings that the analyses depend on."""

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
            sections[name] = sections[name] | given if isinstance(given, dict) else given
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
            If there is no such file, or neither ``--at`` nor a ``series.json`` beside the table states the energy.
        """
        from qdjunction.core.files import absent
        from qdjunction.steps.trace_predictions import headline_of_left, sliding_series

        if not Path(conductance).is_file():
            raise InputError(f"{conductance}: {absent(Path(conductance))}; give the conductance.csv of a dot")
        energy = self.at
        if energy is None:
            beside = Path(conductance).with_name(layout.SERIES)
            if not beside.is_file():
                raise InputError(
                    f"{beside}: is missing, so the headline energy is not known; give the position of E_F with --at"
                )
            energy = headline_of_left(beside, self.left)
        return sliding_series(conductance, energy, self.left)

    def sites(self) -> "tuple[SiteRecord, ...]":
        """Return the sites of the table that is given; none without one."""
        from qdjunction.steps.trace_predictions import site_records

        if self.conductance is None and (self.left is not None or self.at is not None):
            raise InputError("--left and --at choose conductances of a table; give it with --conductance")
        return () if self.conductance is None else site_records(self.series_of(self.conductance))

    @property
    def inputs(self) -> list[str]:
        """Files that the sites come from."""
        return [] if self.conductance is None else [self.conductance]


def _path() -> Any:
    return option(
        ..., "folder of traces, or a file of many, in any format that `traces show` reads", positional=True
    )


class Show(_TracesCommand):
    """Show what is understood of a file: columns, units, sign, direction, and what is left out with the reason."""

    file: str = option(..., "a file of traces", positional=True)
    most: int = option(5, "number of recordings in the file to show", ge=1, le=1000)
    traces: Annotated[TracesSettings, Keys(read="")] = TracesSettings()

    def run(self) -> None:
        from qdjunction.traces.reading import preview

        found = preview(self.file, self.traces.read, self.most)
        print(f"{self.file}: {found.format}")
        for recording in found.recordings:
            for line in _shown(recording):
                print(line)
        if found.more:
            print(f"further recordings follow; --most shows more than {self.most}")


def _shown(recording: "RecordingPreview") -> "Iterator[str]":
    """Yield the lines of a recording."""
    from qdjunction.traces.trace import BadTrace

    read, (d_name, g_name), (d, g) = recording.settings, recording.columns, recording.raw
    yield f"recording {recording.label}".rstrip() + f": {recording.points} points"
    by = f" by {read.nm_per_volt:g} nm/V" if read.displacement_unit == "volts" else ""
    by += ", reversed" if read.reverse_displacement else ""
    yield f"  displacement: {d_name or 'not named'}; {d[0]:g} to {d[1]:g} {read.displacement_unit}{by}"
    calibration = {"bias_v": "V bias", "gain_v_per_a": "V/A"}
    is_current = read.conductance_unit.endswith(("amperes", "volts"))
    given = [
        f"{getattr(read, key):g} {unit}"
        for key, unit in calibration.items()
        if is_current and getattr(read, key)
    ]
    by = f" by {', '.join(given)}" if given else ""
    sign = ""
    if read.conductance_unit != "log10_g0" and g[0] < 0:
        sign = ", negative" if g[1] <= 0 else ", of both signs"
    yield f"  conductance: {g_name or 'not named'}; {g[0]:g} to {g[1]:g} {read.conductance_unit}{sign}{by}"
    for note in recording.notes:
        yield f"  assumed: {note}"
    for trace in recording.traces:
        if isinstance(trace, BadTrace):
            yield f"  left out {trace.name}: {trace.reason}"
        else:
            z, level = trace.displacement_nm + 0.0, trace.log10_g
            yield (
                f"  {read.direction} {trace.name}: {len(z)} points, {z[0]:.3f} to {z[-1]:.3f} nm, log10(G/G0) "
                f"{level[0]:.2f} to {level[-1]:.2f}"
            )


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
        from qdjunction.steps.traces import select_traces

        sites = self.sites()
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
        for left in summary.fits["log10_g"].unfitted:
            print(
                f"not fitted: a maximum at log10(G/G0) = {left.centre:.2f} ({left.height_errors:.0f} standard errors)"
            )
        for peak in summary.fits["log10_g"].peaks:
            low, high = peak.centre_interval
            print(
                f"peak at log10(G/G0) = {peak.centre:.3f} "
                f"({summary.confidence:.0%} interval {low:.3f} to {high:.3f}), sigma {peak.sigma:.3f}"
            )


class _Analyse(_TracesCommand):
    """A command for one of the analyses."""

    analysis: ClassVar[str]

    path: str = _path()
    output: Path
    name: str | None = option(None, "name in the figure (default: that of the folder or file)")
    traces: TracesSettings = TracesSettings()

    def run(self) -> None:
        self.analyse()

    def analyse(self, sites: "Sequence[SiteRecord]" = (), inputs: "Sequence[str]" = ()) -> None:
        """Analyse and draw the traces, with the computed conductances of the sites and the files they come from."""
        from qdjunction.report import style
        from qdjunction.report.drawing import write_figure
        from qdjunction.report.sections.registry import SECTIONS
        from qdjunction.report.tables import as_text
        from qdjunction.report.trace_data import read_set
        from qdjunction.steps.traces import analyse_traces, select_traces

        ANALYSES[self.analysis].check(self.traces)
        folder, name = self.output, self.name or Path(self.path).resolve().stem
        summary = select_traces(
            self.path, self.traces, folder / layout.JUMPS, folder / layout.HISTOGRAMS, folder / layout.SELECTION,
            name=name,
        )  # fmt: skip
        table, found = (folder / file for file in layout.analysis_files(self.analysis))
        analyse_traces(
            self.analysis,
            self.path,
            self.traces,
            table,
            found,
            folder / layout.SELECTION,
            sites,
            inputs=inputs,
        )
        results = read_set(folder, name, [self.analysis])
        section = cast("TraceSection", SECTIONS[f"trace_{self.analysis}"])
        with style.figure_style():
            drawing = section.draw_set(results)
            style.foot(drawing.figure, results.origin)
            write_figure(drawing, folder / _figure(self.analysis))
        print(_sentence(summary))
        for shown in section.tables(results):
            print(f"\n{as_text(shown)}")


class _AnalyseWithTheory(_TheoryCommand, _Analyse):
    """A command for an analysis that uses computed conductances."""

    def run(self) -> None:
        self.analyse(self.sites(), self.inputs)


def _figure(analysis: str) -> str:
    """Return the name of the figure of an analysis, whose own table has that of the analysis."""
    return f"{analysis}_figure"


def _files_of(analysis: str) -> list[str]:
    figures = [f"{_figure(analysis)}.{suffix}" for suffix in ("svg", "pdf", "csv")]
    return [*layout.analysis_files(analysis), *figures]


def _analysis_command(analysis: Analysis) -> type[Command]:
    """Return the command of an analysis, with options for the settings that it depends on."""
    keys = Keys(read="", jump="", histogram="", **{name: f"{name}-" for name in analysis.sections})
    folder = output_folder(
        "folder to write table, summary and figure (SVG, PDF, CSV) to",
        *(layout.JUMPS, layout.HISTOGRAMS, layout.SELECTION),
        *_files_of(analysis.name),
    )
    return create_model(
        f"Analyse_{analysis.name}",
        __base__=_AnalyseWithTheory if analysis.with_theory else _Analyse,
        __module__=__name__,
        __doc__=analysis.description,
        analysis=(ClassVar[str], analysis.name),
        output=(Path, folder),
        traces=(Annotated[TracesSettings, keys], TracesSettings()),
    )


class Bias(_TracesCommand):
    """Compare the conductance at several biases with the Simmons model."""

    sets: list[str] = option(
        ..., "at least five folders or files of traces, each with its bias (V), e.g. 0.05=b50/ 0.1=b100/; for currents "
        "that are counted the other way, last and with a sign, e.g. -- -0.05=b50/ -0.1=b100/",
        positional=True, metavar="BIAS=PATH",
    )  # fmt: skip
    level_log10_g: Log10Conductance = option(
        ..., "log10(G/G0); the peak of each set that is nearest to it is followed", metavar="X"
    )
    width_nm: float = option(
        ..., "width of the barrier, for instance the contact distance", unit="nm", gt=0, le=20
    )
    image_permittivity: float | None = option(
        None, "relative permittivity of the barrier, for image charges (default: none)", ge=1, le=1e4
    )
    output: Path = output_folder(
        "folder to write the points with their fit and a figure (SVG, PDF, CSV) to, and for each bias a folder",
        *(layout.BIAS_FIT, *(f"bias.{suffix}" for suffix in ("svg", "pdf", "csv"))),
    )
    name: str = option("bias", "name of the series")
    traces: Annotated[TracesSettings, Keys(read="", jump="", histogram="", peaks="peaks-")] = TracesSettings()

    def run(self) -> None:
        from qdjunction.core.results import read_result
        from qdjunction.report import style
        from qdjunction.report.drawing import Drawing, write_figure
        from qdjunction.report.sections.trace_bias import bias_figure, bias_sentence, bias_table
        from qdjunction.steps.traces import fit_bias_series, select_traces
        from qdjunction.traces.results import BiasSummary

        sets = self._sets()
        summaries = {}
        for bias_v, (path, read) in sets.items():
            name = f"{1000 * bias_v:g} mV"
            folder = self.output / name.replace(" ", "")
            own = self.traces.model_copy(update={"read": read})
            summaries[name] = folder / layout.SELECTION
            made = select_traces(
                path, own, folder / layout.JUMPS, folder / layout.HISTOGRAMS, summaries[name],
                name=name, bias_v=bias_v,
            )  # fmt: skip
            print(_sentence(made))
        confidence = self.traces.peaks.confidence
        fit = self.output / layout.BIAS_FIT
        fit_bias_series(
            self.name, summaries, self.level_log10_g, self.width_nm, confidence, fit, self.image_permittivity
        )
        series = read_result(BiasSummary, fit)
        table = bias_table(series)
        with style.figure_style():
            write_figure(Drawing(bias_figure(table, series), table), self.output / "bias")
        print(bias_sentence(series))

    def _sets(self) -> "dict[float, tuple[str, ReadSettings]]":
        """Return the paths and how they are read, by the size of their bias (V)."""
        from qdjunction.traces.reading import check_trace_files

        found: dict[float, tuple[str, ReadSettings]] = {}
        for word in self.sets:
            number, sign, path = word.partition("=")
            try:
                bias_v = float(number)
            except ValueError:
                bias_v = 0.0
            if not sign or not path or not 0 < abs(bias_v) <= 5:
                raise InputError(f"{word}: no bias of 0 to 5 V with a path; write e.g. 0.05=b50/")
            if abs(bias_v) in found:
                raise InputError(
                    f"{word}: the bias {abs(bias_v):g} V is given twice; give one path for each bias"
                )
            try:
                found[abs(bias_v)] = path, self.traces.read.at_bias(bias_v)
            except InputError:
                raise InputError(
                    f"{word}: its bias differs from --bias-v {self.traces.read.bias_v:g}; leave that out, and for "
                    f"currents that are counted the other way write -- -{abs(bias_v):g}={path}"
                ) from None
        if len(found) < 5:
            raise InputError(f"{len(found)} biases; a bias series needs at least 5")
        for path, read in found.values():
            check_trace_files(path, read)
        return found


class Report(_TheoryCommand):
    """Run the analyses of sets of traces and write one page with figures and tables."""

    paths: list[str] = option(
        ..., "folders of text traces, or files; a name may precede each, e.g. MAPbBr3=data/br", positional=True,
        metavar="PATH",
    )  # fmt: skip
    output: Path = output_folder(
        "results folder to write: that of a study of these traces alone, with its page in report/",
        layout.STUDY,
    )
    study: str = option("Break-junction traces", "title of the page")
    traces: Annotated[
        TracesSettings,
        Keys(read="", jump="", histogram="", analyses="", **{name: f"{name}-" for name in _SECTIONS}),
    ] = TracesSettings()

    def run(self) -> None:
        from qdjunction.core.extras import require_extra
        from qdjunction.steps.traces import report_traces

        require_extra("report")
        sets = {}
        for word in self.paths:
            name, sign, path = word.rpartition("=")
            name = name if sign else Path(path).resolve().stem
            if name in sets:
                raise InputError(f"{word}: two sets are called '{name}'; write NAME=PATH")
            sets[name] = path
        page = report_traces(sets, self.traces, self.output, self.study, self.sites(), self.inputs)
        print(f"wrote {page}")


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
        from qdjunction.steps.trace_predictions import simulate_traces

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


COMMANDS: Commands = {
    "show": Show,
    "select": Select,
    "histogram": Histogram,
    **{name: _analysis_command(analysis) for name, analysis in ANALYSES.items()},
    "bias": Bias,
    "report": Report,
    "simulate": Simulate,
}
