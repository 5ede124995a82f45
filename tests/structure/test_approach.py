"""One tip at several distances, and its binding curve by the embedded engine."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from qdjunction.core.errors import AnalysisError, InputError
from qdjunction.core.results import read_result
from qdjunction.engine.contract import EngineInfo
from qdjunction.engine.registry import make_engine
from qdjunction.engine.xtb.settings import XtbSettings
from qdjunction.steps.binding import binding_curve, minimum
from qdjunction.structure.approach import approach
from qdjunction.structure.junction import apex_atoms, build_junction
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.sources.registry import SOURCES
from qdjunction.structure.xyz import write_structure
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config
from qdjunction.study.results import BindingRecord

CLUSTERS = Path(__file__).parents[2] / "clusters"
SMALL = ElectrodeSettings(layers=2)


@pytest.fixture(scope="module")
def junction():
    return build_junction(build_dot(load_dot("1Pb", CLUSTERS), "Cs"), "L", "R2", SMALL)


def test_only_the_left_tip_moves_along_its_bond(junction):
    dot, tip, together = approach(junction, (2.5, 3.0))
    assert (len(dot), len(tip)) == (11, 4)
    for distance, atoms in zip((2.5, 3.0), together, strict=True):
        assert len(atoms) == 15
        np.testing.assert_array_equal(atoms.positions[:11], dot.positions)
        apex = apex_atoms(junction)[0][0]
        site = junction.info["contacts"]["L"]["atom"]
        assert atoms.get_distance(site, apex) == pytest.approx(distance)
        inside = atoms.positions[11:] - atoms.positions[11]
        np.testing.assert_allclose(inside, tip.positions - tip.positions[0], atol=1e-12)


def test_a_bridge_has_no_single_distance():
    bridge = ElectrodeSettings(tip={"kind": "blunt", "layers": 2, "site": "bridge"}, apex_distance_ang=4.0)
    junction = build_junction(build_dot(load_dot("1Pb", CLUSTERS), "Cs"), "L", "R2", bridge)
    with pytest.raises(InputError, match="binds 2 gold atoms"):
        approach(junction, (2.5,))


def test_a_thiolate_alone_is_a_radical_and_has_no_binding_curve():
    thiol = SOURCES["smiles"].settings_to_build({"smiles": "Sc1ccc(S)cc1", "name": "m"}, "c.yaml")
    junction = build_junction(thiol.build(thiol.look_up(CLUSTERS)), "L", "R", SMALL)
    with pytest.raises(InputError, match="a hydrogen leaves at 'L' and 'R' as gold binds"):
        approach(junction, (2.5,))


@pytest.mark.parametrize(
    ("dot", "changes", "message"),
    [
        ("1Pb_MAPbBr3", {"electrodes": {"layers": 1}}, "pyramid of 1 layer.* odd number of gold atoms"),
        (
            "1Pb_MAPbBr3",
            {"electrodes": {"tip": {"kind": "blunt", "layers": 2, "site": "bridge"}, "apex_distance_ang": 3}},
            "binds at a bridge site",
        ),
        ("m", {"electrodes": {"layers": 2}}, "a hydrogen leaves at 'L' and 'R'"),
        (
            "1Pb_MAPbBr3",
            {"electrodes": {"surface": {"size": [6, 6]}}, "transport": {"leads": {"kind": "bulk"}}},
            "binding: a tip on a surface is part of a periodic crystal",
        ),
        ("2Pb", {}, "there is no dot '2Pb'"),
    ],
)
def test_curves_of_radicals_and_periodic_tips_are_refused_before_any_job(dot, changes, message):
    values = {
        "study": "t",
        "dots": [
            {"dot": "1Pb", "contacts": ["L-R2"]},
            {"source": "smiles", "name": "m", "smiles": "Sc1ccc(S)cc1", "contacts": ["L-R"]},
        ],
        "binding": {"contacts": [{"dot": dot, "junction": "L-R" if dot == "m" else "L-R2"}]},
    }
    with pytest.raises(InputError, match=message):
        make_study(parse_config(values | changes, "c.yaml"), CLUSTERS, "c.yaml")


def test_the_minimum_of_a_parabola_is_exact():
    distances = np.array([2.0, 2.3, 2.7, 3.0])
    assert minimum(distances, -0.8 + 1.7 * (distances - 2.55) ** 2) == pytest.approx((2.55, -0.8))
    with pytest.raises(InputError, match="lowest at 2 Ang, an end of the distances"):
        minimum(distances, distances)


class _Pairs:
    """Gold and dot bind by a parabola in the distance of apex and contact; ghosts lower both, as r^-6 does."""

    info = EngineInfo("pairs", "pairs", embedded=True)
    takes_springs = False

    def relax(self, atoms, workdir, fmax_ev_per_ang, max_steps):
        raise NotImplementedError

    def inputs(self, atoms):
        return []

    def hamiltonian(self, atoms, workdir, density_from=None):
        distance = self._distance(atoms)
        bound = 1.5 * (distance - 2.6) ** 2 - 1.0 if distance else 0.0
        return SimpleNamespace(energy_ev=bound + 2 * self._lowered(distance))

    def ghost_energy(self, atoms, ghosts, workdir):
        return self._lowered(self._distance(atoms))

    def _lowered(self, distance):
        return -20.0 * distance**-6 if distance else 0.0

    def _distance(self, atoms):
        gold = atoms.numbers == 79
        between = atoms.get_all_distances()[gold][:, ~gold]
        return between.min() if between.size else None


def test_the_counterpoise_correction_takes_out_the_superposition_of_basis_sets(tmp_path):
    """Boys and Bernardi, Mol. Phys. 19, 553 (1970), on energies of which the superposition is known."""
    structure = tmp_path / "dot.extxyz"
    write_structure(build_dot(load_dot("1Pb", CLUSTERS), "Cs"), structure)
    files = tmp_path / "binding.csv", tmp_path / "binding.json"
    distances = (2.3, 2.45, 2.6, 2.75)
    binding_curve(structure, "L", "R2", SMALL, _Pairs(), distances, tmp_path / "work", *files)
    record, curve = read_result(BindingRecord, files[1]), pd.read_csv(files[0])
    assert (record.distance_ang, record.binding_energy_ev) == pytest.approx((2.6, 1.0))
    lowered = -40.0 * np.array(distances) ** -6
    np.testing.assert_allclose(curve["uncorrected_energy_eV"] - curve["energy_eV"], lowered, rtol=1e-7)
    assert record.uncorrected_distance_ang < 2.6
    assert record.uncorrected_binding_energy_ev > 1.1


def test_gold_binds_at_a_sensible_distance_and_finished_energies_are_kept(tmp_path):
    """Far from the dot the tip feels nothing; nearer there is a minimum."""
    structure = tmp_path / "dot.extxyz"
    write_structure(build_dot(load_dot("1Pb", CLUSTERS), "Cs"), structure)
    engine = make_engine("xtb", XtbSettings().model_dump(mode="json"))
    files = tmp_path / "binding.csv", tmp_path / "binding.json"
    arguments = (structure, "L", "R2", SMALL, engine, (2.2, 2.5, 2.8, 3.1), tmp_path / "work")
    binding_curve(*arguments, *files)
    record, curve = read_result(BindingRecord, files[1]), pd.read_csv(files[0])
    assert record.symbol == "Br"
    assert record.uncorrected_distance_ang is None
    assert 2.4 < record.distance_ang < 3.0
    assert record.binding_energy_ev > 0.1
    # GFN1 moves charge from the dot to the gold, and binds them by it at any distance.
    assert -0.5 * record.binding_energy_ev < record.far_energy_ev < 0
    assert curve["energy_eV"].min() == pytest.approx(-record.binding_energy_ev, abs=0.05)
    energies = sorted((tmp_path / "work").rglob("energy.json"))
    before = [path.stat().st_ino for path in energies]
    binding_curve(*arguments, *files)
    assert [path.stat().st_ino for path in sorted((tmp_path / "work").rglob("energy.json"))] == before
    with pytest.raises(AnalysisError, match="an end of the distances"):
        binding_curve(*arguments[:5], (2.8, 3.1), arguments[-1], *files)
