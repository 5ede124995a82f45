"""T(E) of TBtrans 5 for two junctions of SIESTA 5 between gold chains, computed from the same files."""

import lzma

import numpy as np
import pytest

from qdjunction.core.matrix_files import read_matrices
from qdjunction.transport import Device, Electrode, attach_electrodes, transmission
from support.paths import SIESTA_RUNS

ELECTRODE_ORBITALS = 48
ETA_EV = 1e-6
"""Imaginary part in electrodes and device, as in `tbt.fdf`: what the first layers absorb with it is not seen."""


@pytest.fixture
def matrices(tmp_path):
    """Read one of the files, which are compressed."""

    def read(name):
        path = tmp_path / f"{name}.TSHS"
        source = SIESTA_RUNS / "siesta-5" / "chain" / f"{name}.TSHS.xz"
        path.write_bytes(lzma.decompress(source.read_bytes()))
        return read_matrices(path)

    return read


@pytest.mark.parametrize(("name", "lowest"), [("short", 0.4), ("long", 0.015)])
def test_tbtrans_5(matrices, name, lowest):
    """One Br (`short`), and Br-Pb-Br (`long`), off the axis of the chains; four atoms are the electrode."""
    table = SIESTA_RUNS / "siesta-5" / "chain" / f"{name}.csv"
    energies, expected = np.loadtxt(table, delimiter=",", skiprows=1, unpack=True)
    assert expected.min() == pytest.approx(lowest, rel=0.3), "tunnelling and open channels"
    assert expected.max() > 1
    device = Device.from_hamiltonian(matrices(name), open_axis=2)
    electrode = Electrode.from_hamiltonian(matrices("electrode"), eta_ev=ETA_EV)
    left = np.arange(ELECTRODE_ORBITALS)
    right = np.arange(device.n_orbitals - ELECTRODE_ORBITALS, device.n_orbitals)
    found = transmission(*attach_electrodes(device, electrode, left, electrode, right), energies)
    np.testing.assert_allclose(np.log10(found.transmission), np.log10(expected), atol=3e-5)
