"""Thermal snapshots of the recorded 1Pb dot, from files to files."""

import numpy as np
import pytest

from qdjunction.core.results import read_result
from qdjunction.engine.thermostat import Thermostat
from qdjunction.engine.xtb.engine import XtbEngine
from qdjunction.steps.ensemble import snapshot
from qdjunction.structure.junction import build_junction
from qdjunction.structure.xyz import read_structure
from qdjunction.study.results import SnapshotRecord
from support.paths import RECORDED

DOT = RECORDED / "1Pb_MAPbBr3"
THERMOSTAT = Thermostat(time_step_fs=2, hydrogen_mass_u=2.014)
NAMES = ("snapshot.extxyz", "snapshot.npz", "snapshot.json")


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Folders of two snapshots, 12 and 8 steps apart."""
    folders = [tmp_path_factory.mktemp("snapshot") for _ in range(2)]
    before = None
    for folder, steps in zip(folders, (12, 8), strict=True):
        outputs = [folder / name for name in NAMES]
        files = DOT / "relaxed.extxyz", DOT / "dot.extxyz"
        snapshot(*files, XtbEngine(threads=1), THERMOSTAT, steps, 5, folder / "work", *outputs, start=before)
        before = outputs[1]
    return folders


def test_a_snapshot_goes_on_from_the_one_before(two):
    one, other = (read_result(SnapshotRecord, folder / "snapshot.json") for folder in two)
    assert (one.step, other.step) == (12, 20)
    assert (one.time_ps, other.time_ps) == pytest.approx((0.024, 0.040))
    assert 0 < one.rms_shift_ang < other.rms_shift_ang < 1
    assert other.integrity.is_kept


def test_a_snapshot_lies_as_the_relaxed_dot_and_fits_between_the_same_tips(two):
    rest, atoms = read_structure(DOT / "relaxed.extxyz"), read_structure(two[1] / "snapshot.extxyz")
    assert list(atoms.symbols) == list(rest.symbols)
    assert atoms.info["contacts"] == rest.info["contacts"]
    assert atoms.info["snapshot"]["step"] == 20
    masses = rest.get_masses()
    assert masses @ (atoms.positions - rest.positions) == pytest.approx(np.zeros(3), abs=1e-4)
    made, own = (build_junction(one, "L", "R2") for one in (atoms, rest))
    shift = np.linalg.norm(made.positions - own.positions, axis=1)
    contacts = [atoms.info["contacts"][name]["atom"] for name in ("L", "R2")]
    # The apices follow the contact atoms at the same distance; nothing else of the tips depends on the dot but turns.
    for side, atom in zip((10, 20), contacts, strict=True):
        apex = int(np.flatnonzero(made.get_tags() == side)[0])
        assert shift[apex] == pytest.approx(shift[atom], abs=1e-6)
