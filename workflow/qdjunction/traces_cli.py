"""The verbs of `qdjunction traces`: each is a few lines over `qdjunction.trace_steps`."""

import argparse
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args, get_origin

from pydantic import ConfigDict

from qdjunction.core.errors import InputError
from qdjunction.core.schema import Section, read_yaml, validate
from qdjunction.number_lists import parse_numbers
from qdjunction.outputs import output_file, output_folder
from qdjunction.study import layout
from qdjunction.traces.sets import TracesSection
from qdjunction.traces.settings import (
    HistogramSettings,
    JumpSettings,
    PeakSettings,
    ReadSettings,
    SimulationSettings,
    TracesSettings,
)
from qdjunction.verbs import add_verb

if TYPE_CHECKING:
    from qdjunction.traces.results import SetSummary

log = logging.getLogger(__name__)

EXAMPLE = """\
from a folder of text traces to a table of jumps and to figures:
  qdjunction traces select MAPbBr3/ --output jumps.parquet
  qdjunction traces histogram MAPbBr3/ --output figures/

traces that theory predicts, from a finished study and from numbers:
  qdjunction traces simulate --conductance results/12Pb_MAPbBr3/conductance.csv --output predicted.parquet
  qdjunction traces simulate --log10-g=-1.5,-2.7,-4.9,-3.9 --distances 3.9,9.2,14.5,17.5 --output given.parquet
"""


class _File(Section):
    """What these verbs read of a configuration file; the rest of it is not theirs."""

    model_config = ConfigDict(extra="ignore")
    traces: TracesSection = TracesSection()


def add_verbs(parser: argparse.ArgumentParser) -> None:
    """Give the parser of `qdjunction traces` its verbs."""
    parser.epilog = EXAMPLE
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    verbs = parser.add_subparsers(dest="traces_verb", metavar="VERB", required=True)
    verb = partial(add_verb, verbs)

    select = verb("select", _select, "select the traces with a conductance jump, one row a trace")
    _path(select)
    select.add_argument(
        "--output",
        required=True,
        metavar="FILE",
        type=output_file("--output"),
        help="table to write, .parquet or .csv",
    )
    select.add_argument(
        "--bad",
        metavar="FILE",
        type=output_file("--bad", ".csv"),
        help="CSV of the files left out, with the reasons",
    )
    _config(select)
    _options(select, "read", ReadSettings)
    _options(select, "jump", JumpSettings)

    histogram = verb("histogram", _histogram, "draw conductance histograms, with peaks and their intervals")
    _path(histogram)
    histogram.add_argument(
        "--output",
        required=True,
        metavar="DIR",
        type=output_folder("--output"),
        help="folder to write figures (SVG, PDF, CSV), histograms.nc, jumps.parquet and summary.json to",
    )
    histogram.add_argument("--name", help="name in the figures (default: that of the folder or file)")
    _theory(histogram, "of which the computed conductances are marked")
    _config(histogram)
    _options(histogram, "read", ReadSettings)
    _options(histogram, "jump", JumpSettings)
    _options(histogram, "histogram", HistogramSettings)
    _options(histogram, "peaks", PeakSettings, "peaks-")

    simulate = verb("simulate", _simulate, "simulate traces from conductances, with the truth about each")
    simulate.add_argument(
        "--output",
        required=True,
        metavar="FILE",
        type=output_file("--output", ".parquet"),
        help=".parquet file to write; the other verbs read it",
    )
    simulate.add_argument("--traces", type=int, default=1000, help="number of traces (default: %(default)s)")
    _theory(simulate, "to slide over")
    simulate.add_argument(
        "--log10-g", metavar="LIST", help="log10(G/G0) of the sites instead, e.g. -1.5,-2.7"
    )
    simulate.add_argument("--distances", metavar="LIST", help="distances of the sites (Ang), e.g. 3.9,9.2")
    _config(simulate)
    _options(simulate, "simulation", SimulationSettings)


def _path(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", help="folder of text traces, or a .npz, .h5, .nc, .mat or .parquet file")


def _config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        metavar="FILE",
        help="YAML file with a section `traces`; options on the command line go first",
    )


