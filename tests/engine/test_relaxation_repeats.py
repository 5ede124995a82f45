"""A relaxation that is stopped and goes on gives the bytes of one that is not."""

import pytest

from qdjunction.engine.relaxation import FORGET_EVERY
from support.paths import DATA
from support.processes import environment, python

START = DATA / "1Pb_MAPbBr3_gfn1.xyz"
CODE = """
import sys
from pathlib import Path
import ase.io
from qdjunction.engine.registry import make_engine
atoms = ase.io.read(sys.argv[1])
atoms.rattle(0.03, seed=1)
result = make_engine("xtb", threads=1).relax(atoms, Path(sys.argv[2]), 0.003, int(sys.argv[3]))
print(result.converged, result.steps, result.energy_ev.hex(), result.atoms.positions.tobytes().hex())
"""


def relax(folder, max_steps=200):
    run = python("-c", CODE, START, folder, max_steps, env=environment(OMP_NUM_THREADS="1"))
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


@pytest.mark.parametrize("stopped_after", [4, FORGET_EVERY + 3])
def test_going_on_gives_the_same_bytes(tmp_path, stopped_after, undisturbed):
    assert relax(tmp_path / "work", stopped_after)[:2] == ["False", str(stopped_after)]
    assert relax(tmp_path / "work") == undisturbed


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    outcome = relax(tmp_path_factory.mktemp("undisturbed"))
    assert outcome[0] == "True"
    assert int(outcome[1]) > FORGET_EVERY + 3
    return outcome
