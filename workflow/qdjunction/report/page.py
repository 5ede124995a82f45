"""The page of the report: one self-contained HTML file."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from qdjunction.core.files import atomic_write
from qdjunction.core.provenance import Provenance, provenance
from qdjunction.report import drawing
from qdjunction.report.data import StudyResults
from qdjunction.report.outcome import headline, typeset
from qdjunction.report.plan import FORMATS, PlannedFigure, planned_figures
from qdjunction.report.sections.contract import PageSection, Section
from qdjunction.report.sections.registry import SECTIONS, sections
from qdjunction.report.template import environment
from qdjunction.study import layout


@dataclass(frozen=True)
class PageFigure:
    """A figure on the page: image, caption and downloads."""

    planned: PlannedFigure
    image: str
    caption: str
    downloads: Mapping[str, str]
    width: str = "text"

    @property
    def title(self) -> str:
        """Title of the figure."""
        return self.planned.title


@dataclass(frozen=True)
class Page:
    """Data and tools from which a section builds its part of the page.

    Attributes
    ----------
    results : StudyResults
        Results returned by `collect`.
    provenance : Provenance
        Versions, commit and time of the page.
    folder : path or None
        Folder of figures written by `write_figure`; without it they are drawn for the page.
    """

    results: StudyResults
    provenance: Provenance
    folder: str | Path | None = None

    def figures(self, section: Section, **where: str) -> list[PageFigure]:
        """Return the available figures of a section, e.g. ``page.figures(self, dot=..., left=...)``."""
        return [
            self._figure(section, planned)
            for planned in self._planned
            if planned.kind == section.name
            and all(getattr(planned, key) == value for key, value in where.items())
        ]

    def render(self, template: str, **values: Any) -> Markup:
        """Return a Jinja template filled with values; it has ``show_figure``, ``show_table``, ``show_junctions``."""
        return Markup(self._environment.from_string(template).render(values))

    def show(self, figures: Sequence[PageFigure]) -> Markup:
        """Return figures with their captions."""
        return self.render("{% for one in figures %}{{ show_figure(one) }}{% endfor %}", figures=figures)

    def html(self) -> str:
        """Return the complete page."""
        results, study, config = self.results, self.results.study, self.results.study.config
        parts = {part: part.html(self) for part in sections(PageSection, study)}
        # A script needs the elements of its section.
        scripts = [
            section.script
            for section in sections(Section, study)
            if section.script and (not isinstance(section, PageSection) or parts[section])
        ]
        return self._environment.get_template("index.html.j2").render(
            study=config.study,
            engine=results.engine,
            computed=bool(study.dots),
            covers=bool(study.covers),
            page=self.provenance.values,
            temperature_k=config.transport.temperature_k,
            leads=config.transport.leads,
            junctions=sum(len(dot.junctions) for dot in results.dots),
            with_gold=any(dot.junctions for dot in study.dots),
            figures=bool(self._planned),
            electrodes=config.electrodes.description,
            dots=results.dots,
            failures=len(results.failures),
            headlines=[
                (f"{dot.case.id}, from {series.left}", headline(series, config.interference))
                for dot in results.dots
                for series in dot.series
            ]
            + [
                (f"Series {one.case.name}", typeset(one.summary.sentence)) for one in results.structure_series
            ],
            links=[link for part, html in parts.items() if html for link in part.links(results)],
            parts=list(parts.values()),
            data={
                part.name: data
                for part, html in parts.items()
                if html and (data := part.data(results)) is not None
            },
            scripts=scripts,
            plotly=get_plotlyjs() if scripts else "",
        )

    @cached_property
    def _environment(self) -> Environment:
        return environment()

    @cached_property
    def _planned(self) -> list[PlannedFigure]:
        planned = planned_figures(self.results.study)
        return [figure for figure in planned if SECTIONS[figure.kind].shows(self.results, figure)]

    def _figure(self, section: Section, planned: PlannedFigure) -> PageFigure:
        image = (
            (Path(self.folder) / f"{planned.stem}.svg").read_bytes()
            if self.folder
            else drawing.svg(drawing.draw(self.results, planned).figure)
        )
        return PageFigure(
            planned=planned,
            image="data:image/svg+xml;base64," + base64.b64encode(image).decode("ascii"),
            caption=section.caption(planned),
            width=section.width,
            downloads={suffix.upper(): f"{layout.FIGURES}/{planned.stem}.{suffix}" for suffix in FORMATS},
        )


def write_report(results: StudyResults, path: str | Path, figure_folder: str | Path | None = None) -> None:
    """Write the page of a study.

    Parameters
    ----------
    results : StudyResults
        Results returned by `collect`.
    path : str or Path
        The HTML file. Its only links are the downloads from ``figures`` beside it.
    figure_folder : str or Path, optional
        Folder of figures written by `write_figure`; without it they are drawn for the page.
    """
    page = Page(results, provenance(inputs=results.inputs), figure_folder)
    with atomic_write(path) as temporary:
        temporary.write_text(page.html(), encoding="utf-8")
