"""Surface Green's functions on disk: one file for each electrode and energy, shared by all processes."""

import logging
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qdjunction.core.files import atomic_write

logger = logging.getLogger(__name__)

Compute = Callable[[NDArray[np.float64]], NDArray[np.complex128]]

BATCH = 16
"""Energies computed together."""


@dataclass(frozen=True)
class GreenCache:
    """A folder of results, named by the hash of what they depend on and by the energy.

    Files are written atomically, so that any number of processes may read and write at once; the second one writes the
    same content again. A file that cannot be read, or fails its checksum, is computed again.

    Attributes
    ----------
    folder : Path
        Folder of the files.
    """

    folder: Path

    def get(self, content: str, energies_ev: NDArray[np.float64], compute: Compute) -> NDArray[np.complex128]:
        """Return one array per energy, stacked, from disk if it is there and otherwise from `compute`."""
        energies = np.asarray(energies_ev, dtype=float)
        paths = [self.path(content, float(energy)) for energy in energies]
        found = [self._read(path) for path in paths]
        missing = [i for i, array in enumerate(found) if array is None]
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            for i, array in zip(batch, compute(energies[batch]), strict=True):
                found[i] = array
                with atomic_write(paths[i]) as temporary:
                    np.savez(temporary, green=array)
        return np.stack([array for array in found if array is not None])

    def path(self, content: str, energy_ev: float) -> Path:
        """Return the file of one energy."""
        return self.folder / content[:32] / f"{(energy_ev + 0.0).hex()}.npz"

    def _read(self, path: Path) -> NDArray[np.complex128] | None:
        try:
            with np.load(path) as file:
                return np.asarray(file["green"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            logger.warning("%s is damaged (%s); it is computed again", path, error)
            return None
