"""Coupling of joined dots: closed forms, and real pairs from structure to record."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qdjunction.core.errors import InputError
from qdjunction.core.results import read_result
from qdjunction.engine.registry import make_engine
from qdjunction.engine.store import read_electronic_structure
from qdjunction.engine.xtb.settings import XtbSettings
from qdjunction.interference.coupling import Coupling, eliminate, frontier_couplings, orthogonalised
from qdjunction.interference.coupling_results import (
    CouplingRecord,
    PairCoupling,
    decays_of,
    is_resolved,
    unresolved,
)
from qdjunction.steps.coupling import couplings_of_study, pair_coupling
from qdjunction.steps.electronic import hamiltonian
from qdjunction.structure.ligands.attach import FRAGMENT
from qdjunction.structure.ligands.library import load_ligand
from qdjunction.structure.ligands.pair import facing_site, join, joined_dots
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.sources.registry import SOURCES
from qdjunction.structure.xyz import write_structure

CLUSTERS = Path(__file__).parents[2] / "clusters"


def two_levels(e_a, e_b, J, s):
    """Two dots of a HOMO and an uncoupled LUMO each: orbitals HOMO A, LUMO A, HOMO B, LUMO B."""
    H, S = np.diag([e_a, 5.0, e_b, 6.0]), np.eye(4)
    H[0, 2] = H[2, 0] = J
    S[0, 2] = S[2, 0] = s
    return H, S


@pytest.mark.parametrize(
    ("e_a", "e_b", "J", "s"), [(-1, -1, 0.1, 0.2), (-1, -1.4, -0.3, 0.25), (-2, -1, 0.02, 0)]
)
def test_two_orbitals_with_overlap_follow_valeev(e_a, e_b, J, s):
    found = frontier_couplings(*two_levels(e_a, e_b, J, s), [0, 1], [2, 3], 4)["HOMO"]
    t = (J - s * (e_a + e_b) / 2) / (1 - s**2)
    middle = (e_a + e_b - 2 * J * s) / 2 / (1 - s**2)
    half = (e_a - e_b) * np.sqrt(1 - s**2) / 2 / (1 - s**2)
    assert found.coupling_ev == pytest.approx(abs(t), abs=1e-12)
    assert found.levels_ev == pytest.approx((middle + half, middle - half))
    assert found.splitting_ev == pytest.approx(np.hypot(2 * half, 2 * t))
    assert found.localisation == pytest.approx(1)
    assert found.direct_ev == pytest.approx(abs(t))
    assert found.bonds_ev == pytest.approx(0, abs=1e-12)
    projected = orthogonalised([[e_a, J], [J, e_b]], [[1, s], [s, 1]])
    assert projected[0, 1] == pytest.approx(t)


def chain(n, hopping, energy, v=(0.1, 0.2)):
    """Two sites at 0 joined by a chain of n sites: site A, chain, site B."""
    H = np.diag([0.0, *[energy] * n, 0.0])
    bonds = [v[0], *[hopping] * (n - 1), v[1]]
    return H + np.diag(bonds, 1) + np.diag(bonds, -1)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("energy", [8.0, -8.0])
def test_a_chain_couples_by_superexchange_with_its_sign(n, energy):
    H = chain(n, -0.05, energy, (0.01, 0.02))
    h, s = eliminate(H, np.eye(n + 2), [0, n + 1], 0.0)
    exact = 0.01 * 0.02 * (-0.05) ** (n - 1) / (0.0 - energy) ** n
    assert orthogonalised(h, s)[0, 1] == pytest.approx(exact, rel=1e-3)


def test_at_resonance_the_splitting_is_that_of_the_pair_and_goes_through_the_bonds():
    H = chain(3, -0.4, 3.0, (0.3, 0.3))
    found = frontier_couplings(H, np.eye(5), [0], [4], 4)["HOMO"]
    levels = np.linalg.eigvalsh(H)
    assert found.splitting_ev == pytest.approx(levels[1] - levels[0])
    assert found.coupling_ev == pytest.approx((levels[1] - levels[0]) / 2)
    assert found.direct_ev == pytest.approx(0, abs=1e-12)
    assert found.bonds_ev == pytest.approx(found.coupling_ev, rel=1e-3)
    assert found.levels_ev[0] == pytest.approx(found.levels_ev[1])
    assert 0 < found.bridge_weight < 0.05
    assert is_resolved(found)


def test_degenerate_levels_are_taken_together_whatever_their_orbitals():
    rng = np.random.default_rng(3)
    turns = [np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(2)]
    block = turns[0] @ (0.2 * np.eye(3)) @ turns[1].T
    H = np.zeros((8, 8))
    H[:3, 4:7], H[4:7, :3] = block, block.T
    H[3, 3] = H[7, 7] = 5.0
    found = frontier_couplings(H, np.eye(8), range(4), range(4, 8), 12)["HOMO"]
    assert found.degeneracy == 3
    assert found.coupling_ev == pytest.approx(0.2)
    assert found.localisation == pytest.approx(1)


def test_states_of_one_dot_alone_are_refused():
    with pytest.raises(InputError, match="HOMO of both"):
        frontier_couplings(np.diag([-3.0, -2.0, -1.0, 1.0, 2.0]), np.eye(5), [0, 1, 2], [3, 4], 6)
    with pytest.raises(InputError, match="none in common"):
        frontier_couplings(np.eye(3), np.eye(3), [0, 1], [1, 2], 2)


def made_pair(name, distance, coupling, localisation=1.0, linker="x", is_saturated=True):
    one = Coupling((0.0, 0.0), 2 * coupling, coupling, 1, localisation, 0.0, coupling, 0.0)
    return PairCoupling(
        pair=name,
        linker=linker,
        is_saturated=is_saturated,
        end_distance_ang=distance,
        pb_distance_ang=9.0,
        levels={"HOMO": one, "LUMO": one},
    )


def test_the_decay_is_that_of_resolved_pairs_with_a_linker():
    pairs = [made_pair(f"C{n}", 1.3 * n, 0.1 * np.exp(-0.5 * 1.3 * n)) for n in (2, 3, 4)]
    others = [made_pair("open", np.nan, 1.0, linker="none"), made_pair("mixed", 3.0, 1.0, localisation=0.3)]
    homo, _ = decays_of([*pairs, *others], 0.95)
    assert homo.beta_per_ang == pytest.approx(0.5)
    assert homo.interval_per_ang == pytest.approx((0.5, 0.5))
    assert (homo.pairs, homo.left_out) == (("C2", "C3", "C4"), ("mixed",))
    assert "mixed" in homo.sentence
    alone, _ = decays_of(pairs[:1], 0.95)
    assert np.isnan(alone.beta_per_ang)


def test_what_is_not_resolved_says_why():
    one = made_pair("C2", 4.0, 0.002).levels["HOMO"]
    assert not unresolved(one)
    mixed = replace(one, localisation=0.65)
    assert unresolved(mixed) == "levels lie on both dots (localisation 0.65, needed 0.8)"
    # The HOMO of two 8Pb with ethanedithiol: each level is on its dot, but |t| is no sum of its parts.
    further = replace(one, coupling_ev=0.00034, direct_ev=0.00249, bonds_ev=0.00432)
    assert unresolved(further) == "further levels take part (the two parts add up to 6.81 meV)"
    assert not is_resolved(mixed)
    assert not is_resolved(further)


def test_alkanes_are_fitted_alone_and_other_linkers_compared_with_them():
    pairs = [made_pair(f"C{n}", 1.3 * n, 0.1 * np.exp(-0.5 * 1.3 * n)) for n in (2, 3, 4)]
    aromatic = [
        made_pair("BDT", 6.0, 0.3 * np.exp(-0.5 * 6.0), is_saturated=False),
        made_pair("BPDT", 10.0, 1.0, localisation=0.3, is_saturated=False),
    ]
    homo, _ = decays_of([*aromatic, *pairs], 0.95)
    assert homo.beta_per_ang == pytest.approx(0.5)
    assert (homo.pairs, homo.left_out) == (("C2", "C3", "C4"), ())
    assert homo.sentence.endswith("no alkanes, as multiples of this fit: BDT 3, BPDT is not resolved")
    # Without an alkane there is nothing else to fit.
    alone, _ = decays_of([aromatic[0], made_pair("TPDT", 14.0, 0.01, is_saturated=False)], 0.95)
    assert alone.pairs == ("BDT", "TPDT")
    assert "alkanes" not in alone.sentence


@pytest.mark.parametrize(
    ("linker", "is_saturated"), [("hexanedithiol", True), ("biphenyldithiol", False), ("none", False)]
)
def test_alkanes_are_known_from_their_bonds(linker, is_saturated):
    keys = {"pb_distance_ang": 20.0} if linker == "none" else {}
    dot = {"dot": "1Pb", "cation": "Cs"}
    values = {
        "name": "it",
        "first": dot,
        "second": dot,
        "first_site": "R2",
        "second_site": "L",
        "twist_deg": 90,
    }
    settings = SOURCES["pair"].settings_to_build({**values, "linker": linker, **keys}, "c.yaml")
    assert joined_dots(settings.build(settings.look_up(CLUSTERS))).is_saturated is is_saturated


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    """H and S of two 1Pb dots with and without hexanedithiol between them."""
    folder = tmp_path_factory.mktemp("pairs")
    dot = build_dot(load_dot("1Pb", CLUSTERS), "Cs")
    sites = facing_site(dot, "R2", "first"), facing_site(dot, "L", "second")
    engine = make_engine("xtb", XtbSettings().model_dump(mode="json"))
    linker = load_ligand("hexanedithiol", CLUSTERS / "ligands")
    with_linker = join((dot, dot), sites, linker, twist_deg=45.0, conformers=1)
    distance = with_linker.info["dot"]["pb_distance_ang"]
    files = []
    for name, atoms in (
        ("C6", with_linker), ("none", join((dot, dot), sites, None, pb_distance_ang=distance, twist_deg=45.0)),
    ):  # fmt: skip
        structure = folder / f"{name}.extxyz"
        write_structure(atoms, structure)
        hamiltonian(structure, engine, folder / name, folder / f"{name}.nc")
        files.append(folder / f"{name}.nc")
    return files


def test_a_pair_is_computed_from_its_files(joined, tmp_path):
    table, summary = tmp_path / "coupling.csv", tmp_path / "coupling.json"
    couplings_of_study(["C6", "none"], joined, 0.68, table, summary)
    record = read_result(CouplingRecord, summary)
    linked, bare = record.pairs
    assert (linked.linker, bare.linker) == ("hexanedithiol", "none")
    assert linked.end_distance_ang == pytest.approx(9.4, abs=0.2)
    assert linked.pb_distance_ang == pytest.approx(bare.pb_distance_ang)
    assert np.isnan(bare.end_distance_ang)
    structure = read_electronic_structure(joined[0])
    lumo = linked.levels["LUMO"]
    assert is_resolved(lumo)
    # The two dots are alike, so the LUMO of the pair and the level above it are the two combinations.
    assert lumo.splitting_ev == pytest.approx(np.diff(structure.eigenvalues_ev[structure._pairs :][:2])[0])
    assert bare.levels["LUMO"].bonds_ev == pytest.approx(0, abs=1e-9)
    assert len(pd.read_csv(table)) == 4


def test_the_atoms_that_bind_belong_to_the_dots(joined):
    atoms = read_electronic_structure(joined[0]).atoms
    dots = joined_dots(atoms)
    assert sorted(atoms.symbols[dots.first]).count("S") == sorted(atoms.symbols[dots.second]).count("S") == 1
    assert len(dots.first) == len(dots.second) == 11
    sulphur = np.flatnonzero(atoms.numbers == 16)
    assert dots.end_distance_ang == pytest.approx(atoms.get_distance(*sulphur))
    del atoms.arrays[FRAGMENT]
    with pytest.raises(InputError, match="no pair of dots"):
        joined_dots(atoms)


def test_a_file_without_fragments_is_refused_with_its_name(tmp_path):
    structure, matrices = tmp_path / "dot.extxyz", tmp_path / "dot.nc"
    write_structure(build_dot(load_dot("1Pb", CLUSTERS), "Cs"), structure)
    hamiltonian(
        structure, make_engine("xtb", XtbSettings().model_dump(mode="json")), tmp_path / "w", matrices
    )
    with pytest.raises(InputError, match=r"dot\.nc: is no pair of dots"):
        pair_coupling(matrices)
