"""Interface of a section of the report.

Snakemake imports the sections in every job to plan their figures, so their modules import matplotlib, pandas, xarray
and ASE only where they draw.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from qdjunction.study import layout

if TYPE_CHECKING:
    from markupsafe import Markup

    from qdjunction.report.data import DotResults, SeriesResults, StudyResults
    from qdjunction.report.drawing import Drawing
    from qdjunction.report.page import Page
    from qdjunction.report.tables import Table
    from qdjunction.report.trace_data import TraceResults
    from qdjunction.study.cases import DotCase
    from qdjunction.study.table import Study
    from qdjunction.traces.results import BiasSummary

TEMPLATES = Path(__file__).parents[1] / "templates"

FORMATS = ("svg", "pdf", "csv")
"""Suffixes of the files of every figure: vector graphics and source data."""


@dataclass(frozen=True)
class PlannedFigure:
    """One figure of the report.

    Attributes
    ----------
    kind : str
        Name of the section that draws it.
    dot : str
        Identity of the dot; empty for a figure that belongs to none.
    left : str
        Left contact of the series; empty where there is none.
    junction : str
        Name of the junction; empty for a figure of a series.
    traces : str
        Name of the set of traces, or of the bias series; empty for all other figures.
    series : str
        Name of the series over structures; empty for all other figures.
    part : str
        Name that distinguishes several figures of the section for the same series; otherwise empty.
    title : str
        Title of the figure.
    """

    kind: str
    dot: str = ""
    left: str = ""
    junction: str = ""
    traces: str = ""
    series: str = ""
    part: str = ""
    title: str = field(default="", compare=False)

    @property
    def stem(self) -> str:
        """File name without suffix, e.g. ``12Pb_MAPbBr3_L_transmission`` or ``traces_MAPbBr3_conductance``."""
        what = self.part or self.kind
        if self.traces:
            return f"traces_{self.traces}_{what.removeprefix('trace_')}"
        if self.series:
            return f"series_{self.series}_{what}"
        return "_".join(filter(None, (self.dot, self.junction or self.left, what)))

    @property
    def caption_file(self) -> Path | None:
        """File of the caption, which Snakemake's own report shows; None for a section that keeps it elsewhere."""
        path = TEMPLATES / f"caption_{self.kind}.rst"
        return path if path.is_file() else None


class Section:
    """A section of the page.

    Subclasses override what they need; everything but `name` has a default. A module of `qdjunction.report.sections`,
    or the entry point of another distribution, defines one instance as ``KIND``.

    Attributes
    ----------
    name : str
        Name of the section; also the `kind` of its figures and its anchor on the page.
    order : float
        Sections of the same class appear in ascending order.
    title : str
        Entry in the table of contents; empty for none.
    figure_title : str
        Title of its figures; empty if it has none.
    script : str
        JavaScript of the section, placed at the end of the page.
    about_dots : bool
        Whether the section shows computed dots, and is absent from a study of traces alone.
    width : str
        How wide the page shows its figures: ``text``; ``column`` and ``page`` for those drawn in the width of one and
        of two columns of a journal (`style.composed`).
    """

    name: str
    order: float = 0
    title: str = ""
    figure_title: str = ""
    script: str = ""
    about_dots: bool = False
    width: Literal["column", "text", "page"] = "text"

    def files(self, study: Study) -> Iterable[str]:
        """Return the files that it is made from, as paths in the results folder."""
        return ()

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return the figures of a study, planned from its configuration."""
        return ()

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether the data of a planned figure are available; after a failure they are not."""
        return True

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Return a planned figure with its numbers, drawn from recorded results without any fit."""
        raise NotImplementedError(f"the section {self.name} plans a figure and does not draw it")

    def origin(self, results: StudyResults, figure: PlannedFigure) -> str:
        """Return the model, method or experiment that is named at the foot of a figure."""
        return results.dot(figure.dot).engine.label if figure.dot else ""

    def caption(self, figure: PlannedFigure) -> str:
        """Return the caption of a figure: by default the template ``caption_{name}.rst``."""
        return (TEMPLATES / f"caption_{self.name}.rst").read_text(encoding="utf-8").strip()


class PageSection(Section):
    """A section at the top level of the page."""

    def links(self, results: StudyResults) -> Iterable[tuple[str, str]]:
        """Return its entries in the table of contents, pairs of anchor and text, unless `html` is empty."""
        return [(self.name, self.title)] if self.title else []

    def html(self, page: Page) -> Markup | str:
        """Return the section as HTML; empty if the study has nothing to show."""
        raise NotImplementedError

    def data(self, results: StudyResults) -> Any:
        """Return the data that its script reads, as JSON, from the element ``{name}-data``; None for none."""
        return None


class SeriesSection(Section):
    """A part of the page for every series of a dot.

    Attributes
    ----------
    kinds : collection of str
        Kinds of series that have it: ``decay``, ``comparison``, ``single``, ``incomplete``.
    beside : bool
        Whether it shares two columns with its neighbours instead of taking the full width.
    """

    kinds: Collection[str] = ("decay", "comparison", "single", "incomplete")
    beside: bool = False

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return one figure for each series that the section is for, if it has figures."""
        for dot in study.dots if self.figure_title else ():
            for left, names in series_of(dot).items():
                if _planned_kind(names) in self.kinds:
                    yield PlannedFigure(self.name, dot.id, left, title=self.figure_title)

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether the series has a result of a kind that the section is for."""
        series = results.find_series(figure.dot, figure.left)
        return series is not None and series.kind in self.kinds

    def html(self, page: Page, dot: DotResults, series: SeriesResults) -> Markup | str:
        """Return the part of one series as HTML: by default its figures."""
        return page.show(page.figures(self, dot=dot.case.id, left=series.left))


class TraceSection(Section):
    """A part of the page for every set of traces."""

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return one figure for each set of traces and each prediction."""
        section = study.config.traces
        if section is None or not self.figure_title:
            return
        for entry in section.sets:
            yield PlannedFigure(self.name, traces=entry.name, title=self.figure_title)
        for prediction in section.predictions:
            yield PlannedFigure(
                self.name, dot=prediction.dot, traces=prediction.name, title=self.figure_title
            )

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether the set has a result."""
        return results.traces.has(figure.traces)

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw the figure of a set with its prediction."""
        return self.draw_set(results.traces.set_named(figure.traces))

    def draw_set(self, entry: TraceResults) -> Drawing:
        """Draw a set with its prediction; call it within `style.figure_style`."""
        raise NotImplementedError

    def origin(self, results: StudyResults, figure: PlannedFigure) -> str:
        """Return whether the traces are measured or simulated, and the engine of the conductances."""
        return results.traces.set_named(figure.traces).origin

    def tables(self, entry: TraceResults) -> Iterable[Table]:
        """Return the tables of a set, which are placed after the figures of all sections."""
        return ()


