"""Orbital rule: whether HOMO and LUMO of the dot add up or cancel between the two contacts.

For contacts on sites i and j the Green's function of the bare dot is

    g_ij(E) = sum_n phi_n(i) phi_n(j) / (E - e_n).

With E_F in the middle of the gap and only the frontier orbitals included, E_F - e_HOMO = +Delta and
E_F - e_LUMO = -Delta, so

    g_ij(E_F) ~ (a_H - a_L) / Delta,    a_H = phi_H(i) phi_H(j),    a_L = phi_L(i) phi_L(j),

where Delta is half the gap: opposite signs of a_H and a_L interfere constructively, equal signs
destructively. This is the rule that Zheng et al., Nat. Commun. 10, 5458 (2019) use; it goes back to K.
Yoshizawa, T. Tada and A. Staykov, J. Am. Chem. Soc. 130, 9406 (2008) and is explained by C. J. Lambert and
S.-X. Liu, Chem. Eur. J. 24, 4193 (2018).

In an LCAO junction a contact is not a single orbital, and a halide's p orbitals have no preferred sign. The
quantity that remains well defined is the amplitude from tip to tip,

    tau(E) = V_L^H g(E) V_R,    g(E) = (E S_QD - H_QD)^-1 = sum_n psi_n psi_n^H / (E - e_n),

with V = (H - E S)_{QD,tip} S_tip^(-1/2), the coupling of the dot to the orthonormalised orbitals of each
tip. The a_n are the matrices V_L^H psi_n psi_n^H V_R seen from the dominant channel of tau: with its leading
singular vectors u and v, a_n = u^H V_L^H psi_n psi_n^H V_R v, and sum_n a_n / (E - e_n) is the largest
singular value, real and positive. So positive terms enhance the transmission and negative terms reduce it,
whatever the phases of the eigenvectors, the basis of the dot or that of the tips.
Levels closer than a tolerance are combined, since their individual orbitals are not defined. Unit vectors for
V_L and V_R give the rule for two sites stated above.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg

from qdjunction.core.errors import InputError, TransportError
from qdjunction.interference.results import OrbitalRule
from qdjunction.transport.device import DEGENERACY_EV, level_sets


@dataclass(frozen=True)
class DotOrbitals:
    """Eigenstates of the dot's own block, H_QD psi = e S_QD psi.

    Attributes
    ----------
    energies_ev : (n,) array
        Levels, ascending (eV, in the zero of H).
    coefficients : (n, n) array
        Orbitals as columns, psi^H S psi = 1.
    pairs : int
        Number of doubly occupied levels.
    """

    energies_ev: NDArray[np.float64]
    coefficients: NDArray[np.inexact]
    pairs: int

    @property
    def homo_ev(self) -> float:
        """Highest occupied level (eV)."""
        return float(self.energies_ev[self.pairs - 1])

    @property
    def lumo_ev(self) -> float:
        """Lowest empty level (eV)."""
        return float(self.energies_ev[self.pairs])

    @property
    def frontier(self) -> tuple[int, ...]:
        """Levels of HOMO and LUMO, counted from 0, each with all that are degenerate with it."""
        return tuple(
            level
            for one in level_sets(self.energies_ev)
            if one.start <= self.pairs and one.stop >= self.pairs
            for level in range(one.start, one.stop)
        )

    @property
    def midgap_ev(self) -> float:
        """Middle of the gap (eV)."""
        return (self.homo_ev + self.lumo_ev) / 2


def solve_dot(hamiltonian: ArrayLike, overlap: ArrayLike, electrons: float) -> DotOrbitals:
    """Return the solutions of H_QD psi = e S_QD psi for the dot's own block.

    Parameters
    ----------
    hamiltonian, overlap : (n, n) array
        The dot's block of H (eV) and S, Hermitian.
    electrons : float
        Valence electrons of the neutral dot; an even number, two per level.

    Raises
    ------
    TransportError
        If a matrix is not square or not Hermitian, or the overlap is not positive definite.
    InputError
        If the number of electrons is odd or fractional, or leaves no HOMO or no LUMO.
    """
    H, S = _checked(hamiltonian, overlap)
    pairs = occupied_levels(electrons, len(H))
    try:
        levels, orbitals = linalg.eigh(H, S)
    except linalg.LinAlgError as error:
        raise TransportError(
            f"the overlap of the dot's orbitals is not positive definite ({error})"
        ) from error
    return DotOrbitals(np.asarray(levels, dtype=np.float64), orbitals, pairs)


def tip_coupling(
    hamiltonian: ArrayLike, overlap: ArrayLike, dot: ArrayLike, tip: ArrayLike, energy_ev: float
) -> NDArray[np.inexact]:
    """Return the coupling of the dot to one tip, V = (H - E S)_{dot,tip} S_tip^(-1/2).

    Parameters
    ----------
    hamiltonian, overlap : (n, n) array
        H (eV) and S of the junction.
    dot, tip : sequence of int
        Orbitals of the dot and of the tip; for the tip usually those of the apex atom, the only gold atom in contact
        with the dot.
    energy_ev : float
        Energy E (eV, in the zero of H).

    Returns
    -------
    (n_dot, n_tip) array
        V (eV). Another basis of the tip changes it by a unitary factor, which no result here depends on.
    """
    H, S = np.asarray(hamiltonian), np.asarray(overlap)
    rows, columns = np.asarray(dot), np.asarray(tip)
    if (both := np.intersect1d(rows, columns)).size:
        raise InputError(f"orbitals {both.tolist()} are in the dot and in the tip")
    weights, vectors = np.linalg.eigh(S[np.ix_(columns, columns)])
    if weights[0] <= 0:
        raise TransportError("the overlap of the tip's orbitals is not positive definite")
    inverse_root = vectors / np.sqrt(weights) @ vectors.conj().T
    block = np.ix_(rows, columns)
    return np.asarray((H[block] - energy_ev * S[block]) @ inverse_root)


def orbital_rule(
    orbitals: DotOrbitals,
    coupling_left: ArrayLike,
    coupling_right: ArrayLike,
    energy_ev: float | None = None,
    *,
    degeneracy_ev: float = DEGENERACY_EV,
) -> OrbitalRule:
    """Split the amplitude between two contacts into HOMO, LUMO and the rest.

    Parameters
    ----------
    orbitals : DotOrbitals
        From `solve_dot`.
    coupling_left, coupling_right : (n,) or (n, m) array
        Coupling of the dot's n orbitals to each side, from `tip_coupling` at the same energy; unit vectors
        for single sites.
    energy_ev : float, optional
        Energy E (eV, in the zero of H); the middle of the gap if not given.
    degeneracy_ev : float
        Neighbouring levels closer than this count as one (eV).

    Raises
    ------
    InputError
        If the couplings are those of another dot, the energy is on a level, the gap is below `degeneracy_ev`, or the
        amplitude between the contacts is zero.
    """
    energy = orbitals.midgap_ev if energy_ev is None else energy_ev
    levels = orbitals.energies_ev
    if orbitals.lumo_ev - orbitals.homo_ev <= degeneracy_ev:
        raise InputError(
            f"HOMO and LUMO are {orbitals.lumo_ev - orbitals.homo_ev:.2g} eV apart; the dot has no gap"
        )
    if np.abs(levels - energy).min() <= degeneracy_ev:
        raise InputError(f"energy {energy:g} eV lies on a level of the dot; choose one between levels")
    left = _projection(orbitals, coupling_left, "left")
    right = _projection(orbitals, coupling_right, "right")

    tau = (left.conj() / (energy - levels)[:, None]).T @ right
    u, singular, vh = np.linalg.svd(tau)
    if singular[0] == 0:
        raise InputError("the two contacts share no orbital of the dot; there is no amplitude to split")
    per_orbital = (left.conj() @ u[:, 0].conj()) * (right @ vh[0].conj())

    starts = [one.start for one in level_sets(levels, degeneracy_ev)]
    terms = np.add.reduceat(per_orbital / (energy - levels), starts)
    amplitudes = np.add.reduceat(per_orbital, starts)
    homo, lumo = (
        int(np.searchsorted(starts, k, side="right")) - 1 for k in (orbitals.pairs - 1, orbitals.pairs)
    )
    total = float(terms.sum().real)
    return OrbitalRule(
        energy_ev=float(energy),
        homo_ev=orbitals.homo_ev,
        lumo_ev=orbitals.lumo_ev,
        a_homo=float(amplitudes[homo].real),
        a_lumo=float(amplitudes[lumo].real),
        homo=float(terms[homo].real),
        lumo=float(terms[lumo].real),
        rest=total - float(terms[homo].real) - float(terms[lumo].real),
        coherent=float(np.abs(terms.sum()) ** 2),
        incoherent=float((np.abs(terms) ** 2).sum()),
        channel_share=float(singular[0] ** 2 / (singular**2).sum()),
    )


def _projection(orbitals: DotOrbitals, coupling: ArrayLike, side: str) -> NDArray[np.inexact]:
    """Return the rows psi_n^H V, one per orbital."""
    v = np.asarray(coupling)
    v = v[:, None] if v.ndim == 1 else v
    if v.ndim != 2 or len(v) != len(orbitals.energies_ev):
        raise InputError(
            f"the {side} coupling has shape {v.shape}, not one row for each of the dot's "
            f"{len(orbitals.energies_ev)} orbitals"
        )
    return np.asarray(orbitals.coefficients.conj().T @ v)


def occupied_levels(electrons: float, orbitals: int) -> int:
    """Return the number of doubly occupied levels of a dot.

    Raises
    ------
    InputError
        If the number of electrons is odd or fractional, or leaves no HOMO or no LUMO.
    """
    pairs = round(electrons / 2)
    if abs(electrons - 2 * pairs) > 1e-6:
        raise InputError(f"the dot has {electrons:g} valence electrons; a closed shell needs an even number")
    if not 1 <= pairs < orbitals:
        raise InputError(f"{electrons:g} electrons in {orbitals} orbitals leave no HOMO or no LUMO")
    return pairs


def _checked(hamiltonian: ArrayLike, overlap: ArrayLike) -> tuple[NDArray[np.inexact], NDArray[np.inexact]]:
    H, S = np.asarray(hamiltonian), np.asarray(overlap)
    for name, matrix in (("H", H), ("S", S)):
        if matrix.ndim != 2 or matrix.shape != (len(H), len(H)):
            raise TransportError(
                f"{name} of the dot has shape {matrix.shape}; H and S must be square and of equal shape"
            )
        scale = max(1.0, float(np.abs(matrix).max(initial=0.0)))
        if not np.allclose(matrix, matrix.conj().T, rtol=0, atol=1e-6 * scale):
            raise TransportError(f"{name} of the dot is not Hermitian")
    return H, S
