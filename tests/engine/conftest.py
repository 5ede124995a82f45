import os

# Several tests run at once on few cores; threads that wait for each other then cost more than they bring.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from ase import Atoms
from ase.io import read

from qdjunction.engine.contract import ElectronicStructure
from qdjunction.engine.xtb.engine import XtbEngine, XtbSettings
from support.paths import DATA


@pytest.fixture(scope="session")
def single_pb() -> Atoms:
    """1Pb MAPbBr3 relaxed with GFN1-xTB, with tags and info as the structure room gives them."""
    atoms = read(DATA / "1Pb_MAPbBr3_gfn1.xyz")
    atoms.info = {"dot": "1Pb", "contacts": {"L": {"atom": 5, "direction": np.array([0.0, 0.0, -1.0])}}}
    atoms.set_tags(np.arange(len(atoms)) % 3)
    return atoms


@pytest.fixture(scope="session")
def single_pb_structure(single_pb: Atoms, tmp_path_factory: pytest.TempPathFactory) -> ElectronicStructure:
    return XtbEngine(XtbSettings(accuracy=0.01)).hamiltonian(single_pb, tmp_path_factory.mktemp("1Pb"))
