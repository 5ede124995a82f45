"""Time one SCF of 12Pb MAPbBr3 (288 atoms) with the BLAS of tblite's own wheel and with the fast one.

Both run one after the other in separate processes, with the same number of threads; the first SCF of each process is
timed.

    python benchmarks/xtb/scf.py [--dot 12Pb] [--geometry FILE.extxyz] [--threads 2] [--repeats 1]
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from ase.io import read
from tabulate import tabulate

from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.perovskite.dot import build_dot

ROOT = Path(__file__).parents[2]
TARGET = 1 / 5

SINGLE_POINT = """
import sys, time
import numpy
name = "as linked by the wheel"
if sys.argv[1] == "fast":
    from qdjunction.engine.xtb import blas
    name = blas.load()
from tblite.interface import Calculator
data = numpy.load(sys.argv[2])
calculator = Calculator("GFN1-xTB", data["numbers"], data["positions"] / 0.529177210544)
calculator.set("verbosity", 0)
start = time.perf_counter()
result = calculator.singlepoint()
seconds = time.perf_counter() - start
print(f"{seconds:.3f}|{float(result['energy']):.8f}|{len(result['orbital-energies'])}|{name}")
"""


def single_point(kind: str, data: str, threads: int) -> list[str]:
    """Run one SCF in a new process and return seconds, energy, number of orbitals and the BLAS."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    command = [sys.executable, "-c", SINGLE_POINT, kind, data]
    return (
        subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        .stdout.strip()
        .split("|")
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dot", default="12Pb", help="a dot of clusters/ (unrelaxed)")
    parser.add_argument("--geometry", type=Path, help="a structure file instead of a dot")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=1, help="number of runs; the fastest counts")
    arguments = parser.parse_args()

    atoms = (
        read(arguments.geometry)
        if arguments.geometry
        else build_dot(load_dot(arguments.dot, ROOT / "clusters"))
    )
    with tempfile.TemporaryDirectory() as folder:
        data = str(Path(folder) / "atoms.npz")
        np.savez(data, numbers=atoms.numbers, positions=atoms.positions)
        rows = []
        for kind in ("plain", "fast"):
            runs = [single_point(kind, data, arguments.threads) for _ in range(arguments.repeats)]
            seconds, energy, orbitals, name = min(runs, key=lambda run: float(run[0]))
            rows.append([kind, name, len(atoms), int(orbitals), arguments.threads, float(seconds), energy])
    ratio = rows[1][5] / rows[0][5]
    rows = [[*row, row[5] / rows[0][5]] for row in rows]
    headers = ["kind", "BLAS", "atoms", "orbitals", "threads", "SCF (s)", "energy (Hartree)", "ratio"]
    print(tabulate(rows, headers, floatfmt=("", "", "", "", "", ".2f", ".6f", ".3f")))
    verdict = "met" if ratio <= TARGET else "MISSED"
    print(f"fast / plain = {ratio:.3f}; the target is at most {TARGET:g}: {verdict}")
    return 0 if ratio <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
