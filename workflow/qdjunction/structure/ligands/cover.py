"""Ligand cations on a slab in place of its surface cations, and ion pairs of them with a halide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from ase.data.vdw_alvarez import vdw_radii
from numpy.typing import NDArray

from qdjunction.core.errors import InputError, StructureError
from qdjunction.structure.connectivity import neighbours
from qdjunction.structure.ligands.attach import FRAGMENT, conformers_without
from qdjunction.structure.ligands.library import Ligand
from qdjunction.structure.ligands.pair import HELD
from qdjunction.structure.ligands.pose import CLASH_RADII, ROOMY_RADII, Seat, clash, find_pose
from qdjunction.structure.molecule import topology

CLEARANCE_ANG = 4.0
"""Empty space that must remain between the ligands of two images of a slab (Ang)."""

_DIRECTIONS = 200


def check_cation(ligand: Ligand) -> None:
    """Refuse a ligand that cannot take the place of a monovalent cation.

    Raises
    ------
    InputError
        If its charge is not +1, so that the slab would not stay neutral.
    """
    charge = topology(ligand.smiles, ion=True).charge
    if charge != 1:
        raise InputError(
            f"ligand '{ligand.name}' has charge {charge:+d}: in place of Cs+ it leaves a charge of {charge - 1:+d} "
            "that nothing balances; choose a cation of charge +1, such as an ammonium ion"
        )


def reach_ang(ligand: Ligand) -> float:
    """Return how far the atoms of a ligand are from the one that binds, in its extended conformer (Ang)."""
    extended = conformers_without(ligand, (), 1, 0)[0]
    binder = extended.positions[ligand.binds[0]]
    return float(np.linalg.norm(extended.positions - binder, axis=1).max())


def check_fit(ligand: Ligand, cell_ang: Sequence[float], vacuum_ang: float) -> None:
    """Refuse a ligand that is longer than the cell in the plane, or than the vacuum has room for on two faces.

    Raises
    ------
    InputError
        The message has the length of the ligand.
    """
    reach = reach_ang(ligand)
    if reach > min(cell_ang):
        raise InputError(
            f"ligand '{ligand.name}' is {reach:.1f} Ang long, longer than the cell of {min(cell_ang):.1f} Ang in the "
            "plane, so that it would meet its own image; enlarge size, or cut its chains"
        )
    needed = 2 * reach + CLEARANCE_ANG
    if needed > vacuum_ang:
        raise InputError(
            f"vacuum_ang = {vacuum_ang:g}: ligand '{ligand.name}' is {reach:.1f} Ang long, and on both faces it needs "
            f"{needed:.0f} Ang; enlarge vacuum_ang, or cut its chains"
        )


def covered(
    slab: Atoms,
    sites: Sequence[int],
    ligand: Ligand,
    conformers: int = 10,
    pose: int = 0,
    ideal: Atoms | None = None,
) -> Atoms:
    """Return a slab with ligands in place of some of its surface cations.

    All cations leave first. The ligands then take their sites one after another, with the binding end at the site and
    the rest outward, each in a pose that `find_pose` finds among the images of all that is there. Sites of a relaxed
    slab may have come too close to each other for neighbouring ligands, which then stand at those of the ideal slab.

    Parameters
    ----------
    slab : ase.Atoms
        The slab, periodic along x and y.
    sites : sequence of int
        Atoms that are replaced.
    ligand : Ligand
        A cation of charge +1.
    conformers : int
        Random conformers that are tried.
    pose : int
        0 for the pose with the most room; any other number draws conformers and rotations with it as the seed.
    ideal : ase.Atoms, optional
        The slab before its relaxation, with the same atoms.

    Returns
    -------
    ase.Atoms
        The atoms of the slab that stay, in their order, and those of each ligand. The array `FRAGMENT` tells them
        apart.

    Raises
    ------
    StructureError
        If a ligand clashes in every pose, or with its own image.
    """
    try:
        return _covered(slab, sites, slab.positions, ligand, conformers, pose)
    except StructureError:
        if ideal is None:
            raise
        return _covered(slab, sites, ideal.positions, ligand, conformers, pose)


def _covered(
    slab: Atoms,
    sites: Sequence[int],
    positions: NDArray[np.float64],
    ligand: Ligand,
    conformers: int,
    pose: int,
) -> Atoms:
    atoms = slab[[i for i in range(len(slab)) if i not in set(sites)]]
    assert isinstance(atoms, Atoms)  # several indices return several atoms
    numbers = np.ones(len(atoms), dtype=int)
    choices = conformers_without(ligand, (), conformers, pose)
    rng = np.random.default_rng(pose) if pose else None
    middle = slab.positions[:, 2].mean()
    for number, site in enumerate(sites, start=2):
        position = positions[site]
        seat = Seat(position, np.array([0.0, 0.0, np.sign(position[2] - middle)]))
        what = f"ligand {ligand.name} at site {position.round(2).tolist()}"
        placed = find_pose(_with_images(atoms), choices, ligand.binds, seat, what, rng)
        check_images(placed, slab, what)
        atoms += placed
        numbers = np.append(numbers, np.full(len(placed), number))
    atoms.set_array(FRAGMENT, numbers)
    return atoms


def ion_pair(ligand: Ligand, halide: str, conformers: int = 10, pose: int = 0) -> Atoms:
    """Return an ion pair: a ligand cation with a halide where it comes nearest to the binding atom.

    Parameters
    ----------
    ligand : Ligand
        A cation.
    halide : str
        Symbol of the halide.
    conformers, pose : int
        Random conformers, and the number of the one that is taken: the extended one, then from the lowest energy up.
    """
    choices = conformers_without(ligand, (), conformers, 0)
    atoms: Atoms = choices[pose % len(choices)].copy()
    number = atomic_numbers[halide]
    radii = ROOMY_RADII * (vdw_radii[atoms.numbers] + vdw_radii[number])
    relative = atoms.positions - atoms.positions[ligand.binds[0]]
    along = _sphere(_DIRECTIONS) @ relative.T
    # Where a ray leaves the sphere of each atom: the halide is at the farthest of these points.
    inside = radii**2 - (relative**2).sum(axis=1) + along**2
    distances = np.where(inside > 0, along + np.sqrt(np.maximum(inside, 0)), 0.0).max(axis=1)
    nearest = int(distances.argmin())
    halide_at = atoms.positions[ligand.binds[0]] + distances[nearest] * _sphere(_DIRECTIONS)[nearest]
    atoms += Atoms(halide, positions=[halide_at])
    return atoms


def hold_protons(pair: Atoms, ligand: Ligand) -> None:
    """Mark the atom that binds and its hydrogens in the array `HELD`, if there are any."""
    binder = ligand.binds[0]
    protons = [int(i) for i in neighbours(pair, binder) if pair.numbers[i] == 1]
    if protons:
        pair.set_array(HELD, np.isin(np.arange(len(pair)), [binder, *protons]))


def _sphere(count: int) -> NDArray[np.float64]:
    """Return unit vectors spread evenly over the sphere, on a spiral: (count, 3)."""
    heights = 1 - (2 * np.arange(count) + 1) / count
    angles = np.pi * (1 + np.sqrt(5)) * np.arange(count)
    radii = np.sqrt(1 - heights**2)
    return np.column_stack([radii * np.cos(angles), radii * np.sin(angles), heights])


def _with_images(atoms: Atoms) -> Atoms:
    """Return a slab and its eight neighbours in the plane, as a finite structure."""
    tiled = Atoms(atoms.numbers, atoms.positions)
    for shift in _neighbour_cells(atoms):
        tiled += Atoms(atoms.numbers, atoms.positions + shift)
    return tiled


def _neighbour_cells(slab: Atoms) -> list[NDArray[np.float64]]:
    cell = slab.cell.array
    return [i * cell[0] + j * cell[1] for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]


def check_images(placed: Atoms, slab: Atoms, what: str) -> None:
    """Refuse a ligand that clashes with its own images in the plane; errors begin with `what`.

    Raises
    ------
    StructureError
        The message names the closest contact.
    """
    for shift in _neighbour_cells(slab):
        ratio, closest = clash(placed, Atoms(placed.numbers, placed.positions + shift))
        if ratio < CLASH_RADII:
            raise StructureError(
                f"{what} clashes with its own image: {closest}; enlarge size, or cut its chains"
            )
