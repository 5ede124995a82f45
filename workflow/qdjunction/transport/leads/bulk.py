"""Semi-infinite electrodes: a periodic bulk whose layers are repeated to infinity behind the device.

In the electrode region the matrices of the electrode replace those of the device, so the device that remains ends where
the electrode begins, and the lead acts on it through ``Sigma = (z S - H)_De g (z S - H)_eD``
with g the electrode's surface Green's function.

A cell that repeats a smaller one across the transport direction is reduced to the smallest cell at several k points
(Bloch's theorem), which lowers the cost by the square of the number of repeats. M. Papior et al., Comput. Phys. Commun.
212, 8 (2017) describe the inverse.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, PrivateAttr

from qdjunction.core.errors import InputError, TransportError
from qdjunction.core.limits import Eta
from qdjunction.core.matrix_files import read_matrices
from qdjunction.transport.axis import NAMES, normal
from qdjunction.transport.device import Cell, Device, has_spinors, without_spin
from qdjunction.transport.leads.base import Lead, cut_ends
from qdjunction.transport.leads.cache import GreenCache
from qdjunction.transport.leads.contract import GAMMA, K, LeadKind, LeadSettings
from qdjunction.transport.leads.surface import Stack, row_space
from qdjunction.transport.matching import DIFFERENT_H, difference_of_h, match_atoms

if TYPE_CHECKING:
    import sisl

logger = logging.getLogger(__name__)

ETA_EV = 1e-4
"""Default imaginary part of the energy inside an electrode (eV)."""

SYMMETRY_EV = 1e-3
"""Largest element of H (eV) that may break the translations by which a cell is reduced to its smallest cell."""

SAME_VECTOR_ANG = 0.02
"""Largest difference (Ang) of the lattice vectors across the transport direction in device and electrode."""

SAME_EV = 1e-12
"""Largest difference (eV) between two matrices that count as complex conjugates of each other."""

SAME_PLACE_ANG = 1e-3
"""Distance below which two atoms are at the same place (Ang)."""

UNLIKE_BULK_EV = 0.1
"""Difference (eV) between the levels of a lead region and those of its electrode, at the same Fermi energy, from which
the region counts as not bulk."""

OTHER_ZERO_EV = 1.0
"""The same difference from which the two files have different zeros of energy; at a gold surface it is a few 0.1 eV."""

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
        unfold, blocks, worst = _unfolded(hamiltonian.geometry, layers, counts, in_plane)
        if worst > SYMMETRY_EV:
            if repeats is not None:
                raise InputError(
                    f"electrode: the cell does not repeat {counts} times: {1000 * worst:.1f} meV "
                    "break the symmetry"
                )
            logger.warning("electrode: symmetry broken by %.1f meV; the full cell is used", 1000 * worst)
            counts = (1, 1, 1)
            unfold, blocks, worst = _unfolded(hamiltonian.geometry, layers, counts, in_plane)
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


class ElectrodeLead:
    """A bulk electrode as a lead, on the device orbitals that it couples to; returned by `attach_electrodes`."""

    def __init__(
        self,
        electrode: Electrode,
        side: Side,
        orbitals: NDArray[np.int64],
        coupling_H: NDArray[Any],
        coupling_S: NDArray[Any],
        description: str,
    ) -> None:
        self.electrode, self.side = electrode, side
        self.orbitals, self.description = orbitals, description
        real = not (np.iscomplexobj(coupling_H) or np.iscomplexobj(coupling_S))
        pairs = electrode.conjugate_pairs if real else {}
        alone = [k for k in range(len(electrode.unfold)) if k not in pairs and k not in pairs.values()]
        # Those of pairs come last; for k and -k the terms of the sum are the transpose of each other.
        self._kept = [*alone, *pairs]
        unfold = electrode.unfold[self._kept]
        H, S = coupling_H @ unfold, coupling_S @ unfold
        # The device couples to few combinations of the orbitals of each k point.
        self._coupled = row_space(H, S)
        # (m, n_k, r), so that the sum over k is one product.
        self._H, self._S = (
            np.ascontiguousarray((matrix @ self._coupled).transpose(1, 0, 2)) for matrix in (H, S)
        )
        self._n_alone = len(alone) * self._coupled.shape[-1]

    def self_energy(self, energy_ev: ArrayLike) -> NDArray[np.complex128]:
        """Return the self-energy (eV) at one energy or many."""
        energies = np.atleast_1d(np.asarray(energy_ev, dtype=float))
        green = self.electrode.surface(energies, self.side)[:, self._kept]
        green = self._coupled.conj().swapaxes(-1, -2) @ green @ self._coupled
        m, split = len(self.orbitals), self._n_alone
        sigma = np.empty((len(energies), m, m), dtype=np.complex128)
        for i, energy in enumerate(energies):
            into = energy * self._S - self._H
            left = np.empty_like(into)
            np.matmul(into.transpose(1, 0, 2), green[i], out=left.transpose(1, 0, 2))
            left, back = left.reshape(m, -1), into.conj().reshape(m, -1).T
            np.matmul(left[:, :split], back[:split], out=sigma[i])
            if split < len(back):
                paired = left[:, split:] @ back[split:]
                sigma[i] += paired
                sigma[i] += paired.T
        return sigma[0] if np.ndim(energy_ev) == 0 else sigma


def attach_electrodes(
    device: Device,
    left: Electrode,
    left_orbitals: ArrayLike,
    right: Electrode,
    right_orbitals: ArrayLike,
) -> tuple[Device, ElectrodeLead, ElectrodeLead]:
    """Replace the ends of a device by electrodes.

    Parameters
    ----------
    device : Device
        H and S with open boundaries along the transport direction, electrode regions included.
    left, right : Electrode
        Electrode at either end; the same object if both are equal.
    left_orbitals, right_orbitals : array of int
        Device orbitals that the electrode replaces. If both have positions, the atoms are matched by position, which
        also determines the direction of each electrode; otherwise the orbitals must be in the electrode's order.

    Returns
    -------
    inner : Device
        The device between the electrodes, with the same atom numbers.
    left_lead, right_lead : ElectrodeLead
        Leads on `inner`.

    Raises
    ------
    TransportError
        If an electrode region does not fit its electrode in positions, S, H or the direction in which it couples to the
        device, or couples to nothing, or the two couple to each other.

    See Also
    --------
    attach_clusters : finite clusters in place of electrodes
    alignment_ev : difference between the energy zeros of device and electrode
    """
    placed = {
        "left": _place(device, left, np.asarray(left_orbitals), "left"),
        "right": _place(device, right, np.asarray(right_orbitals), "right"),
    }
    shifts: dict[str, tuple[float, float]] = {}
    for side, electrode in (("left", left), ("right", right)):
        region = placed[side]
        shift, spread = shifts[side] = _check_fit(device, electrode, region, side)
        logger.log(
            logging.WARNING if abs(shift) > UNLIKE_BULK_EV else logging.INFO,
            "%s electrode: its levels lie %.0f meV (spread %.0f meV) below the device's on the same orbitals%s",
            side, 1000 * shift, 1000 * spread,
            "; the gold there is not bulk yet, more layers before it or k points help"
            if abs(shift) > UNLIKE_BULK_EV
            else "",
        )  # fmt: skip
    inner, contacts = cut_ends(device, placed["left"].orbitals, placed["right"].orbitals)
    if placed["left"].end == placed["right"].end:
        raise TransportError(
            "electrodes: both lead regions are on the same side of the device along lattice vector "
            f"{NAMES[left.axis]}; name the atoms at its two ends"
        )
    leads = []
    for electrode, region, (shift, spread), (coupled, H, S) in zip(
        (left, right), placed.values(), shifts.values(), contacts, strict=True
    ):
        n_k, n_orbitals, n = electrode.unfold.shape
        text = (
            f"electrode of {n_orbitals} orbitals ({n_k} x {n}), eta {electrode.eta_ev:g} eV, levels "
            f"{1000 * shift:.0f} meV below the device's (spread {1000 * spread:.0f} meV)"
        )
        leads.append(
            ElectrodeLead(electrode, region.end, coupled, H * region.phases, S * region.phases, text)
        )
    return inner, leads[0], leads[1]


def alignment_ev(device: Device, electrode: Electrode, orbitals: ArrayLike) -> tuple[float, float]:
    """Return the difference between the energy zeros of electrode and device, from the orbitals that both have.

    Parameters
    ----------
    device, electrode, orbitals
        As for `attach_electrodes`.

    Returns
    -------
    shift_ev : float
        Mean of H_ii / S_ii in the device minus that in the electrode (eV).
    spread_ev : float
        Root mean square of the differences that remain after that shift (eV).
    """
    region = np.asarray(orbitals)
    H, S = (full_cell(electrode, name).diagonal().real for name in ("H00", "S00"))
    difference = device.H.diagonal()[region].real / device.S.diagonal()[region].real - H / S
    shift = float(difference.mean())
    return shift, float(np.sqrt(np.mean((difference - shift) ** 2)))


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


def smallest_cell(geometry: sisl.Geometry, axis: int) -> tuple[int, int, int]:
    """Return the number of smallest cells in a cell along each lattice vector, 1 along `axis`."""
    repeats = [1, 1, 1]
    for direction in range(3):
        if direction == axis:
            continue
        for n in range(geometry.na, 1, -1):
            if geometry.na % n == 0 and _translated(geometry, geometry.cell[direction] / n) is not None:
                repeats[direction] = n
                break
    return repeats[0], repeats[1], repeats[2]


def bloch_states(
    geometry: sisl.Geometry, repeats: tuple[int, int, int], k: tuple[float, float, float]
) -> NDArray[np.complex128]:
    """Return orthonormal Bloch sums of the orbitals of the smallest cell, (n_k, N, n).

    Raises
    ------
    InputError
        If the atoms do not have these repeats.
    """
    if repeats == (1, 1, 1):
        return np.eye(geometry.no, dtype=np.complex128)[None]
    shifts = np.array(list(np.ndindex(*repeats)))
    fractions = shifts / np.array(repeats)
    images = []
    for fraction in fractions:
        image = _translated(geometry, fraction @ geometry.cell)
        if image is None:
            raise InputError(f"electrode: the atoms of the cell do not repeat {repeats} times")
        images.append(image)
    # The atom of lowest index represents its orbit.
    targets = np.array([image[0] for image in images])
    basis = np.flatnonzero(targets.min(axis=0) == np.arange(geometry.na))
    columns = np.concatenate([geometry.a2o(a, all=True) for a in basis])
    states = np.zeros((len(shifts), geometry.no, len(columns)), dtype=np.complex128)
    for fraction, (atoms, wrapped) in zip(fractions, images, strict=True):
        start = 0
        for a in basis:
            rows = geometry.a2o(atoms[a], all=True)
            here = np.arange(start, start + len(rows))
            start += len(rows)
            for index, shift in enumerate(shifts):
                phase = np.exp(2j * np.pi * np.dot(np.asarray(k) + shift, fraction - wrapped[a]))
                states[index, rows, here] = phase
    return np.asarray(states / np.sqrt(len(shifts)))


def _translated(geometry: sisl.Geometry, shift: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Return the atom that each one is shifted onto and the cells by which it wraps, or None without a match."""
    inverse = np.linalg.inv(geometry.cell)
    species = geometry.atoms.species
    target = np.empty(geometry.na, dtype=np.int64)
    cells = np.empty((geometry.na, 3))
    for a, place in enumerate(geometry.xyz + shift):
        away = (place - geometry.xyz) @ inverse
        wrapped = np.round(away)
        misses = np.linalg.norm((away - wrapped) @ geometry.cell, axis=1)
        b = int(np.argmin(misses))
        if misses[b] > SAME_PLACE_ANG or species[a] != species[b]:
            return None
        target[a], cells[a] = b, wrapped[b]
    return target, cells


