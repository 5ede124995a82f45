"""The local density of states along the path from tip to tip, with its weak link."""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING

import numpy as np

from qdjunction.interference.weak_link import WidestPath, shortest_gaps, widest_path
from qdjunction.report.sections.density import density_of
from qdjunction.report.sections.structures import bonds
from qdjunction.structure.junction import apex_atoms

if TYPE_CHECKING:
    import pandas as pd

    from qdjunction.report.data import JunctionResults


def density_path(junction: JunctionResults) -> WidestPath:
    """Return the path along bonds, from the gold that binds on the left to that on the right, of highest density.

    The density is that of the states from both leads. Tips that bonds do not connect, as those of a dot that lost one
    or of two dots with nothing between, have a path across the shortest gaps. See `interference.weak_link.widest_path`.
    """
    joined, density = bonds(junction.atoms), density_of(junction).total
    left, right = apex_atoms(junction.atoms)
    paths = [
        widest_path(
            density, [*joined, *shortest_gaps(junction.atoms.positions, joined, start, end)], start, end
        )
        for start, end in product(map(int, left), map(int, right))
    ]
    return max(paths, key=lambda path: path.density)


def longest_gap_ang(junction: JunctionResults, path: WidestPath) -> float:
    """Return the longest step (Ang) of a path between atoms without a bond; 0 if there is none."""
    joined = {frozenset(pair) for pair in bonds(junction.atoms)}
    steps = [frozenset(pair) for pair in pairwise(map(int, path.atoms))]
    return max(
        (float(junction.atoms.get_distance(*pair)) for pair in steps if pair not in joined), default=0.0
    )


def weak_link_name(junction: JunctionResults, path: WidestPath) -> str:
    """Return the atom of the weak link in words: its element, and which atom of the path it is."""
    place, gap = int(path.densities.argmin()), longest_gap_ang(junction, path)
    across = f", across a gap of {gap:.2f} Å without a bond" if gap else ""
    return f"{junction.atoms.symbols[path.weakest]}, atom {place + 1} of {len(path.atoms)} from tip to tip{across}"


def path_table(junction: JunctionResults) -> pd.DataFrame:
    """Return one row for each atom of the path: how far along it is, its element and densities."""
    import pandas as pd

    path, density = density_path(junction), density_of(junction)
    steps = np.linalg.norm(np.diff(junction.atoms.positions[path.atoms], axis=0), axis=1)
    return pd.DataFrame(
        {
            "junction": junction.case.name,
            "atom": path.atoms,
            "element": [junction.atoms.symbols[atom] for atom in path.atoms],
            "along_ang": np.concatenate([[0.0], np.cumsum(steps)]),
            "energy_eV": density.energy_ev,
            "ldos_per_eV": density.total[path.atoms],
            "ldos_left_per_eV": density.left[path.atoms],
            "ldos_right_per_eV": density.right[path.atoms],
            "weak_link": path.atoms == path.weakest,
        }
    )
