"""One figure of result files: T(E), an observable, a series, histograms of traces."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.core.files import atomic_write
from qdjunction.core.results import read_json, read_result, read_table
from qdjunction.engine.contract import EngineInfo
from qdjunction.interference.results import ComparisonSeries, DecaySeries, StructureSeries
from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.energy_axis import ENERGY, Marks
from qdjunction.report.sections.comparison import comparison_figure, comparison_table
from qdjunction.report.sections.decay import decay_figure, decay_table
from qdjunction.report.sections.registry import SECTIONS
from qdjunction.report.sections.structure_series import structure_series_figure, structure_series_table
from qdjunction.study import layout
from qdjunction.study.results import FrontierRecord, SeriesRecord
from qdjunction.transport import OBSERVABLES, read_transmission

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from qdjunction.report.sections.contract import TraceSection

TBT = ".TBT.nc"
"""How files of TBtrans end."""

LEAST = 1e-14
"""Smallest T that is drawn: below it T(E) is rounding."""


@dataclass(frozen=True)
class _Kind:
    """Files of one kind: which, and how they are drawn."""

    holds: str
    accepts: Callable[[Path], bool]
    draw: Callable[[Sequence[Path], Sequence[str]], Drawing]
    several: bool = False


def plot(
    files: Sequence[str | Path],
    output: str | Path,
    labels: Sequence[str] = (),
    sheet: str | Path | None = None,
) -> Path:
    """Draw result files as one figure.

    Parameters
    ----------
    files : sequence of path
        Files of `qdjunction transmission` (``.nc`` or ``.TBT.nc``, any number), or one file or folder of another kind:
        an observable, ``series.json`` in the results of a study, or the folder of `qdjunction traces histogram`.
    output : path
        The figure; its suffix is its format: ``.svg``, ``.pdf`` or ``.png``.
    labels : sequence of str, optional
        Words of the legend, one for each file; by default the names of the files.
    sheet : path, optional
        Matplotlib style sheet, which takes precedence over the style of the report.

    Raises
    ------
    InputError
        If a file is missing or of no kind that can be drawn, the files do not go together, or a file
        has no label of its own.
    """
    with style.restyled(sheet), style.figure_style():
        save(read_drawing(files, labels).figure, output)
    return Path(output)


def read_drawing(files: Sequence[str | Path], labels: Sequence[str] = ()) -> Drawing:
    """Return the figure of result files with the numbers it shows; arguments and errors are those of `plot`."""
    paths = [Path(file) for file in files]
    if labels and (len(labels) != len(paths) or len(set(labels)) < len(labels)):
        raise InputError(f"labels: {len(labels)} for {len(paths)} files; give each file a label of its own")
    kinds = [_kind(path) for path in paths]
    if len(paths) > 1 and not all(kind.several for kind in kinds):
        single = next(path for path, kind in zip(paths, kinds, strict=True) if not kind.several)
        raise InputError(f"{single}: is drawn by itself; only files of T(E) share a figure")
    return kinds[0].draw(paths, labels or _names(paths))


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure in the format of the suffix, complete or not at all."""
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format=Path(path).suffix[1:], dpi=200)


def _names(paths: Sequence[Path]) -> list[str]:
    """Return names that tell the files from one another: their own, those of their folders, or else the paths."""
    folders = [path.resolve().parent for path in paths]
    for names in (
        [path.name.partition(".")[0] for path in paths],
        [folder.name for folder in folders],
        [f"{folder.parent.name}/{folder.name}" for folder in folders],
    ):
        if len(set(names)) == len(names):
            return names
    return [str(path) for path in paths]


def _kind(path: Path) -> _Kind:
    if not path.exists():
        raise InputError(f"{path}: there is no such file")
    for kind in KINDS:
        if kind.accepts(path):
            return kind
    known = "; ".join(kind.holds for kind in KINDS)
    raise InputError(f"{path}: cannot be drawn. Known are {known}")


def _attributes(path: Path) -> dict[str, str]:
    """Return the attributes of a netCDF file; none for any other file."""
    import xarray

    if path.suffix != ".nc" or path.name.endswith(TBT) or path.is_dir():
        return {}
    try:
        with xarray.open_dataset(path, engine="netcdf4") as dataset:
            return dict(dataset.attrs)
    except (OSError, ValueError):
        return {}


def _origin(attributes: dict[str, str]) -> str:
    """Return the method that computed a file, and that it is a model where it is one."""
    engine = json.loads(attributes.get("engine") or "null")
    return EngineInfo(**engine).label if engine else ""


