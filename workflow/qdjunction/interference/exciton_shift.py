"""Which mechanism can shift the exciton of stacked dots as measured.

Three mechanisms are compared by sign, size and fall of the shift from a short to a long linker:

- Polarisation of the neighbours (`two_spheres`).
- Resonance of transition dipoles mu. Their near fields couple excitons of equal dots by ::

      J = kappa mu^2 / (4 pi epsilon_0 epsilon_m R^3),    kappa = 1 - 3 cos^2(theta),

  with theta the angle between dipoles and line of the centres (M. Kasha, H. R. Rawls and M. A. El-Bayoumi, Pure Appl.
  Chem. 11, 371 (1965)): -2 for dipoles along the stack, to the red, and +1 for dipoles across it, to the blue. Light
  that travels along a stack excites dipoles across it. mu outside the dot, reduced by the field inside, follows from
  the radiative lifetime tau in the same medium, 1/tau = n omega^3 mu^2 / (3 pi epsilon_0 hbar c^3), so that ::

      J = 3/4 kappa (hbar / tau) / (k R)^3,    k = n omega / c,    n^2 = epsilon_m

  (R. H. Lehmberg, Phys. Rev. A 2, 889 (1970), for k R << 1).
- Tunnelling. To first order in the couplings of electron and hole the shift is proportional to them and falls as
  exp(-beta d). The size is left open: it needs the coupling of whole faces of dots of the measured size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product

import numpy as np

from qdjunction.core.provenance import Provenance
from qdjunction.core.results import Real, Result
from qdjunction.core.units import BOHR_ANG, HARTREE_EV
from qdjunction.interference.coupling_results import CouplingDecay
from qdjunction.interference.exciton_settings import ExcitonSettings
from qdjunction.interference.two_spheres import polarisation_shifts

HBAR_EV_NS = 6.582119569e-7
"""Reduced Planck constant in eV ns."""

HBAR_C_EV_ANG = 1973.2698045930252
"""Reduced Planck constant times the speed of light in eV Ang."""

Range = tuple[Real, Real]
"""Lowest and highest value."""

POLARISATION, CHARGED = "polarisation", "polarisation of charges"
ALONG, ACROSS = "resonance along the stack", "resonance across the stack"
ALKANES = "tunnelling through alkanes"


class Mechanism(Result):
    """What one mechanism makes of the measured shifts.

    Attributes
    ----------
    name : str
        Name of the mechanism.
    shift_mev : (float, float)
        Its shift with the short linker (meV), lowest and highest over the intervals of the settings; nan where open.
    fall_of_periods, fall_of_lengths : (float, float)
        By what factor the shift falls from the short to the long linker, if the dots move apart as the periods of the
        stacks do, or as far as the linkers differ in length.
    explains : bool or None
        Whether it can explain the measured shifts; None where that is open.
    reason : str
        Why, in words.
    """

    name: str
    shift_mev: Range
    fall_of_periods: Range
    fall_of_lengths: Range
    explains: bool | None
    reason: str

    @property
    def fall(self) -> tuple[float, float]:
        """Lowest and highest fall, whichever distance holds."""
        ends = (*self.fall_of_periods, *self.fall_of_lengths)
        return min(ends), max(ends)


class ExcitonRecord(Result):
    """Mechanisms of a measured exciton shift: ``exciton.json``.

    Attributes
    ----------
    fall : float
        The measured fall.
    barrier_ev : (float, float)
        Height of the barrier of exp(-2 d sqrt(2 m V) / hbar) that this fall implies for the mass of the free electron
        (eV), from the periods and from the lengths of the linkers.
    mechanisms : tuple of Mechanism
        The mechanisms.
    settings : ExcitonSettings
        What it was computed from.
    sentence : str
        The verdict in words.
    """

    fall: float
    barrier_ev: tuple[float, float]
    mechanisms: tuple[Mechanism, ...]
    settings: ExcitonSettings
    sentence: str
    provenance: Provenance

    def mechanism(self, name: str) -> Mechanism | None:
        """Return a mechanism by its name, None without it."""
        return next((one for one in self.mechanisms if one.name == name), None)


def resonant_coupling_ev(
    distance_ang: float, energy_ev: float, lifetime_ns: float, medium: float, orientation: float
) -> float:
    """Return J of two equal transition dipoles (eV).

    Parameters
    ----------
    distance_ang : float
        Distance R of the dots (Ang).
    energy_ev : float
        Energy of the transition (eV).
    lifetime_ns : float
        Its radiative lifetime in the medium (ns).
    medium : float
        Relative permittivity of the medium.
    orientation : float
        kappa: -2 for dipoles along their line, 1 for parallel dipoles across it.
    """
    phase = math.sqrt(medium) * energy_ev / HBAR_C_EV_ANG * distance_ang
    return 0.75 * orientation * HBAR_EV_NS / lifetime_ns / phase**3


def implied_barrier_ev(fall: float, longer_by_ang: float) -> float:
    """Return the barrier V at which exp(-2 d sqrt(2 m V) / hbar) falls by a factor over a distance (eV).

    m is the mass of the free electron; for another one V is inversely proportional to it.
    """
    decay = math.log(fall) / (2 * longer_by_ang)
    return decay**2 * HARTREE_EV * BOHR_ANG**2 / 2


def implied_barriers_ev(settings: ExcitonSettings) -> tuple[float, float]:
    """Return the barriers that the measured fall implies, from the periods and from the lengths of the linkers (eV)."""
    middle = sum(settings.periods_differ_by_ang) / 2
    return (
        implied_barrier_ev(settings.fall, middle),
        implied_barrier_ev(settings.fall, settings.lengths_differ_by_ang),
    )


def shift_of(name: str, settings: ExcitonSettings, distance_ang: float) -> Range:
    """Return the shift of a mechanism of known size at a distance of the centres (meV), lowest and highest.

    Raises
    ------
    InputError
        If the dots overlap.
    """
    values = [shift(distance_ang) for shift in _shifts(name, settings)]
    return min(values), max(values)


def _shifts(name: str, settings: ExcitonSettings) -> list[Callable[[float], float]]:
    """Return the shift versus distance (meV) at each corner of the intervals of the settings."""
    radius, number = 5 * settings.diameter_nm, 1000 * settings.neighbours

    def polarisation(inside: float, medium: float, distance_ang: float) -> float:
        optical, charged = polarisation_shifts(radius, distance_ang, inside, medium)
        return number * (optical if name == POLARISATION else charged)

    def resonance(lifetime: float, medium: float, distance_ang: float) -> float:
        kappa = {ALONG: -2.0, ACROSS: 1.0}[name]
        return number * resonant_coupling_ev(distance_ang, settings.energy_ev, lifetime, medium, kappa)

    if name in (POLARISATION, CHARGED):
        return [partial(polarisation, *ends) for ends in product(settings.permittivity, settings.medium)]
    return [partial(resonance, *ends) for ends in product(settings.lifetime_ns, settings.medium)]


MECHANISMS = (POLARISATION, ALONG, ACROSS)
"""Mechanisms of an optical shift whose size is computed."""

CURVES = (POLARISATION, CHARGED, ALONG, ACROSS)
"""What is shown versus distance: also the shift for charges, which no optical shift by polarisation exceeds."""


def mechanisms_of(settings: ExcitonSettings, decays: Sequence[CouplingDecay] = ()) -> tuple[Mechanism, ...]:
    """Return the mechanisms with their verdicts.

    Parameters
    ----------
    settings : ExcitonSettings
        The measured shifts, and what is known of the dots.
    decays : sequence of CouplingDecay
        Decays of the coupling that the study computed, each a further mechanism.
    """
    near = 10 * settings.near.centre_distance_nm
    periods, length = settings.periods_differ_by_ang, settings.lengths_differ_by_ang
    found = []
    for name in MECHANISMS:
        shifts = _shifts(name, settings)
        falls = [
            [shift(near) / shift(near + longer) for shift in shifts for longer in of_distance]
            for of_distance in (periods, (length,))
        ]
        found.append(
            _judged(settings, name, shift_of(name, settings, near), *((min(one), max(one)) for one in falls))
        )
    betas = {ALKANES: settings.beta_per_ang}
    betas |= {
        f"tunnelling, {decay.level} of this study": decay.interval_per_ang
        for decay in decays
        if np.all(np.isfinite(decay.interval_per_ang))
    }
    for name, beta in betas.items():
        falls = [
            [math.exp(end * longer) for end in beta for longer in of_distance]
            for of_distance in (periods, (length,))
        ]
        unknown = (math.nan, math.nan)
        found.append(_judged(settings, name, unknown, *((min(one), max(one)) for one in falls)))
    return tuple(found)


def _judged(settings: ExcitonSettings, name: str, shift: Range, periods: Range, lengths: Range) -> Mechanism:
    """Return a mechanism with its verdict: the sign, the size and the fall must all be those that were measured."""
    measured, fall = settings.near.shift_mev, settings.fall
    low, high = min(*periods, *lengths), max(*periods, *lengths)
    against, size_is_known = [], math.isfinite(shift[0])
    smallest, largest = sorted(shift, key=abs)
    if size_is_known and largest * measured < 0:
        against.append(f"shifts to the {'red' if largest < 0 else 'blue'}")
    elif size_is_known and abs(largest) < abs(measured):
        against.append(f"is too small by a factor of {_digits(abs(measured / largest))} or more")
    elif size_is_known and abs(smallest) > abs(measured):
        against.append(f"is too large by a factor of {_digits(abs(smallest / measured))} or more")
    if not low <= fall <= high:
        against.append(f"falls by {_digits(low)} to {_digits(high)} instead of {_digits(fall)}")
    if against:
        explains, reason = False, " and ".join(against)
    elif size_is_known:
        explains, reason = True, f"has sign and size, and falls by {_digits(low)} to {_digits(high)}"
    else:
        explains, reason = None, f"falls by {_digits(low)} to {_digits(high)}; its size is open"
    return Mechanism(
        name=name, shift_mev=shift, fall_of_periods=periods, fall_of_lengths=lengths, explains=explains, reason=reason
    )  # fmt: skip


def _digits(factor: float) -> str:
    """Return a factor with two digits and no exponent."""
    return f"{float(f'{factor:.2g}'):g}"


def verdict(settings: ExcitonSettings, mechanisms: Sequence[Mechanism]) -> str:
    """Return in words which mechanisms can explain the measured shifts."""
    near, far = settings.near, settings.far
    words = {True: "can explain them", None: "may explain them", False: "cannot explain them"}
    parts = [
        f"{'; '.join(f'{one.name} ({one.reason})' for one in named)} {words[explains]}"
        for explains in words
        if (named := [one for one in mechanisms if one.explains is explains])
    ]
    return (
        f"Shifts of {near.shift_mev:g} meV with {near.linker} and {far.shift_mev:g} meV with {far.linker}, a fall by "
        f"{settings.fall:.2g}: {'. '.join(part[0].upper() + part[1:] for part in parts)}"
    )
