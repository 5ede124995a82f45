"""TBtrans as another process, on the recorded junction between bulk electrodes."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from peers import MissingError
from peers._bulk import ACROSS, TILED, read, reordered, smallest_cell
from system import System

INPUT = """\
SystemLabel junction
TBT.HS device.TSHS
TS.Elecs.Neglect.Principal true
TS.Elecs.Eta {eta} eV
TBT.Elecs.Eta {eta} eV
TBT.Contours.Eta 0. eV
TBT.BTD.Pivot.Device atom+Right
%block TS.Elecs
Left
Right
%endblock
%block TS.ChemPots
Left
Right
%endblock
%block TS.ChemPot.Left
mu 0. eV
%endblock
%block TS.ChemPot.Right
mu 0. eV
%endblock
%block TS.Elec.Left
HS electrode.TSHS
bloch {bloch} {bloch} 1
chem-pot Left
semi-inf-dir -a3
elec-pos begin 1
%endblock
%block TS.Elec.Right
HS electrode.TSHS
bloch {bloch} {bloch} 1
chem-pot Right
semi-inf-dir +a3
elec-pos end -1
%endblock
%block TBT.k
1 0 0 0
0 1 0 0
0 0 1 0
%endblock
%block TBT.Contours
line
%endblock
%block TBT.Contour.line
from {first:.10f} eV to {last:.10f} eV
points {count}
method mid-rule
%endblock
"""


def version() -> str:
    """Return what the binary states of its version, compiler and flags."""
    if shutil.which("tbtrans") is None:
        raise MissingError("no tbtrans on the PATH")
    done = subprocess.run(["tbtrans", "-v"], capture_output=True, text=True, check=False)
    stated = dict(
        (part.strip() for part in line.split(":", 1)) for line in done.stdout.splitlines() if ":" in line
    )
    found = [stated.get(key, "") for key in ("Version", "Compiler version", "Compiler flags")]
    return f"TBtrans {', '.join(found)}" if found[0] else "TBtrans, version not stated"


def prepare(system: System, bloch: bool) -> Callable[[], Sequence[float]]:
    """Write its files."""
    junction, cell = read(system)
    folder = tempfile.TemporaryDirectory()
    here = Path(folder.name)
    (smallest_cell(cell) if bloch else cell).write(here / "electrode.TSHS")
    (reordered(junction, TILED) if bloch else junction).write(here / "device.TSHS")
    energies = system.energies_ev if bloch else system.energies_ev[system.spots]
    # The points of the rule lie in the middle of their intervals.
    half = 0.5 * (energies[1] - energies[0]) if len(energies) > 1 else 0.005
    text = INPUT.format(
        eta=system.settings["eta_ev"], bloch=ACROSS if bloch else 1, first=energies[0] - half,
        last=energies[-1] + half, count=len(energies),
    )  # fmt: skip
    (here / "input.fdf").write_text(text)

    def solve() -> list[float]:
        import sisl

        with folder:
            done = subprocess.run(
                ["tbtrans", "input.fdf"], cwd=here, capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise RuntimeError(f"tbtrans: {done.stdout[-400:]}{done.stderr[-400:]}")
            found = sisl.get_sile(here / "junction.TBT.nc")
            assert np.abs(found.E - energies).max() < 1e-4
            return found.transmission().tolist()

    return solve
