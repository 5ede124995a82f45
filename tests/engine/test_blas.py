"""tblite's BLAS, each time in a process of its own since it can be chosen only once."""

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "data"

try:
    metadata.version("mkl")
    HAS_MKL = True
except metadata.PackageNotFoundError:
    HAS_MKL = False

needs_mkl = pytest.mark.skipif(not HAS_MKL, reason="oneMKL is not installed on this platform")


def python(code: str, threads: int = 1) -> list[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "passive"}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
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
        "for line in set(Path('/proc/self/maps').read_text().split()):\n"
        "    if line.startswith('/'): print('loaded', Path(line).name)\n"
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
