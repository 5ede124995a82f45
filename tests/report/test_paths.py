"""Outlines of the local density of states, and its path from tip to tip."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from qdjunction.report.density_field import SPREAD_ANG, density_field, field_scale, projected
from qdjunction.report.density_path import density_path, path_table, weak_link_name
from qdjunction.report.drawing import draw
from qdjunction.report.page import Page
from qdjunction.report.sections.contract import PlannedFigure
from qdjunction.report.sections.paths import KIND, weak_links_table
from qdjunction.report.sections.structures import bonds
from qdjunction.structure.contacts import contact

DOT = "1Pb_MAPbBr3"
FIGURE = PlannedFigure("paths", dot=DOT, left="L")


def test_the_field_holds_the_population_of_the_atoms():
    axes, density = density_field(np.array([[0.0, 0, 0], [2.9, 0.3, 0]]), np.array([0.2, 1e-3]))
    step = axes[0][1] - axes[0][0]
    assert density.sum() * step**3 == pytest.approx(0.201, rel=1e-3)
    assert density.max() == pytest.approx(0.2 * (2 * np.pi) ** -1.5 / SPREAD_ANG**3, rel=0.2)


def test_negative_and_missing_populations_add_nothing():
    _, density = density_field(np.zeros((2, 3)), np.array([-1e-3, np.nan]))
    assert not density.any()


def test_a_contour_is_the_outline_of_the_iso_surface(results):
    """The projection reaches a density where, and only where, the field on that line of sight does."""
    (junction, _) = results.dot(DOT).series[0].junctions
    picture = projected(junction)
    low, high = field_scale(results.dot(DOT))
    assert low < np.log10(picture.density.max()) <= high
    bright = np.unravel_index(picture.density.argmax(), picture.density.shape)
    assert picture.density.shape == (len(picture.up_ang), len(picture.across_ang))
    # The largest population is on gold, and the tip of the left lead lies on the left.
    assert abs(picture.across_ang[bright[1]]) > 3 or abs(picture.up_ang[bright[0]]) > 3


@pytest.mark.parametrize("name", ["short", "long"])
def test_the_path_of_1pb_leads_over_its_lead_atom(results, name):
    junction = next(one for one in results.dot(DOT).junctions if one.case.name == name)
    path = density_path(junction)
    symbols = [junction.atoms.symbols[atom] for atom in path.atoms]
    assert symbols == ["Au", "Br", "Pb", "Br", "Au"]
    sides = [contact(junction.atoms, junction.atoms.info[side]).atom for side in ("left", "right")]
    assert [path.atoms[1], path.atoms[3]] == sides
    table = path_table(junction)
    assert table["ldos_per_eV"].min() == path.density == table.loc[table["weak_link"], "ldos_per_eV"].item()
    assert table["along_ang"].is_monotonic_increasing
    assert "of 5 from tip to tip" in weak_link_name(junction, path)


def test_figure_and_table_of_the_series(results):
    drawing = draw(results, FIGURE)
    pictures, paths = drawing.figure.axes[:2], drawing.figure.axes[2:4]
    assert [axes.get_title() for axes in pictures] == ["short", "long"]
    assert paths[0].get_ylim() == paths[1].get_ylim()
    assert set(drawing.table["junction"]) == {"short", "long"}
    table = weak_links_table(results.dot(DOT).series[0])
    assert [row[0] for row in table.rows] == ["short", "long"]
    assert table.rows[-1][-1] == "+0.00"
    page = KIND.html(Page(results, {}), results.dot(DOT), results.dot(DOT).series[0])
    assert "Weak link of the density" in page
    assert 'class="picture page"' in page


def opened(junction, by_ang):
    """The junction with its right tip, and what it holds, farther away along the axis of both contacts."""
    atoms = junction.atoms.copy()
    left, right = (contact(atoms, atoms.info[side]).atom for side in ("left", "right"))
    axis = atoms.positions[right] - atoms.positions[left]
    gold = atoms.symbols == "Au"
    near = np.linalg.norm(atoms.positions - atoms.positions[right], axis=1) < np.linalg.norm(
        atoms.positions - atoms.positions[left], axis=1
    )
    atoms.positions[gold & near] += by_ang * axis / np.linalg.norm(axis)
    return replace(junction, atoms=atoms)


def test_tips_that_no_bond_connects_have_a_path_across_the_gap(results):
    """The figure of a series must not fail for one junction that came apart, and says what it crosses."""
    (series,) = results.dot(DOT).series
    (short, long) = series.junctions
    apart = opened(long, 2.0)
    joined, gap = density_path(long), density_path(apart)
    assert [apart.atoms.symbols[atom] for atom in gap.atoms[[0, -1]]] == ["Au", "Au"]
    assert set(joined.atoms) <= set(gap.atoms)
    assert "gap" not in weak_link_name(long, joined)
    length = apart.atoms.get_distance(*gap.atoms[-2:])
    assert f"across a gap of {length:.2f} Å without a bond" in weak_link_name(apart, gap)
    table = weak_links_table(replace(series, junctions=(short, apart)))
    assert "without a bond" in table.rows[1][1]
    assert "without a bond" not in table.rows[0][1]


def test_what_counts_as_a_pb_halide_bond_is_a_stick():
    """The terminal Cl of a relaxed mixed dot is 3.2 Ang from Pb: bonded, beyond the reach of the other sticks."""
    assert bonds(Atoms("PbCl", [[0, 0, 0], [3.2, 0, 0]])) == [[0, 1]]
    assert bonds(Atoms("PbCl", [[0, 0, 0], [3.6, 0, 0]])) == []
    assert bonds(Atoms("AuCl", [[0, 0, 0], [3.2, 0, 0]])) == []


def test_without_a_density_there_is_no_figure(results):
    dot = results.dot(DOT)
    (series,) = dot.series
    lost = replace(series, junctions=(replace(series.junctions[0], density=None), series.junctions[1]))
    without = replace(results, dots=(replace(dot, series=(lost,)),))
    assert not KIND.shows(without, FIGURE)
    assert KIND.html(Page(without, {}), without.dots[0], lost) == ""
