"""Pb-halide bonds and their lengths."""

import numpy as np
import pandas as pd
from ase import Atoms
from ase.constraints import Hookean
from ase.data import atomic_numbers, covalent_radii
from ase.neighborlist import neighbor_list

from qdjunction.structure.perovskite.constants import HALIDES

BOND_FRACTION = 1.4
"""Pb and a halide count as bonded below this multiple of the sum of their covalent radii (Cordero et al., Dalton
Trans. 2008, 2832): 3.47 Ang for Cl, 3.72 for Br, 3.99 for I. That is a quarter above the 2.97 Ang of cubic MAPbBr3 and
far below the 6.6 Ang to the next Pb."""


SPRING_FRACTION = 1.2
"""A spring pulls beyond this multiple of the sum of the covalent radii (2.98 Ang for Cl, 3.19 for Br, 3.42 for I), just
above the bond lengths of the ideal lattices (2.84, 2.97 and 3.15 Ang)."""


def pb_halide_springs(atoms: Atoms) -> list[Hookean]:
    """Return springs that hold the Pb-halide network of a new dot together while the cations reorient.

    The ideal lattice of a small dot is so far from its minimum that terminal halides can move to bridging positions
    while bridges open elsewhere. A spring (6 eV/Ang^2) pulls only on a bond that is longer than `SPRING_FRACTION`, and
    than it is in `atoms`: a relaxed slab has longer ones, and ligands on it are no reason to close them.

    Returns
    -------
    list of ase.constraints.Hookean
        One for each Pb-halide bond.
    """
    bonds = pb_halide_bonds(atoms)
    reach = SPRING_FRACTION * (
        covalent_radii[atomic_numbers["Pb"]] + covalent_radii[atoms.numbers[bonds["halide"]]]
    )
    natural = np.maximum(reach, bonds["length_ang"])
    return [
        Hookean(a1=int(halide), a2=int(pb), rt=float(rt), k=6.0)
        for halide, pb, rt in zip(bonds["halide"], bonds["pb"], natural, strict=True)
    ]


def pb_halide_bonds(atoms: Atoms) -> pd.DataFrame:
    """Return all Pb-halide bonds.

    Returns
    -------
    pandas.DataFrame
        One row per bond: ``halide`` and ``pb``, indices of the atoms; ``length_ang``. Sorted by halide, then Pb.

    See Also
    --------
    qdjunction.structure.connectivity.heavy_bonds : bonds of other heavy atoms
    """
    radius = {symbol: covalent_radii[atomic_numbers[symbol]] for symbol in ("Pb", *HALIDES)}
    cutoffs = {("Pb", halide): BOND_FRACTION * (radius["Pb"] + radius[halide]) for halide in HALIDES}
    first, second, length = neighbor_list("ijd", atoms, cutoffs)
    from_halide = atoms.numbers[second] == atomic_numbers["Pb"]
    bonds = pd.DataFrame(
        {"halide": first[from_halide], "pb": second[from_halide], "length_ang": length[from_halide]}
    )
    return bonds.sort_values(["halide", "pb"], ignore_index=True)


def bond_lengths(atoms: Atoms) -> pd.DataFrame:
    """Return statistics of the Pb-halide bond lengths of a dot or junction.

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
    bonds = pb_halide_bonds(atoms)
    bonds["kind"] = np.where(bonds.groupby("halide")["pb"].transform("size") == 1, "terminal", "bridging")
    bonds["halide"] = np.array(atoms.get_chemical_symbols())[bonds["halide"]]
    return (
        bonds.groupby(["halide", "kind"])["length_ang"]
        .agg(bonds="count", min_ang="min", mean_ang="mean", max_ang="max")
        .reset_index()
    )
