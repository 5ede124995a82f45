"""Pb-halide bond lengths, the first thing to look at after a relaxation."""

import numpy as np
import pandas as pd
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii
from ase.neighborlist import neighbor_list

from qdjunction.structure.perovskite.composition import HALIDES

BOND_FRACTION = 1.4
"""Pb and a halide count as bonded below this multiple of the sum of their covalent radii (3.72 Ang for
Br)."""


def bond_lengths(atoms: Atoms) -> pd.DataFrame:
    """Collect the Pb-X bond lengths of a dot or junction.

    Parameters
    ----------
    atoms : ase.Atoms
        The structure.

    Returns
    -------
    pandas.DataFrame
        One row per halide and kind that occurs: ``halide``; ``kind``, ``terminal`` (the halide touches one
        Pb) or ``bridging`` (two); ``bonds``, their number; ``min_ang``, ``mean_ang``, ``max_ang``.
    """
    radius = {symbol: covalent_radii[atomic_numbers[symbol]] for symbol in ("Pb", *HALIDES)}
    cutoffs = {("Pb", halide): BOND_FRACTION * (radius["Pb"] + radius[halide]) for halide in HALIDES}
    first, second, distance = neighbor_list("ijd", atoms, cutoffs)
    symbols = np.array(atoms.get_chemical_symbols())
    from_halide = symbols[second] == "Pb"
    halide, distance = first[from_halide], distance[from_halide]
    pb_neighbours = np.bincount(halide, minlength=len(atoms))
    bonds = pd.DataFrame(
        {
            "halide": symbols[halide],
            "kind": np.where(pb_neighbours[halide] == 1, "terminal", "bridging"),
            "length": distance,
        }
    )
    return (
        bonds.groupby(["halide", "kind"])["length"]
        .agg(bonds="count", min_ang="min", mean_ang="mean", max_ang="max")
        .reset_index()
    )