def _theory(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("--conductance", metavar="FILE", help=f"conductance.csv of a dot, {text}")
    parser.add_argument("--left", help="left contact (default: that of the file)")
    parser.add_argument(
        "--at",
        type=float,
        metavar="E",
        help="where E_F is put (eV); by default the headline energy of the series.json beside the file",
    )


def _options(parser: argparse.ArgumentParser, section: str, model: type[Section], prefix: str = "") -> None:
    """Give every key of a section an option; what it means and its default come from the model."""
    group = parser.add_argument_group(f"traces.{section}")
    for name, field in model.model_fields.items():
        arguments = get_args(field.annotation) if get_origin(field.annotation) is tuple else ()
        group.add_argument(
            f"--{prefix}{name.replace('_', '-')}",
            dest=f"traces.{section}.{name}",
            nargs=("+" if ... in arguments else len(arguments)) if arguments else None,
            metavar="X",
            help=f"{field.description} (default: {_plain(field.default)})".replace("%", "%%"),
        )


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "none"
    return str(value)


def _settings(options: argparse.Namespace) -> TracesSettings:
    """Settings of the configuration file, with what the command line says put over them."""
    values: dict[str, Any] = {}
    if options.config:
        file = read_yaml(options.config)
        if "traces" not in file:
            raise InputError(f"{options.config}: has no section 'traces'; add it or leave --config out")
        values = validate(_File, file, options.config).traces.settings.model_dump()
    for key, value in vars(options).items():
        if key.startswith("traces.") and value is not None:
            _, section, name = key.split(".")
            values.setdefault(section, {})[name] = value
    return validate(TracesSettings, values, "command line")


def _select(options: argparse.Namespace) -> None:
    from qdjunction.steps import traces as trace_steps

    summary = trace_steps.select_traces(options.path, _settings(options), options.output)
    if options.bad:
        trace_steps.write_bad(summary.bad, options.bad)
    print(_sentence(summary))


def _histogram(options: argparse.Namespace) -> None:
    from qdjunction.report import style
    from qdjunction.report.drawing import write_figure
    from qdjunction.report.sections.contract import TraceSection
    from qdjunction.report.sections.registry import SECTIONS
    from qdjunction.report.trace_data import TraceResults, read_histograms
    from qdjunction.steps import traces as trace_steps

    settings = _settings(options)
    sites = () if options.conductance is None else trace_steps.site_records(_series(options))
    folder = options.output
    name = options.name or Path(options.path).resolve().stem
    summary = trace_steps.select_traces(
        options.path, settings, folder / layout.JUMPS, folder / layout.HISTOGRAMS, folder / layout.SELECTION, name=name
    )  # fmt: skip
    results = TraceResults(name, summary, read_histograms(folder / layout.HISTOGRAMS), sites=sites)
    with style.figure_style():
        for kind in ("conductance", "cloud", "aligned", "jumps"):
            section = cast(TraceSection, SECTIONS[f"trace_{kind}"])
            write_figure(section.draw_set(results), folder / kind)
    print(_sentence(summary))
    for peak in summary.fits["log10_g"].peaks:
        low, high = peak.centre_interval
        print(
            f"peak at log10(G/G0) = {peak.centre:.3f} "
            f"({summary.confidence:.0%} interval {low:.3f} to {high:.3f}), sigma {peak.sigma:.3f}"
        )


def _simulate(options: argparse.Namespace) -> None:
    from qdjunction.steps import traces as trace_steps

    settings = _settings(options).simulation
    if options.traces < 1:
        raise InputError(f"--traces = {options.traces}: give at least one")
    trace_steps.simulate_traces(_series(options), settings, options.traces, options.output)


def _series(options: argparse.Namespace) -> Any:
    """The sites that the command line names, in a table of conductances or as numbers."""
    from qdjunction.steps import traces as trace_steps
    from qdjunction.traces.simulation import SlidingSeries

    given = (getattr(options, "log10_g", None), getattr(options, "distances", None))
    if options.conductance is not None:
        if any(given):
            raise InputError("--conductance and --log10-g both name conductances; give one of them")
        energy = options.at
        if energy is None:
            beside = Path(options.conductance).with_name(layout.SERIES)
            if not beside.is_file():
                raise InputError(
                    f"{beside}: is not there to give the headline energy; say where E_F is with --at"
                )
            energy = trace_steps.headline_of_left(beside, options.left)
        return trace_steps.sliding_series(options.conductance, energy, options.left)
    if None in given:
        raise InputError("no conductances: give --conductance FILE, or --log10-g and --distances")
    levels, distances = (
        parse_numbers(flag, text) for flag, text in zip(("--log10-g", "--distances"), given, strict=True)
    )
    names = tuple(f"site {number}" for number in range(1, len(levels) + 1))
    return SlidingSeries(names, tuple(distances), tuple(levels))


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
