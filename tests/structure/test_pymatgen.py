"""The dots as another code sees them."""

import pytest
from pymatgen.core import Composition
from pymatgen.io.ase import AseAtomsAdaptor

from qdjunction.structure.bonds import bond_lengths
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.xyz import read_structure
from support.paths import CLUSTERS

OXIDATION = {"Pb": 2, "Br": -1, "Cl": -1, "I": -1, "Cs": 1}


@pytest.mark.parametrize("name", ["1Pb", "8Pb", "10Pb", "12Pb", "16Pb", "18Pb", "27Pb", "64Pb"])
def test_dots_are_neutral_by_oxidation_states(name):
    dot = build_dot(load_dot(name, CLUSTERS), "Cs", halide="Br0.72Cl0.28", seed=3)
    composition = Composition(dot.get_chemical_formula())
    assert sum(OXIDATION[str(element)] * amount for element, amount in composition.items()) == 0


def test_bond_lengths_agree_with_those_of_pymatgen():
    dot = read_structure(CLUSTERS / "relaxed" / "12Pb_MAPbBr3_xtb.extxyz")
    molecule = AseAtomsAdaptor.get_molecule(dot)
    lengths = sorted(
        neighbour.nn_distance
        for site in molecule
        if site.species_string == "Pb"
        for neighbour in molecule.get_neighbors(site, 3.72)
        if neighbour.species_string == "Br"
    )
    table = bond_lengths(dot)
    assert len(lengths) == table["bonds"].sum()
    assert lengths[0] == pytest.approx(table["min_ang"].min(), abs=1e-9)
    assert lengths[-1] == pytest.approx(table["max_ang"].max(), abs=1e-9)
