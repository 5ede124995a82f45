"""Terminal halides and straight rows, which a block has by construction."""

from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule

from qdjunction.core.errors import StructureError
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.rows import terminal_halides
from qdjunction.structure.xyz import read_structure

CLUSTERS = Path(__file__).parents[2] / "clusters"


@pytest.mark.parametrize("name", ["1Pb", "8Pb", "12Pb", "18Pb"])
def test_rows_of_an_ideal_block_end_at_opposite_halides(name):
    definition = load_dot(name, CLUSTERS)
    dot = build_dot(definition, "Cs")
    a, b, c = definition.block
    sites = terminal_halides(dot)
    assert len(sites) == 2 * (a * b + b * c + c * a)
    lengths = {0: a, 1: b, 2: c}
    for site in sites:
        axis = int(np.abs(site.direction).argmax())
        assert site.row_pb == lengths[axis]
        across = dot.positions[site.partner] - dot.positions[site.atom]
        np.testing.assert_allclose(np.delete(across, axis), 0, atol=1e-9)
        assert np.sign(across[axis]) == -np.sign(site.direction[axis])
        assert abs(across[axis]) == pytest.approx(lengths[axis] * 5.87)
    # A Pb of a block has as many terminal halides as faces of the block that it lies on.
    corners = {site.pb for site in sites if site.corner}
    assert len(corners) == (8 if min(a, b, c) > 1 else 1)


def test_a_removed_unit_ends_its_rows_at_its_neighbours():
    sites = terminal_halides(build_dot(load_dot("10Pb", CLUSTERS), "Cs"))
    assert {site.row_pb for site in sites} == {1, 2, 3}
    partners = {site.atom: site.partner for site in sites}
    assert all(partners[partner] == atom for atom, partner in partners.items())


def test_rows_are_found_in_a_relaxed_dot_by_its_bonds():
    """The far end R4 of the series is the other end of the row of L."""
    dot = read_structure(CLUSTERS / "relaxed" / "12Pb_MAPbBr3_xtb.extxyz")
    sites = {site.atom: site for site in terminal_halides(dot)}
    contacts = {name: entry["atom"] for name, entry in dot.info["contacts"].items()}
    assert sites[contacts["L"]].partner == contacts["R4"]
    assert sites[contacts["L"]].row_pb == 3
    assert sites[contacts["R1"]].partner not in contacts.values()


def test_a_molecule_has_no_terminal_halides():
    with pytest.raises(StructureError, match="C6H6 has 0 terminal halides"):
        terminal_halides(molecule("C6H6"))
