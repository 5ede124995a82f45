"""One principal layer of a bulk electrode, and its surface Green's functions."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import InputError, TransportError
from qdjunction.transport.axis import NAMES
from qdjunction.transport.device import has_spinors, without_spin
from qdjunction.transport.leads.cache import GreenCache
from qdjunction.transport.leads.contract import K
from qdjunction.transport.leads.folding import folded_layer, smallest_cell, unfolded
from qdjunction.transport.leads.surface import Stack

if TYPE_CHECKING:
    import sisl

logger = logging.getLogger(__name__)

ETA_EV = 1e-4
"""Default imaginary part of the energy inside an electrode (eV)."""

SYMMETRY_EV = 1e-3
"""Largest element of H (eV) that may break the translations by which a cell is reduced to its smallest cell."""

SAME_EV = 1e-12
"""Largest difference (eV) between two matrices that count as complex conjugates of each other."""

Side = Literal["left", "right"]


@dataclass(frozen=True, eq=False)
class Electrode:
    """One principal layer of a bulk electrode: its smallest cell at the k points that fold to that of the full cell.

    Attributes
    ----------
    H00, S00 : (n_k, n, n) array
        The layer, in the smallest cell (eV).
    H01, S01 : (n_k, n, n) array
        Coupling to the next layer along the positive direction.
    unfold : (n_k, N, n) array
        Orthonormal columns that expand the orbitals of each k point in the N orbitals of the full cell.
    eta_ev : float
        Imaginary part of the energy (eV).
    repeats : tuple of int
        Number of smallest cells in the full cell along each lattice vector.
    asymmetry_ev : float
        Largest element of H (eV) that couples different k points and was dropped.
    beyond_ev : float
        Largest element of H (eV) that couples beyond the next layer and was dropped.
    cache : GreenCache or None
        Cache of surface Green's functions.
    geometry : sisl.Geometry or None
        Positions of the atoms of the cell.
    axis : int
        Lattice vector along which the electrode is semi-infinite.
    """

    H00: NDArray[np.complex128]
    S00: NDArray[np.complex128]
    H01: NDArray[np.complex128]
    S01: NDArray[np.complex128]
    unfold: NDArray[np.complex128]
    eta_ev: float
    repeats: tuple[int, int, int]
    asymmetry_ev: float
    beyond_ev: float
    cache: GreenCache | None = None
    geometry: sisl.Geometry | None = None
    axis: int = 2
    _last: dict[bytes, NDArray[np.complex128]] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def from_hamiltonian(
        cls,
        hamiltonian: sisl.Hamiltonian,
        *,
        axis: int = 2,
        k: tuple[float, float, float] = (0.0, 0.0, 0.0),
        eta_ev: float = ETA_EV,
        repeats: tuple[int, int, int] | None = None,
        cache: Path | str | None = None,
        spin: int | None = None,
        spinor: bool | None = None,
    ) -> Electrode:
        """Return the electrode of a bulk calculation.

        Parameters
        ----------
        hamiltonian : sisl.Hamiltonian
            H and S of the cell, E_F at zero, with its auxiliary cell along `axis`.
        axis : int
            Lattice vector along which the electrode is semi-infinite.
        k : 3 floats
            Reduced k point of the device cell; its component along `axis` is not used.
        eta_ev : float
            Imaginary part of the energy inside the electrode (eV), larger than zero.
        repeats : 3 ints, optional
            Number of smallest cells in this one along each lattice vector; by default found from the atoms. ``(1, 1,
            1)`` disables the use of the symmetry.
        cache : path, optional
            Folder in which surface Green's functions are kept and looked up.
        spin : int, optional
            Spin of a collinear calculation: 0 for up, 1 for down. An unpolarised electrode fits both.
        spinor : bool, optional
            Whether the device has spinors (`Device.spinor`), which electrodes of any spin fit; by default whether the
            electrode has.

        Returns
        -------
        Electrode

        Raises
        ------
        InputError
            If eta is not positive, the spin does not fit the file, the electrode has spinors but the device has not, or
            the cell does not have the given repeats.
        TransportError
            If layers do not couple, or couple beyond the next layer by more than 0.1 eV.
        """
        if not eta_ev > 0:
            raise InputError(f"electrode: eta is {eta_ev} eV; it must be larger than 0")
        if spinor is None:
            spinor = has_spinors(hamiltonian)
        elif has_spinors(hamiltonian) and not spinor:
            raise InputError(
                "electrode: its Hamiltonian is non-collinear or has spin-orbit coupling and the device's has not; "
                "compute both alike, or the electrode without spin"
            )
        hamiltonian = without_spin(
            hamiltonian, None if hamiltonian.spin.is_unpolarized else spin, "electrode", spinor
        )
        if hamiltonian.nsc[axis] < 3:
            raise TransportError(
                f"electrode: lattice vector {NAMES[axis]} has no auxiliary cell (nsc "
                f"{hamiltonian.nsc[axis]}), so no layer couples to "
                "the next; run the electrode with several k points along it, or build it along the same lattice "
                "vector as the device's leads"
            )
        point = [float(x) for x in k]
        point[axis] = 0.0
        in_plane: K = (point[0], point[1], point[2])
        layers = {
            c: folded_layer(hamiltonian, axis, c, in_plane) for c in range(hamiltonian.nsc[axis] // 2 + 1)
        }
        beyond = max((abs(H).max() for c, (H, _) in layers.items() if c > 1), default=0.0)
        if beyond > 0.1:
            raise TransportError(
                f"electrode: a layer couples beyond the next one with {1000 * beyond:.0f} meV; use a "
                "thicker layer"
            )
        counts = smallest_cell(hamiltonian.geometry, axis) if repeats is None else repeats
        if any(n < 1 for n in counts) or counts[axis] != 1:
            raise InputError(
                f"electrode: repeats are {counts}; they must be 1 or more, and 1 along the transport "
                "direction"
            )
        unfold, blocks, worst = unfolded(hamiltonian.geometry, layers, counts, in_plane)
        if worst > SYMMETRY_EV:
            if repeats is not None:
                raise InputError(
                    f"electrode: the cell does not repeat {counts} times: {1000 * worst:.1f} meV "
                    "break the symmetry"
                )
            logger.warning("electrode: symmetry broken by %.1f meV; the full cell is used", 1000 * worst)
            counts = (1, 1, 1)
            unfold, blocks, worst = unfolded(hamiltonian.geometry, layers, counts, in_plane)
        H00, S00, H01, S01 = blocks
        logger.info(
            "electrode: %d orbitals as %d k points of %d; symmetry to %.1e meV, beyond the next "
            "layer %.1e meV",
            unfold.shape[1], unfold.shape[0], unfold.shape[2], 1000 * worst, 1000 * beyond,
        )  # fmt: skip
        kept = GreenCache(Path(cache)) if cache is not None else None
        return cls(
            H00, S00, H01, S01, unfold, float(eta_ev), counts, float(worst), float(beyond), kept,
            hamiltonian.geometry, axis,
        )  # fmt: skip

    @property
    def n_orbitals(self) -> int:
        """Number of orbitals of the full cell."""
        return int(self.unfold.shape[1])

    def surface(self, energies_ev: NDArray[np.float64], side: Side) -> NDArray[np.complex128]:
        """Return the surface Green's function in the smallest cell, (n_energies, n_k, n, n).

        Parameters
        ----------
        energies_ev : (n_energies,) array
            Energies relative to the Fermi energy (eV).
        side : {"left", "right"}
            ``left`` extends to minus infinity, ``right`` to plus infinity.
        """
        key = energies_ev.tobytes()
        if key not in self._last:
            compute = self._both_ends
            both = (
                compute(energies_ev)
                if self.cache is None
                else self.cache.get(self.content, energies_ev, compute)
            )
            # Both leads of one electrode need the same energies in turn.
            self._last.clear()
            self._last[key] = both
        return self._last[key][:, 0 if side == "left" else 1]

    @cached_property
    def content(self) -> str:
        """Hash of everything that the surface Green's function depends on, except the energy."""
        digest = hashlib.sha256(f"surface-1 {self.eta_ev!r}".encode())
        for block in (self.H00, self.S00, self.H01, self.S01):
            digest.update(repr(block.shape).encode())
            digest.update(np.ascontiguousarray(block).tobytes())
        return digest.hexdigest()

    @cached_property
    def _reversed(self) -> list[int]:
        """Index, for each k point, of the first one with the complex conjugate matrices, or else its own."""
        partners = list(range(len(self.H00)))
        blocks = (self.H00, self.S00, self.H01, self.S01)
        for i in partners:
            for j in range(i):
                if partners[j] == j and all(np.abs(M[i] - M[j].conj()).max() < SAME_EV for M in blocks):
                    partners[i] = j
                    break
        return partners

    @cached_property
    def conjugate_pairs(self) -> dict[int, int]:
        """The k points with another one, named after them, that has the complex conjugate matrices and Bloch sums."""
        pairs: dict[int, int] = {}
        blocks = (self.H00, self.S00, self.H01, self.S01, self.unfold)
        for i in range(len(self.unfold)):
            for j in set(range(i)) - pairs.keys() - set(pairs.values()):
                if all(np.abs(M[i] - M[j].conj()).max() < SAME_EV for M in blocks):
                    pairs[j] = i
                    break
        return pairs

    @cached_property
    def _solved(self) -> tuple[list[int], Stack]:
        """The k points that are solved, those of `_reversed`, and their layers."""
        places = sorted(set(self._reversed))
        return places, Stack(*(M[places] for M in (self.H00, self.S00, self.H01, self.S01)))

    def _both_ends(self, energies_ev: NDArray[np.float64]) -> NDArray[np.complex128]:
        n_k, n = self.H00.shape[:2]
        solved, stack = self._solved
        both = np.empty((len(energies_ev), 2, n_k, n, n), dtype=np.complex128)
        z = np.asarray(energies_ev, dtype=np.complex128)[:, None] + 1j * self.eta_ev
        for side, end in enumerate(stack.surfaces(z)):
            both[:, side, solved] = end
        # Hermitian H(-k) = H(k)* makes g(-k) the transpose of g(k).
        for i, partner in enumerate(self._reversed):
            if i != partner:
                both[:, :, i] = both[:, :, partner].swapaxes(-1, -2)
        return both


def shifted(electrode: Electrode, shift_ev: float) -> Electrode:
    """Return the electrode with its energies shifted: ``H + shift S``."""
    return replace(
        electrode,
        H00=electrode.H00 + shift_ev * electrode.S00,
        H01=electrode.H01 + shift_ev * electrode.S01,
    )


def full_cell(electrode: Electrode, name: str) -> NDArray[np.complex128]:
    """Return H00, S00, H01 or S01 of the full cell, (N, N)."""
    unfold = electrode.unfold
    cell = np.einsum("kai,kij,kbj->ab", unfold, getattr(electrode, name), unfold.conj(), optimize=True)
    return np.asarray(cell)
