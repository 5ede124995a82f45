"""Classes of traces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qdjunction.report import style
from qdjunction.report.drawing import Drawing, new_figure
from qdjunction.report.sections.contract import AnalysisSection
from qdjunction.report.tables import Table, number
from qdjunction.report.trace_drawing import LOG10_G, MEASURED
from qdjunction.traces.results import ClassSummary

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from qdjunction.report.trace_data import TraceResults


class ClassesSection(AnalysisSection):
    """Mean trace of each class, and how stable the classes are."""

    name = "trace_classes"
    order = 60
    figure_title = "Classes of traces"

    def draw_set(self, entry: TraceResults) -> Drawing:
        """Draw the mean traces and the stability."""
        table = class_table(entry)
        return Drawing(class_figure(table), table)

    def tables(self, entry: TraceResults) -> Iterable[Table]:
        """Return the stability by number of classes."""
        classes = entry.summary_of(ClassSummary)
        return [stability_table(classes)] if classes else []


def class_table(entry: TraceResults) -> pd.DataFrame:
    """Return rows ``profile``: mean share of a trace's points by class and bin; ``stability``: by number of classes."""
    import pandas as pd

    classes = entry.summary_of(ClassSummary)
    rows = [pd.DataFrame({"row": [], "class": []})]
    if classes is None:
        return rows[0]
    profiles = np.array(classes.profiles, dtype=float)
    if profiles.size:
        x = _centres(classes.displacement_range_nm, profiles.shape[1])
        y = _centres(classes.log10_g_range, profiles.shape[2])
        across, up = np.meshgrid(x, y, indexing="ij")
        for number, (profile, size) in enumerate(zip(profiles, classes.sizes, strict=True), start=1):
            rows.append(
                pd.DataFrame(
                    {
                        "row": "profile",
                        "class": number,
                        "traces": size,
                        "displacement_nm": across.ravel(),
                        "log10_g": up.ravel(),
                        "share": profile.ravel(),
                    }
                )
            )
    stability = pd.DataFrame([asdict(item) for item in classes.stability])
    if len(stability):
        rows.append(stability.rename(columns={"classes": "number_of_classes"}).assign(row="stability"))
    return pd.concat(rows, ignore_index=True)


def class_figure(table: pd.DataFrame) -> Figure:
    """Draw the mean trace of every class, and how stable the classes are."""
    profiles, stability = (table[table["row"] == row] for row in ("profile", "stability"))
    figure = new_figure(4.4)
    if not len(profiles):
        figure.text(0.5, 0.5, "no classes", ha="center", color=style.TREND)
        return figure
    above, below = np.asarray(figure.subfigures(2, 1, height_ratios=(1.15, 1)))
    numbers = [int(number) for number in profiles["class"].unique()]
    panels = np.atleast_1d(above.subplots(1, len(numbers), sharex=True, sharey=True))
    most = float(profiles["share"].quantile(0.995))
    total = sum(profiles.groupby("class")["traces"].first())
    for axes, one in zip(panels, numbers, strict=True):
        rows = profiles[profiles["class"] == one]
        grid = rows.pivot(index="log10_g", columns="displacement_nm", values="share")
        x, y = grid.columns.to_numpy(dtype=float), grid.index.to_numpy(dtype=float)
        dx, dy = (x[1] - x[0]) / 2 if len(x) > 1 else 0.5, (y[1] - y[0]) / 2
        axes.imshow(
            grid.to_numpy(), origin="lower", aspect="auto", interpolation="nearest", cmap="viridis", vmin=0, vmax=most,
            extent=(x[0] - dx, x[-1] + dx, y[0] - dy, y[-1] + dy),
        )  # fmt: skip
        size = int(rows["traces"].iloc[0])
        axes.set_title(f"class {one}\n{size} ({size / total:.0%})", fontsize=8)
        axes.set_xlabel("nm")
    panels[0].set_ylabel(LOG10_G)
    axes = below.subplots()
    classes = stability["number_of_classes"]
    axes.fill_between(
        classes,
        stability["agreement_min"],
        stability["agreement_mean"],
        color=style.BAND,
        label="down to the minimum of the pairs",
    )
    axes.plot(
        classes,
        stability["agreement_mean"],
        "o-",
        color=MEASURED,
        label="agreement of subsamples (adjusted Rand index)",
    )
    axes.plot(classes, stability["silhouette"], "s--", color=style.PALETTE[2], label="silhouette")
    axes.axvline(len(numbers), color=style.TREND, lw=0.9, ls=":", label="chosen")
    axes.set_ylim(
        min(0.0, float(stability["agreement_min"].min()), float(stability["silhouette"].min())) - 0.05, 1.05
    )
    axes.set_xticks(classes)
    axes.set_xlabel("Number of classes")
    style.legend_above(axes, 2)
    return figure


def _centres(ends: tuple[float, float], bins: int) -> NDArray[np.float64]:
    edges = np.linspace(ends[0], ends[1], bins + 1, dtype=np.float64)
    return (edges[1:] + edges[:-1]) / 2


def stability_table(classes: ClassSummary) -> Table:
    """Return the agreement of subsamples by number of classes."""
    reason = f" None: {classes.reason}." if classes.reason else ""
    return Table(
        f"Stability of the classes; {len(classes.sizes)} were chosen.{reason}",
        ("number of classes", "mean agreement", "minimum agreement", "silhouette"),
        tuple(
            (
                str(item.classes),
                number(item.agreement_mean, 3),
                number(item.agreement_min, 3),
                number(item.silhouette),
            )
            for item in classes.stability
        ),
    )


KIND = ClassesSection()
