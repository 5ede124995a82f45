"""Interactive structures in 3D."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qdjunction.report import style
from qdjunction.report.density_field import REACH, SPREAD_ANG, field_scale
from qdjunction.report.projection import view_axes
from qdjunction.report.sections.contract import TEMPLATES, PageSection
from qdjunction.report.sections.density import density_of, density_scale, log10_clipped

if TYPE_CHECKING:
    from ase import Atoms
    from markupsafe import Markup

    from qdjunction.report.data import JunctionResults, StudyResults
    from qdjunction.report.page import Page


BOND_FRACTION = 1.25
"""Atoms are joined by a stick below this multiple of the sum of their covalent radii."""

COLOUR_STOPS = 33


class StructuresSection(PageSection):
    """The junctions in 3D, in the colours of the elements or of the density of states."""

    name = "structures"
    about_dots = True
    order = 40
    title = "Structures in 3D"
    script = (TEMPLATES / "structures.js").read_text(encoding="utf-8")

    def html(self, page: Page) -> Markup | str:
        """Return the menus of junction and colour, and the place of the picture; nothing without a junction."""
        drawn = _drawn(page.results)
        return page.render(HTML, junctions=drawn, spread=f"{SPREAD_ANG:g}") if drawn else ""

    def data(self, results: StudyResults) -> dict[str, Any]:
        """Return the junctions, and colours and radii of their elements."""
        scales = {
            dot.case.id: density_scale(dot) for dot in results.dots if any(j.density for j in dot.junctions)
        }
        surfaces = {dot.case.id: field_scale(dot) for dot in results.dots if dot.case.id in scales}
        scenes = [
            scene(junction, scales[junction.case.dot], surfaces[junction.case.dot])
            for junction in _drawn(results)
        ]
        return {"scenes": scenes, "spread": SPREAD_ANG, "reach": REACH, "surfaceColour": style.PALETTE[0]} | (
            appearance([symbol for one in scenes for symbol in one["symbols"]])
        )


HTML = """
<section id="structures">
<h2>Structures in 3D</h2>
<noscript><p>The structures need JavaScript; everything else on this page does not.</p></noscript>
<div class="viewer">
<div class="viewer-bar">
<label>Junction <select id="structure-junction">
{% for one in junctions %}<option value="{{ loop.index0 }}">{{ one.case.dot }} / {{ one.case.name }}</option>
{% endfor %}
</select></label>
<label>Colour <select id="structure-colour">
<option value="element">elements</option>
<option value="density">density of states entering from the left</option>
<option value="surface">iso-surface of the density of states</option></select></label>
<label id="structure-level-bar" class="grow" hidden>
<span>log<sub>10</sub> of the density (eV<sup>−1</sup> Å<sup>−3</sup>)</span>
<input id="structure-level" type="range" step="0.1"><output id="structure-level-text"></output></label>
</div>
<div id="structure" role="img" aria-label="Structure of the junction to turn in 3D"></div>
</div>
<p class="caption">Drag to rotate, scroll to zoom. Atoms are drawn with half their covalent radius,
in the colours of Jmol (hydrogen in grey); sticks join atoms closer than 1.25 times
the sum of their covalent radii. The density of states is the one shown in the pictures above, at the headline
energy. Iso-surfaces are those of the states from both leads, with the population of every atom spread over a
Gaussian of {{ spread }} Å; a surface that reaches from tip to tip breaks as its density is raised.</p>
</section>
"""


def _drawn(results: StudyResults) -> list[JunctionResults]:
    """Return the junctions that have a local density."""
    return [junction for dot in results.dots for junction in dot.junctions if junction.density]


def scene(
    junction: JunctionResults, scale: tuple[float, float], surface: tuple[float, float]
) -> dict[str, Any]:
    """Return the plain values of one junction for the viewer.

    Parameters
    ----------
    junction : JunctionResults
        Geometry and local density of states.
    scale : (float, float)
        log10 of the ends of the colour scale (1/eV).
    surface : (float, float)
        log10 of the lowest and the highest density of an iso-surface (1/(eV Ang^3)).

    Returns
    -------
    dict
        ``symbols``; ``positions`` (Ang), turned so that the picture is seen as in the projections; ``bonds``, pairs of
        atoms; ``density`` and ``total``, log10 of the density that enters from the left, and from both leads, for each
        atom.
    """
    atoms, density = junction.atoms, density_of(junction)
    centred = atoms.positions - atoms.positions.mean(axis=0)
    return {
        "name": junction.case.name,
        "dot": junction.case.dot,
        "symbols": atoms.get_chemical_symbols(),
        "positions": np.round(centred @ view_axes(atoms).T, 3).tolist(),
        "bonds": bonds(atoms),
        "density": log10_clipped(density.left, scale[0]).round(2).tolist(),
        "total": log10_clipped(density.total, surface[0] - 1).round(2).tolist(),
        "surface": list(surface),
        "energy_ev": round(density.energy_ev, 3),
        "scale": list(scale),
    }


def bonds(atoms: Atoms) -> list[list[int]]:
    """Return the pairs of atoms that are joined by a stick, with all that count as Pb-halide bonds."""
    from ase.data import covalent_radii
    from ase.neighborlist import neighbor_list

    from qdjunction.structure.bonds import pb_halide_bonds

    radii = BOND_FRACTION * covalent_radii[atoms.numbers]
    near = np.column_stack(neighbor_list("ij", atoms, radii))
    pairs = np.vstack([near, pb_halide_bonds(atoms)[["halide", "pb"]].to_numpy()])
    joined: list[list[int]] = np.unique(np.sort(pairs, axis=1), axis=0).tolist()
    return joined


def appearance(symbols: Sequence[str]) -> dict[str, Any]:
    """Return colour and radius (Ang) of elements, and the colour scale of the density."""
    from ase.data import atomic_numbers
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    stops = np.linspace(0, 1, COLOUR_STOPS)
    return {
        "elements": {
            symbol: {"colour": style.element_colour(symbol), "radius": round(style.element_radius(symbol), 3)}
            for symbol in sorted(set(symbols), key=lambda symbol: -atomic_numbers[symbol])
        },
        "colourscale": [[float(stop), to_hex(colormaps["viridis"](stop))] for stop in stops],
    }


KIND = StructuresSection()