class AnalysisSection(TraceSection):
    """The part of an analysis in `qdjunction.traces.analyses`, of the same name behind ``trace_``."""

    @property
    def analysis(self) -> str:
        """Name of the analysis."""
        return self.name.removeprefix("trace_")

    def files(self, study: Study) -> Iterable[str]:
        """Return table and summary of the analysis of every set."""
        return of_traces(study, *layout.analysis_files(self.analysis)) if self._is_enabled(study) else []

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return one figure for each set, if the study has the analysis."""
        return super().figures(study) if self._is_enabled(study) else []

    def _is_enabled(self, study: Study) -> bool:
        return study.config.traces is not None and self.analysis in study.config.traces.enabled


class BiasSection(Section):
    """A part of the page for every bias series."""

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return one figure for each bias series."""
        for entry in study.config.traces.bias_series if study.config.traces else ():
            yield PlannedFigure(self.name, traces=entry.name, title=self.figure_title)

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether the series has a result."""
        return results.traces.has(figure.traces)

    def origin(self, results: StudyResults, figure: PlannedFigure) -> str:
        """Return the origin of the points."""
        return "measured traces"

    def html(self, page: Page, series: BiasSummary) -> Markup | str:
        """Return the part of one bias series as HTML."""
        raise NotImplementedError


def series_of(dot: DotCase) -> dict[str, list[str]]:
    """Return the names of the junctions of a dot by left contact, as they form series; controls are in none."""
    members = [junction for junction in dot.junctions if junction.role == "series"]
    lefts = dict.fromkeys(junction.left for junction in members)
    return {left: [j.name for j in members if j.left == left] for left in lefts}


def pictured(dot: DotCase) -> dict[str, list[str]]:
    """Return the junctions of a dot that have pictures of their own beside each series, by its left contact.

    Controls are pictured once, beside the first series.
    """
    series = series_of(dot)
    if not series:
        return {}
    first = next(iter(series))
    return series | {first: [*series[first], *(control.name for control in dot.controls)]}


def of_dots(study: Study, *names: str) -> list[str]:
    """Return the paths of files that every dot has."""
    return [f"{dot.id}/{name}" for dot in study.dots for name in names]


def of_series(study: Study, *names: str) -> list[str]:
    """Return the paths of files that every dot with contacts has."""
    return [f"{dot.id}/{name}" for dot in study.dots if dot.junctions for name in names]


def of_junctions(study: Study, *names: str) -> list[str]:
    """Return the paths of files that every junction has."""
    return [f"{junction.id}/{name}" for junction in study.junctions for name in names]


def of_traces(study: Study, *names: str) -> list[str]:
    """Return the paths of files that every set of traces and every prediction has."""
    section = study.config.traces
    if section is None:
        return []
    sets = [*(entry.name for entry in section.sets), *(entry.name for entry in section.predictions)]
    return [f"{layout.TRACES}/{entry}/{name}" for entry in sets for name in names]


def _planned_kind(junctions: Collection[str]) -> str:
    """Return the kind of a series of which no junction fails."""
    return "decay" if len(junctions) >= 3 else "comparison" if len(junctions) == 2 else "single"
