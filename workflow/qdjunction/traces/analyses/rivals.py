"""Rivals of an interference jump; see `qdjunction.traces.rivals`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qdjunction.traces.analyses.contract import Analysis, writing_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from qdjunction.traces.analyses.contract import Known
    from qdjunction.traces.results import RivalRecord, RivalSummary
    from qdjunction.traces.settings import TracesSettings
    from qdjunction.traces.trace import TraceSource


COLUMNS = ("file", "before_log10_g", "after_log10_g", "height_decades", "compared")


class RivalAnalysis(Analysis):
    """Likelihood of the jumps as interference, as a second contact and as a second dot."""

    name = "rivals"
    description = "Compare an interference jump with two contacts or two dots whose conductances add."
    sections = ("rivals",)
    with_theory = True

    @property
    def summary(self) -> type[RivalSummary]:
        """Model of ``rivals.json``."""
        from qdjunction.traces.results import RivalSummary

        return RivalSummary

    def run(
        self,
        source: TraceSource,
        settings: TracesSettings,
        known: Known,
        write: Callable[[pd.DataFrame], None],
        provenance: dict[str, Any],
    ) -> RivalSummary:
        """Write one row per jump: levels of the plateaus and height; return the criterion of every hypothesis."""
        import numpy as np

        from qdjunction.core.errors import InputError
        from qdjunction.core.progress import with_progress
        from qdjunction.traces.fits import or_reason
        from qdjunction.traces.results import RivalSummary
        from qdjunction.traces.rivals import MOST_JUMPS, Region, fit_rivals, verdict
        from qdjunction.traces.selection import select_jumps
        from qdjunction.traces.streams import reservoir

        given, region = settings.rivals, Region.of(settings.jump)
        levels = given.levels_log10_g or tuple(site.log10_g for site in known.sites)
        jumps = 0

        def compared(add: Callable[[tuple[Any, ...]], None]) -> Iterator[tuple[float, float]]:
            nonlocal jumps
            for jump in select_jumps(with_progress(source if levels else (), "finding jumps"), settings.jump):
                before, after = jump.plateau_before_log10_g, jump.plateau_after_log10_g
                inside = bool(region.contains(before, after - before))
                jumps += 1
                add((jump.trace, before, after, after - before, inside))
                if inside:
                    yield before, after - before

        with writing_rows(write, COLUMNS) as add:
            found = reservoir(compared(add), MOST_JUMPS, np.random.default_rng(0))
        before, height = np.array([pair for _, pair in found]).reshape(-1, 2).T

        def fit() -> tuple[RivalRecord, ...]:
            if not levels:
                raise InputError(
                    "no computed conductances are given; set rivals.levels_log10_g to those of the sites"
                    + (f" ({known.why_no_sites})" if known.why_no_sites else "")
                )
            return fit_rivals(before, height, levels, given.spread_decades, region)

        fits, reason = or_reason(fit)
        return RivalSummary(
            levels_log10_g=levels,
            sites=() if given.levels_log10_g else tuple(site.name for site in known.sites),
            spread_decades=given.spread_decades,
            jumps=jumps,
            compared=len(found),
            fits=fits or (),
            verdict=verdict(fits) if fits else "",
            reason=reason,
            provenance=provenance,
        )


KIND = RivalAnalysis()
