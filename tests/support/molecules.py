"""Molecules that relax in a second."""

import numpy as np
from ase import Atoms
from ase.build import molecule


def methylammonium_bromide() -> Atoms:
    """CH3NH2 with HBr on its lone pair, the bromine half an Angstrom too far away."""
    atoms = molecule("H3CNH2")
    nitrogen = next(atom.index for atom in atoms if atom.symbol == "N")
    distances = atoms.get_distances(nitrogen, range(len(atoms)))
    bonds = atoms.positions[(distances > 0) & (distances < 1.6)] - atoms.positions[nitrogen]
    lone_pair = -bonds.sum(axis=0) / np.linalg.norm(bonds.sum(axis=0))
    atoms += Atoms("HBr", positions=atoms.positions[nitrogen] + np.outer([1.05, 3.4], lone_pair))
    atoms.info = {"dot": "none"}
    atoms.set_tags(range(len(atoms)))
    return atoms
