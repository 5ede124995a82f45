"""Block-tridiagonal Green's functions of ``sisl_toolbox``."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from peers import MissingError, Peer
from system import System


def version() -> str:
    """Return the version of sisl."""
    try:
        import sisl
        import sisl_toolbox.btd
    except ImportError as error:
        raise MissingError("sisl_toolbox.btd is not installed") from error
    assert sisl_toolbox.btd.DeviceGreen
    return f"sisl {sisl.__version__}"


def prepare(system: System) -> Callable[[], Sequence[float]]:
    """Find the blocks by sisl's own pivoting."""
    import sisl
    from sisl_toolbox.btd import DeviceGreen

    class Given(sisl.physics.SelfEnergy):
        """The self-energy of the file at the current spot."""

        eta = 0.0
        spot = 0

        def __init__(self, sigmas: Any) -> None:
            self.sigmas = sigmas

        def __len__(self) -> int:
            return self.sigmas.shape[1]

        def self_energy(
            self, E: complex, k: Any = (0, 0, 0), dtype: Any = np.complex128, **keywords: Any
        ) -> Any:
            return self.sigmas[self.spot % len(self.sigmas)].astype(dtype)

    counts = np.bincount(system.atoms)
    places = np.column_stack([np.zeros((len(counts), 2)), 3.0 * np.arange(len(counts))])
    geometry = sisl.Geometry(places, [sisl.Atom(1, [-1.0] * count) for count in counts])
    hamiltonian = sisl.Hamiltonian.fromsp(geometry, system.H.tocsr(), S=system.S.tocsr())
    leads = [Given(system.sigma_left), Given(system.sigma_right)]
    places_of = (system.left, system.right)
    parts = [(lead, {"orbitals": orbitals}) for lead, orbitals in zip(leads, places_of, strict=True)]
    green = DeviceGreen(hamiltonian, parts, "gps", eta=0.0)

    def solve() -> list[float]:
        values = []
        for spot, place in enumerate(system.spots):
            green.clear()
            Given.spot = spot
            values.append(float(green.transmission(float(system.energies_ev[place]), 0, 1)))
        return values

    return solve


KIND = Peer(
    "sisl_toolbox.btd", "DeviceGreen, pivot gps (sisl's own order of the orbitals and blocks)", ("wide-band", "wire"),
    version, prepare, most_orbitals=20_000,
)  # fmt: skip
