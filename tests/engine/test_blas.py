"""tblite's BLAS, each time in a process of its own since it can be chosen only once."""

import os
import platform
import re
import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest

from support import processes
from support.paths import CLUSTERS, DATA

needs_mkl = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"),
    reason="oneMKL belongs to the extra `xtb` on Linux on x86-64 only",
)


def python(code: str, threads: int = 1) -> list[str]:
    variables = {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "passive"}
    run = processes.python("-c", code, env=processes.environment(**variables))
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


SCF = f"""
from qdjunction.engine.xtb import blas
print(blas.load())
import numpy
from tblite.interface import Calculator, symbols_to_numbers
symbol, *xyz = numpy.loadtxt({str(DATA / "1Pb_MAPbBr3_gfn1.xyz")!r}, skiprows=2, dtype=str, unpack=True)
positions = numpy.array(xyz, dtype=float).T / 0.529177210544
calculator = Calculator("GFN1-xTB", symbols_to_numbers(symbol), positions)
calculator.set("verbosity", 0)
result = calculator.singlepoint()
print(float(result["energy"]).hex(), result["orbital-energies"].tobytes().hex())
"""


@needs_mkl
def test_tblite_calls_mkl_with_one_openmp_runtime():
    loaded = python(
        SCF + "from pathlib import Path\n"
        "for line in Path('/proc/self/maps').read_text().splitlines():\n"
        "    if '/' in line: print('loaded', Path(line).name)\n"
    )
    assert loaded[0] == f"oneMKL {metadata.version('mkl')}"
    libraries = " ".join(line for line in loaded if line.startswith("loaded"))
    # MKL loads its threading layer and its kernels only when it is first called.
    assert "libmkl_gnu_thread" in libraries
    assert "libmkl_core" in libraries
    assert "libiomp5" not in libraries


@needs_mkl
def test_levels_are_bitwise_the_same_from_run_to_run():
    assert python(SCF, threads=2) == python(SCF, threads=2)


def test_without_mkl_the_linked_library_is_named_and_complained_about():
    hidden = (
        "import importlib.metadata as metadata\n"
        "def absent(name): raise metadata.PackageNotFoundError(name)\n"
        "metadata.files = absent\n"
    )
    plain, levels = python(hidden + SCF)
    assert "MKL" not in plain
    assert plain != "unknown"
    energy = float.fromhex(levels.split()[0])
    assert energy == pytest.approx(-59.3395600, abs=1e-4)


def test_too_late_to_choose_once_tblite_is_loaded():
    late = python("import tblite.interface\nfrom qdjunction.engine.xtb import blas\nprint(blas.load())")
    assert "oneMKL" not in late[0]


def test_the_engine_room_is_cheap_to_import():
    """A dry run of the workflow imports the settings and the registry; neither may pull in sisl."""
    code = (
        "import sys, qdjunction.engine.registry\n"
        "import qdjunction.engine.contract, qdjunction.engine.xtb.settings\n"
        "print(sorted({'sisl', 'ase', 'tblite', 'numpy', 'scipy'} & set(sys.modules)))"
    )
    assert python(code) == ["[]"]


def openmp(code: str = "import qdjunction", **variables: str) -> dict[str, str]:
    """Return what libgomp says it runs with after `code` in a process with these variables only."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("OMP_", "GOMP_"))}
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport ctypes; ctypes.CDLL('libgomp.so.1')"],
        env=environment | variables | {"OMP_DISPLAY_ENV": "verbose"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(re.findall(r"(\w+) = '(.*)'", run.stderr))


@needs_mkl
def test_threads_wait_without_spinning_unless_told_otherwise():
    spinning = openmp(code="pass")
    assert int(spinning["GOMP_SPINCOUNT"]) > 1000
    assert openmp()["OMP_WAIT_POLICY"] == "PASSIVE"
    assert openmp()["GOMP_SPINCOUNT"] == "0"
    assert openmp(OMP_WAIT_POLICY="active")["OMP_WAIT_POLICY"] == "ACTIVE"
    told = openmp(GOMP_SPINCOUNT="1234")
    assert told["GOMP_SPINCOUNT"] == "1234"
    assert told["OMP_WAIT_POLICY"] == spinning["OMP_WAIT_POLICY"]


SCF_AND_TRANSMISSION = f"""
import sys, tempfile
from pathlib import Path
import numpy
from qdjunction.engine.registry import make_engine
from qdjunction.engine.store import read_electronic_structure, write_electronic_structure
from qdjunction.structure.settings import ElectrodeSettings
from qdjunction.structure.junction import build_junction, lead_atoms
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot
from qdjunction.transport import Device, WideBand, transmission
dot = build_dot(load_dot("1Pb", {str(CLUSTERS)!r}), "Cs", "Br")
atoms = build_junction(dot, "L", "R1", ElectrodeSettings(layers=2))
with tempfile.TemporaryDirectory() as folder:
    result = make_engine("xtb", {{"accuracy": 1e-4}}, threads=THREADS).hamiltonian(atoms, Path(folder))
if not Path(SHARED).exists():
    write_electronic_structure(result, SHARED)
print(result.energy_ev.hex(), result.eigenvalues_ev.tobytes().hex())
for found in (result, read_electronic_structure(SHARED)):
    device, *leads = WideBand(coupling_ev=1.0).attach(Device.from_hamiltonian(found.hamiltonian), *lead_atoms(atoms))
    print(transmission(device, *leads, numpy.linspace(-2, 5, 71)).transmission.tobytes().hex())
"""


def test_numbers_do_not_depend_on_the_threads(tmp_path):
    """Those of a junction on one thread and on two: its energy and the T(E) of one H are the same to 1e-9.

    An SCF ends within its accuracy, on either side: levels are the same to 1e-7 eV, and narrow resonances make that
    1e-5 in the T(E) of two SCFs.
    """
    one, two = (
        python(
            SCF_AND_TRANSMISSION.replace("THREADS", str(n)).replace("SHARED", repr(str(tmp_path / "h.nc"))),
            threads=n,
        )
        for n in (1, 2)
    )
    energy = [float.fromhex(lines[0].split()[0]) for lines in (one, two)]
    assert energy[1] == pytest.approx(energy[0], rel=1e-9, abs=0)

    def arrays(lines):
        return [np.frombuffer(bytes.fromhex(text)) for text in (lines[0].split()[1], *lines[1:3])]

    (levels, own, shared), (levels2, own2, shared2) = arrays(one), arrays(two)
    np.testing.assert_allclose(levels2, levels, rtol=0, atol=1e-7)
    np.testing.assert_allclose(shared2, shared, rtol=1e-9, atol=0)
    np.testing.assert_allclose(own2, own, rtol=1e-5, atol=0)