def folded_layer(
    hamiltonian: sisl.Hamiltonian, axis: int, cell: int, k: tuple[float, float, float]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return H (eV) and S, (N, N), from the cell to the one `cell` further along `axis`, folded to k in the plane."""
    no, lattice = hamiltonian.no, hamiltonian.geometry.lattice
    columns = [
        hamiltonian.tocsr(0),
        None if hamiltonian.orthogonal else hamiltonian.tocsr(hamiltonian.S_idx),
    ]
    offsets = lattice.sc_off
    H = np.zeros((no, no), dtype=np.complex128)
    S = np.zeros_like(H)
    for index, offset in enumerate(offsets):
        if offset[axis] != cell:
            continue
        phase = np.exp(2j * np.pi * np.dot(k, offset))
        window = slice(index * no, (index + 1) * no)
        H += phase * columns[0][:, window].toarray()
        if columns[1] is not None:
            S += phase * columns[1][:, window].toarray()
    if columns[1] is None and cell == 0:
        S = np.eye(no, dtype=np.complex128)
    if cell == 0:
        H, S = 0.5 * (H + H.conj().T), 0.5 * (S + S.conj().T)
    return H, S


def _unfolded(
    geometry: sisl.Geometry,
    layers: dict[int, tuple[NDArray[Any], NDArray[Any]]],
    counts: tuple[int, int, int],
    k: K,
) -> tuple[NDArray[np.complex128], list[NDArray[np.complex128]], float]:
    """Return the Bloch sums of the smallest cell, H and S of a layer and of its coupling, and what breaks the symmetry.

    The last is the largest element (eV for H) that couples different k points.
    """
    unfold = bloch_states(geometry, counts, k)
    found = [_block_diagonal(matrix, unfold) for layer in (0, 1) for matrix in layers[layer]]
    return unfold, [block for block, _ in found], max(asymmetry for _, asymmetry in found)


def _block_diagonal(matrix: NDArray[Any], unfold: NDArray[Any]) -> tuple[NDArray[np.complex128], float]:
    """Return the block of a matrix at each k point, and the largest element that couples different k points."""
    blocks = unfold.conj().transpose(0, 2, 1) @ matrix @ unfold
    if len(unfold) == 1:
        return blocks, 0.0
    rebuilt = np.einsum("kai,kij,kbj->ab", unfold, blocks, unfold.conj(), optimize=True)
    return blocks, float(np.abs(matrix - rebuilt).max())


@dataclass(frozen=True, eq=False)
class _Region:
    """Device orbitals that an electrode replaces.

    Attributes
    ----------
    orbitals : (N,) array of int
        In the electrode's order.
    phases : (N,) array
        Factor of each orbital's Bloch sum in the electrode over that in the device.
    end : {"left", "right"}
        Whether the electrode extends against or along its lattice vector.
    """

    orbitals: NDArray[np.int64]
    phases: NDArray[np.complex128] | NDArray[np.float64]
    end: Side


def _place(device: Device, electrode: Electrode, region: NDArray[np.int64], side: Side) -> _Region:
    """Find the electrode's atoms among those of a lead region."""
    if region.shape != (electrode.n_orbitals,):
        raise TransportError(
            f"{side} electrode: {region.size} device orbitals for an electrode of {electrode.n_orbitals}; "
            "name exactly the atoms of one electrode cell"
        )
    if device.cell is None or electrode.geometry is None:
        return _Region(region, np.ones(len(region)), side)
    cell, geometry = device.cell, electrode.geometry
    _check_lattice(cell, electrode, side)
    atoms = np.unique(device.orbital_atoms[region])
    places, sizes = cell.geometry.xyz, cell.sizes
    own = np.asarray(geometry.orbitals, dtype=np.int64)
    if sizes[atoms].sum() != len(region) or len(atoms) != geometry.na:
        raise TransportError(
            f"{side} electrode: its region of {len(atoms)} atoms does not hold the electrode's {geometry.na} atoms "
            "with all of their orbitals; name exactly the atoms of one electrode cell"
        )
    match, missing = match_atoms(
        geometry.xyz, own, places[atoms], sizes[atoms], cell.geometry.cell, cell.across
    )
    if match is None:
        raise TransportError(
            f"{side} electrode: atom {atoms[missing]} of the device has no partner in the electrode's cell; the layers "
            "are stacked differently (a twin), the lattice constants differ, or other atoms belong to the region"
        )
    rest = np.setdiff1d(device.orbital_atoms, atoms)
    across = normal(geometry.cell, electrode.axis)
    outward = (places[atoms].mean(axis=0) - places[rest].mean(axis=0)) @ across if rest.size else 0.0
    order = atoms[match.order]
    phases = np.repeat(match.phases(np.asarray(cell.k)), sizes[order])
    return _Region(
        device.orbitals_in_order(order),
        phases if phases.imag.any() else phases.real,
        "right" if outward > 0 else "left",
    )


def _check_lattice(cell: Cell, electrode: Electrode, side: str) -> None:
    """Compare the lattice vectors across the transport direction, where either cell is periodic along them."""
    assert electrode.geometry is not None
    if cell.open_axis != electrode.axis:
        raise TransportError(
            f"{side} electrode: is semi-infinite along lattice vector {NAMES[electrode.axis]}, the device's leads lie "
            f"along {NAMES[cell.open_axis]}; build both along the same one"
        )
    for vector in np.flatnonzero(cell.across):
        if max(cell.geometry.nsc[vector], electrode.geometry.nsc[vector]) == 1:
            continue
        ours, theirs = cell.geometry.cell[vector], electrode.geometry.cell[vector]
        if np.linalg.norm(ours - theirs) > SAME_VECTOR_ANG:
            raise TransportError(
                f"{side} electrode: its lattice vector {NAMES[vector]} is {np.round(theirs, 3)} Ang, the device's "
                f"{np.round(ours, 3)} Ang; across the transport direction both must be the same"
            )


def _largest(matrix: NDArray[Any]) -> float:
    return float(np.abs(matrix).max(initial=0.0))


def _check_fit(device: Device, electrode: Electrode, region: _Region, side: str) -> tuple[float, float]:
    """Compare S, H and the coupling to the device; return what `alignment_ev` does."""
    orbitals, phases = region.orbitals, region.phases

    def of_device(name: str) -> NDArray[Any]:
        block = device.block(name, orbitals)
        return phases.conj()[:, None] * block * phases if np.any(phases != 1) else block

    S = full_cell(electrode, "S00")
    mismatch = _largest(of_device("S") - S)
    if mismatch > 1e-3:
        raise TransportError(
            f"{side} electrode: the overlap differs from the device's by {mismatch:.1e}; the atoms are in another "
            "order, the layers are stacked differently (a twin), or the lattice constants differ"
        )
    shift, spread = alignment_ev(device, electrode, orbitals)
    if abs(shift) > OTHER_ZERO_EV:
        raise TransportError(
            f"{side} electrode: its levels lie {abs(shift):.2f} eV {'below' if shift > 0 else 'above'} the device's on "
            "the same orbitals, so that the two files have different zeros of energy; give the Fermi energies with "
            "--electrode-fermi and --fermi, where the files do not state them"
        )
    H00, H01 = full_cell(electrode, "H00"), full_cell(electrode, "H01")
    different = difference_of_h(of_device("H"), H00, S, H01)
    if different > DIFFERENT_H:
        elements = np.abs(of_device("H") - H00 - shift * S)
        atom = device.orbital_atoms[orbitals[np.unravel_index(elements.argmax(), elements.shape)[0]]]
        raise TransportError(
            f"{side} electrode: H differs from the device's by {100 * different:.0f} %, most at atom {atom}, with the "
            "zeros of energy aligned; the atoms are in another order, or the electrode is of another metal or another "
            "calculation"
        )
    middle = np.setdiff1d(np.arange(device.n_orbitals), orbitals)
    reach = np.linalg.norm(device.block("H", orbitals, middle), axis=1)
    # Couplings at the face towards the device; on the left that is the one towards the next layer.
    inwards, outwards = (
        np.linalg.norm(H01, axis=axis) for axis in ((1, 0) if region.end == "left" else (0, 1))
    )
    right_way, wrong_way = (_similarity(reach, face) for face in (inwards, outwards))
    if wrong_way > right_way + 0.2:
        raise TransportError(
            f"{side} electrode: its atoms couple to the device with the face that points away from it; left and right "
            "lead atoms are swapped, or the electrode's cell repeats in the opposite direction"
        )
    return shift, spread


def _similarity(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Cosine between two vectors; 0 if one of them is zero."""
    norm = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / norm) if norm else 0.0


class Bulk(LeadSettings):
    """Bulk leads: a semi-infinite electrode from a separate calculation replaces the lead layers."""

    kind: Literal["bulk"] = "bulk"
    """Bulk leads; the lead layers are the atoms of one cell of `electrode`."""
    electrode: str | None = Field(default=None, min_length=1)
    """File with H and S of the bulk electrode, e.g. a TSHS. A study computes its own, of the surfaces in
    `electrodes.surface`, and has no such key."""
    electrode_fermi_ev: float | None = None
    """Fermi energy on the energy scale of that file (eV), for files that do not state it."""
    eta_ev: Eta = ETA_EV
    """Imaginary part of the energy inside the electrode (eV). Above 0.1 eV it blurs the bands."""
    kpoints: list[Annotated[int, Field(ge=1, le=100)]] = Field(default=[1, 1], min_length=2, max_length=2)
    """Numbers of k points of T(E) along the two lattice vectors across the transport direction, Gamma included."""

    _cache: Path | None = PrivateAttr(default=None)
    _spin: int | None = PrivateAttr(default=None)

    def prepared(
        self,
        cache: str | Path | None = None,
        spin: int | None = None,
        electrode: str | Path | None = None,
    ) -> Self:
        """Return the same leads with a folder for surface Green's functions, a spin direction and an electrode."""
        copy = self.model_copy(update={} if electrode is None else {"electrode": str(electrode)})
        copy._cache, copy._spin = None if cache is None else Path(cache), spin
        return copy

    @property
    def files(self) -> dict[str, str]:
        """The file of the electrode."""
        return {} if self.electrode is None else {"electrode": self.electrode}

    @property
    def k_grid(self) -> tuple[int, int]:
        """Numbers of k points across the transport direction."""
        return self.kpoints[0], self.kpoints[1]

    def attach(
        self, device: Device, left_atoms: ArrayLike, right_atoms: ArrayLike, k: K = GAMMA
    ) -> tuple[Device, Lead, Lead]:
        """Return the device between the electrodes at a k point, and the leads on it at the same one."""
        axis = 2 if device.cell is None else device.cell.open_axis
        bulk = Electrode.from_hamiltonian(
            self.hamiltonian, axis=axis, k=k, eta_ev=self.eta_ev, cache=self._cache, spin=self._spin,
            spinor=device.spinor,
        )  # fmt: skip
        left, right = (device.orbitals_of(atoms) for atoms in (left_atoms, right_atoms))
        return attach_electrodes(device, bulk, left, bulk, right)

    @cached_property
    def hamiltonian(self) -> sisl.Hamiltonian:
        """H and S of the electrode, read once.

        Raises
        ------
        InputError
            If there is no such file, sisl finds no Hamiltonian in it, or its zero of energy is not known.
        """
        if self.electrode is None:
            raise InputError("leads: bulk leads need the file of an electrode, as in bulk:electrode.TSHS")
        try:
            return read_matrices(self.electrode, self.electrode_fermi_ev, "--electrode-fermi")
        except InputError as error:
            raise InputError(f"leads: the electrode cannot be read: {error}") from error


def _read(text: str | None) -> dict[str, str]:
    """Read the name of the electrode's file."""
    if not text:
        raise ValueError("the electrode has no name")
    return {"electrode": text}


KIND = LeadKind(
    "bulk",
    Bulk,
    "bulk:electrode.TSHS",
    _read,
    on_surfaces=True,
)
