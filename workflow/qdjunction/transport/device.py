"""The device region: H and S of all orbitals that are not inside a lead."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from qdjunction.core.errors import InputError, TransportError
from qdjunction.transport.solvers.spectrum import NOT_POSITIVE, Spectrum

if TYPE_CHECKING:
    import sisl

Matrix: TypeAlias = Any
"""A real or complex array, dense or sparse; the types of the two have no common protocol."""

HERMITICITY = 1e-5
"""Largest |A - A^dagger| relative to max |A| that counts as round-off; files in single precision have 1e-7."""


DEGENERACY_EV = 1e-6
"""Neighbouring levels closer than this are one level (eV): which of its orbitals a solver returns is arbitrary."""

SPINS = ("up", "down")
"""Spin directions of a collinear calculation, by their index."""


@dataclass(frozen=True, eq=False)
class Cell:
    """Positions of the atoms of a device, and the k point to which H and S were folded.

    Attributes
    ----------
    geometry : sisl.Geometry
        All atoms of the file, those of the leads included.
    open_axis : int
        Lattice vector of the transport direction.
    k : 3 floats
        Reduced k point.
    """

    geometry: sisl.Geometry
    open_axis: int
    k: tuple[float, float, float]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of orbitals on each atom."""
        return np.asarray(self.geometry.orbitals, dtype=np.int64)

    @property
    def across(self) -> NDArray[np.bool_]:
        """Whether each lattice vector lies across the transport direction."""
        return np.array([axis != self.open_axis for axis in range(3)])


