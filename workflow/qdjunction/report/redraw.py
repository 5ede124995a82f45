"""Figures and page of a study from its results, in the rules and on any other machine."""

import logging
from collections.abc import Sequence
from pathlib import Path

from qdjunction.core.errors import InputError
from qdjunction.core.files import write_json, write_table
from qdjunction.core.provenance import provenance
from qdjunction.report import style
from qdjunction.report.collect import collect
from qdjunction.report.data import StudyResults
from qdjunction.report.drawing import draw, write_figure
from qdjunction.report.overview import read_overview, write_overview
from qdjunction.report.page import write_report
from qdjunction.report.paper_comparison import compare_with_paper
from qdjunction.report.plan import files_of, overview_files_of, planned_figures
from qdjunction.study import layout
from qdjunction.study.papers import paper_of
from qdjunction.study.study_file import read_study
from qdjunction.study.table import Study

log = logging.getLogger(__name__)

_NAMED = 10
"""Number of missing files that an error names."""


def write_figures(results: StudyResults, folder: str | Path) -> None:
    """Draw every figure of a study into a folder, with their source data and provenance."""
    planned = planned_figures(results.study)
    for number, figure in enumerate(planned, start=1):
        write_figure(draw(results, figure), Path(folder) / figure.stem)
        log.info("figure %d of %d: %s", number, len(planned), figure.stem)
    write_json({"provenance": provenance(inputs=results.inputs).values}, Path(folder) / layout.FIGURE_RECORD)


def write_paper_table(results: StudyResults, path: str | Path) -> None:
    """Write the published values beside those of a study, if it is compared with a paper."""
    if paper := paper_of(results.study):
        write_table(compare_with_paper(results, paper), path)


def write_overview_files(study: Study, page: str | Path, table: str | Path) -> None:
    """Write the overview of a screening: its page and its table."""
    overview = read_overview(study)
    write_table(overview.table, table)
    write_overview(overview, page)


def redraw(results: str | Path, output: str | Path, sheet: str | Path | None = None) -> None:
    """Draw all figures of a study again and build its page, from its results.

    No engine is run, the results are not changed, and time stamps do not matter. For a screening this is the overview,
    and the page of every dot for which one was made.

    Parameters
    ----------
    results : str or Path
        Results folder of the study.
    output : str or Path
        Folder to write to: ``index.html`` and ``figures/`` as in ``results/report``.
    sheet : str or Path, optional
        Matplotlib style sheet to apply on top of the report's style.

    Raises
    ------
    InputError
        If the folder is not a results folder, a file is missing or cannot be read, or the style sheet is invalid.
    """
    study, output = read_study(results), Path(output)
    if output.exists() and not output.is_dir():
        raise InputError(f"{output}: is a file; --output names a folder")
    pages = [(study, output)]
    if study.is_screen:
        made = [
            dot.id for dot in study.dots if (study.results / dot.id / layout.REPORT / layout.PAGE).exists()
        ]
        pages = [(study.only(dot), output / dot) for dot in made]
        _check(study, overview_files_of(study))
    for one, _ in pages:
        _check(one, files_of(one))
    with style.restyled(sheet):
        if study.is_screen:
            write_overview_files(study, output / layout.PAGE, output / layout.OVERVIEW_TABLE)
        for one, folder in pages:
            found = collect(one)
            write_figures(found, folder / layout.FIGURES)
            write_paper_table(found, folder / layout.PAPER_TABLE)
            write_report(found, folder / layout.PAGE, folder / layout.FIGURES)
    log.info("wrote %s", output / layout.PAGE)


def _check(study: Study, files: Sequence[str]) -> None:
    """Raise InputError for missing files; the message names all of them, not only the first."""
    missing = [file for file in files if not (study.results / file).is_file()]
    if missing:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise InputError(
            f"{study.results}: lacks {', '.join(missing[:_NAMED])}{more}; unpack the complete archive, or finish the "
            "study with Snakemake"
        )
