"""The local density of states in space, from its values on atoms.

Engines record the Mulliken population of the scattering states on each atom, not their wave functions, so that the
pictures are the same for all of them. The population of an atom is spread over a Gaussian of `SPREAD_ANG`. At a given
density an atom is then a ball whose radius grows with the logarithm of its population: two atoms at the distance of a
bond between lead and bromine join where both populations are a hundred times what fills a small ball.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qdjunction.report.projection import project
from qdjunction.report.sections.density import density_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.contour import ContourSet

    from qdjunction.report.data import DotResults, JunctionResults

SPREAD_ANG = 0.5
"""Standard deviation of the Gaussian of every atom (Ang)."""

STEP_ANG = 0.35
"""Step of the grid (Ang)."""

REACH = 5.3
"""Standard deviations beyond which a Gaussian has fallen by six decades and is left out."""

MARGIN_ANG = REACH * SPREAD_ANG
"""From the outermost atoms to the edge of the grid (Ang)."""

DECADES = 6
"""Decades of density in a picture."""


@dataclass(frozen=True, eq=False)
class Projection:
    """Largest density along the line of sight.

    A contour of it is the outline of the iso-surface of that density, seen from the same side.

    Attributes
    ----------
    across_ang, up_ang : (n_x,), (n_y,) array
        Axes of the picture (Ang).
    density : (n_y, n_x) array
        Largest density on each line of sight (1/(eV Ang^3) for one spin).
    """

    across_ang: NDArray[np.float64]
    up_ang: NDArray[np.float64]
    density: NDArray[np.float64]


def density_field(
    positions: NDArray[np.float64], populations: NDArray[np.float64]
) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    """Return the density on a grid around atoms.

    Parameters
    ----------
    positions : (n, 3) array
        Positions of the atoms (Ang).
    populations : (n,) array
        Local density of states of each atom (1/eV); those that are negative or missing count as zero.

    Returns
    -------
    axes : list of 3 arrays
        Coordinates of the grid along each direction (Ang).
    density : (n_x, n_y, n_z) array
        Density at its points (1/(eV Ang^3)).
    """
    axes = [
        np.arange(column.min() - MARGIN_ANG, column.max() + MARGIN_ANG + STEP_ANG, STEP_ANG)
        for column in positions.T
    ]
    density = np.zeros([len(axis) for axis in axes])
    reach = int(np.ceil(REACH * SPREAD_ANG / STEP_ANG))
    norm = (2 * np.pi) ** -1.5 / SPREAD_ANG**3
    for position, population in zip(positions, populations, strict=True):
        if not population > 0:
            continue
        middle = [int(np.abs(axis - x).argmin()) for axis, x in zip(axes, position, strict=True)]
        block = tuple(slice(max(0, n - reach), n + reach + 1) for n in middle)
        x, y, z = (
            np.exp(-0.5 * ((axis[part] - at) / SPREAD_ANG) ** 2)
            for axis, part, at in zip(axes, block, position, strict=True)
        )
        density[block] += population * norm * x[:, None, None] * y[:, None] * z
    return axes, density


def projected(junction: JunctionResults) -> Projection:
    """Return the local density of states of a junction in the view of its other pictures."""
    (across, up, _), density = density_field(project(junction.atoms).T, density_of(junction).total)
    return Projection(across, up, density.max(axis=2).T)


def field_scale(dot: DotResults) -> tuple[float, float]:
    """Return log10 of lowest and highest density (1/(eV Ang^3)) of the pictures of a dot, whole decades.

    The highest is that of a single atom with the largest population of all junctions.
    """
    top = max(float(np.nanmax(density_of(one).total)) for one in dot.junctions if one.density)
    high = float(np.ceil(np.log10(top * (2 * np.pi) ** -1.5 / SPREAD_ANG**3)))
    return high - DECADES, high


def draw_outlines(axes: Axes, junction: JunctionResults, scale: tuple[float, float]) -> ContourSet:
    """Draw the outlines of the iso-surfaces, one for each decade, over the bonds; return what a colour bar needs."""
    from matplotlib.collections import LineCollection

    from qdjunction.report.sections.structures import bonds

    projection = projected(junction)
    levels = np.arange(scale[0], scale[1] + 0.5)
    across, up, _ = project(junction.atoms)
    heavy = junction.atoms.numbers > 1
    ends = [pair for pair in bonds(junction.atoms) if heavy[pair].all()]
    lines = np.stack([across, up], axis=1)[np.array(ends, dtype=int).reshape(-1, 2)]
    axes.add_collection(LineCollection(list(lines), colors="0.75", linewidths=0.5, zorder=0))
    log10 = np.log10(np.maximum(projection.density, 1e-300))
    drawn = axes.contourf(
        projection.across_ang, projection.up_ang, log10, levels=levels, cmap="viridis_r", extend="max"
    )
    axes.set_aspect("equal")
    axes.set_xlim(projection.across_ang[0], projection.across_ang[-1])
    axes.set_ylim(projection.up_ang[0], projection.up_ang[-1])
    axes.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
    axes.spines[:].set_visible(False)
    return drawn