@dataclass(frozen=True, eq=False)
class Device:
    """Hamiltonian and overlap of a finite region, with the Fermi energy at zero.

    Matrices are kept in double precision, real if all imaginary parts are zero, sparse if they were given as sparse,
    and exactly Hermitian: the anti-Hermitian part that a file in single precision leaves is removed.

    Parameters
    ----------
    H : (n, n) array or sparse matrix
        Hamiltonian (eV).
    S : (n, n) array or sparse matrix, optional
        Overlap; by default the unit matrix.
    orbital_atoms : (n,) array of int, optional
        Index of the atom that each orbital is on; by default one atom per orbital.
    cell : Cell, optional
        Positions of the atoms, by which leads match the atoms of repeated cells. Without them the cells must be in the
        same order.
    spinor : bool
        Whether the orbitals come in pairs, the spin-up and the spin-down component of one spatial orbital (even and odd
        indices).
    spin : int, optional
        Direction of a collinear calculation that H is of: 0 for up, 1 for down. None if its levels hold both.

    Raises
    ------
    TransportError
        If a matrix is not square, not finite or not Hermitian, or if the shapes do not fit together, or spinors are no
        pairs of orbitals.
    """

    H: Matrix
    S: Matrix = None
    orbital_atoms: NDArray[np.int64] = None  # type: ignore[assignment]  # set in __post_init__
    cell: Cell | None = None
    spinor: bool = False
    spin: int | None = None

    def __post_init__(self) -> None:
        H = _hermitian(self.H, "H")
        n = H.shape[0]
        if self.S is None:
            S: Matrix = scipy.sparse.eye_array(n, format="csr") if scipy.sparse.issparse(H) else np.eye(n)
        else:
            S = _hermitian(self.S, "S")
        if S.shape != H.shape:
            raise TransportError(
                f"device: H is {H.shape} but S is {S.shape}; both must hold the same orbitals"
            )
        given = np.arange(n) if self.orbital_atoms is None else self.orbital_atoms
        atoms = np.asarray(given, dtype=np.int64)
        if atoms.shape != (n,):
            raise TransportError(
                f"device: orbital_atoms has shape {atoms.shape}, H has {n} orbitals; give one atom each"
            )
        if self.spinor and (n % 2 or np.any(atoms[::2] != atoms[1::2])):
            raise TransportError(
                f"device: {n} orbitals of spinors must be pairs on one atom, spin up and spin down; order them so"
            )
        if n and atoms.min() < 0:
            raise TransportError(f"device: orbital_atoms holds {atoms.min()}; atoms are counted from 0")
        for name, value in (("H", H), ("S", S), ("orbital_atoms", atoms)):
            object.__setattr__(self, name, value)

    @classmethod
    def from_hamiltonian(
        cls,
        hamiltonian: sisl.Hamiltonian,
        k: tuple[float, float, float] = (0.0, 0.0, 0.0),
        *,
        open_axis: int | None = None,
        spin: int | None = None,
    ) -> Device:
        """Fold a sisl Hamiltonian to one k point.

        Parameters
        ----------
        hamiltonian : sisl.Hamiltonian
            Any H with its overlap, E_F at zero; collinear with `spin` given. A non-collinear H, or one with spin-orbit
            coupling, becomes a device of spinors, see `without_spin`.
        k : 3 floats
            Reduced k point. At Gamma the matrices stay real.
        open_axis : int, optional
            Lattice vector along which the leads lie: couplings to images along it are dropped, not folded.
            Required if the file has an auxiliary cell along the transport direction.
        spin : int, optional
            Spin of a collinear calculation: 0 for up, 1 for down.

        Returns
        -------
        Device

        Raises
        ------
        InputError
            If H is collinear and no spin is given, one is given although H is not, or H is superconducting.
        """
        spinor = has_spinors(hamiltonian)
        hamiltonian = without_spin(hamiltonian, spin, "device")
        if open_axis is not None and hamiltonian.nsc[open_axis] != 1:
            hamiltonian = hamiltonian.copy()
            hamiltonian.set_nsc([1 if axis == open_axis else None for axis in range(3)])
        real = not np.any(k) and hamiltonian.dkind == "f"
        dtype = np.float64 if real else np.complex128
        H = hamiltonian.Hk(k=k, dtype=dtype)
        S: Any = None if hamiltonian.orthogonal else hamiltonian.Sk(k=k, dtype=dtype)
        orbital_atoms = hamiltonian.geometry.o2a(np.arange(hamiltonian.no))
        cell = None if open_axis is None else Cell(hamiltonian.geometry, open_axis, k)
        return cls(H, S, orbital_atoms, cell, spinor, spin)

    @property
    def n_spins(self) -> int:
        """Number of spin directions that the orbitals describe: 2 for spinors, otherwise 1."""
        return 2 if self.spinor else 1

    @property
    def electrons_per_level(self) -> int:
        """Number of electrons that a level of this device holds: 2 if it stands for both spin directions."""
        return 1 if self.spinor or self.spin is not None else 2

    @property
    def n_orbitals(self) -> int:
        """Number of orbitals."""
        return int(self.H.shape[0])

    @property
    def n_atoms(self) -> int:
        """One more than the largest atom index."""
        return int(self.orbital_atoms.max()) + 1

    @property
    def is_real(self) -> bool:
        """Whether H and S are both real."""
        return not (np.iscomplexobj(self.H) or np.iscomplexobj(self.S))

    def orbitals_of(self, atoms: ArrayLike) -> NDArray[np.int64]:
        """Return the orbitals of some atoms, ascending, (m,).

        Parameters
        ----------
        atoms : array of int
            Atom indices, counted from 0.

        Raises
        ------
        InputError
            If an atom has no orbital here.
        """
        indices = np.unique(np.atleast_1d(np.asarray(atoms, dtype=np.int64)))
        missing = np.setdiff1d(indices, self.orbital_atoms)
        if missing.size:
            raise InputError(
                f"device: atom {missing[0]} has no orbital in a device of {self.n_atoms} atoms; "
                "atoms are counted from 0"
            )
        return np.flatnonzero(np.isin(self.orbital_atoms, indices))

    def orbitals_in_order(self, atoms: ArrayLike) -> NDArray[np.int64]:
        """Return the orbitals of some atoms, in the order of the atoms, (m,)."""
        indices = np.atleast_1d(np.asarray(atoms, dtype=np.int64))
        self.orbitals_of(indices)
        return np.concatenate([np.flatnonzero(self.orbital_atoms == atom) for atom in indices])

    def block(self, name: str, rows: ArrayLike, columns: ArrayLike | None = None) -> NDArray[Any]:
        """Return a dense block of ``"H"`` or ``"S"``."""
        columns = rows if columns is None else columns
        return dense(getattr(self, name)[np.asarray(rows)][:, np.asarray(columns)])

    @cached_property
    def spectrum(self) -> Spectrum:
        """All solutions of H X = S X e, computed once and kept.

        Raises
        ------
        TransportError
            If S is not positive definite.
        """
        return Spectrum(dense(self.H), dense(self.S))

    def check_overlap(self) -> None:
        """Check once that S is positive definite.

        Raises
        ------
        TransportError
            If it is not.
        """
        if "spectrum" not in self.__dict__ and not self._is_positive:
            raise TransportError(NOT_POSITIVE.format(self.n_orbitals))

    @cached_property
    def _is_positive(self) -> bool:
        try:
            scipy.linalg.cholesky(dense(self.S), check_finite=False)
        except np.linalg.LinAlgError:
            return False
        return True


