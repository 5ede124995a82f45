"""Coupling of the frontier levels of two joined dots.

In the basis of Löwdin-orthogonalised orbitals, a state of the pair has a weight on each dot. Two states that are
combinations of one level of each dot, say its HOMO, are turned into each other until their weights on the two dots
differ most; they are then the levels of the two dots, and the pair's own energies in them, ::

    h = U^H diag(E_1, E_2) U = ((e_A, t), (t, e_B)),    E_2 - E_1 = sqrt((e_A - e_B)^2 + 4 |t|^2),

give levels and transfer integral t. This is the fragment charge difference of A. A. Voityuk and N. Rösch, J. Chem.
Phys. 117, 5607 (2002). For two orbitals of overlap s it is the Löwdin-projected Hamiltonian of E. F. Valeev et al.,
J. Am. Chem. Soc. 128, 9882 (2006) and B. Baumeier, J. Kirkpatrick and D. Andrienko, Phys. Chem. Chem. Phys. 12, 11103
(2010), ::

    t = (J - s (e_1 + e_2) / 2) / (1 - s^2).

It needs no orbitals of dots cut out of the pair, whose bonds to a linker would dangle, and keeps the pair's energies
exactly. Levels closer than `DEGENERACY_EV` are taken together, g of each dot, and
``t = sqrt(sum_ij |t_ij|^2 / g)``: the sum over final levels, averaged over initial ones, which does not depend on the
choice of orbitals among equal levels.

What goes through the linker follows from eliminating it at the mean energy E of the levels (P.-O. Löwdin, J. Math.
Phys. 3, 969 (1962)): an orbital of a dot is continued into the linker by -(E S_LL - H_LL)^-1 (E S_LD - H_LD). The
coupling of the continued orbitals less that of the orbitals as they are is the part through the bonds. For a chain of n
sites at energy e with small hopping b it is v_A v_B b^(n-1) / (E - e)^n (H. M. McConnell, J. Chem. Phys. 35, 508
(1961)).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg

from qdjunction.core.errors import InputError
from qdjunction.interference.orbital_rule import solve_dot

DEGENERACY_EV = 1e-3
"""Levels of the pair closer than this are taken together (eV); the rest of their splitting is below kT at 12 K."""

SEARCHED = 24
"""Number of states from HOMO or LUMO on among which the partner is looked for."""

LEVELS = ("HOMO", "LUMO")
"""The levels whose coupling is computed."""


@dataclass(frozen=True)
class Coupling:
    """One level of two dots.

    Attributes
    ----------
    levels_ev : (float, float)
        Energy of the level of either dot, the mean of degenerate ones (eV, in the zero of H).
    splitting_ev : float
        Distance of the highest and the lowest of the states of the pair that these levels form (eV).
    coupling_ev : float
        Absolute value of t (eV).
    degeneracy : int
        Number of levels of each dot, g.
    localisation : float
        Smallest difference of the weights on the two dots among the levels: 1 for levels on one dot each; small where
        states of the pair are no combinations of one level of each dot.
    bridge_weight : float
        Mean weight of the states on the linker.
    direct_ev, bonds_ev : float
        Parts of the coupling of the eliminated linker, direct and through the linker, along their sum (eV): a negative
        one reduces it. Their sum is that coupling, and close to `coupling_ev` where elimination is a good
        approximation.
    """

    levels_ev: tuple[float, float]
    splitting_ev: float
    coupling_ev: float
    degeneracy: int
    localisation: float
    bridge_weight: float
    direct_ev: float
    bonds_ev: float


def frontier_couplings(
    hamiltonian: ArrayLike,
    overlap: ArrayLike,
    first: Sequence[int] | NDArray[np.int64],
    second: Sequence[int] | NDArray[np.int64],
    electrons: float,
) -> dict[str, Coupling]:
    """Return the couplings of HOMO and LUMO of two dots.

    Parameters
    ----------
    hamiltonian, overlap : (n, n) array
        H (eV) and S of the pair, Hermitian.
    first, second : sequence of int
        Orbitals of either dot. All others are those of the linker.
    electrons : float
        Valence electrons of the pair, an even number.

    Returns
    -------
    dict of str to Coupling
        By `LEVELS`.

    Raises
    ------
    InputError
        If the two dots share orbitals or one has none, or no states are found that are levels of both.
    TransportError
        If a matrix is not Hermitian, or the overlap not positive definite.
    """
    a, b = np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)
    if not len(a) or not len(b) or np.intersect1d(a, b).size:
        raise InputError("the two dots of a pair must have orbitals, and none in common")
    levels = solve_dot(hamiltonian, overlap, electrons)
    H, S = np.asarray(hamiltonian), np.asarray(overlap)
    weights, vectors = np.linalg.eigh(S)
    states = ((vectors * np.sqrt(weights)) @ vectors.conj().T) @ levels.coefficients
    found = {}
    for name, order in zip(
        LEVELS,
        (np.arange(levels.pairs)[::-1][:SEARCHED], np.arange(levels.pairs, len(H))[:SEARCHED]),
        strict=True,
    ):
        energies = levels.energies_ev[order]
        chosen, turn, difference = _on_dots(states[:, order], energies, a, b, name)
        g = len(chosen) // 2
        h = turn.conj().T @ np.diag(energies[chosen]) @ turn
        inside = states[:, order[chosen]]
        on_dots = sum(np.linalg.norm(inside[part]) ** 2 for part in (a, b)) / (2 * g)
        direct, bonds = _parts(
            H, S, a, b, levels.coefficients[:, order[chosen]] @ turn, float(energies[chosen].mean())
        )
        found[name] = Coupling(
            levels_ev=(float(np.trace(h[:g, :g]).real / g), float(np.trace(h[g:, g:]).real / g)),
            splitting_ev=float(np.ptp(energies[chosen])),
            coupling_ev=_norm(h[:g, g:]),
            degeneracy=g,
            localisation=difference,
            bridge_weight=float(max(0.0, 1 - on_dots)),
            direct_ev=direct,
            bonds_ev=bonds,
        )
    return found


def eliminate(
    hamiltonian: ArrayLike, overlap: ArrayLike, kept: ArrayLike, energy_ev: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return H and S between orbitals that are continued into all others at an energy.

    They have the eigenvalues of the whole within second order of their distance from the energy.

    Parameters
    ----------
    hamiltonian, overlap : (n, n) array
        H (eV) and S.
    kept : sequence of int
        Orbitals that are kept.
    energy_ev : float
        Energy E (eV).

    Returns
    -------
    H, S : (m, m) array
        Of the continued orbitals, in the order of `kept`.

    Raises
    ------
    InputError
        If E is a level of what is eliminated.
    """
    H, S, rows = np.asarray(hamiltonian), np.asarray(overlap), np.asarray(kept, dtype=np.int64)
    others = np.setdiff1d(np.arange(len(H)), rows)
    continued = np.zeros((len(H), len(rows)), dtype=np.result_type(H, S))
    continued[rows, np.arange(len(rows))] = 1
    if others.size:
        M = energy_ev * S - H
        try:
            continued[others] = -linalg.solve(M[np.ix_(others, others)], M[np.ix_(others, rows)])
        except linalg.LinAlgError:
            raise InputError(
                f"{energy_ev:g} eV is a level of the linker, which cannot be eliminated there"
            ) from None
    return continued.conj().T @ H @ continued, continued.conj().T @ S @ continued


