"""The tip-to-tip amplitude of recorded SIESTA matrices against the transmission of the same matrices."""

import lzma
import shutil

import numpy as np
import pandas as pd
import pytest
import sisl
from ase.io import read

from qdjunction.interference.orbital_rule import orbital_rule, solve_dot, tip_coupling

VALENCE = {"H": 1, "C": 4, "N": 5, "Br": 7, "Pb": 4}
"""Electrons of the recorded pseudopotentials."""


def dot_and_tips(folder, scratch):
    """H, S (dense, E_F at 0), orbitals of the dot and of the two apex atoms, electrons of the dot."""
    name = folder.name
    hsx = scratch / f"{name}.HSX"
    with lzma.open(folder / f"{name}.HSX.xz") as packed, hsx.open("wb") as plain:
        shutil.copyfileobj(packed, plain)
    geometry = sisl.get_sile(folder / f"{name}.fdf").read_geometry()
    matrices = sisl.get_sile(hsx).read_hamiltonian(geometry=geometry)
    H, S = (m.real for m in (matrices.Hk(format="array"), matrices.Sk(format="array")))
    H -= float((folder / f"{name}.EIG").read_text().split()[0]) * S
    atoms = read(folder / "junction.extxyz")
    tags = atoms.get_tags()[geometry.o2a(np.arange(geometry.no))]
    electrons = sum(VALENCE[a.symbol] for a in atoms if a.tag == 0)
    return H, S, *(np.flatnonzero(tags == t) for t in (0, 10, 20)), electrons


@pytest.mark.recorded
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sisl.SislWarning")
def test_the_jump_of_12pb_is_in_the_dots_green_function_but_not_in_its_frontier_orbitals(
    siesta_reference, tmp_path
):
    energy, rules, log10_t = -1.0, {}, {}
    for junction in ("L-R3", "L-R4"):
        folder = siesta_reference / "12Pb" / junction
        H, S, dot, left, right, electrons = dot_and_tips(folder, tmp_path)
        assert electrons == 832
        block = np.ix_(dot, dot)
        orbitals = solve_dot(H[block], S[block], electrons)
        # The bare dot, computed by itself, has a gap of 2.668 eV.
        assert orbitals.lumo_ev - orbitals.homo_ev == pytest.approx(2.668, abs=0.05)
        couplings = (tip_coupling(H, S, dot, tip, energy) for tip in (left, right))
        rules[junction] = orbital_rule(orbitals, *couplings, energy)
        recorded = pd.read_csv(folder / f"{junction}.T.csv")
        nearest = recorded.iloc[(recorded["energy_eV_rel_EF"] - energy).abs().argmin()]
        log10_t[junction] = np.log10(nearest["transmission"])
    jump = 2 * np.log10(rules["L-R4"].total / rules["L-R3"].total)
    assert jump == pytest.approx(log10_t["L-R4"] - log10_t["L-R3"], abs=0.05)
    assert rules["L-R4"].interference > 2 * rules["L-R3"].interference
    for rule in rules.values():
        assert rule.channel_share > 0.99
        assert not rule.frontier_dominates
        assert "do not explain" in rule.sentence
