"""The recorded study with its figures and its page."""

import shutil
from pathlib import Path

from qdjunction.report.collect import collect
from qdjunction.report.page import write_report
from qdjunction.report.redraw import write_figures
from qdjunction.study.study_file import read_study
from support.paths import RECORDED


def draw_recorded(folder: Path) -> None:
    """Copy the recorded results into a folder and do what the rules `figures` and `report` do."""
    results = folder / "results"
    shutil.copytree(RECORDED, results)
    found = collect(read_study(results))
    write_figures(found, results / "report" / "figures")
    write_report(found, results / "report" / "index.html", results / "report" / "figures")
