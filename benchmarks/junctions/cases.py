"""The systems of the benchmark, made by rule from a seed or read from recorded files that are checked by digest.

A system is written to one npz file, which a peer in any Python with NumPy and SciPy can read (`system.py`).
"""

import hashlib
import lzma
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from qdjunction.transport import Device, WideBandLead
from qdjunction.transport.leads.base import Lead
from qdjunction.transport.leads.wire import WireLead
from system import System

Built = tuple[Device, Lead, Lead, NDArray[np.float64]]


@dataclass(frozen=True)
class Case:
    """One row of the table of systems.

    Attributes
    ----------
    name : str
        Unique name, with the number of orbitals in it.
    kind : str
        Rule by which it is made.
    leads : str
        "wide-band", "wire" or "bulk".
    n_energies : int
        Energies of the whole calculation.
    spots : int
        Energies at which peers whose time is proportional to the number of energies are timed.
    build : callable
        Returns device, leads and energies; None for the recorded bulk junction, which is read from its files.
    recorded : str
        File below the folder of recorded matrices that it needs, empty for made systems.
    digest : str
        SHA-256 of that file.
    """

    name: str
    kind: str
    leads: str
    n_energies: int
    build: Callable[[Path | None], Built] | None
    spots: int = 2
    recorded: str = ""
    digest: str = ""

    def missing(self, reference: Path | None) -> str | None:
        """Return why the recorded file cannot be used, or None."""
        if not self.recorded:
            return None
        if reference is None:
            return "QDJUNCTION_SIESTA_REFERENCE does not name the folder of recorded matrices"
        path = reference / self.recorded
        if not path.is_file():
            return f"{path} does not exist"
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        return None if found == self.digest else f"{path} has digest {found}, not {self.digest}"

    def system(self, reference: Path | None) -> System:
        """Build the system, with the self-energies of wide-band and wire leads at the spots."""
        if self.build is None:
            assert reference is not None
            return bulk_system(self, reference)
        device, left, right, energies = self.build(reference)
        spots = np.linspace(0, len(energies) - 1, self.spots + 2).astype(int)[1:-1]
        spots = np.unique(spots if len(energies) > 2 else np.arange(len(energies)))
        constant = self.leads == "wide-band"
        at = energies[spots[:1]] if constant else energies[spots]
        settings: dict[str, Any] = {}
        for side, lead in (("left", left), ("right", right)):
            if isinstance(lead, WideBandLead):
                settings["coupling_ev"] = lead.coupling_ev
                settings[f"{side}_atoms"] = np.unique(device.orbital_atoms[lead.orbitals])
            elif isinstance(lead, WireLead):
                settings["eta_ev"] = lead.eta_ev
        return System(
            name=self.name, leads=self.leads,
            H=scipy.sparse.csr_array(device.H), S=scipy.sparse.csr_array(device.S), atoms=device.orbital_atoms,
            left=left.orbitals, right=right.orbitals, energies_ev=energies, spots=spots,
            sigma_left=np.array(left.self_energy(at)), sigma_right=np.array(right.self_energy(at)),
            settings=settings,
        )  # fmt: skip


