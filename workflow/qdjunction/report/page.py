"""The page: one HTML file that holds all it needs."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs

from qdjunction.core.files import whole
from qdjunction.core.provenance import provenance
from qdjunction.core.yaml import dump_yaml
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.report import drawing, figures, tables, trace_tables, viewer
from qdjunction.report.data import DotResults, SeriesResults, StudyResults
from qdjunction.report.explorer import explored
from qdjunction.report.plan import FORMATS, PlannedFigure, planned_figures
from qdjunction.report.style import junction_colours
from qdjunction.report.template import environment, template_text

FIGURES = "figures"
"""Folder of the figures beside the page."""


@dataclass(frozen=True)
class PageFigure:
    """A figure as the page shows it: an image, a caption and what can be downloaded."""

    title: str
    image: str
    caption: str
    downloads: Mapping[str, str]


def write_report(results: StudyResults, path: str | Path, figure_folder: str | Path | None = None) -> None:
    """Write the page of a study.

    Parameters
    ----------
    results : StudyResults
        What `collect` read.
    path : str or Path
        The HTML file. It refers to nothing outside itself but, for downloads, to ``figures`` beside it.
    figure_folder : str or Path, optional
        Where figures drawn by `write_figure` lie; without it the page draws its own.
    """
    pages = environment()
    pages.filters["subscripts"] = subscripts
    pages.globals["explorer_script"] = template_text("explorer.js")
    pages.globals["viewer_script"] = template_text("viewer.js")
    page = pages.get_template("index.html.j2").render(_content(results, figure_folder), plotly=get_plotlyjs())
    with whole(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _content(results: StudyResults, figure_folder: str | Path | None) -> dict[str, Any]:
    config = results.study.config
    page = provenance(inputs=results.inputs)
    engine = results.engine
    planned = [figure for figure in planned_figures(results.study) if results.shows(figure)]

    def shown(figure: PlannedFigure) -> PageFigure:
        return _page_figure(results, figure, figure_folder)

    return {
        "study": config.study,
        "engine": engine,
        "page": page,
        "temperature_k": config.transport.temperature_k,
        "leads": config.transport.leads,
        "junctions": sum(len(dot.junctions) for dot in results.dots),
        "electrode_layers": config.electrodes.layers,
        "dots": [_dot(results, dot, planned, shown) for dot in results.dots],
        "chain": {"figure": shown(PlannedFigure("chain")), "summary": results.chain_summary},
        "traces": _traces(results, planned, shown),
        "failures_table": tables.failures_table(results) if results.failures else None,
        "dots_table": tables.dots_table(results),
        "corrections_table": tables.corrections_table(results),
        "bonds_table": tables.bonds_table(results),
        "timings_table": tables.timings_table(results),
        "provenance_table": tables.provenance_table(results, page),
        "versions_table": tables.versions_table(results, page),
        "config_yaml": dump_yaml(config.model_dump(mode="json")),
        "scenes": _scenes(results),
        "explored": [explored(dot, series, _colours(dot)) for dot in results.dots for series in dot.series],
    }


def _dot(
    results: StudyResults, dot: DotResults, planned: Sequence[PlannedFigure], shown: Any
) -> dict[str, Any]:
    return {
        "id": dot.case.id,
        "atoms": len(dot.atoms),
        "formula": dot.relaxation["formula"],
        "gap_ev": dot.lumo_ev - dot.homo_ev,
        "series": [
            {
                "left": series.left,
                "kind": series.kind,
                "summary": series.summary,
                "headline": headline(series, results.study.config.interference),
                "junctions": tables.junctions_table(dot, series),
                "verdicts": tables.verdicts_table(series, results.study.config.transport.temperature_k)
                if series.kind == "decay"
                else None,
                "verdict": verdict_sentence(series, results.study.config.interference)
                if series.kind == "decay"
                else "",
                "shares": tables.shares_table(series) if series.kind == "decay" else None,
                "orbitals": tables.orbitals_table(series),
                "orbital_sentences": [
                    (junction.case.name, junction.frontier["orbital_rule"]["headline"]["sentence"])
                    for junction in series.junctions
                ],
                "figures": {
                    figure.kind: shown(figure)
                    for figure in planned
                    if (figure.dot, figure.left) == (dot.case.id, series.left) and not figure.junction
                },
                "densities": [
                    (figure.junction, shown(figure))
                    for figure in planned
                    if (figure.dot, figure.left) == (dot.case.id, series.left) and figure.junction
                ],
            }
            for series in dot.series
        ],
    }


def _traces(results: StudyResults, planned: Sequence[PlannedFigure], shown: Any) -> dict[str, Any]:
    def of(name: str) -> list[PageFigure]:
        return [shown(figure) for figure in planned if figure.traces == name]

    return {
        "sets": [
            {
                "name": entry.name,
                "label": entry.label,
                "simulated": entry.is_simulated,
                "source": entry.summary["source"],
                "bias_v": entry.summary["bias_v"],
                "theory": entry.theory.name if entry.theory else "",
                "outcome": trace_tables.outcome(entry),
                "simulation": trace_tables.simulation_sentence(entry),
                "figures": of(entry.name),
                "tables": [
                    table
                    for table in (
                        trace_tables.peaks_table(entry),
                        trace_tables.sites_table(entry),
                        trace_tables.plateaus_table(entry),
                        trace_tables.jumps_table(entry),
                        trace_tables.stability_table(entry),
                    )
                    if table is not None
                ],
                "bad": trace_tables.bad_table(entry),
            }
            for entry in results.traces.sets
        ],
        "bias_series": [
            {
                "name": series["name"],
                "sentence": trace_tables.bias_sentence(series),
                "figures": of(series["name"]),
            }
            for series in results.traces.bias_series
        ],
    }


def _colours(dot: DotResults) -> dict[str, str]:
    return junction_colours([junction.case.name for junction in dot.junctions])


def headline(series: SeriesResults, settings: InterferenceSettings) -> str:
    """The outcome of a series in one or two sentences, at the headline energy."""
    summary = series.summary
    where = f"{_place(settings)}, at {tables.number(summary['headline_energy_ev'])} eV,"
    names = summary["junctions"]
    if series.kind == "decay":
        verdict = summary["at_headline"]
        beta = f"β = {tables.number(verdict['beta_per_ang'])} per Å"
        ends = tables.interval(verdict["beta_interval_per_ang"])
        if ends != tables.MISSING:
            beta += f" ({verdict['confidence']:.0%} interval {ends})"
        verb = "decays" if verdict["beta_per_ang"] > 0 else "does not decay"
        text = (
            f"{where} the conductance {verb} from {names[0]} to {names[-2]} with {beta}. {names[-1]} lies "
            f"{_decades(verdict['step_decades'])} {names[-2]} and {_decades(verdict['above_trend_decades'])} the trend"
        )
        if verdict["band_confidence"] is not None:
            text += (
                f"; it would be above any prediction band up to {verdict['band_confidence']:.1%} confidence"
            )
        return text + "."
    if series.kind == "comparison":
        ratio = summary["log10_ratio_at_headline"]
        word = "better" if ratio >= 0 else "worse"
        first = f"{where} {names[1]} conducts {tables.number(abs(ratio))} decades {word} than {names[0]}."
        return f"{first} {_capital(summary['sentence'])}"
    return _capital(summary["sentence"])


def verdict_sentence(series: SeriesResults, settings: InterferenceSettings) -> str:
    """Which of the two criteria of a jump hold, here and over the gap, and what the band can carry."""
    summary, verdict = series.summary, series.summary["at_headline"]
    shares, last = summary["shares"], summary["junctions"][-1]
    text = (
        f"A jump has two criteria. The step of at least {settings.jump_decades:g} decades at {last} is "
        f"{'there' if verdict['step'] else 'not there'} at the headline energy, and over "
        f"{tables.share(shares['step'])} of the gap. "
    )
    fitted = len(summary["junctions"]) - 1
    if verdict["band"] is None:
        return (
            text
            + f"The fit through {fitted} contacts leaves no prediction band, so the second cannot be judged."
        )
    text += (
        f"At the headline energy {last} {'lies' if verdict['band'] else 'does not lie'} above the "
        f"{settings.confidence:.0%} prediction band of the fit; it does over {tables.share(shares['band'])} of the gap"
    )
    if fitted == 3:
        text += "; through three contacts the band rests on one degree of freedom and is a weak test"
    return text + "."


def _place(settings: InterferenceSettings) -> str:
    """The headline energy in words."""
    reference = {
        "fermi": "the Fermi energy",
        "homo": "the HOMO",
        "midgap": "the middle of the gap",
        "lumo": "the LUMO",
    }
    if settings.offset_ev == 0:
        return f"At {reference[settings.reference]}"
    side = "above" if settings.offset_ev > 0 else "below"
    return f"{abs(settings.offset_ev):g} eV {side} {reference[settings.reference]}"


def _decades(value: float) -> str:
    return f"{tables.number(abs(value))} decades {'above' if value >= 0 else 'below'}"


def _page_figure(results: StudyResults, planned: PlannedFigure, folder: str | Path | None) -> PageFigure:
    image = (
        (Path(folder) / f"{planned.stem}.svg").read_bytes()
        if folder
        else drawing.svg(figures.draw(results, planned).figure)
    )
    return PageFigure(
        title=planned.title,
        image="data:image/svg+xml;base64," + base64.b64encode(image).decode("ascii"),
        caption=template_text(f"caption_{planned.kind}.rst").strip(),
        downloads={suffix.upper(): f"{FIGURES}/{planned.stem}.{suffix}" for suffix in FORMATS},
    )


def _scenes(results: StudyResults) -> dict[str, Any]:
    scenes = [
        viewer.scene(junction, figures.density_scale(dot))
        for dot in results.dots
        for junction in dot.junctions
        if junction.density
    ]
    return {"scenes": scenes} | viewer.appearance([symbol for one in scenes for symbol in one["symbols"]])


def subscripts(text: str) -> Markup:
    """Escape a caption and set what follows an underscore, as in Γ_L, as a subscript."""
    return Markup(re.sub(r"_(\w)", r"<sub>\1</sub>", str(escape(text))))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
