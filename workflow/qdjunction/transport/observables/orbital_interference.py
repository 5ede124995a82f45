"""Interference among the orbitals of the dot.

The orbitals are those of the dot's block, ``H_D psi_n = e_n S_D psi_n``, without hybridisation with the metal. The
metal on either side, tips and leads, is folded into ``Sigma_L`` and ``Sigma_R`` on the dot. Eigenstates of the full
device would mix dot and metal.

With ``S_D sum_n psi_n psi_n^dagger = 1`` the Green's function of the dot is, exactly, a sum over its
orbitals, ``G = sum_n P_n`` with ``P_n = (G S psi_n psi_n^dagger + psi_n psi_n^dagger S G) / 2``: half of what
leaves through orbital n and half of what enters through it. For weak coupling ``P_n`` becomes the familiar
``psi_n psi_n^dagger / (E - e_n)``. The amplitudes ``t_n = F_L^dagger P_n F_R`` (``Gamma = F F^dagger``) sum
to the amplitude of the junction, so

    T = sum_nm Re Tr[t_n t_m^dagger] = sum_n ||t_n||^2 + interference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from qdjunction.core.errors import InputError, TransportError
from qdjunction.core.limits import Energy
from qdjunction.transport.device import Device, level_sets, solve_eigenproblem
from qdjunction.transport.leads.base import Lead, broadening, root_of
from qdjunction.transport.observables.contract import (
    JunctionContext,
    Observable,
    ObservableSettings,
    dataset,
    draw_against_energy,
    energy_axis,
    quantity,
)

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

UNCOUPLED = 1e-9
"""Largest element of S, and of H (eV), between the two metal sides whose tunnelling past the dot is not computed."""

PAST = 0.01
"""Largest amplitude past the dot that is neglected, relative to the amplitude through it."""

LEVEL_GUARD_EV = 1e-7
"""An energy closer to a level than this is moved to this distance."""


@dataclass(frozen=True, eq=False)
class OrbitalInterference:
    """T(E) as a sum over pairs of the dot's orbitals.

    Attributes
    ----------
    energies_ev : (n_energies,) array
        Energies relative to the Fermi energy (eV).
    levels_ev : (n_orbitals,) array
        Levels of the dot's block (eV), ascending.
    left_weight, right_weight : (n_orbitals,) array
        ``psi_n^dagger Gamma psi_n`` at the middle energy (eV): the coupling of each orbital to either side.
    coherent : (n_energies,) array
        T(E), exact.
    incoherent : (n_energies,) array
        ``sum_n ||t_n||^2``: what T would be without interference. Degenerate levels are one term.
    pairs : (n_energies, n_kept, n_kept) array
        ``Re Tr[t_n t_m^dagger]`` among `kept`; negative off the diagonal where two orbitals cancel. Of a degenerate
        level the orbitals are those that do not mix in `left_weight`.
    kept : (n_kept,) array of int
        Orbitals of `pairs`, ascending.
    past : (n_energies,) array
        What T would be by the direct coupling of the two metals alone, to first order; it is not in `coherent`.
    """

    energies_ev: NDArray[np.float64]
    levels_ev: NDArray[np.float64]
    left_weight: NDArray[np.float64]
    right_weight: NDArray[np.float64]
    coherent: NDArray[np.float64]
    incoherent: NDArray[np.float64]
    pairs: NDArray[np.float64]
    kept: NDArray[np.int64]
    past: NDArray[np.float64]


def orbital_interference(
    device: Device,
    left: Lead,
    right: Lead,
    energies_ev: ArrayLike,
    left_metal: ArrayLike,
    right_metal: ArrayLike,
    *,
    selected: ArrayLike | None = None,
    count: int = 8,
    around_ev: float | None = None,
    past_limit: float = PAST,
) -> OrbitalInterference:
    """Resolve T(E) by the orbitals of the dot.

    Parameters
    ----------
    device, left, right, energies_ev
        As for `transmission`.
    left_metal, right_metal : array of int
        Device orbitals of the metal on either side, those of the leads among them; the rest is the dot. Empty if the
        leads replace all metal.
    selected : array of int, optional
        Orbitals of the dot, counted from the lowest level, whose pairs are returned; by default the `count` with
        levels closest to `around_ev`.
    count : int
        Number of orbitals whose pairs are returned by default.
    around_ev : float, optional
        Energy (eV) that these are closest to; by default the middle energy.
    past_limit : float
        Largest ratio, at any energy, of the amplitude by which the two metals couple directly, past the dot, to the
        amplitude through the dot. The sum over orbitals leaves the former out, so that T is wrong by twice this ratio
        at most, to first order.

    Returns
    -------
    OrbitalInterference

    Raises
    ------
    InputError
        If a lead is not inside its metal, or nothing is left for the dot.
    TransportError
        If the two metals couple directly by more than `past_limit`, so that T is not a sum over the dot's orbitals.

    See Also
    --------
    qdjunction.interference.orbital_rule.orbital_rule : HOMO, LUMO and the rest between two tips
    """
    energies = np.atleast_1d(np.asarray(energies_ev, dtype=float))
    metals = [np.unique(np.asarray(metal, dtype=np.int64)) for metal in (left_metal, right_metal)]
    for name, lead, metal in zip(("left", "right"), (left, right), metals, strict=True):
        if metal.size and not np.isin(lead.orbitals, metal).all():
            raise InputError(f"{name} metal: the lead's orbitals are not all part of it")
    dot = np.setdiff1d(np.arange(device.n_orbitals), np.concatenate(metals))
    if not dot.size:
        raise InputError("dot: no orbital is left for it between the two metals")
    levels, states = solve_eigenproblem(device.block("H", dot), device.block("S", dot))
    sides = [
        FoldedLead(device, lead, metal, dot) if metal.size else lead
        for lead, metal in zip((left, right), metals, strict=True)
    ]
    middle = 0.5 * (energies.min() + energies.max())
    degenerate = [one for one in level_sets(levels) if one.stop - one.start > 1]
    if degenerate:
        # Which orbitals of a degenerate level a solver returns is arbitrary; those that diagonalise Gamma are not.
        gamma = broadening(sides[0].self_energy(middle))
        states = states.astype(np.result_type(states, gamma))
        for level in degenerate:
            rows = states[sides[0].orbitals, level]
            states[:, level] = states[:, level] @ np.linalg.eigh(rows.conj().T @ gamma @ rows)[1]
    left_weight, right_weight = (_weights(states[side.orbitals], side.self_energy(middle)) for side in sides)
    if selected is None:
        center = middle if around_ev is None else around_ev
        kept = np.sort(np.argsort(np.abs(levels - center))[:count])
    else:
        kept = np.unique(np.asarray(selected, dtype=np.int64))
        if kept.size and not 0 <= kept[0] <= kept[-1] < len(levels):
            raise InputError(
                f"selected: orbitals {kept[0]} to {kept[-1]} of a dot with {len(levels)}; they are counted from 0"
            )
    coupled = np.unique(np.concatenate([side.orbitals for side in sides]))
    rows = states[coupled]
    places = [np.searchsorted(coupled, side.orbitals) for side in sides]
    coherent, incoherent = np.empty(len(energies)), np.empty(len(energies))
    pairs = np.empty((len(energies), len(kept), len(kept)))
    past = _past(device, (left, right), metals, energies)
    for index, energy in enumerate(energies):
        distance = energy - levels
        distance[np.abs(distance) < LEVEL_GUARD_EV] = LEVEL_GUARD_EV
        closed = (rows / distance) @ rows.conj().T
        sigma = np.zeros((len(coupled), len(coupled)), dtype=np.complex128)
        roots = []
        for side, place in zip(sides, places, strict=True):
            own = side.self_energy(energy)
            sigma[np.ix_(place, place)] += own
            roots.append(_root(own, place, len(coupled)))
        green = np.linalg.solve(np.eye(len(coupled)) - closed @ sigma, closed)
        F_left, F_right = roots
        # G S psi_n on the coupled orbitals is (1 + G Sigma) psi_n / (E - e_n), and likewise from the other
        # side.
        out = F_left.conj().T @ (rows + green @ (sigma @ rows)) / distance
        into = ((rows.conj().T + (rows.conj().T @ sigma) @ green) / distance[:, None]) @ F_right
        at_left, at_right = F_left.conj().T @ rows, rows.conj().T @ F_right
        coherent[index] = np.linalg.norm(F_left.conj().T @ green @ F_right) ** 2
        incoherent[index] = _overlaps(out, at_left, at_right, into).sum()
        for level in degenerate:
            together = _pairs(out[:, level], at_left[:, level], at_right[level], into[level])
            incoherent[index] += together.sum() - together.trace()
        pairs[index] = _pairs(
            *(part[:, kept] for part in (out, at_left)), *(part[kept] for part in (at_right, into))
        )
    ratio = np.sqrt(past / np.maximum(coherent, np.finfo(float).tiny))
    if ratio[worst := int(ratio.argmax())] > past_limit:
        raise TransportError(
            f"the two metals couple past the dot: at {energies[worst]:.2f} eV their direct amplitude is "
            f"{ratio[worst]:.2g} of that through the dot, more than past = {past_limit:g}, so that T is not a sum over "
            "the dot's orbitals there; leave such energies out, take smaller or more distant tips, or raise past"
        )
    return OrbitalInterference(
        energies, levels, left_weight, right_weight, coherent, incoherent, pairs, kept, past
    )


def _root(sigma: NDArray[np.complex128], place: NDArray[np.int64], size: int) -> NDArray[np.complex128]:
    """Return F with ``F F^dagger = Gamma`` of a lead on the orbitals `place` of `size`, (size, n_channels)."""
    factor = root_of(broadening(sigma))
    spread = np.zeros((size, factor.shape[1]), dtype=np.complex128)
    spread[place] = factor
    return spread


def _past(
    device: Device,
    leads: tuple[Lead, Lead],
    metals: list[NDArray[np.int64]],
    energies_ev: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return T by the direct coupling of the two metals, ``||F_L^dagger g_L W g_R F_R||^2``, to first order, (n,).

    ``W = H_LR - E S_LR``, and ``g`` is the Green's function of the metal of one side with its lead, without the dot.
    """
    found = np.zeros(len(energies_ev))
    H, S = (device.block(name, *metals) for name in ("H", "S"))
    if max(np.abs(H).max(initial=0.0), np.abs(S).max(initial=0.0)) <= UNCOUPLED:
        return found
    blocks = [(device.block("H", metal), device.block("S", metal)) for metal in metals]
    inside = [np.searchsorted(metal, lead.orbitals) for metal, lead in zip(metals, leads, strict=True)]
    for index, energy in enumerate(energies_ev):
        sides = []
        for lead, (H_metal, S_metal), place in zip(leads, blocks, inside, strict=True):
            sigma = lead.self_energy(float(energy))
            system = (energy * S_metal - H_metal).astype(np.complex128)
            system[np.ix_(place, place)] -= sigma
            sides.append((system, _root(sigma, place, len(system))))
        (left_system, left_root), (right_system, right_root) = sides
        out = np.linalg.solve(left_system.conj().T, left_root).conj().T
        found[index] = np.linalg.norm(out @ (H - energy * S) @ np.linalg.solve(right_system, right_root)) ** 2
    return found