def _read(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return energies (eV) and T of a file."""
    if not path.name.endswith(TBT):
        found = read_transmission(path)
        return found.energies_ev, found.transmission
    import sisl

    try:
        with sisl.get_sile(path) as file:
            return np.asarray(file.E, dtype=float), np.asarray(file.transmission(), dtype=float)
    except (OSError, KeyError, IndexError, AttributeError, sisl.SislError) as error:
        raise InputError(f"{path}: is no file of TBtrans with T(E) ({error})") from None


def _draw_transmissions(paths: Sequence[Path], labels: Sequence[str]) -> Drawing:
    import pandas as pd

    figure = new_figure(3.7)
    axes = figure.add_subplot()
    colours, dashes = style.junction_colours(labels), style.junction_dashes(labels)
    frames = []
    for path, label in zip(paths, labels, strict=True):
        energies, values = _read(path)
        axes.plot(energies, np.maximum(values, LEAST), color=colours[label], ls=dashes[label], label=label)
        frames.append(pd.DataFrame({"file": label, "energy_eV": energies, "transmission": values}))
    table = pd.concat(frames, ignore_index=True)
    axes.set_yscale("log")
    axes.axvline(0, color="#8C8C8C", lw=0.8, ls=":")
    axes.set_xlim(table["energy_eV"].min(), table["energy_eV"].max())
    axes.set_xlabel(ENERGY)
    axes.set_ylabel("Transmission $T$")
    style.legend_above(axes, columns=4)
    origins = [_origin(_attributes(path)) for path in paths]
    style.foot(figure, "; ".join(dict.fromkeys(filter(None, origins))))
    return Drawing(figure, table)


def _draw_observable(paths: Sequence[Path], _labels: Sequence[str]) -> Drawing:
    import xarray

    from qdjunction.report.sections.observables import HEIGHT_IN, observable_table

    figure = new_figure(HEIGHT_IN)
    with xarray.open_dataset(paths[0], engine="netcdf4") as dataset:
        kind = OBSERVABLES[dataset.attrs["observable"]]
        axes = figure.subplots()
        kind.draw(dataset, axes)
        axes.set_title(kind.title)
        style.foot(figure, _origin(dataset.attrs))
        return Drawing(figure, observable_table(dataset))


def _draw_series(paths: Sequence[Path], _labels: Sequence[str]) -> Drawing:
    path = paths[0]
    if _is_structure_series(path):
        summary = read_result(StructureSeries, path)
        if not summary.fits:
            raise InputError(f"{path}: {summary.sentence}")
        table = structure_series_table(summary)
        spectrum = read_table(path.with_name(layout.SERIES_TABLE))
        figure = structure_series_figure(table, summary, spectrum)
        member = summary.members[0]
        style.foot(figure, _engine_beside(path.parents[2] / member.dot / member.junction))
        return Drawing(figure, table)
    found = read_result(SeriesRecord, path).series
    drawable = [one for one in found if isinstance(one, DecaySeries | ComparisonSeries)]
    if len(drawable) != 1:
        those = (
            f"{len(drawable)} series, from {', '.join(one.left for one in drawable)}," if drawable else "none"
        )
        raise InputError(
            f"{path}: one series of two contacts or more can be drawn, and it has {those} of {len(found)}; draw all "
            "figures of the study with `qdjunction figures`"
        )
    (series,) = drawable
    if isinstance(series, DecaySeries):
        table = decay_table(series)
        colours = style.junction_colours([*series.junctions, *(one.name for one in series.controls)])
        figure = decay_figure(table, series.at_headline, colours)
    else:
        spectrum = read_table(path.with_name(layout.SERIES_TABLE))
        table = comparison_table(spectrum[spectrum["left"] == series.left])
        figure = comparison_figure(table, Marks.of(series), *series.junctions)
    style.foot(figure, _engine_beside(path.parent / series.junctions[0]))
    return Drawing(figure, table)


def _is_structure_series(path: Path) -> bool:
    return "members" in read_json(path)


def _engine_beside(junction: Path) -> str:
    """Return the method that computed a junction, from its results folder."""
    engine = read_result(FrontierRecord, junction / layout.FRONTIER).engine
    return engine.label if engine else ""


def _draw_traces(paths: Sequence[Path], labels: Sequence[str]) -> Drawing:
    from qdjunction.report.trace_data import TraceResults, read_histograms
    from qdjunction.traces.results import SetSummary

    summary = read_result(SetSummary, paths[0] / layout.SELECTION)
    results = TraceResults(labels[0], summary, read_histograms(paths[0] / layout.HISTOGRAMS))
    drawing = cast("TraceSection", SECTIONS["trace_conductance"]).draw_set(results)
    style.foot(drawing.figure, results.origin)
    return drawing


def _is_transmission(path: Path) -> bool:
    if path.name.endswith(TBT):
        return True
    attributes = _attributes(path)
    return "leads" in attributes and "observable" not in attributes


KINDS = (
    _Kind(
        "T(E) of `qdjunction transmission` or TBtrans", _is_transmission, _draw_transmissions, several=True
    ),
    _Kind(
        "an observable of `qdjunction observe`",
        lambda path: _attributes(path).get("observable") in OBSERVABLES,
        _draw_observable,
    ),
    _Kind(
        f"{layout.SERIES} in the results of a study", lambda path: path.name == layout.SERIES, _draw_series
    ),
    _Kind(
        "the folder of `qdjunction traces histogram`",
        lambda path: (path / layout.HISTOGRAMS).is_file(),
        _draw_traces,
    ),
)
"""What can be drawn; the first kind that accepts a file draws it."""
