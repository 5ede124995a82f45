"""sisl between bulk electrodes: ``RecursiveSI`` of the smallest cell, expanded by Bloch's theorem, and ``btd``."""

from collections.abc import Callable, Sequence

import numpy as np

from peers import Peer
from peers._bulk import ACROSS, TILED, read, reordered, smallest_cell
from peers.sisl_btd import version
from system import System


def prepare(system: System) -> Callable[[], Sequence[float]]:
    """Find the blocks."""
    import sisl
    from sisl_toolbox.btd import BlochElectrode, DeviceGreen

    junction, cell = read(system)
    unit = smallest_cell(cell)
    atoms = np.arange(junction.na)
    parts = [
        (
            BlochElectrode(
                sisl.RecursiveSI(unit, direction, eta=system.settings["eta_ev"]),
                (ACROSS, ACROSS, 1),
                name=name,
            ),
            places,
            True,
        )
        for direction, name, places in (("-C", "left", atoms[: cell.na]), ("+C", "right", atoms[-cell.na :]))
    ]
    green = DeviceGreen(reordered(junction, TILED), parts, "gps", eta=0.0)

    def solve() -> list[float]:
        values = []
        for place in system.spots:
            green.clear()
            values.append(float(green.transmission(float(system.energies_ev[place]), "left", "right")))
        return values

    return solve


KIND = Peer(
    "sisl_toolbox.btd", "BlochElectrode of RecursiveSI of the smallest cell with bloch (4, 4, 1); DeviceGreen, gps",
    ("bulk",), version, prepare,
)  # fmt: skip