def has_spinors(hamiltonian: sisl.Hamiltonian) -> bool:
    """Return whether H is non-collinear or has spin-orbit coupling, so that its states are spinors."""
    return bool(not hamiltonian.spin.is_diagonal)


def without_spin(
    hamiltonian: sisl.Hamiltonian, spin: int | None, what: str, spinor: bool = False
) -> sisl.Hamiltonian:
    """Return the Hamiltonian as one matrix without a spin index.

    Of a collinear one that is the matrix of the chosen spin. Spinors become pairs of orbitals on the same atom: 2i is
    the spin-up and 2i + 1 the spin-down component of orbital i, as in sisl, and the overlap is doubled.

    Parameters
    ----------
    hamiltonian : sisl.Hamiltonian
        H and S of any spin kind but superconducting ones.
    spin : int or None
        Spin of a collinear calculation: 0 for up, 1 for down.
    what : str
        What the matrices are of, for errors.
    spinor : bool
        Whether also collinear and unpolarised matrices are returned as spinors, to join them with those of a device.

    Returns
    -------
    sisl.Hamiltonian
        Unpolarised; the given one if it is that already.

    Raises
    ------
    InputError
        If H is collinear and no spin is named, one is named although H is not, or H is superconducting.
    """
    kind = hamiltonian.spin
    if kind.is_nambu:
        raise InputError(
            f"{what}: the Hamiltonian is superconducting (Nambu spinors), which has no T(E) here"
        )
    if spinor or has_spinors(hamiltonian):
        if spin is not None:
            raise InputError(
                f"{what}: the Hamiltonian is non-collinear or has spin-orbit coupling, where no spin direction is "
                "conserved and T counts both; leave --spin out"
            )
        return _in_pairs(hamiltonian)
    if kind.is_polarized:
        if spin not in (0, 1):
            raise InputError(
                f"{what}: the Hamiltonian is spin polarised; name one spin with --spin up or --spin down (spin=0 or "
                "spin=1); the conductance in G0 is the mean of both"
            )
        S = None if hamiltonian.orthogonal else hamiltonian.tocsr(hamiltonian.S_idx)
        return type(hamiltonian).fromsp(hamiltonian.geometry, hamiltonian.tocsr(spin), S=S)
    if spin is not None:
        raise InputError(f"{what}: the Hamiltonian is unpolarised, both spins are the same; leave --spin out")
    return hamiltonian


def _spin_matrix(hamiltonian: sisl.Hamiltonian) -> list[list[Matrix]]:
    """Return the sparse matrices of the 2 x 2 spin matrix of each element of H, as sisl stores them.

    In real storage these are the real and imaginary parts of (11, 22, 12), for spin-orbit coupling with those of the
    rest after them; in complex storage (11, 22, 12, 21). Without spin-orbit coupling 21 is the conjugate of 12.
    """
    kind, part = hamiltonian.spin, hamiltonian.tocsr
    if kind.is_diagonal:
        up, down = part(0), part(1 if kind.is_polarized else 0)
        return [[up, 0 * up], [0 * up, down]]
    if hamiltonian.dkind == "c":
        return [[part(0), part(2)], [part(3) if kind.is_spinorbit else part(2).conj(), part(1)]]
    across = part(2) + 1j * part(3)
    if not kind.is_spinorbit:
        return [[part(0), across], [across.conj(), part(1)]]
    return [[part(0) + 1j * part(4), across], [part(6) + 1j * part(7), part(1) + 1j * part(5)]]


