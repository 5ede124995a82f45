"""Rivals of an interference jump; see `qdjunction.traces.rivals`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qdjunction.traces.analyses.contract import Analysis

if TYPE_CHECKING:
    import pandas as pd

    from qdjunction.traces.results import FitRecord, RivalRecord, RivalSummary
    from qdjunction.traces.settings import TracesSettings
    from qdjunction.traces.trace import TraceSource


class RivalAnalysis(Analysis):
    """Likelihood of the jumps as interference, as a second contact and as a second dot."""

    name = "rivals"
    description = "Compare an interference jump with two contacts or two dots whose conductances add."
    sections = ("rivals",)

    @property
    def summary(self) -> type[RivalSummary]:
        """Model of ``rivals.json``."""
        from qdjunction.traces.results import RivalSummary

        return RivalSummary

    def run(
        self, source: TraceSource, settings: TracesSettings, peaks: FitRecord, provenance: dict[str, Any]
    ) -> tuple[pd.DataFrame, RivalSummary]:
        """Return one row per jump: levels of the plateaus and height; the criterion of every hypothesis."""
        import pandas as pd

        from qdjunction.core.errors import InputError
        from qdjunction.core.progress import with_progress
        from qdjunction.traces.fits import or_reason
        from qdjunction.traces.results import RivalSummary
        from qdjunction.traces.rivals import Region, fit_rivals, verdict
        from qdjunction.traces.selection import select_jumps

        given = settings.rivals
        rows = [
            (jump.trace, jump.plateau_before_log10_g, jump.plateau_after_log10_g)
            for jump in select_jumps(
                with_progress(source if given.levels_log10_g else (), "finding jumps"), settings.jump
            )
        ]
        table = pd.DataFrame(rows, columns=["file", "before_log10_g", "after_log10_g"])
        table["height_decades"] = table["after_log10_g"] - table["before_log10_g"]
        before, height = (table[name].to_numpy(dtype=float) for name in ("before_log10_g", "height_decades"))
        region = Region.of(settings.jump)
        table["compared"] = region.contains(before, height)

        def fit() -> tuple[RivalRecord, ...]:
            if not given.levels_log10_g:
                raise InputError(
                    "no computed conductances are given; set rivals.levels_log10_g to those of the sites"
                )
            return fit_rivals(before, height, given.levels_log10_g, given.spread_decades, region)

        fits, reason = or_reason(fit)
        return table, RivalSummary(
            levels_log10_g=given.levels_log10_g,
            spread_decades=given.spread_decades,
            jumps=len(table),
            compared=int(table["compared"].sum()),
            fits=fits or (),
            verdict=verdict(fits) if fits else "",
            reason=reason,
            provenance=provenance,
        )


KIND = RivalAnalysis()