def orthogonalised(hamiltonian: ArrayLike, overlap: ArrayLike) -> NDArray[Any]:
    """Return S^(-1/2) H S^(-1/2) (eV)."""
    weights, vectors = np.linalg.eigh(np.asarray(overlap))
    root = (vectors / np.sqrt(weights)) @ vectors.conj().T
    return np.asarray(root @ np.asarray(hamiltonian) @ root)


def _on_dots(
    states: NDArray[Any], energies: NDArray[np.float64], a: NDArray[np.int64], b: NDArray[np.int64], name: str
) -> tuple[NDArray[np.int64], NDArray[Any], float]:
    """Return the states that are levels of both dots, their rotation onto the dots, and how far it gets them there.

    The rotation has the levels of the first dot in the first half of its columns.
    """
    weights = states[a].conj().T @ states[a] - states[b].conj().T @ states[b]
    best: tuple[NDArray[np.int64], NDArray[Any], float] | None = None
    for chosen in _candidates(energies):
        difference, turn = np.linalg.eigh(weights[np.ix_(chosen, chosen)])
        half = len(chosen) // 2
        if difference[half - 1] < 0 < difference[half]:
            localisation = float(np.abs(difference).min())
            if best is None or localisation > best[2] + 1e-6:
                best = chosen, turn[:, ::-1], localisation
    if best is None:
        raise InputError(f"no states of the pair are the {name} of both of its dots")
    return best


def _candidates(energies: NDArray[np.float64]) -> Iterator[NDArray[np.int64]]:
    """Yield even numbers of states with the first among them: its degenerate set, with another set, or two states."""
    steps = np.abs(np.diff(energies)) > DEGENERACY_EV
    sets = np.split(np.arange(len(energies)), np.flatnonzero(steps) + 1)
    for other in (np.array([], dtype=np.int64), *sets[1:]):
        both = np.concatenate([sets[0], other])
        if len(both) % 2 == 0:
            yield both
    for partner in range(1, len(energies)):
        yield np.array([0, partner])


def _parts(
    H: NDArray[Any],
    S: NDArray[Any],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    orbitals: NDArray[Any],
    energy_ev: float,
) -> tuple[float, float]:
    """Return the coupling between the dots' parts of levels, direct and through the linker (eV)."""
    g = orbitals.shape[1] // 2
    kept = np.concatenate([a, b])
    parts = np.zeros((len(kept), 2 * g), dtype=orbitals.dtype)
    parts[: len(a), :g], parts[len(a) :, g:] = orbitals[a, :g], orbitals[b, g:]
    between = np.ix_(kept, kept)
    blocks = []
    for h, s in ((H[between], S[between]), eliminate(H, S, kept, energy_ev)):
        projected = orthogonalised(parts.conj().T @ h @ parts, parts.conj().T @ s @ parts)
        blocks.append(projected[:g, g:])
    direct, total = blocks
    norm = _norm(total)
    along = float(np.vdot(total, direct).real / (g * norm)) if norm else 0.0
    return along, norm - along


def _norm(block: NDArray[Any]) -> float:
    """Return the root of the sum of squares over the levels of one dot, averaged over those of the other."""
    return float(np.linalg.norm(block) / np.sqrt(len(block)))