def _weights(rows: NDArray[Any], sigma: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Return ``psi_n^dagger Gamma psi_n`` of each column (eV)."""
    return np.asarray(np.einsum("in,ij,jn->n", rows.conj(), broadening(sigma), rows).real)


def _overlaps(
    out: NDArray[Any], at_left: NDArray[Any], at_right: NDArray[Any], into: NDArray[Any]
) -> NDArray[np.float64]:
    """Return ``||t_n||^2`` for ``t_n = (out_n at_right_n + at_left_n into_n) / 2``, each column times row."""
    norms = [(np.abs(column) ** 2).sum(axis=0) for column in (out, at_left)]
    lengths = [(np.abs(row) ** 2).sum(axis=1) for row in (at_right, into)]
    mixed = (at_left.conj() * out).sum(axis=0) * (at_right * into.conj()).sum(axis=1)
    shares: NDArray[np.float64] = 0.25 * (norms[0] * lengths[0] + norms[1] * lengths[1] + 2 * mixed.real)
    return shares


def _pairs(
    out: NDArray[Any], at_left: NDArray[Any], at_right: NDArray[Any], into: NDArray[Any]
) -> NDArray[np.float64]:
    """Return ``Re Tr[t_n t_m^dagger]``."""
    columns, rows = (out, at_left), (at_right, into)
    total = np.zeros((out.shape[1], out.shape[1]), dtype=np.complex128)
    for column, row in zip(columns, rows, strict=True):
        for other_column, other_row in zip(columns, rows, strict=True):
            total = total + (other_column.conj().T @ column).T * (row @ other_row.conj().T)
    return 0.25 * total.real


class FoldedLead:
    """Metal and lead of one side as a self-energy on the dot's orbitals that they couple to.

    Attributes
    ----------
    orbitals : (m,) array of int
        Dot orbitals, counted within the dot.
    """

    def __init__(self, device: Device, lead: Lead, metal: NDArray[np.int64], dot: NDArray[np.int64]) -> None:
        self._lead = lead
        self._inside = np.searchsorted(metal, lead.orbitals)
        H, S = device.block("H", dot, metal), device.block("S", dot, metal)
        self.orbitals = np.flatnonzero(np.any(H != 0, axis=1) | np.any(S != 0, axis=1))
        if not self.orbitals.size:
            raise TransportError("the dot is not coupled to the metal at all")
        self._H, self._S = H[self.orbitals], S[self.orbitals]
        self._H_metal, self._S_metal = device.block("H", metal), device.block("S", metal)
        self.description = f"{lead.description}, folded onto {len(self.orbitals)} orbitals"

    def self_energy(self, energy_ev: float) -> NDArray[np.complex128]:
        """Return the self-energy (eV) at one energy."""
        system = (energy_ev * self._S_metal - self._H_metal).astype(np.complex128)
        system[np.ix_(self._inside, self._inside)] -= self._lead.self_energy(energy_ev)
        coupling = energy_ev * self._S - self._H
        return np.asarray(coupling @ np.linalg.solve(system, coupling.conj().T.astype(np.complex128)))


class OrbitalInterferenceSettings(ObservableSettings):
    """Interference among the orbitals of the dot: T(E) with and without it, and the contribution of each pair."""

    at_one_k: ClassVar[bool] = True

    kind: Literal["orbital-interference"] = "orbital-interference"
    """Interference among the orbitals of the dot, at the energies of T(E)."""
    orbitals: int = Field(default=8, ge=1, le=200)
    """Number of orbitals of the dot whose pairs are written."""
    around_ev: Energy = 0.0
    """Energy relative to the Fermi energy (eV) to which the levels of these orbitals are closest."""
    past: float = Field(default=PAST, gt=0, le=1)
    """Largest amplitude by which the two tips couple directly, past the dot, relative to the amplitude through the dot,
    at any energy. It is not part of the sum over orbitals, so that T is wrong by twice this ratio; beyond it the
    observable is refused."""


def compute(context: JunctionContext, settings: OrbitalInterferenceSettings) -> xarray.Dataset:
    """Return the coherent and the incoherent sum over the dot's orbitals, and the pairs of some of them."""
    context.check_no_spinors(
        "orbital interference",
        "its levels come in pairs of equal energy, between which the sum without interference depends on the choice of "
        "the two states",
    )
    device, left, right = context.single("orbital interference")
    found = orbital_interference(
        device, left, right, context.energies_ev, *context.metal_orbitals(device),
        count=settings.orbitals, around_ev=settings.around_ev, past_limit=settings.past,
    )  # fmt: skip
    kept = found.kept
    variables = {
        "coherent": quantity("energy", found.coherent, "1", "transmission"),
        "incoherent": quantity("energy", found.incoherent, "1", "transmission without interference"),
        "past": quantity("energy", found.past, "1", "transmission past the dot, to first order"),
        "pairs": quantity(
            ("energy", "orbital", "partner"),
            found.pairs,
            "1",
            "contribution of a pair of orbitals to the transmission",
        ),
        "level": quantity("orbital", found.levels_ev[kept], "eV", "level of the orbital"),
        "left_coupling": quantity(
            "orbital", found.left_weight[kept], "eV", "coupling of the orbital to the left side"
        ),
        "right_coupling": quantity(
            "orbital", found.right_weight[kept], "eV", "coupling of the orbital to the right side"
        ),
    }
    numbers = "number of the orbital of the dot, from the lowest level"
    coordinates = {
        "energy": energy_axis(found.energies_ev),
        "orbital": quantity("orbital", kept, "1", numbers),
        "partner": quantity("partner", kept, "1", numbers),
    }
    return dataset(variables, coordinates)


def draw(data: xarray.Dataset, axes: Axes) -> None:
    """Draw the coherent and the incoherent sum."""
    draw_against_energy(data, axes, coherent="T(E)", incoherent="without interference")
    axes.set_ylabel("T(E)")


KIND = Observable(
    "orbital-interference",
    "Interference among the orbitals of the dot",
    "Transmission, and the sum over the dot's orbitals without their interference.",
    OrbitalInterferenceSettings,
    compute,
    draw,
)
