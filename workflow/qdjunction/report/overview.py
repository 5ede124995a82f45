"""The report of a screening: one row per series, averages over halide orders, failures."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from qdjunction.core.files import atomic_write
from qdjunction.core.provenance import digests, provenance
from qdjunction.core.results import read_result
from qdjunction.engine.contract import EngineInfo
from qdjunction.engine.store import read_levels
from qdjunction.interference.results import ComparisonSeries, Control, DecaySeries
from qdjunction.report import style, tables
from qdjunction.report.collect import failures_of
from qdjunction.report.data import engine_without_results
from qdjunction.report.drawing import new_figure, svg
from qdjunction.report.plan import series_of
from qdjunction.report.sections.failures import failures_table
from qdjunction.report.template import environment
from qdjunction.study import layout
from qdjunction.study.cases import DotCase
from qdjunction.study.failures import Failure, read_failure
from qdjunction.study.results import RelaxationRecord, SeriesRecord
from qdjunction.study.study_file import RECORD
from qdjunction.study.table import Study

FAMILY = ["catalogue_dot", "cation", "halide", "short_range_order", "left"]
"""Columns that are equal within a family of dots, which differ only in the seed of their halide order."""

QUANTITIES = {
    "gap_eV": "HOMO-LUMO gap of the bare dot (eV)",
    "beta_per_ang": "β (1/Å)",
    "step_decades": "step at the last contact (decades)",
    "control_above_last_decades": "highest control above the last contact (decades)",
    "long_over_short_decades": "long over short (decades)",
}
"""Numbers of a series that are averaged over a family, with their headings."""


@dataclass(frozen=True, eq=False)
class Overview:
    """Data of the overview.

    Attributes
    ----------
    study : Study
        The screening.
    engine : EngineInfo
        Engine of the screening.
    table : pandas.DataFrame
        One row per series, failed ones included; numbers at the headline energy.
    families : pandas.DataFrame
        One row per family: numbers of series, failed series and jumps; mean and standard deviation of each quantity.
    failures : tuple of Failure
        Failed calculations.
    """

    study: Study
    engine: EngineInfo
    table: pd.DataFrame
    families: pd.DataFrame
    failures: tuple[Failure, ...]


def read_overview(study: Study) -> Overview:
    """Read the gap of every dot and the summaries of its series.

    Raises
    ------
    InputError
        If a file is missing or cannot be read.
    """
    root = study.results
    engine: EngineInfo | None = None
    rows: list[dict[str, Any]] = []
    for case in study.dots:
        record = root / case.id / layout.RELAXATION
        if engine is None and not read_failure(record):
            engine = read_result(RelaxationRecord, record).engine
        rows += _rows(root, case)
    failures = failures_of(study)
    table = pd.DataFrame(rows)
    return Overview(study, engine or engine_without_results(study), table, families(table), failures)


def families(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per family: numbers of series, failures and jumps; mean and deviation of each quantity."""
    grouped = table.groupby(FAMILY, sort=False, dropna=False)
    columns: dict[str, pd.Series] = {
        "series": grouped.size(),
        "failed": grouped["kind"].agg(lambda kinds: int(kinds.isin(["failed", "incomplete"]).sum())),
        "jumps": grouped["is_jump"].agg(lambda values: int((values == True).sum())),  # noqa: E712  (None is neither)
    }
    for name in QUANTITIES:
        columns[f"{name}_mean"] = grouped[name].mean()
        columns[f"{name}_sd"] = grouped[name].std()
    return pd.DataFrame(columns).reset_index()


