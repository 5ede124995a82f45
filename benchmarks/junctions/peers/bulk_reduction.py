"""qdjunction between bulk electrodes, whose cell it unfolds into k points by itself."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from peers import Peer
from peers._bulk import read
from peers.contact_reduction import version
from system import System


def attached(system: System) -> tuple[Any, Any, Any]:
    """Return the device between its electrodes, and these as leads."""
    from qdjunction.transport import Device, Electrode, attach_electrodes

    junction, cell = read(system)
    device = Device.from_hamiltonian(junction, open_axis=2)
    n, m = device.n_orbitals, cell.no
    electrode = Electrode.from_hamiltonian(cell, eta_ev=system.settings["eta_ev"])
    return attach_electrodes(device, electrode, np.arange(m), electrode, np.arange(n - m, n))


def prepare(system: System) -> Callable[[], Sequence[float]]:
    """Attach the electrodes and solve for all levels."""
    from qdjunction.transport import transmission

    inner, left, right = attached(system)
    _ = inner.spectrum
    return lambda: transmission(
        inner, left, right, system.energies_ev, "contact-reduction"
    ).transmission.tolist()


KIND = Peer(
    "contact reduction", "electrode cell unfolded into 4 x 4 k points, no cache, two error measurements", ("bulk",),
    version, prepare, all_energies=True,
)  # fmt: skip
