"""The recorded SIESTA matrices."""

import lzma
from dataclasses import dataclass
from pathlib import Path

import ase.io
import numpy as np
import pytest
import sisl

from qdjunction.transport import Device


@dataclass
class Recorded:
    device: Device
    left_atoms: np.ndarray
    right_atoms: np.ndarray
    energies: np.ndarray
    transmission: np.ndarray
    hamiltonian: sisl.Hamiltonian
    fermi_ev: float


def unpacked(source: Path, folder: Path) -> Path:
    target = folder / source.stem
    if not target.exists():
        with lzma.open(source) as packed:
            target.write_bytes(packed.read())
    return target


@pytest.fixture(scope="session")
def recorded(siesta_reference, tmp_path_factory):
    """12Pb at one contact. HSX of SIESTA 4.1 has no E_F (first number of EIG) and no geometry (XV)."""
    folder = tmp_path_factory.mktemp("hsx")

    def load(name: str) -> Recorded:
        source = siesta_reference / "12Pb" / name
        geometry = sisl.get_sile(source / f"{name}.XV").read_geometry()
        hsx = sisl.get_sile(unpacked(source / f"{name}.HSX.xz", folder))
        with pytest.warns(Warning, match="Ef"):
            hamiltonian = hsx.read_hamiltonian(geometry=geometry)
        fermi = float((source / f"{name}.EIG").read_text().split()[0])
        H = hamiltonian.Hk(dtype=np.float64, format="array")
        S = hamiltonian.Sk(dtype=np.float64, format="array")
        tags = ase.io.read(source / "junction.extxyz").get_tags()
        energies, values = np.loadtxt(source / f"{name}.T.csv", delimiter=",", skiprows=1, unpack=True)
        return Recorded(
            Device(H - fermi * S, S, hamiltonian.geometry.o2a(np.arange(hamiltonian.no))),
            np.flatnonzero(tags == 12),
            np.flatnonzero(tags == 22),
            energies,
            values,
            hamiltonian,
            fermi,
        )

    return load


@pytest.fixture(scope="session")
def recorded_bulk(siesta_reference, tmp_path_factory):
    """H and S of the bulk-lead junction and of its electrode; sisl reads TSHS with E_F at zero."""
    folder = tmp_path_factory.mktemp("tshs")
    source = siesta_reference / "bulk-lead"
    files = (unpacked(source / f"{name}.TSHS.xz", folder) for name in ("long", "electrode"))
    device, electrode = (sisl.get_sile(file).read_hamiltonian() for file in files)
    energies, values = np.loadtxt(source / "long.sisl.csv", delimiter=",", skiprows=1, unpack=True)
    return device, electrode, energies, values
