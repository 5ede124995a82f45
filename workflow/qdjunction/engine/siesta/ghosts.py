"""Ghost atoms: the orbitals of an atom without the atom, for the counterpoise correction."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from numpy.typing import ArrayLike

from qdjunction.engine.siesta.pseudopotentials import Pseudopotential

ARRAY = "ghost"
"""Array of the atoms of a structure that says which are ghosts; absent where none is."""

SUFFIX = "_ghost"
"""Ending of the label of a species of ghosts."""


def with_ghosts(atoms: Atoms, ghosts: ArrayLike) -> Atoms:
    """Return a copy in which the atoms of a (n_atoms,) mask are ghosts."""
    marked: Atoms = atoms.copy()
    if np.any(ghosts):
        marked.set_array(ARRAY, np.asarray(ghosts, dtype=bool))
    return marked


def species(atoms: Atoms) -> list[str]:
    """Return the label of each atom's species: the element, with `SUFFIX` for a ghost."""
    ghosts = atoms.arrays.get(ARRAY, np.zeros(len(atoms), dtype=bool))
    return [symbol + SUFFIX * bool(ghost) for symbol, ghost in zip(atoms.symbols, ghosts, strict=True)]


def by_label(atoms: Atoms, by_element: Mapping[str, Pseudopotential]) -> dict[str, Pseudopotential]:
    """Return the pseudopotentials of the species, from those of the elements."""
    return {label: by_element[label.removesuffix(SUFFIX)] for label in dict.fromkeys(species(atoms))}


def species_rows(labels: Mapping[str, Pseudopotential]) -> list[tuple[Any, ...]]:
    """Return the rows of ChemicalSpeciesLabel; SIESTA knows ghosts by a negative atomic number."""
    return [
        (number, atomic_numbers[file.element] * (-1 if label.endswith(SUFFIX) else 1), label)
        for number, (label, file) in enumerate(labels.items(), start=1)
    ]