def cluster(n_orbitals: int, n_contact: int, n_energies: int) -> Built:
    """Return a rod of atoms with ten orbitals each, whose overlaps decay exponentially (extended Hueckel)."""
    from scipy.sparse.linalg import eigsh
    from scipy.spatial.distance import cdist

    rng = np.random.default_rng(n_orbitals)
    n_atoms = n_orbitals // 10
    side = max(2, round((n_atoms / 4) ** (1 / 3)))
    length = -(-n_atoms // side**2)
    places = np.array(list(np.ndindex(length, side, side)), dtype=float)[:n_atoms] * 3.0
    places += rng.normal(scale=0.15, size=places.shape)
    atoms = np.repeat(np.arange(n_atoms), 10)
    distance = cdist(places, places)[np.ix_(atoms, atoms)]
    # The same pattern of signs and magnitudes for each pair of atoms, as for ten orbitals of one element.
    pattern = rng.uniform(-1, 1, (10, 10))
    kinds = np.tile(np.arange(10), n_atoms)
    S = np.exp(-distance / 0.9) * (pattern + pattern.T)[np.ix_(kinds, kinds)]
    S[(distance < 1e-9) | (distance > 11.0)] = 0.0
    # With a fixed start vector, so that every process makes the same matrix.
    S *= 0.7 / np.abs(eigsh(S, 1, v0=np.ones(len(S)), return_eigenvectors=False, tol=1e-2)[0])
    np.fill_diagonal(S, 1.0)
    levels = np.linspace(-5, 3, 10)[kinds]
    H = 0.875 * S * (levels[:, None] + levels)
    np.fill_diagonal(H, levels)
    device = Device(H, S, atoms)
    n_lead = n_contact // 20
    left, right = (WideBandLead(device, start + np.arange(n_lead), 1.0) for start in (0, n_atoms - n_lead))
    return device, left, right, np.linspace(-2, 2, n_energies)


def banded(n_orbitals: int, n_contact: int, n_energies: int) -> Built:
    """Return a random matrix of half bandwidth n_contact / 2, one orbital an atom; S is diagonally dominant."""
    rng = np.random.default_rng(n_orbitals)
    half = n_contact // 2
    pairs = [
        scipy.sparse.diags_array(
            [rng.normal(size=n_orbitals - k) / np.sqrt(half) for k in range(1, half + 1)],
            offsets=list(range(1, half + 1)), shape=(n_orbitals, n_orbitals),
        ) for _ in range(2)
    ]  # fmt: skip
    H = pairs[0] + pairs[0].T + scipy.sparse.diags_array(rng.normal(size=n_orbitals))
    across = 0.1 * pairs[1] / abs(pairs[1]).sum(axis=1).max()
    device = Device(H, scipy.sparse.eye_array(n_orbitals) + across + across.T)
    left, right = (WideBandLead(device, s + np.arange(half), 1.0) for s in (0, n_orbitals - half))
    return device, left, right, np.linspace(-2, 2, n_energies)


def chains(n_orbitals: int, n_contact: int, n_energies: int, leads: str) -> Built:
    """Return n_contact / 2 parallel chains with overlap, one orbital a site, disordered in the middle third.

    Couplings along and across are -1 eV, overlaps 0.1 along and 0.02 across. Each slice of the bundle is one atom.
    """
    rng = np.random.default_rng(n_orbitals)
    width = n_contact // 2
    length = n_orbitals // width
    along, across = (
        scipy.sparse.diags_array([1.0, 1.0], offsets=[-1, 1], shape=(k, k)) for k in (length, width)
    )
    kron, eye = scipy.sparse.kron, scipy.sparse.eye_array
    near, beside = kron(along, eye(width)), kron(eye(length), across)
    onsite = np.zeros((length, width))
    onsite[length // 3 : 2 * length // 3] = rng.uniform(-0.5, 0.5, (2 * length // 3 - length // 3, width))
    H = -near - beside + scipy.sparse.diags_array(onsite.ravel())
    S = eye(length * width) + 0.1 * near + 0.02 * beside
    device = Device(H, S, np.repeat(np.arange(length), width))
    energies = np.linspace(-1.5, 1.5, n_energies)
    if leads == "wire":
        return device, WireLead(device, [0], [1]), WireLead(device, [length - 1], [length - 2]), energies
    return device, WideBandLead(device, [0], 1.0), WideBandLead(device, [length - 1], 1.0), energies


def recorded_12pb(reference: Path | None, n_energies: int) -> Built:
    """Return 12Pb MAPbBr3 between two gold tips, SIESTA 4.1, PBE/DZP."""
    import tempfile

    import ase.io
    import sisl

    assert reference is not None
    source, name = reference / "12Pb" / "L-R4", "L-R4"
    with tempfile.TemporaryDirectory() as folder:
        hsx = Path(folder) / f"{name}.HSX"
        hsx.write_bytes(lzma.decompress((source / f"{name}.HSX.xz").read_bytes()))
        geometry = sisl.get_sile(source / f"{name}.XV").read_geometry()
        hamiltonian = sisl.get_sile(hsx).read_hamiltonian(geometry=geometry)
    fermi = float((source / f"{name}.EIG").read_text().split()[0])
    S = hamiltonian.Sk(dtype=np.float64)
    device = Device(
        hamiltonian.Hk(dtype=np.float64) - fermi * S, S, hamiltonian.geometry.o2a(np.arange(hamiltonian.no))
    )
    tags = ase.io.read(source / "junction.extxyz").get_tags()
    left, right = (WideBandLead(device, np.flatnonzero(tags == tag), 1.0) for tag in (12, 22))
    return device, left, right, np.linspace(-2.5, 1.0, n_energies)


def bulk_system(case: Case, reference: Path) -> System:
    """Return the recorded junction between bulk electrodes as the files that peers read; it has no self-energies."""
    empty = scipy.sparse.csr_array((0, 0))
    none = np.zeros((0, 0, 0), dtype=complex)
    energies = np.linspace(-2.0, -1.0, case.n_energies)
    spots = np.array([case.n_energies // 2])
    nothing = np.zeros(0, dtype=int)
    return System(
        case.name, case.leads, empty, empty, nothing, nothing, nothing, energies, spots, none, none,
        {"folder": str(reference / "bulk-lead"), "eta_ev": 1e-4},
    )  # fmt: skip


def _made(rule: Callable[..., Built], *arguments: Any) -> Callable[[Path | None], Built]:
    return lambda reference: rule(*arguments)


def _cluster(n: int, m: int, energies: int, spots: int = 2) -> Case:
    name = f"cluster-{n}" if energies == 1000 else f"cluster-{n}-at-{energies}"
    return Case(name, "cluster", "wide-band", energies, _made(cluster, n, m, energies), spots)


def _chains(n: int, m: int, leads: str) -> Case:
    return Case(f"chains-{n}-{leads}", "chains", leads, 1000, _made(chains, n, m, 1000, leads))


def _banded(n: int, m: int) -> Case:
    return Case(f"banded-{n}", "banded", "wide-band", 1000, _made(banded, n, m, 1000))


RECORDED = Case(
    "12Pb-2640", "recorded", "wide-band", 1000, lambda reference: recorded_12pb(reference, 1000),
    recorded="12Pb/L-R4/L-R4.HSX.xz", digest="3e79e17120cb39f0bea639aaa392cb9d03b270cd63c647f76c969406b27c1a85",
)  # fmt: skip
BULK = Case(
    "1Pb-bulk-1899", "recorded", "bulk", 200, None,
    recorded="bulk-lead/long.TSHS.xz", digest="1c604b800870c91b4370acbfd951e671f1072db76e64c355619d4a41d33def75",
)  # fmt: skip

QUICK = (
    *(_cluster(500, 40, energies) for energies in (1, 10, 100)),
    _cluster(500, 40, 1000),
    _cluster(1000, 80, 1000),
    _chains(1008, 36, "wide-band"),
    _chains(1008, 36, "wire"),
    _banded(1000, 80),
    RECORDED,
    BULK,
)
"""Cases of ``--quick``."""

FULL = (
    *QUICK,
    _cluster(2000, 160, 1000),
    _cluster(4000, 300, 1000, spots=1),
    _cluster(8000, 600, 1000, spots=1),
    _cluster(10000, 600, 1000, spots=1),
    _chains(10008, 36, "wide-band"),
    _chains(10000, 200, "wire"),
    _banded(4000, 300),
)
"""Cases of ``--full``."""
