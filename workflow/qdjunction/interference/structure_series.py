"""Series over structures: the decay of the conductance with the length of the molecule."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.interference.decay import DecayFit, Values, fit_decay
from qdjunction.interference.decay_spectrum import decay_spectrum, fit_columns
from qdjunction.interference.results import (
    Curve,
    EnergyAverage,
    LengthFit,
    StructureResult,
    StructureSeries,
    Verdict,
)
from qdjunction.interference.series import (
    SeriesMember,
    along,
    conductance_table,
    fermi_energies,
    recorded_verdict,
)
from qdjunction.interference.settings import (
    REFERENCE_WORDS,
    InterferenceSettings,
    StructureSeriesSettings,
    headline_text,
    reference_level,
)
from qdjunction.interference.window import EnergyWindow
from qdjunction.transport import conductance


@dataclass(frozen=True)
class Structure:
    """One structure of a series.

    Attributes
    ----------
    dot : str
        Name of the structure.
    junction : SeriesMember
        Its junction, with T(E).
    units : int or None
        Number of repeat units.
    """

    dot: str
    junction: SeriesMember
    units: int | None = None

    @property
    def name(self) -> str:
        """Name of structure and contact pair."""
        return f"{self.dot}/{self.junction.name}"

    def length(self, measure: str) -> float:
        """Return the distance of the contact atoms (Ang), or the number of repeat units."""
        if measure == "distance":
            return self.junction.contact_distance_ang
        if self.units is None:
            raise InputError(f"{self.name}: the number of repeat units is not given")
        return float(self.units)


@dataclass(frozen=True)
class StructureSeriesAnalysis:
    """Results of a series over structures.

    Attributes
    ----------
    conductance_table : pandas.DataFrame
        One row per structure and Fermi energy.
    table : pandas.DataFrame
        One row per energy, relative to the reference: the fits, and the jump if the study wants it.
    summary : StructureSeries
        Numbers at the headline energy, and a sentence.
    """

    conductance_table: pd.DataFrame
    table: pd.DataFrame
    summary: StructureSeries


def analyse_structures(
    structures: Sequence[Structure],
    temperature_k: float,
    settings: StructureSeriesSettings,
    interference: InterferenceSettings,
    missing: dict[str, str] | None = None,
) -> StructureSeriesAnalysis:
    """Fit the decay of the thermal conductance with the length of the structures, at every energy.

    Parameters
    ----------
    structures : sequence of Structure
        Those with a result, on one grid of energies.
    temperature_k : float
        Temperature of the conductance (K).
    settings : StructureSeriesSettings
        What the length is, and which energies are compared.
    interference : InterferenceSettings
        Confidence of intervals and band, threshold of a jump.
    missing : mapping of str to str, optional
        Structures without a result, with the reasons. A series that lacks one is not fitted.

    Returns
    -------
    StructureSeriesAnalysis

    Raises
    ------
    InputError
        If T(E) does not cover the thermal window at the headline energy or the energies of the average, or all lengths
        are equal.

    Notes
    -----
    With the reference ``fermi`` the structures are compared at the same energy relative to E_F, as an experiment does
    that holds them between the same electrodes. With another reference each is taken at the same distance from its own
    level, which removes the shift of the level along the series: beta then describes the bridge, not the junction.

    The gaps of the structures decide nothing here and need not overlap.

    The average over energies is that of log10 T, not of T, which the strongest resonance would decide: ln T adds up
    along a path, so that its mean is typical (P. W. Anderson, D. J. Thouless, E. Abrahams and D. S. Fisher, Phys. Rev.
    B 22, 3519 (1980)).

    See Also
    --------
    fit_decay : the fit, its intervals and their source
    analyse_series : the series of contacts of one dot
    """
    ordered = sorted(structures, key=lambda one: one.length(settings.length))
    names = [one.name for one in ordered]
    levels = [reference_level(settings.reference, *one.junction.gap_ev) for one in ordered]
    energies = _energies([one.junction for one in ordered], levels, temperature_k, settings.offset_ev)
    if not energies[0] <= settings.offset_ev <= energies[-1]:
        raise InputError(
            f"transport: the energy {settings.offset_ev:g} eV of the series {settings.name} (reference, offset_ev) "
            f"does not lie within {energies[0]:.2f} to {energies[-1]:.2f} eV, where T(E) of all structures covers the "
            "thermal window; widen energy_min_ev and energy_max_ev"
        )
    gaps = [np.array(one.junction.gap_ev) - level for one, level in zip(ordered, levels, strict=True)]
    low, high = max(float(homo) for homo, _ in gaps), min(float(lumo) for _, lumo in gaps)
    conductances = np.array(
        [
            conductance(one.junction.transmission, temperature_k, energies + level)
            for one, level in zip(ordered, levels, strict=True)
        ]
    )
    at = int(np.abs(energies - settings.offset_ev).argmin())
    inside = (energies >= low) & (energies <= high) & (low < high)
    table = pd.DataFrame({"energy_eV": energies, "in_window": inside})
    rows = conductance_table([one.junction for one in ordered], temperature_k)
    rows.insert(0, "dot", np.repeat([one.dot for one in ordered], len(rows) // len(ordered)))
    fits: dict[str, LengthFit] = {}
    average: EnergyAverage | None = None
    verdict: Verdict | None = None
    if missing:
        sentence = f"{', '.join(missing)} failed, so the decay of this series is not judged."
    else:
        table, fits, verdict = _judged(ordered, energies, conductances, at, table, settings, interference)
        fitted = names[:-1] if settings.jump else names
        sentence = _sentence(fitted, fits, settings, interference.confidence)
        if settings.average_ev:
            average = _average(ordered, levels, settings.average_ev, settings, interference)
            sentence += f" {_average_sentence(average, settings, interference.confidence)}"
        if verdict:
            sentence += f" {verdict.sentence}"
    summary = StructureSeries(
        name=settings.name,
        kind="incomplete" if missing else "decay",
        length=settings.length,
        reference=settings.reference,
        offset_ev=settings.offset_ev,
        headline=headline_text(settings.reference, settings.offset_ev),
        gap_ev=(low, high) if low < high else None,
        temperature_k=temperature_k,
        confidence=interference.confidence,
        members=tuple(
            _result(one, settings.offset_ev + level, float(values[at]))
            for one, level, values in zip(ordered, levels, conductances, strict=True)
        ),
        missing=dict(missing or {}),
        fits=fits,
        average=average,
        verdict=verdict,
        sentence=sentence,
    )
    return StructureSeriesAnalysis(rows, table, summary)


def _judged(
    ordered: Sequence[Structure],
    energies: NDArray[np.float64],
    conductances: NDArray[np.float64],
    at: int,
    table: pd.DataFrame,
    settings: StructureSeriesSettings,
    interference: InterferenceSettings,
) -> tuple[pd.DataFrame, dict[str, LengthFit], Verdict | None]:
    """Return the table with the fits at every energy, and fits and verdict at the energy with the index `at`."""
    fits: dict[str, LengthFit] = {}
    fitted = conductances[: len(ordered) - settings.jump]
    for measure, per, lengths, fit in _decays(ordered, settings, interference):
        fits[measure] = _length_fit(fit(fitted[:, at]), per, lengths)
        table = table.assign(**_columns(fit(fitted), measure))
    if not settings.jump:
        return table, fits, None
    jump = decay_spectrum(
        energies,
        [one.length(settings.length) for one in ordered],
        conductances,
        contacts=[one.name for one in ordered],
        threshold_decades=interference.jump_decades,
        confidence=interference.confidence,
    )
    judged = jump.table()
    table = table.join(judged[judged.columns.difference(table.columns, sort=False)])
    return table, fits, recorded_verdict(jump.at(float(energies[at])))


def _decays(
    ordered: Sequence[Structure], settings: StructureSeriesSettings, interference: InterferenceSettings
) -> Iterator[tuple[str, str, list[float], Callable[[NDArray[np.float64]], DecayFit]]]:
    """Yield each measure of the length, its unit, all lengths, and the fit to values of the fitted structures."""
    fitted = ordered[: len(ordered) - settings.jump]
    measures = {"distance": "Ang"} | ({"units": settings.unit} if settings.has_units else {})
    for measure, per in measures.items():
        fit = partial(
            fit_decay,
            [one.length(measure) for one in fitted],
            contacts=[one.name for one in fitted],
            confidence=interference.confidence,
        )
        yield measure, per, [one.length(measure) for one in ordered], fit


def _average(
    ordered: Sequence[Structure],
    levels: Sequence[float],
    window_ev: tuple[float, float],
    settings: StructureSeriesSettings,
    interference: InterferenceSettings,
) -> EnergyAverage:
    """Average log10 T of each structure between two energies relative to its reference, and fit the decay."""
    low, high = window_ev
    averages = []
    for one, level in zip(ordered, levels, strict=True):
        spectrum = one.junction.transmission
        energies = spectrum.energies_ev - level
        if low < energies[0] - 1e-9 or high > energies[-1] + 1e-9:
            raise InputError(
                f"transport: average_ev = [{low:g}, {high:g}] of the series {settings.name} is not within the energies "
                f"of T(E) of {one.name}, {energies[0]:.2f} to {energies[-1]:.2f} eV from its reference; widen "
                "energy_min_ev and energy_max_ev, or narrow average_ev"
            )
        with np.errstate(divide="ignore"):  # A T of zero is refused by the fit.
            log10_t = np.log10(spectrum.transmission)
        averages.append(EnergyWindow.of(energies, window_ev).mean(log10_t))
    fitted = 10 ** np.array(averages[: len(ordered) - settings.jump])
    fits = {
        measure: _length_fit(fit(fitted), per, lengths)
        for measure, per, lengths, fit in _decays(ordered, settings, interference)
    }
    return EnergyAverage(low_ev=low, high_ev=high, log10_transmission=tuple(averages), fits=fits)


def _energies(
    junctions: Sequence[SeriesMember], levels: Sequence[float], temperature_k: float, headline_ev: float
) -> NDArray[np.float64]:
    """Return the energies, relative to the reference, at which every structure has a thermal conductance.

    The grid is that of T(E), shifted by less than a step so that the headline energy is one of its energies.
    """
    windows = [
        fermi_energies(one.transmission.energies_ev, temperature_k) - level
        for one, level in zip(junctions, levels, strict=True)
    ]
    low, high = max(one[0] for one in windows), min(one[-1] for one in windows)
    shift = headline_ev - windows[0][np.abs(windows[0] - headline_ev).argmin()]
    # Rounding of a grid that holds the headline energy already would cost an energy at its end.
    first = windows[0] + (shift if abs(shift) > 1e-9 else 0.0)
    kept: NDArray[np.float64] = first[(first >= low) & (first <= high)]
    if len(kept) == 0:
        raise InputError(
            "transport: the energies of T(E) that lie alike about the reference levels of all structures do not "
            "overlap; widen energy_min_ev and energy_max_ev"
        )
    return kept


def _result(one: Structure, energy_ev: float, conductance_g0: float) -> StructureResult:
    junction = one.junction
    grid = junction.transmission.energies_ev
    return StructureResult(
        dot=one.dot,
        junction=junction.name,
        distance_ang=junction.contact_distance_ang,
        units=one.units,
        homo_ev=junction.gap_ev[0],
        lumo_ev=junction.gap_ev[1],
        energy_ev=energy_ev,
        conductance_G0=conductance_g0,
        transmission_at_fermi=float(
            np.interp(0.0, grid, junction.transmission.transmission, left=np.nan, right=np.nan)
        ),
    )


def _length_fit(fit: DecayFit, per: str, lengths: Sequence[float]) -> LengthFit:
    length, curve = along(fit, lengths)
    return LengthFit.model_validate(
        {
            "per": per,
            "fitted": fit.n,
            "beta": fit.beta_per_ang,
            "beta_interval": fit.interval_per_ang,
            "log10_contact_conductance_G0": fit.log10_contact_g,
            "log10_contact_interval": fit.log10_contact_interval,
            "r_squared": fit.r_squared,
            "curve": Curve(
                length=length,
                log10_conductance_G0=tuple(float(one.log10_g) for one in curve),
                log10_low_G0=tuple(float(one.low) for one in curve),
                log10_high_G0=tuple(float(one.high) for one in curve),
            ),
        }
    )


def _columns(fit: DecayFit, measure: str) -> dict[str, Values]:
    """Return the columns of the fits at all energies; those for repeat units say so."""
    columns = fit_columns(fit)
    if measure == "distance":
        return columns
    names = {name: name.replace("_per_ang", "_per_unit") for name in columns}
    names |= {
        "log10_contact_conductance_G0": "log10_contact_conductance_units_G0",
        "r_squared": "r_squared_units",
    }
    return {names[name]: values for name, values in columns.items()}


def _sentence(
    fitted: Sequence[str],
    fits: dict[str, LengthFit],
    settings: StructureSeriesSettings,
    confidence: float,
) -> str:
    """Return the outcome in words."""
    chosen = fits[settings.length]
    verb = "decays" if chosen.beta > 0 else "does not decay"
    where = headline_text(settings.reference, settings.offset_ev) + _of_each(settings)
    return (
        f"At {where} the conductance {verb} from {fitted[0]} to {fitted[-1]} with beta = "
        f"{_betas(fits, settings, confidence)}; "
        f"the contact conductance is 10^{chosen.log10_contact_conductance_G0:.2f} G0."
    )


def _average_sentence(average: EnergyAverage, settings: StructureSeriesSettings, confidence: float) -> str:
    where = REFERENCE_WORDS[settings.reference] + _of_each(settings)
    return (
        f"log10 T averaged over {average.low_ev:g} to {average.high_ev:g} eV from {where} has "
        f"beta = {_betas(average.fits, settings, confidence)}."
    )


def _of_each(settings: StructureSeriesSettings) -> str:
    """Return what a reference is the level of: of each structure, but for the Fermi energy, which they share."""
    return "" if settings.reference == "fermi" else " of each structure"


def _betas(fits: dict[str, LengthFit], settings: StructureSeriesSettings, confidence: float) -> str:
    """Return the decay constants with their intervals in words, that of the chosen length first."""
    chosen = fits[settings.length]
    ordered = [chosen, *(fit for fit in fits.values() if fit is not chosen)]
    return " and ".join(f"{fit.beta:.2f} per {fit.per}{_interval(fit, confidence)}" for fit in ordered)


def _interval(fit: LengthFit, confidence: float) -> str:
    low, high = fit.beta_interval
    return f" ({confidence:.0%} interval {low:.2f} to {high:.2f})" if np.isfinite(low) else ""