def write_overview(overview: Overview, path: str | Path) -> None:
    """Write the page of a screening: one HTML file that links only to ``overview.csv`` beside it."""
    image = base64.b64encode(svg(overview_figure(overview))).decode("ascii")
    page = (
        environment()
        .get_template("overview.html.j2")
        .render(
            study=overview.study.config.study,
            results=overview.study.config.results,
            engine=overview.engine,
            page=provenance(inputs=digests(overview.study.results / RECORD)).values,
            dots=len(overview.study.dots),
            junctions=len(overview.study.junctions),
            image=image,
            families=_families_table(overview.families),
            failures=failures_table(overview.failures),
            config=overview.study.config.model_dump_json(indent=1, exclude_defaults=True),
        )
    )
    with atomic_write(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def overview_figure(overview: Overview) -> Figure:
    """Draw every quantity of the screening versus the family, one point per series."""
    shown = [name for name in QUANTITIES if overview.table[name].notna().any()]
    names = [" ".join(str(part) for part in key) for key in overview.families[FAMILY].to_numpy()]
    place = {tuple(key): index for index, key in enumerate(overview.families[FAMILY].to_numpy().tolist())}
    x = np.array([place[tuple(key)] for key in overview.table[FAMILY].to_numpy().tolist()], dtype=float)
    with style.figure_style():
        figure = new_figure(1.2 + 1.7 * max(len(shown), 1))
        panels = np.atleast_1d(figure.subplots(max(len(shown), 1), 1, sharex=True))
        for axes, name in zip(panels, shown, strict=False):
            axes.plot(x, overview.table[name], ".", color=style.PALETTE[0], alpha=0.35, ms=5, mew=0)
            mean, sd = overview.families[f"{name}_mean"], overview.families[f"{name}_sd"]
            axes.errorbar(range(len(names)), mean, sd, fmt="_", color="black", ms=10, capsize=3)
            axes.set_ylabel(fill(QUANTITIES[name], 20), fontsize=7.5)
        panels[-1].set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=6.5)
        style.foot(figure, overview.engine.label)
    return figure


def _rows(root: Path, case: DotCase) -> list[dict[str, Any]]:
    """Return one row for each left contact of a dot."""
    folder = root / case.id
    common = {
        "dot": case.id,
        # A structure from another source than the catalogue is its own family.
        **{"catalogue_dot": case.id, "cation": "", "halide": "", "seed": 0, "short_range_order": 0.0},
        **case.entry.labels,
        "atoms": case.atoms,
        "gap_eV": np.nan,
    }
    levels = folder / layout.HAMILTONIAN
    if not read_failure(levels):
        homo, lumo = read_levels(levels)
        common["gap_eV"] = lumo - homo
    summaries = {}
    if not read_failure(folder / layout.SERIES):
        summaries = {one.left: one for one in read_result(SeriesRecord, folder / layout.SERIES).series}
    rows = []
    for left, names in series_of(case).items():
        summary = summaries.get(left)
        decay = summary if isinstance(summary, DecaySeries) else None
        verdict = decay.at_headline if decay else None
        rows.append(
            common
            | {
                "left": left,
                "contacts": len(names),
                "kind": summary.kind if summary else "failed",
                "headline_energy_eV": summary.headline_energy_ev if summary else None,
                "beta_per_ang": verdict.beta_per_ang if verdict else np.nan,
                "step_decades": verdict.step_decades if verdict else np.nan,
                "above_trend_decades": verdict.above_trend_decades if verdict else np.nan,
                "is_jump": verdict.is_jump if verdict else None,
                "control_above_last_decades": _highest_control(summary.controls if summary else ()),
                "share_of_gap_with_jump": decay.shares["is_jump"] if decay else np.nan,
                "long_over_short_decades": (
                    summary.log10_ratio_at_headline if isinstance(summary, ComparisonSeries) else np.nan
                ),
            }
        )
    return rows


def _highest_control(controls: Sequence[Control]) -> float:
    """Return how far the highest control lies above the last contact of its series (decades), NaN without controls.

    A control near zero or above conducts as well as the last contact, so a jump there is not one of the path.
    """
    return max((one.above_last_decades for one in controls), default=np.nan)


def _families_table(frame: pd.DataFrame) -> tables.Table:
    shown = [name for name in QUANTITIES if frame[f"{name}_mean"].notna().any()]
    rows = tuple(
        (
            *(str(row[name]) for name in ("catalogue_dot", "cation", "halide")),
            tables.number(row["short_range_order"]),
            row["left"],
            *(str(row[name]) for name in ("series", "failed", "jumps")),
            *(_mean(row[f"{name}_mean"], row[f"{name}_sd"]) for name in shown),
        )
        for row in frame.to_dict("records")
    )
    return tables.Table(
        "Families of dots that differ only in their halide order: mean and standard deviation at the headline energy.",
        (
            "dot",
            "cation",
            "halide",
            "order",
            "from",
            "series",
            "failed",
            "jumps",
            *(QUANTITIES[n] for n in shown),
        ),
        rows,
        3,
    )


def _mean(mean: float, sd: float) -> str:
    """Return a mean with its standard deviation, if there is one."""
    return tables.number(mean) + (f" ± {tables.number(sd)}" if np.isfinite(sd) else "")
