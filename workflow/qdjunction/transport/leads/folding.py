"""Cells that repeat a smaller one, as the smallest cell at several k points (Bloch's theorem).

This lowers the cost of an electrode by the square of the number of repeats. M. Papior et al., Comput. Phys. Commun.
212, 8 (2017) describe the inverse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.errors import InputError
from qdjunction.transport.leads.contract import K

if TYPE_CHECKING:
    import sisl

SAME_PLACE_ANG = 1e-3
"""Distance below which two atoms are at the same place (Ang)."""


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


def unfolded(
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
