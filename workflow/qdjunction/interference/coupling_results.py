"""Recorded couplings of joined dots, and their decay with the length of the linker."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qdjunction.core.provenance import Provenance
from qdjunction.core.results import Real, Result
from qdjunction.engine.contract import EngineInfo
from qdjunction.interference.coupling import LEVELS, Coupling
from qdjunction.interference.decay import DecayFit, fit_decay

RESOLVED = 0.8
"""Localisation from which on a coupling may be that of one level of each dot: nine tenths of each on its dot."""

AGREEMENT = 0.5
"""Largest deviation of the sum of the two parts from |t|, relative to |t|."""


class PairCoupling(Result):
    """Couplings of one pair of dots.

    Attributes
    ----------
    pair, linker : str
        Names of the pair and of its linker, `none` without one.
    is_saturated : bool
        Whether every C of the linker is bonded to four atoms, as in an alkane; false without a linker.
    end_distance_ang : float
        Distance of the two ends of the linker (Ang); nan without one.
    pb_distance_ang : float
        Distance of the nearest Pb of the two dots (Ang).
    levels : dict of str to Coupling
        HOMO and LUMO.
    """

    pair: str
    linker: str
    is_saturated: bool = False
    end_distance_ang: Real
    pb_distance_ang: Real
    levels: dict[str, Coupling]


class CouplingDecay(Result):
    """Exponential decay of |t| with the distance of the ends of the linker.

    Attributes
    ----------
    level : str
        HOMO or LUMO.
    pairs : tuple of str
        Pairs in the fit: with a linker and resolved levels; where any linker is an alkane, those of alkanes.
    left_out : tuple of str
        Pairs with such a linker whose levels are not resolved.
    beta_per_ang, interval_per_ang : float, (float, float)
        |t| is proportional to exp(-beta d), with the interval of beta (1/Ang); nan for fewer than two, or three,
        distances.
    log10_contact_ev : float
        log10 of |t| in eV at distance 0.
    r_squared : float
        Of the fit of ln |t|.
    sentence : str
        The same in words.
    """

    level: str
    pairs: tuple[str, ...]
    left_out: tuple[str, ...]
    beta_per_ang: Real
    interval_per_ang: tuple[Real, Real]
    log10_contact_ev: Real
    r_squared: Real
    sentence: str


class CouplingRecord(Result):
    """Couplings of all pairs of a study: ``coupling.json``."""

    pairs: tuple[PairCoupling, ...]
    decays: tuple[CouplingDecay, ...]
    confidence: float
    engine: EngineInfo
    provenance: Provenance


def is_resolved(coupling: Coupling) -> bool:
    """Return whether a coupling is that of one level of each dot; see `unresolved`."""
    return not unresolved(coupling)


def unresolved(coupling: Coupling) -> str:
    """Return why a coupling is not that of one level of each dot, an empty text if it is.

    It is not if states of the pair are no combinations of two such levels, or if |t| is not the sum of the direct part
    and that through the linker: then the two dots couple through further levels, too.
    """
    if coupling.localisation < RESOLVED:
        return f"levels lie on both dots (localisation {coupling.localisation:.2f}, needed {RESOLVED:g})"
    total = coupling.direct_ev + coupling.bonds_ev
    if abs(total - coupling.coupling_ev) > AGREEMENT * coupling.coupling_ev:
        return f"further levels take part (the two parts add up to {1000 * total:.3g} meV)"
    return ""


def decays_of(pairs: Sequence[PairCoupling], confidence: float) -> tuple[CouplingDecay, ...]:
    """Return the decay of |t| of HOMO and of LUMO with the length of the linker.

    A linker with pi electrons decays otherwise than an alkane: where there are alkanes, the fit is over them alone, and
    the sentence says by what factor each of the others lies above or below it.

    Parameters
    ----------
    pairs : sequence of PairCoupling
        The pairs, in any order; those without a linker are left out.
    confidence : float
        Two-sided level of the intervals.

    See Also
    --------
    fit_decay : the fit
    """
    return tuple(
        _decay(level, [one for one in pairs if math.isfinite(one.end_distance_ang)], confidence)
        for level in LEVELS
    )


def _decay(level: str, pairs: Sequence[PairCoupling], confidence: float) -> CouplingDecay:
    alike = [one for one in pairs if one.is_saturated] or list(pairs)
    resolved = [one for one in pairs if is_resolved(one.levels[level]) and one.levels[level].coupling_ev > 0]
    used = [one for one in alike if one in resolved]
    left_out = tuple(one.pair for one in alike if one not in resolved)
    names = tuple(one.pair for one in used)
    rest = f"; levels not resolved in {', '.join(left_out)}" if left_out else ""
    distances = [one.end_distance_ang for one in used]
    if len(used) < 2 or max(distances) - min(distances) < 0.1:
        return CouplingDecay(
            level=level, pairs=names, left_out=left_out, beta_per_ang=math.nan,
            interval_per_ang=(math.nan, math.nan), log10_contact_ev=math.nan, r_squared=math.nan,
            sentence=f"|t| of the {level}: no decay, since fewer than two lengths of linker have resolved levels{rest}",
        )  # fmt: skip
    fit = fit_decay(
        distances, [one.levels[level].coupling_ev for one in used], contacts=names, confidence=confidence
    )
    low, high = (float(end) for end in fit.interval_per_ang)
    beside = [
        f"{one.pair} {one.levels[level].coupling_ev / _fitted_ev(fit, one.end_distance_ang):.2g}"
        if one in resolved
        else f"{one.pair} is not resolved"
        for one in pairs
        if one not in alike
    ]
    if beside:
        rest += f"; linkers that are no alkanes, as multiples of this fit: {', '.join(beside)}"
    return CouplingDecay(
        level=level, pairs=names, left_out=left_out, beta_per_ang=float(fit.beta_per_ang),
        interval_per_ang=(low, high), log10_contact_ev=float(fit.log10_contact_g), r_squared=float(fit.r_squared),
        sentence=f"|t| of the {level}: {fit}{rest}",
    )  # fmt: skip


def _fitted_ev(fit: DecayFit, distance_ang: float) -> float:
    """Return |t| of the fit at a distance (eV)."""
    return float(10**fit.log10_contact_g * math.exp(-fit.beta_per_ang * distance_ang))
