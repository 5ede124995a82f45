"""Further observables of each junction: `transport.observables` of the configuration."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import PlannedFigure, SeriesSection, of_junctions, pictured
from qdjunction.study.failures import read_failure
from qdjunction.transport.observables.registry import OBSERVABLES

if TYPE_CHECKING:
    import pandas as pd
    import xarray
    from markupsafe import Markup

    from qdjunction.report.data import DotResults, SeriesResults, StudyResults
    from qdjunction.report.page import Page
    from qdjunction.study.table import Study

HEIGHT_IN = 3.0


class ObservablesSection(SeriesSection):
    """The observables of each junction, drawn by their kinds."""

    name = "observables"
    order = 75

    def files(self, study: Study) -> Iterable[str]:
        """Return the file of each observable of each junction."""
        return of_junctions(study, *(f"{entry.kind}.nc" for entry in study.config.transport.observables))

    def figures(self, study: Study) -> Iterable[PlannedFigure]:
        """Return one figure for each observable of each junction."""
        kinds = [OBSERVABLES[entry.kind] for entry in study.config.transport.observables]
        for dot in study.dots if kinds else ():
            for left, names in pictured(dot).items():
                for kind in kinds:
                    for name in names:
                        yield PlannedFigure(self.name, dot.id, left, name, part=kind.name, title=kind.title)

    def shows(self, results: StudyResults, figure: PlannedFigure) -> bool:
        """Return whether the observable was computed."""
        path = results.study.results / figure.dot / figure.junction / f"{figure.part}.nc"
        return read_failure(path) is None

    def draw(self, results: StudyResults, figure: PlannedFigure) -> Drawing:
        """Draw an observable of a junction by its kind."""
        import xarray

        path = results.study.results / figure.dot / figure.junction / f"{figure.part}.nc"
        with xarray.open_dataset(path, engine="netcdf4") as dataset:
            drawn = new_figure(HEIGHT_IN)
            axes = drawn.subplots()
            OBSERVABLES[figure.part].draw(dataset, axes)
            return Drawing(drawn, observable_table(dataset))

    def caption(self, figure: PlannedFigure) -> str:
        """Return the sentence of the observable."""
        return OBSERVABLES[figure.part].caption

    def html(self, page: Page, dot: DotResults, series: SeriesResults) -> Markup | str:
        """Return the observables of a series, each with the pictures of its junctions."""
        figures = page.figures(self, dot=dot.case.id, left=series.left)
        groups = {one.title: [other for other in figures if other.title == one.title] for one in figures}
        text = "{% for title, group in groups.items() %}{{ show_junctions(title, group) }}{% endfor %}"
        return page.render(text, groups=groups)


def observable_table(dataset: xarray.Dataset) -> pd.DataFrame:
    """Return all variables in long form, one row per value: its coordinates, value, variable and unit."""
    import pandas as pd

    frames = []
    for name, variable in dataset.data_vars.items():
        frame = variable.to_dataframe(name="value").reset_index() if variable.ndim else None
        if frame is None:
            frame = pd.DataFrame({"value": [variable.item()]})
        frames.append(frame.assign(variable=str(name), units=variable.attrs.get("units", "")))
    return pd.concat(frames, ignore_index=True)


KIND = ObservablesSection()
