"""What peers with bulk electrodes read: the recorded junction and its electrode."""

import lzma
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from system import System

LAYERS, ACROSS = 3, 4
"""The recorded electrode: three layers of 4 x 4 atoms, layer by layer, the first index of a layer slowest."""

_GRID = np.arange(LAYERS * ACROSS**2).reshape(LAYERS, ACROSS, ACROSS)
TILED = _GRID.transpose(2, 1, 0).ravel()
"""Atoms of the electrode in the order in which sisl and TBtrans tile the smallest cell."""


def read(system: System) -> tuple[Any, Any]:
    """Return the Hamiltonians of the junction and of the electrode, from sisl."""
    import sisl

    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("long", "electrode"):
            file = Path(folder) / f"{name}.TSHS"
            packed = Path(system.settings["folder"]) / f"{name}.TSHS.xz"
            file.write_bytes(lzma.decompress(packed.read_bytes()))
            found.append(sisl.get_sile(file).read_hamiltonian())
    return found[0], found[1]


def smallest_cell(electrode: Any) -> Any:
    """Return the electrode's cell of three atoms."""
    return electrode.sub(TILED).untile(ACROSS, 1).untile(ACROSS, 0)


def reordered(junction: Any, order: NDArray[np.int64]) -> Any:
    """Return the junction with the atoms of both electrodes in another order."""
    n, m = junction.na, len(order)
    return junction.sub(np.concatenate([order, np.arange(m, n - m), n - m + order]))
