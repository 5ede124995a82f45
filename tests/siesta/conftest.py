import lzma
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ase import Atoms

from qdjunction.engine.siesta.settings import SiestaSettings
from support.paths import PSEUDOPOTENTIALS, SIESTA_RUNS


@pytest.fixture(scope="session")
def data() -> Path:
    """Real output of SIESTA 4.1: a PbBr2 molecule in every state a run can end in, and an fcc gold crystal."""
    return SIESTA_RUNS


@pytest.fixture
def finished(data, tmp_path) -> Path:
    """A copy of the converged PbBr2 run."""
    return Path(shutil.copytree(data / "converged", tmp_path / "converged"))


@pytest.fixture(scope="session")
def data_5(data) -> Path:
    """Real output of SIESTA 5.4.

    MA4PbBr6 in states that a run can end in; `basis-of-4`: its levels in the basis of SIESTA 4, and those of 4.1 for
    the same input; `dispersion`: PbBr2 with DFT-D3, and by a build that lacks it; `spin`: a bent Ge4 with a moment of
    1.9 Bohr magnetons, with fully relativistic pseudopotentials; `chain`: TSHS files of Br and Br-Pb-Br between gold
    chains and of the electrode, with T(E) of TBtrans 5.
    """
    return data / "siesta-5"


@pytest.fixture
def unpacked(tmp_path) -> Callable[..., Path]:
    """Copy a run folder, without the files of some suffixes, and unpack what is compressed."""

    def copy(source: Path, lacking: tuple[str, ...] = ()) -> Path:
        folder = tmp_path / source.name
        folder.mkdir()
        for path in source.iterdir():
            if path.suffix == ".xz":
                (folder / path.stem).write_bytes(lzma.decompress(path.read_bytes()))
            elif path.suffix[1:] not in lacking:
                shutil.copyfile(path, folder / path.name)
        return folder

    return copy


@pytest.fixture(scope="session")
def recorded_5(siesta_reference) -> Path:
    """The large recorded files of SIESTA 5."""
    folder = siesta_reference.with_name("siesta5")
    if not (folder / "README.md").is_file():
        pytest.skip(f"recorded files of SIESTA 5 are not in {folder}")
    return folder


@pytest.fixture
def molecule() -> Atoms:
    """PbBr2, bent, not relaxed."""
    return Atoms(
        "PbBr2",
        [[0, 0, 0], [0, 1.75, 1.95], [0, -1.75, 1.95]],
        info={"dot": "PbBr2"},
        tags=[0, 10, 20],
    )


@pytest.fixture
def settings() -> SiestaSettings:
    """What the recorded runs of PbBr2 were made with: coarse, for speed."""
    return SiestaSettings(
        protocol="fast",
        energy_shift_ry=0.03,
        mesh_cutoff_ry=60,
        basis="SZ",
        pseudopotentials=PSEUDOPOTENTIALS,
    )


@pytest.fixture
def stand_in(tmp_path):
    """Make a program that starts like SIESTA and then does as its Python body says.

    It is for what the runner does with processes, files and signals; output and result files come from real runs.
    """

    def make(body: str) -> str:
        program = tmp_path / "stand_in.py"
        program.write_text(f"import os, pathlib, shutil, signal, sys, time\n{body}\n")
        return shlex.join([sys.executable, str(program)])

    return make
