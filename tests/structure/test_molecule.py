"""Molecules from SMILES: the conformer that is found, and what is refused."""

import re

import numpy as np
import pytest
from qdjunction.core.errors import InputError
from qdjunction.structure.molecule import conformer

ALKANEDITHIOL = "SCCCCCCCCCCS"


def test_the_chain_of_an_alkanedithiol_is_anti():
    found = conformer(ALKANEDITHIOL)
    chain = np.arange(12)
    torsions = [found.atoms.get_dihedral(*chain[i : i + 4]) for i in range(9)]
    np.testing.assert_allclose(torsions, 180, atol=3)
    assert found.force_field == "MMFF94s"
    assert found.second_ev > 0
    assert found.conformers == 51


def test_the_atoms_come_in_the_order_of_the_smiles_along_z():
    atoms = conformer(ALKANEDITHIOL).atoms
    assert str(atoms.symbols[:12]) == "SC10S"
    assert (np.diff(atoms.positions[:12, 2]) > 0).all()
    np.testing.assert_allclose(atoms.get_center_of_mass(), 0, atol=1e-9)
    assert not atoms.pbc.any()


def test_rings_stay_planar_and_bonds_have_their_lengths():
    atoms = conformer("Sc1ccc(S)cc1").atoms
    ring = [1, 2, 3, 4, 6, 7]
    assert np.linalg.svd(atoms.positions[ring] - atoms.positions[ring].mean(axis=0))[1][2] < 0.02
    bonds = [atoms.get_distance(ring[i - 1], ring[i]) for i in range(6)]
    np.testing.assert_allclose(bonds, 1.397, atol=0.02)  # benzene, microwave and infrared spectra


def test_the_handedness_of_a_stereocentre_is_that_of_the_smiles():
    def volume(smiles):
        atoms = conformer(smiles).atoms
        methyl, centre, nitrogen, carboxyl = (atoms.positions[i] for i in range(4))
        return np.dot(np.cross(methyl - centre, nitrogen - centre), carboxyl - centre)

    left, right = volume("C[C@H](N)C(=O)O"), volume("C[C@@H](N)C(=O)O")
    assert left * right < 0
    assert abs(left) == pytest.approx(abs(right), rel=0.05)


def test_a_seed_repeats_the_atoms():
    first, second = (conformer("NCCCCN", conformers=5, seed=3).atoms for _ in range(2))
    assert np.array_equal(first.positions, second.positions)


def test_an_open_stereocentre_is_reported(caplog):
    conformer("NC(F)(Cl)C", conformers=2)
    assert "the stereocentre at atom 1 is not specified" in caplog.text


@pytest.mark.parametrize(
    ("smiles", "message"),
    [
        ("Sc1ccc(S)cc", "not valid"),
        ("", "not valid"),
        ("CS.SC", "several molecules, separated by '.'"),
        ("[O-]CC", "has charge -1"),
        ("[S]CC[S]", "has unpaired electrons; write the hydrogen atom"),
        ("[Pb]", "has unpaired electrons"),
        ("F[Xe]F", "neither MMFF94s nor UFF|finds no geometry"),
    ],
)
def test_bad_smiles(smiles, message):
    with pytest.raises(InputError, match=re.escape(f"SMILES '{smiles}': ") + f".*({message})"):
        conformer(smiles)
