"""Which figures a study gets, known from its configuration alone; cheap to import."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from qdjunction.study.table import DotCase, Study

Kind = Literal[
    "transmission", "decay", "spectrum", "comparison", "orbitals", "density", "chain",
    "trace_conductance", "trace_cloud", "trace_aligned", "trace_plateaus", "trace_jumps", "trace_classes", "trace_bias",
]  # fmt: skip

FORMATS = ("svg", "pdf", "csv")
"""Every figure is drawn as vector graphics twice and comes with its source data."""

TITLES: dict[Kind, str] = {
    "transmission": "Transmission of the series",
    "decay": "Conductance against distance",
    "spectrum": "Decay and jump across the gap",
    "comparison": "Long against short across the gap",
    "orbitals": "Frontier orbitals between the tips",
    "density": "Local density of states",
    "chain": "Tight-binding chain",
    "trace_conductance": "Conductance histogram",
    "trace_cloud": "Conductance against displacement",
    "trace_aligned": "Traces aligned at the jump",
    "trace_plateaus": "Plateau lengths and displacements",
    "trace_jumps": "Height and levels of the jumps",
    "trace_classes": "Classes of traces",
    "trace_bias": "Conductance against bias",
}

OF_A_SET: tuple[Kind, ...] = (
    "trace_conductance", "trace_cloud", "trace_aligned", "trace_jumps", "trace_plateaus", "trace_classes",
)  # fmt: skip
"""Figures of one set of traces, in the order of the page."""


FIGURE_RECORD = "figures.json"
"""Beside the figures: who drew them from what."""


@dataclass(frozen=True)
class PlannedFigure:
    """One figure of the report.

    Attributes
    ----------
    kind : str
        What it shows, a key of `TITLES`.
    dot : str
        Identity of the dot; empty for a figure that belongs to none.
    left : str
        Left contact of the series; empty where there is none.
    junction : str
        Name of the junction; empty for a figure of a whole series.
    traces : str
        Name of the set of traces, or of the bias series; empty for all other figures.
    """

    kind: Kind
    dot: str = ""
    left: str = ""
    junction: str = ""
    traces: str = ""

    @property
    def stem(self) -> str:
        """File name without suffix, e.g. ``12Pb_MAPbBr3_L_transmission`` or ``traces_MAPbBr3_conductance``."""
        if self.traces:
            return f"traces_{self.traces}_{self.kind.removeprefix('trace_')}"
        return "_".join(filter(None, (self.dot, self.junction or self.left, self.kind)))

    @property
    def title(self) -> str:
        """What it shows, in words."""
        return TITLES[self.kind]

    def files(self, folder: str) -> list[str]:
        """Paths of the figure and of its source data in `folder`."""
        return [f"{folder}/{self.stem}.{suffix}" for suffix in FORMATS]


def planned_figures(study: Study) -> list[PlannedFigure]:
    """List the figures of a study in the order of the page."""
    of_dots = [figure for dot in study.dots for figure in _of_dot(dot)]
    return [*of_dots, *_of_traces(study), PlannedFigure("chain")]


def files_of(study: Study) -> list[str]:
    """Files in the results folder that figures and page are made from; no engine is needed for either."""
    dots = [
        f"{dot.id}/{file}"
        for dot in study.dots
        for file in (
            "relaxed.extxyz", "relaxed.json", "hamiltonian.nc", "conductance.csv", "series.csv", "series.json",
        )
    ]  # fmt: skip
    observables = [f"{entry.kind}.nc" for entry in study.config.transport.observables]
    junctions = [
        f"{junction.id}/{file}"
        for junction in study.junctions
        for file in ("junction.extxyz", "transmission.nc", "frontier.json", "local_density.nc", *observables)
    ]
    return [*dots, *junctions, "chain.csv", "chain.json", *_files_of_traces(study)]


def overview_files_of(study: Study) -> list[str]:
    """The same for the overview of a screening."""
    return [
        f"{dot.id}/{file}" for dot in study.dots for file in ("relaxed.json", "hamiltonian.nc", "series.json")
    ]


def series_of(dot: DotCase) -> dict[str, list[str]]:
    """Junctions of a dot by their left contact, as the series are made."""
    lefts = dict.fromkeys(junction.left for junction in dot.junctions)
    return {left: [j.name for j in dot.junctions if j.left == left] for left in lefts}


def _files_of_traces(study: Study) -> Iterator[str]:
    section = study.config.traces
    if section is None:
        return
    predicted = [entry.name for entry in section.predictions]
    for name in [*(entry.name for entry in section.sets), *predicted]:
        for file in (
            "jumps.parquet", "histograms.nc", "summary.json", "plateaus.csv", "plateaus.json", "classes.csv",
            "classes.json",
        ):  # fmt: skip
            yield f"traces/{name}/{file}"
    for name in predicted:
        for file in ("truth.csv", "simulation.json"):
            yield f"traces/{name}/{file}"
    for series in section.bias_series:
        yield f"traces/{series.name}/simmons.json"


def _of_traces(study: Study) -> Iterator[PlannedFigure]:
    section = study.config.traces
    if section is None:
        return
    for entry in section.sets:
        for kind in OF_A_SET:
            yield PlannedFigure(kind, traces=entry.name)
    for prediction in section.predictions:
        for kind in OF_A_SET:
            yield PlannedFigure(kind, dot=prediction.dot, traces=prediction.name)
    for series in section.bias_series:
        yield PlannedFigure("trace_bias", traces=series.name)


def _of_dot(dot: DotCase) -> Iterator[PlannedFigure]:
    for left, names in series_of(dot).items():
        yield PlannedFigure("transmission", dot.id, left)
        if len(names) >= 3:
            yield PlannedFigure("decay", dot.id, left)
            yield PlannedFigure("spectrum", dot.id, left)
        elif len(names) == 2:
            yield PlannedFigure("comparison", dot.id, left)
        yield PlannedFigure("orbitals", dot.id, left)
        for name in names:
            yield PlannedFigure("density", dot.id, left, name)