def _in_pairs(hamiltonian: sisl.Hamiltonian) -> sisl.Hamiltonian:
    """Return H and S in pairs of orbitals, spin up and spin down."""
    import sisl

    blocks = _spin_matrix(hamiltonian)
    H: Matrix = 0
    for i, j in np.ndindex(2, 2):
        # Each block takes every second row and column.
        place = np.outer(np.eye(2)[i], np.eye(2)[j])
        H = H + scipy.sparse.kron(blocks[i][j], place, format="csr")
    S = None
    if not hamiltonian.orthogonal:
        S = scipy.sparse.kron(hamiltonian.tocsr(hamiltonian.S_idx), np.eye(2), format="csr")
    geometry = hamiltonian.geometry
    twice = [
        sisl.Atom(atom.Z, [orbital for orbital in atom.orbitals for _ in range(2)], tag=atom.tag)
        for atom in geometry.atoms.atom
    ]
    atoms = [twice[species] for species in geometry.atoms.species]
    pairs = sisl.Geometry(geometry.xyz, atoms, lattice=geometry.lattice)
    return sisl.Hamiltonian.fromsp(pairs, H.astype(np.complex128), S=S)


def dense(matrix: Matrix) -> NDArray[Any]:
    """Return a matrix as an ndarray."""
    return np.asarray(matrix if isinstance(matrix, np.ndarray) else matrix.toarray())


def solve_eigenproblem(H: NDArray[Any], S: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Solve H X = S X e for all eigenpairs.

    Returns
    -------
    levels : (n,) array
        Eigenvalues e (eV), ascending.
    states : (n, n) array
        Eigenvectors X as columns, X^dagger S X = 1.

    Raises
    ------
    TransportError
        If S is not positive definite.
    """
    try:
        return scipy.linalg.eigh(H, S, driver="gvd", check_finite=False)
    except np.linalg.LinAlgError as error:
        raise TransportError(NOT_POSITIVE.format(S.shape[0])) from error


def level_sets(levels_ev: NDArray[np.float64], degeneracy_ev: float = DEGENERACY_EV) -> list[slice]:
    """Return the sets of degenerate levels, in order; the levels are ascending."""
    starts = np.flatnonzero(np.diff(levels_ev, prepend=-np.inf) > degeneracy_ev)
    ends = np.append(starts[1:], len(levels_ev))
    return [slice(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]


def _hermitian(matrix: Any, name: str) -> Matrix:
    """Return `matrix` in double precision, real if possible, exactly Hermitian."""
    sparse = scipy.sparse.issparse(matrix)
    matrix = scipy.sparse.csr_array(matrix) if sparse else np.asarray(matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise TransportError(f"device: {name} has shape {matrix.shape}; it must be square")
    matrix = matrix.astype(np.complex128 if np.iscomplexobj(matrix) else np.float64)
    values = matrix.data if sparse else matrix
    if not np.all(np.isfinite(values)):
        raise TransportError(f"device: {name} holds values that are not finite")
    scale = abs(values).max(initial=0.0)
    skew = matrix - matrix.conj().T
    error = abs(skew.data if sparse else skew).max(initial=0.0)
    if error > HERMITICITY * scale:
        raise TransportError(
            f"device: {name} is not Hermitian, |{name} - {name}^dagger| is up to {error:.1e} eV"
        )
    if error:
        matrix = matrix - 0.5 * skew
    if np.iscomplexobj(matrix) and not (matrix.data if sparse else matrix).imag.any():
        matrix = matrix.real
    return scipy.sparse.csr_array(matrix) if sparse else np.ascontiguousarray(matrix)
