"""A system of the benchmark as one npz file. Needs NumPy and SciPy only, so that peers in any Python can read it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class System:
    """H, S, leads and energies.

    Attributes
    ----------
    name, leads : str
        Name of the case, kind of its leads.
    H, S : (n, n) sparse array
        Hamiltonian (eV) and overlap.
    atoms : (n,) array of int
        Atom of each orbital.
    left, right : (m_left,) and (m_right,) array of int
        Orbitals of the leads.
    energies_ev : (n_energies,) array
        Energies (eV).
    spots : (n_spots,) array of int
        Energies at which most peers are timed and all are compared.
    sigma_left, sigma_right : (n_spots or 1, m, m) array
        Retarded self-energies (eV) at the spots; one where they do not depend on the energy.
    settings : dict
        What a peer with its own leads needs.
    """

    name: str
    leads: str
    H: scipy.sparse.csr_array
    S: scipy.sparse.csr_array
    atoms: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    energies_ev: NDArray[np.float64]
    spots: NDArray[np.int64]
    sigma_left: NDArray[np.complex128]
    sigma_right: NDArray[np.complex128]
    settings: dict[str, Any]

    def sigma(self, spot: int) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """Return both self-energies at a spot, counted among the spots."""
        return tuple(s[spot % len(s)] for s in (self.sigma_left, self.sigma_right))

    def write(self, path: Path) -> None:
        """Write everything to one npz file."""
        arrays = {
            name: getattr(self, name)
            for name in ("atoms", "left", "right", "energies_ev", "spots", "sigma_left", "sigma_right")
        }
        for name in ("H", "S"):
            matrix = getattr(self, name)
            arrays |= {f"{name}_{part}": getattr(matrix, part) for part in ("data", "indices", "indptr")}
        listed = {key: np.asarray(value).tolist() for key, value in self.settings.items()}
        about = json.dumps({"name": self.name, "leads": self.leads, "settings": listed})
        np.savez(path, about=np.array(about), **arrays)

    @classmethod
    def read(cls, path: Path) -> "System":
        """Read what `write` wrote."""
        with np.load(path) as found:
            arrays = dict(found)
        about = json.loads(str(arrays.pop("about")))
        matrices = {}
        for name in ("H", "S"):
            parts = tuple(arrays.pop(f"{name}_{part}") for part in ("data", "indices", "indptr"))
            n = len(parts[2]) - 1
            matrices[name] = scipy.sparse.csr_array(parts, shape=(n, n))
        return cls(**about, **matrices, **arrays)


def trace_formula(sigma_left: Any, green: Any, sigma_right: Any) -> Any:
    """Return ``Tr[Gamma_L G_LR Gamma_R G_LR^dagger]`` in the precision of its arguments."""
    left, right = (1j * (sigma - sigma.conj().T) for sigma in (sigma_left, sigma_right))
    return ((left @ green) * (green @ right).conj()).sum().real
