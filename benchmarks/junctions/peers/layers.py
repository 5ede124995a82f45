"""qdjunction: block-tridiagonal elimination, for long devices."""

from collections.abc import Callable, Sequence

from peers import Peer
from peers.contact_reduction import version
from system import System


class _Given:
    """Self-energies of the file as a lead."""

    description = "given"

    def __init__(self, orbitals, sigmas, energies):
        self.orbitals = orbitals
        self._at = {float(e): sigmas[i % len(sigmas)] for i, e in enumerate(energies)}

    def self_energy(self, energy_ev):
        """Return the self-energy at a spot."""
        return self._at[float(energy_ev)]


def prepare(system: System) -> Callable[[], Sequence[float]]:
    """Find the layers."""
    from qdjunction.transport import Device
    from qdjunction.transport.solvers.layers import LayerSolver

    energies = system.energies_ev[system.spots]
    left, right = (
        _Given(orbitals, sigmas, energies)
        for orbitals, sigmas in ((system.left, system.sigma_left), (system.right, system.sigma_right))
    )
    solver = LayerSolver(Device(system.H, system.S, system.atoms), left, right)
    return lambda: solver.transmission(energies).tolist()


KIND = Peer(
    "layers", "solver layers, layers found from the sparsity", ("wide-band", "wire"), version, prepare,
    most_orbitals=20_000,
)  # fmt: skip
