"""Structures to turn in 3D: what the page's script needs to draw them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii
from ase.neighborlist import neighbor_list
from matplotlib import colormaps
from matplotlib.colors import to_hex

from qdjunction.report import style
from qdjunction.report.data import JunctionResults
from qdjunction.report.figures import log10_clipped
from qdjunction.report.projection import view_axes

BOND_FRACTION = 1.25
"""Atoms are joined by a stick below this multiple of the sum of their covalent radii."""

COLOUR_STOPS = 33


def scene(junction: JunctionResults, scale: tuple[float, float]) -> dict[str, Any]:
    """Plain values of one junction for the viewer.

    Parameters
    ----------
    junction : JunctionResults
        Geometry and local density of states.
    scale : (float, float)
        log10 of least and largest density (1/eV) that colours tell apart.

    Returns
    -------
    dict
        ``symbols``; ``positions`` (Ang), turned so that the picture is seen as in the projections; ``bonds``, pairs of
        atoms; ``density``, log10 of the density that enters from the left, for each atom.
    """
    atoms = junction.atoms
    centred = atoms.positions - atoms.positions.mean(axis=0)
    return {
        "name": junction.case.name,
        "dot": junction.case.dot,
        "symbols": atoms.get_chemical_symbols(),
        "positions": np.round(centred @ view_axes(atoms).T, 3).tolist(),
        "bonds": bonds(atoms),
        "density": np.round(log10_clipped(junction.density.left, scale[0]), 2).tolist(),
        "energy_ev": round(junction.density.energy_ev, 3),
        "scale": list(scale),
    }


def bonds(atoms: Atoms) -> list[list[int]]:
    """Pairs of atoms that are joined by a stick."""
    radii = BOND_FRACTION * covalent_radii[atoms.numbers]
    first, second = neighbor_list("ij", atoms, radii)
    once = first < second
    return np.column_stack([first[once], second[once]]).tolist()


def appearance(symbols: Sequence[str]) -> dict[str, Any]:
    """Colour and radius (Ang) of elements, and the colour scale of the density."""
    stops = np.linspace(0, 1, COLOUR_STOPS)
    return {
        "elements": {
            symbol: {"colour": style.element_colour(symbol), "radius": round(style.element_radius(symbol), 3)}
            for symbol in sorted(set(symbols), key=lambda symbol: -atomic_numbers[symbol])
        },
        "colourscale": [[float(stop), to_hex(colormaps["viridis"](stop))] for stop in stops],
    }
