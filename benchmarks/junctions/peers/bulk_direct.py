"""qdjunction between bulk electrodes, by LU and with the electrode's whole cell; others are compared with it."""

from collections.abc import Callable, Sequence

import numpy as np

from peers import Peer
from peers._bulk import read
from peers.contact_reduction import version
from system import System


def prepare(system: System) -> Callable[[], Sequence[float]]:
    """Attach the electrodes."""
    from qdjunction.transport import Device, Electrode, attach_electrodes, transmission

    junction, cell = read(system)
    device = Device.from_hamiltonian(junction, open_axis=2)
    n, m = device.n_orbitals, cell.no
    electrode = Electrode.from_hamiltonian(cell, eta_ev=system.settings["eta_ev"], repeats=(1, 1, 1))
    inner, left, right = attach_electrodes(device, electrode, np.arange(m), electrode, np.arange(n - m, n))
    energies = system.energies_ev[system.spots]
    return lambda: transmission(inner, left, right, energies, "direct").transmission.tolist()


KIND = Peer("direct, whole cell", "LU, decimation of the electrode's whole cell", ("bulk",), version, prepare)
